/* SPDX-License-Identifier: MIT */
/* cmd_generate.c - patina generate: makes a data set from a corpus */

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <patina/patina.h>

#include "commands.h"
#include "dry_run.h"
#include "escaped_output.h"
#include "hf_env.h"
#include "progress.h"
#include "shard.h"
#include "signals.h"
#include "standard_streams.h"
#include "summary.h"

#include "base/error.h"
#include "dataset/output_dir.h"
#include "dataset/row_writer.h"
#include "fs/dir.h"
#include "fs/text_file.h"

/* ---- options --------------------------------------------------------------------------------- */

static const char *corpus_kind_at(size_t i) {
    const char *name, *summary;
    return patina_corpus_kind_at(i, &name, &summary) ? name : NULL;
}

static const char *format_at(size_t i) {
    return pt_row_writer_backends[i] ? pt_row_writer_backends[i]->name : NULL;
}

static const pt_cli_option options[] = {
    {.name = "corpus",
     .kind = PT_CLI_FILE,
     .argument = "SRC",
     .required = true,
     .alternative = "corpora",
     .repeatable = true,
     .help = "captioned audio: a folder with a .txt or .json file beside each audio file, "
             "webdataset tars (a file, a folder, or 'train/{0..99}.tar'), Parquet files of the "
             "Hugging Face hub, a CSV of AudioCaps, Clotho or labels, a WavCaps JSON file, or a "
             "JSONL manifest with 'audio' and 'caption' in each line; options of a corpus follow "
             "its path, such as 'train.csv,audio-root=clips,prefix=ac,weight=0.5'; "
             "hf://datasets/OWNER/NAME after 'patina fetch dataset OWNER/NAME'"},
    {.name = "corpora",
     .kind = PT_CLI_FILE,
     .argument = "FILE",
     .help = "YAML or JSON file with a list of corpora and their options, instead of --corpus"},
    PT_CLI_MODEL_OPTION,
    {.name = "out",
     .letter = 'o',
     .kind = PT_CLI_DIR,
     .argument = "DIR",
     .required = true,
     .help = "output folder: new, empty, or with an earlier part of the same run"},
    {.name = "overwrite",
     .help = "replace another data set in OUT; asks on a terminal, and never removes other files"},
    {.name = "dry-run",
     .help = "write nothing; print the number of rows, the size, and the time estimated from a "
             "measurement of 20 s; with '--progress json' as a JSON object"},
    {.name = "corpus-kind",
     .kind = PT_CLI_CHOICE,
     .argument = "KIND",
     .choice_at = corpus_kind_at,
     .help = "format of the corpus (default: detected; --list-kinds describes them)"},
    {.name = "list-kinds", .exclusive = true, .help = "print the formats of a corpus and exit"},
    {.name = "caption-column",
     .kind = PT_CLI_TEXT,
     .argument = "NAME",
     .help = "column of a table, or member of a manifest, with the captions (default: the usual "
             "names)"},
    {.name = "caption-template",
     .kind = PT_CLI_TEXT,
     .argument = "TEXT",
     .help = "make the caption from fields of the row, such as 'the sound of {label}', or from "
             "{stem} and {parent} of the audio file"},
    {.name = "file-column",
     .kind = PT_CLI_TEXT,
     .argument = "NAME",
     .help = "column of a table with the audio files"},
    {.name = "id-column",
     .kind = PT_CLI_TEXT,
     .argument = "NAME",
     .help = "column of a table with the ids"},
    {.name = "start-column",
     .kind = PT_CLI_TEXT,
     .argument = "NAME",
     .help = "column of a table with the start of the segment in seconds"},
    {.name = "end-column",
     .kind = PT_CLI_TEXT,
     .argument = "NAME",
     .help = "column of a table with the end of the segment in seconds"},
    {.name = "delimiter",
     .kind = PT_CLI_TEXT,
     .argument = "CHAR",
     .help = "delimiter of a table, a character or 'tab' (default: detected)"},
    {.name = "header",
     .kind = PT_CLI_TEXT,
     .argument = "NAMES",
     .help = "column names of a table without a header, such as id,label"},
    {.name = "source-split",
     .kind = PT_CLI_TEXT,
     .argument = "NAME",
     .help = "read only the files of this split, such as train for train-00000-of-00002.parquet"},
    {.name = "exclude",
     .kind = PT_CLI_FILE,
     .argument = "FILE",
     .help = "reject the entries whose id is in FILE: one id per line, a CSV, or a WavCaps "
             "blacklist; YouTube ids and file names also match"},
    {.name = "filter",
     .kind = PT_CLI_TEXT,
     .argument = "CONDITIONS",
     .help = "reject entries as filtered unless they meet all conditions, as in "
             "'duration>=5,caption!~speech,license=CC0'; fields are duration, rate, channels, "
             "caption, caption_length and the columns of the corpus"},
    {.name = "require",
     .kind = PT_CLI_TEXT,
     .argument = "CONDITIONS",
     .help = "reject entries as low_quality unless their source meets all conditions, as in "
             "'bandwidth_hz>=16000,flat_run<=3'; fields are those of source_quality"},
    {.name = "keep-going",
     .help = "continue even if the first 200 entries are all rejected for the same reason"},
    {.name = "audio-root",
     .kind = PT_CLI_DIR,
     .argument = "DIR",
     .help = "folder of the audio files of a table or a manifest (default: the folder of the "
             "table)"},
    {.name = "format",
     .kind = PT_CLI_CHOICE,
     .choice_at = format_at,
     .fallback = "parquet",
     .help = "format of the rows; jsonl is readable text, about three times as large"},
    {.name = "seed",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .max = PATINA_SEED_MAX,
     .fallback = "0",
     .help = "seed of all random numbers"},
    {.name = "variants",
     .kind = PT_CLI_NUMBER,
     .argument = "K",
     .min = 1,
     .max = 65536,
     .fallback = "1",
     .help = "rows per caption, each with its own degradation"},
    {.name = "windows",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .min = 1,
     .max = 1000,
     .fallback = "1",
     .help = "number of windows of 10 s per longer recording, 1 to 1000, each with its own rows"},
    {.name = "window",
     .kind = PT_CLI_CHOICE,
     .choices = pt_window_mode_names,
     .fallback = "random",
     .help = "position of the windows: random; first, from the start; loudest, those with the most "
             "energy; silent windows are replaced"},
    {.name = "captions",
     .kind = PT_CLI_CHOICE,
     .choices = pt_caption_mode_names,
     .fallback = "all",
     .help = "which captions of an entry get rows"},
    {.name = "max-captions",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .min = 1,
     .max = 100000,
     .fallback = "1000",
     .help = "maximum number of captions of an entry; further captions are rejected"},
    PT_CLI_ORDER_OPTION,
    PT_CLI_SUITE_OPTION,
    {.name = "loudness",
     .kind = PT_CLI_CHOICE,
     .choices = pt_loudness_source_names,
     .fallback = "source",
     .help = "source of target_lufs: the channels of the file, as a loudness meter measures them, "
             "or the mono mix that the encoder gets"},
    {.name = "purity-cap",
     .kind = PT_CLI_NUMBER,
     .argument = "DB",
     .min = 20,
     .max = 60,
     .fallback = "50",
     .help = "maximum of input_purity, which clean audio has, 20 to 60"},
    {.name = "level-jitter",
     .kind = PT_CLI_NUMBER,
     .argument = "DB",
     .min = 0,
     .max = 40,
     .fallback = "0",
     .help = "vary the level: draw a gain from -DB to DB (at most 40) for each row and apply it "
             "before measuring and degrading"},
    {.name = "split",
     .kind = PT_CLI_TEXT,
     .argument = "SHARES",
     .help = "shares of the clips, such as train=0.9,validation=0.05,test=0.05; the content of a "
             "file determines its split, so that no clip is in two splits (default: all in train)"},
    {.name = "split-key",
     .kind = PT_CLI_TEXT,
     .argument = "KEY",
     .help = "also keep in one split all clips with the same youtube_id; parent, the folder; "
             "column of the list; or sound, even in another encoding (decodes all clips first)"},
    {.name = "with-id",
     .help = "add a sixth column 'id' to the rows: the id of the entry, 'entry' of provenance"},
    {.name = "fingerprint",
     .help = "write a fingerprint of each whole recording to the provenance; 'patina inspect' "
             "needs it to find clips of more than 10 s with the same sound"},
    {.name = "license",
     .kind = PT_CLI_TEXT,
     .argument = "ID",
     .help = "licence of the corpus for the data-set card (README.md), as an identifier of the "
             "hub, such as cc-by-4.0 or cc0-1.0 (default: unknown)"},
    {.name = "title",
     .kind = PT_CLI_TEXT,
     .argument = "TEXT",
     .help = "title of the data-set card"},
    {.name = "language",
     .kind = PT_CLI_TEXT,
     .argument = "CODE",
     .help = "language code of the captions for the data-set card (default: en)"},
    {.name = "limit",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .min = 1,
     .max = INT64_MAX,
     .help = "use only the first N entries"},
    {.name = "chunk",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .min = 1,
     .max = INT64_MAX,
     .help = "entries per part file (default: 2000 divided by the variants)"},
    {.name = "shard",
     .kind = PT_CLI_TEXT,
     .argument = "I/N",
     .help =
         "generate only chunks I, I+N, I+2N ... (I from 0 to N-1); N processes share one OUT, and "
         "'patina finish OUT' completes the data set; auto: I and N from the job scheduler"},
    {.name = "resume-from",
     .kind = PT_CLI_DIR,
     .argument = "DIR",
     .help = "reuse the chunks of an earlier output folder of the same run; that folder is not "
             "changed"},
    {.name = "retry",
     .kind = PT_CLI_CHOICE,
     .choices = PT_CLI_CHOICES("rejects"),
     .help = "process rejected entries again if their files may have been added or repaired, also "
             "in a finished data set"},
    {.name = "time-limit",
     .kind = PT_CLI_DURATION,
     .argument = "TIME",
     .min = 1,
     .max = 366 * 86400,
     .help = "stop after TIME (such as 11h30m) with status 75; the same command continues"},
    {.name = "entry-timeout",
     .kind = PT_CLI_DURATION,
     .argument = "TIME",
     .max = 86400,
     .fallback = "5m",
     .help = "reject an entry whose audio takes longer to read; 0: no limit"},
    {.name = "memory",
     .kind = PT_CLI_SIZE,
     .argument = "SIZE",
     .min = 1 << 20,
     .max = UINT64_C(1) << 50,
     .help = "memory limit for entries in progress, without the model, such as 2G; rows do not "
             "depend on it (default: a quarter of the memory that this process may use)"},
    {.name = "skip-unreadable",
     .help = "reject files that the machine cannot read (I/O error, no permission) as io_error, "
             "instead of ending with status 75"},
    {.name = "keep-audio",
     .kind = PT_CLI_DIR,
     .argument = "DIR",
     .help = "also write the clean and the degraded audio to DIR as FLAC files, named after entry "
             "and variant"},
    {.name = "keep-every",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .min = 1,
     .max = INT64_MAX,
     .fallback = "1",
     .help = "with --keep-audio: audio of every N-th entry only"},
    PT_CLI_THREADS_OPTION,
    PT_CLI_ISA_OPTION,
    PT_CLI_PRECISION_OPTION,
    PT_CLI_DEVICE_OPTIONS,
    {.name = "strict", .help = "exit with status 1 if anything was rejected"},
    {.name = "progress",
     .kind = PT_CLI_CHOICE,
     .choices = PT_CLI_PROGRESS_FORMATS,
     .fallback = "auto",
     .help = "progress on standard error: auto, a status line on a terminal and dated lines "
             "elsewhere; plain, dated lines; json, one object per line"},
    {.name = "print-suite",
     .exclusive = true,
     .help = "print the effect configuration (the default, or that of --suite with all its "
             "defaults) as JSON and exit"},
};

