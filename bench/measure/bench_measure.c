/* SPDX-License-Identifier: MIT */
/* bench_measure.c - time of resampling one window and of its targets, and of soxr and libebur128
 * for comparison
 *
 * 10 s of 44.1 kHz stereo and a 48 kHz mix, on one thread. A round measures everything once, so
 * that other load of the machine affects all equally. bench_measure [-r ROUNDS]
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
#include "dsp/resample.h"

#define ROUNDS_MAX 1000
#define RATE_HZ    44100
#define N_FRAMES   (RATE_HZ * PATINA_WINDOW_S)

typedef struct window {
    patina_audio source, mix;
    patina_meter *meter;
    float *resampled; /* [PATINA_WINDOW_FRAMES] */
    pt_arena scratch;
} window;

/* One measurement; false on failure. */
typedef struct job {
    const char *name;
    bool (*run)(window *w, double *value);
    double seconds[ROUNDS_MAX], value;
} job;

/* The samples of the source as one channel, as the mix of a row. */
static bool resample(window *w, pt_resampler_kind kind, double *value) {
    pt_resampler *resampler = NULL;
    if (pt_resampler_open(RATE_HZ, kind, &resampler, NULL) != PATINA_OK) return false;
    const bool ok =
        pt_resampler_run(resampler, w->source.samples, N_FRAMES, w->resampled, NULL) == PATINA_OK;
    pt_resampler_close(&resampler);
    *value = (double)w->resampled[PATINA_WINDOW_FRAMES / 2];
    return ok;
}

static bool run_resample(window *w, double *value) {
    return resample(w, PT_RESAMPLER_BEST, value);
}

static bool run_soxr(window *w, double *value) {
    return resample(w, PT_RESAMPLER_SOXR, value);
}

static bool run_targets(window *w, double *value) {
    patina_targets targets;
    pt_arena_reset(&w->scratch);
    if (patina_targets_measure(w->meter, &w->source, w->mix.samples, w->mix.n_frames, &targets,
                               &w->scratch, NULL) != PATINA_OK)
        return false;
    *value = targets.ltas[36];
    return true;
}

static bool run_ltas(window *w, double *value) {
    double levels[PATINA_LTAS_BANDS];
    pt_arena_reset(&w->scratch);
    if (patina_ltas_measure(w->meter, w->mix.samples, w->mix.n_frames, RATE_HZ, levels, &w->scratch,
                            NULL) != PATINA_OK)
        return false;
    *value = levels[36];
    return true;
}

static bool run_loudness_source(window *w, double *value) {
    return patina_loudness_measure(&w->source, value, NULL) == PATINA_OK;
}

static bool run_loudness_mix(window *w, double *value) {
    return patina_loudness_measure(&w->mix, value, NULL) == PATINA_OK;
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

static bool run_ebur128_source(window *w, double *value) {
    return ebur128_loudness(&w->source, value);
}

static bool run_ebur128_mix(window *w, double *value) {
    return ebur128_loudness(&w->mix, value);
}

static bool run_crest(window *w, double *value) {
    *value = patina_crest_factor_db(w->mix.samples, w->mix.n_frames);
    return true;
}

static bool run_zcr(window *w, double *value) {
    *value = patina_zero_crossing_rate(w->mix.samples, w->mix.n_frames);
    return true;
}

static bool run_power(window *w, double *value) {
    *value = patina_ac_power(w->mix.samples, w->mix.n_frames);
    return true;
}

static job jobs[] = {
    {.name = "resample", .run = run_resample},
    {.name = "soxr", .run = run_soxr},
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

/* CPU time of this thread: other processes affect its caches only. */
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Noise with a slow envelope: all blocks pass the gates, and no two are alike. */
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

static bool run_rounds(window *w, int rounds) {
    for (int r = -1; r < rounds; r++) /* the first is a warm-up */
        for (size_t j = 0; j < N_JOBS; j++) {
            const double start = now();
            if (!jobs[j].run(w, &jobs[j].value)) {
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
    float *resampled = calloc(PATINA_WINDOW_FRAMES, sizeof *resampled);
    window w = {.resampled = resampled,
                .source = {source, N_FRAMES, 2, RATE_HZ},
                .mix = {mix, PATINA_WINDOW_FRAMES, 1, PATINA_RATE_HZ}};
    pt_arena_init(&w.scratch);
    bool ok = source && mix && resampled && patina_meter_open(&w.meter, NULL) == PATINA_OK &&
              run_rounds(&w, rounds);
    if (ok) print(rounds);

    patina_meter_close(&w.meter);
    pt_arena_release(&w.scratch);
    free(source);
    free(mix);
    free(resampled);
    return ok ? 0 : 1;
}
