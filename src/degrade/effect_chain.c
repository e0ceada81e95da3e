/* SPDX-License-Identifier: MIT */
/* effect_chain.c - draws or builds chains of effects, applies them, and tracks the parts of purity
 *
 * Purity is the ratio of the clean audio after the linear part of the chain to everything else, so
 * an equaliser does not reduce it. To separate the two, signal, noise and distortion are processed
 * in parallel with the degraded audio d:
 *
 *     start       signal = x, noise = distortion = 0
 *     filter      each of them passes through the same filter
 *     additive    its output is added to the noise
 *     nonlinear   y = f(d): a = C(y, d) / P(d); signal *= a, noise *= a,
 *                 distortion = a distortion + (y - a d)
 *
 * The last line is Bussgang's split, under which the remainder does not correlate with d.
 *
 * Source: J. J. Bussgang, "Crosscorrelation functions of amplitude-distorted Gaussian signals",
 * MIT RLE Technical Report 216, 1952.
 */

#include "degrade/effect_chain.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "dsp/denormal.h"
#include "dsp/dsp_ops.h"
#include "dsp/stats.h"

#define OUTPUT_PEAK 0.999 /* so that a 16-bit copy does not clip */

/* Draws of stream PLAN; pt_effect.plan has those that turn an effect on. */
enum { PLAN_CLEAN = 0, PLAN_SHUFFLE = 8, PLAN_COUNT = 16, PLAN_PICK = 17 };

_Static_assert(PLAN_SHUFFLE + PT_EFFECT_COUNT <= PLAN_COUNT,
               "the shuffle of more effects needs draws of its own");

/* ---- random chains ---- */

double pt_setting_draw(const pt_draw_ctx *ctx, size_t setting, size_t index) {
    const pt_setting *rule = &ctx->effect->setting[setting];
    const double *v = ctx->setting[setting];
    if (ctx->severity) return pt_setting_at_severity(rule, v, *ctx->severity);
    const double u = pt_rng_uniform(&ctx->rng, index);

    switch (rule->distribution) {
    case PT_DIST_UNIFORM:
        return fmin(fmax(pt_draw_uniform(u, v[0], v[1]), v[0]), v[1]);
    case PT_DIST_LOG_UNIFORM:
        return fmin(fmax(pt_draw_log_uniform(u, v[0], v[1]), v[0]), v[1]);
    case PT_DIST_BERNOULLI:
        return u < v[0] ? 1.0 : 0.0;
    case PT_DIST_CATEGORICAL: {
        const double sum = v[0] + v[1] + v[2]; /* weights need not add up to 1 */
        return (double)pt_draw_categorical(u * sum, v, rule->choice[2] ? 3 : 2);
    }
    case PT_DIST_NONE:
    default:
        return 0.0;
    }
}

static void stage_draw(const pt_draw_ctx *ctx, pt_stage *stage) {
    *stage = (pt_stage){.effect = ctx->effect, .n_items = 1};
    if (ctx->effect->draw) {
        ctx->effect->draw(ctx, stage);
        return;
    }
    for (size_t i = 0; ctx->effect->setting[i].distribution != PT_DIST_NONE; i++)
        stage->value[0][i] = pt_setting_draw(ctx, i, i);
}

/* Fisher-Yates shuffle, from the last item down. */
static void shuffle(const pt_rng *plan, size_t *order, size_t n) {
    for (size_t i = n - 1; i >= 1; i--) {
        const double u = pt_rng_uniform(plan, PLAN_SHUFFLE + i);
        const size_t j = (size_t)(u * (double)(i + 1));
        const size_t item = order[i];
        order[i] = order[j];
        order[j] = item;
    }
}

/* The effects that a row can have, in the order in which they act. Effects that are off by default
 * take no part in the shuffle until a suite gives them a probability, so that an effect that is
 * added later leaves the rows of existing suites as they are. */
static size_t order_effects(const patina_effect_config *config, const pt_rng *plan,
                            patina_effect_order order, size_t at[PT_EFFECT_COUNT]) {
    size_t n = 0;
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++)
        if (pt_effects[e]->probability > 0.0 || config->probability[e] > 0.0) at[n++] = e;
    if (order == PATINA_EFFECT_ORDER_RANDOM) shuffle(plan, at, n);
    return n;
}

