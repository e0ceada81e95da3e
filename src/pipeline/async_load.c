/* SPDX-License-Identifier: MIT */
/* async_load.c - the model is opened on a thread while its file is hashed on another */

#include "pipeline/async_load.h"

#include "base/error.h"

static void *open_model(void *context) {
    pt_async_load *o = context;
    o->status =
        patina_clap_open(o->path, PATINA_CLAP_BOTH, o->isa, o->precision, &o->clap, &o->err);
    return NULL;
}

static void join_thread(pt_async_load *async_load) {
    if (async_load->is_started) pthread_join(async_load->thread, NULL);
    async_load->is_started = false;
}

void pt_async_load_start(pt_async_load *async_load, const char *path, patina_isa isa,
                         patina_precision precision, bool in_background) {
    async_load->path = path;
    async_load->isa = isa;
    async_load->precision = precision;
    async_load->is_started =
        in_background && pthread_create(&async_load->thread, NULL, open_model, async_load) == 0;
}

patina_status pt_async_load_wait(pt_async_load *async_load, patina_clap **clap, patina_error *err) {
    if (async_load->is_started)
        join_thread(async_load);
    else
        open_model(async_load);
    if (async_load->status != PATINA_OK)
        return pt_fail(err, async_load->status, "%s", async_load->err.message);
    *clap = async_load->clap;
    async_load->clap = NULL;
    return PATINA_OK;
}

void pt_async_load_release(pt_async_load *async_load) {
    join_thread(async_load);
    patina_clap_close(&async_load->clap);
}
