/* SPDX-License-Identifier: MIT */
/* ops.h - the kernel table: what a tower computes with
 *
 * One table an instruction set and precision. `clap` sees only this header and cannot tell which
 * table it runs.
 *
 * What a matrix product reads are *operands*, numbers of operand_size bytes: float32, or bfloat16
 * (the upper half of a float32, rounded to nearest even). Kernels write operands where a product
 * reads them next, so each number is rounded once, where it arises. All else is float32: sums,
 * biases, norms, softmax and the residual stream.
 *
 * All matrices are row-major; a leading dimension (ld) counts elements between rows. Kernels do not
 * fail and allocate nothing; sizes are checked by their caller. Sums run in a fixed order that
 * depends on the shapes only, so a row of a result is the same whatever rows stand beside it.
 */

#ifndef PATINA_NN_OPS_H
#define PATINA_NN_OPS_H

#include <stddef.h>

#include <patina/cpu.h>

/** What becomes of a finished element v of x W^T + b. */
typedef enum pt_nn_epilogue {
    PT_NN_STORE,   /* y = v, float32 */
    PT_NN_ADD,     /* y += v, float32: the residual */
    PT_NN_OPERAND, /* y = v, operands like those of the following */
    PT_NN_RELU,    /* y = max(v, 0) */
    PT_NN_GELU     /* y = v (1 + erf(v / sqrt 2)) / 2 */
} pt_nn_epilogue;

/** An affine map with its weights in the table's own packed order. */
typedef struct pt_nn_linear {
    size_t n_in, n_out;
    const void *packed; /* packed_size(n_out, n_in) bytes, aligned to 64 */
    const float *bias;  /* [n_out], or NULL */
} pt_nn_linear;

/** Multi-head attention of one sequence or window: every token sees every token. */
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

    /* Bytes that a packed [n_out, n_in] matrix takes. */
    size_t (*packed_size)(size_t n_out, size_t n_in);

    /* Packs w [n_out, n_in] (PyTorch's Linear layout). */
    void (*pack)(const float *w, size_t n_out, size_t n_in, void *packed);

    /* x [n] to operands [n]. */
    void (*to_operands)(const float *x, size_t n, void *operands);

    /* y [n_rows, n_out] = epilogue(x [n_rows, n_in] W^T + b), x of operands, y of what the epilogue
     * says; x and y do not overlap. */
    void (*linear)(const pt_nn_linear *map, const void *x, size_t ldx, size_t n_rows,
                   pt_nn_epilogue epilogue, void *y, size_t ldy);

    /* Rows x [n_rows, n] to (x - mean) / sqrt(biased variance + eps) * gain + shift, as float32 y,
     * which may be x, and as operands; either may be NULL. */
    void (*layer_norm)(const float *x, size_t n_rows, size_t n, const float *gain,
                       const float *shift, float eps, float *y, void *operands);

    size_t (*attention_scratch)(size_t n_tokens, size_t head_dim);
    void (*attention)(const pt_nn_attention *args);
} pt_nn_ops;

/**
 * The table of an instruction set, which must be one that patina_isa_parse accepts here, and precision;
 * NULL where there is none. Plain C has both, its bfloat16 being a reference for tests; AVX-512 has
 * bfloat16 where the CPU does.
 */
const pt_nn_ops *pt_nn_ops_get(patina_isa isa, patina_precision precision);

#endif /* PATINA_NN_OPS_H */