static patina_status check_row(uint64_t seed, uint32_t variant, size_t n_samples,
                               patina_error *err) {
    if (seed > PATINA_SEED_MAX)
        return pt_fail(err, PATINA_ERANGE, "the seed must be 0 to %lld, not %llu",
                       (long long)PATINA_SEED_MAX, (unsigned long long)seed);
    if (variant > PT_VARIANT_MAX)
        return pt_fail(err, PATINA_ERANGE, "the variant must be 0 to %u, not %u", PT_VARIANT_MAX,
                       variant);
    if (n_samples < 1 || n_samples > PATINA_WINDOW_FRAMES)
        return pt_fail(err, PATINA_ERANGE,
                       "the audio to degrade must have 1 to %d samples, not %zu",
                       PATINA_WINDOW_FRAMES, n_samples);
    return PATINA_OK;
}

/* Each effect by itself, in the rows that are not clean. */
static void draw_independent(const patina_effect_config *config, const pt_rng *plan,
                             bool on[PT_EFFECT_COUNT]) {
    const bool clean = pt_rng_uniform(plan, PLAN_CLEAN) < config->clean;
    for (size_t e = 0; e < PT_EFFECT_COUNT; e++)
        on[e] = !clean && pt_rng_uniform(plan, pt_effects[e]->plan) < config->probability[e];
}

/* First the number of effects, then which, without replacement. */
static void draw_counted(const patina_effect_config *config, const pt_rng *plan,
                         bool on[PT_EFFECT_COUNT]) {
    const double sum = pt_effect_config_count_sum(config);
    size_t n_weights =
        PT_EFFECT_COUNT + 1; /* without the zeros at the end, which rounding could hit */
    while (!(config->count[n_weights - 1] > 0.0))
        n_weights--;
    const size_t n =
        pt_draw_categorical(pt_rng_uniform(plan, PLAN_COUNT) * sum, config->count, n_weights);
    memset(on, 0, PT_EFFECT_COUNT * sizeof *on);
    for (size_t i = 0; i < n; i++) {
        double weight[PT_EFFECT_COUNT], left = 0.0;
        size_t index[PT_EFFECT_COUNT], n_left = 0;
        for (size_t e = 0; e < PT_EFFECT_COUNT; e++) {
            if (on[e] || !(config->probability[e] > 0.0)) continue;
            index[n_left] = e;
            weight[n_left++] = config->probability[e];
            left += config->probability[e];
        }
        const double u = pt_rng_uniform(plan, PLAN_PICK + i);
        on[index[pt_draw_categorical(u * left, weight, n_left)]] = true;
    }
}

patina_status patina_effect_chain_draw(const patina_effect_config *config, uint64_t seed,
                                       const char *entry, uint32_t variant,
                                       patina_effect_order order, size_t n_samples,
                                       patina_effect_chain **out, patina_error *err) {
    PT_TRY(check_row(seed, variant, n_samples, err));
    patina_effect_chain *chain = calloc(1, sizeof *chain);
    if (!chain) return pt_fail(err, PATINA_ENOMEM, "out of memory for a chain of effects");

    const pt_rng plan = pt_rng_make(seed, entry, variant, PT_RNG_STREAM_PLAN);
    bool on[PT_EFFECT_COUNT];
    size_t at[PT_EFFECT_COUNT];
    const size_t n = order_effects(config, &plan, order, at);
    if (pt_effect_config_count_sum(config) > 0.0)
        draw_counted(config, &plan, on);
    else
        draw_independent(config, &plan, on);

    for (size_t i = 0; i < n; i++) {
        const pt_effect *effect = pt_effects[at[i]];
        if (!on[at[i]]) continue;
        const pt_draw_ctx ctx = {effect, config->setting[at[i]],
                                 pt_rng_make(seed, entry, variant, effect->stream), n_samples,
                                 NULL};
        stage_draw(&ctx, &chain->stage[chain->n_stages++]);
    }
    *out = chain;
    return PATINA_OK;
}

/* ---- named effects ---- */

static patina_status unknown_effect_name(const char *name, size_t n, patina_error *err) {
    return pt_fail(err, PATINA_EUSAGE, "'%.*s' is not an effect; the effects are %s",
                   n < 64 ? (int)n : 64, name, pt_effect_list_names());
}

