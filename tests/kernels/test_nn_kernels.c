/* SPDX-License-Identifier: MIT */
/* test_nn_kernels.c - every kernel table that this machine can run, against double precision
 *
 * Tolerances count roundings. u = FLT_EPSILON / 2 is the largest relative error of one of them. A
 * sum of K products in float is off by at most K u S, S being the sum of the magnitudes that went
 * in; roundings of either sign add up to about sqrt(K) u S, and no more than that is granted
 * (kernels sum in blocks of 512 terms, so K counts to 512 only). A missing term of K = 3072 is a
 * hundred times larger.
 *
 * Every buffer ends where a page begins that may not be touched, or begins where one ends, so a
 * read or write outside ends the program; gaps between rows hold a value that must stay.
 */

#include <float.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <patina/isa.h>

#include "nn/ops.h"

#include "test.h"

#define GAP 12345.0f /* what stands between rows */

/* ---- buffers beside forbidden pages ---- */

typedef struct buffer {
    float *p;
    unsigned char *map;
    size_t map_size;
} buffer;

/* n floats that end (or begin) at a forbidden page. 64-byte alignment, where asked for, may leave
 * up to 60 bytes of room behind the end. */
static buffer buffer_new(size_t n, bool at_end, bool aligned) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (n ? n : 1) * sizeof(float);
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

/* Rows of n values, ld apart, and GAP between them. */
static void fill_rows(float *p, size_t n_rows, size_t n, size_t ld, kind what) {
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < (i + 1 < n_rows ? ld : n); j++)
            p[i * ld + j] = j < n ? value(what) : GAP;
}

