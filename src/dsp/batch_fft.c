/* SPDX-License-Identifier: MIT */
/* batch_fft.c - twiddle factors and digit-reversed bin order */

#include "dsp/batch_fft.h"

#include <math.h>

pt_complex pt_batch_fft_twiddle(size_t i, size_t n) {
    const double angle = 2.0 * M_PI * (double)(i % n) / (double)n;
    return (pt_complex){cos(angle), -sin(angle)};
}

pt_complex_float pt_batch_fft_twiddle_float(size_t i, size_t n) {
    const pt_complex twiddle = pt_batch_fft_twiddle(i, n);
    return (pt_complex_float){(float)twiddle.re, (float)twiddle.im};
}

/* Radix 4 stages, and a last stage of radix 2 if one factor is left; the lowest digit of k is the
 * highest of its position. */
size_t pt_batch_fft_digit_reverse(size_t k, size_t n) {
    size_t p = 0;
    while (n > 1) {
        const size_t radix = n >= 4 ? 4 : 2;
        n /= radix;
        p += k % radix * n;
        k /= radix;
    }
    return p;
}

void pt_batch_fft_init_twiddles(size_t n, pt_complex (*twiddles)[3]) {
    for (size_t q = 1; q <= n / 4; q *= 2)
        for (size_t j = 0; j < q; j++)
            for (size_t power = 1; power <= 3; power++)
                twiddles[q + j][power - 1] = pt_batch_fft_twiddle(power * j, 4 * q);
}

void pt_batch_fft_init_twiddles_float(size_t n, pt_complex_float (*twiddles)[3]) {
    for (size_t q = 1; q <= n / 4; q *= 2)
        for (size_t j = 0; j < q; j++)
            for (size_t power = 1; power <= 3; power++)
                twiddles[q + j][power - 1] = pt_batch_fft_twiddle_float(power * j, 4 * q);
}
