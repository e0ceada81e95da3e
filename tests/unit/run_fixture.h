/* SPDX-License-Identifier: MIT */
/* run_fixture.h - a small run with two splits: its plan, its chunks, and the files of a folder
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

#include "base/byte_source.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "dataset/chunk_store.h"
#include "dataset/output_dir.h"
#include "dataset/rejects.h"

#define RUN_CHUNKS  5
#define RUN_ROWS    8
#define RUN_REJECTS 4
#define RUN_SETTINGS_JSON                                                                          \
    "{\"seed\":1,\"loudness\":\"source\",\"suite\":{\"clean\":0.050000000000000003}}"

static const struct {
    uint64_t n_entries;
    size_t n_rows[2];
    patina_status rejects[2]; /* PATINA_OK: none */
} run_chunks[RUN_CHUNKS] = {{3, {2, 1}, {PATINA_OK, PATINA_OK}},
                            {2, {0, 0}, {PATINA_REJECT_MISSING, PATINA_REJECT_BAD_CAPTION}},
                            {2, {3, 0}, {PATINA_OK, PATINA_OK}},
                            {1, {0, 1}, {PATINA_REJECT_SILENT, PATINA_OK}},
                            {2, {1, 0}, {PATINA_REJECT_DUPLICATE_ID, PATINA_OK}}};

static const char *const run_splits[] = {"train", "test", NULL};

