/* SPDX-License-Identifier: MIT */
/* file_ops.c - measure, degrade and embed single audio files
 *
 *     measure   two passes in bounded memory: the first computes the mean that LTAS removes
 *     degrade   the window that generate draws, or the window of a recipe
 *     embed     10 s from a start frame
 */

#include <patina/file_ops.h>

#include <stdlib.h>

#include "audio/segment.h"
#include "base/arena.h"
#include "base/byte_source.h"
#include "base/error.h"
#include "dsp/stats.h"
#include "pipeline/degrade_request.h"
#include "pipeline/stream_file.h"

/* Opens a file that the caller names: a missing file and an unreadable one are both faults of the
 * entry. */
static patina_status open_file(const char *path, pt_byte_source *bytes, patina_error *err) {
    const patina_status status = pt_byte_source_open_file(path, bytes, err);
    if (status == PATINA_EIO && err) err->status = PATINA_REJECT_UNDECODABLE;
    return status == PATINA_EIO ? PATINA_REJECT_UNDECODABLE : status;
}

/* ---------------------------------------------------------------- measure */

static patina_status add_to_mean(void *context, const float *x, size_t n_samples,
                                 patina_error *err) {
    (void)err;
    pt_running_mean_add(context, x, n_samples);
    return PATINA_OK;
}

static patina_status add_source(void *context, const patina_audio *block, patina_error *err) {
    return patina_targets_stream_add_source(context, block, err);
}

static patina_status add_mix(void *context, const float *x, size_t n_samples, patina_error *err) {
    return patina_targets_stream_add_mix(context, x, n_samples, err);
}

patina_status patina_file_measure(const patina_meter *meter, const char *path, uint64_t start,
                                  uint64_t frames, patina_window *window, patina_targets *targets,
                                  patina_error *err) {
    pt_byte_source bytes = {0};
    pt_running_mean mean = {0};
    patina_targets_stream *stream = NULL;
    const pt_block_callbacks first = {&mean, NULL, add_to_mean};
    patina_status status = open_file(path, &bytes, err);

    if (status != PATINA_OK) return status;
    status = pt_stream_file(&bytes, start, frames, &first, window, err);
    if (status == PATINA_OK)
        status = patina_targets_stream_open(meter, window->rate_hz, window->channels,
                                            pt_running_mean_value(&mean), &stream, err);
    if (status == PATINA_OK) {
        const pt_block_callbacks second = {stream, add_source, add_mix};
        status = pt_stream_file(&bytes, start, frames, &second, window, err);
    }
    if (status == PATINA_OK) status = patina_targets_stream_finish(stream, targets, err);
    if (status != PATINA_OK) pt_error_add_context(err, "file '%s'", path);
    patina_targets_stream_close(&stream);
    pt_byte_source_close(&bytes);
    return status;
}

/* ---------------------------------------------------------------- degrade */

static patina_status degrade_file(const patina_effect_config *config, const char *path,
                                  const pt_degrade_request *request, patina_degraded *degraded,
                                  patina_error *err) {
    pt_byte_source bytes = {0};
    pt_rng draw;
    pt_segment segment;
    pt_arena arena;
    patina_status status = open_file(path, &bytes, err);

    if (status != PATINA_OK) return status;
    pt_arena_init(&arena);
    status = pt_segment_decode(&bytes, pt_degrade_request_segment_spec(request, &draw), &segment,
                               &arena, err);
    if (status == PATINA_OK)
        status = pt_degrade_request_run(request, config, &segment, degraded, &arena, err);
    if (status != PATINA_OK &&
        status != PATINA_EUSAGE) /* an unknown effect is not the file's fault */
        pt_error_add_context(err, "file '%s'", path);
    pt_arena_release(&arena);
    pt_byte_source_close(&bytes);
    return status;
}

patina_status patina_file_degrade(const patina_effect_config *config, const char *path,
                                  uint64_t seed, const char *entry, uint32_t variant,
                                  patina_effect_order order, patina_degraded *degraded,
                                  patina_error *err) {
    const pt_degrade_request drawn = {
        .seed = seed, .entry = entry, .variant = variant, .order = order};
    return degrade_file(config, path, &drawn, degraded, err);
}

patina_status patina_file_degrade_from_names(const patina_effect_config *config, const char *path,
                                             const char *effects, patina_severity severity,
                                             uint64_t seed, const char *entry, uint32_t variant,
                                             patina_degraded *degraded, patina_error *err) {
    const pt_degrade_request named = {
        .seed = seed, .entry = entry, .variant = variant, .effects = effects, .severity = severity};
    return degrade_file(config, path, &named, degraded, err);
}

patina_status patina_file_replay(const patina_effect_config *config, const char *path,
                                 const patina_recipe *recipe, patina_degraded *degraded,
                                 patina_error *err) {
    const pt_degrade_request replayed = pt_degrade_request_from_recipe(recipe);
    return degrade_file(config, path, &replayed, degraded, err);
}

void patina_degraded_release(patina_degraded *degraded) {
    free(degraded->samples);
    free(degraded->provenance_json);
    *degraded = (patina_degraded){0};
}

/* ---------------------------------------------------------------- embed */

patina_status patina_file_embed(const patina_clap *clap, const char *path, uint64_t start,
                                float embedding[PATINA_EMBEDDING_SIZE], pt_arena *scratch,
                                patina_error *err) {
    const pt_segment_spec spec = {.start = start, .frames = PATINA_FRAMES_TO_END};
    pt_byte_source bytes = {0};
    pt_segment segment;
    pt_scratch memory;
    PT_TRY(open_file(path, &bytes, err));

    pt_arena *arena = pt_scratch_begin(&memory, scratch);
    patina_status status = pt_segment_decode(&bytes, spec, &segment, arena, err);
    if (status == PATINA_OK) status = pt_segment_check_finite(&segment, err);
    if (status == PATINA_OK)
        status = patina_clap_embed_audio(clap, segment.mix, segment.n_mix, embedding, arena, err);
    if (status != PATINA_OK) pt_error_add_context(err, "file '%s'", path);
    pt_scratch_end(&memory);
    pt_byte_source_close(&bytes);
    return status;
}
