/* SPDX-License-Identifier: MIT */
/* test_temp_dir.c - temporary folders, and removal of abandoned ones */

#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fs/atomic_file.h"
#include "fs/temp_dir.h"
#include "run_fixture.h"

TEST(temp_dir, names_are_unique) {
    const char *out = run_dir_path("own");
    pt_path first, second;

    REQUIRE(mkdir(out, 0777) == 0);
    REQUIRE_OK(pt_temp_dir_create(out, "00000003", &first, &t->err));
    REQUIRE_OK(pt_temp_dir_create(out, "00000003", &second, &t->err));
    CHECK(strcmp(first.text, second.text) != 0);
    CHECK(pt_path_exists(first.text) && pt_path_exists(second.text));
    CHECK_CONTAINS(first.text, "/own/00000003.");
    CHECK(pt_temp_dir_is_name(first.text));
    CHECK(!pt_temp_dir_is_name("00000003") && !pt_temp_dir_is_name(".tmp"));
    CHECK_FAILS(pt_temp_dir_create(run_file_path(out, "absent"), "x", &first, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "absent/x.");
}

/* Creates the folder of a process that has ended. */
static bool make_stale(const char *out, const char *what) {
    int ended = 1;
    const pid_t child = fork();
    if (child == 0) {
        pt_path folder;
        if (pt_temp_dir_create(out, what, &folder, NULL) != PATINA_OK) _exit(1);
        _exit(mkdir(run_file_path(folder.text, "inside"), 0777) == 0 &&
                      pt_atomic_file_write_text(run_file_path(folder.text, "inside/file"), "x",
                                                NULL) == PATINA_OK
                  ? 0
                  : 1);
    }
    return child > 0 && waitpid(child, &ended, 0) == child && ended == 0;
}

static unsigned n_items(const char *path) {
    DIR *dir = opendir(path);
    unsigned n = 0;
    while (dir && readdir(dir))
        n++;
    if (dir) closedir(dir);
    return n > 2 ? n - 2 : 0; /* . and .. */
}

static bool set_age(const char *path, time_t seconds) {
    const time_t then = time(NULL) - seconds;
    const struct timespec times[2] = {{.tv_sec = then}, {.tv_sec = then}};
    return utimensat(AT_FDCWD, path, times, 0) == 0;
}

TEST(temp_dir, folders_of_ended_processes_are_removed) {
    const char *out = run_dir_path("sweep");
    pt_path mine;

    REQUIRE(mkdir(out, 0777) == 0);
    REQUIRE(make_stale(out, "a") && make_stale(out, "a") && make_stale(out, "b"));
    REQUIRE_OK(pt_temp_dir_create(out, "a", &mine, &t->err));
    REQUIRE(set_age(mine.text, 10 * PT_TEMP_DIR_MAX_AGE_S)); /* kept at any age: its process runs */
    CHECK(mkdir(run_file_path(out, "a.tm"), 0777) == 0);
    CHECK_INT(n_items(out), 5);
    pt_temp_dir_remove_stale(out, "a.", NULL, false);
    CHECK_INT(n_items(out), 3); /* b, mine, and a name that is not of this form */
    CHECK(pt_path_exists(mine.text));
    pt_temp_dir_remove_stale(out, "", NULL, true);
    CHECK_INT(n_items(out), 1);
    CHECK(run_file_exists(out, "a.tm"));
}

/* A name of another machine, or of 0.1, with a host name and a process number that match by chance:
 * only its age counts, and any file that was modified recently keeps it. */
TEST(temp_dir, folders_of_other_machines_age) {
    static const char *const names[] = {
        "a.localhost.4026531836.99999999.0.tmp",
        "a.0123456789abcdef0123456789abcdef.4026531836.99999999.0123456789abcdef.tmp",
    };
    const char *out = run_dir_path("ages");
    REQUIRE(mkdir(out, 0777) == 0);
    for (size_t i = 0; i < 2; i++) {
        char path[600], file[640];
        snprintf(path, sizeof path, "%s/%s", out, names[i]);
        snprintf(file, sizeof file, "%s/file", path);
        REQUIRE(mkdir(path, 0777) == 0);
        REQUIRE_OK(pt_atomic_file_write_text(file, "x", &t->err));
        pt_temp_dir_remove_stale(out, "a.", NULL, false);
        CHECK(pt_path_exists(path));
        REQUIRE(set_age(path, PT_TEMP_DIR_MAX_AGE_S + 60));
        pt_temp_dir_remove_stale(out, "a.", NULL, false);
        CHECK(pt_path_exists(path)); /* the file is new */
        REQUIRE(set_age(file, PT_TEMP_DIR_MAX_AGE_S - 60));
        pt_temp_dir_remove_stale(out, "a.", NULL, false);
        CHECK(pt_path_exists(path));
        REQUIRE(set_age(file, PT_TEMP_DIR_MAX_AGE_S + 60));
        pt_temp_dir_remove_stale(out, "a.", NULL, false);
        CHECK(!pt_path_exists(path));
    }
    CHECK_INT(n_items(out), 0); /* the file for reading the clock is removed */
}
