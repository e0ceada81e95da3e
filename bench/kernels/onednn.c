/* SPDX-License-Identifier: MIT */
/* onednn.c - matrix products by oneDNN on one thread, in its own layout of the weights */

#include "onednn.h"

#if HAVE_ONEDNN
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <dnnl.h>
#include <omp.h>

enum { SRC, WEIGHTS, BIAS, DST, N_ARGS };

/* One of its primitives; NULL if not supported. */
typedef struct onednn_impl {
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[N_ARGS];
} onednn_impl;

struct onednn_linear {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    onednn_impl fastest;
};

/* Parameters of a linear. */
typedef struct product {
    dnnl_dim_t m, n, k;
    pt_nn_epilogue epilogue;
    dnnl_data_type_t in, out;
    const float *w, *bias;
    void *x, *y;
} product;

static void check_dnnl(dnnl_status_t status, const char *what) {
    if (status == dnnl_success) return;
    fprintf(stderr, "bench_nn: oneDNN fails in %s with status %d\n", what, (int)status);
    exit(1);
}

static dnnl_memory_desc_t matrix(dnnl_dim_t rows, dnnl_dim_t columns, dnnl_data_type_t type,
                                 dnnl_format_tag_t tag) {
    dnnl_memory_desc_t desc;
    const dnnl_dims_t dims = {rows, columns};
    check_dnnl(dnnl_memory_desc_init_by_tag(&desc, 2, dims, type, tag), "a description");
    return desc;
}

static dnnl_memory_t create_memory(const onednn_linear *l, const dnnl_memory_desc_t *desc,
                                   void *data) {
    dnnl_memory_t memory;
    check_dnnl(dnnl_memory_create(&memory, desc, l->engine, data), "a memory");
    return memory;
}

/* Reorders memory from one descriptor to another, into new memory. */
static dnnl_memory_t reorder_memory(const onednn_linear *l, const void *data,
                                    const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to) {
    /* DNNL_ARG_FROM is read-only */
    union {
        const void *read;
        void *handle;
    } source = {data};
    dnnl_memory_t in = create_memory(l, from, source.handle);
    dnnl_memory_t out = create_memory(l, to, DNNL_MEMORY_ALLOCATE);
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t reorder;

    check_dnnl(dnnl_reorder_primitive_desc_create(&desc, from, l->engine, to, l->engine, NULL),
               "a reorder's description");
    check_dnnl(dnnl_primitive_create(&reorder, desc), "a reorder");
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, in}, {DNNL_ARG_TO, out}};
    check_dnnl(dnnl_primitive_execute(reorder, l->stream, 2, args), "reordering");
    check_dnnl(dnnl_stream_wait(l->stream), "reordering");
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(desc);
    dnnl_memory_destroy(in);
    return out;
}

static dnnl_primitive_attr_t epilogue_attr(pt_nn_epilogue epilogue) {
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t ops;
    check_dnnl(dnnl_primitive_attr_create(&attr), "attributes");
    check_dnnl(dnnl_post_ops_create(&ops), "post-ops");
    if (epilogue == PT_NN_ADD) check_dnnl(dnnl_post_ops_append_sum(ops, 1.0F), "a post-op");
    if (epilogue == PT_NN_RELU || epilogue == PT_NN_GELU)
        check_dnnl(dnnl_post_ops_append_eltwise(ops, 1.0F,
                                                epilogue == PT_NN_RELU ? dnnl_eltwise_relu
                                                                       : dnnl_eltwise_gelu_erf,
                                                0.0F, 0.0F),
                   "a post-op");
    check_dnnl(dnnl_primitive_attr_set_post_ops(attr, ops), "post-ops");
    dnnl_post_ops_destroy(ops);
    return attr;
}

/* Inner product with weights [n, k], or matmul with weights [k, n]. */
static onednn_impl impl_new(const onednn_linear *l, const product *p, bool matmul) {
    const dnnl_memory_desc_t src = matrix(p->m, p->k, p->in, dnnl_ab);
    const dnnl_memory_desc_t dst = matrix(p->m, p->n, p->out, dnnl_ab);
    const dnnl_dim_t rows = matmul ? p->k : p->n, columns = matmul ? p->n : p->k;
    const dnnl_memory_desc_t given =
        matrix(rows, columns, dnnl_f32, matmul ? dnnl_ba : dnnl_ab); /* the same bytes */
    const dnnl_memory_desc_t liked = matrix(rows, columns, p->in, dnnl_format_tag_any);
    dnnl_memory_desc_t bias = matrix(1, p->n, dnnl_f32, dnnl_ab);
    dnnl_primitive_attr_t attr = epilogue_attr(p->epilogue);
    dnnl_primitive_desc_t desc = NULL;
    dnnl_status_t status;
    onednn_impl w = {0};

    if (matmul) {
        dnnl_matmul_desc_t op;
        status = dnnl_matmul_desc_init(&op, &src, &liked, &bias, &dst);
        if (status == dnnl_success)
            status = dnnl_primitive_desc_create(&desc, &op, attr, l->engine, NULL);
    } else {
        dnnl_inner_product_desc_t op;
        const dnnl_dims_t n = {p->n};
        check_dnnl(dnnl_memory_desc_init_by_tag(&bias, 1, n, dnnl_f32, dnnl_a), "a description");
        status = dnnl_inner_product_forward_desc_init(&op, dnnl_forward_inference, &src, &liked,
                                                      &bias, &dst);
        if (status == dnnl_success)
            status = dnnl_primitive_desc_create(&desc, &op, attr, l->engine, NULL);
    }
    dnnl_primitive_attr_destroy(attr);
    if (status == dnnl_unimplemented) return w;
    check_dnnl(status, "a product's description");

    check_dnnl(dnnl_primitive_create(&w.primitive, desc), "a product");
    w.memory[SRC] = create_memory(l, &src, p->x);
    w.memory[WEIGHTS] = reorder_memory(
        l, p->w, &given, dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0));
    w.memory[BIAS] = reorder_memory(l, p->bias, &bias, &bias);
    w.memory[DST] = create_memory(l, &dst, p->y);
    dnnl_primitive_desc_destroy(desc);
    return w;
}

