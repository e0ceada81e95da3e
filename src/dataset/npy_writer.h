/* SPDX-License-Identifier: MIT */
/* npy_writer.h - NumPy .npy writer */

#ifndef PATINA_DATASET_NPY_WRITER_H
#define PATINA_DATASET_NPY_WRITER_H

#include <stddef.h>

#include <patina/status.h>

/** Writes [n_rows, n_columns] float32 as NumPy's .npy 1.0; appears under path when complete. */
patina_status pt_npy_write(const char *path, const float *values, size_t n_rows, size_t n_columns,
                           patina_error *err);

#endif /* PATINA_DATASET_NPY_WRITER_H */
