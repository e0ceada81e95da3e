/* SPDX-License-Identifier: MIT */
/* manifest.c - writes and reads plan.json, chunk.json and dataset.json */

#include "dataset/manifest.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/json_dump.h"
#include "base/json_load.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "dataset/rejects.h"
#include "dataset/row_writer.h"
#include "fs/atomic_file.h"

#define PLAN_MAX  (16U << 20)
#define CHUNK_MAX (1U << 20)
#define JSON_DUMP_FLAGS                                                                            \
    (JSON_COMPACT | JSON_REAL_PRECISION(17)) /* preserves every real and integer */

/* Owns the strings of a manifest. */
struct pt_manifest_storage {
    json_t *root;
    char *texts[4];
    const char *splits[PATINA_SPLITS_MAX + 1];
    pt_part_info *parts; /* [n_chunks][n_splits] */
};

/* ---------------------------------------------------------------- names */

const char *const pt_part_dirs[] = {[PT_PART_ROWS] = "data",
                                    [PT_PART_PROVENANCE] = "provenance",
                                    [PT_PART_TABLE] = "provenance_table"};

const pt_file_digest *pt_part_file_digest(const pt_part_info *part, pt_part_kind kind) {
    return kind == PT_PART_ROWS         ? &part->rows
           : kind == PT_PART_PROVENANCE ? &part->provenance
                                        : &part->table;
}

void pt_part_file_name(const pt_manifest *manifest, size_t split, uint64_t number,
                       pt_part_kind kind, char name[PT_PART_FILE_NAME_MAX]) {
    snprintf(name, PT_PART_FILE_NAME_MAX, "%s/%s-%05" PRIu64 "-of-%05" PRIu64 "%s",
             pt_part_dirs[kind], manifest->run_meta.splits[split], number,
             manifest->run_meta.counts.split_parts[split],
             kind == PT_PART_PROVENANCE ? ".jsonl" : manifest->suffix);
}

void pt_part_chunk_file_name(const char *split, const char *suffix, pt_part_kind kind,
                             char name[PT_PART_FILE_NAME_MAX]) {
    const bool rows = kind == PT_PART_ROWS;
    snprintf(name, PT_PART_FILE_NAME_MAX, "%s-%s%s", rows ? "rows" : "provenance", split,
             rows ? suffix : ".jsonl");
}

/* ---------------------------------------------------------------- writing */

static void add_member(pt_strbuf *out, const char *name) {
    pt_strbuf_printf(out, "  \"%s\": ", name);
}

static void add_string(pt_strbuf *out, const char *name, const char *value) {
    add_member(out, name);
    pt_json_write_string(out, value);
    pt_strbuf_append(out, ",\n");
}

static void add_count(pt_strbuf *out, const char *name, uint64_t value) {
    add_member(out, name);
    pt_strbuf_printf(out, "%" PRIu64 ",\n", value);
}

static void add_object(pt_strbuf *out, const char *name, const char *json) {
    add_member(out, name);
    pt_json_write_pretty(out, json, 1);
    pt_strbuf_append(out, ",\n");
}

static void add_identity(pt_strbuf *out, const pt_run_metadata *run_meta) {
    add_string(out, "settings_hash", run_meta->settings_hash);
    add_object(out, "settings", run_meta->settings_json);
    add_string(out, "corpus_kind", run_meta->corpus_kind);
    add_string(out, "corpus_hash", run_meta->corpus_hash);
    add_string(out, "model_hash", run_meta->model_hash);
    add_object(out, "model", run_meta->model_json);
    add_string(out, "kernels", run_meta->kernels);
    if (run_meta->card_json) add_object(out, "card", run_meta->card_json);
    add_member(out, "libraries");
    pt_json_write_pretty(out, run_meta->libraries_json, 1);
}

char *pt_plan_to_json(const pt_run_metadata *run_meta) {
    pt_strbuf out = {0};

    pt_strbuf_append(&out, "{\n");
    add_string(&out, "program", "patina");
    add_string(&out, "version", run_meta->version);
    add_count(&out, "signal_revision", run_meta->signal_revision);
    add_string(&out, "format", run_meta->format);
    add_count(&out, "entries", run_meta->n_entries);
    add_count(&out, "chunks", run_meta->n_chunks);
    add_member(&out, "splits");
    for (size_t i = 0; run_meta->splits[i]; i++) {
        pt_strbuf_append(&out, i == 0 ? "[" : ", ");
        pt_json_write_string(&out, run_meta->splits[i]);
    }
    pt_strbuf_append(&out, "],\n");
    add_identity(&out, run_meta);
    pt_strbuf_append(&out, "\n}\n");
    return pt_strbuf_detach(&out);
}

