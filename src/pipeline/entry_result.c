/* SPDX-License-Identifier: MIT */
/* entry_result.c - arrays of the rows and rejects of one entry */

#include "pipeline/entry_result.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/monotonic_clock.h"

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

void pt_entry_result_clear(pt_entry_result *result) {
    for (size_t i = 0; result->tickets && i < result->n_rows; i++)
        (void)pt_ticket_wait(&result->tickets[i], NULL, NULL);
    result->n_rows = result->n_captions = result->n_kept = 0;
    result->partial.path.text[0] = '\0';
    result->partial.n_bytes = result->partial.n_rows = result->partial.n_text = 0;
    result->split = 0;
    memset(result->spent_ns, 0, sizeof result->spent_ns);
    pt_strbuf_clear(&result->provenance);
    for (size_t i = 0; i < result->n_rejects; i++)
        free(result->rejects[i].sentence);
    result->n_rejects = 0;
}

void pt_entry_result_release(pt_entry_result *result) {
    pt_entry_result_clear(result);
    pt_strbuf_release(&result->provenance);
    free(result->rows);
    free(result->tickets);
    free(result->rejects);
    *result = (pt_entry_result){0};
}

/* Returns the array, reallocated if it has no room for element n; NULL: out of memory. */
static void *grow_array(void *array, size_t n, size_t *capacity, size_t size) {
    if (n < *capacity) return array;
    const size_t wanted = *capacity ? 2 * *capacity : 4;
    void *larger = realloc(array, wanted * size);
    if (larger) *capacity = wanted;
    return larger;
}

patina_status pt_entry_result_add_reject(pt_entry_result *result, patina_status reason,
                                         patina_error *err, const char *format, ...) {
    char sentence[sizeof err->message];
    va_list args;
    va_start(args, format);
    pt_vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);

    pt_reject *rejects =
        grow_array(result->rejects, result->n_rejects, &result->rejects_capacity, sizeof *rejects);
    if (!rejects) return out_of_memory(err);
    result->rejects = rejects;
    rejects[result->n_rejects].reason = reason;
    rejects[result->n_rejects].source = NULL;
    rejects[result->n_rejects].sentence = strdup(sentence);
    if (!rejects[result->n_rejects].sentence) return out_of_memory(err);
    result->n_rejects++;
    return PATINA_OK;
}

pt_row *pt_entry_result_next_row(pt_entry_result *result) {
    pt_row *rows = grow_array(result->rows, result->n_rows, &result->rows_capacity, sizeof *rows);
    if (!rows) return NULL;
    result->rows = rows;
    return &rows[result->n_rows];
}

patina_status pt_entry_result_wait(pt_entry_result *result, patina_error *err) {
    patina_status status = PATINA_OK;
    for (size_t i = 0; result->tickets && status == PATINA_OK && i < result->n_rows; i++)
        status = pt_ticket_wait(&result->tickets[i],
                                result->rows[i].fused_state + PATINA_EMBEDDING_SIZE, err);
    return status;
}

void pt_entry_result_set_text_embeddings(pt_entry_result *result, uint32_t variants,
                                         const float *texts) {
    for (size_t i = 0; i < result->n_rows; i++)
        memcpy(result->rows[i].fused_state,
               texts + i / variants % result->n_captions * PATINA_EMBEDDING_SIZE,
               PATINA_EMBEDDING_SIZE * sizeof *texts);
}

void pt_entry_result_add_time(pt_entry_result *result, patina_run_stage stage, int64_t *since) {
    const int64_t now = pt_monotonic_ns();
    result->spent_ns[stage] += now - *since;
    *since = now;
}
