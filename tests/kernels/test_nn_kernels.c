/* SPDX-License-Identifier: MIT */
/* test_nn_kernels.c - all kernel tables of this machine against double precision
 *
 * Tolerances count roundings; u = FLT_EPSILON / 2 is the relative error of one. The error of a sum
 * of K products in float is at most K u S, S the sum of magnitudes; roundings of random sign add up
 * to about sqrt(K) u S, which is the tolerance (kernels sum in blocks of 512 terms, so K is at most
 * 512). A missing term of K = 3072 is a hundred times larger.
 *
 * Exact results use the operands of the kernel: rounded to bfloat16 by this file for tables of that
 * precision. So the 2^-8 of a bfloat16 (half of the last of 8 bits) count only where a kernel
 * outputs operands or rounds intermediate results. vdpbf16ps may flush values below FLT_MIN to
 * zero.
 *
 * Every buffer ends or begins at an inaccessible page, so that an access outside ends the program;
 * gaps between rows hold a sentinel.
 */

#include <float.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <patina/cpu.h>

#include "nn/ops.h"

#include "test.h"

#define SENTINEL 12345.0f /* between rows */

/* ---- tables and their operands ---- */

/* The next table of this machine; the first one after NULL. */
static const pt_nn_ops *next_ops(const pt_nn_ops *ops) {
    int i = ops ? 2 * (int)ops->isa + (int)ops->precision + 1 : 2 * (int)PATINA_ISA_C;
    for (; i / 2 <= (int)patina_isa_detect(); i++) {
        const pt_nn_ops *next = pt_nn_ops_get((patina_isa)(i / 2), (patina_precision)(i % 2));
        if (next) return next;
    }
    return NULL;
}

#define FOR_EACH_OPS(ops) for (const pt_nn_ops *ops = next_ops(NULL); ops; ops = next_ops(ops))

static const char *ops_name(const pt_nn_ops *ops) {
    static char name[32];
    snprintf(name, sizeof name, "%s %s", patina_isa_name(ops->isa),
             patina_precision_name(ops->precision));
    return name;
}

static bool is_bf16(const pt_nn_ops *ops) {
    return ops->precision == PATINA_PRECISION_BF16;
}

/* The largest relative error of an operand, and the smallest number
 * that products and roundings keep. */
static double operand_error(const pt_nn_ops *ops) {
    return is_bf16(ops) ? 0x1p-8 : 0.0;
}

static double underflow_threshold(const pt_nn_ops *ops) {
    return is_bf16(ops) ? FLT_MIN : FLT_TRUE_MIN;
}

/* The operand next to a, ties to even: one of 2^8 steps in each power of two. */
static float as_operand(const pt_nn_ops *ops, float a) {
    if (!is_bf16(ops) || !isfinite(a) || a == 0.0f) return a;
    const int step = (ilogb(a) < -126 ? -126 : ilogb(a)) - 7;
    return (float)ldexp(rint(ldexp((double)a, -step)), step);
}

/* Operand i of an array of either type. */
static float operand_at(const pt_nn_ops *ops, const void *operands, size_t i) {
    uint32_t bits;
    float a;
    uint16_t half;
    if (!is_bf16(ops)) return ((const float *)operands)[i];
    memcpy(&half, (const unsigned char *)operands + 2 * i, sizeof half);
    bits = (uint32_t)half << 16;
    memcpy(&a, &bits, sizeof a);
    return a;
}

/* ---- buffers next to inaccessible pages ---- */

typedef struct buffer {
    float *p;
    unsigned char *map;
    size_t map_size;
} buffer;

/* n elements that end (or begin) at an inaccessible page. With alignment to 64 up to 60 bytes may
 * be left after the end. */
static buffer buffer_of(size_t n, size_t element, bool at_end, bool aligned) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (n ? n : 1) * element;
    const size_t inner = (size + page - 1) / page * page;
    buffer b = {.map_size = inner + 2 * page};

    b.map = mmap(NULL, b.map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b.map == MAP_FAILED || mprotect(b.map + page, inner, PROT_READ | PROT_WRITE) != 0) {
        perror("mmap");
        exit(2);
    }
    size_t offset = at_end ? inner - size : 0;
    if (aligned) offset = offset / 64 * 64;
    b.p = (float *)(void *)(b.map + page + offset);
    return b;
}

static buffer buffer_new(size_t n, bool at_end, bool aligned) {
    return buffer_of(n, sizeof(float), at_end, aligned);
}

/* The same as operands of a table. */
static buffer buffer_operands(const pt_nn_ops *ops, const float *x, size_t n, bool at_end) {
    buffer b = buffer_of(n, ops->operand_size, at_end, false);
    ops->to_operands(x, n, b.p);
    return b;
}

static void buffer_free(buffer *b) {
    munmap(b->map, b->map_size);
}

/* ---- input ---- */

typedef enum kind {
    SIGNED,   /* uniform on -1 .. 1 */
    POSITIVE, /* uniform on 0.5 .. 1: nothing cancels */
    LARGE,    /* 1e15 either way */
    DENORMAL, /* 1e-40 either way */
    MIXED,    /* magnitudes from 1e-12 to 1e6, and zeros */
    ZERO,
    N_KINDS
} kind;

static uint64_t state;

static double draw(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) * 0x1p-53;
}

