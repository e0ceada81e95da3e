/* SPDX-License-Identifier: MIT */
/* test_device_kernels.c - the kernels of OpenCL devices against plain C: all bits equal, for the
 * shapes of the published layouts, every tile and every size of a head; and the arithmetic of
 * device_math.h against libm
 *
 * Needs an OpenCL driver: PoCL on the CPU is sufficient. PATINA_FULL_TESTS=1 runs every shape with
 * every tile.
 */

#include "nn/opencl/device_check.h"
#include "nn/opencl/device_math.h"
#include "test.h"

#include <stdlib.h>

static bool open_list(pt_test *t, pt_cl_api *api, pt_cl_device **devices, size_t *n) {
    if (pt_cl_api_open(NULL, api, &t->err) != PATINA_OK ||
        pt_cl_devices_list(api, devices, n, &t->err) != PATINA_OK) {
        pt_test_skip(t, t->err.message);
        return false;
    }
    if (*n > 0) return true;
    pt_test_skip(t, "no OpenCL device; on Debian and Ubuntu: apt-get install pocl-opencl-icd");
    return false;
}

static void check(pt_test *t, pt_device *device, const pt_device_launch *l, const int32_t *starts) {
    pt_device_difference d = {1, 0};
    if (CHECK_OK(pt_device_compare(device, l, starts, &d, &t->err)) && d.n_different > 0)
        pt_test_check(t, false, __FILE__, __LINE__,
                      "kernel %d (%d, %d, %d, %d), head %zu, tile %s: %zu of %zu values differ",
                      (int)l->kernel, l->integers[0], l->integers[1], l->integers[2],
                      l->integers[3], l->head_dim, pt_device_tile_name(device), d.n_different,
                      d.n_values);
}

/* Rows, outputs, inputs: layers of the three published layouts with few rows, and odd sizes. */
static void check_linear(pt_test *t, pt_device *device, bool is_first) {
    static const int32_t shapes[][3] = {
        {1, 96, 16},    {64, 288, 96},   {130, 96, 96},  {65, 384, 96},   {63, 96, 384},
        {64, 192, 384}, {16, 1536, 384}, {8, 384, 1536}, {8, 2304, 768},  {7, 768, 3072},
        {2, 512, 768},  {1, 512, 512},   {64, 512, 128}, {9, 4096, 1024}, {3, 1024, 4096},
        {33, 17, 7},    {129, 65, 33}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int32_t e = PT_DEVICE_STORE; e <= PT_DEVICE_RELU; e++)
            if (e == (int32_t)i % 5 && (is_first || i % 3 == 0 || i > 14))
                check(
                    t, device,
                    &(pt_device_launch){.kernel = PT_DEVICE_linear,
                                        .integers = {shapes[i][0], shapes[i][1], shapes[i][2], e}},
                    NULL);
}

static void check_attention(pt_test *t, pt_device *device, size_t dim, size_t window) {
    static const int32_t starts[] = {0, 1, 78, 142, 207, 219};
    static const size_t sides[] = {8, 16, 32};
    for (size_t i = 0; i < 3; i++)
        for (int shifted = 0; shifted < 2; shifted++)
            check(t, device,
                  &(pt_device_launch){
                      .kernel = PT_DEVICE_window_attention,
                      .head_dim = dim,
                      .window = window,
                      .grid = {sides[i] / window * (sides[i] / window), 2, 2},
                      .integers = {(int32_t)sides[i], 2, shifted * (int32_t)(window / 2)},
                      .floats = {1.0F / sqrtf((float)dim)}},
                  NULL);
    check(t, device,
          &(pt_device_launch){.kernel = PT_DEVICE_text_attention,
                              .head_dim = dim,
                              .grid = {2, 3, 5},
                              .integers = {3},
                              .floats = {1.0F / sqrtf((float)dim)}},
          starts);
}

