/* SPDX-License-Identifier: MIT */
/* bench_stages.c - a row's way through all stages but the towers, each timed by itself
 *
 * The same functions in the same order as rows.c calls them, on clips of 10 s, by one thread; where
 * rows.c calls one function for several stages, its parts are called once more to time them alone.
 */

#include "pipeline/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/decoder.h"
#include "audio/excerpt.h"
#include "dataset/sink.h"
#include "dsp/resample.h"
#include "pipeline/account.h"
#include "pipeline/bench_corpus.h"
#include "pipeline/series.h"

#define CLIP_S     10.0
#define NUMBER_OF  1000 /* of the first clip: none of the end-to-end corpus sounds like it */
#define SEED       1
#define PATH_SPACE 40 /* behind the folder, for the name of a file */

const char *const pt_stage_names[PT_STAGE_COUNT] = {
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

bool pt_stage_is_inner(pt_stage_index stage) {
    return stage >= PT_STAGE_LOUDNESS_SOURCE && stage <= PT_STAGE_DYNAMICS;
}

/* A clip on its way. */
typedef struct walk {
    const pt_stage_plan *plan;
    double *seconds;
    double since; /* when the stage at hand began */
    pt_arena *arena;
    pt_audio source;
    float *mono;     /* [source.n_frames] */
    float *mix;      /* [n_mix] */
    float *degraded; /* [n_mix] */
    float *features; /* [n_frames, n_mels] */
    void *scratch;   /* of the mel features */
    size_t n_mix;
    pt_targets targets;
} walk;

static void begin(walk *w) {
    w->since = pt_bench_now();
}

/* The time since the last begin or end is the stage's. */
static void end(walk *w, pt_stage_index stage) {
    const double now = pt_bench_now();
    w->seconds[stage] += now - w->since;
    w->since = now;
}

static void clip_path(const pt_stage_plan *plan, unsigned number, char *path, size_t size) {
    snprintf(path, size, "%s/stage-%u.wav", plan->folder, number);
}

static char *path_room(const pt_stage_plan *plan, size_t *size, pt_error *err) {
    *size = strlen(plan->folder) + PATH_SPACE;
    char *path = malloc(*size);
    if (!path) pt_fail(err, PT_ENOMEM, "out of memory");
    return path;
}

pt_status pt_stage_clips_write(const pt_stage_plan *plan, pt_error *err) {
    size_t size;
    char *path = path_room(plan, &size, err);
    pt_status status = path ? PT_OK : PT_ENOMEM;
    for (unsigned i = 0; status == PT_OK && i < plan->n_clips; i++) {
        clip_path(plan, i, path, size);
        status = pt_bench_clip_write(path, NUMBER_OF + i, CLIP_S, err);
    }
    free(path);
    return status;
}

static pt_status decode_all(walk *w, pt_decoder *decoder, const pt_decoder_info *info,
                            pt_error *err) {
    const size_t n = (size_t)info->n_frames;
    size_t n_read = 0;
    float *samples = pt_arena_take_array(w->arena, n * info->n_channels, sizeof *samples);
    w->mono = pt_arena_take_array(w->arena, n, sizeof *w->mono);
    if (!samples || !w->mono) return pt_fail(err, PT_ENOMEM, "out of memory");
    PT_TRY(pt_decoder_read(decoder, samples, n, &n_read, err));
    w->source = (pt_audio){samples, n_read, info->n_channels, info->rate_hz};
    pt_mix_down(&w->source, w->mono);
    return PT_OK;
}

static pt_status decode(walk *w, const char *path, pt_error *err) {
    pt_bytes bytes = {0};
    pt_decoder *decoder = NULL;
    pt_decoder_info info;

    begin(w);
    PT_TRY(pt_bytes_open_file(path, &bytes, err));
    pt_status status = pt_decoder_open(&bytes, &decoder, &info, err);
    if (status == PT_OK) status = decode_all(w, decoder, &info, err);
    pt_decoder_close(&decoder);
    pt_bytes_release(&bytes);
    end(w, PT_STAGE_DECODE);
    return status;
}

static pt_status resample(walk *w, pt_error *err) {
    pt_resampler *resampler = NULL;

    begin(w);
    w->n_mix = (size_t)pt_resampled_length(w->source.n_frames, w->source.rate_hz);
    w->mix = pt_arena_take_array(w->arena, w->n_mix, sizeof *w->mix);
    w->degraded = pt_arena_take_array(w->arena, w->n_mix, sizeof *w->degraded);
    if (!w->mix || !w->degraded) return pt_fail(err, PT_ENOMEM, "out of memory");
    PT_TRY(pt_resampler_open(w->source.rate_hz, &resampler, err));
    const pt_status status = pt_resampler_run(resampler, w->mono, w->source.n_frames, w->mix, err);
    pt_resampler_close(&resampler);
    end(w, PT_STAGE_RESAMPLE);
    return status;
}

static pt_status measure(walk *w, pt_error *err) {
    const pt_audio mix = {w->mix, w->n_mix, 1, PT_RATE_HZ};
    double lufs, ltas[PT_LTAS_BANDS];

    begin(w);
    PT_TRY(pt_targets_measure(w->plan->meter, &w->source, w->mix, w->n_mix, &w->targets, w->arena,
                              err));
    end(w, PT_STAGE_TARGETS);
    PT_TRY(pt_loudness_measure(&w->source, &lufs, err));
    end(w, PT_STAGE_LOUDNESS_SOURCE);
    PT_TRY(pt_loudness_measure(&mix, &lufs, err));
    end(w, PT_STAGE_LOUDNESS_MIX);
    PT_TRY(
        pt_ltas_measure(w->plan->meter, w->mix, w->n_mix, w->source.rate_hz, ltas, w->arena, err));
    end(w, PT_STAGE_LTAS);
    volatile double kept = pt_crest_db(w->mix, w->n_mix) + pt_zcr(w->mix, w->n_mix) +
                           pt_power(w->mix, w->n_mix); /* so that it is computed */
    (void)kept;
    end(w, PT_STAGE_DYNAMICS);
    return PT_OK;
}

static pt_status print_provenance(const walk *w, const char *entry, unsigned variant,
                                  const pt_chain *chain, const pt_damage *damage, pt_error *err) {
    const pt_provenance known = {
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
    char *line = pt_account_print(known, chain, damage);
    const bool ok = line != NULL;
    free(line);
    return ok ? PT_OK : pt_fail(err, PT_ENOMEM, "out of memory");
}

/* A row from its chain to its line of provenance. */
static pt_status damage_once(walk *w, const char *entry, unsigned variant, pt_error *err) {
    const pt_stage_plan *plan = w->plan;
    pt_chain *chain = NULL;
    pt_damage damage;

    begin(w);
    pt_status status =
        pt_chain_draw(plan->suite, SEED, entry, variant, PT_ORDER_PHYSICAL, w->n_mix, &chain, err);
    if (status == PT_OK)
        status = pt_chain_apply(plan->suite, chain, SEED, entry, variant, w->mix, w->n_mix,
                                w->degraded, &damage, w->arena, err);
    end(w, PT_STAGE_CHAIN);
    if (status == PT_OK) {
        pt_mel_features(plan->mel, w->degraded, w->n_mix, w->features, w->scratch);
        end(w, PT_STAGE_MEL);
        status = print_provenance(w, entry, variant, chain, &damage, err);
        end(w, PT_STAGE_PROVENANCE);
    }
    pt_chain_close(&chain);
    return status;
}

static pt_status damage_often(walk *w, unsigned number, pt_error *err) {
    const pt_stage_plan *plan = w->plan;
    char entry[32];

    snprintf(entry, sizeof entry, "clip %u", number);
    w->features =
        pt_arena_take_array(w->arena, pt_mel_frames(plan->mel) * plan->n_mels, sizeof *w->features);
    w->scratch = pt_arena_take(w->arena, pt_mel_scratch_size(plan->mel));
    if (!w->features || !w->scratch) return pt_fail(err, PT_ENOMEM, "out of memory");
    for (unsigned k = 0; k < plan->n_draws; k++)
        PT_TRY(damage_once(w, entry, k, err));
    return PT_OK;
}

/* A part file of rows, to its last flush. */
static pt_status write_rows(walk *w, char *path, size_t size, pt_error *err) {
    const pt_sink_kind *kind = &pt_sink_parquet;
    pt_row row = {.target_lufs = -20.0F};
    pt_sink *sink = NULL;

    for (size_t i = 0; i < PT_FUSED; i++)
        row.fused_state[i] = (float)i / PT_FUSED;
    snprintf(path, size, "%s/stage-rows%s", w->plan->folder, kind->suffix);
    begin(w);
    pt_status status = kind->open(path, NULL, 0, &sink, err);
    for (unsigned i = 0; status == PT_OK && i < w->plan->n_rows; i++)
        status = pt_sink_write(sink, &row, err);
    if (status == PT_OK) status = pt_sink_finish(sink, err);
    end(w, PT_STAGE_WRITING);
    pt_sink_close(&sink);
    return status;
}

static pt_status walk_clip(walk *w, unsigned number, char *path, size_t size, pt_error *err) {
    if (w->plan->stop && atomic_load_explicit(w->plan->stop, memory_order_relaxed))
        return pt_fail(err, PT_ECANCELLED, "stopped on request");
    pt_arena_reset(w->arena);
    clip_path(w->plan, number, path, size);
    PT_TRY(decode(w, path, err));
    PT_TRY(resample(w, err));
    PT_TRY(measure(w, err));
    return damage_often(w, number, err);
}

pt_status pt_stage_walk(const pt_stage_plan *plan, double seconds[PT_STAGE_COUNT], pt_arena *arena,
                        pt_error *err) {
    walk w = {.plan = plan, .seconds = seconds, .arena = arena};
    size_t size;
    char *path = path_room(plan, &size, err);
    pt_status status = path ? PT_OK : PT_ENOMEM;

    for (int s = 0; s < PT_STAGE_COUNT; s++)
        seconds[s] = 0.0;
    for (unsigned i = 0; status == PT_OK && i < plan->n_clips; i++)
        status = walk_clip(&w, i, path, size, err);
    if (status == PT_OK) status = write_rows(&w, path, size, err);
    free(path);

    for (int s = 0; s < PT_STAGE_COUNT; s++)
        seconds[s] /= s < PT_STAGE_CHAIN      ? plan->n_clips
                      : s == PT_STAGE_WRITING ? plan->n_rows
                                              : plan->n_clips * plan->n_draws;
    return status;
}
