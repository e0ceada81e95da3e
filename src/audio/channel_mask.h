/* SPDX-License-Identifier: MIT */
/* channel_mask.h - positions of the channels of a file
 *
 * A mask has one bit for each channel: bits 0 to 17 are those of WAVE's dwChannelMask, and those
 * above are FFmpeg's (35 is the second LFE). Channels come in the order of their bits. 0: the
 * positions are not known.
 */

#ifndef PATINA_AUDIO_CHANNEL_MASK_H
#define PATINA_AUDIO_CHANNEL_MASK_H

#include <stdbool.h>
#include <stdint.h>

#define PT_CHANNEL_BITS 64

/** The mask of n channels that Vorbis I 4.3.9, RFC 7845 5.1.1.2 and RFC 9639 9.1.3 give to a stream
 * without one; 0 for more than 8. */
uint64_t pt_channel_mask_by_count(unsigned n);

/** The lowest n bits of a mask; 0 if it has fewer. */
uint64_t pt_channel_mask_limit(uint64_t mask, unsigned n);

/**
 * The mask of channels at these positions, and where each belongs in the order of the bits.
 *
 * position      [n] bits, in the order of the file
 * channel_map   [n], out: channel c belongs at channel_map[c]
 * is_reordered  out: some channel does
 *
 * 0, with no change to the rest, where a position is not a bit, or is there twice.
 */
uint64_t pt_channel_mask_from_positions(const int *position, unsigned n, unsigned char *channel_map,
                                        bool *is_reordered);

#endif /* PATINA_AUDIO_CHANNEL_MASK_H */
