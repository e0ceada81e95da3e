/* SPDX-License-Identifier: MIT */
/* kernels.h - the kernels for x86, generic over the vector and the operand type
 *
 * Each ops_*.c includes a vec_*.h, an operand_*.h and this file, which defines the table TABLE of
 * the instruction set ISA.
 *
 * All matrix products use one microkernel, `tile`: up to TILE_ROWS rows times a panel of up to
 * TILE_VECS vectors of columns, with sums in registers. Panels hold the right-hand matrix in the
 * order in which a tile reads it, in words of WORD operands: one float32, or two bfloat16 that one
 * instruction multiplies and sums. Words are stored in float vectors in both cases.
 *
 * The terms of an element are added in the same order for any height of its tile, so a row does not
 * depend on other rows.
 */

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "nn/nn_dispatch.h"

#define INLINE static inline __attribute__((always_inline))

/* For loops over the rows and vectors of a tile, so that sums are in registers. */
#define UNROLL _Pragma("GCC unroll 8")

/* Rows whose vectors take each step of a function side by side: a single one waits for its last
 * result, and the scheduler of a CPU holds the operations of two or three. */
#define SIDE_ROWS 4

/* Columns of a full panel. */
#define WIDTH (TILE_VECS * LANES)

/* Words per pass over a panel, so that the panel stays in the L2 cache; sums are kept in y
 * between. */
#define K_BLOCK 512

/* Tiles of rows per panel in cache; their x stays in the L2 cache too. */
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

/* Begin of part i if n items are divided into n_parts of nearly equal size. Rows are divided into
 * tiles and columns into panels this way: ten rows are five and five, not eight and two, since a
 * low tile is bound by loading weights. */
static size_t partition_begin(size_t n, size_t n_parts, size_t i) {
    return n * i / n_parts;
}

INLINE vec load_n(const float *p, size_t n) {
    return n == LANES ? v_load(p) : v_load_partial(p, n);
}

INLINE void store_n(float *p, size_t n, vec a) {
    if (n == LANES)
        v_store(p, a);
    else
        v_store_partial(p, n, a);
}

/* ---- elementary functions ---- */

/* Adding 1.5 * 2^23 rounds to an integer in the low bits; subtracting it gives the rounded
 * value. */
#define ROUND_MAGIC 0x1.8p23f

/* exp(x) for x <= 88, to about one unit in the last place; zero below -87, where results would be
 * denormal: negligible in a softmax, and slow (microcode assist).
 * exp(x) = 2^n exp(r), r = x - n ln 2, with ln 2 in two parts (Cody and Waite). */
INLINE void v_exp(vec x[SIDE_ROWS], const size_t n) {
    const vec rounder = v_set1(ROUND_MAGIC);
    vec t[SIDE_ROWS], r[SIDE_ROWS], tail[SIDE_ROWS];
    UNROLL
    for (size_t k = 0; k < n; k++) {
        t[k] = v_fma(x[k], v_set1(0x1.715476p0f), rounder); /* 1 / ln 2 */
        const vec whole = v_sub(t[k], rounder);
        r[k] = v_fma(whole, v_set1(-0x1.62e4p-1f), x[k]);    /* ln 2 to 15 bits: exact */
        r[k] = v_fma(whole, v_set1(-0x1.7f7d1cp-20f), r[k]); /* the rest of ln 2 */
        tail[k] = v_set1(pt_nn_exp_tail[4]);
    }
    UNROLL
    for (int i = 3; i >= 0; i--) {
        UNROLL
        for (size_t k = 0; k < n; k++)
            tail[k] = v_fma(tail[k], r[k], v_set1(pt_nn_exp_tail[i]));
    }
    UNROLL
    for (size_t k = 0; k < n; k++) {
        const vec p = v_add(v_fma(v_mul(tail[k], r[k]), r[k], r[k]), v_set1(1.0f));
        x[k] = v_zero_below(v_scale_pow2(p, t[k]), x[k], v_set1(-87.0f));
    }
}

