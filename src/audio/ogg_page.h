/* SPDX-License-Identifier: MIT */
/* ogg_page.h - the pages of an Ogg file: links, checksums, and headers that decoders misread
 *
 * Decoders skip a page whose checksum is wrong. If it is the first page with audio, the stream
 * looks like one whose recording began later, and the number of frames does not reveal the loss.
 *
 * Sources: RFC 3533, section 6; RFC 7845, sections 4 and 5
 */

#ifndef PATINA_AUDIO_OGG_PAGE_H
#define PATINA_AUDIO_OGG_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "audio/joined_streams.h"
#include "base/byte_source.h"

/** Bytes that replace those of the file for the decoder. */
typedef struct pt_byte_patch {
    uint64_t offset;
    unsigned n;
    unsigned char bytes[28];
} pt_byte_patch;

typedef enum pt_ogg_codec { PT_OGG_OTHER, PT_OGG_VORBIS, PT_OGG_OPUS } pt_ogg_codec;

/** One link, which begins at byte 0. */
typedef struct pt_ogg_link {
    pt_ogg_codec codec;      /* of its first stream */
    unsigned n_streams;      /* streams in parallel: audio, video, text */
    bool starts_late;        /* positions count from before the first packet: a live recording */
    bool ends_marked;        /* its last page says that it is the last */
    bool has_gap;            /* the numbers of its pages are not consecutive */
    uint64_t last_position;  /* granule position of the last page that has one */
    uint64_t flac_frames;    /* FLAC: total of its STREAMINFO; 0: unknown, or not FLAC */
    bool has_opus_positions; /* Opus: the channels have positions, mapping family 0 or 1 */
    pt_byte_patch *patch;    /* owned; [n_patches], by offset */
    size_t n_patches;
    uint64_t n_bytes; /* of its pages */
} pt_ogg_link;

/** Adds the links of a file; each begins with the first pages of its streams. */
patina_status pt_ogg_find_links(const pt_byte_source *bytes, uint64_t from, uint64_t end,
                                pt_joined_streams *streams, patina_error *err);

/**
 * Checks the pages of a link. For Opus it makes patches: the rate of the encoder's input, which is
 * not that of the stream, becomes 48 kHz; positions begin at 0; the last page gets its flag.
 *
 * Errors  PATINA_REJECT_TRUNCATED    a page is damaged, or something is between two; the last
 *                                    page or the last packet is cut
 *         PATINA_REJECT_UNDECODABLE  the file cannot be read; codebooks of Vorbis are too large
 */
patina_status pt_ogg_read_link(const pt_byte_source *bytes, pt_ogg_link *link, patina_error *err);
void pt_ogg_link_release(pt_ogg_link *link);

#endif /* PATINA_AUDIO_OGG_PAGE_H */