static float value(kind what) {
    const double s = 2.0 * draw() - 1.0;
    switch (what) {
    case SIGNED:
        return (float)s;
    case POSITIVE:
        return (float)(0.5 + 0.5 * draw());
    case LARGE:
        return (float)(1e15 * s);
    case DENORMAL:
        return (float)(1e-40 * s);
    case MIXED:
        return draw() < 0.1 ? 0.0f : (float)(s * pow(10.0, 18.0 * draw() - 12.0));
    default:
        return 0.0f;
    }
}

static void fill(float *p, size_t n, kind what) {
    for (size_t i = 0; i < n; i++)
        p[i] = value(what);
}

/* Rows of n values, ld apart, and SENTINEL between them. */
static void fill_rows(float *p, size_t n_rows, size_t n, size_t ld, kind what) {
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < (i + 1 < n_rows ? ld : n); j++)
            p[i * ld + j] = j < n ? value(what) : SENTINEL;
}

/* Floats of n_rows rows of n, ld apart: the last row has no gap. */
static size_t span(size_t n_rows, size_t n, size_t ld) {
    return (n_rows - 1) * ld + n;
}

static double gelu(double v) {
    return 0.5 * v * erfc(-v * sqrt(0.5));
}

/* ---- linear ---- */

typedef struct shape {
    size_t m, n, k;
} shape;

static const char *const epilogue_name[] = {"store", "add", "operand", "relu", "gelu"};
enum { N_EPILOGUES = 5 };

/* x W^T of numbers rounded to operands, and the allowed error of sums in float. */
typedef struct exact_product {
    double *value, *limit; /* [m, n] */
} exact_product;

static exact_product exact_product_new(const pt_nn_ops *ops, shape s, const float *x, size_t ldx,
                                       const float *w) {
    exact_product e = {malloc(s.m * s.n * sizeof(double)), malloc(s.m * s.n * sizeof(double))};
    if (!e.value || !e.limit) abort();
    /* Sums of float32 are computed in blocks; those that end in bfloat16 are not. */
    const double terms =
        is_bf16(ops) ? (double)s.k : fmin((double)s.k, 512.0) + (double)s.k / 512.0;
    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < s.n; j++) {
            double sum = 0.0, magnitude = 0.0, lost = 0.0;
            for (size_t k = 0; k < s.k; k++) {
                const double a = as_operand(ops, x[i * ldx + k]),
                             b = as_operand(ops, w[j * s.k + k]);
                sum += a * b;
                magnitude += fabs(a * b);
                lost += is_bf16(ops) ? fabs(a) + fabs(b) : 0.0; /* at most FLT_MIN of either */
            }
            /* Each operation may also lose up to the smallest number. */
            e.value[i * s.n + j] = sum;
            e.limit[i * s.n + j] = FLT_EPSILON * magnitude * (2.0 + sqrt(terms)) +
                                   underflow_threshold(ops) * (lost + (double)(2 * s.k + 3));
        }
    return e;
}

static void exact_product_free(exact_product *e) {
    free(e->value);
    free(e->limit);
}

/* One table, epilogue and form of bias. */
static void check_epilogue(pt_test *t, const pt_nn_ops *ops, shape s, const exact_product *exact,
                           const pt_nn_linear *map, const buffer *x, size_t ldx,
                           const float *before, size_t ldy, pt_nn_epilogue epilogue, kind what) {
    const bool operands = epilogue >= PT_NN_OPERAND;
    const size_t n_y = span(s.m, s.n, ldy);
    buffer y = buffer_of(n_y, operands ? ops->operand_size : sizeof(float), n_y % 2, false);
    double worst = 0.0;
    bool gaps = true;

    if (operands)
        ops->to_operands(before, n_y, y.p);
    else
        memcpy(y.p, before, n_y * sizeof(float));
    ops->linear(map, x->p, ldx, s.m, epilogue, y.p, ldy);
    for (size_t i = 0; i < s.m; i++) {
        for (size_t j = 0; j < s.n; j++) {
            const size_t at = i * ldy + j;
            double v = exact->value[i * s.n + j], limit = exact->limit[i * s.n + j];
            if (map->bias) v += map->bias[j], limit += 4.0 * FLT_EPSILON * fabs(map->bias[j]);
            if (epilogue == PT_NN_ADD)
                v += before[at], limit += 4.0 * FLT_EPSILON * fabs(before[at]);
            limit += FLT_EPSILON * fabs(v);
            if (epilogue == PT_NN_RELU) v = fmax(v, 0.0);
            if (epilogue == PT_NN_GELU) {
                /* GELU's slope is at most 1.13; erf is good to 2e-7, then one rounding. */
                limit = 1.13 * limit + fabs(v) * (1e-7 + FLT_EPSILON) + FLT_TRUE_MIN;
                v = gelu(v);
            }
            if (operands)
                limit = (limit + fabs(v) * operand_error(ops)) * 1.01 + underflow_threshold(ops);
            const double got = operands ? operand_at(ops, y.p, at) : y.p[at];
            const double ratio = fabs(got - v) / (limit > 0.0 ? limit : 1e-300);
            if (!(ratio <= worst)) worst = ratio; /* a NaN stays */
        }
        for (size_t j = s.n; i + 1 < s.m && j < ldy; j++) {
            const float gap = operands ? operand_at(ops, y.p, i * ldy + j) : y.p[i * ldy + j];
            gaps = gaps && gap == (operands ? as_operand(ops, SENTINEL) : SENTINEL);
        }
    }
    pt_test_check(t, worst <= 1.0, __FILE__, __LINE__,
                  "%s linear %s%s, m %zu n %zu k %zu, input %d: %.3g times the tolerance",
                  ops_name(ops), epilogue_name[epilogue], map->bias ? " bias" : "", s.m, s.n, s.k,
                  what, worst);
    CHECK(gaps);
    buffer_free(&y);
}

