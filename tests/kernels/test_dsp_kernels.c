/* SPDX-License-Identifier: MIT */
/* test_dsp_kernels.c - all kernel tables of this machine give the bits of the plain C table
 *
 * Exactly, since the table is selected by the CPU and rows must not depend on it. The values are
 * tested in tests/unit, those of sample_stats here.
 */

#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dsp/dsp_ops.h"
#include "dsp/stats.h"
#include "stimulus.h"

/* ---- buffers that end at an inaccessible page ---- */

typedef struct buffer {
    float *x;
    unsigned char *map;
    size_t map_size;
} buffer;

static buffer buffer_new(size_t n) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = n * sizeof(float);
    const size_t inner = (size + page - 1) / page * page;
    buffer b = {.map_size = inner + page};
    b.map = mmap(NULL, b.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b.map == MAP_FAILED || mprotect(b.map + inner, page, PROT_NONE) != 0) {
        perror("mmap");
        exit(2);
    }
    b.x = (float *)(void *)(b.map + inner - size);
    return b;
}

static void buffer_free(buffer *b) {
    munmap(b->map, b->map_size);
}

/* ---- input ---- */

typedef enum kind { UNIFORM, SPREAD, HUGE, SPARSE, N_KINDS } kind;

static void fill(float *x, size_t n, kind k) {
    uint32_t state = 77;
    for (size_t i = 0; i < n; i++) {
        const double v = stimulus_next_random(&state);
        const int e = (int)(64.0 * (1.0 + stimulus_next_random(&state))); /* 0 .. 127 */
        x[i] = (float)v;
        if (k == SPREAD) x[i] = (float)ldexp(v, e - 120); /* denormals too */
        if (k == HUGE) x[i] = (float)ldexp(v, e);
        if (k == SPARSE) x[i] = e < 120 ? 0.0F : -(float)v;
    }
}

static double *alloc_aligned(size_t n) {
    double *p = aligned_alloc(64, (n * sizeof *p + 63) / 64 * 64);
    if (!p) exit(2);
    memset(p, 0, n * sizeof *p);
    return p;
}

/* ---- */

/* sum (x - centre)^2, one sample at a time. */
static double energy_about(const float *x, size_t n, double centre) {
    double lane[PT_STATS_LANES] = {0};
    for (size_t i = 0; i < n; i++)
        lane[i % PT_STATS_LANES] += ((double)x[i] - centre) * ((double)x[i] - centre);
    return pt_stats_sum_lanes(lane);
}

/* What sample_stats computes, one sample at a time. */
static void check_sample_stats(pt_test *t, const float *x, size_t n, double centre,
                               const pt_sample_stats *found) {
    float peak = 0.0F;
    bool finite = true;
    size_t n_zero_crossings = 0;
    for (size_t i = 0; i < n; i++) {
        finite = finite && isfinite(x[i]);
        if (fabsf(x[i]) > peak) peak = fabsf(x[i]);
        n_zero_crossings += i > 0 && ((double)x[i] < -1e-10) != ((double)x[i - 1] < -1e-10);
    }
    CHECK(found->finite == finite);
    if (!finite) return;
    CHECK(found->peak == peak);
    CHECK_INT(found->n_zero_crossings, n_zero_crossings);
    CHECK_NEAR(found->energy, energy_about(x, n, 0.0), 0.0);
    CHECK_NEAR(found->energy_about, energy_about(x, n, centre), 0.0);
}

TEST(dsp_kernels, sample_stats) {
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
        for (size_t n = 1; n < 2000; n += n < 40 ? 1 : 977)
            for (kind k = 0; k < N_KINDS; k++) {
                pt_sample_stats found;
                buffer b = buffer_new(n);
                fill(b.x, n, k);
                pt_dsp_ops_get((patina_isa)isa)->sample_stats(b.x, n, 0.25, &found);
                check_sample_stats(t, b.x, n, 0.25, &found);
                buffer_free(&b);
            }
}

TEST(dsp_kernels, sample_stats_of_nonfinite_samples) {
    static const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    enum { N = 37 };
    buffer b = buffer_new(N);
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
        for (size_t place = 0; place < N; place++)
            for (size_t k = 0; k < 4; k++) {
                pt_sample_stats found;
                fill(b.x, N, UNIFORM);
                b.x[place] = bad[k];
                pt_dsp_ops_get((patina_isa)isa)->sample_stats(b.x, N, 0.0, &found);
                check_sample_stats(t, b.x, N, 0.0, &found);
                b.x[place] = 3.4e38F; /* nearly */
                pt_dsp_ops_get((patina_isa)isa)->sample_stats(b.x, N, 0.0, &found);
                check_sample_stats(t, b.x, N, 0.0, &found);
            }
    buffer_free(&b);
}

