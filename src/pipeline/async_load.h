/* SPDX-License-Identifier: MIT */
/* async_load.h - a model that is opened while the caller does something else */

#ifndef PATINA_PIPELINE_ASYNC_LOAD_H
#define PATINA_PIPELINE_ASYNC_LOAD_H

#include <pthread.h>
#include <stdbool.h>

#include <patina/clap.h>

/** Zeroed, it may be released; it stays where it is until it is. */
typedef struct pt_async_load {
    bool is_started; /* and not yet joined */
    pthread_t thread;
    const char *path; /* borrowed until the model is taken */
    patina_isa isa;
    patina_precision precision;
    patina_clap *clap;
    patina_status status;
    patina_error err;
} pt_async_load;

/**
 * Both towers are to be opened: at once, on a thread of its own, or when they are taken, where that
 * is not wanted or no thread can be had. Meanwhile the caller plans no transform: see patina_clap_open.
 */
void pt_async_load_start(pt_async_load *async_load, const char *path, patina_isa isa,
                         patina_precision precision, bool in_background);

/** The model, once it is open; once. Errors of patina_clap_open. */
patina_status pt_async_load_wait(pt_async_load *async_load, patina_clap **clap, patina_error *err);

/** Waits for what was begun and not taken, and closes it. */
void pt_async_load_release(pt_async_load *async_load);

#endif /* PATINA_PIPELINE_ASYNC_LOAD_H */
