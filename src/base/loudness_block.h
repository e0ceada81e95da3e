/* SPDX-License-Identifier: MIT */
/* loudness_block.h - length of a gating block of ITU-R BS.1770 */

#ifndef PATINA_BASE_LOUDNESS_BLOCK_H
#define PATINA_BASE_LOUDNESS_BLOCK_H

#include <stdint.h>

/**
 * Returns the frames of a gating block (400 ms, four hops of 100 ms), which is also the shortest
 * audio that is accepted.
 */
static inline uint64_t pt_loudness_block_frames(unsigned rate_hz) {
    return 4 * (((uint64_t)rate_hz + 5) / 10);
}

#endif /* PATINA_BASE_LOUDNESS_BLOCK_H */
