/* SPDX-License-Identifier: MIT */
/* ledger.c - plan.json, chunk.json and dataset.json: written and read */

#include "dataset/ledger.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/bytes.h"
#include "base/json_text.h"
#include "base/str.h"
#include "dataset/sink.h"

#define PLAN_MAX  (16U << 20)
#define CHUNK_MAX (1U << 20)
#define DUMP      (JSON_COMPACT | JSON_REAL_PRECISION(17)) /* gives settings back as they came */

/* What the strings of a ledger live in. */
struct pt_ledger_memory {
    json_t *root;
    char *texts[3];
    const char *splits[PT_SPLITS_MAX + 1];
    pt_part_account *parts; /* [n_chunks][n_splits] */
};

/* ---------------------------------------------------------------- names */

const pt_file_account *pt_part_file(const pt_part_account *part, pt_part_kind kind) {
    return kind == PT_PART_ROWS ? &part->rows : &part->provenance;
}

void pt_part_name(const pt_ledger *ledger, size_t split, uint64_t number, pt_part_kind kind,
                  char name[PT_PART_NAME_MAX]) {
    const bool rows = kind == PT_PART_ROWS;
    snprintf(name, PT_PART_NAME_MAX, "%s/%s-%05" PRIu64 "-of-%05" PRIu64 "%s",
             rows ? "data" : "provenance", ledger->facts.splits[split], number,
             ledger->facts.split_parts[split], rows ? ledger->suffix : ".jsonl");
}

void pt_part_name_in_chunk(const char *split, const char *suffix, pt_part_kind kind,
                           char name[PT_PART_NAME_MAX]) {
    const bool rows = kind == PT_PART_ROWS;
    snprintf(name, PT_PART_NAME_MAX, "%s-%s%s", rows ? "rows" : "provenance", split,
             rows ? suffix : ".jsonl");
}

static const char *reason_name(size_t i) {
    return pt_status_name((pt_status)((size_t)PT_REJECT_FIRST + i));
}

/* ---------------------------------------------------------------- writing */

static void add_member(pt_str *out, const char *name) {
    pt_str_printf(out, "  \"%s\": ", name);
}

static void add_string(pt_str *out, const char *name, const char *value) {
    add_member(out, name);
    pt_json_add_string(out, value);
    pt_str_add(out, ",\n");
}

static void add_count(pt_str *out, const char *name, uint64_t value) {
    add_member(out, name);
    pt_str_printf(out, "%" PRIu64 ",\n", value);
}

static void add_object(pt_str *out, const char *name, const char *json) {
    add_member(out, name);
    pt_json_add_indented(out, json, 1);
    pt_str_add(out, ",\n");
}

static void add_identity(pt_str *out, const pt_dataset_facts *facts) {
    add_string(out, "settings_hash", facts->settings_hash);
    add_object(out, "settings", facts->settings_json);
    add_string(out, "corpus_kind", facts->corpus_kind);
    add_string(out, "corpus_hash", facts->corpus_hash);
    add_string(out, "model_hash", facts->model_hash);
    add_object(out, "model", facts->model_json);
    add_string(out, "kernels", facts->kernels);
    add_member(out, "libraries");
    pt_json_add_indented(out, facts->libraries_json, 1);
}

char *pt_plan_json(const pt_dataset_facts *facts) {
    pt_str out = {0};

    pt_str_add(&out, "{\n");
    add_string(&out, "program", "patina");
    add_string(&out, "version", facts->version);
    add_string(&out, "format", facts->format);
    add_count(&out, "entries", facts->n_entries);
    add_count(&out, "chunks", facts->n_chunks);
    add_member(&out, "splits");
    for (size_t i = 0; facts->splits[i]; i++) {
        pt_str_add(&out, i == 0 ? "[" : ", ");
        pt_json_add_string(&out, facts->splits[i]);
    }
    pt_str_add(&out, "],\n");
    add_identity(&out, facts);
    pt_str_add(&out, "\n}\n");
    return pt_str_steal(&out);
}

