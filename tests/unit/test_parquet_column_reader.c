/* SPDX-License-Identifier: MIT */
/* test_parquet_column_reader.c - values of Parquet columns, and rejection of damaged pages
 *
 * The files are from independent writers (tests/golden/make/make_parquet.py), with known values, or
 * built by hand with faults.
 */

#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "parquet/column_reader.h"
#include "parquet_builder.h"

static json_t *read_expected(void) {
    return json_load_file(pt_test_golden_path("parquet/expected.json"), 0, NULL);
}

/** The leaf of "audio.bytes", or of a list. */
static size_t leaf_of(const pt_parquet *file, const char *path) {
    char copy[64], *rest = copy;
    size_t field = 0;
    snprintf(copy, sizeof copy, "%s", path);
    while (rest && field != PT_PARQUET_NONE)
        field = pt_parquet_find_child(file, field, strsep(&rest, "."));
    return field == PT_PARQUET_NONE ? field : pt_parquet_find_single_leaf(file, field);
}

/** Whether a slot holds the value. */
static bool equal(pt_parquet_type type, const pt_parquet_slot *slot, const json_t *value) {
    if (!slot->present || json_is_null(value)) return !slot->present && json_is_null(value);
    switch (type) {
    case PT_PARQUET_INT32:
        return json_is_integer(value) && slot->value.i32 == json_integer_value(value);
    case PT_PARQUET_INT64:
        return json_is_integer(value) && slot->value.i64 == json_integer_value(value);
    case PT_PARQUET_FLOAT:
        return json_is_real(value) && slot->value.f32 == (float)json_real_value(value);
    case PT_PARQUET_DOUBLE:
        return json_is_real(value) && slot->value.f64 == json_real_value(value);
    case PT_PARQUET_BYTE_ARRAY:
        return json_is_string(value) && slot->value.text.n == json_string_length(value) &&
               memcmp(slot->value.text.bytes, json_string_value(value), slot->value.text.n) == 0;
    default:
        return false;
    }
}

/** Whether the next row holds the value, which may be a list. */
static bool row_equals(pt_parquet_column_reader *column, const pt_parquet_field *field,
                       const json_t *value, patina_error *err) {
    const size_t n = json_is_array(value) ? json_array_size(value) : 1;
    bool continues = true;

    for (size_t i = 0; i < n || i == 0; i++) {
        pt_parquet_slot slot;
        if (!continues || pt_parquet_column_reader_next(column, &slot, err) != PATINA_OK)
            return false;
        if (slot.begins_row != (i == 0)) return false;
        const bool is_item = field->max_repetition == 0 || n > 0;
        if (json_is_array(value) && slot.is_item != is_item) return false;
        if (!equal(field->type, &slot,
                   json_is_array(value) ? n > 0 ? json_array_get(value, i) : json_null() : value))
            return false;
        if (pt_parquet_column_reader_has_more_items(column, &continues, err) != PATINA_OK)
            return false;
    }
    return !continues;
}

