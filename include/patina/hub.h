/* SPDX-License-Identifier: MIT */
/* hub.h - models of the Hugging Face hub: a name to a folder
 *
 * Models lie in a cache as the Python package huggingface_hub lays it out, so that what either of
 * the two has fetched is there for the other. A model is named "org/name", or "org/name@revision"
 * for another state of it than the newest: a branch, a tag, or a commit.
 */

#ifndef PATINA_HUB_H
#define PATINA_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_HUB_ENDPOINT "https://huggingface.co"

/** What a fetch tells while it goes. */
typedef struct patina_hub_event {
    enum {
        PATINA_HUB_EVENT_NOTE,    /* text: one sentence for the user */
        PATINA_HUB_EVENT_PROGRESS /* bytes have come */
    } kind;
    const char *text;
    const char *file;                /* the one that is being fetched */
    uint64_t n_bytes, n_bytes_total; /* of all files: there, and in all */
    uint64_t n_bytes_before;         /* of n_bytes: were there when the fetch began */
} patina_hub_event;

/** Zeroed members are defaults unless said otherwise. */
typedef struct patina_hub_options {
    const char *cache;    /* the folder that holds "models--org--name"; required */
    const char *endpoint; /* address of the hub; NULL: PATINA_HUB_ENDPOINT */
    const char *token;    /* proves to the endpoint, and to nobody else, who asks; NULL: none */
    const char *ca_file;  /* certificates that are trusted; NULL: those of the system */
    bool offline;         /* ask nobody: what is in the cache has to do */
    unsigned timeout_s;   /* a connection that brings nothing for so long is cut; 0: 30 */
    unsigned retries;     /* after failures that may pass, in a row; 0: none */
    const patina_atomic_bool *stop; /* set it to end the fetch soon; NULL if never */
    void (*on_event)(void *context, const patina_hub_event *event);
    void *context;
} patina_hub_options;

/** What was fetched. Owns its strings. */
typedef struct patina_hub_report {
    char *folder;     /* for patina_clap_open */
    char commit[65];  /* the state of the model, in hexadecimal */
    unsigned n_files; /* that were fetched now; 0: all were there */
    uint64_t n_bytes; /* that came over the network */
} patina_hub_report;

/** Whether text has the form of a model's name on the hub: "org/name", "org/name@revision". */
PATINA_API bool patina_hub_is_name(const char *text);

/**
 * The folder of a model that is in the cache, whole; nothing is written and nobody is asked.
 *
 * folder   out: for patina_clap_open; the caller frees it
 *
 * Errors   PATINA_EUSAGE  not a model's name
 *          PATINA_EIO     it is not there, or not whole; the message says how to get it
 */
PATINA_API patina_status patina_hub_find(const char *cache, const char *model, char **folder,
                                         patina_error *err);

/**
 * Fetches what the cache lacks of a model's files: config.json, preprocessor_config.json,
 * vocab.json, merges.txt, and model.safetensors or else pytorch_model.bin.
 *
 * Every file is checked by its size and by the hash that the hub gives for it, and appears under
 * its name only then. What was broken off is gone on with next time. Several fetches of the same
 * model may run at once. Proxies are those of libcurl's environment (https_proxy, no_proxy). One
 * thread at a time.
 *
 * Errors   PATINA_EUSAGE      not a model's name, or this build has no libcurl
 *          PATINA_EIO         the network, the hub or the disk; the message says what to do
 *          PATINA_EFORMAT     a file is not what the hub said it would be, or no CLAP model's
 *          PATINA_ECANCELLED  *stop was set
 */
PATINA_API patina_status patina_hub_fetch(const patina_hub_options *options, const char *model,
                                          patina_hub_report *report, patina_error *err);
PATINA_API void patina_hub_report_release(patina_hub_report *report);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_HUB_H */
