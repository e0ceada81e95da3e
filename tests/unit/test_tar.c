/* SPDX-License-Identifier: MIT */
/* test_tar.c - tar archives in all formats, and damaged ones */

#include "corpus/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include "corpus_fixture.h"
#include "tar_writer.h"

/** Names and contents as "name=content name=content", and the final status. Every second file, or
 * none, is skipped: "name". Static buffers. */
static const char *describe_tar(const char *path, bool with_skips) {
    static char buffers[4][8192];
    static unsigned next;
    char *text = buffers[next++ % 4];
    size_t n = 0;
    pt_tar *tar = NULL;
    pt_tar_member member = {0};
    patina_error err = {0};
    bool end = false;
    patina_status status = pt_tar_open(path, &tar, &err);

    text[0] = '\0';
    for (unsigned i = 0; status == PATINA_OK; i++) {
        char *bytes = NULL;
        status = pt_tar_next(tar, &member, &end, &err);
        if (status != PATINA_OK || end) break;
        n += (size_t)snprintf(text + n, sizeof buffers[0] - n, "%s", member.name);
        if (with_skips && i % 2 == 0)
            status = pt_tar_skip(tar, &err);
        else if ((status = pt_tar_read(tar, &member, &bytes, &err)) == PATINA_OK)
            n +=
                (size_t)snprintf(text + n, sizeof buffers[0] - n, "=%.*s", (int)member.size, bytes);
        n += (size_t)snprintf(text + n, sizeof buffers[0] - n, " ");
        free(bytes);
    }
    snprintf(text + n, sizeof buffers[0] - n, "%s", patina_status_name(status));
    pt_tar_close(&tar);
    pt_tar_close(&tar); /* closing NULL is allowed */
    return text;
}

static const char *put_tar(const char *name, pt_strbuf *tar) {
    const char *path = write_tmp_bytes(name, tar->length ? tar->text : "", tar->length);
    pt_strbuf_release(tar);
    return path;
}

/** Compresses a file with libarchive. */
static const char *compress(const char *name, const pt_strbuf *plain, bool by_zstd) {
    char *out = malloc(plain->length + 65536);
    size_t n = 0;
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_write_set_format_raw(a);
    if (by_zstd)
        archive_write_add_filter_zstd(a);
    else
        archive_write_add_filter_gzip(a);
    archive_write_open_memory(a, out, plain->length + 65536, &n);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_write_header(a, entry);
    archive_write_data(a, plain->text, plain->length);
    archive_entry_free(entry);
    archive_write_free(a);
    const char *path = write_tmp_bytes(name, out, n);
    free(out);
    return path;
}

TEST(tar, long_names_of_gnu_and_posix) {
    char long_name[300], longer[700];
    pt_strbuf tar = {0};
    unsigned char header[TAR_BLOCK];
    memset(long_name, 'n', sizeof long_name);
    memcpy(long_name + 150, "/x.wav", 7); /* over the 100 bytes of a header */
    memset(longer, 'm', sizeof longer);
    memcpy(longer + 400, "/y.wav", 7); /* over the 255 of name and prefix, too */

    tar_fill_header(header, "name", '0', 1);
    memcpy(header + 345, "a/prefix", 8); /* POSIX: a prefix of 155 bytes before the name */
    tar_set_checksum(header);
    pt_strbuf_append_bytes(&tar, header, sizeof header);
    tar_add_data(&tar, "p", 1);
    tar_add_gnu_long_name(&tar, long_name, "gnu");
    tar_add_gnu_long_name(&tar, longer, "gnu2");
    tar_add_pax_path(&tar, long_name, "pax");
    tar_add_pax_path(&tar, longer, "");
    tar_end(&tar);
    char expected[2048];
    snprintf(expected, sizeof expected, "a/prefix/name=p %s=gnu %s=gnu2 %s=pax %s= ok", long_name,
             longer, long_name, longer);
    CHECK_STR(describe_tar(put_tar("t1.tar", &tar), false), expected);
}

