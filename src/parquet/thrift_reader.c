/* SPDX-License-Identifier: MIT */
/* thrift_reader.c - parses field headers, zigzag numbers, strings and lists, with bounds checks
 *
 * The first error is kept, and moves `at` to the end, so that no further byte is read.
 */

#include "parquet/thrift_reader.h"

void pt_thrift_reader_init(pt_thrift_reader *in, const void *bytes, size_t n) {
    *in = (pt_thrift_reader){.at = bytes, .end = (const unsigned char *)bytes + n};
}

static uint64_t set_error(pt_thrift_reader *in, pt_thrift_error error) {
    if (in->error == PT_THRIFT_OK) in->error = error;
    in->at = in->end;
    return 0;
}

static size_t bytes_left(const pt_thrift_reader *in) {
    return (size_t)(in->end - in->at);
}

static unsigned read_byte(pt_thrift_reader *in) {
    return in->at < in->end ? *in->at++ : (unsigned)set_error(in, PT_THRIFT_TRUNCATED);
}

static void skip_bytes(pt_thrift_reader *in, uint64_t n) {
    if (n <= bytes_left(in))
        in->at += n;
    else
        set_error(in, PT_THRIFT_TRUNCATED);
}

uint64_t pt_varint_read(pt_thrift_reader *in) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const unsigned byte = read_byte(in);
        if (shift == 63 && byte > 1) break; /* bits 64 and up */
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return in->error == PT_THRIFT_OK ? value : 0;
    }
    return set_error(in, PT_THRIFT_INVALID);
}

static int64_t read_zigzag(pt_thrift_reader *in) {
    const uint64_t value = pt_varint_read(in);
    return (int64_t)(value >> 1 ^ (~(value & 1) + 1));
}

bool pt_thrift_read_field_header(pt_thrift_reader *in, pt_thrift_field *field) {
    const unsigned head = read_byte(in);
    if (head == 0) return false; /* the end of the struct, or an error */
    const int64_t id = head >> 4 ? field->id + (int)(head >> 4) : read_zigzag(in);
    if (id < INT16_MIN || id > INT16_MAX) return set_error(in, PT_THRIFT_INVALID);
    *field = (pt_thrift_field){(int)id, (pt_thrift_type)(head & 0xF)};
    return in->error == PT_THRIFT_OK;
}

static bool check_type(pt_thrift_reader *in, pt_thrift_type type, pt_thrift_type wanted) {
    return type == wanted || set_error(in, PT_THRIFT_INVALID);
}

bool pt_thrift_read_bool(pt_thrift_reader *in, const pt_thrift_field *field) {
    return field->type == PT_THRIFT_TRUE || (check_type(in, field->type, PT_THRIFT_FALSE) && false);
}

int32_t pt_thrift_read_item_i32(pt_thrift_reader *in) {
    const int64_t value = read_zigzag(in);
    if (value < INT32_MIN || value > INT32_MAX) return (int32_t)set_error(in, PT_THRIFT_INVALID);
    return (int32_t)value;
}

int32_t pt_thrift_read_i32(pt_thrift_reader *in, const pt_thrift_field *field) {
    return check_type(in, field->type, PT_THRIFT_I32) ? pt_thrift_read_item_i32(in) : 0;
}

int64_t pt_thrift_read_i64(pt_thrift_reader *in, const pt_thrift_field *field) {
    return check_type(in, field->type, PT_THRIFT_I64) ? read_zigzag(in) : 0;
}

pt_thrift_span pt_thrift_read_binary(pt_thrift_reader *in, const pt_thrift_field *field) {
    pt_thrift_span span = {0};
    if (!check_type(in, field->type, PT_THRIFT_BINARY)) return span;
    const uint64_t n = pt_varint_read(in);
    const unsigned char *bytes = in->at;
    skip_bytes(in, n);
    if (in->error == PT_THRIFT_OK) span = (pt_thrift_span){bytes, (size_t)n};
    return span;
}

bool pt_thrift_read_struct(pt_thrift_reader *in, const pt_thrift_field *field) {
    return check_type(in, field->type, PT_THRIFT_STRUCT);
}

/** An item has at least one byte, so a list longer than the input is an error. */
static size_t read_list_header(pt_thrift_reader *in, pt_thrift_type *type) {
    const unsigned head = read_byte(in);
    const uint64_t n = head >> 4 == 15 ? pt_varint_read(in) : head >> 4;
    *type = (pt_thrift_type)(head & 0xF);
    return n <= bytes_left(in) ? (size_t)n : (size_t)set_error(in, PT_THRIFT_TRUNCATED);
}

size_t pt_thrift_read_list_header(pt_thrift_reader *in, const pt_thrift_field *field,
                                  pt_thrift_type type) {
    pt_thrift_type found;
    if (!check_type(in, field->type, PT_THRIFT_LIST)) return 0;
    const size_t n = read_list_header(in, &found);
    return n > 0 && check_type(in, found, type) ? n : 0; /* some writers give empty lists no type */
}

static void skip_value(pt_thrift_reader *in, pt_thrift_type type, bool is_item, unsigned depth);

static void skip_items(pt_thrift_reader *in, unsigned depth) {
    pt_thrift_type type;
    for (size_t n = read_list_header(in, &type); n > 0 && in->error == PT_THRIFT_OK; n--)
        skip_value(in, type, true, depth);
}

static void skip_map(pt_thrift_reader *in, unsigned depth) {
    const uint64_t n = pt_varint_read(in);
    const unsigned types = n > 0 ? read_byte(in) : 0;
    if (n > bytes_left(in) / 2) set_error(in, PT_THRIFT_TRUNCATED);
    for (uint64_t i = 0; i < n && in->error == PT_THRIFT_OK; i++) {
        skip_value(in, (pt_thrift_type)(types >> 4), true, depth);
        skip_value(in, (pt_thrift_type)(types & 0xF), true, depth);
    }
}

/** is_item: a boolean in a list has a byte of its own, in a field it has none. */
static void skip_value(pt_thrift_reader *in, pt_thrift_type type, bool is_item, unsigned depth) {
    pt_thrift_field field = {0};

    if (depth >= PT_THRIFT_SKIP_DEPTH_MAX) {
        set_error(in, PT_THRIFT_INVALID);
        return;
    }
    switch (type) {
    case PT_THRIFT_TRUE:
    case PT_THRIFT_FALSE:
        if (is_item) skip_bytes(in, 1);
        break;
    case PT_THRIFT_BYTE:
        skip_bytes(in, 1);
        break;
    case PT_THRIFT_I16:
    case PT_THRIFT_I32:
    case PT_THRIFT_I64:
        pt_varint_read(in);
        break;
    case PT_THRIFT_DOUBLE:
        skip_bytes(in, 8);
        break;
    case PT_THRIFT_BINARY:
        skip_bytes(in, pt_varint_read(in));
        break;
    case PT_THRIFT_LIST:
    case PT_THRIFT_SET:
        skip_items(in, depth + 1);
        break;
    case PT_THRIFT_MAP:
        skip_map(in, depth + 1);
        break;
    case PT_THRIFT_STRUCT:
        while (pt_thrift_read_field_header(in, &field))
            skip_value(in, field.type, false, depth + 1);
        break;
    default:
        set_error(in, PT_THRIFT_INVALID);
    }
}

void pt_thrift_skip(pt_thrift_reader *in, const pt_thrift_field *field) {
    skip_value(in, field->type, false, 0);
}
