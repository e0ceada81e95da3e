/* SPDX-License-Identifier: MIT */
/* device_opencl.c - a device of an OpenCL driver
 *
 * One context, in-order queue and program a device. The program is the concatenation of
 * device_math.h, kernels.cl, linear.cl for each tile and attention.cl for each size of a head.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/monotonic_clock.h"
#include "base/strbuf.h"
#include "nn/opencl/device_internal.h"
#include "nn/opencl/device_math.h"

#define LIST_MAX      64 /* platforms; devices of a platform */
#define SIMPLE_GROUP  64 /* work-items of a group of the kernels without local memory */
#define BUILD_OPTIONS "-cl-std=CL1.2"

extern const char pt_device_math_text[], pt_device_kernels_text[], pt_device_linear_text[],
    pt_device_attention_text[];

/* Tiles of the linear kernel: bm x bn outputs of a group, wm x wn of an item, bk terms at a time.
 * bk divides PT_DEVICE_K_MULTIPLE. */
static const struct tile {
    unsigned bm, bn, bk, wm, wn;
} tiles[] = {{64, 64, 16, 4, 4}, {128, 64, 16, 8, 4}, {128, 128, 8, 8, 8}, {32, 32, 32, 2, 2}};
enum { TILE_COUNT = sizeof tiles / sizeof *tiles };

typedef struct opencl_device {
    pt_device base;
    const pt_cl_api *api;
    cl_device_id id;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    pt_device_attention attention;
    size_t tile;                              /* index of the one that is used */
    cl_kernel simple[PT_DEVICE_KERNEL_COUNT]; /* NULL: has variants, below */
    cl_kernel linear[TILE_COUNT];             /* NULL: not compiled */
    cl_kernel attention_kernels[2][16];       /* window, text; by the index in attention.dims */
} opencl_device;

static opencl_device *opencl_of(pt_device *device) {
    return (opencl_device *)device;
}

