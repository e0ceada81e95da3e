/* SPDX-License-Identifier: MIT */
/* decoder_backend.h - interface of decoder.c to one decoding library
 *
 * A backend is one file that defines a const pt_decoder_backend, listed in the table of decoder.c.
 * It opens, seeks and reads one stream; decoder.c handles joined streams, declared lengths, channel
 * order and ranges.
 */

#ifndef PATINA_AUDIO_DECODER_BACKEND_H
#define PATINA_AUDIO_DECODER_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#include "audio/container_header.h"
#include "audio/decoder.h"
#include "base/byte_source.h"

#define PT_FRAMES_UNKNOWN 0 /* a length that is unknown or estimated */

/** The sentence for a stream whose format changes: second, channels and rate before, and those
 * after. */
#define PT_CHANGE_FORMAT                                                                           \
    "at %.2f s the audio changes from %u-channel at %u Hz to %u-channel at %u Hz; split the "      \
    "file"

/** The stream to open. */
typedef struct pt_decoder_input {
    const pt_byte_source *bytes;       /* of this stream alone, without tags */
    const pt_container_header *header; /* of the file */
    size_t part, n_parts;              /* its index among the joined streams of the file */
} pt_decoder_input;

/** Properties of an open stream. */
typedef struct pt_decoder_stream_info {
    pt_decoder_info info;
    uint64_t declared_frames;  /* declared number of frames, or PT_FRAMES_UNKNOWN */
    uint64_t tolerance_frames; /* frames of these that may be missing: the tolerance of the codec */
    bool is_reordered;         /* the channels do not come in WAVE order ... */
    unsigned char channel_map[PATINA_CHANNELS_MAX]; /* ... channel c belongs at channel_map[c] */
} pt_decoder_stream_info;

typedef struct pt_decoder_backend {
    const char *name;    /* of the library, for messages */
    const char *summary; /* the formats that it reads */
    const char *(*version)(void);

    /**
     * PATINA_REJECT_UNDECODABLE gives the stream to the next backend; any other failure is final.
     * stream_info is zeroed before. A backend that fails with info.format set reports that the
     * format is its own, so that its reason is the one to show.
     */
    patina_status (*open)(const pt_decoder_input *input, void **state,
                          pt_decoder_stream_info *stream_info, patina_error *err);
    void (*close)(void *state);

    /** Only for exact files. A failure leaves the position undefined. */
    patina_status (*seek)(void *state, uint64_t frame, patina_error *err);

    /**
     * Up to n_frames; fewer only at the end. PATINA_REJECT_TRUNCATED when frames were lost on the
     * way, PATINA_REJECT_UNDECODABLE when the rest cannot be read.
     */
    patina_status (*read)(void *state, float *samples, size_t n_frames, size_t *n_read,
                          patina_error *err);
} pt_decoder_backend;

extern const pt_decoder_backend pt_decoder_sndfile;
extern const pt_decoder_backend pt_decoder_mpg123;
extern const pt_decoder_backend pt_decoder_ffmpeg; /* NULL in a build without FFmpeg */

#endif /* PATINA_AUDIO_DECODER_BACKEND_H */
