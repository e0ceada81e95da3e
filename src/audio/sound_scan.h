/* SPDX-License-Identifier: MIT */
/* sound_scan.h - level of a whole file over time, in octave bands
 *
 * The first 24 hours of a file are decoded once, in constant memory apart from the result: 28 bytes
 * for each 0.1 s. The loudest window and the fingerprint of a sound are computed from it.
 */

#ifndef PATINA_AUDIO_SOUND_SCAN_H
#define PATINA_AUDIO_SOUND_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/arena.h"
#include "base/byte_source.h"

#define PT_SCAN_BANDS 6 /* octaves around 100, 200, 400, 800, 1600 and 3200 Hz */

/** 24 hours. A few kilobytes of FLAC can be an hour of silence, and the blocks of a file must fit
 * into memory. */
#define PT_SCAN_BLOCKS_MAX (24 * 36000)

/** A block of floor(rate / 10) frames; the last may be shorter. Powers are sums of squares of the
 * mean of all channels, divided by the frames of a whole block. */
typedef struct pt_scan_block {
    float power;               /* without the mean of the block */
    float band[PT_SCAN_BANDS]; /* 0 where the band is above 0.45 of the sampling rate */
} pt_scan_block;

/** In the arena. */
typedef struct pt_sound_scan {
    pt_scan_block *block; /* [n_blocks] */
    size_t n_blocks, capacity;
    uint64_t n_frames; /* that were decoded */
    uint64_t block_frames;
    unsigned rate_hz;
} pt_sound_scan;

/**
 * Decodes a file, at most PT_SCAN_BLOCKS_MAX blocks of it. Each band is a band-pass of the Audio EQ
 * Cookbook (0 dB at the centre, one octave wide) at the rate of the file.
 *
 * Errors   PATINA_REJECT_UNDECODABLE, _TRUNCATED, _UNSUPPORTED
 *          PATINA_REJECT_TOO_SHORT  no frame at all
 *          PATINA_ENOMEM
 */
patina_status pt_sound_scan_run(const pt_byte_source *bytes, pt_sound_scan *scan, pt_arena *arena,
                                patina_error *err);

/**
 * Finds the loudest of the windows that begin with a block and do not overlap
 * an earlier one, of which `starts` are the first frames, by more than half; of equals the first.
 * Returns false if there is no such window.
 *
 * part_start, part_frames   where windows may be
 * n_frames                  of a window, at most part_frames
 */
bool pt_sound_scan_find_loudest(const pt_sound_scan *scan, uint64_t part_start,
                                uint64_t part_frames, uint64_t n_frames, const uint64_t *starts,
                                size_t n_starts, uint64_t *start);

#endif /* PATINA_AUDIO_SOUND_SCAN_H */
