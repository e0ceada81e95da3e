/* SPDX-License-Identifier: MIT */
/* arrange.c - parts to their final names and back */

#include "dataset/arrange.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataset/outfile.h"

static const char *const final_folders[] = {
    [PT_PART_ROWS] = "data", [PT_PART_PROVENANCE] = "provenance"};

/* ---------------------------------------------------------------- chunks */

void pt_chunk_name(uint64_t chunk, char name[PT_CHUNK_NAME_MAX]) {
    snprintf(name, PT_CHUNK_NAME_MAX, "%08" PRIu64, chunk);
}

pt_path pt_chunk_place(const char *out, uint64_t chunk) {
    char name[PT_CHUNK_NAME_MAX];
    pt_chunk_name(chunk, name);
    return pt_path_below(out, PT_WORK "/%s", name);
}

/* The number that a folder's name spells as pt_chunk_place does; false if it is another name. */
static bool is_chunk(const char *name, uint64_t n_chunks, uint64_t *chunk) {
    char spelt[PT_CHUNK_NAME_MAX];
    if (!isdigit((unsigned char)name[0])) return false;
    *chunk = strtoull(name, NULL, 10);
    pt_chunk_name(*chunk, spelt);
    return *chunk < n_chunks && strcmp(name, spelt) == 0;
}

pt_status pt_chunks_list(const char *out, uint64_t n_chunks, unsigned char *there,
                         uint64_t *n_there, pt_error *err) {
    const pt_path work = pt_path_below(out, PT_WORK);
    DIR *dir = opendir(work.text);
    const struct dirent *item;
    uint64_t chunk;

    *n_there = 0;
    if (!dir)
        return pt_fail(err, PT_EIO, "folder '%s': cannot be read: %s", work.text, strerror(errno));
    while ((item = readdir(dir)))
        if (is_chunk(item->d_name, n_chunks, &chunk)) {
            there[chunk] = 1;
            ++*n_there;
        }
    closedir(dir);
    return PT_OK;
}

pt_status pt_chunk_read(const char *out, pt_ledger *ledger, uint64_t chunk, pt_error *err) {
    const pt_path folder = pt_chunk_place(out, chunk),
                  file = pt_path_below(folder.text, "chunk.json");
    return pt_ledger_read_chunk(ledger, chunk, file.text, err);
}

/* ---------------------------------------------------------------- places */

static pt_path place_in_chunk(const char *out, const pt_ledger *ledger, uint64_t chunk,
                              size_t split, pt_part_kind kind) {
    const pt_path folder = pt_chunk_place(out, chunk);
    char name[PT_PART_NAME_MAX];
    pt_part_name_in_chunk(ledger->facts.splits[split], ledger->suffix, kind, name);
    return pt_path_below(folder.text, "%s", name);
}

static pt_path final_place(const char *out, const pt_ledger *ledger, uint64_t chunk, size_t split,
                           pt_part_kind kind) {
    char name[PT_PART_NAME_MAX];
    pt_part_name(ledger, split, ledger->chunks[chunk].parts[split].number, kind, name);
    return pt_path_below(out, "%s", name);
}

pt_path pt_part_place(const char *out, const pt_ledger *ledger, uint64_t chunk, size_t split,
                      pt_part_kind kind) {
    const pt_path final = final_place(out, ledger, chunk, split, kind);
    if (ledger->finished || pt_path_exists(final.text)) return final;
    return place_in_chunk(out, ledger, chunk, split, kind);
}

/* ---------------------------------------------------------------- moving */

/* The folders exist, and no file is absent, or the rename says so. */
static pt_status move(const char *from, const char *to, pt_error *err) {
    if (rename(from, to) == 0) return PT_OK;
    const int why = errno;
    if (why == ENOENT && pt_path_exists(to)) return PT_OK; /* moved already */
    return pt_fail(err, why == ENOENT ? PT_EFORMAT : PT_EIO,
                   "file '%s': cannot be renamed to '%s': %s", from, to, strerror(why));
}

static pt_status has_size(const char *path, uint64_t n_bytes, pt_error *err) {
    struct stat info;
    if (stat(path, &info) != 0)
        return pt_fail(err, PT_EIO, "file '%s': cannot be looked at: %s", path, strerror(errno));
    if ((uint64_t)info.st_size == n_bytes) return PT_OK;
    return pt_fail(err, PT_EFORMAT, "file '%s': has %lld bytes, and %" PRIu64 " were written", path,
                   (long long)info.st_size, n_bytes);
}

typedef pt_status part_action(const char *out, const pt_ledger *ledger, uint64_t chunk,
                              size_t split, pt_part_kind kind, pt_error *err);

