/* SPDX-License-Identifier: MIT */
/* test_path_glob.c - wildcards, and folders that cannot be read */

#include "fs/path_glob.h"

#include <sys/resource.h>

#include "corpus_fixture.h"

/** Number of matches below the test's folder; -1 after an error. */
static int count_matches(const char *pattern, int flags, patina_error *err) {
    glob_t found;
    const patina_status status = pt_path_glob(tmp_path(pattern), flags, &found, err);
    const int n = status == PATINA_OK ? (int)found.gl_pathc : -1;
    globfree(&found);
    return n;
}

TEST(path_glob, finds_files_and_folders) {
    patina_error err = {0};
    write_tmp_text("g/a/1.txt", "");
    write_tmp_text("g/b/2.txt", "");
    write_tmp_text("g/b/3.csv", "");
    CHECK_INT(count_matches("g/*", 0, &err), 2);
    CHECK_INT(count_matches("g/*/*.txt", 0, &err), 2);
    CHECK_INT(count_matches("g/*/3.csv", GLOB_ERR, &err), 1);
    CHECK_INT(count_matches("g/*/4.csv", 0, &err), 0);
    CHECK_INT(count_matches("nowhere/*", 0, &err), 0);
}

TEST(path_glob, fault_is_not_a_folder_without_matches) {
    struct rlimit limit, none;
    patina_error err = {0};
    write_tmp_text("f/a/1.txt", "");
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    none = limit;
    none.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0); /* EMFILE for every folder */
    const int n = count_matches("f/*/1.txt", 0, &err);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK_INT(n, -1);
    CHECK_CONTAINS(err.message, "cannot be read: Too many open files");
}
