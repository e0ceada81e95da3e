/* SPDX-License-Identifier: MIT */
/* tag_skip.c - ID3v1, ID3v2, APE and Lyrics3 tags */

#include "audio/tag_skip.h"

#include <stdbool.h>
#include <string.h>

#include "audio/byte_reader.h"

#define TAGS_MAX 4096

enum { ID3V1_BYTES = 128, ID3V2_BYTES = 10, APE_BYTES = 32, LYRICS_END_BYTES = 15 };

/** The size in an ID3v2 header or footer: four bytes of seven bits. */
static uint64_t read_id3_size(const unsigned char *b) {
    uint64_t size = 0;
    for (int i = 6; i < 10; i++)
        size = size << 7 | (b[i] & 0x7F);
    return size;
}

/** The size in the header or footer of an APE tag. */
static uint64_t read_ape_size(const unsigned char *b) {
    uint64_t size = 0;
    for (int i = 15; i >= 12; i--)
        size = size << 8 | b[i];
    return size;
}

uint64_t pt_tag_skip_leading(const pt_byte_source *bytes, uint64_t from) {
    unsigned char h[16];
    for (int n = 0; n < TAGS_MAX && pt_read_exactly(bytes, from, h, sizeof h); n++) {
        if (memcmp(h, "ID3", 3) == 0)
            from += ID3V2_BYTES + read_id3_size(h);
        else if (memcmp(h, "APETAGEX", 8) == 0)
            from += APE_BYTES + read_ape_size(h); /* that of the items and the footer */
        else if (memcmp(h, "TAG", 3) == 0 && bytes->size - from > ID3V1_BYTES)
            from += ID3V1_BYTES;
        else
            break;
    }
    return from < bytes->size ? from : bytes->size;
}

/** Bytes of the tag that ends at `end`; 0 without one. */
static uint64_t trailing_tag_bytes(const pt_byte_source *bytes, uint64_t end) {
    unsigned char b[APE_BYTES];
    uint64_t size = 0;

    if (end >= ID3V1_BYTES && pt_read_exactly(bytes, end - ID3V1_BYTES, b, 3) &&
        memcmp(b, "TAG", 3) == 0)
        return ID3V1_BYTES;
    if (end >= APE_BYTES && pt_read_exactly(bytes, end - APE_BYTES, b, APE_BYTES) &&
        memcmp(b, "APETAGEX", 8) == 0) {
        size = read_ape_size(b); /* with this footer, without the header */
        return size + (b[23] & 0x80 ? APE_BYTES : 0);
    }
    if (end >= LYRICS_END_BYTES && pt_read_exactly(bytes, end - LYRICS_END_BYTES, b, 15)) {
        if (memcmp(b + 6, "LYRICS200", 9) == 0) {
            for (int i = 0; i < 6; i++)
                size = 10 * size + (b[i] >= '0' && b[i] <= '9' ? (unsigned)b[i] - '0' : 0U);
            size += LYRICS_END_BYTES;
            return size <= end && pt_read_exactly(bytes, end - size, b, 11) &&
                           memcmp(b, "LYRICSBEGIN", 11) == 0
                       ? size
                       : 0;
        }
    }
    if (end >= ID3V2_BYTES && pt_read_exactly(bytes, end - ID3V2_BYTES, b, ID3V2_BYTES) &&
        memcmp(b, "3DI", 3) == 0)
        return read_id3_size(b) + 2 * (uint64_t)ID3V2_BYTES;
    return 0;
}

uint64_t pt_tag_skip_trailing(const pt_byte_source *bytes, uint64_t from) {
    uint64_t end = bytes->size;
    for (int n = 0; n < TAGS_MAX && end > from; n++) {
        const uint64_t size = trailing_tag_bytes(bytes, end);
        if (size == 0 || size > end - from) break;
        end -= size;
    }
    return end;
}
