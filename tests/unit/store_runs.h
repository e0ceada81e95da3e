/* SPDX-License-Identifier: MIT */
/* store_runs.h - a small run with two splits for the tests of its folder: what it is, its chunks,
 * and what lies in a folder afterwards
 *
 *     chunk   entries   train   test   rejects
 *       0        3        2       1       -
 *       1        2        -       -    missing, bad_caption
 *       2        2        3       -       -
 *       3        1        -       1    silent
 *       4        2        1       -    duplicate_id
 */

#ifndef PATINA_TEST_STORE_RUNS_H
#define PATINA_TEST_STORE_RUNS_H

#include "test.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/str.h"
#include "dataset/store.h"
#include "dataset/workplace.h"

#define RUN_CHUNKS  5
#define RUN_ROWS    8
#define RUN_REJECTS 4
#define RUN_SETTINGS                                                                               \
    "{\"seed\":1,\"loudness\":\"source\",\"suite\":{\"clean\":0.050000000000000003}}"

static const struct {
    uint64_t n_entries;
    size_t n_rows[2];
    pt_status rejects[2]; /* PT_OK: none */
} run_chunks[RUN_CHUNKS] = {{3, {2, 1}, {PT_OK, PT_OK}},
                            {2, {0, 0}, {PT_REJECT_MISSING, PT_REJECT_BAD_CAPTION}},
                            {2, {3, 0}, {PT_OK, PT_OK}},
                            {1, {0, 1}, {PT_REJECT_SILENT, PT_OK}},
                            {2, {1, 0}, {PT_REJECT_DUPLICATE_ID, PT_OK}}};

static const char *const run_splits[] = {"train", "test", NULL};

static inline pt_dataset_facts run_facts(void) {
    return (pt_dataset_facts){
        .version = "9.9.9",
        .format = "jsonl",
        .settings_json = RUN_SETTINGS,
        .settings_hash = "aa",
        .corpus_kind = "folder",
        .corpus_hash = "bb",
        .n_entries = 10,
        .n_chunks = RUN_CHUNKS,
        .splits = run_splits,
        .model_json = "{\"layout\":\"other\",\"untrained\":true}",
        .model_hash = "cc",
        .kernels = "c",
        .libraries_json = "{\"fft\":\"x\"}",
    };
}

static inline pt_status run_add_row(pt_store *store, uint64_t chunk, size_t split, size_t i,
                                    pt_error *err) {
    pt_row row = {.target_lufs = -23.25F, .target_dyn = {12.5F, 0.125F}, .input_purity = 20.5F};
    char line[256];
    row.fused_state[chunk] = 1.0F;
    row.fused_state[PT_EMBEDDING + i] = -1.0F;
    const int n = snprintf(line, sizeof line,
                           "{\"entry\": \"%u-%zu-%zu\", \"variant\": 0, \"purity_db\": 20.5, "
                           "\"lufs_source\": -23.25, \"lufs_mono\": -24.0}\n",
                           (unsigned)chunk, split, i);
    return pt_store_add(store, split, &row, 1, line, (size_t)n, err);
}

/**
 * Writes a chunk as the table has it.
 *
 * mended  what was missing or silent has come: each gives a row of the first split instead
 */
static inline pt_status run_write_chunk(pt_store *store, uint64_t chunk, bool mended,
                                        pt_error *err) {
    size_t n_train = run_chunks[chunk].n_rows[0];
    PT_TRY(pt_store_begin_chunk(store, chunk, err));
    for (size_t r = 0; r < 2; r++) {
        const pt_status reason = run_chunks[chunk].rejects[r];
        if (mended && (reason == PT_REJECT_MISSING || reason == PT_REJECT_SILENT)) {
            n_train++;
        } else if (reason != PT_OK) {
            char *line = pt_reject_line("x", "x.wav", reason, "a sentence");
            const pt_status status = pt_store_reject(store, reason, line, err);
            free(line);
            PT_TRY(status);
        }
    }
    for (size_t i = 0; i < n_train; i++)
        PT_TRY(run_add_row(store, chunk, 0, i, err));
    for (size_t i = 0; i < run_chunks[chunk].n_rows[1]; i++)
        PT_TRY(run_add_row(store, chunk, 1, i, err));
    return pt_store_end_chunk(store, run_chunks[chunk].n_entries, err);
}

