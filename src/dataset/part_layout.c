/* SPDX-License-Identifier: MIT */
/* part_layout.c - moves parts to their final names and back, and checks their bytes */

#include "dataset/part_layout.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/hash.h"
#include "fs/dir.h"

#define BLOCK_BYTES (1U << 18)

/* ---------------------------------------------------------------- chunks */

void pt_chunk_dir_name(uint64_t chunk, char name[PT_CHUNK_DIR_NAME_MAX]) {
    snprintf(name, PT_CHUNK_DIR_NAME_MAX, "%08" PRIu64, chunk);
}

pt_path pt_chunk_dir_path(const char *out, uint64_t chunk) {
    char name[PT_CHUNK_DIR_NAME_MAX];
    pt_chunk_dir_name(chunk, name);
    return pt_path_joinf(out, PT_WORK_DIR "/%s", name);
}

pt_path pt_chunk_journal_path(const char *out, uint64_t chunk) {
    char name[PT_CHUNK_DIR_NAME_MAX];
    pt_chunk_dir_name(chunk, name);
    return pt_path_joinf(out, PT_WORK_DIR "/%s" PT_JOURNAL_SUFFIX, name);
}

/* Parses a name of pt_chunk_dir_name with a suffix; false for any other. */
static bool is_chunk(const char *name, const char *suffix, uint64_t n_chunks, uint64_t *chunk) {
    char canonical[PT_CHUNK_DIR_NAME_MAX];
    if (!isdigit((unsigned char)name[0])) return false;
    *chunk = strtoull(name, NULL, 10);
    pt_chunk_dir_name(*chunk, canonical);
    const size_t n = strlen(canonical);
    return *chunk < n_chunks && strncmp(name, canonical, n) == 0 && strcmp(name + n, suffix) == 0;
}

patina_status pt_chunks_list(const char *out, const char *suffix, uint64_t n_chunks,
                             unsigned char *present, uint64_t *n_present, patina_error *err) {
    const pt_path work = pt_path_joinf(out, PT_WORK_DIR);
    DIR *dir = opendir(work.text);
    const char *name;
    uint64_t chunk;
    int why = errno;

    *n_present = 0;
    while (dir && (name = pt_dir_next(dir, &why)))
        if (is_chunk(name, suffix, n_chunks, &chunk)) {
            present[chunk] = 1;
            ++*n_present;
        }
    if (dir) closedir(dir);
    if (why == 0) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "folder '%s': cannot be read: %s", work.text, strerror(why));
}

patina_status pt_chunk_read_info(const char *out, pt_manifest *manifest, uint64_t chunk,
                                 patina_error *err) {
    const pt_path folder = pt_chunk_dir_path(out, chunk),
                  file = pt_path_joinf(folder.text, PT_CHUNK_FILE);
    bool has_folder, has_file;
    PT_TRY(pt_path_check_exists(folder.text, &has_folder, err));
    PT_TRY(pt_path_check_exists(file.text, &has_file, err));
    if (has_folder && !has_file)
        return pt_fail(err, PATINA_EFORMAT, "file '%s': not found", file.text);
    return pt_manifest_read_chunk(manifest, chunk, file.text, err);
}

void pt_chunk_add_remedy(const char *out, uint64_t chunk, patina_error *err) {
    const pt_path folder = pt_chunk_dir_path(out, chunk);
    pt_error_add_context(err, "chunk %" PRIu64 " is damaged (remove '%s' and run generate again)",
                         chunk, folder.text);
}

/* ---------------------------------------------------------------- paths */

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

patina_status pt_part_file_path(const char *out, const pt_manifest *manifest, uint64_t chunk,
                                size_t split, pt_part_kind kind, pt_path *path, patina_error *err) {
    bool is_final = true;
    *path = final_path(out, manifest, chunk, split, kind);
    if (!manifest->finished) PT_TRY(pt_path_check_exists(path->text, &is_final, err));
    if (!is_final) *path = path_in_chunk(out, manifest, chunk, split, kind);
    return PATINA_OK;
}

/* ---------------------------------------------------------------- checking */