size_t pt_device_tile_count(void) {
    return TILE_COUNT;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static patina_status status_of(cl_int error) {
    const int is_memory = error == CL_MEM_OBJECT_ALLOCATION_FAILURE ||
                          error == CL_OUT_OF_RESOURCES || error == CL_OUT_OF_HOST_MEMORY ||
                          error == CL_INVALID_BUFFER_SIZE;
    return is_memory ? PATINA_ENOMEM : PATINA_EIO;
}

static patina_status fail_call(const char *device, const char *function, cl_int error,
                               patina_error *err) {
    char text[32];
    return pt_fail(err, status_of(error), "device '%s': %s failed with %s", device, function,
                   pt_cl_error_name(error, text));
}

/* Calls a function of the device's API that returns a status. */
#define CL_TRY(d, function, ...)                                                                   \
    do {                                                                                           \
        const cl_int error_ = (d)->api->function(__VA_ARGS__);                                     \
        if (error_ != CL_SUCCESS) return fail_call((d)->base.name, #function, error_, err);        \
    } while (0)

/* ---- listing --------------------------------------------------------------------------------- */

static void get_text(const pt_cl_api *api, cl_device_id id, cl_uint what, char *text, size_t size) {
    size_t n = 0;
    char value[1024] = "";
    if (api->clGetDeviceInfo(id, what, sizeof value - 1, value, &n) != CL_SUCCESS) value[0] = 0;
    snprintf(text, size, "%.*s", (int)size - 1, value + strspn(value, " "));
}

static void describe(const pt_cl_api *api, cl_platform_id platform, cl_device_id id,
                     pt_cl_device *device) {
    cl_bitfield type = 0;
    *device = (pt_cl_device){.platform = platform, .id = id};
    get_text(api, id, CL_DEVICE_NAME, device->name, sizeof device->name);
    get_text(api, id, CL_DEVICE_VERSION, device->version, sizeof device->version);
    get_text(api, id, CL_DRIVER_VERSION, device->driver, sizeof device->driver);
    (void)api->clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof device->platform_name - 1,
                                 device->platform_name, NULL);
    (void)api->clGetDeviceInfo(id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof device->memory_bytes,
                               &device->memory_bytes, NULL);
    (void)api->clGetDeviceInfo(id, CL_DEVICE_TYPE, sizeof type, &type, NULL);
    device->is_gpu = (type & CL_DEVICE_TYPE_GPU) != 0;
}

patina_status pt_cl_devices_list(const pt_cl_api *api, pt_cl_device **devices, size_t *n,
                                 patina_error *err) {
    cl_platform_id platforms[LIST_MAX];
    cl_uint n_platforms = 0;
    pt_cl_device *list = NULL;
    size_t n_list = 0;

    const cl_int error = api->clGetPlatformIDs(LIST_MAX, platforms, &n_platforms);
    if (error == CL_PLATFORM_NOT_FOUND_KHR || (error == CL_SUCCESS && n_platforms == 0))
        return pt_fail(err, PATINA_EUSAGE,
                       "OpenCL finds no driver (CL_PLATFORM_NOT_FOUND_KHR, -1001); register that "
                       "of an NVIDIA GPU with: mkdir -p /etc/OpenCL/vendors && echo "
                       "libnvidia-opencl.so.1 > /etc/OpenCL/vendors/nvidia.icd; without root, put "
                       "the file into another folder and set OCL_ICD_VENDORS to it, or set "
                       "OPENCL_LIB to the driver's library");
    if (error != CL_SUCCESS) {
        char text[32];
        return pt_fail(err, PATINA_EIO, "OpenCL: clGetPlatformIDs failed with %s",
                       pt_cl_error_name(error, text));
    }
    if (n_platforms > LIST_MAX) n_platforms = LIST_MAX;
    for (cl_uint p = 0; p < n_platforms; p++) {
        cl_device_id ids[LIST_MAX];
        cl_uint n_ids = 0;
        const cl_int found =
            api->clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, LIST_MAX, ids, &n_ids);
        if (found == CL_DEVICE_NOT_FOUND) continue;
        if (found != CL_SUCCESS) {
            char text[32];
            free(list);
            return pt_fail(err, PATINA_EIO, "OpenCL: clGetDeviceIDs failed with %s",
                           pt_cl_error_name(found, text));
        }
        if (n_ids > LIST_MAX) n_ids = LIST_MAX;
        pt_cl_device *larger = realloc(list, (n_list + n_ids + 1) * sizeof *list);
        if (!larger) {
            free(list);
            return pt_fail(err, PATINA_ENOMEM, "out of memory");
        }
        list = larger;
        for (cl_uint i = 0; i < n_ids; i++)
            describe(api, platforms[p], ids[i], &list[n_list++]);
    }
    *devices = list;
    *n = n_list;
    return PATINA_OK;
}

/* ---- program --------------------------------------------------------------------------------- */

/* Limits of the kernels. Arithmetic is checked by its bits, not by what a driver declares. */
static patina_status check_support(const opencl_device *d, patina_error *err) {
    const char *lacks = NULL;
    cl_ulong local = 0;
    size_t group = 0;

    CL_TRY(d, clGetDeviceInfo, d->id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local, &local, NULL);
    CL_TRY(d, clGetDeviceInfo, d->id, CL_DEVICE_MAX_WORK_GROUP, sizeof group, &group, NULL);
    if (local < 32768) lacks = "32 KB of local memory";
    if (group < 256) lacks = "work-groups of 256 items";
    if (!lacks) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE, "device '%s' lacks %s; use another device or '--device cpu'",
                   d->base.name, lacks);
}

