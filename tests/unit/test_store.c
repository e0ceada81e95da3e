/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "dataset/store.h"

static pt_dataset_facts facts_of(const char *settings) {
    return (pt_dataset_facts){
        .version = "9.9.9",
        .format = "jsonl",
        .settings_json = settings,
        .settings_hash = "aa",
        .corpus_kind = "folder",
        .corpus_hash = "bb",
        .n_entries = 3,
        .model_json = "{\"layout\":\"other\"}",
        .model_hash = "cc",
        .kernels = "c",
        .libraries_json = "{\"fft\":\"x\"}",
    };
}

#define SETTINGS "{\"seed\":1,\"suite\":{\"clean\":0.050000000000000003}}"

static const char *folder(const char *name) {
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", pt_test_tmpdir(), name);
    return path;
}

static bool exists(const char *out, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", out, name);
    return access(path, F_OK) == 0;
}

static unsigned n_items(const char *path) {
    DIR *dir = opendir(path);
    unsigned n = 0;
    while (dir && readdir(dir))
        n++;
    if (dir) closedir(dir);
    return n > 2 ? n - 2 : 0; /* . and .. */
}

/* Three chunks, of which the second has no rows. */
static pt_status fill(pt_store *store, pt_error *err) {
    static const pt_row row = {.fused_state = {1.0f}, .target_lufs = -23.0f};
    pt_row rows[2] = {row, row};
    PT_TRY(pt_store_add(store, rows, 2, "{}\n{}\n", 6, err));
    PT_TRY(pt_store_end_chunk(store, err));
    PT_TRY(pt_store_reject(store, PT_REJECT_SILENT, "{\"entry\": \"x\"}\n", err));
    PT_TRY(pt_store_end_chunk(store, err));
    PT_TRY(pt_store_add(store, rows, 1, "{}\n", 3, err));
    return pt_store_end_chunk(store, err);
}

static pt_status open_store(const char *out, pt_dataset_facts *facts, pt_store **store,
                            bool *complete, pt_error *err) {
    return pt_store_open(out, &pt_sink_jsonl, facts, store, complete, facts, err);
}

TEST(store, parts_are_numbered_densely_and_a_finished_run_is_known_again) {
    const char *out = folder("made/with/parents");
    pt_dataset_facts facts = facts_of(SETTINGS);
    pt_store *store = NULL;
    bool complete = true;

    REQUIRE_OK(open_store(out, &facts, &store, &complete, &t->err));
    CHECK(!complete);
    REQUIRE_OK(fill(store, &t->err));
    CHECK(!exists(out, "data")); /* nothing under a final name before the end */
    CHECK_OK(pt_store_finish(store, &facts, &t->err));
    pt_store_close(&store);
    CHECK(exists(out, "data/train-00000-of-00002.jsonl"));
    CHECK(exists(out, "data/train-00001-of-00002.jsonl"));
    CHECK(exists(out, "provenance/train-00001-of-00002.jsonl"));
    CHECK(exists(out, "rejects.jsonl") && exists(out, "README.md") && exists(out, "dataset.json"));
    CHECK_INT(n_items(out), 5); /* and the work folder is gone */
    CHECK_INT(facts.n_rows, 3);
    CHECK_INT(facts.n_rejects, 1);

    pt_dataset_facts again = facts_of(SETTINGS);
    CHECK_OK(open_store(out, &again, &store, &complete, &t->err));
    CHECK(complete);
    CHECK(store == NULL);
    CHECK_INT(again.n_rows, 3);
    CHECK_INT(again.n_parts, 2);
    CHECK_INT(again.rejects_by[PT_REJECT_SILENT - PT_REJECT_FIRST], 1);
}

