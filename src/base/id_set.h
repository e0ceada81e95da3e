/* SPDX-License-Identifier: MIT */
/* id_set.h - set of ids, to find duplicates
 *
 * Stores 128 bits of the SHA-256 of each id: a million ids take 32 MB whatever their length. The
 * probability of a collision among 10^9 ids is about 10^-21.
 */

#ifndef PATINA_BASE_ID_SET_H
#define PATINA_BASE_ID_SET_H

#include <stdbool.h>

#include <patina/status.h>

typedef struct pt_id_set pt_id_set;

patina_status pt_id_set_open(pt_id_set **set, patina_error *err);
void pt_id_set_close(pt_id_set **set);

/** Adds an id; *repeated is set to whether the set already contained it. */
patina_status pt_id_set_add(pt_id_set *set, const char *id, bool *repeated, patina_error *err);

#endif /* PATINA_BASE_ID_SET_H */
