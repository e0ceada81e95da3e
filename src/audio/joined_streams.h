/* SPDX-License-Identifier: MIT */
/* joined_streams.h - the streams that are joined in one file: links of a chained Ogg file, MP3 or
 * FLAC files one after the other */

#ifndef PATINA_AUDIO_JOINED_STREAMS_H
#define PATINA_AUDIO_JOINED_STREAMS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "audio/container_header.h"
#include "base/byte_source.h"

/** A stream that is decoded separately. */
typedef struct pt_joined_stream {
    uint64_t offset, size; /* in the file */
} pt_joined_stream;

typedef struct pt_joined_streams {
    pt_joined_stream *stream; /* owned; [n] */
    size_t n;
} pt_joined_streams;

/** Begins a stream at `offset`, where the previous stream ends; the last one ends at `end`. */
patina_status pt_joined_streams_add(pt_joined_streams *streams, uint64_t offset, uint64_t end,
                                    patina_error *err);
void pt_joined_streams_release(pt_joined_streams *streams);

/**
 * Finds the streams of a file, without the tags in front and behind; one stream where the format
 * does not allow more.
 *
 * Errors  PATINA_REJECT_UNDECODABLE  too many streams
 *         PATINA_ENOMEM
 */
patina_status pt_joined_streams_find(const pt_byte_source *bytes, const pt_container_header *header,
                                     pt_joined_streams *streams, patina_error *err);

#endif /* PATINA_AUDIO_JOINED_STREAMS_H */
