/* SPDX-License-Identifier: MIT */
/* test_resample.c - resampled sines against least-squares fits
 *
 * One measurement and one bar for the polyphase filter and for soxr, which takes the other rates
 * and replays recipes of 0.1.
 *
 * What remains after the fitted sine is subtracted is an image or an alias.
 */

#include "test.h"

#include <stdlib.h>

#include <patina/audio.h>

#include "dsp/resample.h"
#include "stimulus.h"

#define RIPPLE_DB 0.02   /* to 0.9 of the lower Nyquist frequency */
#define REJECT_DB -100.0 /* images and aliases */
#define DELAY     1e-3   /* samples at 48 kHz: 0.003 degrees at 400 Hz, 0.16 at 22 kHz */

typedef struct filter {
    unsigned rate_hz;
    pt_resampler_kind kind;
} filter;

/* The rates of the polyphase filter with both kinds; 44101 Hz and rates over 48 kHz are of soxr. */
static const filter filters[] = {
    {4000, PT_RESAMPLER_BEST},   {8000, PT_RESAMPLER_BEST},  {11025, PT_RESAMPLER_BEST},
    {12000, PT_RESAMPLER_BEST},  {16000, PT_RESAMPLER_BEST}, {22050, PT_RESAMPLER_BEST},
    {24000, PT_RESAMPLER_BEST},  {32000, PT_RESAMPLER_BEST}, {37800, PT_RESAMPLER_BEST},
    {44100, PT_RESAMPLER_BEST},  {8000, PT_RESAMPLER_SOXR},  {11025, PT_RESAMPLER_SOXR},
    {16000, PT_RESAMPLER_SOXR},  {22050, PT_RESAMPLER_SOXR}, {24000, PT_RESAMPLER_SOXR},
    {32000, PT_RESAMPLER_SOXR},  {44100, PT_RESAMPLER_SOXR}, {44101, PT_RESAMPLER_BEST},
    {88200, PT_RESAMPLER_BEST},  {96000, PT_RESAMPLER_BEST}, {192000, PT_RESAMPLER_BEST},
    {384000, PT_RESAMPLER_BEST},
};
#define N_FILTERS (sizeof filters / sizeof *filters)

static pt_resampler *open_resampler(pt_test *t, filter f) {
    pt_resampler *resampler = NULL;
    CHECK_OK(pt_resampler_open(f.rate_hz, f.kind, &resampler, &t->err));
    return resampler;
}

typedef struct sine_fit {
    double gain_db, delay; /* against the expected sine; in samples at 48 kHz */
    double rest_db;        /* remainder, re the expected sine */
} sine_fit;

static double level_db(double power, double reference) {
    return 10.0 * log10(power / reference + 1e-30);
}

/* Fits a cos + b sin of frequency_hz to y[from .. to), expected amplitude * sin(2 pi f i / 48000)
 */
static sine_fit fit_sine(const float *y, size_t from, size_t to, double frequency_hz,
                         double amplitude) {
    double cc = 0.0, ss = 0.0, cs = 0.0, yc = 0.0, ys = 0.0;
    const double w = 2.0 * M_PI * frequency_hz / PATINA_RATE_HZ;
    for (size_t i = from; i < to; i++) {
        const double c = cos(w * (double)i), s = sin(w * (double)i), v = (double)y[i];
        cc += c * c, ss += s * s, cs += c * s, yc += v * c, ys += v * s;
    }
    const double determinant = cc * ss - cs * cs;
    const double a = (yc * ss - ys * cs) / determinant, b = (ys * cc - yc * cs) / determinant;
    double rest = 0.0;
    for (size_t i = from; i < to; i++) {
        const double e = (double)y[i] - a * cos(w * (double)i) - b * sin(w * (double)i);
        rest += e * e / (double)(to - from);
    }
    const double power = amplitude * amplitude / 2.0;
    return (sine_fit){level_db((a * a + b * b) / 2.0, power), -atan2(a, b) / w,
                      level_db(rest, power)};
}

