/* SPDX-License-Identifier: MIT */
/* test_npy_reader.c - the reader of the goldens, which must reject what it does not support */

#include "npy_reader.h"
#include "test.h"

#include <stdlib.h>

/* A file with this dictionary and n_values floats 1, 2, 3 ... */
static const char *written(const char *dictionary, size_t n_values) {
    static char path[512];
    snprintf(path, sizeof path, "%s/array.npy", pt_test_tmpdir());
    FILE *file = fopen(path, "wb");
    if (!file) abort();
    const size_t length = strlen(dictionary);
    const unsigned char head[] = {0x93,
                                  'N',
                                  'U',
                                  'M',
                                  'P',
                                  'Y',
                                  1,
                                  0,
                                  (unsigned char)(length & 255),
                                  (unsigned char)(length >> 8)};
    fwrite(head, 1, sizeof head, file);
    fwrite(dictionary, 1, length, file);
    for (size_t i = 0; i < n_values; i++) {
        const unsigned char floats[][4] = {{0, 0, 0x80, 0x3f}, {0, 0, 0, 0x40}, {0, 0, 0x40, 0x40}};
        fwrite(floats[i % 3], 1, 4, file);
    }
    fclose(file);
    return path;
}

#define HEAD "{'descr': '<f4', 'fortran_order': False, 'shape': "

TEST(npy, values_and_shape) {
    pt_npy array = {0};
    REQUIRE_OK(pt_npy_read(written(HEAD "(1, 3), }   \n", 3), &array, &t->err));
    CHECK_INT(array.n_dims, 2);
    CHECK_INT(array.dims[0], 1);
    CHECK_INT(array.dims[1], 3);
    CHECK_INT(array.n_values, 3);
    for (size_t i = 0; i < 3; i++)
        CHECK_NEAR(array.values[i], (double)i + 1, 0);
    pt_npy_release(&array);

    REQUIRE_OK(pt_npy_read(written(HEAD "(2,), }\n", 2), &array, &t->err));
    CHECK_INT(array.n_dims, 1);
    pt_npy_release(&array);

    REQUIRE_OK(pt_npy_read(written(HEAD "(), }\n", 1), &array, &t->err));
    CHECK_INT(array.n_dims, 0);
    CHECK_INT(array.n_values, 1);
    pt_npy_release(&array);
}

/* The bytes of its first value are 19 8f 02 3d: sign 0, exponent 0x7a, fraction 0x028f19. */
TEST(npy, a_golden) {
    pt_npy array = {0};
    REQUIRE_OK(pt_npy_read(pt_test_golden_path("clap/mini/golden/text_emb/c00_plain.npy"), &array,
                           &t->err));
    CHECK_INT(array.n_values, 512);
    CHECK_NEAR(array.values[0], 0x1.051e32p-5, 0);
    pt_npy_release(&array);
}

TEST(npy, unsupported_files_are_rejected) {
    static const struct {
        const char *dictionary;
        size_t n_values;
    } bad[] = {
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }\n", 3},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }\n", 3},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (3,), }\n", 3},
        {HEAD "(3,), }", 3},
        {HEAD "(3,), } x\n", 3},
        {HEAD "(3,)\n", 3},
        {HEAD "(-3,), }\n", 3},
        {HEAD "(3 4), }\n", 12},
        {HEAD "(4,), }\n", 3},
        {HEAD "(2,), }\n", 3},
        {HEAD "(4294967296, 4294967296), }\n", 0},
        {HEAD "(18446744073709551616,), }\n", 0},
        {HEAD "(1, 1, 1, 1, 1, 1, 1, 1, 1), }\n", 1},
    };
    pt_npy array = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_FAILS(pt_npy_read(written(bad[i].dictionary, bad[i].n_values), &array, &t->err),
                    PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "array.npy");
    }
    CHECK_FAILS(pt_npy_read("/nonexistent.npy", &array, &t->err), PATINA_EIO);
    CHECK(array.values == NULL);
}