/* Index of the effect with the name of n bytes; PT_EFFECT_COUNT if there is none. */
static size_t effect_index(const char *name, size_t n) {
    size_t e = 0;
    while (e < PT_EFFECT_COUNT &&
           (strlen(pt_effects[e]->name) != n || memcmp(pt_effects[e]->name, name, n) != 0))
        e++;
    return e;
}

patina_status patina_effect_chain_from_names(const patina_effect_config *config,
                                             const char *effects, patina_severity severity,
                                             uint64_t seed, const char *entry, uint32_t variant,
                                             size_t n_samples, patina_effect_chain **out,
                                             patina_error *err) {
    bool used[PT_EFFECT_COUNT] = {false};
    patina_effect_chain chosen = {0};

    PT_TRY(check_row(seed, variant, n_samples, err));
    for (const char *name = effects;; name++) {
        const size_t n = strcspn(name, ","), e = effect_index(name, n);
        if (e == PT_EFFECT_COUNT) return unknown_effect_name(name, n, err);
        if (used[e]) return pt_fail(err, PATINA_EUSAGE, "'%s' is named twice", pt_effects[e]->name);
        used[e] = true;
        const pt_effect *effect = pt_effects[e];
        const pt_draw_ctx ctx = {effect, config->setting[e],
                                 pt_rng_make(seed, entry, variant, effect->stream), n_samples,
                                 &severity};
        stage_draw(&ctx, &chosen.stage[chosen.n_stages++]);
        name += n;
        if (*name == '\0') break;
    }
    patina_effect_chain *chain = malloc(sizeof *chain);
    if (!chain) return pt_fail(err, PATINA_ENOMEM, "out of memory for a chain of effects");
    *chain = chosen;
    *out = chain;
    return PATINA_OK;
}

void patina_effect_chain_close(patina_effect_chain **chain) {
    if (!chain) return;
    free(*chain);
    *chain = NULL;
}

/* ---- stems ---- */

static size_t smallest_fft_size(size_t n) {
    size_t fft_size = PT_IRFFT_N_MIN;
    while (fft_size < n)
        fft_size *= 2;
    return fft_size;
}

size_t pt_effect_chain_scratch_size(size_t n) {
    const size_t fft_size = smallest_fft_size(n),
                 n_buffers = sizeof((pt_stems *)NULL)->free_buffer / sizeof(float *);
    return PT_WORK_BYTES(fft_size) + n_buffers * (fft_size + 2) * sizeof(float);
}

/* Allocates all memory: four buffers are enough for any chain, and pages that a chain does not
 * touch take no memory. */
static patina_status stems_open(const patina_effect_config *config, const float *x, size_t n,
                                float *output, pt_stems *stems, pt_arena *scratch,
                                patina_error *err) {
    const size_t fft_size = smallest_fft_size(n);
    *stems = (pt_stems){.n = n,
                        .output = output,
                        .signal = x,
                        .signal_gain = 1.0,
                        .noise_gain = 1.0,
                        .degraded_peak = -1.0F,
                        .irfft = &config->irfft,
                        .fft_size = fft_size};
    stems->work = pt_arena_alloc(scratch, PT_WORK_BYTES(fft_size));
    bool failed = !stems->work;
    for (; stems->n_free_buffers < sizeof stems->free_buffer / sizeof *stems->free_buffer;
         stems->n_free_buffers++) {
        float *buffer = pt_arena_alloc_array(scratch, fft_size + 2, sizeof *buffer);
        stems->free_buffer[stems->n_free_buffers] = buffer;
        failed = failed || !buffer;
    }
    if (failed) return pt_fail(err, PATINA_ENOMEM, "out of memory to degrade %zu samples", n);
    pt_moments_add(&stems->signal_moments, x, n);
    if (!isfinite(stems->signal_moments.sum)) /* a NaN or an infinity stays in it */
        return pt_fail(err, PATINA_REJECT_NONFINITE, "a sample is not a finite number");
    return PATINA_OK;
}

static float *buffer_acquire(pt_stems *stems) {
    assert(stems->n_free_buffers > 0);
    return stems->free_buffer[--stems->n_free_buffers];
}

static void buffer_release(pt_stems *stems, float *buffer) {
    stems->free_buffer[stems->n_free_buffers++] = buffer;
}

