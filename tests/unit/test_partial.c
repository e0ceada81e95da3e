/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "full_disk.h"
#include "hub/partial.h"

static pt_hub_place place_in(const char *cache) {
    pt_hub_place place;
    place.folder = pt_hub_path_below(pt_test_tmpdir(), "%s/models--o--n", cache);
    place.locks = pt_hub_path_below(pt_test_tmpdir(), "%s/.locks/models--o--n", cache);
    return place;
}

static bool holds(const char *path, const char *expected) {
    char *text = NULL;
    size_t n = 0;
    const bool same = pt_file_read_all(path, 4096, &text, &n, NULL) == PT_OK &&
                      n == strlen(expected) && memcmp(text, expected, n) == 0;
    free(text);
    return same;
}

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

TEST(partial, grows_and_is_published) {
    const pt_hub_place place = place_in("grow");
    const pt_partial_wait wait = {0};
    pt_partial p;
    bool whole;

    REQUIRE_OK(pt_partial_open(&place, "e", 6, &wait, &p, &whole, &t->err));
    CHECK(!whole && p.lock >= 0 && p.n_bytes == 0);
    CHECK_HAS(p.path.text, "/blobs/e.incomplete");
    CHECK_OK(pt_partial_write(&p, "abc", 3, &t->err));
    pt_partial_close(&p);
    CHECK(holds(p.path.text, "abc") && !exists(p.blob.text));

    /* gone on with by the next one */
    REQUIRE_OK(pt_partial_open(&place, "e", 6, &wait, &p, &whole, &t->err));
    CHECK_INT(p.n_bytes, 3);
    CHECK_OK(pt_partial_write(&p, "def", 3, &t->err));
    CHECK_OK(pt_partial_publish(&p, &t->err));
    CHECK(holds(p.blob.text, "abcdef") && !exists(p.path.text));
    pt_partial_close(&p);

    REQUIRE_OK(pt_partial_open(&place, "e", 6, &wait, &p, &whole, &t->err));
    CHECK(whole && p.fd == -1);
    /* a blob of another length is no blob, and is replaced */
    REQUIRE_OK(pt_partial_open(&place, "e", 2, &wait, &p, &whole, &t->err));
    CHECK(!whole);
    CHECK_OK(pt_partial_write(&p, "xy", 2, &t->err));
    CHECK_OK(pt_partial_publish(&p, &t->err));
    CHECK(holds(p.blob.text, "xy"));
    pt_partial_close(&p);
}

/* Beginning anew makes another file: who still writes into the old one harms nobody. */
TEST(partial, begins_anew) {
    const pt_hub_place place = place_in("anew");
    const pt_partial_wait wait = {0};
    struct stat before, after;
    pt_partial p;
    bool whole;

    REQUIRE_OK(pt_partial_open(&place, "e", 6, &wait, &p, &whole, &t->err));
    CHECK_OK(pt_partial_write(&p, "wrong", 5, &t->err));
    const int old = dup(p.fd);
    REQUIRE(old >= 0 && fstat(old, &before) == 0);
    REQUIRE_OK(pt_partial_restart(&p, &t->err));
    REQUIRE(fstat(p.fd, &after) == 0);
    CHECK_INT(p.n_bytes, 0);
    CHECK(before.st_ino != after.st_ino);
    CHECK(pwrite(old, "other", 5, 0) == 5);
    CHECK_OK(pt_partial_write(&p, "right", 5, &t->err));
    CHECK(holds(p.path.text, "right"));
    pt_partial_discard(&p);
    CHECK(!exists(p.path.text));
    pt_partial_close(&p);
    close(old);
}

static void count(void *context) {
    ++*(unsigned *)context;
}

/* A lock that another holds (here by another descriptor) is waited for, until one is told to stop.
 */
