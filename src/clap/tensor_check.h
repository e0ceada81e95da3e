/* SPDX-License-Identifier: MIT */
/* tensor_check.h - checks that a weight file has the tensors of a configuration */

#ifndef PATINA_CLAP_TENSOR_CHECK_H
#define PATINA_CLAP_TENSOR_CHECK_H

#include <patina/clap.h>
#include <patina/status.h>

#include "clap/config.h"
#include "weights/checkpoint.h"

/**
 * Checks that all tensors of the towers in parts and of their projections exist with the expected
 * shape and a floating-point dtype. Other tensors are ignored. After success pt_checkpoint_find
 * does not fail for a tensor of the layout.
 *
 * Errors  PATINA_EFORMAT  names the file and the first tensor that is missing or invalid
 */
patina_status pt_clap_tensors_check(const pt_clap_config *config, const pt_checkpoint *file,
                                    patina_clap_parts parts, patina_error *err);

#endif /* PATINA_CLAP_TENSOR_CHECK_H */