/* One second of a sine, resampled; the fit excludes on- and offset. */
static sine_fit resampled_sine(pt_test *t, pt_resampler *resampler, unsigned rate_hz,
                               double frequency_hz) {
    const double amplitude = 0.5;
    float *x = stimulus_alloc(rate_hz), *y = stimulus_alloc(PATINA_RATE_HZ);
    stimulus_add_sine(x, rate_hz, 1, rate_hz, frequency_hz, amplitude, 0.0);
    CHECK_OK(pt_resampler_run(resampler, x, rate_hz, y, &t->err));
    const sine_fit fit =
        fit_sine(y, PATINA_RATE_HZ / 4, PATINA_RATE_HZ * 3 / 4, frequency_hz, amplitude);
    free(x);
    free(y);
    return fit;
}

TEST(resample, pass_band_is_flat_without_images_or_delay) {
    for (size_t r = 0; r < N_FILTERS; r++) {
        pt_resampler *resampler = open_resampler(t, filters[r]);
        const double nyquist =
            0.5 * (filters[r].rate_hz < PATINA_RATE_HZ ? filters[r].rate_hz : PATINA_RATE_HZ);
        double ripple = 0.0, delay = 0.0, rest = -300.0;
        for (int i = 0; i <= 18; i++) {
            const double share = i == 0 ? 0.005 : 0.05 * i;
            const sine_fit fit = resampled_sine(t, resampler, filters[r].rate_hz, share * nyquist);
            ripple = fmax(ripple, fabs(fit.gain_db));
            delay = fmax(delay, fabs(fit.delay));
            rest = fmax(rest, fit.rest_db);
        }
        CHECK_NEAR(ripple, 0.0, RIPPLE_DB);
        CHECK_NEAR(delay, 0.0, DELAY);
        CHECK(rest <= REJECT_DB);
        if (t->n_failed)
            printf("  %6u Hz: ripple %.4f dB, delay %.1e samples, images %.1f dB\n",
                   filters[r].rate_hz, ripple, delay, rest);
        pt_resampler_close(&resampler);
    }
}

/* In the transition band a tone may be attenuated, but it must not alias. */
TEST(resample, no_images_from_the_transition_band) {
    for (size_t r = 0; r < N_FILTERS; r++) {
        if (filters[r].rate_hz > PATINA_RATE_HZ) continue;
        pt_resampler *resampler = open_resampler(t, filters[r]);
        for (double share = 0.91; share < 1.0; share += 0.01) {
            const sine_fit fit =
                resampled_sine(t, resampler, filters[r].rate_hz, share * 0.5 * filters[r].rate_hz);
            CHECK(fit.rest_db <= REJECT_DB);
        }
        pt_resampler_close(&resampler);
    }
}

TEST(resample, tones_over_24_kHz_vanish) {
    for (size_t r = 0; r < N_FILTERS; r++) {
        if (filters[r].rate_hz <= PATINA_RATE_HZ) continue;
        pt_resampler *resampler = open_resampler(t, filters[r]);
        const double low = 0.5 * PATINA_RATE_HZ + 10.0, high = 0.5 * filters[r].rate_hz;
        for (int i = 0; i < 24; i++) {
            /* denser towards the edge, where the alias is worst */
            const double f = low + (high - low) * i * i / (24.0 * 24.0);
            const size_t n = filters[r].rate_hz;
            float *x = stimulus_alloc(n), *y = stimulus_alloc(PATINA_RATE_HZ);
            stimulus_add_sine(x, n, 1, filters[r].rate_hz, f, 0.5, 0.0);
            CHECK_OK(pt_resampler_run(resampler, x, n, y, &t->err));
            double power = 0.0;
            for (size_t k = PATINA_RATE_HZ / 4; k < PATINA_RATE_HZ * 3 / 4; k++)
                power += (double)y[k] * (double)y[k] / (PATINA_RATE_HZ / 2.0);
            if (!CHECK(level_db(power, 0.125) <= REJECT_DB))
                printf("  %u Hz: %.0f Hz leaves %.1f dB\n", filters[r].rate_hz, f,
                       level_db(power, 0.125));
            free(x);
            free(y);
        }
        pt_resampler_close(&resampler);
    }
}