TEST(tar, names_do_not_depend_on_the_locale) {
    static const char *const locales[] = {"C", "C.UTF-8"};
    pt_strbuf tar = {0};
    tar_add_pax_path(&tar, "e\xCC\x81", "apart");            /* e and an accent: not composed */
    tar_add_pax_path(&tar, "\xC3\xA9", "as one");            /* the same letter */
    tar_add_pax_path(&tar, "caf\xE9", "no UTF-8");           /* Latin 1 */
    tar_add_gnu_long_name(&tar, "e\xCC\x81 caf\xE9", "gnu"); /* these have no encoding */
    tar_add_text(&tar, "\xF0\x9F\x90\x95", "old");
    tar_end(&tar);
    const char *path = put_tar("t2.tar", &tar);
    for (size_t i = 0; i < 2; i++) {
        if (!setlocale(LC_ALL, locales[i])) continue;
        CHECK_STR(describe_tar(path, false),
                  "e\xCC\x81=apart \xC3\xA9=as one caf\xE9=no UTF-8 e\xCC\x81 caf\xE9=gnu "
                  "\xF0\x9F\x90\x95=old ok");
    }
    setlocale(LC_ALL, "C");
}

TEST(tar, only_regular_files_are_listed) {
    pt_strbuf tar = {0}, global = {0};
    tar_add_pax_record(&global, "comment", "of all files");
    tar_add_header(&tar, "pax_global_header", 'g', global.length);
    tar_add_data(&tar, global.text, global.length);
    pt_strbuf_release(&global);
    tar_add_header(&tar, "folder/", '5', 0);
    tar_add_text(&tar, "folder/a", "A");
    tar_add_header(&tar, "hard link", '1', 0);
    unsigned char header[TAR_BLOCK];
    tar_fill_header(header, "hard link with its content", '1', 1);
    memcpy(header + 157, "folder/a", 8);
    tar_set_checksum(header);
    pt_strbuf_append_bytes(&tar, header, sizeof header);
    tar_add_data(&tar, "A", 1);
    tar_add_header(&tar, "symbolic link", '2', 0);
    tar_add_header(&tar, "device", '3', 0);
    tar_add_header(&tar, "pipe", '6', 0);
    tar_add_header(&tar, "old", '\0', 1);
    tar_add_data(&tar, "B", 1);
    tar_end(&tar);
    CHECK_STR(describe_tar(put_tar("t3.tar", &tar), false), "folder/a=A old=B ok");
}

TEST(tar, compressed_and_skipped_files) {
    pt_strbuf tar = {0};
    char *large = calloc(1, 300000);
    tar_add_text(&tar, "a", "A");
    tar_add_bytes(&tar, "large", large, 300000); /* more than one read block */
    tar_add_text(&tar, "b", "B");
    tar_add_bytes(&tar, "large2", large, 300000);
    tar_add_text(&tar, "c", "");
    tar_add_text(&tar, "d", "D");
    tar_end(&tar);
    free(large);
    const char *path[3] = {compress("t4.tar.gz", &tar, false), compress("t4.tar.zst", &tar, true),
                           put_tar("t4.tar", &tar)};
    for (size_t i = 0; i < 3; i++) {
        CHECK_STR(describe_tar(path[i], false), "a=A large= b=B large2= c= d=D ok");
        CHECK_STR(describe_tar(path[i], true), "a large= b large2= c d=D ok");
    }
}

/* libarchive says nothing where the trailer of gzip is cut in its first read. */
TEST(tar, compressed_and_truncated) {
    pt_strbuf tar = {0};
    char bytes[4096];
    tar_add_text(&tar, "a", "A");
    tar_end(&tar);
    for (int by_zstd = 0; by_zstd < 2; by_zstd++) {
        FILE *file = fopen(compress("whole", &tar, by_zstd), "rb");
        REQUIRE(file);
        const size_t n = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        CHECK(n > 18 && n < sizeof bytes);
        for (size_t cut = 1; cut < n; cut++) {
            const char *path = write_tmp_bytes("cut.tar.gz", bytes, cut);
            CHECK(strstr(describe_tar(path, cut % 2), "undecodable"));
        }
    }
    pt_strbuf_release(&tar);
}

