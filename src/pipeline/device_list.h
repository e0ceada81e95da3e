/* SPDX-License-Identifier: MIT */
/* device_list.h - the devices that --device names */

#ifndef PATINA_PIPELINE_DEVICE_LIST_H
#define PATINA_PIPELINE_DEVICE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/cpu.h>
#include <patina/device.h>

#include "nn/opencl/device.h"

/** Whether the encoders run on the CPU. */
bool pt_device_is_cpu(const patina_device_options *options);

/**
 * Checks options, without loading OpenCL.
 *
 * Errors  PATINA_EUSAGE  unknown device, batch out of range, or a precision other than f32 with a
 *                        device
 */
patina_status pt_device_options_check(const patina_device_options *options,
                                      patina_precision precision, patina_error *err);

/**
 * Opens and checks the devices.
 *
 * attention  of the model
 * api        out; must outlive the devices
 * devices    out, [n], on failure too: to be closed
 *
 * Errors     PATINA_EUSAGE, PATINA_EIO, PATINA_ENOMEM
 */
patina_status pt_device_list_open(const patina_device_options *options,
                                  const pt_device_attention *attention, pt_cl_api *api,
                                  pt_device *devices[PATINA_DEVICES_MAX], size_t *n,
                                  patina_error *err);

#endif /* PATINA_PIPELINE_DEVICE_LIST_H */
