/* SPDX-License-Identifier: MIT */
/* download.h - one file of a model from the hub into the cache, in spite of what goes wrong */

#ifndef PATINA_HUB_DOWNLOAD_H
#define PATINA_HUB_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/hub.h>

#include "hub/http.h"

/** A file as the hub describes it. */
typedef struct pt_hub_file {
    const char *name;
    char commit[PT_HUB_COMMIT_MAX + 1]; /* the state of the model that it is of */
    char etag[PT_HUB_ETAG_MAX + 1];
    uint64_t size; /* or PT_UNKNOWN_SIZE */
} pt_hub_file;

/** What downloads of one fetch have in common. */
typedef struct pt_download {
    const patina_hub_options *options;
    const pt_hub_name *name;
    const pt_hub_cache_entry *entry;
    pt_http *http;
    uint64_t n_done, n_total, n_resumed; /* bytes, for progress */
    uint64_t n_received;                 /* over the network, in vain or not */
} pt_download;

/**
 * Asks what a file is.
 *
 * revision  of the model: a branch, tag or commit
 * absent    out: the model has no such file
 *
 * Errors    PATINA_EIO        no answer, or a refusal; says what to do
 *           PATINA_EFORMAT    an answer that is no hub's
 *           PATINA_ECANCELLED
 */
patina_status pt_download_get_metadata(pt_download *download, const char *revision,
                                       const char *name, pt_hub_file *file, bool *absent,
                                       patina_error *err);

/**
 * Brings a file into blobs/, going on with what an earlier one left.
 *
 * fetched   out: whether anything had to be fetched
 *
 * Errors    PATINA_EIO, PATINA_ECANCELLED; PATINA_EFORMAT when its size or hash is not what the hub has said
 */
patina_status pt_download_file(pt_download *download, const pt_hub_file *file, bool *fetched,
                               patina_error *err);

#endif /* PATINA_HUB_DOWNLOAD_H */
