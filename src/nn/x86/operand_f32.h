/* SPDX-License-Identifier: MIT */
/* operand_f32.h - float32 operands of kernels.h, for any vector */

#ifndef PATINA_NN_X86_OPERAND_F32_H
#define PATINA_NN_X86_OPERAND_F32_H

#define PRECISION PATINA_PRECISION_F32

typedef float operand;

/* Operands per word: the products that an instruction sums per lane. */
#define WORD 1

/* One word of x in all lanes; v_last_word: the last, incomplete word. */
static inline vec v_word(const operand *x) {
    return v_set1(*x);
}

static inline vec v_last_word(const operand *x) {
    return v_set1(*x);
}

/* sum + a w, lane by lane */
static inline vec v_dot(vec a, vec w, vec sum) {
    return v_fma(a, w, sum);
}

static inline vec v_dot_half(vec a, vec w, vec sum) {
    return v_fma_half(a, w, sum);
}

/* The first n lanes. */
static inline void v_store_operands(operand *p, size_t n, vec a) {
    if (n == LANES)
        v_store(p, a);
    else
        v_store_partial(p, n, a);
}

/* Words of n columns: a lane holds one column of WORD rows, `row` and, if WORD is 2, `next`, which
 * may be NULL for zeros. */
static inline vec v_column_words(const operand *row, const operand *next, size_t n) {
    (void)next;
    return n == LANES ? v_load(row) : v_load_partial(row, n);
}

#endif /* PATINA_NN_X86_OPERAND_F32_H */