/* All tables, epilogues and both forms of bias on one shape. */
static void check_linear(pt_test *t, shape s, kind what) {
    const bool at_end = (s.m + s.n + s.k) % 2 == 0;
    const size_t ldx = s.k + s.m % 3, ldy = s.n + s.n % 4;
    buffer x = buffer_new(span(s.m, s.k, ldx), at_end, false);
    buffer w = buffer_new(s.n * s.k, at_end, false);
    buffer bias = buffer_new(s.n, at_end, false);
    buffer before = buffer_new(span(s.m, s.n, ldy), at_end, false);

    fill_rows(x.p, s.m, s.k, ldx, what);
    fill(w.p, s.n * s.k, what == DENORMAL ? SIGNED : what);
    fill(bias.p, s.n, what);
    fill_rows(before.p, s.m, s.n, ldy, what);
    FOR_EACH_OPS(ops) {
        exact_product exact = exact_product_new(ops, s, x.p, ldx, w.p);
        buffer input = buffer_operands(ops, x.p, span(s.m, s.k, ldx), at_end);
        buffer packed = buffer_of(ops->packed_size(s.n, s.k), 1, at_end, true);
        ops->pack(w.p, s.n, s.k, packed.p);
        for (int mode = 0; mode < 2 * N_EPILOGUES; mode++) {
            const pt_nn_linear map = {.n_in = s.k,
                                      .n_out = s.n,
                                      .packed = packed.p,
                                      .bias = mode < N_EPILOGUES ? bias.p : NULL};
            check_epilogue(t, ops, s, &exact, &map, &input, ldx, before.p, ldy,
                           (pt_nn_epilogue)(mode % N_EPILOGUES), what);
        }
        buffer_free(&packed);
        buffer_free(&input);
        exact_product_free(&exact);
    }
    buffer_free(&x);
    buffer_free(&w);
    buffer_free(&bias);
    buffer_free(&before);
}

/* Edges of tiles, panels and blocks on every side. */
TEST(nn_linear, every_edge) {
    static const size_t n_of[] = {1, 5, 16, 24, 47, 48, 49, 96, 100};
    static const size_t k_of[] = {1, 3, 16, 96};

    state = 1;
    for (size_t m = 1; m <= 17; m++)
        for (size_t n = 0; n < sizeof n_of / sizeof *n_of; n++)
            for (size_t k = 0; k < sizeof k_of / sizeof *k_of; k++)
                check_linear(t, (shape){m, n_of[n], k_of[k]}, SIGNED);
}

TEST(nn_linear, blocks_of_terms_and_rows) {
    static const shape shapes[] = {{3, 49, 511},   {9, 48, 512},   {9, 50, 513},  {5, 96, 1025},
                                   {16, 48, 3072}, {127, 33, 40},  {128, 48, 16}, {129, 49, 17},
                                   {136, 5, 600},  {257, 100, 16}, {64, 96, 96}};
    state = 2;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check_linear(t, shapes[i], SIGNED);
}

/* One window or caption through the narrowest and the widest layers of the towers. */
TEST(nn_linear, tower_shapes) {
    static const shape shapes[] = {{64, 288, 96},  {64, 96, 384},  {64, 96, 16},   {64, 192, 384},
                                   {64, 576, 192}, {64, 384, 384}, {24, 768, 768}, {10, 96, 3072},
                                   {1, 512, 768},  {1, 512, 512},  {21, 512, 128}};
    state = 3;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        check_linear(t, shapes[i], SIGNED);
}

TEST(nn_linear, extreme_input) {
    state = 4;
    for (kind what = POSITIVE; what < N_KINDS; what++) {
        check_linear(t, (shape){11, 53, 130}, what);
        check_linear(t, (shape){2, 17, 3072}, what);
    }
}

/* A row gives the same bits alone and among others: results do not depend on the batch. */
TEST(nn_linear, rows_are_independent) {
    enum { M = 19, N = 101, K = 1101 };
    static float x[M * K], w[N * K], bias[N], y[M * N], alone[N];
    const kind kinds[] = {SIGNED, POSITIVE, MIXED};

    state = 5;
    for (size_t what = 0; what < 3; what++) {
        fill(x, M * K, kinds[what]);
        fill(w, N * K, kinds[what]);
        fill(bias, N, SIGNED);
        FOR_EACH_OPS(ops) {
            buffer packed = buffer_of(ops->packed_size(N, K), 1, true, true);
            buffer input = buffer_operands(ops, x, M * K, true);
            const pt_nn_linear map = {.n_in = K, .n_out = N, .packed = packed.p, .bias = bias};
            const unsigned char *rows = (const unsigned char *)input.p;

            ops->pack(w, N, K, packed.p);
            for (size_t m = 1; m <= M; m++)
                for (int e = PT_NN_STORE; e <= PT_NN_GELU; e++) {
                    const size_t row = N * (e >= PT_NN_OPERAND ? ops->operand_size : sizeof(float));
                    memset(y, 0, sizeof y);
                    ops->linear(&map, rows, K, m, (pt_nn_epilogue)e, y, N);
                    for (size_t i = 0; i < m; i += m / 4 + 1) {
                        memset(alone, 0, sizeof alone);
                        ops->linear(&map, rows + i * K * ops->operand_size, K, 1, (pt_nn_epilogue)e,
                                    alone, N);
                        pt_test_check(t, memcmp(alone, (unsigned char *)y + i * row, row) == 0,
                                      __FILE__, __LINE__,
                                      "%s linear %s: row %zu of %zu differs from itself",
                                      ops_name(ops), epilogue_name[e], i, m);
                    }
                }
            buffer_free(&packed);
            buffer_free(&input);
        }
    }
}