TEST(resample, lengths) {
    CHECK_INT(pt_resampled_length(0, 44100), 0);
    CHECK_INT(pt_resampled_length(44100, 44100), 48000);
    CHECK_INT(pt_resampled_length(1, 4000), 12);
    CHECK_INT(pt_resampled_length(1, 96000), 1); /* a half is rounded up */
    CHECK_INT(pt_resampled_length(3, 96000), 2);
    CHECK_INT(pt_resampled_length(1, 96001), 0);
    CHECK_INT(pt_resampled_length(3, 384000), 0);
    CHECK_INT(pt_resampled_length(4, 384000), 1);
    CHECK_INT(pt_resampled_length(441000, 44100), 480000);
    CHECK_INT(pt_resampled_length(12345, 22050), 26873); /* 26873.47 */
    CHECK_INT(pt_resampled_length(3200, 8001), 19198);   /* 19197.6 */
    /* an hour and a century, where a float would round and 32 bits overflow */
    CHECK_INT(pt_resampled_length(158760001, 44100), 172800001);
    CHECK_INT(pt_resampled_length(3155760000ULL * 44100 + 1, 44100), 3155760000ULL * 48000 + 1);
    CHECK(pt_resampled_length(UINT64_MAX, 4000) == UINT64_MAX);
    CHECK(pt_resampled_length(UINT64_MAX, 384000) == UINT64_MAX / 8 + 1);
}

/* Adds x in pieces of the given sizes (cyclic) and drains the resampler; returns the samples. */
static size_t in_pieces(pt_test *t, pt_resampler *resampler, const float *x, size_t n,
                        const size_t *sizes, size_t n_sizes, size_t drain_room, float *out) {
    size_t n_out = 0;
    for (size_t done = 0, piece = 0; done < n; piece++) {
        size_t m = sizes[piece % n_sizes], got = 0;
        if (m > n - done) m = n - done;
        const size_t room = pt_resampler_bound(resampler, m);
        float *some = malloc((room ? room : 1) * sizeof *some); /* exact size for asan */
        if (!CHECK(some != NULL)) return 0;
        CHECK_OK(pt_resampler_process(resampler, x + done, m, some, &got, &t->err));
        CHECK(got <= room);
        memcpy(out + n_out, some, got * sizeof *out);
        free(some);
        n_out += got;
        done += m;
    }
    for (size_t got = 1; got > 0; n_out += got) {
        CHECK_OK(pt_resampler_drain(resampler, out + n_out, drain_room, &got, &t->err));
        CHECK(got <= drain_room);
    }
    return n_out;
}

TEST(resample, result_does_not_depend_on_block_sizes) {
    static const size_t ones[] = {1}, odd[] = {1, 7, 1000, 3, 4096, 333}, large[] = {50021};
    static const size_t *const sizes[] = {ones, odd, large};
    static const size_t n_sizes[] = {1, 6, 1}, drain_room[] = {1, 37, 100000};
    for (size_t r = 0; r <= N_FILTERS; r++) {
        const filter f = r < N_FILTERS ? filters[r] : (filter){PATINA_RATE_HZ, PT_RESAMPLER_BEST};
        const unsigned rate_hz = f.rate_hz;
        const size_t n = rate_hz < 60000 ? 2 * rate_hz + 17 : rate_hz;
        const size_t n_out = (size_t)pt_resampled_length(n, rate_hz);
        float *x = stimulus_alloc(n), *whole = stimulus_alloc(n_out),
              *pieces = stimulus_alloc(n_out + 8);
        pt_resampler *resampler = open_resampler(t, f);
        stimulus_add_noise(x, n, 0.5, 5);
        CHECK_OK(pt_resampler_run(resampler, x, n, whole, &t->err));
        for (size_t s = 0; s < 3; s++) {
            CHECK_INT(in_pieces(t, resampler, x, n, sizes[s], n_sizes[s], drain_room[s], pieces),
                      n_out);
            CHECK(memcmp(pieces, whole, n_out * sizeof *whole) == 0);
            CHECK_OK(pt_resampler_reset(resampler, &t->err));
        }
        free(x);
        free(whole);
        free(pieces);
        pt_resampler_close(&resampler);
    }
}

/* Memory is bounded when samples come one by one: a block (53 ms) and the delay of the filter are
 * held; 17 ms by soxr. */
TEST(resample, single_samples) {
    enum { RATE = 44100, N = 4 * RATE, BLOCK_MAX = 3000 };
    for (int kind = PT_RESAMPLER_BEST; kind <= PT_RESAMPLER_SOXR; kind++) {
        pt_resampler *resampler = open_resampler(t, (filter){RATE, (pt_resampler_kind)kind});
        const float sample = 0.5F;
        float out[BLOCK_MAX];
        size_t n_out = 0, got = 0;
        REQUIRE(pt_resampler_bound(resampler, 1) <= BLOCK_MAX);
        for (size_t i = 0; i < N; i++, n_out += got)
            REQUIRE_OK(pt_resampler_process(resampler, &sample, 1, out, &got, &t->err));
        CHECK(4 * PATINA_RATE_HZ - n_out < BLOCK_MAX);
        pt_resampler_close(&resampler);
    }
}

