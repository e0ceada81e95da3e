/* SPDX-License-Identifier: MIT */
/* test_zip.c - directories of zip archives, valid and invalid */

#include "test.h"

#include <stdlib.h>

#include "base/strbuf.h"
#include "weights/zip.h"

/* ------------------------------------------- a small writer of zip archives */

static void add_number(pt_strbuf *out, uint64_t number, size_t n_bytes) {
    for (size_t i = 0; i < n_bytes; i++)
        pt_strbuf_append_bytes(out, &(unsigned char){(unsigned char)(number >> (8 * i))}, 1);
}

/* The fault of an archive; all zero for a valid one. */
typedef struct fault {
    bool local_name, no_local, bad_directory, far, extra_cut, extra_short;
    uint64_t more_members, more_directory, more_offset, more_size;
    unsigned method, flags, disk, comment, end_disk;
} fault;

/* Two members, "a/b" of "hello" and "a/c", empty. With is_64 every field that can be is 64-bit.
 * Local headers have no sizes and an extra field, as PyTorch writes them. */
static void build(pt_strbuf *out, bool is_64, const fault *f) {
    static const char *const names[] = {"a/c", "a/b"}, *const contents[] = {"", "hello"};
    size_t places[2];

    for (size_t i = 0; i < 2; i++) {
        places[i] = out->length;
        add_number(out, f->no_local ? 0 : 0x04034B50, 4);
        add_number(out, 0, 2);          /* version needed */
        add_number(out, 0x0808, 2);     /* sizes follow the content; UTF-8 */
        for (size_t k = 0; k < 18; k++) /* method to sizes */
            add_number(out, 0, 1);
        add_number(out, strlen(names[i]), 2);
        add_number(out, 5, 2);
        pt_strbuf_append(out, f->local_name ? "x/y" : names[i]);
        pt_strbuf_append_bytes(out, "FB\1\0Z", 5);
        pt_strbuf_append(out, contents[i]);
    }
    const size_t directory = out->length;
    for (size_t i = 0; i < 2; i++) {
        const size_t size = strlen(contents[i]) + (i == 1 ? (size_t)f->more_size : 0);
        const size_t place = f->far ? 1000 : places[i];
        add_number(out, f->bad_directory ? 0 : 0x02014B50, 4);
        add_number(out, 0, 4); /* versions */
        add_number(out, f->flags, 2);
        add_number(out, f->method, 2);
        add_number(out, 0, 8); /* time, checksum */
        add_number(out, is_64 ? 0xFFFFFFFF : size, 4);
        add_number(out, is_64 ? 0xFFFFFFFF : size, 4);
        add_number(out, strlen(names[i]), 2);
        add_number(out, is_64 ? 4 + 3 + 4 + 24 : 0, 2);
        add_number(out, 0, 2); /* comment */
        add_number(out, f->disk, 2);
        add_number(out, 0, 6); /* attributes */
        add_number(out, is_64 ? 0xFFFFFFFF : place, 4);
        pt_strbuf_append(out, names[i]);
        if (!is_64) continue;
        pt_strbuf_append_bytes(out, "UT\3\0abc", 7); /* an unknown one, which is ignored */
        add_number(out, 1, 2);
        add_number(out, f->extra_cut ? 25 : f->extra_short ? 20 : 24, 2);
        add_number(out, size, 8);
        add_number(out, size, 8);
        add_number(out, place, 8);
    }
    const size_t end = out->length, n = 2 + (size_t)f->more_members;
    const uint64_t n_directory = end - directory + f->more_directory;
    if (is_64) {
        add_number(out, 0x06064B50, 4);
        add_number(out, 44, 8);
        add_number(out, 0, 4); /* versions */
        add_number(out, f->end_disk, 4);
        add_number(out, 0, 4);
        add_number(out, n, 8);
        add_number(out, n, 8);
        add_number(out, n_directory, 8);
        add_number(out, directory + f->more_offset, 8);
        add_number(out, 0x07064B50, 4);
        add_number(out, 0, 4);
        add_number(out, end, 8);
        add_number(out, 1, 4);
    }
    add_number(out, 0x06054B50, 4);
    add_number(out, is_64 ? 0 : f->end_disk, 2);
    add_number(out, 0, 2);
    add_number(out, is_64 ? 0xFFFF : n, 2);
    add_number(out, is_64 ? 0xFFFF : n, 2);
    add_number(out, is_64 ? 0xFFFFFFFF : n_directory, 4);
    add_number(out, is_64 ? 0xFFFFFFFF : directory + f->more_offset, 4);
    add_number(out, f->comment, 2);
}

