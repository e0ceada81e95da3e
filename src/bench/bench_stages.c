/* SPDX-License-Identifier: MIT */
/* bench_stages.c - times each stage of a row except the towers
 *
 * Calls the functions that a row calls, in the same order, for clips of 10 s, with one thread.
 * Where one function does several stages, or a block of each in turn, the stages are run again on
 * the whole clip to time them separately.
 */

#include "bench/bench_stages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/decoder.h"
#include "audio/downmix.h"
#include "audio/segment.h"
#include "base/arena.h"
#include "base/error.h"
#include "bench/bench.h"
#include "bench/bench_corpus.h"
#include "bench/bench_stats.h"
#include "dataset/row_writer.h"
#include "dsp/resample.h"
#include "measure/targets.h"
#include "pipeline/provenance_fill.h"

#define CLIP_S     10.0
#define FIRST_CLIP 1000 /* number of the first clip; the corpus of generate has smaller numbers */
#define SEED       1
#define PATH_SPACE 40 /* bytes for the name of a file */

const char *const pt_bench_stage_names[PT_STAGE_COUNT] = {
    [PT_STAGE_SOURCE] = "reading the source",
    [PT_STAGE_DECODE] = "decode and mix",
    [PT_STAGE_RESAMPLE] = "resample",
    [PT_STAGE_LOUDNESS_SOURCE] = "loudness of the source",
    [PT_STAGE_TARGETS] = "targets of the mix",
    [PT_STAGE_LOUDNESS_MIX] = "loudness of the mix",
    [PT_STAGE_LTAS] = "LTAS",
    [PT_STAGE_DYNAMICS] = "crest, crossings, power",
    [PT_STAGE_CHAIN] = "chain and purity",
    [PT_STAGE_MEL] = "mel features",
    [PT_STAGE_PROVENANCE] = "provenance",
    [PT_STAGE_WRITING] = "writing rows",
};

bool pt_bench_stage_is_inner(pt_bench_stage_id stage) {
    return stage < PT_STAGE_CHAIN && stage != PT_STAGE_SOURCE && stage != PT_STAGE_TARGETS;
}

/* State of one clip. */
typedef struct stage_run {
    const pt_bench_stages_config *config;
    double *seconds;
    double since; /* start of the current stage */
    pt_arena *arena;
    pt_segment segment;
    patina_targets_stream *stream;
    patina_audio source; /* decoded again, whole */
    float *mono;         /* [source.n_frames] */
    float *degraded;     /* [n_mix] */
    float *features;     /* [n_frames, n_mels] */
    void *scratch;       /* of the mel features */
    patina_targets targets;
} stage_run;

static void timer_start(stage_run *run) {
    run->since = pt_thread_cpu_s();
}

/* Adds the time since the last start or lap to a stage. */
static void timer_lap(stage_run *run, pt_bench_stage_id stage) {
    const double now = pt_thread_cpu_s();
    run->seconds[stage] += now - run->since;
    run->since = now;
}

static void clip_path(const pt_bench_stages_config *config, unsigned number, char *path,
                      size_t size) {
    snprintf(path, size, "%s/stage-%u.wav", config->folder, number);
}

static char *allocate_path(const pt_bench_stages_config *config, size_t *size, patina_error *err) {
    *size = strlen(config->folder) + PATH_SPACE;
    char *path = malloc(*size);
    if (!path) pt_fail(err, PATINA_ENOMEM, "out of memory");
    return path;
}

patina_status pt_bench_stages_write_clips(const pt_bench_stages_config *config, patina_error *err) {
    size_t size;
    char *path = allocate_path(config, &size, err);
    patina_status status = path ? PATINA_OK : PATINA_ENOMEM;
    for (unsigned i = 0; status == PATINA_OK && i < config->n_clips; i++) {
        clip_path(config, i, path, size);
        status = pt_bench_clip_write(path, FIRST_CLIP + i, CLIP_S, err);
    }
    free(path);
    return status;
}

static patina_status add_source(void *context, const patina_audio *block, uint64_t channel_mask,
                                patina_error *err) {
    stage_run *run = context;
    if (!run->stream)
        PT_TRY(pt_targets_begin(run->config->meter, block->rate_hz, block->n_channels, channel_mask,
                                run->arena, &run->stream, err));
    return patina_targets_stream_add_source(run->stream, block, err);
}

