/* SPDX-License-Identifier: MIT */
/* chain.c - draws chains or takes them by name, applies them, and keeps the books of purity
 *
 * Purity compares what the chain's linear part makes of the pristine with everything else, so an
 * equaliser costs none. To tell the two apart, signal, noise and distortion ride through the
 * chain beside the sound itself:
 *
 *     start       signal = x, noise = distortion = 0
 *     filter      each of them passes through the same filter
 *     additive    what it makes joins the noise
 *     nonlinear   y = f(d): a = C(y, d) / P(d); signal *= a, noise *= a,
 *                 distortion = a distortion + (y - a d)
 *
 * The last line is Bussgang's split, under which the remainder does not correlate with d.
 *
 * Source: J. J. Bussgang, "Crosscorrelation functions of amplitude-distorted Gaussian signals",
 * MIT RLE Technical Report 216, 1952.
 */

#include "degrade/chain.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/denormal.h"
#include "dsp/stats.h"

#define OUTPUT_PEAK 0.999 /* so that a 16-bit copy clips nothing unseen */

/* Draws of stream PLAN; 1 to 6 turn effects on, by pt_effect.plan. */
enum { PLAN_CLEAN = 0, PLAN_SHUFFLE = 8 };

/* ---- drawing ---- */

double pt_drawing_take(const pt_drawing *drawing, size_t setting, size_t index) {
    const pt_setting *rule = &drawing->effect->setting[setting];
    const double *v = drawing->setting[setting];
    if (drawing->severity) return pt_setting_at(rule, v, *drawing->severity);
    const double u = pt_rng_uniform(&drawing->rng, index);

    switch (rule->law) {
    case PT_LAW_UNIFORM:
        return fmin(fmax(pt_draw_uniform(u, v[0], v[1]), v[0]), v[1]);
    case PT_LAW_LOG:
        return fmin(fmax(pt_draw_log(u, v[0], v[1]), v[0]), v[1]);
    case PT_LAW_SHARE:
        return u < v[0] ? 1.0 : 0.0;
    case PT_LAW_PICK: {
        const double sum = v[0] + v[1] + v[2]; /* weights need not add up to 1 */
        return (double)pt_draw_pick(u * sum, v, rule->word[2] ? 3 : 2);
    }
    case PT_LAW_NONE:
    default:
        return 0.0;
    }
}

static void stage_draw(const pt_drawing *drawing, pt_stage *stage) {
    *stage = (pt_stage){.effect = drawing->effect, .n_items = 1};
    if (drawing->effect->draw) {
        drawing->effect->draw(drawing, stage);
        return;
    }
    for (size_t i = 0; drawing->effect->setting[i].law != PT_LAW_NONE; i++)
        stage->value[0][i] = pt_drawing_take(drawing, i, i);
}

