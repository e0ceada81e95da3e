/* SPDX-License-Identifier: MIT */
/* ops_bf16_avx512.c - the kernel table for bfloat16 with AVX-512 */

#include "nn/x86/vec_avx512.h"

#include "nn/x86/operand_bf16.h"

#define ISA   PATINA_ISA_AVX512
#define TABLE pt_nn_ops_bf16_avx512

#include "nn/x86/kernels.h"
