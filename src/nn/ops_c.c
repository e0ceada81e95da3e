/* SPDX-License-Identifier: MIT */
/* ops_c.c - the kernel table in plain C: the reference, and the fallback for any CPU */

#include "nn/nn_dispatch.h"

#define TABLE     pt_nn_ops_c
#define PRECISION PATINA_PRECISION_F32

typedef float operand;

static float from_operand(operand a) {
    return a;
}

static operand to_operand(float a) {
    return a;
}

#include "nn/kernels_c.h"
