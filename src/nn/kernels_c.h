/* SPDX-License-Identifier: MIT */
/* kernels_c.h - the kernels in plain C, generic over the operand type
 *
 * ops_c.c and ops_bf16_c.c define `operand` and its conversions and include this file, which
 * defines the table TABLE of PRECISION.
 *
 * The innermost loops run over outputs, not over the terms of one output, so that a compiler can
 * vectorise them without reordering a sum.
 */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "nn/nn_dispatch.h"

/* A row of y is computed PANEL outputs at a time, with sums in registers of SSE2 or NEON. */
enum { PANEL = 32, K_BLOCK = 512 };

static size_t min_size(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t packed_size(size_t n_out, size_t n_in) {
    return (n_out + PANEL - 1) / PANEL * PANEL * n_in * sizeof(operand);
}

/* packed: [panel][n_in][PANEL], the last panel padded with zeros */
static void pack(const float *w, size_t n_out, size_t n_in, void *packed) {
    operand *to = packed;

    for (size_t j0 = 0; j0 < n_out; j0 += PANEL)
        for (size_t k = 0; k < n_in; k++)
            for (size_t j = j0; j < j0 + PANEL; j++)
                *to++ = to_operand(j < n_out ? w[j * n_in + k] : 0.0f);
}

static void to_operands(const float *x, size_t n, void *operands) {
    operand *to = operands;

    for (size_t i = 0; i < n; i++)
        to[i] = to_operand(x[i]);
}

/* GELU of Hendrycks and Gimpel (2016), the exact form: v times the normal distribution function. */
static float gelu(float v) {
    return 0.5f * v * (1.0f + erff(v * 0.70710678f));
}

/* Epilogues other than PT_NN_STORE and PT_NN_ADD; NaN is preserved. */
static operand activate(float v, pt_nn_epilogue epilogue) {
    if (epilogue == PT_NN_GELU) v = gelu(v);
    if (epilogue == PT_NN_RELU && v < 0.0f) v = 0.0f;
    return to_operand(v);
}

/* sum [PANEL] += x [n_k] panel [n_k, PANEL] */
static void row_times_panel(const operand *x, const operand *panel, size_t n_k, float *sum) {
    float s[PANEL] = {0.0f};

    for (size_t k = 0; k < n_k; k++) {
        const float a = from_operand(x[k]);
        for (size_t j = 0; j < PANEL; j++)
            s[j] += a * from_operand(panel[k * PANEL + j]);
    }
    for (size_t j = 0; j < PANEL; j++)
        sum[j] += s[j];
}

/* Terms are summed in blocks of K_BLOCK and then the sums of blocks, which reduces rounding errors.
 * A panel stays in cache for all rows. */
static void linear(const pt_nn_linear *map, const void *x, size_t ldx, size_t n_rows,
                   pt_nn_epilogue epilogue, void *y, size_t ldy) {
    for (size_t j0 = 0; j0 < map->n_out; j0 += PANEL) {
        const operand *panel = (const operand *)map->packed + j0 * map->n_in;
        const size_t n_j = min_size(PANEL, map->n_out - j0);

        for (size_t i = 0; i < n_rows; i++) {
            const operand *row = (const operand *)x + i * ldx;
            const size_t at = i * ldy + j0;
            float sum[PANEL] = {0.0f};

            for (size_t k = 0; k < map->n_in; k += K_BLOCK)
                row_times_panel(row + k, panel + k * PANEL, min_size(K_BLOCK, map->n_in - k), sum);
            for (size_t j = 0; j < n_j; j++) {
                const float v = map->bias ? sum[j] + map->bias[j0 + j] : sum[j];
                if (epilogue == PT_NN_STORE)
                    ((float *)y)[at + j] = v;
                else if (epilogue == PT_NN_ADD)
                    ((float *)y)[at + j] += v;
                else
                    ((operand *)y)[at + j] = activate(v, epilogue);
            }
        }
    }
}

static void layer_norm(const float *x, size_t n_rows, size_t n, const float *gain,
                       const float *shift, float eps, float *y, void *operands) {
    operand *rounded = operands;

    for (size_t i = 0; i < n_rows * n; i += n) {
        double mean = 0.0, variance = 0.0;

        for (size_t j = 0; j < n; j++)
            mean += x[i + j];
        mean /= (double)n;
        for (size_t j = 0; j < n; j++)
            variance += (x[i + j] - mean) * (x[i + j] - mean);
        variance /= (double)n;

        const double scale = 1.0 / sqrt(variance + eps);
        for (size_t j = 0; j < n; j++) {
            const float v = (float)((x[i + j] - mean) * scale) * gain[j] + shift[j];
            if (y) y[i + j] = v;
            if (rounded) rounded[i + j] = to_operand(v);
        }
    }
}

static size_t attention_scratch(size_t n_tokens, size_t head_dim) {
    return (2 * n_tokens * head_dim + n_tokens + head_dim) * sizeof(float);
}

/* Softmax of s [n] in place; the maximum is subtracted first to prevent overflow. */
static void softmax(float *s, size_t n) {
    float max = s[0], sum = 0.0f;

    for (size_t j = 1; j < n; j++)
        max = fmaxf(max, s[j]);
    for (size_t j = 0; j < n; j++) {
        s[j] = expf(s[j] - max);
        sum += s[j];
    }
    for (size_t j = 0; j < n; j++)
        s[j] /= sum;
}

/* Attention of one query with the keys kt [dim, n] and values [n, dim] of its head; s [n] and sum
 * [dim] are buffers. The weights of the values are rounded to operands like all factors. */
static void attend(const pt_nn_attention *a, size_t h, size_t i, const float *kt,
                   const float *values, float *s, float *sum) {
    const size_t n = a->n_tokens, dim = a->head_dim;
    const operand *q = (const operand *)a->q + i * a->ld + h * dim;
    operand *out = (operand *)a->out + i * a->ld_out + h * dim;

    for (size_t j = 0; j < n; j++)
        s[j] = 0.0f;
    for (size_t d = 0; d < dim; d++)
        for (size_t j = 0; j < n; j++)
            s[j] += from_operand(q[d]) * kt[d * n + j];
    for (size_t j = 0; j < n; j++) {
        s[j] *= a->scale;
        if (a->bias) s[j] += a->bias[(h * n + i) * n + j];
        if (a->mask) s[j] += a->mask[i * n + j];
    }
    softmax(s, n);

    for (size_t d = 0; d < dim; d++)
        sum[d] = 0.0f;
    for (size_t j = 0; j < n; j++)
        for (size_t d = 0; d < dim; d++)
            sum[d] += from_operand(to_operand(s[j])) * values[j * dim + d];
    for (size_t d = 0; d < dim; d++)
        out[d] = to_operand(sum[d]);
}

static void attention(const pt_nn_attention *a) {
    const size_t n = a->n_tokens, dim = a->head_dim;
    float *kt = a->scratch;       /* [dim, n]: one head of k, transposed */
    float *values = kt + dim * n; /* [n, dim]: one head of v */
    float *s = values + n * dim;  /* [n]: one row of scores */
    float *sum = s + n;           /* [dim] */

    for (size_t h = 0; h < a->n_heads; h++) {
        const operand *k = (const operand *)a->k + h * dim, *v = (const operand *)a->v + h * dim;

        for (size_t j = 0; j < n; j++)
            for (size_t d = 0; d < dim; d++) {
                kt[d * n + j] = from_operand(k[j * a->ld + d]);
                values[j * dim + d] = from_operand(v[j * a->ld + d]);
            }
        for (size_t i = 0; i < n; i++)
            attend(a, h, i, kt, values, s, sum);
    }
}

const pt_nn_ops TABLE = {
    .isa = PATINA_ISA_C,
    .precision = PRECISION,
    .operand_size = sizeof(operand),
    .packed_size = packed_size,
    .pack = pack,
    .to_operands = to_operands,
    .linear = linear,
    .layer_norm = layer_norm,
    .attention_scratch = attention_scratch,
    .attention = attention,
};