/* Reasons that occurred: {"missing": 2} */
static void add_reasons(pt_str *out, const uint64_t by[PT_REJECT_COUNT]) {
    const char *between = "";
    pt_str_add(out, "{");
    for (size_t i = 0; i < PT_REJECT_COUNT; i++) {
        if (by[i] == 0) continue;
        pt_str_printf(out, "%s\"%s\": %" PRIu64, between, reason_name(i), by[i]);
        between = ", ";
    }
    pt_str_add(out, "}");
}

/* The members that chunk.json and an item of dataset.json's list have in common. */
static void add_chunk(pt_str *out, const pt_dataset_facts *facts, const pt_chunk_account *chunk) {
    pt_str_printf(out, "\"entries\": %" PRIu64 ", \"rows\": [", chunk->n_entries);
    for (size_t s = 0; facts->splits[s]; s++)
        pt_str_printf(out, "%s%" PRIu64, s ? ", " : "", chunk->parts[s].n_rows);
    pt_str_add(out, "], \"rejects\": ");
    add_reasons(out, chunk->rejects_by);
}

static void add_file(pt_str *out, const char *path, uint64_t n_rows, const pt_file_account *file,
                     const char **between) {
    pt_str_printf(out, "%s\n    {\"path\": ", *between);
    pt_json_add_string(out, path);
    pt_str_printf(out, ", \"rows\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"sha256\": \"%s\"}",
                  n_rows, file->n_bytes, file->sha256);
    *between = ",";
}

char *pt_chunk_json(const pt_dataset_facts *facts, const char *suffix, uint64_t number,
                    const pt_chunk_account *chunk) {
    static const pt_part_kind kinds[] = {PT_PART_ROWS, PT_PART_PROVENANCE};
    const char *between = "";
    char name[PT_PART_NAME_MAX];
    pt_str out = {0};

    pt_str_printf(&out, "{\n  \"chunk\": %" PRIu64 ",\n  \"retried\": %s,\n  ", number,
                  chunk->retried ? "true" : "false");
    add_chunk(&out, facts, chunk);
    pt_str_add(&out, ",\n  \"files\": [");
    for (size_t s = 0; facts->splits[s]; s++)
        for (size_t k = 0; k < 2 && chunk->parts[s].n_rows > 0; k++) {
            pt_part_name_in_chunk(facts->splits[s], suffix, kinds[k], name);
            add_file(&out, name, chunk->parts[s].n_rows, pt_part_file(&chunk->parts[s], kinds[k]),
                     &between);
        }
    if (chunk->n_rejects > 0)
        add_file(&out, "rejects.jsonl", chunk->n_rejects, &chunk->rejects, &between);
    pt_str_add(&out, "\n  ]\n}\n");
    return pt_str_steal(&out);
}

/* Data and provenance of all splits in order, then rejects.jsonl. */
static void add_files(pt_str *out, const pt_ledger *ledger) {
    static const pt_part_kind kinds[] = {PT_PART_ROWS, PT_PART_PROVENANCE};
    const char *between = "";
    char name[PT_PART_NAME_MAX];

    pt_str_add(out, "  \"files\": [");
    for (size_t k = 0; k < 2; k++)
        for (size_t s = 0; s < ledger->n_splits; s++)
            for (uint64_t c = 0; c < ledger->facts.n_chunks; c++) {
                const pt_part_account *part = &ledger->chunks[c].parts[s];
                if (part->n_rows == 0) continue;
                pt_part_name(ledger, s, part->number, kinds[k], name);
                add_file(out, name, part->n_rows, pt_part_file(part, kinds[k]), &between);
            }
    add_file(out, "rejects.jsonl", ledger->facts.n_rejects, &ledger->rejects, &between);
    pt_str_add(out, "\n  ],\n");
}

