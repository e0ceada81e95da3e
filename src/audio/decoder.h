/* SPDX-License-Identifier: MIT */
/* decoder.h - audio decoding: dispatches to libsndfile, libmpg123 or FFmpeg
 *
 * All samples of a file are decoded, at its rate and level, or the file is rejected. Streams that
 * are joined in one file (chained Ogg, concatenated MP3 or FLAC) are read one after the other if
 * they have the same rate and number of channels.
 */

#ifndef PATINA_AUDIO_DECODER_H
#define PATINA_AUDIO_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#include "base/byte_source.h"

/** How the samples of a stream are coded. */
typedef struct pt_codec_info {
    const char *name; /* "pcm", "flac", "mp3" ...; static */
    unsigned bits;    /* of a sample; 0: of a lossy codec, or not known */
    bool is_lossy;
} pt_codec_info;

/** What is known of a file once it is open. */
typedef struct pt_decoder_info {
    unsigned rate_hz, n_channels;
    bool exact;        /* n_frames is right, and seeking is exact */
    uint64_t n_frames; /* where exact; otherwise only decoding to the end shows it */
    uint64_t
        channel_mask;    /* positions of the channels (channel_mask.h), in whose order they come; 0:
                              not known */
    unsigned n_streams;  /* audio streams in parallel, of which the default one is read */
    const char *format;  /* "wav", "flac" ...: for messages */
    pt_codec_info codec; /* of the first of several streams that are joined */
} pt_decoder_info;

typedef struct pt_decoder pt_decoder;

/**
 * Opens a file by its bytes, whatever its name; bytes stay the caller's and must outlive the
 * decoder. A new decoder is at frame 0.
 *
 * Errors   PATINA_REJECT_UNDECODABLE  no decoder reads it, or part of it would be left out
 *          PATINA_REJECT_TRUNCATED    it ends before what its header promises
 *          PATINA_REJECT_UNSUPPORTED  rate or channels out of range
 */
patina_status pt_decoder_open(const pt_byte_source *bytes, pt_decoder **decoder,
                              pt_decoder_info *info, patina_error *err);
void pt_decoder_close(pt_decoder **decoder);

/** Goes to a frame; only where exact. */
patina_status pt_decoder_seek(pt_decoder *decoder, uint64_t frame, patina_error *err);

/**
 * Up to n_frames interleaved frames in WAVE channel order; *n_read is less only at the end.
 *
 * Errors   PATINA_REJECT_TRUNCATED    the end came before the declared frames, beyond the
 *                                     tolerance of the codec
 *          PATINA_REJECT_UNDECODABLE  also where rate or channels change
 */
patina_status pt_decoder_read(pt_decoder *decoder, float *samples, size_t n_frames, size_t *n_read,
                              patina_error *err);

/**
 * Whether a file is to be decoded again after this status: libraries report
 * PATINA_REJECT_UNDECODABLE and _TRUNCATED for their own failed allocations, too. Either is
 * returned by two attempts, one after the other, before it is a statement about the file.
 *
 * previous  status of the attempt before, which is replaced; PATINA_OK before the first
 */
bool pt_decoder_is_doubtful(patina_status status, patina_status *previous);

/** Name and version of decoding library i, counted from 0; false behind the last. */
bool pt_decoder_library(size_t i, const char **name, const char **version);

#endif /* PATINA_AUDIO_DECODER_H */