/* A copy in memory that ends where the archive does, so that a read past it is detected. */
static unsigned char *exact(const void *bytes, size_t n) {
    unsigned char *copy = malloc(n > 0 ? n : 1);
    if (!copy) abort();
    memcpy(copy, bytes, n);
    return copy;
}

/* --------------------------------------------------------------------- tests */

static void check_good(pt_test *t, bool is_64) {
    pt_strbuf text = {0};
    pt_zip *zip = NULL;
    const unsigned char *data = NULL;

    build(&text, is_64, &(fault){0});
    unsigned char *bytes = exact(text.text, text.length);
    REQUIRE_OK(pt_zip_open("x.zip", bytes, text.length, &zip, &t->err));
    CHECK_INT(pt_zip_count(zip), 2);
    CHECK(memcmp(pt_zip_at(zip, 0)->name, "a/b", 3) == 0);
    CHECK(memcmp(pt_zip_at(zip, 1)->name, "a/c", 3) == 0);
    const pt_zip_member *member = pt_zip_find(zip, "a/b");
    REQUIRE(member);
    CHECK_INT(member->size, 5);
    CHECK_OK(pt_zip_view(zip, member, &data, &t->err));
    CHECK(data && memcmp(data, "hello", 5) == 0);
    CHECK(data >= bytes && data + 5 <= bytes + text.length); /* a view, no copy */
    REQUIRE(pt_zip_find(zip, "a/c"));
    CHECK_INT(pt_zip_find(zip, "a/c")->size, 0);
    CHECK_OK(pt_zip_view(zip, pt_zip_find(zip, "a/c"), &data, &t->err));
    CHECK(!pt_zip_find(zip, "a") && !pt_zip_find(zip, "a/bb") && !pt_zip_find(zip, ""));
    pt_zip_close(&zip);
    CHECK(zip == NULL);
    pt_zip_close(&zip);
    free(bytes);
    pt_strbuf_release(&text);
}

TEST(zip, members_are_views) {
    check_good(t, false);
}

TEST(zip, sizes_of_64_bits) {
    check_good(t, true);
}

TEST(zip, an_empty_archive) {
    static const unsigned char bytes[22] = {'P', 'K', 5, 6};
    pt_zip *zip = NULL;
    REQUIRE_OK(pt_zip_open("x.zip", bytes, sizeof bytes, &zip, &t->err));
    CHECK_INT(pt_zip_count(zip), 0);
    CHECK(pt_zip_find(zip, "a") == NULL);
    pt_zip_close(&zip);
}

