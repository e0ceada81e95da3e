/* SPDX-License-Identifier: MIT */
/* npy_reader.c - parses the preamble, the dictionary and the values of a .npy file */

#include "npy_reader.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define PREAMBLE   10 /* magic (6), version (2), length of the dictionary (2, little-endian) */
#define VALUES_MAX (SIZE_MAX / 2 / sizeof(float))

/* Moves *text past word; false if the text does not start with it. */
static bool skip_token(const char **text, const char *word) {
    const size_t n = strlen(word);
    if (strncmp(*text, word, n) != 0) return false;
    *text += n;
    return true;
}

/* The shape "(3, 4)", "(3,)" or "()"; false for other text, or if the product overflows. */
static bool read_shape(const char **text, pt_npy *array) {
    array->n_dims = 0;
    array->n_values = 1;
    if (!skip_token(text, "(")) return false;
    while (!skip_token(text, ")")) {
        char *end;
        if (array->n_dims == PT_NPY_DIMS_MAX || **text < '0' || **text > '9') return false;
        errno = 0;
        const unsigned long long n = strtoull(*text, &end, 10);
        if (errno || n > VALUES_MAX) return false;
        *text = end;
        if (n != 0 && array->n_values > VALUES_MAX / n) return false;
        array->dims[array->n_dims++] = (size_t)n;
        array->n_values *= (size_t)n;
        if (!skip_token(text, ", ") && !skip_token(text, ",") && **text != ')') return false;
    }
    return true;
}

/* The dictionary as NumPy writes it: sorted keys, padding with spaces, a line feed. */
static bool read_header_dict(const char *text, pt_npy *array) {
    if (!skip_token(&text, "{'descr': '<f4', 'fortran_order': False, 'shape': ")) return false;
    if (!read_shape(&text, array)) return false;
    if (!skip_token(&text, ", }") && !skip_token(&text, "}")) return false;
    text += strspn(text, " ");
    return strcmp(text, "\n") == 0;
}

static patina_status read_file(FILE *file, pt_npy *array, patina_error *err) {
    unsigned char head[PREAMBLE];
    char dictionary[UINT16_MAX + 1];

    if (fread(head, 1, PREAMBLE, file) != PREAMBLE || memcmp(head, "\x93NUMPY\x01\x00", 8) != 0)
        return pt_fail(err, PATINA_EFORMAT, "not a .npy file of version 1.0");
    const size_t length = head[8] + 256U * head[9];
    if (fread(dictionary, 1, length, file) != length)
        return pt_fail(err, PATINA_EFORMAT, "cut off in its header");
    dictionary[length] = '\0';
    if (!read_header_dict(dictionary, array))
        return pt_fail(err, PATINA_EFORMAT, "header is not that of a '<f4' array in C order");

    /* Check the size before allocating. */
    if (fseek(file, 0, SEEK_END) != 0) return pt_fail(err, PATINA_EIO, "cannot be read");
    const long size = ftell(file);
    if (size < 0 || (size_t)size != PREAMBLE + length + array->n_values * sizeof(float))
        return pt_fail(err, PATINA_EFORMAT, "has %ld bytes, not those of its shape", size);
    array->values = malloc(array->n_values ? array->n_values * sizeof(float) : 1);
    if (!array->values) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (fseek(file, (long)(PREAMBLE + length), SEEK_SET) != 0 ||
        fread(array->values, sizeof(float), array->n_values, file) != array->n_values)
        return pt_fail(err, PATINA_EIO, "cannot be read");

    for (size_t i = 0; i < array->n_values; i++) { /* little-endian on every host */
        unsigned char b[4];
        memcpy(b, &array->values[i], sizeof b);
        const uint32_t bits =
            b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
        memcpy(&array->values[i], &bits, sizeof bits);
    }
    return PATINA_OK;
}

patina_status pt_npy_read(const char *path, pt_npy *array, patina_error *err) {
    pt_npy result = {0};
    FILE *file = fopen(path, "rb");
    if (!file) return pt_fail(err, PATINA_EIO, "'%s': cannot be opened: %s", path, strerror(errno));

    const patina_status status = read_file(file, &result, err);
    fclose(file);
    if (status != PATINA_OK) {
        pt_error_add_context(err, "'%s'", path);
        pt_npy_release(&result);
        return status;
    }
    *array = result;
    return PATINA_OK;
}

void pt_npy_release(pt_npy *array) {
    free(array->values);
    *array = (pt_npy){0};
}
