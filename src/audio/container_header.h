/* SPDX-License-Identifier: MIT */
/* container_header.h - position and size of the sample data in a container
 *
 * Decoding libraries silently correct a header that declares more data than the file contains, and
 * ignore samples after a size that is too small. Here the header is compared with the size of the
 * file, so that both are detected.
 */

#ifndef PATINA_AUDIO_CONTAINER_HEADER_H
#define PATINA_AUDIO_CONTAINER_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/audio.h>

#include "base/byte_source.h"

typedef enum pt_container_format {
    PT_CONTAINER_OTHER, /* none of these */
    PT_CONTAINER_WAV,   /* RIFF or RIFX */
    PT_CONTAINER_RF64,  /* and BW64 */
    PT_CONTAINER_AIFF,  /* AIFF and AIFF-C */
    PT_CONTAINER_W64,
    PT_CONTAINER_CAF,
    PT_CONTAINER_AU,
    PT_CONTAINER_MPEG /* frames from the start, with or without an ID3v2 tag before them */
} pt_container_format;

/** Type of the data after the samples. */
typedef enum pt_container_rest {
    PT_REST_KNOWN,   /* nothing, chunks, tags or zeros */
    PT_REST_UNKNOWN, /* other bytes: samples that the size excludes */
    PT_REST_DATA,    /* another chunk of samples */
    PT_REST_FILE     /* another file of this format */
} pt_container_rest;

/** Sample data according to the header; all but kind is zero if has_data is false. */
typedef struct pt_container_header {
    pt_container_format kind;
    bool has_data;        /* its sample data was found */
    bool unknown_size;    /* the size is a placeholder: the data ends where the file does */
    uint64_t data_offset; /* of the first sample byte */
    uint64_t data_size;   /* declared; the bytes present if unknown */
    uint64_t
        data_available;   /* from data_offset to the file's end, or chunks after an unknown size */
    uint64_t size_offset; /* of the size in the file ... */
    unsigned size_bytes;  /* ... its width; little-endian unless big_endian ... */
    uint64_t size_overhead; /* ... and the bytes that it counts besides the samples */
    bool big_endian;
    pt_container_rest rest; /* after the sample data ... */
    uint64_t rest_offset;   /* ... if rest is not KNOWN */
    unsigned
        wave_format; /* WAV, RF64, W64: the code of fmt, an extensible one's own; 0 elsewhere */
    unsigned container_bits; /* WAV, RF64, W64: of a sample, if more than fmt says; otherwise 0 */
    uint64_t bits_offset;    /* of the number of bits in fmt, if container_bits is not 0 */
    uint64_t extensible_offset; /* of the code of an extensible fmt, 0xFFFE; 0: another one */
    uint64_t channel_mask; /* WAV, RF64, W64: dwChannelMask; CAF, AIFF: a bitmap; 0 without one */
    unsigned
        n_positions; /* CAF, AIFF: a layout of so many channels, in the order of the file ... */
    int position[PATINA_CHANNELS_MAX]; /* ... as bits of a mask (channel_mask.h), or -1 */
    uint64_t n_priming; /* CAF: frames of the encoder's delay, which come first ... */
    uint64_t n_valid;   /* ... and frames of the recording, which follow; 0: not declared */
} pt_container_header;

#define PT_WAVE_MPEG 0x0050 /* MPEG layer 1 or 2 in a WAV */
#define PT_WAVE_MP3  0x0055 /* layer 3 */

/** Reads the chunk headers only. Never fails: an unsupported file is OTHER, or has no data. */
void pt_container_header_parse(const pt_byte_source *bytes, pt_container_header *container);

#endif /* PATINA_AUDIO_CONTAINER_HEADER_H */
