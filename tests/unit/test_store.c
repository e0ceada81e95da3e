/* SPDX-License-Identifier: MIT */
/* The folder of a run whose process lives; test_finish.c has those that die. */

#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "dataset/outfile.h"
#include "dataset/store.h"
#include "store_runs.h"

static const pt_store_options retry = {.retry_rejects = true, .alone = true};
static const pt_store_options alone = {.alone = true};

static char *tree_of_a_single_run(void) {
    const char *out = run_folder("single");
    char *tree = run_all(out, NULL, false, NULL) == PT_OK ? run_tree(out) : NULL;
    run_remove(out);
    return tree;
}

static void check_tree(pt_test *t, const char *out, const char *expected) {
    char *tree = run_tree(out);
    CHECK_STR(tree, expected);
    free(tree);
}

TEST(store, parts_are_numbered_densely_and_a_finished_run_is_known_again) {
    const char *out = run_folder("made/with/parents");
    const pt_dataset_facts facts = run_facts();
    pt_dataset_facts done = {0};
    pt_store *store = NULL;
    bool complete = true;

    REQUIRE_OK(run_open(out, &facts, NULL, &store, &complete, &t->err));
    CHECK(!complete);
    for (uint64_t c = 0; c < RUN_CHUNKS; c++)
        REQUIRE_OK(run_write_chunk(store, c, false, &t->err));
    CHECK(!run_exists(out, "data")); /* nothing under a final name before the end */
    CHECK_OK(pt_store_finish(store, &done, &t->err));
    pt_store_close(&store);
    CHECK_INT(done.n_rows, RUN_ROWS);
    CHECK_INT(done.split_rows[1], 2);
    CHECK_INT(done.n_rejects, RUN_REJECTS);
    CHECK(run_exists(out, "data/train-00000-of-00003.jsonl"));
    CHECK(run_exists(out, "data/train-00002-of-00003.jsonl"));
    CHECK(run_exists(out, "data/test-00001-of-00002.jsonl"));
    CHECK(run_exists(out, "provenance/test-00001-of-00002.jsonl"));
    CHECK(!run_exists(out, ".patina"));

    pt_dataset_facts again = facts;
    CHECK_OK(pt_store_open(out, &pt_sink_jsonl, &facts, NULL, &store, &complete, &again, &t->err));
    CHECK(complete);
    CHECK(store == NULL);
    CHECK_INT(again.n_rows, RUN_ROWS);
    CHECK_INT(again.n_parts, 5);
    CHECK_INT(again.split_parts[0], 3);
    CHECK_INT(again.rejects_by[PT_REJECT_SILENT - PT_REJECT_FIRST], 1);
}

/* rejects.jsonl is in chunk order, whatever the order in which chunks were finished. */
TEST(store, the_order_of_chunks_is_that_of_the_corpus) {
    const char *out = run_folder("backwards");
    char *expected = tree_of_a_single_run();

    REQUIRE_OK(run_some(out, 1 << 4, &t->err));
    REQUIRE_OK(run_some(out, 1 << 3 | 1 << 1, &t->err));
    REQUIRE_OK(run_some(out, 1 << 2, &t->err));
    REQUIRE_OK(run_all(out, NULL, false, &t->err));
    check_tree(t, out, expected);
    free(expected);
}

