/* SPDX-License-Identifier: MIT */
/* verify.c - everything that a data set says is read again
 *
 *     dataset.json      is as it was written
 *     files             each there, with its size and hash; nothing else in data/ and provenance/
 *     rows              of five columns, within their ranges
 *     provenance        a line a row, which tells of that row; no entry and variant twice
 *     rejects.jsonl     as many of each reason as are counted
 *
 * Of a run that is not finished, the chunks that are there.
 */

#include <patina/dataset.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <patina/measure.h>

#include "base/bytes.h"
#include "base/c_locale.h"
#include "base/id_set.h"
#include "base/str.h"
#include "dataset/arrange.h"
#include "dataset/ledger.h"
#include "dataset/part.h"
#include "dataset/workplace.h"

#define FAULTS_A_FILE 10
#define BLOCK         (1U << 20)

/* Each half of fused_state is x / |x|, with |x| rounded to float and each quotient too: its length
 * is off by at most two roundings, 2 * 2^-24. Twice that, for what adding up 512 squares costs
 * here. */
#define LENGTH_TOLERANCE 0x1p-22

/* Of a square wave the root of the mean square may come out a rounding above the peak: n samples
 * add up to within n * 2^-53, which is 5e-10 dB for ten seconds. */
#define CREST_MIN_DB (-1e-6F)

typedef struct check {
    char out[PT_OUT_MAX + 1];
    pt_ledger ledger;
    enum { NEITHER, SOURCE, MIX } loudness; /* which member of provenance target_lufs is */
    pt_id_set *rows;                        /* entry and variant of each */
    unsigned char *block;                   /* [BLOCK] */
    char *line;                             /* of a text file */
    size_t capacity;

    void (*on_fault)(void *context, const char *sentence);
    void *context;
    unsigned n_told; /* of the file at hand */
    pt_dataset_verified *report;
} check;

static void fault(check *c, const char *format, ...) PT_PRINTF(2, 3);

static void fault(check *c, const char *format, ...) {
    char sentence[1024];
    va_list args;
    c->report->n_faults++;
    if (++c->n_told > FAULTS_A_FILE || !c->on_fault) return;
    va_start(args, format);
    pt_vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    c->on_fault(c->context, sentence);
}

/* A call that failed tells of the data set, unless memory ran out. */
static pt_status fault_of(check *c, pt_status status, const pt_error *said, pt_error *err) {
    if (status == PT_ENOMEM) return pt_fail(err, status, "%s", said->message);
    if (status != PT_OK) fault(c, "%s", said->message);
    return PT_OK;
}

/* ---------------------------------------------------------------- bytes */

/* Whether the file is there, whatever it holds. */
static bool check_bytes(check *c, const char *path, const pt_file_account *account) {
    pt_error said = {0};
    pt_bytes bytes = {0};
    pt_sha256 hash;
    char hex[PT_SHA256_HEX];

    c->n_told = 0;
    if (pt_bytes_open_file(path, &bytes, &said) != PT_OK) {
        fault(c, "%s", said.message);
        return false;
    }
    pt_sha256_init(&hash);
    int64_t n = 1;
    for (uint64_t at = 0; n > 0; at += (uint64_t)n) {
        n = pt_bytes_read_at(&bytes, at, c->block, BLOCK);
        if (n > 0) pt_sha256_add(&hash, c->block, (size_t)n);
    }
    pt_sha256_finish(&hash, hex);
    if (n < 0)
        fault(c, "file '%s': cannot be read: %s", path, strerror(errno));
    else if (bytes.size != account->n_bytes)
        fault(c, "file '%s': has %" PRIu64 " bytes, and %" PRIu64 " were written", path, bytes.size,
              account->n_bytes);
    else if (strcmp(hex, account->sha256) != 0)
        fault(c, "file '%s': its bytes are not those that were written (SHA-256)", path);
    pt_bytes_release(&bytes);
    return n >= 0;
}

/* ---------------------------------------------------------------- rows */

