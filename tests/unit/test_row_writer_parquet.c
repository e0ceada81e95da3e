/* SPDX-License-Identifier: MIT */
/* test_row_writer_parquet.c - rows as Parquet: structure and faults
 *
 * tests/python/test_readers.py reads the files that test_sample_dataset.c writes with five other
 * readers.
 */

#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "dataset/row_writer.h"
#include "full_disk.h"

static const pt_key_value keys[] = {{PT_KEY_VERSION, "0.1.0"}, {PT_KEY_MODEL_HASH, "cc33"}};

static const char *in_tmpdir(const char *name) {
    static char path[2][512];
    static unsigned next;
    char *to = path[next++ % 2];
    snprintf(to, sizeof path[0], "%s/%s", pt_test_tmpdir(), name);
    return to;
}

static void fill(pt_row *row, float value) {
    float *values = (float *)row;
    for (size_t i = 0; i < sizeof *row / sizeof *values; i++)
        values[i] = value;
}

/* n_rows of 1.0, 2.0 ... */
static patina_status write_rows(const char *path, unsigned n_rows, patina_error *err) {
    pt_row_writer *writer = NULL;
    pt_row row;
    patina_status status = pt_row_writer_parquet.open(path, keys, 2, false, &writer, err);
    for (unsigned i = 0; status == PATINA_OK && i < n_rows; i++) {
        fill(&row, (float)(i + 1));
        status = pt_row_writer_parquet.write(writer, &row, NULL, err);
    }
    if (status == PATINA_OK) status = pt_row_writer_finish(writer, err);
    pt_row_writer_close(&writer);
    return status;
}

/* Position of the footer, or 0 if the file does not have the form of a Parquet file. */
static size_t footer_of(const char *text, size_t n) {
    if (n < 12 || memcmp(text, "PAR1", 4) != 0 || memcmp(text + n - 4, "PAR1", 4) != 0) return 0;
    const unsigned char *b = (const unsigned char *)text + n - 8;
    const size_t length = b[0] | b[1] << 8 | b[2] << 16 | (size_t)b[3] << 24;
    return length <= n - 12 ? n - 8 - length : 0;
}

/* Finds bytes in a buffer that contains zeros. */
static unsigned count(const char *text, size_t n, const char *needle) {
    unsigned found = 0;
    for (const char *at = text; (at = memmem(at, n - (size_t)(at - text), needle, strlen(needle)));
         at++)
        found++;
    return found;
}

TEST(row_writer_parquet, structure) {
    static const unsigned rows[] = {0, 1, 256, 257, 8192, 8193};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = NULL;
        size_t n = 0;
        const char *path = in_tmpdir("rows.parquet");
        const unsigned n_groups = (rows[i] + 8191) / 8192;

        REQUIRE_OK(write_rows(path, rows[i], &t->err));
        REQUIRE_OK(pt_file_read_all(path, SIZE_MAX - 1, &text, &n, &t->err));
        const size_t footer = footer_of(text, n);
        REQUIRE(footer >= 4);
        /* values, and levels and headers of 0.5 % at most beyond half a page */
        const size_t values = rows[i] * sizeof(pt_row);
        CHECK(footer >= 4 + values && footer <= 4 + values + values / 200 + 2000);
        /* the name of a column is once in the schema and once in each row group */
        CHECK_INT(count(text + footer, n - footer, "fused_state"), 1 + n_groups);
        CHECK_INT(count(text + footer, n - footer, "element"), 3 + 3 * n_groups);
        CHECK_INT(count(text + footer, n - footer, "patina.version"), 1);
        CHECK_INT(count(text + footer, n - footer, "ARROW:schema"), 1);
        CHECK_INT(count(text + footer, n - footer, "huggingface"), 0);
        free(text);
    }
}

