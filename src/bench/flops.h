/* SPDX-License-Identifier: MIT */
/* flops.h - number of floating-point operations of the towers, from the configuration
 *
 * Counts matrix products and convolutions, a multiply-add as two operations. Norms, softmax, GELU
 * and feature extraction are excluded, as usual.
 */

#ifndef PATINA_BENCH_FLOPS_H
#define PATINA_BENCH_FLOPS_H

#include <stddef.h>

#include "clap/config.h"

/** Returns the operations of the audio tower and its projection for one clip, without fusion. */
double pt_flops_audio(const pt_clap_config *config);

/** Returns the operations of the text tower and its projection for n_tokens, without padding. */
double pt_flops_text(const pt_clap_config *config, size_t n_tokens);

#endif /* PATINA_BENCH_FLOPS_H */
