/* SPDX-License-Identifier: MIT */
/* bench_stages.c - a row's way through all stages but the towers, each timed by itself
 *
 * The same functions in the same order as rows.c calls them, on clips of 10 s, by one thread; where
 * rows.c calls one function for several stages, its parts are called once more to time them alone.
 */

#include "bench/bench_stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/decoder.h"
#include "audio/segment.h"
#include "base/arena.h"
#include "base/error.h"
#include "bench/bench.h"
#include "bench/bench_corpus.h"
#include "bench/bench_stats.h"
#include "dataset/row_writer.h"
#include "dsp/resample.h"
#include "pipeline/provenance_fill.h"

#define CLIP_S     10.0
#define FIRST_CLIP 1000 /* of the first clip: none of the end-to-end corpus sounds like it */
#define SEED       1
#define PATH_SPACE 40 /* behind the folder, for the name of a file */

const char *const pt_bench_stage_names[PT_STAGE_COUNT] = {
    [PT_STAGE_DECODE] = "decode and mix",
    [PT_STAGE_RESAMPLE] = "resample",
    [PT_STAGE_TARGETS] = "targets",
    [PT_STAGE_LOUDNESS_SOURCE] = "loudness of the source",
    [PT_STAGE_LOUDNESS_MIX] = "loudness of the mix",
    [PT_STAGE_LTAS] = "LTAS",
    [PT_STAGE_DYNAMICS] = "crest, crossings, power",
    [PT_STAGE_CHAIN] = "chain and purity",
    [PT_STAGE_MEL] = "mel features",
    [PT_STAGE_PROVENANCE] = "provenance",
    [PT_STAGE_WRITING] = "writing rows",
};

bool pt_bench_stage_is_inner(pt_bench_stage_id stage) {
    return stage >= PT_STAGE_LOUDNESS_SOURCE && stage <= PT_STAGE_DYNAMICS;
}

/* A clip on its way. */
typedef struct stage_run {
    const pt_bench_stages_config *plan;
    double *seconds;
    double since; /* when the stage at hand began */
    pt_arena *arena;
    patina_audio source;
    float *mono;     /* [source.n_frames] */
    float *mix;      /* [n_mix] */
    float *degraded; /* [n_mix] */
    float *features; /* [n_frames, n_mels] */
    void *scratch;   /* of the mel features */
    size_t n_mix;
    patina_targets targets;
} stage_run;

static void begin(stage_run *w) {
    w->since = pt_monotonic_s();
}

/* The time since the last begin or end is the stage's. */
static void end(stage_run *w, pt_bench_stage_id stage) {
    const double now = pt_monotonic_s();
    w->seconds[stage] += now - w->since;
    w->since = now;
}

static void clip_path(const pt_bench_stages_config *plan, unsigned number, char *path,
                      size_t size) {
    snprintf(path, size, "%s/stage-%u.wav", plan->folder, number);
}

static char *allocate_path(const pt_bench_stages_config *plan, size_t *size, patina_error *err) {
    *size = strlen(plan->folder) + PATH_SPACE;
    char *path = malloc(*size);
    if (!path) pt_fail(err, PATINA_ENOMEM, "out of memory");
    return path;
}

patina_status pt_bench_stages_write_clips(const pt_bench_stages_config *plan, patina_error *err) {
    size_t size;
    char *path = allocate_path(plan, &size, err);
    patina_status status = path ? PATINA_OK : PATINA_ENOMEM;
    for (unsigned i = 0; status == PATINA_OK && i < plan->n_clips; i++) {
        clip_path(plan, i, path, size);
        status = pt_bench_clip_write(path, FIRST_CLIP + i, CLIP_S, err);
    }
    free(path);
    return status;
}

static patina_status decode_all(stage_run *w, pt_decoder *decoder, const pt_decoder_info *info,
                                patina_error *err) {
    const size_t n = (size_t)info->n_frames;
    size_t n_read = 0;
    float *samples = pt_arena_alloc_array(w->arena, n * info->n_channels, sizeof *samples);
    w->mono = pt_arena_alloc_array(w->arena, n, sizeof *w->mono);
    if (!samples || !w->mono) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(pt_decoder_read(decoder, samples, n, &n_read, err));
    w->source = (patina_audio){samples, n_read, info->n_channels, info->rate_hz};
    pt_audio_downmix(&w->source, w->mono);
    return PATINA_OK;
}

