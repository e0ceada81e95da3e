/* SPDX-License-Identifier: MIT */
/* kernels.h - the kernels for x86, written once over a thin vector
 *
 * ops_avx2.c and ops_avx512.c each include their vec_*.h and then this file, which ends in the
 * table TABLE of the instruction set ISA.
 *
 * Everything that multiplies matrices goes through one microkernel, `tile`: up to TILE_ROWS rows
 * times a panel of up to TILE_VECS vectors of columns, its sums in registers from the first term to
 * the last. Panels hold the right-hand matrix in the order in which a tile reads it.
 *
 * An element's terms are added in the same order whatever the height of the tile it falls into, so
 * a row does not depend on the rows beside it.
 */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "nn/tables.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8") /* of loops whose length is known: sums stay in registers   \
                                        */

/* Terms a tile sums before its sums go back to y: a panel of K_BLOCK terms stays in the L2 cache.
 */
#define K_BLOCK 512

/* Tiles of rows that meet a panel while it is in cache; their x stays in the L2 cache too. */
#define BLOCK_TILES (128 / TILE_ROWS)

static size_t min_size(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t ceil_div(size_t a, size_t b) {
    return (a + b - 1) / b;
}

static size_t round_up(size_t n) {
    return ceil_div(n, LANES) * LANES;
}

/* Where part i of n_parts begins when n things are shared out as evenly as can be. Rows go to tiles
 * and columns to panels in this way: ten rows make five and five, not eight and two, since a low
 * tile waits for its weights. */
static size_t part_begin(size_t n, size_t n_parts, size_t i) {
    return n * i / n_parts;
}

INLINE vec load_n(const float *p, size_t n) {
    return n == LANES ? v_load(p) : v_load_first(p, n);
}

INLINE void store_n(float *p, size_t n, vec a) {
    if (n == LANES)
        v_store(p, a);
    else
        v_store_first(p, n, a);
}

/* ---- elementary functions ---- */

/* Adding and taking away 1.5 * 2^23 rounds to an integer, which stands in the low bits between. */
#define ROUNDER 0x1.8p23f

/* exp(x) for x <= 88, to one unit in the last place or so; zero below -87, where results turn
 * denormal: they would weigh nothing in a softmax and cost a microcode assist each.
 * exp(x) = 2^n exp(r), r = x - n ln 2, with ln 2 in two parts (Cody and Waite). */
INLINE vec v_exp(vec x) {
    const vec rounder = v_set1(ROUNDER);
    const vec t = v_fma(x, v_set1(0x1.715476p0f), rounder); /* 1 / ln 2 */
    const vec n = v_sub(t, rounder);
    vec r = v_fma(n, v_set1(-0x1.62e4p-1f), x); /* ln 2 to 15 bits: n times it is exact */
    r = v_fma(n, v_set1(-0x1.7f7d1cp-20f), r);  /* the rest of ln 2 */

    vec tail = v_set1(pt_nn_exp_tail[4]);
    UNROLL
    for (int i = 3; i >= 0; i--)
        tail = v_fma(tail, r, v_set1(pt_nn_exp_tail[i]));
    const vec p = v_add(v_fma(v_mul(tail, r), r, r), v_set1(1.0f));
    return v_zero_below(v_scale_pow2(p, t), x, v_set1(-87.0f));
}

/* v (1 + erf(v / sqrt 2)) / 2. erf is odd, so v erf(v) = |v| erf(|v|): no sign is handled. It is a
 * polynomial in each of LANES segments, whose coefficients a permutation fetches; far cheaper than
 * a formula with exp and a division. erf is good to 2e-7. */
INLINE vec v_gelu(vec v) {
    const vec rounder = v_set1(ROUNDER);
    const vec a = v_abs(v);
    const vec u = v_min(v_mul(a, v_set1(ERF_STEPS)), v_set1(LANES - 1));
    const vec segment = v_add(u, rounder);
    const vec t = v_sub(u, v_sub(segment, rounder));

    vec half_erf = v_lookup(ERF_TABLE[ERF_DEGREE], segment);
    UNROLL
    for (int i = ERF_DEGREE - 1; i >= 0; i--)
        half_erf = v_fma(half_erf, t, v_lookup(ERF_TABLE[i], segment));
    return v_fma(a, half_erf, v_mul(v, v_set1(0.5f)));
}

/* ---- the microkernel ---- */

typedef struct tile_job {
    const float *x; /* [rows, n_k], rows ldx apart */
    size_t ldx;
    const float *panel; /* [n_k, vecs * LANES], aligned */
    size_t n_k;
    float *y; /* [rows, (vecs - 1) * LANES + n_last], rows ldy apart */
    size_t ldy;
    size_t n_last;     /* columns in the last vector, 1 to LANES */
    const float *bias; /* [columns], or NULL */
    bool add;          /* the sums are added to y */
    bool gelu;         /* of the result */
    const float *ahead; /* [n_k, LANES] weights to fetch into the L2 cache meanwhile */
} tile_job;

/* y = gelu(x panel + bias + y) as the job says. rows and vecs are constants where this is inlined;
 * objdump should show no register spilt in the loop over k. */
INLINE void tile(const tile_job *job, const size_t rows, const size_t vecs) {
    const float *x = job->x, *panel = job->panel, *ahead = job->ahead;
    const size_t ldx = job->ldx, ldy = job->ldy, n_k = job->n_k;
    const size_t n_last = job->n_last;
    vec sum[TILE_ROWS][TILE_VECS];

    UNROLL
    for (size_t r = 0; r < rows; r++)
        UNROLL
    for (size_t v = 0; v < vecs; v++)
        sum[r][v] = v_set1(0.0f);

    for (size_t k = 0; k < n_k; k++) {
        vec w[TILE_VECS];
        _mm_prefetch((const char *)(ahead + k * LANES), _MM_HINT_T1);
        UNROLL
        for (size_t v = 0; v < vecs; v++)
            w[v] = v_load_aligned(panel + (k * vecs + v) * LANES);
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            const vec a = v_set1(x[r * ldx + k]);
            UNROLL
            for (size_t v = 0; v < vecs; v++)
                sum[r][v] = v_fma(a, w[v], sum[r][v]);
        }
    }

    UNROLL
    for (size_t v = 0; v < vecs; v++) {
        const size_t n = v + 1 < vecs ? LANES : n_last;
        float *y = job->y + v * LANES;
        if (job->bias) {
            const vec bias = load_n(job->bias + v * LANES, n);
            UNROLL
            for (size_t r = 0; r < rows; r++)
                sum[r][v] = v_add(sum[r][v], bias);
        }
        if (job->add) {
            UNROLL
            for (size_t r = 0; r < rows; r++)
                sum[r][v] = v_add(sum[r][v], load_n(y + r * ldy, n));
        }
        UNROLL
        for (size_t r = 0; r < rows; r++)
            store_n(y + r * ldy, n, sum[r][v]);
    }

    /* From the cache: the coefficients of GELU have no room beside the sums. */
    if (job->gelu)
        for (size_t r = 0; r < rows; r++)
            for (size_t v = 0; v < vecs; v++) {
                const size_t n = v + 1 < vecs ? LANES : n_last;
                float *y = job->y + r * ldy + v * LANES;
                store_n(y, n, v_gelu(load_n(y, n)));
            }
}

