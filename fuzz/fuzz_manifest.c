/* SPDX-License-Identifier: MIT */
/* fuzz_manifest.c - input: a letter, then a state file of a run
 *
 *     p   plan.json
 *     c   chunk.json, of a run with two splits
 *     d   dataset.json, for finish, verify and inspect
 *     j   the journal of a chunk: header and checksums are put right, so that records are reached
 *
 * An accepted file, written and read again, is the same.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "dataset/journal.h"
#include "dataset/manifest.h"
#include "dataset/resume_check.h"
#include "fuzz.h"
#include "report/dataset_json.h"

static const char plan[] =
    "{\"version\": \"1\", \"format\": \"parquet\", \"entries\": 5, \"chunks\": "
    "3, \"splits\": [\"train\", \"test\"], \"settings_hash\": \"\", "
    "\"settings\": {}, \"corpus_kind\": \"\", \"corpus_hash\": \"\", "
    "\"model_hash\": \"\", \"model\": {}, \"kernels\": \"c\", "
    "\"libraries\": {}}";

static void fuzz_plan_json(const char *text, size_t n) {
    pt_manifest first, second;
    patina_error err = {0};
    char difference[256];

    if (!accepted(pt_manifest_parse_plan("plan.json", text, n, &first, &err), &err)) return;
    FUZZ_ASSERT(first.n_splits >= 1 && first.n_splits <= PATINA_SPLITS_MAX);
    FUZZ_ASSERT(first.run_meta.n_chunks <= PT_CHUNKS_MAX && first.suffix);
    char *again = pt_plan_to_json(&first.run_meta);
    FUZZ_ASSERT(again && pt_manifest_parse_plan("plan.json", again, strlen(again), &second, &err) ==
                             PATINA_OK);
    FUZZ_ASSERT(pt_run_metadata_compare(&first.run_meta, &second.run_meta, difference,
                                        sizeof difference, &err) == PATINA_OK);
    FUZZ_ASSERT(difference[0] == '\0');
    free(again);
    pt_manifest_release(&first);
    pt_manifest_release(&second);
}

static void fuzz_chunk_json(const char *text, size_t n) {
    pt_manifest manifest;
    patina_error err = {0};

    FUZZ_ASSERT(pt_manifest_parse_plan("plan.json", plan, sizeof plan - 1, &manifest, &err) ==
                PATINA_OK);
    FUZZ_ASSERT(pt_manifest_alloc_chunks(&manifest, &err) == PATINA_OK);
    if (accepted(pt_manifest_parse_chunk(&manifest, 1, "chunk.json", text, n, &err), &err)) {
        FUZZ_ASSERT(manifest.chunks[1].known);
        char *first = pt_chunk_to_json(&manifest.run_meta, manifest.suffix, 1, &manifest.chunks[1]);
        FUZZ_ASSERT(first);
        FUZZ_ASSERT(pt_manifest_parse_chunk(&manifest, 1, "chunk.json", first, strlen(first),
                                            &err) == PATINA_OK);
        char *second =
            pt_chunk_to_json(&manifest.run_meta, manifest.suffix, 1, &manifest.chunks[1]);
        FUZZ_ASSERT(second && strcmp(first, second) == 0);
        free(first);
        free(second);
    }
    FUZZ_ASSERT(!manifest.chunks[0].known && !manifest.chunks[2].known);
    pt_manifest_release(&manifest);
}

static void fuzz_dataset_json(const char *text, size_t n) {
    pt_manifest first, second;
    patina_error err = {0};

    (void)pt_manifest_json_is_intact(text, n);
    if (!accepted(pt_manifest_parse_dataset("dataset.json", text, n, &first, &err), &err)) return;
    char *again = pt_manifest_to_json(&first);
    FUZZ_ASSERT(again && pt_manifest_json_is_intact(again, strlen(again)));
    FUZZ_ASSERT(pt_manifest_parse_dataset("dataset.json", again, strlen(again), &second, &err) ==
                PATINA_OK);
    char *third = pt_manifest_to_json(&second);
    FUZZ_ASSERT(third && strcmp(again, third) == 0);
    free(again);
    free(third);
    pt_manifest_release(&first);
    pt_manifest_release(&second);
}

/** inspect checks less and reads the files itself. */
static void fuzz_inspect(const char *text, size_t n) {
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    patina_inspection inspection = {0};
    patina_error err = {0};
    if (json_is_object(root))
        FUZZ_ASSERT(pt_dataset_json_read(root, "", &inspection, &err) == PATINA_OK);
    pt_key_values_release(inspection.run, inspection.n_run);
    pt_key_values_release(inspection.settings, inspection.n_settings);
    pt_key_values_release(inspection.model, inspection.n_model);
    pt_key_values_release(inspection.rejects, inspection.n_rejects);
    free(inspection.dataset_json);
    json_decref(root);
}

