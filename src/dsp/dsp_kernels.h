/* SPDX-License-Identifier: MIT */
/* dsp_kernels.h - the kernels, generic over vectors of WIDTH doubles
 *
 * dsp_ops_c.c and x86/dsp_ops_*.c define WIDTH, ISA and TABLE and include this file. Data is in
 * rows of eight lanes, which are one, two or four vectors. Operations across lanes do not depend on
 * WIDTH.
 */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/philox.h"
#include "dsp/dsp_dispatch.h"
#include "dsp/stats.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")

#define LANES       PT_STATS_LANES
#define FLOAT_LANES (2 * LANES)
#define FLOAT_WIDTH (2 * WIDTH)     /* floats in a vector */
#define N_VECS      (LANES / WIDTH) /* of a row of lanes, of doubles or floats */

/* Vectors in flight, to hide the latency of an operation. */
#define VECS  (WIDTH < LANES ? 2 : 1)
#define GROUP (VECS * WIDTH)

typedef double vec __attribute__((vector_size(8 * WIDTH), aligned(8 * WIDTH), may_alias));
typedef vec vec_double; /* also after single_precision.h */
typedef float vec_half __attribute__((vector_size(4 * WIDTH), may_alias)); /* WIDTH floats */
typedef float vec_half_unaligned __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
typedef float vec_float __attribute__((vector_size(8 * WIDTH), may_alias));
typedef float vec_float_unaligned __attribute__((vector_size(8 * WIDTH), aligned(4), may_alias));
typedef uint64_t vec_u64 __attribute__((vector_size(8 * WIDTH), may_alias));
typedef uint32_t vec_u32 __attribute__((vector_size(8 * WIDTH), may_alias));
typedef int32_t mask_float __attribute__((vector_size(8 * WIDTH), may_alias));
typedef double vec4 __attribute__((vector_size(32), aligned(16), may_alias));
typedef double vec4_unaligned __attribute__((vector_size(32), aligned(8), may_alias));
typedef float vec4f __attribute__((vector_size(16), aligned(4), may_alias));
typedef int32_t mask4 __attribute__((vector_size(16)));

/* vectors of random words in flight */
#define PHILOX_VECS 2

/* Lanes of (a, b), counted from 0 over both. gcc has __builtin_shufflevector since version 12. */
#if defined __clang__ || __GNUC__ >= 12
#define SHUFFLE2(a, b, i, j)                   __builtin_shufflevector(a, b, i, j)
#define SHUFFLE4(a, b, i, j, k, l)             __builtin_shufflevector(a, b, i, j, k, l)
#define SHUFFLE4F                              SHUFFLE4
#define SHUFFLE8(a, b, i, j, k, l, m, n, o, p) __builtin_shufflevector(a, b, i, j, k, l, m, n, o, p)
#define SHUFFLE8F                              SHUFFLE8
#define SHUFFLE16F(a, b, ...)                  __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int64_t mask2 __attribute__((vector_size(16)));
typedef int64_t mask4d __attribute__((vector_size(32)));
typedef int64_t mask8 __attribute__((vector_size(64)));
typedef int32_t mask8f __attribute__((vector_size(32)));
typedef int32_t mask16f __attribute__((vector_size(64)));
#define SHUFFLE2(a, b, i, j)        __builtin_shuffle(a, b, (mask2){i, j})
#define SHUFFLE4(a, b, i, j, k, l)  __builtin_shuffle(a, b, (mask4d){i, j, k, l})
#define SHUFFLE4F(a, b, i, j, k, l) __builtin_shuffle(a, b, (mask4){i, j, k, l})
#define SHUFFLE8(a, b, i, j, k, l, m, n, o, p)                                                     \
    __builtin_shuffle(a, b, (mask8){i, j, k, l, m, n, o, p})
#define SHUFFLE8F(a, b, i, j, k, l, m, n, o, p)                                                    \
    __builtin_shuffle(a, b, (mask8f){i, j, k, l, m, n, o, p})
