/* SPDX-License-Identifier: MIT */
/* cmd_generate.c - patina generate: the main job */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "hf_env.h"
#include "progress.h"
#include "shard.h"
#include "signals.h"
#include "summary.h"
#include "terminal.h"

#include "base/error.h"
#include "fs/text_file.h"

/* ---- options --------------------------------------------------------------------------------- */

enum {
    CORPUS,
    MODEL,
    OUT,
    CORPUS_KIND,
    LIST_KINDS,
    CAPTION_COLUMN,
    AUDIO_ROOT,
    FORMAT,
    SEED,
    VARIANTS,
    CAPTIONS,
    ORDER,
    SUITE,
    LOUDNESS,
    SPLIT,
    LIMIT,
    CHUNK,
    SHARD,
    RESUME_FROM,
    RETRY,
    TIME_LIMIT,
    ENTRY_TIMEOUT,
    KEEP_AUDIO,
    KEEP_EVERY,
    THREADS,
    ISA,
    PRECISION,
    STRICT,
    PROGRESS,
    QUIET,
    PRINT_SUITE,
    N_OPTIONS
};

static const pt_cli_option options[] = {
    [CORPUS] = {.name = "corpus",
                .kind = PT_CLI_TEXT,
                .argument = "SRC",
                .required = true,
                .help = "captioned audio: a folder with a .txt or .json beside each file, "
                        "webdataset tars (a file, a folder, or 'train/{0..99}.tar'), Parquet "
                        "files of the Hugging Face hub, a CSV of AudioCaps, Clotho or labels, "
                        "WavCaps' JSON, or a JSONL manifest with 'audio' and 'caption' in each "
                        "line"},
    [MODEL] = PT_CLI_MODEL_OPTION,
    [OUT] = {.name = "out",
             .kind = PT_CLI_TEXT,
             .argument = "DIR",
             .required = true,
             .help = "the folder to write; it may hold nothing but this same run"},
    [CORPUS_KIND] = {.name = "corpus-kind",
                     .kind = PT_CLI_TEXT,
                     .argument = "KIND",
                     .help = "kind of the corpus (default: detected); see --list-kinds"},
    [LIST_KINDS] = {.name = "list-kinds",
                    .alone = true,
                    .help = "print the kinds of corpus and exit"},
    [CAPTION_COLUMN] = {.name = "caption-column",
                        .kind = PT_CLI_TEXT,
                        .argument = "NAME",
                        .help = "where the captions of a table or a manifest are (default: its "
                                "usual name)"},
    [AUDIO_ROOT] = {.name = "audio-root",
                    .kind = PT_CLI_TEXT,
                    .argument = "DIR",
                    .help = "where the clips of a table or a manifest lie (default: beside it)"},
    [FORMAT] = {.name = "format",
                .kind = PT_CLI_CHOICE,
                .choices = {"parquet", "jsonl"},
                .fallback = "parquet",
                .help = "of the rows; jsonl takes about three times the room and is meant for "
                        "looking at"},
    [SEED] = {.name = "seed",
              .kind = PT_CLI_NUMBER,
              .argument = "N",
              .max = PATINA_SEED_MAX,
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
    [SPLIT] = {.name = "split",
               .kind = PT_CLI_TEXT,
               .argument = "SHARES",
               .help = "train=0.9,validation=0.05,test=0.05: shares of the clips. What a file "
                       "holds decides, so that no clip stands in two splits (default: all is "
                       "train)"},
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
    [SHARD] = {.name = "shard",
               .kind = PT_CLI_TEXT,
               .argument = "I/N",
               .help = "make every N-th chunk from chunk I on (from 0), beside N-1 other processes "
                       "with the same OUT; 'auto' asks the scheduler that runs them. When all "
                       "are done, 'patina finish OUT' makes the set"},
    [RESUME_FROM] = {.name = "resume-from",
                     .kind = PT_CLI_TEXT,
                     .argument = "DIR",
                     .help = "go on from a copy of earlier output of this same run, which is only "
                             "read"},
    [RETRY] = {.name = "retry",
               .kind = PT_CLI_CHOICE,
               .choices = {"rejects"},
               .help = "try again what was rejected and may be there or whole by now, also in a "
                       "finished set"},
    [TIME_LIMIT] = {.name = "time-limit",
                    .kind = PT_CLI_DURATION,
                    .argument = "TIME",
                    .min = 1,
                    .max = 366 * 86400,
                    .help = "end with finished chunks, and status 75, before so much time is over: "
                            "11h30m"},
    [ENTRY_TIMEOUT] = {.name = "entry-timeout",
                       .kind = PT_CLI_DURATION,
                       .argument = "TIME",
                       .max = 86400,
                       .fallback = "5m",
                       .help = "reject a file that takes longer to read; 0: wait for ever"},
    [KEEP_AUDIO] = {.name = "keep-audio",
                    .kind = PT_CLI_TEXT,
                    .argument = "DIR",
                    .help = "write what was heard to DIR as FLAC files, the clean and the damaged "
                            "windows, named after their entry and variant"},
    [KEEP_EVERY] = {.name = "keep-every",
                    .kind = PT_CLI_NUMBER,
                    .argument = "N",
                    .min = 1,
                    .max = INT64_MAX,
                    .fallback = "1",
                    .help = "with --keep-audio: of every N-th entry"},
    [THREADS] = PT_CLI_THREADS_OPTION,
    [ISA] = PT_CLI_ISA_OPTION,
    [PRECISION] = PT_CLI_PRECISION_OPTION,
    [STRICT] = {.name = "strict", .help = "end with status 1 when anything was rejected"},
    [PROGRESS] = {.name = "progress",
                  .kind = PT_CLI_CHOICE,
                  .choices = PT_CLI_PROGRESS_FORMATS,
                  .fallback = "auto",
                  .help = "on standard error: a line that is rewritten on a terminal and dated "
                          "lines elsewhere; plain: dated lines; json: an object a line"},
    [QUIET] = {.name = "quiet", .help = "print nothing but errors"},
    [PRINT_SUITE] = {.name = "print-suite",
                     .alone = true,
                     .help = "print the suite (the default one, or that of --suite with all its "
                             "defaults) as JSON and do nothing else"},
};
_Static_assert(N_OPTIONS <= PT_CLI_OPTIONS_MAX, "room for every option");

int pt_cli_parse_isa_precision(const pt_cli_command *command, const pt_cli_value *isa_option,
                               const pt_cli_value *precision_option, patina_isa *isa,
                               patina_precision *precision) {
    patina_error err = {0};
    if (patina_isa_parse(isa_option->text, isa, &err) != PATINA_OK)
        return pt_cli_usage_error(command, "option '--isa': %s", err.message);
    if (patina_precision_parse(precision_option->text, *isa, precision, &err) != PATINA_OK)
        return pt_cli_usage_error(command, "option '--precision': %s", err.message);
    return 0;
}

patina_status pt_cli_effect_config_open(const char *path, char **json, patina_effect_config **suite,
                                        patina_error *err) {
    char *text = NULL;
    if (path) PT_TRY(pt_text_read(path, &text, err));
    const patina_status status = patina_effect_config_open(text, suite, err);
    if (status != PATINA_OK) {
        if (path) pt_error_add_context(err, "suite '%s'", path);
        free(text);
        return status;
    }
    *json = text;
    return PATINA_OK;
}

static int list_kinds(void) {
    const char *name, *summary;
    for (size_t i = 0; patina_corpus_kind_at(i, &name, &summary); i++)
        printf("%-14s %s\n", name, summary);
    return 0;
}

static int print_effect_config(const patina_effect_config *suite) {
    char *json = patina_effect_config_to_json(suite);
    if (!json) {
        pt_cli_error("out of memory");
        return 1;
    }
    const size_t length = strlen(json);
    fputs(json, stdout);
    if (length == 0 || json[length - 1] != '\n') putchar('\n');
    free(json);
    return 0;
}

/* ---- the summary ----------------------------------------------------------------------------- */

/* What the rows of this run are like, and where its time went. */
static void print_statistics(const patina_generate_report *report) {
    double sum = 0.0;
    if (report->n_rows_now == 0) return;
    printf("purity %.1f to %.1f dB, in the middle %.1f; loudness %.1f to %.1f LUFS, in the middle "
           "%.1f (5, 95 and 50 %% of the rows)\n",
           report->purity_db.p05, report->purity_db.p95, report->purity_db.p50, report->lufs.p05,
           report->lufs.p95, report->lufs.p50);
    for (int s = 0; s < PATINA_RUN_STAGE_COUNT; s++)
        sum += report->seconds_by[s];
    printf("time:");
    for (int s = 0; s < PATINA_RUN_STAGE_COUNT; s++)
        printf("%s %s %.0f %%", s > 0 ? "," : "", patina_run_stage_name((patina_run_stage)s),
               sum > 0.0 ? 100.0 * report->seconds_by[s] / sum : 0.0);
    putchar('\n');
}

/* Of a process that made a share of a set, or was stopped. */
static void print_shard_summary(const patina_generate_report *report) {
    printf("%" PRIu64 " %s of %" PRIu64 " %s, %" PRIu64 " %s; %" PRIu64 " of %" PRIu64
           " chunks of this share are there\n",
           report->n_rows_now, pt_cli_plural(report->n_rows_now, "row", "rows"),
           report->n_entries_now, pt_cli_plural(report->n_entries_now, "entry", "entries"),
           report->n_rejects_now, pt_cli_plural(report->n_rejects_now, "reject", "rejects"),
           report->n_chunks_ours - report->n_chunks_left, report->n_chunks_ours);
    print_statistics(report);
}

static void print_summary(const patina_generate_report *report, const char *out) {
    if (report->was_complete) {
        pt_cli_write_escaped(stdout, out);
        printf(" holds this very run already, complete; nothing was done\n");
    }
    pt_cli_print_dataset_summary(&report->set, out);
    print_statistics(report);
    pt_cli_print_load_hint(&report->set, out);
}

/* Says how far it came; the status that asks to be run again. */
static int stopped(const patina_generate_report *report, const char *out) {
    const uint64_t n = report->n_chunks_ours - report->n_chunks_left;
    pt_cli_error("stopped %s: '%s' has %" PRIu64 " of %" PRIu64
                 " chunks, and the same command goes on from there%s",
                 report->out_of_time ? "at its time limit" : "on request", out, n,
                 report->n_chunks_ours,
                 report->out_of_time && n == 0
                     ? "; a chunk takes longer than the limit: raise it, or begin anew in "
                       "another folder with a smaller '--chunk'"
                     : "");
    return PT_CLI_EXIT_TEMPFAIL;
}

static const char *environment(const char *name) {
    return getenv(name);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int generate(const pt_cli_args *args, const char *model, const char *suite_json) {
    const pt_cli_value *value = args->value;
    const char *out = value[OUT].text;
    patina_error err = {0};
    patina_isa isa;
    patina_precision precision;
    const int refused = pt_cli_parse_isa_precision(&pt_cli_generate, &value[ISA], &value[PRECISION],
                                                   &isa, &precision);
    if (refused != 0) return refused;

    pt_cli_progress progress;
    uint64_t shard = 0, n_shards = 0;
    pt_cli_progress_start(&progress, (pt_cli_progress_format)value[PROGRESS].number,
                          value[QUIET].given);
    if (value[SHARD].given) {
        char found[256];
        if (pt_cli_shard_parse(value[SHARD].text, environment, &shard, &n_shards, found,
                               sizeof found, &err) != PATINA_OK)
            return pt_cli_usage_error(&pt_cli_generate, "option '--shard': %s", err.message);
        pt_cli_progress_note(&progress, found);
    }

    const patina_generate_options run = {
        .corpus = value[CORPUS].text,
        .corpus_kind = value[CORPUS_KIND].text,
        .caption_column = value[CAPTION_COLUMN].text,
        .audio_root = value[AUDIO_ROOT].text,
        .model = model,
        .out = out,
        .format = (patina_output_format)value[FORMAT].number,
        .seed = value[SEED].number,
        .variants = (uint32_t)value[VARIANTS].number,
        .order = (patina_effect_order)value[ORDER].number,
        .suite_json = suite_json,
        .threads = (unsigned)value[THREADS].number,
        .limit = value[LIMIT].number,
        .chunk = value[CHUNK].number,
        .captions = (patina_caption_mode)value[CAPTIONS].number,
        .loudness = (patina_loudness_source)value[LOUDNESS].number,
        .split = value[SPLIT].text,
        .shard = shard,
        .n_shards = n_shards,
        .resume_from = value[RESUME_FROM].text,
        .retry_rejects = value[RETRY].given,
        .time_limit_s = (double)value[TIME_LIMIT].number,
        .entry_timeout_s = (double)value[ENTRY_TIMEOUT].number,
        .keep_audio = value[KEEP_AUDIO].text,
        .keep_every = value[KEEP_EVERY].number,
        .isa = isa,
        .precision = precision,
        .stop = pt_cli_install_signal_handlers(),
        .on_event = pt_cli_progress_event,
        .context = &progress,
    };
    patina_generate_report report = {0};
    const patina_status status = patina_generate(&run, &report, &err);
    pt_cli_progress_end(&progress);

    if (status == PATINA_ECANCELLED) return stopped(&report, out);
    if (status != PATINA_OK) return pt_cli_report_error(&err);
    if (!report.is_complete) {
        if (!value[QUIET].given) print_shard_summary(&report);
        return value[STRICT].given && report.n_rejects_now > 0 ? 1 : 0;
    }
    if (!value[QUIET].given) print_summary(&report, out);
    if (report.set.n_rows == 0) {
        pt_cli_error("no row could be written: '%s/rejects.jsonl' says why", out);
        return 1;
    }
    return value[STRICT].given && report.set.n_rejects > 0 ? 1 : 0;
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    patina_error err = {0};
    patina_effect_config *suite = NULL;
    char *json = NULL, *model = NULL;
    int result;

    if (args->value[LIST_KINDS].given) return list_kinds();
    if (pt_cli_effect_config_open(args->value[SUITE].text, &json, &suite, &err) != PATINA_OK)
        return pt_cli_report_error(&err);
    if (args->value[PRINT_SUITE].given)
        result = print_effect_config(suite);
    else if (pt_cli_model_resolve(args->value[MODEL].text, &model, &err) != PATINA_OK)
        result = pt_cli_report_error(&err);
    else
        result = generate(args, model, json);
    patina_effect_config_close(&suite);
    free(model);
    free(json);
    return result;
}

const pt_cli_command pt_cli_generate = {
    .name = "generate",
    .summary = "make a training set from a corpus of captioned audio",
    .usage = "--corpus SRC --model MODEL --out DIR [options]",
    .description =
        "Makes a training set. For every clip and caption of the corpus: measures the clean "
        "recording (spectrum, loudness, dynamics), damages a copy with a random choice of six "
        "effects, measures how pure the copy still is, embeds the caption and the damaged copy "
        "with the CLAP model, and writes one row for each variant.\n\n"
        "A clip that cannot be used is named in OUT/rejects.jsonl with its reason, and the run "
        "goes on. Rows depend on the corpus, the model and the options that say what to draw; "
        "not on the number of threads.",
    .after = "status:\n"
             "  0  the set is complete; with --shard: this share of it is\n"
             "  1  failed, or no row could be written, or (--strict) something was rejected\n"
             "  2  the command line is wrong, or OUT holds something else\n"
             "  75 stopped by Ctrl-C, SIGTERM or --time-limit: run the same command again, and\n"
             "     it goes on from the last finished chunk; a second signal ends it at once\n"
             "\n"
             "example:\n"
             "  patina generate --corpus audiocaps/train.csv --audio-root audiocaps/clips \\\n"
             "      --model laion/clap-htsat-unfused --out train --variants 4 --seed 1\n",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