/* journal.c: sizes of the header and of a record's head, and offsets in the latter. */
enum { HEADER = 80, HEAD = 24, N_ROWS = 8, N_TEXT = 16 };

/* Replaces the checksums of all records whose sizes fit. */
static void repair_checksums(unsigned char *bytes, size_t n) {
    uint32_t crc = (uint32_t)crc32_z(0, bytes, HEADER), n_rows;
    uint64_t n_text;
    for (size_t at = HEADER; n - at >= HEAD;) {
        memcpy(&n_rows, bytes + at + N_ROWS, sizeof n_rows);
        memcpy(&n_text, bytes + at + N_TEXT, sizeof n_text);
        const size_t rest = n - at - HEAD;
        if (n_rows > rest / sizeof(pt_row) || n_text > rest - n_rows * sizeof(pt_row)) return;
        const size_t size = HEAD + n_rows * sizeof(pt_row) + (size_t)n_text;
        crc = (uint32_t)crc32_z(crc, bytes + at + sizeof crc, size - sizeof crc);
        memcpy(bytes + at, &crc, sizeof crc);
        at += size;
    }
}

static patina_status visit_row(void *context, size_t split, const pt_row *row, patina_error *err) {
    (void)context, (void)err;
    FUZZ_ASSERT(split < 2 && pt_row_check(row, NULL) == PATINA_OK);
    return PATINA_OK;
}

static patina_status visit_provenance(void *context, size_t split, const char *text, size_t n,
                                      patina_error *err) {
    (void)context, (void)text, (void)err;
    FUZZ_ASSERT(split < 2 && n > 0);
    return PATINA_OK;
}

static patina_status visit_reject(void *context, patina_status reason, const char *text, size_t n,
                                  patina_error *err) {
    (void)context, (void)text, (void)err;
    FUZZ_ASSERT(patina_status_is_reject(reason) && n > 0);
    return PATINA_OK;
}

/* Whatever is counted can be copied to a new journal and read from there. */
static void fuzz_journal(const char *text, size_t n) {
    static const pt_journal_visitor visitor = {NULL, visit_row, visit_provenance, visit_reject};
    const pt_journal_key key = {.n_splits = 2};
    char folder[64];
    fuzz_make_folder(folder);
    const pt_path own = pt_path_joinf(folder, "own"), public = pt_path_joinf(folder, "public");
    pt_journal *journal = NULL;
    pt_byte_source found;
    uint64_t n_entries = 0, n_again = 0;

    FUZZ_ASSERT(pt_journal_create(&own, &public, &key, NULL, 0, &journal, NULL) == PATINA_OK);
    FUZZ_ASSERT(pt_journal_publish(journal, NULL) == PATINA_OK);
    pt_journal_close(&journal);
    FILE *file = fopen(public.text, "r+be");
    unsigned char *bytes = malloc(HEADER + n + 1);
    FUZZ_ASSERT(file && bytes && fread(bytes, 1, HEADER + 1, file) == HEADER);
    memcpy(bytes + HEADER, text, n);
    repair_checksums(bytes, HEADER + n);
    rewind(file);
    FUZZ_ASSERT(fwrite(bytes, 1, HEADER + n, file) == HEADER + n && fclose(file) == 0);
    free(bytes);

    FUZZ_ASSERT(pt_journal_find(public.text, &key, UINT64_MAX, &n_entries, &found, NULL) ==
                PATINA_OK);
    FUZZ_ASSERT(n_entries <= n / HEAD);
    FUZZ_ASSERT(pt_journal_create(&own, &public, &key, &found, n_entries, &journal, NULL) ==
                PATINA_OK);
    pt_byte_source_close(&found);
    FUZZ_ASSERT(pt_journal_replay(journal, &visitor, NULL) == PATINA_OK);
    FUZZ_ASSERT(pt_journal_publish(journal, NULL) == PATINA_OK);
    pt_journal_close(&journal);
    FUZZ_ASSERT(pt_journal_find(public.text, &key, UINT64_MAX, &n_again, &found, NULL) ==
                PATINA_OK);
    pt_byte_source_close(&found);
    FUZZ_ASSERT(n_again == n_entries);
    unlink(public.text);
    rmdir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const char *text = (const char *)data + 1;
    if (data[0] == 'p') fuzz_plan_json(text, size - 1);
    if (data[0] == 'c') fuzz_chunk_json(text, size - 1);
    if (data[0] == 'd') fuzz_dataset_json(text, size - 1);
    if (data[0] == 'd') fuzz_inspect(text, size - 1);
    if (data[0] == 'j') fuzz_journal(text, size - 1);
    return 0;
}
