/* SPDX-License-Identifier: MIT */
/* cl_api.h - the part of OpenCL 1.2 that patina uses, loaded at run time
 *
 * Types, constants and prototypes are those of the OpenCL 1.2 specification (Khronos Group, 2012).
 * They are declared here, so that neither the headers nor the library are needed to build patina,
 * and the program starts on machines without OpenCL.
 */

#ifndef PATINA_NN_OPENCL_CL_API_H
#define PATINA_NN_OPENCL_CL_API_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

typedef int32_t cl_int;
typedef uint32_t cl_uint, cl_bool;
typedef uint64_t cl_ulong, cl_bitfield;
typedef struct cl_platform *cl_platform_id;
typedef struct cl_device *cl_device_id;
typedef struct cl_context_ *cl_context;
typedef struct cl_queue *cl_command_queue;
typedef struct cl_memory *cl_mem;
typedef struct cl_program_ *cl_program;
typedef struct cl_kernel_ *cl_kernel;
typedef struct cl_event_ *cl_event;

#define CL_SUCCESS                       0
#define CL_DEVICE_NOT_FOUND              (-1)
#define CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)
#define CL_OUT_OF_RESOURCES              (-5)
#define CL_OUT_OF_HOST_MEMORY            (-6)
#define CL_BUILD_PROGRAM_FAILURE         (-11)
#define CL_INVALID_BUFFER_SIZE           (-61)
#define CL_PLATFORM_NOT_FOUND_KHR        (-1001)

#define CL_PLATFORM_NAME          0x0902
#define CL_DEVICE_TYPE_CPU        (1 << 1)
#define CL_DEVICE_TYPE_GPU        (1 << 2)
#define CL_DEVICE_TYPE_ALL        0xFFFFFFFF
#define CL_DEVICE_TYPE            0x1000
#define CL_DEVICE_MAX_WORK_GROUP  0x1004
#define CL_DEVICE_GLOBAL_MEM_SIZE 0x101F
#define CL_DEVICE_LOCAL_MEM_SIZE  0x1023
#define CL_DEVICE_NAME            0x102B
#define CL_DRIVER_VERSION         0x102D
#define CL_DEVICE_VERSION         0x102F
#define CL_CONTEXT_PLATFORM       0x1084
#define CL_MEM_READ_WRITE         (1 << 0)
#define CL_PROGRAM_BUILD_LOG      0x1183
#define CL_COMPLETE               0x0

