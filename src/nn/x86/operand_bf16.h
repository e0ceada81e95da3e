/* SPDX-License-Identifier: MIT */
/* operand_bf16.h - bfloat16 operands of kernels.h, for AVX-512 with BF16
 *
 * vdpbf16ps adds the products of the two operands in each 32-bit word. It rounds to nearest even in
 * any mode and flushes denormals to zero.
 */

#ifndef PATINA_NN_X86_OPERAND_BF16_H
#define PATINA_NN_X86_OPERAND_BF16_H

#include <stdint.h>
#include <string.h>

#define PRECISION PATINA_PRECISION_BF16

typedef uint16_t operand;

#define WORD 2

static inline vec v_word(const operand *x) {
    int32_t bits;
    memcpy(&bits, x, sizeof bits);
    return _mm512_castsi512_ps(_mm512_set1_epi32(bits));
}

static inline vec v_last_word(const operand *x) {
    return _mm512_castsi512_ps(_mm512_set1_epi32(*x));
}

static inline vec v_dot(vec a, vec w, vec sum) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)w);
}

static inline vec v_dot_half(vec a, vec w, vec sum) {
    return _mm512_castps256_ps512(_mm256_dpbf16_ps(_mm512_castps512_ps256(sum),
                                                   (__m256bh)_mm512_castps512_ps256(a),
                                                   (__m256bh)_mm512_castps512_ps256(w)));
}

static inline void v_store_operands(operand *p, size_t n, vec a) {
    const __m256i rounded = (__m256i)_mm512_cvtneps_pbh(a);
    if (n == LANES)
        _mm256_storeu_si256((__m256i *)(void *)p, rounded);
    else
        _mm256_mask_storeu_epi16(p, v_first_n_mask(n), rounded);
}

static inline vec v_column_words(const operand *row, const operand *next, size_t n) {
    const __m256i low = _mm256_maskz_loadu_epi16(v_first_n_mask(n), row);
    const __m256i high =
        next ? _mm256_maskz_loadu_epi16(v_first_n_mask(n), next) : _mm256_setzero_si256();
    return _mm512_castsi512_ps(_mm512_or_si512(_mm512_cvtepu16_epi32(low),
                                               _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16)));
}

#endif /* PATINA_NN_X86_OPERAND_BF16_H */