static double length_of(const float values[PT_EMBEDDING]) {
    double power = 0.0;
    for (size_t i = 0; i < PT_EMBEDDING; i++)
        power += (double)values[i] * (double)values[i];
    return sqrt(power);
}

static void check_row(check *c, const char *path, uint64_t i, const pt_row *row) {
    static const char *const halves[] = {"the caption", "the audio"};
    for (size_t h = 0; h < 2; h++) {
        const double length = length_of(row->fused_state + h * PT_EMBEDDING);
        if (!(fabs(length - 1.0) <= LENGTH_TOLERANCE))
            fault(c, "file '%s': row %" PRIu64 ": fused_state: the embedding of %s has length %.9g",
                  path, i, halves[h], length);
    }
    for (size_t b = 0; b < PT_LTAS_BANDS; b++)
        if (!(row->target_ltas[b] >= (float)PT_LTAS_FLOOR)) {
            fault(c, "file '%s': row %" PRIu64 ": target_ltas: band %zu has %.9g", path, i, b,
                  (double)row->target_ltas[b]);
            break;
        }
    if (!(row->target_lufs >= (float)PT_LUFS_FLOOR))
        fault(c, "file '%s': row %" PRIu64 ": target_lufs is %.9g", path, i,
              (double)row->target_lufs);
    if (!(row->target_dyn[0] >= CREST_MIN_DB))
        fault(c, "file '%s': row %" PRIu64 ": target_dyn: a crest factor of %.9g dB", path, i,
              (double)row->target_dyn[0]);
    if (!(row->target_dyn[1] >= 0.0F && row->target_dyn[1] <= 1.0F))
        fault(c, "file '%s': row %" PRIu64 ": target_dyn: a zero-crossing rate of %.9g", path, i,
              (double)row->target_dyn[1]);
    if (!(row->input_purity >= (float)PT_PURITY_MIN && row->input_purity <= (float)PT_PURITY_MAX))
        fault(c, "file '%s': row %" PRIu64 ": input_purity is %.9g", path, i,
              (double)row->input_purity);
}

/* A number of a provenance line has 17 digits, the column is the float nearest to it. */
static void check_twin(check *c, const char *path, uint64_t i, const json_t *line,
                       const char *member, const char *column, float value) {
    const json_t *number = json_object_get(line, member);
    if (!json_is_number(number))
        fault(c, "file '%s': line %" PRIu64 ": no number '%s'", path, i, member);
    else if ((float)json_number_value(number) != value)
        fault(c, "file '%s': line %" PRIu64 ": '%s' is %.9g, and %s of the row is %.9g", path, i,
              member, json_number_value(number), column, (double)value);
}

/* The row that the line tells of must not have been met before. */
static pt_status check_name(check *c, const char *path, uint64_t i, const json_t *line,
                            pt_error *err) {
    const char *entry = json_string_value(json_object_get(line, "entry"));
    const json_t *variant = json_object_get(line, "variant");
    bool repeated = false;
    pt_str key = {0};

    if (!entry || !json_is_integer(variant) || json_integer_value(variant) < 0) {
        fault(c, "file '%s': line %" PRIu64 ": no 'entry' or no 'variant'", path, i);
        return PT_OK;
    }
    pt_str_printf(&key, "%" JSON_INTEGER_FORMAT " %s", json_integer_value(variant), entry);
    const pt_status status = key.failed ? pt_fail(err, PT_ENOMEM, "out of memory")
                                        : pt_id_set_add(c->rows, key.text, &repeated, err);
    pt_str_release(&key);
    if (repeated)
        fault(c, "file '%s': line %" PRIu64 ": a second row of entry '%s', variant %" PRId64, path,
              i, entry, (int64_t)json_integer_value(variant));
    return status;
}

