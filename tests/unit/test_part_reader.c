/* SPDX-License-Identifier: MIT */
/* test_part_reader.c - the reader of part files returns what the writers wrote
 *
 * test_parquet_column_reader.c tests Parquet files of other writers.
 */

#include "test.h"

#include <stdlib.h>

#include "base/byte_source.h"
#include "dataset/part_reader.h"

static const pt_key_value keys[] = {{PT_KEY_VERSION, "0.1.0"}, {PT_KEY_MODEL_HASH, "cc33"}};

static const char *in_tmpdir(const char *name) {
    static char path[4][512];
    static unsigned next;
    char *to = path[next++ % 4];
    snprintf(to, sizeof path[0], "%s/%s", pt_test_tmpdir(), name);
    return to;
}

static uint32_t mixed(uint32_t x) {
    x = (x ^ x >> 16) * 0x7FEB352DU;
    x = (x ^ x >> 15) * 0x846CA68BU;
    return x ^ x >> 16;
}

/* Any finite number, including subnormal ones and both zeros. */
static pt_row row_of(uint32_t seed) {
    pt_row row;
    uint32_t bits[sizeof row / sizeof(uint32_t)];
    for (uint32_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        bits[i] = mixed(seed * 1092U + i + 1U);
        if ((bits[i] >> 23 & 0xFF) == 0xFF) bits[i] &= 0xBFFFFFFFU;
    }
    bits[0] = 0x80000000U;
    bits[1] = 1;
    bits[2] = 0x7F7FFFFF;
    memcpy(&row, bits, sizeof row);
    return row;
}

static patina_status write_rows(const pt_row_writer_backend *kind, const char *path, uint32_t n,
                                patina_error *err) {
    pt_row_writer *writer = NULL;
    patina_status status = kind->open(path, keys, 2, false, &writer, err);
    for (uint32_t i = 0; status == PATINA_OK && i < n; i++) {
        const pt_row row = row_of(i);
        status = kind->write(writer, &row, NULL, err);
    }
    if (status == PATINA_OK) status = pt_row_writer_finish(writer, err);
    pt_row_writer_close(&writer);
    return status;
}

/* Reads to the end; returns the number of rows that equal row_of, in order. */
static patina_status read_rows(const char *path, uint32_t *n_equal, uint32_t *n,
                               patina_error *err) {
    pt_part_reader *part = NULL;
    bool end = false;
    patina_status status = pt_part_reader_open(path, &part, err);

    *n_equal = *n = 0;
    while (status == PATINA_OK) {
        pt_row row;
        status = pt_part_reader_next(part, &row, &end, err);
        if (status != PATINA_OK || end) break;
        const pt_row expected = row_of(*n);
        *n_equal += memcmp(&row, &expected, sizeof row) == 0;
        *n += 1;
    }
    if (status == PATINA_OK) { /* the end is final */
        pt_row row;
        end = false;
        status = pt_part_reader_next(part, &row, &end, err);
        if (!end) *n_equal = UINT32_MAX;
    }
    pt_part_reader_close(&part);
    return status;
}

static void check_round_trip(pt_test *t, const pt_row_writer_backend *kind, uint32_t n) {
    char name[64];
    uint32_t n_equal = 0, n_read = 0;
    snprintf(name, sizeof name, "rows%s", kind->suffix);
    REQUIRE_OK(write_rows(kind, in_tmpdir(name), n, &t->err));
    CHECK_OK(read_rows(in_tmpdir(name), &n_equal, &n_read, &t->err));
    CHECK_INT(n_read, n);
    CHECK_INT(n_equal, n);
}

/* 8192 rows are a row group, 256 a page of the first column. */
TEST(part_reader, parquet_round_trip) {
    static const uint32_t n_rows[] = {0, 1, 256, 257, 9000};
    for (size_t i = 0; i < sizeof n_rows / sizeof *n_rows; i++)
        check_round_trip(t, &pt_row_writer_parquet, n_rows[i]);
}

/* A line of these numbers has 17 kB. */
TEST(part_reader, jsonl_round_trip) {
    static const uint32_t n_rows[] = {0, 1, 300};
    for (size_t i = 0; i < sizeof n_rows / sizeof *n_rows; i++)
        check_round_trip(t, &pt_row_writer_jsonl, n_rows[i]);
}

TEST(part_reader, metadata) {
    pt_part_reader *part = NULL;
    REQUIRE_OK(write_rows(&pt_row_writer_parquet, in_tmpdir("keys.parquet"), 1, &t->err));
    REQUIRE_OK(pt_part_reader_open(in_tmpdir("keys.parquet"), &part, &t->err));
    CHECK_STR(pt_part_reader_find_key_value(part, PT_KEY_VERSION), "0.1.0");
    CHECK_STR(pt_part_reader_find_key_value(part, PT_KEY_MODEL_HASH), "cc33");
    CHECK(pt_part_reader_find_key_value(part, PT_KEY_SETTINGS_HASH) == NULL);
    pt_part_reader_close(&part);
    CHECK(part == NULL);
    pt_part_reader_close(&part);

    REQUIRE_OK(write_rows(&pt_row_writer_jsonl, in_tmpdir("keys.jsonl"), 1, &t->err));
    REQUIRE_OK(pt_part_reader_open(in_tmpdir("keys.jsonl"), &part, &t->err));
    CHECK(pt_part_reader_find_key_value(part, PT_KEY_VERSION) == NULL);
    pt_part_reader_close(&part);
}