/* Only reasons that occurred: {"missing": 2} */
static void add_reasons(pt_strbuf *out, const uint64_t by[PATINA_REJECT_COUNT]) {
    const char *separator = "";
    pt_strbuf_append(out, "{");
    for (size_t i = 0; i < PATINA_REJECT_COUNT; i++) {
        if (by[i] == 0) continue;
        pt_strbuf_printf(out, "%s\"%s\": %" PRIu64, separator, pt_reject_name(i), by[i]);
        separator = ", ";
    }
    pt_strbuf_append(out, "}");
}

/* The members that chunk.json and an item of dataset.json's list have in common. */
static void add_chunk(pt_strbuf *out, const pt_run_metadata *run_meta, const pt_chunk_info *chunk) {
    pt_strbuf_printf(out, "\"entries\": %" PRIu64 ", \"rows\": [", chunk->n_entries);
    for (size_t s = 0; run_meta->splits[s]; s++)
        pt_strbuf_printf(out, "%s%" PRIu64, s ? ", " : "", chunk->parts[s].n_rows);
    pt_strbuf_append(out, "], \"rejects\": ");
    add_reasons(out, chunk->rejects_by);
}

static void add_file(pt_strbuf *out, const char *path, uint64_t n_rows, const pt_file_digest *file,
                     const char **separator) {
    pt_strbuf_printf(out, "%s\n    {\"path\": ", *separator);
    pt_json_write_string(out, path);
    pt_strbuf_printf(out, ", \"rows\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"sha256\": \"%s\"}",
                     n_rows, file->n_bytes, file->sha256);
    *separator = ",";
}

char *pt_chunk_to_json(const pt_run_metadata *run_meta, const char *suffix, uint64_t number,
                       const pt_chunk_info *chunk) {
    static const pt_part_kind kinds[] = {PT_PART_ROWS, PT_PART_PROVENANCE};
    const char *separator = "";
    char name[PT_PART_FILE_NAME_MAX];
    pt_strbuf out = {0};

    pt_strbuf_printf(&out,
                     "{\n  \"chunk\": %" PRIu64 ",\n  \"signal_revision\": %" PRIu64
                     ",\n  \"retried\": %s,\n  ",
                     number, run_meta->signal_revision, chunk->retried ? "true" : "false");
    add_chunk(&out, run_meta, chunk);
    pt_strbuf_append(&out, ",\n  \"files\": [");
    for (size_t s = 0; run_meta->splits[s]; s++)
        for (size_t k = 0; k < 2 && chunk->parts[s].n_rows > 0; k++) {
            pt_part_chunk_file_name(run_meta->splits[s], suffix, kinds[k], name);
            add_file(&out, name, chunk->parts[s].n_rows,
                     pt_part_file_digest(&chunk->parts[s], kinds[k]), &separator);
        }
    if (chunk->n_rejects > 0)
        add_file(&out, PT_REJECTS_FILE, chunk->n_rejects, &chunk->rejects, &separator);
    pt_strbuf_append(&out, "\n  ]\n}\n");
    return pt_strbuf_detach(&out);
}

static void add_part_files(pt_strbuf *out, const pt_manifest *manifest, pt_part_kind kind,
                           const char **separator) {
    char name[PT_PART_FILE_NAME_MAX];
    for (size_t s = 0; s < manifest->n_splits; s++)
        for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++) {
            const pt_part_info *part = &manifest->chunks[c].parts[s];
            if (part->n_rows == 0) continue;
            pt_part_file_name(manifest, s, part->number, kind, name);
            add_file(out, name, part->n_rows, pt_part_file_digest(part, kind), separator);
        }
}

/* Data and provenance of all splits in order, then rejects.jsonl, then the tables of provenance,
 * which sets of patina 0.1 lack. */
static void add_files(pt_strbuf *out, const pt_manifest *manifest) {
    const char *separator = "";

    pt_strbuf_append(out, "  \"files\": [");
    add_part_files(out, manifest, PT_PART_ROWS, &separator);
    add_part_files(out, manifest, PT_PART_PROVENANCE, &separator);
    add_file(out, PT_REJECTS_FILE, manifest->run_meta.counts.n_rejects, &manifest->rejects,
             &separator);
    if (manifest->has_tables) add_part_files(out, manifest, PT_PART_TABLE, &separator);
    pt_strbuf_append(out, "\n  ],\n");
}