static patina_status hash_file(const char *path, const pt_byte_source *bytes,
                               char hex[PT_SHA256_HEX_SIZE], patina_error *err) {
    unsigned char *block = malloc(BLOCK_BYTES);
    pt_sha256 hash;
    int64_t n = 0;

    if (!block) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    pt_sha256_init(&hash);
    for (uint64_t at = 0; at == 0 || n > 0; at += (uint64_t)n) {
        n = pt_byte_source_read_at(bytes, at, block, BLOCK_BYTES);
        if (n <= 0) break;
        pt_sha256_update(&hash, block, (size_t)n);
    }
    const int why = errno;
    pt_sha256_finish(&hash, hex);
    free(block);
    if (n == 0) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", path, strerror(why));
}

patina_status pt_file_check_digest(const char *path, const pt_file_digest *expected,
                                   patina_error *err) {
    pt_byte_source bytes = {0};
    char hex[PT_SHA256_HEX_SIZE];

    patina_status status = pt_byte_source_open_file(path, &bytes, err);
    if (status == PATINA_REJECT_MISSING)
        return pt_fail(err, PATINA_EFORMAT, "file '%s': not found", path);
    if (status == PATINA_EIO && errno == 0)
        return pt_fail(err, PATINA_EFORMAT, "file '%s': not a regular file", path);
    if (status == PATINA_OK && bytes.size != expected->n_bytes)
        status =
            pt_fail(err, PATINA_EFORMAT, "file '%s': has %" PRIu64 " bytes instead of %" PRIu64,
                    path, bytes.size, expected->n_bytes);
    if (status == PATINA_OK) status = hash_file(path, &bytes, hex, err);
    if (status == PATINA_OK && strcmp(hex, expected->sha256) != 0)
        status = pt_fail(err, PATINA_EFORMAT,
                         "file '%s': its content differs from what was written (SHA-256)", path);
    pt_byte_source_close(&bytes);
    return status;
}

static patina_status check_part_file(const char *out, const pt_manifest *manifest, uint64_t chunk,
                                     size_t split, pt_part_kind kind, pt_path *path,
                                     patina_error *err) {
    const pt_file_digest *expected =
        pt_part_file_digest(&manifest->chunks[chunk].parts[split], kind);
    patina_status status = PATINA_OK;

    /* Once more, if another process moved the file between the two steps. */
    for (int i = 0; i < 2; i++) {
        PT_TRY(pt_part_file_path(out, manifest, chunk, split, kind, path, err));
        status = pt_file_check_digest(path->text, expected, err);
        if (status != PATINA_EFORMAT || pt_path_exists(path->text)) return status;
    }
    return status;
}

patina_status pt_chunk_check_files(const char *out, const pt_manifest *manifest, uint64_t chunk,
                                   pt_path *damaged, patina_error *err) {
    const pt_chunk_info *info = &manifest->chunks[chunk];
    const pt_path folder = pt_chunk_dir_path(out, chunk);
    pt_path path = pt_path_joinf(folder.text, PT_REJECTS_FILE);
    patina_status status = PATINA_OK;

    if (damaged) damaged->text[0] = '\0';
    if (info->n_rejects > 0) status = pt_file_check_digest(path.text, &info->rejects, err);
    for (size_t s = 0; s < manifest->n_splits; s++)
        for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++)
            if (status == PATINA_OK && info->parts[s].n_rows > 0)
                status = check_part_file(out, manifest, chunk, s, (pt_part_kind)k, &path, err);
    if (status == PATINA_EFORMAT && damaged) *damaged = path;
    return status;
}

/* ---------------------------------------------------------------- moving */

/* The target folder exists; the source may have been moved already. */
static patina_status move_file(const char *from, const char *to, patina_error *err) {
    if (rename(from, to) == 0) return PATINA_OK;
    const int why = errno;
    bool is_moved = false;
    if (why == ENOENT) PT_TRY(pt_path_check_exists(to, &is_moved, err));
    if (is_moved) return PATINA_OK;
    return pt_fail(err, why == ENOENT ? PATINA_EFORMAT : PATINA_EIO,
                   "file '%s': cannot be renamed to '%s': %s", from, to, strerror(why));
}

static patina_status check_size(const char *path, uint64_t n_bytes, patina_error *err) {
    struct stat info;
    if (stat(path, &info) != 0)
        return pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", path, strerror(errno));
    if ((uint64_t)info.st_size == n_bytes) return PATINA_OK;
    return pt_fail(err, PATINA_EFORMAT, "file '%s': has %lld bytes instead of %" PRIu64, path,
                   (long long)info.st_size, n_bytes);
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
    /* A file absent from both places is found by pt_chunk_check_files. */
    bool has_from, has_to;
    PT_TRY(pt_path_check_exists(from.text, &has_from, err));
    PT_TRY(pt_path_check_exists(to.text, &has_to, err));
    if (!has_from && !has_to) return PATINA_OK;
    return move_file(from.text, to.text, err);
}

