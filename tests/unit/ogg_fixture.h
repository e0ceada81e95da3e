/* SPDX-License-Identifier: MIT */
/* ogg_fixture.h - pages of Ogg files for tests (RFC 3533, section 6) */

#ifndef PATINA_TEST_OGG_FIXTURE_H
#define PATINA_TEST_OGG_FIXTURE_H

#include "audio_fixture.h"

static inline void fix_page_crc(unsigned char *page, size_t n) {
    uint32_t crc = 0;
    memset(page + 22, 0, 4);
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)page[i] << 24;
        for (int k = 0; k < 8; k++)
            crc = crc & 0x80000000U ? crc << 1 ^ 0x04C11DB7U : crc << 1;
    }
    put_le(page + 22, crc, 4);
}

static inline size_t page_bytes(const unsigned char *page) {
    size_t n = 27U + page[26];
    for (size_t i = 0; i < page[26]; i++)
        n += page[27 + i];
    return n;
}

static inline uint64_t get_le(const unsigned char *b, unsigned n) {
    uint64_t value = 0;
    while (n-- > 0)
        value = value << 8 | b[n];
    return value;
}

#endif /* PATINA_TEST_OGG_FIXTURE_H */