static pt_status check_line(check *c, const char *path, uint64_t i, const pt_row *row,
                            pt_error *err) {
    json_t *line = json_loads(c->line, JSON_REJECT_DUPLICATES, NULL);
    pt_status status = PT_OK;

    if (!json_is_object(line)) {
        fault(c, "file '%s': line %" PRIu64 ": not a JSON object", path, i);
    } else {
        status = check_name(c, path, i, line, err);
        check_twin(c, path, i, line, "purity_db", "input_purity", row->input_purity);
        if (c->loudness != NEITHER)
            check_twin(c, path, i, line, c->loudness == MIX ? "lufs_mono" : "lufs_source",
                       "target_lufs", row->target_lufs);
    }
    json_decref(line);
    return status;
}

static bool next_line(check *c, FILE *lines) {
    return getline(&c->line, &c->capacity, lines) > 0;
}

/* Rows and lines side by side, to the end of the shorter. Counted from 1, as editors do. */
static pt_status check_pairs(check *c, pt_part *part, const char *rows_path, FILE *lines,
                             const char *lines_path, uint64_t n_expected, pt_error *err) {
    uint64_t n_rows = 0, n_lines = 0;
    pt_status status = PT_OK;

    for (;;) {
        pt_error said = {0};
        pt_row row;
        bool end = false;
        const pt_status read = pt_part_next(part, &row, &end, &said);
        if (read != PT_OK) return fault_of(c, read, &said, err);
        if (end) break;
        n_rows++;
        check_row(c, rows_path, n_rows, &row);
        if (!next_line(c, lines)) continue;
        n_lines++;
        status = check_line(c, lines_path, n_lines, &row, err);
        if (status != PT_OK) return status;
    }
    while (next_line(c, lines))
        n_lines++;
    if (n_rows != n_expected)
        fault(c, "file '%s': has %" PRIu64 " rows, and %" PRIu64 " were written", rows_path, n_rows,
              n_expected);
    if (n_lines != n_rows)
        fault(c, "file '%s': has %" PRIu64 " lines for %" PRIu64 " rows", lines_path, n_lines,
              n_rows);
    c->report->n_rows += n_rows;
    return PT_OK;
}

static void check_metadata(check *c, const pt_part *part, const char *path) {
    const pt_dataset_facts *facts = &c->ledger.facts;
    const struct {
        const char *key, *expected;
    } keys[] = {{PT_KEY_VERSION, facts->version},
                {PT_KEY_SETTINGS_HASH, facts->settings_hash},
                {PT_KEY_MODEL_HASH, facts->model_hash}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = pt_part_metadata(part, keys[i].key);
        if (value && strcmp(value, keys[i].expected) != 0)
            fault(c, "file '%s': its '%s' is '%.64s', and not that of the data set", path,
                  keys[i].key, value);
    }
}

static pt_status check_part(check *c, uint64_t chunk, size_t split, pt_error *err) {
    const pt_part_account *account = &c->ledger.chunks[chunk].parts[split];
    const pt_path rows = pt_part_place(c->out, &c->ledger, chunk, split, PT_PART_ROWS),
                  lines = pt_part_place(c->out, &c->ledger, chunk, split, PT_PART_PROVENANCE);
    pt_error said = {0};
    pt_part *part = NULL;

    c->report->n_parts++;
    const bool has_lines = check_bytes(c, lines.text, &account->provenance);
    if (!check_bytes(c, rows.text, &account->rows)) return PT_OK;
    pt_status status = pt_part_open(rows.text, &part, &said);
    if (status != PT_OK) return fault_of(c, status, &said, err);
    check_metadata(c, part, rows.text);
    FILE *file = fopen(has_lines ? lines.text : "/dev/null", "re");
    if (file)
        status = check_pairs(c, part, rows.text, file, lines.text, account->n_rows, err);
    else
        fault(c, "file '%s': cannot be opened: %s", lines.text, strerror(errno));
    if (file) fclose(file);
    pt_part_close(&part);
    return status;
}

/* ---------------------------------------------------------------- rejects */

