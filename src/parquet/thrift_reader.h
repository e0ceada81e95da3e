/* SPDX-License-Identifier: MIT */
/* thrift_reader.h - reads structs of Thrift's compact protocol from untrusted bytes
 *
 * A struct is read in a loop over its fields; other fields are skipped:
 *
 *     pt_thrift_field f = {0};
 *     while (pt_thrift_read_field_header(&in, &f))
 *         switch (f.id) {
 *         case 1: n = pt_thrift_read_i32(&in, &f); break;
 *         default: pt_thrift_skip(&in, &f);
 *         }
 *
 * After an error every call returns 0 and all loops end, so `error` needs to be checked once, after
 * the outermost loop. Nothing is allocated; the time is at most proportional to the input.
 *
 * Source  Apache Thrift, "Thrift Compact protocol encoding"
 */

#ifndef PATINA_PARQUET_THRIFT_READER_H
#define PATINA_PARQUET_THRIFT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parquet/thrift_writer.h"

#define PT_THRIFT_SKIP_DEPTH_MAX 16 /* nesting of skipped structs and lists */

typedef enum pt_thrift_error {
    PT_THRIFT_OK,
    PT_THRIFT_TRUNCATED, /* the input ends early; with more bytes it may be valid */
    PT_THRIFT_INVALID    /* wrong type, out of range, or not Thrift */
} pt_thrift_error;

typedef struct pt_thrift_reader {
    const unsigned char *at, *end;
    pt_thrift_error error;
} pt_thrift_reader;

/** A field header. Zero it before the first one of a struct. */
typedef struct pt_thrift_field {
    int id;
    pt_thrift_type type;
} pt_thrift_field;

/** Bytes, inside the input. */
typedef struct pt_thrift_span {
    const unsigned char *bytes;
    size_t n;
} pt_thrift_span;

/** Borrows the n bytes. */
void pt_thrift_reader_init(pt_thrift_reader *in, const void *bytes, size_t n);

/** The next field of the struct; false after the last one, and after an error. */
bool pt_thrift_read_field_header(pt_thrift_reader *in, pt_thrift_field *field);

/** The value of the field. Another type, or a number out of range, is an error. */
bool pt_thrift_read_bool(pt_thrift_reader *in, const pt_thrift_field *field);
int32_t pt_thrift_read_i32(pt_thrift_reader *in, const pt_thrift_field *field);
int64_t pt_thrift_read_i64(pt_thrift_reader *in, const pt_thrift_field *field);
pt_thrift_span pt_thrift_read_binary(pt_thrift_reader *in, const pt_thrift_field *field);

/** Whether the field is a struct; its fields follow. */
bool pt_thrift_read_struct(pt_thrift_reader *in, const pt_thrift_field *field);

/** Number of items of a list of this type; they follow. Never more than the bytes left. */
size_t pt_thrift_read_list_header(pt_thrift_reader *in, const pt_thrift_field *field,
                                  pt_thrift_type type);

/** An item of a list of numbers. */
int32_t pt_thrift_read_item_i32(pt_thrift_reader *in);

/** Skips the field. */
void pt_thrift_skip(pt_thrift_reader *in, const pt_thrift_field *field);

/** A varint (LEB128) of at most 64 bits. */
uint64_t pt_varint_read(pt_thrift_reader *in);

#endif /* PATINA_PARQUET_THRIFT_READER_H */