/* GELU alone, through a linear layer with the single weight 1. Its erf is accurate to 2e-7, that is
 * |v| 1e-7 in v (1 + erf) / 2, plus two roundings of that. */
TEST(nn_linear, gelu) {
    enum { N = 100001 };
    static float x[N], y[N];
    const float one = 1.0f;
    const float special[] = {0.0f,    -0.0f, 1e-40f, -1e-40f, 1e-30f, 100.0f,
                             -100.0f, 1e30f, -1e30f, 5.51f,   -5.51f};
    const size_t n_special = sizeof special / sizeof *special;

    for (size_t i = 0; i < N; i++)
        x[i] = -12.5f + 25.0f * (float)i / (N - 1);
    memcpy(x, special, sizeof special);
    FOR_EACH_OPS(ops) {
        buffer packed = buffer_of(ops->packed_size(1, 1), 1, true, true);
        buffer input = buffer_operands(ops, x, N, true);
        double worst = 0.0;
        size_t at = 0;

        ops->pack(&one, 1, 1, packed.p);
        ops->linear(&(pt_nn_linear){.n_in = 1, .n_out = 1, .packed = packed.p}, input.p, 1, N,
                    PT_NN_GELU, y, 1);
        for (size_t i = 0; i < N; i++) {
            const double v = as_operand(ops, x[i]), exact = gelu(v);
            const double limit = fabs(v) * (1e-7 + FLT_EPSILON) +
                                 fabs(exact) * operand_error(ops) * 1.01 + underflow_threshold(ops);
            const double ratio = fabs(operand_at(ops, y, i) - exact) / limit;
            if (!(ratio <= worst)) worst = ratio, at = i;
        }
        pt_test_check(t, worst <= 1.0, __FILE__, __LINE__,
                      "%s gelu(%.9g) = %.9g, expected %.9g: %.3g times the tolerance",
                      ops_name(ops), x[at], operand_at(ops, y, at), gelu(x[at]), worst);
        /* erf is exactly one there */
        CHECK(operand_at(ops, y, n_special - 4) == as_operand(ops, 1e30f));
        CHECK(operand_at(ops, y, n_special - 3) == 0.0f);
        buffer_free(&packed);
        buffer_free(&input);
    }
}

/* ---- operands ---- */

/* Every bit pattern of the upper half of a float, with lower halves around the ties: to the
 * nearest, ties to even. Denormal numbers may become zero. */
