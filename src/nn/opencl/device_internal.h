/* SPDX-License-Identifier: MIT */
/* device_internal.h - the interface of the two kinds of devices; private to src/nn/opencl */

#ifndef PATINA_NN_OPENCL_DEVICE_INTERNAL_H
#define PATINA_NN_OPENCL_DEVICE_INTERNAL_H

#include "nn/opencl/device.h"

typedef struct pt_device_backend {
    void (*close)(pt_device *device);
    patina_status (*alloc)(pt_device *device, pt_device_buffer *buffer, size_t n,
                           patina_error *err);
    void (*free)(pt_device *device, pt_device_buffer *buffer);
    patina_status (*write)(pt_device *device, pt_device_span to, const void *values, size_t n,
                           patina_error *err);
    /* notice: NULL to wait */
    patina_status (*read)(pt_device *device, pt_device_span from, float *values, size_t n,
                          const pt_device_notice *notice, patina_error *err);
    void (*finish)(pt_device *device);
    patina_status (*run)(pt_device *device, const pt_device_launch *launch, patina_error *err);
} pt_device_backend;

/* First member of the struct of each kind. */
struct pt_device {
    const pt_device_backend *backend;
    char name[160];
    char tile[32];
};

struct pt_device_buffer {
    union {
        cl_mem memory; /* opencl */
        float *values; /* reference */
    } in;
};

/** Numbers of buffers, integers and floats of a kernel, and its name. */
typedef struct pt_device_signature {
    const char *name;
    size_t n_buffers, n_integers, n_floats;
} pt_device_signature;
extern const pt_device_signature pt_device_signatures[PT_DEVICE_KERNEL_COUNT];

#endif /* PATINA_NN_OPENCL_DEVICE_INTERNAL_H */
