/* SPDX-License-Identifier: MIT */
/* test_effects.c - each effect alone, against the independent implementation and its definition
 *
 * Compared are the samples of tests/golden/dsp, and spectra, levels and positions.
 */

#include "base/arena.h"
#include "degrade_fixture.h"
#include "dsp/stats.h"
#include "reference_fft.h"
#include "wav_reader.h"

#define RATE  48000.0
#define TEN_S 480000

/* ---- the independent implementation ---- */

/* The limits of the definitions are 1e-4 of the peak, 1e-5 for comb, pops and hard clip. The other
 * side computes in double and rounds once to float, this one rounds after each stage, 3e-8 of a
 * sample. */
#define SAMPLE_TOLERANCE 2e-7

static void check_samples(pt_test *t, const char *name, const float *mine, const char *file) {
    char path[128];
    pt_test_wav wav;
    snprintf(path, sizeof path, "dsp/%s", file);
    if (!pt_test_wav_read(t, pt_test_golden_path(path), &wav)) return;
    double peak = 0.0, worst = 0.0;
    for (size_t i = 0; i < wav.n_frames; i++) {
        peak = fmax(peak, fabs((double)wav.samples[i]));
        worst = fmax(worst, fabs((double)mine[i] - (double)wav.samples[i]));
    }
    pt_test_check(t, worst <= SAMPLE_TOLERANCE * peak, __FILE__, __LINE__,
                  "%s: off by %g of the peak", name, worst / peak);
    pt_test_wav_release(&wav);
}

static void check_case(pt_test *t, fixture *b, const char *name, const json_t *wanted,
                       const pt_test_wav *input) {
    char *chain = json_dumps(json_object_get(wanted, "chain"), JSON_REAL_PRECISION(17));
    float *degraded = stimulus_alloc(input->n_frames);
    patina_degrade_stats damage;

    if (CHECK_OK(
            fixture_apply(b, chain, input->samples, input->n_frames, degraded, &damage, &t->err))) {
        const char *file = json_string_value(json_object_get(wanted, "output"));
        if (file) check_samples(t, name, degraded, file);

        /* Limit 0.05 dB; powers are sums of the same doubles. */
        const double s = damage.signal_power;
        CHECK_NEAR(fmin(50.0, ratio_db(s, damage.rest_power)),
                   json_real_value(json_object_get(wanted, "purity_db")), 1e-6);
        CHECK_NEAR(ratio_db(s, damage.noise_power),
                   json_real_value(json_object_get(wanted, "snr_db")), 1e-6);
        CHECK_NEAR(ratio_db(s, damage.distortion_power),
                   json_real_value(json_object_get(wanted, "sdr_db")), 1e-6);
        CHECK_NEAR(damage.output_gain, json_real_value(json_object_get(wanted, "output_gain")),
                   1.2e-7); /* of a peak that is rounded to float after a stage or two */
        check_json_text(t, name, patina_degrade_stats_to_json(&damage),
                        json_object_get(wanted, "stages"), 1e-7);
    }
    free(degraded);
    free(chain);
}

TEST(effects, samples_of_the_independent_implementation) {
    fixture b;
    pt_test_wav input;
    const char *name;
    json_t *cases = golden_member(t, "effects"), *wanted;
    REQUIRE(pt_test_wav_read(t, pt_test_golden_path("dsp/prog.wav"), &input));
    REQUIRE(fixture_open(t, &b));
    CHECK_INT(json_object_size(cases), 16);
    json_object_foreach(cases, name, wanted) {
        check_case(t, &b, name, wanted, &input);
    }
    fixture_close(&b);
    pt_test_wav_release(&input);
    json_decref(cases);
}

/* ---- comb ---- */

/* Level of the response at f, from the response to a unit impulse. */
static double level_db(const float *response, size_t n, double f) {
    double re = 0.0, im = 0.0;
    for (size_t i = 0; i < n; i++) {
        re += response[i] * cos(2.0 * M_PI * f * (double)i / RATE);
        im += response[i] * sin(2.0 * M_PI * f * (double)i / RATE);
    }
    return 20.0 * log10(hypot(re, im));
}

