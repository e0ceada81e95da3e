/* SPDX-License-Identifier: MIT */
/* whole_file.h - a file, or a part of it, passed through in blocks */

#ifndef PATINA_PIPELINE_WHOLE_FILE_H
#define PATINA_PIPELINE_WHOLE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#include "base/bytes.h"

/** What happens to the blocks; either may be NULL. */
typedef struct pt_block_taker {
    void *context;
    pt_status (*source)(void *context, const pt_audio *block, pt_error *err);
    pt_status (*mix)(void *context, const float *x, size_t n_samples, pt_error *err);
} pt_block_taker;

/**
 * Decodes frames start .. start + frames - 1 (PT_TO_THE_END: to the last), hands the source's
 * blocks and the 48 kHz mix's on, and sets window. Mix and resampling equal pt_excerpt_decode's
 * to the bit, and memory does not depend on the length. A file whose length is not exactly known
 * is always decoded to its end, so that a truncated one is found.
 *
 * Errors   PT_REJECT_UNDECODABLE, _TRUNCATED, _UNSUPPORTED
 *          PT_ERANGE   the part does not lie inside the file
 */
pt_status pt_whole_file_pass(const pt_bytes *bytes, uint64_t start, uint64_t frames,
                             const pt_block_taker *taker, pt_window *window, pt_error *err);

#endif /* PATINA_PIPELINE_WHOLE_FILE_H */
