/* SPDX-License-Identifier: MIT */
/* single_precision.h - renames types and functions of the FFT kernels, so that the files included
 * after it compute in float, with sixteen signals at a time; part of dsp_kernels.h
 *
 * A row of lanes takes 64 bytes in both precisions, and so has the same number of vectors.
 */

#define vec         vec_float
#define load_lanes  load_lanes_float
#define store_lanes store_lanes_float
#define pt_complex  pt_complex_float
#define pt_complex8 pt_complex16_float

#define twiddle_table twiddle_table_float
#define cvec          cvec_float
#define cload         cload_float
#define cstore        cstore_float
#define cadd          cadd_float
#define csub          csub_float
#define cmul          cmul_float
#define cbroadcast    cbroadcast_float
#define fft4          fft4_float
#define fft8          fft8_float
#define fft8_load     fft8_load_float
#define butterfly     butterfly_float
#define butterfly_at  butterfly_at_float
#define stage         stage_float
