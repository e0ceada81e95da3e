/* SPDX-License-Identifier: MIT */
/* verify.c - reads every file of a data set and checks it
 *
 *     dataset.json      unchanged since it was written
 *     files             present, with size and hash; nothing else in data/ and provenance/
 *     rows              valid columns and values (pt_row_check)
 *     provenance        one line for each row, with its values; no entry and variant twice
 *     rejects.jsonl     as many lines of each reason as were counted
 *
 * In an unfinished run, the complete chunks are checked.
 */

#include <patina/dataset.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <patina/measure.h>

#include "base/byte_source.h"
#include "base/c_locale.h"
#include "base/error.h"
#include "base/id_set.h"
#include "base/json_load.h"
#include "base/strbuf.h"
#include "dataset/manifest.h"
#include "dataset/output_dir.h"
#include "dataset/part_layout.h"
#include "dataset/part_reader.h"
#include "dataset/rejects.h"

#define FAULTS_PER_FILE_MAX 10

typedef struct verifier {
    char out[PT_OUTPUT_PATH_MAX + 1];
    pt_manifest manifest;
    enum { NEITHER, SOURCE, MIX } loudness; /* member of provenance that target_lufs equals */
    double purity_cap;                      /* of the settings */
    bool with_id;                           /* rows have the column id */
    pt_id_set *rows;                        /* entry and variant of each row */
    char *line;                             /* of the current text file */
    size_t capacity;

    void (*on_fault)(void *context, const char *sentence);
    void *context;
    unsigned n_reported; /* of the current file */
    patina_verify_report *report;
} verifier;

static void report_fault(verifier *c, const char *format, ...) PT_PRINTF(2, 3);

static void report_fault(verifier *c, const char *format, ...) {
    char sentence[1024];
    va_list args;
    c->report->n_faults++;
    if (++c->n_reported > FAULTS_PER_FILE_MAX || !c->on_fault) return;
    va_start(args, format);
    pt_vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    c->on_fault(c->context, sentence);
}

/* A failed call is a fault of the data set, except for a fault of the machine. */
static patina_status report_status(verifier *c, patina_status status, const patina_error *cause,
                                   patina_error *err) {
    if (status == PATINA_ENOMEM || status == PATINA_EIO)
        return pt_fail(err, status, "%s", cause->message);
    if (status != PATINA_OK) report_fault(c, "%s", cause->message);
    return PATINA_OK;
}

/* ---------------------------------------------------------------- bytes */

/* *is_file: it can be read, damaged or not. */
static patina_status check_bytes(verifier *c, const char *path, const pt_file_digest *record,
                                 bool *is_file, patina_error *err) {
    patina_error cause = {0};
    struct stat info;

    c->n_reported = 0;
    PT_TRY(report_status(c, pt_file_check_digest(path, record, &cause), &cause, err));
    PT_TRY(pt_path_find(path, is_file, &info, err));
    *is_file = *is_file && S_ISREG(info.st_mode);
    return PATINA_OK;
}

static patina_status fail_to_open(const char *path, patina_error *err) {
    return pt_fail(err, PATINA_EIO, "file '%s': cannot be opened: %s", path, strerror(errno));
}

/* ---------------------------------------------------------------- rows */

static void check_row(verifier *c, const char *path, uint64_t i, const pt_row *row) {
    patina_error cause = {0};
    if (pt_row_check(row, &cause) != PATINA_OK)
        report_fault(c, "file '%s': row %" PRIu64 ": %s", path, i, cause.message);
    else if ((double)row->input_purity > c->purity_cap)
        report_fault(c,
                     "file '%s': row %" PRIu64
                     ": column 'input_purity': value 0 is %.9g, above the "
                     "purity cap of %g",
                     path, i, (double)row->input_purity, c->purity_cap);
}

/* A number of a provenance line has 17 digits; the column has the nearest float. */
static void check_number_matches(verifier *c, const char *path, uint64_t i, const json_t *line,
                                 const char *member, const char *column, float value) {
    const json_t *number = json_object_get(line, member);
    if (!json_is_number(number))
        report_fault(c, "file '%s': line %" PRIu64 ": member '%s' is not a number", path, i,
                     member);
    else if ((float)json_number_value(number) != value)
        report_fault(c, "file '%s': line %" PRIu64 ": '%s' is %.9g, but %s of the row is %.9g",
                     path, i, member, json_number_value(number), column, (double)value);
}