/* The text of the program. */
static patina_status write_source(const opencl_device *d, size_t first_tile, size_t n_tiles,
                                  pt_strbuf *source, patina_error *err) {
    pt_strbuf_append(source, pt_device_math_text);
    pt_strbuf_append(source, pt_device_kernels_text);
    for (size_t i = first_tile; i < first_tile + n_tiles; i++) {
        const struct tile *t = &tiles[i];
        pt_strbuf_printf(source,
                         "#define BM %u\n#define BN %u\n#define BK %u\n#define WM %u\n"
                         "#define WN %u\n#define LINEAR pt_linear_%zu\n",
                         t->bm, t->bn, t->bk, t->wm, t->wn, i);
        pt_strbuf_append(source, pt_device_linear_text);
    }
    pt_strbuf_printf(source, "#define WINDOW %zu\n", d->attention.window);
    for (size_t i = 0; i < d->attention.n; i++) {
        pt_strbuf_printf(source,
                         "#define DIM %zu\n#define WINDOW_ATTENTION pt_window_attention_%zu\n"
                         "#define TEXT_ATTENTION pt_text_attention_%zu\n",
                         d->attention.dims[i], i, i);
        pt_strbuf_append(source, pt_device_attention_text);
    }
    return source->failed ? pt_fail(err, PATINA_ENOMEM, "out of memory") : PATINA_OK;
}