static void add_counts(pt_str *out, const pt_dataset_facts *facts) {
    add_count(out, "rows", facts->n_rows);
    add_count(out, "parts", facts->n_parts);
    add_member(out, "splits");
    for (size_t s = 0; facts->splits[s]; s++) {
        pt_str_add(out, s == 0 ? "{\n    " : ",\n    ");
        pt_json_add_string(out, facts->splits[s]);
        pt_str_printf(out, ": {\"rows\": %" PRIu64 ", \"parts\": %" PRIu64 "}",
                      facts->split_rows[s], facts->split_parts[s]);
    }
    pt_str_add(out, "\n  },\n");
    add_count(out, "entries", facts->n_entries);
    add_count(out, "rejects", facts->n_rejects);
    add_member(out, "rejects_by_reason");
    for (size_t i = 0; i < PT_REJECT_COUNT; i++)
        pt_str_printf(out, "%s\n    \"%s\": %" PRIu64, i == 0 ? "{" : ",", reason_name(i),
                      facts->rejects_by[i]);
    pt_str_add(out, "\n  },\n");
}

/* The last member is the hash of the text with zeros in the hash's place. */
static const char seal_head[] = "  \"sha256\": \"", seal_tail[] = "\"\n}\n";
#define SEAL_DIGITS (PT_SHA256_HEX - 1)
#define SEAL_END    (SEAL_DIGITS + sizeof seal_tail - 1) /* bytes from the first digit on */

static void hash_unsealed(const char *text, size_t n, char hex[PT_SHA256_HEX]) {
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    _Static_assert(sizeof zeros == PT_SHA256_HEX, "as many as there are digits");
    pt_sha256 hash;
    pt_sha256_init(&hash);
    pt_sha256_add(&hash, text, n - SEAL_END);
    pt_sha256_add(&hash, zeros, SEAL_DIGITS);
    pt_sha256_add(&hash, seal_tail, sizeof seal_tail - 1);
    pt_sha256_finish(&hash, hex);
}

bool pt_dataset_json_is_intact(const char *text, size_t n) {
    const size_t n_head = sizeof seal_head - 1;
    char hex[PT_SHA256_HEX];
    if (n < n_head + SEAL_END) return false;
    const char *digits = text + n - SEAL_END;
    if (memcmp(digits - n_head, seal_head, n_head) != 0) return false;
    if (memcmp(digits + SEAL_DIGITS, seal_tail, sizeof seal_tail - 1) != 0) return false;
    hash_unsealed(text, n, hex);
    return memcmp(digits, hex, SEAL_DIGITS) == 0;
}

char *pt_dataset_json(const pt_ledger *ledger) {
    const pt_dataset_facts *facts = &ledger->facts;
    pt_str out = {0};
    char hex[PT_SHA256_HEX];

    pt_str_add(&out, "{\n");
    add_string(&out, "program", "patina");
    add_string(&out, "version", facts->version);
    add_string(&out, "format", facts->format);
    add_counts(&out, facts);
    add_identity(&out, facts);
    pt_str_add(&out, ",\n  \"chunks\": [");
    for (uint64_t c = 0; c < facts->n_chunks; c++) {
        pt_str_add(&out, c == 0 ? "\n    {" : ",\n    {");
        add_chunk(&out, facts, &ledger->chunks[c]);
        pt_str_add(&out, "}");
    }
    pt_str_add(&out, "\n  ],\n");
    add_files(&out, ledger);
    pt_str_printf(&out, "%s%0*d%s", seal_head, SEAL_DIGITS, 0, seal_tail);
    if (!out.failed) {
        hash_unsealed(out.text, out.length, hex);
        memcpy(out.text + out.length - SEAL_END, hex, SEAL_DIGITS);
    }
    return pt_str_steal(&out);
}

/* ---------------------------------------------------------------- reading */

/* A file that is being read: faults are told with its name. */
typedef struct source {
    const char *path;
    pt_error *err;
} source;

static pt_status wrong(const source *from, const char *format, ...) PT_PRINTF(2, 3);

static pt_status wrong(const source *from, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return pt_fail(from->err, PT_EFORMAT, "file '%s': %s", from->path, text);
}

