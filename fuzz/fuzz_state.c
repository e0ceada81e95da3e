/* SPDX-License-Identifier: MIT */
/* fuzz_state.c - input: a letter, then what a run keeps on the disk
 *
 *     p   plan.json
 *     c   chunk.json, of a run with two splits
 *     d   dataset.json, for finish, verify and inspect
 *
 * What is accepted, written again and read again is the same.
 */

#include <string.h>

#include "dataset/ledger.h"
#include "fuzz.h"
#include "report/facts.h"

static const char plan[] =
    "{\"version\": \"1\", \"format\": \"parquet\", \"entries\": 5, \"chunks\": "
    "3, \"splits\": [\"train\", \"test\"], \"settings_hash\": \"\", "
    "\"settings\": {}, \"corpus_kind\": \"\", \"corpus_hash\": \"\", "
    "\"model_hash\": \"\", \"model\": {}, \"kernels\": \"c\", "
    "\"libraries\": {}}";

static void look_at_plan(const char *text, size_t n) {
    pt_ledger first, second;
    pt_error err = {0};
    char difference[256];

    if (!accepted(pt_ledger_parse_plan("plan.json", text, n, &first, &err), &err)) return;
    MUST(first.n_splits >= 1 && first.n_splits <= PT_SPLITS_MAX);
    MUST(first.facts.n_chunks <= PT_CHUNKS_MAX && first.suffix);
    char *again = pt_plan_json(&first.facts);
    MUST(again && pt_ledger_parse_plan("plan.json", again, strlen(again), &second, &err) == PT_OK);
    pt_facts_compare(&first.facts, &second.facts, difference, sizeof difference);
    MUST(difference[0] == '\0');
    free(again);
    pt_ledger_release(&first);
    pt_ledger_release(&second);
}

static void look_at_chunk(const char *text, size_t n) {
    pt_ledger ledger;
    pt_error err = {0};

    MUST(pt_ledger_parse_plan("plan.json", plan, sizeof plan - 1, &ledger, &err) == PT_OK);
    MUST(pt_ledger_make_room(&ledger, &err) == PT_OK);
    if (accepted(pt_ledger_parse_chunk(&ledger, 1, "chunk.json", text, n, &err), &err)) {
        MUST(ledger.chunks[1].known);
        char *first = pt_chunk_json(&ledger.facts, ledger.suffix, 1, &ledger.chunks[1]);
        MUST(first);
        MUST(pt_ledger_parse_chunk(&ledger, 1, "chunk.json", first, strlen(first), &err) == PT_OK);
        char *second = pt_chunk_json(&ledger.facts, ledger.suffix, 1, &ledger.chunks[1]);
        MUST(second && strcmp(first, second) == 0);
        free(first);
        free(second);
    }
    MUST(!ledger.chunks[0].known && !ledger.chunks[2].known);
    pt_ledger_release(&ledger);
}

static void look_at_set(const char *text, size_t n) {
    pt_ledger first, second;
    pt_error err = {0};

    (void)pt_dataset_json_is_intact(text, n);
    if (!accepted(pt_ledger_parse_finished("dataset.json", text, n, &first, &err), &err)) return;
    char *again = pt_dataset_json(&first);
    MUST(again && pt_dataset_json_is_intact(again, strlen(again)));
    MUST(pt_ledger_parse_finished("dataset.json", again, strlen(again), &second, &err) == PT_OK);
    char *third = pt_dataset_json(&second);
    MUST(third && strcmp(again, third) == 0);
    free(again);
    free(third);
    pt_ledger_release(&first);
    pt_ledger_release(&second);
}

/** inspect believes less, and reads what it finds. */
static void show_set(const char *text, size_t n) {
    json_t *account = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
    pt_inspection shown = {0};
    pt_error err = {0};
    if (json_is_object(account)) MUST(pt_facts_read(account, "", &shown, &err) == PT_OK);
    pt_facts_release(shown.facts, shown.n_facts);
    pt_facts_release(shown.settings, shown.n_settings);
    pt_facts_release(shown.model, shown.n_model);
    pt_facts_release(shown.rejects, shown.n_rejects);
    free(shown.account);
    json_decref(account);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const char *text = (const char *)data + 1;
    if (data[0] == 'p') look_at_plan(text, size - 1);
    if (data[0] == 'c') look_at_chunk(text, size - 1);
    if (data[0] == 'd') look_at_set(text, size - 1);
    if (data[0] == 'd') show_set(text, size - 1);
    return 0;
}
