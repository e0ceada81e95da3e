/* SPDX-License-Identifier: MIT */
/* part_layout.c - parts to their final names and back */

#include "dataset/part_layout.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "fs/atomic_file.h"

static const char *const final_dirs[] = {
    [PT_PART_ROWS] = "data", [PT_PART_PROVENANCE] = "provenance"};

/* ---------------------------------------------------------------- chunks */

void pt_chunk_dir_name(uint64_t chunk, char name[PT_CHUNK_DIR_NAME_MAX]) {
    snprintf(name, PT_CHUNK_DIR_NAME_MAX, "%08" PRIu64, chunk);
}

pt_path pt_chunk_dir_path(const char *out, uint64_t chunk) {
    char name[PT_CHUNK_DIR_NAME_MAX];
    pt_chunk_dir_name(chunk, name);
    return pt_path_joinf(out, PT_WORK_DIR "/%s", name);
}

/* The number that a folder's name spells as pt_chunk_dir_path does; false if it is another name. */
static bool is_chunk(const char *name, uint64_t n_chunks, uint64_t *chunk) {
    char spelt[PT_CHUNK_DIR_NAME_MAX];
    if (!isdigit((unsigned char)name[0])) return false;
    *chunk = strtoull(name, NULL, 10);
    pt_chunk_dir_name(*chunk, spelt);
    return *chunk < n_chunks && strcmp(name, spelt) == 0;
}

patina_status pt_chunks_list(const char *out, uint64_t n_chunks, unsigned char *present,
                             uint64_t *n_present, patina_error *err) {
    const pt_path work = pt_path_joinf(out, PT_WORK_DIR);
    DIR *dir = opendir(work.text);
    const struct dirent *item;
    uint64_t chunk;

    *n_present = 0;
    if (!dir)
        return pt_fail(err, PATINA_EIO, "folder '%s': cannot be read: %s", work.text,
                       strerror(errno));
    while ((item = readdir(dir)))
        if (is_chunk(item->d_name, n_chunks, &chunk)) {
            present[chunk] = 1;
            ++*n_present;
        }
    closedir(dir);
    return PATINA_OK;
}

patina_status pt_chunk_read_info(const char *out, pt_manifest *manifest, uint64_t chunk,
                                 patina_error *err) {
    const pt_path folder = pt_chunk_dir_path(out, chunk),
                  file = pt_path_joinf(folder.text, "chunk.json");
    return pt_manifest_read_chunk(manifest, chunk, file.text, err);
}

/* ---------------------------------------------------------------- places */

static pt_path path_in_chunk(const char *out, const pt_manifest *manifest, uint64_t chunk,
                             size_t split, pt_part_kind kind) {
    const pt_path folder = pt_chunk_dir_path(out, chunk);
    char name[PT_PART_FILE_NAME_MAX];
    pt_part_chunk_file_name(manifest->run_meta.splits[split], manifest->suffix, kind, name);
    return pt_path_joinf(folder.text, "%s", name);
}

static pt_path final_path(const char *out, const pt_manifest *manifest, uint64_t chunk,
                          size_t split, pt_part_kind kind) {
    char name[PT_PART_FILE_NAME_MAX];
    pt_part_file_name(manifest, split, manifest->chunks[chunk].parts[split].number, kind, name);
    return pt_path_joinf(out, "%s", name);
}

pt_path pt_part_file_path(const char *out, const pt_manifest *manifest, uint64_t chunk,
                          size_t split, pt_part_kind kind) {
    const pt_path final = final_path(out, manifest, chunk, split, kind);
    if (manifest->finished || pt_path_exists(final.text)) return final;
    return path_in_chunk(out, manifest, chunk, split, kind);
}

/* ---------------------------------------------------------------- moving */

/* The folders exist, and no file is absent, or the rename says so. */
static patina_status move_file(const char *from, const char *to, patina_error *err) {
    if (rename(from, to) == 0) return PATINA_OK;
    const int why = errno;
    if (why == ENOENT && pt_path_exists(to)) return PATINA_OK; /* moved already */
    return pt_fail(err, why == ENOENT ? PATINA_EFORMAT : PATINA_EIO,
                   "file '%s': cannot be renamed to '%s': %s", from, to, strerror(why));
}

static patina_status check_size(const char *path, uint64_t n_bytes, patina_error *err) {
    struct stat info;
    if (stat(path, &info) != 0)
        return pt_fail(err, PATINA_EIO, "file '%s': cannot be looked at: %s", path,
                       strerror(errno));
    if ((uint64_t)info.st_size == n_bytes) return PATINA_OK;
    return pt_fail(err, PATINA_EFORMAT, "file '%s': has %lld bytes, and %" PRIu64 " were written",
                   path, (long long)info.st_size, n_bytes);
}

typedef patina_status part_action(const char *out, const pt_manifest *manifest, uint64_t chunk,
                                  size_t split, pt_part_kind kind, patina_error *err);