static bool gaps_stand(const float *p, size_t n_rows, size_t n, size_t ld) {
    for (size_t i = 0; i + 1 < n_rows; i++)
        for (size_t j = n; j < ld; j++)
            if (p[i * ld + j] != GAP) return false;
    return true;
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

static const char *const epilogue_name[] = {"store", "add", "gelu"};

/* All tables, epilogues and both forms of bias on one shape. */
static void check_linear(pt_test *t, shape s, kind what) {
    const bool at_end = (s.m + s.n + s.k) % 2 == 0;
    const size_t ldx = s.k + s.m % 3, ldy = s.n + s.n % 4;
    buffer x = buffer_new(span(s.m, s.k, ldx), at_end, false);
    buffer w = buffer_new(s.n * s.k, at_end, false);
    buffer bias = buffer_new(s.n, at_end, false);
    buffer before = buffer_new(span(s.m, s.n, ldy), at_end, false);
    buffer y = buffer_new(span(s.m, s.n, ldy), at_end, false);
    double *exact = malloc(s.m * s.n * sizeof *exact), *size = malloc(s.m * s.n * sizeof *size);

    REQUIRE(exact && size);
    fill_rows(x.p, s.m, s.k, ldx, what);
    fill(w.p, s.n * s.k, what == DENORMAL ? SIGNED : what);
    fill(bias.p, s.n, what);
    fill_rows(before.p, s.m, s.n, ldy, what);
    for (size_t i = 0; i < s.m; i++)
        for (size_t j = 0; j < s.n; j++) {
            double sum = 0.0, magnitude = 0.0;
            for (size_t k = 0; k < s.k; k++) {
                const double term = (double)x.p[i * ldx + k] * w.p[j * s.k + k];
                sum += term;
                magnitude += fabs(term);
            }
            exact[i * s.n + j] = sum;
            size[i * s.n + j] = magnitude;
        }

    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        const pt_nn_ops *ops = pt_nn_ops_of(isa);
        buffer packed = buffer_new(ops->packed_size(s.n, s.k), at_end, true);
        ops->pack(w.p, s.n, s.k, packed.p);

        for (int mode = 0; mode < 6; mode++) {
            const pt_nn_epilogue epilogue = (pt_nn_epilogue)(mode % 3);
            const bool biased = mode < 3;
            const pt_nn_linear map = {
                .n_in = s.k, .n_out = s.n, .packed = packed.p, .bias = biased ? bias.p : NULL};
            double worst = 0.0;

            memcpy(y.p, before.p, span(s.m, s.n, ldy) * sizeof(float));
            ops->linear(&map, x.p, ldx, s.m, epilogue, y.p, ldy);
            for (size_t i = 0; i < s.m; i++)
                for (size_t j = 0; j < s.n; j++) {
                    double v = exact[i * s.n + j], in = size[i * s.n + j];
                    if (biased) v += bias.p[j], in += fabs(bias.p[j]);
                    if (epilogue == PT_NN_ADD) {
                        v += before.p[i * ldy + j];
                        in += fabs(before.p[i * ldy + j]);
                    }
                    /* Each operation may also lose up to half a denormal. */
                    const double terms = (double)(s.k < 512 ? s.k : 512) + (double)s.k / 512.0;
                    double limit =
                        FLT_EPSILON * in * (2.0 + sqrt(terms)) + (double)(s.k + 3) * FLT_TRUE_MIN;
                    if (epilogue == PT_NN_GELU) {
                        /* GELU's slope is at most 1.13; erf is good to 2e-7, then one rounding. */
                        limit = 1.13 * limit + fabs(v) * (1e-7 + FLT_EPSILON) + FLT_TRUE_MIN;
                        v = gelu(v);
                    }
                    const double ratio =
                        fabs(y.p[i * ldy + j] - v) / (limit > 0.0 ? limit : 1e-300);
                    if (!(ratio <= worst)) worst = ratio; /* a NaN stays */
                }
            pt_test_check(t, worst <= 1.0, __FILE__, __LINE__,
                          "%s linear %s%s, m %zu n %zu k %zu, input %d: %.3g times the tolerance",
                          pt_isa_name(isa), epilogue_name[epilogue], biased ? " bias" : "", s.m,
                          s.n, s.k, what, worst);
            CHECK(gaps_stand(y.p, s.m, s.n, ldy));
        }
        buffer_free(&packed);
    }
    free(exact);
    free(size);
    buffer_free(&x);
    buffer_free(&w);
    buffer_free(&bias);
    buffer_free(&before);
    buffer_free(&y);
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

/* One window or caption through the narrow and the wide layers of the towers. */
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

/* A row alone and the same row among others are the same bits: no result hangs on the batch. */
TEST(nn_linear, row_stands_alone) {
    enum { M = 19, N = 101, K = 1100 };
    static float x[M * K], w[N * K], bias[N], y[M * N], alone[N];
    const kind kinds[] = {SIGNED, POSITIVE, MIXED};

    state = 5;
    for (size_t what = 0; what < 3; what++) {
        fill(x, M * K, kinds[what]);
        fill(w, N * K, kinds[what]);
        fill(bias, N, SIGNED);
        for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
            const pt_nn_ops *ops = pt_nn_ops_of(isa);
            buffer packed = buffer_new(ops->packed_size(N, K), true, true);
            const pt_nn_linear map = {.n_in = K, .n_out = N, .packed = packed.p, .bias = bias};

            ops->pack(w, N, K, packed.p);
            for (size_t m = 1; m <= M; m++)
                for (int epilogue = PT_NN_STORE; epilogue <= PT_NN_GELU; epilogue++) {
                    memset(y, 0, sizeof y);
                    ops->linear(&map, x, K, m, (pt_nn_epilogue)epilogue, y, N);
                    for (size_t i = 0; i < m; i += m / 4 + 1) {
                        memset(alone, 0, sizeof alone);
                        ops->linear(&map, x + i * K, K, 1, (pt_nn_epilogue)epilogue, alone, N);
                        pt_test_check(t, memcmp(alone, y + i * N, sizeof alone) == 0, __FILE__,
                                      __LINE__, "%s linear %s: row %zu of %zu differs from itself",
                                      pt_isa_name(isa), epilogue_name[epilogue], i, m);
                    }
                }
            buffer_free(&packed);
        }
    }
}

/* GELU by itself, through a map of one weight, 1. What is held is its erf: to 2e-7, that is
 * |v| 1e-7 in v (1 + erf) / 2, and two roundings of that. */