/* The first page of a file with one row, by hand from parquet.thrift and Encodings.md. */
TEST(row_writer_parquet, a_page_of_lists) {
    static const unsigned char expected[] = {
        'P',  'A',  'R',  '1',                          /* */
        0x15, 0x00,                                     /* 1 type: DATA_PAGE */
        0x15, 0xA0, 0x40,                               /* 2 uncompressed size: 4112 */
        0x15, 0xA0, 0x40,                               /* 3 compressed size */
        0x2C,                                           /* 5 data_page_header: */
        0x15, 0x80, 0x10,                               /*   1 num_values: 1024 */
        0x15, 0x00,                                     /*   2 encoding: PLAIN */
        0x15, 0x06,                                     /*   3 definition levels: RLE */
        0x15, 0x06,                                     /*   4 repetition levels: RLE */
        0x00, 0x00,                                     /* */
        0x05, 0x00, 0x00, 0x00,                         /* repetition levels, 5 bytes: */
        0x02, 0x00, 0xFE, 0x0F, 0x01,                   /*   once 0, 1023 times 1 */
        0x03, 0x00, 0x00, 0x00,                         /* definition levels, 3 bytes: */
        0x80, 0x10, 0x01,                               /*   1024 times 1 */
        0x00, 0x00, 0x80, 0x3F, 0x00, 0x00, 0x80, 0x3F, /* 1.0, 1.0 ... */
    };
    const char *path = in_tmpdir("one.parquet");
    char *text = NULL;
    size_t n = 0;

    REQUIRE_OK(write_rows(path, 1, &t->err));
    REQUIRE_OK(pt_file_read_all(path, 1 << 20, &text, &n, &t->err));
    REQUIRE(n > sizeof expected);
    for (size_t i = 0; i < sizeof expected; i++)
        CHECK_INT((unsigned char)text[i], expected[i]);
    free(text);
}

TEST(row_writer_parquet, equal_rows_give_equal_files) {
    char *first = NULL, *second = NULL;
    size_t n_first = 0, n_second = 0;

    REQUIRE_OK(write_rows(in_tmpdir("a.parquet"), 300, &t->err));
    REQUIRE_OK(pt_file_read_all(in_tmpdir("a.parquet"), 1 << 24, &first, &n_first, &t->err));
    REQUIRE_OK(write_rows(in_tmpdir("b.parquet"), 300, &t->err));
    REQUIRE_OK(pt_file_read_all(in_tmpdir("b.parquet"), 1 << 24, &second, &n_second, &t->err));
    CHECK(n_first == n_second && memcmp(first, second, n_first) == 0);
    free(first);
    free(second);
}

TEST(row_writer_parquet, full_disk_leaves_no_file) {
    const char *path = in_tmpdir("large.parquet"), *tmp = in_tmpdir("large.parquet.tmp");
    struct rlimit old;

    signal(SIGXFSZ, SIG_IGN);
    REQUIRE(getrlimit(RLIMIT_FSIZE, &old) == 0);
    /* full in the header, within the pages, and in the footer */
    for (rlim_t limit = 2; limit <= 3000000; limit += 1499999) {
        const struct rlimit low = {limit, old.rlim_max};
        REQUIRE(setrlimit(RLIMIT_FSIZE, &low) == 0);
        CHECK_FAILS(write_rows(path, 700, &t->err), PATINA_EIO);
        REQUIRE(setrlimit(RLIMIT_FSIZE, &old) == 0);
        CHECK_CONTAINS(t->err.message, "large.parquet': cannot be written: ");
        CHECK(access(path, F_OK) != 0);
        CHECK(access(tmp, F_OK) != 0);
    }
    CHECK_FAILS(write_rows("/absent/rows.parquet", 1, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "'/absent/rows.parquet'");
    const char *full = test_full_device_path();
    if (full) CHECK_FAILS(write_rows(full, 1, &t->err), PATINA_EIO);
}

TEST(row_writer_parquet, unfinished_file_is_removed) {
    pt_row_writer *writer = NULL;
    pt_row row;

    fill(&row, 1.0F);
    REQUIRE_OK(
        pt_row_writer_parquet.open(in_tmpdir("half.parquet"), keys, 2, false, &writer, &t->err));
    CHECK_OK(pt_row_writer_parquet.write(writer, &row, NULL, &t->err));
    pt_row_writer_close(&writer);
    CHECK(access(in_tmpdir("half.parquet"), F_OK) != 0);
    CHECK(access(in_tmpdir("half.parquet.tmp"), F_OK) != 0);
}

/* The table of formats is indexed as patina_output_format is. */
TEST(row_writer_parquet, kinds) {
    CHECK_STR(pt_row_writer_backends[0]->name, "parquet");
    CHECK_STR(pt_row_writer_backends[0]->suffix, ".parquet");
    CHECK_STR(pt_row_writer_backends[1]->name, "jsonl");
    CHECK_STR(pt_row_writer_backends[1]->suffix, ".jsonl");
    CHECK(pt_row_writer_backends[2] == NULL);
}