/* No other row may have the same entry and variant. */
static patina_status check_row_id(verifier *c, const char *path, uint64_t i, const json_t *line,
                                  patina_error *err) {
    const char *entry = json_string_value(json_object_get(line, "entry"));
    const json_t *variant = json_object_get(line, "variant");
    bool repeated = false;
    pt_strbuf key = {0};

    if (!entry || !json_is_integer(variant) || json_integer_value(variant) < 0) {
        report_fault(c, "file '%s': line %" PRIu64 ": no 'entry' or no 'variant'", path, i);
        return PATINA_OK;
    }
    pt_strbuf_printf(&key, "%" JSON_INTEGER_FORMAT " %s", json_integer_value(variant), entry);
    const patina_status status = key.failed ? pt_fail(err, PATINA_ENOMEM, "out of memory")
                                            : pt_id_set_add(c->rows, key.text, &repeated, err);
    pt_strbuf_release(&key);
    if (repeated)
        report_fault(c, "file '%s': line %" PRIu64 ": a second row of entry '%s', variant %" PRId64,
                     path, i, entry, (int64_t)json_integer_value(variant));
    return status;
}

/* The column of ids and provenance agree, and the settings have the column. */
static void check_id(verifier *c, const char *path, uint64_t i, const json_t *line,
                     const char *id) {
    const char *entry = json_string_value(json_object_get(line, "entry"));
    if (c->with_id != (id != NULL))
        report_fault(c, "file '%s': row %" PRIu64 ": its column '" PT_ID_COLUMN "' is %s", path, i,
                     id ? "not in the settings" : "missing");
    else if (id && entry && strcmp(id, entry) != 0)
        report_fault(c, "file '%s': line %" PRIu64 ": 'entry' is '%s', but id of the row is '%s'",
                     path, i, entry, id);
}

/* *line is NULL where the text is not JSON. Lack of memory is not a fault of the file. */
static patina_status parse_json(const char *text, json_t **line, patina_error *err) {
    *line = pt_json_load_text(text, JSON_REJECT_DUPLICATES, NULL);
    return *line || !pt_json_allocation_failed() ? PATINA_OK
                                                 : pt_fail(err, PATINA_ENOMEM, "out of memory");
}

static patina_status check_line(verifier *c, const char *path, uint64_t i, const pt_row *row,
                                const char *id, patina_error *err) {
    json_t *line = NULL;
    patina_status status = parse_json(c->line, &line, err);

    if (status != PATINA_OK) return status;
    if (!json_is_object(line)) {
        report_fault(c, "file '%s': line %" PRIu64 ": not a JSON object", path, i);
    } else {
        status = check_row_id(c, path, i, line, err);
        check_id(c, path, i, line, id);
        check_number_matches(c, path, i, line, "purity_db", "input_purity", row->input_purity);
        if (c->loudness != NEITHER)
            check_number_matches(c, path, i, line, c->loudness == MIX ? "lufs_mono" : "lufs_source",
                                 "target_lufs", row->target_lufs);
    }
    json_decref(line);
    return status;
}

/* *some is false at the end of the file. */
static patina_status next_line(verifier *c, FILE *lines, const char *path, bool *some,
                               patina_error *err) {
    *some = getline(&c->line, &c->capacity, lines) > 0;
    return *some || feof(lines)
               ? PATINA_OK
               : pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", path, strerror(errno));
}

