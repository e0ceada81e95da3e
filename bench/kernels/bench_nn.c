/* SPDX-License-Identifier: MIT */
/* bench_nn.c - the speed of the kernel tables on the shapes of the towers, one thread
 *
 *     bench_nn [-i ISA] [-r ROUNDS] [WORD...]     shapes whose name contains one of the words
 *
 * Each round runs the register peak and every shape once in each precision, so that other load of
 * the machine affects all equally. Printed are, for float32 and for bfloat16 if ISA has it, the
 * best and the median of the rounds, and the best as a share of the best peak of that precision in
 * the same run. The lines of towers use every weight of a clip or a caption once, so that weights
 * are read from the same level of the memory hierarchy as in a real run.
 *
 * If oneDNN is available, each linear is also run by it, in the same round and as often; printed
 * are its best and the ratio of the best times. Before the timing all elements of both results are
 * compared, with a tolerance for rounding.
 */

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <patina/cpu.h>

#include "nn/ops.h"
#include "nn/peak_flops.h"
#include "onednn.h"

enum { MAX_ROUNDS = 1000, MAX_TIMINGS = 64 };

typedef struct linear_shape {
    const char *name;
    size_t m, n, k;
    pt_nn_epilogue epilogue;
    int audio, text; /* occurrences per clip and per caption */
} linear_shape;

/* The published unfused model: 64 x 64 tokens of width 96, with three patch mergings. */
static const linear_shape linears[] = {
    {"patch 4096,96,16", 4096, 96, 16, PT_NN_STORE, 1, 0},
    {"s1 qkv 4096,288,96", 4096, 288, 96, PT_NN_OPERAND, 2, 0},
    {"s1 proj 4096,96,96", 4096, 96, 96, PT_NN_ADD, 2, 0},
    {"s1 fc1 4096,384,96", 4096, 384, 96, PT_NN_GELU, 2, 0},
    {"s1 fc2 4096,96,384", 4096, 96, 384, PT_NN_ADD, 2, 0},
    {"merge1 1024,192,384", 1024, 192, 384, PT_NN_STORE, 1, 0},
    {"s2 qkv 1024,576,192", 1024, 576, 192, PT_NN_OPERAND, 2, 0},
    {"s2 proj 1024,192,192", 1024, 192, 192, PT_NN_ADD, 2, 0},
    {"s2 fc1 1024,768,192", 1024, 768, 192, PT_NN_GELU, 2, 0},
    {"s2 fc2 1024,192,768", 1024, 192, 768, PT_NN_ADD, 2, 0},
    {"merge2 256,384,768", 256, 384, 768, PT_NN_STORE, 1, 0},
    {"s3 qkv 256,1152,384", 256, 1152, 384, PT_NN_OPERAND, 6, 0},
    {"s3 proj 256,384,384", 256, 384, 384, PT_NN_ADD, 6, 0},
    {"s3 fc1 256,1536,384", 256, 1536, 384, PT_NN_GELU, 6, 0},
    {"s3 fc2 256,384,1536", 256, 384, 1536, PT_NN_ADD, 6, 0},
    {"merge3 64,768,1536", 64, 768, 1536, PT_NN_STORE, 1, 0},
    {"s4 qkv 64,2304,768", 64, 2304, 768, PT_NN_OPERAND, 2, 0},
    {"s4 proj 64,768,768", 64, 768, 768, PT_NN_ADD, 2, 0},
    {"s4 fc1 64,3072,768", 64, 3072, 768, PT_NN_GELU, 2, 0},
    {"s4 fc2 64,768,3072", 64, 768, 3072, PT_NN_ADD, 2, 0},
    {"text qkv 20,2304,768", 20, 2304, 768, PT_NN_OPERAND, 0, 12},
    {"text proj 20,768,768", 20, 768, 768, PT_NN_ADD, 0, 12},
    {"text fc1 20,3072,768", 20, 3072, 768, PT_NN_GELU, 0, 12},
    {"text fc2 20,768,3072", 20, 768, 3072, PT_NN_ADD, 0, 12},
    {"rows 1 1,768,768", 1, 768, 768, PT_NN_STORE, 0, 0},
    {"rows 3 3,768,768", 3, 768, 768, PT_NN_STORE, 0, 0},
    {"rows 10 10,768,768", 10, 768, 768, PT_NN_STORE, 0, 0},
    {"rows 13 13,768,768", 13, 768, 768, PT_NN_STORE, 0, 0},
    {"rows 30 30,768,768", 30, 768, 768, PT_NN_STORE, 0, 0},
};
enum { N_LINEARS = sizeof linears / sizeof *linears };

