/* SPDX-License-Identifier: MIT */
/* test_partial_rows.c - rows of an entry in progress: round trip, torn and damaged files, other
 * runs */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataset/partial_rows.h"

#define N_ROWS 5

static const char text[] = "0\n11\n222\n3333\n44444\n"; /* a line of each row */
static const size_t n_text[] = {0, 2, 5, 9, 14, 20};    /* of the first rows */
static pt_row rows[N_ROWS];

static pt_partial_rows make_partial(const char *name) {
    pt_partial_rows p = {.path = pt_path_joinf(pt_test_tmpdir(), "%s.rows", name)};
    memset(p.key, 'k', sizeof p.key - 1);
    for (size_t i = 0; i < N_ROWS; i++)
        rows[i].fused_state[i] = (float)i + 1.0F;
    return p;
}

/* Appends up to n rows. */
static void append(pt_test *t, pt_partial_rows *p, size_t n) {
    patina_error err;
    CHECK_INT(pt_partial_rows_append(p, rows, n, text, n_text[n], &err), PATINA_OK);
}

/* Checks that a file has the first n rows. */
static void check_has(pt_test *t, pt_partial_rows *p, const char *path, size_t n) {
    pt_row *got;
    pt_strbuf lines = {0};
    size_t n_got;
    patina_error err;
    CHECK_INT(pt_partial_rows_read(p, path, &got, &n_got, &lines, &err), PATINA_OK);
    CHECK_INT(n_got, n);
    CHECK_INT(lines.length, n_text[n]);
    CHECK(n == 0 || memcmp(got, rows, n * sizeof *rows) == 0);
    CHECK(n == 0 || memcmp(lines.text, text, n_text[n]) == 0);
    pt_strbuf_release(&lines);
    free(got);
}

TEST(partial_rows, continues_a_file) {
    pt_partial_rows p = make_partial("a"), next = p, other = p;
    check_has(t, &p, p.path.text, 0);
    append(t, &p, 2);
    append(t, &p, 2); /* nothing new */
    append(t, &p, 3);
    check_has(t, &next, next.path.text, 3);
    CHECK_INT(next.n_rows, 3);
    append(t, &next, N_ROWS);
    check_has(t, &p, p.path.text, N_ROWS);

    other.key[0] = 'x';
    check_has(t, &other, other.path.text, 0);
    /* The rows of another folder are not those of the own file. */
    other = make_partial("b");
    check_has(t, &other, p.path.text, N_ROWS);
    CHECK_INT(other.n_rows, 0);
    append(t, &other, N_ROWS);
    check_has(t, &other, other.path.text, N_ROWS);

    pt_partial_rows_remove(&p);
    CHECK(access(p.path.text, F_OK) != 0 && errno == ENOENT);
    check_has(t, &next, next.path.text, 0);
}

TEST(partial_rows, drops_torn_and_damaged_records) {
    pt_partial_rows p = make_partial("c");
    append(t, &p, 2);
    const uint64_t n_first = p.n_bytes;
    append(t, &p, 4);
    const uint64_t n_all = p.n_bytes;
    for (uint64_t n = n_all; n-- > n_first;) { /* torn anywhere */
        CHECK(truncate(p.path.text, (off_t)n) == 0);
        check_has(t, &p, p.path.text, 2);
    }
    append(t, &p, N_ROWS);
    check_has(t, &p, p.path.text, N_ROWS);
    const int fd = open(p.path.text, O_RDWR);
    for (uint64_t at = 0; at < n_first; at += 97) { /* flipped bytes of the first record */
        unsigned char byte;
        CHECK(pread(fd, &byte, 1, (off_t)at) == 1);
        byte ^= 0x10;
        CHECK(pwrite(fd, &byte, 1, (off_t)at) == 1);
        check_has(t, &p, p.path.text, 0);
        byte ^= 0x10;
        CHECK(pwrite(fd, &byte, 1, (off_t)at) == 1);
    }
    close(fd);
    check_has(t, &p, p.path.text, N_ROWS);
}

TEST(partial_rows, folders_that_are_gone_or_full) {
    pt_partial_rows p = make_partial("gone/d");
    append(t, &p, 2); /* the set was finished by another process */
    p = make_partial("e");
    p.path = pt_path_joinf("/dev/full", "%s", "");
    p.path.text[strlen("/dev/full")] = '\0';
    patina_error err;
    CHECK_INT(pt_partial_rows_append(&p, rows, 1, text, n_text[1], &err), PATINA_EIO);
    CHECK(strstr(err.message, "cannot be written"));
}