TEST(nn_linear, gelu_alone) {
    enum { N = 100001 };
    static float x[N], y[N];
    const float one = 1.0f;
    const float special[] = {0.0f,    -0.0f, 1e-40f, -1e-40f, 1e-30f, 100.0f,
                             -100.0f, 1e30f, -1e30f, 5.51f,   -5.51f};
    const size_t n_special = sizeof special / sizeof *special;

    for (size_t i = 0; i < N; i++)
        x[i] = -12.5f + 25.0f * (float)i / (N - 1);
    memcpy(x, special, sizeof special);
    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        const pt_nn_ops *ops = pt_nn_ops_of(isa);
        buffer packed = buffer_new(ops->packed_size(1, 1), true, true);
        double worst = 0.0;
        size_t at = 0;

        /* The values along a row of weights, where lanes are full, and then the other way. */
        ops->pack(&one, 1, 1, packed.p);
        ops->linear(&(pt_nn_linear){.n_in = 1, .n_out = 1, .packed = packed.p}, x, 1, N, PT_NN_GELU,
                    y, 1);
        for (size_t i = 0; i < N; i++) {
            const double v = x[i];
            const double ratio =
                fabs(y[i] - gelu(v)) / (fabs(v) * (1e-7 + FLT_EPSILON) + FLT_TRUE_MIN);
            if (!(ratio <= worst)) worst = ratio, at = i;
        }
        pt_test_check(t, worst <= 1.0, __FILE__, __LINE__,
                      "%s gelu(%.9g) = %.9g, expected %.9g: %.3g times the tolerance",
                      pt_isa_name(isa), x[at], y[at], gelu(x[at]), worst);
        CHECK(y[n_special - 4] == 1e30f && y[n_special - 3] == 0.0f); /* erf is exactly one there */
        buffer_free(&packed);
    }
}

/* ---- layer_norm ---- */

static void check_layer_norm(pt_test *t, size_t m, size_t n, kind what, float offset, float eps) {
    const bool at_end = (m + n) % 2 == 0;
    const size_t ldx = n + m % 3, ldy = n + m % 5;
    buffer x = buffer_new(span(m, n, ldx), at_end, false);
    buffer y = buffer_new(span(m, n, ldy), at_end, false);
    buffer gain = buffer_new(n, at_end, false), shift = buffer_new(n, at_end, false);

    fill_rows(x.p, m, n, ldx, what);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            x.p[i * ldx + j] += offset;
    fill(gain.p, n, SIGNED);
    fill(shift.p, n, SIGNED);
    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        double worst = 0.0;

        fill_rows(y.p, m, n, ldy, ZERO);
        pt_nn_ops_of(isa)->layer_norm(x.p, ldx, m, n, gain.p, shift.p, eps, y.p, ldy);
        for (size_t i = 0; i < m; i++) {
            double mean = 0.0, variance = 0.0;
            for (size_t j = 0; j < n; j++)
                mean += x.p[i * ldx + j] / (double)n;
            for (size_t j = 0; j < n; j++)
                variance += (x.p[i * ldx + j] - mean) * (x.p[i * ldx + j] - mean) / (double)n;

            /* Roundings: deviation 2, scale 3 and those of a sum of squares (halved by the root, of
             * at least 8 lanes), product 2, the end 1. The mean of n doubles, and its split into
             * two floats, may miss by 2^-48 of the largest value. */
            const double deviation = sqrt(variance + (double)eps);
            const double mean_error = 0x1p-48 * 4.0 * (fabs(mean) + sqrt(variance));
            for (size_t j = 0; j < n; j++) {
                const double z = (x.p[i * ldx + j] - mean) / deviation;
                const double v = z * gain.p[j] + shift.p[j];
                const double limit =
                    FLT_EPSILON * fabs(z * gain.p[j]) * (4.0 + sqrt((double)n / 8.0) / 4.0) +
                    fabs(gain.p[j]) * mean_error / deviation + FLT_EPSILON * fabs(v) + 1e-37;
                const double ratio = fabs(y.p[i * ldy + j] - v) / limit;
                if (!(ratio <= worst)) worst = ratio;
            }
        }
        pt_test_check(t, worst <= 1.0, __FILE__, __LINE__,
                      "%s layer_norm, %zu rows of %zu, input %d + %g: %.3g times the tolerance",
                      pt_isa_name(isa), m, n, what, offset, worst);
        CHECK(gaps_stand(y.p, m, n, ldy));
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

/* Without deviation only the shift is left, exactly, even where eps is next to nothing. */
TEST(nn_layer_norm, constant_row_gives_shift) {
    enum { N = 100 };
    float x[N], y[N], gain[N], shift[N];

    state = 8;
    fill(gain, N, SIGNED);
    fill(shift, N, SIGNED);
    for (size_t j = 0; j < N; j++)
        x[j] = 1234.5678f;
    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        pt_nn_ops_of(isa)->layer_norm(x, N, 1, N, gain, shift, 1e-12f, y, N);
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
    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        memcpy(copy, x, sizeof x);
        pt_nn_ops_of(isa)->layer_norm(x, N, M, N, gain, shift, 1e-5f, y, N);
        pt_nn_ops_of(isa)->layer_norm(copy, N, M, N, gain, shift, 1e-5f, copy, N);
        CHECK(memcmp(copy, y, sizeof y) == 0);
    }
}

