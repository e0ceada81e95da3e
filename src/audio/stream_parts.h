/* SPDX-License-Identifier: MIT */
/* stream_parts.h - the streams that are joined in one file: links of a chained Ogg file, MP3 or
 * FLAC files one after the other */

#ifndef PATINA_AUDIO_STREAM_PARTS_H
#define PATINA_AUDIO_STREAM_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "audio/container_header.h"
#include "base/byte_source.h"

/** A stream that is decoded separately. */
typedef struct pt_stream_part {
    uint64_t offset, size; /* in the file */
} pt_stream_part;

typedef struct pt_stream_parts {
    pt_stream_part *part; /* owned; [n] */
    size_t n;
} pt_stream_parts;

/** Begins a part at `offset`, where the previous part ends; the last one ends at `end`. */
patina_status pt_stream_parts_add(pt_stream_parts *parts, uint64_t offset, uint64_t end,
                                  patina_error *err);
void pt_stream_parts_release(pt_stream_parts *parts);

/**
 * Finds the streams of a file, without the tags in front and behind; one part where the format does
 * not allow more.
 *
 * Errors  PATINA_REJECT_UNDECODABLE  too many parts
 *         PATINA_ENOMEM
 */
patina_status pt_stream_parts_find(const pt_byte_source *bytes, const pt_container_header *header,
                                   pt_stream_parts *parts, patina_error *err);

#endif /* PATINA_AUDIO_STREAM_PARTS_H */