/* A failed compilation, with the beginning of the compiler's log on one line. */
static patina_status fail_build(const opencl_device *d, cl_int error, patina_error *err) {
    char log[4096] = "", text[32];
    (void)d->api->clGetProgramBuildInfo(d->program, d->id, CL_PROGRAM_BUILD_LOG, sizeof log - 1,
                                        log, NULL);
    for (char *c = log; *c; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
    return pt_fail(err, PATINA_EIO, "device '%s': the kernels do not compile, %s: %.300s",
                   d->base.name, pt_cl_error_name(error, text), log);
}

static patina_status build(opencl_device *d, size_t first_tile, size_t n_tiles, const char *added,
                           patina_error *err) {
    pt_strbuf source = {0};
    char options[256];
    cl_int error = CL_SUCCESS;
    patina_status status = write_source(d, first_tile, n_tiles, &source, err);

    snprintf(options, sizeof options, BUILD_OPTIONS "%s%s", added ? " " : "", added ? added : "");
    if (status == PATINA_OK) {
        const char *text = source.text;
        d->program =
            d->api->clCreateProgramWithSource(d->context, 1, &text, &source.length, &error);
        if (error != CL_SUCCESS)
            status = fail_call(d->base.name, "clCreateProgramWithSource", error, err);
    }
    pt_strbuf_release(&source);
    if (status != PATINA_OK) return status;
    error = d->api->clBuildProgram(d->program, 1, &d->id, options, NULL, NULL);
    return error == CL_SUCCESS ? PATINA_OK : fail_build(d, error, err);
}

static patina_status create_kernel(opencl_device *d, cl_kernel *kernel, patina_error *err,
                                   const char *format, ...) PT_PRINTF(4, 5);
static patina_status create_kernel(opencl_device *d, cl_kernel *kernel, patina_error *err,
                                   const char *format, ...) {
    char name[64];
    cl_int error = CL_SUCCESS;
    va_list args;
    va_start(args, format);
    pt_vsnprintf(name, sizeof name, format, args);
    va_end(args);
    *kernel = d->api->clCreateKernel(d->program, name, &error);
    return error == CL_SUCCESS ? PATINA_OK : fail_call(d->base.name, "clCreateKernel", error, err);
}

static patina_status create_kernels(opencl_device *d, size_t first_tile, size_t n_tiles,
                                    patina_error *err) {
    for (int k = 0; k < PT_DEVICE_linear; k++)
        PT_TRY(create_kernel(d, &d->simple[k], err, "pt_%s", pt_device_signatures[k].name));
    for (size_t i = first_tile; i < first_tile + n_tiles; i++)
        PT_TRY(create_kernel(d, &d->linear[i], err, "pt_linear_%zu", i));
    for (size_t i = 0; i < d->attention.n; i++) {
        PT_TRY(create_kernel(d, &d->attention_kernels[0][i], err, "pt_window_attention_%zu", i));
        PT_TRY(create_kernel(d, &d->attention_kernels[1][i], err, "pt_text_attention_%zu", i));
    }
    return PATINA_OK;
}

/* ---- commands -------------------------------------------------------------------------------- */

static patina_status alloc(pt_device *device, pt_device_buffer *buffer, size_t n,
                           patina_error *err) {
    opencl_device *d = opencl_of(device);
    const uint32_t zero = 0;
    cl_int error = CL_SUCCESS;

    buffer->in.memory =
        d->api->clCreateBuffer(d->context, CL_MEM_READ_WRITE, n * sizeof(float), NULL, &error);
    if (error != CL_SUCCESS) return fail_call(device->name, "clCreateBuffer", error, err);
    /* Some drivers allocate at the first use: let it fail here. */
    error = d->api->clEnqueueWriteBuffer(d->queue, buffer->in.memory, 1, (n - 1) * sizeof(float),
                                         sizeof zero, &zero, 0, NULL, NULL);
    if (error == CL_SUCCESS) return PATINA_OK;
    d->api->clReleaseMemObject(buffer->in.memory);
    return fail_call(device->name, "clEnqueueWriteBuffer", error, err);
}

static void free_buffer(pt_device *device, pt_device_buffer *buffer) {
    opencl_of(device)->api->clReleaseMemObject(buffer->in.memory);
}

static patina_status write(pt_device *device, pt_device_span to, const void *values, size_t n,
                           patina_error *err) {
    opencl_device *d = opencl_of(device);
    if (n == 0) return PATINA_OK;
    CL_TRY(d, clEnqueueWriteBuffer, d->queue, to.buffer->in.memory, 0, to.at * sizeof(float),
           n * sizeof(float), values, 0, NULL, NULL);
    return PATINA_OK;
}

static void finish(pt_device *device) {
    opencl_device *d = opencl_of(device);
    if (d->queue) (void)d->api->clFinish(d->queue);
}

/* A notice on its way through the driver. */
typedef struct pending {
    pt_device_notice notice;
    const pt_cl_api *api;
} pending;

static void on_event(cl_event event, cl_int status, void *context) {
    pending *p = context;
    const pt_device_notice notice = p->notice;
    p->api->clReleaseEvent(event);
    free(p);
    notice.on_done(notice.context, status == CL_COMPLETE ? PATINA_OK : status_of(status));
}

static patina_status read(pt_device *device, pt_device_span from, float *values, size_t n,
                          const pt_device_notice *notice, patina_error *err) {
    opencl_device *d = opencl_of(device);
    cl_event event = NULL;
    pending *p = NULL;

    if (notice) {
        p = malloc(sizeof *p);
        if (!p) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        *p = (pending){*notice, d->api};
    }
    cl_int error = d->api->clEnqueueReadBuffer(d->queue, from.buffer->in.memory, !notice,
                                               from.at * sizeof(float), n * sizeof(float), values,
                                               0, NULL, notice ? &event : NULL);
    if (error != CL_SUCCESS) {
        free(p);
        return fail_call(device->name, "clEnqueueReadBuffer", error, err);
    }
    if (!notice) return PATINA_OK;
    error = d->api->clSetEventCallback(event, CL_COMPLETE, on_event, p);
    if (error != CL_SUCCESS) {
        finish(device);
        d->api->clReleaseEvent(event);
        free(p);
        return fail_call(device->name, "clSetEventCallback", error, err);
    }
    /* The notice comes in any case: where starting fails, waiting starts the commands, too. */
    if (d->api->clFlush(d->queue) != CL_SUCCESS) finish(device);
    return PATINA_OK;
}

static cl_kernel find_kernel(const opencl_device *d, const pt_device_launch *l) {
    if (l->kernel < PT_DEVICE_linear) return d->simple[l->kernel];
    if (l->kernel == PT_DEVICE_linear) return d->linear[d->tile];
    for (size_t i = 0; i < d->attention.n; i++)
        if (d->attention.dims[i] == l->head_dim)
            return d->attention_kernels[l->kernel == PT_DEVICE_text_attention][i];
    return NULL;
}

/* Work-items and those of a group; returns the number of dimensions. */
static cl_uint find_grid(const opencl_device *d, const pt_device_launch *l, size_t global[3],
                         size_t local[3]) {
    const struct tile *t = &tiles[d->tile];
    switch (l->kernel) {
    case PT_DEVICE_linear:
        local[0] = t->bn / t->wn;
        local[1] = t->bm / t->wm;
        global[0] = ((size_t)l->integers[1] + t->bn - 1) / t->bn * local[0];
        global[1] = ((size_t)l->integers[0] + t->bm - 1) / t->bm * local[1];
        return 2;
    case PT_DEVICE_layer_norm:
        local[0] = PT_DEVICE_NORM_LANES;
        global[0] = l->grid[0] * local[0];
        return 1;
    case PT_DEVICE_window_attention:
    case PT_DEVICE_text_attention:
        local[0] = l->kernel == PT_DEVICE_text_attention ? PT_DEVICE_TOKENS : l->window * l->window;
        local[1] = local[2] = 1;
        global[0] = l->grid[0] * local[0];
        global[1] = l->grid[1];
        global[2] = l->grid[2];
        return 3;
    default:
        local[0] = SIMPLE_GROUP;
        global[0] = (l->grid[0] + SIMPLE_GROUP - 1) / SIMPLE_GROUP * SIMPLE_GROUP;
        return 1;
    }
}

static patina_status run(pt_device *device, const pt_device_launch *l, patina_error *err) {
    opencl_device *d = opencl_of(device);
    const pt_device_signature *s = &pt_device_signatures[l->kernel];
    cl_kernel kernel = find_kernel(d, l);
    size_t global[3], local[3];
    cl_uint arg = 0;

    for (size_t i = 0; i < s->n_buffers; i++) {
        const cl_ulong at = l->buffers[i].at;
        CL_TRY(d, clSetKernelArg, kernel, arg++, sizeof(cl_mem), &l->buffers[i].buffer->in.memory);
        CL_TRY(d, clSetKernelArg, kernel, arg++, sizeof at, &at);
    }
    for (size_t i = 0; i < s->n_integers; i++)
        CL_TRY(d, clSetKernelArg, kernel, arg++, sizeof l->integers[i], &l->integers[i]);
    for (size_t i = 0; i < s->n_floats; i++)
        CL_TRY(d, clSetKernelArg, kernel, arg++, sizeof l->floats[i], &l->floats[i]);
    const cl_uint n_dims = find_grid(d, l, global, local);
    CL_TRY(d, clEnqueueNDRangeKernel, d->queue, kernel, n_dims, NULL, global, local, 0, NULL, NULL);
    return PATINA_OK;
}

/* ---- opening --------------------------------------------------------------------------------- */

static void release_kernels(const pt_cl_api *api, cl_kernel *kernels, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (kernels[i]) api->clReleaseKernel(kernels[i]);
}

static void close_opencl(pt_device *device) {
    opencl_device *d = opencl_of(device);
    finish(device);
    release_kernels(d->api, d->simple, PT_DEVICE_KERNEL_COUNT);
    release_kernels(d->api, d->linear, TILE_COUNT);
    release_kernels(d->api, d->attention_kernels[0], 16);
    release_kernels(d->api, d->attention_kernels[1], 16);
    if (d->program) d->api->clReleaseProgram(d->program);
    if (d->queue) d->api->clReleaseCommandQueue(d->queue);
    if (d->context) d->api->clReleaseContext(d->context);
    free(d);
}

static const pt_device_backend backend = {close_opencl, alloc,  free_buffer, write,
                                          read,         finish, run};

/* Time of a layer of the first and one of the third stage, and of a narrow one. */
static patina_status time_tile(opencl_device *d, pt_device_buffer *b, double *best,
                               patina_error *err) {
    static const int32_t shapes[][3] = {{16384, 384, 96}, {1024, 1536, 384}, {128, 768, 3072}};
    float value;
    *best = 1e9;
    for (int round = 0; round < 4; round++) { /* the first one warms up */
        const double start = pt_monotonic_s();
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            PT_TRY(run(&d->base,
                       &(pt_device_launch){.kernel = PT_DEVICE_linear,
                                           .buffers = {{b, 0}, {b, 0}, {b, 0}, {b, 1 << 23}},
                                           .integers = {shapes[i][0], shapes[i][1], shapes[i][2]}},
                       err));
        PT_TRY(read(&d->base, (pt_device_span){b, 0}, &value, 1, NULL, err));
        if (round > 0 && pt_monotonic_s() - start < *best) *best = pt_monotonic_s() - start;
    }
    return PATINA_OK;
}

/* Chooses the fastest tile. Bits do not depend on it. */
static patina_status choose_tile(opencl_device *d, patina_error *err) {
    pt_device_buffer *b = NULL;
    double best = 1e9;
    size_t fastest = 0;
    patina_status status = pt_device_alloc(&d->base, (size_t)1 << 24, &b, err);
    for (size_t i = 0; status == PATINA_OK && i < TILE_COUNT; i++) {
        double time;
        d->tile = i;
        status = time_tile(d, b, &time, err);
        if (status == PATINA_OK && time < best) {
            best = time;
            fastest = i;
        }
    }
    pt_device_free(&d->base, &b);
    d->tile = fastest;
    return status;
}

static patina_status open_all(opencl_device *d, const pt_cl_device *listed,
                              const pt_device_options *options, patina_error *err) {
    const intptr_t properties[] = {CL_CONTEXT_PLATFORM, (intptr_t)listed->platform, 0};
    const int measure = options->tile == 0 && listed->is_gpu;
    const size_t first = options->tile ? options->tile - 1 : 0, n = measure ? TILE_COUNT : 1;
    cl_int error = CL_SUCCESS;

    PT_TRY(check_support(d, err));
    d->context = d->api->clCreateContext(properties, 1, &d->id, NULL, NULL, &error);
    if (error != CL_SUCCESS) return fail_call(d->base.name, "clCreateContext", error, err);
    d->queue = d->api->clCreateCommandQueue(d->context, d->id, 0, &error);
    if (error != CL_SUCCESS) return fail_call(d->base.name, "clCreateCommandQueue", error, err);
    PT_TRY(build(d, first, n, options->build_options, err));
    PT_TRY(create_kernels(d, first, n, err));
    d->tile = first;
    if (measure) PT_TRY(choose_tile(d, err));
    snprintf(d->base.tile, sizeof d->base.tile, "%ux%ux%u", tiles[d->tile].bm, tiles[d->tile].bn,
             tiles[d->tile].bk);
    return PATINA_OK;
}

patina_status pt_device_open_opencl(const pt_cl_api *api, const pt_cl_device *listed,
                                    const pt_device_options *options, pt_device **device,
                                    patina_error *err) {
    opencl_device *d = calloc(1, sizeof *d);
    if (!d) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    d->base.backend = &backend;
    d->api = api;
    d->id = listed->id;
    d->attention = options->attention;
    snprintf(d->base.name, sizeof d->base.name, "%s", listed->name);
    const patina_status status = open_all(d, listed, options, err);
    if (status == PATINA_OK)
        *device = &d->base;
    else
        close_opencl(&d->base);
    return status;
}