static void add_counts(pt_strbuf *out, const pt_run_metadata *run_meta) {
    add_count(out, "rows", run_meta->counts.n_rows);
    add_count(out, "parts", run_meta->counts.n_parts);
    add_member(out, "splits");
    for (size_t s = 0; run_meta->splits[s]; s++) {
        pt_strbuf_append(out, s == 0 ? "{\n    " : ",\n    ");
        pt_json_write_string(out, run_meta->splits[s]);
        pt_strbuf_printf(out, ": {\"rows\": %" PRIu64 ", \"parts\": %" PRIu64 "}",
                         run_meta->counts.split_rows[s], run_meta->counts.split_parts[s]);
    }
    pt_strbuf_append(out, "\n  },\n");
    add_count(out, "entries", run_meta->n_entries);
    add_count(out, "rejects", run_meta->counts.n_rejects);
    add_member(out, "rejects_by_reason");
    for (size_t i = 0; i < PATINA_REJECT_COUNT; i++) {
        /* Reasons that are newer than the format are written only where they occur. */
        const bool is_new = i > PATINA_REJECT_SILENT - PATINA_REJECT_FIRST;
        if (is_new && run_meta->counts.rejects_by[i] == 0) continue;
        pt_strbuf_printf(out, "%s\n    \"%s\": %" PRIu64, i == 0 ? "{" : ",", pt_reject_name(i),
                         run_meta->counts.rejects_by[i]);
    }
    pt_strbuf_append(out, "\n  },\n");
}

/* The last member is the hash of the text with zeros in place of the hash. */
static const char digest_head[] = "  \"sha256\": \"", digest_tail[] = "\"\n}\n";
#define DIGEST_DIGITS (PT_SHA256_HEX_SIZE - 1)
#define DIGEST_END    (DIGEST_DIGITS + sizeof digest_tail - 1) /* bytes from the first digit on */

static void hash_without_digest(const char *text, size_t n, char hex[PT_SHA256_HEX_SIZE]) {
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    _Static_assert(sizeof zeros == PT_SHA256_HEX_SIZE, "a zero for each digit");
    pt_sha256 hash;
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, text, n - DIGEST_END);
    pt_sha256_update(&hash, zeros, DIGEST_DIGITS);
    pt_sha256_update(&hash, digest_tail, sizeof digest_tail - 1);
    pt_sha256_finish(&hash, hex);
}

bool pt_manifest_json_is_intact(const char *text, size_t n) {
    const size_t n_head = sizeof digest_head - 1;
    char hex[PT_SHA256_HEX_SIZE];
    if (n < n_head + DIGEST_END) return false;
    const char *digits = text + n - DIGEST_END;
    if (memcmp(digits - n_head, digest_head, n_head) != 0) return false;
    if (memcmp(digits + DIGEST_DIGITS, digest_tail, sizeof digest_tail - 1) != 0) return false;
    hash_without_digest(text, n, hex);
    return memcmp(digits, hex, DIGEST_DIGITS) == 0;
}

char *pt_manifest_to_json(const pt_manifest *manifest) {
    const pt_run_metadata *run_meta = &manifest->run_meta;
    pt_strbuf out = {0};
    char hex[PT_SHA256_HEX_SIZE];

    pt_strbuf_append(&out, "{\n");
    add_string(&out, "program", "patina");
    add_string(&out, "version", run_meta->version);
    add_count(&out, "signal_revision", run_meta->signal_revision);
    add_string(&out, "format", run_meta->format);
    add_counts(&out, run_meta);
    add_identity(&out, run_meta);
    pt_strbuf_append(&out, ",\n  \"chunks\": [");
    for (uint64_t c = 0; c < run_meta->n_chunks; c++) {
        pt_strbuf_append(&out, c == 0 ? "\n    {" : ",\n    {");
        add_chunk(&out, run_meta, &manifest->chunks[c]);
        pt_strbuf_append(&out, "}");
    }
    pt_strbuf_append(&out, "\n  ],\n");
    add_files(&out, manifest);
    pt_strbuf_printf(&out, "%s%0*d%s", digest_head, DIGEST_DIGITS, 0, digest_tail);
    if (!out.failed) {
        hash_without_digest(out.text, out.length, hex);
        memcpy(out.text + out.length - DIGEST_END, hex, DIGEST_DIGITS);
    }
    return pt_strbuf_detach(&out);
}

/* ---------------------------------------------------------------- reading */

/* The file being parsed, for error messages. */
typedef struct json_source {
    const char *path;
    patina_error *err;
} json_source;

static patina_status fail_format(const json_source *from, const char *format, ...) PT_PRINTF(2, 3);

static patina_status fail_format(const json_source *from, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return pt_fail(from->err, PATINA_EFORMAT, "file '%s': %s", from->path, text);
}

