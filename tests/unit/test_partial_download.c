/* SPDX-License-Identifier: MIT */
/* test_partial_download.c - partial downloads: lock, append, resume */

#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "full_disk.h"
#include "hub/partial_download.h"

static pt_hub_cache_entry entry_in(const char *cache) {
    pt_hub_cache_entry entry;
    entry.folder = pt_path_joinf(pt_test_tmpdir(), "%s/models--o--n", cache);
    entry.locks = pt_path_joinf(pt_test_tmpdir(), "%s/.locks/models--o--n", cache);
    return entry;
}

static bool file_equals(const char *path, const char *expected) {
    char *text = NULL;
    size_t n = 0;
    const bool same = pt_file_read_all(path, 4096, &text, &n, NULL) == PATINA_OK &&
                      n == strlen(expected) && memcmp(text, expected, n) == 0;
    free(text);
    return same;
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

TEST(partial_download, append_and_publish) {
    const pt_hub_cache_entry entry = entry_in("grow");
    const pt_partial_download_wait wait = {0};
    pt_partial_download p;
    bool complete;

    REQUIRE_OK(pt_partial_download_open(&entry, "e", 6, &wait, &p, &complete, &t->err));
    CHECK(!complete && p.lock >= 0 && p.n_bytes == 0);
    CHECK_CONTAINS(p.path.text, "/blobs/e.incomplete");
    CHECK_OK(pt_partial_download_write(&p, "abc", 3, &t->err));
    pt_partial_download_close(&p);
    CHECK(file_equals(p.path.text, "abc") && !exists(p.blob.text));

    /* continued by the next process */
    REQUIRE_OK(pt_partial_download_open(&entry, "e", 6, &wait, &p, &complete, &t->err));
    CHECK_INT(p.n_bytes, 3);
    CHECK_OK(pt_partial_download_write(&p, "def", 3, &t->err));
    CHECK_OK(pt_partial_download_commit(&p, &t->err));
    CHECK(file_equals(p.blob.text, "abcdef") && !exists(p.path.text));
    pt_partial_download_close(&p);

    REQUIRE_OK(pt_partial_download_open(&entry, "e", 6, &wait, &p, &complete, &t->err));
    CHECK(complete && p.fd == -1);
    /* a blob of another length is replaced */
    REQUIRE_OK(pt_partial_download_open(&entry, "e", 2, &wait, &p, &complete, &t->err));
    CHECK(!complete);
    CHECK_OK(pt_partial_download_write(&p, "xy", 2, &t->err));
    CHECK_OK(pt_partial_download_commit(&p, &t->err));
    CHECK(file_equals(p.blob.text, "xy"));
    pt_partial_download_close(&p);
}

/* A restart creates another file: a process that still writes to the old one does no harm. */
TEST(partial_download, restart) {
    const pt_hub_cache_entry entry = entry_in("anew");
    const pt_partial_download_wait wait = {0};
    struct stat before, after;
    pt_partial_download p;
    bool complete;

    REQUIRE_OK(pt_partial_download_open(&entry, "e", 6, &wait, &p, &complete, &t->err));
    CHECK_OK(pt_partial_download_write(&p, "wrong", 5, &t->err));
    const int old = dup(p.fd);
    REQUIRE(old >= 0 && fstat(old, &before) == 0);
    REQUIRE_OK(pt_partial_download_restart(&p, &t->err));
    REQUIRE(fstat(p.fd, &after) == 0);
    CHECK_INT(p.n_bytes, 0);
    CHECK(before.st_ino != after.st_ino);
    CHECK(pwrite(old, "other", 5, 0) == 5);
    CHECK_OK(pt_partial_download_write(&p, "right", 5, &t->err));
    CHECK(file_equals(p.path.text, "right"));
    pt_partial_download_discard(&p);
    CHECK(!exists(p.path.text));
    pt_partial_download_close(&p);
    close(old);
}

static void count(void *context) {
    ++*(unsigned *)context;
}

/* Waits for a lock of another process (here another descriptor) until the caller stops. */
TEST(partial_download, waits_for_the_lock) {
    const pt_hub_cache_entry entry = entry_in("lock");
    const pt_path lock = pt_path_joinf(entry.locks.text, "e.lock");
    unsigned n_waits = 0;
    atomic_bool stop = true;
    const pt_partial_download_wait wait = {.stop = &stop, .on_wait = count, .context = &n_waits};
    pt_partial_download p;
    bool complete;

    REQUIRE_OK(pt_hub_make_dirs(entry.locks.text, &t->err));
    const int held = open(lock.text, O_RDWR | O_CREAT, 0600);
    REQUIRE(held >= 0 && flock(held, LOCK_EX | LOCK_NB) == 0);
    CHECK_FAILS(pt_partial_download_open(&entry, "e", 6, &wait, &p, &complete, &t->err),
                PATINA_ECANCELLED);
    close(held);
    CHECK_OK(pt_partial_download_open(&entry, "e", 6, &wait, &p, &complete, &t->err));
    CHECK_INT(n_waits, 0);
    /* and it holds the lock itself */
    const int asked = open(lock.text, O_RDWR);
    CHECK(asked >= 0 && flock(asked, LOCK_EX | LOCK_NB) != 0);
    pt_partial_download_close(&p);
    CHECK(flock(asked, LOCK_EX | LOCK_NB) == 0);
    close(asked);
}

/* Without a folder for locks each process works alone, and interrupted downloads are removed. */
TEST(partial_download, without_locks) {
    const pt_hub_cache_entry entry = entry_in("alone");
    const pt_path parent = pt_path_joinf(pt_test_tmpdir(), "alone");
    const pt_path locks = pt_path_joinf(parent.text, ".locks");
    const pt_partial_download_wait wait = {0};
    pt_partial_download a, b;
    bool complete;

    REQUIRE_OK(pt_hub_make_dirs(parent.text, &t->err));
    const int fd = open(locks.text, O_WRONLY | O_CREAT, 0600);
    REQUIRE(fd >= 0);
    close(fd);
    REQUIRE_OK(pt_partial_download_open(&entry, "e", 3, &wait, &a, &complete, &t->err));
    REQUIRE_OK(pt_partial_download_open(&entry, "e", 3, &wait, &b, &complete, &t->err));
    CHECK(a.lock < 0 && b.lock < 0 && strcmp(a.path.text, b.path.text) != 0);
    CHECK_OK(pt_partial_download_write(&a, "abc", 3, &t->err));
    CHECK_OK(pt_partial_download_write(&b, "ab", 2, &t->err));
    CHECK_OK(pt_partial_download_commit(&a, &t->err));
    pt_partial_download_close(&a);
    pt_partial_download_close(&b);
    CHECK(file_equals(a.blob.text, "abc"));
    CHECK(!exists(a.path.text) && !exists(b.path.text));
}

TEST(partial_download, faults) {
    const pt_hub_cache_entry entry = entry_in("faults");
    const pt_path blobs = pt_path_joinf(entry.folder.text, "blobs");
    const pt_partial_download_wait wait = {0};
    const char *full = test_full_device_path();
    pt_partial_download p;
    bool complete;

    REQUIRE_OK(pt_hub_make_dirs(blobs.text, &t->err));
    const pt_path fifo = pt_path_joinf(blobs.text, "fifo.incomplete");
    CHECK(mkfifo(fifo.text, 0600) == 0);
    CHECK_FAILS(pt_partial_download_open(&entry, "fifo", 6, &wait, &p, &complete, &t->err),
                PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "fifo.incomplete': is not a regular file");
    /* a link is not written through */
    const pt_path link = pt_path_joinf(blobs.text, "link.incomplete");
    const pt_path precious = pt_path_joinf(blobs.text, "precious");
    CHECK(symlink(precious.text, link.text) == 0);
    CHECK_FAILS(pt_partial_download_open(&entry, "link", 6, &wait, &p, &complete, &t->err),
                PATINA_EIO);
    CHECK(!exists(precious.text));

    if (!full) SKIP("there is no /dev/full");
    REQUIRE_OK(pt_partial_download_open(&entry, "e", 6, &wait, &p, &complete, &t->err));
    const int device = open(full, O_RDWR);
    REQUIRE(device >= 0 && dup2(device, p.fd) >= 0);
    CHECK_FAILS(pt_partial_download_write(&p, "abc", 3, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "No space left on device (make room");
    close(device);
    pt_partial_download_close(&p);
}