static void check_refused(pt_test *t, const char *out, const char *what) {
    const pt_dataset_facts ours = run_facts();
    pt_dataset_facts other = ours;
    pt_store *store = NULL;
    bool complete;
    char *before = run_tree(out);

    other.settings_json = "{\"seed\":2,\"loudness\":\"source\",\"suite\":{\"clean\":0.05}}";
    CHECK_FAILS(run_open(out, &other, NULL, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, what);
    CHECK_HAS(t->err.message, "another setting 'seed'");
    other = ours;
    other.model_hash = "dd";
    CHECK_FAILS(run_open(out, &other, NULL, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "another model");
    other = ours;
    other.kernels = "avx512";
    CHECK_FAILS(run_open(out, &other, &retry, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "which '--isa c' asks for");
    check_tree(t, out, before);
    free(before);
}

TEST(store, what_belongs_to_another_run_is_refused_and_left_alone) {
    const char *out = run_folder("other");
    REQUIRE_OK(run_some(out, 3, &t->err));
    check_refused(t, out, "holds an unfinished run");
    REQUIRE_OK(run_all(out, NULL, false, &t->err));
    check_refused(t, out, "holds a finished run");
}

TEST(store, foreign_folders_and_files_are_refused_and_left_alone) {
    const char *out = run_folder("foreign"), *file = run_folder("file");
    const pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete;

    REQUIRE(mkdir(out, 0777) == 0);
    REQUIRE_OK(pt_outfile_write_text(run_path(out, "thesis.tex"), "x", &t->err));
    CHECK_FAILS(run_open(out, &facts, NULL, &store, &complete, &t->err), PT_EUSAGE);
    CHECK(run_exists(out, "thesis.tex"));
    CHECK(!run_exists(out, ".patina"));

    REQUIRE_OK(pt_outfile_write_text(file, "x", &t->err));
    CHECK_FAILS(run_open(file, &facts, NULL, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_FAILS(run_open("", &facts, NULL, &store, &complete, &t->err), PT_EUSAGE);

    pt_dataset_facts many = facts;
    many.n_chunks = PT_CHUNKS_MAX + 1;
    CHECK_FAILS(run_open(run_folder("many"), &many, NULL, &store, &complete, &t->err), PT_EUSAGE);
    CHECK(access(run_folder("many"), F_OK) != 0);
}

TEST(store, a_run_that_came_to_nothing_leaves_nothing) {
    const char *made = run_folder("given-up"), *found = run_folder("found");
    const pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_open(made, &facts, &alone, &store, &complete, &t->err));
    REQUIRE_OK(pt_store_begin_chunk(store, 0, &t->err));
    REQUIRE_OK(run_add_row(store, 0, 0, 0, &t->err));
    CHECK(run_exists(made, ".patina/plan.json"));
    pt_store_close(&store);
    CHECK(access(made, F_OK) != 0);

    REQUIRE(mkdir(found, 0777) == 0);
    REQUIRE_OK(run_open(found, &facts, &alone, &store, &complete, &t->err));
    pt_store_close(&store);
    check_tree(t, found, "");
}

/* What was finished stays, what was not is gone. */
TEST(store, a_chunk_is_there_or_not) {
    const char *out = run_folder("halves");
    const pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete;
    pt_row bad = {.target_lufs = NAN};

    REQUIRE_OK(run_some(out, 1 << 3, &t->err));
    char *before = run_tree(out);
    REQUIRE_OK(run_open(out, &facts, NULL, &store, &complete, &t->err));
    CHECK(pt_store_has_chunk(store, 3) && !pt_store_has_chunk(store, 2));
    CHECK_OK(pt_store_begin_chunk(store, 2, &t->err));
    CHECK_OK(run_add_row(store, 2, 0, 0, &t->err));
    CHECK_OK(pt_store_reject(store, PT_REJECT_SILENT, "{}\n", &t->err));
    CHECK(!run_exists(out, ".patina/00000002"));
    pt_store_drop_chunk(store);
    pt_store_drop_chunk(store);
    check_tree(t, out, before);
    CHECK_OK(pt_store_begin_chunk(store, 2, &t->err));
    CHECK_FAILS(pt_store_add(store, 1, &bad, 1, "{}\n", 3, &t->err), PT_ERANGE);
    pt_store_close(&store);
    check_tree(t, out, before);
    free(before);
}

static int chunks_there(const pt_store *store, uint64_t n_chunks) {
    int n = 0;
    for (uint64_t c = 0; c < n_chunks; c++)
        n += pt_store_has_chunk(store, c);
    return n;
}

TEST(store, chunks_that_stay) {
    const char *out = run_folder("held");
    const pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_some(out, 1 << 0 | 1 << 1 | 1 << 2, &t->err));
    REQUIRE_OK(run_open(out, &facts, NULL, &store, &complete, &t->err));
    CHECK_INT(chunks_there(store, facts.n_chunks), 3);
    pt_store_close(&store);
    REQUIRE_OK(run_open(out, &facts, &retry, &store, &complete, &t->err));
    CHECK_INT(chunks_there(store, facts.n_chunks), 2); /* one of them is done anew */
    pt_store_close(&store);
}

/* ---- many processes */

TEST(store, two_that_write_the_same_chunk) {
    const char *out = run_folder("twice");
    const pt_dataset_facts facts = run_facts();
    pt_store *first = NULL, *second = NULL;
    bool complete;

    REQUIRE_OK(run_open(out, &facts, NULL, &first, &complete, &t->err));
    REQUIRE_OK(run_open(out, &facts, NULL, &second, &complete, &t->err));
    CHECK_OK(pt_store_begin_chunk(first, 0, &t->err));
    CHECK_OK(pt_store_begin_chunk(second, 0, &t->err));
    CHECK_OK(run_add_row(first, 0, 0, 0, &t->err));
    CHECK_OK(run_add_row(second, 0, 0, 0, &t->err));
    CHECK_OK(pt_store_end_chunk(second, 3, &t->err));
    char *tree = run_tree(run_path(out, ".patina/00000000"));
    CHECK(pt_store_has_chunk(first, 0)); /* others' work is seen */
    CHECK_OK(pt_store_end_chunk(first, 3, &t->err));
    check_tree(t, run_path(out, ".patina/00000000"), tree);
    free(tree);

    /* the second finishes the whole set while the first is in the middle of a chunk */
    CHECK_OK(pt_store_begin_chunk(first, 1, &t->err));
    for (uint64_t c = 1; c < RUN_CHUNKS; c++)
        CHECK_OK(run_write_chunk(second, c, false, &t->err));
    pt_dataset_facts done = {0};
    CHECK_OK(pt_store_finish(second, &done, &t->err));
    CHECK_OK(run_add_row(first, 1, 0, 0, &t->err));
    CHECK_OK(pt_store_reject(first, PT_REJECT_SILENT, "{}\n", &t->err));
    CHECK_OK(pt_store_end_chunk(first, 2, &t->err));
    CHECK_OK(run_write_chunk(first, 2, false, &t->err));
    CHECK_OK(pt_store_finish(first, &done, &t->err));
    pt_store_close(&first);
    pt_store_close(&second);
    CHECK(run_exists(out, "dataset.json") && !run_exists(out, ".patina"));
}

/* Children that all start at once; bit i of the result for a child that gave status `wanted`. */
static unsigned race(unsigned n, pt_status wanted, pt_status (*child)(unsigned i, pt_error *err)) {
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
            pt_error err = {0};
            close(gate[1]);
            (void)!read(gate[0], &byte, 1); /* ends when the gate is closed */
            const pt_status status = child(i, &err);
            if (status != wanted && status != PT_EUSAGE) printf("  child %u: %s\n", i, err.message);
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

static pt_status shard_of_16(unsigned i, pt_error *err) {
    return run_some(run_folder("race"), i < RUN_CHUNKS ? 1U << i : 0, err);
}

TEST(store, sixteen_that_begin_at_once) {
    char *expected = tree_of_a_single_run();
    for (int round = 0; round < 5; round++) {
        const char *out = run_folder("race");
        CHECK_INT(race(16, PT_OK, shard_of_16), 0xFFFF);
        CHECK_OK(run_all(out, NULL, false, &t->err));
        check_tree(t, out, expected);
        run_remove(out);
    }
    free(expected);
}

/* Children of odd number have another seed. Every one tries to write a chunk. */
static pt_status one_of_two_runs(unsigned i, pt_error *err) {
    pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete = false;
    if (i % 2) facts.settings_json = "{\"seed\":99}";
    pt_status status = run_open(run_folder("rivals"), &facts, NULL, &store, &complete, err);
    if (status == PT_OK) status = run_write_chunk(store, 0, false, err);
    pt_store_close(&store);
    return status;
}

TEST(store, of_two_runs_in_one_folder_one_wins) {
    for (int round = 0; round < 5; round++) {
        const unsigned won = race(16, PT_OK, one_of_two_runs);
        CHECK(won == 0x5555 || won == 0xAAAA);
        run_remove(run_folder("rivals"));
    }
}

/* Who was alone takes a plan of which nothing came away again; others let it be, and a plan that is
 * gone is written once more. */
TEST(store, a_plan_that_was_withdrawn_is_written_again) {
    const char *out = run_folder("withdrawn");
    const pt_dataset_facts facts = run_facts();
    pt_dataset_facts other = facts;
    pt_store *store = NULL, *strange = NULL;
    bool complete;

    REQUIRE(mkdir(out, 0777) == 0);
    REQUIRE_OK(run_open(out, &facts, NULL, &store, &complete, &t->err));
    pt_store_close(&store);
    CHECK(run_exists(out, ".patina/plan.json"));
    REQUIRE_OK(run_open(out, &facts, &alone, &store, &complete, &t->err));
    pt_store_close(&store);
    CHECK(!run_exists(out, ".patina"));

    REQUIRE_OK(run_open(out, &facts, NULL, &store, &complete, &t->err));
    run_remove(run_path(out, ".patina"));
    CHECK_OK(run_write_chunk(store, 0, false, &t->err));
    CHECK(run_exists(out, ".patina/plan.json") && run_exists(out, ".patina/00000000"));
    pt_store_close(&store);
    CHECK(run_exists(out, ".patina/plan.json"));
    run_remove(run_path(out, ".patina"));

    /* and where another run has taken the folder meanwhile, the two do not mix */
    other.corpus_hash = "zz";
    REQUIRE_OK(run_open(out, &facts, NULL, &store, &complete, &t->err));
    run_remove(run_path(out, ".patina"));
    REQUIRE_OK(run_open(out, &other, NULL, &strange, &complete, &t->err));
    REQUIRE_OK(run_write_chunk(strange, 1, false, &t->err));
    CHECK_FAILS(pt_store_begin_chunk(store, 0, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "another corpus");
    pt_store_close(&store);
    pt_store_close(&strange);
    CHECK(run_exists(out, ".patina/00000001"));
}

/* ---- earlier output */

static void check_resumes(pt_test *t, const char *from, unsigned there) {
    const char *out = run_folder("resumed");
    const pt_store_options options = {.resume_from = from};
    const pt_dataset_facts facts = run_facts();
    char *before = run_tree(from), *expected = tree_of_a_single_run();
    pt_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_open(out, &facts, &options, &store, &complete, &t->err));
    CHECK(!complete);
    for (unsigned c = 0; c < RUN_CHUNKS; c++)
        CHECK_INT(pt_store_has_chunk(store, c), there >> c & 1);
    pt_store_close(&store);
    CHECK_OK(run_all(out, &options, false, &t->err));
    check_tree(t, out, expected);
    check_tree(t, from, before);
    run_remove(out);
    free(before);
    free(expected);
}

TEST(store, continues_from_earlier_output) {
    const char *from = run_folder("earlier");
    REQUIRE_OK(run_some(from, 0x0B, &t->err));
    check_resumes(t, from, 0x0B);
    REQUIRE_OK(run_some(from, 0x14, &t->err));
    check_resumes(t, from, 0x1F);
    REQUIRE_OK(run_all(from, NULL, false, &t->err));
    check_resumes(t, from, 0x1F);

    /* a finish that was broken off: all at their chunks, but for some under their final names */
    const char *broken = run_folder("broken");
    REQUIRE_OK(run_some(broken, 0x1F, &t->err));
    REQUIRE(mkdir(run_path(broken, "data"), 0777) == 0);
    REQUIRE(rename(run_path(broken, ".patina/00000002/rows-train.jsonl"),
                   run_path(broken, "data/train-00001-of-00003.jsonl")) == 0);
    check_resumes(t, broken, 0x1F);

    /* what OUT has is not copied */
    const char *out = run_folder("has-some");
    const pt_store_options options = {.resume_from = from};
    REQUIRE_OK(run_some(out, 1 << 2, &t->err));
    char *expected = tree_of_a_single_run();
    REQUIRE_OK(run_all(out, &options, false, &t->err));
    check_tree(t, out, expected);
    free(expected);
}

static void remember(void *context, const char *sentence) {
    snprintf(context, 1024, "%s", sentence);
}

/* A damaged chunk is told of, left out and so done again. */
TEST(store, does_not_take_over_what_is_damaged) {
    static const char *const files[] = {"data/train-00001-of-00003.jsonl",
                                        "provenance/train-00001-of-00003.jsonl"};
    for (size_t i = 0; i < 2; i++) {
        const char *from = run_folder("rotten"), *out = run_folder("fresh");
        char said[1024] = "", *expected = tree_of_a_single_run();
        const pt_store_options options = {
            .resume_from = from, .on_note = remember, .context = said};
        const pt_dataset_facts facts = run_facts();
        pt_store *store = NULL;
        bool complete;

        REQUIRE_OK(run_all(from, NULL, false, &t->err));
        FILE *f = fopen(run_path(from, files[i]), "r+");
        REQUIRE(f != NULL);
        fputc(' ', f);
        fclose(f);
        REQUIRE_OK(run_open(out, &facts, &options, &store, &complete, &t->err));
        CHECK(!pt_store_has_chunk(store, 2) && pt_store_has_chunk(store, 3));
        CHECK_HAS(said, "chunk 2 is not taken over: file '");
        CHECK_HAS(said, "its bytes are not those that were written");
        pt_store_close(&store);
        REQUIRE_OK(run_all(out, NULL, false, &t->err));
        check_tree(t, out, expected);
        free(expected);
        run_remove(out);
        run_remove(from);
    }
}

TEST(store, earlier_output_that_is_none) {
    const char *out = run_folder("beginning"), *from = run_folder("no-run");
    pt_store_options options = {.resume_from = run_folder("absent"), .alone = true};
    const pt_dataset_facts facts = run_facts();
    pt_dataset_facts other = facts;
    pt_store *store = NULL;
    bool complete;

    CHECK_FAILS(run_open(out, &facts, &options, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "cannot resume from '");
    CHECK_HAS(t->err.message, "no such folder");
    REQUIRE(mkdir(from, 0777) == 0);
    options.resume_from = from;
    CHECK_FAILS(run_open(out, &facts, &options, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "it holds no run of patina's");
    other.corpus_hash = "zz";
    REQUIRE_OK(run_open(from, &other, NULL, &store, &complete, &t->err));
    REQUIRE_OK(run_write_chunk(store, 0, false, &t->err));
    pt_store_close(&store);
    CHECK_FAILS(run_open(out, &facts, &options, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "its run is one with another corpus");
    CHECK(access(out, F_OK) != 0); /* nothing came of it */
    options.resume_from = out;
    CHECK_FAILS(run_open(out, &facts, &options, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "it is the output folder itself");
}

/* ---- another try */

TEST(store, rejects_that_can_change_are_tried_once_more) {
    const char *out = run_folder("retried");
    const pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_some(out, 0x1F, &t->err));
    REQUIRE_OK(run_open(out, &facts, &retry, &store, &complete, &t->err));
    CHECK(!complete);
    for (unsigned c = 0; c < RUN_CHUNKS; c++) /* 4 has a repeated id, which stays one */
        CHECK_INT(pt_store_has_chunk(store, c), c != 1 && c != 3);
    /* the old ones are there until new ones are */
    CHECK(run_exists(out, ".patina/00000001/chunk.json"));
    CHECK_OK(run_write_chunk(store, 1, false, &t->err));
    CHECK(pt_store_has_chunk(store, 1));
    pt_store_close(&store);

    /* broken off here: chunk 1 has had its second chance, and still a reject */
    REQUIRE_OK(run_open(out, &facts, &retry, &store, &complete, &t->err));
    CHECK(pt_store_has_chunk(store, 1) && !pt_store_has_chunk(store, 3));
    CHECK_OK(run_write_chunk(store, 3, true, &t->err));
    pt_dataset_facts done = {0};
    CHECK_OK(pt_store_finish(store, &done, &t->err));
    pt_store_close(&store);
    CHECK_INT(done.n_rows, RUN_ROWS + 1);
    CHECK_INT(done.n_rejects, RUN_REJECTS - 1);

    /* of the finished set everything has another chance */
    REQUIRE_OK(run_open(out, &facts, &retry, &store, &complete, &t->err));
    CHECK(!complete);
    CHECK(!run_exists(out, "dataset.json") && !run_exists(out, "data") &&
          !run_exists(out, "README.md") && !run_exists(out, "rejects.jsonl"));
    CHECK(!pt_store_has_chunk(store, 1) && pt_store_has_chunk(store, 3));
    CHECK_OK(run_write_chunk(store, 1, true, &t->err));
    CHECK_OK(pt_store_finish(store, &done, &t->err));
    pt_store_close(&store);
    CHECK_INT(done.n_rows, RUN_ROWS + 2);
    CHECK_INT(done.n_rejects, 2);

    /* where nothing can change there is nothing to do */
    REQUIRE_OK(run_open(out, &facts, &retry, &store, &complete, &t->err));
    CHECK(complete);
}

/* What was opened up and given up is finished as it was. */
TEST(store, opened_up_and_finished_is_the_same) {
    const char *out = run_folder("opened");
    const pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete;

    REQUIRE_OK(run_all(out, NULL, false, &t->err));
    char *expected = run_tree(out);
    REQUIRE_OK(run_open(out, &facts, &retry, &store, &complete, &t->err));
    CHECK(!complete);
    pt_store_close(&store);
    CHECK(!run_exists(out, "dataset.json") && run_exists(out, ".patina/plan.json"));
    REQUIRE_OK(run_all(out, NULL, false, &t->err));
    check_tree(t, out, expected);
    free(expected);
}

/* Many that try the rejects of an unfinished set again, each its chunk. */
static pt_status retrying_shard(unsigned i, pt_error *err) {
    static const pt_store_options shared = {.retry_rejects = true};
    const pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete = false;
    pt_status status =
        run_open(run_folder("retried-by-many"), &facts, &shared, &store, &complete, err);
    if (status == PT_OK && !complete && i < RUN_CHUNKS && !pt_store_has_chunk(store, i))
        status = run_write_chunk(store, i, true, err);
    pt_store_close(&store);
    return status;
}

TEST(store, many_that_retry_at_once) {
    const char *single = run_folder("single-retry");
    REQUIRE_OK(run_all(single, NULL, false, &t->err));
    REQUIRE_OK(run_all(single, &retry, true, &t->err));
    char *expected = run_tree(single);
    for (int round = 0; round < 5; round++) {
        const char *out = run_folder("retried-by-many");
        REQUIRE_OK(run_some(out, (1U << RUN_CHUNKS) - 1, &t->err));
        CHECK_INT(race(8, PT_OK, retrying_shard), 0xFF);
        CHECK_OK(run_all(out, NULL, false, &t->err));
        check_tree(t, out, expected);
        run_remove(out);
    }
    free(expected);
}

/* Opening a finished set up is for one process that is alone. */
TEST(store, a_finished_set_is_not_opened_up_among_others) {
    static const pt_store_options shared = {.retry_rejects = true};
    const char *out = run_folder("shared-retry");
    const pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete;
    REQUIRE_OK(run_all(out, NULL, false, &t->err));
    char *before = run_tree(out);
    CHECK_FAILS(run_open(out, &facts, &shared, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "without '--shard'");
    check_tree(t, out, before);
    free(before);
}

/* A chunk whose account was damaged is done anew by a retry. */
TEST(store, a_damaged_chunk_is_no_obstacle_to_a_retry) {
    const char *out = run_folder("mangled");
    char *expected = tree_of_a_single_run();
    REQUIRE_OK(run_some(out, 0x1F, &t->err));
    REQUIRE(truncate(run_path(out, ".patina/00000002/chunk.json"), 40) == 0);
    REQUIRE_OK(run_all(out, &retry, false, &t->err));
    check_tree(t, out, expected);
    free(expected);
}
