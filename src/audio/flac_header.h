/* SPDX-License-Identifier: MIT */
/* flac_header.h - STREAMINFO of a FLAC file, and the position of its last frame
 *
 * Source  RFC 9639, sections 8 and 9
 */

#ifndef PATINA_AUDIO_FLAC_HEADER_H
#define PATINA_AUDIO_FLAC_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#include "audio/joined_streams.h"
#include "base/byte_source.h"

#define PT_FLAC_TOTAL_OFFSET 21 /* of the byte whose lower half begins the 36 bits of the total */

typedef struct pt_flac_header {
    unsigned rate_hz, n_channels, bits;
    unsigned block_frames;    /* smallest block: size of all blocks but the last if it is fixed */
    unsigned max_frame_bytes; /* of a frame; 0: unknown */
    uint64_t total_frames;    /* 0: unknown */
    uint64_t channel_mask;    /* 0: no tag */
    uint64_t first_frame;     /* offset of the first frame */
} pt_flac_header;

/** False if bytes do not begin with a FLAC header. */
bool pt_flac_read_header(const pt_byte_source *bytes, pt_flac_header *header);

/**
 * Finds the last FLAC frame near the file's end whose checksums are right.
 *
 * end        sample frames up to its end; 0 if there is none
 * is_at_end  it ends where the bytes end
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_flac_find_end(const pt_byte_source *bytes, const pt_flac_header *header,
                               uint64_t *end, bool *is_at_end, patina_error *err);

/** Adds the FLAC stream at `from` and those joined to it. */
patina_status pt_flac_find_streams(const pt_byte_source *bytes, uint64_t from, uint64_t end,
                                   pt_joined_streams *streams, patina_error *err);

#endif /* PATINA_AUDIO_FLAC_HEADER_H */