/* pyarrow wrote it (tests/golden/make/make_parquet.py): with nulls allowed, and compressed. */
TEST(part_reader, files_rewritten_by_other_programs) {
    pt_part_reader *part = NULL;
    bool end = false;
    pt_row row;
    size_t n_equal = 0;

    REQUIRE_OK(pt_part_reader_open(pt_test_golden_path("parquet/part.parquet"), &part, &t->err));
    CHECK_STR(pt_part_reader_find_key_value(part, PT_KEY_VERSION), "0.1.0");
    for (size_t r = 0; r < 3; r++) {
        REQUIRE_OK(pt_part_reader_next(part, &row, &end, &t->err));
        for (size_t c = 0; c < PT_N_COLUMNS; c++) {
            const float *values = pt_column_values(&pt_columns[c], &row);
            for (size_t k = 0; k < pt_columns[c].n_values; k++)
                n_equal += values[k] == (float)((k * 37 + r * 11 + c) % 101) / 8.0F - 4.0F;
        }
    }
    CHECK_INT(n_equal, 3 * (1024 + 64 + 1 + 2 + 1));
    CHECK_OK(pt_part_reader_next(part, &row, &end, &t->err));
    CHECK(end);
    pt_part_reader_close(&part);
}

TEST(part_reader, parquet_of_other_columns) {
    pt_part_reader *part = NULL;
    CHECK_FAILS(
        pt_part_reader_open(pt_test_golden_path("parquet/required_v1.parquet"), &part, &t->err),
        PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "not a part of a data set: its columns are 'i32' and 'word'");
    CHECK(part == NULL);
}