static int list_kinds(void) {
    const char *name, *summary;
    for (size_t i = 0; patina_corpus_kind_at(i, &name, &summary); i++)
        printf("%-14s %s\n", name, summary);
    return 0;
}

static int print_effect_config(const pt_cli_args *args) {
    patina_effect_config *config = NULL;
    patina_error err = {0};
    if (pt_cli_effect_config_open(args, &config, &err) != PATINA_OK)
        return pt_cli_report_error(&err);
    char *json = patina_effect_config_to_json(config);
    patina_effect_config_close(&config);
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

/* ---- summary --------------------------------------------------------------------------------- */

/* Statistics of the rows of this run, and the share of each stage in its time. */
static void print_statistics(const patina_generate_report *report) {
    double sum = 0.0;
    if (report->n_rows_now == 0) return;
    printf("purity %.1f to %.1f dB, median %.1f; loudness %.1f to %.1f LUFS, median %.1f (5th to "
           "95th percentile)\n",
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

/* Of a process that made one shard of a data set, or was stopped. */
static void print_shard_summary(const patina_generate_report *report) {
    printf("%" PRIu64 " %s of %" PRIu64 " %s, %" PRIu64 " %s; %" PRIu64 " of %" PRIu64
           " chunks of this shard are complete\n",
           report->n_rows_now, pt_cli_plural(report->n_rows_now, "row", "rows"),
           report->n_entries_now, pt_cli_plural(report->n_entries_now, "entry", "entries"),
           report->n_rejects_now, pt_cli_plural(report->n_rejects_now, "reject", "rejects"),
           report->n_chunks_ours - report->n_chunks_left, report->n_chunks_ours);
    print_statistics(report);
}

static void print_summary(const patina_generate_report *report, const char *out) {
    if (report->was_complete) {
        pt_cli_write_escaped(stdout, out);
        printf(" already contains this run, complete\n");
    }
    pt_cli_print_dataset_summary(&report->set, out);
    print_statistics(report);
    pt_cli_print_load_hint(&report->set, out);
}

/* Reports how much of a stopped run is kept; returns the exit status "run again". */
static int report_stopped(const patina_generate_report *report, const char *out) {
    const char *why = report->out_of_time ? "at its time limit" : "on request";
    if (report->n_entries_kept == 0)
        pt_cli_error("stopped %s before the first entry was complete; run the same command again "
                     "to continue",
                     why);
    else
        pt_cli_error("stopped %s: %" PRIu64 " of %" PRIu64 " entries are kept in '%s'; run the "
                     "same command again to continue",
                     why, report->n_entries_kept, report->n_entries_ours, out);
    return PT_CLI_EXIT_TEMPFAIL;
}

/* A folder with a manifest or table is often meant as a corpus of that kind. */
static void suggest_manifest(const patina_generate_options *run) {
    const char *corpus = run->n_corpora == 1 ? run->corpora[0] : NULL;
    static const char *const suffixes[] = {".jsonl", ".csv", ".json"};
    DIR *dir = corpus ? opendir(corpus) : NULL;
    const char *name;
    int why;
    while (dir && (name = pt_dir_next(dir, &why)))
        for (size_t i = 0; i < PT_CLI_LENGTH(suffixes); i++) {
            const size_t n = strlen(name), n_suffix = strlen(suffixes[i]);
            if (n <= n_suffix || strcmp(name + n - n_suffix, suffixes[i]) != 0) continue;
            pt_cli_error("the corpus folder contains '%s'; if the captions are in it, use "
                         "'--corpus %s/%s'",
                         name, corpus, name);
            closedir(dir);
            return;
        }
    if (dir) closedir(dir);
}

/* ---- the command ----------------------------------------------------------------------------- */

/* Options that need chunks which --overwrite would remove, also those of other processes. */
static const char *const keeps_chunks[] = {"shard", "resume-from", "retry"};

static const char *get_environment(const char *name) {
    return getenv(name);
}

/* Reads --shard and notes which variables "auto" is from; 0, or the status of a usage error. */
static int parse_shard(const pt_cli_args *args, pt_cli_progress *progress,
                       patina_generate_options *run) {
    patina_error err = {0};
    char origin[256];
    if (!pt_cli_given(args, "shard")) return 0;
    if (pt_cli_shard_parse(pt_cli_text(args, "shard"), get_environment, &run->shard, &run->n_shards,
                           origin, sizeof origin, &err) != PATINA_OK)
        return pt_cli_usage_error(args->command, "option '--shard': %s", err.message);
    if (strcmp(pt_cli_text(args, "shard"), "auto") == 0) pt_cli_progress_note(progress, origin);
    return 0;
}

/* On a terminal the user must agree to remove a data set; 0, or an exit status. */
static int confirm_overwrite(const pt_cli_args *args, const char *out) {
    patina_error err = {0};
    pt_output_state state;
    if (!pt_cli_given(args, "overwrite")) return 0;
    for (size_t i = 0; i < PT_CLI_LENGTH(keeps_chunks); i++)
        if (pt_cli_given(args, keeps_chunks[i]))
            return pt_cli_usage_error(args->command,
                                      "options '--overwrite' and '--%s' exclude each other",
                                      keeps_chunks[i]);
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) return 0;
    if (pt_output_dir_probe(out, false, &state, &err) != PATINA_OK)
        return pt_cli_report_error(&err);
    if (state != PT_OUTPUT_FINISHED && state != PT_OUTPUT_UNFINISHED) return 0;
    fprintf(stderr, "%s data set '", state == PT_OUTPUT_FINISHED ? "finished" : "unfinished");
    pt_cli_write_escaped(stderr, out);
    fputs("': overwrite it? [y/N] ", stderr);
    fflush(stderr);
    char answer[16] = "";
    if (fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y')) return 0;
    pt_cli_error("output folder '%s': not overwritten", out);
    return 1;
}

static int generate(const pt_cli_args *args, patina_generate_options *run) {
    const bool is_strict = pt_cli_given(args, "strict"), is_quiet = pt_cli_given(args, "quiet");
    patina_error err = {0};
    pt_cli_progress progress;

    int refused = pt_cli_parse_isa_precision(args, &run->isa, &run->precision);
    if (refused != 0) return refused;
    pt_cli_progress_start(&progress, (pt_cli_progress_format)pt_cli_number(args, "progress"),
                          is_quiet);
    if (pt_cli_given(args, "keep-every") && !pt_cli_given(args, "keep-audio"))
        return pt_cli_usage_error(args->command, "option '--keep-every' needs '--keep-audio DIR'");
    refused = parse_shard(args, &progress, run);
    if (refused == 0 && pt_cli_given(args, "dry-run")) return pt_cli_dry_run(run, &progress);
    if (refused == 0) refused = confirm_overwrite(args, run->out);
    if (refused != 0) return refused;

    patina_generate_options observed = *run;
    observed.stop = pt_cli_install_signal_handlers();
    observed.on_event = pt_cli_progress_event;
    observed.context = &progress;

    patina_generate_report report = {0};
    const patina_status status = patina_generate(&observed, &report, &err);
    pt_cli_progress_end(&progress);
    if (status == PATINA_ECANCELLED) return report_stopped(&report, run->out);
    if (status != PATINA_OK) {
        const bool is_option = status == PATINA_EUSAGE && strncmp(err.message, "option", 6) == 0;
        const int error_status = is_option ? pt_cli_usage_error(args->command, "%s", err.message)
                                           : pt_cli_report_error(&err);
        if (strstr(err.message, patina_status_name(PATINA_REJECT_BAD_CAPTION)))
            suggest_manifest(run);
        return status == PATINA_ETEMPORARY ? PT_CLI_EXIT_TEMPFAIL : error_status;
    }
    if (!is_quiet && report.is_complete) print_summary(&report, run->out);
    if (!is_quiet && !report.is_complete) print_shard_summary(&report);
    const uint64_t n_rejects = report.is_complete ? report.set.n_rejects : report.n_rejects_now;
    if (report.is_complete && pt_cli_check_has_rows(&report.set, run->out) != 0) {
        suggest_manifest(run);
        return 1;
    }
    return is_strict && n_rejects > 0 ? 1 : 0;
}

/* The values of --corpus; 0, or the status of a usage error. */
static int list_corpora(const pt_cli_args *args, char ***corpora, size_t *n_corpora) {
    const bool has_file = pt_cli_given(args, "corpora");
    if (has_file && pt_cli_given(args, "corpus"))
        return pt_cli_usage_error(args->command,
                                  "options '--corpus' and '--corpora' exclude each other");
    patina_error err = {0};
    char **list = calloc(args->n_occurrences + 1, sizeof *list);
    if (!list) {
        pt_cli_error("out of memory");
        return 1;
    }
    *corpora = list;
    for (size_t i = 0; i < args->n_occurrences; i++) {
        if (strcmp(args->occurrence[i].option->name, "corpus") != 0) continue;
        if (pt_cli_corpus_resolve(args->occurrence[i].value.text, &list[*n_corpora], &err) !=
            PATINA_OK)
            return pt_cli_report_error(&err);
        ++*n_corpora;
    }
    return 0;
}

static void free_corpora(char **corpora, size_t n_corpora) {
    for (size_t i = 0; i < n_corpora; i++)
        free(corpora[i]);
    free(corpora);
}

/* The model and the configuration are read, then all options are passed to the library. */
static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    const char *suite = pt_cli_text(args, "suite");
    patina_error err = {0};
    char *suite_json = NULL, *model = NULL, *cache = NULL;
    char **corpora = NULL;
    size_t n_corpora = 0;
    int result;

    if (pt_cli_given(args, "list-kinds")) return list_kinds();
    if (pt_cli_given(args, "print-suite")) return print_effect_config(args);
    result = list_corpora(args, &corpora, &n_corpora);
    if (result != 0) {
        free_corpora(corpora, n_corpora);
        return result;
    }
    patina_status status =
        suite ? pt_text_read(pt_cli_text_path(suite), &suite_json, &err) : PATINA_OK;
    if (status == PATINA_OK)
        status = pt_cli_model_resolve(pt_cli_text(args, "model"), &model, &err);
    if (status == PATINA_OK) status = pt_cli_hub_cache_find(&cache, &err);
    if (status == PATINA_OK) {
        patina_generate_options options_of_run = {
            .corpora = (const char *const *)corpora,
            .n_corpora = n_corpora,
            .corpora_file = pt_cli_text(args, "corpora"),
            .hub_cache = cache,
            .corpus_kind = pt_cli_text(args, "corpus-kind"),
            .caption_column = pt_cli_text(args, "caption-column"),
            .audio_root = pt_cli_text(args, "audio-root"),
            .caption_template = pt_cli_text(args, "caption-template"),
            .file_column = pt_cli_text(args, "file-column"),
            .id_column = pt_cli_text(args, "id-column"),
            .start_column = pt_cli_text(args, "start-column"),
            .end_column = pt_cli_text(args, "end-column"),
            .delimiter = pt_cli_text(args, "delimiter"),
            .header = pt_cli_text(args, "header"),
            .source_split = pt_cli_text(args, "source-split"),
            .exclude = pt_cli_text(args, "exclude"),
            .filter = pt_cli_text(args, "filter"),
            .require = pt_cli_text(args, "require"),
            .keep_going = pt_cli_given(args, "keep-going"),
            .license = pt_cli_text(args, "license"),
            .title = pt_cli_text(args, "title"),
            .language = pt_cli_text(args, "language"),
            .model = model,
            .out = pt_cli_text(args, "out"),
            .format = (patina_output_format)pt_cli_number(args, "format"),
            .seed = pt_cli_number(args, "seed"),
            .variants = (uint32_t)pt_cli_number(args, "variants"),
            .captions = (patina_caption_mode)pt_cli_number(args, "captions"),
            .order = (patina_effect_order)pt_cli_number(args, "order"),
            .split_key = pt_cli_text(args, "split-key"),
            .with_id = pt_cli_given(args, "with-id"),
            .fingerprint = pt_cli_given(args, "fingerprint"),
            .windows = (uint32_t)pt_cli_number(args, "windows"),
            .window = (patina_window_mode)pt_cli_number(args, "window"),
            .suite_json = suite_json,
            .suite_name = suite,
            .overwrite = pt_cli_given(args, "overwrite"),
            .loudness = (patina_loudness_source)pt_cli_number(args, "loudness"),
            .purity_cap = (double)pt_cli_number(args, "purity-cap"),
            .level_jitter_db = (double)pt_cli_number(args, "level-jitter"),
            .split = pt_cli_text(args, "split"),
            .limit = pt_cli_number(args, "limit"),
            .chunk = pt_cli_number(args, "chunk"),
            .resume_from = pt_cli_text(args, "resume-from"),
            .retry_rejects = pt_cli_given(args, "retry"),
            .time_limit_s = (double)pt_cli_number(args, "time-limit"),
            .entry_timeout_s = (double)pt_cli_number(args, "entry-timeout"),
            .skip_unreadable = pt_cli_given(args, "skip-unreadable"),
            .memory_bytes = pt_cli_number(args, "memory"),
            .max_captions = pt_cli_number(args, "max-captions"),
            .keep_audio = pt_cli_text(args, "keep-audio"),
            .keep_every = pt_cli_number(args, "keep-every"),
            .threads = (unsigned)pt_cli_number(args, "threads"),
            .device = pt_cli_device_options(args),
        };
        result = generate(args, &options_of_run);
    } else {
        result = pt_cli_report_error(&err);
    }
    free_corpora(corpora, n_corpora);
    free(cache);
    free(model);
    free(suite_json);
    return result;
}

const pt_cli_command pt_cli_generate = {
    .name = "generate",
    .summary = "make a data set from a corpus of captioned audio",
    .usage = "--corpus SRC --model MODEL --out DIR [options]",
    .description =
        "Makes a training data set. For every clip and caption of the corpus it measures the "
        "clean recording (spectrum, loudness, dynamics), degrades a copy with a random choice of "
        "effects, measures the purity of the copy, embeds the caption and the degraded copy with "
        "the CLAP model, and writes one row per variant.\n\n"
        "Clips that cannot be used are listed with the reason in OUT/rejects.jsonl, and the run "
        "continues. Rows depend on the corpus, the model and the options that define them, not on "
        "the number of threads.",
    .epilog = "status:\n"
              "  0   the data set, or with --shard this shard of it, is complete\n"
              "  1   error, or no rows, or with --strict something was rejected\n"
              "  2   invalid command line, or OUT contains something else\n"
              "  75  stopped by Ctrl-C, SIGTERM, --time-limit or a fault of the machine: the\n"
              "      same command continues after the last finished entry; a second\n"
              "      signal stops immediately\n"
              "\n"
              "example:\n"
              "  patina generate --corpus audiocaps/train.csv --audio-root audiocaps/clips \\\n"
              "      --model laion/clap-htsat-unfused --out train --variants 4 --seed 1\n",
    .operands = "no operands are",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