static void noise_apply_gain(pt_stems *stems) {
    const float gain = (float)stems->noise_gain, offset = (float)stems->noise_offset;
    if (stems->noise && (gain != 1.0F || offset != 0.0F))
        for (size_t i = 0; i < stems->n; i++)
            stems->noise[i] = gain * stems->noise[i] + offset;
    stems->noise_moments = (pt_moments){0};
    stems->noise_gain = 1.0;
    stems->noise_offset = 0.0;
}

/* The memory that the signal is next written to. */
static float *signal_acquire(pt_stems *stems) {
    if (!stems->own_signal) stems->own_signal = buffer_acquire(stems);
    return stems->own_signal;
}

static bool degraded_is_signal(const pt_stems *stems) {
    return !stems->degraded && !stems->noise && !stems->distortion && stems->signal_gain == 1.0;
}

/* n samples of the degraded signal from `first` on, in sum [n] where they are not stored. */
static const float *degraded_block(const pt_stems *stems, size_t first, size_t n, float *sum) {
    const pt_dsp_ops *ops = pt_dsp_ops_get_best();
    if (stems->degraded) return stems->degraded + first;
    const float *signal = stems->signal + first;
    if (degraded_is_signal(stems)) return signal;
    /* without noise the second part is 0 */
    ops->mix(signal, (float)stems->signal_gain, stems->noise ? stems->noise + first : signal,
             stems->noise ? (float)stems->noise_gain : 0.0F, (float)stems->noise_offset, n, sum);
    if (stems->distortion) ops->mix(sum, 1.0F, stems->distortion + first, 1.0F, 0.0F, n, sum);
    return sum;
}

/* Stores the degraded signal, unless it is the signal. */
static void degraded_store(pt_stems *stems) {
    if (stems->degraded || degraded_is_signal(stems)) return;
    for (size_t i = 0; i < stems->n; i += PT_BLOCK_SIZE)
        degraded_block(stems, i, pt_block_length(i, stems->n), stems->output + i);
    stems->degraded = stems->output;
}

/* From here on the degraded signal is the sum of the stems. */
static void degraded_discard(pt_stems *stems) {
    stems->degraded_peak = -1.0F;
    stems->degraded = NULL;
}

/* Subtracts what is not noise or distortion from n samples d of the degraded signal. */
static void rest_block(const pt_stems *stems, size_t first, size_t n, const float *d, float *rest) {
    pt_dsp_ops_get_best()->mix(d, 1.0F, stems->signal + first, -(float)stems->signal_gain, 0.0F, n,
                               rest);
}

/* Subtracts the noise, if there is one, from n samples of the rest. */
static void distortion_block(const pt_stems *stems, size_t first, size_t n, const float *rest,
                             float *distortion) {
    if (stems->noise)
        pt_dsp_ops_get_best()->mix(rest, 1.0F, stems->noise + first, -(float)stems->noise_gain,
                                   -(float)stems->noise_offset, n, distortion);
}

static void distortion_store(pt_stems *stems) {
    if (!stems->has_distortion || stems->distortion) return;
    float *distortion = buffer_acquire(stems);
    for (size_t i = 0; i < stems->n; i += PT_BLOCK_SIZE) {
        const size_t n = pt_block_length(i, stems->n);
        rest_block(stems, i, n, stems->degraded + i, distortion + i);
        distortion_block(stems, i, n, distortion + i, distortion + i);
    }
    stems->distortion = distortion;
}

/* From here on the distortion follows from the degraded signal. */
static void distortion_discard(pt_stems *stems) {
    if (stems->distortion) buffer_release(stems, stems->distortion);
    stems->distortion = NULL;
    stems->has_distortion = true;
}

/* ---- filters ---- */

/* Filters x to y, which may be x, by adjacent stages; cascades of biquads run together. Adds the
 * output of the last cascade to moments, which are zero where it is not the last filter. */
static void filter_by_stages(const pt_stage *stage, size_t n_stages, const float *x, size_t n,
                             float *y, pt_moments *moments) {
    pt_biquad section[PATINA_STAGES_MAX * PT_ITEMS_MAX];
    for (size_t i = 0; i < n_stages; x = y) {
        if (stage[i].effect->filter) {
            stage[i].effect->filter(&stage[i], x, n, y);
            i++;
            continue;
        }
        size_t n_sections = 0;
        for (; i < n_stages && stage[i].effect->biquads; i++)
            n_sections += stage[i].effect->biquads(&stage[i], section + n_sections);
        pt_biquad_run(section, n_sections, x, n, y, i == n_stages ? moments : NULL);
    }
}

