/* SPDX-License-Identifier: MIT */
/* device_check.c - compares the kernels of a device with the plain C reference, bit by bit */

#include "nn/opencl/device_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "nn/opencl/device_internal.h"
#include "nn/opencl/device_math.h"

#define MARGIN 64 /* values behind an output that must not change */

/* What a buffer is filled with. */
typedef enum content { VALUES, BIASES, TAPS, STARTS } content;

typedef struct argument {
    size_t n;
    content content;
} argument;

/* The buffers of a launch; the last is the output. */
static void list_arguments(const pt_device_launch *l, const int32_t *starts, argument a[6]) {
    const int32_t *s = l->integers;
    const size_t n0 = (size_t)s[0], n1 = (size_t)s[1], n2 = (size_t)s[2], n3 = (size_t)s[3];
    size_t d = 0, n = 0;

    switch (l->kernel) {
    case PT_DEVICE_image:
        a[0] = (argument){n0 * n1 * n2, VALUES};
        a[1] = a[2] = a[3] = (argument){n2, BIASES};
        a[4] = (argument){8 * n3 * n3 / n2, TAPS};
        a[5] = (argument){n0 * n3 * n3, VALUES};
        break;
    case PT_DEVICE_patches:
        a[0] = a[1] = (argument){n0 * n1 * n1 * n2 * n2, VALUES};
        break;
    case PT_DEVICE_layer_norm:
        a[0] = a[3] = (argument){l->grid[0] * n0, VALUES};
        a[1] = a[2] = (argument){n0, BIASES};
        break;
    case PT_DEVICE_merge:
        a[0] = a[1] = (argument){n0 * n1 * n1 * n2, VALUES};
        break;
    case PT_DEVICE_mean:
        a[0] = (argument){n0 * n1 * n2, VALUES};
        a[1] = (argument){n0 * n2, VALUES};
        break;
    case PT_DEVICE_gather:
        for (size_t i = 0; i < n0; i++)
            if ((size_t)starts[i] >= n) n = (size_t)starts[i] + 1;
        a[0] = (argument){n * n1, VALUES};
        a[1] = (argument){n0, STARTS};
        a[2] = (argument){n0 * n1, VALUES};
        break;
    case PT_DEVICE_linear:
        a[0] = (argument){n0 * n2, VALUES};
        a[1] = (argument){n1 * n2, VALUES};
        a[2] = (argument){n1, BIASES};
        a[3] = (argument){n0 * n1, VALUES};
        break;
    case PT_DEVICE_window_attention:
        d = n1 * l->head_dim;
        a[0] = (argument){l->grid[2] * n0 * n0 * 3 * d, VALUES};
        n = l->window * l->window;
        a[1] = (argument){n1 * n * n, BIASES};
        a[2] = (argument){l->grid[2] * n0 * n0 * d, VALUES};
        break;
    case PT_DEVICE_text_attention:
        d = n0 * l->head_dim;
        a[0] = (argument){(size_t)starts[l->grid[2]] * 3 * d, VALUES};
        a[1] = (argument){l->grid[2] + 1, STARTS};
        a[2] = (argument){(size_t)starts[l->grid[2]] * d, VALUES};
        break;
    default:
        break;
    }
}

/* Numbers of [-2, 2]. Of each buffer, the first eighth is so small that products are denormal. */
static void fill(const argument *a, const pt_device_launch *l, const int32_t *starts,
                 uint32_t *random, float *values) {
    for (size_t i = 0; i < a->n; i++) {
        *random = *random * 1664525U + 1013904223U;
        const float x = (float)(int32_t)*random * 0x1p-30F;
        const float small = a->content == BIASES ? 1e-38F : 1e-19F;
        values[i] = i < a->n / 8 ? x * small : x;
        if (a->content == TAPS && i % 8 < 4)
            values[i] = pt_float_of_bits((int32_t)(*random >> 8) % l->integers[1]);
        if (a->content == STARTS) values[i] = pt_float_of_bits(starts[i]);
    }
}

/* The buffers of a comparison on both devices. */
typedef struct pair {
    pt_device *device[2];
    pt_device_buffer *buffers[2][6];
    float *values, *results[2];
} pair;

