/* SPDX-License-Identifier: MIT */
/* flops.h - how much arithmetic the towers take, from the configuration alone
 *
 * Matrix products and convolutions only, a multiply-add counted as two; norms, softmax, GELU and
 * the features are left out, as every FLOP counter does.
 */

#ifndef PATINA_BENCH_FLOPS_H
#define PATINA_BENCH_FLOPS_H

#include <stddef.h>

#include "clap/config.h"

/** One clip through the audio tower and its projection; of a fused model, not longer. */
double pt_flops_audio(const pt_clap_config *config);

/** One caption of n_tokens through the text tower and its projection, without padding. */
double pt_flops_text(const pt_clap_config *config, size_t n_tokens);

#endif /* PATINA_BENCH_FLOPS_H */
