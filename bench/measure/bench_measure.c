/* SPDX-License-Identifier: MIT */
/* bench_measure.c - what the targets of one excerpt cost, and what libebur128 takes for its part
 *
 * 10 s of 44.1 kHz stereo and a 48 kHz mix, on one thread; a round measures everything once, so
 * whatever else the machine does meets all of it alike. bench_measure [-r ROUNDS]
 */

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <ebur128.h>
#include <patina/cpu.h>
#include <patina/measure.h>

#include "base/arena.h"

#define ROUNDS_MAX 1000
#define RATE_HZ    44100
#define N_FRAMES   (RATE_HZ * PATINA_WINDOW_S)

typedef struct excerpt {
    patina_audio source, mix;
    patina_meter *meter;
    pt_arena scratch;
} excerpt;

/* A measure of the excerpt; false where it fails. */
typedef struct job {
    const char *name;
    bool (*run)(excerpt *e, double *value);
    double seconds[ROUNDS_MAX], value;
} job;

static bool run_targets(excerpt *e, double *value) {
    patina_targets targets;
    pt_arena_reset(&e->scratch);
    if (patina_targets_measure(e->meter, &e->source, e->mix.samples, e->mix.n_frames, &targets,
                               &e->scratch, NULL) != PATINA_OK)
        return false;
    *value = targets.ltas[36];
    return true;
}

static bool run_ltas(excerpt *e, double *value) {
    double levels[PATINA_LTAS_BANDS];
    pt_arena_reset(&e->scratch);
    if (patina_ltas_measure(e->meter, e->mix.samples, e->mix.n_frames, RATE_HZ, levels, &e->scratch,
                            NULL) != PATINA_OK)
        return false;
    *value = levels[36];
    return true;
}

static bool run_loudness_source(excerpt *e, double *value) {
    return patina_loudness_measure(&e->source, value, NULL) == PATINA_OK;
}

static bool run_loudness_mix(excerpt *e, double *value) {
    return patina_loudness_measure(&e->mix, value, NULL) == PATINA_OK;
}

static bool ebur128_loudness(const patina_audio *audio, double *value) {
    ebur128_state *state = ebur128_init(audio->n_channels, audio->rate_hz, EBUR128_MODE_I);
    const bool ok =
        state &&
        ebur128_add_frames_float(state, audio->samples, audio->n_frames) == EBUR128_SUCCESS &&
        ebur128_loudness_global(state, value) == EBUR128_SUCCESS;
    if (state) ebur128_destroy(&state);
    return ok;
}

static bool run_ebur128_source(excerpt *e, double *value) {
    return ebur128_loudness(&e->source, value);
}

static bool run_ebur128_mix(excerpt *e, double *value) {
    return ebur128_loudness(&e->mix, value);
}

static bool run_crest(excerpt *e, double *value) {
    *value = patina_crest_factor_db(e->mix.samples, e->mix.n_frames);
    return true;
}

static bool run_zcr(excerpt *e, double *value) {
    *value = patina_zero_crossing_rate(e->mix.samples, e->mix.n_frames);
    return true;
}

static bool run_power(excerpt *e, double *value) {
    *value = patina_ac_power(e->mix.samples, e->mix.n_frames);
    return true;
}

static job jobs[] = {
    {.name = "targets, all of them", .run = run_targets},
    {.name = "ltas", .run = run_ltas},
    {.name = "loudness, source", .run = run_loudness_source},
    {.name = "libebur128, source", .run = run_ebur128_source},
    {.name = "loudness, mix", .run = run_loudness_mix},
    {.name = "libebur128, mix", .run = run_ebur128_mix},
    {.name = "crest factor", .run = run_crest},
    {.name = "zero crossings", .run = run_zcr},
    {.name = "power", .run = run_power},
};
#define N_JOBS (sizeof jobs / sizeof *jobs)

/* This thread's processor time: what else the machine does costs it caches, but no turns. */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Noise under a swell, so that all blocks pass the gates and none is like the next. */
static float *noise(size_t n_frames, unsigned n_channels) {
    float *x = malloc(n_frames * n_channels * sizeof *x);
    unsigned state = 1;
    for (size_t i = 0; x && i < n_frames * n_channels; i++) {
        const double swell = 0.3 + 0.2 * sin(2e-5 * (double)(i / n_channels));
        state = state * 1664525U + 1013904223U;
        x[i] = (float)(swell * ((double)state / 2147483648.0 - 1.0));
    }
    return x;
}

static bool run_rounds(excerpt *e, int rounds) {
    for (int r = -1; r < rounds; r++) /* the first unmeasured */
        for (size_t j = 0; j < N_JOBS; j++) {
            const double start = now();
            if (!jobs[j].run(e, &jobs[j].value)) {
                fprintf(stderr, "bench_measure: '%s' failed\n", jobs[j].name);
                return false;
            }
            if (r >= 0) jobs[j].seconds[r] = now() - start;
        }
    return true;
}

static void print(int rounds) {
    printf("%-22s %10s %10s    value\n", patina_isa_name(patina_isa_detect()), "best, ms",
           "median");
    for (size_t j = 0; j < N_JOBS; j++) {
        qsort(jobs[j].seconds, (size_t)rounds, sizeof *jobs[j].seconds, compare_doubles);
        printf("%-22s %10.3f %10.3f    %.8g\n", jobs[j].name, 1e3 * jobs[j].seconds[0],
               1e3 * jobs[j].seconds[rounds / 2], jobs[j].value);
    }
}

int main(int argc, char **argv) {
    int rounds = 30, option;
    while ((option = getopt(argc, argv, "r:")) != -1) {
        if (option == 'r') rounds = atoi(optarg);
        if (option == '?' || rounds < 1 || rounds > ROUNDS_MAX) {
            fprintf(stderr, "usage: bench_measure [-r ROUNDS (1 to %d)]\n", ROUNDS_MAX);
            return 2;
        }
    }
    float *source = noise(N_FRAMES, 2), *mix = noise(PATINA_WINDOW_FRAMES, 1);
    excerpt e = {.source = {source, N_FRAMES, 2, RATE_HZ},
                 .mix = {mix, PATINA_WINDOW_FRAMES, 1, PATINA_RATE_HZ}};
    pt_arena_init(&e.scratch);
    bool ok =
        source && mix && patina_meter_open(&e.meter, NULL) == PATINA_OK && run_rounds(&e, rounds);
    if (ok) print(rounds);

    patina_meter_close(&e.meter);
    pt_arena_release(&e.scratch);
    free(source);
    free(mix);
    return ok ? 0 : 1;
}
