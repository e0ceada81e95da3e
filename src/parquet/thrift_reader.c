/* SPDX-License-Identifier: MIT */
/* thrift_reader.c - field headers, zigzag numbers, strings and lists, each checked against the end
 *
 * The first fault stays, and moves `at` to the end, so that nothing is read behind it.
 */

#include "parquet/thrift_reader.h"

void pt_thrift_in_init(pt_thrift_in *in, const void *bytes, size_t n) {
    *in = (pt_thrift_in){.at = bytes, .end = (const unsigned char *)bytes + n};
}

static uint64_t failed(pt_thrift_in *in, pt_thrift_fault fault) {
    if (in->fault == PT_THRIFT_SOUND) in->fault = fault;
    in->at = in->end;
    return 0;
}

static size_t left(const pt_thrift_in *in) {
    return (size_t)(in->end - in->at);
}

static unsigned get_byte(pt_thrift_in *in) {
    return in->at < in->end ? *in->at++ : (unsigned)failed(in, PT_THRIFT_CUT);
}

static void pass(pt_thrift_in *in, uint64_t n) {
    if (n <= left(in))
        in->at += n;
    else
        failed(in, PT_THRIFT_CUT);
}

uint64_t pt_varint_get(pt_thrift_in *in) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const unsigned byte = get_byte(in);
        if (shift == 63 && byte > 1) break; /* bits 64 and up */
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return in->fault == PT_THRIFT_SOUND ? value : 0;
    }
    return failed(in, PT_THRIFT_BROKEN);
}

static int64_t get_zigzag(pt_thrift_in *in) {
    const uint64_t value = pt_varint_get(in);
    return (int64_t)(value >> 1 ^ (~(value & 1) + 1));
}

bool pt_thrift_next(pt_thrift_in *in, pt_thrift_field *field) {
    const unsigned head = get_byte(in);
    if (head == 0) return false; /* the end of the struct, or a fault */
    const int64_t id = head >> 4 ? field->id + (int)(head >> 4) : get_zigzag(in);
    if (id < INT16_MIN || id > INT16_MAX) return failed(in, PT_THRIFT_BROKEN);
    *field = (pt_thrift_field){(int)id, (pt_thrift_type)(head & 0xF)};
    return in->fault == PT_THRIFT_SOUND;
}

static bool is(pt_thrift_in *in, pt_thrift_type type, pt_thrift_type wanted) {
    return type == wanted || failed(in, PT_THRIFT_BROKEN);
}

bool pt_thrift_get_bool(pt_thrift_in *in, const pt_thrift_field *field) {
    return field->type == PT_THRIFT_TRUE || (is(in, field->type, PT_THRIFT_FALSE) && false);
}

int32_t pt_thrift_get_item_i32(pt_thrift_in *in) {
    const int64_t value = get_zigzag(in);
    if (value < INT32_MIN || value > INT32_MAX) return (int32_t)failed(in, PT_THRIFT_BROKEN);
    return (int32_t)value;
}

int32_t pt_thrift_get_i32(pt_thrift_in *in, const pt_thrift_field *field) {
    return is(in, field->type, PT_THRIFT_I32) ? pt_thrift_get_item_i32(in) : 0;
}

int64_t pt_thrift_get_i64(pt_thrift_in *in, const pt_thrift_field *field) {
    return is(in, field->type, PT_THRIFT_I64) ? get_zigzag(in) : 0;
}

pt_thrift_span pt_thrift_get_bytes(pt_thrift_in *in, const pt_thrift_field *field) {
    pt_thrift_span span = {0};
    if (!is(in, field->type, PT_THRIFT_BINARY)) return span;
    const uint64_t n = pt_varint_get(in);
    const unsigned char *bytes = in->at;
    pass(in, n);
    if (in->fault == PT_THRIFT_SOUND) span = (pt_thrift_span){bytes, (size_t)n};
    return span;
}

bool pt_thrift_get_struct(pt_thrift_in *in, const pt_thrift_field *field) {
    return is(in, field->type, PT_THRIFT_STRUCT);
}

/** An item takes a byte at least, so that more of them than bytes are a lie. */
static size_t get_list_head(pt_thrift_in *in, pt_thrift_type *type) {
    const unsigned head = get_byte(in);
    const uint64_t n = head >> 4 == 15 ? pt_varint_get(in) : head >> 4;
    *type = (pt_thrift_type)(head & 0xF);
    return n <= left(in) ? (size_t)n : (size_t)failed(in, PT_THRIFT_CUT);
}

size_t pt_thrift_get_list(pt_thrift_in *in, const pt_thrift_field *field, pt_thrift_type type) {
    pt_thrift_type found;
    if (!is(in, field->type, PT_THRIFT_LIST)) return 0;
    const size_t n = get_list_head(in, &found);
    return n > 0 && is(in, found, type) ? n : 0; /* of an empty list some writers know no type */
}

static void skip_value(pt_thrift_in *in, pt_thrift_type type, bool is_item, unsigned depth);

static void skip_items(pt_thrift_in *in, unsigned depth) {
    pt_thrift_type type;
    for (size_t n = get_list_head(in, &type); n > 0 && in->fault == PT_THRIFT_SOUND; n--)
        skip_value(in, type, true, depth);
}

static void skip_map(pt_thrift_in *in, unsigned depth) {
    const uint64_t n = pt_varint_get(in);
    const unsigned types = n > 0 ? get_byte(in) : 0;
    if (n > left(in) / 2) failed(in, PT_THRIFT_CUT);
    for (uint64_t i = 0; i < n && in->fault == PT_THRIFT_SOUND; i++) {
        skip_value(in, (pt_thrift_type)(types >> 4), true, depth);
        skip_value(in, (pt_thrift_type)(types & 0xF), true, depth);
    }
}

/** is_item: a truth value among the items of a list has a byte of its own. */
static void skip_value(pt_thrift_in *in, pt_thrift_type type, bool is_item, unsigned depth) {
    pt_thrift_field field = {0};

    if (depth >= PT_THRIFT_SKIP_DEPTH) {
        failed(in, PT_THRIFT_BROKEN);
        return;
    }
    switch (type) {
    case PT_THRIFT_TRUE:
    case PT_THRIFT_FALSE:
        if (is_item) pass(in, 1);
        break;
    case PT_THRIFT_BYTE:
        pass(in, 1);
        break;
    case PT_THRIFT_I16:
    case PT_THRIFT_I32:
    case PT_THRIFT_I64:
        pt_varint_get(in);
        break;
    case PT_THRIFT_DOUBLE:
        pass(in, 8);
        break;
    case PT_THRIFT_BINARY:
        pass(in, pt_varint_get(in));
        break;
    case PT_THRIFT_LIST:
    case PT_THRIFT_SET:
        skip_items(in, depth + 1);
        break;
    case PT_THRIFT_MAP:
        skip_map(in, depth + 1);
        break;
    case PT_THRIFT_STRUCT:
        while (pt_thrift_next(in, &field))
            skip_value(in, field.type, false, depth + 1);
        break;
    default:
        failed(in, PT_THRIFT_BROKEN);
    }
}

void pt_thrift_skip(pt_thrift_in *in, const pt_thrift_field *field) {
    skip_value(in, field->type, false, 0);
}
