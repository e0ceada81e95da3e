/* SPDX-License-Identifier: MIT */
/* dataset_path.h - paths of corpora on the hub, as a path in the cache */

#ifndef PATINA_HUB_DATASET_PATH_H
#define PATINA_HUB_DATASET_PATH_H

#include <patina/status.h>

/**
 * Replaces `hf://datasets/OWNER/NAME[@REV]` at the beginning of a path, which options may follow,
 * by the folder in the cache; any other path is copied.
 *
 * cache  NULL: there is none
 * path   out: the caller frees it
 *
 * Errors   PATINA_EUSAGE  not a name of a data set, or no cache
 *          PATINA_EIO     the cache has no such data set
 */
patina_status pt_dataset_path_resolve(const char *cache, const char *corpus, char **path,
                                      patina_error *err);

#endif /* PATINA_HUB_DATASET_PATH_H */
