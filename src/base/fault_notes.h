/* SPDX-License-Identifier: MIT */
/* fault_notes.h - faults of the machine behind a result that cannot tell them from an answer
 *
 * Many functions answer with a bool, a pointer or a text, and a failed allocation in them looks
 * like "no" or "not there". They note it, and who makes a statement about the data of their
 * answers (pt_corpus_open, pt_corpus_next, pt_rows_make) compares the count before and after.
 */

#ifndef PATINA_BASE_FAULT_NOTES_H
#define PATINA_BASE_FAULT_NOTES_H

#include <patina/status.h>

/**
 * Notes a fault of this thread. Noted without a call: PATINA_ENOMEM of pt_fail, failed allocations
 * of pt_strbuf, pt_text_dup and jansson.
 *
 * error  an errno value
 */
void pt_fault_note(int error);

/** The number of faults that this thread has noted. */
unsigned pt_fault_count(void);

/**
 * PATINA_OK if the count is still `before`.
 *
 * Errors   PATINA_ENOMEM      the last fault is a failed allocation
 *          PATINA_ETEMPORARY  it is another one
 */
patina_status pt_fault_check(unsigned before, patina_error *err);

#endif /* PATINA_BASE_FAULT_NOTES_H */
