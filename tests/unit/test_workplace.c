/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dataset/outfile.h"
#include "dataset/workplace.h"
#include "store_runs.h"

TEST(workplace, own_folders_are_nobody_elses) {
    const char *out = run_folder("own");
    pt_path first, second;

    REQUIRE(mkdir(out, 0777) == 0);
    REQUIRE_OK(pt_folder_make_own(out, "00000003", &first, &t->err));
    REQUIRE_OK(pt_folder_make_own(out, "00000003", &second, &t->err));
    CHECK(strcmp(first.text, second.text) != 0);
    CHECK(pt_path_exists(first.text) && pt_path_exists(second.text));
    CHECK_HAS(first.text, "/own/00000003.");
    CHECK(pt_folder_is_temporary(first.text));
    CHECK(!pt_folder_is_temporary("00000003") && !pt_folder_is_temporary(".tmp"));
    CHECK_FAILS(pt_folder_make_own(run_path(out, "absent"), "x", &first, &t->err), PT_EIO);
    CHECK_HAS(t->err.message, "absent/x.");
}

/* The name of a folder that a process of this machine made which is no more. */
static bool make_stale(const char *out, const char *what) {
    int ended = 1;
    const pid_t child = fork();
    if (child == 0) {
        pt_path folder;
        if (pt_folder_make_own(out, what, &folder, NULL) != PT_OK) _exit(1);
        _exit(mkdir(run_path(folder.text, "inside"), 0777) == 0 &&
                      pt_outfile_write_text(run_path(folder.text, "inside/file"), "x", NULL) ==
                          PT_OK
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

TEST(workplace, what_the_dead_left_is_swept_away) {
    const char *out = run_folder("sweep");
    pt_path mine;

    REQUIRE(mkdir(out, 0777) == 0);
    REQUIRE(make_stale(out, "a") && make_stale(out, "a") && make_stale(out, "b"));
    REQUIRE_OK(pt_folder_make_own(out, "a", &mine, &t->err));
    CHECK(mkdir(run_path(out, "a.elsewhere.1.99999999.0.tmp"), 0777) == 0);
    CHECK(mkdir(run_path(out, "a.tm"), 0777) == 0);
    CHECK_INT(n_items(out), 6);
    pt_folder_sweep(out, "a.", false);
    CHECK_INT(n_items(out),
              4); /* one stale of another purpose, mine, another machine's, no temporary */
    CHECK(pt_path_exists(mine.text));
    pt_folder_sweep(out, "", true);
    CHECK_INT(n_items(out), 1);
    CHECK(run_exists(out, "a.tm"));
}

/* Links are removed, and what they point to stays. */
TEST(workplace, nothing_is_removed_through_a_link) {
    const char *out = run_folder("links"), *other = run_folder("precious");

    REQUIRE(mkdir(out, 0777) == 0 && mkdir(other, 0777) == 0);
    REQUIRE_OK(pt_outfile_write_text(run_path(other, "file"), "x", &t->err));
    REQUIRE(symlink(other, run_path(out, "link")) == 0);
    pt_folder_remove(out);
    CHECK(!pt_path_exists(out));
    CHECK(run_exists(other, "file"));
}

static pt_out_state look(pt_test *t, const char *out, bool mend) {
    pt_out_state state = PT_OUT_FOREIGN;
    CHECK_OK(pt_out_look(out, mend, &state, &t->err));
    return state;
}

TEST(workplace, what_a_folder_holds) {
    const char *out = run_folder("states");

    CHECK_INT(look(t, out, true), PT_OUT_EMPTY); /* not there */
    REQUIRE(mkdir(out, 0777) == 0);
    CHECK_INT(look(t, out, true), PT_OUT_EMPTY);
    REQUIRE(mkdir(run_path(out, "lost+found"), 0700) == 0);
    REQUIRE(mkdir(run_path(out, ".patina.host.1.2.0.tmp"), 0777) == 0);
    CHECK_INT(look(t, out, true), PT_OUT_EMPTY);
    REQUIRE(mkdir(run_path(out, "data"), 0777) == 0);
    CHECK_INT(look(t, out, true), PT_OUT_FOREIGN);
    CHECK_FAILS(pt_out_refuse(out, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "holds no data set of patina's");
    REQUIRE(mkdir(run_path(out, ".patina"), 0777) == 0);
    REQUIRE_OK(pt_outfile_write_text(run_path(out, ".patina/run.json"), "{}", &t->err));
    CHECK_INT(look(t, out, true), PT_OUT_FOREIGN);
    CHECK_FAILS(pt_out_refuse(out, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "an older patina broke off");
    REQUIRE_OK(pt_outfile_write_text(run_path(out, PT_PLAN), "{}", &t->err));
    CHECK_INT(look(t, out, true), PT_OUT_RUNNING);
    REQUIRE_OK(pt_outfile_write_text(run_path(out, "dataset.json"), "{}", &t->err));
    CHECK_INT(look(t, out, true), PT_OUT_FINISHED);
    pt_out_remove_work(out);
    CHECK(!run_exists(out, ".patina"));
    CHECK_INT(look(t, out, true), PT_OUT_FINISHED);
}

/* Neither plan nor dataset.json, but a temporary work folder with both: its last rename is missing.
 */
TEST(workplace, what_was_being_opened_up_is_mended) {
    const char *out = run_folder("half"), *tmp = ".patina.host.1.2.0.tmp";
    char work[600];

    snprintf(work, sizeof work, "%s/%s", out, tmp);
    REQUIRE(mkdir(out, 0777) == 0 && mkdir(work, 0777) == 0);
    REQUIRE_OK(pt_outfile_write_text(run_path(work, "plan.json"), "{}", &t->err));
    REQUIRE_OK(pt_outfile_write_text(run_path(work, "dataset.json"), "{}", &t->err));
    CHECK_INT(look(t, out, false), PT_OUT_FOREIGN);
    CHECK(run_exists(out, tmp)); /* it was only looked at */
    CHECK_INT(look(t, out, true), PT_OUT_RUNNING);
    CHECK(!run_exists(out, tmp));
    CHECK(run_exists(out, ".patina/dataset.json"));
}

TEST(workplace, what_is_there_is_not_replaced) {
    const char *out = run_folder("publish");
    bool done = false;

    REQUIRE(mkdir(out, 0777) == 0 && mkdir(run_path(out, "a"), 0777) == 0 &&
            mkdir(run_path(out, "b"), 0777) == 0);
    REQUIRE_OK(pt_outfile_write_text(run_path(out, "a/x"), "1", &t->err));
    REQUIRE_OK(pt_outfile_write_text(run_path(out, "b/y"), "2", &t->err));
    CHECK_OK(pt_folder_publish(run_path(out, "a"), run_path(out, "b"), &done, &t->err));
    CHECK(!done);
    CHECK(run_exists(out, "a/x") && run_exists(out, "b/y"));
    CHECK_OK(pt_folder_publish(run_path(out, "a"), run_path(out, "c"), &done, &t->err));
    CHECK(done);
    CHECK(run_exists(out, "c/x"));
    CHECK_FAILS(pt_folder_publish(run_path(out, "a"), run_path(out, "d"), &done, &t->err), PT_EIO);
    CHECK_HAS(t->err.message, strerror(ENOENT));
}
