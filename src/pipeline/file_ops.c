/* SPDX-License-Identifier: MIT */
/* file_ops.c - measure, degrade and embed single audio files
 *
 *     measure   two passes in bounded memory: the first computes the mean that LTAS removes
 *     degrade   the window that generate draws, or the window of a recipe
 *     embed     10 s from a start frame
 */

#include <patina/file_ops.h>

#include <stdlib.h>
#include <string.h>

#include "audio/decoder.h"
#include "audio/segment.h"
#include "base/arena.h"
#include "base/byte_source.h"
#include "base/error.h"
#include "dsp/stats.h"
#include "measure/targets.h"
#include "pipeline/degrade_request.h"
#include "pipeline/device_encoder.h"
#include "pipeline/provenance_fill.h"
#include "pipeline/stream_file.h"

/* An open file, with the first fault of the machine while it was read. Must not move. */
typedef struct input {
    pt_byte_source bytes;
    pt_byte_fault fault;
} input;

static patina_status input_open(const char *path, input *in, patina_error *err) {
    *in = (input){.fault = {0}};
    const int error = pt_byte_source_open(path, &in->bytes);
    in->bytes.fault = &in->fault;
    if (error == 0) return PATINA_OK;
    if (pt_errno_is_missing(error))
        return pt_fail(err, PATINA_REJECT_MISSING, "file '%s': not found", path);
    if (error == PT_NOT_A_REGULAR_FILE)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "file '%s': not a regular file", path);
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be opened: %s", path, strerror(error));
}

/* Closes the file and returns the final status: a failed read is not the fault of the data. */
static patina_status input_close(input *in, const char *path, patina_status status,
                                 patina_error *err) {
    pt_byte_source_close(&in->bytes);
    if (in->fault.error != 0)
        return pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", path,
                       strerror(in->fault.error));
    if (in->fault.has_shrunk)
        return pt_fail(err, PATINA_EIO, "file '%s': became shorter while it was read", path);
    if (status != PATINA_OK) pt_error_add_context(err, "file '%s'", path);
    return status;
}

/* Decodes one window of a file. */
static patina_status decode_window(const char *path, pt_segment_spec spec, pt_segment *segment,
                                   pt_arena *arena, patina_error *err) {
    const pt_arena_marker mark = pt_arena_mark(arena);
    patina_status status, previous = PATINA_OK;
    input in;

    PT_TRY(input_open(path, &in, err));
    do {
        pt_arena_rewind(arena, mark);
        status = pt_segment_decode(&in.bytes, spec, segment, arena, err);
    } while (pt_decoder_is_doubtful(status, &previous));
    return input_close(&in, path, status, err);
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

static patina_status measure(const patina_meter *meter, const pt_byte_source *bytes, uint64_t start,
                             uint64_t frames, patina_window *window, patina_targets *targets,
                             patina_error *err) {
    pt_running_mean mean = {0};
    patina_targets_stream *stream = NULL;
    uint64_t channel_mask = 0;
    pt_codec_info codec = {0};
    const pt_block_callbacks first = {&mean, NULL, add_to_mean};

    patina_status status =
        pt_stream_file(bytes, start, frames, &first, window, &channel_mask, &codec, err);
    if (status == PATINA_OK)
        status = pt_targets_stream_open(meter, window->rate_hz, window->channels, channel_mask,
                                        pt_running_mean_value(&mean), &stream, err);
    if (status == PATINA_OK) {
        const pt_block_callbacks second = {stream, add_source, add_mix};
        status = pt_stream_file(bytes, start, frames, &second, window, &channel_mask, &codec, err);
    }
    if (status == PATINA_OK) status = patina_targets_stream_finish(stream, targets, err);
    if (status == PATINA_OK) pt_provenance_fill_codec(&targets->quality, &codec);
    patina_targets_stream_close(&stream);
    return status;
}

patina_status patina_file_measure(const patina_meter *meter, const char *path, uint64_t start,
                                  uint64_t frames, patina_window *window, patina_targets *targets,
                                  patina_error *err) {
    patina_status status, previous = PATINA_OK;
    input in;

    PT_TRY(input_open(path, &in, err));
    do
        status = measure(meter, &in.bytes, start, frames, window, targets, err);
    while (pt_decoder_is_doubtful(status, &previous));
    return input_close(&in, path, status, err);
}

/* ---------------------------------------------------------------- degrade */

static patina_status degrade_file(const patina_effect_config *config, const char *path,
                                  const pt_degrade_request *request, patina_degraded *degraded,
                                  patina_error *err) {
    pt_rng draw;
    pt_segment segment;
    pt_arena arena;

    pt_arena_init(&arena);
    patina_status status =
        decode_window(path, pt_degrade_request_segment_spec(request, &draw), &segment, &arena, err);
    if (status == PATINA_OK) {
        status = pt_degrade_request_run(request, config, &segment, degraded, &arena, err);
        if (status != PATINA_OK && status != PATINA_EUSAGE) /* an unknown effect: not in the file */
            pt_error_add_context(err, "file '%s'", path);
    }
    pt_arena_release(&arena);
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

/* Decodes the samples that are embedded. */
static patina_status load_for_embedding(const char *path, uint64_t start, pt_segment *segment,
                                        pt_arena *arena, patina_error *err) {
    const pt_segment_spec spec = {.start = start, .frames = PATINA_FRAMES_TO_END};
    PT_TRY(decode_window(path, spec, segment, arena, err));
    const patina_status status = pt_segment_check_finite(segment, err);
    if (status != PATINA_OK) pt_error_add_context(err, "file '%s'", path);
    return status;
}

patina_status patina_file_embed(const patina_clap *clap, const char *path, uint64_t start,
                                float embedding[PATINA_EMBEDDING_SIZE], pt_arena *scratch,
                                patina_error *err) {
    pt_segment segment;
    pt_scratch memory;
    pt_arena *arena = pt_scratch_begin(&memory, scratch);
    patina_status status = load_for_embedding(path, start, &segment, arena, err);
    if (status == PATINA_OK) {
        status = patina_clap_embed_audio(clap, segment.mix, segment.n_mix, embedding, arena, err);
        if (status != PATINA_OK) pt_error_add_context(err, "file '%s'", path);
    }
    pt_scratch_end(&memory);
    return status;
}

patina_status pt_file_submit(pt_device_encoder *encoder, const char *path, uint64_t start,
                             pt_ticket **ticket, pt_arena *arena, patina_error *err) {
    pt_segment segment;
    PT_TRY(load_for_embedding(path, start, &segment, arena, err));
    return pt_device_encoder_submit_audio(encoder, segment.mix, segment.n_mix, ticket, arena, err);
}
