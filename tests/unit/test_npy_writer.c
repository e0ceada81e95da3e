/* SPDX-License-Identifier: MIT */
/* test_npy_writer.c - the NumPy writer */

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include <patina/file_ops.h>

#include "base/byte_source.h"
#include "dataset/npy_writer.h"
#include "full_disk.h"

/* The header as the format's documentation gives it; tests/python reads such files with NumPy. */
TEST(npy, header_and_values) {
    static const float values[6] = {0.0F, 1.0F, -2.5F, 3.0F, 1e-38F, 6.0F};
    static const char dictionary[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    char path[512], *text = NULL;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/a.npy", pt_test_tmpdir());
    REQUIRE_OK(pt_npy_write(path, values, 2, 3, &t->err));
    REQUIRE_OK(pt_file_read_all(path, 4096, &text, &n, &t->err));
    REQUIRE(n > 10);
    CHECK(memcmp(text, "\x93NUMPY\x01\x00", 8) == 0);
    const size_t data = 10 + (unsigned char)text[8] + 256 * (size_t)(unsigned char)text[9];
    CHECK_INT(data % 64, 0);
    REQUIRE(n == data + sizeof values);
    CHECK(memcmp(text + 10, dictionary, strlen(dictionary)) == 0);
    CHECK_INT(strspn(text + 10 + strlen(dictionary), " "), data - 11 - strlen(dictionary));
    CHECK_INT(text[data - 1], '\n');
    CHECK(memcmp(text + data, values, sizeof values) == 0);
    free(text);
}

TEST(npy, no_rows) {
    char path[512], *text = NULL;
    size_t n = 0;

    snprintf(path, sizeof path, "%s/none.npy", pt_test_tmpdir());
    REQUIRE_OK(pt_npy_write(path, NULL, 0, 512, &t->err));
    REQUIRE_OK(pt_file_read_all(path, 4096, &text, &n, &t->err));
    CHECK_INT(n % 64, 0);
    CHECK_CONTAINS(text + 10, "'shape': (0, 512), }");
    free(text);
}

TEST(npy, faults_name_the_file) {
    char path[512];
    const float value = 0.0F;

    snprintf(path, sizeof path, "%s/absent/a.npy", pt_test_tmpdir());
    CHECK_FAILS(pt_npy_write(path, &value, 1, 1, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "absent/a.npy'");
    snprintf(path, sizeof path, "%s/b.npy", pt_test_tmpdir());
    CHECK_FAILS(pt_npy_write(path, &value, SIZE_MAX / 8, 4, &t->err), PATINA_ERANGE);
    CHECK_CONTAINS(t->err.message, "b.npy'");
    CHECK(access(path, F_OK) != 0);
    const char *full = test_full_device_path();
    if (full) CHECK_FAILS(pt_npy_write(full, &value, 1, 1, &t->err), PATINA_EIO);
}
