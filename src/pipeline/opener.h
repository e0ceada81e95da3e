/* SPDX-License-Identifier: MIT */
/* opener.h - a model that is opened while the caller does something else */

#ifndef PATINA_PIPELINE_OPENER_H
#define PATINA_PIPELINE_OPENER_H

#include <pthread.h>
#include <stdbool.h>

#include <patina/clap.h>

/** Zeroed, it may be released; it stays where it is until it is. */
typedef struct pt_opener {
    bool is_started; /* and not yet joined */
    pthread_t thread;
    const char *path; /* borrowed until the model is taken */
    pt_isa isa;
    pt_precision precision;
    pt_clap *clap;
    pt_status status;
    pt_error err;
} pt_opener;

/**
 * Both towers are to be opened: at once, on a thread of its own, or when they are taken, where that
 * is not wanted or no thread can be had. Meanwhile the caller plans no transform: see pt_clap_open.
 */
void pt_opener_start(pt_opener *opener, const char *path, pt_isa isa, pt_precision precision,
                     bool at_once);

/** The model, once it is open; once. Errors of pt_clap_open. */
pt_status pt_opener_take(pt_opener *opener, pt_clap **clap, pt_error *err);

/** Waits for what was begun and not taken, and closes it. */
void pt_opener_release(pt_opener *opener);

#endif /* PATINA_PIPELINE_OPENER_H */