/* Fisher and Yates, from the last item down. */
static void shuffle(const pt_rng *plan, size_t order[PT_EFFECTS]) {
    for (size_t i = PT_EFFECTS - 1; i >= 1; i--) {
        const double u = pt_rng_uniform(plan, PLAN_SHUFFLE + i);
        const size_t j = (size_t)(u * (double)(i + 1));
        const size_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

static pt_status row_allows(uint64_t seed, uint32_t variant, size_t n_samples, pt_error *err) {
    if (seed > PT_SEED_MAX)
        return pt_fail(err, PT_ERANGE, "a seed is 0 to %lld, not %llu", (long long)PT_SEED_MAX,
                       (unsigned long long)seed);
    if (variant > PT_VARIANT_MAX)
        return pt_fail(err, PT_ERANGE, "a variant is 0 to %u, not %u", PT_VARIANT_MAX, variant);
    if (n_samples < 1 || n_samples > PT_WINDOW_FRAMES)
        return pt_fail(err, PT_ERANGE, "an excerpt to degrade has 1 to %d samples, not %zu",
                       PT_WINDOW_FRAMES, n_samples);
    return PT_OK;
}

pt_status pt_chain_draw(const pt_suite *suite, uint64_t seed, const char *entry, uint32_t variant,
                        pt_order order, size_t n_samples, pt_chain **out, pt_error *err) {
    PT_TRY(row_allows(seed, variant, n_samples, err));
    pt_chain *chain = calloc(1, sizeof *chain);
    if (!chain) return pt_fail(err, PT_ENOMEM, "no memory for a chain of effects");

    const pt_rng plan = pt_rng_of(seed, entry, variant, PT_STREAM_PLAN);
    const bool clean = pt_rng_uniform(&plan, PLAN_CLEAN) < suite->clean;
    size_t at[PT_EFFECTS] = {0, 1, 2, 3, 4, 5};
    if (order == PT_ORDER_RANDOM) shuffle(&plan, at);

    for (size_t i = 0; i < PT_EFFECTS && !clean; i++) {
        const pt_effect *effect = pt_effects[at[i]];
        if (pt_rng_uniform(&plan, effect->plan) >= suite->probability[at[i]]) continue;
        const pt_drawing drawing = {effect, suite->setting[at[i]],
                                    pt_rng_of(seed, entry, variant, effect->stream), n_samples,
                                    NULL};
        stage_draw(&drawing, &chain->stage[chain->n_stages++]);
    }
    *out = chain;
    return PT_OK;
}

/* ---- choosing ---- */

static pt_status no_effect(const char *name, size_t n, pt_error *err) {
    char known[PT_EFFECT_LIST];
    return pt_fail(err, PT_EUSAGE, "'%.*s' is no effect; there are %s", n < 64 ? (int)n : 64, name,
                   pt_effect_list(known));
}

/* Index of the effect that the n bytes name; PT_EFFECTS if there is none. */
static size_t effect_index(const char *name, size_t n) {
    size_t e = 0;
    while (e < PT_EFFECTS &&
           (strlen(pt_effects[e]->name) != n || memcmp(pt_effects[e]->name, name, n) != 0))
        e++;
    return e;
}

pt_status pt_chain_choose(const pt_suite *suite, const char *effects, pt_severity severity,
                          uint64_t seed, const char *entry, uint32_t variant, size_t n_samples,
                          pt_chain **out, pt_error *err) {
    bool used[PT_EFFECTS] = {false};
    pt_chain chosen = {0};

    PT_TRY(row_allows(seed, variant, n_samples, err));
    for (const char *name = effects;; name++) {
        const size_t n = strcspn(name, ","), e = effect_index(name, n);
        if (e == PT_EFFECTS) return no_effect(name, n, err);
        if (used[e]) return pt_fail(err, PT_EUSAGE, "'%s' is named twice", pt_effects[e]->name);
        used[e] = true;
        const pt_effect *effect = pt_effects[e];
        const pt_drawing drawing = {effect, suite->setting[e],
                                    pt_rng_of(seed, entry, variant, effect->stream), n_samples,
                                    &severity};
        stage_draw(&drawing, &chosen.stage[chosen.n_stages++]);
        name += n;
        if (*name == '\0') break;
    }
    pt_chain *chain = malloc(sizeof *chain);
    if (!chain) return pt_fail(err, PT_ENOMEM, "no memory for a chain of effects");
    *chain = chosen;
    *out = chain;
    return PT_OK;
}

void pt_chain_close(pt_chain **chain) {
    if (!chain) return;
    free(*chain);
    *chain = NULL;
}

/* ---- riding ---- */

/* All memory is taken here: five buffers are enough for any chain, and pages that a chain does not
 * touch cost nothing. */
static pt_status ride_start(const pt_suite *suite, const float *x, size_t n, pt_ride *ride,
                            pt_arena *scratch, pt_error *err) {
    size_t f = 0;
    while ((size_t)PT_SUITE_FFT_MIN << f < n)
        f++;
    *ride = (pt_ride){.n = n, .fft = suite->fft[f], .fft_size = (size_t)PT_SUITE_FFT_MIN << f};
    ride->work = pt_arena_take(scratch, PT_WORK_BYTES(ride->fft_size));
    ride->signal = ride->degraded = pt_arena_take_array(scratch, n, sizeof(double));
    bool failed = !ride->work || !ride->signal;
    for (; ride->n_spare < sizeof ride->spare / sizeof *ride->spare; ride->n_spare++) {
        ride->spare[ride->n_spare] = pt_arena_take_array(scratch, n, sizeof(double));
        failed = failed || !ride->spare[ride->n_spare];
    }
    if (failed) return pt_fail(err, PT_ENOMEM, "no memory to degrade %zu samples", n);
    for (size_t i = 0; i < n; i++)
        ride->signal[i] = x[i];
    return PT_OK;
}

static double *spare_take(pt_ride *ride) {
    assert(ride->n_spare > 0);
    return ride->spare[--ride->n_spare];
}

static void spare_give(pt_ride *ride, double *buffer) {
    ride->spare[ride->n_spare++] = buffer;
}

static void ride_filter(const pt_stage *stage, pt_ride *ride) {
    stage->effect->filter(stage, ride->signal, ride->n);
    if (ride->degraded != ride->signal) stage->effect->filter(stage, ride->degraded, ride->n);
    if (ride->noise) stage->effect->filter(stage, ride->noise, ride->n);
    if (ride->distortion) stage->effect->filter(stage, ride->distortion, ride->n);
}

/* What an additive effect does not touch between n_done and end. */
static void site_skip(pt_site *site, size_t end) {
    const size_t from = site->n_done, n_bytes = (end - from) * sizeof(double);
    if (site->parting) memcpy(site->ride->degraded + from, site->signal + from, n_bytes);
    if (site->first) memset(site->ride->noise + from, 0, n_bytes);
    site->n_done = end;
}

void pt_site_add(pt_site *site, size_t at, const double *made, size_t n) {
    site_skip(site, at);
    double *degraded = site->ride->degraded + at, *noise = site->ride->noise + at;
    const double *before = (site->parting ? site->signal : degraded - at) + at;
    for (size_t i = 0; i < n; i++)
        degraded[i] = before[i] + made[i];
    if (site->first)
        memcpy(noise, made, n * sizeof *noise);
    else
        for (size_t i = 0; i < n; i++)
            noise[i] += made[i];
    site->n_done = at + n;
}

static void ride_add(const pt_stage *stage, const pt_rng *noise, pt_ride *ride,
                     pt_stage_damage *damage) {
    pt_site site = {.signal = ride->signal,
                    .degraded = ride->degraded,
                    .n = ride->n,
                    .noise = noise,
                    .fft = ride->fft,
                    .fft_size = ride->fft_size,
                    .work = ride->work,
                    .ride = ride,
                    .parting = ride->degraded == ride->signal,
                    .first = !ride->noise};
    if (site.parting) ride->degraded = spare_take(ride);
    if (site.first) ride->noise = spare_take(ride);
    stage->effect->add(stage, &site, damage);
    site_skip(&site, ride->n);
}

static void scale(double *x, size_t n, double gain) {
    for (size_t i = 0; i < n; i++)
        x[i] *= gain;
}

/* Bussgang's split of y, which degraded becomes: y - a d joins the distortion. */
static void ride_split(pt_ride *ride, const double *y, double a) {
    const size_t n = ride->n;
    const double *d = ride->degraded;
    double *e = ride->distortion;
    if (e) {
        for (size_t i = 0; i < n; i++)
            e[i] = a * e[i] + (y[i] - a * d[i]);
        spare_give(ride, ride->degraded);
    } else if (d == ride->signal) {
        e = spare_take(ride);
        for (size_t i = 0; i < n; i++)
            e[i] = y[i] - a * d[i];
    } else { /* in place */
        e = ride->degraded;
        for (size_t i = 0; i < n; i++)
            e[i] = y[i] - a * e[i];
    }
    ride->distortion = e;
    scale(ride->signal, n, a);
    if (ride->noise) scale(ride->noise, n, a);
}

static void ride_shape(const pt_stage *stage, pt_ride *ride, pt_stage_damage *damage) {
    const pt_effect *effect = stage->effect;
    const double *d = ride->degraded;
    double *y = spare_take(ride);
    pt_comoments of_both = {0};
    effect->look(stage, d, ride->n, ride->work, damage);
    for (size_t i = 0; i < ride->n; i += PT_PIECE) {
        const size_t n = pt_piece_at(i, ride->n);
        effect->shape(stage, d + i, n, y + i, damage);
        pt_comoments_add(&of_both, d + i, y + i, n);
    }

    /* A constant has no AC power, and any gain would do. */
    const double power = pt_moments_power(&of_both.x);
    const double a = power > 0.0 ? pt_comoments_covariance(&of_both) / power : 1.0;
    damage->bussgang_gain = a;

    ride_split(ride, y, a);
    ride->degraded = y;
}

pt_status pt_chain_ride(const pt_suite *suite, const pt_chain *chain, const pt_rng *noise,
                        const float *x, size_t n, pt_ride *ride, pt_damage *damage,
                        pt_arena *scratch, pt_error *err) {
    PT_TRY(ride_start(suite, x, n, ride, scratch, err));
    damage->n_stages = chain->n_stages;
    for (size_t i = 0; i < chain->n_stages; i++) {
        const pt_stage *stage = &chain->stage[i];
        pt_stage_damage *derived = &damage->stage[i];
        *derived = (pt_stage_damage){.effect = stage->effect->name};
        switch (stage->effect->nature) {
        case PT_FILTER:
            ride_filter(stage, ride);
            break;
        case PT_ADDITIVE:
            ride_add(stage, noise, ride, derived);
            break;
        case PT_NONLINEAR:
            ride_shape(stage, ride, derived);
            break;
        }
    }
    return PT_OK;
}

/* ---- the books ---- */

/* Peak and powers, before output gain; rest, since noise and distortion need not be uncorrelated.
 */
static double ride_measure(const pt_ride *ride, pt_damage *damage, double *mean) {
    pt_moments of_all = {0}, of_signal = {0}, of_noise = {0}, of_distortion = {0}, of_rest = {0};
    double peak = 0.0;
    for (size_t i = 0; i < ride->n; i += PT_PIECE) {
        const size_t n = pt_piece_at(i, ride->n);
        peak = fmax(peak, pt_stats_peak_double(ride->degraded + i, n));
        pt_moments_add(&of_all, ride->degraded + i, n);
        pt_moments_add(&of_signal, ride->signal + i, n);
        if (ride->noise) pt_moments_add(&of_noise, ride->noise + i, n);
        if (ride->distortion) pt_moments_add(&of_distortion, ride->distortion + i, n);
        if (ride->noise && ride->distortion) {
            double rest[PT_PIECE];
            for (size_t k = 0; k < n; k++)
                rest[k] = ride->noise[i + k] + ride->distortion[i + k];
            pt_moments_add(&of_rest, rest, n);
        }
    }
    *mean = pt_moments_mean(&of_all);
    damage->signal_power = pt_moments_power(&of_signal);
    damage->noise_power = ride->noise ? pt_moments_power(&of_noise) : 0.0;
    damage->distortion_power = ride->distortion ? pt_moments_power(&of_distortion) : 0.0;
    damage->rest_power = ride->noise && ride->distortion
                             ? pt_moments_power(&of_rest)
                             : damage->noise_power + damage->distortion_power;
    return peak;
}

static pt_status ride_finish(const pt_ride *ride, float *degraded, pt_damage *damage,
                             pt_error *err) {
    double mean;
    const double peak = ride_measure(ride, damage, &mean);
    const double gain = peak > OUTPUT_PEAK ? OUTPUT_PEAK / peak : 1.0;
    damage->output_gain = gain;
    damage->signal_power *= gain * gain;
    damage->noise_power *= gain * gain;
    damage->distortion_power *= gain * gain;
    damage->rest_power *= gain * gain;

    /* Drawn chains are far from it; a recipe may ask for sixteen boosts by 60 dB, sixteen times.
     * A peak passes over NaN, a mean does not. */
    if (!isfinite(peak) || !isfinite(mean) || !isfinite(damage->signal_power) ||
        !isfinite(damage->rest_power))
        return pt_fail(err, PT_EFORMAT, "the gains of this chain make samples overflow");

    for (size_t i = 0; i < ride->n; i++)
        degraded[i] = (float)(gain * ride->degraded[i]);
    return PT_OK;
}

pt_status pt_chain_apply(const pt_suite *suite, const pt_chain *chain, uint64_t seed,
                         const char *entry, uint32_t variant, const float *x, size_t n_samples,
                         float *degraded, pt_damage *damage, pt_arena *scratch, pt_error *err) {
    PT_TRY(row_allows(seed, variant, n_samples, err));
    if (!pt_stats_finite(x, n_samples))
        return pt_fail(err, PT_REJECT_NONFINITE, "a sample is not a finite number");

    const pt_rng noise = pt_rng_of(seed, entry, variant, PT_STREAM_NOISE_SAMPLES);
    pt_damage own = {0};
    pt_ride ride;
    const pt_arena_mark mark = pt_arena_here(scratch);
    const unsigned modes = pt_denormals_flush();
    pt_status status = pt_chain_ride(suite, chain, &noise, x, n_samples, &ride, &own, scratch, err);
    if (status == PT_OK) status = ride_finish(&ride, degraded, &own, err);
    pt_denormals_restore(modes);
    pt_arena_rewind(scratch, mark);
    if (status == PT_OK && damage) *damage = own;
    return status;
}
