/* SPDX-License-Identifier: MIT */
/* test_journal.c - the journal of an unfinished chunk: round trip, damage, other runs
 *
 * This program replaces the clock, fdatasync and pread.
 */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/strbuf.h"
#include "dataset/journal.h"
#include "fs/atomic_file.h"

static int64_t clock_ns = 1;
static int n_flushes;
static bool reads_fail;

int clock_gettime(clockid_t id, struct timespec *now) {
    (void)id;
    *now = (struct timespec){.tv_sec = clock_ns / 1000000000, .tv_nsec = clock_ns % 1000000000};
    return 0;
}

int fdatasync(int fd) {
    (void)fd;
    n_flushes++;
    return 0;
}

ssize_t pread64(int fd, void *bytes, size_t n, off64_t offset);
ssize_t pread64(int fd, void *bytes, size_t n, off64_t offset) {
    if (!reads_fail) return syscall(SYS_pread64, fd, bytes, n, offset);
    errno = EIO;
    return -1;
}

/* ---- a journal of four entries: rows of two splits, a reject, nothing, rows and a reject */

#define N_ENTRIES 4

static const pt_journal_key key = {
    .sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", .n_splits = 2};

static pt_path test_path(const char *name) {
    return pt_path_joinf(pt_test_tmpdir(), "%s", name);
}

static pt_path own_path(void) {
    static unsigned n;
    return pt_path_joinf(pt_test_tmpdir(), "own-%u", n++);
}

static pt_row make_row(size_t i) {
    pt_row row = {.target_lufs = -23.25F, .target_dyn = {12.5F, 0.125F}, .input_purity = 20.5F};
    row.fused_state[i] = 1.0F;
    row.fused_state[PATINA_EMBEDDING_SIZE + i] = -1.0F;
    return row;
}

static patina_status add_entry(pt_journal *journal, size_t i, patina_error *err) {
    const pt_row rows[] = {make_row(i), make_row(i + 100)};
    char text[64];
    snprintf(text, sizeof text, "{\"first\": %zu}\n{\"second\": %zu}\n", i, i);
    if (i == 0 || i == 3)
        PT_TRY(pt_journal_add_rows(journal, i % 2, rows, 2, text, strlen(text), err));
    if (i == 1 || i == 3)
        PT_TRY(pt_journal_add_reject(journal, PATINA_REJECT_SILENT, "{\"silent\": 1}\n", err));
    return pt_journal_end_entry(journal, err);
}

static patina_status count_entries(const pt_path *public, const pt_journal_key *with,
                                   uint64_t n_max, uint64_t *n, patina_error *err) {
    pt_byte_source bytes;
    PT_TRY(pt_journal_find(public->text, with, n_max, n, &bytes, err));
    pt_byte_source_close(&bytes);
    return PATINA_OK;
}

/* Adds entries first to N_ENTRIES - 1 to the existing journal. */
static patina_status write_rest(const pt_path *public, uint64_t first, pt_journal **journal,
                                patina_error *err) {
    const pt_path own = own_path();
    pt_byte_source bytes = {0};
    uint64_t n = 0;
    if (first > 0) PT_TRY(pt_journal_find(public->text, &key, first, &n, &bytes, err));
    const patina_status status = pt_journal_create(&own, public, &key, &bytes, n, journal, err);
    pt_byte_source_close(&bytes);
    if (status != PATINA_OK) return status;
    for (uint64_t i = first; i < N_ENTRIES; i++)
        PT_TRY(add_entry(*journal, (size_t)i, err));
    return PATINA_OK;
}

static patina_status write_all(const pt_path *public, patina_error *err) {
    pt_journal *journal = NULL;
    const patina_status status = write_rest(public, 0, &journal, err);
    pt_journal_close(&journal);
    return status;
}

static patina_status print_row(void *context, size_t split, const pt_row *row, patina_error *err) {
    pt_row expected = make_row(0);
    size_t i = 0;
    (void)err;
    while (i < 300 && row->fused_state[i] == 0.0F)
        i++;
    expected = make_row(i);
    pt_strbuf_printf(context, "row %zu of split %zu%s\n", i, split,
                     memcmp(row, &expected, sizeof *row) == 0 ? "" : ", changed");
    return PATINA_OK;
}

static patina_status print_provenance(void *context, size_t split, const char *text, size_t n,
                                      patina_error *err) {
    (void)err;
    pt_strbuf_printf(context, "of split %zu: ", split);
    pt_strbuf_append_bytes(context, text, n);
    return PATINA_OK;
}

static patina_status print_reject(void *context, patina_status reason, const char *text, size_t n,
                                  patina_error *err) {
    (void)err;
    pt_strbuf_printf(context, "%s: ", patina_status_name(reason));
    pt_strbuf_append_bytes(context, text, n);
    return PATINA_OK;
}

static const char content[] = "row 0 of split 0\nrow 100 of split 0\n"
                              "of split 0: {\"first\": 0}\n{\"second\": 0}\n"
                              "silent: {\"silent\": 1}\n"
                              "row 3 of split 1\nrow 103 of split 1\n"
                              "of split 1: {\"first\": 3}\n{\"second\": 3}\n"
                              "silent: {\"silent\": 1}\n";

static void check_content(pt_test *t, const pt_journal *journal) {
    pt_strbuf text = {0};
    const pt_journal_visitor visitor = {&text, print_row, print_provenance, print_reject};
    CHECK_OK(pt_journal_replay(journal, &visitor, &t->err));
    CHECK_STR(text.text, content);
    pt_strbuf_release(&text);
}

static uint64_t count(pt_test *t, const pt_path *public, const pt_journal_key *with) {
    uint64_t n = 99;
    CHECK_OK(count_entries(public, with, UINT64_MAX, &n, &t->err));
    return n;
}

/* ---- tests */

TEST(journal, entries_are_kept_and_added) {
    const pt_path public = test_path("kept");
    for (uint64_t n = 0; n <= N_ENTRIES; n++) {
        pt_journal *journal = NULL;
        uint64_t n_found = 0;
        REQUIRE_OK(write_all(&public, &t->err));
        CHECK_OK(count_entries(&public, &key, n, &n_found, &t->err));
        CHECK_INT(n_found, n);
        CHECK_OK(write_rest(&public, n, &journal, &t->err));
        check_content(t, journal);
        CHECK_INT(count(t, &public, &key), N_ENTRIES);
        pt_journal_close(&journal);
        CHECK(access(public.text, F_OK) == 0);
    }
}

TEST(journal, is_removed_when_the_chunk_is_complete) {
    const pt_path public = test_path("removed");
    pt_journal *journal = NULL;
    CHECK_OK(write_rest(&public, 0, &journal, &t->err));
    pt_journal_remove(&journal);
    CHECK(journal == NULL && access(public.text, F_OK) != 0);
    CHECK_INT(count(t, &public, &key), 0);
}

TEST(journal, other_runs_and_files_have_no_entries) {
    const pt_path public = test_path("other"), folder = test_path("a-folder");
    pt_journal_key other = key;
    REQUIRE_OK(write_all(&public, &t->err));
    CHECK_INT(count(t, &public, &key), N_ENTRIES);
    other.sha256[63] = '0';
    CHECK_INT(count(t, &public, &other), 0);
    other = key;
    other.n_splits = 1; /* the last entry is of the second */
    CHECK_INT(count(t, &public, &other), 3);
    REQUIRE(mkdir(folder.text, 0777) == 0);
    CHECK_INT(count(t, &folder, &key), 0);
}

/* Sizes of the journal after each entry, from 0; the last is that of the file. */
static void measure_entries(pt_test *t, uint64_t ends[N_ENTRIES + 1]) {
    const pt_path public = test_path("measured"), own = own_path();
    pt_journal *journal = NULL;
    struct stat info = {0};
    REQUIRE_OK(pt_journal_create(&own, &public, &key, NULL, 0, &journal, &t->err));
    for (size_t i = 0; i <= N_ENTRIES; i++) {
        CHECK(stat(i == 0 ? own.text : public.text, &info) == 0);
        ends[i] = (uint64_t)info.st_size;
        if (i < N_ENTRIES) CHECK_OK(add_entry(journal, i, &t->err));
    }
    pt_journal_remove(&journal);
}

static patina_status write_bytes(const pt_path *path, const char *bytes, size_t n,
                                 patina_error *err) {
    pt_atomic_file *file = NULL;
    patina_status status = pt_atomic_file_open(path->text, &file, err);
    if (status == PATINA_OK) status = pt_atomic_file_write(file, bytes, n, err);
    if (status == PATINA_OK) status = pt_atomic_file_commit(file, err);
    pt_atomic_file_close(&file);
    return status;
}

static void check_damaged(pt_test *t, const pt_path *path, uint64_t n_expected) {
    pt_journal *journal = NULL;
    const uint64_t n = count(t, path, &key);
    CHECK_INT(n, n_expected);
    CHECK_OK(write_rest(path, n, &journal, &t->err));
    check_content(t, journal);
    pt_journal_close(&journal);
}

TEST(journal, damaged_tail_is_dropped) {
    const pt_path public = test_path("whole"), damaged = test_path("damaged");
    uint64_t ends[N_ENTRIES + 1] = {0};
    char *bytes = NULL;
    size_t n = 0;

    measure_entries(t, ends);
    REQUIRE_OK(write_all(&public, &t->err));
    REQUIRE_OK(pt_file_read_all(public.text, 1 << 20, &bytes, &n, &t->err));
    CHECK_INT(n, ends[N_ENTRIES]);
    for (size_t at = 0; at < n; at += at < ends[0] + 64 || at + 64 > n ? 1 : 97) {
        uint64_t n_before = 0; /* entries that end before this byte */
        while (n_before < N_ENTRIES && ends[n_before + 1] <= at)
            n_before++;
        REQUIRE_OK(write_bytes(&damaged, bytes, at, &t->err));
        check_damaged(t, &damaged, n_before);
        bytes[at] ^= 0x10;
        REQUIRE_OK(write_bytes(&damaged, bytes, n, &t->err));
        check_damaged(t, &damaged, n_before);
        bytes[at] ^= 0x10;
    }
    /* a missing record between intact ones */
    memmove(bytes + ends[1], bytes + ends[2], n - (size_t)ends[2]);
    REQUIRE_OK(write_bytes(&damaged, bytes, n - (size_t)(ends[2] - ends[1]), &t->err));
    check_damaged(t, &damaged, 1);
    free(bytes);
}

TEST(journal, change_of_the_open_file_is_detected) {
    const pt_path public = test_path("changed");
    const pt_journal_visitor visitor = {NULL, NULL, NULL, NULL};
    pt_journal *journal = NULL;
    REQUIRE_OK(write_rest(&public, 0, &journal, &t->err));
    const int fd = open(public.text, O_WRONLY | O_CLOEXEC);
    REQUIRE(fd >= 0 && pwrite(fd, "x", 1, 4) == 1);
    close(fd);
    CHECK_FAILS(pt_journal_replay(journal, &visitor, &t->err), PATINA_EFORMAT);
    CHECK(truncate(public.text, 50) == 0);
    CHECK_FAILS(pt_journal_replay(journal, &visitor, &t->err), PATINA_EFORMAT);
    pt_journal_close(&journal);
}

TEST(journal, invalid_row_is_rejected) {
    const pt_path public = test_path("refused"), own = own_path();
    pt_row bad = make_row(0);
    pt_journal *journal = NULL;
    bad.fused_state[1] = 1.0F;
    REQUIRE_OK(pt_journal_create(&own, &public, &key, NULL, 0, &journal, &t->err));
    CHECK_FAILS(pt_journal_add_rows(journal, 0, &bad, 1, "{}\n", 3, &t->err), PATINA_ERANGE);
    CHECK_OK(add_entry(journal, 0, &t->err));
    CHECK_INT(count(t, &public, &key), 1);
    pt_journal_close(&journal);
}

TEST(journal, flushed_every_ten_seconds_and_at_the_end) {
    const pt_path public = test_path("flushed"), own = own_path();
    pt_journal *journal = NULL;
    n_flushes = 0;
    REQUIRE_OK(pt_journal_create(&own, &public, &key, NULL, 0, &journal, &t->err));
    for (int i = 0; i < 100; i++) { /* an entry per second */
        clock_ns += 1000000000;
        CHECK_OK(add_entry(journal, 0, &t->err));
        CHECK_INT(n_flushes, (i + 1) / 10);
    }
    pt_journal_close(&journal);
    CHECK_INT(n_flushes, 11);
}

TEST(journal, unreadable_file_is_an_error) {
    const pt_path public = test_path("unread");
    uint64_t n = 0;
    REQUIRE_OK(write_all(&public, &t->err));
    reads_fail = true;
    CHECK_FAILS(count_entries(&public, &key, UINT64_MAX, &n, &t->err), PATINA_EIO);
    reads_fail = false;
    CHECK_CONTAINS(t->err.message, public.text);
    CHECK_INT(count(t, &public, &key), N_ENTRIES);
}

/* Starts a process that adds one entry and waits to be killed; returns when the entry is in the
 * journal. */
static pid_t start_writer(const pt_path *public) {
    int gate[2];
    char byte;
    if (pipe(gate) != 0) return -1;
    const pid_t child = fork();
    if (child == 0) {
        const pt_path own = test_path("of-child");
        pt_journal *journal = NULL;
        const bool done =
            pt_journal_create(&own, public, &key, NULL, 0, &journal, NULL) == PATINA_OK &&
            add_entry(journal, 0, NULL) == PATINA_OK;
        if (done) (void)!write(gate[1], "x", 1);
        for (;;)
            pause();
    }
    (void)!read(gate[0], &byte, 1);
    close(gate[0]);
    close(gate[1]);
    return child;
}

TEST(journal, journal_of_a_running_process_is_kept) {
    const pt_path public = test_path("busy"), own = own_path();
    pt_journal *journal = NULL;
    struct stat before = {0}, after = {0};
    const pid_t child = start_writer(&public);
    REQUIRE(child > 0 && stat(public.text, &before) == 0);

    REQUIRE_OK(write_rest(&public, 1, &journal, &t->err)); /* its entry is read */
    check_content(t, journal);
    CHECK(stat(public.text, &after) == 0);
    CHECK(before.st_ino == after.st_ino && access(own.text, F_OK) != 0);
    pt_journal_close(&journal);
    CHECK_INT(count(t, &public, &key), 1);

    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    REQUIRE_OK(write_rest(&public, 1, &journal, &t->err));
    check_content(t, journal);
    pt_journal_close(&journal);
    CHECK_INT(count(t, &public, &key), N_ENTRIES);
}

TEST(journal, replaced_journal_keeps_its_entries) {
    const pt_path public = test_path("replaced"), own = own_path();
    pt_journal *journal = NULL;
    pt_byte_source bytes;
    uint64_t n = 0;
    REQUIRE_OK(write_all(&public, &t->err));
    REQUIRE_OK(pt_journal_find(public.text, &key, UINT64_MAX, &n, &bytes, &t->err));
    REQUIRE(unlink(public.text) == 0);
    CHECK_OK(pt_journal_create(&own, &public, &key, &bytes, n, &journal, &t->err));
    check_content(t, journal);
    pt_journal_close(&journal);
    unlink(own.text);
    CHECK_FAILS(pt_journal_create(&own, &public, &key, &bytes, n + 1, &journal, &t->err),
                PATINA_ETEMPORARY);
    CHECK(journal == NULL);
    CHECK_CONTAINS(t->err.message, public.text);
    pt_byte_source_close(&bytes);
}