/* Functions that return a status: X(name, parameters, arguments). */
#define PT_CL_STATUS_FUNCTIONS(X)                                                                  \
    X(clGetPlatformIDs, (cl_uint n, cl_platform_id * ids, cl_uint * n_ids), (n, ids, n_ids))       \
    X(clGetPlatformInfo, (cl_platform_id id, cl_uint what, size_t n, void *value, size_t *size),   \
      (id, what, n, value, size))                                                                  \
    X(clGetDeviceIDs,                                                                              \
      (cl_platform_id id, cl_bitfield type, cl_uint n, cl_device_id * ids, cl_uint * n_ids),       \
      (id, type, n, ids, n_ids))                                                                   \
    X(clGetDeviceInfo, (cl_device_id id, cl_uint what, size_t n, void *value, size_t *size),       \
      (id, what, n, value, size))                                                                  \
    X(clReleaseContext, (cl_context context), (context))                                           \
    X(clReleaseCommandQueue, (cl_command_queue queue), (queue))                                    \
    X(clBuildProgram,                                                                              \
      (cl_program program, cl_uint n, const cl_device_id *ids, const char *options,                \
       void (*notify)(cl_program, void *), void *context),                                         \
      (program, n, ids, options, notify, context))                                                 \
    X(clGetProgramBuildInfo,                                                                       \
      (cl_program program, cl_device_id id, cl_uint what, size_t n, void *value, size_t *size),    \
      (program, id, what, n, value, size))                                                         \
    X(clReleaseProgram, (cl_program program), (program))                                           \
    X(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t n, const void *value),              \
      (kernel, index, n, value))                                                                   \
    X(clReleaseKernel, (cl_kernel kernel), (kernel))                                               \
    X(clReleaseMemObject, (cl_mem memory), (memory))                                               \
    X(clEnqueueWriteBuffer,                                                                        \
      (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t at, size_t n,               \
       const void *host, cl_uint n_events, const cl_event *events, cl_event *event),               \
      (queue, memory, blocking, at, n, host, n_events, events, event))                             \
    X(clEnqueueReadBuffer,                                                                         \
      (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t at, size_t n, void *host,   \
       cl_uint n_events, const cl_event *events, cl_event *event),                                 \
      (queue, memory, blocking, at, n, host, n_events, events, event))                             \
    X(clEnqueueNDRangeKernel,                                                                      \
      (cl_command_queue queue, cl_kernel kernel, cl_uint n_dims, const size_t *first,              \
       const size_t *global, const size_t *local, cl_uint n_events, const cl_event *events,        \
       cl_event *event),                                                                           \
      (queue, kernel, n_dims, first, global, local, n_events, events, event))                      \
    X(clSetEventCallback,                                                                          \
      (cl_event event, cl_int type, void (*done)(cl_event, cl_int, void *), void *context),        \
      (event, type, done, context))                                                                \
    X(clReleaseEvent, (cl_event event), (event))                                                   \
    X(clFlush, (cl_command_queue queue), (queue))                                                  \
    X(clFinish, (cl_command_queue queue), (queue))

/* Functions that return an object, with a status in their last parameter: X(type, name, parameters,
 * arguments). */
#define PT_CL_OBJECT_FUNCTIONS(X)                                                                  \
    X(cl_context, clCreateContext,                                                                 \
      (const intptr_t *properties, cl_uint n, const cl_device_id *ids,                             \
       void (*notify)(const char *, const void *, size_t, void *), void *context, cl_int *status), \
      (properties, n, ids, notify, context, status))                                               \
    X(cl_command_queue, clCreateCommandQueue,                                                      \
      (cl_context context, cl_device_id id, cl_bitfield properties, cl_int * status),              \
      (context, id, properties, status))                                                           \
    X(cl_program, clCreateProgramWithSource,                                                       \
      (cl_context context, cl_uint n, const char **texts, const size_t *sizes, cl_int *status),    \
      (context, n, texts, sizes, status))                                                          \
    X(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *status),           \
      (program, name, status))                                                                     \
    X(cl_mem, clCreateBuffer,                                                                      \
      (cl_context context, cl_bitfield flags, size_t n, void *host, cl_int *status),               \
      (context, flags, n, host, status))

/** The loaded functions; members are named like them. */
typedef struct pt_cl_api {
    void *library;
#define PT_CL_STATUS_MEMBER(name, parameters, arguments)       cl_int(*name) parameters;
#define PT_CL_OBJECT_MEMBER(type, name, parameters, arguments) type(*name) parameters;
    PT_CL_STATUS_FUNCTIONS(PT_CL_STATUS_MEMBER)
    PT_CL_OBJECT_FUNCTIONS(PT_CL_OBJECT_MEMBER)
} pt_cl_api;

/**
 * Loads the OpenCL library and all functions. It stays loaded until the program ends: drivers start
 * threads and register exit handlers, which must not lose their code.
 *
 * library  file name; NULL: the usual names
 *
 * Errors   PATINA_EUSAGE  there is no such library, or it lacks a function; the message names it
 */
patina_status pt_cl_api_open(const char *library, pt_cl_api *api, patina_error *err);

/** "CL_OUT_OF_RESOURCES (-5)"; static buffer for known errors, otherwise in `text` [32]. */
const char *pt_cl_error_name(cl_int error, char text[32]);

#endif /* PATINA_NN_OPENCL_CL_API_H */
