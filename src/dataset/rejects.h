/* SPDX-License-Identifier: MIT */
/* rejects.h - rejects.jsonl: one line for an entry, or a caption of it, that gave no row */

#ifndef PATINA_DATASET_REJECTS_H
#define PATINA_DATASET_REJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

/** Name of reject reason i, 0 to PATINA_REJECT_COUNT - 1. */
const char *pt_reject_name(size_t i);

/** Index of a reason's name; PATINA_REJECT_COUNT when it is none, or NULL. */
size_t pt_reject_from_name(const char *name);

/** One line of rejects.jsonl with its end; entry may be NULL. To be freed; NULL: out of memory. */
char *pt_reject_to_json_line(const char *entry, const char *source, patina_status reason,
                             const char *sentence);

/** Whether another attempt can turn one of these rejects into rows. */
bool pt_rejects_are_retryable(const uint64_t rejects_by[PATINA_REJECT_COUNT]);

#endif /* PATINA_DATASET_REJECTS_H */