typedef struct attention_shape {
    const char *name;
    size_t n_tokens, n_heads, head_dim, n_windows;
    bool biased;
} attention_shape;

/* The windows of one block of stage 1, in the unfused and the larger model; captions. The same
 * window is repeated: in a tower it is in cache after its linear. */
static const attention_shape attentions[] = {
    {"window 24 64 x 64,4,24", 64, 4, 24, 64, true},
    {"window 32 64 x 64,4,32", 64, 4, 32, 64, true},
    {"caption 20,12,64", 20, 12, 64, 1, false},
    {"caption 77,12,64", 77, 12, 64, 1, false},
};
enum { N_ATTENTIONS = sizeof attentions / sizeof *attentions };

enum { N_PRECISIONS = 2, N_X = 4096 * 768, N_WEIGHT = 3072 * 800 };

typedef struct timing {
    const char *name;
    double flop[N_PRECISIONS];
    double seconds[N_PRECISIONS][MAX_ROUNDS];
    double onednn[N_PRECISIONS][MAX_ROUNDS]; /* by oneDNN; 0 if not supported */
} timing;

/* Buffers of the kernels: x are operands, y operands or float32. */
typedef struct bench {
    const pt_nn_ops *ops;
    void *weights, *weight; /* of a tower; of one shape */
    float *bias;
    unsigned char *x;
    void *y, *scratch;
    onednn_linear *onednn[N_LINEARS]; /* NULL if not supported */
} bench;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void *alloc_floats(size_t n_floats) {
    float *p = aligned_alloc(64, (n_floats * sizeof(float) + 63) / 64 * 64);
    if (!p) {
        fprintf(stderr, "bench_nn: out of memory\n");
        exit(1);
    }
    for (size_t i = 0; i < n_floats; i++) /* values that stay in range; touches the pages */
        p[i] = (float)(int)(i * 2654435761u % 2001u - 1000u) * 1e-4f;
    return p;
}

static bool is_selected(const char *name, char **words, int n_words) {
    for (int i = 0; i < n_words; i++)
        if (strstr(name, words[i])) return true;
    return n_words == 0;
}

static void print_timing(timing *t, int rounds, const double *peak) {
    printf("%-24s", t->name);
    for (int p = 0; p < N_PRECISIONS; p++) {
        if (t->flop[p] == 0.0) continue;
        qsort(t->seconds[p], (size_t)rounds, sizeof *t->seconds[p], compare_doubles);
        const double best = t->seconds[p][0], median = t->seconds[p][rounds / 2];
        printf("  %9.3f ms %9.3f ms %7.1f GFLOP/s", 1e3 * best, 1e3 * median,
               1e-9 * t->flop[p] / best);
        if (peak) printf(" %4.0f %%", 100.0 * t->flop[p] / best / peak[p]);
        if (t->onednn[p][0] == 0.0) continue;
        qsort(t->onednn[p], (size_t)rounds, sizeof *t->onednn[p], compare_doubles);
        printf("  oneDNN %9.3f ms, %4.2f x", 1e3 * t->onednn[p][0], t->onednn[p][0] / best);
    }
    printf("\n");
}

static double time_linear(const bench *b, const linear_shape *s, int times) {
    const pt_nn_linear map = {.n_in = s->k, .n_out = s->n, .packed = b->weight, .bias = b->bias};
    const double start = now();

    for (int i = 0; i < times; i++)
        b->ops->linear(&map, b->x, s->k, s->m, s->epilogue, b->y, s->n);
    return (now() - start) / times;
}

