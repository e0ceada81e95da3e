/* SPDX-License-Identifier: MIT */
/* test_dir.c - creation, renaming and recursive removal of folders */

#include "test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/atomic_file.h"
#include "fs/dir.h"
#include "run_fixture.h"

/* Links are removed, and what they point to stays. */
TEST(dir, nothing_is_removed_through_a_link) {
    const char *out = run_dir_path("links"), *other = run_dir_path("precious");

    REQUIRE(mkdir(out, 0777) == 0 && mkdir(other, 0777) == 0);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(other, "file"), "x", &t->err));
    REQUIRE(symlink(other, run_file_path(out, "link")) == 0);
    pt_dir_remove_all(out, NULL);
    CHECK(!pt_path_exists(out));
    CHECK(run_file_exists(other, "file"));
}

TEST(dir, rename_does_not_replace) {
    const char *out = run_dir_path("publish");
    bool done = false;

    REQUIRE(mkdir(out, 0777) == 0 && mkdir(run_file_path(out, "a"), 0777) == 0 &&
            mkdir(run_file_path(out, "b"), 0777) == 0);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "a/x"), "1", &t->err));
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "b/y"), "2", &t->err));
    CHECK_OK(
        pt_dir_rename_noreplace(run_file_path(out, "a"), run_file_path(out, "b"), &done, &t->err));
    CHECK(!done);
    CHECK(run_file_exists(out, "a/x") && run_file_exists(out, "b/y"));
    CHECK_OK(
        pt_dir_rename_noreplace(run_file_path(out, "a"), run_file_path(out, "c"), &done, &t->err));
    CHECK(done);
    CHECK(run_file_exists(out, "c/x"));
    CHECK_FAILS(
        pt_dir_rename_noreplace(run_file_path(out, "a"), run_file_path(out, "d"), &done, &t->err),
        PATINA_EIO);
    CHECK_CONTAINS(t->err.message, strerror(ENOENT));
}

TEST(dir, create) {
    const char *out = run_dir_path("parents");
    bool made = false;

    CHECK_OK(pt_dir_create_all(run_file_path(out, "a/b"), &made, &t->err));
    CHECK(made);
    CHECK_OK(pt_dir_create_all(run_file_path(out, "a/b"), &made, &t->err));
    CHECK(!made);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "file"), "x", &t->err));
    CHECK_FAILS(pt_dir_create(run_file_path(out, "file"), NULL, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "parents/file' is a file");
    CHECK_FAILS(pt_dir_create(run_file_path(out, "absent/b"), NULL, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "absent/b': cannot be created: ");
}

/* The named file is unlinked before all others. */
TEST(dir, remove_all) {
    const char *out = run_dir_path("removed");
    CHECK_OK(pt_dir_create_all(run_file_path(out, "a/b"), NULL, &t->err));
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "a/b/file"), "x", &t->err));
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "first"), "x", &t->err));
    pt_dir_remove_all(out, "first");
    CHECK(!pt_path_exists(out));
}