static void stems_filter(const pt_stage *stage, size_t n_stages, pt_stems *stems) {
    distortion_store(stems);
    degraded_discard(stems);
    noise_apply_gain(stems);
    stems->signal_moments = (pt_moments){0};
    float *const stem[] = {stems->noise, stems->distortion};
    float *signal = signal_acquire(stems);
    filter_by_stages(stage, n_stages, stems->signal, stems->n, signal, &stems->signal_moments);
    stems->signal = signal;
    for (size_t i = 0; i < 2; i++)
        if (stem[i]) filter_by_stages(stage, n_stages, stem[i], stems->n, stem[i], NULL);
}

/* ---- additive effects ---- */

static double signal_power(pt_stems *stems) {
    pt_moments *moments = &stems->signal_moments;
    if (moments->n == 0) pt_moments_add(moments, stems->signal, stems->n);
    return stems->signal_gain * stems->signal_gain * pt_moments_power(moments);
}

double pt_additive_ctx_signal_power(const pt_additive_ctx *ctx) {
    return signal_power(ctx->stems);
}

float pt_additive_ctx_peak(const pt_additive_ctx *ctx) {
    float sum[PT_BLOCK_SIZE], peak = 0.0F;
    if (ctx->stems->degraded_peak >= 0.0F) return ctx->stems->degraded_peak;
    for (size_t i = 0; i < ctx->n; i += PT_BLOCK_SIZE) {
        const size_t n = pt_block_length(i, ctx->n);
        peak = fmaxf(peak, pt_stats_peak(degraded_block(ctx->stems, i, n, sum), n));
    }
    return peak;
}

/* Before samples are added to noise and degraded in place. */
static void stems_begin_add(pt_stems *stems) {
    stems->degraded_peak = -1.0F;
    stems->noise_moments = (pt_moments){0};
    if (stems->noise && stems->noise_gain == 0.0) noise_apply_gain(stems);
}

void pt_additive_ctx_add(pt_additive_ctx *ctx, size_t at, const float *added, size_t n) {
    pt_stems *stems = ctx->stems;
    stems_begin_add(stems);
    if (!stems->noise) {
        stems->noise = buffer_acquire(stems);
        memset(stems->noise, 0, stems->n * sizeof *stems->noise);
    }
    const float noise_gain = (float)stems->noise_gain;
    for (size_t i = 0; i < n; i++)
        stems->noise[at + i] += added[i] / noise_gain;
    if (stems->degraded)
        for (size_t i = 0; i < n; i++)
            stems->degraded[at + i] += added[i];
}

float *pt_additive_ctx_take_buffer(pt_additive_ctx *ctx) {
    return buffer_acquire(ctx->stems);
}

void pt_additive_ctx_add_buffer(pt_additive_ctx *ctx, float *x, const pt_moments *moments,
                                double gain, double offset) {
    pt_stems *stems = ctx->stems;
    stems_begin_add(stems);
    const pt_dsp_ops *ops = pt_dsp_ops_get_best();
    const float x_gain = (float)gain, x_offset = (float)offset;
    if (stems->degraded)
        ops->mix(stems->degraded, 1.0F, x, x_gain, x_offset, stems->n, stems->degraded);
    if (stems->noise) {
        noise_apply_gain(stems);
        ops->mix(stems->noise, 1.0F, x, x_gain, x_offset, stems->n, stems->noise);
        buffer_release(stems, x);
    } else {
        stems->noise = x;
        stems->noise_moments = *moments;
        stems->noise_gain = gain;
        stems->noise_offset = offset;
    }
}

static void stems_add(const pt_stage *stage, const pt_rng *noise, pt_stems *stems,
                      patina_stage_stats *stats) {
    pt_additive_ctx ctx = {.n = stems->n,
                           .noise = noise,
                           .irfft = stems->irfft,
                           .fft_size = stems->fft_size,
                           .work = stems->work,
                           .stems = stems};
    stage->effect->add(stage, &ctx, stats);
}

/* ---- nonlinear effects ---- */

