/* SPDX-License-Identifier: MIT */
/* cmd_generate.c - patina generate: the main job */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "output.h"
#include "progress.h"
#include "signals.h"

/* ---- options --------------------------------------------------------------------------------- */

enum {
    CORPUS,
    MODEL,
    OUT,
    AUDIO_ROOT,
    FORMAT,
    SEED,
    VARIANTS,
    CAPTIONS,
    ORDER,
    SUITE,
    LOUDNESS,
    LIMIT,
    CHUNK,
    THREADS,
    ISA,
    PRECISION,
    STRICT,
    QUIET,
    PRINT_SUITE,
    N_OPTIONS
};

static const pt_cli_option options[] = {
    [CORPUS] = {.name = "corpus",
                .kind = PT_CLI_TEXT,
                .argument = "SRC",
                .required = true,
                .help = "a folder of audio with a .txt or .json beside each file, an AudioCaps "
                        "CSV, or a JSONL manifest with 'audio' and 'caption' in each line"},
    [MODEL] = {.name = "model",
               .kind = PT_CLI_TEXT,
               .argument = "DIR",
               .required = true,
               .help = "a CLAP model: a folder as Hugging Face stores it, or a .pt file"},
    [OUT] = {.name = "out",
             .kind = PT_CLI_TEXT,
             .argument = "DIR",
             .required = true,
             .help = "the folder to write; it may hold nothing but this same run"},
    [AUDIO_ROOT] = {.name = "audio-root",
                    .kind = PT_CLI_TEXT,
                    .argument = "DIR",
                    .help = "where the clips of an AudioCaps CSV lie (default: beside the CSV)"},
    [FORMAT] = {.name = "format",
                .kind = PT_CLI_CHOICE,
                .choices = {"parquet", "jsonl"},
                .fallback = "parquet",
                .help = "of the rows; jsonl takes about three times the room and is meant for "
                        "looking at"},
    [SEED] = {.name = "seed",
              .kind = PT_CLI_NUMBER,
              .argument = "N",
              .max = PT_SEED_MAX,
              .fallback = "0",
              .help = "all that is drawn at random follows from it"},
    [VARIANTS] = {.name = "variants",
                  .kind = PT_CLI_NUMBER,
                  .argument = "K",
                  .min = 1,
                  .max = 65536,
                  .fallback = "1",
                  .help = "rows of each caption, every one damaged in its own way"},
    [CAPTIONS] = {.name = "captions",
                  .kind = PT_CLI_CHOICE,
                  .choices = {"all", "first", "random"},
                  .fallback = "all",
                  .help = "which captions of an entry make rows"},
    [ORDER] = {.name = "order",
               .kind = PT_CLI_CHOICE,
               .choices = {"physical", "random"},
               .fallback = "physical",
               .help = "of the effects: as sound meets them on its way from room to "
                       "converter (comb, mud, sibilance, noise, clip, pops), or shuffled for "
                       "every row"},
    [SUITE] = {.name = "suite",
               .kind = PT_CLI_TEXT,
               .argument = "FILE",
               .help = "JSON with other ranges and probabilities of the effects; what it leaves "
                       "out keeps its default"},
    [LOUDNESS] = {.name = "loudness",
                  .kind = PT_CLI_CHOICE,
                  .choices = {"source", "mix"},
                  .fallback = "source",
                  .help = "target_lufs of the file's own channels, as any meter shows it, or of "
                          "the mono mix that the encoder hears"},
    [LIMIT] = {.name = "limit",
               .kind = PT_CLI_NUMBER,
               .argument = "N",
               .min = 1,
               .max = INT64_MAX,
               .help = "use the first N entries only"},
    [CHUNK] = {.name = "chunk",
               .kind = PT_CLI_NUMBER,
               .argument = "N",
               .min = 1,
               .max = INT64_MAX,
               .help = "entries of one part file (default: 2000 divided by the variants)"},
    [THREADS] = {.name = "threads",
                 .kind = PT_CLI_NUMBER,
                 .argument = "N",
                 .min = 1,
                 .max = 1024,
                 .help = "workers (default: the CPUs that may be used); the rows do not depend "
                         "on it"},
    [ISA] = PT_CLI_ISA_OPTION,
    [PRECISION] = PT_CLI_PRECISION_OPTION,
    [STRICT] = {.name = "strict", .help = "end with status 1 when anything was rejected"},
    [QUIET] = {.name = "quiet", .help = "print nothing but errors"},
    [PRINT_SUITE] = {.name = "print-suite",
                     .alone = true,
                     .help = "print the suite (the default one, or that of --suite with all its "
                             "defaults) as JSON and do nothing else"},
};
_Static_assert(N_OPTIONS <= PT_CLI_OPTIONS_MAX, "room for every option");

int pt_cli_arithmetic(const pt_cli_command *command, const pt_cli_value *isa_option,
                      const pt_cli_value *precision_option, pt_isa *isa, pt_precision *precision) {
    pt_error err = {0};
    if (pt_isa_parse(isa_option->text, isa, &err) != PT_OK)
        return pt_cli_usage(command, "option '--isa': %s", err.message);
    if (pt_precision_parse(precision_option->text, *isa, precision, &err) != PT_OK)
        return pt_cli_usage(command, "option '--precision': %s", err.message);
    return 0;
}

pt_status pt_cli_suite_open(const char *path, char **json, pt_suite **suite, pt_error *err) {
    char *text = NULL;
    if (path) PT_TRY(pt_text_read(path, &text, err));
    const pt_status status = pt_suite_open(text, suite, err);
    if (status != PT_OK) {
        if (path) pt_error_in(err, "suite '%s'", path);
        free(text);
        return status;
    }
    *json = text;
    return PT_OK;
}