/* What extremes computes, one sample at a time. */
static void check_extremes(pt_test *t, patina_isa isa, const float *x, size_t n_frames,
                           size_t n_channels, bool has_bad) {
    float high[PATINA_CHANNELS_MAX], low[PATINA_CHANNELS_MAX];
    bool finite = true;
    pt_dsp_ops_get(isa)->extremes(x, n_frames, n_channels, high, low);
    for (size_t c = 0; c < n_channels; c++) {
        float highest = 0.0F, lowest = 0.0F;
        for (size_t i = c; i < n_frames * n_channels; i += n_channels) {
            highest = x[i] > highest ? x[i] : highest;
            lowest = x[i] < lowest ? x[i] : lowest;
        }
        finite = finite && isfinite(high[c]) && isfinite(low[c]);
        if (!has_bad) CHECK(high[c] == highest && low[c] == lowest);
    }
    CHECK(finite == !has_bad);
}

TEST(dsp_kernels, extremes) {
    static const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
        for (size_t n_channels = 1; n_channels <= PATINA_CHANNELS_MAX; n_channels++)
            for (size_t n_frames = 1; n_frames < 60; n_frames += n_frames < 20 ? 1 : 13) {
                const size_t n = n_frames * n_channels;
                buffer b = buffer_new(n);
                for (kind k = 0; k < N_KINDS; k++) {
                    fill(b.x, n, k);
                    check_extremes(t, (patina_isa)isa, b.x, n_frames, n_channels, false);
                    for (size_t i = 0; i < n; i++) /* of one sign */
                        b.x[i] = k % 2 ? fabsf(b.x[i]) : -fabsf(b.x[i]);
                    check_extremes(t, (patina_isa)isa, b.x, n_frames, n_channels, false);
                }
                for (size_t place = 0; place < n; place += 1 + n / 7) {
                    fill(b.x, n, UNIFORM);
                    b.x[place] = bad[place % 4];
                    check_extremes(t, (patina_isa)isa, b.x, n_frames, n_channels, true);
                }
                buffer_free(&b);
            }
}

TEST(dsp_kernels, transpose8) {
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++)
        for (size_t n = 0; n < 30; n++) {
            buffer b = buffer_new(8 * n + 1);
            float *x = b.x + 1;
            double *y = alloc_aligned(8 * n + 1);
            y[8 * n] = 4711.0;
            fill(x, 8 * n, SPREAD);
            pt_dsp_ops_get((patina_isa)isa)->transpose8(x, n, y);
            size_t n_wrong = 0;
            for (size_t i = 0; i < 8 * n; i++)
                n_wrong += y[i] != (double)x[i % 8 * n + i / 8];
            CHECK_INT(n_wrong, 0);
            CHECK_NEAR(y[8 * n], 4711.0, 0.0); /* nothing is written after the end */
            free(y);
            buffer_free(&b);
        }
}

TEST(dsp_kernels, iir_energy_gives_the_same_bits) {
    static const pt_iir_section shelf = {-1.753, 0.781, -1.691, 0.732};
    static const pt_iir_section high_pass = {-2.0, 1.0, -1.99, 0.990025};
    enum { LENGTH = 101, N = 8 * LENGTH, RUNS = 3 };
    float *x = stimulus_alloc(N);
    double *lanes = alloc_aligned(2 * N);
    pt_iir_energy_plan plan;
    pt_iir_energy_plan_init(&plan, &shelf, &high_pass, LENGTH);
    for (kind k = 0; k < N_KINDS; k++) {
        double expected[RUNS + 4], found[RUNS + 4]; /* energies, then the state */
        fill(x, N, k);
        for (size_t i = 0; i < N; i++)
            lanes[i / 8 * 16 + i % 8] = (double)x[i];
        for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
            memset(found, 0, sizeof found);
            for (size_t r = 0; r < RUNS; r++)
                found[r] =
                    pt_dsp_ops_get((patina_isa)isa)->iir_energy(&plan, lanes, 16, found + RUNS);
            if (isa == PATINA_ISA_C) memcpy(expected, found, sizeof expected);
            CHECK(memcmp(expected, found, sizeof expected) == 0);
            CHECK(found[0] > 0.0);
        }
    }
    free(x);
    free(lanes);
}