/* GELU, v (1 + erf(v / sqrt 2)) / 2. erf is odd, so v erf(v) = |v| erf(|v|). erf is a polynomial in
 * each of ERF_SEGMENTS segments, with coefficients looked up by a permutation, to 2e-7; much faster
 * than a formula with exp and a division. */
INLINE void v_gelu(vec v[SIDE_ROWS], const size_t n) {
    const vec rounder = v_set1(ROUND_MAGIC);
    vec segment[SIDE_ROWS], t[SIDE_ROWS], half_erf[SIDE_ROWS];
    UNROLL
    for (size_t k = 0; k < n; k++) {
        const vec u = v_min(v_mul(v_abs(v[k]), v_set1(ERF_STEPS)), v_set1(ERF_SEGMENTS - 1));
        segment[k] = v_add(u, rounder);
        t[k] = v_sub(u, v_sub(segment[k], rounder));
        half_erf[k] = v_lookup(ERF_TABLE[ERF_DEGREE], segment[k]);
    }
    UNROLL
    for (int i = ERF_DEGREE - 1; i >= 0; i--) {
        UNROLL
        for (size_t k = 0; k < n; k++)
            half_erf[k] = v_fma(half_erf[k], t[k], v_lookup(ERF_TABLE[i], segment[k]));
    }
    UNROLL
    for (size_t k = 0; k < n; k++)
        v[k] = v_fma(v_abs(v[k]), half_erf[k], v_mul(v[k], v_set1(0.5f)));
}

/* ---- the microkernel ---- */

typedef struct tile_job {
    const operand *x; /* [rows, n_k], rows ldx apart */
    size_t ldx;
    const float *panel; /* words [n_k / WORD, vecs * LANES], aligned */
    size_t n_k;
    void *y; /* [rows, columns], columns = (vecs - 1) * LANES + n_last, rows ldy apart */
    size_t ldy;
    size_t n_last;       /* columns in the last vector, 1 to LANES */
    const float *factor; /* [rows], or NULL: of the products */
    const float *bias;   /* [columns], or NULL */
    const float *addend; /* [rows, columns], rows ld_addend apart, or NULL; may be y */
    size_t ld_addend;
    bool relu;             /* of the result */
    float *gelu;           /* [TILE_ROWS, WIDTH] buffer for sums, for GELU of the result; or NULL */
    bool operands;         /* y is operands and not float32 */
    const float *prefetch; /* words [n_k / WORD, LANES] to prefetch into the L2 cache */
} tile_job;

/* Stores a vector of row r, columns from v * LANES on. */
INLINE void store_result(const tile_job *job, size_t r, size_t v, size_t n, vec a) {
    const size_t at = r * job->ldy + v * LANES;
    if (sizeof(operand) != sizeof(float) && job->operands)
        v_store_operands((operand *)job->y + at, n, a);
    else
        store_n((float *)job->y + at, n, a);
}

/* y = gelu of the sums of rows from `first` on. */
INLINE void gelu_rows(const tile_job *job, size_t first, const size_t rows, size_t vecs) {
    for (size_t v = 0; v < vecs; v++) {
        vec sum[SIDE_ROWS];
        UNROLL
        for (size_t r = 0; r < rows; r++)
            sum[r] = v_load_aligned(job->gelu + (first + r) * WIDTH + v * LANES);
        v_gelu(sum, rows);
        UNROLL
        for (size_t r = 0; r < rows; r++)
            store_result(job, first + r, v, v + 1 < vecs ? LANES : job->n_last, sum[r]);
    }
}

/* One function for tiles of all sizes. */
static void finish_gelu(const tile_job *job, size_t rows, size_t vecs) {
    size_t r = 0;
    for (; r + SIDE_ROWS <= rows; r += SIDE_ROWS)
        gelu_rows(job, r, SIDE_ROWS, vecs);
    for (; r < rows; r++)
        gelu_rows(job, r, 1, vecs);
}

/* Epilogue of a tile, one vector of columns at a time. With GELU the sums are stored first: its
 * coefficients do not fit in registers beside them. */
