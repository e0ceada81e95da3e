/* SPDX-License-Identifier: MIT */
/* vec_avx2.h - the vector type of kernels.h in AVX2 with FMA */

#ifndef PATINA_NN_X86_VEC_AVX2_H
#define PATINA_NN_X86_VEC_AVX2_H

#include <immintrin.h>
#include <stddef.h>

#include "nn/x86/exp_gelu_polynomials.h"

#define LANES 8

/* A tile uses all 16 registers: 4 x 3 for sums, 3 for weights and 1 for x. */
#define TILE_ROWS 4
#define TILE_VECS 3

/* A lookup among four is a shuffle of half vectors, twice as fast on AMD as one among eight. */
#define ERF_SEGMENTS 4
#define ERF_DEGREE   PT_NN_ERF4_DEGREE
#define ERF_STEPS    PT_NN_ERF4_STEPS
#define ERF_TABLE    pt_nn_erf4

typedef __m256 vec;
typedef __m256d vec_double;

static inline vec v_set1(float a) {
    return _mm256_set1_ps(a);
}

/* p is a multiple of 32 bytes. */
static inline vec v_load_aligned(const float *p) {
    return _mm256_load_ps(p);
}

static inline vec v_load(const float *p) {
    return _mm256_loadu_ps(p);
}

static inline void v_store(float *p, vec a) {
    _mm256_storeu_ps(p, a);
}

/* The first n lanes, 0 to LANES. */
static inline __m256i v_first_n_mask(size_t n) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), lane);
}

/* The first n of p, then zeros; does not access memory after them. */
static inline vec v_load_partial(const float *p, size_t n) {
    return _mm256_maskload_ps(p, v_first_n_mask(n));
}

static inline void v_store_partial(float *p, size_t n, vec a) {
    _mm256_maskstore_ps(p, v_first_n_mask(n), a);
}

/* The first n lanes of a, the remaining lanes of b. */
static inline vec v_blend_first(vec a, size_t n, vec b) {
    return _mm256_blendv_ps(b, a, _mm256_castsi256_ps(v_first_n_mask(n)));
}

static inline vec v_add(vec a, vec b) {
    return _mm256_add_ps(a, b);
}

static inline vec v_sub(vec a, vec b) {
    return _mm256_sub_ps(a, b);
}

static inline vec v_mul(vec a, vec b) {
    return _mm256_mul_ps(a, b);
}

/* a b + c, rounded once */
static inline vec v_fma(vec a, vec b, vec c) {
    return _mm256_fmadd_ps(a, b, c);
}

/* Half a vector is not faster. */
static inline vec v_fma_half(vec a, vec b, vec c) {
    return v_fma(a, b, c);
}

static inline vec v_max(vec a, vec b) {
    return _mm256_max_ps(a, b);
}

static inline vec v_min(vec a, vec b) {
    return _mm256_min_ps(a, b);
}

static inline vec v_abs(vec a) {
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

/* a times 2^i, i in the low bits of t; the result must be a normal number. */
static inline vec v_scale_pow2(vec a, vec t) {
    return _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_castps_si256(a), _mm256_slli_epi32(_mm256_castps_si256(t), 23)));
}

/* Zero where x < bound, else a. */
static inline vec v_zero_below(vec a, vec x, vec bound) {
    return _mm256_andnot_ps(_mm256_cmp_ps(x, bound, _CMP_LT_OQ), a);
}

/* table[i] in each lane, i from the low 2 bits of that lane of index. */
static inline vec v_lookup(const float table[ERF_SEGMENTS], vec index) {
    return _mm256_permutevar_ps(_mm256_broadcast_ps((const __m128 *)(const void *)table),
                                _mm256_castps_si256(index));
}

static inline float v_reduce_add(vec a) {
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_movehdup_ps(b)));
}

static inline float v_reduce_max(vec a) {
    __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(b, _mm_movehdup_ps(b)));
}

static inline vec_double v_zero_double(void) {
    return _mm256_setzero_pd();
}

/* Adds the eight lanes of a to four partial sums. */
static inline vec_double v_add_double(vec_double sum, vec a) {
    const __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(a));
    const __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(a, 1));
    return _mm256_add_pd(sum, _mm256_add_pd(low, high));
}

static inline double v_reduce_add_double(vec_double a) {
    const __m128d b = _mm_add_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1));
    return _mm_cvtsd_f64(_mm_add_sd(b, _mm_unpackhi_pd(b, b)));
}

#endif /* PATINA_NN_X86_VEC_AVX2_H */