static patina_status get_count(const json_source *from, const json_t *object, const char *name,
                               uint64_t *value) {
    const json_t *member = json_object_get(object, name);
    if (!json_is_integer(member) || json_integer_value(member) < 0)
        return fail_format(from, "member '%s': absent or not a count", name);
    *value = (uint64_t)json_integer_value(member);
    return PATINA_OK;
}

/* Absent in files of patina 0.1. */
static patina_status get_signal_revision(const json_source *from, const json_t *object,
                                         uint64_t *revision) {
    *revision = 1;
    if (!json_object_get(object, "signal_revision")) return PATINA_OK;
    return get_count(from, object, "signal_revision", revision);
}

static patina_status get_string(const json_source *from, const json_t *object, const char *name,
                                const char **value) {
    *value = json_string_value(json_object_get(object, name));
    return *value ? PATINA_OK : fail_format(from, "member '%s': absent or not a string", name);
}

/* An object as text; *text is to be freed. */
static patina_status get_object(const json_source *from, const json_t *root, const char *name,
                                char **text) {
    const json_t *member = json_object_get(root, name);
    if (!json_is_object(member))
        return fail_format(from, "member '%s': absent or not an object", name);
    *text = pt_json_dump(member, JSON_DUMP_FLAGS);
    return *text ? PATINA_OK : pt_fail(from->err, PATINA_ENOMEM, "out of memory");
}

static patina_status get_reasons(const json_source *from, const json_t *object, const char *name,
                                 uint64_t by[PATINA_REJECT_COUNT], uint64_t *total) {
    const json_t *reasons = json_object_get(object, name);
    size_t n_known = 0;

    if (!json_is_object(reasons))
        return fail_format(from, "member '%s': absent or not an object", name);
    *total = 0;
    for (size_t i = 0; i < PATINA_REJECT_COUNT; i++) {
        by[i] = 0;
        if (!json_object_get(reasons, pt_reject_name(i))) continue;
        PT_TRY(get_count(from, reasons, pt_reject_name(i), &by[i]));
        *total += by[i];
        n_known++;
    }
    if (n_known != json_object_size(reasons))
        return fail_format(from, "member '%s': contains an unknown reason", name);
    return PATINA_OK;
}

static bool is_sha256(const char *text) {
    return strlen(text) == DIGEST_DIGITS && strspn(text, "0123456789abcdef") == DIGEST_DIGITS;
}

/* The next item of "files", which must have this path. */
static patina_status get_file(const json_source *from, const json_t *files, size_t *at,
                              const char *path, uint64_t n_rows, pt_file_digest *file) {
    const json_t *item = json_array_get(files, (*at)++);
    const char *named = json_string_value(json_object_get(item, "path"));
    const char *sha256 = json_string_value(json_object_get(item, "sha256"));
    uint64_t rows = 0;

    if (!named || strcmp(named, path) != 0)
        return fail_format(from, "member 'files': '%s' is absent or out of order", path);
    PT_TRY(get_count(from, item, "rows", &rows));
    PT_TRY(get_count(from, item, "bytes", &file->n_bytes));
    if (rows != n_rows)
        return fail_format(from, "member 'files': '%s' has %" PRIu64 " rows instead of %" PRIu64,
                           path, rows, n_rows);
    if (!sha256 || !is_sha256(sha256))
        return fail_format(from, "member 'files': '%s' has no SHA-256", path);
    memcpy(file->sha256, sha256, PT_SHA256_HEX_SIZE);
    return PATINA_OK;
}

static patina_status get_chunk(const json_source *from, const json_t *object, size_t n_splits,
                               pt_chunk_info *chunk) {
    const json_t *rows = json_object_get(object, "rows");

    PT_TRY(get_count(from, object, "entries", &chunk->n_entries));
    PT_TRY(get_reasons(from, object, "rejects", chunk->rejects_by, &chunk->n_rejects));
    if (!json_is_array(rows) || json_array_size(rows) != n_splits)
        return fail_format(from, "member 'rows': not a list of %zu counts", n_splits);
    for (size_t s = 0; s < n_splits; s++) {
        const json_t *count = json_array_get(rows, s);
        if (!json_is_integer(count) || json_integer_value(count) < 0)
            return fail_format(from, "member 'rows': not a list of counts");
        chunk->parts[s].n_rows = (uint64_t)json_integer_value(count);
    }
    chunk->known = true;
    return PATINA_OK;
}

static patina_status parse(const char *path, const char *text, size_t n, json_t **root,
                           patina_error *err) {
    *root = pt_json_load(text, n, JSON_REJECT_DUPLICATES, NULL);
    if (*root && json_is_object(*root)) return PATINA_OK;
    json_decref(*root);
    *root = NULL;
    return pt_json_fail(err, "file '%s': is not a JSON object", path);
}