INLINE void tile_finish(const tile_job *job, vec sum[TILE_ROWS][TILE_VECS], const size_t rows,
                        const size_t v, const size_t n) {
    if (job->factor) {
        UNROLL
        for (size_t r = 0; r < rows; r++)
            sum[r][v] = v_mul(sum[r][v], v_set1(job->factor[r]));
    }
    if (job->bias) {
        const vec bias = load_n(job->bias + v * LANES, n);
        UNROLL
        for (size_t r = 0; r < rows; r++)
            sum[r][v] = v_add(sum[r][v], bias);
    }
    if (job->addend) {
        UNROLL
        for (size_t r = 0; r < rows; r++)
            sum[r][v] = v_add(sum[r][v], load_n(job->addend + r * job->ld_addend + v * LANES, n));
    }
    if (job->relu) { /* this order preserves NaN */
        UNROLL
        for (size_t r = 0; r < rows; r++)
            sum[r][v] = v_max(v_set1(0.0f), sum[r][v]);
    }
    if (job->gelu) {
        UNROLL
        for (size_t r = 0; r < rows; r++)
            v_store(job->gelu + r * WIDTH + v * LANES, sum[r][v]);
    } else {
        UNROLL
        for (size_t r = 0; r < rows; r++)
            store_result(job, r, v, n, sum[r][v]);
    }
}

/* clang reads the word of the next row before the sums of a row are complete: that takes one
 * register more than AVX2 has, and a sum that is spilled in each step halves the speed. */
#ifdef __clang__
#define END_ROW(sums, vecs)                                                                        \
    UNROLL                                                                                         \
    for (size_t v_ = 0; v_ < (vecs); v_++)                                                         \
    __asm__ volatile("" : "+v"((sums)[v_]))
#else
#define END_ROW(sums, vecs) (void)0
#endif

/* One word of each row of x times the words of the panel from w on. */
INLINE void tile_step(const tile_job *job, const operand *x, const float *panel,
                      vec sum[TILE_ROWS][TILE_VECS], const size_t rows, const size_t vecs,
                      const bool half, const bool last) {
    vec w[TILE_VECS];

    UNROLL
    for (size_t v = 0; v < vecs; v++)
        w[v] = v_load_aligned(panel + v * LANES);
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        const vec a = last ? v_last_word(x + r * job->ldx) : v_word(x + r * job->ldx);
        UNROLL
        for (size_t v = 0; v < vecs; v++)
            sum[r][v] =
                half && v + 1 == vecs ? v_dot_half(a, w[v], sum[r][v]) : v_dot(a, w[v], sum[r][v]);
        END_ROW(sum[r], vecs);
    }
}

/* y = activation(factor x panel + bias + addend), each optional. rows, vecs and half are constants
 * where this is inlined; half: the last vector is at most half full and is computed in half a
 * vector. The loop over k must not spill registers (check with objdump). */
INLINE void tile(const tile_job *job, const size_t rows, const size_t vecs, const bool half) {
    const operand *x = job->x;
    const float *panel = job->panel, *prefetch = job->prefetch;
    const size_t n_words = job->n_k / WORD, n_last = job->n_last;
    vec sum[TILE_ROWS][TILE_VECS];

    UNROLL
    for (size_t r = 0; r < rows; r++) {
        UNROLL
        for (size_t v = 0; v < vecs; v++)
            sum[r][v] = v_set1(0.0f);
    }

    for (size_t k = 0; k < n_words; k++) {
        _mm_prefetch((const char *)(prefetch + k * LANES), _MM_HINT_T1);
        tile_step(job, x + k * WORD, panel + k * vecs * LANES, sum, rows, vecs, half, false);
    }
    if (job->n_k % WORD)
        tile_step(job, x + n_words * WORD, panel + n_words * vecs * LANES, sum, rows, vecs, half,
                  true);
    UNROLL
    for (size_t v = 0; v < vecs; v++)
        tile_finish(job, sum, rows, v, v + 1 < vecs ? LANES : n_last);

    if (job->gelu) finish_gelu(job, rows, vecs);
}

typedef void (*tile_function)(const tile_job *);

