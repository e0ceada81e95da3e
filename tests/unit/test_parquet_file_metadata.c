/* SPDX-License-Identifier: MIT */
/* test_parquet_file_metadata.c - validation of the Parquet footer */

#include "test.h"

#include <stdlib.h>

#include "parquet/file_metadata.h"
#include "parquet_builder.h"

static const schema_element_spec one_int[] = {{"root", -1, -1, 1}, {"a", PT_PARQUET_INT32, 0, 0}};

static file_metadata_spec valid_footer(void) {
    return (file_metadata_spec){.schema = one_int,
                                .n_schema = 2,
                                .type = PT_PARQUET_INT32,
                                .start = 4,
                                .n_bytes = 8,
                                .n_values = 2,
                                .n_rows = 2,
                                .file_n_rows = 2};
}

/** Opens "PAR1", 8 bytes of pages, and the footer. */
static patina_status open_footer(const file_metadata_spec *f, patina_error *err) {
    pt_strbuf out = {0};
    pt_byte_source bytes;
    pt_parquet *file = NULL;
    pt_strbuf_append(&out, "PAR112345678");
    append_footer(&out, f);
    if (out.failed) exit(2);
    char *copy = malloc(out.length); /* of exact size: a read past the end is detected */
    if (!copy) exit(2);
    memcpy(copy, out.text, out.length);
    pt_byte_source_from_memory(copy, out.length, &bytes);
    const patina_status status = pt_parquet_open(&bytes, &file, err);
    pt_parquet_close(&file);
    free(copy);
    pt_strbuf_release(&out);
    return status;
}

TEST(parquet_file_metadata, offsets_and_counts) {
    const struct {
        int64_t start, dictionary, n_bytes, n_values, n_rows, file_n_rows;
        const char *fault;
    } cases[] = {
        {4, 0, 8, 2, 2, 2, NULL},
        {8, 4, 8, 2, 2, 2, NULL},
        {4, 11, 8, 2, 2, 2, NULL}, /* a dictionary after the data is ignored */
        {4, -5, 8, 2, 2, 2, NULL},
        {3, 0, 8, 2, 2, 2, "is misplaced"},
        {-4, 0, 8, 2, 2, 2, "is misplaced"},
        {4, 0, 9, 2, 2, 2, "is misplaced"},
        {13, 0, 0, 2, 2, 2, "is misplaced"},
        {4, 0, -1, 2, 2, 2, "is misplaced"},
        {INT64_MAX, 0, 8, 2, 2, 2, "is misplaced"},
        {4, 0, INT64_MAX, 2, 2, 2, "is misplaced"},
        {4, 0, INT64_MIN, 2, 2, 2, "is misplaced"},
        {4, 0, 8, -1, 2, 2, "is misplaced"},
        {4, 0, 8, 3, 2, 2, "2 rows, but its column 1 has 3 values"},
        {4, 0, 8, 1, 2, 2, "2 rows, but its column 1 has 1 values"},
        {4, 0, 8, 2, -2, 2, "lacks a required field"},
        {4, 0, 8, 2, 2, 3, "3 rows, but its row groups have 2"},
        {4, 0, 8, 2, 2, -1, "-1 rows"},
        {9, 0, 99, 0, 0, 0, NULL}, /* without values, the offset does not matter */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file_metadata_spec f = valid_footer();
        f.start = cases[i].start;
        f.dictionary = cases[i].dictionary;
        f.n_bytes = cases[i].n_bytes;
        f.n_values = cases[i].n_values;
        f.n_rows = cases[i].n_rows;
        f.file_n_rows = cases[i].file_n_rows;
        if (!cases[i].fault) {
            CHECK_OK(open_footer(&f, &t->err));
        } else {
            CHECK_FAILS(open_footer(&f, &t->err), PATINA_EFORMAT);
            CHECK_CONTAINS(t->err.message, cases[i].fault);
        }
    }
    file_metadata_spec f = valid_footer();
    f.type = PT_PARQUET_FLOAT;
    CHECK_FAILS(open_footer(&f, &t->err), PATINA_EFORMAT);
    f = valid_footer();
    f.n_chunks = 2;
    CHECK_FAILS(open_footer(&f, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "2 columns, but the schema has 1");
}

#define CHECK_SCHEMA(elements, fault)                                                              \
    do {                                                                                           \
        file_metadata_spec f = valid_footer();                                                     \
        f.schema = (elements);                                                                     \
        f.n_schema = sizeof(elements) / sizeof *(elements);                                        \
        CHECK_FAILS(open_footer(&f, &t->err), PATINA_EFORMAT);                                     \
        CHECK_CONTAINS(t->err.message, (fault));                                                   \
    } while (0)

TEST(parquet_file_metadata, invalid_schemas) {
    const schema_element_spec leaf = {"a", PT_PARQUET_INT32, 0, 0};
    CHECK_SCHEMA(((schema_element_spec[]){leaf}), "not a tree");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, 1}}), "incomplete");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, 2}, leaf}), "incomplete");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, 1}, leaf, leaf}), "incomplete");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, -1}, leaf}), "not a tree");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, 1}, {"a", PT_PARQUET_INT32, 0, 1}}),
                 "not a tree");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, 1}, {"a", 8, 0, 0}}), "not a tree");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, 1}, {"a", PT_PARQUET_INT32, 3, 0}}),
                 "not a tree");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, 1}, {"a", PT_PARQUET_INT32, -1, 0}}),
                 "not a tree");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, 1}, {"\xFF", PT_PARQUET_INT32, 0, 0}}),
                 "not UTF-8");
    CHECK_SCHEMA(((schema_element_spec[]){{"root", -1, -1, 0}}), "incomplete");

    schema_element_spec deep[PT_PARQUET_DEPTH_MAX + 2];
    for (size_t i = 0; i < PT_PARQUET_DEPTH_MAX + 2; i++)
        deep[i] = (schema_element_spec){"g", -1, i > 0, 1};
    deep[PT_PARQUET_DEPTH_MAX + 1] = leaf;
    CHECK_SCHEMA(deep, "nested deeper than 32");
}

