/* SPDX-License-Identifier: MIT */
/**
 * @file device.h
 * @brief OpenCL devices for the encoders.
 *
 * libOpenCL is loaded when a device is asked for. The encoders compute the same bits on every
 * device, which differ from those of the CPU kernels in the last places.
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_device_info *devices = NULL;
 * size_t n = 0;
 * if (patina_devices_list(NULL, &devices, &n, &err) != PATINA_OK)
 *     fprintf(stderr, "%s\n", err.message);
 * for (size_t i = 0; i < n; i++)
 *     printf("%zu: %s%s\n", i, devices[i].name, devices[i].is_usable ? "" : " (unusable)");
 * patina_devices_release(&devices);
 * @endcode
 */

#ifndef PATINA_DEVICE_H
#define PATINA_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_DEVICES_MAX      16  /**< devices of one run */
#define PATINA_DEVICE_BATCH_MAX 256 /**< clips of a batch */

/** Where the encoders run. A zeroed member means its default. Strings are borrowed. */
typedef struct patina_device_options {
    /** "cpu"; "opencl" for all GPUs, or all devices where there is no GPU; "opencl:0,1" for devices
     * by their index in patina_devices_list(); NULL: "cpu" */
    const char *device;
    const char *opencl_library; /**< path of libOpenCL; NULL: the usual names */
    unsigned batch;       /**< clips of a batch, 1 to 256; 0: 32. Results do not depend on it */
    uint64_t reserved[4]; /**< must be zero */
} patina_device_options;

/** An OpenCL device. */
typedef struct patina_device_info {
    char name[128];        /**< of the device */
    char platform[128];    /**< of the driver */
    char version[128];     /**< "OpenCL 3.0 CUDA" */
    char driver[128];      /**< version of the driver */
    uint64_t memory_bytes; /**< of the device */
    bool is_gpu;           /**< or a CPU or another accelerator */
    bool is_usable;        /**< all kernels give the bits of the reference */
    char fault[512];       /**< why it is not usable, or "" */
} patina_device_info;

/**
 * Lists all OpenCL devices, compiles the kernels for each and compares their results with the
 * reference. Takes a few seconds a device.
 *
 * - `opencl_library`: path of libOpenCL; NULL: the usual names
 * - `devices`: out, [n]; patina_devices_release() releases them
 *
 * Errors: PATINA_EUSAGE without OpenCL library or driver; PATINA_EIO where a driver fails;
 * PATINA_ENOMEM. Safe from any thread.
 */
PATINA_API patina_status patina_devices_list(const char *opencl_library,
                                             patina_device_info **devices, size_t *n,
                                             patina_error *err);

/** Releases a list and sets *devices to NULL. A NULL *devices is accepted. */
PATINA_API void patina_devices_release(patina_device_info **devices);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_DEVICE_H */
