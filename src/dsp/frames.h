/* SPDX-License-Identifier: MIT */
/* frames.h - the power spectra of short overlapping frames, sixteen at a time
 *
 * Frames 0 to 7 are the real and frames 8 to 15 the imaginary parts of eight transforms of 1024 =
 * 32 x 32 points side by side, in four steps as in pair_spectrum.h; with Z their spectrum, those of
 * the frames are (Z_k + Z*_(N-k)) / 2 and (Z_k - Z*_(N-k)) / 2j.
 */

#ifndef PATINA_DSP_FRAMES_H
#define PATINA_DSP_FRAMES_H

#include "dsp/lanes.h"

#define PT_FRAMES     16 /* at a time */
#define PT_FRAME      1024
#define PT_FRAME_BINS (PT_FRAME / 2 + 1)
#define PT_FRAME_ROOT 32                  /* rows, and columns */
#define PT_FRAME_STEP (PT_FRAME_ROOT + 1) /* from row to row: not a page, which would collide */

/** What the transform needs; read-only once it is made. */
typedef struct pt_frames_plan {
    double window[PT_FRAME]; /* half of it: see above */
    pt_complex roots[PT_FRAME_ROOT / 2][3];
    pt_complex turn[PT_FRAME_ROOT][PT_FRAME_ROOT]; /* W_N^(k1 n2) at [place of k1][n2] */
    size_t place[PT_FRAME_ROOT];                   /* of a bin in a row or column */
} pt_frames_plan;

/** Makes a plan for frames with a periodic Hann window. */
void pt_frames_init(pt_frames_plan *plan);

/** What pt_dsp_ops.frame_powers works in; aligned to 64. */
typedef struct pt_frames_work {
    pt_complex8 column[4][PT_FRAME_ROOT];
    pt_complex8 row[PT_FRAME_ROOT * PT_FRAME_STEP];
} pt_frames_work;

#endif /* PATINA_DSP_FRAMES_H */
