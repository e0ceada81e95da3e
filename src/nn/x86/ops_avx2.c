/* SPDX-License-Identifier: MIT */
/* ops_avx2.c - the kernel table for AVX2 with FMA */

#include "nn/x86/vec_avx2.h"

#include "nn/x86/operand_f32.h"

#define ISA   PATINA_ISA_AVX2
#define TABLE pt_nn_ops_avx2

#include "nn/x86/kernels.h"