static void check_bytes(pt_test *t, const void *text, size_t n, const char *fault) {
    pt_byte_source bytes;
    pt_parquet *file = NULL;
    pt_byte_source_from_memory(text, n, &bytes);
    CHECK_FAILS(pt_parquet_open(&bytes, &file, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, fault);
    CHECK(file == NULL);
}

TEST(parquet_file_metadata, not_parquet_files) {
    check_bytes(t, "", 0, "only 0 bytes");
    check_bytes(t, "PAR1PAR1PAR", 11, "only 11 bytes");
    check_bytes(t, "PAR1\0\0\0\0PAR1", 12, "footer cannot be read"); /* of no bytes */
    check_bytes(t, "PAR1\1\0\0\0PAR1", 12, "a footer of 1 bytes");
    check_bytes(t, "PAR1\xFF\xFF\xFF\xFFPAR1", 12, "a footer of 4294967295 bytes");
    check_bytes(t, "PAR1\0\1\0\0\0PAR1", 13, "rows"); /* an empty struct */
    check_bytes(t, "PAR1 and then no more", 21, "truncated");
    check_bytes(t, "RIFF\0\0\0\0WAVEfmt ", 16, "does not begin");
    check_bytes(t, "PARE\0\0\0\0PARE", 12, "encrypted");
    check_bytes(t, "version https://git-lfs.github.com/spec/v1\n", 43, "git lfs pull");
}

/* Any changed byte of a valid footer: the footer is read or rejected. */
TEST(parquet_file_metadata, flipped_bytes) {
    char *text = NULL;
    size_t n = 0, n_refused = 0, n_read = 0;
    pt_byte_source bytes;

    REQUIRE_OK(pt_file_read_all(pt_test_golden_path("parquet/duckdb.parquet"), 1 << 20, &text, &n,
                                &t->err));
    pt_byte_source_from_memory(text, n, &bytes);
    const size_t footer = (unsigned char)text[n - 8] | (size_t)(unsigned char)text[n - 7] << 8;
    for (size_t i = n - 8 - footer; i < n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            pt_parquet *file = NULL;
            text[i] = (char)(text[i] ^ 1 << bit);
            t->err = (patina_error){0};
            const patina_status status = pt_parquet_open(&bytes, &file, &t->err);
            text[i] = (char)(text[i] ^ 1 << bit);
            CHECK(status == PATINA_OK || (status == PATINA_EFORMAT && t->err.message[0]));
            CHECK((status == PATINA_OK) == (file != NULL));
            *(status == PATINA_OK ? &n_read : &n_refused) += 1;
            pt_parquet_close(&file);
        }
    }
    CHECK(n_read > 0 && n_refused > n_read / 4);
    free(text);
}

TEST(parquet_file_metadata, lookups) {
    pt_byte_source bytes = {0};
    pt_parquet *file = NULL;
    pt_strbuf text = {0};

    REQUIRE_OK(
        pt_byte_source_open_file(pt_test_golden_path("parquet/hub/ids.parquet"), &bytes, &t->err));
    REQUIRE_OK(pt_parquet_open(&bytes, &file, &t->err));
    CHECK_INT(file->n_rows, 7);
    CHECK_INT(file->n_leaves, 4);
    const size_t audio = pt_parquet_find_child(file, 0, "audio");
    REQUIRE(audio != PT_PARQUET_NONE);
    CHECK(pt_parquet_find_child(file, 0, "bytes") == PT_PARQUET_NONE);
    const size_t inner = pt_parquet_find_child(file, audio, "path");
    REQUIRE(inner != PT_PARQUET_NONE);
    CHECK_INT(file->fields[inner].max_definition, 2);
    CHECK(pt_parquet_find_single_leaf(file, audio) == PT_PARQUET_NONE);
    const size_t captions =
        pt_parquet_find_single_leaf(file, pt_parquet_find_child(file, 0, "captions"));
    REQUIRE(captions != PT_PARQUET_NONE);
    CHECK_INT(file->fields[file->leaves[captions]].max_repetition, 1);
    CHECK_INT(file->fields[file->leaves[captions]].max_definition, 3);
    CHECK_INT(file->fields[file->leaves[captions]].item_definition, 2);
    pt_parquet_append_column_names(file, &text);
    CHECK_STR(text.text, "'id', 'captions' and 'audio'");
    pt_strbuf_clear(&text);
    pt_parquet_append_field_path(file, inner, &text);
    CHECK_STR(text.text, "audio.path");
    CHECK(pt_parquet_find_key_value(file, "ARROW:schema") != NULL);
    CHECK(pt_parquet_find_key_value(file, "patina.version") == NULL);
    pt_strbuf_release(&text);
    pt_parquet_close(&file);
    pt_parquet_close(&file);
    pt_byte_source_close(&bytes);
}