static inline pt_run_metadata run_fixture_metadata(void) {
    return (pt_run_metadata){
        .version = "9.9.9",
        .signal_revision = 7,
        .format = "jsonl",
        .settings_json = RUN_SETTINGS_JSON,
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

static inline patina_status run_add_row(pt_chunk_store *store, uint64_t chunk, size_t split,
                                        size_t i, patina_error *err) {
    pt_row row = {.target_lufs = -23.25F, .target_dyn = {12.5F, 0.125F}, .input_purity = 20.5F};
    char line[256];
    row.fused_state[chunk] = 1.0F;
    row.fused_state[PATINA_EMBEDDING_SIZE + i] = -1.0F;
    const int n = snprintf(line, sizeof line,
                           "{\"entry\": \"%u-%zu-%zu\", \"variant\": 0, \"purity_db\": 20.5, "
                           "\"lufs_source\": -23.25, \"lufs_mono\": -24.0}\n",
                           (unsigned)chunk, split, i);
    return pt_chunk_store_add_rows(store, split, &row, 1, line, (size_t)n, err);
}

static inline patina_status run_add_reject(pt_chunk_store *store, patina_status reason,
                                           patina_error *err) {
    char *line = pt_reject_to_json_line("x", "x.wav", reason, "a sentence");
    const patina_status status = pt_chunk_store_add_reject(store, reason, line, err);
    free(line);
    return status;
}

/**
 * Writes the first rejects and rows of a chunk as the table has it, each an entry, beginning with
 * those that its journal lacks. Afterwards the chunk is open.
 *
 * n_max       entries to write
 * with_retry  what was missing or silent has come: each gives a row of the first split instead
 */
static inline patina_status run_write_entries(pt_chunk_store *store, uint64_t chunk, uint64_t n_max,
                                              bool with_retry, patina_error *err) {
    size_t n_rows[2] = {run_chunks[chunk].n_rows[0], run_chunks[chunk].n_rows[1]}, n = 0;
    patina_status rejects[2];
    size_t n_rejects = 0;
    uint64_t n_kept = 0;

    for (size_t r = 0; r < 2; r++) {
        const patina_status reason = run_chunks[chunk].rejects[r];
        const bool retryable = reason == PATINA_REJECT_MISSING || reason == PATINA_REJECT_SILENT;
        if (with_retry && retryable)
            n_rows[0]++;
        else if (reason != PATINA_OK)
            rejects[n_rejects++] = reason;
    }
    const size_t n_entries = n_rejects + n_rows[0] + n_rows[1];
    PT_TRY(pt_chunk_store_find_kept(store, chunk, n_entries - 1, &n_kept, err));
    PT_TRY(pt_chunk_store_begin_chunk(store, chunk, n_kept, err));
    for (n = (size_t)n_kept; n < n_entries && n < n_max; n++) {
        const size_t row = n - n_rejects;
        if (n < n_rejects)
            PT_TRY(run_add_reject(store, rejects[n], err));
        else if (row < n_rows[0])
            PT_TRY(run_add_row(store, chunk, 0, row, err));
        else
            PT_TRY(run_add_row(store, chunk, 1, row - n_rows[0], err));
        PT_TRY(pt_chunk_store_end_entry(store, err));
    }
    return PATINA_OK;
}

static inline patina_status run_write_chunk(pt_chunk_store *store, uint64_t chunk, bool with_retry,
                                            patina_error *err) {
    PT_TRY(run_write_entries(store, chunk, UINT64_MAX, with_retry, err));
    return pt_chunk_store_commit_chunk(store, run_chunks[chunk].n_entries, err);
}

static inline patina_status run_open(const char *out, const pt_run_metadata *run_meta,
                                     const pt_chunk_store_options *options, pt_chunk_store **store,
                                     bool *complete, patina_error *err) {
    pt_run_counts counts = {0};
    return pt_chunk_store_open(out, &pt_row_writer_jsonl, run_meta, options, store, complete,
                               &counts, err);
}

/** All chunks and finish, by one process, continuing an earlier one. */
static inline patina_status run_write_all_chunks(const char *out,
                                                 const pt_chunk_store_options *options,
                                                 bool with_retry, patina_error *err) {
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_run_counts counts = {0};
    pt_chunk_store *store = NULL;
    bool complete = false;

    patina_status status = run_open(out, &run_meta, options, &store, &complete, err);
    for (uint64_t c = 0; status == PATINA_OK && !complete && c < RUN_CHUNKS; c++)
        if (!pt_chunk_store_has_chunk(store, c))
            status = run_write_chunk(store, c, with_retry, err);
    if (status == PATINA_OK && !complete) status = pt_chunk_store_finish(store, &counts, err);
    pt_chunk_store_close(&store);
    return status;
}

/** Chunks of one process that does not finish the set: bit c of the mask for chunk c. */
static inline patina_status run_write_some_chunks(const char *out, unsigned mask,
                                                  patina_error *err) {
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_chunk_store *store = NULL;
    bool complete = false;

    patina_status status = run_open(out, &run_meta, NULL, &store, &complete, err);
    for (uint64_t c = 0; status == PATINA_OK && c < RUN_CHUNKS; c++)
        if (mask >> c & 1) status = run_write_chunk(store, c, false, err);
    pt_chunk_store_close(&store);
    return status;
}

/* ---- folders */

/** A path in the folder of the test; the last few results stay valid. */
static inline const char *run_dir_path(const char *name) {
    static char paths[32][512];
    static unsigned next;
    char *path = paths[next++ % 32];
    snprintf(path, sizeof paths[0], "%s/%s", pt_test_tmpdir(), name);
    return path;
}

static inline const char *run_file_path(const char *out, const char *name) {
    static pt_path paths[8];
    static unsigned next;
    pt_path *path = &paths[next++ % 8];
    *path = pt_path_joinf(out, "%s", name);
    return path->text;
}

static inline bool run_file_exists(const char *out, const char *name) {
    return access(run_file_path(out, name), F_OK) == 0;
}

static inline void run_remove_dir(const char *path) {
    DIR *dir = opendir(path);
    const struct dirent *item;
    while (dir && (item = readdir(dir))) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        const pt_path child = pt_path_joinf(path, "%s", item->d_name);
        if (unlink(child.text) != 0) run_remove_dir(child.text);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

/* Folders and files below path in the order of their names, each file with its hash. */
static inline void run_hash_dir(pt_strbuf *tree, const char *path, const char *shown) {
    struct dirent **items = NULL;
    const int n = scandir(path, &items, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *item = items[i]->d_name;
        const pt_path child = pt_path_joinf(path, "%s", item),
                      name = pt_path_joinf(shown, "%s", item);
        char hex[PT_SHA256_HEX_SIZE], *bytes = NULL;
        size_t n_bytes = 0;
        if (strcmp(item, ".") == 0 || strcmp(item, "..") == 0) {
        } else if (pt_file_read_all(child.text, 1 << 28, &bytes, &n_bytes, NULL) == PATINA_OK) {
            pt_sha256 hash;
            pt_sha256_init(&hash);
            pt_sha256_update(&hash, bytes, n_bytes);
            pt_sha256_finish(&hash, hex);
            pt_strbuf_printf(tree, "%s %s\n", name.text, hex);
        } else {
            pt_strbuf_printf(tree, "%s/\n", name.text);
            run_hash_dir(tree, child.text, name.text);
        }
        free(bytes);
        free(items[i]);
    }
    free(items);
}

/** A listing of a folder for comparison; the caller frees it. */
static inline char *run_dir_snapshot(const char *path) {
    pt_strbuf tree = {0};
    run_hash_dir(&tree, path, ".");
    return pt_strbuf_detach(&tree);
}

#endif /* PATINA_TEST_STORE_RUNS_H */
