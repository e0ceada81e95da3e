/* SPDX-License-Identifier: MIT */
/* test_parquet_rle_decoder.c - RLE and bit-packed runs */

#include "test.h"

#include <stdlib.h>

#include "parquet/rle_decoder.h"
#include "parquet/thrift_writer.h"

/** All values as text, "1 1 2 ", at most 40; then ". " at the end. */
static const char *values_of(const char *bytes, size_t n, unsigned width) {
    static char text[1024];
    pt_rle_decoder h;
    uint32_t value;
    size_t at = 0;
    char *copy = malloc(n + 1); /* of exact size: a read past the end is detected */
    if (!copy) exit(2);
    memcpy(copy + 1, bytes, n);
    pt_rle_decoder_init(&h, copy + 1, n, width);
    for (int i = 0; i < 40 && pt_rle_decoder_next(&h, &value); i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%u ", value);
    snprintf(text + at, sizeof text - at, "%s", pt_rle_decoder_next(&h, &value) ? "..." : ".");
    free(copy);
    return text;
}

#define CHECK_VALUES(literal, width, expected)                                                     \
    CHECK_STR(values_of((literal), sizeof(literal) - 1, (width)), (expected))

/* 88 C6 FA is the example of Encodings.md: 0 to 7 in three bits each. */
TEST(parquet_rle_decoder, bit_packed_runs) {
    CHECK_VALUES("\x03\x88\xC6\xFA", 3, "0 1 2 3 4 5 6 7 .");
    CHECK_VALUES("\x05\x88\xC6\xFA\x88\xC6\xFA", 3, "0 1 2 3 4 5 6 7 0 1 2 3 4 5 6 7 .");
    CHECK_VALUES("\x03\x05", 1, "1 0 1 0 0 0 0 0 .");
    CHECK_VALUES("\x03\x01\x00\x00\x00\x02\x00\x00\x00\xFF\xFF\xFF\xFF\x04\x00\x00\x00"
                 "\x05\x00\x00\x00\x06\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x80",
                 32, "1 2 4294967295 4 5 6 7 2147483648 .");
}

TEST(parquet_rle_decoder, rle_runs) {
    CHECK_VALUES("\x06\x01", 1, "1 1 1 .");
    CHECK_VALUES("\x04\x34\x12", 13, "4660 4660 .");
    CHECK_VALUES("\x02\xFF\xFF\xFF\xFF", 32, "4294967295 .");
    CHECK_VALUES("\x06", 0, "0 0 0 .");
    CHECK_VALUES("\x06\x01\x00\x01\x02\x00\x03\x01", 1, "1 1 1 0 1 0 0 0 0 0 0 0 .");
}

/* Some writers omit the padding of the last packed run of a chunk. */
TEST(parquet_rle_decoder, truncated_runs) {
    CHECK_VALUES("", 3, ".");
    CHECK_VALUES("\x80", 3, ".");
    CHECK_VALUES("\x04\x34", 13, ".");
    CHECK_VALUES("\x03\x88\xC6", 3, "0 1 2 3 4 .");
    CHECK_VALUES("\xFF\xFF\xFF\xFF\x0F\x88", 3, "0 1 .");
    CHECK_VALUES("\x00\x01\x00\x01", 1, ".");
    CHECK_VALUES("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x01", 1, "."); /* 2^63 groups */
}

/* A few bytes may represent very many values: they are returned one by one. */
TEST(parquet_rle_decoder, long_runs_take_no_memory) {
    CHECK_VALUES("\xFE\xFF\xFF\xFF\x0F\x01", 1,
                 "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
                 "...");
}
