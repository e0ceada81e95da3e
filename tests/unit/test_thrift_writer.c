/* SPDX-License-Identifier: MIT */
/* test_thrift_writer.c - the compact protocol, byte by byte */

#include "test.h"

#include "parquet/thrift_writer.h"

static bool has_bytes(const pt_strbuf *out, const char *bytes, size_t n) {
    return out->length == n && memcmp(out->text, bytes, n) == 0;
}

#define CHECK_BYTES(out, literal) CHECK(has_bytes((out), (literal), sizeof(literal) - 1))

/* The example of the specification: 50399 -> df 89 03. */
TEST(thrift_writer, varint) {
    pt_strbuf out = {0};
    pt_varint_write(&out, 0);
    pt_varint_write(&out, 127);
    pt_varint_write(&out, 128);
    pt_varint_write(&out, 50399);
    pt_varint_write(&out, UINT64_MAX);
    CHECK_BYTES(&out, "\x00\x7F\x80\x01\xDF\x89\x03\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
    pt_strbuf_release(&out);
}

/* 0, -1, 1, -2, 2147483647, -2147483648 -> 0, 1, 2, 3, 4294967294, 4294967295. */
TEST(thrift_writer, zigzag) {
    pt_strbuf out = {0};
    pt_thrift_writer thrift = {.out = &out};
    pt_thrift_write_item_i32(&thrift, 0);
    pt_thrift_write_item_i32(&thrift, -1);
    pt_thrift_write_item_i32(&thrift, 1);
    pt_thrift_write_item_i32(&thrift, -2);
    CHECK_BYTES(&out, "\x00\x01\x02\x03");
    pt_strbuf_clear(&out);
    pt_thrift_write_item_i32(&thrift, INT32_MAX);
    pt_thrift_write_item_i32(&thrift, INT32_MIN);
    CHECK_BYTES(&out, "\xFE\xFF\xFF\xFF\x0F\xFF\xFF\xFF\xFF\x0F");
    pt_strbuf_release(&out);
}

TEST(thrift_writer, fields_count_from_the_last_id_of_their_struct) {
    pt_strbuf out = {0};
    pt_thrift_writer thrift = {.out = &out};
    pt_thrift_write_struct_begin(&thrift);
    pt_thrift_write_i32(&thrift, 1, 5);
    pt_thrift_write_struct_field(&thrift, 4);
    pt_thrift_write_i64(&thrift, 2, -1);
    pt_thrift_write_i16(&thrift, 3, 300);
    pt_thrift_write_struct_end(&thrift);
    pt_thrift_write_string(&thrift, 6, "ab");
    pt_thrift_write_struct_end(&thrift);
    CHECK_BYTES(&out, "\x15\x0A"         /* 1: i32 5 */
                      "\x3C"             /* 4: struct */
                      "\x26\x01"         /*   2: i64 -1 */
                      "\x14\xD8\x04"     /*   3: i16 300 */
                      "\x00"             /*   stop */
                      "\x28\x02\x61\x62" /* 6: binary */
                      "\x00");
    CHECK_INT(thrift.depth, 0);
    pt_strbuf_release(&out);
}

/* Up to 14 items, the number is in the byte of the type. */
TEST(thrift_writer, lists_short_and_long) {
    pt_strbuf out = {0};
    pt_thrift_writer thrift = {.out = &out};
    pt_thrift_write_struct_begin(&thrift);
    pt_thrift_write_list_header(&thrift, 1, PT_THRIFT_BINARY, 1);
    pt_thrift_write_item_string(&thrift, "x");
    pt_thrift_write_list_header(&thrift, 2, PT_THRIFT_I32, 14);
    pt_thrift_write_list_header(&thrift, 3, PT_THRIFT_STRUCT, 15);
    pt_thrift_write_list_header(&thrift, 4, PT_THRIFT_STRUCT, 0);
    CHECK_BYTES(&out, "\x19\x18\x01x"
                      "\x19\xE5"
                      "\x19\xFC\x0F"
                      "\x19\x0C");
    pt_strbuf_release(&out);
}