static patina_status read_source(stage_run *run, const char *path, patina_error *err) {
    const pt_segment_callbacks callbacks = {run, NULL, add_source};
    const pt_segment_spec spec = {.frames = UINT64_MAX, .callbacks = &callbacks};
    pt_byte_source bytes = {0};

    run->stream = NULL;
    timer_start(run);
    PT_TRY(pt_byte_source_open_file(path, &bytes, err));
    const patina_status status = pt_segment_decode(&bytes, spec, &run->segment, run->arena, err);
    pt_byte_source_close(&bytes);
    timer_lap(run, PT_STAGE_SOURCE);
    return status;
}

static patina_status decode_all(stage_run *run, pt_decoder *decoder, const pt_decoder_info *info,
                                patina_error *err) {
    const size_t n = (size_t)info->n_frames;
    size_t n_read = 0;
    float *samples = pt_arena_alloc_array(run->arena, n * info->n_channels, sizeof *samples);
    run->mono = pt_arena_alloc_array(run->arena, n, sizeof *run->mono);
    if (!samples || !run->mono) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(pt_decoder_read(decoder, samples, n, &n_read, err));
    run->source = (patina_audio){samples, n_read, info->n_channels, info->rate_hz};
    pt_audio_downmix(&run->source, run->mono);
    return PATINA_OK;
}

static patina_status decode(stage_run *run, const char *path, patina_error *err) {
    pt_byte_source bytes = {0};
    pt_decoder *decoder = NULL;
    pt_decoder_info info;

    timer_start(run);
    PT_TRY(pt_byte_source_open_file(path, &bytes, err));
    patina_status status = pt_decoder_open(&bytes, &decoder, &info, err);
    if (status == PATINA_OK) status = decode_all(run, decoder, &info, err);
    pt_decoder_close(&decoder);
    pt_byte_source_close(&bytes);
    timer_lap(run, PT_STAGE_DECODE);
    return status;
}

static patina_status resample(stage_run *run, patina_error *err) {
    pt_resampler *resampler = NULL;

    timer_start(run);
    const uint64_t n = pt_resampled_length(run->source.n_frames, run->source.rate_hz);
    float *mix = pt_arena_alloc_array(run->arena, (size_t)n, sizeof *mix);
    if (!mix) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(pt_resampler_open(run->source.rate_hz, PT_RESAMPLER_BEST, &resampler, err));
    const patina_status status =
        pt_resampler_run(resampler, run->mono, run->source.n_frames, mix, err);
    pt_resampler_close(&resampler);
    timer_lap(run, PT_STAGE_RESAMPLE);
    return status;
}

static patina_status measure(stage_run *run, patina_error *err) {
    const float *mix = run->segment.mix;
    const size_t n_mix = run->segment.n_mix;
    const patina_audio mono = {mix, n_mix, 1, PATINA_RATE_HZ};
    double lufs, ltas[PATINA_LTAS_BANDS];

    timer_start(run);
    PT_TRY(pt_targets_end(run->stream, mix, n_mix, &run->targets, err));
    timer_lap(run, PT_STAGE_TARGETS);
    PT_TRY(patina_loudness_measure(&run->source, &lufs, err));
    timer_lap(run, PT_STAGE_LOUDNESS_SOURCE);
    PT_TRY(patina_loudness_measure(&mono, &lufs, err));
    timer_lap(run, PT_STAGE_LOUDNESS_MIX);
    PT_TRY(patina_ltas_measure(run->config->meter, mix, n_mix, run->source.rate_hz, ltas,
                               run->arena, err));
    timer_lap(run, PT_STAGE_LTAS);
    volatile double kept = patina_crest_factor_db(mix, n_mix) +
                           patina_zero_crossing_rate(mix, n_mix) +
                           patina_ac_power(mix, n_mix); /* prevents removal by the compiler */
    (void)kept;
    timer_lap(run, PT_STAGE_DYNAMICS);
    return PATINA_OK;
}

