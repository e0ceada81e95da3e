/* SPDX-License-Identifier: MIT */
/* decoder.h - bytes to frames: one file a decoding library behind one table */

#ifndef PATINA_AUDIO_DECODER_H
#define PATINA_AUDIO_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#include "base/byte_source.h"

/** What is known once a file is open. */
typedef struct pt_decoder_info {
    unsigned rate_hz, n_channels;
    bool exact;        /* n_frames is the container's, agrees with the size, and seeking is exact */
    uint64_t n_frames; /* when exact; otherwise decoding to the end tells */
    const char *format; /* "wav", "flac" ...: for messages */
} pt_decoder_info;

typedef struct pt_decoder pt_decoder;

/**
 * Opens whatever format the bytes hold, whatever their name; bytes stay the caller's and must
 * outlive the decoder. A fresh decoder stands at frame 0.
 *
 * Errors   PATINA_REJECT_UNDECODABLE  no decoder knows it
 *          PATINA_REJECT_TRUNCATED    a WAV whose data size exceeds the bytes present
 *          PATINA_REJECT_UNSUPPORTED  rate or channels out of range
 */
patina_status pt_decoder_open(const pt_byte_source *bytes, pt_decoder **decoder,
                              pt_decoder_info *info, patina_error *err);
void pt_decoder_close(pt_decoder **decoder);

/** Only when exact: goes to a frame. */
patina_status pt_decoder_seek(pt_decoder *decoder, uint64_t frame, patina_error *err);

/**
 * Up to n_frames interleaved frames in WAVE channel order; *n_read is less only at the end.
 *
 * Errors   PATINA_REJECT_TRUNCATED    the end came before the promised frames (beyond the codec's own
 *                                 allowance)
 *          PATINA_REJECT_UNDECODABLE
 */
patina_status pt_decoder_read(pt_decoder *decoder, float *samples, size_t n_frames, size_t *n_read,
                              patina_error *err);

/** Name and version of decoding library i, counted from 0; false behind the last. */
bool pt_decoder_library(size_t i, const char **name, const char **version);

#endif /* PATINA_AUDIO_DECODER_H */
