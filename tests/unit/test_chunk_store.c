/* SPDX-License-Identifier: MIT */
/* test_chunk_store.c - the output folder of a run, without faults
 *
 * test_finish.c kills processes and makes calls fail.
 */

#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "dataset/chunk_store.h"
#include "fs/atomic_file.h"
#include "run_fixture.h"

static const pt_chunk_store_options retry = {.retry_rejects = true, .exclusive = true};
static const pt_chunk_store_options alone = {.exclusive = true};

static char *list_tree_of_single_run(void) {
    const char *out = run_dir_path("single");
    char *tree =
        run_write_all_chunks(out, NULL, false, NULL) == PATINA_OK ? run_dir_snapshot(out) : NULL;
    run_remove_dir(out);
    return tree;
}

static void check_tree(pt_test *t, const char *out, const char *expected) {
    char *tree = run_dir_snapshot(out);
    CHECK_STR(tree, expected);
    free(tree);
}

TEST(chunk_store, part_numbers_and_reopening_a_finished_set) {
    const char *out = run_dir_path("made/with/parents");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_run_counts done = {0};
    pt_chunk_store *store = NULL;
    bool complete = true;

    REQUIRE_OK(run_open(out, &run_meta, NULL, &store, &complete, &t->err));
    CHECK(!complete);
    for (uint64_t c = 0; c < RUN_CHUNKS; c++)
        REQUIRE_OK(run_write_chunk(store, c, false, &t->err));
    CHECK(!run_file_exists(out, "data")); /* nothing under a final name before the end */
    CHECK_OK(pt_chunk_store_finish(store, &done, &t->err));
    pt_chunk_store_close(&store);
    CHECK_INT(done.n_rows, RUN_ROWS);
    CHECK_INT(done.split_rows[1], 2);
    CHECK_INT(done.n_rejects, RUN_REJECTS);
    CHECK(run_file_exists(out, "data/train-00000-of-00003.jsonl"));
    CHECK(run_file_exists(out, "data/train-00002-of-00003.jsonl"));
    CHECK(run_file_exists(out, "data/test-00001-of-00002.jsonl"));
    CHECK(run_file_exists(out, "provenance/test-00001-of-00002.jsonl"));
    CHECK(!run_file_exists(out, ".patina"));

    pt_run_counts again = {0};
    CHECK_OK(pt_chunk_store_open(out, &pt_row_writer_jsonl, &run_meta, NULL, &store, &complete,
                                 &again, &t->err));
    CHECK(complete);
    CHECK(store == NULL);
    CHECK_INT(again.n_rows, RUN_ROWS);
    CHECK_INT(again.n_parts, 5);
    CHECK_INT(again.split_parts[0], 3);
    CHECK_INT(again.rejects_by[PATINA_REJECT_SILENT - PATINA_REJECT_FIRST], 1);
}

/* rejects.jsonl is in chunk order, whatever the order in which chunks were finished. */
TEST(chunk_store, chunks_in_corpus_order) {
    const char *out = run_dir_path("backwards");
    char *expected = list_tree_of_single_run();

    REQUIRE_OK(run_write_some_chunks(out, 1 << 4, &t->err));
    REQUIRE_OK(run_write_some_chunks(out, 1 << 3 | 1 << 1, &t->err));
    REQUIRE_OK(run_write_some_chunks(out, 1 << 2, &t->err));
    REQUIRE_OK(run_write_all_chunks(out, NULL, false, &t->err));
    check_tree(t, out, expected);
    free(expected);
}

