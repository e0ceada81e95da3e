/* SPDX-License-Identifier: MIT */
/* device.c - dispatch to the kind of a device */

#include "nn/opencl/device.h"

#include <stdlib.h>

#include "base/error.h"
#include "nn/opencl/device_internal.h"

#define SIGNATURE(name, buffers, integers, floats) {#name, buffers, integers, floats},
const pt_device_signature pt_device_signatures[PT_DEVICE_KERNEL_COUNT] = {
    PT_DEVICE_KERNELS(SIGNATURE)};

patina_status pt_device_attention_add_head(pt_device_attention *attention, size_t dim,
                                           patina_error *err) {
    for (size_t i = 0; i < attention->n; i++)
        if (attention->dims[i] == dim) return PATINA_OK;
    if (dim > PT_DEVICE_HEAD_DIM_MAX ||
        attention->n == sizeof attention->dims / sizeof *attention->dims)
        return pt_fail(err, PATINA_EUSAGE,
                       "an attention head of %zu values is not supported on a device; the maximum "
                       "is %d; use '--device cpu'",
                       dim, PT_DEVICE_HEAD_DIM_MAX);
    attention->dims[attention->n++] = dim;
    return PATINA_OK;
}

void pt_device_close(pt_device **device) {
    if (!*device) return;
    (*device)->backend->close(*device);
    *device = NULL;
}

const char *pt_device_name(const pt_device *device) {
    return device->name;
}

const char *pt_device_tile_name(const pt_device *device) {
    return device->tile;
}

patina_status pt_device_alloc(pt_device *device, size_t n, pt_device_buffer **buffer,
                              patina_error *err) {
    pt_device_buffer *b = calloc(1, sizeof *b);
    if (!b) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const patina_status status = device->backend->alloc(device, b, n > 0 ? n : 1, err);
    if (status == PATINA_OK)
        *buffer = b;
    else
        free(b);
    return status;
}

void pt_device_free(pt_device *device, pt_device_buffer **buffer) {
    if (!*buffer) return;
    device->backend->free(device, *buffer);
    free(*buffer);
    *buffer = NULL;
}

patina_status pt_device_write(pt_device *device, pt_device_span to, const void *values, size_t n,
                              patina_error *err) {
    return device->backend->write(device, to, values, n, err);
}

patina_status pt_device_read(pt_device *device, pt_device_span from, float *values, size_t n,
                             patina_error *err) {
    return device->backend->read(device, from, values, n, NULL, err);
}

patina_status pt_device_read_async(pt_device *device, pt_device_span from, float *values, size_t n,
                                   pt_device_notice notice, patina_error *err) {
    return device->backend->read(device, from, values, n, &notice, err);
}

void pt_device_finish(pt_device *device) {
    device->backend->finish(device);
}

patina_status pt_device_run(pt_device *device, const pt_device_launch *launch, patina_error *err) {
    return device->backend->run(device, launch, err);
}
