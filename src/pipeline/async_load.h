/* SPDX-License-Identifier: MIT */
/* async_load.h - opens a model in a thread while the caller does something else */

#ifndef PATINA_PIPELINE_ASYNC_LOAD_H
#define PATINA_PIPELINE_ASYNC_LOAD_H

#include <pthread.h>
#include <stdbool.h>

#include <patina/clap.h>

/** Zero it to start. Must not move between start and release. */
typedef struct pt_async_load {
    bool is_started; /* the thread runs or has not been joined */
    pthread_t thread;
    const char *path; /* borrowed */
    patina_isa isa;
    patina_precision precision;
    patina_clap *clap;
    patina_status status;
    patina_error err;
} pt_async_load;

/**
 * Starts to open both towers in a thread. Without `in_background`, or where no thread can be
 * started, pt_async_load_wait opens them.
 */
void pt_async_load_start(pt_async_load *load, const char *path, patina_isa isa,
                         patina_precision precision, bool in_background);

/** Waits for the model; call it once. Errors: those of patina_clap_open. */
patina_status pt_async_load_wait(pt_async_load *load, patina_clap **clap, patina_error *err);

/** Waits for the thread and closes a model that pt_async_load_wait has not returned. */
void pt_async_load_release(pt_async_load *load);

#endif /* PATINA_PIPELINE_ASYNC_LOAD_H */