static pt_status move_there(const char *out, const pt_ledger *ledger, uint64_t chunk, size_t split,
                            pt_part_kind kind, pt_error *err) {
    const pt_path from = place_in_chunk(out, ledger, chunk, split, kind),
                  to = final_place(out, ledger, chunk, split, kind);
    PT_TRY(move(from.text, to.text, err));
    return has_size(to.text, pt_part_file(&ledger->chunks[chunk].parts[split], kind)->n_bytes, err);
}

static pt_status move_back(const char *out, const pt_ledger *ledger, uint64_t chunk, size_t split,
                           pt_part_kind kind, pt_error *err) {
    const pt_path from = final_place(out, ledger, chunk, split, kind),
                  to = place_in_chunk(out, ledger, chunk, split, kind);
    return move(from.text, to.text, err);
}

static pt_status each_part(const char *out, const pt_ledger *ledger, part_action *action,
                           pt_error *err) {
    for (uint64_t c = 0; c < ledger->facts.n_chunks; c++)
        for (size_t s = 0; s < ledger->n_splits; s++) {
            if (ledger->chunks[c].parts[s].n_rows == 0) continue;
            pt_status status = action(out, ledger, c, s, PT_PART_ROWS, err);
            if (status == PT_OK) status = action(out, ledger, c, s, PT_PART_PROVENANCE, err);
            if (status == PT_EFORMAT) {
                const pt_path folder = pt_chunk_place(out, c);
                pt_error_in(err,
                            "chunk %" PRIu64 " is damaged (remove '%s' and run generate again)", c,
                            folder.text);
            }
            if (status != PT_OK) return status;
        }
    return PT_OK;
}

/* Whether a name below data or provenance is that of a part. */
static bool is_part(const pt_ledger *ledger, pt_part_kind kind, const char *name) {
    char expected[PT_PART_NAME_MAX];
    for (size_t s = 0; s < ledger->n_splits; s++) {
        const size_t n = strlen(ledger->facts.splits[s]);
        if (strncmp(name, ledger->facts.splits[s], n) != 0 || name[n] != '-') continue;
        const uint64_t number = strtoull(name + n + 1, NULL, 10);
        if (number >= ledger->facts.split_parts[s]) continue;
        pt_part_name(ledger, s, number, kind, expected);
        if (strcmp(strchr(expected, '/') + 1, name) == 0) return true;
    }
    return false;
}

pt_status pt_arrange_strangers(const char *out, const pt_ledger *ledger, pt_part_kind kind,
                               pt_status (*told)(void *context, const char *path, pt_error *err),
                               void *context, pt_error *err) {
    const pt_path folder = pt_path_below(out, "%s", final_folders[kind]);
    DIR *dir = opendir(folder.text);
    const struct dirent *item;
    pt_status status = PT_OK;

    if (!dir)
        return pt_fail(err, PT_EIO, "folder '%s': cannot be read: %s", folder.text,
                       strerror(errno));
    while (status == PT_OK && (item = readdir(dir))) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        if (is_part(ledger, kind, item->d_name)) continue;
        const pt_path path = pt_path_below(folder.text, "%s", item->d_name);
        status = told(context, path.text, err);
    }
    closedir(dir);
    return status;
}

static pt_status refuse_stranger(void *context, const char *path, pt_error *err) {
    (void)context;
    return pt_fail(err, PT_EFORMAT,
                   "file '%s': is not of this data set; move it away and finish again", path);
}

pt_status pt_arrange_finally(const char *out, const pt_ledger *ledger, pt_error *err) {
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        const pt_path folder = pt_path_below(out, "%s", final_folders[k]);
        PT_TRY(pt_folder_make(out, folder.text, NULL, err));
        PT_TRY(pt_arrange_strangers(out, ledger, (pt_part_kind)k, refuse_stranger, NULL, err));
    }
    PT_TRY(each_part(out, ledger, move_there, err));
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        const pt_path folder = pt_path_below(out, "%s", final_folders[k]);
        PT_TRY(pt_outfile_flush_folder(folder.text, err));
    }
    return PT_OK;
}

pt_status pt_arrange_back(const char *out, const pt_ledger *ledger, pt_error *err) {
    static const char *const derived[] = {"README.md", "rejects.jsonl"};

    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) {
        const pt_path file = pt_path_below(out, "%s", derived[i]);
        unlink(file.text);
    }
    PT_TRY(each_part(out, ledger, move_back, err));
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        const pt_path folder = pt_path_below(out, "%s", final_folders[k]);
        rmdir(folder.text); /* stays where it holds what is not ours */
    }
    return pt_outfile_flush_folder(out, err);
}
