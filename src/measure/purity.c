/* SPDX-License-Identifier: MIT */
/* purity.c - two powers to one number; the book-keeping that gives the powers is the suite's */

#include <math.h>

#include <patina/measure.h>

double patina_purity_db(double signal_power, double rest_power) {
    if (signal_power <= 0.0) return PATINA_PURITY_MIN; /* also where nothing is left at all */
    if (rest_power <= 0.0) return PATINA_PURITY_MAX;
    const double purity_db = 10.0 * log10(signal_power / rest_power);
    return fmin(PATINA_PURITY_MAX, fmax(PATINA_PURITY_MIN, purity_db));
}