/* One tap of 5 ms: 100, 300, 500 Hz ... cancel and 0, 200, 400 Hz ... add up; the reverse if it is
 * inverted. The response is two floats, so levels are off by 1e-7 / 0.1 at the notches, 1e-5 dB. */
TEST(effects, comb_notches) {
    enum { N = 1024, DELAY = 240 };
    fixture b;
    REQUIRE(fixture_open(t, &b));
    for (int sign = 1; sign >= -1; sign -= 2) {
        float x[N] = {1.0F}, y[N];
        const double g = 0.9, crest = 20.0 * log10((1.0 + g) / sqrt(1.0 + g * g));
        char json[128];
        snprintf(json, sizeof json, "[{\"fx\":\"comb\",\"taps\":[{\"delay\":%d,\"gain\":%g}]}]",
                 DELAY, sign * g);
        REQUIRE_OK(fixture_apply(&b, json, x, N, y, NULL, &t->err));
        for (int m = 0; m < 100; m++) {
            const double odd = (2.0 * m + 1.0) * 24000.0 / DELAY, even = m * RATE / DELAY;
            const double notch = level_db(y, N, sign > 0 ? odd : even);
            CHECK_NEAR(level_db(y, N, sign > 0 ? even : odd), crest, 1e-4);
            CHECK_NEAR(crest - notch, 20.0 * log10((1.0 + g) / (1.0 - g)), 1e-4);
        }
    }
    fixture_close(&b);
}

/* White noise keeps its power on average, and samples before the start are silence. */
TEST(effects, comb_edges) {
    fixture b;
    const float x[4] = {0.5F, 0.25F, -0.125F, 0.5F};
    float y[4];
    REQUIRE(fixture_open(t, &b));
    /* 1 + 0.75^2 = 1.25^2, so every number here is exact. */
    REQUIRE_OK(fixture_apply(&b, "[{\"fx\":\"comb\",\"taps\":[{\"delay\":2,\"gain\":0.75}]}]", x, 4,
                             y, NULL, &t->err));
    CHECK_NEAR(y[0], 0.5 / 1.25, 1e-7);
    CHECK_NEAR(y[1], 0.25 / 1.25, 1e-7);
    CHECK_NEAR(y[2], (-0.125 + 0.75 * 0.5) / 1.25, 1e-7);
    CHECK_NEAR(y[3], (0.5 + 0.75 * 0.25) / 1.25, 1e-7);
    /* A delay beyond the excerpt adds nothing but keeps its share of the norm. */
    REQUIRE_OK(fixture_apply(&b, "[{\"fx\":\"comb\",\"taps\":[{\"delay\":4,\"gain\":0.75}]}]", x, 4,
                             y, NULL, &t->err));
    for (size_t i = 0; i < 4; i++)
        CHECK_NEAR(y[i], x[i] / 1.25, 1e-7);
    fixture_close(&b);
}

/* ---- noise ---- */

/* White, pink and brown noise of the generator before scaling, over 60000 samples. The transform in
 * float has an error of about 3e-7 of the rms. */
TEST(effects, noise_equals_the_random_stream) {
    enum { N = 60000 };
    fixture b;
    json_t *cases = golden_member(t, "noise_unit_first16"), *wanted;
    const char *colour;
    float *x = music_new(N, 1);
    REQUIRE(fixture_open(t, &b));
    json_object_foreach(cases, colour, wanted) {
        char json[128];
        pt_stems stems;
        patina_degrade_stats damage;
        double mine = 0.0, theirs = 0.0;
        snprintf(json, sizeof json, "[{\"fx\":\"noise\",\"colour\":\"%s\",\"snr_db\":20}]", colour);
        REQUIRE_OK(fixture_render_stems(&b, json, x, N, &stems, &damage, &t->err));
        for (size_t i = 0; i < 16; i++) {
            mine += pow((double)stems.noise[i], 2.0);
            theirs += pow(json_real_value(json_array_get(wanted, i)), 2.0);
        }
        for (size_t i = 0; i < 16; i++)
            CHECK_NEAR(stems.noise[i] / sqrt(mine),
                       json_real_value(json_array_get(wanted, i)) / sqrt(theirs), 1e-6);
    }
    fixture_close(&b);
    json_decref(cases);
    free(x);
}