static pt_status get_count(const source *from, const json_t *object, const char *name,
                           uint64_t *value) {
    const json_t *member = json_object_get(object, name);
    if (!json_is_integer(member) || json_integer_value(member) < 0)
        return wrong(from, "member '%s': absent or not a count", name);
    *value = (uint64_t)json_integer_value(member);
    return PT_OK;
}

static pt_status get_string(const source *from, const json_t *object, const char *name,
                            const char **value) {
    *value = json_string_value(json_object_get(object, name));
    return *value ? PT_OK : wrong(from, "member '%s': absent or not a string", name);
}

/* An object as text; *text is the caller's. */
static pt_status get_object(const source *from, const json_t *root, const char *name, char **text) {
    const json_t *member = json_object_get(root, name);
    if (!json_is_object(member)) return wrong(from, "member '%s': absent or not an object", name);
    *text = json_dumps(member, DUMP);
    return *text ? PT_OK : pt_fail(from->err, PT_ENOMEM, "out of memory");
}

static pt_status get_reasons(const source *from, const json_t *object, const char *name,
                             uint64_t by[PT_REJECT_COUNT], uint64_t *total) {
    const json_t *reasons = json_object_get(object, name);
    size_t n_known = 0;

    if (!json_is_object(reasons)) return wrong(from, "member '%s': absent or not an object", name);
    *total = 0;
    for (size_t i = 0; i < PT_REJECT_COUNT; i++) {
        by[i] = 0;
        if (!json_object_get(reasons, reason_name(i))) continue;
        PT_TRY(get_count(from, reasons, reason_name(i), &by[i]));
        *total += by[i];
        n_known++;
    }
    if (n_known != json_object_size(reasons))
        return wrong(from, "member '%s': a reason that this version does not know", name);
    return PT_OK;
}

static bool is_sha256(const char *text) {
    return strlen(text) == SEAL_DIGITS && strspn(text, "0123456789abcdef") == SEAL_DIGITS;
}

/* An item of "files", which must be the one that is expected. */
static pt_status get_file(const source *from, const json_t *files, size_t *at, const char *path,
                          uint64_t n_rows, pt_file_account *file) {
    const json_t *item = json_array_get(files, (*at)++);
    const char *named = json_string_value(json_object_get(item, "path"));
    const char *sha256 = json_string_value(json_object_get(item, "sha256"));
    uint64_t rows = 0;

    if (!named || strcmp(named, path) != 0)
        return wrong(from, "member 'files': '%s' is not where the chunks want it", path);
    PT_TRY(get_count(from, item, "rows", &rows));
    PT_TRY(get_count(from, item, "bytes", &file->n_bytes));
    if (rows != n_rows)
        return wrong(from, "member 'files': '%s' has %" PRIu64 " rows, and the chunks say %" PRIu64,
                     path, rows, n_rows);
    if (!sha256 || !is_sha256(sha256))
        return wrong(from, "member 'files': '%s' has no SHA-256", path);
    memcpy(file->sha256, sha256, PT_SHA256_HEX);
    return PT_OK;
}

static pt_status get_chunk(const source *from, const json_t *object, size_t n_splits,
                           pt_chunk_account *chunk) {
    const json_t *rows = json_object_get(object, "rows");

    PT_TRY(get_count(from, object, "entries", &chunk->n_entries));
    PT_TRY(get_reasons(from, object, "rejects", chunk->rejects_by, &chunk->n_rejects));
    if (!json_is_array(rows) || json_array_size(rows) != n_splits)
        return wrong(from, "member 'rows': not a list of %zu counts", n_splits);
    for (size_t s = 0; s < n_splits; s++) {
        const json_t *count = json_array_get(rows, s);
        if (!json_is_integer(count) || json_integer_value(count) < 0)
            return wrong(from, "member 'rows': not a list of counts");
        chunk->parts[s].n_rows = (uint64_t)json_integer_value(count);
    }
    chunk->known = true;
    return PT_OK;
}