TEST(nn_operands, nearest_even) {
    static const uint32_t lower[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    enum { N_LOWER = 6, N = 0x10000 * N_LOWER };
    float *x = malloc(N * sizeof *x);

    REQUIRE(x);
    for (uint32_t i = 0; i < N; i++) {
        const uint32_t bits = i / N_LOWER << 16 | lower[i % N_LOWER];
        memcpy(&x[i], &bits, sizeof bits);
    }
    FOR_EACH_OPS(ops) {
        buffer rounded = buffer_operands(ops, x, N, true);
        size_t n_wrong = 0;
        for (size_t i = 0; i < N; i++) {
            const float got = operand_at(ops, rounded.p, i), exact = as_operand(ops, x[i]);
            const bool lost = is_bf16(ops) && fabsf(x[i]) < FLT_MIN && got == 0.0f;
            n_wrong += !(got == exact || lost || (isnan(x[i]) && isnan(got)));
        }
        pt_test_check(t, n_wrong == 0, __FILE__, __LINE__, "%s: %zu of %d operands are wrong",
                      ops_name(ops), n_wrong, N);
        buffer_free(&rounded);
    }
    free(x);
}

/* ---- layer_norm ---- */

static void check_layer_norm(pt_test *t, size_t m, size_t n, kind what, float offset, float eps) {
    const bool at_end = (m + n) % 2 == 0;
    buffer x = buffer_new(m * n, at_end, false), y = buffer_new(m * n, at_end, false);
    buffer gain = buffer_new(n, at_end, false), shift = buffer_new(n, at_end, false);

    fill(x.p, m * n, what);
    for (size_t i = 0; i < m * n; i++)
        x.p[i] += offset;
    fill(gain.p, n, SIGNED);
    fill(shift.p, n, SIGNED);
    FOR_EACH_OPS(ops) {
        buffer alone = buffer_of(m * n, ops->operand_size, at_end, false);
        buffer beside = buffer_of(m * n, ops->operand_size, at_end, false);
        buffer rounded;
        double worst = 0.0;

        ops->layer_norm(x.p, m, n, gain.p, shift.p, eps, y.p, beside.p);
        for (size_t i = 0; i < m; i++) {
            double mean = 0.0, variance = 0.0;
            for (size_t j = 0; j < n; j++)
                mean += x.p[i * n + j] / (double)n;
            for (size_t j = 0; j < n; j++)
                variance += (x.p[i * n + j] - mean) * (x.p[i * n + j] - mean) / (double)n;

            /* Roundings: deviation 2, scale 3 and those of a sum of squares (halved by the root, of
             * at least 8 lanes), product 2, result 1. The mean of n doubles, and its split into two
             * floats, may be off by 2^-48 of the largest value. */
            const double deviation = sqrt(variance + (double)eps);
            const double mean_error = 0x1p-48 * 4.0 * (fabs(mean) + sqrt(variance));
            for (size_t j = 0; j < n; j++) {
                const double z = (x.p[i * n + j] - mean) / deviation;
                const double v = z * gain.p[j] + shift.p[j];
                const double limit =
                    FLT_EPSILON * fabs(z * gain.p[j]) * (4.0 + sqrt((double)n / 8.0) / 4.0) +
                    fabs(gain.p[j]) * mean_error / deviation + FLT_EPSILON * fabs(v) + 1e-37;
                const double ratio = fabs(y.p[i * n + j] - v) / limit;
                if (!(ratio <= worst)) worst = ratio;
            }
        }
        pt_test_check(t, worst <= 1.0, __FILE__, __LINE__,
                      "%s layer_norm, %zu rows of %zu, input %d + %g: %.3g times the tolerance",
                      ops_name(ops), m, n, what, offset, worst);

        /* Operands are the rounded floats, requested together or alone. */
        ops->layer_norm(x.p, m, n, gain.p, shift.p, eps, NULL, alone.p);
        rounded = buffer_operands(ops, y.p, m * n, at_end);
        CHECK(memcmp(beside.p, rounded.p, m * n * ops->operand_size) == 0);
        CHECK(memcmp(alone.p, rounded.p, m * n * ops->operand_size) == 0);
        buffer_free(&alone);
        buffer_free(&beside);
        buffer_free(&rounded);
    }
    buffer_free(&x);
    buffer_free(&y);
    buffer_free(&gain);
    buffer_free(&shift);
}

TEST(nn_layer_norm, every_width) {
    static const size_t widths[] = {12,  15,  16,  17,   24,   31,   96,  100,
                                    192, 384, 768, 1000, 1536, 3072, 4096};

    state = 6;
    for (size_t n = 1; n < 12; n++)
        check_layer_norm(t, 2, n, SIGNED, 0.0f, 1e-5f);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (size_t m = 1; m <= 4; m++) {
            check_layer_norm(t, m, widths[i], SIGNED, 0.0f, 1e-5f);
            check_layer_norm(t, m, widths[i], SIGNED, 0.0f, 1e-12f);
        }
}

/* A mean ten thousand times the deviation: one pass, or a mean in float, loses all digits. */
TEST(nn_layer_norm, extreme_input) {
    state = 7;
    for (size_t n = 12; n <= 768; n *= 4) {
        check_layer_norm(t, 3, n, SIGNED, 1e4f, 1e-5f);
        check_layer_norm(t, 3, n, SIGNED, -3e6f, 1e-12f);
        check_layer_norm(t, 3, n, LARGE, 0.0f, 1e-5f);
        check_layer_norm(t, 3, n, DENORMAL, 0.0f, 1e-12f);
        check_layer_norm(t, 3, n, MIXED, 0.0f, 1e-5f);
        check_layer_norm(t, 3, n, ZERO, 0.0f, 1e-12f);
    }
}

/* Without deviation the result is exactly the shift, even for a tiny eps. */
TEST(nn_layer_norm, constant_row_gives_shift) {
    enum { N = 100 };
    float x[N], y[N], gain[N], shift[N];

    state = 8;
    fill(gain, N, SIGNED);
    fill(shift, N, SIGNED);
    for (size_t j = 0; j < N; j++)
        x[j] = 1234.5678f;
    FOR_EACH_OPS(ops) {
        ops->layer_norm(x, 1, N, gain, shift, 1e-12f, y, NULL);
        CHECK(memcmp(y, shift, sizeof y) == 0);
    }
}

TEST(nn_layer_norm, in_place) {
    enum { M = 3, N = 45 };
    float x[M * N], y[M * N], gain[N], shift[N], copy[M * N];

    state = 9;
    fill(x, M * N, SIGNED);
    fill(gain, N, SIGNED);
    fill(shift, N, SIGNED);
    FOR_EACH_OPS(ops) {
        memcpy(copy, x, sizeof x);
        ops->layer_norm(x, M, N, gain, shift, 1e-5f, y, NULL);
        ops->layer_norm(copy, M, N, gain, shift, 1e-5f, copy, NULL);
        CHECK(memcmp(copy, y, sizeof y) == 0);
    }
}

/* ---- attention ---- */

typedef struct sequence {
    size_t n, heads, dim;
    bool biased, masked;
    kind what;
    float gain; /* of q, which determines the spread of the scores */
} sequence;

/* One row and head of attention in double, and the allowed float error of each of its numbers. An
 * error e of a score is a factor exp(e) of its share, and, weighted with the share, another of the
 * sum that divides all shares. */
static void exact_row(const pt_nn_ops *ops, const pt_nn_attention *a, size_t h, size_t i,
                      double *out, double *limit) {
    const size_t n = a->n_tokens, dim = a->head_dim;
    const float *q = a->q, *k = a->k, *values = a->v; /* floats that operands represent exactly */
    double share[512], error[512], largest = -INFINITY, sum = 0.0, sum_error = 0.0;

    for (size_t j = 0; j < n; j++) {
        double s = 0.0, in = 0.0;
        for (size_t d = 0; d < dim; d++) {
            const double term = (double)q[i * a->ld + h * dim + d] * k[j * a->ld + h * dim + d];
            s += term;
            in += fabs(term);
        }
        s *= a->scale;
        in *= a->scale * (2.0 + sqrt((double)dim));
        if (a->bias) s += a->bias[(h * n + i) * n + j], in += fabs(a->bias[(h * n + i) * n + j]);
        if (a->mask) s += a->mask[i * n + j], in += fabs(a->mask[i * n + j]);
        share[j] = s;
        largest = fmax(largest, s);
        error[j] = FLT_EPSILON * (in + fabs(s));
    }
    for (size_t j = 0; j < n; j++) {
        /* The subtraction of the largest and the reduction in exp are rounded as well. The error of
         * the largest is a factor of every share and cancels. */
        error[j] += FLT_EPSILON * fabs(share[j] - largest);
        share[j] = exp(share[j] - largest);
        sum += share[j];
        sum_error += share[j] * error[j];
    }
    for (size_t d = 0; d < dim; d++) {
        double v = 0.0, in = 0.0, off = 0.0;
        for (size_t j = 0; j < n; j++) {
            const double term = share[j] / sum * values[j * a->ld + h * dim + d];
            v += term;
            in += fabs(term);
            off += fabs(term) * expm1(fmin(error[j] + sum_error / sum, 80.0));
        }
        /* exp, its sum, the division and the product: 6 roundings. Then a sum of n products. Shares
         * below exp(-87) may be zero. A share is rounded to an operand, and so is the result. */
        out[d] = v;
        limit[d] = off + in * FLT_EPSILON * (3.0 + sqrt((double)n)) +
                   in * operand_error(ops) * 1.01 + 1e-36 * (1.0 + in);
        limit[d] = (limit[d] + fabs(v) * operand_error(ops)) * 1.01;
    }
}

static void check_attention(pt_test *t, sequence s) {
    const bool at_end = (s.n + s.dim) % 2 == 0;
    const size_t width = s.heads * s.dim, ld = 3 * width, ld_out = width + s.n % 3;
    const size_t n_out = span(s.n, width, ld_out);
    buffer qkv = buffer_new(s.n * ld, at_end, false);
    buffer bias = buffer_new(s.heads * s.n * s.n, at_end, false);
    buffer mask = buffer_new(s.n * s.n, at_end, false);
    buffer before = buffer_new(n_out, at_end, false);
    double exact[512], limit[512];

    fill(qkv.p, s.n * ld, s.what);
    for (size_t i = 0; i < s.n; i++)
        for (size_t j = 0; j < width; j++)
            qkv.p[i * ld + j] *= s.gain;
    fill(bias.p, s.heads * s.n * s.n, SIGNED);
    for (size_t i = 0; i < s.n; i++) /* one row in four is masked throughout */
        for (size_t j = 0; j < s.n; j++)
            mask.p[i * s.n + j] = draw() < 0.5 || i % 4 == 3 ? -100.0f : 0.0f;
    fill_rows(before.p, s.n, width, ld_out, ZERO);

    FOR_EACH_OPS(ops) {
        buffer scratch = buffer_of(ops->attention_scratch(s.n, s.dim), 1, at_end, true);
        buffer input = buffer_operands(ops, qkv.p, s.n * ld, at_end);
        buffer out = buffer_operands(ops, before.p, n_out, at_end);
        buffer rounded = buffer_new(s.n * ld, at_end, false);
        pt_nn_attention a = {.n_tokens = s.n,
                             .n_heads = s.heads,
                             .head_dim = s.dim,
                             .q = input.p,
                             .k = (unsigned char *)input.p + width * ops->operand_size,
                             .v = (unsigned char *)input.p + 2 * width * ops->operand_size,
                             .ld = ld,
                             .scale = 1.0f / sqrtf((float)s.dim),
                             .bias = s.biased ? bias.p : NULL,
                             .mask = s.masked ? mask.p : NULL,
                             .out = out.p,
                             .ld_out = ld_out,
                             .scratch = scratch.p};
        double worst = 0.0;
        bool gaps = true;

        ops->attention(&a);
        for (size_t i = 0; i < s.n * ld; i++)
            rounded.p[i] = as_operand(ops, qkv.p[i]);
        a.q = rounded.p;
        a.k = rounded.p + width;
        a.v = rounded.p + 2 * width;
        for (size_t i = 0; i < s.n; i++) {
            for (size_t h = 0; h < s.heads; h++) {
                exact_row(ops, &a, h, i, exact, limit);
                for (size_t d = 0; d < s.dim; d++) {
                    const float got = operand_at(ops, out.p, i * ld_out + h * s.dim + d);
                    const double ratio = fabs(got - exact[d]) / limit[d];
                    if (!(ratio <= worst)) worst = ratio;
                }
            }
            for (size_t j = width; i + 1 < s.n && j < ld_out; j++)
                gaps = gaps && operand_at(ops, out.p, i * ld_out + j) == as_operand(ops, SENTINEL);
        }
        pt_test_check(
            t, worst <= 1.0, __FILE__, __LINE__,
            "%s attention, %zu tokens, %zu heads of %zu, bias %d, mask %d, input %d x %g: "
            "%.3g times the tolerance",
            ops_name(ops), s.n, s.heads, s.dim, s.biased, s.masked, s.what, s.gain, worst);
        CHECK(gaps);
        buffer_free(&scratch);
        buffer_free(&input);
        buffer_free(&out);
        buffer_free(&rounded);
    }
    buffer_free(&qkv);
    buffer_free(&bias);
    buffer_free(&mask);
    buffer_free(&before);
}

/* The windows of the audio tower, and captions of the text tower up to its limit. */
TEST(nn_attention, tower_shapes) {
    static const size_t windows[] = {24, 32}, captions[] = {2, 3, 12, 16, 21, 64, 77};

    state = 10;
    for (size_t i = 0; i < 2; i++) {
        check_attention(t, (sequence){64, 4, windows[i], true, false, SIGNED, 4.0f});
        check_attention(t, (sequence){64, 3, windows[i], true, true, SIGNED, 4.0f});
    }
    for (size_t i = 0; i < sizeof captions / sizeof *captions; i++)
        check_attention(t, (sequence){captions[i], 3, 64, false, false, SIGNED, 4.0f});
    check_attention(t, (sequence){512, 1, 64, false, false, SIGNED, 4.0f});
}

TEST(nn_attention, every_edge) {
    static const size_t dims[] = {1, 2, 3, 5, 8, 15, 16, 17, 33, 48, 49, 80, 100};

    state = 11;
    for (size_t n = 1; n <= 18; n++)
        for (size_t d = 0; d < sizeof dims / sizeof *dims; d++)
            check_attention(t, (sequence){n, 2, dims[d], n % 2 == 0, n % 3 == 0, SIGNED, 1.0f});
    for (size_t n = 31; n <= 130; n += 11)
        check_attention(t, (sequence){n, 2, 6, true, true, SIGNED, 1.0f});
    check_attention(t, (sequence){511, 1, 3, true, true, SIGNED, 1.0f});
}

/* Scores far apart, equal, huge or near zero; gain 3e9 exceeds the range of exp. */
TEST(nn_attention, extreme_input) {
    static const float gains[] = {0.0f, 30.0f, 1e3f, 3e9f};

    state = 12;
    for (size_t i = 0; i < sizeof gains / sizeof *gains; i++)
        check_attention(t, (sequence){37, 2, 24, true, true, SIGNED, gains[i]});
    check_attention(t, (sequence){20, 1, 32, false, true, DENORMAL, 1.0f});
    check_attention(t, (sequence){20, 1, 32, true, false, ZERO, 1.0f});
    check_attention(t, (sequence){20, 1, 32, false, false, LARGE, 1.0f});
}

/* exp alone: two tokens of one number, scores 0 and s, values 0 and 1, give e^s / (1 + e^s).
 * Relative error: exp 2 u and less than 1 u for the reduction of its argument, sum, division and
 * product one each: 6 u. Below e^-87 zero is accepted. */
TEST(nn_attention, exp) {
    const float numbers[4] = {0.0f, 1.0f, 0.0f, 1.0f}; /* keys and values */
    buffer scratch = buffer_new(4096, true, true);

    FOR_EACH_OPS(ops) {
        buffer kv = buffer_operands(ops, numbers, 4, true);
        double worst = 0.0;
        float at = 0.0f;

        REQUIRE(ops->attention_scratch(2, 1) <= 4096 * sizeof(float));
        for (int i = 0; i <= 120000; i++) {
            const float s = as_operand(ops, -(float)i / 1000.0f), scores[2] = {s, s};
            float q[2], out[2];
            const pt_nn_attention a = {.n_tokens = 2,
                                       .n_heads = 1,
                                       .head_dim = 1,
                                       .q = q,
                                       .k = kv.p,
                                       .v = (unsigned char *)kv.p + 2 * ops->operand_size,
                                       .ld = 1,
                                       .scale = 1.0f,
                                       .out = out,
                                       .ld_out = 1,
                                       .scratch = scratch.p};
            ops->to_operands(scores, 2, q);
            ops->attention(&a);
            /* Rounding to operands adds two roundings. */
            const double exact = exp((double)s) / (1.0 + exp((double)s));
            const double limit = (3.0 * FLT_EPSILON + 2.01 * operand_error(ops)) * exact +
                                 (s < -86.5f ? exact : 0.0);
            const double ratio = fabs(operand_at(ops, out, 0) - exact) / limit;
            if (!(ratio <= worst)) worst = ratio, at = s;
        }
        pt_test_check(t, worst <= 1.0, __FILE__, __LINE__, "%s exp(%.9g): %.3g times the tolerance",
                      ops_name(ops), at, worst);
        buffer_free(&kv);
    }
    buffer_free(&scratch);
}

/* Permuting the queries permutes the results, bit for bit. */
TEST(nn_attention, queries_are_independent) {
    enum { N = 29, DIM = 24, HEADS = 2, WIDTH = HEADS * DIM };
    static float q[N * WIDTH], k[N * WIDTH], v[N * WIDTH], out[N * WIDTH];
    static float turned[N * WIDTH], turned_out[N * WIDTH];

    state = 13;
    fill(q, N * WIDTH, SIGNED);
    fill(k, N * WIDTH, SIGNED);
    fill(v, N * WIDTH, SIGNED);
    for (size_t i = 0; i < N; i++)
        memcpy(turned + i * WIDTH, q + (i * 12 + 7) % N * WIDTH, WIDTH * sizeof *q);
    FOR_EACH_OPS(ops) {
        const size_t row = WIDTH * ops->operand_size;
        buffer scratch = buffer_of(ops->attention_scratch(N, DIM), 1, true, true);
        buffer queries = buffer_operands(ops, q, N * WIDTH, true);
        buffer others = buffer_operands(ops, turned, N * WIDTH, true);
        buffer keys = buffer_operands(ops, k, N * WIDTH, true);
        buffer values = buffer_operands(ops, v, N * WIDTH, true);
        pt_nn_attention a = {.n_tokens = N,
                             .n_heads = HEADS,
                             .head_dim = DIM,
                             .q = queries.p,
                             .k = keys.p,
                             .v = values.p,
                             .ld = WIDTH,
                             .scale = 0.2f,
                             .out = out,
                             .ld_out = WIDTH,
                             .scratch = scratch.p};
        ops->attention(&a);
        a.q = others.p;
        a.out = turned_out;
        ops->attention(&a);
        for (size_t i = 0; i < N; i++)
            CHECK(memcmp((unsigned char *)turned_out + i * row,
                         (unsigned char *)out + (i * 12 + 7) % N * row, row) == 0);
        buffer_free(&scratch);
        buffer_free(&queries);
        buffer_free(&others);
        buffer_free(&keys);
        buffer_free(&values);
    }
}

/* ---- all ---- */

/* A NaN affects its own row and no other. */
TEST(nn_ops, nan_stays_in_its_row) {
    enum { M = 11, N = 20, BAD = 6 };
    static float x[M * N], w[N * N], y[M * N], gain[N], shift[N];

    state = 14;
    fill(x, M * N, SIGNED);
    fill(w, N * N, SIGNED);
    fill(gain, N, POSITIVE);
    fill(shift, N, SIGNED);
    x[BAD * N + 3] = NAN;
    FOR_EACH_OPS(ops) {
        buffer packed = buffer_of(ops->packed_size(N, N), 1, true, true);
        buffer scratch = buffer_of(ops->attention_scratch(M, N), 1, true, true);
        buffer input = buffer_operands(ops, x, M * N, true);
        buffer others = buffer_operands(ops, w, N * N, true);
        const pt_nn_linear map = {.n_in = N, .n_out = N, .packed = packed.p};
        const pt_nn_attention a = {.n_tokens = M,
                                   .n_heads = 1,
                                   .head_dim = N,
                                   .q = input.p,
                                   .k = others.p,
                                   .v = others.p,
                                   .ld = N,
                                   .scale = 1.0f,
                                   .out = y,
                                   .ld_out = N,
                                   .scratch = scratch.p};
        ops->pack(w, N, N, packed.p);
        for (int what = 0; what < N_EPILOGUES + 3; what++) {
            const bool floats = what < PT_NN_OPERAND || what == N_EPILOGUES;
            memset(y, 0, sizeof y);
            if (what < N_EPILOGUES) ops->linear(&map, input.p, N, M, (pt_nn_epilogue)what, y, N);
            if (what == N_EPILOGUES) ops->layer_norm(x, M, N, gain, shift, 1e-5f, y, NULL);
            if (what == N_EPILOGUES + 1) ops->layer_norm(x, M, N, gain, shift, 1e-5f, NULL, y);
            if (what == N_EPILOGUES + 2) ops->attention(&a);
            for (size_t i = 0; i < M; i++) {
                size_t n_nan = 0;
                for (size_t j = i * N; j < (i + 1) * N; j++)
                    n_nan += isnan(floats ? y[j] : operand_at(ops, y, j)) != 0;
                pt_test_check(t, n_nan == (i == BAD ? N : 0), __FILE__, __LINE__,
                              "%s kernel %d: %zu NaN in row %zu", ops_name(ops), what, n_nan, i);
            }
        }
        buffer_free(&packed);
        buffer_free(&scratch);
        buffer_free(&input);
        buffer_free(&others);
    }
}

TEST(nn_ops, table_of_each_set) {
    size_t n_bf16 = 0;
    FOR_EACH_OPS(ops) {
        CHECK(pt_nn_ops_get(ops->isa, ops->precision) == ops);
        CHECK_INT(ops->operand_size, is_bf16(ops) ? 2 : 4);
        n_bf16 += is_bf16(ops);
    }
    for (patina_isa isa = PATINA_ISA_C; isa <= patina_isa_detect(); isa++)
        CHECK(pt_nn_ops_get(isa, PATINA_PRECISION_F32) != NULL);
    CHECK_INT(n_bf16, patina_isa_has_bf16() ? 2 : 1);
}