/* Slope of the spectrum in dB per octave, 40 Hz to 16 kHz: a Welch estimate, then a regression of
 * the levels over log2 f, with equal weight for each octave. */
static double slope_db(const float *x, size_t n) {
    enum { F = 8192 };
    double *frame = aligned_alloc(64, F * sizeof *frame);
    double *spectrum = aligned_alloc(64, (F + 8) * sizeof *spectrum);
    double *power = calloc(F / 2 + 1, sizeof *power);
    double sw = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    if (!frame || !spectrum || !power) exit(2);

    for (size_t start = 0; start + F <= n; start += F / 2) {
        for (size_t i = 0; i < F; i++)
            frame[i] = (double)x[start + i] * (0.5 - 0.5 * cos(2.0 * M_PI * (double)i / F));
        reference_rfft(frame, F, spectrum);
        for (size_t k = 0; k <= F / 2; k++)
            power[k] +=
                spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
    }
    for (size_t k = 1; k < F / 2; k++) {
        const double f = RATE * (double)k / F;
        if (f < 40.0 || f > 16000.0) continue;
        const double w = 1.0 / f, octave = log2(f), level = 10.0 * log10(power[k]);
        sw += w, sx += w * octave, sy += w * level;
        sxx += w * octave * octave, sxy += w * octave * level;
    }
    free(frame);
    free(spectrum);
    free(power);
    return (sw * sxy - sx * sy) / (sw * sxx - sx * sx);
}

static const struct {
    const char *name;
    double slope_db;
} colours[] = {{"white", 0.0}, {"pink", -3.0103}, {"brown", -6.0206}};

/* Limits of the definitions: 0.1 dB per octave over 10 s, 0.2 over 2 s. */
TEST(effects, noise_slopes) {
    fixture b;
    const size_t lengths[] = {TEN_S, TEN_S / 5};
    float *x = music_new(TEN_S, 2);
    REQUIRE(fixture_open(t, &b));
    for (size_t c = 0; c < 3; c++)
        for (size_t l = 0; l < 2; l++) {
            const size_t n = lengths[l];
            char json[128];
            pt_stems stems;
            patina_degrade_stats damage;
            snprintf(json, sizeof json, "[{\"fx\":\"noise\",\"colour\":\"%s\",\"snr_db\":10}]",
                     colours[c].name);
            REQUIRE_OK(fixture_render_stems(&b, json, x, n, &stems, &damage, &t->err));
            CHECK_NEAR(slope_db(stems.noise, n), colours[c].slope_db, n == TEN_S ? 0.1 : 0.2);
            pt_moments moments = {0};
            pt_moments_add(&moments, stems.noise, n);
            /* the rounding of samples up to 5 standard deviations, and of the offset */
            CHECK_NEAR(pt_moments_mean(&moments) / sqrt(pt_moments_power(&moments)), 0.0, 1e-7);
        }
    fixture_close(&b);
    free(x);
}

/* Brown noise is flat below 20 Hz. One period of 65536 has 27 bins there, each at the level at 20
 * Hz, and the octave above has the power of 13.65 such bins, the integral of (20 / f)^2. Over
 * twelve runs the ratio of the two random powers has a standard error of 8 %; five of them are 0.8.
 * If the slope continued, the ratio would be 87. */
TEST(effects, noise_is_flat_below_20_hz) {
    enum { N = 65536, RUNS = 12 };
    fixture b;
    float *x = music_new(N, 3);
    double *spectrum = aligned_alloc(64, (N + 8) * sizeof *spectrum), low = 0.0, high = 0.0;
    double *samples = aligned_alloc(64, N * sizeof *samples);
    REQUIRE(fixture_open(t, &b) && spectrum && samples);
    patina_effect_chain *chain = NULL;
    REQUIRE_OK(patina_effect_chain_from_json(
        "[{\"fx\":\"noise\",\"colour\":\"brown\",\"snr_db\":10}]", &chain, &t->err));
    for (uint32_t run = 0; run < RUNS; run++) {
        const pt_rng rng = pt_rng_make(7, "golden", run, PT_RNG_STREAM_NOISE_SAMPLES);
        pt_stems stems;
        patina_degrade_stats damage;
        pt_arena_reset(&b.arena);
        REQUIRE_OK(pt_effect_chain_render_stems(b.config, chain, &rng, x, N, &stems, &damage,
                                                &b.arena, &t->err));
        for (size_t i = 0; i < N; i++)
            samples[i] = (double)stems.noise[i];
        reference_rfft(samples, N, spectrum); /* one period, so no window is needed */
        double total = 0.0, below = 0.0, at = 0.0;
        for (size_t k = 1; k < N / 2; k++) {
            const double f = RATE * (double)k / N;
            const double p = pow(hypot(spectrum[2 * k], spectrum[2 * k + 1]), 2.0);
            total += p;
            if (f < 20.0) below += p;
            if (f >= 20.0 && f < 40.0) at += p;
        }
        low += below / total;
        high += at / total;
    }
    CHECK_NEAR(low / high, 27.0 / 13.65, 0.8);
    patina_effect_chain_close(&chain);
    free(samples);
    free(spectrum);
    fixture_close(&b);
    free(x);
}

