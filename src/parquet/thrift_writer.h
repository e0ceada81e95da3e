/* SPDX-License-Identifier: MIT */
/* thrift_writer.h - writes structs in Thrift's compact protocol, for Parquet's metadata
 *
 * A struct is the fields between pt_thrift_write_struct_begin and pt_thrift_write_struct_end, in
 * ascending order of their ids. Structs nest. The items of a list follow its header.
 *
 * Source  Apache Thrift, "Thrift Compact protocol encoding"
 */

#ifndef PATINA_PARQUET_THRIFT_WRITER_H
#define PATINA_PARQUET_THRIFT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

#define PT_THRIFT_WRITE_DEPTH_MAX 8 /* Parquet's footer is 6 deep */

typedef enum pt_thrift_type {
    PT_THRIFT_TRUE = 1,
    PT_THRIFT_FALSE = 2,
    PT_THRIFT_BYTE = 3,
    PT_THRIFT_I16 = 4,
    PT_THRIFT_I32 = 5,
    PT_THRIFT_I64 = 6,
    PT_THRIFT_DOUBLE = 7,
    PT_THRIFT_BINARY = 8,
    PT_THRIFT_LIST = 9,
    PT_THRIFT_SET = 10,
    PT_THRIFT_MAP = 11,
    PT_THRIFT_STRUCT = 12
} pt_thrift_type;

/** Zero it and set `out` before the first struct. */
typedef struct pt_thrift_writer {
    pt_strbuf *out;
    int last_id[PT_THRIFT_WRITE_DEPTH_MAX]; /* of each open struct */
    unsigned depth;
} pt_thrift_writer;

/** Opens the outermost struct, or one that is an item of a list. */
void pt_thrift_write_struct_begin(pt_thrift_writer *thrift);
void pt_thrift_write_struct_end(pt_thrift_writer *thrift);

/** Fields of the innermost struct. A struct field is open until pt_thrift_write_struct_end. */
void pt_thrift_write_i16(pt_thrift_writer *thrift, int id, int16_t value);
void pt_thrift_write_i32(pt_thrift_writer *thrift, int id, int32_t value);
void pt_thrift_write_i64(pt_thrift_writer *thrift, int id, int64_t value);
void pt_thrift_write_binary(pt_thrift_writer *thrift, int id, const void *bytes, size_t n);
void pt_thrift_write_string(pt_thrift_writer *thrift, int id, const char *text);
void pt_thrift_write_struct_field(pt_thrift_writer *thrift, int id);
void pt_thrift_write_list_header(pt_thrift_writer *thrift, int id, pt_thrift_type type,
                                 size_t n_items);

/** Items of a list, structs apart. */
void pt_thrift_write_item_i32(pt_thrift_writer *thrift, int32_t value);
void pt_thrift_write_item_string(pt_thrift_writer *thrift, const char *text);

/** A varint (LEB128), also used for run headers. */
void pt_varint_write(pt_strbuf *out, uint64_t value);

#endif /* PATINA_PARQUET_THRIFT_WRITER_H */
