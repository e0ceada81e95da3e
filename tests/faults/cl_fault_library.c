/* SPDX-License-Identifier: MIT */
/* cl_fault_library.c - an OpenCL library that passes calls to the real one and makes some fail; the
 * program loads it by OPENCL_LIB
 *
 *   CL_FAULT_LOG=FILE    at exit, write "<function> <number of calls>" for each function
 *   CL_FAULT_NAME=NAME   make calls of this function fail ...
 *   CL_FAULT_NTH=N       ... the N-th, from 1
 *   CL_FAULT_FOREVER=1   ... and all later ones
 *   CL_FAULT_ERROR=E     with this error
 *   CL_STUB_AFTER=N      after N asynchronous reads, launch no kernels: a simulated device ...
 *   CL_STUB_MS=T         ... on which a batch takes T milliseconds
 */

#include "nn/opencl/cl_api.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNTER(name, parameters, arguments)         atomic_ulong name;
#define COUNTER_O(type, name, parameters, arguments) COUNTER(name, parameters, arguments)
static struct {
    PT_CL_STATUS_FUNCTIONS(COUNTER)
    PT_CL_OBJECT_FUNCTIONS(COUNTER_O)
} counts;

static pt_cl_api real;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *fault_name;
static unsigned long fault_nth, stub_after;
static bool fault_forever;
static cl_int fault_error;
static long stub_ms;
static atomic_ulong n_async_reads;

static long number(const char *name, long fallback) {
    const char *text = getenv(name);
    return text ? atol(text) : fallback;
}

static void write_log(void) {
    const char *path = getenv("CL_FAULT_LOG");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
#define WRITE(name, parameters, arguments)         fprintf(file, #name " %lu\n", counts.name);
#define WRITE_O(type, name, parameters, arguments) WRITE(name, parameters, arguments)
    PT_CL_STATUS_FUNCTIONS(WRITE)
    PT_CL_OBJECT_FUNCTIONS(WRITE_O)
    fclose(file);
}

static bool is_stub(void) {
    return stub_after > 0 && atomic_load(&n_async_reads) >= stub_after;
}

static cl_int (*real_read)(cl_command_queue, cl_mem, cl_bool, size_t, size_t, void *, cl_uint,
                           const cl_event *, cl_event *);

/* Results of a simulated device are ones: a run refuses embeddings of zeros. */
static cl_int read_or_simulate(cl_command_queue queue, cl_mem memory, cl_bool is_blocking,
                               size_t at, size_t n, void *host, cl_uint n_events,
                               const cl_event *events, cl_event *event) {
    /* this read is counted already */
    if (!is_blocking && stub_after > 0 && atomic_load(&n_async_reads) > stub_after) {
        float *ones = malloc(n);
        if (!ones) return CL_OUT_OF_HOST_MEMORY;
        for (size_t i = 0; i < n / sizeof *ones; i++)
            ones[i] = 1.0F;
        const cl_int status =
            real.clEnqueueWriteBuffer(queue, memory, 1, at, n, ones, 0, NULL, NULL);
        free(ones);
        if (status != CL_SUCCESS) return status;
    }
    return real_read(queue, memory, is_blocking, at, n, host, n_events, events, event);
}

static void open_real(void) {
    void *address;
    real.library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!real.library) abort();
#define LOAD(name, parameters, arguments)                                                          \
    address = dlsym(real.library, #name);                                                          \
    memcpy(&real.name, &address, sizeof address);
#define LOAD_O(type, name, parameters, arguments) LOAD(name, parameters, arguments)
    PT_CL_STATUS_FUNCTIONS(LOAD)
    PT_CL_OBJECT_FUNCTIONS(LOAD_O)
    real_read = real.clEnqueueReadBuffer;
    real.clEnqueueReadBuffer = read_or_simulate;
    fault_name = getenv("CL_FAULT_NAME");
    fault_nth = (unsigned long)number("CL_FAULT_NTH", 1);
    fault_forever = getenv("CL_FAULT_FOREVER") != NULL;
    fault_error = (cl_int)number("CL_FAULT_ERROR", -36);
    stub_after = (unsigned long)number("CL_STUB_AFTER", 0);
    stub_ms = number("CL_STUB_MS", 0);
    atexit(write_log);
}

static bool is_due(const char *name, atomic_ulong *count) {
    pthread_once(&once, open_real);
    const unsigned long n = atomic_fetch_add(count, 1) + 1;
    if (!fault_name || strcmp(fault_name, name) != 0) return false;
    return n == fault_nth || (fault_forever && n > fault_nth);
}

/* What a simulated device does instead: nothing for a kernel, a pause for the read of a batch. */
static bool stub_replaces(const char *name, bool is_blocking) {
    if (strcmp(name, "clEnqueueNDRangeKernel") == 0 || strcmp(name, "clSetKernelArg") == 0)
        return is_stub();
    if (strcmp(name, "clEnqueueReadBuffer") == 0 && !is_blocking) {
        if (is_stub()) {
            const struct timespec pause = {stub_ms / 1000, stub_ms % 1000 * 1000000};
            nanosleep(&pause, NULL);
        }
        atomic_fetch_add(&n_async_reads, 1);
    }
    return false;
}

/* The argument `blocking` of a read; other functions have none. */
enum { blocking = 1 };

#define STATUS(name, parameters, arguments)                                                        \
    cl_int name parameters;                                                                        \
    cl_int name parameters {                                                                       \
        if (is_due(#name, &counts.name)) return fault_error;                                       \
        if (stub_replaces(#name, blocking)) return CL_SUCCESS;                                     \
        return real.name arguments;                                                                \
    }
#define OBJECT(type, name, parameters, arguments)                                                  \
    type name parameters;                                                                          \
    type name parameters {                                                                         \
        if (is_due(#name, &counts.name)) {                                                         \
            *status = fault_error;                                                                 \
            return NULL;                                                                           \
        }                                                                                          \
        return real.name arguments;                                                                \
    }
PT_CL_STATUS_FUNCTIONS(STATUS)
PT_CL_OBJECT_FUNCTIONS(OBJECT)