TEST(part_reader, lists_of_another_length) {
    static const struct {
        const char *name, *fault;
    } cases[] = {
        {"parquet/part_empty.parquet", "a list of 0 values instead of 2"},
        {"parquet/part_short.parquet", "a list of 1 values instead of 2"},
        {"parquet/part_long.parquet", "a list of more than 2 values"},
        {"parquet/part_null.parquet", "value 1 is null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pt_part_reader *part = NULL;
        pt_row row;
        bool end;
        REQUIRE_OK(pt_part_reader_open(pt_test_golden_path(cases[i].name), &part, &t->err));
        CHECK_FAILS(pt_part_reader_next(part, &row, &end, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "row 0: column 'target_dyn': ");
        CHECK_CONTAINS(t->err.message, cases[i].fault);
        pt_part_reader_close(&part);
    }
}

static void put(const char *path, const void *bytes, size_t n) {
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(bytes, 1, n, out) != n || fclose(out) != 0) {
        perror(path);
        exit(2);
    }
}

TEST(part_reader, unreadable_files) {
    uint32_t n_equal, n;
    CHECK_FAILS(read_rows("/absent/rows.parquet", &n_equal, &n, &t->err), PATINA_EIO);
    CHECK_STR(t->err.message, "file '/absent/rows.parquet': not found");
    CHECK_FAILS(read_rows("/absent/rows.jsonl", &n_equal, &n, &t->err), PATINA_EIO);
    CHECK_FAILS(read_rows(in_tmpdir("rows.csv"), &n_equal, &n, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "neither in '.parquet' nor in '.jsonl'");
    put(in_tmpdir("text.parquet"), "no Parquet, but text", 20);
    CHECK_FAILS(read_rows(in_tmpdir("text.parquet"), &n_equal, &n, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message,
                   "text.parquet': not a Parquet file: it does not begin with 'PAR1'");
}

/* A truncated file is not a file of fewer rows, except JSON Lines truncated between lines. */
TEST(part_reader, truncated_files_are_detected) {
    for (unsigned k = 0; k < 2; k++) {
        char *text = NULL, name[64];
        size_t n = 0;
        uint32_t n_equal, n_read;
        snprintf(name, sizeof name, "part%s", pt_row_writer_backends[k]->suffix);
        REQUIRE_OK(write_rows(pt_row_writer_backends[k], in_tmpdir(name), 2, &t->err));
        REQUIRE_OK(pt_file_read_all(in_tmpdir(name), 1 << 20, &text, &n, &t->err));
        for (size_t cut = 1; cut < n; cut += cut + 300 < n ? 97 : 1) {
            if (text[cut - 1] == '\n' && k == 1) continue;
            put(in_tmpdir(name), text, cut);
            CHECK_FAILS(read_rows(in_tmpdir(name), &n_equal, &n_read, &t->err), PATINA_EFORMAT);
            CHECK_CONTAINS(t->err.message, k == 1     ? "truncated"
                                           : cut < 12 ? "not a Parquet file"
                                                      : "truncated");
        }
        free(text);
    }
}

/* Marks the bytes of text that are values: those of a column in the first row, then in the second.
 * */
static bool mark_values(const char *text, size_t n, bool *is_value) {
    const pt_row rows[2] = {row_of(0), row_of(1)};
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        float values[2 * PT_FUSED_STATE_DIM];
        const size_t n_values = pt_columns[c].n_values, size = 2 * n_values * sizeof *values;
        for (size_t r = 0; r < 2; r++)
            memcpy(values + r * n_values, pt_column_values(&pt_columns[c], &rows[r]), size / 2);
        const char *at = memmem(text, n, values, size);
        if (!at) return false;
        memset(is_value + (at - text), true, size);
    }
    return true;
}

/* Pages have no checksums, so that a value may change undetected; but any other change gives an
 * error or the same rows: not all of a footer is used. */
TEST(part_reader, flipped_bytes_are_detected) {
    const char *path = in_tmpdir("flip.parquet");
    char *text = NULL;
    size_t n = 0, n_structure = 0, n_refused = 0;

    REQUIRE_OK(write_rows(&pt_row_writer_parquet, path, 2, &t->err));
    REQUIRE_OK(pt_file_read_all(path, 1 << 20, &text, &n, &t->err));
    bool *is_value = calloc(n, sizeof *is_value);
    REQUIRE(is_value && mark_values(text, n, is_value));
    for (size_t i = 0; i < n; i += is_value[i] && is_value[i + 1] ? 37 : 1) {
        for (unsigned bit = 0; bit < 8; bit += is_value[i] ? 5 : 1) {
            uint32_t n_equal, n_read;
            text[i] = (char)(text[i] ^ 1 << bit);
            put(path, text, n);
            text[i] = (char)(text[i] ^ 1 << bit);
            t->err = (patina_error){0};
            const patina_status status = read_rows(path, &n_equal, &n_read, &t->err);
            if (status == PATINA_OK)
                CHECK(n_read == 2 && (is_value[i] || n_equal == 2));
            else
                CHECK(status == PATINA_EFORMAT && t->err.message[0]);
            n_structure += !is_value[i];
            n_refused += !is_value[i] && status != PATINA_OK;
        }
    }
    CHECK(n_refused > n_structure / 5); /* 29 %: most of the rest is metadata and statistics */
    free(is_value);
    free(text);
}

static void check_line(pt_test *t, const char *line, const char *fault) {
    uint32_t n_equal, n;
    put(in_tmpdir("line.jsonl"), line, strlen(line));
    CHECK_FAILS(read_rows(in_tmpdir("line.jsonl"), &n_equal, &n, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "line.jsonl': row 0: ");
    CHECK_CONTAINS(t->err.message, fault);
}

TEST(part_reader, invalid_lines) {
    char *text = NULL, *line;
    size_t n = 0;

    check_line(t, "{\n", "not a JSON object");
    check_line(t, "[1]\n", "not a JSON object");
    check_line(t, "\n", "not a JSON object");
    check_line(t, "{\"a\": 1}\n", "columns instead of");
    check_line(t, "{\"a\": 1, \"b\": 1, \"c\": 1, \"d\": 1, \"e\": 1}\n",
               "'fused_state' is missing");
    check_line(t, "{\"fused_state\": 1, \"b\": 1, \"c\": 1, \"d\": 1, \"e\": 1}\n",
               "'fused_state' is not a list");
    check_line(t, "{\"fused_state\": [1.0], \"b\": 1, \"c\": 1, \"d\": 1, \"e\": 1}\n",
               "a list of 1 values instead of 1024");

    REQUIRE_OK(write_rows(&pt_row_writer_jsonl, in_tmpdir("one.jsonl"), 1, &t->err));
    REQUIRE_OK(pt_file_read_all(in_tmpdir("one.jsonl"), 1 << 20, &text, &n, &t->err));
    REQUIRE((line = strstr(text, "\"target_lufs\": ")) != NULL);
    line += strlen("\"target_lufs\": ");
    memset(line, ' ', strcspn(line, ","));
    memcpy(line, "1e39", 4);
    check_line(t, text, "column 'target_lufs': value 0 is not a finite number");
    memcpy(line, "null", 4);
    check_line(t, text, "column 'target_lufs': value 0 is not a number");
    memcpy(line, "{}  ", 4);
    check_line(t, text, "column 'target_lufs': value 0 is not a number");
    free(text);

    REQUIRE((text = malloc(3 << 20)) != NULL);
    memset(text, ' ', 3 << 20);
    put(in_tmpdir("long.jsonl"), text, 3 << 20);
    uint32_t n_equal, n_read;
    CHECK_FAILS(read_rows(in_tmpdir("long.jsonl"), &n_equal, &n_read, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "longer than");
    free(text);
}