TEST(dsp_kernels, biquads_give_the_same_bits) {
    enum { N = PT_BIQUAD_BLOCK, SECTIONS = 3 };
    float *x = stimulus_alloc(N);
    float *expected = stimulus_alloc(N), *found = stimulus_alloc(N);
    double *lanes = alloc_aligned(N);
    pt_biquad_plan plan[SECTIONS];
    for (size_t s = 0; s < SECTIONS; s++) {
        const pt_biquad section =
            pt_biquad_design((pt_biquad_kind)s, 48000.0, 900.0 + 2000.0 * (double)s, 2.0, 9.0);
        pt_biquad_plan_init(&plan[s], &section);
    }
    for (kind k = 0; k < N_KINDS; k++) {
        double state[SECTIONS][2], expected_state[SECTIONS][2];
        fill(x, N, k);
        for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
            for (size_t s = 0; s < SECTIONS; s++)
                state[s][0] = 0.3, state[s][1] = -0.2 * (double)s;
            pt_dsp_ops_get((patina_isa)isa)->biquad_cascade(plan, SECTIONS, x, lanes, state, found);
            if (isa == PATINA_ISA_C) {
                memcpy(expected, found, N * sizeof *found);
                memcpy(expected_state, state, sizeof state);
            }
            CHECK(memcmp(expected, found, N * sizeof *found) == 0);
            CHECK(memcmp(expected_state, state, sizeof state) == 0);
            CHECK(found[0] != 0.0F);
            memcpy(found, x, N * sizeof *found); /* in place */
            for (size_t s = 0; s < SECTIONS; s++)
                state[s][0] = 0.3, state[s][1] = -0.2 * (double)s;
            pt_dsp_ops_get((patina_isa)isa)
                ->biquad_cascade(plan, SECTIONS, found, lanes, state, found);
            CHECK(memcmp(expected, found, N * sizeof *found) == 0);
        }
    }
    free(x), free(expected), free(found), free(lanes);
}

TEST(dsp_kernels, welch_gives_the_same_bits) {
    enum { QUARTER = PT_WELCH_N_FFT / 4 };
    pt_welch_plan *plan = (pt_welch_plan *)alloc_aligned(sizeof *plan / sizeof(double));
    pt_welch_workspace *work = (pt_welch_workspace *)alloc_aligned(sizeof *work / sizeof(double));
    pt_welch_power *expected = (pt_welch_power *)alloc_aligned(sizeof *expected / sizeof(double));
    pt_welch_power *found = (pt_welch_power *)alloc_aligned(sizeof *found / sizeof(double));
    float *quarters = (float *)(void *)alloc_aligned(5 * QUARTER / 2);
    float *x = stimulus_alloc(QUARTER);
    const float *quarter[5];
    pt_welch_plan_init(plan);
    for (kind k = 0; k < N_KINDS; k++) {
        for (size_t q = 0; q < 5; q++) {
            fill(x, QUARTER - q, k);
            pt_welch_pack_quarter(x, QUARTER - q, 0.1, quarters + q * QUARTER);
            quarter[q] = quarters + q * QUARTER;
        }
        for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
            memset(found, 0, sizeof *found);
            pt_dsp_ops_get((patina_isa)isa)->welch_accumulate(plan, quarter, work, found);
            if (isa == PATINA_ISA_C) memcpy(expected, found, sizeof *expected);
            CHECK(memcmp(expected, found, sizeof *expected) == 0);
            CHECK(found->sum[0][0][0] > 0.0);
        }
    }
    free(plan), free(work), free(expected), free(found), free(quarters), free(x);
}

/* ---- sums and elementary functions ---- */

enum { N_WAVE = 1003 };

/* Numbers of all sizes, and of both signs. */
static void fill_wide(double *x, size_t n) {
    uint32_t state = 5;
    for (size_t i = 0; i < n; i++)
        x[i] = ldexp(stimulus_next_random(&state), (int)(i % 41) - 20);
}

static void fill_wide_float(float *x, size_t n) {
    uint32_t state = 5;
    for (size_t i = 0; i < n; i++)
        x[i] = (float)ldexp(stimulus_next_random(&state), (int)(i % 41) - 20);
}

