/* SPDX-License-Identifier: MIT */
/* test_output_dir.c - states of an output folder */

#include "test.h"

#include <sys/stat.h>

#include "fs/atomic_file.h"
#include "run_fixture.h"

static pt_output_state probe(pt_test *t, const char *out, bool repair) {
    pt_output_state state = PT_OUTPUT_OTHER;
    CHECK_OK(pt_output_dir_probe(out, repair, &state, &t->err));
    return state;
}

TEST(output_dir, probe_states) {
    const char *out = run_dir_path("states");

    CHECK_INT(probe(t, out, true), PT_OUTPUT_EMPTY); /* not there */
    REQUIRE(mkdir(out, 0777) == 0);
    CHECK_INT(probe(t, out, true), PT_OUTPUT_EMPTY);
    REQUIRE(mkdir(run_file_path(out, "lost+found"), 0700) == 0);
    REQUIRE(mkdir(run_file_path(out, ".patina.host.1.2.0.tmp"), 0777) == 0);
    CHECK_INT(probe(t, out, true), PT_OUTPUT_EMPTY);
    REQUIRE(mkdir(run_file_path(out, "data"), 0777) == 0);
    CHECK_INT(probe(t, out, true), PT_OUTPUT_OTHER);
    CHECK_FAILS(pt_output_dir_fail_other(out, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "contains no patina data set");
    REQUIRE(mkdir(run_file_path(out, ".patina"), 0777) == 0);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, ".patina/run.json"), "{}", &t->err));
    CHECK_INT(probe(t, out, true), PT_OUTPUT_OTHER);
    CHECK_FAILS(pt_output_dir_fail_other(out, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "an unfinished run of an older patina");
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, PT_PLAN_FILE), "{}", &t->err));
    CHECK_INT(probe(t, out, true), PT_OUTPUT_UNFINISHED);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "dataset.json"), "{}", &t->err));
    CHECK_INT(probe(t, out, true), PT_OUTPUT_FINISHED);
    pt_output_dir_remove_work_dir(out);
    CHECK(!run_file_exists(out, ".patina"));
    CHECK_INT(probe(t, out, true), PT_OUTPUT_FINISHED);
}

/* Neither plan nor dataset.json, but a temporary work folder with both: only the last rename is
 * missing. */
TEST(output_dir, half_reopened_dataset_is_repaired) {
    const char *out = run_dir_path("half"), *tmp = ".patina.host.1.2.0.tmp";
    char work[600];

    snprintf(work, sizeof work, "%s/%s", out, tmp);
    REQUIRE(mkdir(out, 0777) == 0 && mkdir(work, 0777) == 0);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(work, "plan.json"), "{}", &t->err));
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(work, "dataset.json"), "{}", &t->err));
    CHECK_INT(probe(t, out, false), PT_OUTPUT_OTHER);
    CHECK(run_file_exists(out, tmp)); /* probing changes nothing */
    CHECK_INT(probe(t, out, true), PT_OUTPUT_UNFINISHED);
    CHECK(!run_file_exists(out, tmp));
    CHECK(run_file_exists(out, ".patina/dataset.json"));
}
