/* SPDX-License-Identifier: MIT */
/* thrift_reader.h - reads structs of Thrift's compact protocol from bytes that nobody vouches for
 *
 * A struct is read in a loop over its fields; whatever is not asked for is skipped:
 *
 *     pt_thrift_field f = {0};
 *     while (pt_thrift_read_field_header(&in, &f))
 *         switch (f.id) {
 *         case 1: n = pt_thrift_read_i32(&in, &f); break;
 *         default: pt_thrift_skip(&in, &f);
 *         }
 *
 * After a error every call gives zeros and the loops end: look at `error` once, behind the
 * outermost. Nothing is allocated, and the time is at most proportional to the bytes.
 *
 * Source  Apache Thrift, "Thrift Compact protocol encoding"
 */

#ifndef PATINA_PARQUET_THRIFT_READER_H
#define PATINA_PARQUET_THRIFT_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parquet/thrift_writer.h"

#define PT_THRIFT_SKIP_DEPTH_MAX 16 /* structs and lists within each other that are passed over */

typedef enum pt_thrift_error {
    PT_THRIFT_OK,
    PT_THRIFT_TRUNCATED, /* the bytes end too early: with more of them it may be sound */
    PT_THRIFT_INVALID    /* of another type than asked for, out of range, or no Thrift at all */
} pt_thrift_error;

typedef struct pt_thrift_reader {
    const unsigned char *at, *end;
    pt_thrift_error error;
} pt_thrift_reader;

/** A field's header. Zero it before the first of a struct. */
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

/** The struct's next field; false behind its last one, and after a error. */
bool pt_thrift_read_field_header(pt_thrift_reader *in, pt_thrift_field *field);

/** The value of the field; another type is a error, and so is a number that does not fit. */
bool pt_thrift_read_bool(pt_thrift_reader *in, const pt_thrift_field *field);
int32_t pt_thrift_read_i32(pt_thrift_reader *in, const pt_thrift_field *field);
int64_t pt_thrift_read_i64(pt_thrift_reader *in, const pt_thrift_field *field);
pt_thrift_span pt_thrift_read_binary(pt_thrift_reader *in, const pt_thrift_field *field);

/** Whether the field is a struct, whose fields then follow. */
bool pt_thrift_read_struct(pt_thrift_reader *in, const pt_thrift_field *field);

/** Number of a list's items, which are of this type and follow; never more than bytes are left. */
size_t pt_thrift_read_list_header(pt_thrift_reader *in, const pt_thrift_field *field,
                                  pt_thrift_type type);

/** An item of a list of numbers. */
int32_t pt_thrift_read_item_i32(pt_thrift_reader *in);

/** Passes over the field, whatever it holds. */
void pt_thrift_skip(pt_thrift_reader *in, const pt_thrift_field *field);

/** An unsigned number in groups of seven bits; a error where it has more than 64. */
uint64_t pt_varint_read(pt_thrift_reader *in);

#endif /* PATINA_PARQUET_THRIFT_READER_H */
