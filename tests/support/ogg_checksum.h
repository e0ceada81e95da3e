/* SPDX-License-Identifier: MIT */
/* ogg_checksum.h - checksums of Ogg pages (RFC 3533, section 6), for tests and fuzz targets */

#ifndef PATINA_TEST_OGG_CHECKSUM_H
#define PATINA_TEST_OGG_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Sets the checksum of a page of n bytes, at least 27: polynomial 04C11DB7, most significant bit
 * first. */
static inline void fix_page_crc(unsigned char *page, size_t n) {
    uint32_t crc = 0;
    memset(page + 22, 0, 4);
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)page[i] << 24;
        for (int k = 0; k < 8; k++)
            crc = crc & 0x80000000U ? crc << 1 ^ 0x04C11DB7U : crc << 1;
    }
    for (unsigned i = 0; i < 4; i++)
        page[22 + i] = (unsigned char)(crc >> 8 * i);
}

#endif /* PATINA_TEST_OGG_CHECKSUM_H */
