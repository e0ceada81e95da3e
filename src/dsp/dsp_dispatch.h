/* SPDX-License-Identifier: MIT */
/* dsp_dispatch.h - the tables that dsp_ops.c chooses from; for this room only */

#ifndef PATINA_DSP_DSP_DISPATCH_H
#define PATINA_DSP_DSP_DISPATCH_H

#include "dsp/dsp_ops.h"

extern const pt_dsp_ops pt_dsp_ops_c;
#if defined(__x86_64__)
extern const pt_dsp_ops pt_dsp_ops_avx2;
extern const pt_dsp_ops pt_dsp_ops_avx512;
#endif

#endif /* PATINA_DSP_DSP_DISPATCH_H */