#define TILE(rows, vecs)                                                                           \
    static void tile_##rows##x##vecs(const tile_job *job) {                                        \
        tile(job, rows, vecs);                                                                     \
    }
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3)
#define NAMES(rows)                                                                                \
    { tile_##rows##x1, tile_##rows##x2, tile_##rows##x3 }

TILES(1)
TILES(2) TILES(3) TILES(4)
#if TILE_ROWS == 8
    TILES(5) TILES(6) TILES(7) TILES(8)
#endif

        static void (*const tiles[TILE_ROWS][TILE_VECS])(const tile_job *) = {
            NAMES(1), NAMES(2), NAMES(3), NAMES(4),
#if TILE_ROWS == 8
            NAMES(5), NAMES(6), NAMES(7), NAMES(8),
#endif
};

/* ---- panels ---- */

/* A matrix [n_k, n_columns] is held as panels of 1 to TILE_VECS vectors of columns, each panel
 * [n_k, vecs * LANES]; columns that fill up the last vector are zero. */
typedef struct panel {
    size_t column, vecs; /* the first column; also, times n_k, the panel's place */
} panel;

static size_t n_panels(size_t n_columns) {
    return ceil_div(ceil_div(n_columns, LANES), TILE_VECS);
}

static panel panel_at(size_t n_columns, size_t i) {
    const size_t n_vecs = ceil_div(n_columns, LANES), n = n_panels(n_columns);
    const size_t first = part_begin(n_vecs, n, i);
    return (panel){.column = first * LANES, .vecs = part_begin(n_vecs, n, i + 1) - first};
}

/* Columns of y in the last vector of a panel. */
static size_t panel_last(size_t n_columns, panel p) {
    return min_size(LANES, n_columns - p.column - (p.vecs - 1) * LANES);
}

static size_t packed_size(size_t n_out, size_t n_in) {
    return round_up(n_out) * n_in;
}

/* Packs the transpose of w [n_out, n_in], rows ldw apart. */
static void pack_transposed(const float *w, size_t ldw, size_t n_out, size_t n_in, float *packed) {
    for (size_t i = 0; i < n_panels(n_out); i++) {
        const panel p = panel_at(n_out, i);
        const size_t width = p.vecs * LANES;
        float *to = packed + p.column * n_in; /* [n_in, width] */
        size_t j = 0;

        for (; j < width && p.column + j + 4 <= n_out; j += 4) {
            const float *from = w + (p.column + j) * ldw; /* four rows of w */
            size_t k = 0;

            for (; k + 4 <= n_in; k += 4) {
                __m128 a = _mm_loadu_ps(from + k), b = _mm_loadu_ps(from + ldw + k);
                __m128 c = _mm_loadu_ps(from + 2 * ldw + k), d = _mm_loadu_ps(from + 3 * ldw + k);
                _MM_TRANSPOSE4_PS(a, b, c, d);
                _mm_store_ps(to + (k + 0) * width + j, a);
                _mm_store_ps(to + (k + 1) * width + j, b);
                _mm_store_ps(to + (k + 2) * width + j, c);
                _mm_store_ps(to + (k + 3) * width + j, d);
            }
            for (; k < n_in; k++)
                for (size_t r = 0; r < 4; r++)
                    to[k * width + j + r] = from[r * ldw + k];
        }
        for (; j < width; j++)
            for (size_t k = 0; k < n_in; k++)
                to[k * width + j] = p.column + j < n_out ? w[(p.column + j) * ldw + k] : 0.0f;
    }
}

/* Packs w [n_k, n_columns], rows ldw apart. */
static void pack_plain(const float *w, size_t ldw, size_t n_k, size_t n_columns, float *packed) {
    for (size_t i = 0; i < n_panels(n_columns); i++) {
        const panel p = panel_at(n_columns, i);
        const size_t n_last = panel_last(n_columns, p);
        float *to = packed + p.column * n_k;

        for (size_t k = 0; k < n_k; k++)
            for (size_t v = 0; v < p.vecs; v++, to += LANES)
                v_store(to, load_n(w + k * ldw + p.column + v * LANES,
                                   v + 1 < p.vecs ? LANES : n_last));
    }
}

static void pack(const float *w, size_t n_out, size_t n_in, float *packed) {
    pack_transposed(w, n_in, n_out, n_in, packed);
}

/* ---- linear ---- */

/* The weights of a panel from term k on. */
static const float *weights_at(const pt_nn_linear *map, size_t i, size_t k) {
    const panel p = panel_at(map->n_out, i);
    return map->packed + p.column * map->n_in + k * p.vecs * LANES;
}

/* y = x W^T of the tiles from t0 to t1, terms from k0 to k1, panel i; next is the panel after it.
 * The first tiles fetch a part of next each, so that weights flow from memory all the time. */
static void linear_panel(const pt_nn_linear *map, size_t i, size_t k0, size_t k1,
                         const float *next, const float *x, size_t ldx, size_t n_rows, size_t t0,
                         size_t t1, pt_nn_epilogue epilogue, float *y, size_t ldy) {
    const panel p = panel_at(map->n_out, i);
    const size_t n_tiles = ceil_div(n_rows, TILE_ROWS);
    const bool last = k1 == map->n_in;
    tile_job job = {
        .ldx = ldx,
        .panel = weights_at(map, i, k0),
        .n_k = k1 - k0,
        .ldy = ldy,
        .n_last = panel_last(map->n_out, p),
        .bias = last && map->bias ? map->bias + p.column : NULL,
        .add = k0 > 0 || epilogue == PT_NN_ADD,
        .gelu = last && epilogue == PT_NN_GELU,
    };

    for (size_t t = t0; t < t1; t++) {
        const size_t row = part_begin(n_rows, n_tiles, t);
        const size_t rows = part_begin(n_rows, n_tiles, t + 1) - row;

        job.x = x + row * ldx + k0;
        job.y = y + row * ldy + p.column;
        job.ahead = t - t0 < p.vecs ? next + (t - t0) * job.n_k * LANES : job.panel;
        tiles[rows - 1][p.vecs - 1](&job);
    }
}

static void linear(const pt_nn_linear *map, const float *x, size_t ldx, size_t n_rows,
                   pt_nn_epilogue epilogue, float *y, size_t ldy) {
    const size_t n_tiles = ceil_div(n_rows, TILE_ROWS), n_blocks = ceil_div(n_tiles, BLOCK_TILES);
    const size_t n_k_blocks = ceil_div(map->n_in, K_BLOCK), n = n_panels(map->n_out);

    for (size_t block = 0; block < n_blocks; block++) {
        const size_t t0 = part_begin(n_tiles, n_blocks, block);
        const size_t t1 = part_begin(n_tiles, n_blocks, block + 1);

        for (size_t kb = 0; kb < n_k_blocks; kb++) {
            const size_t k0 = part_begin(map->n_in, n_k_blocks, kb);
            const size_t k1 = part_begin(map->n_in, n_k_blocks, kb + 1);

            for (size_t i = 0; i < n; i++) {
                const float *next = i + 1 < n ? weights_at(map, i + 1, k0) : weights_at(map, 0, k1);
                linear_panel(map, i, k0, k1, next, x, ldx, n_rows, t0, t1, epilogue, y, ldy);
            }
        }
    }
}

/* ---- layer_norm ---- */

/* The mean is summed in double, and kept in two floats, so that a row far from zero loses nothing;
 * deviations from it are small numbers, for which float does. */
static void layer_norm(const float *x, size_t ldx, size_t n_rows, size_t n, const float *gain,
                       const float *shift, float eps, float *y, size_t ldy) {
    for (size_t i = 0; i < n_rows; i++, x += ldx, y += ldy) {
        vec_double total = v_zero_double();
        for (size_t j = 0; j < n; j += LANES)
            total = v_add_double(total, load_n(x + j, min_size(LANES, n - j)));

        const double exact = v_sum_double(total) / (double)n;
        const vec mean = v_set1((float)exact), rest = v_set1((float)(exact - (float)exact));
        vec squares = v_set1(0.0f);
        for (size_t j = 0; j < n; j += LANES) {
            const size_t lanes = min_size(LANES, n - j);
            vec d = v_sub(v_sub(load_n(x + j, lanes), mean), rest);
            if (lanes < LANES) d = v_join(d, lanes, v_set1(0.0f));
            squares = v_fma(d, d, squares);
        }

        const vec scale = v_set1(1.0f / sqrtf(v_sum(squares) / (float)n + eps));
        for (size_t j = 0; j < n; j += LANES) {
            const size_t lanes = min_size(LANES, n - j);
            const vec d = v_sub(v_sub(load_n(x + j, lanes), mean), rest);
            store_n(y + j, lanes,
                    v_fma(v_mul(d, scale), load_n(gain + j, lanes), load_n(shift + j, lanes)));
        }
    }
}

/* ---- attention ---- */

/* Scratch: k transposed and v of one head as panels, and the scores of one tile of rows. */
static size_t attention_scratch(size_t n_tokens, size_t head_dim) {
    return packed_size(n_tokens, head_dim) + packed_size(head_dim, n_tokens) +
           TILE_ROWS * round_up(n_tokens);
}

/* s [n] = softmax(s * scale + bias + mask). s has room up to a multiple of LANES. */
INLINE void softmax(float *s, size_t n, float scale, const float *bias, const float *mask) {
    const vec factor = v_set1(scale), least = v_set1(-INFINITY);
    vec largest = least, sum = v_set1(0.0f);

    for (size_t j = 0; j < n; j += LANES) {
        const size_t lanes = min_size(LANES, n - j);
        vec a = v_load(s + j);
        a = bias ? v_fma(a, factor, load_n(bias + j, lanes)) : v_mul(a, factor);
        if (mask) a = v_add(a, load_n(mask + j, lanes));
        if (lanes < LANES) a = v_join(a, lanes, least);
        v_store(s + j, a);
        largest = v_max(largest, a);
    }
    largest = v_set1(v_largest(largest));
    for (size_t j = 0; j < n; j += LANES) {
        const vec e = v_exp(v_sub(v_load(s + j), largest));
        v_store(s + j, e);
        sum = v_add(sum, e);
    }
    const vec share = v_set1(1.0f / v_sum(sum));
    for (size_t j = 0; j < n; j += LANES)
        v_store(s + j, v_mul(v_load(s + j), share));
}

static void attention(const pt_nn_attention *a) {
    const size_t n = a->n_tokens, dim = a->head_dim, lds = round_up(n);
    const size_t n_tiles = ceil_div(n, TILE_ROWS);
    float *k_panels = a->scratch;                     /* [dim, n] */
    float *v_panels = k_panels + packed_size(n, dim); /* [n, dim] */
    float *scores = v_panels + packed_size(dim, n);   /* [rows of a tile, lds] */

    for (size_t h = 0; h < a->n_heads; h++) {
        pack_transposed(a->k + h * dim, a->ld, n, dim, k_panels);
        pack_plain(a->v + h * dim, a->ld, n, dim, v_panels);

        for (size_t t = 0; t < n_tiles; t++) {
            const size_t row = part_begin(n, n_tiles, t);
            const size_t rows = part_begin(n, n_tiles, t + 1) - row;

            for (size_t i = 0; i < n_panels(n); i++) {
                const panel p = panel_at(n, i);
                const tile_job job = {.x = a->q + row * a->ld + h * dim,
                                      .ldx = a->ld,
                                      .panel = k_panels + p.column * dim,
                                      .n_k = dim,
                                      .y = scores + p.column,
                                      .ldy = lds,
                                      .n_last = LANES,
                                      .ahead = k_panels + p.column * dim};
                tiles[rows - 1][p.vecs - 1](&job);
            }
            for (size_t r = 0; r < rows; r++)
                softmax(scores + r * lds, n, a->scale,
                        a->bias ? a->bias + (h * n + row + r) * n : NULL,
                        a->mask ? a->mask + (row + r) * n : NULL);
            for (size_t i = 0; i < n_panels(dim); i++) {
                const panel p = panel_at(dim, i);
                const tile_job job = {.x = scores,
                                      .ldx = lds,
                                      .panel = v_panels + p.column * n,
                                      .n_k = n,
                                      .y = a->out + row * a->ld_out + h * dim + p.column,
                                      .ldy = a->ld_out,
                                      .n_last = panel_last(dim, p),
                                      .ahead = v_panels + p.column * n};
                tiles[rows - 1][p.vecs - 1](&job);
            }
        }
    }
}

const pt_nn_ops TABLE = {
    .isa = ISA,
    .packed_size = packed_size,
    .pack = pack,
    .linear = linear,
    .layer_norm = layer_norm,
    .attention_scratch = attention_scratch,
    .attention = attention,
};
