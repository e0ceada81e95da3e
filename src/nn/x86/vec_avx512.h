/* SPDX-License-Identifier: MIT */
/* vec_avx512.h - the vector type of kernels.h in AVX-512 (F, BW, DQ, VL) */

#ifndef PATINA_NN_X86_VEC_AVX512_H
#define PATINA_NN_X86_VEC_AVX512_H

#include <immintrin.h>
#include <stddef.h>

#include "nn/x86/exp_gelu_polynomials.h"

#define LANES 16

/* A tile uses 28 of 32 registers: 8 x 3 for sums, 3 for weights and 1 for x. */
#define TILE_ROWS 8
#define TILE_VECS 3

#define ERF_SEGMENTS 16
#define ERF_DEGREE   PT_NN_ERF16_DEGREE
#define ERF_STEPS    PT_NN_ERF16_STEPS
#define ERF_TABLE    pt_nn_erf16

typedef __m512 vec;
typedef __m512d vec_double;

static inline vec v_set1(float a) {
    return _mm512_set1_ps(a);
}

/* p is a multiple of 64 bytes. */
static inline vec v_load_aligned(const float *p) {
    return _mm512_load_ps(p);
}

static inline vec v_load(const float *p) {
    return _mm512_loadu_ps(p);
}

static inline void v_store(float *p, vec a) {
    _mm512_storeu_ps(p, a);
}

/* The first n lanes, 0 to LANES. */
static inline __mmask16 v_first_n_mask(size_t n) {
    return (__mmask16)((1u << n) - 1);
}

/* The first n of p, then zeros; does not access memory after them. */
static inline vec v_load_partial(const float *p, size_t n) {
    return _mm512_maskz_loadu_ps(v_first_n_mask(n), p);
}

static inline void v_store_partial(float *p, size_t n, vec a) {
    _mm512_mask_storeu_ps(p, v_first_n_mask(n), a);
}

/* The first n lanes of a, the remaining lanes of b. */
static inline vec v_blend_first(vec a, size_t n, vec b) {
    return _mm512_mask_blend_ps(v_first_n_mask(n), b, a);
}

static inline vec v_add(vec a, vec b) {
    return _mm512_add_ps(a, b);
}

static inline vec v_sub(vec a, vec b) {
    return _mm512_sub_ps(a, b);
}

static inline vec v_mul(vec a, vec b) {
    return _mm512_mul_ps(a, b);
}

/* a b + c, rounded once */
static inline vec v_fma(vec a, vec b, vec c) {
    return _mm512_fmadd_ps(a, b, c);
}

/* The same in the lower half; the upper half is undefined. A 256-bit product takes half the time on
 * CPUs that split 512-bit operations, and no longer than a whole one on others. */
static inline vec v_fma_half(vec a, vec b, vec c) {
    return _mm512_castps256_ps512(_mm256_fmadd_ps(
        _mm512_castps512_ps256(a), _mm512_castps512_ps256(b), _mm512_castps512_ps256(c)));
}

static inline vec v_max(vec a, vec b) {
    return _mm512_max_ps(a, b);
}

static inline vec v_min(vec a, vec b) {
    return _mm512_min_ps(a, b);
}

static inline vec v_abs(vec a) {
    return _mm512_abs_ps(a);
}

/* a times 2^i, i in the low bits of t; the result must be a normal number. */
static inline vec v_scale_pow2(vec a, vec t) {
    return _mm512_castsi512_ps(
        _mm512_add_epi32(_mm512_castps_si512(a), _mm512_slli_epi32(_mm512_castps_si512(t), 23)));
}

/* Zero where x < bound, else a. */
static inline vec v_zero_below(vec a, vec x, vec bound) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, bound, _CMP_NLT_UQ), a);
}

/* table[i] in each lane, i from the low 4 bits of that lane of index. */
static inline vec v_lookup(const float table[LANES], vec index) {
    return _mm512_permutexvar_ps(_mm512_castps_si512(index), _mm512_load_ps(table));
}

static inline float v_reduce_add(vec a) {
    return _mm512_reduce_add_ps(a);
}

static inline float v_reduce_max(vec a) {
    return _mm512_reduce_max_ps(a);
}

static inline vec_double v_zero_double(void) {
    return _mm512_setzero_pd();
}

/* Adds the sixteen lanes of a to eight partial sums. */
static inline vec_double v_add_double(vec_double sum, vec a) {
    const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(a));
    const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1));
    return _mm512_add_pd(sum, _mm512_add_pd(low, high));
}

static inline double v_reduce_add_double(vec_double a) {
    return _mm512_reduce_add_pd(a);
}

#endif /* PATINA_NN_X86_VEC_AVX512_H */