/* Over the whole excerpt, including its silent half; limit 0.01 dB. */
TEST(effects, noise_level) {
    fixture b;
    enum { N = 96000 };
    float *x = music_new(N, 4), *y = stimulus_alloc(N);
    memset(x, 0, N / 2 * sizeof *x);
    for (size_t i = 0; i < N; i++)
        x[i] = 0.02F * x[i] + 0.01F; /* DC is excluded; no output gain */
    REQUIRE(fixture_open(t, &b));
    for (size_t c = 0; c < 3; c++)
        for (double snr_db = 0.0; snr_db <= 40.0; snr_db += 13.3) {
            char json[128];
            snprintf(json, sizeof json, "[{\"fx\":\"noise\",\"colour\":\"%s\",\"snr_db\":%g}]",
                     colours[c].name, snr_db);
            patina_degrade_stats damage;
            REQUIRE_OK(fixture_apply(&b, json, x, N, y, &damage, &t->err));
            CHECK_NEAR(damage.output_gain, 1.0, 0.0);
            for (size_t i = 0; i < N; i++)
                y[i] -= x[i];
            CHECK_NEAR(10.0 * log10(pt_stats_power(x, N) / pt_stats_power(y, N)), snr_db, 0.001);
            CHECK_NEAR(10.0 * log10(damage.signal_power / damage.noise_power), snr_db, 1e-9);
        }
    fixture_close(&b);
    free(x);
    free(y);
}

/* The ratio is to the signal stem at the input of the stage: the remainder after a clip, without
 * pops and distortion. */
TEST(effects, noise_level_is_relative_to_the_signal_stem) {
    enum { N = 48000 };
    fixture b;
    float *x = music_new(N, 4), *y = stimulus_alloc(N);
    patina_degrade_stats damage;
    pt_stems stems;
    const char *pops = "{\"fx\": \"pops\", \"shape\": \"boop\", \"offset\": 9, \"level_db\": 3, "
                       "\"polarity\": 1, \"width\": 1440, \"freq\": 400}";
    char json[512];
    REQUIRE(fixture_open(t, &b));
    REQUIRE_OK(fixture_apply(&b,
                             "[{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": 0.5}, "
                             "{\"fx\": \"noise\", \"colour\": \"white\", \"snr_db\": 6}]",
                             x, N, y, &damage, &t->err));
    CHECK_NEAR(10.0 * log10(damage.signal_power / damage.noise_power), 6.0, 1e-9);

    float *before = calloc(N, sizeof *before);
    REQUIRE(before);
    snprintf(json, sizeof json, "[%s]", pops);
    REQUIRE_OK(fixture_render_stems(&b, json, x, N, &stems, &damage, &t->err));
    memcpy(before, stems.noise, N * sizeof *before);
    snprintf(json, sizeof json, "[%s, {\"fx\": \"noise\", \"colour\": \"pink\", \"snr_db\": 6}]",
             pops);
    REQUIRE_OK(fixture_render_stems(&b, json, x, N, &stems, &damage, &t->err));
    for (size_t i = 0; i < N; i++)
        before[i] = stems.noise[i] - before[i];
    CHECK_NEAR(10.0 * log10(pt_stats_power(x, N) / pt_stats_power(before, N)), 6.0, 1e-6);
    free(before);
    fixture_close(&b);
    free(x);
    free(y);
}

