/* SPDX-License-Identifier: MIT */
/* peak_flops.h - how fast one core multiplies and adds when nothing else holds it up */

#ifndef PATINA_NN_PEAK_FLOPS_H
#define PATINA_NN_PEAK_FLOPS_H

#include <patina/cpu.h>

/** Runs about `flop` floating-point operations on registers alone, with the vectors of isa and
 * products of operands of that precision, which the CPU must have; returns how many it ran, 0 where
 * there is no such loop. */
double pt_nn_peak_flops_run(patina_isa isa, patina_precision precision, double flop);

#endif /* PATINA_NN_PEAK_FLOPS_H */
