/* SPDX-License-Identifier: MIT */
/* device_reference.c - the device kernels in plain C, bit for bit
 *
 * One loop over outputs for each kernel, with the order of sums that the kernel defines and the
 * arithmetic of device_math.h. Nothing depends on work-groups or tiles. Commands run immediately.
 */

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "nn/opencl/device_internal.h"
#include "nn/opencl/device_math.h"

#define MASKED -100.0f

/* Arguments of a kernel, with offsets added. */
typedef struct arguments {
    float *b[6];
    const int32_t *n;
    const float *f;
    size_t dim, window;
    const size_t *grid;
} arguments;

static void run_image(const arguments *a) {
    const float *features = a->b[0], *mean = a->b[1], *scale = a->b[2], *shift = a->b[3];
    const float *taps = a->b[4];
    const size_t n_images = (size_t)a->n[0], n_frames = (size_t)a->n[1], n_mels = (size_t)a->n[2];
    const size_t size = (size_t)a->n[3], n_segments = size / n_mels;
    float *out = a->b[5];

    for (size_t i = 0; i < n_images; i++)
        for (size_t segment = 0; segment < n_segments; segment++)
            for (size_t m = 0; m < n_mels; m++)
                for (size_t t = 0; t < size; t++) {
                    const float *tap = taps + 8 * (segment * size + t);
                    float sum = 0.0f;
                    for (size_t k = 0; k < 4; k++) {
                        const size_t frame = (size_t)pt_bits_of_float(tap[k]);
                        const float x = features[(i * n_frames + frame) * n_mels + m];
                        sum = fmaf(tap[4 + k], fmaf(x - mean[m], scale[m], shift[m]), sum);
                    }
                    *out++ = sum;
                }
}

static void run_patches(const arguments *a) {
    const size_t n_images = (size_t)a->n[0], side = (size_t)a->n[1], patch = (size_t)a->n[2];
    const size_t size = side * patch;
    float *out = a->b[1];

    for (size_t i = 0; i < n_images; i++)
        for (size_t token = 0; token < side * side; token++)
            for (size_t y = 0; y < patch; y++, out += patch)
                memcpy(out,
                       a->b[0] + (i * size + token / side * patch + y) * size +
                           token % side * patch,
                       patch * sizeof *out);
}

/* The sum of n values in the order of the kernel: lanes first, then over the lanes. */
static float sum_lanes(const float *x, size_t n, float mean, int squares) {
    float total = 0.0f;
    for (size_t t = 0; t < PT_DEVICE_NORM_LANES; t++) {
        float s = 0.0f;
        for (size_t j = t; j < n; j += PT_DEVICE_NORM_LANES)
            s = squares ? fmaf(x[j] - mean, x[j] - mean, s) : s + x[j];
        total += s;
    }
    return total;
}

static void run_layer_norm(const arguments *a) {
    const size_t n = (size_t)a->n[0];
    for (size_t row = 0; row < a->grid[0]; row++) {
        const float *x = a->b[0] + row * n;
        float *y = a->b[3] + row * n;
        const float mean = fmaf(sum_lanes(x, n, 0.0f, 0), a->f[0], 0.0f);
        const float scale = pt_reciprocal_sqrt(fmaf(sum_lanes(x, n, mean, 1), a->f[0], a->f[1]));
        for (size_t j = 0; j < n; j++)
            y[j] = fmaf((x[j] - mean) * scale, a->b[1][j], a->b[2][j]);
    }
}

static void run_merge(const arguments *a) {
    const size_t n_images = (size_t)a->n[0], side = (size_t)a->n[1], d = (size_t)a->n[2];
    float *out = a->b[1];
    for (size_t i = 0; i < n_images; i++)
        for (size_t y = 0; y < side / 2; y++)
            for (size_t x = 0; x < side / 2; x++)
                for (size_t k = 0; k < 4; k++, out += d)
                    memcpy(out, a->b[0] + ((i * side + 2 * y + k % 2) * side + 2 * x + k / 2) * d,
                           d * sizeof *out);
}

static void run_mean(const arguments *a) {
    const size_t n_images = (size_t)a->n[0], n = (size_t)a->n[1], d = (size_t)a->n[2];
    for (size_t i = 0; i < n_images; i++)
        for (size_t j = 0; j < d; j++) {
            float sum = 0.0f;
            for (size_t k = 0; k < n; k++)
                sum += a->b[0][(i * n + k) * d + j];
            a->b[1][i * d + j] = fmaf(sum, a->f[0], 0.0f);
        }
}

static void run_gather(const arguments *a) {
    const int32_t *starts = (const int32_t *)(const void *)a->b[1];
    const size_t d = (size_t)a->n[1];
    for (size_t i = 0; i < (size_t)a->n[0]; i++)
        memcpy(a->b[2] + i * d, a->b[0] + (size_t)starts[i] * d, d * sizeof(float));
}

static void run_linear(const arguments *a) {
    const size_t n_rows = (size_t)a->n[0], n_out = (size_t)a->n[1], n_in = (size_t)a->n[2];
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_out; j++) {
            const float *x = a->b[0] + i * n_in, *w = a->b[1] + j * n_in;
            float *y = a->b[3] + i * n_out + j, sum = 0.0f;
            for (size_t k = 0; k < n_in; k++)
                sum = fmaf(x[k], w[k], sum);
            if (n_in % PT_DEVICE_K_MULTIPLE != 0) sum = fmaf(0.0f, 0.0f, sum);
            const float v = pt_activate(sum + a->b[2][j], a->n[3]);
            *y = a->n[3] == PT_DEVICE_RESIDUAL ? *y + v : v;
        }
}

/* Online softmax of one query. */
typedef struct query {
    float max, sum;
    float acc[PT_DEVICE_HEAD_DIM_MAX];
} query;