static double time_onednn(const onednn_linear *onednn, int times) {
    const double start = now();
    for (int i = 0; i < times; i++)
        onednn_linear_run(onednn);
    return (now() - start) / times;
}

/* All linears of a tower in order, each with its own weights. */
static double time_tower(const bench *b, bool text) {
    const unsigned char *weights = b->weights;
    const double start = now();

    for (int i = 0; i < N_LINEARS; i++)
        for (int n = 0; n < (text ? linears[i].text : linears[i].audio); n++) {
            const linear_shape *s = &linears[i];
            const pt_nn_linear map = {
                .n_in = s->k, .n_out = s->n, .packed = weights, .bias = b->bias};
            b->ops->linear(&map, b->x, s->k, s->m, s->epilogue, b->y, s->n);
            weights += b->ops->packed_size(s->n, s->k);
        }
    return now() - start;
}

static double tower_flop(bool text) {
    double flop = 0.0;
    for (int i = 0; i < N_LINEARS; i++)
        flop += 2.0 * (double)(linears[i].m * linears[i].n * linears[i].k) *
                (text ? linears[i].text : linears[i].audio);
    return flop;
}

static size_t tower_bytes(const pt_nn_ops *ops, bool text) {
    size_t n = 0;
    for (int i = 0; i < N_LINEARS; i++)
        n += ops->packed_size(linears[i].n, linears[i].k) *
             (size_t)(text ? linears[i].text : linears[i].audio);
    return n;
}

static double time_attention(const bench *b, const attention_shape *s) {
    const size_t width = s->n_heads * s->head_dim, row = width * b->ops->operand_size;
    const double start = now();

    for (size_t i = 0; i < s->n_windows; i++)
        b->ops->attention(&(pt_nn_attention){
            .n_tokens = s->n_tokens,
            .n_heads = s->n_heads,
            .head_dim = s->head_dim,
            .q = b->x,
            .k = b->x + row,
            .v = b->x + 2 * row,
            .ld = 3 * width,
            .scale = 0.2f,
            .bias = s->biased ? b->bias : NULL,
            .out = b->y,
            .ld_out = width,
            .scratch = b->scratch,
        });
    return now() - start;
}

static double time_layer_norm(const bench *b, size_t n_rows, size_t n) {
    const float *x = b->weights;
    const double start = now();

    b->ops->layer_norm(x, n_rows, n, b->bias, b->bias, 1e-5f, NULL, b->y);
    return now() - start;
}

/* Random weights for a tower and for the largest shape. */
static bench bench_new(const pt_nn_ops *ops) {
    const size_t n_audio = tower_bytes(ops, false), n_text = tower_bytes(ops, true);
    float *x = alloc_floats(N_X);
    bench b = {.ops = ops,
               .weights = alloc_floats((n_audio > n_text ? n_audio : n_text) / sizeof(float)),
               .weight = alloc_floats(N_WEIGHT),
               .bias = alloc_floats(1 << 20),
               .x = alloc_floats(N_X),
               .y = alloc_floats(4096 * 384),
               .scratch = alloc_floats(1 << 20)};
    ops->to_operands(x, N_X, b.x);
    free(x);
    return b;
}

/* ---- oneDNN ---- */