static patina_status move_to_final(const char *out, const pt_manifest *manifest, uint64_t chunk,
                                   size_t split, pt_part_kind kind, patina_error *err) {
    const pt_path from = path_in_chunk(out, manifest, chunk, split, kind),
                  to = final_path(out, manifest, chunk, split, kind);
    PT_TRY(move_file(from.text, to.text, err));
    return check_size(
        to.text, pt_part_file_digest(&manifest->chunks[chunk].parts[split], kind)->n_bytes, err);
}

static patina_status move_to_chunk(const char *out, const pt_manifest *manifest, uint64_t chunk,
                                   size_t split, pt_part_kind kind, patina_error *err) {
    const pt_path from = final_path(out, manifest, chunk, split, kind),
                  to = path_in_chunk(out, manifest, chunk, split, kind);
    return move_file(from.text, to.text, err);
}

static patina_status for_each_part(const char *out, const pt_manifest *manifest,
                                   part_action *action, patina_error *err) {
    for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++)
        for (size_t s = 0; s < manifest->n_splits; s++) {
            if (manifest->chunks[c].parts[s].n_rows == 0) continue;
            patina_status status = action(out, manifest, c, s, PT_PART_ROWS, err);
            if (status == PATINA_OK) status = action(out, manifest, c, s, PT_PART_PROVENANCE, err);
            if (status == PATINA_EFORMAT) {
                const pt_path folder = pt_chunk_dir_path(out, c);
                pt_error_add_context(
                    err, "chunk %" PRIu64 " is damaged (remove '%s' and run generate again)", c,
                    folder.text);
            }
            if (status != PATINA_OK) return status;
        }
    return PATINA_OK;
}

/* Whether a name below data or provenance is that of a part. */
static bool is_part(const pt_manifest *manifest, pt_part_kind kind, const char *name) {
    char expected[PT_PART_FILE_NAME_MAX];
    for (size_t s = 0; s < manifest->n_splits; s++) {
        const size_t n = strlen(manifest->run_meta.splits[s]);
        if (strncmp(name, manifest->run_meta.splits[s], n) != 0 || name[n] != '-') continue;
        const uint64_t number = strtoull(name + n + 1, NULL, 10);
        if (number >= manifest->run_meta.split_parts[s]) continue;
        pt_part_file_name(manifest, s, number, kind, expected);
        if (strcmp(strchr(expected, '/') + 1, name) == 0) return true;
    }
    return false;
}

patina_status pt_part_layout_find_unexpected(
    const char *out, const pt_manifest *manifest, pt_part_kind kind,
    patina_status (*on_unexpected)(void *context, const char *path, patina_error *err),
    void *context, patina_error *err) {
    const pt_path folder = pt_path_joinf(out, "%s", final_dirs[kind]);
    DIR *dir = opendir(folder.text);
    const struct dirent *item;
    patina_status status = PATINA_OK;

    if (!dir)
        return pt_fail(err, PATINA_EIO, "folder '%s': cannot be read: %s", folder.text,
                       strerror(errno));
    while (status == PATINA_OK && (item = readdir(dir))) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        if (is_part(manifest, kind, item->d_name)) continue;
        const pt_path path = pt_path_joinf(folder.text, "%s", item->d_name);
        status = on_unexpected(context, path.text, err);
    }
    closedir(dir);
    return status;
}

static patina_status fail_unexpected(void *context, const char *path, patina_error *err) {
    (void)context;
    return pt_fail(err, PATINA_EFORMAT,
                   "file '%s': is not of this data set; move it away and finish again", path);
}

patina_status pt_part_layout_finalize(const char *out, const pt_manifest *manifest,
                                      patina_error *err) {
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        const pt_path folder = pt_path_joinf(out, "%s", final_dirs[k]);
        PT_TRY(pt_dir_create(out, folder.text, NULL, err));
        PT_TRY(pt_part_layout_find_unexpected(out, manifest, (pt_part_kind)k, fail_unexpected, NULL,
                                              err));
    }
    PT_TRY(for_each_part(out, manifest, move_to_final, err));
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        const pt_path folder = pt_path_joinf(out, "%s", final_dirs[k]);
        PT_TRY(pt_dir_sync(folder.text, err));
    }
    return PATINA_OK;
}

patina_status pt_part_layout_revert(const char *out, const pt_manifest *manifest,
                                    patina_error *err) {
    static const char *const derived[] = {"README.md", "rejects.jsonl"};

    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) {
        const pt_path file = pt_path_joinf(out, "%s", derived[i]);
        unlink(file.text);
    }
    PT_TRY(for_each_part(out, manifest, move_to_chunk, err));
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        const pt_path folder = pt_path_joinf(out, "%s", final_dirs[k]);
        rmdir(folder.text); /* stays where it holds what is not ours */
    }
    return pt_dir_sync(out, err);
}
