/* SPDX-License-Identifier: MIT */
/* npy.c - a matrix in NumPy's format, version 1.0
 *
 * Source  NumPy, "numpy.lib.format": magic, version, length of the header, a Python dictionary
 *         padded by blanks so that the data starts at a multiple of 64
 */

#include <patina/files.h>

#include <stdio.h>
#include <string.h>

#include "dataset/outfile.h"

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

pt_status pt_npy_write(const char *path, const float *values, size_t n_rows, size_t n_columns,
                       pt_error *err) {
    unsigned char header[HEADER];
    pt_outfile *file = NULL;

    if (n_columns > 0 && n_rows > SIZE_MAX / sizeof *values / n_columns)
        return pt_fail(err, PT_ERANGE, "file '%s': a matrix of %zu by %zu is too large", path,
                       n_rows, n_columns);
    make_header(header, n_rows, n_columns);
    pt_status status = pt_outfile_open(path, &file, err);
    if (status == PT_OK) status = pt_outfile_write(file, header, sizeof header, err);
    if (status == PT_OK) status = pt_outfile_write_floats(file, values, n_rows * n_columns, err);
    if (status == PT_OK) status = pt_outfile_commit(file, err);
    pt_outfile_close(&file);
    return status;
}
