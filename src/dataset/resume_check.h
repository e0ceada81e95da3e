/* SPDX-License-Identifier: MIT */
/* resume_check.h - whether a run can be resumed, imported or merged: compares the metadata of two
 * runs and names the first difference */

#ifndef PATINA_DATASET_RESUME_CHECK_H
#define PATINA_DATASET_RESUME_CHECK_H

#include <stddef.h>

#include <patina/status.h>

#include "dataset/run_metadata.h"

/**
 * Compares a run found in a folder with the run of this process.
 *
 * difference  out: words that follow "a run with "; "" when the runs are the same
 */
patina_status pt_run_metadata_compare(const pt_run_metadata *theirs, const pt_run_metadata *ours,
                                      char *difference, size_t n, patina_error *err);

#endif /* PATINA_DATASET_RESUME_CHECK_H */
