/* SPDX-License-Identifier: MIT */
/* cmd_inspect.c - patina inspect: statistics, single rows and a report of a data set */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"
#include "inspect_format.h"

static const pt_cli_option options[] = {
    {.name = "row",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .max = INT64_MAX,
     .help = "print row N, counted from 0 over all files, and its provenance"},
    {.name = "report",
     .kind = PT_CLI_FILE,
     .argument = "FILE",
     .help = "write a report with figures and audio examples: one self-contained HTML file of "
             "less than 10 MB"},
    {.name = "samples",
     .kind = PT_CLI_TEXT,
     .argument = "LIST",
     .help =
         "with --report: the rows to show with audio, up to 12 numbers as in 3,17,204 (default: "
         "twelve over the range of purity)"},
    {.name = "audio-root",
     .kind = PT_CLI_DIR,
     .argument = "DIR",
     .help = "with --report: the folder that the source paths in the provenance are relative to "
             "(the manifest's folder, the corpus folder, or generate's --audio-root)"},
    {.name = "corpus",
     .kind = PT_CLI_FILE,
     .argument = "SRC",
     .help = "with --report: the corpus that generate read, to take the audio from"},
    {.name = "json", .help = "print all statistics, or the row, as one JSON object"},
};

static int print_statistics(const char *out, bool json) {
    patina_error err = {0};
    patina_inspection *inspection = NULL;
    if (patina_inspect(out, &inspection, &err) != PATINA_OK) return pt_cli_report_error(&err);
    if (json)
        pt_cli_inspection_write_json(inspection);
    else
        pt_cli_inspection_write_text(out, inspection);
    patina_inspection_close(&inspection);
    return 0;
}

static int print_row(const char *out, uint64_t n, bool json) {
    patina_error err = {0};
    patina_row_info row;
    if (patina_inspect_row(out, n, &row, &err) != PATINA_OK) return pt_cli_report_error(&err);
    if (json)
        pt_cli_inspected_row_write_json(n, &row);
    else
        pt_cli_inspected_row_write_text(n, &row);
    patina_row_info_release(&row);
    return 0;
}

static int write_report(const patina_report_options *report, bool quiet) {
    patina_error err = {0};
    patina_report_result result = {0};
    if (patina_report_write(report, &result, &err) != PATINA_OK) return pt_cli_report_error(&err);
    if (quiet) return 0;
    pt_cli_write_escaped(stdout, report->page);
    printf(": %.1f MB, %zu examples, %zu of them with audio\n", (double)result.n_bytes / 1e6,
           result.n_samples, result.n_with_audio);
    if (result.n_with_audio == result.n_samples) return 0;
    if (report->audio_root || report->corpus)
        pt_cli_error("some examples have no audio; the first of them: %s", result.first_missing);
    else
        pt_cli_error("the examples have no audio; add '--audio-root DIR' or '--corpus SRC'");
    return 0;
}

/* "3,17,204" to numbers; false if it is not such a list. */
static bool parse_rows(const char *text, uint64_t rows[PATINA_REPORT_ROWS_MAX], size_t *n) {
    for (*n = 0; *n < PATINA_REPORT_ROWS_MAX; text++) {
        char *end;
        if (*text < '0' || *text > '9') return false;
        rows[(*n)++] = strtoull(text, &end, 10);
        text = end;
        if (*text == '\0') return true;
        if (*text != ',') return false;
    }
    return false;
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    const char *out = args->operands[0];
    const bool json = pt_cli_given(args, "json"), has_row = pt_cli_given(args, "row");

    if (pt_cli_given(args, "report") && (has_row || json))
        return pt_cli_usage_error(command, "options '--%s' and '--report' exclude each other",
                                  has_row ? "row" : "json");
    if (pt_cli_given(args, "report")) {
        uint64_t rows[PATINA_REPORT_ROWS_MAX];
        const char *samples = pt_cli_text(args, "samples");
        patina_report_options report = {.out = out,
                                        .page = pt_cli_text(args, "report"),
                                        .audio_root = pt_cli_text(args, "audio-root"),
                                        .corpus = pt_cli_text(args, "corpus")};
        struct stat info;
        if (report.audio_root && (stat(report.audio_root, &info) != 0 || !S_ISDIR(info.st_mode)))
            return pt_cli_usage_error(command, "option '--audio-root': '%s' is not a folder",
                                      report.audio_root);
        if (samples && !parse_rows(samples, rows, &report.n_rows))
            return pt_cli_usage_error(
                command,
                "option '--samples': '%s' is not a list of 1 to %d rows, such "
                "as 3,17,204",
                samples, PATINA_REPORT_ROWS_MAX);
        if (samples) report.rows = rows;
        return write_report(&report, pt_cli_given(args, "quiet"));
    }
    const char *const of_report[] = {"corpus", "audio-root", "samples"};
    for (size_t i = 0; i < PT_CLI_LENGTH(of_report); i++)
        if (pt_cli_given(args, of_report[i]))
            return pt_cli_usage_error(command, "option '--%s' needs '--report FILE'", of_report[i]);
    if (has_row) return print_row(out, pt_cli_number(args, "row"), json);
    return print_statistics(out, json);
}

const pt_cli_command pt_cli_inspect = {
    .name = "inspect",
    .summary = "show statistics, single rows or a report of a data set",
    .usage = "[options] OUT",
    .description =
        "Reads every row of a finished data set and its provenance, and prints the distribution "
        "of the targets, the effects and their combinations, the purity, the rejects, the "
        "settings and the model. An unfinished or damaged data set is an error.\n\n"
        "Quantiles are exact, those of the spectrum to 1/200 dB. Pairs of clips with the same "
        "sound, also in another coding, are listed. Memory use is at most 30 MB plus 164 bytes per "
        "row and 200 per entry.",
    .epilog = "examples:\n"
              "  patina inspect out\n"
              "  patina inspect out --row 3\n"
              "  patina inspect out --report report.html --audio-root audiocaps/clips\n",
    .n_operands_min = 1,
    .n_operands_max = 1,
    .operand_kind = PT_CLI_DIR,
    .operands = "one folder, OUT, is",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