static void add_key(query *q, float score, const float *value, size_t dim) {
    const float max = score > q->max ? score : q->max;
    const float keep = pt_exp(q->max - max), weight = pt_exp(score - max);
    q->sum = fmaf(q->sum, keep, weight);
    for (size_t i = 0; i < dim; i++)
        q->acc[i] = fmaf(weight, value[i], q->acc[i] * keep);
    q->max = max;
}

static float dot(const float *q, const float *k, size_t dim) {
    float s = 0.0f;
    for (size_t i = 0; i < dim; i++)
        s = fmaf(q[i], k[i], s);
    return s;
}

static void store(const query *q, float *out, size_t dim) {
    const float inverse = pt_reciprocal(q->sum);
    for (size_t i = 0; i < dim; i++)
        out[i] = q->acc[i] * inverse;
}

static void run_window_attention(const arguments *a) {
    const size_t side = (size_t)a->n[0], n_heads = (size_t)a->n[1], shift = (size_t)a->n[2];
    const size_t w = a->window, n = w * w, across = side / w, d = n_heads * a->dim;

    for (size_t image = 0; image < a->grid[2]; image++)
        for (size_t window = 0; window < across * across; window++) {
            const size_t top = window / across, left = window % across;
            const int bottom = shift && top == across - 1, right = shift && left == across - 1;
            size_t token[PT_DEVICE_WINDOW_MAX * PT_DEVICE_WINDOW_MAX];
            for (size_t t = 0; t < n; t++)
                token[t] = (image * side + (top * w + shift + t / w) % side) * side +
                           (left * w + shift + t % w) % side;
            for (size_t h = 0; h < n_heads; h++)
                for (size_t t = 0; t < n; t++) {
                    const float *mine = a->b[0] + token[t] * 3 * d + h * a->dim;
                    query q = {-3.0e38f, 0.0f, {0.0f}};
                    for (size_t k = 0; k < n; k++) {
                        const float *other = a->b[0] + token[k] * 3 * d + h * a->dim;
                        float s = fmaf(dot(mine, other + d, a->dim), a->f[0],
                                       a->b[1][(h * n + t) * n + k]);
                        if ((bottom && (t / w < w - shift) != (k / w < w - shift)) ||
                            (right && (t % w < w - shift) != (k % w < w - shift)))
                            s += MASKED;
                        add_key(&q, s, other + 2 * d, a->dim);
                    }
                    store(&q, a->b[2] + token[t] * d + h * a->dim, a->dim);
                }
        }
}

static void run_text_attention(const arguments *a) {
    const int32_t *starts = (const int32_t *)(const void *)a->b[1];
    const size_t n_heads = (size_t)a->n[0], d = n_heads * a->dim;

    for (size_t c = 0; c < a->grid[2]; c++)
        for (size_t h = 0; h < n_heads; h++)
            for (int32_t i = starts[c]; i < starts[c + 1]; i++) {
                const float *mine = a->b[0] + (size_t)i * 3 * d + h * a->dim;
                query q = {-3.0e38f, 0.0f, {0.0f}};
                for (int32_t k = starts[c]; k < starts[c + 1]; k++) {
                    const float *other = a->b[0] + (size_t)k * 3 * d + h * a->dim;
                    const float s = dot(mine, other + d, a->dim);
                    add_key(&q, fmaf(s, a->f[0], 0.0f), other + 2 * d, a->dim);
                }
                store(&q, a->b[2] + (size_t)i * d + h * a->dim, a->dim);
            }
}

/* ---- the device ------------------------------------------------------------------------------ */

static void (*const kernels[])(const arguments *) = {
#define RUN(name, buffers, integers, floats) [PT_DEVICE_##name] = run_##name,
    PT_DEVICE_KERNELS(RUN)};

static patina_status run(pt_device *device, const pt_device_launch *l, patina_error *err) {
    arguments a = {
        .n = l->integers, .f = l->floats, .dim = l->head_dim, .window = l->window, .grid = l->grid};
    (void)device, (void)err;
    for (size_t i = 0; i < pt_device_signatures[l->kernel].n_buffers; i++)
        a.b[i] = l->buffers[i].buffer->in.values + l->buffers[i].at;
    kernels[l->kernel](&a);
    return PATINA_OK;
}

static void close_reference(pt_device *device) {
    free(device);
}

static patina_status alloc(pt_device *device, pt_device_buffer *buffer, size_t n,
                           patina_error *err) {
    (void)device;
    buffer->in.values = malloc(n * sizeof(float));
    return buffer->in.values ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

static void free_buffer(pt_device *device, pt_device_buffer *buffer) {
    (void)device;
    free(buffer->in.values);
}

static patina_status write(pt_device *device, pt_device_span to, const void *values, size_t n,
                           patina_error *err) {
    (void)device, (void)err;
    memcpy(to.buffer->in.values + to.at, values, n * sizeof(float));
    return PATINA_OK;
}

static patina_status read(pt_device *device, pt_device_span from, float *values, size_t n,
                          const pt_device_notice *notice, patina_error *err) {
    (void)device, (void)err;
    memcpy(values, from.buffer->in.values + from.at, n * sizeof(float));
    if (notice) notice->on_done(notice->context, PATINA_OK);
    return PATINA_OK;
}

static void finish(pt_device *device) {
    (void)device;
}

static const pt_device_backend backend = {close_reference, alloc, free_buffer, write, read,
                                          finish,          run};

patina_status pt_device_open_reference(pt_device **device, patina_error *err) {
    pt_device *d = calloc(1, sizeof *d);
    if (!d) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    *d = (pt_device){.backend = &backend, .name = "reference"};
    *device = d;
    return PATINA_OK;
}
