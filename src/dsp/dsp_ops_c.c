/* SPDX-License-Identifier: MIT */
/* dsp_ops_c.c - the kernel table for any CPU: vectors of two lanes (SSE2, NEON) */

#define WIDTH 2
#define ISA   PATINA_ISA_C
#define TABLE pt_dsp_ops_c

#include "dsp/dsp_kernels.h"