static inline pt_status run_open(const char *out, const pt_dataset_facts *facts,
                                 const pt_store_options *options, pt_store **store, bool *complete,
                                 pt_error *err) {
    pt_dataset_facts done = {0};
    return pt_store_open(out, &pt_sink_jsonl, facts, options, store, complete, &done, err);
}

/** The whole job of a single process, wherever an earlier one stopped. */
static inline pt_status run_all(const char *out, const pt_store_options *options, bool mended,
                                pt_error *err) {
    const pt_dataset_facts facts = run_facts();
    pt_dataset_facts done = {0};
    pt_store *store = NULL;
    bool complete = false;

    pt_status status = run_open(out, &facts, options, &store, &complete, err);
    for (uint64_t c = 0; status == PT_OK && !complete && c < RUN_CHUNKS; c++)
        if (!pt_store_has_chunk(store, c)) status = run_write_chunk(store, c, mended, err);
    if (status == PT_OK && !complete) status = pt_store_finish(store, &done, err);
    pt_store_close(&store);
    return status;
}

/** Chunks of one process that does not finish the set: bit c of the mask for chunk c. */
static inline pt_status run_some(const char *out, unsigned mask, pt_error *err) {
    const pt_dataset_facts facts = run_facts();
    pt_store *store = NULL;
    bool complete = false;

    pt_status status = run_open(out, &facts, NULL, &store, &complete, err);
    for (uint64_t c = 0; status == PT_OK && c < RUN_CHUNKS; c++)
        if (mask >> c & 1) status = run_write_chunk(store, c, false, err);
    pt_store_close(&store);
    return status;
}

/* ---- folders */

/** A name in the test's folder; a few stay valid at a time. */
static inline const char *run_folder(const char *name) {
    static char paths[32][512];
    static unsigned next;
    char *path = paths[next++ % 32];
    snprintf(path, sizeof paths[0], "%s/%s", pt_test_tmpdir(), name);
    return path;
}

static inline const char *run_path(const char *out, const char *name) {
    static pt_path paths[8];
    static unsigned next;
    pt_path *path = &paths[next++ % 8];
    *path = pt_path_below(out, "%s", name);
    return path->text;
}

static inline bool run_exists(const char *out, const char *name) {
    return access(run_path(out, name), F_OK) == 0;
}

static inline void run_remove(const char *path) {
    DIR *dir = opendir(path);
    const struct dirent *item;
    while (dir && (item = readdir(dir))) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        const pt_path child = pt_path_below(path, "%s", item->d_name);
        if (unlink(child.text) != 0) run_remove(child.text);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

/* Folders and files below path in the order of their names, each file with its hash. */
static inline void run_add_tree(pt_str *tree, const char *path, const char *shown) {
    struct dirent **items = NULL;
    const int n = scandir(path, &items, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *item = items[i]->d_name;
        const pt_path child = pt_path_below(path, "%s", item),
                      name = pt_path_below(shown, "%s", item);
        char hex[PT_SHA256_HEX], *bytes = NULL;
        size_t n_bytes = 0;
        if (strcmp(item, ".") == 0 || strcmp(item, "..") == 0) {
        } else if (pt_file_read_all(child.text, 1 << 28, &bytes, &n_bytes, NULL) == PT_OK) {
            pt_sha256 hash;
            pt_sha256_init(&hash);
            pt_sha256_add(&hash, bytes, n_bytes);
            pt_sha256_finish(&hash, hex);
            pt_str_printf(tree, "%s %s\n", name.text, hex);
        } else {
            pt_str_printf(tree, "%s/\n", name.text);
            run_add_tree(tree, child.text, name.text);
        }
        free(bytes);
        free(items[i]);
    }
    free(items);
}

/** All that is in a folder, to be compared; the caller frees it. */
static inline char *run_tree(const char *path) {
    pt_str tree = {0};
    run_add_tree(&tree, path, ".");
    return pt_str_steal(&tree);
}

#endif /* PATINA_TEST_STORE_RUNS_H */