static bool is_split_name(const char *name) {
    const size_t n = strlen(name);
    return n > 0 && n <= PATINA_SPLIT_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == n;
}

/* The names of plan.json's list, or the members of dataset.json's object in their order. */
static patina_status get_splits(const json_source *from, json_t *root, pt_manifest *manifest) {
    json_t *splits = json_object_get(root, "splits"), *value;
    const char *const *known = manifest->memory->splits;
    const char *name;
    size_t n = 0, i;

    if (json_is_array(splits)) {
        json_array_foreach(splits, i, value) {
            if (i < PATINA_SPLITS_MAX) manifest->memory->splits[i] = json_string_value(value);
            n++;
        }
    } else {
        json_object_foreach(splits, name, value) {
            if (n < PATINA_SPLITS_MAX) manifest->memory->splits[n] = name;
            n++;
        }
    }
    if (n == 0 || n > PATINA_SPLITS_MAX)
        return fail_format(from, "member 'splits': not 1 to 16 names");
    for (i = 0; i < n; i++)
        if (!known[i] || !is_split_name(known[i]))
            return fail_format(from, "member 'splits': contains an invalid name");
    manifest->run_meta.splits = known;
    manifest->n_splits = n;
    return PATINA_OK;
}

static patina_status get_suffix(const json_source *from, pt_manifest *manifest) {
    for (const pt_row_writer_backend *const *kind = pt_row_writer_backends; *kind; kind++)
        if (strcmp((*kind)->name, manifest->run_meta.format) == 0)
            manifest->suffix = (*kind)->suffix;
    return manifest->suffix ? PATINA_OK : fail_format(from, "member 'format': unknown value");
}

/* The members that plan.json and dataset.json have in common. */
static patina_status get_run_metadata(const json_source *from, json_t *root,
                                      pt_manifest *manifest) {
    pt_run_metadata *run_meta = &manifest->run_meta;
    char **texts = manifest->memory->texts;

    PT_TRY(get_string(from, root, "version", &run_meta->version));
    PT_TRY(get_signal_revision(from, root, &run_meta->signal_revision));
    PT_TRY(get_string(from, root, "format", &run_meta->format));
    PT_TRY(get_suffix(from, manifest));
    PT_TRY(get_count(from, root, "entries", &run_meta->n_entries));
    PT_TRY(get_splits(from, root, manifest));
    PT_TRY(get_string(from, root, "settings_hash", &run_meta->settings_hash));
    PT_TRY(get_object(from, root, "settings", &texts[0]));
    PT_TRY(get_string(from, root, "corpus_kind", &run_meta->corpus_kind));
    PT_TRY(get_string(from, root, "corpus_hash", &run_meta->corpus_hash));
    PT_TRY(get_string(from, root, "model_hash", &run_meta->model_hash));
    PT_TRY(get_object(from, root, "model", &texts[1]));
    PT_TRY(get_string(from, root, "kernels", &run_meta->kernels));
    PT_TRY(get_object(from, root, "libraries", &texts[2]));
    if (json_object_get(root, "card")) PT_TRY(get_object(from, root, "card", &texts[3]));
    run_meta->card_json = texts[3];
    run_meta->settings_json = texts[0];
    run_meta->model_json = texts[1];
    run_meta->libraries_json = texts[2];
    run_meta->model_untrained =
        json_is_true(json_object_get(json_object_get(root, "model"), "untrained"));
    return PATINA_OK;
}

static patina_status open_manifest(const char *path, const char *text, size_t n,
                                   pt_manifest *manifest, patina_error *err) {
    *manifest = (pt_manifest){0};
    manifest->memory = calloc(1, sizeof *manifest->memory);
    if (!manifest->memory) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(parse(path, text, n, &manifest->memory->root, err));
    const json_source from = {path, err};
    return get_run_metadata(&from, manifest->memory->root, manifest);
}

patina_status pt_manifest_parse_plan(const char *path, const char *text, size_t n,
                                     pt_manifest *manifest, patina_error *err) {
    const json_source from = {path, err};
    patina_status status = open_manifest(path, text, n, manifest, err);
    if (status == PATINA_OK)
        status = get_count(&from, manifest->memory->root, "chunks", &manifest->run_meta.n_chunks);
    if (status == PATINA_OK && manifest->run_meta.n_chunks > PT_CHUNKS_MAX)
        status = fail_format(&from, "member 'chunks': over the maximum");
    if (status != PATINA_OK) pt_manifest_release(manifest);
    return status;
}

