/* SPDX-License-Identifier: MIT */
/* test_byte_source.c - random access to files and to memory, and their errors */

#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/strbuf.h"

static const char *file_of(const char *name, const char *text) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", pt_test_tmpdir(), name);
    FILE *file = fopen(path, "wb");
    if (file) {
        fputs(text, file);
        fclose(file);
    }
    return path;
}

TEST(byte_source, file_and_memory_are_equal) {
    pt_byte_source bytes[2] = {{0}, {0}};
    REQUIRE_OK(pt_byte_source_open_file(file_of("abc", "abcdef"), &bytes[0], &t->err));
    pt_byte_source_from_memory("abcdef", 6, &bytes[1]);
    for (int i = 0; i < 2; i++) {
        char buffer[8] = {0};
        CHECK_INT(bytes[i].size, 6);
        CHECK_INT(pt_byte_source_read_at(&bytes[i], 2, buffer, 3), 3);
        CHECK_STR(buffer, "cde");
        CHECK_INT(pt_byte_source_read_at(&bytes[i], 4, buffer, 8), 2); /* the end */
        CHECK_INT(pt_byte_source_read_at(&bytes[i], 6, buffer, 1), 0);
        CHECK_INT(pt_byte_source_read_at(&bytes[i], UINT64_MAX, buffer, 1), 0);
        pt_byte_source_close(&bytes[i]);
        pt_byte_source_close(&bytes[i]); /* once more is allowed */
    }
}

/* A slice of a slice, of a file and of memory; sizes and offsets beyond the end are cut. */
TEST(byte_source, slices) {
    pt_byte_source bytes[2] = {{0}, {0}};
    REQUIRE_OK(pt_byte_source_open_file(file_of("slices", "0123456789"), &bytes[0], &t->err));
    pt_byte_source_from_memory("0123456789", 10, &bytes[1]);
    for (int i = 0; i < 2; i++) {
        char buffer[16] = {0};
        const pt_byte_source a = pt_byte_source_slice(&bytes[i], 2, 6);
        const pt_byte_source b = pt_byte_source_slice(&a, 3, UINT64_MAX);
        CHECK_INT(a.size, 6);
        CHECK_INT(pt_byte_source_read_at(&a, 0, buffer, 10), 6);
        CHECK_STR(buffer, "234567");
        CHECK_INT(b.size, 3);
        memset(buffer, 0, sizeof buffer);
        CHECK_INT(pt_byte_source_read_at(&b, 1, buffer, 10), 2);
        CHECK_STR(buffer, "67");
        CHECK_INT(pt_byte_source_read_at(&b, 3, buffer, 1), 0);
        CHECK_INT(pt_byte_source_slice(&a, 6, 1).size, 0);
        CHECK_INT(pt_byte_source_slice(&a, UINT64_MAX, UINT64_MAX).size, 0);
        CHECK_INT(pt_byte_source_slice(&bytes[i], 9, 5).size, 1);
        pt_byte_source_close(&bytes[i]);
    }
}

