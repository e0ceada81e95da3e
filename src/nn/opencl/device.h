/* SPDX-License-Identifier: MIT */
/* device.h - a compute device: buffers, transfers and kernels, by OpenCL or by plain C
 *
 *     opencl     device_opencl.c: kernels.cl, linear.cl and attention.cl on a device of a driver
 *     reference  device_reference.c: the same bits in plain C, to predict and check them
 *
 * Commands of a device run in the order in which they are enqueued. A device is used by one thread
 * at a time; different devices are independent.
 */

#ifndef PATINA_NN_OPENCL_DEVICE_H
#define PATINA_NN_OPENCL_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "nn/opencl/cl_api.h"

/** Version of the arithmetic of device_math.h and the kernels, recorded in data sets. */
#define PT_DEVICE_ARITHMETIC "opencl-1"

#define PT_DEVICE_HEAD_DIM_MAX 64 /* of attention: 24, 32 and 64 in published models */
#define PT_DEVICE_WINDOW_MAX   8  /* tokens of a side of an attention window */
#define PT_DEVICE_TOKENS       64 /* queries of a work-group of text attention */

/** Kernels: X(name, buffers, integers, floats). Arguments are in this order. */
#define PT_DEVICE_KERNELS(X)                                                                       \
    X(image, 6, 4, 0)                                                                              \
    X(patches, 2, 3, 0)                                                                            \
    X(layer_norm, 4, 1, 2)                                                                         \
    X(merge, 2, 3, 0)                                                                              \
    X(mean, 2, 3, 1)                                                                               \
    X(gather, 3, 2, 0)                                                                             \
    X(linear, 4, 4, 0)                                                                             \
    X(window_attention, 3, 3, 1)                                                                   \
    X(text_attention, 3, 1, 1)

typedef enum pt_device_kernel {
#define PT_DEVICE_KERNEL_NUMBER(name, buffers, integers, floats) PT_DEVICE_##name,
    PT_DEVICE_KERNELS(PT_DEVICE_KERNEL_NUMBER) PT_DEVICE_KERNEL_COUNT
} pt_device_kernel;

typedef struct pt_device pt_device;
typedef struct pt_device_buffer pt_device_buffer;

/** Elements (of 4 bytes) of a buffer from `at` on. */
typedef struct pt_device_span {
    const pt_device_buffer *buffer;
    size_t at;
} pt_device_span;

/** A kernel with its arguments; see the comments of the kernels. */
typedef struct pt_device_launch {
    pt_device_kernel kernel;
    size_t head_dim; /* attention: selects the compiled variant */
    size_t window;   /* window attention: tokens of a side, as the device was opened with */
    size_t grid[3];  /* work-items in [0]; layer_norm and attention: work-groups; linear: unused */
    pt_device_span buffers[6];
    int32_t integers[4];
    float floats[2];
} pt_device_launch;

/** Called when all commands up to a read have completed; from any thread, must not block. */
typedef struct pt_device_notice {
    void (*on_done)(void *context, patina_status status);
    void *context;
} pt_device_notice;

/** Opens the plain C reference. Errors  PATINA_ENOMEM */
patina_status pt_device_open_reference(pt_device **device, patina_error *err);

/** Attention of a model: sizes of heads ([n], no duplicates), and tokens of a side of a window. */
typedef struct pt_device_attention {
    size_t dims[16], n;
    size_t window; /* 1 to PT_DEVICE_WINDOW_MAX */
} pt_device_attention;

/** Adds a size of a head unless it is there. Errors  PATINA_EUSAGE  unsupported size or number */
patina_status pt_device_attention_add_head(pt_device_attention *attention, size_t dim,
                                           patina_error *err);

/** Number of tiles of the linear kernel. */
size_t pt_device_tile_count(void);

/** Options of a device by OpenCL. A zeroed member means its default. */
typedef struct pt_device_options {
    pt_device_attention attention;
    size_t tile;               /* of the linear kernel, from 1; 0: measured on GPUs */
    const char *build_options; /* added to those of the compiler, for tests; may be NULL */
} pt_device_options;

/** A device of an OpenCL driver. */
typedef struct pt_cl_device {
    cl_platform_id platform;
    cl_device_id id;
    char name[128], platform_name[128], version[128], driver[128];
    uint64_t memory_bytes;
    int is_gpu;
} pt_cl_device;

/**
 * Lists the devices of all platforms, in the order of the drivers.
 *
 * devices  out, to be freed; NULL with n = 0
 *
 * Errors   PATINA_EUSAGE  there is no platform; the message says how to register a driver
 *          PATINA_EIO     a driver failed; PATINA_ENOMEM
 */
patina_status pt_cl_devices_list(const pt_cl_api *api, pt_cl_device **devices, size_t *n,
                                 patina_error *err);

/**
 * Opens a device and compiles the kernels.
 *
 * api     must outlive the device
 *
 * Errors  PATINA_EUSAGE  the device has too little local memory, or too small work-groups
 *         PATINA_EIO     the driver failed; the message has the log of the compiler
 *         PATINA_ENOMEM
 */
patina_status pt_device_open_opencl(const pt_cl_api *api, const pt_cl_device *listed,
                                    const pt_device_options *options, pt_device **device,
                                    patina_error *err);

/** Waits for all commands and closes the device. Its buffers must be freed before. */
void pt_device_close(pt_device **device);

/** "NVIDIA T4", "reference"; for messages. */
const char *pt_device_name(const pt_device *device);

/** Description of the tile of the linear kernel, "64x64x16"; "" for the reference. */
const char *pt_device_tile_name(const pt_device *device);

/* ---- commands --------------------------------------------------------------------------------
 * Errors  PATINA_ENOMEM  the device has too little memory
 *         PATINA_EIO     the driver failed; the message names device, function and error */

/** Allocates n elements, uninitialised. */
patina_status pt_device_alloc(pt_device *device, size_t n, pt_device_buffer **buffer,
                              patina_error *err);
void pt_device_free(pt_device *device, pt_device_buffer **buffer);

/** Enqueues a copy of n elements; `values` must stay valid until a later notice or read. */
patina_status pt_device_write(pt_device *device, pt_device_span to, const void *values, size_t n,
                              patina_error *err);

/** Waits for all commands, and copies n elements. */
patina_status pt_device_read(pt_device *device, pt_device_span from, float *values, size_t n,
                             patina_error *err);

/**
 * Enqueues a copy of n elements and starts the commands. After PATINA_OK the notice is called once,
 * possibly before this function returns.
 */
patina_status pt_device_read_async(pt_device *device, pt_device_span from, float *values, size_t n,
                                   pt_device_notice notice, patina_error *err);

/** Waits for all commands and ignores their errors: memory of the caller is then no longer used. */
void pt_device_finish(pt_device *device);

/** Enqueues a kernel. */
patina_status pt_device_run(pt_device *device, const pt_device_launch *launch, patina_error *err);

#endif /* PATINA_NN_OPENCL_DEVICE_H */