typedef patina_status (*manifest_parser)(const char *path, const char *text, size_t n,
                                         pt_manifest *manifest, patina_error *err);

static patina_status read_manifest_file(const char *path, size_t max_bytes, manifest_parser parser,
                                        pt_manifest *manifest, patina_error *err) {
    char *text = NULL;
    size_t n = 0;
    *manifest = (pt_manifest){0};
    PT_TRY(pt_file_read_all(path, max_bytes, &text, &n, err));
    const patina_status status = parser(path, text, n, manifest, err);
    free(text);
    return status;
}

patina_status pt_manifest_read_plan(const char *path, pt_manifest *manifest, patina_error *err) {
    return read_manifest_file(path, PLAN_MAX, pt_manifest_parse_plan, manifest, err);
}

void pt_manifest_release(pt_manifest *manifest) {
    struct pt_manifest_storage *memory = manifest->memory;
    if (memory) {
        for (size_t i = 0; i < sizeof memory->texts / sizeof *memory->texts; i++)
            free(memory->texts[i]);
        json_decref(memory->root);
        free(memory->parts);
        free(memory);
    }
    free(manifest->chunks);
    *manifest = (pt_manifest){0};
}

patina_status pt_manifest_alloc_chunks(pt_manifest *manifest, patina_error *err) {
    const size_t n = (size_t)manifest->run_meta.n_chunks, n_room = n ? n : 1;
    manifest->chunks = calloc(n_room, sizeof *manifest->chunks);
    manifest->memory->parts = calloc(n_room * manifest->n_splits, sizeof *manifest->memory->parts);
    if (!manifest->chunks || !manifest->memory->parts)
        return pt_fail(err, PATINA_ENOMEM, "out of memory for %zu chunks", n);
    for (size_t c = 0; c < n; c++)
        manifest->chunks[c].parts = manifest->memory->parts + c * manifest->n_splits;
    return PATINA_OK;
}

/* The files of a chunk.json, in the order in which pt_chunk_to_json writes them. */
static patina_status get_chunk_files(const json_source *from, const pt_manifest *manifest,
                                     const json_t *files, pt_chunk_info *chunk) {
    char name[PT_PART_FILE_NAME_MAX];
    size_t at = 0;

    for (size_t s = 0; s < manifest->n_splits; s++) {
        pt_part_info *part = &chunk->parts[s];
        const char *split = manifest->run_meta.splits[s];
        if (part->n_rows == 0) continue;
        pt_part_chunk_file_name(split, manifest->suffix, PT_PART_ROWS, name);
        PT_TRY(get_file(from, files, &at, name, part->n_rows, &part->rows));
        pt_part_chunk_file_name(split, manifest->suffix, PT_PART_PROVENANCE, name);
        PT_TRY(get_file(from, files, &at, name, part->n_rows, &part->provenance));
    }
    if (chunk->n_rejects > 0)
        PT_TRY(get_file(from, files, &at, PT_REJECTS_FILE, chunk->n_rejects, &chunk->rejects));
    return at == json_array_size(files) ? PATINA_OK
                                        : fail_format(from, "member 'files': too many items");
}

static patina_status parse_chunk(const pt_manifest *manifest, uint64_t number, const char *path,
                                 const char *text, size_t n, pt_chunk_info *chunk,
                                 patina_error *err) {
    const json_source from = {path, err};
    json_t *root = NULL;
    uint64_t given = 0;

    PT_TRY(parse(path, text, n, &root, err));
    patina_status status = get_count(&from, root, "chunk", &given);
    if (status == PATINA_OK && given != number)
        status = fail_format(&from, "belongs to chunk %" PRIu64, given);
    if (status == PATINA_OK) status = get_signal_revision(&from, root, &given);
    if (status == PATINA_OK && given != manifest->run_meta.signal_revision)
        status = fail_format(&from,
                             "signal revision %" PRIu64 ", but the run has signal revision %" PRIu64
                             "; a data set cannot contain rows of both",
                             given, manifest->run_meta.signal_revision);
    if (status == PATINA_OK) status = get_chunk(&from, root, manifest->n_splits, chunk);
    if (status == PATINA_OK)
        status = get_chunk_files(&from, manifest, json_object_get(root, "files"), chunk);
    chunk->retried = json_is_true(json_object_get(root, "retried"));
    chunk->known = status == PATINA_OK;
    json_decref(root);
    return status;
}

patina_status pt_manifest_parse_chunk(pt_manifest *manifest, uint64_t number, const char *path,
                                      const char *text, size_t n, patina_error *err) {
    return parse_chunk(manifest, number, path, text, n, &manifest->chunks[number], err);
}

