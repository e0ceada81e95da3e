/* SPDX-License-Identifier: MIT */
/* hub_name.h - a model's name on the hub: "org/name@revision" */

#ifndef PATINA_HUB_HUB_NAME_H
#define PATINA_HUB_HUB_NAME_H

#include <stdbool.h>

#include <patina/status.h>

/* Limits of the hub: 96 characters a part. Revisions are branch names, which git leaves free. */
#define PT_HUB_PART_MAX     96
#define PT_HUB_ID_MAX       (2 * PT_HUB_PART_MAX + 1)
#define PT_HUB_REVISION_MAX 200
#define PT_HUB_COMMIT_MAX   64 /* SHA-1 has 40, git's SHA-256 64 */

/** A name that was checked: all parts of it may stand in a path. */
typedef struct pt_hub_name {
    char id[PT_HUB_ID_MAX + 1];             /* "org/name" */
    char revision[PT_HUB_REVISION_MAX + 1]; /* "main" where none was given */
} pt_hub_name;

/** PATINA_EUSAGE for what is no name; the message says what is wrong with it. */
patina_status pt_hub_name_parse(const char *text, pt_hub_name *name, patina_error *err);

/** The name as one would type it: without "@main". */
void pt_hub_name_format(const pt_hub_name *name,
                        char text[PT_HUB_ID_MAX + PT_HUB_REVISION_MAX + 2]);

/** Whether text is a commit's whole name: 40 or 64 lower-case hexadecimal digits. */
bool pt_hub_is_commit(const char *text);

#endif /* PATINA_HUB_HUB_NAME_H */
