/* SPDX-License-Identifier: MIT */
/* async_load.c - a thread that opens a model */

#include "pipeline/async_load.h"

#include "base/error.h"

static void *open_model(void *context) {
    pt_async_load *load = context;
    load->status = patina_clap_open(load->path, PATINA_CLAP_BOTH, load->isa, load->precision,
                                    &load->clap, &load->err);
    return NULL;
}

static void join_thread(pt_async_load *load) {
    if (load->is_started) pthread_join(load->thread, NULL);
    load->is_started = false;
}

void pt_async_load_start(pt_async_load *load, const char *path, patina_isa isa,
                         patina_precision precision, bool in_background) {
    load->path = path;
    load->isa = isa;
    load->precision = precision;
    load->is_started = in_background && pthread_create(&load->thread, NULL, open_model, load) == 0;
}

patina_status pt_async_load_wait(pt_async_load *load, patina_clap **clap, patina_error *err) {
    if (load->is_started)
        join_thread(load);
    else
        open_model(load);
    if (load->status != PATINA_OK) return pt_fail(err, load->status, "%s", load->err.message);
    *clap = load->clap;
    load->clap = NULL;
    return PATINA_OK;
}

void pt_async_load_release(pt_async_load *load) {
    join_thread(load);
    patina_clap_close(&load->clap);
}