/* Rows and lines in parallel, to the end of the shorter file; numbered from 1, as editors do. */
static patina_status check_pairs(verifier *c, pt_part_reader *part, const char *rows_path,
                                 FILE *lines, const char *lines_path, uint64_t n_expected,
                                 patina_error *err) {
    uint64_t n_rows = 0, n_lines = 0;
    bool some = true;

    for (;;) {
        patina_error cause = {0};
        pt_row row;
        bool end = false;
        const patina_status read = pt_part_reader_next(part, &row, &end, &cause);
        if (read != PATINA_OK) return report_status(c, read, &cause, err);
        if (end) break;
        n_rows++;
        check_row(c, rows_path, n_rows, &row);
        if (some) PT_TRY(next_line(c, lines, lines_path, &some, err));
        if (!some) continue;
        n_lines++;
        PT_TRY(check_line(c, lines_path, n_lines, &row, pt_part_reader_id(part), err));
    }
    for (; some; n_lines += some)
        PT_TRY(next_line(c, lines, lines_path, &some, err));
    if (n_rows != n_expected)
        report_fault(c, "file '%s': has %" PRIu64 " rows instead of %" PRIu64, rows_path, n_rows,
                     n_expected);
    if (n_lines != n_rows)
        report_fault(c, "file '%s': has %" PRIu64 " lines for %" PRIu64 " rows", lines_path,
                     n_lines, n_rows);
    c->report->n_rows += n_rows;
    return PATINA_OK;
}

static void check_metadata(verifier *c, const pt_part_reader *part, const char *path) {
    const pt_run_metadata *run_meta = &c->manifest.run_meta;
    char signal_revision[24];
    snprintf(signal_revision, sizeof signal_revision, "%" PRIu64, run_meta->signal_revision);
    const struct {
        const char *key, *expected;
    } keys[] = {{PT_KEY_VERSION, run_meta->version},
                {PT_KEY_SIGNAL_REVISION, signal_revision},
                {PT_KEY_SETTINGS_HASH, run_meta->settings_hash},
                {PT_KEY_MODEL_HASH, run_meta->model_hash}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = pt_part_reader_find_key_value(part, keys[i].key);
        if (value && strcmp(value, keys[i].expected) != 0)
            report_fault(c, "file '%s': its '%s' is '%.64s', which differs from the data set's",
                         path, keys[i].key, value);
    }
}

static patina_status find_part(const verifier *c, uint64_t chunk, size_t split, pt_part_kind kind,
                               pt_path *path, patina_error *err) {
    return pt_part_file_path(c->out, &c->manifest, chunk, split, kind, path, err);
}

static patina_status check_part(verifier *c, uint64_t chunk, size_t split, patina_error *err) {
    const pt_part_info *record = &c->manifest.chunks[chunk].parts[split];
    pt_path rows, lines, table;
    bool has_rows, has_lines, has_table;
    patina_error cause = {0};
    pt_part_reader *part = NULL;

    c->report->n_parts++;
    PT_TRY(find_part(c, chunk, split, PT_PART_ROWS, &rows, err));
    PT_TRY(find_part(c, chunk, split, PT_PART_PROVENANCE, &lines, err));
    PT_TRY(check_bytes(c, lines.text, &record->provenance, &has_lines, err));
    if (c->manifest.has_tables) {
        PT_TRY(find_part(c, chunk, split, PT_PART_TABLE, &table, err));
        PT_TRY(check_bytes(c, table.text, &record->table, &has_table, err));
    }
    PT_TRY(check_bytes(c, rows.text, &record->rows, &has_rows, err));
    if (!has_rows) return PATINA_OK;
    patina_status status = pt_part_reader_open(rows.text, &part, &cause);
    if (status != PATINA_OK) return report_status(c, status, &cause, err);
    check_metadata(c, part, rows.text);
    FILE *file = fopen(has_lines ? lines.text : "/dev/null", "re");
    if (file)
        status = check_pairs(c, part, rows.text, file, lines.text, record->n_rows, err);
    else
        status = fail_to_open(lines.text, err);
    if (file) fclose(file);
    pt_part_reader_close(&part);
    return status;
}

/* ---------------------------------------------------------------- rejects */

static patina_status count_reject(verifier *c, const char *path, uint64_t i,
                                  uint64_t by[PATINA_REJECT_COUNT], patina_error *err) {
    json_t *line = NULL;
    PT_TRY(parse_json(c->line, &line, err));
    const size_t r = pt_reject_from_name(json_string_value(json_object_get(line, "reason")));

    if (r < PATINA_REJECT_COUNT)
        by[r]++;
    else
        report_fault(c, "file '%s': line %" PRIu64 ": not a reject with a known reason", path, i);
    json_decref(line);
    return PATINA_OK;
}