static void add_sparse(pt_strbuf *tar, const char *map, const char *size, const char *data,
                       size_t n) {
    unsigned char header[TAR_BLOCK];
    tar_fill_header(header, "sparse", 'S', n);
    memcpy(header + 257, "ustar  ", 8);
    memset(header + 345, 0, 167);
    memcpy(header + 386, map, strlen(map));
    memcpy(header + 483, size, strlen(size));
    tar_set_checksum(header);
    pt_strbuf_append_bytes(tar, header, sizeof header);
    tar_add_data(tar, data, n);
}

/* GNU's old form: a map of (offset, length), then the real size; the holes are not stored. */
TEST(tar, sparse_files) {
    pt_strbuf tar = {0};
    char *bytes = NULL;
    pt_tar *open = NULL;
    pt_tar_member member;
    bool end;

    char data[515];
    memset(data, 'x', 512);
    memcpy(data + 512, "END", 3);
    /* 512 bytes at 1024, 3 at 3072, 4096 in all */
    add_sparse(&tar, "000000002000000000001000000000006000000000000003", "000000010000", data, 515);
    tar_add_text(&tar, "next", "N");
    tar_end(&tar);
    const char *path = put_tar("t5.tar", &tar);
    REQUIRE_OK(pt_tar_open(path, &open, &t->err));
    REQUIRE_OK(pt_tar_next(open, &member, &end, &t->err));
    CHECK_INT(member.size, 4096);
    REQUIRE_OK(pt_tar_read(open, &member, &bytes, &t->err));
    char expected[4096] = {0};
    memset(expected + 1024, 'x', 512);
    memcpy(expected + 3072, "END", 3);
    CHECK(memcmp(bytes, expected, sizeof expected) == 0);
    free(bytes);
    pt_tar_close(&open);
    CHECK_STR(describe_tar(path, true), "sparse next=N ok");
}

/* The map declares 512 bytes, and 1024 are stored: the rest is ambiguous. */
TEST(tar, invalid_sparse_map) {
    pt_strbuf tar = {0};
    char data[1024];
    memset(data, 'x', sizeof data);
    add_sparse(&tar, "000000000000000000001000", "000000001000", data, 1024);
    for (size_t cut = 512; cut <= 1536; cut += 256) {
        const char *path = write_tmp_bytes("t10.tar", tar.text, cut);
        const char *read = describe_tar(path, false), *skipped = describe_tar(path, true);
        CHECK_STR(strrchr(skipped, ' '), cut == 1024 ? " ok" : " undecodable");
        CHECK_STR(strrchr(read, ' '), strrchr(skipped, ' '));
        CHECK((strchr(read, 'x') != NULL) == (cut >= 1024));
    }
    pt_strbuf_release(&tar);
}

/* libarchive sums the lengths of a map before it skips, and fails if they overflow; it can read
 * such a file all the same. */
TEST(tar, skipping_unseekable_input) {
    pt_strbuf tar = {0};
    char map[25] = "000000000000\x80\0\0\0\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    unsigned char header[TAR_BLOCK];
    tar_add_text(&tar, "a", "A");
    for (int i = 0; i < 2; i++) {
        tar_fill_header(header, "sparse", 'S', 3);
        memcpy(header + 257, "ustar  ", 8);
        memcpy(header + 386, map, 24);
        memcpy(header + 483, "000000000003", 12);
        tar_set_checksum(header);
        pt_strbuf_append_bytes(&tar, header, sizeof header);
        tar_add_data(&tar, "xyz", 3);
        tar_add_text(&tar, "b", "B");
    }
    const char *path = write_tmp_bytes("t11.tar", tar.text, tar.length);
    CHECK_STR(describe_tar(path, false), "a=A sparse=xyz b=B sparse=xyz b=B ok");
    CHECK_STR(describe_tar(path, true), "a sparse=xyz b sparse=xyz b ok");
    path = write_tmp_bytes("t11.tar", tar.text + 1024, tar.length - 1024);
    CHECK_STR(describe_tar(path, true), "sparse b=B sparse b=B ok");
    path = write_tmp_bytes("t11.tar", tar.text + 1024, tar.length - 1024 - 2048 + 513);
    CHECK_STR(describe_tar(path, true), "sparse b=B sparse undecodable");
    pt_strbuf_release(&tar);
}