/* ---- attention ---- */

typedef struct sequence {
    size_t n, heads, dim;
    bool biased, masked;
    kind what;
    float gain; /* of q, which sets how far scores lie apart */
} sequence;

/* One row and head of attention in double, and how far float may be off for each of its numbers.
 * An error e of a score is a factor exp(e) of its share, and, weighed with the share, another of
 * the sum that divides them all. */
static void exact_row(const pt_nn_attention *a, size_t h, size_t i, double *out, double *limit) {
    const size_t n = a->n_tokens, dim = a->head_dim;
    double share[512], error[512], largest = -INFINITY, sum = 0.0, sum_error = 0.0;

    for (size_t j = 0; j < n; j++) {
        double s = 0.0, in = 0.0;
        for (size_t d = 0; d < dim; d++) {
            const double term =
                (double)a->q[i * a->ld + h * dim + d] * a->k[j * a->ld + h * dim + d];
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
        /* The subtraction of the largest and the reduction in exp are rounded as well. The largest
         * is off by its own error, but that is a factor of every share, and goes again. */
        error[j] += FLT_EPSILON * fabs(share[j] - largest);
        share[j] = exp(share[j] - largest);
        sum += share[j];
        sum_error += share[j] * error[j];
    }
    for (size_t d = 0; d < dim; d++) {
        double v = 0.0, in = 0.0, off = 0.0;
        for (size_t j = 0; j < n; j++) {
            const double term = share[j] / sum * a->v[j * a->ld + h * dim + d];
            v += term;
            in += fabs(term);
            off += fabs(term) * expm1(fmin(error[j] + sum_error / sum, 80.0));
        }
        /* exp, its sum, the division and the product: 6 roundings. Then a sum of n products. Shares
         * below exp(-87) may be zero. */
        out[d] = v;
        limit[d] = off + in * FLT_EPSILON * (3.0 + sqrt((double)n)) + 1e-36 * (1.0 + in);
    }
}

static void check_attention(pt_test *t, sequence s) {
    const bool at_end = (s.n + s.dim) % 2 == 0;
    const size_t width = s.heads * s.dim, ld = 3 * width, ld_out = width + s.n % 3;
    buffer qkv = buffer_new(s.n * ld, at_end, false);
    buffer bias = buffer_new(s.heads * s.n * s.n, at_end, false);
    buffer mask = buffer_new(s.n * s.n, at_end, false);
    buffer out = buffer_new(span(s.n, width, ld_out), at_end, false);
    double exact[512], limit[512];

    fill(qkv.p, s.n * ld, s.what);
    for (size_t i = 0; i < s.n; i++)
        for (size_t j = 0; j < width; j++)
            qkv.p[i * ld + j] *= s.gain;
    fill(bias.p, s.heads * s.n * s.n, SIGNED);
    for (size_t i = 0; i < s.n; i++) /* one row in four is masked throughout */
        for (size_t j = 0; j < s.n; j++)
            mask.p[i * s.n + j] = draw() < 0.5 || i % 4 == 3 ? -100.0f : 0.0f;

    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        const pt_nn_ops *ops = pt_nn_ops_of(isa);
        buffer scratch = buffer_new(ops->attention_scratch(s.n, s.dim), at_end, true);
        const pt_nn_attention a = {.n_tokens = s.n,
                                   .n_heads = s.heads,
                                   .head_dim = s.dim,
                                   .q = qkv.p,
                                   .k = qkv.p + width,
                                   .v = qkv.p + 2 * width,
                                   .ld = ld,
                                   .scale = 1.0f / sqrtf((float)s.dim),
                                   .bias = s.biased ? bias.p : NULL,
                                   .mask = s.masked ? mask.p : NULL,
                                   .out = out.p,
                                   .ld_out = ld_out,
                                   .scratch = scratch.p};
        double worst = 0.0;

        fill_rows(out.p, s.n, width, ld_out, ZERO);
        ops->attention(&a);
        for (size_t i = 0; i < s.n; i++)
            for (size_t h = 0; h < s.heads; h++) {
                exact_row(&a, h, i, exact, limit);
                for (size_t d = 0; d < s.dim; d++) {
                    const double ratio =
                        fabs(out.p[i * ld_out + h * s.dim + d] - exact[d]) / limit[d];
                    if (!(ratio <= worst)) worst = ratio;
                }
            }
        pt_test_check(
            t, worst <= 1.0, __FILE__, __LINE__,
            "%s attention, %zu tokens, %zu heads of %zu, bias %d, mask %d, input %d x %g: "
            "%.3g times the tolerance",
            pt_isa_name(isa), s.n, s.heads, s.dim, s.biased, s.masked, s.what, s.gain, worst);
        CHECK(gaps_stand(out.p, s.n, width, ld_out));
        buffer_free(&scratch);
    }
    buffer_free(&qkv);
    buffer_free(&bias);
    buffer_free(&mask);
    buffer_free(&out);
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

/* Scores far apart, equal, huge or next to nothing; gain 3e9 puts them beyond any exp. */
TEST(nn_attention, extreme_input) {
    static const float gains[] = {0.0f, 30.0f, 1e3f, 3e9f};

    state = 12;
    for (size_t i = 0; i < sizeof gains / sizeof *gains; i++)
        check_attention(t, (sequence){37, 2, 24, true, true, SIGNED, gains[i]});
    check_attention(t, (sequence){20, 1, 32, false, true, DENORMAL, 1.0f});
    check_attention(t, (sequence){20, 1, 32, true, false, ZERO, 1.0f});
    check_attention(t, (sequence){20, 1, 32, false, false, LARGE, 1.0f});
}

/* exp by itself: two tokens of one number, scores 0 and s, values 0 and 1, give e^s / (1 + e^s).
 * Relative error: exp 2 u and a little for its argument's reduction, sum, division and product one
 * each: 6 u. Below e^-87 zero will do. */
TEST(nn_attention, exp_alone) {
    const float k[2] = {0.0f, 1.0f}, v[2] = {0.0f, 1.0f};
    buffer scratch = buffer_new(4096, true, true);

    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        const pt_nn_ops *ops = pt_nn_ops_of(isa);
        double worst = 0.0;
        float at = 0.0f;

        REQUIRE(ops->attention_scratch(2, 1) <= 4096);
        for (int i = 0; i <= 120000; i++) {
            const float s = -(float)i / 1000.0f, q[2] = {s, s};
            float out[2];
            const pt_nn_attention a = {.n_tokens = 2,
                                       .n_heads = 1,
                                       .head_dim = 1,
                                       .q = q,
                                       .k = k,
                                       .v = v,
                                       .ld = 1,
                                       .scale = 1.0f,
                                       .out = out,
                                       .ld_out = 1,
                                       .scratch = scratch.p};
            ops->attention(&a);
            const double exact = exp((double)s) / (1.0 + exp((double)s));
            const double limit = 3.0 * FLT_EPSILON * exact + (s < -86.5f ? exact : 0.0);
            const double ratio = fabs(out[0] - exact) / limit;
            if (!(ratio <= worst)) worst = ratio, at = s;
        }
        pt_test_check(t, worst <= 1.0, __FILE__, __LINE__, "%s exp(%.9g): %.3g times the tolerance",
                      pt_isa_name(isa), at, worst);
    }
    buffer_free(&scratch);
}

