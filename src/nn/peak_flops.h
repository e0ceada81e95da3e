/* SPDX-License-Identifier: MIT */
/* peak_flops.h - peak multiply-add throughput of one core */

#ifndef PATINA_NN_PEAK_FLOPS_H
#define PATINA_NN_PEAK_FLOPS_H

#include <patina/cpu.h>

/** Runs about `flop` floating-point operations on registers, with the vectors of isa and products
 * of operands of the precision; the CPU must support both. Returns the number of operations, 0 if
 * there is no such loop. */
double pt_nn_peak_flops_run(patina_isa isa, patina_precision precision, double flop);

#endif /* PATINA_NN_PEAK_FLOPS_H */
