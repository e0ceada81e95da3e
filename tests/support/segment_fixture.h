/* SPDX-License-Identifier: MIT */
/* segment_fixture.h - decodes a segment, and keeps the samples of its source */

#ifndef PATINA_TEST_SEGMENT_FIXTURE_H
#define PATINA_TEST_SEGMENT_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "audio/segment.h"

typedef struct source_frames {
    float *samples; /* [n_frames, n_channels] */
    size_t n_frames;
    unsigned n_channels;
} source_frames;

static inline patina_status keep_frames(void *context, const patina_audio *block,
                                        uint64_t channel_mask, patina_error *err) {
    source_frames *kept = context;
    const size_t n_old = kept->n_frames * block->n_channels,
                 n = block->n_frames * block->n_channels;
    (void)channel_mask, (void)err;
    kept->samples = realloc(kept->samples, (n_old + n) * sizeof *kept->samples);
    memcpy(kept->samples + n_old, block->samples, n * sizeof *kept->samples);
    kept->n_frames += block->n_frames;
    kept->n_channels = block->n_channels;
    return PATINA_OK;
}

/** Sets *kept, to be freed with release_frames. */
static inline patina_status decode_frames(const pt_byte_source *bytes, pt_segment_spec spec,
                                          pt_segment *e, source_frames *kept, pt_arena *arena,
                                          patina_error *err) {
    const pt_segment_callbacks callbacks = {.context = kept, .add_source = keep_frames};
    *kept = (source_frames){0};
    spec.callbacks = &callbacks;
    return pt_segment_decode(bytes, spec, e, arena, err);
}

static inline void release_frames(source_frames *kept) {
    free(kept->samples);
    *kept = (source_frames){0};
}

#endif /* PATINA_TEST_SEGMENT_FIXTURE_H */
