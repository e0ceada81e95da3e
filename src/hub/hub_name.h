/* SPDX-License-Identifier: MIT */
/* hub_name.h - name of a repository on the Hugging Face hub: "org/name@revision" */

#ifndef PATINA_HUB_HUB_NAME_H
#define PATINA_HUB_HUB_NAME_H

#include <stdbool.h>

#include <patina/status.h>

/* The hub limits each part to 96 characters. The limit of revisions is our own. */
#define PT_HUB_PART_MAX     96
#define PT_HUB_ID_MAX       (2 * PT_HUB_PART_MAX + 1)
#define PT_HUB_REVISION_MAX 200
#define PT_HUB_COMMIT_MAX   64 /* SHA-1 has 40, git's SHA-256 64 */

typedef enum pt_hub_type { PT_HUB_MODEL, PT_HUB_DATASET } pt_hub_type;

/** A validated name: all parts may be used in a path. */
typedef struct pt_hub_name {
    pt_hub_type type;
    char id[PT_HUB_ID_MAX + 1];             /* "org/name" */
    char revision[PT_HUB_REVISION_MAX + 1]; /* "main" by default */
} pt_hub_name;

/** PATINA_EUSAGE for an invalid name. */
patina_status pt_hub_name_parse(const char *text, pt_hub_type type, pt_hub_name *name,
                                patina_error *err);

/** "model", "data set" */
const char *pt_hub_type_name(pt_hub_type type);

/** Formats the name, without "@main". */
void pt_hub_name_format(const pt_hub_name *name,
                        char text[PT_HUB_ID_MAX + PT_HUB_REVISION_MAX + 2]);

/** Whether text is a full commit hash: 40 or 64 lower-case hexadecimal digits. */
bool pt_hub_is_commit(const char *text);

#endif /* PATINA_HUB_HUB_NAME_H */
