/* SPDX-License-Identifier: MIT */
/* cmd_inspect.c - patina inspect: what a finished data set is like */

#include <inttypes.h>
#include <stdio.h>

#include <patina/patina.h>

#include "commands.h"
#include "inspect_format.h"
#include "terminal.h"

enum { ROW, REPORT, AUDIO_ROOT, CORPUS, JSON, N_OPTIONS };

static const pt_cli_option options[] = {
    [ROW] = {.name = "row",
             .kind = PT_CLI_NUMBER,
             .argument = "N",
             .max = INT64_MAX,
             .help = "print this row, counted from 0 over all files, with what is known of how it "
                     "was made"},
    [REPORT] = {.name = "report",
                .kind = PT_CLI_TEXT,
                .argument = "FILE",
                .help = "write a page to look at and listen to instead: one HTML file under 10 MB "
                        "that needs nothing else"},
    [AUDIO_ROOT] = {.name = "audio-root",
                    .kind = PT_CLI_TEXT,
                    .argument = "DIR",
                    .help = "for the page's samples: where the sources lie that provenance names "
                            "(the manifest's folder, the corpus folder, or generate's "
                            "--audio-root)"},
    [CORPUS] = {.name = "corpus",
                .kind = PT_CLI_TEXT,
                .argument = "SRC",
                .help = "for the page's samples: what generate read, to be opened again"},
    [JSON] = {.name = "json", .help = "all figures, or the row, as one JSON object"},
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

static int write_report(const patina_report_options *report) {
    patina_error err = {0};
    patina_report_result result = {0};
    if (patina_report_write(report, &result, &err) != PATINA_OK) return pt_cli_report_error(&err);
    pt_cli_write_escaped(stdout, report->page);
    printf(": %.1f MB, %zu samples, %zu of them with sound\n", (double)result.n_bytes / 1e6,
           result.n_samples, result.n_heard);
    if (result.n_heard == result.n_samples) return 0;
    if (report->audio_root || report->corpus)
        pt_cli_error("some samples have no sound; the first of them: %s", result.first_missing);
    else
        pt_cli_error("the samples have no sound; name the recordings with '--audio-root DIR' or "
                     "'--corpus SRC'");
    return 0;
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    const pt_cli_value *value = args->value;
    const char *out = args->operands[0];

    if (value[REPORT].given && (value[ROW].given || value[JSON].given))
        return pt_cli_usage_error(command, "option '--%s' and '--report' exclude each other",
                                  value[ROW].given ? "row" : "json");
    if (!value[REPORT].given && (value[AUDIO_ROOT].given || value[CORPUS].given))
        return pt_cli_usage_error(command, "option '--%s' says where the sound of a '--report' is",
                                  value[CORPUS].given ? "corpus" : "audio-root");
    if (value[REPORT].given) {
        const patina_report_options report = {.out = out,
                                              .page = value[REPORT].text,
                                              .audio_root = value[AUDIO_ROOT].text,
                                              .corpus = value[CORPUS].text};
        return write_report(&report);
    }
    if (value[ROW].given) return print_row(out, value[ROW].number, value[JSON].given);
    return print_statistics(out, value[JSON].given);
}

const pt_cli_command pt_cli_inspect = {
    .name = "inspect",
    .summary = "what a finished data set is like: figures, a row, or a page",
    .usage = "[options] OUT",
    .description =
        "Reads every row of the folder that 'patina generate --out OUT' wrote, with its "
        "provenance, and tells how the targets lie, which effects and combinations of effects "
        "there are, how pure the rows are, what was rejected, and with which settings and model "
        "it was made. A set that is not finished, or damaged, is told in one sentence.\n\n"
        "Quantiles are exact, of the spectrum to 1/200 dB; memory is at most 32 bytes a row and 30 "
        "MB.",
    .after = "examples:\n"
             "  patina inspect out\n"
             "  patina inspect out --row 3\n"
             "  patina inspect out --report report.html --audio-root audiocaps/clips\n",
    .n_operands_min = 1,
    .n_operands_max = 1,
    .operands = "a data set's folder is",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
