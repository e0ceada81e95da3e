/* SPDX-License-Identifier: MIT */
/* hub_cache.h - the folder in which models of the hub lie, as huggingface_hub lays it out
 *
 *     CACHE/models--org--name/refs/main                   names the commit of a branch or tag
 *                            /blobs/<etag>                the files, named by their hashes
 *                            /blobs/<etag>.incomplete     what has come of one so far
 *                            /snapshots/<commit>/<file>   a link to ../../blobs/<etag>
 *     CACHE/.locks/models--org--name/<etag>.lock          held by who fetches that file
 */

#ifndef PATINA_HUB_HUB_CACHE_H
#define PATINA_HUB_HUB_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/error.h"
#include "hub/hub_name.h"

#define PT_HUB_CACHE_MAX                                                                           \
    2800 /* bytes of the cache's path: leaves room for all that stands below                       \
          */
#define PT_HUB_PATH_MAX 4096
#define PT_HUB_ETAG_MAX 128

/** A path; what goes into one was checked to fit. */
typedef struct pt_hub_path {
    char text[PT_HUB_PATH_MAX];
} pt_hub_path;

/** "<folder>/<formatted>" */
pt_hub_path pt_hub_path_join(const char *folder, const char *format, ...) PT_PRINTF(2, 3);

/** A model's entry in the cache. */
typedef struct pt_hub_cache_entry {
    pt_hub_path folder; /* CACHE/models--org--name */
    pt_hub_path locks;  /* CACHE/.locks/models--org--name */
} pt_hub_cache_entry;

/** PATINA_EUSAGE when the cache's path is empty or too long. */
patina_status pt_hub_cache_entry_init(const char *cache, const pt_hub_name *name,
                                      pt_hub_cache_entry *entry, patina_error *err);

/** The commit that a revision stands for, as far as the cache knows; a commit is its own. */
bool pt_hub_resolve_revision(const pt_hub_cache_entry *entry, const char *revision,
                             char commit[PT_HUB_COMMIT_MAX + 1]);

/** Notes the commit that a branch or tag stands for, unless that is known; appears whole. */
patina_status pt_hub_ref_write(const pt_hub_cache_entry *entry, const char *revision,
                               const char *commit, patina_error *err);

/** CACHE/models--org--name/snapshots/<commit> */
pt_hub_path pt_hub_snapshot_path(const pt_hub_cache_entry *entry, const char *commit);

/** Whether a file of a snapshot is there, and not a link to nothing. */
bool pt_hub_snapshot_has(const pt_hub_path *snapshot, const char *file);

/** The ETag of a file of a snapshot: the name of the blob that its link leads to. False where it is
 * not such a link. */
bool pt_hub_snapshot_etag(const pt_hub_path *snapshot, const char *file,
                          char etag[PT_HUB_ETAG_MAX + 1]);

/** The first file that a snapshot lacks to be a model, or NULL when it is whole. */
const char *pt_hub_snapshot_missing(const pt_hub_path *snapshot);

/** Whether blobs/<etag> is there; one of another size, unless that is UINT64_MAX, does not count.
 */
bool pt_hub_blob_is_complete(const pt_hub_cache_entry *entry, const char *etag, uint64_t size);

/** Bytes of blobs/<etag>.incomplete, at most size. */
uint64_t pt_hub_blob_partial_size(const pt_hub_cache_entry *entry, const char *etag, uint64_t size);

/** Makes snapshots/<commit>/<file> stand for blobs/<etag>, which is there. */
patina_status pt_hub_snapshot_link(const pt_hub_cache_entry *entry, const char *commit,
                                   const char *file, const char *etag, patina_error *err);

/** Makes a folder and those above it. */
patina_status pt_hub_make_dirs(const char *path, patina_error *err);

/** Flushes the folder of a path, so that a name in it lasts; where that cannot be done, it is not.
 */
void pt_hub_fsync_parent_dir(const char *path);

/** What a model needs besides its weights, in the order of fetching; NULL at the end. */
extern const char *const pt_hub_required_files[];

/** Names of its weights, the better one first; NULL at the end. */
extern const char *const pt_hub_weight_files[];

#endif /* PATINA_HUB_HUB_CACHE_H */