/* Maps the degraded signal d block by block to the output, which may be d. */
static void map_blocks(const pt_stage *stage, const float *d, pt_stems *stems,
                       patina_stage_stats *stats, pt_comoments *of_both) {
    float mapped[PT_BLOCK_SIZE], peak = 0.0F;
    for (size_t i = 0; i < stems->n; i += PT_BLOCK_SIZE) {
        const size_t n = pt_block_length(i, stems->n);
        stage->effect->process(stage, d + i, n, mapped, stats);
        pt_comoments_add(of_both, d + i, mapped, n);
        peak = fmaxf(peak, pt_stats_peak(mapped, n));
        memcpy(stems->output + i, mapped, n * sizeof *mapped);
    }
    stems->degraded = stems->output;
    stems->degraded_peak = peak;
}

/* Of y = f(d), the part a d is signal and noise; what is left, with the distortion that d had, is
 * not stored. */
static void stems_process_nonlinear(const pt_stage *stage, pt_stems *stems,
                                    patina_stage_stats *stats) {
    pt_comoments of_both = {0};
    degraded_store(stems);
    const float *d = stems->degraded ? stems->degraded : stems->signal;
    stage->effect->analyse(stage, d, stems->n, stems->work, stats);
    map_blocks(stage, d, stems, stats, &of_both);

    /* A constant has no AC power; any gain is valid. */
    const double power = pt_moments_power(&of_both.x);
    const double a = power > 0.0 ? pt_comoments_covariance(&of_both) / power : 1.0;
    stats->bussgang_gain = a;
    stems->signal_gain *= a;
    stems->noise_gain *= a;
    stems->noise_offset *= a;
    distortion_discard(stems);
}

/* ---- chains ---- */

static size_t count_filters(const patina_effect_chain *chain, size_t first) {
    size_t n = 0;
    while (first + n < chain->n_stages &&
           chain->stage[first + n].effect->effect_class == PT_EFFECT_FILTER)
        n++;
    return n;
}

static patina_status render(const patina_effect_config *config, const patina_effect_chain *chain,
                            const pt_rng *noise, const float *x, size_t n, float *output,
                            pt_stems *stems, patina_degrade_stats *stats, pt_arena *scratch,
                            patina_error *err) {
    PT_TRY(stems_open(config, x, n, output, stems, scratch, err));
    stats->n_stages = chain->n_stages;
    for (size_t i = 0; i < chain->n_stages; i++)
        stats->stage[i] = (patina_stage_stats){.effect = chain->stage[i].effect->name};
    for (size_t i = 0; i < chain->n_stages;) {
        const pt_stage *stage = &chain->stage[i];
        const size_t n_filters = count_filters(chain, i);
        if (n_filters > 0)
            stems_filter(stage, n_filters, stems);
        else if (stage->effect->effect_class == PT_EFFECT_ADDITIVE)
            stems_add(stage, noise, stems, &stats->stage[i]);
        else
            stems_process_nonlinear(stage, stems, &stats->stage[i]);
        i += n_filters > 0 ? n_filters : 1;
    }
    return PATINA_OK;
}

patina_status pt_effect_chain_render_stems(const patina_effect_config *config,
                                           const patina_effect_chain *chain, const pt_rng *noise,
                                           const float *x, size_t n, pt_stems *stems,
                                           patina_degrade_stats *stats, pt_arena *scratch,
                                           patina_error *err) {
    float *output = pt_arena_alloc_array(scratch, n, sizeof *output);
    if (!output) return pt_fail(err, PATINA_ENOMEM, "out of memory to degrade %zu samples", n);
    PT_TRY(render(config, chain, noise, x, n, output, stems, stats, scratch, err));
    distortion_store(stems);
    noise_apply_gain(stems);
    const float gain = (float)stems->signal_gain;
    float *signal = signal_acquire(stems);
    for (size_t i = 0; i < n; i++)
        signal[i] = gain * stems->signal[i];
    stems->signal = signal;
    stems->signal_gain = 1.0;
    if (!stems->degraded) {
        for (size_t i = 0; i < n; i++)
            output[i] = *degraded_block(stems, i, 1, &output[i]);
        stems->degraded = output;
    }
    return PATINA_OK;
}

/* ---- powers ---- */

/* The moments of a last pass over the stems. */
typedef struct pass_moments {
    pt_moments noise;      /* of the array, without gains */
    pt_moments distortion; /* where there is noise too */
    pt_moments rest;       /* noise and distortion, where there is distortion */
} pass_moments;

/* Adds n samples d of the degraded signal from `first` on. Moments that are known have all samples
 * already. */