static pt_status parse(const char *path, const char *text, size_t n, json_t **root, pt_error *err) {
    json_error_t fault;
    *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &fault);
    if (*root && json_is_object(*root)) return PT_OK;
    json_decref(*root);
    *root = NULL;
    return pt_fail(err, PT_EFORMAT, "file '%s': cannot be read as one of patina's", path);
}

static bool is_split_name(const char *name) {
    const size_t n = strlen(name);
    return n > 0 && n <= PT_SPLIT_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == n;
}

/* The names of plan.json's list, or the members of dataset.json's object in their order. */
static pt_status get_splits(const source *from, json_t *root, pt_ledger *ledger) {
    json_t *splits = json_object_get(root, "splits"), *value;
    const char *const *known = ledger->memory->splits;
    const char *name;
    size_t n = 0, i;

    if (json_is_array(splits)) {
        json_array_foreach(splits, i, value) {
            if (i < PT_SPLITS_MAX) ledger->memory->splits[i] = json_string_value(value);
            n++;
        }
    } else {
        json_object_foreach(splits, name, value) {
            if (n < PT_SPLITS_MAX) ledger->memory->splits[n] = name;
            n++;
        }
    }
    if (n == 0 || n > PT_SPLITS_MAX) return wrong(from, "member 'splits': not 1 to 16 of them");
    for (i = 0; i < n; i++)
        if (!known[i] || !is_split_name(known[i]))
            return wrong(from, "member 'splits': a name that is none");
    ledger->facts.splits = known;
    ledger->n_splits = n;
    return PT_OK;
}

static pt_status get_suffix(const source *from, pt_ledger *ledger) {
    for (const pt_sink_kind *const *kind = pt_sink_kinds; *kind; kind++)
        if (strcmp((*kind)->name, ledger->facts.format) == 0) ledger->suffix = (*kind)->suffix;
    return ledger->suffix ? PT_OK : wrong(from, "member 'format': an unknown one");
}

/* What plan.json and dataset.json have in common. */
static pt_status get_facts(const source *from, json_t *root, pt_ledger *ledger) {
    pt_dataset_facts *facts = &ledger->facts;
    char **texts = ledger->memory->texts;

    PT_TRY(get_string(from, root, "version", &facts->version));
    PT_TRY(get_string(from, root, "format", &facts->format));
    PT_TRY(get_suffix(from, ledger));
    PT_TRY(get_count(from, root, "entries", &facts->n_entries));
    PT_TRY(get_splits(from, root, ledger));
    PT_TRY(get_string(from, root, "settings_hash", &facts->settings_hash));
    PT_TRY(get_object(from, root, "settings", &texts[0]));
    PT_TRY(get_string(from, root, "corpus_kind", &facts->corpus_kind));
    PT_TRY(get_string(from, root, "corpus_hash", &facts->corpus_hash));
    PT_TRY(get_string(from, root, "model_hash", &facts->model_hash));
    PT_TRY(get_object(from, root, "model", &texts[1]));
    PT_TRY(get_string(from, root, "kernels", &facts->kernels));
    PT_TRY(get_object(from, root, "libraries", &texts[2]));
    facts->settings_json = texts[0];
    facts->model_json = texts[1];
    facts->libraries_json = texts[2];
    facts->model_untrained =
        json_is_true(json_object_get(json_object_get(root, "model"), "untrained"));
    return PT_OK;
}

static pt_status open_ledger(const char *path, const char *text, size_t n, pt_ledger *ledger,
                             pt_error *err) {
    *ledger = (pt_ledger){0};
    ledger->memory = calloc(1, sizeof *ledger->memory);
    if (!ledger->memory) return pt_fail(err, PT_ENOMEM, "out of memory");
    PT_TRY(parse(path, text, n, &ledger->memory->root, err));
    const source from = {path, err};
    return get_facts(&from, ledger->memory->root, ledger);
}

pt_status pt_ledger_parse_plan(const char *path, const char *text, size_t n, pt_ledger *ledger,
                               pt_error *err) {
    const source from = {path, err};
    pt_status status = open_ledger(path, text, n, ledger, err);
    if (status == PT_OK)
        status = get_count(&from, ledger->memory->root, "chunks", &ledger->facts.n_chunks);
    if (status == PT_OK && ledger->facts.n_chunks > PT_CHUNKS_MAX)
        status = wrong(&from, "member 'chunks': more than there can be");
    if (status != PT_OK) pt_ledger_release(ledger);
    return status;
}

