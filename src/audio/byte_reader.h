/* SPDX-License-Identifier: MIT */
/* byte_reader.h - exact reads and big-endian integers, for the header parsers */

#ifndef PATINA_AUDIO_BYTE_READER_H
#define PATINA_AUDIO_BYTE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_source.h"

/** Reads n bytes at offset; false after an error or if fewer remain. */
static inline bool pt_read_exactly(const pt_byte_source *bytes, uint64_t offset, void *buffer,
                                   size_t n) {
    return pt_byte_source_read_at(bytes, offset, buffer, n) == (int64_t)n;
}

/** The big-endian number of n bytes, at most 8. */
static inline uint64_t pt_read_be(const unsigned char *b, unsigned n) {
    uint64_t value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | b[i];
    return value;
}

#endif /* PATINA_AUDIO_BYTE_READER_H */