TEST(byte_source, not_a_file) {
    char fifo[512];
    pt_byte_source bytes = {0};
    CHECK_FAILS(pt_byte_source_open_file("/nowhere/at/all", &bytes, &t->err),
                PATINA_REJECT_MISSING);
    CHECK_CONTAINS(t->err.message, "/nowhere/at/all");
    CHECK_FAILS(pt_byte_source_open_file(pt_test_tmpdir(), &bytes, &t->err), PATINA_EIO);
    snprintf(fifo, sizeof fifo, "%s/fifo", pt_test_tmpdir());
    REQUIRE(mkfifo(fifo, 0600) == 0);
    CHECK_FAILS(pt_byte_source_open_file(fifo, &bytes, &t->err),
                PATINA_EIO); /* and does not block */
    CHECK_FAILS(pt_byte_source_open_file("/dev/null", &bytes, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "not a regular file");
}

/* Of both, no block is on a disk. */
TEST(byte_source, files_of_sysfs_and_of_one_hole) {
    static const char *const attribute = "/sys/kernel/mm/transparent_hugepage/enabled";
    pt_byte_source bytes = {0};
    char hole[512], block[8];
    snprintf(hole, sizeof hole, "%s/hole", pt_test_tmpdir());
    FILE *file = fopen(hole, "w");
    REQUIRE(file && ftruncate(fileno(file), 100000) == 0);
    fclose(file);
    REQUIRE_OK(pt_byte_source_open_file(hole, &bytes, &t->err));
    CHECK_INT(pt_byte_source_read_at(&bytes, 99996, block, sizeof block), 4);
    pt_byte_source_close(&bytes);
    if (access(attribute, R_OK) != 0) return;
    CHECK_FAILS(pt_byte_source_open_file(attribute, &bytes, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "not a regular file");
}

/* A decoder that ignores a failed read still leaves it recorded. */
TEST(byte_source, faults_are_recorded) {
    pt_byte_source bytes = {0};
    pt_byte_fault fault = {0};
    char buffer[8];
    const char *path = file_of("fault", "abcdef");
    REQUIRE(pt_byte_source_open(path, &bytes) == 0);
    bytes.fault = &fault;
    CHECK_INT(pt_byte_source_read_at(&bytes, 4, buffer, 8), 2);
    CHECK(fault.error == 0 && !fault.has_shrunk); /* the end is not a fault */
    REQUIRE(truncate(path, 3) == 0);
    CHECK_INT(pt_byte_source_read_at(&bytes, 2, buffer, 4), 1);
    CHECK(fault.error == 0 && fault.has_shrunk);
    close(bytes.fd);
    CHECK_INT(pt_byte_source_read_at(&bytes, 0, buffer, 1), -1);
    CHECK_INT(fault.error, EBADF);
}

TEST(byte_source, errors_of_opening_are_classified) {
    pt_byte_source bytes = {0};
    char path[600], target[600];
    CHECK(pt_errno_is_missing(pt_byte_source_open("/nowhere/at/all", &bytes)));
    CHECK_INT(pt_byte_source_open(pt_test_tmpdir(), &bytes), PT_NOT_A_REGULAR_FILE);
    snprintf(path, sizeof path, "%s/loop", pt_test_tmpdir());
    snprintf(target, sizeof target, "loop");
    REQUIRE(symlink(target, path) == 0);
    CHECK(pt_errno_is_missing(pt_byte_source_open(path, &bytes)));
    CHECK(pt_errno_is_machine_fault(EIO) && pt_errno_is_machine_fault(EMFILE));
    CHECK(!pt_errno_is_machine_fault(ENOENT) && !pt_errno_is_machine_fault(PT_NOT_A_REGULAR_FILE));
}

TEST(byte_source, size_limit_of_whole_reads) {
    char *text = NULL;
    size_t n = 0;
    REQUIRE_OK(pt_file_read_all(file_of("small", "hello"), 5, &text, &n, &t->err));
    CHECK_STR(text, "hello");
    CHECK_INT(n, 5);
    free(text);
    CHECK_FAILS(pt_file_read_all(file_of("large", "hello!"), 5, &text, &n, &t->err), PATINA_ERANGE);
    CHECK_FAILS(pt_file_read_all("/nowhere/x", 5, &text, &n, &t->err), PATINA_EIO);
}

TEST(strbuf, grows_and_is_detached) {
    pt_strbuf str = {0};
    for (int i = 0; i < 1000; i++)
        pt_strbuf_printf(&str, "%d,", i % 10);
    pt_strbuf_append_bytes(&str, "a\0b", 3);
    CHECK_INT(str.length, 2003);
    CHECK(memcmp(str.text, "0,1,2,", 6) == 0);
    CHECK(memcmp(str.text + 2000, "a\0b", 4) == 0); /* and the NUL that is not counted */
    pt_strbuf_clear(&str);
    CHECK_STR(str.text, "");
    pt_strbuf_append(&str, "end");
    char *text = pt_strbuf_detach(&str);
    CHECK_STR(text, "end");
    CHECK(str.text == NULL);
    free(text);

    pt_strbuf nothing = {0};
    text = pt_strbuf_detach(&nothing);
    CHECK_STR(text, "");
    free(text);
}