typedef pt_status (*ledger_parser)(const char *path, const char *text, size_t n, pt_ledger *ledger,
                                   pt_error *err);

static pt_status read_ledger(const char *path, size_t max_bytes, ledger_parser parser,
                             pt_ledger *ledger, pt_error *err) {
    char *text = NULL;
    size_t n = 0;
    *ledger = (pt_ledger){0};
    PT_TRY(pt_file_read_all(path, max_bytes, &text, &n, err));
    const pt_status status = parser(path, text, n, ledger, err);
    free(text);
    return status;
}

pt_status pt_ledger_read_plan(const char *path, pt_ledger *ledger, pt_error *err) {
    return read_ledger(path, PLAN_MAX, pt_ledger_parse_plan, ledger, err);
}

void pt_ledger_release(pt_ledger *ledger) {
    struct pt_ledger_memory *memory = ledger->memory;
    if (memory) {
        for (size_t i = 0; i < sizeof memory->texts / sizeof *memory->texts; i++)
            free(memory->texts[i]);
        json_decref(memory->root);
        free(memory->parts);
        free(memory);
    }
    free(ledger->chunks);
    *ledger = (pt_ledger){0};
}

pt_status pt_ledger_make_room(pt_ledger *ledger, pt_error *err) {
    const size_t n = (size_t)ledger->facts.n_chunks, n_room = n ? n : 1;
    ledger->chunks = calloc(n_room, sizeof *ledger->chunks);
    ledger->memory->parts = calloc(n_room * ledger->n_splits, sizeof *ledger->memory->parts);
    if (!ledger->chunks || !ledger->memory->parts)
        return pt_fail(err, PT_ENOMEM, "out of memory for %zu chunks", n);
    for (size_t c = 0; c < n; c++)
        ledger->chunks[c].parts = ledger->memory->parts + c * ledger->n_splits;
    return PT_OK;
}

/* The files of a chunk.json, in the order in which pt_chunk_json writes them. */
static pt_status get_chunk_files(const source *from, const pt_ledger *ledger, const json_t *files,
                                 pt_chunk_account *chunk) {
    char name[PT_PART_NAME_MAX];
    size_t at = 0;

    for (size_t s = 0; s < ledger->n_splits; s++) {
        pt_part_account *part = &chunk->parts[s];
        const char *split = ledger->facts.splits[s];
        if (part->n_rows == 0) continue;
        pt_part_name_in_chunk(split, ledger->suffix, PT_PART_ROWS, name);
        PT_TRY(get_file(from, files, &at, name, part->n_rows, &part->rows));
        pt_part_name_in_chunk(split, ledger->suffix, PT_PART_PROVENANCE, name);
        PT_TRY(get_file(from, files, &at, name, part->n_rows, &part->provenance));
    }
    if (chunk->n_rejects > 0)
        PT_TRY(get_file(from, files, &at, "rejects.jsonl", chunk->n_rejects, &chunk->rejects));
    return at == json_array_size(files) ? PT_OK : wrong(from, "member 'files': too many");
}

pt_status pt_ledger_parse_chunk(pt_ledger *ledger, uint64_t number, const char *path,
                                const char *text, size_t n, pt_error *err) {
    const source from = {path, err};
    pt_chunk_account *chunk = &ledger->chunks[number];
    json_t *root = NULL;
    uint64_t given = 0;

    PT_TRY(parse(path, text, n, &root, err));
    pt_status status = get_count(&from, root, "chunk", &given);
    if (status == PT_OK && given != number) status = wrong(&from, "is of chunk %" PRIu64, given);
    if (status == PT_OK) status = get_chunk(&from, root, ledger->n_splits, chunk);
    if (status == PT_OK)
        status = get_chunk_files(&from, ledger, json_object_get(root, "files"), chunk);
    chunk->retried = json_is_true(json_object_get(root, "retried"));
    chunk->known = status == PT_OK;
    json_decref(root);
    return status;
}

