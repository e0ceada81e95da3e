/* SPDX-License-Identifier: MIT */
/* loudness_block.h - length of a gating block of BS.1770, the shortest sound that is accepted */

#ifndef PATINA_BASE_LOUDNESS_BLOCK_H
#define PATINA_BASE_LOUDNESS_BLOCK_H

#include <stdint.h>

/**
 * Frames of a gating block of loudness (BS.1770: 400 ms, four hops of 100) at a rate; what is
 * shorter cannot be measured.
 */
static inline uint64_t pt_loudness_block_frames(unsigned rate_hz) {
    return 4 * (((uint64_t)rate_hz + 5) / 10);
}

#endif /* PATINA_BASE_LOUDNESS_BLOCK_H */
