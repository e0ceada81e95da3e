/* SPDX-License-Identifier: MIT */
/* download.h - downloads one file of a model into the cache, with resume and retries */

#ifndef PATINA_HUB_DOWNLOAD_H
#define PATINA_HUB_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/hub.h>

#include "base/strbuf.h"
#include "hub/http.h"

/** Metadata of a file on the hub. */
typedef struct pt_hub_file {
    const char *name;
    char commit[PT_HUB_COMMIT_MAX + 1]; /* of the model */
    char etag[PT_HUB_ETAG_MAX + 1];
    uint64_t size; /* or PT_UNKNOWN_SIZE */
} pt_hub_file;

/** State shared by the downloads of one fetch. */
typedef struct pt_download {
    const patina_hub_options *options;
    const pt_hub_name *name;
    const pt_hub_cache_entry *entry;
    pt_http *http;
    uint64_t n_done, n_total, n_resumed; /* bytes, for progress */
    uint64_t n_received;                 /* over the network, including discarded bytes */
} pt_download;

/**
 * Requests the metadata of a file (HEAD).
 *
 * revision  of the model: a branch, tag or commit
 * absent    out: the model has no such file
 *
 * Errors    PATINA_EIO        no response, or an HTTP error; the message says what to do
 *           PATINA_EFORMAT    the server does not respond like a hub
 *           PATINA_ECANCELLED
 */
patina_status pt_download_get_metadata(pt_download *download, const char *revision,
                                       const char *name, pt_hub_file *file, bool *absent,
                                       patina_error *err);

/**
 * Requests the description of the repository: a JSON object with `sha`, the commit, and `siblings`,
 * the files. Errors as above.
 */
patina_status pt_download_get_info(pt_download *download, pt_strbuf *text, patina_error *err);

/**
 * Adds the sizes of files to n_total, and checks that the disk has room for what is missing.
 *
 * advice    more ways to need less space, after those of every download; or ""
 *
 * Errors    PATINA_EIO
 */
patina_status pt_download_check_space(pt_download *download, const pt_hub_file *files,
                                      size_t n_files, const char *advice, patina_error *err);

/**
 * Downloads a file to blobs/, resuming a partial download.
 *
 * fetched   out: false if the blob was complete already
 *
 * Errors    PATINA_EIO, PATINA_ECANCELLED
 *           PATINA_EFORMAT  size or hash differ from the metadata
 */
patina_status pt_download_file(pt_download *download, const pt_hub_file *file, bool *fetched,
                               patina_error *err);

#endif /* PATINA_HUB_DOWNLOAD_H */
