/* SPDX-License-Identifier: MIT */
/* device_math.h - arithmetic of the device kernels, as OpenCL C and as C
 *
 * The kernels and the plain C reference include this file. It uses float32 fused multiply-add,
 * addition, multiplication, comparison and integer operations only, in a fixed order: IEEE 754
 * defines each to the bit. Division and square root are Newton iterations, so that their rounding
 * does not depend on the device. No inexact product is the operand of an addition, so a compiler
 * that contracts expressions in spite of FP_CONTRACT changes nothing.
 *
 * A change of a bit here, in the kernels or in the order of a sum raises PT_DEVICE_ARITHMETIC.
 */

#ifdef __OPENCL_VERSION__
#pragma OPENCL FP_CONTRACT OFF
#define PT_FMA(a, b, c)     fma(a, b, c)
#define PT_RINT(x)          rint(x)
#define PT_FLOAT_OF_BITS(i) as_float(i)
#define PT_BITS_OF_FLOAT(x) as_int(x)
#define PT_MATH             inline
#else
#ifndef PATINA_NN_OPENCL_DEVICE_MATH_H
#define PATINA_NN_OPENCL_DEVICE_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define PT_FMA(a, b, c)     fmaf(a, b, c)
#define PT_RINT(x)          rintf(x)
#define PT_FLOAT_OF_BITS(i) pt_float_of_bits(i)
#define PT_BITS_OF_FLOAT(x) pt_bits_of_float(x)
#define PT_MATH             static inline

static inline float pt_float_of_bits(int32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline int32_t pt_bits_of_float(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
#endif
#endif

#if defined(__OPENCL_VERSION__) || !defined(PT_DEVICE_MATH_DEFINED)
#define PT_DEVICE_MATH_DEFINED

/* 1 / x for normal x > 0 with a normal result, to an ulp. Each step squares the relative error of
 * the first guess, which is below 0.13. */
PT_MATH float pt_reciprocal(float x) {
    float y = PT_FLOAT_OF_BITS(0x7EF311C7 - PT_BITS_OF_FLOAT(x));
    for (int i = 0; i < 4; i++)
        y = PT_FMA(y, PT_FMA(-x, y, 1.0f), y);
    return y;
}

/* 1 / sqrt(x), likewise; the first guess is within 0.04. */
PT_MATH float pt_reciprocal_sqrt(float x) {
    float y = PT_FLOAT_OF_BITS(0x5F3759DF - (PT_BITS_OF_FLOAT(x) >> 1));
    for (int i = 0; i < 4; i++)
        y = PT_FMA(0.5f * y, PT_FMA(-x * y, y, 1.0f), y);
    return y;
}

/* exp(x) for x <= 0, to two ulp; 1.6e-38 below -87. exp(x) = 2^n exp(r), r = x - n ln 2, with ln 2
 * in two parts (Cody and Waite). A NaN stays a NaN. */
PT_MATH float pt_exp(float x) {
    x = x < -87.0f ? -87.0f : x;
    const float n = x == x ? PT_RINT(x * 1.44269504f) : 0.0f;
    const float r = PT_FMA(-n, -2.12194440e-4f, PT_FMA(-n, 0.693359375f, x));
    float p = 0.00139337336f;
    p = PT_FMA(p, r, 0.00836323574f);
    p = PT_FMA(p, r, 0.041666463f);
    p = PT_FMA(p, r, 0.166665763f);
    p = PT_FMA(p, r, 0.5f);
    p = PT_FMA(p, r * r, r) + 1.0f;
    return p * PT_FLOAT_OF_BITS(((int)n + 127) << 23);
}

/* erf(x), within 1.2e-7. Both branches are computed, so that no item waits for another. */
PT_MATH float pt_erf(float x) {
    const float a = x < 0.0f ? -x : x, z = a > 4.0f ? 4.0f : a, u = z * z;
    float near = 7.88249745e-05f, far = 2.0572752e-05f;

    near = PT_FMA(near, u, -0.000801885501f);
    near = PT_FMA(near, u, 0.00518931216f);
    near = PT_FMA(near, u, -0.0268543288f);
    near = PT_FMA(near, u, 0.112835974f);
    near = PT_FMA(near, u, -0.37612626f);
    near = PT_FMA(near, z * u, 1.12837911f * z);

    far = PT_FMA(far, z, -0.000428496627f);
    far = PT_FMA(far, z, 0.00414246088f);
    far = PT_FMA(far, z, -0.0250447653f);
    far = PT_FMA(far, z, 0.108165376f);
    far = PT_FMA(far, z, 0.633450747f);
    far = PT_FMA(far, z, 1.12946355f);
    far = PT_FMA(far, z, -0.000163986566f);
    far = far < 0.0f ? 0.0f : far;
    far = 1.0f - pt_exp(-far);

    const float y = z < 1.0f ? near : far;
    return x < 0.0f ? -y : y;
}

/* v (1 + erf(v / sqrt 2)) / 2 */
PT_MATH float pt_gelu(float v) {
    return 0.5f * v * (1.0f + pt_erf(v * 0.70710678f));
}

/* tanh(x) = (1 - e) / (1 + e), e = exp(-2 |x|); within 1.2e-7 */
PT_MATH float pt_tanh(float x) {
    const float e = pt_exp(x < 0.0f ? 2.0f * x : -2.0f * x);
    const float y = (1.0f - e) * pt_reciprocal(1.0f + e);
    return x < 0.0f ? -y : y;
}

/* Epilogues of the linear kernel, on v = sum + bias. The residual is added by the caller. */
#define PT_DEVICE_STORE    0
#define PT_DEVICE_GELU     1
#define PT_DEVICE_RESIDUAL 2
#define PT_DEVICE_TANH     3
#define PT_DEVICE_RELU     4

PT_MATH float pt_activate(float v, int epilogue) {
    if (epilogue == PT_DEVICE_GELU) return pt_gelu(v);
    if (epilogue == PT_DEVICE_TANH) return pt_tanh(v);
    if (epilogue == PT_DEVICE_RELU) return v < 0.0f ? 0.0f : v;
    return v;
}

/* The terms of a sum over k are padded with zeros to a multiple of this, whatever the tile. */
#define PT_DEVICE_K_MULTIPLE 32

/* Partial sums of a layer norm. */
#define PT_DEVICE_NORM_LANES 32

#endif
