/* SPDX-License-Identifier: MIT */
/* hash.h - FNV-1a (random streams) and SHA-256 (identity of files and settings) */

#ifndef PATINA_BASE_HASH_H
#define PATINA_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <nettle/sha2.h>

#define PT_SHA256_HEX_SIZE 65 /* characters of a digest in hexadecimal, with the NUL */

/** Returns the 64-bit FNV-1a hash of n bytes. */
uint64_t pt_fnv1a64(const void *bytes, size_t n);

typedef struct pt_sha256 {
    struct sha256_ctx state;
} pt_sha256;

void pt_sha256_init(pt_sha256 *hash);
void pt_sha256_update(pt_sha256 *hash, const void *bytes, size_t n);

/** Adds the length of a string and the string, so that ("ab", "c") and ("a", "bc") differ. */
void pt_sha256_update_string(pt_sha256 *hash, const char *text);

/** Writes the digest in lower-case hexadecimal and resets hash. */
void pt_sha256_finish(pt_sha256 *hash, char hex[PT_SHA256_HEX_SIZE]);

/** Writes the first 128 bits of the digest and resets hash. */
void pt_sha256_finish_128(pt_sha256 *hash, uint64_t *low, uint64_t *high);

#endif /* PATINA_BASE_HASH_H */