TEST(effects, noise_differs_between_rows) {
    enum { N = 1000 };
    fixture b;
    float *x = music_new(N, 4), *y = stimulus_alloc(N), *z = stimulus_alloc(N);
    patina_effect_chain *chain = NULL;
    REQUIRE(fixture_open(t, &b));
    REQUIRE_OK(patina_effect_chain_from_json(
        "[{\"fx\":\"noise\",\"colour\":\"pink\",\"snr_db\":10}]", &chain, &t->err));
    const struct {
        uint64_t seed;
        const char *entry;
        uint32_t variant;
    } rows[] = {{1, "a", 0}, {2, "a", 0}, {1, "b", 0}, {1, "a", 1}};
    for (size_t r = 0; r < 4; r++) {
        pt_arena_reset(&b.arena);
        REQUIRE_OK(patina_effect_chain_apply(b.config, chain, rows[r].seed, rows[r].entry,
                                             rows[r].variant, x, N, r ? z : y, NULL, &b.arena,
                                             &t->err));
        if (r) CHECK(memcmp(y, z, N * sizeof *y) != 0);
    }
    patina_effect_chain_close(&chain);
    fixture_close(&b);
    free(x);
    free(y);
    free(z);
}

/* ---- clip ---- */

static patina_status clip(pt_test *t, fixture *b, const char *kind, double fraction, const float *x,
                          size_t n, float *y, patina_degrade_stats *damage) {
    char json[128];
    snprintf(json, sizeof json, "[{\"fx\":\"clip\",\"kind\":\"%s\",\"fraction\":%.17g}]", kind,
             fraction);
    return fixture_apply(b, json, x, n, y, damage, &t->err);
}

