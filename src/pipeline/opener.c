/* SPDX-License-Identifier: MIT */
/* opener.c - the model is opened on a thread while its file is hashed on another */

#include "pipeline/opener.h"

static void *open_model(void *context) {
    pt_opener *o = context;
    o->status = pt_clap_open(o->path, PT_CLAP_BOTH, o->isa, o->precision, &o->clap, &o->err);
    return NULL;
}

static void join(pt_opener *opener) {
    if (opener->is_started) pthread_join(opener->thread, NULL);
    opener->is_started = false;
}

void pt_opener_start(pt_opener *opener, const char *path, pt_isa isa, pt_precision precision,
                     bool at_once) {
    opener->path = path;
    opener->isa = isa;
    opener->precision = precision;
    opener->is_started = at_once && pthread_create(&opener->thread, NULL, open_model, opener) == 0;
}

pt_status pt_opener_take(pt_opener *opener, pt_clap **clap, pt_error *err) {
    if (opener->is_started)
        join(opener);
    else
        open_model(opener);
    if (opener->status != PT_OK) return pt_fail(err, opener->status, "%s", opener->err.message);
    *clap = opener->clap;
    opener->clap = NULL;
    return PT_OK;
}

void pt_opener_release(pt_opener *opener) {
    join(opener);
    pt_clap_close(&opener->clap);
}
