/* SPDX-License-Identifier: MIT */
/* tensor_check.h - which tensors a configuration needs */

#ifndef PATINA_CLAP_TENSOR_CHECK_H
#define PATINA_CLAP_TENSOR_CHECK_H

#include <patina/clap.h>
#include <patina/status.h>

#include "clap/config.h"
#include "weights/checkpoint.h"

/**
 * Checks that every tensor which the towers named by parts read, with their projections, is there
 * in its shape and in a floating-point dtype. What else the file holds is ignored. After this
 * pt_checkpoint_find does not fail for a name and shape of the layout.
 *
 * Errors  PATINA_EFORMAT  names the file and the first tensor that is missing or wrong
 */
patina_status pt_clap_tensors_check(const pt_clap_config *config, const pt_checkpoint *file,
                                    patina_clap_parts parts, patina_error *err);

#endif /* PATINA_CLAP_TENSOR_CHECK_H */
