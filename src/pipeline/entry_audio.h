/* SPDX-License-Identifier: MIT */
/* entry_audio.h - loads and measures the windows of one entry
 *
 * A fault of the machine is tried again; a fault of the audio is returned as a PATINA_REJECT_
 * status.
 */

#ifndef PATINA_PIPELINE_ENTRY_AUDIO_H
#define PATINA_PIPELINE_ENTRY_AUDIO_H

#include <stdbool.h>
#include <stdint.h>

#include "audio/segment.h"
#include "audio/sound_match.h"
#include "pipeline/rows.h"
#include "pipeline/window_select.h"

/** State shared by the rows of an entry. Set context, entry, options, arena and keep_audio. */
typedef struct pt_entry_audio {
    const pt_row_context *context;
    const pt_entry *entry;
    const pt_entry_options *options;
    pt_arena *arena;
    pt_window_select select;
    uint32_t window; /* number of the window, from 0 */
    uint64_t offset; /* of it, see pt_window_select_next */
    pt_segment segment;
    patina_targets_stream *stream; /* in the arena; NULL before the first block */
    float *scaled;                 /* a block at the level of the row; NULL before the first */
    int64_t measuring_ns;          /* time of the stream while the audio is decoded */
    pt_fingerprint fingerprint;    /* where the context asks for it */
    patina_targets targets;
    float *degraded; /* [segment.n_mix] */
    double level_gain_db;
    bool keep_audio;
} pt_entry_audio;

/**
 * Prepares the selection of windows. In mode loudest it decodes the recording to find its levels.
 *
 * Errors  PATINA_REJECT_...  of the audio
 *         PATINA_ETEMPORARY  a fault of the machine that retries did not overcome
 *         PATINA_ECANCELLED, PATINA_ENOMEM
 */
patina_status pt_entry_audio_begin(pt_entry_audio *c, pt_entry_result *result, pt_arena *arena,
                                   patina_error *err);

/**
 * Loads and measures window c->window. PATINA_REJECT_SILENT: no try of it has a sound. Other errors
 * are those of pt_entry_audio_begin.
 */
patina_status pt_entry_audio_load_window(pt_entry_audio *c, pt_entry_result *result,
                                         pt_arena *arena, patina_error *err);

/**
 * Gives a row the level that is drawn for its variant, and measures the targets again. The quality
 * remains that of the file. c is a copy for this row. Errors as above.
 */
patina_status pt_entry_audio_set_level(pt_entry_audio *c, uint32_t variant, pt_entry_result *result,
                                       pt_arena *arena, patina_error *err);

#endif /* PATINA_PIPELINE_ENTRY_AUDIO_H */
