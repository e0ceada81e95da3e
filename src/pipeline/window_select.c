/* SPDX-License-Identifier: MIT */
/* window_select.c - selects the windows of a recording */

#include "pipeline/window_select.h"

#include <math.h>

void pt_window_select_start(pt_window_select *s, const pt_segment *first) {
    s->n_frames = first->n_frames;
    s->part_start = first->part_start;
    s->part_frames = first->part_frames;
    s->window_frames = first->window.frames;
    s->next_first = first->window.frames;
}

static uint64_t room(const pt_window_select *s) {
    return s->part_frames - s->window_frames;
}

bool pt_window_select_needs_scan(const pt_window_select *s) {
    return s->mode == PATINA_WINDOW_LOUDEST && room(s) > 0 && s->scan.n_blocks == 0;
}

static bool overlaps_earlier(const pt_window_select *s, uint64_t start) {
    for (size_t i = 0; i < s->n_starts; i++) {
        const uint64_t other = s->starts[i];
        const uint64_t distance = start > other ? start - other : other - start;
        if (2 * distance < s->window_frames) return true; /* by more than half */
    }
    return false;
}

bool pt_window_select_next(pt_window_select *s, size_t w, unsigned r, uint64_t *offset,
                           bool *exhausted) {
    *offset = 0;
    *exhausted = false;
    if (s->n_frames == 0) return true;
    if (room(s) == 0) {
        *exhausted = w > 0 || r > 0;
        return !*exhausted;
    }
    if (s->mode == PATINA_WINDOW_RANDOM) {
        const double u = pt_rng_uniform(&s->rng, PT_WINDOW_TRIES * w + r);
        const double drawn = floor(u * (double)(room(s) + 1));
        *offset = drawn < (double)room(s) ? (uint64_t)drawn : room(s);
        return r + 1 == PT_WINDOW_TRIES || !overlaps_earlier(s, s->part_start + *offset);
    }
    if (s->mode == PATINA_WINDOW_FIRST) {
        *offset = s->next_first;
        *exhausted = s->next_first > room(s);
        s->next_first += s->window_frames;
        return !*exhausted;
    }
    uint64_t start = 0;
    *exhausted =
        r > 0 || !pt_sound_scan_find_loudest(&s->scan, s->part_start, s->part_frames,
                                             s->window_frames, s->starts, s->n_starts, &start);
    *offset = start - s->part_start;
    return !*exhausted;
}

void pt_window_select_accept(pt_window_select *s, uint64_t start) {
    s->starts[s->n_starts++] = start;
}