TEST(store, what_belongs_to_another_run_is_refused_and_left_alone) {
    const char *out = folder("other");
    pt_dataset_facts facts = facts_of(SETTINGS);
    pt_store *store = NULL;
    bool complete;
    REQUIRE_OK(open_store(out, &facts, &store, &complete, &t->err));
    REQUIRE_OK(fill(store, &t->err));
    REQUIRE_OK(pt_store_finish(store, &facts, &t->err));
    pt_store_close(&store);

    pt_dataset_facts other = facts_of("{\"seed\":2,\"suite\":{\"clean\":0.050000000000000003}}");
    CHECK_FAILS(open_store(out, &other, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "'seed'");
    other = facts_of(SETTINGS);
    other.model_hash = "dd";
    CHECK_FAILS(open_store(out, &other, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "another model");
    CHECK(exists(out, "data/train-00000-of-00002.jsonl"));
    CHECK_INT(n_items(out), 5);
}

TEST(store, foreign_folders_and_files_are_refused_and_left_alone) {
    const char *out = folder("foreign"), *file = folder("file");
    pt_dataset_facts facts = facts_of(SETTINGS);
    pt_store *store = NULL;
    bool complete;
    char inside[1024];

    REQUIRE(mkdir(out, 0777) == 0);
    snprintf(inside, sizeof inside, "%s/thesis.tex", out);
    FILE *f = fopen(inside, "w");
    REQUIRE(f != NULL);
    fclose(f);
    CHECK_FAILS(open_store(out, &facts, &store, &complete, &t->err), PT_EUSAGE);
    CHECK(exists(out, "thesis.tex"));

    f = fopen(file, "w");
    REQUIRE(f != NULL);
    fclose(f);
    CHECK_FAILS(open_store(file, &facts, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_FAILS(open_store("", &facts, &store, &complete, &t->err), PT_EUSAGE);
}

TEST(store, nothing_is_left_of_a_run_that_was_given_up) {
    const char *made = folder("given-up"), *found = folder("found");
    pt_dataset_facts facts = facts_of(SETTINGS);
    pt_store *store = NULL;
    bool complete;

    REQUIRE_OK(open_store(made, &facts, &store, &complete, &t->err));
    REQUIRE_OK(fill(store, &t->err));
    pt_store_close(&store);
    CHECK(access(made, F_OK) != 0);

    REQUIRE(mkdir(found, 0777) == 0);
    REQUIRE_OK(open_store(found, &facts, &store, &complete, &t->err));
    REQUIRE_OK(fill(store, &t->err));
    pt_store_close(&store);
    CHECK_INT(n_items(found), 0);
}

/* As after SIGKILL: the work folder stands there, with a chunk in it. */
TEST(store, a_run_that_was_killed_starts_again_and_another_may_not) {
    const char *out = folder("killed");
    char work[1024], left[2048];
    pt_dataset_facts facts = facts_of(SETTINGS), other = facts_of("{\"seed\":7}");
    pt_store *store = NULL;
    bool complete;

    REQUIRE_OK(open_store(out, &facts, &store, &complete, &t->err));
    snprintf(work, sizeof work, "%s/.patina", out);
    char *account = NULL;
    size_t n;
    snprintf(left, sizeof left, "%s/run.json", work);
    REQUIRE_OK(pt_file_read_all(left, 1 << 20, &account, &n, &t->err));
    pt_store_close(&store);
    REQUIRE(mkdir(out, 0777) == 0 && mkdir(work, 0777) == 0);
    FILE *f = fopen(left, "w");
    REQUIRE(f != NULL);
    fwrite(account, 1, n, f);
    fclose(f);
    free(account);
    snprintf(left, sizeof left, "%s/rows-00000000.jsonl", work);
    f = fopen(left, "w");
    REQUIRE(f != NULL);
    fclose(f);

    CHECK_FAILS(open_store(out, &other, &store, &complete, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "broken-off");
    REQUIRE_OK(open_store(out, &facts, &store, &complete, &t->err));
    CHECK(!complete);
    CHECK(access(left, F_OK) != 0);
    CHECK_OK(fill(store, &t->err));
    CHECK_OK(pt_store_finish(store, &facts, &t->err));
    pt_store_close(&store);
    CHECK_INT(n_items(out), 5);
}
