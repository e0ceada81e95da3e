/* SPDX-License-Identifier: MIT */
/* window_select.h - selects the windows of a recording
 *
 * A recording of more than 10 s has several windows with --windows. Each may be tried
 * several times, because a silent window gives no row:
 *
 *     random    window w, try r: drawn with u_(8 w + r) of the stream WINDOW, r = 0 .. 7. A window
 *               that overlaps an earlier one by more than half is drawn again, except for r = 7.
 *     first     consecutive windows from the start; a silent one is passed over, up to 7 times
 *     loudest   by the sums of squares in blocks of 0.1 s; a further window is the loudest that
 *               does not overlap an earlier one by more than half
 *
 * A recording of up to 10 s is one window, and is tried once.
 */

#ifndef PATINA_PIPELINE_WINDOW_SELECT_H
#define PATINA_PIPELINE_WINDOW_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/generate.h>

#include "audio/segment.h"
#include "audio/sound_scan.h"
#include "base/rng.h"

#define PT_WINDOW_TRIES 8
#define PT_WINDOWS_MAX  1000

/** Zero it, set mode and rng, and scan for PATINA_WINDOW_LOUDEST. */
typedef struct pt_window_select {
    patina_window_mode mode;
    pt_rng rng; /* of the stream WINDOW */
    pt_sound_scan scan;

    uint64_t n_frames;                /* of the file; 0: no segment was decoded yet */
    uint64_t part_start, part_frames; /* of it, where windows may be */
    uint64_t window_frames;
    uint64_t *starts; /* of windows that were accepted; owned by the caller, one for each window */
    size_t n_starts;
    uint64_t next_first; /* of mode first: offset of the next window */
} pt_window_select;

/** Takes over the length of a recording from its first segment, which is try 0 of window 0 unless
 * pt_window_select_needs_scan() then returns true. */
void pt_window_select_start(pt_window_select *select, const pt_segment *first);

/** Whether `scan` is needed: of a longer recording in mode loudest. */
bool pt_window_select_needs_scan(const pt_window_select *select);

/**
 * Finds the start of window w at try r, 0 to PT_WINDOW_TRIES - 1, as an offset in the part. Returns
 * false where this try has none; sets *exhausted where later tries of w have none either.
 * Before pt_window_select_start, the offset is 0, and that of a random window is drawn with the
 * segment.
 */
bool pt_window_select_next(pt_window_select *select, size_t w, unsigned r, uint64_t *offset,
                           bool *exhausted);

/** Records a window that gives rows, by its first frame of the file. */
void pt_window_select_accept(pt_window_select *select, uint64_t start);

#endif /* PATINA_PIPELINE_WINDOW_SELECT_H */
