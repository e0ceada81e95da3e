/* SPDX-License-Identifier: MIT */
/* cmd_measure.c - patina measure: the targets of files */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "terminal.h"

enum { START_FRAME, FRAMES, JSON, N_OPTIONS };

static const pt_cli_option options[] = {
    [START_FRAME] = {.name = "start-frame",
                     .kind = PT_CLI_NUMBER,
                     .argument = "N",
                     .max = INT64_MAX,
                     .fallback = "0",
                     .help = "begin at this frame of the file (a frame is one instant over all "
                             "channels, at the file's own rate)"},
    [FRAMES] = {.name = "frames",
                .kind = PT_CLI_NUMBER,
                .argument = "N",
                .min = 1,
                .max = INT64_MAX,
                .help = "measure so many frames (default: to the end of the file)"},
    [JSON] = {.name = "json", .help = "one JSON object a line, numbers with 17 digits"},
};

/* One file's result, or what was wrong with it. */
typedef struct measured {
    const char *file;
    patina_window window;
    patina_targets targets;
    patina_status status;
    patina_error err;
} measured;

static void print_json(const measured *m) {
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
    printf("], \"target_lufs\": %.17g, \"target_dyn\": [%.17g, %.17g], \"lufs_mono\": %.17g}\n",
           t->lufs_source, t->crest_db, t->zcr, t->lufs_mono);
}

/* ---- the table ------------------------------------------------------------------------------- */

static void print_head(void) {
    printf("%7s %3s %9s %7s %7s %7s %7s  %-32s  %s\n", "Hz", "ch", "seconds", "LUFS", "mono",
           "crest", "ZCR", "16 Hz      spectrum       20 kHz", "file");
}

static void print_row(const measured *m) {
    const patina_targets *t = &m->targets;
    printf("%7u %3u %9.3f %7.2f %7.2f %7.2f %7.4f  ", m->window.rate_hz, m->window.channels,
           (double)m->window.frames / m->window.rate_hz, t->lufs_source, t->lufs_mono, t->crest_db,
           t->zcr);
    pt_cli_write_spectrum(stdout, t->ltas);
    printf("  ");
    pt_cli_write_escaped(stdout, m->file);
    putchar('\n');
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    const pt_cli_value *value = args->value;
    const bool json = value[JSON].given;
    const uint64_t frames = value[FRAMES].given ? value[FRAMES].number : PATINA_FRAMES_TO_END;
    patina_error err = {0};
    patina_meter *meter = NULL;
    bool head_is_due = !json;
    int status = 0;

    if (patina_meter_open(&meter, &err) != PATINA_OK) return pt_cli_report_error(&err);
    for (size_t i = 0; i < args->n_operands; i++) {
        measured m = {.file = args->operands[i]};
        m.status = patina_file_measure(meter, m.file, value[START_FRAME].number, frames, &m.window,
                                       &m.targets, &m.err);
        if (m.status != PATINA_OK) status = 1;
        if (head_is_due && m.status == PATINA_OK) print_head();
        head_is_due = head_is_due && m.status != PATINA_OK;
        if (json)
            print_json(&m);
        else if (m.status == PATINA_OK)
            print_row(&m);
        else
            pt_cli_error("%s", m.err.message);
        if (!pt_cli_flush(stdout)) break; /* nobody reads on; main reports it */
    }
    patina_meter_close(&meter);
    return status;
}

const pt_cli_command pt_cli_measure = {
    .name = "measure",
    .summary = "the physical targets of audio files",
    .usage = "[options] FILE...",
    .description =
        "Measures each file as generate measures a clip, but over its whole length: spectrum, "
        "loudness, crest factor, zero-crossing rate.\n\n"
        "The table shows the rate in Hz, channels, length, loudness in LUFS of the file's own "
        "channels and of its mono mix, crest factor in dB, zero-crossing rate (crossings a "
        "sample at 48 kHz), and the spectrum drawn in third octaves, each step 6 dB under the "
        "loudest. --json gives all 64 bands.",
    .after = "status:\n"
             "  0  every file was measured\n"
             "  1  one or more could not be; with --json its line tells the reason\n"
             "  2  the command line is wrong\n",
    .n_operands_min = 1,
    .n_operands_max = SIZE_MAX,
    .operands = "one or more audio files are",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