pt_status pt_ledger_read_chunk(pt_ledger *ledger, uint64_t number, const char *path,
                               pt_error *err) {
    char *text = NULL;
    size_t n = 0;
    PT_TRY(pt_file_read_all(path, CHUNK_MAX, &text, &n, err));
    const pt_status status = pt_ledger_parse_chunk(ledger, number, path, text, n, err);
    free(text);
    return status;
}

void pt_ledger_number(pt_ledger *ledger) {
    pt_dataset_facts *facts = &ledger->facts;

    facts->n_rows = facts->n_parts = facts->n_rejects = 0;
    memset(facts->split_rows, 0, sizeof facts->split_rows);
    memset(facts->split_parts, 0, sizeof facts->split_parts);
    memset(facts->rejects_by, 0, sizeof facts->rejects_by);
    for (uint64_t c = 0; c < facts->n_chunks; c++) {
        const pt_chunk_account *chunk = &ledger->chunks[c];
        for (size_t i = 0; i < PT_REJECT_COUNT; i++)
            facts->rejects_by[i] += chunk->rejects_by[i];
        facts->n_rejects += chunk->n_rejects;
        for (size_t s = 0; s < ledger->n_splits; s++) {
            pt_part_account *part = &chunk->parts[s];
            if (part->n_rows == 0) continue;
            part->number = facts->split_parts[s]++;
            facts->split_rows[s] += part->n_rows;
            facts->n_rows += part->n_rows;
            facts->n_parts++;
        }
    }
}

/* ---------------------------------------------------------------- a finished set */

static pt_status get_finished_chunks(const source *from, const json_t *root, pt_ledger *ledger) {
    const json_t *chunks = json_object_get(root, "chunks");

    if (!json_is_array(chunks)) return wrong(from, "member 'chunks': absent or not a list");
    ledger->facts.n_chunks = json_array_size(chunks);
    PT_TRY(pt_ledger_make_room(ledger, from->err));
    for (uint64_t c = 0; c < ledger->facts.n_chunks; c++)
        PT_TRY(get_chunk(from, json_array_get(chunks, (size_t)c), ledger->n_splits,
                         &ledger->chunks[c]));
    pt_ledger_number(ledger);
    return PT_OK;
}

static pt_status get_finished_files(const source *from, const json_t *root, pt_ledger *ledger) {
    const json_t *files = json_object_get(root, "files");
    char name[PT_PART_NAME_MAX];
    size_t at = 0;

    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++)
        for (size_t s = 0; s < ledger->n_splits; s++)
            for (uint64_t c = 0; c < ledger->facts.n_chunks; c++) {
                pt_part_account *part = &ledger->chunks[c].parts[s];
                if (part->n_rows == 0) continue;
                pt_part_name(ledger, s, part->number, (pt_part_kind)k, name);
                PT_TRY(get_file(from, files, &at, name, part->n_rows,
                                k == PT_PART_ROWS ? &part->rows : &part->provenance));
            }
    PT_TRY(get_file(from, files, &at, "rejects.jsonl", ledger->facts.n_rejects, &ledger->rejects));
    return at == json_array_size(files) ? PT_OK : wrong(from, "member 'files': too many");
}