static patina_status check_rejects(verifier *c, const char *path, const pt_file_digest *record,
                                   const uint64_t expected[PATINA_REJECT_COUNT],
                                   patina_error *err) {
    uint64_t by[PATINA_REJECT_COUNT] = {0}, n = 0;
    bool is_file, some = true;
    PT_TRY(check_bytes(c, path, record, &is_file, err));
    if (!is_file) return PATINA_OK;
    FILE *file = fopen(path, "re");
    if (!file) return fail_to_open(path, err);
    patina_status status = PATINA_OK;
    while (status == PATINA_OK && some) {
        status = next_line(c, file, path, &some, err);
        if (status == PATINA_OK && some) status = count_reject(c, path, ++n, by, err);
    }
    fclose(file);
    if (status != PATINA_OK) return status;
    for (size_t r = 0; r < PATINA_REJECT_COUNT; r++)
        if (by[r] != expected[r])
            report_fault(c, "file '%s': has %" PRIu64 " lines of reason '%s' instead of %" PRIu64,
                         path, by[r], pt_reject_name(r), expected[r]);
    c->report->n_rejects += n;
    return PATINA_OK;
}

/* ---------------------------------------------------------------- the data set */

static patina_status report_unexpected(void *context, const char *path, patina_error *err) {
    (void)err;
    report_fault(context, "file '%s': does not belong to this data set", path);
    return PATINA_OK;
}

/* The loudness of the rows, where the settings name it. */
static patina_status read_settings(verifier *c, patina_error *err) {
    json_t *settings = NULL;
    PT_TRY(parse_json(c->manifest.run_meta.settings_json, &settings, err));
    const char *name = json_string_value(json_object_get(settings, "loudness"));
    c->loudness = NEITHER;
    if (name && strcmp(name, "source") == 0) c->loudness = SOURCE;
    if (name && strcmp(name, "mix") == 0) c->loudness = MIX;
    c->purity_cap = pt_settings_purity_cap(settings);
    c->with_id = pt_settings_have_id(settings);
    json_decref(settings);
    return PATINA_OK;
}

static patina_status check_parts(verifier *c, patina_error *err) {
    for (uint64_t chunk = 0; chunk < c->manifest.run_meta.n_chunks; chunk++)
        for (size_t s = 0; s < c->manifest.n_splits; s++) {
            const pt_chunk_info *record = &c->manifest.chunks[chunk];
            if (record->known && record->parts[s].n_rows > 0) PT_TRY(check_part(c, chunk, s, err));
        }
    return PATINA_OK;
}

/* *usable: dataset.json can be parsed. */
static patina_status check_manifest(verifier *c, bool *usable, patina_error *err) {
    const pt_path file = pt_path_joinf(c->out, PT_DATASET_FILE);
    patina_error cause = {0};
    char *text = NULL;
    size_t n = 0;

    c->n_reported = 0;
    patina_status status =
        pt_file_read_all(file.text, PT_DATASET_FILE_MAX_BYTES, &text, &n, &cause);
    if (status == PATINA_OK && !pt_manifest_json_is_intact(text, n))
        report_fault(c, "file '%s': its content differs from what was written (SHA-256)",
                     file.text);
    if (status == PATINA_OK)
        status = pt_manifest_parse_dataset(file.text, text, n, &c->manifest, &cause);
    free(text);
    *usable = status == PATINA_OK;
    return report_status(c, status, &cause, err);
}

