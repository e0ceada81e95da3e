/* SPDX-License-Identifier: MIT */
/* test_thrift_reader.c - structs of the compact protocol, valid and invalid
 *
 * test_thrift_writer.c compares the writer with the examples of the protocol; here its output is
 * read, and so is invalid input that ends at every byte.
 */

#include "test.h"

#include <stdlib.h>

#include "parquet/thrift_reader.h"

static uint64_t varint(const char *bytes, size_t n, pt_thrift_error *error) {
    pt_thrift_reader in;
    pt_thrift_reader_init(&in, bytes, n);
    const uint64_t value = pt_varint_read(&in);
    *error = in.error;
    return value;
}

#define CHECK_VARINT(literal, value_, fault_)                                                      \
    do {                                                                                           \
        pt_thrift_error error;                                                                     \
        CHECK(varint((literal), sizeof(literal) - 1, &error) == (value_));                         \
        CHECK_INT(error, (fault_));                                                                \
    } while (0)

TEST(thrift_reader, varint) {
    CHECK_VARINT("\x00", 0, PT_THRIFT_OK);
    CHECK_VARINT("\xDF\x89\x03", 50399, PT_THRIFT_OK);
    CHECK_VARINT("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", UINT64_MAX, PT_THRIFT_OK);
    CHECK_VARINT("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 0, PT_THRIFT_INVALID);
    CHECK_VARINT("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 0, PT_THRIFT_INVALID);
    CHECK_VARINT("\xDF\x89", 0, PT_THRIFT_TRUNCATED);
    CHECK_VARINT("", 0, PT_THRIFT_TRUNCATED);
}

/** A struct with fields of all types. */
static void write_all(pt_strbuf *out) {
    pt_thrift_writer t = {.out = out};
    pt_thrift_write_struct_begin(&t);
    pt_thrift_write_i32(&t, 1, INT32_MIN);
    pt_thrift_write_i64(&t, 2, INT64_MIN);
    pt_thrift_write_string(&t, 3, "text");
    pt_thrift_write_struct_field(&t, 4);
    pt_thrift_write_i32(&t, 7, -1);
    pt_thrift_write_struct_end(&t);
    pt_thrift_write_list_header(&t, 5, PT_THRIFT_I32, 20);
    for (int i = 0; i < 20; i++)
        pt_thrift_write_item_i32(&t, i - 10);
    pt_thrift_write_i64(&t, 9, INT64_MAX);
    pt_thrift_write_struct_end(&t);
}

typedef struct all {
    int32_t i32, inner, sum;
    int64_t low, high;
    char text[8];
    size_t n_items;
} all;

static all read_all(pt_thrift_reader *in) {
    all a = {0};
    pt_thrift_field f = {0}, inner = {0};
    while (pt_thrift_read_field_header(in, &f)) {
        switch (f.id) {
        case 1:
            a.i32 = pt_thrift_read_i32(in, &f);
            break;
        case 2:
            a.low = pt_thrift_read_i64(in, &f);
            break;
        case 3: {
            const pt_thrift_span span = pt_thrift_read_binary(in, &f);
            if (span.n > 0 && span.n < sizeof a.text) memcpy(a.text, span.bytes, span.n);
            break;
        }
        case 4:
            pt_thrift_read_struct(in, &f);
            while (pt_thrift_read_field_header(in, &inner))
                a.inner = pt_thrift_read_i32(in, &inner);
            break;
        case 5:
            a.n_items = pt_thrift_read_list_header(in, &f, PT_THRIFT_I32);
            for (size_t i = 0; i < a.n_items; i++)
                a.sum += pt_thrift_read_item_i32(in);
            break;
        case 9:
            a.high = pt_thrift_read_i64(in, &f);
            break;
        default:
            pt_thrift_skip(in, &f);
        }
    }
    return a;
}

TEST(thrift_reader, writer_round_trip) {
    pt_strbuf out = {0};
    pt_thrift_reader in;
    write_all(&out);
    pt_thrift_reader_init(&in, out.text, out.length);
    const all a = read_all(&in);
    CHECK_INT(in.error, PT_THRIFT_OK);
    CHECK(in.at == in.end);
    CHECK_INT(a.i32, INT32_MIN);
    CHECK(a.low == INT64_MIN && a.high == INT64_MAX);
    CHECK_STR(a.text, "text");
    CHECK_INT(a.inner, -1);
    CHECK_INT(a.n_items, 20);
    CHECK_INT(a.sum, -10);
    pt_strbuf_release(&out);
}

/* With any number of bytes missing, in a block of exact size, so that a read past the end is
 * detected. */
TEST(thrift_reader, every_truncation_is_detected) {
    pt_strbuf out = {0};
    write_all(&out);
    for (size_t n = 0; n < out.length; n++) {
        pt_thrift_reader in;
        char *bytes = malloc(n + 1);
        REQUIRE(bytes != NULL);
        memcpy(bytes + 1, out.text, n);
        pt_thrift_reader_init(&in, bytes + 1, n);
        (void)read_all(&in);
        CHECK_INT(in.error, PT_THRIFT_TRUNCATED);
        pt_thrift_reader_init(&in, bytes + 1, n);
        pt_thrift_skip(&in, &(pt_thrift_field){1, PT_THRIFT_STRUCT});
        CHECK_INT(in.error, PT_THRIFT_TRUNCATED);
        free(bytes);
    }
    pt_strbuf_release(&out);
}

/** Skips a struct; returns the number of bytes, or -1 and the error. */
static long skipped(const char *bytes, size_t n, pt_thrift_error *error) {
    pt_thrift_reader in;
    pt_thrift_reader_init(&in, bytes, n);
    pt_thrift_skip(&in, &(pt_thrift_field){1, PT_THRIFT_STRUCT});
    *error = in.error;
    return in.error == PT_THRIFT_OK ? (long)(in.at - (const unsigned char *)bytes) : -1;
}

#define CHECK_SKIPPED(literal, n_, fault_)                                                         \
    do {                                                                                           \
        pt_thrift_error error;                                                                     \
        CHECK_INT(skipped((literal), sizeof(literal) - 1, &error), (n_));                          \
        CHECK_INT(error, (fault_));                                                                \
    } while (0)

/* Types that the writer does not write, by hand from the specification of the protocol. */
TEST(thrift_reader, unknown_fields_are_skipped) {
    CHECK_SKIPPED("\x00z", 1, PT_THRIFT_OK);
    CHECK_SKIPPED("\x11\x12\x00z", 3, PT_THRIFT_OK); /* true, false */
    CHECK_SKIPPED("\x13\x7F\x00z", 3, PT_THRIFT_OK); /* a byte */
    CHECK_SKIPPED("\x17"                             /* a double */
                  "12345678\x00z",
                  10, PT_THRIFT_OK);
    CHECK_SKIPPED("\x19\x21\x01\x02\x00z", 5, PT_THRIFT_OK);                    /* two truths */
    CHECK_SKIPPED("\x1A\x18\x01q\x00z", 5, PT_THRIFT_OK);                       /* a set of "q" */
    CHECK_SKIPPED("\x1B\x00\x00z", 3, PT_THRIFT_OK);                            /* an empty map */
    CHECK_SKIPPED("\x1B\x01\x85\x01q\x02\x00z", 7, PT_THRIFT_OK);               /* "q": 1 */
    CHECK_SKIPPED("\x19\x1C\x15\x02\x00\x00z", 6, PT_THRIFT_OK);                /* list of struct */
    CHECK_SKIPPED("\x05\x02\x02\x00z", 4, PT_THRIFT_OK);                        /* id in full */
    CHECK_SKIPPED("\x1D\x00", -1, PT_THRIFT_INVALID);                           /* no such type */
    CHECK_SKIPPED("\x19\xF5\xFF\xFF\xFF\xFF\x0F\x00", -1, PT_THRIFT_TRUNCATED); /* 2^32 items */
    CHECK_SKIPPED("\x1B\xFF\xFF\xFF\xFF\x0F\x55\x00\x00", -1, PT_THRIFT_TRUNCATED); /* 2^32 pairs */
    CHECK_SKIPPED("\x18\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", -1, PT_THRIFT_TRUNCATED);
    CHECK_SKIPPED("\x05\xFF\xFF\xFF\x0F\x02\x00", -1, PT_THRIFT_INVALID); /* id of 28 bits */
}

TEST(thrift_reader, depth_has_a_limit) {
    char bytes[4096];
    pt_thrift_error error;
    memset(bytes, 0x1C, sizeof bytes); /* a struct in a struct in a struct */
    CHECK_INT(skipped(bytes, sizeof bytes, &error), -1);
    CHECK_INT(error, PT_THRIFT_INVALID);
    memset(bytes, 0x19, sizeof bytes); /* lists of one list */
    CHECK_INT(skipped(bytes, sizeof bytes, &error), -1);
    CHECK_INT(error, PT_THRIFT_INVALID);
}

TEST(thrift_reader, wrong_types_and_ranges_are_errors) {
    const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
        {"\x16\x02\x00", 3},                 /* an i64 for an i32 */
        {"\x15\x80\x80\x80\x80\x20\x00", 7}, /* 2^32, zigzag, for an i32 */
        {"\x55\x02\x00", 3},                 /* a number for a list */
        {"\x59\x16\x02\x00", 4},             /* i64 in a list of i32 */
        {"\x35\x02\x00", 3},                 /* a number for a text */
        {"\x45\x02\x00", 3},                 /* a number for a struct */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pt_thrift_reader in;
        pt_thrift_reader_init(&in, cases[i].bytes, cases[i].n);
        (void)read_all(&in);
        CHECK_INT(in.error, PT_THRIFT_INVALID);
        CHECK(!pt_thrift_read_field_header(&in, &(pt_thrift_field){0}));
    }
}