patina_status pt_manifest_read_chunk(pt_manifest *manifest, uint64_t number, const char *path,
                                     patina_error *err) {
    char *text = NULL;
    size_t n = 0;
    PT_TRY(pt_file_read_all(path, CHUNK_MAX, &text, &n, err));
    const patina_status status = pt_manifest_parse_chunk(manifest, number, path, text, n, err);
    free(text);
    return status;
}

void pt_manifest_number_parts(pt_manifest *manifest) {
    pt_run_counts *counts = &manifest->run_meta.counts;

    *counts = (pt_run_counts){0};
    for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++) {
        const pt_chunk_info *chunk = &manifest->chunks[c];
        for (size_t i = 0; i < PATINA_REJECT_COUNT; i++)
            counts->rejects_by[i] += chunk->rejects_by[i];
        counts->n_rejects += chunk->n_rejects;
        for (size_t s = 0; s < manifest->n_splits; s++) {
            pt_part_info *part = &chunk->parts[s];
            if (part->n_rows == 0) continue;
            part->number = counts->split_parts[s]++;
            counts->split_rows[s] += part->n_rows;
            counts->n_rows += part->n_rows;
            counts->n_parts++;
        }
    }
}

/* ---------------------------------------------------------------- a finished set */

static patina_status get_finished_chunks(const json_source *from, const json_t *root,
                                         pt_manifest *manifest) {
    const json_t *chunks = json_object_get(root, "chunks");

    if (!json_is_array(chunks)) return fail_format(from, "member 'chunks': absent or not a list");
    manifest->run_meta.n_chunks = json_array_size(chunks);
    PT_TRY(pt_manifest_alloc_chunks(manifest, from->err));
    for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++)
        PT_TRY(get_chunk(from, json_array_get(chunks, (size_t)c), manifest->n_splits,
                         &manifest->chunks[c]));
    pt_manifest_number_parts(manifest);
    return PATINA_OK;
}

static patina_status get_part_files(const json_source *from, const json_t *files, size_t *at,
                                    pt_manifest *manifest, pt_part_kind kind) {
    char name[PT_PART_FILE_NAME_MAX];
    for (size_t s = 0; s < manifest->n_splits; s++)
        for (uint64_t c = 0; c < manifest->run_meta.n_chunks; c++) {
            pt_part_info *part = &manifest->chunks[c].parts[s];
            if (part->n_rows == 0) continue;
            pt_part_file_name(manifest, s, part->number, kind, name);
            PT_TRY(get_file(from, files, at, name, part->n_rows,
                            kind == PT_PART_ROWS         ? &part->rows
                            : kind == PT_PART_PROVENANCE ? &part->provenance
                                                         : &part->table));
        }
    return PATINA_OK;
}

static patina_status get_finished_files(const json_source *from, const json_t *root,
                                        pt_manifest *manifest) {
    const json_t *files = json_object_get(root, "files");
    size_t at = 0;

    PT_TRY(get_part_files(from, files, &at, manifest, PT_PART_ROWS));
    PT_TRY(get_part_files(from, files, &at, manifest, PT_PART_PROVENANCE));
    PT_TRY(get_file(from, files, &at, PT_REJECTS_FILE, manifest->run_meta.counts.n_rejects,
                    &manifest->rejects));
    manifest->has_tables = at < json_array_size(files);
    if (manifest->has_tables) PT_TRY(get_part_files(from, files, &at, manifest, PT_PART_TABLE));
    return at == json_array_size(files) ? PATINA_OK
                                        : fail_format(from, "member 'files': too many items");
}

/* The totals, which people and other programs read, equal the sums over the chunks. */
static patina_status check_counts(const json_source *from, const json_t *root,
                                  const pt_manifest *manifest) {
    const pt_run_metadata *run_meta = &manifest->run_meta;
    uint64_t n_rows = 0, n_parts = 0, n_rejects = 0, total = 0, by[PATINA_REJECT_COUNT];

    PT_TRY(get_count(from, root, "rows", &n_rows));
    PT_TRY(get_count(from, root, "parts", &n_parts));
    PT_TRY(get_count(from, root, "rejects", &n_rejects));
    PT_TRY(get_reasons(from, root, "rejects_by_reason", by, &total));
    if (n_rows != run_meta->counts.n_rows || n_parts != run_meta->counts.n_parts ||
        n_rejects != run_meta->counts.n_rejects ||
        memcmp(by, run_meta->counts.rejects_by, sizeof by) != 0)
        return fail_format(from, "the counts differ from those of the chunks");
    for (size_t s = 0; s < manifest->n_splits; s++) {
        const json_t *split = json_object_get(json_object_get(root, "splits"), run_meta->splits[s]);
        PT_TRY(get_count(from, split, "rows", &n_rows));
        PT_TRY(get_count(from, split, "parts", &n_parts));
        if (n_rows != run_meta->counts.split_rows[s] || n_parts != run_meta->counts.split_parts[s])
            return fail_format(from, "the counts of split '%s' differ from those of the chunks",
                               run_meta->splits[s]);
    }
    return PATINA_OK;
}

