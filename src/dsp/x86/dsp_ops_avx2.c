/* SPDX-License-Identifier: MIT */
/* dsp_ops_avx2.c - the kernel table for AVX2 */

#define WIDTH 4
#define ISA   PATINA_ISA_AVX2
#define TABLE pt_dsp_ops_avx2

#include "dsp/dsp_kernels.h"
