/* SPDX-License-Identifier: MIT */
/* test_csv_table.c - records of delimited text: quotes, line ends, headers, damage */

#include "corpus/csv_table.h"

#include "corpus_fixture.h"

/** A record as "line:field|field|..." or "line!fault"; "end" for NULL. */
static const char *record_text(const pt_csv_record *r) {
    static char buffer[1024];
    if (!r) return "end";
    int n = snprintf(buffer, sizeof buffer, "%llu%s%s", r->line, r->fault[0] ? "!" : "", r->fault);
    for (size_t i = 0; !r->fault[0] && i < r->n_fields; i++) {
        size_t length;
        const char *field = pt_csv_field(r, (int)i, &length);
        n += snprintf(buffer + n, sizeof buffer - (size_t)n, "%c%.*s", i ? '|' : ':', (int)length,
                      field);
    }
    return buffer;
}

/** Each record must be what is expected; "end" comes last. */
static void check_records(pt_test *t, const char *path, const char *const *expected) {
    pt_csv_table *table = NULL;
    const pt_csv_record *r = NULL;
    REQUIRE_OK(pt_csv_open(path, NULL, &table, &t->err));
    do {
        CHECK_OK(pt_csv_next(table, &r, &t->err));
        CHECK_STR(record_text(r), *expected);
    } while (r && *++expected);
    CHECK(r == NULL);
    CHECK_OK(pt_csv_next(table, &r, &t->err)); /* the state does not change */
    CHECK(r == NULL);
    pt_csv_close(&table);
    CHECK(table == NULL);
}

TEST(csv_table, line_numbers_of_records) {
    static const char *const expected[] = {
        "3:1|2", "6:a|b\nc\n\nd", "10:,|\"", "11!1 fields, but the header has 2", "12:x|y", "end"};
    const char *path =
        write_tmp_text("t/a.csv", "h,i\r\n\r\n1,2\r\n\r\n\r\na,\"b\r\nc\n\nd\"\r\n\",\",\"\"\"\""
                                  "\nalone\nx,y");
    check_records(t, path, expected);
}

TEST(csv_table, cr_ends_a_record) {
    static const char *const expected[] = {"1:1|2", "1:3|4", "2:5|6", "end"};
    check_records(t, write_tmp_text("t/b.csv", "h,i\r1,2\r3,4\n5,6\r\n\r"), expected);
}

/* Lists are also written without quoting. */
TEST(csv_table, stray_quotes_are_text) {
    static const char *const expected[] = {
        "2:1|\"a\" b",      "3:2|c \"d\"", "4:\"e\" f|\"g\" h", "5:3|\"i\" j\nk,", "7:l\" m|n",
        "8:o|\"p\"\"q\" r", "end"};
    check_records(t,
                  write_tmp_text("t/q.csv", "h,i\n1,\"a\" b\n2,c \"d\"\n\"e\" f,\"g\" h\n"
                                            "3,\"\"\"i\"\" j\nk,\"\n\"l\" m\",n\n"
                                            "o,\"p\"\"q\" r\n"),
                  expected);
}

TEST(csv_table, unclosed_quote_ends_the_table) {
    static const char *const expected[] = {
        "2:1|2", "4!a quote is not closed: the rest of the file is one field", "end"};
    check_records(t, write_tmp_text("t/c.csv", "h,i\n1,2\n\n3,\"open\n4,5\n6,7\n"), expected);
    static const char *const at_once[] = {
        "2!a quote is not closed: the rest of the file is one field", "end"};
    check_records(t, write_tmp_text("t/d.csv", "h,i\n\""), at_once);
}

/* 64 fields of 1 MB each, in lines of 1 MB: no field and no line is too long, the record is. */
TEST(csv_table, record_size_limit) {
    const size_t line = 1 << 20;
    char *text = malloc(64 * line + 4), *at = text;
    pt_csv_table *table = NULL;
    const pt_csv_record *r = NULL;
    memcpy(at, "h,i\n", 4);
    at += 4;
    for (int i = 0; i < 64; i++, at += line) {
        memset(at, 'x', line);
        memcpy(at, i ? "\",\"" : "\"", i ? 3 : 1);
        at[line - 1] = '\n';
    }
    REQUIRE_OK(
        pt_csv_open(write_tmp_bytes("t/e.csv", text, (size_t)(at - text)), NULL, &table, &t->err));
    free(text);
    CHECK_OK(pt_csv_next(table, &r, &t->err));
    CHECK_CONTAINS(record_text(r), "2!a field of over 16 MB");
    if (r) CHECK(r->text.capacity <= 64U << 20);
    pt_csv_close(&table);
}