static patina_status check_finished(verifier *c, patina_error *err) {
    const pt_path card = pt_path_joinf(c->out, PT_CARD_FILE),
                  rejects = pt_path_joinf(c->out, PT_REJECTS_FILE);
    bool usable = false, has_card;

    PT_TRY(check_manifest(c, &usable, err));
    if (!usable) return PATINA_OK;
    c->report->n_chunks = c->manifest.run_meta.n_chunks;
    PT_TRY(read_settings(c, err));
    c->n_reported = 0;
    PT_TRY(pt_path_check_exists(card.text, &has_card, err));
    if (!has_card) report_fault(c, "file '%s': not found", card.text);
    const int last_kind = c->manifest.has_tables ? PT_PART_TABLE : PT_PART_PROVENANCE;
    for (int k = PT_PART_ROWS; k <= last_kind; k++) {
        patina_error cause = {0};
        c->n_reported = 0;
        PT_TRY(report_status(c,
                             pt_part_layout_find_unexpected(c->out, &c->manifest, (pt_part_kind)k,
                                                            report_unexpected, c, &cause),
                             &cause, err));
    }
    PT_TRY(check_parts(c, err));
    return check_rejects(c, rejects.text, &c->manifest.rejects,
                         c->manifest.run_meta.counts.rejects_by, err);
}

static patina_status check_chunk_files(verifier *c, uint64_t chunk, patina_error *err) {
    const pt_path folder = pt_chunk_dir_path(c->out, chunk),
                  rejects = pt_path_joinf(folder.text, PT_REJECTS_FILE);
    const pt_chunk_info *record = &c->manifest.chunks[chunk];
    return record->known && record->n_rejects > 0
               ? check_rejects(c, rejects.text, &record->rejects, record->rejects_by, err)
               : PATINA_OK;
}

static patina_status check_chunks(verifier *c, unsigned char *present, patina_error *err) {
    const uint64_t n_chunks = c->manifest.run_meta.n_chunks;
    uint64_t n_present = 0, n_known = 0;

    PT_TRY(pt_chunks_list(c->out, "", n_chunks, present, &n_present, err));
    c->report->n_chunks = n_chunks;
    c->report->n_missing = n_chunks - n_present;
    if (n_present == 0) return PATINA_OK;
    PT_TRY(pt_manifest_alloc_chunks(&c->manifest, err));
    for (uint64_t i = 0; i < n_chunks; i++) {
        patina_error cause = {0};
        if (!present[i]) continue;
        c->n_reported = 0;
        PT_TRY(report_status(c, pt_chunk_read_info(c->out, &c->manifest, i, &cause), &cause, err));
        n_known += c->manifest.chunks[i].known;
    }
    if (n_known == n_chunks) pt_manifest_number_parts(&c->manifest);
    for (uint64_t i = 0; i < n_chunks; i++)
        PT_TRY(check_chunk_files(c, i, err));
    return check_parts(c, err);
}

static patina_status check_unfinished(verifier *c, patina_error *err) {
    const pt_path plan = pt_path_joinf(c->out, PT_PLAN_FILE);
    patina_error cause = {0};

    c->n_reported = 0;
    patina_status status = pt_manifest_read_plan(plan.text, &c->manifest, &cause);
    if (status != PATINA_OK) return report_status(c, status, &cause, err);
    PT_TRY(read_settings(c, err));
    unsigned char *present = calloc((size_t)c->manifest.run_meta.n_chunks + 1, 1);
    status = present ? check_chunks(c, present, err) : pt_fail(err, PATINA_ENOMEM, "out of memory");
    free(present);
    return status;
}

patina_status patina_dataset_verify(const char *out,
                                    void (*on_fault)(void *context, const char *sentence),
                                    void *context, patina_verify_report *report,
                                    patina_error *err) {
    patina_verify_report found = {0};
    verifier c = {.on_fault = on_fault, .context = context, .report = &found};
    pt_output_state state = PT_OUTPUT_EMPTY;

    patina_status status = pt_output_dir_normalize(out, c.out, err);
    if (status == PATINA_OK) status = pt_output_dir_require_run(c.out, false, &state, err);
    if (status == PATINA_OK) status = pt_id_set_open(&c.rows, err);
    if (status != PATINA_OK) return status;

    found.finished = state == PT_OUTPUT_FINISHED;
    status = found.finished ? check_finished(&c, err) : check_unfinished(&c, err);
    if (status == PATINA_OK) *report = found;
    pt_manifest_release(&c.manifest);
    pt_id_set_close(&c.rows);
    free(c.line);
    return status;
}