/* Another order of the queries is another order of the results and no other bit. */
TEST(nn_attention, query_stands_alone) {
    enum { N = 29, DIM = 24, HEADS = 2, WIDTH = HEADS * DIM };
    static float q[N * WIDTH], k[N * WIDTH], v[N * WIDTH], out[N * WIDTH];
    static float turned[N * WIDTH], turned_out[N * WIDTH];

    state = 13;
    fill(q, N * WIDTH, SIGNED);
    fill(k, N * WIDTH, SIGNED);
    fill(v, N * WIDTH, SIGNED);
    for (size_t i = 0; i < N; i++)
        memcpy(turned + i * WIDTH, q + (i * 12 + 7) % N * WIDTH, WIDTH * sizeof *q);
    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        const pt_nn_ops *ops = pt_nn_ops_of(isa);
        buffer scratch = buffer_new(ops->attention_scratch(N, DIM), true, true);
        pt_nn_attention a = {.n_tokens = N,
                             .n_heads = HEADS,
                             .head_dim = DIM,
                             .q = q,
                             .k = k,
                             .v = v,
                             .ld = WIDTH,
                             .scale = 0.2f,
                             .out = out,
                             .ld_out = WIDTH,
                             .scratch = scratch.p};
        ops->attention(&a);
        a.q = turned;
        a.out = turned_out;
        ops->attention(&a);
        for (size_t i = 0; i < N; i++)
            CHECK(memcmp(turned_out + i * WIDTH, out + (i * 12 + 7) % N * WIDTH,
                         WIDTH * sizeof *out) == 0);
        buffer_free(&scratch);
    }
}