static void check_column(pt_test *t, const pt_parquet *file, const char *name, const char *path,
                         const json_t *values) {
    const size_t leaf = leaf_of(file, path);
    pt_parquet_column_reader *column = NULL;
    size_t row = 0, n_equal = 0;

    if (!pt_test_check(t, leaf != PT_PARQUET_NONE, __FILE__, __LINE__, "%s: no '%s'", name, path))
        return;
    const pt_parquet_field *field = &file->fields[file->leaves[leaf]];
    REQUIRE_OK(pt_parquet_column_reader_open(file, leaf, &column, &t->err));
    for (size_t g = 0; g < file->n_groups; g++) {
        pt_parquet_column_reader_seek_group(column, g);
        t->err = (patina_error){0};
        for (size_t i = 0; i < file->groups[g].n_rows; i++)
            n_equal += row_equals(column, field, json_array_get(values, row++), &t->err);
        pt_test_check(t, t->err.message[0] == '\0', __FILE__, __LINE__, "%s: %s", name,
                      t->err.message);
        pt_parquet_slot slot;
        CHECK_FAILS(pt_parquet_column_reader_next(column, &slot, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "too few values");
    }
    pt_test_check(t, n_equal == row && row == json_array_size(values), __FILE__, __LINE__,
                  "%s: '%s': %zu of %zu rows", name, path, n_equal, row);
    pt_parquet_column_reader_close(&column);
}

/** Any way of skipping rows leads to the same rows afterwards. */
static void check_skips(pt_test *t, const pt_parquet *file, const char *name, const char *path,
                        const json_t *values) {
    const size_t leaf = leaf_of(file, path);
    pt_parquet_column_reader *column = NULL;
    size_t first = 0;
    uint32_t x = 7;

    REQUIRE(leaf != PT_PARQUET_NONE);
    const pt_parquet_field *field = &file->fields[file->leaves[leaf]];
    if (field->max_repetition > 0) return;
    REQUIRE_OK(pt_parquet_column_reader_open(file, leaf, &column, &t->err));
    for (size_t g = 0; g < file->n_groups; first += file->groups[g++].n_rows) {
        for (unsigned round = 0; round < 20; round++) {
            const uint64_t n_rows = file->groups[g].n_rows;
            pt_parquet_column_reader_seek_group(column, g);
            for (uint64_t row = 0, n; row < n_rows; row += n + 1) {
                n = (x = x * 1664525U + 1013904223U) >> 28;
                if (row + n >= n_rows) n = n_rows - row - 1;
                CHECK_OK(pt_parquet_column_reader_skip(column, n, &t->err));
                pt_test_check(
                    t, row_equals(column, field, json_array_get(values, first + row + n), &t->err),
                    __FILE__, __LINE__, "%s: '%s': row %zu", name, path, first + row + n);
            }
        }
    }
    pt_parquet_column_reader_close(&column);
}

TEST(parquet_column_reader, files_of_other_writers) {
    json_t *expected = read_expected(), *properties;
    const char *name, *path;
    unsigned n_files = 0;

    REQUIRE(expected != NULL);
    json_object_foreach(json_object_get(expected, "files"), name, properties) {
        json_t *table = json_object_get(json_object_get(expected, "tables"),
                                        json_string_value(json_object_get(properties, "table")));
        char golden[64];
        pt_byte_source bytes = {0};
        pt_parquet *file = NULL;
        json_t *values;

        snprintf(golden, sizeof golden, "parquet/%s.parquet", name);
        REQUIRE_OK(pt_byte_source_open_file(pt_test_golden_path(golden), &bytes, &t->err));
        if (CHECK_OK(pt_parquet_open(&bytes, &file, &t->err))) {
            CHECK_INT(file->n_groups, json_integer_value(json_object_get(properties, "groups")));
            json_object_foreach(table, path, values) {
                check_column(t, file, name, path, values);
                check_skips(t, file, name, path, values);
            }
        }
        pt_parquet_close(&file);
        pt_byte_source_close(&bytes);
        n_files++;
    }
    CHECK(n_files >= 16);
    json_decref(expected);
}

TEST(parquet_column_reader, unsupported_features_are_named) {
    json_t *expected = read_expected(), *properties;
    const char *name;
    unsigned n_files = 0;

    REQUIRE(expected != NULL);
    json_object_foreach(json_object_get(expected, "refused"), name, properties) {
        const char *path = json_string_value(json_object_get(properties, "column"));
        char golden[64], quoted[64];
        pt_byte_source bytes = {0};
        pt_parquet *file = NULL;
        pt_parquet_column_reader *column = NULL;

        snprintf(golden, sizeof golden, "parquet/%s.parquet", name);
        snprintf(quoted, sizeof quoted, "column '%s': ", path);
        REQUIRE_OK(pt_byte_source_open_file(pt_test_golden_path(golden), &bytes, &t->err));
        REQUIRE_OK(pt_parquet_open(&bytes, &file, &t->err));
        CHECK_FAILS(pt_parquet_column_reader_open(file, leaf_of(file, path), &column, &t->err),
                    PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, quoted);
        CHECK_CONTAINS(t->err.message, json_string_value(json_object_get(properties, "said")));
        CHECK(column == NULL);
        pt_parquet_close(&file);
        pt_byte_source_close(&bytes);
        n_files++;
    }
    CHECK_INT(n_files, 6);
    json_decref(expected);
}

/* With checksums, every changed page is detected. */
TEST(parquet_column_reader, checksums) {
    char *text = NULL;
    size_t n = 0;
    pt_parquet *file = NULL;
    pt_parquet_column_reader *column = NULL;
    pt_parquet_slot slot;
    pt_byte_source bytes;

    REQUIRE_OK(pt_file_read_all(pt_test_golden_path("parquet/checksums.parquet"), 1 << 20, &text,
                                &n, &t->err));
    pt_byte_source_from_memory(text, n, &bytes);
    REQUIRE_OK(pt_parquet_open(&bytes, &file, &t->err));
    REQUIRE_OK(pt_parquet_column_reader_open(file, leaf_of(file, "f64"), &column, &t->err));
    const pt_parquet_column_chunk *chunk = &file->groups[0].chunks[leaf_of(file, "f64")];
    text[chunk->start + chunk->n_bytes - 1] ^= 1; /* the last page's last byte */
    pt_parquet_column_reader_seek_group(column, 0);
    patina_status status = PATINA_OK;
    for (uint64_t i = 0; i < file->groups[0].n_rows && status == PATINA_OK; i++)
        status = pt_parquet_column_reader_next(column, &slot, &t->err);
    CHECK_INT(status, PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "checksum");
    pt_parquet_column_reader_close(&column);
    pt_parquet_close(&file);
    free(text);
}

/* ---- by hand */

static const schema_element_spec one_int[] = {{"root", -1, -1, 1}, {"a", PT_PARQUET_INT32, 0, 0}};
static const schema_element_spec one_text[] = {{"root", -1, -1, 1},
                                               {"a", PT_PARQUET_BYTE_ARRAY, 0, 0}};
static const schema_element_spec maybe_int[] = {{"root", -1, -1, 1}, {"a", PT_PARQUET_INT32, 1, 0}};
static const schema_element_spec ints[] = {{"root", -1, -1, 1}, {"a", PT_PARQUET_INT32, 2, 0}};

static const char four[] = "\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0"; /* 1, 2, 3, 4 */

static page_spec page_of(const char *body, size_t n_body, int n_values) {
    return (page_spec){.body = body,
                       .n_body = n_body,
                       .n_bytes = -1,
                       .n_packed = -1,
                       .n_values = n_values,
                       .level_encoding = PT_PARQUET_RLE};
}

static file_metadata_spec footer_of(const schema_element_spec *schema, int n_rows) {
    return (file_metadata_spec){.schema = schema,
                                .n_schema = 2,
                                .type = schema[1].type,
                                .n_values = n_rows,
                                .n_rows = n_rows,
                                .file_n_rows = n_rows};
}

/** Reads all slots, rows separated by blanks: "1 - 2,3 'x'", with () for an empty list. */
static const char *read_bytes(const void *bytes, size_t n, patina_error *err) {
    static char text[2048];
    pt_byte_source in;
    pt_parquet *file = NULL;
    pt_parquet_column_reader *column = NULL;
    size_t at = 0;
    char *copy = malloc(n); /* of exact size: a read past the end is detected */

    if (!copy) exit(2);
    memcpy(copy, bytes, n);
    pt_byte_source_from_memory(copy, n, &in);
    *err = (patina_error){0};
    text[0] = '\0';
    patina_status status = pt_parquet_open(&in, &file, err);
    if (status == PATINA_OK) status = pt_parquet_column_reader_open(file, 0, &column, err);
    if (status == PATINA_OK) pt_parquet_column_reader_seek_group(column, 0);
    for (uint64_t i = 0; status == PATINA_OK && i < file->groups[0].chunks[0].n_values; i++) {
        pt_parquet_slot slot;
        status = pt_parquet_column_reader_next(column, &slot, err);
        if (status != PATINA_OK || at > sizeof text - 100) break;
        if (i > 0) text[at++] = slot.begins_row ? ' ' : ',';
        if (!slot.present)
            at += (size_t)snprintf(text + at, 100, slot.is_item ? "-" : "()");
        else if (file->fields[1].type == PT_PARQUET_INT32)
            at += (size_t)snprintf(text + at, 100, "%d", slot.value.i32);
        else
            at += (size_t)snprintf(text + at, 100, "'%.*s'", (int)slot.value.text.n,
                                   (const char *)slot.value.text.bytes);
    }
    pt_parquet_column_reader_close(&column);
    pt_parquet_close(&file);
    free(copy);
    return text;
}

static const char *read_pages(const page_spec *pages, size_t n, file_metadata_spec footer,
                              patina_error *err) {
    pt_strbuf out = {0};
    append_parquet_file(&out, pages, n, footer);
    if (out.failed) exit(2);
    const char *text = read_bytes(out.text, out.length, err);
    pt_strbuf_release(&out);
    return text;
}

#define CHECK_PAGES(pages, footer, values, fault)                                                  \
    do {                                                                                           \
        CHECK_STR(read_pages((pages), sizeof(pages) / sizeof *(pages), (footer), &t->err),         \
                  (values));                                                                       \
        if (*(fault)) {                                                                            \
            CHECK_INT(t->err.status, PATINA_EFORMAT);                                              \
            CHECK_CONTAINS(t->err.message, (fault));                                               \
        } else {                                                                                   \
            CHECK_STR(t->err.message, "");                                                         \
        }                                                                                          \
    } while (0)

/* Both versions, pages of other kinds between, an empty page, and a long header. */
TEST(parquet_column_reader, pages_by_hand) {
    page_spec p[] = {page_of(four, 8, 2), page_of("", 0, 0), page_of("whatever", 8, 0),
                     page_of(four + 8, 8, 2)};
    p[2].kind = 1; /* an index, which no header describes */
    CHECK_PAGES(p, footer_of(one_int, 4), "1 2 3 4", "");
    p[3].n_statistics = 100000;
    CHECK_PAGES(p, footer_of(one_int, 4), "1 2 3 4", "");
    p[3].kind = PT_PARQUET_DATA_PAGE_V2;
    CHECK_PAGES(p, footer_of(one_int, 4), "1 2 3 4", "");
}

TEST(parquet_column_reader, nulls_by_hand) {
    /* version 1: the length of the levels, three times 1; once 0; and a null more */
    page_spec p[] = {page_of("\6\0\0\0\6\1\2\0\4\0\1\0\0\0\2\0\0\0\3\0\0\0", 22, 6)};
    CHECK_PAGES(p, footer_of(maybe_int, 6), "1 2 3 - - -", "");
    page_spec v2[] = {page_of("\6\1\2\0\1\0\0\0\2\0\0\0\3\0\0\0", 16, 4)};
    v2[0].kind = PT_PARQUET_DATA_PAGE_V2;
    v2[0].n_definition_bytes = 4;
    CHECK_PAGES(v2, footer_of(maybe_int, 4), "1 2 3 -", "");
    /* a list without LIST: repetition levels 0 1 0 0, definition levels 1 1 0 1 */
    page_spec list[] = {page_of("\2\0\0\0\3\2\2\0\0\0\3\x0B\1\0\0\0\2\0\0\0\3\0\0\0", 24, 4)};
    file_metadata_spec of_list = footer_of(ints, 3);
    of_list.n_values = 4;
    CHECK_PAGES(list, of_list, "1,2 () 3", "");
}

TEST(parquet_column_reader, dictionaries_by_hand) {
    /* two words; indices of one bit: a run of 3 ones, packed 0 1 0 */
    page_spec p[] = {page_of("\1\0\0\0x\2\0\0\0yz", 11, 2), page_of("\1\6\1\3\2", 5, 6)};
    p[0].kind = PT_PARQUET_DICTIONARY_PAGE;
    p[1].encoding = PT_PARQUET_RLE_DICTIONARY;
    CHECK_PAGES(p, footer_of(one_text, 6), "'yz' 'yz' 'yz' 'x' 'yz' 'x'", "");
    p[1].encoding = PT_PARQUET_PLAIN_DICTIONARY;
    p[0].encoding = PT_PARQUET_PLAIN_DICTIONARY;
    CHECK_PAGES(p, footer_of(one_text, 6), "'yz' 'yz' 'yz' 'x' 'yz' 'x'", "");

    p[0].n_values = 1;
    CHECK_PAGES(p, footer_of(one_text, 6), "", "dictionary index 1 exceeds the dictionary of 1");
    p[0].n_values = 3;
    CHECK_PAGES(p, footer_of(one_text, 6), "", "fewer values");
    p[0].n_values = INT32_MAX;
    CHECK_PAGES(p, footer_of(one_text, 6), "", "fewer values");
    p[0].n_values = 2;
    p[0].encoding = 7;
    CHECK_PAGES(p, footer_of(one_text, 6), "", "DELTA_BYTE_ARRAY");
    p[0].encoding = 0;
    p[1].body = "\x21\6\1";
    p[1].n_body = 3;
    CHECK_PAGES(p, footer_of(one_text, 6), "", "33 bits");
    const page_spec twice[] = {p[0], p[0], p[1]}, none[] = {p[1]};
    CHECK_PAGES(twice, footer_of(one_text, 6), "", "two dictionaries");
    CHECK_PAGES(none, footer_of(one_text, 6), "", "dictionary is missing");
}

TEST(parquet_column_reader, invalid_pages) {
    page_spec p[] = {page_of(four, 16, 4)};
    const file_metadata_spec footer = footer_of(one_int, 4);

    p[0].n_values = 5;
    CHECK_PAGES(p, footer, "", "more values than its metadata declare");
    p[0].n_values = -1;
    CHECK_PAGES(p, footer, "", "page header");
    p[0].n_values = 3;
    CHECK_PAGES(p, footer, "1 2 3", "ends early");
    p[0].n_values = 4;
    p[0].n_body = 15;
    CHECK_PAGES(p, footer, "1 2 3", "fewer values");
    p[0].n_body = 16;
    p[0].n_packed = 17; /* beyond the chunk */
    p[0].n_bytes = 17;
    CHECK_PAGES(p, footer, "", "differs from its header");
    p[0].n_packed = -1;
    CHECK_PAGES(p, footer, "", "differs from its header");
    p[0].n_bytes = INT32_MAX;
    CHECK_PAGES(p, footer, "", "2147483647 bytes");
    p[0].n_bytes = -1;
    p[0].encoding = 9;
    p[0].n_packed = -1;
    CHECK_PAGES(p, footer, "", "BYTE_STREAM_SPLIT");
    p[0].encoding = 77;
    CHECK_PAGES(p, footer, "", "encoding unknown");
    p[0].encoding = 0;
    p[0].kind = PT_PARQUET_DATA_PAGE_V2;
    p[0].n_definition_bytes = 10;
    p[0].n_repetition_bytes = 7;
    CHECK_PAGES(p, footer, "", "differs from its header");
    p[0].n_definition_bytes = INT32_MIN;
    CHECK_PAGES(p, footer, "", "page header");

    /* levels of version 2 that the decompressed page could hold, but not the one in the file */
    file_metadata_spec packed = footer;
    packed.codec = PT_PARQUET_ZSTD;
    p[0].n_bytes = 1000;
    p[0].n_definition_bytes = 500;
    p[0].n_repetition_bytes = 0;
    CHECK_PAGES(p, packed, "", "differs from its header");

    page_spec levels[] = {page_of("\6\0\0\0\6\2\2\0", 8, 2)};
    CHECK_PAGES(levels, footer_of(maybe_int, 2), "", "fewer values"); /* their length */
    levels[0].body = "\2\0\0\0\4\3";
    levels[0].n_body = 6;
    CHECK_PAGES(levels, footer_of(maybe_int, 2), "", "definition level 3 exceeds the maximum of 1");
    levels[0].body = "\2\0\0\0\2\0";
    CHECK_PAGES(levels, footer_of(maybe_int, 2), "-", "fewer values");
    levels[0].level_encoding = PT_PARQUET_BIT_PACKED;
    CHECK_PAGES(levels, footer_of(maybe_int, 2), "", "BIT_PACKED");
    levels[0].body = "\2\0\0";
    levels[0].n_body = 3;
    levels[0].level_encoding = PT_PARQUET_RLE;
    CHECK_PAGES(levels, footer_of(maybe_int, 2), "", "fewer values");

    page_spec text[] = {page_of("\2\0\0\0ab\xFF\xFF\xFF\xFFzz", 12, 2)};
    CHECK_PAGES(text, footer_of(one_text, 2), "'ab'", "fewer values");
    page_spec list[] = {page_of("\2\0\0\0\4\1\2\0\0\0\4\1\1\0\0\0\2\0\0\0", 20, 2)};
    file_metadata_spec of_list = footer_of(ints, 2);
    CHECK_PAGES(list, of_list, "", "repetition level 1 is invalid"); /* the first */
}

/* The levels 0 1 0 of a list: two rows; the last one is empty. */
TEST(parquet_column_reader, lists_by_hand) {
    page_spec p[] = {page_of("\2\0\0\0\3\2\2\0\0\0\3\3\1\0\0\0\2\0\0\0", 20, 3)};
    file_metadata_spec footer = footer_of(ints, 2);
    footer.n_values = 3;
    pt_strbuf out = {0};
    pt_byte_source bytes;
    pt_parquet *file = NULL;
    pt_parquet_column_reader *column = NULL;
    pt_parquet_slot slot;
    bool continues;

    append_parquet_file(&out, p, 1, footer);
    pt_byte_source_from_memory(out.text, out.length, &bytes);
    REQUIRE_OK(pt_parquet_open(&bytes, &file, &t->err));
    REQUIRE_OK(pt_parquet_column_reader_open(file, 0, &column, &t->err));
    pt_parquet_column_reader_seek_group(column, 0);
    CHECK_OK(pt_parquet_column_reader_next(column, &slot, &t->err));
    CHECK(slot.begins_row && slot.present && slot.value.i32 == 1);
    CHECK_OK(pt_parquet_column_reader_has_more_items(column, &continues, &t->err));
    CHECK(continues);
    CHECK_OK(pt_parquet_column_reader_next(column, &slot, &t->err));
    CHECK(!slot.begins_row && slot.present && slot.value.i32 == 2);
    CHECK_OK(pt_parquet_column_reader_has_more_items(column, &continues, &t->err));
    CHECK(!continues);
    CHECK_OK(pt_parquet_column_reader_next(column, &slot, &t->err));
    CHECK(slot.begins_row && !slot.present && !slot.is_item);
    CHECK_OK(pt_parquet_column_reader_has_more_items(column, &continues, &t->err));
    CHECK(!continues);
    pt_parquet_column_reader_close(&column);
    pt_parquet_close(&file);
    pt_strbuf_release(&out);
}

/* After a damaged page, the next one is found. */
TEST(parquet_column_reader, resume) {
    page_spec p[] = {page_of(four, 8, 2), page_of(four, 8, 3), page_of(four + 8, 8, 2)};
    pt_strbuf out = {0};
    pt_byte_source bytes;
    pt_parquet *file = NULL;
    pt_parquet_column_reader *column = NULL;
    pt_parquet_slot slot;

    p[1].encoding = PT_PARQUET_RLE_DICTIONARY; /* there is no dictionary */
    append_parquet_file(&out, p, 3, footer_of(one_int, 7));
    pt_byte_source_from_memory(out.text, out.length, &bytes);
    REQUIRE_OK(pt_parquet_open(&bytes, &file, &t->err));
    REQUIRE_OK(pt_parquet_column_reader_open(file, 0, &column, &t->err));
    pt_parquet_column_reader_seek_group(column, 0);
    CHECK_FAILS(pt_parquet_column_reader_skip(column, 3, &t->err), PATINA_EFORMAT);
    CHECK_INT(pt_parquet_column_reader_skip_page(column), 5);
    CHECK_OK(pt_parquet_column_reader_next(column, &slot, &t->err));
    CHECK_INT(slot.value.i32, 3);
    CHECK_FAILS(pt_parquet_column_reader_skip(column, 2, &t->err),
                PATINA_EFORMAT); /* one more than are left */
    CHECK_INT(pt_parquet_column_reader_skip_page(column), 7);
    pt_parquet_column_reader_seek_group(column, 0); /* skipped without being detected */
    CHECK_OK(pt_parquet_column_reader_skip(column, 6, &t->err));
    CHECK_OK(pt_parquet_column_reader_next(column, &slot, &t->err));
    CHECK_INT(slot.value.i32, 4);
    pt_parquet_column_reader_close(&column);
    pt_parquet_close(&file);
    pt_strbuf_release(&out);
}

/* Offsets have 64 bits: a file with a hole of 5 GiB before its page. */
TEST(parquet_column_reader, a_large_file) {
    const int64_t start = (int64_t)5 << 30;
    const page_spec page = page_of(four, 16, 4);
    file_metadata_spec footer = footer_of(one_int, 4);
    pt_strbuf out = {0};
    pt_byte_source bytes = {0};
    pt_parquet *file = NULL;
    pt_parquet_column_reader *column = NULL;
    pt_parquet_slot slot = {0};
    char path[512];

    snprintf(path, sizeof path, "%s/large.parquet", pt_test_tmpdir());
    FILE *large = fopen(path, "wb");
    REQUIRE(large != NULL && fwrite("PAR1", 1, 4, large) == 4);
    append_page(&out, &page);
    footer.start = start;
    footer.n_bytes = (int64_t)out.length;
    append_footer(&out, &footer);
    const bool written =
        fseeko(large, start, SEEK_SET) == 0 && fwrite(out.text, 1, out.length, large) == out.length;
    pt_strbuf_release(&out);
    if (fclose(large) != 0 || !written) {
        unlink(path);
        SKIP("files of 5 GiB, even with holes, cannot be made here");
    }
    CHECK_OK(pt_byte_source_open_file(path, &bytes, &t->err));
    REQUIRE_OK(pt_parquet_open(&bytes, &file, &t->err));
    REQUIRE_OK(pt_parquet_column_reader_open(file, 0, &column, &t->err));
    pt_parquet_column_reader_seek_group(column, 0);
    CHECK_OK(pt_parquet_column_reader_skip(column, 3, &t->err));
    CHECK_OK(pt_parquet_column_reader_next(column, &slot, &t->err));
    CHECK_INT(slot.value.i32, 4);
    pt_parquet_column_reader_close(&column);
    pt_parquet_close(&file);
    pt_byte_source_close(&bytes);
    unlink(path);
}
