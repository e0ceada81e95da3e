/* SPDX-License-Identifier: MIT */
/* ops_bf16_c.c - the kernel table for bfloat16 in plain C, a reference for any CPU
 *
 * Equals vdpbf16ps except for the order of sums and for denormals, which that instruction flushes
 * to zero.
 */

#include <stdint.h>
#include <string.h>

#include "nn/nn_dispatch.h"

#define TABLE     pt_nn_ops_bf16_c
#define PRECISION PATINA_PRECISION_BF16

typedef uint16_t operand;

static float from_operand(operand a) {
    const uint32_t bits = (uint32_t)a << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To nearest, ties to even; overflow gives infinity, NaN is preserved. */
static operand to_operand(float a) {
    uint32_t bits;
    memcpy(&bits, &a, sizeof bits);
    if (a != a) return (operand)(bits >> 16 | 0x40);
    return (operand)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#include "nn/kernels_c.h"
