/* SPDX-License-Identifier: MIT */
/* dynamics.c - crest factor, zero-crossing rate, power */

#include "measure/dynamics.h"

#include <math.h>

#include <patina/measure.h>

#include "dsp/denormal.h"
#include "dsp/dsp_ops.h"
#include "dsp/stats.h"

void pt_dynamics_add(pt_dynamics *dynamics, const float *x, size_t n_samples) {
    if (n_samples == 0) return;
    pt_sample_stats stats;
    pt_dsp_ops_get_best()->sample_stats(x, n_samples, dynamics->mean, &stats);
    dynamics->energy += stats.energy;
    dynamics->ac_energy += stats.energy_about;
    dynamics->peak = stats.peak > dynamics->peak ? stats.peak : dynamics->peak;
    dynamics->nonfinite = dynamics->nonfinite || !stats.finite;

    const bool crossed = dynamics->n_samples > 0 && pt_is_negative(x[0]) != dynamics->negative;
    dynamics->n_zero_crossings += stats.n_zero_crossings + crossed;
    dynamics->negative = pt_is_negative(x[n_samples - 1]);
    dynamics->n_samples += n_samples;
}

double pt_dynamics_crest_db(const pt_dynamics *dynamics) {
    if (!(dynamics->energy > 0.0)) return 0.0;
    const double rms = sqrt(dynamics->energy / (double)dynamics->n_samples);
    return 20.0 * log10((double)dynamics->peak / rms);
}

double pt_dynamics_zcr(const pt_dynamics *dynamics) {
    if (dynamics->n_samples < 2) return 0.0;
    return (double)dynamics->n_zero_crossings / (double)(dynamics->n_samples - 1);
}

static pt_dynamics measure_dynamics(const float *x, size_t n_samples) {
    const unsigned mode = pt_denormals_flush();
    pt_dynamics dynamics = {0};
    for (size_t i = 0; i < n_samples; i += PT_DYNAMICS_CHUNK)
        pt_dynamics_add(&dynamics, x + i,
                        n_samples - i < PT_DYNAMICS_CHUNK ? n_samples - i : PT_DYNAMICS_CHUNK);
    pt_denormals_restore(mode);
    return dynamics;
}

double patina_crest_factor_db(const float *x, size_t n_samples) {
    const pt_dynamics dynamics = measure_dynamics(x, n_samples);
    return pt_dynamics_crest_db(&dynamics);
}

double patina_zero_crossing_rate(const float *x, size_t n_samples) {
    const pt_dynamics dynamics = measure_dynamics(x, n_samples);
    return pt_dynamics_zcr(&dynamics);
}

double patina_ac_power(const float *x, size_t n_samples) {
    const unsigned mode = pt_denormals_flush();
    const double power = pt_stats_power(x, n_samples);
    pt_denormals_restore(mode);
    return power;
}
