/* SPDX-License-Identifier: MIT */
/* ogg_crc.c - page by page: header, table of segments, body, checksum */

#include "audio/ogg_crc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define HEADER_BYTES 27
#define PAGE_BYTES   (HEADER_BYTES + 255 + 255 * 255)
#define CRC_OFFSET   22

/** Remainders of each byte: polynomial 04C11DB7, most significant bit first. */
static void make_crc_table(uint32_t table[256]) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t r = i << 24;
        for (int k = 0; k < 8; k++)
            r = r & 0x80000000U ? r << 1 ^ 0x04C11DB7U : r << 1;
        table[i] = r;
    }
}

/** Whether the checksum of a page is right; it counts as zeros in itself. */
static bool is_crc_valid(const uint32_t table[256], const unsigned char *page, size_t n) {
    uint32_t crc = 0, stated = 0;
    for (size_t i = 0; i < n; i++) {
        const bool own = i >= CRC_OFFSET && i < CRC_OFFSET + 4;
        if (own) stated |= (uint32_t)page[i] << (8 * (i - CRC_OFFSET));
        crc = crc << 8 ^ table[crc >> 24 ^ (own ? 0 : page[i])];
    }
    return crc == stated;
}

/** Length of the page that b begins with; 0 if it begins with none, or its end is not there. */
static size_t page_length(const unsigned char *b, size_t n) {
    if (n < HEADER_BYTES || memcmp(b, "OggS", 4) != 0) return 0;
    size_t length = HEADER_BYTES + b[26];
    if (n < length) return 0;
    for (size_t i = 0; i < b[26]; i++)
        length += b[HEADER_BYTES + i];
    return length <= n ? length : 0;
}

/** Whether another page stands anywhere behind `at`. */
static bool has_later_page(const pt_byte_source *bytes, uint64_t at, unsigned char *b) {
    int64_t n;
    while ((n = pt_byte_source_read_at(bytes, at, b, PAGE_BYTES)) >= HEADER_BYTES) {
        if (memmem(b, (size_t)n, "OggS", 4)) return true;
        at += (uint64_t)n - 3;
    }
    return false;
}

patina_status pt_ogg_crc_check(const pt_byte_source *bytes, uint64_t from, patina_error *err) {
    unsigned char *b = malloc(PAGE_BYTES);
    uint32_t table[256];
    patina_status status = PATINA_OK;
    uint64_t at = from;

    if (!b) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    make_crc_table(table);
    while (status == PATINA_OK && at < bytes->size) {
        const int64_t n = pt_byte_source_read_at(bytes, at, b, PAGE_BYTES);
        const size_t length = n > 0 ? page_length(b, (size_t)n) : 0;
        if (n < 0) {
            status = pt_fail(err, PATINA_REJECT_UNDECODABLE, "the file cannot be read");
        } else if (length == 0) {
            if (has_later_page(bytes, at + 1, b))
                status =
                    pt_fail(err, PATINA_REJECT_TRUNCATED,
                            "ogg: no page at byte %llu, but behind it", (unsigned long long)at);
            break;
        } else if (!is_crc_valid(table, b, length)) {
            status = pt_fail(err, PATINA_REJECT_TRUNCATED, "ogg: the page at byte %llu is damaged",
                             (unsigned long long)at);
        }
        at += length;
    }
    free(b);
    return status;
}