static void count_reject(check *c, const char *path, uint64_t i, uint64_t by[PT_REJECT_COUNT]) {
    json_t *line = json_loads(c->line, JSON_REJECT_DUPLICATES, NULL);
    const char *reason = json_string_value(json_object_get(line, "reason"));
    size_t r = 0;

    while (reason && r < PT_REJECT_COUNT &&
           strcmp(reason, pt_status_name((pt_status)((size_t)PT_REJECT_FIRST + r))) != 0)
        r++;
    if (reason && r < PT_REJECT_COUNT)
        by[r]++;
    else
        fault(c, "file '%s': line %" PRIu64 ": not a reject with a reason that is known", path, i);
    json_decref(line);
}

static void check_rejects(check *c, const char *path, const pt_file_account *account,
                          const uint64_t expected[PT_REJECT_COUNT]) {
    uint64_t by[PT_REJECT_COUNT] = {0}, n = 0;
    if (!check_bytes(c, path, account)) return;
    FILE *file = fopen(path, "re");
    if (!file) {
        fault(c, "file '%s': cannot be opened: %s", path, strerror(errno));
        return;
    }
    while (next_line(c, file))
        count_reject(c, path, ++n, by);
    fclose(file);
    for (size_t r = 0; r < PT_REJECT_COUNT; r++)
        if (by[r] != expected[r])
            fault(c, "file '%s': %" PRIu64 " lines of reason '%s', and %" PRIu64 " were written",
                  path, by[r], pt_status_name((pt_status)((size_t)PT_REJECT_FIRST + r)),
                  expected[r]);
    c->report->n_rejects += n;
}

/* ---------------------------------------------------------------- the whole */

static pt_status tell_stranger(void *context, const char *path, pt_error *err) {
    (void)err;
    fault(context, "file '%s': is not of this data set", path);
    return PT_OK;
}

/* Which loudness the rows have, if the settings say so. */
static void read_settings(check *c) {
    json_t *settings = json_loads(c->ledger.facts.settings_json, 0, NULL);
    const char *name = json_string_value(json_object_get(settings, "loudness"));
    c->loudness = NEITHER;
    if (name && strcmp(name, "source") == 0) c->loudness = SOURCE;
    if (name && strcmp(name, "mix") == 0) c->loudness = MIX;
    json_decref(settings);
}

static pt_status check_parts(check *c, pt_error *err) {
    for (uint64_t chunk = 0; chunk < c->ledger.facts.n_chunks; chunk++)
        for (size_t s = 0; s < c->ledger.n_splits; s++) {
            const pt_chunk_account *account = &c->ledger.chunks[chunk];
            if (account->known && account->parts[s].n_rows > 0)
                PT_TRY(check_part(c, chunk, s, err));
        }
    return PT_OK;
}

/* Whether dataset.json can be gone by at all. */
static pt_status check_account(check *c, bool *usable, pt_error *err) {
    const pt_path file = pt_path_below(c->out, PT_FINISHED);
    pt_error said = {0};
    char *text = NULL;
    size_t n = 0;

    c->n_told = 0;
    pt_status status = pt_file_read_all(file.text, PT_FINISHED_BYTES, &text, &n, &said);
    if (status == PT_OK && !pt_dataset_json_is_intact(text, n))
        fault(c, "file '%s': its bytes are not those that were written (SHA-256)", file.text);
    if (status == PT_OK) status = pt_ledger_parse_finished(file.text, text, n, &c->ledger, &said);
    free(text);
    *usable = status == PT_OK;
    return fault_of(c, status, &said, err);
}

static pt_status check_finished(check *c, pt_error *err) {
    const pt_path card = pt_path_below(c->out, "README.md"),
                  rejects = pt_path_below(c->out, "rejects.jsonl");
    bool usable = false;

    PT_TRY(check_account(c, &usable, err));
    if (!usable) return PT_OK;
    c->report->n_chunks = c->ledger.facts.n_chunks;
    read_settings(c);
    c->n_told = 0;
    if (!pt_path_exists(card.text)) fault(c, "file '%s': not found", card.text);
    for (int k = PT_PART_ROWS; k <= PT_PART_PROVENANCE; k++) {
        pt_error said = {0};
        c->n_told = 0;
        PT_TRY(fault_of(
            c, pt_arrange_strangers(c->out, &c->ledger, (pt_part_kind)k, tell_stranger, c, &said),
            &said, err));
    }
    PT_TRY(check_parts(c, err));
    check_rejects(c, rejects.text, &c->ledger.rejects, c->ledger.facts.rejects_by);
    return PT_OK;
}

