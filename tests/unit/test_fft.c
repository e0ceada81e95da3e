/* SPDX-License-Identifier: MIT */
/* What a transform is held to is its own definition, summed term by term. */

#include "test.h"

#include <stdlib.h>

#include "dsp/fft.h"
#include "stimulus.h"

static double *buffer_new(size_t n) {
    double *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    if (!x) exit(2);
    return x;
}

static void fill(double *x, size_t n, uint32_t seed) {
    for (size_t i = 0; i < n; i++)
        x[i] = stimulus_next_random(&seed);
}

/* max over bins |X_k - sum x_i exp(-2 pi j i k / n)| */
static double error_to_definition(const double *x, const double *spectrum, size_t n) {
    double worst = 0.0;
    for (size_t k = 0; k <= n / 2; k++) {
        double re = 0.0, im = 0.0;
        for (size_t i = 0; i < n; i++) {
            const double angle = 2.0 * M_PI * (double)(i * k % n) / (double)n;
            re += x[i] * cos(angle);
            im -= x[i] * sin(angle);
        }
        worst = fmax(worst, hypot(spectrum[2 * k] - re, spectrum[2 * k + 1] - im));
    }
    return worst;
}

/* Values below 1: each of n additions rounds a sum of at most n, so the plain sum itself is off by
 * at most n^2 / 2 epsilons, 1.1e-10 for n = 1000; a wrong bin is off by about sqrt(n). */
TEST(fft, forward_is_the_definition) {
    const size_t lengths[] = {2, 4, 6, 30, 64, 250, 998, 1000, 1024};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        const size_t n = lengths[l];
        pt_fft *fft = NULL;
        REQUIRE_OK(pt_fft_open(n, &fft, &t->err));
        double *x = buffer_new(n), *kept = buffer_new(n), *spectrum = buffer_new(n + 2);
        fill(x, n, 7);
        memcpy(kept, x, n * sizeof *x);
        pt_fft_forward(fft, x, spectrum);
        CHECK_NEAR(error_to_definition(x, spectrum, n), 0.0, 2e-10);
        CHECK(memcmp(kept, x, n * sizeof *x) == 0);
        free(x);
        free(kept);
        free(spectrum);
        pt_fft_close(&fft);
        CHECK(fft == NULL);
    }
}

TEST(fft, inverse_gives_the_samples_back_n_times) {
    const size_t lengths[] = {2, 10, 480, 32768, 65536};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        const size_t n = lengths[l];
        pt_fft *fft = NULL;
        REQUIRE_OK(pt_fft_open(n, &fft, &t->err));
        double *x = buffer_new(n), *back = buffer_new(n), *spectrum = buffer_new(n + 2);
        fill(x, n, 11);
        pt_fft_forward(fft, x, spectrum);
        pt_fft_inverse(fft, spectrum, back);
        double worst = 0.0;
        for (size_t i = 0; i < n; i++)
            worst = fmax(worst, fabs(back[i] / (double)n - x[i]));
        CHECK_NEAR(worst, 0.0, 1e-14); /* sqrt(log2 n) epsilons, and some */
        free(x);
        free(back);
        free(spectrum);
        pt_fft_close(&fft);
    }
}

/* What the noise generators ask of the inverse: one bin is one cosine. */
TEST(fft, one_bin_is_a_cosine) {
    const size_t n = 96, k = 5;
    pt_fft *fft = NULL;
    REQUIRE_OK(pt_fft_open(n, &fft, &t->err));
    double *x = buffer_new(n), *spectrum = buffer_new(n + 2);
    memset(spectrum, 0, (n + 2) * sizeof *spectrum);
    spectrum[2 * k] = 0.5;
    spectrum[2 * k + 1] = -0.25;
    pt_fft_inverse(fft, spectrum, x);
    for (size_t i = 0; i < n; i++) {
        const double angle = 2.0 * M_PI * (double)(i * k) / (double)n;
        CHECK_NEAR(x[i], 2.0 * (0.5 * cos(angle) + 0.25 * sin(angle)), 1e-13);
    }
    free(x);
    free(spectrum);
    pt_fft_close(&fft);
}

TEST(fft, two_plans_of_one_length_give_the_same_bits) {
    enum { N = 32768 };
    pt_fft *one = NULL, *other = NULL;
    REQUIRE_OK(pt_fft_open(N, &one, &t->err));
    REQUIRE_OK(pt_fft_open(N, &other, &t->err));
    double *x = buffer_new(N), *a = buffer_new(N + 2), *b = buffer_new(N + 2);
    fill(x, N, 3);
    pt_fft_forward(one, x, a);
    pt_fft_forward(other, x, b);
    CHECK(memcmp(a, b, (N + 2) * sizeof *a) == 0);
    free(x);
    free(a);
    free(b);
    pt_fft_close(&one);
    pt_fft_close(&other);
}

TEST(fft, lengths_that_are_refused) {
    const size_t lengths[] = {0, 1, 3, 32767, ((size_t)1 << 24) + 2, SIZE_MAX - 1};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        pt_fft *fft = NULL;
        CHECK_FAILS(pt_fft_open(lengths[l], &fft, &t->err), PATINA_ERANGE);
        CHECK(fft == NULL);
    }
    pt_fft_close(NULL);
}