static void measure_block(pt_stems *stems, size_t first, size_t n, const float *d,
                          pass_moments *moments) {
    float rest[PT_BLOCK_SIZE];
    if (stems->signal_moments.n < stems->n)
        pt_moments_add(&stems->signal_moments, stems->signal + first, n);
    if (stems->noise && moments->noise.n < stems->n)
        pt_moments_add(&moments->noise, stems->noise + first, n);
    if (!stems->has_distortion) return;
    rest_block(stems, first, n, d, rest);
    pt_moments_add(&moments->rest, rest, n);
    if (!stems->noise) return;
    distortion_block(stems, first, n, rest, rest);
    pt_moments_add(&moments->distortion, rest, n);
}

/* Returns the degraded signal, which is the output or the signal, and measures peak and powers in
 * the same pass. The power of the rest is measured, because noise and distortion can be
 * correlated. */
static const float *stems_mixdown(pt_stems *stems, float *peak_of, patina_degrade_stats *stats) {
    float peak = stems->degraded_peak;
    pass_moments moments = {.noise = stems->noise_moments};
    for (size_t i = 0; i < stems->n; i += PT_BLOCK_SIZE) {
        const size_t n = pt_block_length(i, stems->n);
        const float *d = degraded_block(stems, i, n, stems->output + i);
        if (stems->degraded_peak < 0.0F) peak = fmaxf(peak, pt_stats_peak(d, n));
        measure_block(stems, i, n, d, &moments);
    }
    *peak_of = peak;
    const double noise_gain = stems->noise_gain;
    stats->signal_power = signal_power(stems);
    if (stems->noise)
        stats->noise_power = noise_gain * noise_gain * pt_moments_power(&moments.noise);
    if (stems->has_distortion) {
        stats->rest_power = pt_moments_power(&moments.rest);
        stats->distortion_power =
            stems->noise ? pt_moments_power(&moments.distortion) : stats->rest_power;
    } else {
        stats->rest_power = stats->noise_power;
    }
    return degraded_is_signal(stems) ? stems->signal : stems->output;
}

static patina_status stems_finish(pt_stems *stems, patina_degrade_stats *stats, patina_error *err) {
    float peak;
    const float *d = stems_mixdown(stems, &peak, stats);
    const double gain = (double)peak > OUTPUT_PEAK ? OUTPUT_PEAK / (double)peak : 1.0;

    /* Drawn chains are far from overflow, but a recipe can have 16 stages of 16 boosts by 60 dB.
     * The peak of a signal has a NaN, fmaxf ignores it: the powers are checked too. */
    if (!isfinite(peak) || !isfinite(stats->signal_power) || !isfinite(stats->rest_power))
        return pt_fail(err, PATINA_EFORMAT, "the gains of this chain make samples overflow");

    stats->output_gain = gain;
    stats->signal_power *= gain * gain;
    stats->noise_power *= gain * gain;
    stats->distortion_power *= gain * gain;
    stats->rest_power *= gain * gain;
    if (gain != 1.0)
        for (size_t i = 0; i < stems->n; i++)
            stems->output[i] = (float)(gain * (double)d[i]);
    else if (d != stems->output)
        memcpy(stems->output, d, stems->n * sizeof *d);
    return PATINA_OK;
}

patina_status patina_effect_chain_apply(const patina_effect_config *config,
                                        const patina_effect_chain *chain, uint64_t seed,
                                        const char *entry, uint32_t variant, const float *x,
                                        size_t n_samples, float *degraded,
                                        patina_degrade_stats *stats, pt_arena *scratch,
                                        patina_error *err) {
    PT_TRY(check_row(seed, variant, n_samples, err));

    const pt_rng noise = pt_rng_make(seed, entry, variant, PT_RNG_STREAM_NOISE_SAMPLES);
    patina_degrade_stats own = {0};
    pt_stems stems;
    pt_scratch memory;
    pt_arena *arena = pt_scratch_begin(&memory, scratch);
    const unsigned modes = pt_denormals_flush();
    patina_status status =
        render(config, chain, &noise, x, n_samples, degraded, &stems, &own, arena, err);
    if (status == PATINA_OK) status = stems_finish(&stems, &own, err);
    pt_denormals_restore(modes);
    pt_scratch_end(&memory);
    if (status == PATINA_OK && stats) *stats = own;
    return status;
}
