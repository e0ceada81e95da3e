/* SPDX-License-Identifier: MIT */
/* ogg_fixture.h - pages of Ogg files for tests (RFC 3533, section 6) */

#ifndef PATINA_TEST_OGG_FIXTURE_H
#define PATINA_TEST_OGG_FIXTURE_H

#include "audio_fixture.h"
#include "ogg_checksum.h"

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
