/* SPDX-License-Identifier: MIT */
/* test_etag.c - verification of files by the ETags of the hub */

#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include "hub/etag.h"

static const char *normalised(const char *value) {
    static char etag[PT_HUB_ETAG_MAX + 1];
    return pt_etag_normalise(value, strlen(value), etag) ? etag : NULL;
}

TEST(etag, file_names) {
    static const char *const bad[] = {"",       "\"\"",    "W/\"\"",   "\"..\"",   "\"a/b\"",
                                      "\".a\"", "\"a b\"", "\"a\nb\"", "\"a\\b\"", "\"\xc3\xa4\""};
    char text[PT_HUB_ETAG_MAX + 8];

    CHECK_STR(normalised("\"abc\""), "abc");
    CHECK_STR(normalised("W/\"abc\""), "abc");
    CHECK_STR(normalised("abc"), "abc");
    CHECK_STR(normalised("\"a-1\""), "a-1");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        pt_test_check(t, !normalised(bad[i]), __FILE__, __LINE__, "'%s' is accepted", bad[i]);
    snprintf(text, sizeof text, "%0*d", PT_HUB_ETAG_MAX, 0);
    CHECK(normalised(text) != NULL);
    snprintf(text, sizeof text, "%0*d", PT_HUB_ETAG_MAX + 1, 0);
    CHECK(normalised(text) == NULL);
}

TEST(etag, kinds) {
    char text[80];
    snprintf(text, sizeof text, "%064d", 0);
    CHECK_INT(pt_etag_kind_of(text), PT_ETAG_SHA256);
    snprintf(text, sizeof text, "%040d", 0);
    CHECK_INT(pt_etag_kind_of(text), PT_ETAG_SHA1);
    text[3] = 'A';
    CHECK_INT(pt_etag_kind_of(text), PT_ETAG_OPAQUE);
    snprintf(text, sizeof text, "%032d", 0); /* MD5, in some stores of a part of the bytes */
    CHECK_INT(pt_etag_kind_of(text), PT_ETAG_OPAQUE);
}

/* Whether a file with these bytes matches an ETag. */
static bool hash_matches(pt_test *t, const char *bytes, size_t n, const char *etag) {
    char path[512];
    bool right = false;
    snprintf(path, sizeof path, "%s/bytes", pt_test_tmpdir());
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    CHECK_OK(pt_etag_verify(fd, etag, NULL, &right, &t->err));
    close(fd);
    return right;
}

/* Values of sha256sum, sha1sum and git hash-object. */
TEST(etag, hashes) {
    CHECK(hash_matches(t, "abc", 3,
                       "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    CHECK(!hash_matches(t, "abd", 3,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    CHECK(
        hash_matches(t, "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    CHECK(hash_matches(t, "hello\n", 6, "ce013625030ba8dba906f756967f9e9ca394464a")); /* git's */
    CHECK(!hash_matches(t, "hello\r", 6, "ce013625030ba8dba906f756967f9e9ca394464a"));
    CHECK(hash_matches(t, "", 0, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"));
    CHECK(hash_matches(t, "abc", 3,
                       "a9993e364706816aba3e25717850c26c9cd0d89d")); /* of the bytes alone */
    CHECK(hash_matches(t, "anything", 8, "version-7"));
}

TEST(etag, verification_can_be_stopped) {
    atomic_bool stop = true;
    bool right = false;
    char path[512];
    snprintf(path, sizeof path, "%s/stopped", pt_test_tmpdir());
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    REQUIRE(fd >= 0 && write(fd, "abc", 3) == 3);
    CHECK_FAILS(
        pt_etag_verify(fd, "a9993e364706816aba3e25717850c26c9cd0d89d", &stop, &right, &t->err),
        PATINA_ECANCELLED);
    CHECK(!right);
    close(fd);
    CHECK_FAILS(
        pt_etag_verify(fd, "a9993e364706816aba3e25717850c26c9cd0d89d", NULL, &right, &t->err),
        PATINA_EIO);
}
