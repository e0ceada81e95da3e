/* SPDX-License-Identifier: MIT */
/* hub.h - models of the Hugging Face hub: a name to a folder
 *
 * Models lie in a cache as the Python package huggingface_hub lays it out, so that what either of
 * the two has fetched is there for the other. A model is named "org/name", or "org/name@revision"
 * for another state of it than the newest: a branch, a tag, or a commit.
 */

#ifndef PATINA_HUB_H
#define PATINA_HUB_H

#ifdef __cplusplus
#include <atomic>
using std::atomic_bool;
#else
#include <stdatomic.h>
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PT_HUB_ENDPOINT "https://huggingface.co"

/** What a fetch tells while it goes. */
typedef struct pt_hub_event {
    enum {
        PT_HUB_NOTE,    /* text: one sentence for the user */
        PT_HUB_PROGRESS /* bytes have come */
    } kind;
    const char *text;
    const char *file;                /* the one that is being fetched */
    uint64_t n_bytes, n_bytes_total; /* of all files: there, and in all */
    uint64_t n_bytes_before;         /* of n_bytes: were there when the fetch began */
} pt_hub_event;

/** Zeroed members are defaults unless said otherwise. */
typedef struct pt_hub_options {
    const char *cache;       /* the folder that holds "models--org--name"; required */
    const char *endpoint;    /* address of the hub; NULL: PT_HUB_ENDPOINT */
    const char *token;       /* proves to the endpoint, and to nobody else, who asks; NULL: none */
    const char *ca_file;     /* certificates that are trusted; NULL: those of the system */
    bool offline;            /* ask nobody: what is in the cache has to do */
    unsigned timeout_s;      /* a connection that brings nothing for so long is cut; 0: 30 */
    unsigned retries;        /* after failures that may pass, in a row; 0: none */
    const atomic_bool *stop; /* set it to end the fetch soon; NULL if never */
    void (*on_event)(void *context, const pt_hub_event *event);
    void *context;
} pt_hub_options;

/** What was fetched. Owns its strings. */
typedef struct pt_hub_report {
    char *folder;     /* for pt_clap_open */
    char commit[65];  /* the state of the model, in hexadecimal */
    unsigned n_files; /* that were fetched now; 0: all were there */
    uint64_t n_bytes; /* that came over the network */
} pt_hub_report;

/** Whether text has the form of a model's name on the hub: "org/name", "org/name@revision". */
PT_API bool pt_hub_is_name(const char *text);

/**
 * The folder of a model that is in the cache, whole; nothing is written and nobody is asked.
 *
 * folder   out: for pt_clap_open; the caller frees it
 *
 * Errors   PT_EUSAGE  not a model's name
 *          PT_EIO     it is not there, or not whole; the message says how to get it
 */
PT_API pt_status pt_hub_find(const char *cache, const char *model, char **folder, pt_error *err);

/**
 * Fetches what the cache lacks of a model's files: config.json, preprocessor_config.json,
 * vocab.json, merges.txt, and model.safetensors or else pytorch_model.bin.
 *
 * Every file is checked by its size and by the hash that the hub gives for it, and appears under
 * its name only then. What was broken off is gone on with next time. Several fetches of the same
 * model may run at once. Proxies are those of libcurl's environment (https_proxy, no_proxy). One
 * thread at a time.
 *
 * Errors   PT_EUSAGE      not a model's name, or this build has no libcurl
 *          PT_EIO         the network, the hub or the disk; the message says what to do
 *          PT_EFORMAT     a file is not what the hub said it would be, or no CLAP model's
 *          PT_ECANCELLED  *stop was set
 */
PT_API pt_status pt_hub_fetch(const pt_hub_options *options, const char *model,
                              pt_hub_report *report, pt_error *err);
PT_API void pt_hub_report_release(pt_hub_report *report);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_HUB_H */