/* Every kind of period: 160 of 147, odd numbers, few samples. x is no longer than is read. */
TEST(dsp_kernels, polyphase_gives_the_same_bits) {
    static const unsigned ratios[][2] = {{160, 147}, {320, 147}, {3, 2},
                                         {6, 1},     {80, 63},   {125, 96}};
    for (size_t r = 0; r < sizeof ratios / sizeof *ratios; r++) {
        const size_t plan_size = pt_polyphase_plan_size(ratios[r][0], ratios[r][1]);
        REQUIRE(plan_size > 0);
        pt_polyphase_plan *plan = malloc(plan_size);
        REQUIRE(plan != NULL);
        pt_polyphase_plan_init(plan, ratios[r][0], ratios[r][1]);
        const size_t n_read = pt_polyphase_n_read(plan), n_out = pt_polyphase_block_out(plan);
        float *rows =
            (float *)(void *)alloc_aligned(pt_polyphase_n_rows(plan) * PT_POLYPHASE_LANES / 2);
        float *expected = malloc(n_out * sizeof *expected);
        buffer in = buffer_new(n_read), out = buffer_new(n_out);
        fill(in.x, n_read, SPREAD);
        pt_dsp_ops_get(PATINA_ISA_C)->polyphase(plan, in.x, rows, expected);
        for (int isa = PATINA_ISA_C + 1; isa <= (int)patina_isa_detect(); isa++) {
            pt_dsp_ops_get((patina_isa)isa)->polyphase(plan, in.x, rows, out.x);
            CHECK(memcmp(out.x, expected, n_out * sizeof *expected) == 0);
        }
        double sum = 0.0, size = 0.0; /* of the first sample of the middle lane */
        const float *x = in.x + PT_POLYPHASE_LANES / 2 * plan->n_in;
        for (size_t i = 0; i < PT_POLYPHASE_ROWS; i++) {
            const double term = (double)plan->coefficient[0][i][0] * (double)x[i];
            sum += term;
            size += fabs(term);
        }
        CHECK_NEAR(expected[n_out / 2], sum, 1e-5 * size);
        free(plan);
        free(rows);
        free(expected);
        buffer_free(&in);
        buffer_free(&out);
    }
}

TEST(dsp_kernels, sums_give_the_same_bits) {
    static float x[N_WAVE], y[N_WAVE];
    fill_wide_float(x, N_WAVE);
    for (size_t i = 0; i < N_WAVE; i++)
        y[i] = x[(i * 7) % N_WAVE];
    for (size_t n = 1; n <= N_WAVE; n += n < 20 ? 1 : 101) {
        double plain_sum = 0.0, plain_squares = 0.0, plain_products = 0.0, plain_peak = 0.0;
        double size = 0.0, c_sum, c_squares;
        for (size_t i = 0; i < n; i++) {
            const double v = (double)x[i], w = (double)y[i];
            plain_sum += v;
            plain_squares += (v - 0.5) * (v - 0.5);
            plain_products += (v - 0.5) * (w + 2.0);
            plain_peak = fmax(plain_peak, fabs(v));
            size += (fabs(v) + 0.5) * (fabs(w) + 2.0) + (fabs(v) + 0.5) * (fabs(v) + 0.5);
        }
        const double tolerance = 2.2e-16 * (double)n * size; /* n additions in another order */
        const pt_dsp_ops *c = pt_dsp_ops_get(PATINA_ISA_C);
        CHECK_NEAR(c->sum(x, n), plain_sum, tolerance);
        c->moments(x, n, 0.5, &c_sum, &c_squares);
        CHECK_NEAR(c_sum, plain_sum - 0.5 * (double)n, tolerance);
        CHECK_NEAR(c_squares, plain_squares, tolerance);
        CHECK_NEAR(c->sum_products_about(x, y, n, 0.5, -2.0), plain_products, tolerance);
        CHECK_NEAR(c->peak(x, n), plain_peak, 0.0);
        for (int isa = PATINA_ISA_AVX2; isa <= (int)patina_isa_detect(); isa++) {
            const pt_dsp_ops *ops = pt_dsp_ops_get((patina_isa)isa);
            CHECK_NEAR(ops->sum(x, n), c->sum(x, n), 0.0);
            double its_sum, its_squares;
            ops->moments(x, n, 0.5, &its_sum, &its_squares);
            CHECK_NEAR(its_sum, c_sum, 0.0);
            CHECK_NEAR(its_squares, c_squares, 0.0);
            CHECK_NEAR(ops->sum_products_about(x, y, n, 0.5, -2.0),
                       c->sum_products_about(x, y, n, 0.5, -2.0), 0.0);
            CHECK_NEAR(ops->peak(x, n), c->peak(x, n), 0.0);
        }
    }
}

