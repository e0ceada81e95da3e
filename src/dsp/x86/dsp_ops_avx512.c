/* SPDX-License-Identifier: MIT */
/* dsp_ops_avx512.c - the kernel table for AVX-512 */

#define WIDTH 8
#define ISA   PATINA_ISA_AVX512
#define TABLE pt_dsp_ops_avx512

#include "dsp/dsp_kernels.h"
