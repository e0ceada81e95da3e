/* SPDX-License-Identifier: MIT */
/* stream_file.h - a file, or a part of it, passed through in blocks */

#ifndef PATINA_PIPELINE_STREAM_FILE_H
#define PATINA_PIPELINE_STREAM_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#include "base/byte_source.h"

/** What happens to the blocks; either may be NULL. */
typedef struct pt_block_callbacks {
    void *context;
    patina_status (*source)(void *context, const patina_audio *block, patina_error *err);
    patina_status (*mix)(void *context, const float *x, size_t n_samples, patina_error *err);
} pt_block_callbacks;

/**
 * Decodes frames start .. start + frames - 1 (PATINA_FRAMES_TO_END: to the last), hands the source's
 * blocks and the 48 kHz mix's on, and sets window and channel_mask (audio/channel_mask.h). Mix and resampling equal pt_segment_decode's
 * to the bit, and memory does not depend on the length. A file whose length is not exactly known
 * is always decoded to its end, so that a truncated one is found.
 *
 * Errors   PATINA_REJECT_UNDECODABLE, _TRUNCATED, _UNSUPPORTED
 *          PATINA_ERANGE   the part does not lie inside the file
 */
patina_status pt_stream_file(const pt_byte_source *bytes, uint64_t start, uint64_t frames,
                             const pt_block_callbacks *callbacks, patina_window *window,
                             uint64_t *channel_mask, patina_error *err);

#endif /* PATINA_PIPELINE_STREAM_FILE_H */