static patina_status decode(stage_run *w, const char *path, patina_error *err) {
    pt_byte_source bytes = {0};
    pt_decoder *decoder = NULL;
    pt_decoder_info info;

    begin(w);
    PT_TRY(pt_byte_source_open_file(path, &bytes, err));
    patina_status status = pt_decoder_open(&bytes, &decoder, &info, err);
    if (status == PATINA_OK) status = decode_all(w, decoder, &info, err);
    pt_decoder_close(&decoder);
    pt_byte_source_close(&bytes);
    end(w, PT_STAGE_DECODE);
    return status;
}

static patina_status resample(stage_run *w, patina_error *err) {
    pt_resampler *resampler = NULL;

    begin(w);
    w->n_mix = (size_t)pt_resampled_length(w->source.n_frames, w->source.rate_hz);
    w->mix = pt_arena_alloc_array(w->arena, w->n_mix, sizeof *w->mix);
    w->degraded = pt_arena_alloc_array(w->arena, w->n_mix, sizeof *w->degraded);
    if (!w->mix || !w->degraded) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(pt_resampler_open(w->source.rate_hz, &resampler, err));
    const patina_status status =
        pt_resampler_run(resampler, w->mono, w->source.n_frames, w->mix, err);
    pt_resampler_close(&resampler);
    end(w, PT_STAGE_RESAMPLE);
    return status;
}

static patina_status measure(stage_run *w, patina_error *err) {
    const patina_audio mix = {w->mix, w->n_mix, 1, PATINA_RATE_HZ};
    double lufs, ltas[PATINA_LTAS_BANDS];

    begin(w);
    PT_TRY(patina_targets_measure(w->plan->meter, &w->source, w->mix, w->n_mix, &w->targets,
                                  w->arena, err));
    end(w, PT_STAGE_TARGETS);
    PT_TRY(patina_loudness_measure(&w->source, &lufs, err));
    end(w, PT_STAGE_LOUDNESS_SOURCE);
    PT_TRY(patina_loudness_measure(&mix, &lufs, err));
    end(w, PT_STAGE_LOUDNESS_MIX);
    PT_TRY(patina_ltas_measure(w->plan->meter, w->mix, w->n_mix, w->source.rate_hz, ltas, w->arena,
                               err));
    end(w, PT_STAGE_LTAS);
    volatile double kept = patina_crest_factor_db(w->mix, w->n_mix) +
                           patina_zero_crossing_rate(w->mix, w->n_mix) +
                           patina_ac_power(w->mix, w->n_mix); /* so that it is computed */
    (void)kept;
    end(w, PT_STAGE_DYNAMICS);
    return PATINA_OK;
}

