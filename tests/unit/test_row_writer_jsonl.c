/* SPDX-License-Identifier: MIT */
/* test_row_writer_jsonl.c - rows as JSON Lines */

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "base/byte_source.h"
#include "dataset/row_writer.h"
#include "full_disk.h"

static pt_row row_of(unsigned seed) {
    pt_row row;
    float *values = (float *)&row;
    for (size_t i = 0; i < sizeof row / sizeof *values; i++)
        values[i] = (float)((double)((seed * 1092U + i) * 2654435761U % 1000003U) / 7e3 - 120.0);
    row.target_lufs = -70.0F;
    row.input_purity = 60.0F;
    return row;
}

static bool equal(const json_t *value, float expected) {
    return json_is_real(value) && (float)json_real_value(value) == expected;
}

/* Read with jansson: five members in order, every float exact, and none of them an integer. */
TEST(row_writer_jsonl, round_trip) {
    char path[512], *text = NULL;
    size_t n = 0;
    pt_row_writer *writer = NULL;

    snprintf(path, sizeof path, "%s/rows.jsonl", pt_test_tmpdir());
    REQUIRE_OK(pt_row_writer_jsonl.open(path, NULL, 0, false, &writer, &t->err));
    for (unsigned i = 0; i < 3; i++) {
        const pt_row row = row_of(i);
        CHECK_OK(pt_row_writer_jsonl.write(writer, &row, NULL, &t->err));
    }
    CHECK_OK(pt_row_writer_finish(writer, &t->err));
    pt_row_writer_close(&writer);
    REQUIRE_OK(pt_file_read_all(path, 1 << 20, &text, &n, &t->err));
    char *line = text;
    for (unsigned i = 0; i < 3; i++) {
        const pt_row row = row_of(i);
        char *end = strchr(line, '\n');
        REQUIRE(end != NULL);
        *end = '\0';
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        REQUIRE(json_is_object(object));
        REQUIRE(json_object_size(object) == PT_N_COLUMNS);
        size_t c = 0, n_equal = 0;
        const char *name;
        json_t *value;
        json_object_foreach(object, name, value) {
            REQUIRE(c < PT_N_COLUMNS);
            const pt_column *column = &pt_columns[c++];
            const float *expected = pt_column_values(column, &row);
            CHECK_STR(name, column->name);
            if (column->n_values == 1)
                n_equal += equal(value, *expected);
            else
                REQUIRE(json_array_size(value) == column->n_values);
            for (size_t k = 0; k < json_array_size(value); k++)
                n_equal += equal(json_array_get(value, k), expected[k]);
        }
        CHECK_INT(n_equal, 1024 + 64 + 1 + 2 + 1);
        json_decref(object);
        line = end + 1;
    }
    CHECK_STR(line, "");
    free(text);
}

TEST(row_writer_jsonl, empty_and_unfinished_files) {
    char path[512], *text = NULL;
    size_t n = 1;
    pt_row_writer *writer = NULL;

    snprintf(path, sizeof path, "%s/none.jsonl", pt_test_tmpdir());
    REQUIRE_OK(pt_row_writer_jsonl.open(path, NULL, 0, false, &writer, &t->err));
    CHECK_OK(pt_row_writer_finish(writer, &t->err));
    pt_row_writer_close(&writer);
    REQUIRE_OK(pt_file_read_all(path, 10, &text, &n, &t->err));
    CHECK_INT(n, 0);
    free(text);

    snprintf(path, sizeof path, "%s/unfinished.jsonl", pt_test_tmpdir());
    const pt_row row = row_of(0);
    REQUIRE_OK(pt_row_writer_jsonl.open(path, NULL, 0, false, &writer, &t->err));
    CHECK_OK(pt_row_writer_jsonl.write(writer, &row, NULL, &t->err));
    pt_row_writer_close(&writer);
    CHECK(writer == NULL);
    CHECK(access(path, F_OK) != 0);
    strcat(path, ".tmp");
    CHECK(access(path, F_OK) != 0);
}

TEST(row_writer_jsonl, faults) {
    pt_row_writer *writer = NULL;
    const pt_row row = row_of(0);

    CHECK_FAILS(pt_row_writer_jsonl.open("/absent/rows.jsonl", NULL, 0, false, &writer, &t->err),
                PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "'/absent/rows.jsonl'");
    CHECK(writer == NULL);
    const char *full = test_full_device_path();
    if (!full) SKIP("there is no /dev/full");
    REQUIRE_OK(pt_row_writer_jsonl.open(full, NULL, 0, false, &writer, &t->err));
    CHECK_OK(pt_row_writer_jsonl.write(writer, &row, NULL, &t->err));
    CHECK_FAILS(pt_row_writer_finish(writer, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "No space left");
    pt_row_writer_close(&writer);
}
