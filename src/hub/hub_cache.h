/* SPDX-License-Identifier: MIT */
/* hub_cache.h - the cache of models and data sets, in the layout of huggingface_hub
 *
 *     CACHE/models--org--name/refs/main                   the commit of a branch or tag
 *                            /blobs/<etag>                files, named by their hashes
 *                            /blobs/<etag>.incomplete     a partial download
 *                            /snapshots/<commit>/<file>   link to ../../blobs/<etag>
 *     CACHE/.locks/models--org--name/<etag>.lock          held during a download
 *
 * A data set is in datasets--org--name, and its files may be in folders of the snapshot.
 */

#ifndef PATINA_HUB_HUB_CACHE_H
#define PATINA_HUB_HUB_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#include "fs/path.h"
#include "hub/hub_name.h"

#define PT_HUB_CACHE_MAX                                                                           \
    2800 /* longest path of the cache in bytes: every name below fits pt_path */
#define PT_HUB_ETAG_MAX 128

/** The entry of a model in the cache. */
typedef struct pt_hub_cache_entry {
    pt_path folder; /* CACHE/models--org--name */
    pt_path locks;  /* CACHE/.locks/models--org--name */
} pt_hub_cache_entry;

/** PATINA_EUSAGE if the path of the cache is empty or too long. */
patina_status pt_hub_cache_entry_init(const char *cache, const pt_hub_name *name,
                                      pt_hub_cache_entry *entry, patina_error *err);

/**
 * The commit of a revision by the cache; a commit resolves to itself. *known is false without one.
 *
 * Errors  PATINA_EIO, PATINA_ENOMEM  cannot be found out
 */
patina_status pt_hub_resolve_revision(const pt_hub_cache_entry *entry, const char *revision,
                                      bool *known, char commit[PT_HUB_COMMIT_MAX + 1],
                                      patina_error *err);

/** Writes the commit of a branch or tag atomically, unless it is unchanged. */
patina_status pt_hub_ref_write(const pt_hub_cache_entry *entry, const char *revision,
                               const char *commit, patina_error *err);

/** CACHE/models--org--name/snapshots/<commit> */
pt_path pt_hub_snapshot_path(const pt_hub_cache_entry *entry, const char *commit);

/** Whether a file of a snapshot exists and is not a dangling link. PATINA_EIO: cannot be found
 * out. */
patina_status pt_hub_snapshot_has(const pt_path *snapshot, const char *file, bool *has,
                                  patina_error *err);

/** The ETag of a file of a snapshot: the name of the blob that its link leads to. False where it is
 * not such a link. */
bool pt_hub_snapshot_etag(const pt_path *snapshot, const char *file,
                          char etag[PT_HUB_ETAG_MAX + 1]);

/** The first missing file of a model, or NULL if the snapshot is complete. PATINA_EIO: cannot be
 * found out. */
patina_status pt_hub_snapshot_missing(const pt_path *snapshot, const char **missing,
                                      patina_error *err);

/** Whether blobs/<etag> exists and has this size; UINT64_MAX for any size. */
bool pt_hub_blob_is_complete(const pt_hub_cache_entry *entry, const char *etag, uint64_t size);

/** Bytes of blobs/<etag>.incomplete, at most size. */
uint64_t pt_hub_blob_partial_size(const pt_hub_cache_entry *entry, const char *etag, uint64_t size);

/** Links snapshots/<commit>/<file> to blobs/<etag>, which exists. */
patina_status pt_hub_snapshot_link(const pt_hub_cache_entry *entry, const char *commit,
                                   const char *file, const char *etag, patina_error *err);

/** Creates a folder and its parents. */
patina_status pt_hub_make_dirs(const char *path, patina_error *err);

/** Files of a model besides its weights, in the order of downloading; NULL-terminated. */
extern const char *const pt_hub_required_files[];

/** Weight files in order of preference; NULL-terminated. */
extern const char *const pt_hub_weight_files[];

#endif /* PATINA_HUB_HUB_CACHE_H */