static patina_status for_each_part(const char *out, const pt_manifest *manifest,
                                   part_action *action, patina_error *err) {
    for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++)
        for (size_t s = 0; s < manifest->n_splits; s++) {
            if (manifest->chunks[c].parts[s].n_rows == 0) continue;
            patina_status status = action(out, manifest, c, s, PT_PART_ROWS, err);
            if (status == PATINA_OK) status = action(out, manifest, c, s, PT_PART_PROVENANCE, err);
            if (status == PATINA_EFORMAT) pt_chunk_add_remedy(out, c, err);
            if (status != PATINA_OK) return status;
        }
    return PATINA_OK;
}

/* Whether a name below data or provenance belongs to a part. */
static bool is_part(const pt_manifest *manifest, pt_part_kind kind, const char *name) {
    char expected[PT_PART_FILE_NAME_MAX];
    for (size_t s = 0; s < manifest->n_splits; s++) {
        const size_t n = strlen(manifest->run_meta.splits[s]);
        if (strncmp(name, manifest->run_meta.splits[s], n) != 0 || name[n] != '-') continue;
        const uint64_t number = strtoull(name + n + 1, NULL, 10);
        if (number >= manifest->run_meta.counts.split_parts[s]) continue;
        pt_part_file_name(manifest, s, number, kind, expected);
        if (strcmp(strchr(expected, '/') + 1, name) == 0) return true;
    }
    return false;
}

patina_status pt_part_layout_find_unexpected(
    const char *out, const pt_manifest *manifest, pt_part_kind kind,
    patina_status (*on_unexpected)(void *context, const char *path, patina_error *err),
    void *context, patina_error *err) {
    const pt_path folder = pt_path_joinf(out, "%s", pt_part_dirs[kind]);
    DIR *dir = opendir(folder.text);
    const char *name;
    patina_status status = PATINA_OK;
    int why = errno;

    while (dir && status == PATINA_OK && (name = pt_dir_next(dir, &why))) {
        if (is_part(manifest, kind, name)) continue;
        const pt_path path = pt_path_joinf(folder.text, "%s", name);
        status = on_unexpected(context, path.text, err);
    }
    if (dir) closedir(dir);
    if (status != PATINA_OK || why == 0) return status;
    return pt_fail(err, pt_errno_is_missing(why) ? PATINA_EFORMAT : PATINA_EIO,
                   "folder '%s': cannot be read: %s", folder.text, strerror(why));
}

static patina_status fail_unexpected(void *context, const char *path, patina_error *err) {
    (void)context;
    return pt_fail(err, PATINA_EFORMAT,
                   "file '%s': does not belong to this data set; move it away and finish again",
                   path);
}

patina_status pt_part_layout_finalize(const char *out, const pt_manifest *manifest,
                                      patina_error *err) {
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        const pt_path folder = pt_path_joinf(out, "%s", pt_part_dirs[k]);
        PT_TRY(pt_output_dir_create_folder(out, folder.text, err));
        PT_TRY(pt_part_layout_find_unexpected(out, manifest, (pt_part_kind)k, fail_unexpected, NULL,
                                              err));
    }
    PT_TRY(for_each_part(out, manifest, move_to_final, err));
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        const pt_path folder = pt_path_joinf(out, "%s", pt_part_dirs[k]);
        PT_TRY(pt_dir_sync(folder.text, err));
    }
    return PATINA_OK;
}

patina_status pt_part_layout_revert(const char *out, const pt_manifest *manifest,
                                    patina_error *err) {
    static const char *const derived[] = {PT_CARD_FILE, PT_CROISSANT_FILE, PT_REJECTS_FILE};
    const pt_path tables = pt_path_joinf(out, "%s", pt_part_dirs[PT_PART_TABLE]);

    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) {
        const pt_path file = pt_path_joinf(out, "%s", derived[i]);
        unlink(file.text);
    }
    pt_dir_remove_all(tables.text, NULL);
    PT_TRY(for_each_part(out, manifest, move_to_chunk, err));
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        const pt_path folder = pt_path_joinf(out, "%s", pt_part_dirs[k]);
        rmdir(folder.text); /* fails, as it should, when it contains other files */
    }
    return pt_dir_sync(out, err);
}
