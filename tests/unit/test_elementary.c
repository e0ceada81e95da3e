/* SPDX-License-Identifier: MIT */
/* test_elementary.c - logarithm, exponential and sine of the kernels, against long double functions
 * of the C library
 *
 * Only the best instruction set of this machine is compared here; tests/kernels checks that all
 * instruction sets give the same bits.
 */

#include "test.h"

#include "base/rng.h"
#include "dsp/dsp_ops.h"
#include "rng_words.h"

static const long double TURN = 6.283185307179586476925286766559L;

/* r <= 6.77; the errors of radius and angle are a few 1.1e-16 of it. */
static void check_pairs(pt_test *t, const uint32_t *words, size_t n_pairs) {
    enum { MOST = 4096 };
    double pairs[2 * MOST];
    long double worst = 0.0L;
    pt_dsp_ops_get_best()->gauss_pairs(words, n_pairs, pairs);
    for (size_t p = 0; p < n_pairs; p++) {
        const long double u = ((long double)words[2 * p] + 0.5L) / 4294967296.0L;
        const long double v = ((long double)words[2 * p + 1] + 0.5L) / 4294967296.0L;
        const long double r = sqrtl(-2.0L * logl(u));
        worst = fmaxl(worst, fabsl(pairs[2 * p] - r * cosl(TURN * v)));
        worst = fmaxl(worst, fabsl(pairs[2 * p + 1] - r * sinl(TURN * v)));
    }
    CHECK_NEAR((double)worst, 0.0, 2e-15);
}

TEST(elementary, gauss_pairs_everywhere) {
    uint32_t words[2 * 4096];
    for (size_t i = 0; i < 2 * 4096; i++)
        words[i] = (uint32_t)(i * 2654435761U); /* golden ratio: evenly spread */
    check_pairs(t, words, 4096);
}

/* Boundaries of quarter turns and of halvings of u, and the ends of the range. */
TEST(elementary, gauss_pairs_at_range_boundaries) {
    uint32_t words[2 * 34 * 34], seam[34];
    size_t n = 0, n_seams = 0;
    for (uint32_t eighth = 0; eighth < 8; eighth++)
        for (uint32_t step = 0; step < 3; step++)
            seam[n_seams++] = (eighth << 29) + step - 1; /* 0xFFFFFFFF, 0, 1, 0x1FFFFFFF ... */
    for (unsigned bit = 1; bit < 29; bit += 3)
        seam[n_seams++] = 0xB504F333U >> bit; /* sqrt(1/2) times a power of two */
    CHECK_INT(n_seams, 34);
    for (size_t i = 0; i < n_seams; i++)
        for (size_t k = 0; k < n_seams; k++) {
            words[n++] = seam[i];
            words[n++] = seam[k];
        }
    check_pairs(t, words, n / 2);
}

/* The largest u are near 1 - 1.2e-10: their logarithm is a small difference. */
TEST(elementary, gauss_near_zero_is_relatively_exact) {
    const uint32_t words[2] = {0xFFFFFFFFU, 0};
    double pair[2];
    pt_dsp_ops_get_best()->gauss_pairs(words, 1, pair);
    const long double r = sqrtl(-2.0L * logl(1.0L - 0.5L / 4294967296.0L));
    CHECK_NEAR(pair[0], (double)r, 1e-20);
}

TEST(elementary, soft_clip_is_tanh) {
    enum { N = 20001 };
    static float x[N], y[N];
    const double levels[] = {1.0, 0.37, 1e-5, 123.0};
    for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
        long double worst = 0.0L;
        for (size_t i = 0; i < N; i++)
            x[i] = (float)(levels[l] * 25.0 * ((double)i - 10000.0) / 10000.0);
        x[5] = (float)(levels[l] * 299.0);
        x[6] = (float)(levels[l] * -299.0);
        x[7] = (float)(levels[l] * 1e-12);
        pt_dsp_ops_get_best()->soft_clip(x, N, levels[l], y);
        for (size_t i = 0; i < N; i++) {
            const long double wanted =
                (long double)levels[l] * tanhl((long double)x[i] / (long double)levels[l]);
            const long double step = /* of the float that it is rounded to */
                (long double)nextafterf(fabsf(y[i]), INFINITY) - (long double)fabsf(y[i]);
            worst = fmaxl(worst, fabsl((long double)y[i] - wanted) - 0.5L * step);
        }
        CHECK((double)worst / levels[l] <= 4e-16);
        CHECK(y[10000] == 0.0F);
        CHECK_NEAR(y[5], (float)levels[l], 0.0);
        CHECK_NEAR(y[6], -(float)levels[l], 0.0);
    }
}

/* A sample's result does not depend on its neighbours or its alignment. */
TEST(elementary, results_do_not_depend_on_neighbours) {
    uint32_t words[40];
    double pairs[40], pair[2];
    float x[20], y[20], one;
    for (size_t i = 0; i < 20; i++)
        x[i] = sinf((float)(i * i)), words[2 * i] = (uint32_t)(i * 97003),
        words[2 * i + 1] = ~(uint32_t)(i << 27);
    for (size_t n = 1; n <= 20; n++) {
        pt_dsp_ops_get_best()->soft_clip(x, n, 0.3, y);
        pt_dsp_ops_get_best()->gauss_pairs(words, n, pairs);
        for (size_t i = 0; i < n; i++) {
            pt_dsp_ops_get_best()->soft_clip(x + i, 1, 0.3, &one);
            pt_dsp_ops_get_best()->gauss_pairs(words + 2 * i, 1, pair);
            CHECK(one == y[i]);
            CHECK(memcmp(pair, pairs + 2 * i, sizeof pair) == 0);
        }
    }
}

/* From -300 to 300 dB, and near 1, where the logarithm is a small difference: to half a step of the
 * float that it is rounded to, and a little (1e-13 of 300 dB). */
TEST(elementary, decibels) {
    enum { N = 20001 };
    static double power[N];
    static float db[N];
    double worst = 0.0;
    for (size_t i = 0; i < N; i++)
        power[i] = i % 3 == 0 ? 1.0 + ((double)i - 10000.0) * 1e-9
                              : pow(10.0, 60.0 * ((double)i / 20000.0 - 0.5));
    pt_dsp_ops_get_best()->power_to_db(power, N, db);
    for (size_t i = 0; i < N; i++) {
        const double wanted = (double)(10.0L * log10l(power[i]));
        const double step =
            (double)(nextafterf(fabsf((float)wanted), INFINITY) - fabsf((float)wanted));
        worst = fmax(worst, (fabs((double)db[i] - wanted) - 1e-11 * fabs(wanted)) / step);
    }
    CHECK(worst <= 0.5001);
}

TEST(elementary, philox_words_equal_the_stream) {
    enum { BLOCKS = 37 };
    const pt_rng rng = pt_rng_make(0x123456789ABCDEF, "an entry", 77, PT_RNG_STREAM_NOISE_SAMPLES);
    uint32_t words[4 * BLOCKS + 1], expected[4 * BLOCKS];
    for (size_t n = 0; n <= BLOCKS; n++) {
        pt_test_rng_words(&rng, 4 * (1000 + n), 4 * n, expected);
        words[4 * n] = 4711;
        pt_dsp_ops_get_best()->philox_words(rng.key, rng.counter, (uint32_t)(1000 + n), n, words);
        CHECK(memcmp(words, expected, 4 * n * sizeof *words) == 0);
        CHECK_INT(words[4 * n], 4711); /* and nothing is written after it */
    }
}