patina_status pt_manifest_parse_dataset(const char *path, const char *text, size_t n,
                                        pt_manifest *manifest, patina_error *err) {
    const json_source from = {path, err};
    patina_status status = open_manifest(path, text, n, manifest, err);
    const json_t *root = status == PATINA_OK ? manifest->memory->root : NULL;

    if (status == PATINA_OK) status = get_finished_chunks(&from, root, manifest);
    if (status == PATINA_OK) status = get_finished_files(&from, root, manifest);
    if (status == PATINA_OK) status = check_counts(&from, root, manifest);
    if (status == PATINA_OK) manifest->finished = true;
    if (status != PATINA_OK) pt_manifest_release(manifest);
    return status;
}

patina_status pt_manifest_read_dataset(const char *path, pt_manifest *manifest, patina_error *err) {
    return read_manifest_file(path, PT_DATASET_FILE_MAX_BYTES, pt_manifest_parse_dataset, manifest,
                              err);
}

/* ---------------------------------------------------------------- files */

/* Writes a text and reads it back from the file. */
static patina_status write_and_read_back(const char *path, const char *text, char **read,
                                         size_t *n_read, patina_error *err) {
    if (!text) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(pt_atomic_file_write_text(path, text, err));
    return pt_file_read_all(path, PT_DATASET_FILE_MAX_BYTES, read, n_read, err);
}

/* Compares the text of a file with what its content, parsed and formatted again, gives. A failed
 * allocation inside a library can truncate a text without an error. */
static patina_status check_round_trip(const char *path, const char *text, const char *again,
                                      patina_error *err) {
    if (!again) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (strcmp(text, again) == 0) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "file '%s': its content differs from what was written", path);
}

patina_status pt_plan_write(const char *path, const pt_run_metadata *run_meta, patina_error *err) {
    char *text = pt_plan_to_json(run_meta), *read = NULL, *again = NULL;
    pt_manifest manifest = {0};
    size_t n = 0;

    patina_status status = write_and_read_back(path, text, &read, &n, err);
    if (status == PATINA_OK) status = pt_manifest_parse_plan(path, read, n, &manifest, err);
    if (status == PATINA_OK) {
        again = pt_plan_to_json(&manifest.run_meta);
        status = check_round_trip(path, text, again, err);
    }
    pt_manifest_release(&manifest);
    free(text);
    free(read);
    free(again);
    return status;
}

patina_status pt_chunk_write(const char *path, const pt_run_metadata *run_meta, const char *suffix,
                             uint64_t number, const pt_chunk_info *chunk, patina_error *err) {
    char *text = pt_chunk_to_json(run_meta, suffix, number, chunk), *read = NULL, *again = NULL;
    pt_part_info parts[PATINA_SPLITS_MAX] = {{0}};
    pt_chunk_info parsed = {.parts = parts};
    pt_manifest manifest = {.run_meta = *run_meta,
                            .suffix = suffix,
                            .n_splits = pt_run_metadata_count_splits(run_meta)};
    size_t n = 0;

    patina_status status = write_and_read_back(path, text, &read, &n, err);
    if (status == PATINA_OK) status = parse_chunk(&manifest, number, path, read, n, &parsed, err);
    if (status == PATINA_OK) {
        again = pt_chunk_to_json(run_meta, suffix, number, &parsed);
        status = check_round_trip(path, text, again, err);
    }
    free(text);
    free(read);
    free(again);
    return status;
}

patina_status pt_manifest_write(const char *path, const pt_manifest *manifest, patina_error *err) {
    char *text = pt_manifest_to_json(manifest), *read = NULL, *again = NULL;
    pt_manifest parsed = {0};
    size_t n = 0;

    patina_status status = write_and_read_back(path, text, &read, &n, err);
    if (status == PATINA_OK) status = pt_manifest_parse_dataset(path, read, n, &parsed, err);
    if (status == PATINA_OK) {
        again = pt_manifest_to_json(&parsed);
        status = check_round_trip(path, text, again, err);
    }
    pt_manifest_release(&parsed);
    free(text);
    free(read);
    free(again);
    return status;
}
