/* SPDX-License-Identifier: MIT */
/* npy_writer.c - writes a matrix in NumPy's format, version 1.0
 *
 * Source  NumPy, "numpy.lib.format": magic, version, length of the header, a Python dictionary
 *         padded with blanks so that the data starts at a multiple of 64
 */

#include <patina/file_ops.h>

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dataset/npy_writer.h"
#include "fs/atomic_file.h"

enum { PREAMBLE = 10, HEADER = 128 }; /* the dictionary is shorter than 100 */

static void make_header(unsigned char header[HEADER], size_t n_rows, size_t n_columns) {
    const unsigned length = HEADER - PREAMBLE;
    char text[HEADER - PREAMBLE + 1];

    const int n = snprintf(text, sizeof text,
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }",
                           n_rows, n_columns);
    memset(header, ' ', HEADER);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    header[8] = (unsigned char)(length & 0xFF);
    header[9] = (unsigned char)(length >> 8);
    memcpy(header + PREAMBLE, text, (size_t)n);
    header[HEADER - 1] = '\n';
}

patina_status pt_npy_write(const char *path, const float *values, size_t n_rows, size_t n_columns,
                           patina_error *err) {
    unsigned char header[HEADER];
    pt_atomic_file *file = NULL;

    if (n_columns > 0 && n_rows > SIZE_MAX / sizeof *values / n_columns)
        return pt_fail(err, PATINA_ERANGE, "file '%s': a matrix of %zu by %zu is too large", path,
                       n_rows, n_columns);
    make_header(header, n_rows, n_columns);
    patina_status status = pt_atomic_file_open(path, &file, err);
    if (status == PATINA_OK) status = pt_atomic_file_write(file, header, sizeof header, err);
    if (status == PATINA_OK)
        status = pt_atomic_file_write_floats(file, values, n_rows * n_columns, err);
    if (status == PATINA_OK) status = pt_atomic_file_commit(file, err);
    pt_atomic_file_close(&file);
    return status;
}