/* tile_8x3 and so on; in tile_8x3h the last vector is half a vector. */
#define TILE(rows, vecs)                                                                           \
    static void tile_##rows##x##vecs(const tile_job *job) {                                        \
        tile(job, rows, vecs, false);                                                              \
    }                                                                                              \
    static void tile_##rows##x##vecs##h(const tile_job *job) {                                     \
        tile(job, rows, vecs, true);                                                               \
    }
#define NAMES(rows, vecs)                                                                          \
    { tile_##rows##x##vecs, tile_##rows##x##vecs##h }

/* clang-format off */
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3)
#define ROW_NAMES(rows) {NAMES(rows, 1), NAMES(rows, 2), NAMES(rows, 3)}

TILES(1) TILES(2) TILES(3) TILES(4)
#if TILE_ROWS == 8
TILES(5) TILES(6) TILES(7) TILES(8)
#endif
    /* clang-format on */

    static const tile_function tiles[TILE_ROWS][TILE_VECS][2] = {
        ROW_NAMES(1), ROW_NAMES(2), ROW_NAMES(3), ROW_NAMES(4),
#if TILE_ROWS == 8
        ROW_NAMES(5), ROW_NAMES(6), ROW_NAMES(7), ROW_NAMES(8),
#endif
};

static void run_tile(const tile_job *job, size_t rows, size_t vecs) {
    tiles[rows - 1][vecs - 1][job->n_last <= LANES / 2](job);
}

/* ---- panels ---- */

/* A matrix [n_k, n_columns] is stored as panels of 1 to TILE_VECS vectors of columns, each panel
 * words [n_words, vecs * LANES]; the last vector and the last word are padded with zeros. */
typedef struct panel {
    size_t column, vecs; /* first column; times n_words: offset of the panel */
} panel;

static size_t n_words_of(size_t n_k) {
    return ceil_div(n_k, WORD);
}

static size_t n_panels(size_t n_columns) {
    return ceil_div(ceil_div(n_columns, LANES), TILE_VECS);
}

static panel panel_at(size_t n_columns, size_t i) {
    const size_t n_vecs = ceil_div(n_columns, LANES), n = n_panels(n_columns);
    const size_t first = partition_begin(n_vecs, n, i);
    return (panel){.column = first * LANES, .vecs = partition_begin(n_vecs, n, i + 1) - first};
}

/* Columns of y in the last vector of a panel. */
static size_t panel_last(size_t n_columns, panel p) {
    return min_size(LANES, n_columns - p.column - (p.vecs - 1) * LANES);
}

static size_t packed_floats(size_t n_columns, size_t n_k) {
    return round_up(n_columns) * n_words_of(n_k);
}

/* Packs up to four rows of operands [rows, n_k] as four columns of a panel of `width`; columns of
 * missing rows are zero. */
static void pack_columns(const operand *x, size_t ldx, size_t rows, size_t n_k, float *to,
                         size_t width) {
    size_t k = 0; /* words */

    for (; rows == 4 && (k + 4) * WORD <= n_k; k += 4) {
        __m128 a = _mm_loadu_ps((const void *)(x + k * WORD));
        __m128 b = _mm_loadu_ps((const void *)(x + ldx + k * WORD));
        __m128 c = _mm_loadu_ps((const void *)(x + 2 * ldx + k * WORD));
        __m128 d = _mm_loadu_ps((const void *)(x + 3 * ldx + k * WORD));
        _MM_TRANSPOSE4_PS(a, b, c, d);
        _mm_store_ps(to + (k + 0) * width, a);
        _mm_store_ps(to + (k + 1) * width, b);
        _mm_store_ps(to + (k + 2) * width, c);
        _mm_store_ps(to + (k + 3) * width, d);
    }
    for (; k < n_words_of(n_k); k++)
        for (size_t r = 0; r < 4; r++) {
            operand word[WORD] = {0};
            if (r < rows)
                memcpy(word, x + r * ldx + k * WORD,
                       min_size(WORD, n_k - k * WORD) * sizeof(operand));
            memcpy(to + k * width + r, word, sizeof word);
        }
}

