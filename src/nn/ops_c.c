/* SPDX-License-Identifier: MIT */
/* ops_c.c - the kernel table in plain C: the reference, and what runs where no other table does
 *
 * Loops are laid out so that a compiler turns the innermost one into vectors without reordering a
 * sum: it runs over outputs, never over the terms of one output.
 */

#include "nn/tables.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* One row of y is made PANEL outputs at a time, their sums in the registers of SSE2 or NEON. */
enum { PANEL = 32, K_BLOCK = 512 };

static size_t min_size(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t packed_size(size_t n_out, size_t n_in) {
    return (n_out + PANEL - 1) / PANEL * PANEL * n_in;
}

/* packed: [panel][n_in][PANEL], the last panel filled up with zeros */
static void pack(const float *w, size_t n_out, size_t n_in, float *packed) {
    for (size_t j0 = 0; j0 < n_out; j0 += PANEL)
        for (size_t k = 0; k < n_in; k++)
            for (size_t j = j0; j < j0 + PANEL; j++)
                *packed++ = j < n_out ? w[j * n_in + k] : 0.0f;
}

/* GELU of Hendrycks and Gimpel (2016), the exact form: v times the normal distribution function. */
static float gelu(float v) {
    return 0.5f * v * (1.0f + erff(v * 0.70710678f));
}

/* sum [PANEL] = x [n_k] panel [n_k, PANEL] */
static void row_times_panel(const float *x, const float *panel, size_t n_k, float *sum) {
    float s[PANEL] = {0.0f};

    for (size_t k = 0; k < n_k; k++)
        for (size_t j = 0; j < PANEL; j++)
            s[j] += x[k] * panel[k * PANEL + j];
    memcpy(sum, s, sizeof s);
}

/* Terms are summed in blocks of K_BLOCK, and the blocks' sums in y: so long rows lose less to
 * rounding, and the panel stays in cache for all rows. */
static void linear(const pt_nn_linear *map, const float *x, size_t ldx, size_t n_rows,
                   pt_nn_epilogue epilogue, float *y, size_t ldy) {
    float sum[PANEL];

    for (size_t k0 = 0; k0 < map->n_in; k0 += K_BLOCK) {
        const size_t n_k = min_size(K_BLOCK, map->n_in - k0);
        const bool last = k0 + n_k == map->n_in;

        for (size_t j0 = 0; j0 < map->n_out; j0 += PANEL) {
            const float *panel = map->packed + j0 * map->n_in + k0 * PANEL;
            const size_t n_j = min_size(PANEL, map->n_out - j0);

            for (size_t i = 0; i < n_rows; i++) {
                float *out = y + i * ldy + j0;

                row_times_panel(x + i * ldx + k0, panel, n_k, sum);
                for (size_t j = 0; j < n_j; j++) {
                    float v = sum[j];
                    if (last && map->bias) v += map->bias[j0 + j];
                    if (k0 > 0 || epilogue == PT_NN_ADD) v += out[j];
                    out[j] = last && epilogue == PT_NN_GELU ? gelu(v) : v;
                }
            }
        }
    }
}

static void layer_norm(const float *x, size_t ldx, size_t n_rows, size_t n, const float *gain,
                       const float *shift, float eps, float *y, size_t ldy) {
    for (size_t i = 0; i < n_rows; i++, x += ldx, y += ldy) {
        double mean = 0.0, variance = 0.0;

        for (size_t j = 0; j < n; j++)
            mean += x[j];
        mean /= (double)n;
        for (size_t j = 0; j < n; j++)
            variance += (x[j] - mean) * (x[j] - mean);
        variance /= (double)n;

        const double scale = 1.0 / sqrt(variance + eps);
        for (size_t j = 0; j < n; j++)
            y[j] = (float)((x[j] - mean) * scale) * gain[j] + shift[j];
    }
}

static size_t attention_scratch(size_t n_tokens, size_t head_dim) {
    return n_tokens * head_dim + n_tokens;
}

/* Softmax of s [n] in place. The largest is subtracted first, so nothing overflows. */
static void softmax(float *s, size_t n) {
    float largest = s[0], sum = 0.0f;

    for (size_t j = 1; j < n; j++)
        largest = fmaxf(largest, s[j]);
    for (size_t j = 0; j < n; j++) {
        s[j] = expf(s[j] - largest);
        sum += s[j];
    }
    for (size_t j = 0; j < n; j++)
        s[j] /= sum;
}

static void attention(const pt_nn_attention *a) {
    const size_t n = a->n_tokens, dim = a->head_dim;
    float *kt = a->scratch;  /* [dim, n]: one head of k, transposed */
    float *s = kt + dim * n; /* [n]: one row of scores */

    for (size_t h = 0; h < a->n_heads; h++) {
        for (size_t j = 0; j < n; j++)
            for (size_t d = 0; d < dim; d++)
                kt[d * n + j] = a->k[j * a->ld + h * dim + d];

        for (size_t i = 0; i < n; i++) {
            const float *q = a->q + i * a->ld + h * dim;
            float *out = a->out + i * a->ld_out + h * dim;

            for (size_t j = 0; j < n; j++)
                s[j] = 0.0f;
            for (size_t d = 0; d < dim; d++)
                for (size_t j = 0; j < n; j++)
                    s[j] += q[d] * kt[d * n + j];
            for (size_t j = 0; j < n; j++) {
                s[j] *= a->scale;
                if (a->bias) s[j] += a->bias[(h * n + i) * n + j];
                if (a->mask) s[j] += a->mask[i * n + j];
            }
            softmax(s, n);

            for (size_t d = 0; d < dim; d++)
                out[d] = 0.0f;
            for (size_t j = 0; j < n; j++)
                for (size_t d = 0; d < dim; d++)
                    out[d] += s[j] * a->v[j * a->ld + h * dim + d];
        }
    }
}

const pt_nn_ops pt_nn_ops_c = {
    .isa = PT_ISA_C,
    .packed_size = packed_size,
    .pack = pack,
    .linear = linear,
    .layer_norm = layer_norm,
    .attention_scratch = attention_scratch,
    .attention = attention,
};
