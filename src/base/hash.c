/* SPDX-License-Identifier: MIT */
/* hash.c - FNV-1a, and SHA-256 from nettle, which uses the SHA instructions of the CPU */

#include "base/hash.h"

#include <string.h>

uint64_t pt_fnv1a64(const void *bytes, size_t n) {
    const unsigned char *b = bytes;
    uint64_t hash = 0xCBF29CE484222325U;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ b[i]) * 0x100000001B3U;
    return hash;
}

void pt_sha256_init(pt_sha256 *hash) {
    sha256_init(&hash->state);
}

void pt_sha256_update(pt_sha256 *hash, const void *bytes, size_t n) {
    sha256_update(&hash->state, n, bytes);
}

void pt_sha256_update_string(pt_sha256 *hash, const char *text) {
    const uint64_t n = strlen(text);
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(n >> (8 * i));
    sha256_update(&hash->state, sizeof length, length);
    sha256_update(&hash->state, n, (const uint8_t *)text);
}

void pt_sha256_finish(pt_sha256 *hash, char hex[PT_SHA256_HEX_SIZE]) {
    static const char digits[] = "0123456789abcdef";
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&hash->state, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
    hex[2 * sizeof digest] = '\0';
}

void pt_sha256_finish_128(pt_sha256 *hash, uint64_t *low, uint64_t *high) {
    uint8_t digest[16];
    sha256_digest(&hash->state, sizeof digest, digest);
    *low = *high = 0;
    for (size_t i = 0; i < 8; i++) {
        *low = *low << 8 | digest[i];
        *high = *high << 8 | digest[8 + i];
    }
}