/* Packs the transpose of x [n_columns, n_k], rows ldx apart. */
static void pack_transposed(const operand *x, size_t ldx, size_t n_columns, size_t n_k,
                            float *packed) {
    for (size_t i = 0; i < n_panels(n_columns); i++) {
        const panel p = panel_at(n_columns, i);
        const size_t width = p.vecs * LANES;
        float *to = packed + p.column * n_words_of(n_k);

        for (size_t j = 0; j < width; j += 4) {
            const size_t first = min_size(p.column + j, n_columns);
            pack_columns(x + first * ldx, ldx, min_size(4, n_columns - first), n_k, to + j, width);
        }
    }
}

/* Packs x [n_k, n_columns], rows ldx apart. */
static void pack_plain(const operand *x, size_t ldx, size_t n_k, size_t n_columns, float *packed) {
    for (size_t i = 0; i < n_panels(n_columns); i++) {
        const panel p = panel_at(n_columns, i);
        const size_t n_last = panel_last(n_columns, p);
        float *to = packed + p.column * n_words_of(n_k);

        for (size_t v = 0; v < p.vecs; v++) {
            const size_t n = v + 1 < p.vecs ? LANES : n_last;
            for (size_t k = 0; k < n_k; k += WORD) {
                const operand *row = x + k * ldx + p.column + v * LANES;
                v_store(to + (k / WORD * p.vecs + v) * LANES,
                        v_column_words(row, k + 1 < n_k ? row + ldx : NULL, n));
            }
        }
    }
}

/* ---- weights and operands ---- */

static void to_operands(const float *x, size_t n, void *operands) {
    for (size_t j = 0; j < n; j += LANES) {
        const size_t lanes = min_size(LANES, n - j);
        v_store_operands((operand *)operands + j, lanes, load_n(x + j, lanes));
    }
}

static size_t packed_size(size_t n_out, size_t n_in) {
    return packed_floats(n_out, n_in) * sizeof(float);
}

/* Converts four rows of w to operands, CHUNK terms at a time, and packs them as columns of a
 * panel. */
static void pack(const float *w, size_t n_out, size_t n_in, void *packed) {
    enum { CHUNK = 256 };
    operand rows[4 * CHUNK];

    for (size_t i = 0; i < n_panels(n_out); i++) {
        const panel p = panel_at(n_out, i);
        const size_t width = p.vecs * LANES;
        float *to = (float *)packed + p.column * n_words_of(n_in);

        for (size_t j = 0; j < width; j += 4)
            for (size_t k = 0; k < n_in; k += CHUNK) {
                const size_t first = min_size(p.column + j, n_out);
                const size_t n_rows = min_size(4, n_out - first), n_k = min_size(CHUNK, n_in - k);
                for (size_t r = 0; r < n_rows; r++)
                    to_operands(w + (first + r) * n_in + k, n_k, rows + r * CHUNK);
                pack_columns(rows, CHUNK, n_rows, n_k, to + k / WORD * width + j, width);
            }
    }
}

/* ---- linear ---- */

/* Arguments of a linear layer. */
typedef struct product {
    const pt_nn_linear *map;
    const operand *x;
    size_t ldx, n_rows;
    pt_nn_epilogue epilogue;
    void *y;
    size_t ldy;
} product;

/* Part of the product that uses the same weights and x in cache. */
typedef struct block {
    size_t t0, t1; /* tiles of rows */
    size_t k0, k1; /* words */
} block;

/* The weights of panel i from word k on. */
static const float *weights_at(const pt_nn_linear *map, size_t i, size_t k) {
    const panel p = panel_at(map->n_out, i);
    return (const float *)map->packed + p.column * n_words_of(map->n_in) + k * p.vecs * LANES;
}

static bool outputs_operands(pt_nn_epilogue epilogue) {
    return epilogue >= PT_NN_OPERAND;
}

/* Element [i, j] of y. */
static void *result_at(const product *p, size_t i, size_t j) {
    const size_t size = outputs_operands(p->epilogue) ? sizeof(operand) : sizeof(float);
    return (unsigned char *)p->y + (i * p->ldy + j) * size;
}

/* Panel i of a block. Its first tiles prefetch parts of the next weights, so that memory is read
 * continuously and not only by the first tile. */