/* From the definitions, in place too; lengths with every rest. */
TEST(dsp_kernels, mixing_gives_the_same_bits) {
    enum { HISTORY = 40, N = 77 };
    static const size_t delay[] = {1, 17, HISTORY};
    static const float gain[] = {0.7F, -0.3F, 0.1F};
    double wide[N];
    float x[HISTORY + N], y[N], z[N], in_place[HISTORY + N];
    fill_wide_float(x, HISTORY + N);
    fill_wide(wide, N);
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
        const pt_dsp_ops *ops = pt_dsp_ops_get((patina_isa)isa);
        const float *now = x + HISTORY;
        for (size_t n = 0; n <= N; n++) {
            size_t n_wrong = 0;
            ops->narrow(wide, n, y);
            for (size_t i = 0; i < n; i++)
                n_wrong += y[i] != (float)wide[i];
            memcpy(y, x, sizeof y);
            ops->mix(y, 0.9F, now, -0.7F, 0.2F, n, y);
            ops->hard_clip(now, n, 2.0F, z);
            for (size_t i = 0; i < n; i++)
                n_wrong += y[i] != 0.9F * x[i] + (-0.7F * now[i] + 0.2F) ||
                           z[i] != fmaxf(-2.0F, fminf(2.0F, now[i]));
            ops->delayed_sum(now, n, delay, gain, 3, 0.5F, y);
            for (size_t i = 0; i < n; i++)
                n_wrong +=
                    y[i] !=
                    0.5F * (((now[i] + gain[0] * *(now + i - 1)) + gain[1] * *(now + i - 17)) +
                            gain[2] * *(now + i - HISTORY));
            memcpy(in_place, x, sizeof x);
            ops->delayed_sum(in_place + HISTORY, n, delay, gain, 3, 0.5F, in_place + HISTORY);
            CHECK(memcmp(in_place + HISTORY, y, n * sizeof *y) == 0);
            uint32_t selected[N], digit, bits;
            memcpy(&digit, &now[N / 2], sizeof digit);
            digit = (digit & INT32_MAX) >> 23;
            size_t n_selected = ops->select_magnitudes(now, n, 23, digit, selected);
            for (size_t i = n; i-- > 0;) {
                memcpy(&bits, &now[i], sizeof bits);
                bits &= INT32_MAX;
                if (bits >> 23 == digit) n_wrong += selected[--n_selected] != bits;
            }
            CHECK_INT(n_selected, 0);
            CHECK_INT(n_wrong, 0);
        }
    }
}

TEST(dsp_kernels, elementary_functions_give_the_same_bits) {
    if (patina_isa_detect() == PATINA_ISA_C) SKIP("this CPU has only plain C");
    double *x = alloc_aligned(N_WAVE), *found = alloc_aligned(2 * N_WAVE),
           *expected = alloc_aligned(2 * N_WAVE);
    static uint32_t words[4 * N_WAVE], plain_words[4 * N_WAVE];
    static float db[N_WAVE], plain_db[N_WAVE], samples[N_WAVE];
    static float pairs[2 * N_WAVE], plain_pairs[2 * N_WAVE];
    const uint32_t key[2] = {1, 0x80000000U}, counter[3] = {7, 0xFFFFFFFFU, 3};
    const pt_dsp_ops *c = pt_dsp_ops_get(PATINA_ISA_C);
    fill_wide(x, N_WAVE);
    fill_wide_float(samples, N_WAVE);
    for (int isa = PATINA_ISA_AVX2; isa <= (int)patina_isa_detect(); isa++) {
        const pt_dsp_ops *ops = pt_dsp_ops_get((patina_isa)isa);
        for (size_t n = 1; n <= N_WAVE; n += n < 20 ? 1 : 327) {
            c->soft_clip(samples, n, 3000.0, plain_db);
            ops->soft_clip(samples, n, 3000.0, db);
            CHECK(memcmp(db, plain_db, n * sizeof *db) == 0);

            c->philox_words(key, counter, 0xFFFFFFF0U, n, plain_words); /* runs over */
            ops->philox_words(key, counter, 0xFFFFFFF0U, n, words);
            CHECK(memcmp(words, plain_words, 4 * n * sizeof *words) == 0);
            c->gauss_pairs(words, n, expected);
            ops->gauss_pairs(words, n, found);
            CHECK(memcmp(found, expected, 2 * n * sizeof *found) == 0);

            for (size_t i = 0; i < 2 * n; i++)
                pairs[i] = plain_pairs[i] = (float)expected[i];
            c->spectral_tilt(77, n, 70.5, n % 2, plain_pairs);
            ops->spectral_tilt(77, n, 70.5, n % 2, pairs);
            CHECK(memcmp(pairs, plain_pairs, 2 * n * sizeof *pairs) == 0);

            for (size_t i = 0; i < n; i++)
                found[i] = fabs(x[i]) + 1e-12;
            c->power_to_db(found, n, plain_db);
            ops->power_to_db(found, n, db);
            CHECK(memcmp(db, plain_db, n * sizeof *db) == 0);
        }
    }
    free(x);
    free(found);
    free(expected);
}

