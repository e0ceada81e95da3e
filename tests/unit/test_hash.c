/* SPDX-License-Identifier: MIT */
/* test_hash.c - known answers of SHA-256 and FNV-1a */

#include "test.h"

#include "base/hash.h"

/* Known answers: FIPS 180-4 examples, and the FNV reference tables (expected.json has them too). */
TEST(hash, known_answers) {
    pt_sha256 hash;
    char hex[PT_SHA256_HEX_SIZE];

    pt_sha256_init(&hash);
    pt_sha256_update(&hash, "abc", 3);
    pt_sha256_finish(&hash, hex);
    CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    pt_sha256_finish(&hash, hex); /* it starts again */
    CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    CHECK(pt_fnv1a64("", 0) == 0xcbf29ce484222325U);
    CHECK(pt_fnv1a64("foobar", 6) == 0x85944171f73967e8U);
}

TEST(hash, strings_are_length_prefixed) {
    pt_sha256 hash;
    char one[PT_SHA256_HEX_SIZE], other[PT_SHA256_HEX_SIZE];
    pt_sha256_init(&hash);
    pt_sha256_update_string(&hash, "ab");
    pt_sha256_update_string(&hash, "c");
    pt_sha256_finish(&hash, one);
    pt_sha256_update_string(&hash, "a");
    pt_sha256_update_string(&hash, "bc");
    pt_sha256_finish(&hash, other);
    CHECK(strcmp(one, other) != 0);
}

TEST(hash, first_128_bits_of_the_digest) {
    pt_sha256 hash;
    uint64_t low, high;
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, "abc", 3);
    pt_sha256_finish_128(&hash, &low, &high);
    CHECK(low == 0xba7816bf8f01cfeaU);
    CHECK(high == 0x414140de5dae2223U);
}