/* Element i of the output of a linear. */
static double element(const pt_nn_ops *ops, pt_nn_epilogue epilogue, const void *y, size_t i) {
    const bool is_f32 = epilogue == PT_NN_STORE || epilogue == PT_NN_ADD;
    uint16_t half;
    float value;
    if (is_f32 || ops->operand_size == sizeof value) return (double)((const float *)y)[i];
    memcpy(&half, (const unsigned char *)y + sizeof half * i, sizeof half);
    const uint32_t bits = (uint32_t)half << 16;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* Euclidean lengths of the rows of a matrix. */
static double *row_norms(const float *x, size_t n_rows, size_t n) {
    double *lengths = alloc_floats(2 * n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        double power = 0.0;
        for (size_t j = 0; j < n; j++)
            power += (double)x[i * n + j] * (double)x[i * n + j];
        lengths[i] = sqrt(power);
    }
    return lengths;
}

/* Tolerance between two correct results. Each sums k products whose magnitudes add up to at most
 * size = |x| |w|, with about sqrt(k) roundings of u; bias, GELU and residual add a few. The erf of
 * oneDNN has an error of 1.5e-7 (Abramowitz and Stegun 7.1.26). bfloat16 results are rounded once
 * more in both; operands are the same. */
static double tolerance(const bench *b, const linear_shape *s, double size, double y) {
    const double u = 0.5 * (double)FLT_EPSILON, v = size + 1.0; /* |bias| and |residual| are < 1 */
    const bool rounds =
        b->ops->operand_size == 2 && s->epilogue != PT_NN_STORE && s->epilogue != PT_NN_ADD;
    return 2.0 * sqrt((double)s->k) * u * v + 8.0 * u * v +
           (s->epilogue == PT_NN_GELU ? 0.75e-7 * v : 0.0) + (rounds ? 0x1p-7 * fabs(y) : 0.0);
}

/* Compares our result with that of oneDNN; ends the program if they differ. */
static void check_onednn(const bench *b, const linear_shape *s, const onednn_linear *onednn,
                         const float *x, const float *w) {
    const size_t n = s->m * s->n;
    double *x_lengths = row_norms(x, s->m, s->k), *w_lengths = row_norms(w, s->n, s->k);
    float *before = alloc_floats(n), *ours = malloc(n * sizeof *ours);
    size_t n_off = 0, n_zeros = 0;
    if (!ours) exit(1);

    memcpy(b->y, before, n * sizeof *before);
    time_linear(b, s, 1);
    memcpy(ours, b->y, n * sizeof *ours);
    memcpy(b->y, before, n * sizeof *before);
    onednn_linear_run(onednn);
    for (size_t i = 0; i < n; i++) {
        const double a = element(b->ops, s->epilogue, ours, i);
        const double off = fabs(a - element(b->ops, s->epilogue, b->y, i));
        n_off += !(off <= tolerance(b, s, x_lengths[i / s->n] * w_lengths[i % s->n], a));
        n_zeros += a == 0.0;
    }
    if (n_off > 0 || n_zeros > n / 2) {
        fprintf(stderr, "bench_nn: %s: %zu of %zu elements differ from oneDNN's, %zu are zero\n",
                s->name, n_off, n, n_zeros);
        exit(1);
    }
    free(x_lengths), free(w_lengths), free(before), free(ours);
}

/* Opens the selected linears in oneDNN. */
static void open_onednn_linears(bench *b, char **words, int n_words) {
    float *x = alloc_floats(N_X), *w = alloc_floats(N_WEIGHT);
    int n_refused = 0;

    for (int i = 0; i < N_LINEARS; i++) {
        const linear_shape *s = &linears[i];
        if (!is_selected(s->name, words, n_words)) continue;
        b->ops->pack(w, s->n, s->k, b->weight);
        b->onednn[i] = onednn_linear_new(s->m, s->n, s->k, s->epilogue, b->ops->precision, w,
                                         b->bias, b->x, b->y);
        n_refused += !b->onednn[i];
        if (b->onednn[i]) check_onednn(b, s, b->onednn[i], x, w);
    }
    if (n_refused > 0)
        fprintf(stderr, "bench_nn: oneDNN has none of %d shapes in %s on this machine\n", n_refused,
                patina_precision_name(b->ops->precision));
    free(x);
    free(w);
}

static void record_timing(timing *t, const char *name, int precision, int round, double flop,
                          double seconds) {
    t->name = name;
    t->flop[precision] = flop;
    t->seconds[precision][round] = seconds;
}

/* Runs every shape once; returns their number. */
static int run_round(const bench *b, timing *timings, int precision, int round, char **words,
                     int n_words) {
    int n = 0;

    for (int i = 0; i < N_LINEARS; i++) {
        const linear_shape *s = &linears[i];
        const double flop = 2.0 * (double)(s->m * s->n * s->k);
        if (!is_selected(s->name, words, n_words)) continue;
        /* One warm-up run, then at least 4 million multiply-adds. */
        const int times = 1 + (int)(8e6 / flop);
        time_linear(b, s, 1);
        record_timing(&timings[n], s->name, precision, round, flop, time_linear(b, s, times));
        if (b->onednn[i]) {
            time_onednn(b->onednn[i], 1);
            timings[n].onednn[precision][round] = time_onednn(b->onednn[i], times);
        }
        n++;
    }
    for (int i = 0; i < N_ATTENTIONS; i++) {
        const attention_shape *s = &attentions[i];
        const double flop = 4.0 * (double)(s->n_windows * s->n_heads * s->head_dim) *
                            (double)(s->n_tokens * s->n_tokens);
        if (!is_selected(s->name, words, n_words)) continue;
        time_attention(b, s);
        record_timing(&timings[n++], s->name, precision, round, flop, time_attention(b, s));
    }
    for (int text = 0; text < 2; text++) {
        const char *name = text ? "linears of a caption" : "linears of a clip";
        if (!is_selected(name, words, n_words)) continue;
        record_timing(&timings[n++], name, precision, round, tower_flop(text), time_tower(b, text));
    }
    if (is_selected("layer_norm 4096,96", words, n_words))
        record_timing(&timings[n++], "layer_norm 4096,96", precision, round, 8.0 * 4096 * 96,
                      time_layer_norm(b, 4096, 96));
    return n;
}

int main(int argc, char **argv) {
    static timing peak, timings[MAX_TIMINGS];
    patina_isa isa = patina_isa_detect();
    int rounds = 20, option, n = 0;

    while ((option = getopt(argc, argv, "i:r:")) != -1) {
        patina_error err;
        if (option == 'i' && patina_isa_parse(optarg, &isa, &err) != PATINA_OK) {
            fprintf(stderr, "bench_nn: %s\n", err.message);
            return 2;
        }
        if (option == 'r') rounds = atoi(optarg);
        if (option == '?' || rounds < 1 || rounds > MAX_ROUNDS) {
            fprintf(stderr, "usage: bench_nn [-i ISA] [-r ROUNDS (1 to 1000)] [WORD...]\n");
            return 2;
        }
    }

    const char *onednn = onednn_open(isa);
    const pt_nn_ops *ops[N_PRECISIONS];
    bench benches[N_PRECISIONS];
    for (int p = 0; p < N_PRECISIONS; p++) {
        ops[p] = pt_nn_ops_get(isa, (patina_precision)p);
        if (ops[p]) benches[p] = bench_new(ops[p]);
        if (ops[p] && onednn) open_onednn_linears(&benches[p], argv + optind, argc - optind);
    }
    for (int round = 0; round < rounds; round++)
        for (int p = 0; p < N_PRECISIONS && ops[p]; p++) {
            const double start = now(), flop = pt_nn_peak_flops_run(isa, (patina_precision)p, 2e8);
            record_timing(&peak, "register peak", p, round, flop, now() - start);
            n = run_round(&benches[p], timings, p, round, argv + optind, argc - optind);
        }

    printf("%s: best, median, best; float32%s%s%s\n", patina_isa_name(isa),
           ops[1] ? ", bfloat16" : "", onednn ? "; beside " : "", onednn ? onednn : "");
    print_timing(&peak, rounds, NULL);
    const double best_peak[N_PRECISIONS] = {peak.flop[0] / peak.seconds[0][0],
                                            peak.flop[1] / peak.seconds[1][0]};
    for (int i = 0; i < n; i++)
        print_timing(&timings[i], rounds, peak.flop[0] > 0.0 ? best_peak : NULL);
    return 0;
}