TEST(csv_table, invalid_headers) {
    static char many[PT_CSV_COLUMNS_MAX * 2 + 4];
    pt_csv_table *table = NULL;
    for (size_t i = 0; i < PT_CSV_COLUMNS_MAX + 1; i++)
        memcpy(many + 2 * i, "a,", 2);
    CHECK_FAILS(pt_csv_open(write_tmp_text("t/f.csv", many), NULL, &table, &t->err),
                PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "more than 1024 columns");
    CHECK_FAILS(pt_csv_open(write_tmp_text("t/g.csv", "\n\n"), NULL, &table, &t->err),
                PATINA_EFORMAT);
    CHECK_FAILS(pt_csv_open(write_tmp_text("t/h.csv", "\"a,b\n1,2\n"), NULL, &table, &t->err),
                PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "quote");
    CHECK_FAILS(pt_csv_open(tmp_path("t/nowhere.csv"), NULL, &table, &t->err), PATINA_EIO);
    CHECK(table == NULL);
}

TEST(csv_table, columns_are_found_by_name) {
    pt_csv_table *table = NULL;
    REQUIRE_OK(pt_csv_open(write_tmp_text("t/i.csv", "\xEF\xBB\xBFh,\" i \",hh,h\n"), NULL, &table,
                           &t->err));
    CHECK_INT(pt_csv_find_column(pt_csv_header(table), "h"), 0);
    CHECK_INT(pt_csv_find_column(pt_csv_header(table), "hh"), 2);
    CHECK_INT(pt_csv_find_column(pt_csv_header(table), "H"), 0); /* in any case */
    CHECK_INT(pt_csv_find_column(pt_csv_header(table), "x"), -1);
    CHECK_INT(pt_csv_find_first_column(pt_csv_header(table), "nowhere|i|h"), 1);
    pt_csv_close(&table);
}

TEST(csv_table, delimiters_and_given_headers) {
    pt_csv_table *table = NULL;
    const pt_csv_record *r = NULL;
    const pt_csv_format bars = {.delimiter = '|', .header = "id,text"};
    REQUIRE_OK(pt_csv_open(write_tmp_text("t/bar.csv", "a|x, y\n"), &bars, &table, &t->err));
    CHECK_INT(pt_csv_find_column(pt_csv_header(table), "text"), 1);
    REQUIRE_OK(pt_csv_next(table, &r, &t->err));
    CHECK_STR(record_text(r), "1:a|x, y");
    pt_csv_close(&table);
    const pt_csv_format tags = {.delimiter = '\t', .extra_fields = true};
    REQUIRE_OK(
        pt_csv_open(write_tmp_text("t/tags.tsv", "A\tB\n1\t2\t3\n4\n"), &tags, &table, &t->err));
    REQUIRE_OK(pt_csv_next(table, &r, &t->err));
    CHECK_STR(record_text(r), "2:1|2|3");
    REQUIRE_OK(pt_csv_next(table, &r, &t->err));
    CHECK_STR(record_text(r), "3!1 fields, but the header has 2");
    pt_csv_close(&table);
}

TEST(csv_table, a_header_in_a_comment) {
    static const char *const audioset[] = {"4:-a|30.000|40.000|/m/1,/m/2", "end"};
    static const char *const other[] = {"3:1|2", "end"};
    const char *path = write_tmp_text("t/seg.csv", "# Segments csv created\n# num_ytids=1\n"
                                                   "# YTID, start, end, labels\n"
                                                   "-a, 30.000, 40.000, \"/m/1,/m/2\"\n");
    check_records(t, path, audioset);
    check_records(t, write_tmp_text("t/comment.csv", "# a remark\nh,i\n1,2\n"), other);
}

TEST(csv_table, utf16_is_converted) {
    static const char *const expected[] = {"2:1|\xC3\xA9\xF0\x9F\x90\xB6", "3:\xFF|x", "end"};
    static const char le[] = "\xFF\xFEh\0,\0i\0\n\0"
                             "1\0,\0\xE9\0\x3D\xD8\x36\xDC\r\0\n\0\x00\xD8,\0x\0\n";
    static const char be[] = "\xFE\xFF\0h\0,\0i\0\n\0"
                             "1\0,\0\xE9\xD8\x3D\xDC\x36\0\r\0\n\xD8\0\0,\0x\0\n";
    check_records(t, write_tmp_bytes("t/le.csv", le, sizeof le), expected);
    check_records(t, write_tmp_bytes("t/be.csv", be, sizeof be - 1), expected);
}