/* Against a direct sum per bin, and the same bits from all tables. Only the requested bins are
 * written, and no sample after the last frame is read. */
TEST(dsp_kernels, stft_power) {
    enum { HOP = 37, N = 15 * HOP + PT_STFT_N_FFT, BINS = 301, ROOM = BINS * PT_STFT_BATCH };
    pt_stft_plan *plan = malloc(sizeof *plan);
    pt_stft_workspace *work = (pt_stft_workspace *)alloc_aligned(sizeof *work / sizeof(double));
    double *expected = alloc_aligned(ROOM + 8), *found = alloc_aligned(ROOM + 8);
    buffer b = buffer_new(N);
    REQUIRE(plan);
    pt_stft_plan_init(plan);
    for (kind k = 0; k < N_KINDS; k++) {
        fill(b.x, N, k);
        for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
            found[ROOM] = 4711.0;
            pt_dsp_ops_get((patina_isa)isa)->stft_power(plan, b.x, HOP, BINS, work, found);
            CHECK_NEAR(found[ROOM], 4711.0, 0.0);
            if (isa == PATINA_ISA_C) memcpy(expected, found, ROOM * sizeof *found);
            CHECK(memcmp(expected, found, ROOM * sizeof *found) == 0);
        }
        if (k != UNIFORM) continue;
        double worst = 0.0;
        for (size_t f = 0; f < PT_STFT_BATCH; f++)
            for (size_t bin = 0; bin < BINS; bin += bin < 40 ? 1 : 29) {
                double re = 0.0, im = 0.0;
                for (size_t i = 0; i < PT_STFT_N_FFT; i++) {
                    const double v =
                        b.x[f * HOP + i] * (0.5 - 0.5 * cos(2.0 * M_PI * i / PT_STFT_N_FFT));
                    const double turn =
                        2.0 * M_PI * (double)(bin * i % PT_STFT_N_FFT) / PT_STFT_N_FFT;
                    re += v * cos(turn), im -= v * sin(turn);
                }
                const double power = re * re + im * im;
                worst = fmax(worst, fabs(found[bin * PT_STFT_BATCH + f] - power) / power);
            }
        CHECK_NEAR(worst, 0.0, 2.4e-7); /* floats squared: 4 halves of an epsilon */
    }
    buffer_free(&b);
    free(plan), free(work), free(expected), free(found);
}

TEST(dsp_kernels, bands_give_the_same_bits_and_the_right_sums) {
    enum { BINS = 100, BANDS = 4 };
    double *weights = alloc_aligned(BINS), *x = alloc_aligned(BINS * PT_STFT_BATCH);
    double *expected = alloc_aligned(BANDS * PT_STFT_BATCH),
           *found = alloc_aligned(BANDS * PT_STFT_BATCH);
    const pt_filterbank_row band[BANDS] = {
        {weights, 0, 8}, {weights, 3, 0}, {weights, 99, 1}, {weights, 7, 64}};
    fill_wide(weights, BINS);
    fill_wide(x, BINS * PT_STFT_BATCH);
    for (size_t b = 0; b < BANDS; b++)
        for (size_t f = 0; f < PT_STFT_BATCH; f++)
            for (size_t k = 0; k < band[b].n; k++)
                expected[b * PT_STFT_BATCH + f] +=
                    weights[k] * x[(band[b].first + k) * PT_STFT_BATCH + f];
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
        pt_dsp_ops_get((patina_isa)isa)->filterbank(band, BANDS, x, found);
        CHECK(memcmp(expected, found, BANDS * PT_STFT_BATCH * sizeof *found) == 0);
    }
    free(weights), free(x), free(expected), free(found);
}