static void check_simple(pt_test *t, pt_device *device) {
    static const int32_t starts[] = {0, 7, 3, 12};
    static const int32_t widths[] = {1, 24, 48, 96, 128, 384, 768, 1024, 4096};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        check(t, device,
              &(pt_device_launch){.kernel = PT_DEVICE_layer_norm,
                                  .grid = {9},
                                  .integers = {widths[i]},
                                  .floats = {1.0F / (float)widths[i], i % 2 ? 1e-12F : 1e-5F}},
              NULL);
    const pt_device_launch others[] = {
        {.kernel = PT_DEVICE_image, .grid = {2 * 65536}, .integers = {2, 1001, 64, 256}},
        {.kernel = PT_DEVICE_patches, .grid = {2 * 65536}, .integers = {2, 64, 4}},
        {.kernel = PT_DEVICE_merge, .grid = {3 * 1024 * 96}, .integers = {3, 32, 96}},
        {.kernel = PT_DEVICE_mean,
         .grid = {2 * 768},
         .integers = {2, 64, 768},
         .floats = {1 / 64.F}},
        {.kernel = PT_DEVICE_gather, .grid = {4 * 50}, .integers = {4, 50}},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check(t, device, &others[i], starts);
}

/* Attention of all sizes that a device was opened with. */
static void check_attentions(pt_test *t, pt_device *device, const pt_device_attention *attention) {
    for (size_t k = 0; k < attention->n; k++)
        check_attention(t, device, attention->dims[k], attention->window);
    CHECK_OK(pt_device_check(device, attention, &t->err));
}

TEST(device_kernels, equal_bits) {
    static const pt_device_attention published = {{6, 8, 12, 16, 24, 32, 64}, 7, 8};
    static const pt_device_attention small = {{6, 32}, 2, 4};
    pt_cl_api api;
    pt_cl_device *devices = NULL;
    size_t n = 0;
    if (!open_list(t, &api, &devices, &n)) return;
    for (size_t i = 0; i < n; i++)
        for (size_t tile = 1; tile <= pt_device_tile_count(); tile++) {
            const pt_device_attention *attention = tile == 2 ? &small : &published;
            const pt_device_options options = {.attention = *attention, .tile = tile};
            pt_device *device = NULL;
            if (!CHECK_OK(pt_device_open_opencl(&api, &devices[i], &options, &device, &t->err)))
                continue;
            check_linear(t, device, tile == 1 || getenv("PATINA_FULL_TESTS"));
            if (tile == 1) check_simple(t, device);
            if (tile <= 2) check_attentions(t, device, attention);
            pt_device_close(&device);
        }
    free(devices);
}

/* Two tiles and a remainder in each dimension, and every other kernel: few operations, for an
 * interpreter of kernels (oclgrind.sh). PATINA_CL_OPTIONS is added to the options of the compiler:
 * -DFAULT_RACE and -DFAULT_BOUNDS plant a fault, which changes no value that is compared. */
TEST(device_kernels, small) {
    static const pt_device_attention attention = {{24}, 1, 8};
    static const int32_t sides[] = {134, 134, 262, 70};
    pt_cl_api api;
    pt_cl_device *devices = NULL;
    size_t n = 0;
    if (!open_list(t, &api, &devices, &n)) return;
    for (size_t tile = 1; tile <= pt_device_tile_count(); tile++) {
        const int32_t side = sides[(tile - 1) % 4];
        const pt_device_options options = {
            .attention = attention, .tile = tile, .build_options = getenv("PATINA_CL_OPTIONS")};
        pt_device *device = NULL;
        if (!CHECK_OK(pt_device_open_opencl(&api, &devices[0], &options, &device, &t->err))) break;
        const pt_device_launch l = {.kernel = PT_DEVICE_linear, .integers = {side, side, 33, 1}};
        check(t, device, &l, NULL);
        if (tile == pt_device_tile_count()) CHECK_OK(pt_device_check(device, &attention, &t->err));
        pt_device_close(&device);
    }
    free(devices);
}

TEST(device_kernels, fast_math_is_refused) {
    static const pt_device_attention attention = {{24}, 1, 8};
    const pt_device_options options = {
        .attention = attention, .tile = 1, .build_options = "-cl-fast-relaxed-math"};
    pt_cl_api api;
    pt_cl_device *devices = NULL;
    pt_device *device = NULL;
    size_t n = 0;
    if (!open_list(t, &api, &devices, &n)) return;
    if (CHECK_OK(pt_device_open_opencl(&api, &devices[0], &options, &device, &t->err))) {
        CHECK_FAILS(pt_device_check(device, &attention, &t->err), PATINA_EUSAGE);
        CHECK_CONTAINS(t->err.message, "fast-math");
    }
    pt_device_close(&device);
    free(devices);
}

TEST(device_kernels, functions_against_libm) {
    double reciprocal = 0, root = 0, exponential = 0, erf_ = 0, gelu = 0, tangent = 0;
    for (float x = 1e-30F; x < 1e30F; x *= 1.00931F) {
        reciprocal = fmax(reciprocal, fabs((double)pt_reciprocal(x) * (double)x - 1.0));
        root = fmax(root, fabs((double)pt_reciprocal_sqrt(x) * sqrt((double)x) - 1.0));
    }
    for (double v = -87.0; v <= 0.0; v += 0.00173)
        exponential = fmax(exponential, fabs((double)pt_exp((float)v) / exp((double)(float)v) - 1));
    for (double v = -9.0; v <= 9.0; v += 0.000173) {
        const double x = (double)(float)v;
        erf_ = fmax(erf_, fabs((double)pt_erf((float)v) - erf(x)));
        gelu = fmax(gelu, fabs((double)pt_gelu((float)v) - 0.5 * x * (1.0 + erf(x / sqrt(2.0)))));
        tangent = fmax(tangent, fabs((double)pt_tanh((float)v) - tanh(x)));
    }
    CHECK_NEAR(reciprocal, 0.0, 1.3e-7);
    CHECK_NEAR(root, 0.0, 1.3e-7);
    CHECK_NEAR(exponential, 0.0, 2.4e-7);
    CHECK_NEAR(erf_, 0.0, 1.5e-7);
    CHECK_NEAR(gelu, 0.0, 6e-7);
    CHECK_NEAR(tangent, 0.0, 1.8e-7);
    CHECK(isnan(pt_exp(NAN)) && isnan(pt_gelu(NAN)));
}