#define SHUFFLE16F(a, b, ...) __builtin_shuffle(a, b, (mask16f){__VA_ARGS__})
#endif

#define BROADCAST(v) ((v) - (vec){0}) /* v in all lanes: v - 0 is v */

INLINE vec load_lanes(const double *lanes, size_t v) {
    return *(const vec *)(lanes + v * WIDTH);
}

INLINE void store_lanes(double *lanes, size_t v, vec value) {
    *(vec *)(lanes + v * WIDTH) = value;
}

INLINE vec_float load_lanes_float(const float *lanes, size_t v) {
    return *(const vec_float *)(lanes + v * 2 * WIDTH);
}

INLINE void store_lanes_float(float *lanes, size_t v, vec_float value) {
    *(vec_float *)(lanes + v * 2 * WIDTH) = value;
}

/* Four floats to doubles and back, and WIDTH of them. gcc 12 converts a vector that is in a
 * register two numbers at a time. */
#if defined(__AVX2__)
#define WIDEN4(x)  ((vec4)_mm256_cvtps_pd((__m128)(x)))
#define NARROW4(x) ((vec4f)_mm256_cvtpd_ps((__m256d)(x)))
#else
#define WIDEN4(x)  __builtin_convertvector(x, vec4)
#define NARROW4(x) __builtin_convertvector(x, vec4f)
#endif
#if WIDTH == 4
#define WIDEN(x)  ((vec_double)WIDEN4(x))
#define NARROW(x) ((vec_half)NARROW4(x))
#else
#define WIDEN(x)  __builtin_convertvector(x, vec_double)
#define NARROW(x) __builtin_convertvector(x, vec_half)
#endif

/* Transposes [4][4] in registers. */
INLINE void transpose4(vec4f row[4]) {
    const vec4f ab_low = SHUFFLE4F(row[0], row[1], 0, 4, 1, 5);
    const vec4f ab_high = SHUFFLE4F(row[0], row[1], 2, 6, 3, 7);
    const vec4f cd_low = SHUFFLE4F(row[2], row[3], 0, 4, 1, 5);
    const vec4f cd_high = SHUFFLE4F(row[2], row[3], 2, 6, 3, 7);
    row[0] = SHUFFLE4F(ab_low, cd_low, 0, 1, 4, 5);
    row[1] = SHUFFLE4F(ab_low, cd_low, 2, 3, 6, 7);
    row[2] = SHUFFLE4F(ab_high, cd_high, 0, 1, 4, 5);
    row[3] = SHUFFLE4F(ab_high, cd_high, 2, 3, 6, 7);
}

/* Transposes [4][4] in memory; the strides of doubles are multiples of 4. */
INLINE void transpose4x4(const float *x, size_t x_stride, float *y, size_t y_stride) {
    vec4f row[4];
    UNROLL for (size_t i = 0; i < 4; i++) row[i] = *(const vec4f *)(x + i * x_stride);
    transpose4(row);
    UNROLL for (size_t i = 0; i < 4; i++) * (vec4f *)(y + i * y_stride) = row[i];
}

INLINE void transpose4x4_widen(const float *x, size_t x_stride, double *y, size_t y_stride) {
    vec4f row[4];
    UNROLL for (size_t i = 0; i < 4; i++) row[i] = *(const vec4f *)(x + i * x_stride);
    transpose4(row);
    UNROLL for (size_t i = 0; i < 4; i++) * (vec4 *)(y + i * y_stride) = WIDEN4(row[i]);
}

INLINE void transpose4x4_narrow(const double *x, size_t x_stride, float *y, size_t y_stride) {
    vec4f row[4];
    UNROLL for (size_t i = 0; i < 4; i++) row[i] = NARROW4(*(const vec4 *)(x + i * x_stride));
    transpose4(row);
    UNROLL for (size_t i = 0; i < 4; i++) * (vec4f *)(y + i * y_stride) = row[i];
}