static int print_suite(const pt_suite *suite) {
    char *json = pt_suite_print(suite);
    if (!json) {
        pt_cli_complain("out of memory");
        return 1;
    }
    const size_t length = strlen(json);
    fputs(json, stdout);
    if (length == 0 || json[length - 1] != '\n') putchar('\n');
    free(json);
    return 0;
}

/* ---- the summary ----------------------------------------------------------------------------- */

static const char *plural(uint64_t n, const char *one, const char *many) {
    return n == 1 ? one : many;
}

static void print_rejects(const pt_generate_report *report, const char *out) {
    const char *between = ": ";
    printf("%" PRIu64 " %s", report->n_rejects, plural(report->n_rejects, "reject", "rejects"));
    for (size_t i = 0; i < PT_REJECT_COUNT; i++) {
        if (report->rejects_by[i] == 0) continue;
        printf("%s%" PRIu64 " %s", between, report->rejects_by[i],
               pt_status_name((pt_status)(PT_REJECT_FIRST + i)));
        between = ", ";
    }
    if (report->n_rejects > 0) {
        printf(" (each with its reason in ");
        pt_cli_put(stdout, out);
        printf("/rejects.jsonl)");
    }
    putchar('\n');
}

static void print_summary(const pt_generate_report *report, const char *out) {
    if (report->was_complete) {
        pt_cli_put(stdout, out);
        printf(" holds this very run already, complete; nothing was done\n");
    }
    printf("%" PRIu64 " %s of %" PRIu64 " %s in %" PRIu64 " part %s in ", report->n_rows,
           plural(report->n_rows, "row", "rows"), report->n_entries,
           plural(report->n_entries, "entry", "entries"), report->n_parts,
           plural(report->n_parts, "file", "files"));
    pt_cli_put(stdout, out);
    printf("/data\n");
    print_rejects(report, out);
    if (report->n_rows == 0) return;
    printf("open it in Python: datasets.load_dataset(");
    pt_cli_put_json(stdout, out);
    printf(", split=\"train\")\n");
}

/* ---- the command ----------------------------------------------------------------------------- */

static int generate(const pt_cli_args *args, const char *suite_json) {
    const pt_cli_value *value = args->value;
    const char *out = value[OUT].text;
    pt_error err = {0};
    pt_isa isa;
    pt_precision precision;
    const int refused =
        pt_cli_arithmetic(&pt_cli_generate, &value[ISA], &value[PRECISION], &isa, &precision);
    if (refused != 0) return refused;

    pt_cli_progress progress = {0};
    const pt_generate_options run = {
        .corpus = value[CORPUS].text,
        .audio_root = value[AUDIO_ROOT].text,
        .model = value[MODEL].text,
        .out = out,
        .format = (pt_format)value[FORMAT].number,
        .seed = value[SEED].number,
        .variants = (uint32_t)value[VARIANTS].number,
        .order = (pt_order)value[ORDER].number,
        .suite_json = suite_json,
        .threads = (unsigned)value[THREADS].number,
        .limit = value[LIMIT].number,
        .chunk = value[CHUNK].number,
        .captions = (pt_captions)value[CAPTIONS].number,
        .loudness = (pt_loudness)value[LOUDNESS].number,
        .isa = isa,
        .precision = precision,
        .stop = pt_cli_listen(),
        .on_event = pt_cli_progress_event,
        .context = &progress,
    };
    pt_generate_report report = {0};
    pt_cli_progress_start(&progress, value[QUIET].given);
    const pt_status status = pt_generate(&run, &report, &err);
    pt_cli_progress_end(&progress);

    if (status == PT_ECANCELLED) {
        pt_cli_complain("stopped; '%s' is not complete, and the same command does it anew", out);
        pt_cli_end_as_signalled();
        return 1;
    }
    if (status != PT_OK) return pt_cli_failed(&err);
    if (!value[QUIET].given) print_summary(&report, out);
    if (report.n_rows == 0) {
        pt_cli_complain("no row could be written: '%s/rejects.jsonl' says why", out);
        return 1;
    }
    return value[STRICT].given && report.n_rejects > 0 ? 1 : 0;
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    pt_error err = {0};
    pt_suite *suite = NULL;
    char *json = NULL;

    if (pt_cli_suite_open(args->value[SUITE].text, &json, &suite, &err) != PT_OK)
        return pt_cli_failed(&err);
    const int status = args->value[PRINT_SUITE].given ? print_suite(suite) : generate(args, json);
    pt_suite_close(&suite);
    free(json);
    return status;
}

const pt_cli_command pt_cli_generate = {
    .name = "generate",
    .summary = "make a training set from a corpus of captioned audio",
    .usage = "--corpus SRC --model DIR --out DIR [options]",
    .description =
        "Makes a training set. For every clip and caption of the corpus: measures the clean "
        "recording (spectrum, loudness, dynamics), damages a copy with a random choice of six "
        "effects, measures how pure the copy still is, embeds the caption and the damaged copy "
        "with the CLAP model, and writes one row for each variant.\n\n"
        "A clip that cannot be used is named in OUT/rejects.jsonl with its reason, and the run "
        "goes on. Rows depend on the corpus, the model and the options that say what to draw; "
        "not on the number of threads.",
    .after = "status:\n"
             "  0  the set is complete\n"
             "  1  failed, or no row could be written, or (--strict) something was rejected\n"
             "  2  the command line is wrong, or OUT holds something else\n"
             "  Ctrl-C and SIGTERM end the run by that signal (130 or 143 in a shell) and\n"
             "  leave no half file; the second one ends it at once.\n"
             "\n"
             "example:\n"
             "  patina generate --corpus audiocaps/train.csv --audio-root audiocaps/clips \\\n"
             "      --model clap-htsat-unfused --out train --variants 4 --seed 1\n",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