static void linear_panel(const product *whole, block b, size_t i) {
    const pt_nn_linear *map = whole->map;
    const size_t n_tiles = ceil_div(whole->n_rows, TILE_ROWS);
    const size_t n_words = b.k1 - b.k0;
    const panel p = panel_at(map->n_out, i);
    const bool last = b.k1 == n_words_of(map->n_in);
    const float *next = NULL;
    float gelu_sums[TILE_ROWS * WIDTH] __attribute__((aligned(64)));
    tile_job job = {.ldx = whole->ldx,
                    .panel = weights_at(map, i, b.k0),
                    .n_k = (last ? map->n_in : b.k1 * WORD) - b.k0 * WORD,
                    .ldy = whole->ldy,
                    .n_last = panel_last(map->n_out, p),
                    .bias = last && map->bias ? map->bias + p.column : NULL,
                    .ld_addend = whole->ldy,
                    .relu = last && whole->epilogue == PT_NN_RELU,
                    .gelu = last && whole->epilogue == PT_NN_GELU ? gelu_sums : NULL,
                    .operands = outputs_operands(whole->epilogue)};

    if (i + 1 < n_panels(map->n_out))
        next = weights_at(map, i + 1, b.k0);
    else if (!last)
        next = weights_at(map, 0, b.k1);
    for (size_t t = b.t0; t < b.t1; t++) {
        const size_t row = partition_begin(whole->n_rows, n_tiles, t);
        const size_t rows = partition_begin(whole->n_rows, n_tiles, t + 1) - row;

        job.x = whole->x + row * whole->ldx + b.k0 * WORD;
        job.y = result_at(whole, row, p.column);
        job.addend = b.k0 > 0 || whole->epilogue == PT_NN_ADD ? job.y : NULL;
        job.prefetch = next && t - b.t0 < p.vecs ? next + (t - b.t0) * n_words * LANES : job.panel;
        run_tile(&job, rows, p.vecs);
    }
}

static void linear(const pt_nn_linear *map, const void *x, size_t ldx, size_t n_rows,
                   pt_nn_epilogue epilogue, void *y, size_t ldy) {
    const product whole = {map, x, ldx, n_rows, epilogue, y, ldy};
    const size_t n_tiles = ceil_div(n_rows, TILE_ROWS), n_words = n_words_of(map->n_in);
    const size_t n_row_blocks = ceil_div(n_tiles, BLOCK_TILES);
    /* Partial sums are kept in y, which must hold them without rounding. */
    const bool whole_rows = sizeof(operand) != sizeof(float) && outputs_operands(epilogue);
    const size_t n_k_blocks = whole_rows ? 1 : ceil_div(n_words, K_BLOCK);

    for (size_t i = 0; i < n_row_blocks; i++)
        for (size_t k = 0; k < n_k_blocks; k++) {
            const block b = {.t0 = partition_begin(n_tiles, n_row_blocks, i),
                             .t1 = partition_begin(n_tiles, n_row_blocks, i + 1),
                             .k0 = partition_begin(n_words, n_k_blocks, k),
                             .k1 = partition_begin(n_words, n_k_blocks, k + 1)};
            for (size_t j = 0; j < n_panels(map->n_out); j++)
                linear_panel(&whole, b, j);
        }
}

/* ---- layer_norm ---- */

/* Rows at a time, to hide the latency of sums, square root and division. */
#define NORM_ROWS 4

typedef struct norm_job {
    size_t n;
    const float *gain, *shift;
    float eps;
} norm_job;

/* The mean is summed in double and kept in two floats, so that a row with a large mean loses no
 * precision; float suffices for deviations from it. */
