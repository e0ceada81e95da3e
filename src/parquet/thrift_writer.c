/* SPDX-License-Identifier: MIT */
/* thrift_writer.c - field headers, zigzag numbers, strings and lists of the compact protocol */

#include "parquet/thrift_writer.h"

#include <assert.h>
#include <string.h>

static void add_byte(pt_strbuf *out, unsigned value) {
    const unsigned char byte = (unsigned char)value;
    pt_strbuf_append_bytes(out, &byte, 1);
}

void pt_varint_write(pt_strbuf *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        add_byte(out, (unsigned)(value & 0x7F) | 0x80);
    add_byte(out, (unsigned)value);
}

/* Zigzag encoding: 0, -1, 1, -2 ... become 0, 1, 2, 3 ... */
static void add_zigzag(pt_strbuf *out, int64_t value) {
    pt_varint_write(out, value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1);
}

/* The field id is stored as the difference from the previous one. */
static void add_field(pt_thrift_writer *thrift, int id, pt_thrift_type type) {
    int *last = &thrift->last_id[thrift->depth - 1];
    assert(thrift->depth > 0 && id > *last && id - *last <= 15);
    add_byte(thrift->out, (unsigned)(id - *last) << 4 | (unsigned)type);
    *last = id;
}

void pt_thrift_write_struct_begin(pt_thrift_writer *thrift) {
    assert(thrift->depth < PT_THRIFT_WRITE_DEPTH_MAX);
    thrift->last_id[thrift->depth++] = 0;
}

void pt_thrift_write_struct_end(pt_thrift_writer *thrift) {
    assert(thrift->depth > 0);
    add_byte(thrift->out, 0);
    thrift->depth--;
}

void pt_thrift_write_i16(pt_thrift_writer *thrift, int id, int16_t value) {
    add_field(thrift, id, PT_THRIFT_I16);
    add_zigzag(thrift->out, value);
}

void pt_thrift_write_i32(pt_thrift_writer *thrift, int id, int32_t value) {
    add_field(thrift, id, PT_THRIFT_I32);
    add_zigzag(thrift->out, value);
}

void pt_thrift_write_i64(pt_thrift_writer *thrift, int id, int64_t value) {
    add_field(thrift, id, PT_THRIFT_I64);
    add_zigzag(thrift->out, value);
}

void pt_thrift_write_binary(pt_thrift_writer *thrift, int id, const void *bytes, size_t n) {
    add_field(thrift, id, PT_THRIFT_BINARY);
    pt_varint_write(thrift->out, n);
    pt_strbuf_append_bytes(thrift->out, bytes, n);
}

void pt_thrift_write_string(pt_thrift_writer *thrift, int id, const char *text) {
    pt_thrift_write_binary(thrift, id, text, strlen(text));
}

void pt_thrift_write_struct_field(pt_thrift_writer *thrift, int id) {
    add_field(thrift, id, PT_THRIFT_STRUCT);
    pt_thrift_write_struct_begin(thrift);
}

void pt_thrift_write_list_header(pt_thrift_writer *thrift, int id, pt_thrift_type type,
                                 size_t n_items) {
    add_field(thrift, id, PT_THRIFT_LIST);
    if (n_items < 15) {
        add_byte(thrift->out, (unsigned)n_items << 4 | (unsigned)type);
    } else {
        add_byte(thrift->out, 0xF0U | (unsigned)type);
        pt_varint_write(thrift->out, n_items);
    }
}

void pt_thrift_write_item_i32(pt_thrift_writer *thrift, int32_t value) {
    add_zigzag(thrift->out, value);
}

void pt_thrift_write_item_string(pt_thrift_writer *thrift, const char *text) {
    pt_varint_write(thrift->out, strlen(text));
    pt_strbuf_append(thrift->out, text);
}
