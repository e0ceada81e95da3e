/* SPDX-License-Identifier: MIT */
/* cmd_measure.c - patina measure: spectrum, loudness and dynamics of audio files */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"
#include "standard_streams.h"

#include "base/error.h"

static const pt_cli_option options[] = {
    {.name = "start-frame",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .max = INT64_MAX,
     .fallback = "0",
     .help = "first frame to measure (a frame is one sample of every channel, at the file's own "
             "rate)"},
    {.name = "frames",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .min = 1,
     .max = INT64_MAX,
     .help = "number of frames to measure (default: to the end of the file)"},
    {.name = "json", .help = "print one JSON object per file, numbers with 17 digits"},
};

/* The result of one file, or its error. */
typedef struct measurement {
    const char *file;
    patina_window window;
    patina_targets targets;
    char *quality; /* JSON of targets.quality; NULL: status is an error, or no JSON is printed */
    patina_status status;
    patina_error err;
} measurement;

static void print_json(const measurement *m) {
    printf("{\"file\": ");
    pt_cli_write_json_string(stdout, m->file);
    if (m->status != PATINA_OK) {
        printf(", \"reason\": \"%s\", \"sentence\": ", patina_status_name(m->status));
        pt_cli_write_json_string(stdout, m->err.message);
        printf("}\n");
        return;
    }
    const patina_targets *t = &m->targets;
    printf(", \"rate_hz\": %u, \"channels\": %u, \"start_frame\": %" PRIu64 ", \"frames\": %" PRIu64
           ", \"target_ltas\": [",
           m->window.rate_hz, m->window.channels, m->window.start, m->window.frames);
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        printf("%s%.17g", b ? ", " : "", t->ltas[b]);
    printf("], \"target_lufs\": %.17g, \"target_dyn\": [%.17g, %.17g], \"lufs_mono\": %.17g, "
           "\"source_quality\": %s}\n",
           t->lufs_source, t->crest_db, t->zcr, t->lufs_mono, m->quality);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void print_header(void) {
    printf("%7s %3s %9s %7s %7s %7s %7s  %-32s  %s\n", "Hz", "ch", "seconds", "LUFS", "mono",
           "crest", "ZCR", "16 Hz      spectrum       20 kHz", "file");
}

static void print_row(const measurement *m) {
    const patina_targets *t = &m->targets;
    printf("%7u %3u %9.3f %7.2f %7.2f %7.2f %7.4f  ", m->window.rate_hz, m->window.channels,
           (double)m->window.frames / m->window.rate_hz, t->lufs_source, t->lufs_mono, t->crest_db,
           t->zcr);
    pt_cli_write_spectrum(stdout, t->ltas);
    printf("  ");
    pt_cli_write_escaped(stdout, m->file);
    putchar('\n');
}

static void measure(const pt_cli_args *args, const patina_meter *meter, measurement *m) {
    const uint64_t start = pt_cli_number(args, "start-frame");
    const uint64_t frames =
        pt_cli_given(args, "frames") ? pt_cli_number(args, "frames") : PATINA_FRAMES_TO_END;
    pt_cli_input input = {0};
    m->status = pt_cli_input_open(m->file, &input, &m->err);
    if (m->status == PATINA_OK)
        m->status =
            patina_file_measure(meter, input.path, start, frames, &m->window, &m->targets, &m->err);
    pt_cli_input_fix_error(&input, &m->err);
    pt_cli_input_close(&input);
    if (m->status != PATINA_OK || !pt_cli_given(args, "json")) return;
    m->quality = patina_source_quality_to_json(&m->targets.quality);
    if (m->quality) return;
    m->status = pt_fail(&m->err, PATINA_ENOMEM, "file '%s': out of memory", m->file);
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    const bool json = pt_cli_given(args, "json");
    patina_error err = {0};
    patina_meter *meter = NULL;
    bool needs_header = !json;
    int status = 0;

    const int refused = pt_cli_check_stdin(args, args->n_operands);
    if (refused != 0) return refused;
    if (patina_meter_open(&meter, &err) != PATINA_OK) return pt_cli_report_error(&err);
    for (size_t i = 0; i < args->n_operands; i++) {
        measurement m = {.file = args->operands[i]};
        measure(args, meter, &m);
        if (m.status != PATINA_OK) status = 1;
        if (needs_header && m.status == PATINA_OK) print_header();
        needs_header = needs_header && m.status != PATINA_OK;
        if (json)
            print_json(&m);
        else if (m.status == PATINA_OK)
            print_row(&m);
        else
            pt_cli_error("%s", m.err.message);
        patina_free(m.quality);
        if (!pt_cli_flush(stdout)) break; /* main reports it */
    }
    patina_meter_close(&meter);
    return status;
}

const pt_cli_command pt_cli_measure = {
    .name = "measure",
    .summary = "measure spectrum, loudness and dynamics of audio files",
    .usage = "[options] FILE...",
    .description =
        "Measures the whole of each file as generate measures a segment: long-term average "
        "spectrum, loudness, crest factor and zero-crossing rate.\n\n"
        "The table has the sample rate in Hz, the number of channels, the length in seconds, the "
        "loudness of the file's channels and of its mono mix in LUFS, the crest factor in dB, the "
        "zero-crossing rate (crossings per sample at 48 kHz), and the spectrum in third octaves, "
        "where each step is 6 dB below the loudest. --json prints all 64 bands, and bandwidth, "
        "peaks, noise floor and codec of the source as source_quality.\n\n"
        "The file name - stands for standard input.",
    .epilog = "status:\n"
              "  0  every file was measured\n"
              "  1  a file could not be measured; with --json, its line has the reason\n"
              "  2  invalid command line\n"
              "\n"
              "example:\n"
              "  patina measure clips/*.wav\n"
              "  ffmpeg -i film.mkv -f wav - | patina measure --json -\n",
    .n_operands_min = 1,
    .n_operands_max = SIZE_MAX,
    .operand_kind = PT_CLI_FILE,
    .operands = "one or more audio files are",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