INLINE void norm_rows(const norm_job *job, const float *x, const size_t rows, float *y,
                      operand *operands) {
    const size_t n = job->n;
    vec_double total[NORM_ROWS];
    vec mean[NORM_ROWS], rest[NORM_ROWS], squares[NORM_ROWS], scale[NORM_ROWS];

    UNROLL
    for (size_t r = 0; r < rows; r++) {
        total[r] = v_zero_double();
        squares[r] = v_set1(0.0f);
    }
    for (size_t j = 0; j < n; j += LANES) {
        const size_t lanes = min_size(LANES, n - j);
        UNROLL
        for (size_t r = 0; r < rows; r++)
            total[r] = v_add_double(total[r], load_n(x + r * n + j, lanes));
    }
    UNROLL
    for (size_t r = 0; r < rows; r++) {
        const double exact = v_reduce_add_double(total[r]) / (double)n;
        mean[r] = v_set1((float)exact);
        rest[r] = v_set1((float)(exact - (float)exact));
    }
    for (size_t j = 0; j < n; j += LANES) {
        const size_t lanes = min_size(LANES, n - j);
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            vec d = v_sub(v_sub(load_n(x + r * n + j, lanes), mean[r]), rest[r]);
            if (lanes < LANES) d = v_blend_first(d, lanes, v_set1(0.0f));
            squares[r] = v_fma(d, d, squares[r]);
        }
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        scale[r] = v_set1(1.0f / sqrtf(v_reduce_add(squares[r]) / (float)n + job->eps));
    for (size_t j = 0; j < n; j += LANES) {
        const size_t lanes = min_size(LANES, n - j);
        const vec gain = load_n(job->gain + j, lanes), shift = load_n(job->shift + j, lanes);
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            const vec d = v_sub(v_sub(load_n(x + r * n + j, lanes), mean[r]), rest[r]);
            const vec v = v_fma(v_mul(d, scale[r]), gain, shift);
            if (y) store_n(y + r * n + j, lanes, v);
            if (operands) v_store_operands(operands + r * n + j, lanes, v);
        }
    }
}

static void layer_norm(const float *x, size_t n_rows, size_t n, const float *gain,
                       const float *shift, float eps, float *y, void *operands) {
    const norm_job job = {n, gain, shift, eps};
    for (size_t i = 0; i < n_rows;) {
        const size_t rows = n_rows - i < NORM_ROWS ? 1 : NORM_ROWS;
        float *to = y ? y + i * n : NULL;
        operand *given = operands ? (operand *)operands + i * n : NULL;
        if (rows == NORM_ROWS)
            norm_rows(&job, x + i * n, NORM_ROWS, to, given);
        else
            norm_rows(&job, x + i * n, 1, to, given);
        i += rows;
    }
}

/* ---- attention ---- */

/* Scratch: transposed k and v of one head as panels; scores of one tile of rows, and their softmax
 * as operands. */
static size_t attention_scratch(size_t n_tokens, size_t head_dim) {
    return (packed_floats(n_tokens, head_dim) + packed_floats(head_dim, n_tokens)) * sizeof(float) +
           TILE_ROWS * round_up(n_tokens) * (sizeof(float) + sizeof(operand));
}

/* softmax for a number of rows that is a constant where this is inlined. */
INLINE void softmax_rows(float *s, size_t lds, const size_t rows, size_t n, const float *mask,
                         operand *e, float *inv_sum) {
    vec max[SIDE_ROWS], sum[SIDE_ROWS], a[SIDE_ROWS];

    UNROLL
    for (size_t r = 0; r < rows; r++) {
        max[r] = v_set1(-INFINITY);
        sum[r] = v_set1(0.0f);
    }
    for (size_t j = 0; j < n; j += LANES) {
        const size_t lanes = min_size(LANES, n - j);
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            vec score = load_n(s + r * lds + j, lanes);
            if (mask) score = v_add(score, load_n(mask + r * n + j, lanes));
            if (lanes < LANES) score = v_blend_first(score, lanes, v_set1(-INFINITY));
            if (mask || lanes < LANES) v_store(s + r * lds + j, score);
            max[r] = v_max(max[r], score);
        }
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        max[r] = v_set1(v_reduce_max(max[r]));
    for (size_t j = 0; j < n; j += LANES) {
        UNROLL
        for (size_t r = 0; r < rows; r++)
            a[r] = v_sub(v_load(s + r * lds + j), max[r]);
        v_exp(a, rows);
        UNROLL
        for (size_t r = 0; r < rows; r++) {
            v_store_operands(e + r * lds + j, LANES, a[r]);
            sum[r] = v_add(sum[r], a[r]);
        }
    }
    UNROLL
    for (size_t r = 0; r < rows; r++)
        inv_sum[r] = 1.0f / v_reduce_add(sum[r]);
}

