/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataset/output_dir.h"
#include "fs/atomic_file.h"
#include "run_fixture.h"

TEST(output_dir, temp_dirs_are_unique) {
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

/* The name of a folder that a process of this machine made which is no more. */
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

TEST(output_dir, stale_temp_dirs_are_removed) {
    const char *out = run_dir_path("sweep");
    pt_path mine;

    REQUIRE(mkdir(out, 0777) == 0);
    REQUIRE(make_stale(out, "a") && make_stale(out, "a") && make_stale(out, "b"));
    REQUIRE_OK(pt_temp_dir_create(out, "a", &mine, &t->err));
    CHECK(mkdir(run_file_path(out, "a.elsewhere.1.99999999.0.tmp"), 0777) == 0);
    CHECK(mkdir(run_file_path(out, "a.tm"), 0777) == 0);
    CHECK_INT(n_items(out), 6);
    pt_temp_dir_remove_stale(out, "a.", false);
    CHECK_INT(n_items(out),
              4); /* one stale of another purpose, mine, another machine's, no temporary */
    CHECK(pt_path_exists(mine.text));
    pt_temp_dir_remove_stale(out, "", true);
    CHECK_INT(n_items(out), 1);
    CHECK(run_file_exists(out, "a.tm"));
}

/* Links are removed, and what they point to stays. */
TEST(output_dir, nothing_is_removed_through_a_link) {
    const char *out = run_dir_path("links"), *other = run_dir_path("precious");

    REQUIRE(mkdir(out, 0777) == 0 && mkdir(other, 0777) == 0);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(other, "file"), "x", &t->err));
    REQUIRE(symlink(other, run_file_path(out, "link")) == 0);
    pt_dir_remove_all(out);
    CHECK(!pt_path_exists(out));
    CHECK(run_file_exists(other, "file"));
}

static pt_output_state look(pt_test *t, const char *out, bool repair) {
    pt_output_state state = PT_OUTPUT_FOREIGN;
    CHECK_OK(pt_output_dir_probe(out, repair, &state, &t->err));
    return state;
}

TEST(output_dir, probe_states) {
    const char *out = run_dir_path("states");

    CHECK_INT(look(t, out, true), PT_OUTPUT_EMPTY); /* not there */
    REQUIRE(mkdir(out, 0777) == 0);
    CHECK_INT(look(t, out, true), PT_OUTPUT_EMPTY);
    REQUIRE(mkdir(run_file_path(out, "lost+found"), 0700) == 0);
    REQUIRE(mkdir(run_file_path(out, ".patina.host.1.2.0.tmp"), 0777) == 0);
    CHECK_INT(look(t, out, true), PT_OUTPUT_EMPTY);
    REQUIRE(mkdir(run_file_path(out, "data"), 0777) == 0);
    CHECK_INT(look(t, out, true), PT_OUTPUT_FOREIGN);
    CHECK_FAILS(pt_output_dir_fail_foreign(out, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "holds no data set of patina's");
    REQUIRE(mkdir(run_file_path(out, ".patina"), 0777) == 0);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, ".patina/run.json"), "{}", &t->err));
    CHECK_INT(look(t, out, true), PT_OUTPUT_FOREIGN);
    CHECK_FAILS(pt_output_dir_fail_foreign(out, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "an older patina broke off");
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, PT_PLAN_FILE), "{}", &t->err));
    CHECK_INT(look(t, out, true), PT_OUTPUT_UNFINISHED);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "dataset.json"), "{}", &t->err));
    CHECK_INT(look(t, out, true), PT_OUTPUT_FINISHED);
    pt_output_dir_remove_work_dir(out);
    CHECK(!run_file_exists(out, ".patina"));
    CHECK_INT(look(t, out, true), PT_OUTPUT_FINISHED);
}

/* Neither plan nor dataset.json, but a temporary work folder with both: its last rename is missing.
 */
TEST(output_dir, half_reopened_dataset_is_repaired) {
    const char *out = run_dir_path("half"), *tmp = ".patina.host.1.2.0.tmp";
    char work[600];

    snprintf(work, sizeof work, "%s/%s", out, tmp);
    REQUIRE(mkdir(out, 0777) == 0 && mkdir(work, 0777) == 0);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(work, "plan.json"), "{}", &t->err));
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(work, "dataset.json"), "{}", &t->err));
    CHECK_INT(look(t, out, false), PT_OUTPUT_FOREIGN);
    CHECK(run_file_exists(out, tmp)); /* it was only looked at */
    CHECK_INT(look(t, out, true), PT_OUTPUT_UNFINISHED);
    CHECK(!run_file_exists(out, tmp));
    CHECK(run_file_exists(out, ".patina/dataset.json"));
}

TEST(output_dir, rename_does_not_replace) {
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
