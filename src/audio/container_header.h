/* SPDX-License-Identifier: MIT */
/* container_header.h - what a file says of its own sample data, read without any decoding library
 *
 * Decoding libraries mend a header that promises more than the file holds, and say nothing. A file
 * that was cut shows only here, where its claim is held against the bytes that are there.
 */

#ifndef PATINA_AUDIO_CONTAINER_HEADER_H
#define PATINA_AUDIO_CONTAINER_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_source.h"

typedef enum pt_container_format {
    PT_CONTAINER_OTHER, /* none of these: nothing is known */
    PT_CONTAINER_WAV,   /* RIFF or RIFX */
    PT_CONTAINER_RF64,
    PT_CONTAINER_AIFF, /* AIFF and AIFF-C */
    PT_CONTAINER_W64,
    PT_CONTAINER_CAF,
    PT_CONTAINER_MPEG /* frames from the start on, an ID3v2 tag before them or not */
} pt_container_format;

/** A file's claim; all but kind is zero where has_data is false. */
typedef struct pt_container_header {
    pt_container_format kind;
    bool has_data;           /* the walk over its chunks came to the sample data */
    bool unknown_size;       /* the size was never filled in: the data goes to the file's end */
    uint64_t data_offset;    /* of the first sample byte */
    uint64_t data_size;      /* as claimed; the bytes present when unknown */
    uint64_t data_available; /* from data_offset to the file's end */
    uint64_t size_offset;    /* where in the file the claim stands (WAV, RF64) ... */
    unsigned size_bytes;     /* ... and its width; little-endian unless big_endian */
    bool big_endian;
    unsigned wave_format; /* WAV, RF64: the code of fmt, an extensible one's own; 0 elsewhere */
} pt_container_header;

#define PT_WAVE_MPEG 0x0050 /* MPEG layer 1 or 2 in a WAV */
#define PT_WAVE_MP3  0x0055 /* layer 3 */

/** Looks at the chunk headers only. Never fails: a file that it cannot follow is OTHER, or has no
 * data. */
void pt_container_header_parse(const pt_byte_source *bytes, pt_container_header *container);

/** Length in bytes of the MPEG audio frame whose header stands at h (4 bytes); 0 if none does. */
unsigned pt_mpeg_frame_bytes(const unsigned char h[4]);

/** Where the bytes begin that an ID3v2 tag, or several, stand before; 0 without one. */
uint64_t pt_id3_end(const pt_byte_source *bytes);

#endif /* PATINA_AUDIO_CONTAINER_HEADER_H */
