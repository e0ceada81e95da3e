/* SPDX-License-Identifier: MIT */
/* purity.c - purity from the powers that patina_effect_chain_apply measures */

#include <math.h>

#include <patina/measure.h>

double patina_purity_db(double signal_power, double rest_power) {
    if (signal_power <= 0.0) return PATINA_PURITY_MIN; /* also if both are 0 */
    if (rest_power <= 0.0) return PATINA_PURITY_MAX;
    const double purity_db = 10.0 * log10(signal_power / rest_power);
    return fmin(PATINA_PURITY_MAX, fmax(PATINA_PURITY_MIN, purity_db));
}
