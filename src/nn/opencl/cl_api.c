/* SPDX-License-Identifier: MIT */
/* cl_api.c - loads libOpenCL with dlopen */

#include "nn/opencl/cl_api.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const char *const usual_names[] = {"libOpenCL.so.1", "libOpenCL.so",
                                          "/usr/lib/x86_64-linux-gnu/libOpenCL.so.1",
                                          "/usr/local/cuda/lib64/libOpenCL.so.1"};

/* dlsym returns a pointer to an object, which C does not convert to one to a function. */
static patina_status load_function(void *library, const char *name, void *function, size_t size,
                                   patina_error *err) {
    void *address = dlsym(library, name);
    if (!address)
        return pt_fail(err, PATINA_EUSAGE,
                       "the OpenCL library has no function '%s'; OpenCL 1.2 "
                       "is required",
                       name);
    memcpy(function, &address, size);
    return PATINA_OK;
}

static patina_status load_functions(pt_cl_api *api, patina_error *err) {
#define LOAD_STATUS(name, parameters, arguments)                                                   \
    PT_TRY(load_function(api->library, #name, &api->name, sizeof api->name, err));
#define LOAD_OBJECT(type, name, parameters, arguments) LOAD_STATUS(name, parameters, arguments)
    PT_CL_STATUS_FUNCTIONS(LOAD_STATUS)
    PT_CL_OBJECT_FUNCTIONS(LOAD_OBJECT)
    return PATINA_OK;
}

patina_status pt_cl_api_open(const char *library, pt_cl_api *api, patina_error *err) {
    pt_cl_api opened = {0};

    if (library) {
        opened.library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        if (!opened.library)
            return pt_fail(err, PATINA_EUSAGE, "OpenCL library '%s' cannot be loaded: %s", library,
                           dlerror());
    }
    for (size_t i = 0; !opened.library && i < sizeof usual_names / sizeof *usual_names; i++)
        opened.library = dlopen(usual_names[i], RTLD_NOW | RTLD_LOCAL);
    if (!opened.library)
        return pt_fail(err, PATINA_EUSAGE,
                       "no OpenCL library is installed; install the package 'ocl-icd-libopencl1' "
                       "and the driver of the device, or set OPENCL_LIB to the path of libOpenCL");
    const patina_status status = load_functions(&opened, err);
    if (status == PATINA_OK)
        *api = opened;
    else
        dlclose(opened.library);
    return status;
}

const char *pt_cl_error_name(cl_int error, char text[32]) {
    static const struct {
        cl_int error;
        const char *name;
    } names[] = {{-1, "CL_DEVICE_NOT_FOUND (-1)"},
                 {-2, "CL_DEVICE_NOT_AVAILABLE (-2)"},
                 {-3, "CL_COMPILER_NOT_AVAILABLE (-3)"},
                 {-4, "CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)"},
                 {-5, "CL_OUT_OF_RESOURCES (-5)"},
                 {-6, "CL_OUT_OF_HOST_MEMORY (-6)"},
                 {-11, "CL_BUILD_PROGRAM_FAILURE (-11)"},
                 {-36, "CL_INVALID_COMMAND_QUEUE (-36)"},
                 {-54, "CL_INVALID_WORK_GROUP_SIZE (-54)"},
                 {-61, "CL_INVALID_BUFFER_SIZE (-61)"},
                 {-1001, "CL_PLATFORM_NOT_FOUND_KHR (-1001)"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].error == error) return names[i].name;
    snprintf(text, 32, "OpenCL error %d", error);
    return text;
}