/* ---- all ---- */

/* A NaN shows in its own row and in no other: it is neither hidden nor spread. */
TEST(nn_ops, nan_stays_in_its_row) {
    enum { M = 11, N = 20, BAD = 6 };
    static float x[M * N], w[N * N], y[M * N], gain[N], shift[N];

    state = 14;
    fill(x, M * N, SIGNED);
    fill(w, N * N, SIGNED);
    fill(gain, N, POSITIVE);
    fill(shift, N, SIGNED);
    x[BAD * N + 3] = NAN;
    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        const pt_nn_ops *ops = pt_nn_ops_of(isa);
        buffer packed = buffer_new(ops->packed_size(N, N), true, true);
        buffer scratch = buffer_new(ops->attention_scratch(M, N), true, true);
        const pt_nn_linear map = {.n_in = N, .n_out = N, .packed = packed.p};
        const pt_nn_attention a = {.n_tokens = M,
                                   .n_heads = 1,
                                   .head_dim = N,
                                   .q = x,
                                   .k = w,
                                   .v = w,
                                   .ld = N,
                                   .scale = 1.0f,
                                   .out = y,
                                   .ld_out = N,
                                   .scratch = scratch.p};
        ops->pack(w, N, N, packed.p);
        for (int what = 0; what < 4; what++) {
            if (what < 2) ops->linear(&map, x, N, M, what ? PT_NN_GELU : PT_NN_STORE, y, N);
            if (what == 2) ops->layer_norm(x, N, M, N, gain, shift, 1e-5f, y, N);
            if (what == 3) ops->attention(&a);
            for (size_t i = 0; i < M; i++) {
                size_t n_nan = 0;
                for (size_t j = 0; j < N; j++)
                    n_nan += isnan(y[i * N + j]) != 0;
                pt_test_check(t, n_nan == (i == BAD ? N : 0), __FILE__, __LINE__,
                              "%s kernel %d: %zu NaN in row %zu", pt_isa_name(isa), what, n_nan, i);
            }
        }
        buffer_free(&packed);
        buffer_free(&scratch);
    }
}

TEST(nn_ops, table_of_each_set) {
    for (pt_isa isa = PT_ISA_C; isa <= pt_isa_detect(); isa++) {
        pt_isa named;
        CHECK_INT(pt_nn_ops_of(isa)->isa, isa);
        CHECK_OK(pt_isa_parse(pt_isa_name(isa), &named, &t->err));
        CHECK_INT(named, isa);
    }
}
