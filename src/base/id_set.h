/* SPDX-License-Identifier: MIT */
/* id_set.h - which of many ids were met before
 *
 * Holds 128 bits of each id's SHA-256, so that a million ids take 32 MB whatever their length; that
 * two of 10^9 different ids agree in them has a chance of 10^-21.
 */

#ifndef PATINA_BASE_ID_SET_H
#define PATINA_BASE_ID_SET_H

#include <stdbool.h>

#include <patina/status.h>

typedef struct pt_id_set pt_id_set;

patina_status pt_id_set_open(pt_id_set **set, patina_error *err);
void pt_id_set_close(pt_id_set **set);

/** Adds an id; *repeated tells whether it was there. */
patina_status pt_id_set_add(pt_id_set *set, const char *id, bool *repeated, patina_error *err);

#endif /* PATINA_BASE_ID_SET_H */