static int compare_magnitudes(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The threshold against a sort, at lengths and shares where rounding of ranks matters. */
TEST(effects, clip_threshold_is_the_order_statistic) {
    const size_t lengths[] = {1, 2, 3, 10, 100, 997, 4096};
    const double fractions[] = {1e-6, 0.005, 0.0999, 0.1, 0.25, 0.5, 0.75, 0.999};
    fixture b;
    REQUIRE(fixture_open(t, &b));
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
        for (size_t f = 0; f < sizeof fractions / sizeof *fractions; f++) {
            const size_t n = lengths[l];
            float *x = gaussian_new(n, 0.1, l + 1), *y = stimulus_alloc(n),
                  *sorted = stimulus_alloc(n);
            patina_degrade_stats damage;
            for (size_t i = 0; i < n; i++)
                sorted[i] = fabsf(x[i]);
            qsort(sorted, n, sizeof *sorted, compare_magnitudes);
            const size_t rank = (size_t)ceil((1.0 - fractions[f]) * (double)n);
            REQUIRE_OK(clip(t, &b, "hard", fractions[f], x, n, y, &damage));
            CHECK_NEAR(damage.stage[0].threshold,
                       (float)fmax((double)sorted[rank - 1], 0.05 * (double)sorted[n - 1]), 0.0);
            free(x);
            free(y);
            free(sorted);
        }
    fixture_close(&b);
}

/* Two levels that differ in their last bit only. */
TEST(effects, clip_threshold_is_exact) {
    const float x[4] = {0.75F, 0.75F, 0.75F, 0.75F};
    fixture b;
    pt_stems stems;
    patina_degrade_stats damage;
    REQUIRE(fixture_open(t, &b));
    REQUIRE_OK(
        fixture_render_stems(&b,
                             "[{\"fx\": \"comb\", \"taps\": [{\"delay\": 2, \"gain\": 1e-7}]}, "
                             "{\"fx\": \"clip\", \"kind\": \"hard\", \"fraction\": 0.25}]",
                             x, 4, &stems, &damage, &t->err));
    CHECK_NEAR(damage.stage[1].threshold, nextafterf(0.75F, 1.0F), 0.0);
    fixture_close(&b);
}

TEST(effects, hard_clip_share) {
    enum { N = TEN_S };
    fixture b;
    float *x = gaussian_new(N, 0.1, 5), *y = stimulus_alloc(N);
    REQUIRE(fixture_open(t, &b));
    for (double fraction = 0.005; fraction < 0.26; fraction *= 3.0) {
        patina_degrade_stats damage;
        REQUIRE_OK(clip(t, &b, "hard", fraction, x, N, y, &damage));
        const float level = (float)damage.stage[0].threshold;
        size_t n_at = 0, n_beyond = 0, n_changed = 0;
        for (size_t i = 0; i < N; i++) {
            n_at += fabsf(y[i]) == level;
            n_beyond += fabsf(y[i]) > level;
            n_changed += fabsf(x[i]) < level && y[i] != x[i];
        }
        CHECK_INT(n_beyond, 0);
        CHECK_INT(n_changed, 0);
        /* Within one sample, plus the few floats equal to the threshold: among 480000 normal
         * variables of 24 bits, about density * n * spacing = 0.1 * 480000 * 1e-7. */
        CHECK_NEAR((double)n_at / N, fraction, 2.0 / N);
    }
    fixture_close(&b);
    free(x);
    free(y);
}

/* Mostly silence: the level that 1 % reach is 0, so the floor of 1/20 of the peak applies. */
TEST(effects, clip_floor) {
    enum { N = 1000 };
    fixture b;
    float x[N] = {0}, y[N];
    patina_degrade_stats damage;
    REQUIRE(fixture_open(t, &b));
    x[100] = 0.5F, x[200] = -0.8F, x[300] = 0.01F;
    REQUIRE_OK(clip(t, &b, "hard", 0.01, x, N, y, &damage));
    CHECK_NEAR(damage.stage[0].threshold, (float)(0.05 * (double)0.8F), 0.0);
    CHECK_NEAR(y[100], 0.04, 1e-8);
    CHECK_NEAR(y[200], -0.04, 1e-8);
    CHECK_NEAR(y[300], 0.01, 1e-8);
    fixture_close(&b);
}

TEST(effects, tanh_clip_is_tanh) {
    enum { N = 4000 };
    fixture b;
    float *x = gaussian_new(N, 0.15, 6), *y = stimulus_alloc(N);
    patina_degrade_stats damage;
    REQUIRE(fixture_open(t, &b));
    x[7] = 0.0F, x[8] = 1e-20F, x[9] = -0.9F;
    REQUIRE_OK(clip(t, &b, "tanh", 0.25, x, N, y, &damage));
    const double level = damage.stage[0].threshold;
    for (size_t i = 0; i < N; i++)
        CHECK_NEAR(y[i], level * tanh(x[i] / level), 6e-8 * level); /* half an ulp of float */
    fixture_close(&b);
    free(x);
    free(y);
}

/* Amplitude of A sin(2 pi f t) in y, for f with whole periods in it. */
static double amplitude_at(const float *y, size_t n, double f) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += y[i] * sin(2.0 * M_PI * fmod(f * (double)i / RATE, 1.0));
    return 2.0 * sum / (double)n;
}

/* DEFINITIONS 6.4: purity, gain and the first harmonics of a clipped sine of 997 Hz over 10 s,
 * limit 0.01 dB. The share c = 1 - 2/pi asin(r) of a sine is beyond r. */
TEST(effects, clipped_sine_closed_form) {
    fixture b;
    json_t *forms = golden_member(t, "closed_form");
    json_t *cases = json_object_get(forms, "sine_through_hard_clip"), *wanted;
    float *x = stimulus_alloc(TEN_S), *y = stimulus_alloc(TEN_S);
    size_t k;
    stimulus_add_sine(x, TEN_S, 1, RATE, 997.0, 0.8, 0.0);
    REQUIRE(fixture_open(t, &b));
    CHECK_INT(json_array_size(cases), 7);
    json_array_foreach(cases, k, wanted) {
        const double r = json_real_value(json_object_get(wanted, "threshold_over_amplitude"));
        const double a = json_real_value(json_object_get(wanted, "gain"));
        patina_degrade_stats damage;
        REQUIRE_OK(clip(t, &b, "hard", 1.0 - 2.0 / M_PI * asin(r), x, TEN_S, y, &damage));
        CHECK_NEAR(damage.stage[0].threshold / 0.8, r, 1e-4); /* between two of 48000 phases */
        CHECK_NEAR(damage.stage[0].bussgang_gain, a, 1e-4);
        CHECK_NEAR(ratio_db(damage.signal_power, damage.rest_power),
                   json_real_value(json_object_get(wanted, "purity_db")), 0.01);
        CHECK_NEAR(amplitude_at(y, TEN_S, 3.0 * 997.0) / (0.8 * a),
                   json_real_value(json_object_get(wanted, "h3")), 2e-4);
        CHECK_NEAR(amplitude_at(y, TEN_S, 5.0 * 997.0) / (0.8 * a),
                   json_real_value(json_object_get(wanted, "h5")), 2e-4);
        CHECK_NEAR(amplitude_at(y, TEN_S, 7.0 * 997.0) / (0.8 * a),
                   json_real_value(json_object_get(wanted, "h7")), 2e-4);
    }
    fixture_close(&b);
    json_decref(forms);
    free(x);
    free(y);
}

