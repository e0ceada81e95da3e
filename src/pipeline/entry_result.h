/* SPDX-License-Identifier: MIT */
/* entry_result.h - rows and rejects of one entry */

#ifndef PATINA_PIPELINE_ENTRY_RESULT_H
#define PATINA_PIPELINE_ENTRY_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include <patina/generate.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "dataset/partial_rows.h"
#include "dataset/schema.h"
#include "pipeline/device_encoder.h"

/** An entry, or one of its captions, that gives no row. */
typedef struct pt_reject {
    patina_status reason;
    char *sentence;
    const char *source; /* of the entry's captions; NULL: that of the entry */
} pt_reject;

/** Rows and rejects of one entry. Zero it to start; pt_rows_make clears it. */
typedef struct pt_entry_result {
    pt_row *rows;        /* pt_entry_result_set_text_embeddings sets the text half of fused_state */
    pt_ticket **tickets; /* [rows_capacity], of rows whose audio half a device computes, or NULL */
    size_t n_rows, rows_capacity;
    int64_t spent_ns[PATINA_RUN_STAGE_COUNT];
    size_t n_captions;    /* that rows are made of, in each window */
    size_t split;         /* index of the split of all rows */
    pt_strbuf provenance; /* one line for each row */
    size_t n_kept; /* rows at the start that an earlier process made; provenance has their lines */
    pt_partial_rows partial; /* where rows are kept while the entry is made */
    int64_t kept_ns;         /* when the last ones were */
    pt_reject *rejects;
    size_t n_rejects, rejects_capacity;
} pt_entry_result;

void pt_entry_result_clear(pt_entry_result *result);
void pt_entry_result_release(pt_entry_result *result);

/** Returns the row after the last one, which result->n_rows does not count yet; NULL: out of
 * memory. */
pt_row *pt_entry_result_next_row(pt_entry_result *result);

/** Adds the time since *since to a stage and sets *since to now. */
void pt_entry_result_add_time(pt_entry_result *result, patina_run_stage stage, int64_t *since);

/** Waits for the audio halves that devices compute. Errors  those of pt_ticket_wait */
patina_status pt_entry_result_wait(pt_entry_result *result, patina_error *err);

/**
 * Sets the text halves.
 *
 * variants  rows of each caption and window
 * texts     [captions of pt_rows_select_captions, PATINA_EMBEDDING_SIZE]
 */
void pt_entry_result_set_text_embeddings(pt_entry_result *result, uint32_t variants,
                                         const float *texts);

/** Adds a reject. Errors  PATINA_ENOMEM */
patina_status pt_entry_result_add_reject(pt_entry_result *result, patina_status reason,
                                         patina_error *err, const char *format, ...)
    PT_PRINTF(4, 5);

#endif /* PATINA_PIPELINE_ENTRY_RESULT_H */