static patina_status format_provenance(const stage_run *w, const char *entry, unsigned variant,
                                       const patina_effect_chain *chain,
                                       const patina_degrade_stats *damage, patina_error *err) {
    const patina_provenance known = {
        .entry = entry,
        .source = entry,
        .caption = "a dog barks while the rain falls",
        .seed = SEED,
        .variant = variant,
        .window = {0, w->source.n_frames, w->source.rate_hz, w->source.n_channels},
        .has_loudness = true,
        .lufs_source = w->targets.lufs_source,
        .lufs_mono = w->targets.lufs_mono,
    };
    char *line = pt_provenance_fill_to_json(known, chain, damage);
    const bool ok = line != NULL;
    free(line);
    return ok ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* A row from its chain to its line of provenance. */
static patina_status degrade_variant(stage_run *w, const char *entry, unsigned variant,
                                     patina_error *err) {
    const pt_bench_stages_config *plan = w->plan;
    patina_effect_chain *chain = NULL;
    patina_degrade_stats damage;

    begin(w);
    patina_status status = patina_effect_chain_draw(
        plan->suite, SEED, entry, variant, PATINA_EFFECT_ORDER_PHYSICAL, w->n_mix, &chain, err);
    if (status == PATINA_OK)
        status = patina_effect_chain_apply(plan->suite, chain, SEED, entry, variant, w->mix,
                                           w->n_mix, w->degraded, &damage, w->arena, err);
    end(w, PT_STAGE_CHAIN);
    if (status == PATINA_OK) {
        pt_mel_features(plan->mel, w->degraded, w->n_mix, w->features, w->scratch);
        end(w, PT_STAGE_MEL);
        status = format_provenance(w, entry, variant, chain, &damage, err);
        end(w, PT_STAGE_PROVENANCE);
    }
    patina_effect_chain_close(&chain);
    return status;
}

static patina_status degrade_variants(stage_run *w, unsigned number, patina_error *err) {
    const pt_bench_stages_config *plan = w->plan;
    char entry[32];

    snprintf(entry, sizeof entry, "clip %u", number);
    w->features = pt_arena_alloc_array(w->arena, pt_mel_n_frames(plan->mel) * plan->n_mels,
                                       sizeof *w->features);
    w->scratch = pt_arena_alloc(w->arena, pt_mel_scratch_size(plan->mel));
    if (!w->features || !w->scratch) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (unsigned k = 0; k < plan->n_draws; k++)
        PT_TRY(degrade_variant(w, entry, k, err));
    return PATINA_OK;
}

/* A part file of rows, to its last flush. */
static patina_status write_rows(stage_run *w, char *path, size_t size, patina_error *err) {
    const pt_row_writer_backend *kind = &pt_row_writer_parquet;
    pt_row row = {.target_lufs = -20.0F};
    pt_row_writer *writer = NULL;

    for (size_t i = 0; i < PT_FUSED_STATE_DIM; i++)
        row.fused_state[i] = i % 8 == 0 ? 0.125F : 0.0F; /* each half of length 1 */
    snprintf(path, size, "%s/stage-rows%s", w->plan->folder, kind->suffix);
    begin(w);
    patina_status status = kind->open(path, NULL, 0, &writer, err);
    for (unsigned i = 0; status == PATINA_OK && i < w->plan->n_rows; i++)
        status = pt_row_writer_write(writer, &row, err);
    if (status == PATINA_OK) status = pt_row_writer_finish(writer, err);
    end(w, PT_STAGE_WRITING);
    pt_row_writer_close(&writer);
    return status;
}

static patina_status time_clip(stage_run *w, unsigned number, char *path, size_t size,
                               patina_error *err) {
    if (w->plan->stop && atomic_load_explicit(w->plan->stop, memory_order_relaxed))
        return pt_fail(err, PATINA_ECANCELLED, "stopped on request");
    pt_arena_reset(w->arena);
    clip_path(w->plan, number, path, size);
    PT_TRY(decode(w, path, err));
    PT_TRY(resample(w, err));
    PT_TRY(measure(w, err));
    return degrade_variants(w, number, err);
}

patina_status pt_bench_stages_run(const pt_bench_stages_config *plan,
                                  double seconds[PT_STAGE_COUNT], pt_arena *arena,
                                  patina_error *err) {
    stage_run w = {.plan = plan, .seconds = seconds, .arena = arena};
    size_t size;
    char *path = allocate_path(plan, &size, err);
    patina_status status = path ? PATINA_OK : PATINA_ENOMEM;

    for (int s = 0; s < PT_STAGE_COUNT; s++)
        seconds[s] = 0.0;
    for (unsigned i = 0; status == PATINA_OK && i < plan->n_clips; i++)
        status = time_clip(&w, i, path, size, err);
    if (status == PATINA_OK) status = write_rows(&w, path, size, err);
    free(path);

    for (int s = 0; s < PT_STAGE_COUNT; s++)
        seconds[s] /= s < PT_STAGE_CHAIN      ? plan->n_clips
                      : s == PT_STAGE_WRITING ? plan->n_rows
                                              : plan->n_clips * plan->n_draws;
    return status;
}
