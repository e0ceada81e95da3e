/* SPDX-License-Identifier: MIT */
/* frames.c - the tables of the transform */

#include "dsp/frames.h"

#include <math.h>

void pt_frames_init(pt_frames_plan *plan) {
    for (size_t i = 0; i < PT_FRAME; i++)
        plan->window[i] = 0.25 - 0.25 * cos(2.0 * M_PI * (double)i / PT_FRAME);
    pt_lanes_roots(PT_FRAME_ROOT, plan->roots);
    for (size_t k = 0; k < PT_FRAME_ROOT; k++) {
        plan->place[k] = pt_lanes_place(k, PT_FRAME_ROOT);
        for (size_t i = 0; i < PT_FRAME_ROOT; i++)
            plan->turn[plan->place[k]][i] = pt_lanes_root(k * i, PT_FRAME);
    }
}