TEST(partial, waits_for_the_lock) {
    const pt_hub_place place = place_in("lock");
    const pt_hub_path lock = pt_hub_path_below(place.locks.text, "e.lock");
    unsigned n_waits = 0;
    atomic_bool stop = true;
    const pt_partial_wait wait = {.stop = &stop, .on_wait = count, .context = &n_waits};
    pt_partial p;
    bool whole;

    REQUIRE_OK(pt_hub_make_folders(place.locks.text, &t->err));
    const int held = open(lock.text, O_RDWR | O_CREAT, 0600);
    REQUIRE(held >= 0 && flock(held, LOCK_EX | LOCK_NB) == 0);
    CHECK_FAILS(pt_partial_open(&place, "e", 6, &wait, &p, &whole, &t->err), PT_ECANCELLED);
    close(held);
    CHECK_OK(pt_partial_open(&place, "e", 6, &wait, &p, &whole, &t->err));
    CHECK_INT(n_waits, 0);
    /* and it is held itself */
    const int asked = open(lock.text, O_RDWR);
    CHECK(asked >= 0 && flock(asked, LOCK_EX | LOCK_NB) != 0);
    pt_partial_close(&p);
    CHECK(flock(asked, LOCK_EX | LOCK_NB) == 0);
    close(asked);
}

/* Without a place for locks everybody works alone, and what is broken off is not left behind. */
TEST(partial, without_locks) {
    const pt_hub_place place = place_in("alone");
    const pt_hub_path parent = pt_hub_path_below(pt_test_tmpdir(), "alone");
    const pt_hub_path locks = pt_hub_path_below(parent.text, ".locks");
    const pt_partial_wait wait = {0};
    pt_partial a, b;
    bool whole;

    REQUIRE_OK(pt_hub_make_folders(parent.text, &t->err));
    const int fd = open(locks.text, O_WRONLY | O_CREAT, 0600);
    REQUIRE(fd >= 0);
    close(fd);
    REQUIRE_OK(pt_partial_open(&place, "e", 3, &wait, &a, &whole, &t->err));
    REQUIRE_OK(pt_partial_open(&place, "e", 3, &wait, &b, &whole, &t->err));
    CHECK(a.lock < 0 && b.lock < 0 && strcmp(a.path.text, b.path.text) != 0);
    CHECK_OK(pt_partial_write(&a, "abc", 3, &t->err));
    CHECK_OK(pt_partial_write(&b, "ab", 2, &t->err));
    CHECK_OK(pt_partial_publish(&a, &t->err));
    pt_partial_close(&a);
    pt_partial_close(&b);
    CHECK(holds(a.blob.text, "abc"));
    CHECK(!exists(a.path.text) && !exists(b.path.text));
}

TEST(partial, faults) {
    const pt_hub_place place = place_in("faults");
    const pt_hub_path blobs = pt_hub_path_below(place.folder.text, "blobs");
    const pt_partial_wait wait = {0};
    const char *full = test_full_disk();
    pt_partial p;
    bool whole;

    REQUIRE_OK(pt_hub_make_folders(blobs.text, &t->err));
    const pt_hub_path fifo = pt_hub_path_below(blobs.text, "fifo.incomplete");
    CHECK(mkfifo(fifo.text, 0600) == 0);
    CHECK_FAILS(pt_partial_open(&place, "fifo", 6, &wait, &p, &whole, &t->err), PT_EIO);
    CHECK_HAS(t->err.message, "fifo.incomplete': is not a regular file");
    /* a link is not written through */
    const pt_hub_path link = pt_hub_path_below(blobs.text, "link.incomplete");
    const pt_hub_path precious = pt_hub_path_below(blobs.text, "precious");
    CHECK(symlink(precious.text, link.text) == 0);
    CHECK_FAILS(pt_partial_open(&place, "link", 6, &wait, &p, &whole, &t->err), PT_EIO);
    CHECK(!exists(precious.text));

    if (!full) SKIP("there is no /dev/full");
    REQUIRE_OK(pt_partial_open(&place, "e", 6, &wait, &p, &whole, &t->err));
    const int device = open(full, O_RDWR);
    REQUIRE(device >= 0 && dup2(device, p.fd) >= 0);
    CHECK_FAILS(pt_partial_write(&p, "abc", 3, &t->err), PT_EIO);
    CHECK_HAS(t->err.message, "No space left on device (make room");
    close(device);
    pt_partial_close(&p);
}