/* What people and other programs read says the same as the chunks. */
static pt_status check_counts(const source *from, const json_t *root, const pt_ledger *ledger) {
    const pt_dataset_facts *facts = &ledger->facts;
    uint64_t n_rows = 0, n_parts = 0, n_rejects = 0, total = 0, by[PT_REJECT_COUNT];

    PT_TRY(get_count(from, root, "rows", &n_rows));
    PT_TRY(get_count(from, root, "parts", &n_parts));
    PT_TRY(get_count(from, root, "rejects", &n_rejects));
    PT_TRY(get_reasons(from, root, "rejects_by_reason", by, &total));
    if (n_rows != facts->n_rows || n_parts != facts->n_parts || n_rejects != facts->n_rejects ||
        memcmp(by, facts->rejects_by, sizeof by) != 0)
        return wrong(from, "its counts and its chunks do not agree");
    for (size_t s = 0; s < ledger->n_splits; s++) {
        const json_t *split = json_object_get(json_object_get(root, "splits"), facts->splits[s]);
        PT_TRY(get_count(from, split, "rows", &n_rows));
        PT_TRY(get_count(from, split, "parts", &n_parts));
        if (n_rows != facts->split_rows[s] || n_parts != facts->split_parts[s])
            return wrong(from, "split '%s' and the chunks do not agree", facts->splits[s]);
    }
    return PT_OK;
}

pt_status pt_ledger_parse_finished(const char *path, const char *text, size_t n, pt_ledger *ledger,
                                   pt_error *err) {
    const source from = {path, err};
    pt_status status = open_ledger(path, text, n, ledger, err);
    const json_t *root = status == PT_OK ? ledger->memory->root : NULL;

    if (status == PT_OK) status = get_finished_chunks(&from, root, ledger);
    if (status == PT_OK) status = get_finished_files(&from, root, ledger);
    if (status == PT_OK) status = check_counts(&from, root, ledger);
    if (status == PT_OK) ledger->finished = true;
    if (status != PT_OK) pt_ledger_release(ledger);
    return status;
}

pt_status pt_ledger_read_finished(const char *path, pt_ledger *ledger, pt_error *err) {
    return read_ledger(path, PT_FINISHED_BYTES, pt_ledger_parse_finished, ledger, err);
}

/* ---------------------------------------------------------------- comparing */

/* The first member of the settings that differs; NULL if none does. */
static const char *setting_that_differs(json_t *theirs, json_t *ours) {
    const char *key;
    json_t *value;
    json_object_foreach(ours, key, value) {
        if (!json_equal(value, json_object_get(theirs, key))) return key;
    }
    json_object_foreach(theirs, key, value) {
        if (!json_object_get(ours, key)) return key;
    }
    return NULL;
}

static void compare_members(json_t *theirs, json_t *ours, char *difference, size_t n) {
    static const struct {
        const char *member, *words;
    } others[] = {{"corpus_hash", "another corpus"}, {"entries", "another corpus"},
                  {"model_hash", "another model"},   {"version", "another version of the program"},
                  {"format", "another format"},      {"chunks", "another number of chunks"},
                  {"splits", "other splits"}};
    const char *setting = setting_that_differs(json_object_get(theirs, "settings"),
                                               json_object_get(ours, "settings"));
    const char *kernels = json_string_value(json_object_get(theirs, "kernels"));

    if (setting) {
        snprintf(difference, n, "another setting '%s'", setting);
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!json_equal(json_object_get(theirs, others[i].member),
                        json_object_get(ours, others[i].member))) {
            snprintf(difference, n, "%s", others[i].words);
            return;
        }
    if (!json_equal(json_object_get(theirs, "kernels"), json_object_get(ours, "kernels")))
        snprintf(difference, n, "another instruction set, which '--isa %s' asks for",
                 kernels ? kernels : "?");
    else if (!json_equal(json_object_get(theirs, "libraries"), json_object_get(ours, "libraries")))
        snprintf(difference, n, "another version of a library");
}

void pt_facts_compare(const pt_dataset_facts *theirs, const pt_dataset_facts *ours,
                      char *difference, size_t n) {
    char *a = pt_plan_json(theirs), *b = pt_plan_json(ours);
    json_t *their_plan = a ? json_loads(a, 0, NULL) : NULL;
    json_t *our_plan = b ? json_loads(b, 0, NULL) : NULL;

    difference[0] = '\0';
    if (their_plan && our_plan)
        compare_members(their_plan, our_plan, difference, n);
    else
        snprintf(difference, n, "a plan that cannot be read");
    json_decref(their_plan);
    json_decref(our_plan);
    free(a);
    free(b);
}
