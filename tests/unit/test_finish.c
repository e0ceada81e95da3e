/* SPDX-License-Identifier: MIT */
/* test_finish.c - interrupted runs and failing disks
 *
 * The program replaces the library calls that change a file system, so that any of them can kill
 * the process or fail.
 */

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <patina/dataset.h>

#include "dataset/output_dir.h"
#include "run_fixture.h"

/* ---- calls that change the file system; at 0 this call kills the process or fails */

static long calls_left = -1; /* below 0: no fault */
static int call_error;       /* of the call that fails; 0: it kills the process */

static bool is_last_call(void) {
    if (calls_left < 0 || calls_left-- > 0) return false;
    if (call_error == 0) raise(SIGKILL);
    errno = call_error;
    return true;
}

int rename(const char *from, const char *to) {
    if (is_last_call()) return -1;
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0U);
}

int unlink(const char *path) {
    if (is_last_call()) return -1;
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rmdir(const char *path) {
    if (is_last_call()) return -1;
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

int mkdir(const char *path, mode_t mode) {
    if (is_last_call()) return -1;
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

ssize_t write(int fd, const void *bytes, size_t n) {
    if (is_last_call()) return -1;
    return (ssize_t)syscall(SYS_write, fd, bytes, n);
}

/* No power failure is simulated, so it need not wait for the disk. */
int fsync(int fd) {
    (void)fd;
    return is_last_call() ? -1 : 0;
}

/* ---- */

typedef patina_status job(const char *out, patina_error *err);

static patina_status generate_all(const char *out, patina_error *err) {
    return run_write_all_chunks(out, NULL, false, err);
}

static patina_status retry_all(const char *out, patina_error *err) {
    const pt_chunk_store_options retry = {.retry_rejects = true, .exclusive = true};
    return run_write_all_chunks(out, &retry, true, err);
}

static patina_status finish(const char *out, patina_error *err) {
    patina_dataset_report report;
    return patina_dataset_finish(out, &report, err);
}

static patina_status nothing(const char *out, patina_error *err) {
    (void)out, (void)err;
    return PATINA_OK;
}

static patina_status all_chunks(const char *out, patina_error *err) {
    return run_write_some_chunks(out, 0x1F, err);
}

/* Whether the job ended before the call that was to kill it. */
static bool killed_at_call(long n_calls, job *does, const char *out) {
    int ended = 0;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        patina_error err = {0};
        calls_left = n_calls;
        call_error = 0;
        _exit(does(out, &err) == PATINA_OK ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &ended, 0) != child) return false;
    return WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL;
}

static void print_fault(void *context, const char *sentence) {
    (void)context;
    printf("  %s\n", sentence);
}

/* No file with a final name is incomplete. */
static void check_no_half_file(pt_test *t, const char *out, long n) {
    patina_verify_report found = {0};
    pt_output_state state = PT_OUTPUT_EMPTY;

    if (!CHECK_OK(pt_output_dir_probe(out, false, &state, &t->err))) return;
    if (state != PT_OUTPUT_UNFINISHED && state != PT_OUTPUT_FINISHED) return;
    CHECK_OK(patina_dataset_verify(out, print_fault, NULL, &found, &t->err));
    pt_test_check(t, found.n_faults == 0, __FILE__, __LINE__, "killed at call %ld: %u faults", n,
                  (unsigned)found.n_faults);
    for (int i = 0; i < 3; i++) {
        static const char *const folders[] = {"data", "provenance", "provenance_table"};
        DIR *dir = opendir(run_file_path(out, folders[i]));
        const struct dirent *item;
        while (dir && (item = readdir(dir)))
            if (item->d_name[0] != '.') CHECK_CONTAINS(item->d_name, "-of-0000");
        if (dir) closedir(dir);
    }
}

/* With the address sanitizer only every fifth call is tried: a round takes three times as long, and
 * a killed process is not checked for leaks. */
#ifdef __SANITIZE_ADDRESS__
#define CALL_STEP 5
#else
#define CALL_STEP 1
#endif

/* Kills a job at its first, second ... call, each time on a fresh folder; then repeats it without a
 * fault, which must give the expected tree. */
static void kill_everywhere(pt_test *t, job *before, job *does, job *again, const char *expected) {
    const char *out = run_dir_path("killed");
    long n = 0;

    for (bool died = true; died && n < 2000; n += CALL_STEP) {
        REQUIRE_OK(before(out, &t->err));
        died = killed_at_call(n, does, out);
        check_no_half_file(t, out, n);
        REQUIRE_OK(again(out, &t->err));
        char *tree = run_dir_snapshot(out);
        const bool same = tree && strcmp(tree, expected) == 0;
        pt_test_check(t, same, __FILE__, __LINE__, "killed at call %ld: the tree is\n%s", n,
                      tree ? tree : "");
        free(tree);
        run_remove_dir(out);
        if (!same) return;
    }
    /* the number of calls of a job that is not killed */
    CHECK(n > 10);
}

static char *list_tree_after(job *first, job *second) {
    const char *out = run_dir_path("expected");
    char *tree = first(out, NULL) == PATINA_OK && second(out, NULL) == PATINA_OK
                     ? run_dir_snapshot(out)
                     : NULL;
    run_remove_dir(out);
    return tree;
}

TEST(finish, finish_killed_at_any_call) {
    char *expected = list_tree_after(generate_all, nothing);
    REQUIRE(expected != NULL);
    CHECK(strstr(expected, ".patina") == NULL);
    CHECK_CONTAINS(expected, "/data/train-00002-of-00003.jsonl ");
    CHECK_CONTAINS(expected, "/data/test-00001-of-00002.jsonl ");
    kill_everywhere(t, all_chunks, finish, finish, expected);
    free(expected);
}

TEST(finish, run_killed_at_any_call) {
    char *expected = list_tree_after(generate_all, nothing);
    REQUIRE(expected != NULL);
    kill_everywhere(t, nothing, generate_all, generate_all, expected);
    free(expected);
}

TEST(finish, retry_of_a_finished_set_killed_at_any_call) {
    char *expected = list_tree_after(generate_all, retry_all),
         *before = list_tree_after(generate_all, nothing);
    REQUIRE(expected != NULL && before != NULL);
    CHECK(strcmp(expected, before) != 0);
    CHECK_CONTAINS(expected, "/data/train-00004-of-00005.jsonl "); /* two chunks have rows now */
    kill_everywhere(t, generate_all, retry_all, retry_all, expected);
    free(expected);
    free(before);
}

TEST(finish, retry_of_an_unfinished_run_killed_at_any_call) {
    char *expected = list_tree_after(all_chunks, retry_all);
    REQUIRE(expected != NULL);
    kill_everywhere(t, all_chunks, retry_all, retry_all, expected);
    free(expected);
}

/* A full disk at any call: an error that names a path, or no effect; and the job can be continued.
 * */
static void fail_everywhere(pt_test *t, job *before, job *does, const char *expected) {
    const char *out = run_dir_path("failing");
    bool failed = true;
    long n = 0;

    for (; failed && n < 2000; n += CALL_STEP) {
        patina_error err = {0};
        REQUIRE_OK(before(out, &t->err));
        calls_left = n;
        call_error = ENOSPC;
        const patina_status status = does(out, &err);
        failed = calls_left < 0;
        calls_left = -1;
        if (status != PATINA_OK) {
            CHECK_INT(status, PATINA_EIO);
            CHECK_CONTAINS(err.message, out);
            CHECK_CONTAINS(err.message, strerror(ENOSPC));
        }
        check_no_half_file(t, out, n);
        REQUIRE_OK(does(out, &t->err));
        char *tree = run_dir_snapshot(out);
        const bool same = tree && strcmp(tree, expected) == 0;
        pt_test_check(t, same, __FILE__, __LINE__, "failed at call %ld: the tree is\n%s", n,
                      tree ? tree : "");
        free(tree);
        run_remove_dir(out);
        if (!same) return;
    }
    CHECK(n > 10);
}

TEST(finish, full_disk_at_any_call) {
    char *expected = list_tree_after(generate_all, nothing);
    REQUIRE(expected != NULL);
    fail_everywhere(t, nothing, generate_all, expected);
    free(expected);
    expected = list_tree_after(generate_all, retry_all);
    REQUIRE(expected != NULL);
    fail_everywhere(t, generate_all, retry_all, expected);
    free(expected);
}

TEST(finish, names_missing_chunks) {
    const char *out = run_dir_path("gaps");
    patina_dataset_report report = {0};

    REQUIRE_OK(run_write_some_chunks(out, 0x17, &t->err));
    CHECK_FAILS(patina_dataset_finish(out, &report, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "chunk 3 of 5 is missing; run generate again");
    CHECK_INT(report.n_missing, 1);
    CHECK_INT(report.missing[0], 3);
    CHECK_INT(report.n_chunks, 5);
    CHECK(!run_file_exists(out, "data") && !run_file_exists(out, "dataset.json"));
    run_remove_dir(out);

    REQUIRE_OK(run_write_some_chunks(out, 0x12, &t->err));
    CHECK_FAILS(patina_dataset_finish(out, &report, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "chunks 0, 2 and 3 of 5 are missing");
    run_remove_dir(out);
    REQUIRE_OK(run_write_some_chunks(out, 0x10, &t->err));
    CHECK_FAILS(patina_dataset_finish(out, &report, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "chunks 0, 1, 2 and 1 more of 5 are missing");

    CHECK_FAILS(patina_dataset_finish(run_dir_path("absent"), &report, &t->err), PATINA_EUSAGE);
    CHECK_FAILS(patina_dataset_finish(pt_test_tmpdir(), &report, &t->err), PATINA_EUSAGE);
}

TEST(finish, reports_its_counts) {
    const char *out = run_dir_path("made");
    patina_dataset_report report = {0};

    REQUIRE_OK(all_chunks(out, &t->err));
    for (int again = 0; again < 2; again++) {
        REQUIRE_OK(patina_dataset_finish(out, &report, &t->err));
        CHECK_INT(report.was_complete, again);
        CHECK_INT(report.n_rows, RUN_ROWS);
        CHECK_INT(report.n_parts, 5);
        CHECK_INT(report.n_entries, 10);
        CHECK_INT(report.n_rejects, RUN_REJECTS);
        CHECK_INT(report.rejects_by[PATINA_REJECT_SILENT - PATINA_REJECT_FIRST], 1);
        CHECK_INT(report.n_splits, 2);
        CHECK_STR(report.splits[1].name, "test");
        CHECK_INT(report.splits[1].n_rows, 2);
        CHECK_INT(report.splits[0].n_parts, 3);
    }
}

/* A truncated chunk file is detected, and files of others are not removed. */
TEST(finish, rejects_damaged_and_unexpected_files) {
    const char *out = run_dir_path("damaged");
    patina_dataset_report report;

    REQUIRE_OK(all_chunks(out, &t->err));
    CHECK(truncate(run_file_path(out, ".patina/00000002/rows-train.jsonl"), 100) == 0);
    CHECK_FAILS(finish(out, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "chunk 2 is damaged (remove '");
    CHECK(!run_file_exists(out, "dataset.json"));
    /* as the error suggests */
    run_remove_dir(run_file_path(out, ".patina/00000002"));
    REQUIRE_OK(run_write_some_chunks(out, 1 << 2, &t->err));
    REQUIRE(truncate(run_file_path(out, ".patina/00000001/rejects.jsonl"), 20) == 0);
    CHECK_FAILS(finish(out, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "chunk 1 is damaged");
    run_remove_dir(run_file_path(out, ".patina/00000001"));
    REQUIRE_OK(run_write_some_chunks(out, 1 << 1, &t->err));
    REQUIRE(truncate(run_file_path(out, ".patina/00000004/chunk.json"), 30) == 0);
    CHECK_FAILS(finish(out, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "chunk 4 is damaged");
    run_remove_dir(run_file_path(out, ".patina/00000004"));
    REQUIRE_OK(run_write_some_chunks(out, 1 << 4, &t->err));

    mkdir(run_file_path(out, "data"), 0777);
    FILE *f = fopen(run_file_path(out, "data/notes.txt"), "w");
    REQUIRE(f != NULL);
    fclose(f);
    CHECK_FAILS(patina_dataset_finish(out, &report, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "data/notes.txt'");
    CHECK(run_file_exists(out, "data/notes.txt"));
    unlink(run_file_path(out, "data/notes.txt"));
    REQUIRE_OK(finish(out, &t->err));
    char *tree = run_dir_snapshot(out), *expected = list_tree_after(generate_all, nothing);
    CHECK_STR(tree, expected ? expected : "");
    free(tree);
    free(expected);
}

/* Eight processes that finish one set together, and eight that generate it. */
TEST(finish, concurrent_finishers) {
    char *expected = list_tree_after(generate_all, nothing);
    REQUIRE(expected != NULL);
    for (int round = 0; round < 10; round++) {
        const char *out = run_dir_path("crowd");
        int ended = 0;
        if (round % 2) REQUIRE_OK(all_chunks(out, &t->err));
        fflush(stdout);
        for (int i = 0; i < 8; i++)
            if (fork() == 0) {
                patina_error err = {0};
                const patina_status status =
                    round % 2 ? finish(out, &err) : generate_all(out, &err);
                if (status != PATINA_OK) printf("  %s\n", err.message);
                fflush(stdout);
                _exit(status == PATINA_OK ? 0 : 1);
            }
        for (int i = 0; i < 8; i++) {
            CHECK(wait(&ended) > 0);
            CHECK_INT(ended, 0);
        }
        char *tree = run_dir_snapshot(out);
        CHECK_STR(tree, expected);
        free(tree);
        run_remove_dir(out);
    }
    free(expected);
}
