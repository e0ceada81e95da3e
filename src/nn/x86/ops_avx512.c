/* SPDX-License-Identifier: MIT */
/* ops_avx512.c - the kernel table for AVX-512 */

#include "nn/x86/vec_avx512.h"

#include "nn/x86/operand_f32.h"

#define ISA   PATINA_ISA_AVX512
#define TABLE pt_nn_ops_avx512

#include "nn/x86/kernels.h"
