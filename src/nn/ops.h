/* SPDX-License-Identifier: MIT */
/* ops.h - the kernel table: what a tower computes with
 *
 * One table an instruction set. `clap` sees only this header and cannot tell which table it runs.
 * All matrices are row-major float32; a leading dimension (ld) counts floats between rows. Kernels
 * do not fail and allocate nothing; sizes are checked by their caller. Sums run in a fixed order
 * that depends on the shapes only, so a row of a result is the same whatever rows stand beside it.
 */

#ifndef PATINA_NN_OPS_H
#define PATINA_NN_OPS_H

#include <stddef.h>

#include <patina/isa.h>

/** What happens to a finished element of x W^T + b before it is stored. */
typedef enum pt_nn_epilogue {
    PT_NN_STORE, /* y = v */
    PT_NN_ADD,   /* y += v: the residual */
    PT_NN_GELU   /* y = v (1 + erf(v / sqrt 2)) / 2 */
} pt_nn_epilogue;

/** An affine map with its weights in the table's own packed order. */
typedef struct pt_nn_linear {
    size_t n_in, n_out;
    const float *packed; /* packed_size(n_out, n_in) floats, aligned to 64 bytes */
    const float *bias;   /* [n_out], or NULL */
} pt_nn_linear;

/** Multi-head attention of one sequence or window: every token sees every token. */
typedef struct pt_nn_attention {
    size_t n_tokens, n_heads, head_dim;
    const float *q, *k, *v; /* [n_tokens, n_heads * head_dim] each, rows ld apart */
    size_t ld;
    float scale;       /* of the scores, 1 / sqrt(head_dim) */
    const float *bias; /* [n_heads, n_tokens, n_tokens] added to the scores, or NULL */
    const float *mask; /* [n_tokens, n_tokens] added to the scores of every head, or NULL */
    float *out;        /* [n_tokens, n_heads * head_dim], rows ld_out apart; not q, k or v */
    size_t ld_out;
    float *scratch; /* attention_scratch(n_tokens, head_dim) floats, aligned to 64 bytes */
} pt_nn_attention;

typedef struct pt_nn_ops {
    pt_isa isa;

    /* Floats that a packed [n_out, n_in] matrix takes. */
    size_t (*packed_size)(size_t n_out, size_t n_in);

    /* Packs w [n_out, n_in] (PyTorch's Linear layout). */
    void (*pack)(const float *w, size_t n_out, size_t n_in, float *packed);

    /* y [n_rows, n_out] = epilogue(x [n_rows, n_in] W^T + b); x and y do not overlap. */
    void (*linear)(const pt_nn_linear *map, const float *x, size_t ldx, size_t n_rows,
                   pt_nn_epilogue epilogue, float *y, size_t ldy);

    /* Rows of n: (x - mean) / sqrt(biased variance + eps) * gain + shift; y may be x. */
    void (*layer_norm)(const float *x, size_t ldx, size_t n_rows, size_t n, const float *gain,
                       const float *shift, float eps, float *y, size_t ldy);

    size_t (*attention_scratch)(size_t n_tokens, size_t head_dim);
    void (*attention)(const pt_nn_attention *args);
} pt_nn_ops;

/** The table of an instruction set, which must be one that pt_isa_parse accepts here. */
const pt_nn_ops *pt_nn_ops_of(pt_isa isa);

#endif /* PATINA_NN_OPS_H */