/* Faults of the directory, detected when the archive is opened. */
TEST(zip, faults_of_the_directory) {
    static const struct {
        bool is_64;
        fault fault;
        const char *says;
    } cases[] = {
        {false, {.end_disk = 1}, "one part of a multi-part zip archive"},
        {true, {.end_disk = 1}, "one part of a multi-part zip archive"},
        {false, {.comment = 7}, "has a truncated zip comment"},
        {false, {.more_directory = 1000}, "has a zip directory outside the file"},
        {true, {.more_directory = UINT64_MAX / 2}, "has a zip directory outside the file"},
        {true, {.more_offset = UINT64_MAX / 2}, "has a zip directory outside the file"},
        {true, {.more_directory = 3}, "has extra bytes in its zip directory"},
        {false, {.more_members = 1}, "too small for its members"},
        {true, {.more_members = UINT64_MAX / 2}, "too small for its members"},
        {false, {.bad_directory = true}, "has a damaged zip directory"},
        {false, {.disk = 2}, "member 'a/c': is in another part"},
        {false, {.far = true}, "member 'a/c': is outside the file"},
        {false, {.more_size = 1000}, "member 'a/b': is outside the file"},
        {true, {.more_size = UINT64_MAX - 10}, "member 'a/b': is outside the file"},
        {true, {.extra_cut = true}, "member 'a/c': has a truncated extra field"},
        {true, {.extra_short = true}, "member 'a/c': has a truncated Zip64 field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pt_strbuf text = {0};
        pt_zip *zip = NULL;
        build(&text, cases[i].is_64, &cases[i].fault);
        unsigned char *bytes = exact(text.text, text.length);
        CHECK_FAILS(pt_zip_open("x.zip", bytes, text.length, &zip, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "file 'x.zip': ");
        CHECK_CONTAINS(t->err.message, cases[i].says);
        CHECK(zip == NULL);
        free(bytes);
        pt_strbuf_release(&text);
    }
}

/* Faults of one member, detected when it is viewed. */
TEST(zip, faults_of_a_member) {
    static const struct {
        fault fault;
        const char *says;
    } cases[] = {
        {{.method = 8}, "member 'a/b': is compressed"},
        {{.flags = 1}, "member 'a/b': is encrypted"},
        {{.no_local = true}, "member 'a/b': is not at the offset of the zip directory"},
        {{.local_name = true}, "member 'a/b': has a name that differs from the zip directory"},
        /* just past the content, where the directory begins */
        {{.more_size = 1}, "member 'a/b': is outside the file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pt_strbuf text = {0};
        pt_zip *zip = NULL;
        const unsigned char *data = NULL;
        build(&text, false, &cases[i].fault);
        unsigned char *bytes = exact(text.text, text.length);
        REQUIRE_OK(pt_zip_open("x.zip", bytes, text.length, &zip, &t->err));
        CHECK_FAILS(pt_zip_view(zip, pt_zip_find(zip, "a/b"), &data, &t->err), PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, cases[i].says);
        CHECK(data == NULL);
        pt_zip_close(&zip);
        free(bytes);
        pt_strbuf_release(&text);
    }
}

TEST(zip, duplicate_name) {
    pt_strbuf text = {0};
    pt_zip *zip = NULL;
    build(&text, false, &(fault){0});
    for (char *p = text.text; (p = memmem(p, (size_t)(text.text + text.length - p), "a/c", 3)); p++)
        p[2] = 'b';
    CHECK_FAILS(pt_zip_open("x.zip", (const unsigned char *)text.text, text.length, &zip, &t->err),
                PATINA_EFORMAT);
    CHECK_STR(t->err.message, "file 'x.zip': member 'a/b': is duplicate");
    pt_strbuf_release(&text);
}

/* Every shorter file lacks its end record, and so does one with a trailing byte. */
TEST(zip, truncation_at_every_byte) {
    for (int is_64 = 0; is_64 < 2; is_64++) {
        pt_strbuf text = {0};
        pt_zip *zip = NULL;
        build(&text, is_64, &(fault){0});
        add_number(&text, 0, 1);
        for (size_t n = 0; n <= text.length; n++) {
            if (n == text.length - 1) continue;
            unsigned char *bytes = exact(text.text, n);
            CHECK_FAILS(pt_zip_open("x.zip", bytes, n, &zip, &t->err), PATINA_EFORMAT);
            CHECK_STR(t->err.message,
                      "file 'x.zip': has no zip end record; check that the download is complete");
            free(bytes);
        }
        pt_strbuf_release(&text);
    }
}

/* Every byte changed in two ways: an accepted archive can be read to its end. */
TEST(zip, every_byte_changed) {
    size_t n_opened = 0;
    for (int is_64 = 0; is_64 < 2; is_64++) {
        pt_strbuf text = {0};
        build(&text, is_64, &(fault){0});
        for (size_t i = 0; i < 2 * text.length; i++) {
            pt_zip *zip = NULL;
            const unsigned char *data = NULL;
            unsigned char *bytes = exact(text.text, text.length);
            bytes[i / 2] ^= i % 2 ? 0xFF : 0x01;
            if (pt_zip_open("x.zip", bytes, text.length, &zip, &t->err) == PATINA_OK) n_opened++;
            for (size_t m = 0; zip && m < pt_zip_count(zip); m++) {
                const pt_zip_member *member = pt_zip_at(zip, m);
                if (pt_zip_view(zip, member, &data, &t->err) != PATINA_OK) continue;
                CHECK(data >= bytes && data + member->size <= bytes + text.length);
            }
            pt_zip_close(&zip);
            free(bytes);
        }
        pt_strbuf_release(&text);
    }
    CHECK(n_opened > 0);
}
