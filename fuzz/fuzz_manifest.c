/* SPDX-License-Identifier: MIT */
/* fuzz_manifest.c - input: a letter, then a state file of a run
 *
 *     p   plan.json
 *     c   chunk.json, of a run with two splits
 *     d   dataset.json, for finish, verify and inspect
 *
 * An accepted file, written and read again, is the same.
 */

#include <string.h>

#include "dataset/manifest.h"
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
    pt_key_values_release(inspection.facts, inspection.n_facts);
    pt_key_values_release(inspection.settings, inspection.n_settings);
    pt_key_values_release(inspection.model, inspection.n_model);
    pt_key_values_release(inspection.rejects, inspection.n_rejects);
    free(inspection.dataset_json);
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const char *text = (const char *)data + 1;
    if (data[0] == 'p') fuzz_plan_json(text, size - 1);
    if (data[0] == 'c') fuzz_chunk_json(text, size - 1);
    if (data[0] == 'd') fuzz_dataset_json(text, size - 1);
    if (data[0] == 'd') fuzz_inspect(text, size - 1);
    return 0;
}
