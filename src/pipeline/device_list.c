/* SPDX-License-Identifier: MIT */
/* device_list.c - the devices that --device names, and those of patina devices */

#include "pipeline/device_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "nn/opencl/device_check.h"

#define OPENCL "opencl"

/* Indices of a device name; n = 0: not named. */
typedef struct selection {
    size_t index[PATINA_DEVICES_MAX], n;
} selection;

bool pt_device_is_cpu(const patina_device_options *options) {
    return !options->device || strcmp(options->device, "cpu") == 0;
}

static patina_status fail_name(const char *device, patina_error *err) {
    return pt_fail(err, PATINA_EUSAGE,
                   "device '%s': expected 'cpu', 'opencl' or 'opencl:' with numbers of 'patina "
                   "devices', as in opencl:0,1",
                   device);
}

static patina_status parse(const char *device, selection *s, patina_error *err) {
    *s = (selection){.n = 0};
    if (strncmp(device, OPENCL, strlen(OPENCL)) != 0) return fail_name(device, err);
    const char *at = device + strlen(OPENCL);
    if (*at == '\0') return PATINA_OK;
    if (*at != ':') return fail_name(device, err);
    do {
        char *end;
        at++;
        if (*at < '0' || *at > '9' || s->n == PATINA_DEVICES_MAX) return fail_name(device, err);
        const unsigned long index = strtoul(at, &end, 10);
        for (size_t i = 0; i < s->n; i++)
            if (s->index[i] == index)
                return pt_fail(err, PATINA_EUSAGE, "device '%s': number %lu is given twice", device,
                               index);
        s->index[s->n++] = index;
        at = end;
    } while (*at == ',');
    return *at == '\0' ? PATINA_OK : fail_name(device, err);
}

patina_status pt_device_options_check(const patina_device_options *options,
                                      patina_precision precision, patina_error *err) {
    selection s;
    if (pt_device_is_cpu(options)) return PATINA_OK;
    PT_TRY(parse(options->device, &s, err));
    if (options->batch > PATINA_DEVICE_BATCH_MAX)
        return pt_fail(err, PATINA_EUSAGE, "a batch of %u clips is larger than the maximum of %d",
                       options->batch, PATINA_DEVICE_BATCH_MAX);
    if (precision != PATINA_PRECISION_F32)
        return pt_fail(err, PATINA_EUSAGE,
                       "precision '%s' is not available on a device; use '--precision f32', or "
                       "'--device cpu'",
                       patina_precision_name(precision));
    return PATINA_OK;
}

/* Without numbers: all GPUs, or all devices where there is none. */
static patina_status select_devices(const char *name, const pt_cl_device *listed, size_t n_listed,
                                    selection *s, patina_error *err) {
    bool has_gpu = false;
    for (size_t i = 0; i < n_listed; i++)
        has_gpu |= listed[i].is_gpu != 0;
    if (n_listed == 0)
        return pt_fail(err, PATINA_EUSAGE, "the OpenCL drivers of this machine have no device");
    if (s->n == 0)
        for (size_t i = 0; i < n_listed && s->n < PATINA_DEVICES_MAX; i++)
            if (listed[i].is_gpu || !has_gpu) s->index[s->n++] = i;
    for (size_t i = 0; i < s->n; i++)
        if (s->index[i] >= n_listed)
            return pt_fail(err, PATINA_EUSAGE,
                           "device '%s': number %zu does not exist; 'patina devices' lists %zu",
                           name, s->index[i], n_listed);
    return PATINA_OK;
}

patina_status pt_device_list_open(const patina_device_options *options,
                                  const pt_device_attention *attention, pt_cl_api *api,
                                  pt_device *devices[PATINA_DEVICES_MAX], size_t *n,
                                  patina_error *err) {
    const pt_device_options opening = {.attention = *attention};
    pt_cl_device *listed = NULL;
    size_t n_listed = 0;
    selection s;

    *n = 0;
    PT_TRY(parse(options->device, &s, err));
    PT_TRY(pt_cl_api_open(options->opencl_library, api, err));
    PT_TRY(pt_cl_devices_list(api, &listed, &n_listed, err));
    patina_status status = select_devices(options->device, listed, n_listed, &s, err);
    for (size_t i = 0; status == PATINA_OK && i < s.n; i++) {
        status = pt_device_open_opencl(api, &listed[s.index[i]], &opening, &devices[i], err);
        if (status != PATINA_OK) break;
        ++*n;
        status = pt_device_check(devices[i], attention, err);
    }
    free(listed);
    return status;
}

patina_status patina_devices_list(const char *opencl_library, patina_device_info **devices,
                                  size_t *n, patina_error *err) {
    static const pt_device_options options = {.attention = {{24, 32, 64}, 3, 8}, .tile = 1};
    pt_cl_api api;
    pt_cl_device *listed = NULL;
    size_t n_listed = 0;

    PT_TRY(pt_cl_api_open(opencl_library, &api, err));
    PT_TRY(pt_cl_devices_list(&api, &listed, &n_listed, err));
    patina_device_info *list = calloc(n_listed + 1, sizeof *list);
    for (size_t i = 0; list && i < n_listed; i++) {
        patina_device_info *d = &list[i];
        patina_error fault = {PATINA_OK, ""};
        pt_device *device = NULL;
        memcpy(d->name, listed[i].name, sizeof d->name);
        memcpy(d->platform, listed[i].platform_name, sizeof d->platform);
        memcpy(d->version, listed[i].version, sizeof d->version);
        memcpy(d->driver, listed[i].driver, sizeof d->driver);
        d->memory_bytes = listed[i].memory_bytes;
        d->is_gpu = listed[i].is_gpu != 0;
        d->is_usable =
            pt_device_open_opencl(&api, &listed[i], &options, &device, &fault) == PATINA_OK &&
            pt_device_check(device, &options.attention, &fault) == PATINA_OK;
        if (!d->is_usable)
            snprintf(d->fault, sizeof d->fault, "%.*s",
                     pt_text_truncate(fault.message, sizeof d->fault - 1), fault.message);
        pt_device_close(&device);
    }
    free(listed);
    if (!list) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    *devices = list;
    *n = n_listed;
    return PATINA_OK;
}

void patina_devices_release(patina_device_info **devices) {
    free(*devices);
    *devices = NULL;
}