TEST(tar, end_without_terminator) {
    pt_strbuf tar = {0};
    tar_add_text(&tar, "a", "A");
    const char *whole = write_tmp_bytes("t6/no_end.tar", tar.text, tar.length);
    CHECK_STR(describe_tar(whole, false), "a=A ok");
    tar_end(&tar);
    tar_add_text(&tar, "b", "B"); /* cat one.tar two.tar */
    tar_end(&tar);
    CHECK_STR(describe_tar(put_tar("t6/two.tar", &tar), false), "a=A b=B ok");
    tar_end(&tar);
    CHECK_STR(describe_tar(put_tar("t6/empty.tar", &tar), false), "ok");
}

TEST(tar, truncation_at_every_byte) {
    pt_strbuf tar = {0};
    tar_add_text(&tar, "a", "A");
    tar_add_text(&tar, "b", "some text");
    tar_add_pax_path(&tar, "c", "C");
    const size_t n = tar.length; /* 7 blocks: a, its data, b, its data, c's record, name, data */
    CHECK_INT(n, 8 * 512);
    for (size_t cut = 1; cut < n; cut += cut % 512 == 0 || cut % 512 == 511 ? 1 : 255) {
        const char *path = write_tmp_bytes("t7.tar", tar.text, cut);
        const char *read = describe_tar(path, false), *skipped = describe_tar(path, true);
        const char *ends = strrchr(read, ' ') ? strrchr(read, ' ') + 1 : read;
        /* Complete at the end of a file; its extended header is a part of c. */
        CHECK_STR(ends, cut == 1024 || cut == 2048 ? "ok" : "undecodable");
        CHECK_STR(strrchr(skipped, ' ') ? strrchr(skipped, ' ') + 1 : skipped, ends);
        CHECK((strstr(read, "b=some text") != NULL) == (cut >= 2048));
        CHECK(strstr(read, "c=C") == NULL);
    }
    pt_strbuf_release(&tar);
}

TEST(tar, declared_size_allocates_nothing) {
    static const uint64_t sizes[] = {1 << 20, (uint64_t)1 << 32, (uint64_t)1 << 59};
    for (size_t i = 0; i < 3; i++) {
        pt_strbuf tar = {0};
        tar_add_header(&tar, "a", '0', sizes[i]);
        tar_add_data(&tar, "A", 1);
        const char *path = put_tar("t8.tar", &tar);
        CHECK_STR(describe_tar(path, false), "a undecodable");
        CHECK_STR(describe_tar(path, true), "a undecodable");
    }
}

TEST(tar, damage_ends_the_archive) {
    pt_strbuf tar = {0};
    tar_add_text(&tar, "a", "A");
    tar_add_text(&tar, "b", "B");
    tar_add_text(&tar, "c", "C");
    tar.text[1024] ^= 1; /* wrong checksum of the header of b */
    CHECK_STR(describe_tar(put_tar("t9.tar", &tar), false), "a=A undecodable");
    CHECK_STR(describe_tar(write_tmp_text("t9.tar", ""), false), "undecodable");
    CHECK_STR(describe_tar(write_tmp_text("t9.tar", "{\"this\": \"is no tar\"}"), false),
              "undecodable");
    CHECK_STR(describe_tar(tmp_path("t9.nowhere"), false), "missing");
    CHECK_STR(describe_tar(pt_test_tmpdir(), false), "undecodable");
}
