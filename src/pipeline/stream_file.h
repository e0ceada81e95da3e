/* SPDX-License-Identifier: MIT */
/* stream_file.h - decodes a file, or a range of it, block by block */

#ifndef PATINA_PIPELINE_STREAM_FILE_H
#define PATINA_PIPELINE_STREAM_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#include "audio/decoder.h"
#include "base/byte_source.h"

/** Receivers of the blocks; either may be NULL. */
typedef struct pt_block_callbacks {
    void *context;
    patina_status (*on_source)(void *context, const patina_audio *block, patina_error *err);
    patina_status (*on_mix)(void *context, const float *x, size_t n_samples, patina_error *err);
} pt_block_callbacks;

/**
 * Decodes frames start .. start + frames - 1 (PATINA_FRAMES_TO_END: to the last), passes the blocks
 * of the source and of the mono mix at 48 kHz to the callbacks, and sets window, channel_mask
 * (audio/channel_mask.h) and codec. The mix is that of pt_segment_decode, bit for bit; memory does
 * not depend on the length. A file whose length is not exactly known is always decoded to its end,
 * so that truncation is found.
 *
 * Errors   PATINA_REJECT_UNDECODABLE, _TRUNCATED, _UNSUPPORTED
 *          PATINA_ERANGE   the range is not inside the file
 */
patina_status pt_stream_file(const pt_byte_source *bytes, uint64_t start, uint64_t frames,
                             const pt_block_callbacks *callbacks, patina_window *window,
                             uint64_t *channel_mask, pt_codec_info *codec, patina_error *err);

#endif /* PATINA_PIPELINE_STREAM_FILE_H */
