/* SPDX-License-Identifier: MIT */
/* ops.h - dispatch table of the neural network kernels
 *
 * There is one table per instruction set and precision. The towers use them through this header
 * only.
 *
 * Matrix products read *operands* of operand_size bytes: float32, or bfloat16 (the upper half of a
 * float32, rounded to nearest even). Kernels write operands where the next step is a product, so
 * that each number is rounded once. Everything else is float32: sums, biases, norms, softmax and
 * the residual stream.
 *
 * Matrices are row-major; a leading dimension (ld) is the distance of rows in elements. Kernels do
 * not fail and do not allocate; the caller validates sizes. The order of sums depends on the shapes
 * only, so a row of a result does not depend on other rows.
 */

#ifndef PATINA_NN_OPS_H
#define PATINA_NN_OPS_H

#include <stddef.h>

#include <patina/cpu.h>

/** Operation on each element v of x W^T + b. */
typedef enum pt_nn_epilogue {
    PT_NN_STORE,   /* y = v, float32 */
    PT_NN_ADD,     /* y += v, float32: the residual */
    PT_NN_OPERAND, /* y = v as operands, as in the following */
    PT_NN_RELU,    /* y = max(v, 0) */
    PT_NN_GELU     /* y = v (1 + erf(v / sqrt 2)) / 2 */
} pt_nn_epilogue;

/** A linear layer with weights in the packed layout of a table. */
typedef struct pt_nn_linear {
    size_t n_in, n_out;
    const void *packed; /* packed_size(n_out, n_in) bytes, aligned to 64 */
    const float *bias;  /* [n_out], or NULL */
} pt_nn_linear;

/** Multi-head self-attention of one sequence or window. */
typedef struct pt_nn_attention {
    size_t n_tokens, n_heads, head_dim;
    const void *q, *k, *v; /* operands, [n_tokens, n_heads * head_dim] each, rows ld apart */
    size_t ld;
    float scale;       /* of the scores, 1 / sqrt(head_dim) */
    const float *bias; /* [n_heads, n_tokens, n_tokens] added to the scores, or NULL */
    const float *mask; /* [n_tokens, n_tokens] added to the scores of every head, or NULL */
    void *out; /* operands, [n_tokens, n_heads * head_dim], rows ld_out apart; not q, k or v */
    size_t ld_out;
    void *scratch; /* attention_scratch(n_tokens, head_dim) bytes, aligned to 64 */
} pt_nn_attention;

typedef struct pt_nn_ops {
    patina_isa isa;
    patina_precision precision;
    size_t operand_size; /* bytes: 4 or 2 */

    /* Bytes of a packed [n_out, n_in] matrix. */
    size_t (*packed_size)(size_t n_out, size_t n_in);

    /* Packs w [n_out, n_in] (PyTorch's Linear layout). */
    void (*pack)(const float *w, size_t n_out, size_t n_in, void *packed);

    /* Converts x [n] to operands [n]. */
    void (*to_operands)(const float *x, size_t n, void *operands);

    /* y [n_rows, n_out] = epilogue(x [n_rows, n_in] W^T + b); x are operands, the type of y depends
     * on the epilogue; x and y do not overlap. */
    void (*linear)(const pt_nn_linear *map, const void *x, size_t ldx, size_t n_rows,
                   pt_nn_epilogue epilogue, void *y, size_t ldy);

    /* Layer norm of rows x [n_rows, n]: (x - mean) / sqrt(biased variance + eps) * gain + shift, as
     * float32 y, which may be x, and as operands; either may be NULL. */
    void (*layer_norm)(const float *x, size_t n_rows, size_t n, const float *gain,
                       const float *shift, float eps, float *y, void *operands);

    size_t (*attention_scratch)(size_t n_tokens, size_t head_dim);
    void (*attention)(const pt_nn_attention *args);
} pt_nn_ops;

/**
 * The table of an instruction set that this machine has (patina_isa_detect or below) and of a
 * precision; NULL if there is none. Plain C has both, bfloat16 as a reference for tests; AVX-512
 * has bfloat16 if the CPU supports it.
 */
const pt_nn_ops *pt_nn_ops_get(patina_isa isa, patina_precision precision);

#endif /* PATINA_NN_OPS_H */
