/* SPDX-License-Identifier: MIT */
/* ogg_mutator.h - a mutator of libFuzzer that corrects the checksums of Ogg pages, without which
 * every mutated stream is rejected as damaged; included by one file of a target */

#ifndef PATINA_FUZZ_OGG_MUTATOR_H
#define PATINA_FUZZ_OGG_MUTATOR_H

#ifdef FUZZ_WITH_LIBFUZZER

#include <string.h>

#include "fuzz.h"
#include "ogg_checksum.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/** Bytes of the page that b begins with, up to the end of the data; 0 without one. */
static size_t ogg_page_bytes(const uint8_t *b, size_t n) {
    if (n < 27 || memcmp(b, "OggS", 4) != 0) return 0;
    size_t length = 27 + (size_t)b[26];
    for (size_t i = 27; i < 27 + (size_t)b[26] && i < n; i++)
        length += b[i];
    return length < n ? length : n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 8 == 0) return size; /* damaged pages are inputs, too */
    for (size_t at = 0, n; at + 27 <= size; at += n ? n : 1) {
        n = ogg_page_bytes(data + at, size - at);
        if (n > 0) fix_page_crc(data + at, n);
    }
    return size;
}

#endif

#endif /* PATINA_FUZZ_OGG_MUTATOR_H */