/* e [rows, n] = exp(s + mask - maximum of the row), zeros up to a multiple of LANES; inv_sum [rows]
 * is the inverse sum of each row. Rows of s and e are lds apart, a multiple of LANES, those of mask
 * n. */
static void softmax(float *s, size_t lds, size_t rows, size_t n, const float *mask, operand *e,
                    float *inv_sum) {
    size_t r = 0;
    for (; r + SIDE_ROWS <= rows; r += SIDE_ROWS)
        softmax_rows(s + r * lds, lds, SIDE_ROWS, n, mask ? mask + r * n : NULL, e + r * lds,
                     inv_sum + r);
    for (; r < rows; r++)
        softmax_rows(s + r * lds, lds, 1, n, mask ? mask + r * n : NULL, e + r * lds, inv_sum + r);
}

/* Scratch of attention, for one head. */
typedef struct head {
    float *k;      /* panels of [dim, n] */
    float *v;      /* panels of [n, dim] */
    float *scores; /* [TILE_ROWS, round_up(n)] */
    operand *e;    /* [TILE_ROWS, round_up(n)] */
} head;

/* Attention of some rows of queries of head h: scale and bias in the epilogue of the first product,
 * softmax, and its division in the epilogue of the second product. */
static void attention_rows(const pt_nn_attention *a, size_t h, size_t row, size_t rows, head at) {
    const size_t n = a->n_tokens, dim = a->head_dim, lds = round_up(n);
    const float *bias = a->bias ? a->bias + (h * n + row) * n : NULL;
    const float *mask = a->mask ? a->mask + row * n : NULL;
    float scale[TILE_ROWS], inv_sum[TILE_ROWS];

    for (size_t r = 0; r < rows; r++)
        scale[r] = a->scale;
    for (size_t i = 0; i < n_panels(n); i++) {
        const panel p = panel_at(n, i);
        const float *words = at.k + p.column * n_words_of(dim);
        const tile_job job = {.x = (const operand *)a->q + row * a->ld + h * dim,
                              .ldx = a->ld,
                              .panel = words,
                              .n_k = dim,
                              .y = at.scores + p.column,
                              .ldy = lds,
                              .n_last = panel_last(n, p),
                              .factor = scale,
                              .addend = bias ? bias + p.column : NULL,
                              .ld_addend = n,
                              .prefetch = words};
        run_tile(&job, rows, p.vecs);
    }
    softmax(at.scores, lds, rows, n, mask, at.e, inv_sum);
    for (size_t i = 0; i < n_panels(dim); i++) {
        const panel p = panel_at(dim, i);
        const float *words = at.v + p.column * n_words_of(n);
        const tile_job job = {.x = at.e,
                              .ldx = lds,
                              .panel = words,
                              .n_k = n,
                              .y = (operand *)a->out + row * a->ld_out + h * dim + p.column,
                              .ldy = a->ld_out,
                              .n_last = panel_last(dim, p),
                              .factor = inv_sum,
                              .operands = true,
                              .prefetch = words};
        run_tile(&job, rows, p.vecs);
    }
}

static void attention(const pt_nn_attention *a) {
    const size_t n = a->n_tokens, dim = a->head_dim, n_tiles = ceil_div(n, TILE_ROWS);
    head at = {.k = a->scratch};

    at.v = at.k + packed_floats(n, dim);
    at.scores = at.v + packed_floats(dim, n);
    at.e = (operand *)(void *)(at.scores + TILE_ROWS * round_up(n));
    for (size_t h = 0; h < a->n_heads; h++) {
        pack_transposed((const operand *)a->k + h * dim, a->ld, n, dim, at.k);
        pack_plain((const operand *)a->v + h * dim, a->ld, n, dim, at.v);
        for (size_t t = 0; t < n_tiles; t++) {
            const size_t row = partition_begin(n, n_tiles, t);
            attention_rows(a, h, row, partition_begin(n, n_tiles, t + 1) - row, at);
        }
    }
}

const pt_nn_ops TABLE = {
    .isa = ISA,
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
