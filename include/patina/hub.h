/* SPDX-License-Identifier: MIT */
/**
 * @file hub.h
 * @brief Models and data sets of the Hugging Face hub: download and cache.
 *
 * The cache has the layout of the Python package huggingface_hub, so both use each other's
 * downloads. A model or data set is named "org/name" or "org/name@revision", where a revision is a
 * branch, a tag or a commit. Environment variables such as HF_TOKEN are not read: the caller passes
 * their values in patina_hub_options.
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_hub_options options;
 * patina_hub_report report = {NULL, "", 0, 0, {0}};
 * patina_hub_options_init(&options);
 * options.cache = "cache";
 * if (patina_hub_fetch(&options, "laion/clap-htsat-unfused", &report, &err) != PATINA_OK)
 *     fprintf(stderr, "%s\n", err.message);
 * patina_hub_report_release(&report);
 * @endcode
 */

#ifndef PATINA_HUB_H
#define PATINA_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/memory.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Default address of the hub. */
#define PATINA_HUB_ENDPOINT "https://huggingface.co"

/** Kind of a patina_hub_event. */
typedef enum patina_hub_event_kind {
    PATINA_HUB_EVENT_NOTE,    /**< `text` is one sentence for the user */
    PATINA_HUB_EVENT_PROGRESS /**< bytes were received */
} patina_hub_event_kind;

/** A progress report of a download. Pointers are valid during the call. */
typedef struct patina_hub_event {
    patina_hub_event_kind kind; /**< which members are set */
    const char *text;           /**< a note */
    const char *file;           /**< the file that is being downloaded */
    uint64_t n_bytes;           /**< received bytes of all files, including earlier downloads */
    uint64_t n_bytes_total;     /**< size of all files */
    uint64_t n_bytes_before;    /**< part of n_bytes that was there before this call */
} patina_hub_event;

/**
 * Options of patina_hub_fetch() and patina_hub_fetch_dataset(). A zeroed member means its default;
 * `cache` is required. Strings are borrowed until the call returns.
 */
typedef struct patina_hub_options {
    const char *cache;    /**< folder that contains "models--org--name" folders */
    const char *endpoint; /**< address of the hub; NULL: PATINA_HUB_ENDPOINT */
    const char *token;    /**< access token, sent to the endpoint only; NULL: none */
    const char *ca_file;  /**< trusted certificates; NULL: those of the system */
    bool offline;         /**< use the cache only, without network access */
    unsigned timeout_s;   /**< end a connection that receives nothing for this time; 0: 30 */
    unsigned retries;     /**< consecutive retries after transient failures; 0: none */
    const patina_atomic_bool *stop; /**< set to true to stop the download soon; may be NULL */
    /** Called for each event, by the calling thread; may be NULL. */
    void (*on_event)(void *context, const patina_hub_event *event);
    void *context;        /**< first argument of on_event */
    uint64_t reserved[8]; /**< must be zero */
} patina_hub_options;

/** Sets all options to their defaults (zero). Safe from any thread. */
PATINA_API void patina_hub_options_init(patina_hub_options *options);

/** Result of a download. Owns its strings; patina_hub_report_release() releases it. */
typedef struct patina_hub_report {
    char *folder;         /**< the snapshot: of a model, the path for patina_clap_open() */
    char commit[65];      /**< commit of the snapshot, hexadecimal */
    unsigned n_files;     /**< files that were downloaded; 0: all were cached */
    uint64_t n_bytes;     /**< bytes that were received */
    uint64_t reserved[8]; /**< zero */
} patina_hub_report;

/**
 * Returns whether a text has the form of a model name: "org/name" or "org/name@revision". Safe from
 * any thread.
 */
PATINA_API bool patina_hub_is_name(const char *text);

/**
 * Finds a complete model in the cache, without network access and without writing.
 *
 * - `cache`: as in patina_hub_options
 * - `model`: "org/name" or "org/name@revision"
 * - `folder`: out; path for patina_clap_open(), released with patina_free()
 *
 * Errors: PATINA_EUSAGE where `model` is not a model name; PATINA_EIO where the model is missing or
 * incomplete, the message says how to get it; PATINA_ENOMEM. Safe from any thread.
 */
PATINA_API patina_status patina_hub_find(const char *cache, const char *model, char **folder,
                                         patina_error *err);

/**
 * Downloads the files of a model that the cache lacks: config.json, preprocessor_config.json,
 * vocab.json, merges.txt, and model.safetensors or else pytorch_model.bin.
 *
 * Each file is checked against the size and the hash that the hub states, and gets its name only
 * afterwards. An interrupted download continues at the next call. Proxies are those of libcurl's
 * environment variables (https_proxy, no_proxy).
 *
 * - `options`: set up with patina_hub_options_init(), or zeroed, and `cache`
 * - `model`: "org/name" or "org/name@revision"; without revision, "main"
 * - `report`: out; patina_hub_report_release() releases it
 *
 * Errors: PATINA_EUSAGE where `model` is not a model name, or the library was built without
 * libcurl; PATINA_EIO for the network, the hub or the disk, the message says what to do;
 * PATINA_EFORMAT where a file does not match the size or hash that the hub states, or is not part
 * of a CLAP model; PATINA_ECANCELLED where `*stop` was set; PATINA_ENOMEM.
 *
 * One thread of a process at a time, and not while another thread uses libcurl for the first time.
 * Several processes may fetch the same model at the same time.
 */
PATINA_API patina_status patina_hub_fetch(const patina_hub_options *options, const char *model,
                                          patina_hub_report *report, patina_error *err);

/**
 * Downloads the files of a data set that the cache lacks, all of them or those whose path matches a
 * pattern ("data/train-*"; an asterisk matches slashes too, as in huggingface_hub). `folder` of the
 * report is the snapshot. Otherwise as patina_hub_fetch().
 *
 * - `dataset`: "org/name" or "org/name@revision"
 * - `pattern`: NULL: all files
 *
 * Errors: those of patina_hub_fetch(); PATINA_EUSAGE also where no file matches.
 */
PATINA_API patina_status patina_hub_fetch_dataset(const patina_hub_options *options,
                                                  const char *dataset, const char *pattern,
                                                  patina_hub_report *report, patina_error *err);

/**
 * Finds a data set in the cache, without network access and without writing. Files that a pattern
 * left out are missing there.
 *
 * - `folder`: out; its snapshot, released with patina_free()
 *
 * Errors: PATINA_EUSAGE where `dataset` is not a name; PATINA_EIO where the cache has no snapshot
 * of it, the message says how to get it; PATINA_ENOMEM. Safe from any thread.
 */
PATINA_API patina_status patina_hub_find_dataset(const char *cache, const char *dataset,
                                                 char **folder, patina_error *err);

/** Releases the members and zeroes the struct. A zeroed struct is accepted. */
PATINA_API void patina_hub_report_release(patina_hub_report *report);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_HUB_H */