static patina_status compare(pair *p, const pt_device_launch *launch, const int32_t *starts,
                             pt_device_difference *difference, patina_error *err) {
    const size_t n_buffers = pt_device_signatures[launch->kernel].n_buffers, last = n_buffers - 1;
    argument a[6];
    uint32_t random = 1;

    list_arguments(launch, starts, a);
    for (size_t i = 0; i < n_buffers; i++) {
        const size_t n = a[i].n + (i == last ? MARGIN : 0);
        p->values = malloc(n * sizeof *p->values);
        if (!p->values) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        fill(&(argument){n, a[i].content}, launch, starts, &random, p->values);
        for (int k = 0; k < 2; k++) {
            PT_TRY(pt_device_alloc(p->device[k], n, &p->buffers[k][i], err));
            PT_TRY(pt_device_write(p->device[k], (pt_device_span){p->buffers[k][i], 0}, p->values,
                                   n, err));
            pt_device_finish(p->device[k]);
        }
        free(p->values);
        p->values = NULL;
    }
    const size_t n = a[last].n + MARGIN;
    for (int k = 0; k < 2; k++) {
        pt_device_launch l = *launch;
        for (size_t i = 0; i < n_buffers; i++)
            l.buffers[i] = (pt_device_span){p->buffers[k][i], 0};
        p->results[k] = malloc(n * sizeof *p->results[k]);
        if (!p->results[k]) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        PT_TRY(pt_device_run(p->device[k], &l, err));
        PT_TRY(pt_device_read(p->device[k], l.buffers[last], p->results[k], n, err));
    }
    *difference = (pt_device_difference){0, n};
    for (size_t i = 0; i < n; i++)
        difference->n_different += memcmp(&p->results[0][i], &p->results[1][i], sizeof(float)) != 0;
    return PATINA_OK;
}

patina_status pt_device_compare(pt_device *device, const pt_device_launch *launch,
                                const int32_t *starts, pt_device_difference *difference,
                                patina_error *err) {
    pair p = {.device = {device}};
    PT_TRY(pt_device_open_reference(&p.device[1], err));
    const patina_status status = compare(&p, launch, starts, difference, err);
    for (int k = 0; k < 2; k++) {
        pt_device_finish(p.device[k]);
        for (size_t i = 0; i < 6; i++)
            pt_device_free(p.device[k], &p.buffers[k][i]);
        free(p.results[k]);
    }
    free(p.values);
    pt_device_close(&p.device[1]);
    return status;
}

static patina_status check_launch(pt_device *device, const pt_device_launch *launch,
                                  const int32_t *starts, patina_error *err) {
    pt_device_difference d;
    PT_TRY(pt_device_compare(device, launch, starts, &d, err));
    if (d.n_different == 0) return PATINA_OK;
    return pt_fail(
        err, PATINA_EUSAGE,
        "device '%s': %zu of %zu values of the kernel '%s' differ from the reference, so "
        "its driver does not compute as IEEE 754 defines (no denormals, or fast-math "
        "options?); use another device or '--device cpu'",
        pt_device_name(device), d.n_different, d.n_values,
        pt_device_signatures[launch->kernel].name);
}

patina_status pt_device_check(pt_device *device, const pt_device_attention *attention,
                              patina_error *err) {
    static const int32_t starts[] = {0, 5, 70, 71};
    const pt_device_launch launches[] = {
        {.kernel = PT_DEVICE_image, .grid = {2 * 64 * 64}, .integers = {2, 61, 16, 64}},
        {.kernel = PT_DEVICE_patches, .grid = {2 * 32 * 32}, .integers = {2, 8, 4}},
        {.kernel = PT_DEVICE_layer_norm, .grid = {5}, .integers = {100}, .floats = {0.01F, 1e-5F}},
        {.kernel = PT_DEVICE_merge, .grid = {2 * 64 * 24}, .integers = {2, 8, 24}},
        {.kernel = PT_DEVICE_mean, .grid = {3 * 40}, .integers = {3, 64, 40}, .floats = {0x1p-6F}},
        {.kernel = PT_DEVICE_gather, .grid = {4 * 40}, .integers = {4, 40}},
        {.kernel = PT_DEVICE_linear, .integers = {70, 130, 100, PT_DEVICE_STORE}},
        {.kernel = PT_DEVICE_linear, .integers = {70, 130, 96, PT_DEVICE_GELU}},
        {.kernel = PT_DEVICE_linear, .integers = {70, 66, 96, PT_DEVICE_RESIDUAL}},
        {.kernel = PT_DEVICE_linear, .integers = {3, 66, 40, PT_DEVICE_TANH}},
        {.kernel = PT_DEVICE_linear, .integers = {3, 66, 40, PT_DEVICE_RELU}},
    };
    for (size_t i = 0; i < sizeof launches / sizeof *launches; i++)
        PT_TRY(check_launch(device, &launches[i], starts, err));
    for (size_t i = 0; i < attention->n; i++) {
        const size_t window = attention->window;
        const pt_device_launch kinds[] = {
            {.kernel = PT_DEVICE_window_attention,
             .head_dim = attention->dims[i],
             .window = window,
             .grid = {4, 2, 2},
             .integers = {(int32_t)(2 * window), 2, (int32_t)(window / 2)},
             .floats = {0.2F}},
            {.kernel = PT_DEVICE_text_attention,
             .head_dim = attention->dims[i],
             .grid = {2, 2, 3},
             .integers = {2},
             .floats = {0.2F}}};
        for (size_t k = 0; k < 2; k++)
            PT_TRY(check_launch(device, &kinds[k], starts, err));
    }
    return PATINA_OK;
}
