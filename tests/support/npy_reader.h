/* SPDX-License-Identifier: MIT */
/* npy_reader.h - reads the arrays of the goldens: NumPy's .npy version 1.0, '<f4', C order
 *
 * Source: NumPy Enhancement Proposal 1, "A Simple File Format for NumPy Arrays".
 */

#ifndef PATINA_TEST_NPY_READER_H
#define PATINA_TEST_NPY_READER_H

#include <stddef.h>

#include <patina/status.h>

#define PT_NPY_DIMS_MAX 8

typedef struct pt_npy {
    size_t n_dims, dims[PT_NPY_DIMS_MAX]; /* n_dims 0: a single number */
    size_t n_values;
    float *values;
} pt_npy;

/**
 * Reads a whole array. Another version, dtype or order is an error, and so is a size that differs
 * from the shape.
 *
 * Errors   PATINA_EIO, PATINA_EFORMAT, PATINA_ENOMEM; each names the file
 */
patina_status pt_npy_read(const char *path, pt_npy *array, patina_error *err);

/** Frees the array and zeroes the struct, which may be zeroed already. */
void pt_npy_release(pt_npy *array);

#endif /* PATINA_TEST_NPY_READER_H */