/* DEFINITIONS 6.4: a sine through T tanh(x / T). The drive raises T / A from the threshold of a
 * fixed share of samples to that of the closed form. */
TEST(effects, soft_clipped_sine_closed_form) {
    const double fraction = 0.2, share_threshold = sin(M_PI / 2.0 * (1.0 - fraction));
    fixture b;
    json_t *forms = golden_member(t, "closed_form");
    json_t *cases = json_object_get(forms, "sine_through_tanh"), *wanted;
    float *x = stimulus_alloc(TEN_S), *y = stimulus_alloc(TEN_S);
    size_t k;
    stimulus_add_sine(x, TEN_S, 1, RATE, 997.0, 0.8, 0.0);
    REQUIRE(fixture_open(t, &b));
    CHECK_INT(json_array_size(cases), 6);
    json_array_foreach(cases, k, wanted) {
        const double r = json_real_value(json_object_get(wanted, "threshold_over_amplitude"));
        char json[160];
        patina_degrade_stats stats;
        snprintf(json, sizeof json,
                 "[{\"fx\": \"clip\", \"kind\": \"tanh\", \"fraction\": %.17g, \"drive\": %.17g}]",
                 fraction, r / share_threshold);
        REQUIRE_OK(fixture_apply(&b, json, x, TEN_S, y, &stats, &t->err));
        CHECK_NEAR(stats.stage[0].threshold / 0.8, r, 3e-4 * r); /* between two of 48000 phases */
        CHECK_NEAR(stats.stage[0].bussgang_gain, json_real_value(json_object_get(wanted, "gain")),
                   1e-4);
        CHECK_NEAR(ratio_db(stats.signal_power, stats.rest_power),
                   json_real_value(json_object_get(wanted, "purity_db")), 0.01);
    }
    fixture_close(&b);
    json_decref(forms);
    free(x);
    free(y);
}

/* Limits 0.3 dB, and 1 dB at u = 3, where 1300 of 480000 samples cause all distortion. */
TEST(effects, clipped_gaussian_closed_form) {
    fixture b;
    json_t *forms = golden_member(t, "closed_form");
    json_t *cases = json_object_get(forms, "gaussian_through_hard_clip"), *wanted;
    float *x = gaussian_new(TEN_S, 0.15, 20), *y = stimulus_alloc(TEN_S);
    size_t k;
    REQUIRE(fixture_open(t, &b));
    CHECK_INT(json_array_size(cases), 5);
    json_array_foreach(cases, k, wanted) {
        const double u = json_real_value(json_object_get(wanted, "threshold_over_sigma"));
        patina_degrade_stats damage;
        REQUIRE_OK(clip(t, &b, "hard", erfc(u * M_SQRT1_2), x, TEN_S, y, &damage));
        CHECK_NEAR(damage.stage[0].bussgang_gain, json_real_value(json_object_get(wanted, "gain")),
                   0.003);
        CHECK_NEAR(ratio_db(damage.signal_power, damage.rest_power),
                   json_real_value(json_object_get(wanted, "purity_db")), u > 2.5 ? 1.0 : 0.3);
    }
    fixture_close(&b);
    json_decref(forms);
    free(x);
    free(y);
}

/* ---- pops ---- */

#define CLICK                                                                                      \
    "[{\"fx\":\"pops\",\"shape\":\"click\",\"offset\":%d,\"level_db\":-6,\"polarity\":-1,"         \
    "\"width\":%d}]"
