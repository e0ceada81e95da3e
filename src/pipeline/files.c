/* SPDX-License-Identifier: MIT */
/* files.c - the walk for single files
 *
 *     measure   two passes in bounded memory: the first finds the mean that LTAS leaves out
 *     degrade   the window that generate would draw, or a recipe's
 *     embed     the first 10 s from a frame on
 */

#include <patina/files.h>

#include <stdlib.h>

#include "audio/excerpt.h"
#include "base/bytes.h"
#include "dsp/stats.h"
#include "pipeline/way.h"
#include "pipeline/whole_file.h"

/* Opens a file named on the command line: there, a missing one and an unreadable one are faults of
 * the entry alike. */
static pt_status open_file(const char *path, pt_bytes *bytes, pt_error *err) {
    const pt_status status = pt_bytes_open_file(path, bytes, err);
    if (status == PT_EIO && err) err->status = PT_REJECT_UNDECODABLE;
    return status == PT_EIO ? PT_REJECT_UNDECODABLE : status;
}

/* ---------------------------------------------------------------- measure */

static pt_status add_to_mean(void *context, const float *x, size_t n_samples, pt_error *err) {
    (void)err;
    pt_running_mean_add(context, x, n_samples);
    return PT_OK;
}

static pt_status add_source(void *context, const pt_audio *block, pt_error *err) {
    return pt_targets_stream_add_source(context, block, err);
}

static pt_status add_mix(void *context, const float *x, size_t n_samples, pt_error *err) {
    return pt_targets_stream_add_mix(context, x, n_samples, err);
}

pt_status pt_file_measure(const pt_meter *meter, const char *path, uint64_t start, uint64_t frames,
                          pt_window *window, pt_targets *targets, pt_error *err) {
    pt_bytes bytes = {0};
    pt_running_mean mean = {0};
    pt_targets_stream *stream = NULL;
    const pt_block_taker first = {&mean, NULL, add_to_mean};
    pt_status status = open_file(path, &bytes, err);

    if (status != PT_OK) return status;
    status = pt_whole_file_pass(&bytes, start, frames, &first, window, err);
    if (status == PT_OK)
        status = pt_targets_stream_open(meter, window->rate_hz, window->channels,
                                        pt_running_mean_value(&mean), &stream, err);
    if (status == PT_OK) {
        const pt_block_taker second = {stream, add_source, add_mix};
        status = pt_whole_file_pass(&bytes, start, frames, &second, window, err);
    }
    if (status == PT_OK) status = pt_targets_stream_finish(stream, targets, err);
    if (status != PT_OK) pt_error_in(err, "file '%s'", path);
    pt_targets_stream_close(&stream);
    pt_bytes_release(&bytes);
    return status;
}

/* ---------------------------------------------------------------- degrade */

static pt_status degrade_file(const pt_suite *suite, const char *path, const pt_way *way,
                              pt_degraded *degraded, pt_error *err) {
    pt_bytes bytes = {0};
    pt_rng draw;
    pt_excerpt excerpt;
    pt_arena arena;
    pt_status status = open_file(path, &bytes, err);

    if (status != PT_OK) return status;
    pt_arena_init(&arena);
    status = pt_excerpt_decode(&bytes, pt_way_cut(way, &draw), &excerpt, &arena, err);
    if (status == PT_OK) status = pt_way_degrade(way, suite, &excerpt, degraded, &arena, err);
    if (status != PT_OK && status != PT_EUSAGE) /* a word that is no effect lies not in the file */
        pt_error_in(err, "file '%s'", path);
    pt_arena_release(&arena);
    pt_bytes_release(&bytes);
    return status;
}

pt_status pt_file_degrade(const pt_suite *suite, const char *path, uint64_t seed, const char *entry,
                          uint32_t variant, pt_order order, pt_degraded *degraded, pt_error *err) {
    const pt_way drawn = {.seed = seed, .entry = entry, .variant = variant, .order = order};
    return degrade_file(suite, path, &drawn, degraded, err);
}

pt_status pt_file_degrade_with(const pt_suite *suite, const char *path, const char *effects,
                               pt_severity severity, uint64_t seed, const char *entry,
                               uint32_t variant, pt_degraded *degraded, pt_error *err) {
    const pt_way named = {
        .seed = seed, .entry = entry, .variant = variant, .effects = effects, .severity = severity};
    return degrade_file(suite, path, &named, degraded, err);
}

pt_status pt_file_replay(const pt_suite *suite, const char *path, const pt_recipe *recipe,
                         pt_degraded *degraded, pt_error *err) {
    const pt_way replayed = pt_way_of_recipe(recipe);
    return degrade_file(suite, path, &replayed, degraded, err);
}

void pt_degraded_release(pt_degraded *degraded) {
    free(degraded->samples);
    free(degraded->provenance_json);
    *degraded = (pt_degraded){0};
}

/* ---------------------------------------------------------------- embed */

pt_status pt_file_embed(const pt_clap *clap, const char *path, uint64_t start,
                        float embedding[PT_EMBEDDING], pt_arena *scratch, pt_error *err) {
    const pt_cut cut = {.start = start, .frames = PT_TO_THE_END};
    const pt_arena_mark mark = pt_arena_here(scratch);
    pt_bytes bytes = {0};
    pt_excerpt excerpt;
    pt_status status = open_file(path, &bytes, err);

    if (status != PT_OK) return status;
    status = pt_excerpt_decode(&bytes, cut, &excerpt, scratch, err);
    if (status == PT_OK) status = pt_excerpt_check_finite(&excerpt, err);
    if (status == PT_OK)
        status = pt_clap_embed_audio(clap, excerpt.mix, excerpt.n_mix, embedding, scratch, err);
    if (status != PT_OK) pt_error_in(err, "file '%s'", path);
    pt_arena_rewind(scratch, mark);
    pt_bytes_release(&bytes);
    return status;
}
