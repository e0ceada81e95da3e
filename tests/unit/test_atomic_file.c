/* SPDX-License-Identifier: MIT */
/* test_atomic_file.c - atomic writes: files, devices and pipes, and failed writes */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "fs/atomic_file.h"
#include "full_disk.h"

static const char *in_tmpdir(const char *name) {
    static char path[4][512];
    static unsigned next;
    char *to = path[next++ % 4];
    snprintf(to, sizeof path[0], "%s/%s", pt_test_tmpdir(), name);
    return to;
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

/* Whether the file at path contains exactly these bytes. */
static bool holds(const char *path, const char *bytes, size_t n) {
    char *text = NULL;
    size_t n_text = 0;
    const bool same = pt_file_read_all(path, SIZE_MAX - 1, &text, &n_text, NULL) == PATINA_OK &&
                      n_text == n && memcmp(text, bytes, n) == 0;
    free(text);
    return same;
}

TEST(atomic_file, appears_only_when_committed) {
    const char *path = in_tmpdir("late"), *tmp = in_tmpdir("late.tmp");
    pt_atomic_file *file = NULL;

    REQUIRE_OK(pt_atomic_file_open(path, &file, &t->err));
    CHECK_OK(pt_atomic_file_write(file, "abc", 3, &t->err));
    CHECK_INT(pt_atomic_file_offset(file), 3);
    CHECK(!exists(path));
    CHECK(exists(tmp));
    CHECK_OK(pt_atomic_file_commit(file, &t->err));
    CHECK(holds(path, "abc", 3));
    CHECK(!exists(tmp));
    pt_atomic_file_close(&file);
    CHECK(file == NULL);
    CHECK(exists(path));
    pt_atomic_file_close(&file);
}

TEST(atomic_file, old_file_remains_without_commit) {
    const char *path = in_tmpdir("old"), *tmp = in_tmpdir("old.tmp");
    pt_atomic_file *file = NULL;

    REQUIRE_OK(pt_atomic_file_write_text(path, "old", &t->err));
    REQUIRE_OK(pt_atomic_file_open(path, &file, &t->err));
    CHECK_OK(pt_atomic_file_write(file, "new", 3, &t->err));
    pt_atomic_file_close(&file);
    CHECK(holds(path, "old", 3));
    CHECK(!exists(tmp));
    CHECK_OK(pt_atomic_file_write_text(path, "", &t->err));
    CHECK(holds(path, "", 0));
}

/* Pieces below, at and above the size of the buffer (1 MiB) come out in order. */
TEST(atomic_file, pieces_of_all_sizes) {
    enum { MIB = 1 << 20, TOTAL = 1 + MIB + 3 + (MIB - 1) + 1400000 + (MIB + 1) + 3 * MIB + 5 };
    static const size_t sizes[] = {1, MIB, 0, 3, MIB - 1, 700000, 700000, MIB + 1, 3 * MIB, 5};
    const char *path = in_tmpdir("pieces");
    char *bytes = malloc(TOTAL);
    pt_atomic_file *file = NULL;
    size_t at = 0;

    REQUIRE(bytes != NULL);
    for (size_t i = 0; i < TOTAL; i++)
        bytes[i] = (char)(i * 2654435761U >> 24);
    CHECK_OK(pt_atomic_file_open(path, &file, &t->err));
    for (size_t i = 0; file && i < sizeof sizes / sizeof sizes[0]; at += sizes[i++])
        CHECK_OK(pt_atomic_file_write(file, bytes + at, sizes[i], &t->err));
    CHECK_INT(at, TOTAL);
    if (file) CHECK_INT(pt_atomic_file_offset(file), TOTAL);
    if (file) CHECK_OK(pt_atomic_file_commit(file, &t->err));
    CHECK(holds(path, bytes, TOTAL));
    pt_atomic_file_close(&file);
    free(bytes);
}

static void on_alarm(int number) {
    (void)number;
}

/* Whether a pipe's bytes are 0, 1 ... 250, 0, 1 ...; slow, so that the writer must wait. */
static bool reads_pattern(int fd, size_t n_bytes) {
    static unsigned char block[40000];
    size_t at = 0;
    ssize_t n;
    while ((n = read(fd, block, sizeof block)) > 0) {
        for (ssize_t i = 0; i < n; i++, at++)
            if (block[i] != (unsigned char)(at % 251)) return false;
        usleep(1000);
    }
    return n == 0 && at == n_bytes;
}

/* A signal shortens a write to a full pipe or ends it with EINTR: no bytes are lost or duplicated.
 * */
TEST(atomic_file, interrupted_writes_are_retried) {
    enum { N = 6 << 20 };
    const struct sigaction act = {.sa_handler = on_alarm}; /* without SA_RESTART */
    const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    const char *path = in_tmpdir("pipe");
    unsigned char *bytes = malloc(N);
    pt_atomic_file *file = NULL;
    int ended = 0;

    REQUIRE(bytes != NULL && mkfifo(path, 0600) == 0);
    for (size_t i = 0; i < N; i++)
        bytes[i] = (unsigned char)(i % 251);
    const pid_t child = fork();
    if (child == 0) _exit(reads_pattern(open(path, O_RDONLY), N) ? 0 : 1);
    CHECK_OK(pt_atomic_file_open(path, &file, &t->err));
    CHECK(sigaction(SIGALRM, &act, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    if (file) CHECK_OK(pt_atomic_file_write(file, bytes, N, &t->err));
    if (file) CHECK_OK(pt_atomic_file_commit(file, &t->err));
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    pt_atomic_file_close(&file);
    CHECK(waitpid(child, &ended, 0) == child);
    CHECK_INT(ended, 0);
    free(bytes);
}

TEST(atomic_file, stale_temporary_file_is_replaced) {
    const char *path = in_tmpdir("again"), *tmp = in_tmpdir("again.tmp");
    const char *victim = in_tmpdir("victim");

    REQUIRE_OK(pt_atomic_file_write_text(tmp, "half", &t->err));
    CHECK_OK(pt_atomic_file_write_text(path, "whole", &t->err));
    CHECK(holds(path, "whole", 5));
    /* a link under the temporary name is replaced, not written through */
    REQUIRE_OK(pt_atomic_file_write_text(victim, "precious", &t->err));
    REQUIRE(symlink(victim, tmp) == 0);
    CHECK_OK(pt_atomic_file_write_text(path, "second", &t->err));
    CHECK(holds(victim, "precious", 8));
    CHECK(holds(path, "second", 6));
}

TEST(atomic_file, unwritable_paths) {
    const char *file = in_tmpdir("plain");

    REQUIRE_OK(pt_atomic_file_write_text(file, "x", &t->err));
    CHECK_FAILS(pt_atomic_file_write_text(in_tmpdir("absent/name"), "x", &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "absent/name'");
    CHECK_CONTAINS(t->err.message, strerror(ENOENT));
    CHECK_FAILS(pt_atomic_file_write_text(in_tmpdir("plain/name"), "x", &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, strerror(ENOTDIR));
    CHECK_FAILS(pt_atomic_file_write_text(pt_test_tmpdir(), "x", &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, strerror(EISDIR));
    char tmp[600];
    snprintf(tmp, sizeof tmp, "%s.tmp", pt_test_tmpdir());
    CHECK(!exists(tmp));
    REQUIRE(mkdir(in_tmpdir("taken.tmp"), 0777) == 0);
    CHECK_FAILS(pt_atomic_file_write_text(in_tmpdir("taken"), "x", &t->err), PATINA_EIO);
}

TEST(atomic_file, devices_are_written_in_place) {
    struct stat info;
    const char *device = test_link_device("/dev/null", "no-disk");

    REQUIRE(device != NULL);
    CHECK_OK(pt_atomic_file_write_text(device, "x", &t->err));
    CHECK(lstat(device, &info) == 0 && S_ISLNK(info.st_mode));
    device = test_full_device_path();
    if (!device) SKIP("there is no /dev/full");
    CHECK_FAILS(pt_atomic_file_write_text(device, "x", &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "full-disk': cannot be written: No space left on device");
    CHECK(lstat(device, &info) == 0 && S_ISLNK(info.st_mode));
}

/* A limit on file size simulates a full disk: a short write, then an error. */
TEST(atomic_file, full_disk_leaves_no_file) {
    const char *path = in_tmpdir("large"), *tmp = in_tmpdir("large.tmp");
    const size_t n = 3 << 20;
    char *bytes = calloc(n, 1);
    struct rlimit old;
    pt_atomic_file *file = NULL;

    REQUIRE(bytes != NULL && getrlimit(RLIMIT_FSIZE, &old) == 0);
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit low = {2500000, old.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &low) == 0);
    CHECK_OK(pt_atomic_file_open(path, &file, &t->err));
    if (file) {
        CHECK_FAILS(pt_atomic_file_write(file, bytes, n, &t->err), PATINA_EIO);
        CHECK_CONTAINS(t->err.message, "large': cannot be written: ");
        CHECK_CONTAINS(t->err.message, strerror(EFBIG));
    }
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    if (file) {
        /* space is available again, but the file has a gap: it must not be completed */
        CHECK_FAILS(pt_atomic_file_write(file, bytes, 1, &t->err), PATINA_EIO);
        CHECK_FAILS(pt_atomic_file_commit(file, &t->err), PATINA_EIO);
    }
    pt_atomic_file_close(&file);
    CHECK(!exists(path));
    CHECK(!exists(tmp));
    free(bytes);
}

/* Buffered data are written by commit, so that their errors are reported by it. */
TEST(atomic_file, full_disk_fails_at_commit) {
    const char *path = in_tmpdir("buffered");
    struct rlimit old;
    pt_atomic_file *file = NULL;

    signal(SIGXFSZ, SIG_IGN);
    REQUIRE(getrlimit(RLIMIT_FSIZE, &old) == 0);
    REQUIRE_OK(pt_atomic_file_open(path, &file, &t->err));
    CHECK_OK(pt_atomic_file_write(file, "0123456789", 10, &t->err));
    const struct rlimit low = {4, old.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &low) == 0);
    CHECK_FAILS(pt_atomic_file_commit(file, &t->err), PATINA_EIO);
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    pt_atomic_file_close(&file);
    CHECK(!exists(path));
}

TEST(atomic_file, rename) {
    const char *from = in_tmpdir("part"), *to = in_tmpdir("final");

    REQUIRE_OK(pt_atomic_file_write_text(from, "rows", &t->err));
    CHECK_OK(pt_atomic_file_rename(from, to, &t->err));
    CHECK(holds(to, "rows", 4));
    CHECK(!exists(from));
    CHECK_FAILS(pt_atomic_file_rename(from, to, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "part'");
}

/* The known answers of FIPS 180-4 for "abc" and, in pieces around the buffer's size, 10^6 'a'. */
TEST(atomic_file, hash_of_content) {
    const char *path = in_tmpdir("hashed");
    char *bytes = malloc(1000000);
    pt_atomic_file *file = NULL;

    REQUIRE(bytes != NULL);
    memset(bytes, 'a', 1000000);
    REQUIRE_OK(pt_atomic_file_open(path, &file, &t->err));
    CHECK_OK(pt_atomic_file_write(file, "ab", 2, &t->err));
    CHECK_OK(pt_atomic_file_write(file, "", 0, &t->err));
    CHECK_OK(pt_atomic_file_write(file, "c", 1, &t->err));
    CHECK_OK(pt_atomic_file_commit(file, &t->err));
    CHECK_STR(pt_atomic_file_sha256(file),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    pt_atomic_file_close(&file);
    REQUIRE_OK(pt_atomic_file_open(path, &file, &t->err));
    CHECK_OK(pt_atomic_file_write(file, bytes, 999999, &t->err));
    CHECK_OK(pt_atomic_file_write(file, bytes, 1, &t->err));
    CHECK_OK(pt_atomic_file_commit(file, &t->err));
    CHECK_STR(pt_atomic_file_sha256(file),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    pt_atomic_file_close(&file);
    free(bytes);
}

TEST(atomic_file, floats_are_little_endian) {
    static const float values[2] = {1.0F, -2.0F};
    const char *path = in_tmpdir("floats");
    pt_atomic_file *file = NULL;

    REQUIRE_OK(pt_atomic_file_open(path, &file, &t->err));
    CHECK_OK(pt_atomic_file_write_floats(file, values, 2, &t->err));
    CHECK_OK(pt_atomic_file_commit(file, &t->err));
    CHECK(holds(path, "\x00\x00\x80\x3F\x00\x00\x00\xC0", 8));
    pt_atomic_file_close(&file);
}