static patina_status format_provenance(const stage_run *run, const char *entry, unsigned variant,
                                       const patina_effect_chain *chain,
                                       const patina_degrade_stats *stats, patina_error *err) {
    const patina_provenance known = {
        .entry = entry,
        .source = entry,
        .caption = "a dog barks while the rain falls",
        .seed = SEED,
        .variant = variant,
        .window = {0, run->source.n_frames, run->source.rate_hz, run->source.n_channels},
        .has_loudness = true,
        .lufs_source = run->targets.lufs_source,
        .lufs_mono = run->targets.lufs_mono,
    };
    char *line = pt_provenance_fill_to_json(known, chain, stats, PATINA_PURITY_CAP_DEFAULT);
    const bool ok = line != NULL;
    free(line);
    return ok ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* Stages of one row, from its chain to its line of provenance. */
static patina_status degrade_variant(stage_run *run, const char *entry, unsigned variant,
                                     patina_error *err) {
    const pt_bench_stages_config *config = run->config;
    patina_effect_chain *chain = NULL;
    patina_degrade_stats stats;

    timer_start(run);
    patina_status status =
        patina_effect_chain_draw(config->effect_config, SEED, entry, variant,
                                 PATINA_EFFECT_ORDER_PHYSICAL, run->segment.n_mix, &chain, err);
    if (status == PATINA_OK)
        status = patina_effect_chain_apply(config->effect_config, chain, SEED, entry, variant,
                                           run->segment.mix, run->segment.n_mix, run->degraded,
                                           &stats, run->arena, err);
    timer_lap(run, PT_STAGE_CHAIN);
    if (status == PATINA_OK) {
        pt_mel_features(config->mel, run->degraded, run->segment.n_mix, run->features,
                        run->scratch);
        timer_lap(run, PT_STAGE_MEL);
        status = format_provenance(run, entry, variant, chain, &stats, err);
        timer_lap(run, PT_STAGE_PROVENANCE);
    }
    patina_effect_chain_close(&chain);
    return status;
}

static patina_status degrade_variants(stage_run *run, unsigned number, patina_error *err) {
    const pt_bench_stages_config *config = run->config;
    char entry[32];

    snprintf(entry, sizeof entry, "clip %u", number);
    run->features = pt_arena_alloc_array(run->arena, pt_mel_n_frames(config->mel) * config->n_mels,
                                         sizeof *run->features);
    run->scratch = pt_arena_alloc(run->arena, pt_mel_scratch_size(config->mel));
    run->degraded = pt_arena_alloc_array(run->arena, run->segment.n_mix, sizeof *run->degraded);
    if (!run->features || !run->scratch || !run->degraded)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (unsigned k = 0; k < config->n_draws; k++)
        PT_TRY(degrade_variant(run, entry, k, err));
    return PATINA_OK;
}

/* Writes and flushes a part file. */
static patina_status write_rows(stage_run *run, char *path, size_t size, patina_error *err) {
    const pt_row_writer_backend *kind = &pt_row_writer_parquet;
    pt_row row = {.target_lufs = -20.0F};
    pt_row_writer *writer = NULL;

    for (size_t i = 0; i < PT_FUSED_STATE_DIM; i++)
        row.fused_state[i] = i % 8 == 0 ? 0.125F : 0.0F; /* each half of length 1 */
    snprintf(path, size, "%s/stage-rows%s", run->config->folder, kind->suffix);
    timer_start(run);
    patina_status status = kind->open(path, NULL, 0, false, &writer, err);
    for (unsigned i = 0; status == PATINA_OK && i < run->config->n_rows; i++)
        status = pt_row_writer_write(writer, &row, NULL, err);
    if (status == PATINA_OK) status = pt_row_writer_finish(writer, err);
    timer_lap(run, PT_STAGE_WRITING);
    pt_row_writer_close(&writer);
    return status;
}

static patina_status time_clip(stage_run *run, unsigned number, char *path, size_t size,
                               patina_error *err) {
    if (run->config->stop && atomic_load_explicit(run->config->stop, memory_order_relaxed))
        return pt_fail(err, PATINA_ECANCELLED, "stopped on request");
    pt_arena_reset(run->arena);
    clip_path(run->config, number, path, size);
    PT_TRY(read_source(run, path, err));
    PT_TRY(decode(run, path, err));
    PT_TRY(resample(run, err));
    PT_TRY(measure(run, err));
    return degrade_variants(run, number, err);
}

patina_status pt_bench_stages_run(const pt_bench_stages_config *config,
                                  double seconds[PT_STAGE_COUNT], pt_arena *arena,
                                  patina_error *err) {
    stage_run run = {.config = config, .seconds = seconds, .arena = arena};
    size_t size;
    char *path = allocate_path(config, &size, err);
    patina_status status = path ? PATINA_OK : PATINA_ENOMEM;

    for (int s = 0; s < PT_STAGE_COUNT; s++)
        seconds[s] = 0.0;
    for (unsigned i = 0; status == PATINA_OK && i < config->n_clips; i++)
        status = time_clip(&run, i, path, size, err);
    if (status == PATINA_OK) status = write_rows(&run, path, size, err);
    free(path);

    for (int s = 0; s < PT_STAGE_COUNT; s++)
        seconds[s] /= s < PT_STAGE_CHAIN      ? config->n_clips
                      : s == PT_STAGE_WRITING ? config->n_rows
                                              : config->n_clips * config->n_draws;
    return status;
}
