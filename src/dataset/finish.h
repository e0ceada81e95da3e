/* SPDX-License-Identifier: MIT */
/* finish.h - completes a data set from its chunks (internal part of patina/dataset.h) */

#ifndef PATINA_DATASET_FINISH_H
#define PATINA_DATASET_FINISH_H

#include "dataset/run_metadata.h"

/** As patina_dataset_finish. counts: out, of the finished set. */
patina_status pt_dataset_finish(const char *out, patina_dataset_report *report,
                                pt_run_counts *counts, patina_error *err);

#endif /* PATINA_DATASET_FINISH_H */
