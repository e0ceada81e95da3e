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
    pt_survey found;
    pt_dsp_ops_best()->survey(x, n_samples, dynamics->mean, &found);
    dynamics->energy += found.energy;
    dynamics->ac_energy += found.energy_about;
    dynamics->peak = found.peak > dynamics->peak ? found.peak : dynamics->peak;
    dynamics->nonfinite = dynamics->nonfinite || !found.finite;

    const bool crossed = dynamics->n_samples > 0 && pt_is_negative(x[0]) != dynamics->negative;
    dynamics->n_crossings += found.n_crossings + crossed;
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
    return (double)dynamics->n_crossings / (double)(dynamics->n_samples - 1);
}

static pt_dynamics dynamics_of(const float *x, size_t n_samples) {
    const unsigned mode = pt_denormals_flush();
    pt_dynamics dynamics = {0};
    for (size_t i = 0; i < n_samples; i += PT_DYNAMICS_PIECE)
        pt_dynamics_add(&dynamics, x + i,
                        n_samples - i < PT_DYNAMICS_PIECE ? n_samples - i : PT_DYNAMICS_PIECE);
    pt_denormals_restore(mode);
    return dynamics;
}

double pt_crest_db(const float *x, size_t n_samples) {
    const pt_dynamics dynamics = dynamics_of(x, n_samples);
    return pt_dynamics_crest_db(&dynamics);
}

double pt_zcr(const float *x, size_t n_samples) {
    const pt_dynamics dynamics = dynamics_of(x, n_samples);
    return pt_dynamics_zcr(&dynamics);
}

double pt_power(const float *x, size_t n_samples) {
    const unsigned mode = pt_denormals_flush();
    const double power = pt_stats_power(x, n_samples);
    pt_denormals_restore(mode);
    return power;
}