#define BOOP                                                                                       \
    "[{\"fx\":\"pops\",\"shape\":\"boop\",\"offset\":%d,\"level_db\":-6,\"polarity\":1,"           \
    "\"width\":%d,\"freq\":440}]"

/* Exactly 48000 apart, bit-identical, silence between, the last one cut at the end. */
TEST(effects, pops_are_periodic) {
    enum { OFFSET = 47700, WIDTH = 480 };
    fixture b;
    float *x = music_new(TEN_S, 5);
    const double peak = stimulus_peak(x, TEN_S);
    REQUIRE(fixture_open(t, &b));
    for (int boop = 0; boop <= 1; boop++) {
        char json[256];
        pt_stems stems;
        patina_degrade_stats damage;
        if (boop)
            snprintf(json, sizeof json, BOOP, OFFSET, WIDTH);
        else
            snprintf(json, sizeof json, CLICK, OFFSET, WIDTH);
        REQUIRE_OK(fixture_render_stems(&b, json, x, TEN_S, &stems, &damage, &t->err));
        CHECK_INT(damage.stage[0].count, 10);

        size_t n_wrong = 0, n_different = 0;
        for (size_t i = 0; i < TEN_S; i++) {
            const bool inside = i >= OFFSET && (i - OFFSET) % 48000 < WIDTH;
            n_wrong += !inside && stems.noise[i] != 0.0F;
            n_different += i >= 48000 + OFFSET && stems.noise[i] != stems.noise[i - 48000];
        }
        CHECK_INT(n_wrong, 0);
        CHECK_INT(n_different, 0);
        for (size_t i = 0; i < WIDTH; i++) {
            const double k = (double)i;
            const double wanted = boop ? peak * pow(10.0, -6.0 / 20.0) *
                                             sin(2.0 * M_PI * 440.0 * k / RATE) *
                                             exp(-5.0 * k / WIDTH)
                                       : -peak * pow(10.0, -6.0 / 20.0);
            CHECK_NEAR(stems.noise[OFFSET + i], wanted, 6e-8 * fabs(wanted) + 1e-14);
        }
        CHECK(stems.noise[TEN_S - 1] != 0.0F); /* 180 of the 480 samples of the tenth */
    }
    fixture_close(&b);
    free(x);
}

TEST(effects, pops_in_short_excerpts) {
    fixture b;
    char json[256];
    float x[100], y[100];
    patina_degrade_stats damage;
    for (size_t i = 0; i < 100; i++)
        x[i] = i == 50 ? 0.5F : 0.0F;
    REQUIRE(fixture_open(t, &b));
    snprintf(json, sizeof json, CLICK, 98, 48);
    REQUIRE_OK(fixture_apply(&b, json, x, 100, y, &damage, &t->err));
    CHECK_INT(damage.stage[0].count, 1);
    CHECK_NEAR(y[97], 0.0, 0.0);
    CHECK_NEAR(y[98], -0.5 * pow(10.0, -0.3), 1e-7);
    CHECK_NEAR(y[99], y[98], 0.0);
    /* A recipe for a longer excerpt: no pop begins within this one. */
    snprintf(json, sizeof json, CLICK, 100, 48);
    REQUIRE_OK(fixture_apply(&b, json, x, 100, y, &damage, &t->err));
    CHECK_INT(damage.stage[0].count, 0);
    CHECK(memcmp(x, y, sizeof x) == 0);
    fixture_close(&b);
}

/* Two effects that share a stream or a draw of PLAN would not be independent. */
TEST(effects, draws_per_effect_are_independent) {
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
        const pt_effect *effect = pt_effects[e];
        CHECK(effect->stream < 256 && effect->stream != PT_RNG_STREAM_WINDOW &&
              effect->stream != PT_RNG_STREAM_PLAN && effect->stream != PT_RNG_STREAM_CAPTION &&
              effect->stream != PT_RNG_STREAM_NOISE_SAMPLES);
        CHECK(effect->plan >= 1 && effect->plan <= 8);
        for (size_t other = 0; other < e; other++) {
            CHECK(effect->stream != pt_effects[other]->stream);
            CHECK(effect->plan != pt_effects[other]->plan);
        }
    }
}