static void check_chunk_files(check *c, uint64_t chunk) {
    const pt_path folder = pt_chunk_place(c->out, chunk),
                  rejects = pt_path_below(folder.text, "rejects.jsonl");
    const pt_chunk_account *account = &c->ledger.chunks[chunk];
    if (account->known && account->n_rejects > 0)
        check_rejects(c, rejects.text, &account->rejects, account->rejects_by);
}

static pt_status check_chunks(check *c, unsigned char *there, pt_error *err) {
    const uint64_t n_chunks = c->ledger.facts.n_chunks;
    uint64_t n_there = 0, n_known = 0;

    PT_TRY(pt_chunks_list(c->out, n_chunks, there, &n_there, err));
    c->report->n_chunks = n_chunks;
    c->report->n_missing = n_chunks - n_there;
    if (n_there == 0) return PT_OK;
    PT_TRY(pt_ledger_make_room(&c->ledger, err));
    for (uint64_t i = 0; i < n_chunks; i++) {
        pt_error said = {0};
        if (!there[i]) continue;
        c->n_told = 0;
        PT_TRY(fault_of(c, pt_chunk_read(c->out, &c->ledger, i, &said), &said, err));
        n_known += c->ledger.chunks[i].known;
    }
    if (n_known == n_chunks) pt_ledger_number(&c->ledger);
    for (uint64_t i = 0; i < n_chunks; i++)
        check_chunk_files(c, i);
    return check_parts(c, err);
}

static pt_status check_unfinished(check *c, pt_error *err) {
    const pt_path plan = pt_path_below(c->out, PT_PLAN);
    pt_error said = {0};

    c->n_told = 0;
    pt_status status = pt_ledger_read_plan(plan.text, &c->ledger, &said);
    if (status != PT_OK) return fault_of(c, status, &said, err);
    read_settings(c);
    unsigned char *there = calloc((size_t)c->ledger.facts.n_chunks + 1, 1);
    status = there ? check_chunks(c, there, err) : pt_fail(err, PT_ENOMEM, "out of memory");
    free(there);
    return status;
}

pt_status pt_dataset_verify(const char *out, void (*on_fault)(void *context, const char *sentence),
                            void *context, pt_dataset_verified *report, pt_error *err) {
    pt_dataset_verified found = {0};
    check c = {.on_fault = on_fault, .context = context, .report = &found};
    pt_out_state state = PT_OUT_EMPTY;

    pt_status status = pt_out_name(out, c.out, err);
    if (status == PT_OK) status = pt_out_look(c.out, false, &state, err);
    if (status == PT_OK && state == PT_OUT_EMPTY)
        status = pt_fail(err, PT_EUSAGE, "folder '%s': there is nothing in it to verify", c.out);
    if (status == PT_OK && state == PT_OUT_FOREIGN)
        status = pt_fail(err, PT_EUSAGE, "folder '%s': holds no data set of patina's", c.out);
    if (status == PT_OK) status = pt_id_set_open(&c.rows, err);
    if (status != PT_OK) return status;

    found.finished = state == PT_OUT_FINISHED;
    c.block = malloc(BLOCK);
    if (!c.block)
        status = pt_fail(err, PT_ENOMEM, "out of memory");
    else
        status = found.finished ? check_finished(&c, err) : check_unfinished(&c, err);
    if (status == PT_OK) *report = found;
    pt_ledger_release(&c.ledger);
    pt_id_set_close(&c.rows);
    free(c.block);
    free(c.line);
    return status;
}
