/* SPDX-License-Identifier: MIT */
/* recording_stats.h - statistics of the recordings and captions of the rows
 *
 * Rows of one recording share their targets, so a histogram of rows shows the number of variants.
 */

#ifndef PATINA_REPORT_RECORDING_STATS_H
#define PATINA_REPORT_RECORDING_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/inspect.h>

#include "base/id_set.h"
#include "report/quantiles.h"

typedef struct pt_caption_key {
    uint64_t caption, recording; /* hashes */
} pt_caption_key;

/** Zero it to start. */
typedef struct pt_recordings {
    pt_id_set *seen;
    pt_float_array *value; /* [n_scalars] of the first row of each recording */
    size_t n_scalars;
    pt_float_array n_words; /* of the caption of each row */
    pt_caption_key *key;    /* [n_keys] of each row */
    size_t n_keys, capacity;
} pt_recordings;

patina_status pt_recordings_open(pt_recordings *recordings, size_t n_scalars, patina_error *err);

/** Adds a row. `values` has its scalars; `caption` may be NULL. */
patina_status pt_recordings_add(pt_recordings *recordings, const char *recording,
                                const char *caption, const float *values, patina_error *err);

/** Fills the members of `stats` that concern recordings and captions. */
void pt_recordings_finish(pt_recordings *recordings, patina_inspection *stats);
void pt_recordings_release(pt_recordings *recordings);

#endif /* PATINA_REPORT_RECORDING_STATS_H */