/* A reset within a signal, and a run after pieces, discard the earlier state. */
TEST(resample, reset) {
    enum { N = 30000 };
    for (size_t r = 0; r < N_FILTERS; r++) {
        const size_t n_out = (size_t)pt_resampled_length(N, filters[r].rate_hz);
        float *x = stimulus_alloc(N), *y = stimulus_alloc(n_out), *again = stimulus_alloc(n_out);
        float *waste = stimulus_alloc((size_t)pt_resampled_length(N, filters[r].rate_hz) + 2);
        size_t got = 0;
        pt_resampler *fresh = open_resampler(t, filters[r]), *kept = open_resampler(t, filters[r]);
        stimulus_add_noise(x, N, 0.5, 9);
        CHECK_OK(pt_resampler_run(fresh, x, N, y, &t->err));

        CHECK_OK(pt_resampler_process(kept, x + 5, N - 5, waste, &got, &t->err));
        CHECK_OK(pt_resampler_run(kept, x, N, again, &t->err));
        CHECK(memcmp(y, again, n_out * sizeof *y) == 0);

        CHECK_OK(pt_resampler_process(kept, x + 5, N - 5, waste, &got, &t->err));
        CHECK_OK(pt_resampler_reset(kept, &t->err));
        memset(again, 0, n_out * sizeof *again);
        CHECK_INT(in_pieces(t, kept, x, N, (const size_t[]){977}, 1, 64, again), n_out);
        CHECK(memcmp(y, again, n_out * sizeof *y) == 0);
        free(x);
        free(y);
        free(again);
        free(waste);
        pt_resampler_close(&fresh);
        pt_resampler_close(&kept);
    }
}

/* Lengths for which soxr and the rule could differ: none, single samples, exact halves. */
TEST(resample, short_signals_have_their_length) {
    for (size_t r = 0; r < N_FILTERS; r++) {
        pt_resampler *resampler = open_resampler(t, filters[r]);
        for (size_t n = 0; n <= 40; n++) {
            const size_t n_out = (size_t)pt_resampled_length(n, filters[r].rate_hz);
            float *x = stimulus_alloc(n), *y = stimulus_alloc(n_out + 1),
                  *z = stimulus_alloc(n_out + 8);
            stimulus_add_noise(x, n, 0.5, 1);
            y[n_out] = 99.0F; /* a guard */
            CHECK_OK(pt_resampler_run(resampler, x, n, y, &t->err));
            CHECK_NEAR(y[n_out], 99.0, 0.0);
            CHECK_INT(in_pieces(t, resampler, x, n, (const size_t[]){3}, 1, 5, z), n_out);
            CHECK(memcmp(y, z, n_out * sizeof *y) == 0);
            CHECK_OK(pt_resampler_reset(resampler, &t->err));
            free(x);
            free(y);
            free(z);
        }
        pt_resampler_close(&resampler);
    }
}

TEST(resample, equal_rates_copy_every_bit) {
    const float x[] = {0.0F, -0.0F, 1e-42F, 1.5F, -3.4e38F, 1e-10F, 0.1F}; /* 1e-42: a denormal */
    float y[7];
    pt_resampler *resampler = NULL;
    REQUIRE_OK(pt_resampler_open(PATINA_RATE_HZ, PT_RESAMPLER_BEST, &resampler, &t->err));
    CHECK_OK(pt_resampler_run(resampler, x, 7, y, &t->err));
    CHECK(memcmp(x, y, sizeof x) == 0);
    CHECK_INT(pt_resampler_bound(resampler, 7), 7);
    pt_resampler_close(&resampler);
}

TEST(resample, rates_out_of_range) {
    const unsigned wrong[] = {0, 1, 3999, 384001, 4000000000U};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        pt_resampler *resampler = NULL;
        CHECK_FAILS(pt_resampler_open(wrong[i], PT_RESAMPLER_BEST, &resampler, &t->err),
                    PATINA_ERANGE);
        CHECK(resampler == NULL);
    }
    pt_resampler_close(NULL);
}