/* Transposes [8][8]. */
INLINE void transpose8x8_float(const float *x, size_t x_stride, float *y, size_t y_stride) {
#if defined(__AVX2__)
    /* columns j .. j + 3 of rows i and i + 4 side by side, so that no shuffle crosses halves */
    UNROLL for (size_t j = 0; j < 8; j += 4) {
        __m256 row[4];
        UNROLL for (size_t i = 0; i < 4; i++) row[i] =
            _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(x + i * x_stride + j)),
                                 _mm_loadu_ps(x + (i + 4) * x_stride + j), 1);
        const __m256d ab_low = (__m256d)_mm256_unpacklo_ps(row[0], row[1]);
        const __m256d ab_high = (__m256d)_mm256_unpackhi_ps(row[0], row[1]);
        const __m256d cd_low = (__m256d)_mm256_unpacklo_ps(row[2], row[3]);
        const __m256d cd_high = (__m256d)_mm256_unpackhi_ps(row[2], row[3]);
        float *out = y + j * y_stride;
        _mm256_storeu_ps(out, (__m256)_mm256_unpacklo_pd(ab_low, cd_low));
        _mm256_storeu_ps(out + y_stride, (__m256)_mm256_unpackhi_pd(ab_low, cd_low));
        _mm256_storeu_ps(out + 2 * y_stride, (__m256)_mm256_unpacklo_pd(ab_high, cd_high));
        _mm256_storeu_ps(out + 3 * y_stride, (__m256)_mm256_unpackhi_pd(ab_high, cd_high));
    }
#else
    for (size_t i = 0; i < 8; i += 4)
        for (size_t j = 0; j < 8; j += 4)
            transpose4x4(x + i * x_stride + j, x_stride, y + j * y_stride + i, y_stride);
#endif
}

/* Sixteen columns of sixteen rows become rows of columns. */
INLINE void transpose_rows(const pt_complex16_float *in, pt_complex16_float *out) {
    const size_t stride = 2 * FLOAT_LANES; /* of the real or the imaginary parts of rows */
    for (size_t i = 0; i < FLOAT_LANES; i += 8)
        UNROLL for (size_t l = 0; l < FLOAT_LANES; l += 8) {
            transpose8x8_float(in[i].re + l, stride, out[l].re + i, stride);
            transpose8x8_float(in[i].im + l, stride, out[l].im + i, stride);
        }
}

#include "dsp/batch_fft_kernel.h"
#include "dsp/biquad_kernel.h"
#include "dsp/elementary_kernel.h"
#include "dsp/iir_energy_kernel.h"
#include "dsp/mix_kernel.h"
#include "dsp/polyphase_kernel.h"
#include "dsp/sample_stats_kernel.h"
#include "dsp/stft_kernel.h"
#include "dsp/sum_kernel.h"

#include "dsp/single_precision.h" /* before the second batch_fft_kernel.h */

#include "dsp/batch_fft_kernel.h"
#include "dsp/irfft_kernel.h"
#include "dsp/welch_kernel.h"

const pt_dsp_ops TABLE = {
    .isa = ISA,
    .sample_stats = sample_stats,
    .extremes = extremes,
    .transpose8 = transpose8,
    .iir_energy = iir_energy,
    .biquad_cascade = biquad_cascade,
    .welch_accumulate = welch_accumulate,
    .irfft = irfft,
    .polyphase = polyphase,
    .sum = sum,
    .moments = moments,
    .sum_products_about = sum_products_about,
    .peak = peak,
    .narrow = narrow,
    .mix = mix,
    .hard_clip = hard_clip,
    .select_magnitudes = select_magnitudes,
    .delayed_sum = delayed_sum,
    .soft_clip = soft_clip,
    .philox_words = philox_words,
    .gauss_pairs = gauss_pairs,
    .spectral_tilt = spectral_tilt,
    .stft_power = stft_power,
    .filterbank = filterbank,
    .power_to_db = power_to_db,
};