static void check_refused(pt_test *t, const char *out, const char *what) {
    const pt_run_metadata ours = run_fixture_metadata();
    pt_run_metadata other = ours;
    pt_chunk_store *store = NULL;
    bool complete;
    char *before = run_dir_snapshot(out);

    other.settings_json = "{\"seed\":2,\"loudness\":\"source\",\"suite\":{\"clean\":0.05}}";
    CHECK_FAILS(run_open(out, &other, NULL, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, what);
    CHECK_CONTAINS(t->err.message, "another setting 'seed'");
    other = ours;
    other.model_hash = "dd";
    CHECK_FAILS(run_open(out, &other, NULL, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "another model");
    other = ours;
    other.kernels = "avx512";
    CHECK_FAILS(run_open(out, &other, &retry, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "which '--isa c' selects");
    check_tree(t, out, before);
    free(before);
}

TEST(chunk_store, other_runs_are_rejected_and_unchanged) {
    const char *out = run_dir_path("other");
    REQUIRE_OK(run_write_some_chunks(out, 3, &t->err));
    check_refused(t, out, "contains an unfinished run");
    REQUIRE_OK(run_write_all_chunks(out, NULL, false, &t->err));
    check_refused(t, out, "contains a finished run");
}

TEST(chunk_store, foreign_folders_are_rejected_and_unchanged) {
    const char *out = run_dir_path("foreign"), *file = run_dir_path("file");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete;

    REQUIRE(mkdir(out, 0777) == 0);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "thesis.tex"), "x", &t->err));
    CHECK_FAILS(run_open(out, &run_meta, NULL, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK(run_file_exists(out, "thesis.tex"));
    CHECK(!run_file_exists(out, ".patina"));

    REQUIRE_OK(pt_atomic_file_write_text(file, "x", &t->err));
    CHECK_FAILS(run_open(file, &run_meta, NULL, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_FAILS(run_open("", &run_meta, NULL, &store, &complete, &t->err), PATINA_EUSAGE);

    pt_run_metadata many = run_meta;
    many.n_chunks = PT_CHUNKS_MAX + 1;
    CHECK_FAILS(run_open(run_dir_path("many"), &many, NULL, &store, &complete, &t->err),
                PATINA_EUSAGE);
    CHECK(access(run_dir_path("many"), F_OK) != 0);
}

TEST(chunk_store, abandoned_run_leaves_nothing) {
    const char *made = run_dir_path("given-up"), *found = run_dir_path("found");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_open(made, &run_meta, &alone, &store, &complete, &t->err));
    REQUIRE_OK(pt_chunk_store_begin_chunk(store, 0, 0, &t->err));
    REQUIRE_OK(run_add_row(store, 0, 0, 0, &t->err));
    CHECK(run_file_exists(made, ".patina/plan.json"));
    pt_chunk_store_close(&store);
    CHECK(access(made, F_OK) != 0);

    REQUIRE(mkdir(found, 0777) == 0);
    REQUIRE_OK(run_open(found, &run_meta, &alone, &store, &complete, &t->err));
    pt_chunk_store_close(&store);
    check_tree(t, found, "");
}

/* Complete chunks are kept, incomplete ones are removed. */
TEST(chunk_store, chunks_are_complete_or_absent) {
    const char *out = run_dir_path("halves");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete;
    pt_row bad = {.target_lufs = NAN};

    REQUIRE_OK(run_write_some_chunks(out, 1 << 3, &t->err));
    char *before = run_dir_snapshot(out);
    REQUIRE_OK(run_open(out, &run_meta, NULL, &store, &complete, &t->err));
    CHECK(pt_chunk_store_has_chunk(store, 3) && !pt_chunk_store_has_chunk(store, 2));
    CHECK_OK(pt_chunk_store_begin_chunk(store, 2, 0, &t->err));
    CHECK_OK(run_add_row(store, 2, 0, 0, &t->err));
    CHECK_OK(pt_chunk_store_add_reject(store, PATINA_REJECT_SILENT, "{}\n", &t->err));
    CHECK(!run_file_exists(out, ".patina/00000002"));
    pt_chunk_store_discard_chunk(store);
    pt_chunk_store_discard_chunk(store);
    check_tree(t, out, before);
    CHECK_OK(pt_chunk_store_begin_chunk(store, 2, 0, &t->err));
    CHECK_FAILS(pt_chunk_store_add_rows(store, 1, &bad, 1, "{}\n", 3, &t->err), PATINA_ERANGE);
    pt_chunk_store_close(&store);
    check_tree(t, out, before);
    free(before);
}

static int count_chunks(const pt_chunk_store *store, uint64_t n_chunks) {
    int n = 0;
    for (uint64_t c = 0; c < n_chunks; c++)
        n += pt_chunk_store_has_chunk(store, c);
    return n;
}

TEST(chunk_store, existing_chunks_are_kept) {
    const char *out = run_dir_path("held");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_write_some_chunks(out, 1 << 0 | 1 << 1 | 1 << 2, &t->err));
    REQUIRE_OK(run_open(out, &run_meta, NULL, &store, &complete, &t->err));
    CHECK_INT(count_chunks(store, run_meta.n_chunks), 3);
    pt_chunk_store_close(&store);
    REQUIRE_OK(run_open(out, &run_meta, &retry, &store, &complete, &t->err));
    CHECK_INT(count_chunks(store, run_meta.n_chunks), 2); /* one of them is generated again */
    pt_chunk_store_close(&store);
}

/* ---- many processes */

TEST(chunk_store, two_processes_write_the_same_chunk) {
    const char *out = run_dir_path("twice");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *first = NULL, *second = NULL;
    bool complete;

    REQUIRE_OK(run_open(out, &run_meta, NULL, &first, &complete, &t->err));
    REQUIRE_OK(run_open(out, &run_meta, NULL, &second, &complete, &t->err));
    CHECK_OK(pt_chunk_store_begin_chunk(first, 0, 0, &t->err));
    CHECK_OK(pt_chunk_store_begin_chunk(second, 0, 0, &t->err));
    CHECK_OK(run_add_row(first, 0, 0, 0, &t->err));
    CHECK_OK(run_add_row(second, 0, 0, 0, &t->err));
    CHECK_OK(pt_chunk_store_commit_chunk(second, 3, &t->err));
    char *tree = run_dir_snapshot(run_file_path(out, ".patina/00000000"));
    CHECK(pt_chunk_store_has_chunk(first, 0)); /* chunks of other processes are detected */
    CHECK_OK(pt_chunk_store_commit_chunk(first, 3, &t->err));
    check_tree(t, run_file_path(out, ".patina/00000000"), tree);
    free(tree);

    /* the second finishes the whole set while the first is within a chunk */
    CHECK_OK(pt_chunk_store_begin_chunk(first, 1, 0, &t->err));
    for (uint64_t c = 1; c < RUN_CHUNKS; c++)
        CHECK_OK(run_write_chunk(second, c, false, &t->err));
    pt_run_counts done = {0};
    CHECK_OK(pt_chunk_store_finish(second, &done, &t->err));
    CHECK_OK(run_add_row(first, 1, 0, 0, &t->err));
    CHECK_OK(pt_chunk_store_add_reject(first, PATINA_REJECT_SILENT, "{}\n", &t->err));
    CHECK_OK(pt_chunk_store_commit_chunk(first, 2, &t->err));
    CHECK_OK(run_write_chunk(first, 2, false, &t->err));
    CHECK_OK(pt_chunk_store_finish(first, &done, &t->err));
    pt_chunk_store_close(&first);
    pt_chunk_store_close(&second);
    CHECK(run_file_exists(out, "dataset.json") && !run_file_exists(out, ".patina"));
}

/* Children that start together; bit i of the result for a child that gave status `wanted`. */
static unsigned race(unsigned n, patina_status wanted,
                     patina_status (*child)(unsigned i, patina_error *err)) {
    unsigned result = 0;
    pid_t pids[32];
    int gate[2];
    if (pipe(gate) != 0) return 0;
    (void)pt_test_tmpdir(); /* made here, so that it is the same to all */
    fflush(stdout);
    for (unsigned i = 0; i < n; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            char byte;
            patina_error err = {0};
            close(gate[1]);
            (void)!read(gate[0], &byte, 1); /* ends when the pipe is closed */
            const patina_status status = child(i, &err);
            if (status != wanted && status != PATINA_EUSAGE)
                printf("  child %u: %s\n", i, err.message);
            fflush(stdout);
            _exit(status == wanted ? 0 : 1);
        }
    }
    close(gate[0]);
    close(gate[1]);
    for (unsigned i = 0; i < n; i++) {
        int ended = 1;
        waitpid(pids[i], &ended, 0);
        if (ended == 0) result |= 1U << i;
    }
    return result;
}

static patina_status shard_of_16(unsigned i, patina_error *err) {
    return run_write_some_chunks(run_dir_path("race"), i < RUN_CHUNKS ? 1U << i : 0, err);
}

TEST(chunk_store, sixteen_processes_start_together) {
    char *expected = list_tree_of_single_run();
    for (int round = 0; round < 5; round++) {
        const char *out = run_dir_path("race");
        CHECK_INT(race(16, PATINA_OK, shard_of_16), 0xFFFF);
        CHECK_OK(run_write_all_chunks(out, NULL, false, &t->err));
        check_tree(t, out, expected);
        run_remove_dir(out);
    }
    free(expected);
}

/* Children with odd numbers have another seed. Each tries to write a chunk. */
static patina_status one_of_two_runs(unsigned i, patina_error *err) {
    pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete = false;
    if (i % 2) run_meta.settings_json = "{\"seed\":99}";
    patina_status status =
        run_open(run_dir_path("rivals"), &run_meta, NULL, &store, &complete, err);
    if (status == PATINA_OK) status = run_write_chunk(store, 0, false, err);
    pt_chunk_store_close(&store);
    return status;
}

TEST(chunk_store, two_runs_in_one_folder) {
    for (int round = 0; round < 5; round++) {
        const unsigned won = race(16, PATINA_OK, one_of_two_runs);
        CHECK(won == 0x5555 || won == 0xAAAA);
        run_remove_dir(run_dir_path("rivals"));
    }
}

/* An exclusive store removes its plan when it has no chunk; others leave it; a plan that another
 * process removed is written again. */
TEST(chunk_store, withdrawn_plan_is_written_again) {
    const char *out = run_dir_path("withdrawn");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_run_metadata other = run_meta;
    pt_chunk_store *store = NULL, *strange = NULL;
    bool complete;

    REQUIRE(mkdir(out, 0777) == 0);
    REQUIRE_OK(run_open(out, &run_meta, NULL, &store, &complete, &t->err));
    pt_chunk_store_close(&store);
    CHECK(run_file_exists(out, ".patina/plan.json"));
    REQUIRE_OK(run_open(out, &run_meta, &alone, &store, &complete, &t->err));
    pt_chunk_store_close(&store);
    CHECK(!run_file_exists(out, ".patina"));

    REQUIRE_OK(run_open(out, &run_meta, NULL, &store, &complete, &t->err));
    run_remove_dir(run_file_path(out, ".patina"));
    CHECK_OK(run_write_chunk(store, 0, false, &t->err));
    CHECK(run_file_exists(out, ".patina/plan.json") && run_file_exists(out, ".patina/00000000"));
    pt_chunk_store_close(&store);
    CHECK(run_file_exists(out, ".patina/plan.json"));
    run_remove_dir(run_file_path(out, ".patina"));

    /* if another run has taken the folder meanwhile, the two do not mix */
    other.corpus_hash = "zz";
    REQUIRE_OK(run_open(out, &run_meta, NULL, &store, &complete, &t->err));
    run_remove_dir(run_file_path(out, ".patina"));
    REQUIRE_OK(run_open(out, &other, NULL, &strange, &complete, &t->err));
    REQUIRE_OK(run_write_chunk(strange, 1, false, &t->err));
    CHECK_FAILS(pt_chunk_store_begin_chunk(store, 0, 0, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "another corpus");
    pt_chunk_store_close(&store);
    pt_chunk_store_close(&strange);
    CHECK(run_file_exists(out, ".patina/00000001"));
}

/* ---- earlier output */

static void check_resumes(pt_test *t, const char *from, unsigned there) {
    const char *out = run_dir_path("resumed");
    const pt_chunk_store_options options = {.resume_from = from};
    const pt_run_metadata run_meta = run_fixture_metadata();
    char *before = run_dir_snapshot(from), *expected = list_tree_of_single_run();
    pt_chunk_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_open(out, &run_meta, &options, &store, &complete, &t->err));
    CHECK(!complete);
    for (unsigned c = 0; c < RUN_CHUNKS; c++)
        CHECK_INT(pt_chunk_store_has_chunk(store, c), there >> c & 1);
    pt_chunk_store_close(&store);
    CHECK_OK(run_write_all_chunks(out, &options, false, &t->err));
    check_tree(t, out, expected);
    check_tree(t, from, before);
    run_remove_dir(out);
    free(before);
    free(expected);
}

TEST(chunk_store, resumes_from_earlier_output) {
    const char *from = run_dir_path("earlier");
    REQUIRE_OK(run_write_some_chunks(from, 0x0B, &t->err));
    check_resumes(t, from, 0x0B);
    REQUIRE_OK(run_write_some_chunks(from, 0x14, &t->err));
    check_resumes(t, from, 0x1F);
    REQUIRE_OK(run_write_all_chunks(from, NULL, false, &t->err));
    check_resumes(t, from, 0x1F);

    /* an interrupted finish: all parts in their chunks, except some with their final names */
    const char *broken = run_dir_path("broken");
    REQUIRE_OK(run_write_some_chunks(broken, 0x1F, &t->err));
    REQUIRE(mkdir(run_file_path(broken, "data"), 0777) == 0);
    REQUIRE(rename(run_file_path(broken, ".patina/00000002/rows-train.jsonl"),
                   run_file_path(broken, "data/train-00001-of-00003.jsonl")) == 0);
    check_resumes(t, broken, 0x1F);

    /* what OUT has is not copied */
    const char *out = run_dir_path("has-some");
    const pt_chunk_store_options options = {.resume_from = from};
    REQUIRE_OK(run_write_some_chunks(out, 1 << 2, &t->err));
    char *expected = list_tree_of_single_run();
    REQUIRE_OK(run_write_all_chunks(out, &options, false, &t->err));
    check_tree(t, out, expected);
    free(expected);
}

static void append_note(void *context, const char *sentence) {
    snprintf(context, 1024, "%s", sentence);
}

/* A damaged chunk is not imported: a note is reported, and the chunk is generated again. */
TEST(chunk_store, damaged_chunks_are_not_imported) {
    static const char *const files[] = {"data/train-00001-of-00003.jsonl",
                                        "provenance/train-00001-of-00003.jsonl"};
    for (size_t i = 0; i < 2; i++) {
        const char *from = run_dir_path("rotten"), *out = run_dir_path("fresh");
        char said[1024] = "", *expected = list_tree_of_single_run();
        const pt_chunk_store_options options = {
            .resume_from = from, .on_note = append_note, .context = said};
        const pt_run_metadata run_meta = run_fixture_metadata();
        pt_chunk_store *store = NULL;
        bool complete;

        REQUIRE_OK(run_write_all_chunks(from, NULL, false, &t->err));
        FILE *f = fopen(run_file_path(from, files[i]), "r+");
        REQUIRE(f != NULL);
        fputc(' ', f);
        fclose(f);
        REQUIRE_OK(run_open(out, &run_meta, &options, &store, &complete, &t->err));
        CHECK(!pt_chunk_store_has_chunk(store, 2) && pt_chunk_store_has_chunk(store, 3));
        CHECK_CONTAINS(said, "chunk 2 is not imported: file '");
        CHECK_CONTAINS(said, "its content differs from what was written");
        pt_chunk_store_close(&store);
        REQUIRE_OK(run_write_all_chunks(out, NULL, false, &t->err));
        check_tree(t, out, expected);
        free(expected);
        run_remove_dir(out);
        run_remove_dir(from);
    }
}

TEST(chunk_store, invalid_resume_source) {
    const char *out = run_dir_path("beginning"), *from = run_dir_path("no-run");
    pt_chunk_store_options options = {.resume_from = run_dir_path("absent"), .exclusive = true};
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_run_metadata other = run_meta;
    pt_chunk_store *store = NULL;
    bool complete;

    CHECK_FAILS(run_open(out, &run_meta, &options, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "does not exist");
    REQUIRE(mkdir(from, 0777) == 0);
    options.resume_from = from;
    CHECK_FAILS(run_open(out, &run_meta, &options, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "is empty");
    other.corpus_hash = "zz";
    REQUIRE_OK(run_open(from, &other, NULL, &store, &complete, &t->err));
    REQUIRE_OK(run_write_chunk(store, 0, false, &t->err));
    pt_chunk_store_close(&store);
    CHECK_FAILS(run_open(out, &run_meta, &options, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "contains a run with another corpus");
    CHECK(access(out, F_OK) != 0); /* it was not imported */
    options.resume_from = out;
    CHECK_FAILS(run_open(out, &run_meta, &options, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "this is the output folder itself");
}

/* ---- another try */

TEST(chunk_store, retry_of_rejects) {
    const char *out = run_dir_path("retried");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_write_some_chunks(out, 0x1F, &t->err));
    REQUIRE_OK(run_open(out, &run_meta, &retry, &store, &complete, &t->err));
    CHECK(!complete);
    for (unsigned c = 0; c < RUN_CHUNKS; c++) /* chunk 4: a repeated id, still a reject */
        CHECK_INT(pt_chunk_store_has_chunk(store, c), c != 1 && c != 3);
    /* old chunks remain until the new ones are complete */
    CHECK(run_file_exists(out, ".patina/00000001/chunk.json"));
    CHECK_OK(run_write_chunk(store, 1, false, &t->err));
    CHECK(pt_chunk_store_has_chunk(store, 1));
    pt_chunk_store_close(&store);

    /* interrupted here: chunk 1 was retried and still has a reject */
    REQUIRE_OK(run_open(out, &run_meta, &retry, &store, &complete, &t->err));
    CHECK(pt_chunk_store_has_chunk(store, 1) && !pt_chunk_store_has_chunk(store, 3));
    CHECK_OK(run_write_chunk(store, 3, true, &t->err));
    pt_run_counts done = {0};
    CHECK_OK(pt_chunk_store_finish(store, &done, &t->err));
    pt_chunk_store_close(&store);
    CHECK_INT(done.n_rows, RUN_ROWS + 1);
    CHECK_INT(done.n_rejects, RUN_REJECTS - 1);

    /* in a finished set, all chunks with rejects are retried */
    REQUIRE_OK(run_open(out, &run_meta, &retry, &store, &complete, &t->err));
    CHECK(!complete);
    CHECK(!run_file_exists(out, "dataset.json") && !run_file_exists(out, "data") &&
          !run_file_exists(out, "README.md") && !run_file_exists(out, "rejects.jsonl"));
    CHECK(!pt_chunk_store_has_chunk(store, 1) && pt_chunk_store_has_chunk(store, 3));
    CHECK_OK(run_write_chunk(store, 1, true, &t->err));
    CHECK_OK(pt_chunk_store_finish(store, &done, &t->err));
    pt_chunk_store_close(&store);
    CHECK_INT(done.n_rows, RUN_ROWS + 2);
    CHECK_INT(done.n_rejects, 2);

    /* without rejects that can change there is nothing to do */
    REQUIRE_OK(run_open(out, &run_meta, &retry, &store, &complete, &t->err));
    CHECK(complete);
}

/* A set that was reopened, and finished without a change, has the same bytes. */
TEST(chunk_store, reopened_and_finished_set_is_equal) {
    const char *out = run_dir_path("opened");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_write_all_chunks(out, NULL, false, &t->err));
    char *expected = run_dir_snapshot(out);
    REQUIRE_OK(run_open(out, &run_meta, &retry, &store, &complete, &t->err));
    CHECK(!complete);
    pt_chunk_store_close(&store);
    CHECK(!run_file_exists(out, "dataset.json") && run_file_exists(out, ".patina/plan.json"));
    REQUIRE_OK(run_write_all_chunks(out, NULL, false, &t->err));
    check_tree(t, out, expected);
    free(expected);
}

/* Several processes retry the rejects of an unfinished set, one chunk each. */
static patina_status retrying_shard(unsigned i, patina_error *err) {
    static const pt_chunk_store_options shared = {.retry_rejects = true};
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete = false;
    patina_status status =
        run_open(run_dir_path("retried-by-many"), &run_meta, &shared, &store, &complete, err);
    if (status == PATINA_OK && !complete && i < RUN_CHUNKS && !pt_chunk_store_has_chunk(store, i))
        status = run_write_chunk(store, i, true, err);
    pt_chunk_store_close(&store);
    return status;
}

TEST(chunk_store, concurrent_retries) {
    const char *single = run_dir_path("single-retry");
    REQUIRE_OK(run_write_all_chunks(single, NULL, false, &t->err));
    REQUIRE_OK(run_write_all_chunks(single, &retry, true, &t->err));
    char *expected = run_dir_snapshot(single);
    for (int round = 0; round < 5; round++) {
        const char *out = run_dir_path("retried-by-many");
        REQUIRE_OK(run_write_some_chunks(out, (1U << RUN_CHUNKS) - 1, &t->err));
        CHECK_INT(race(8, PATINA_OK, retrying_shard), 0xFF);
        CHECK_OK(run_write_all_chunks(out, NULL, false, &t->err));
        check_tree(t, out, expected);
        run_remove_dir(out);
    }
    free(expected);
}

/* Only an exclusive store may reopen a finished set. */
TEST(chunk_store, finished_set_is_not_reopened_by_a_shard) {
    static const pt_chunk_store_options shared = {.retry_rejects = true};
    const char *out = run_dir_path("shared-retry");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete;
    REQUIRE_OK(run_write_all_chunks(out, NULL, false, &t->err));
    char *before = run_dir_snapshot(out);
    CHECK_FAILS(run_open(out, &run_meta, &shared, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "without '--shard'");
    check_tree(t, out, before);
    free(before);
}

/* A retry replaces a chunk whose chunk.json is damaged. */
TEST(chunk_store, retry_replaces_a_damaged_chunk) {
    const char *out = run_dir_path("mangled");
    char *expected = list_tree_of_single_run();
    REQUIRE_OK(run_write_some_chunks(out, 0x1F, &t->err));
    REQUIRE(truncate(run_file_path(out, ".patina/00000002/chunk.json"), 40) == 0);
    REQUIRE_OK(run_write_all_chunks(out, &retry, false, &t->err));
    check_tree(t, out, expected);
    free(expected);
}

/* A flipped byte in a file of a complete chunk, or a missing file: an exclusive run generates the
 * chunk again, also if its parts have their final names already. */
TEST(chunk_store, an_exclusive_run_replaces_damaged_chunks) {
    static const char *const files[] = {"rows-train.jsonl", "provenance-train.jsonl", "chunk.json"};
    char *expected = list_tree_of_single_run();
    for (size_t i = 0; i < 3; i++)
        for (int gone = 0; gone < 2; gone++) {
            const char *out = run_dir_path("flipped");
            char path[600], said[1024] = "";
            const pt_chunk_store_options options = {
                .exclusive = true, .on_note = append_note, .context = said};

            REQUIRE_OK(run_write_some_chunks(out, 0x1F, &t->err));
            snprintf(path, sizeof path, "%s/.patina/00000002/%s", out, files[i]);
            FILE *f = fopen(path, "r+");
            REQUIRE(f != NULL);
            fputc('#', f);
            fclose(f);
            if (gone) REQUIRE(unlink(path) == 0);
            CHECK_OK(run_write_all_chunks(out, &options, false, &t->err));
            CHECK_CONTAINS(said, "chunk 2 is damaged and is generated again: file '");
            CHECK_CONTAINS(said, files[i]);
            check_tree(t, out, expected);
            run_remove_dir(out);
        }
    free(expected);
}

TEST(chunk_store, damaged_final_file_is_replaced) {
    const char *out = run_dir_path("flipped-final");
    char *expected = list_tree_of_single_run(), said[1024] = "";
    const pt_chunk_store_options options = {
        .exclusive = true, .on_note = append_note, .context = said};

    REQUIRE_OK(run_write_some_chunks(out, 0x1F, &t->err));
    REQUIRE(mkdir(run_file_path(out, "data"), 0777) == 0);
    const char *final = run_file_path(out, "data/train-00001-of-00003.jsonl");
    REQUIRE(rename(run_file_path(out, ".patina/00000002/rows-train.jsonl"), final) == 0);
    FILE *f = fopen(final, "r+");
    REQUIRE(f != NULL);
    fputc('#', f);
    fclose(f);
    CHECK_OK(run_write_all_chunks(out, &options, false, &t->err));
    CHECK_CONTAINS(said, "chunk 2 is damaged and is generated again: file '");
    check_tree(t, out, expected);
    free(expected);
}

/* A run of an older version is rejected with the version that can complete it. */
TEST(chunk_store, other_signal_revisions_are_rejected) {
    const char *out = run_dir_path("older");
    const pt_run_metadata ours = run_fixture_metadata();
    pt_run_metadata older = ours;
    pt_chunk_store *store = NULL;
    bool complete;

    older.version = "0.1.0";
    older.signal_revision = 1;
    REQUIRE_OK(run_open(out, &older, NULL, &store, &complete, &t->err));
    REQUIRE_OK(run_write_chunk(store, 0, false, &t->err));
    pt_chunk_store_close(&store);
    CHECK_FAILS(run_open(out, &ours, NULL, &store, &complete, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message,
                   "an unfinished run with patina 0.1.0 (signal revision 1) instead "
                   "of patina 9.9.9 (signal revision 7); patina 0.1.0 can complete "
                   "it");
    const pt_chunk_store_options options = {.resume_from = out, .exclusive = true};
    CHECK_FAILS(run_open(run_dir_path("newer"), &ours, &options, &store, &complete, &t->err),
                PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "signal revision 1");
}
