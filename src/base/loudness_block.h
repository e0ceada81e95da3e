/* SPDX-License-Identifier: MIT */
/* loudness_block.h - lengths of a gating block of ITU-R BS.1770, and of the hop between two */

#ifndef PATINA_BASE_LOUDNESS_BLOCK_H
#define PATINA_BASE_LOUDNESS_BLOCK_H

#include <stdint.h>

/** Returns the frames of a hop, 100 ms. */
static inline uint64_t pt_loudness_hop_frames(unsigned rate_hz) {
    return ((uint64_t)rate_hz + 5) / 10;
}

/**
 * Returns the frames of a gating block (400 ms, four hops), which is also the shortest audio that
 * is accepted.
 */
static inline uint64_t pt_loudness_block_frames(unsigned rate_hz) {
    return 4 * pt_loudness_hop_frames(rate_hz);
}

#endif /* PATINA_BASE_LOUDNESS_BLOCK_H */