static void impl_free(onednn_impl *w) {
    if (!w->primitive) return;
    for (int i = 0; i < N_ARGS; i++)
        dnnl_memory_destroy(w->memory[i]);
    dnnl_primitive_destroy(w->primitive);
}

static void impl_run(const onednn_linear *l, const onednn_impl *w) {
    const dnnl_exec_arg_t args[N_ARGS] = {{DNNL_ARG_SRC, w->memory[SRC]},
                                          {DNNL_ARG_WEIGHTS, w->memory[WEIGHTS]},
                                          {DNNL_ARG_BIAS, w->memory[BIAS]},
                                          {DNNL_ARG_DST, w->memory[DST]}};
    check_dnnl(dnnl_primitive_execute(w->primitive, l->stream, N_ARGS, args), "a product");
    check_dnnl(dnnl_stream_wait(l->stream), "a product");
}

/* The minimum of a few runs, after a warm-up. */
static double impl_measure_seconds(const onednn_linear *l, const onednn_impl *w) {
    double least = 1e9;
    for (int i = 0; i < 6; i++) {
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        impl_run(l, w);
        clock_gettime(CLOCK_MONOTONIC, &b);
        const double s = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
        if (i > 0 && s < least) least = s;
    }
    return least;
}

const char *onednn_open(patina_isa isa) {
    static char name[48];
    const dnnl_version_t *v = dnnl_version();

    if (v->cpu_runtime != DNNL_RUNTIME_OMP && v->cpu_runtime != DNNL_RUNTIME_SEQ) return NULL;
    omp_set_num_threads(1);
    if (isa != PATINA_ISA_AVX512)
        check_dnnl(
            dnnl_set_max_cpu_isa(isa == PATINA_ISA_AVX2 ? dnnl_cpu_isa_avx2 : dnnl_cpu_isa_sse41),
            "choosing instructions");
    snprintf(name, sizeof name, "oneDNN %d.%d.%d", v->major, v->minor, v->patch);
    return name;
}

onednn_linear *onednn_linear_new(size_t m, size_t n, size_t k, pt_nn_epilogue epilogue,
                                 patina_precision precision, const float *w, const float *bias,
                                 void *x, void *y) {
    const dnnl_data_type_t in = precision == PATINA_PRECISION_BF16 ? dnnl_bf16 : dnnl_f32;
    const bool keeps_f32 = epilogue == PT_NN_STORE || epilogue == PT_NN_ADD;
    const product p = {(dnnl_dim_t)m,
                       (dnnl_dim_t)n,
                       (dnnl_dim_t)k,
                       epilogue,
                       in,
                       keeps_f32 ? dnnl_f32 : in,
                       w,
                       bias,
                       x,
                       y};
    onednn_linear *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    check_dnnl(dnnl_engine_create(&l->engine, dnnl_cpu, 0), "an engine");
    check_dnnl(dnnl_stream_create(&l->stream, l->engine, dnnl_stream_default_flags), "a stream");

    onednn_impl ways[2] = {impl_new(l, &p, false), impl_new(l, &p, true)};
    int best = ways[0].primitive ? 0 : 1;
    if (ways[0].primitive && ways[1].primitive)
        best = impl_measure_seconds(l, &ways[1]) < impl_measure_seconds(l, &ways[0]);
    impl_free(&ways[!best]);
    l->fastest = ways[best];
    if (l->fastest.primitive) return l;
    onednn_linear_free(l);
    return NULL;
}

void onednn_linear_run(const onednn_linear *linear) {
    impl_run(linear, &linear->fastest);
}

void onednn_linear_free(onednn_linear *linear) {
    if (!linear) return;
    impl_free(&linear->fastest);
    dnnl_stream_destroy(linear->stream);
    dnnl_engine_destroy(linear->engine);
    free(linear);
}

#else
const char *onednn_open(patina_isa isa) {
    (void)isa;
    return NULL;
}

onednn_linear *onednn_linear_new(size_t m, size_t n, size_t k, pt_nn_epilogue epilogue,
                                 patina_precision precision, const float *w, const float *bias,
                                 void *x, void *y) {
    (void)m, (void)n, (void)k, (void)epilogue, (void)precision, (void)w, (void)bias, (void)x;
    (void)y;
    return NULL;
}

void onednn_linear_run(const onednn_linear *linear) {
    (void)linear;
}

void onednn_linear_free(onednn_linear *linear) {
    (void)linear;
}
#endif
