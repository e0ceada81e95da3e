/* SPDX-License-Identifier: MIT */
/* embed_all.c - captions and sounds to points, many at once
 *
 *     inputs -> units: a sound, or the next few captions -> embeddings, each in its place
 */

#include <patina/files.h>

#include <stdlib.h>
#include <string.h>

#include "pipeline/caption_batch.h"
#include "pipeline/ordered.h"

#define UNITS_A_WORKER 4 /* in flight */

/* What a worker takes at a time. */
typedef struct unit {
    size_t inputs[PT_CAPTIONS_TOGETHER]; /* [n], of one kind */
    size_t n;
    pt_status status;
    pt_error err;
} unit;

typedef struct embed_job {
    const pt_clap *clap;
    const pt_embed_input *inputs;
    float *embeddings;
    unit *units; /* [n_units] */
    size_t n_units, n_given;
} embed_job;

/* In the order of what comes first in each; captions join whatever stands between them. */
static void list_units(embed_job *job, size_t n_inputs) {
    unit *open = NULL;
    for (size_t i = 0; i < n_inputs; i++) {
        const bool is_audio = job->inputs[i].is_audio;
        unit *u = is_audio || !open ? &job->units[job->n_units++] : open;
        u->inputs[u->n++] = i;
        if (!is_audio) open = u->n < PT_CAPTIONS_TOGETHER ? u : NULL;
    }
}

static void *give_unit(void *context) {
    embed_job *job = context;
    return job->n_given < job->n_units ? &job->units[job->n_given++] : NULL;
}

static pt_status embed_captions(const embed_job *job, const unit *u, pt_arena *arena,
                                pt_error *err) {
    pt_clap_caption captions[PT_CAPTIONS_TOGETHER];
    float embeddings[PT_CAPTIONS_TOGETHER * PT_EMBEDDING];

    for (size_t i = 0; i < u->n; i++) {
        const char *text = job->inputs[u->inputs[i]].text;
        captions[i] = (pt_clap_caption){text, strlen(text)};
    }
    PT_TRY(pt_clap_embed_texts(job->clap, captions, u->n, embeddings, arena, err));
    for (size_t i = 0; i < u->n; i++)
        memcpy(job->embeddings + u->inputs[i] * PT_EMBEDDING, embeddings + i * PT_EMBEDDING,
               PT_EMBEDDING * sizeof *embeddings);
    return PT_OK;
}

static void work_unit(void *context, void *own, void *item) {
    const embed_job *job = context;
    unit *u = item;
    const pt_embed_input *first = &job->inputs[u->inputs[0]];

    pt_arena_reset(own);
    u->status = first->is_audio
                    ? pt_file_embed(job->clap, first->text, first->start,
                                    job->embeddings + u->inputs[0] * PT_EMBEDDING, own, &u->err)
                    : embed_captions(job, u, own, &u->err);
}

static pt_status take_unit(void *context, void *item, pt_error *err) {
    const unit *u = item;
    (void)context;
    return u->status == PT_OK ? PT_OK : pt_fail(err, u->status, "%s", u->err.message);
}

/* Units are one block, which the caller releases. */
static void leave_unit(void *context, void *item) {
    (void)context, (void)item;
}

pt_status pt_embed_all(const pt_clap *clap, const pt_embed_input *inputs, size_t n_inputs,
                       unsigned threads, float *embeddings, pt_error *err) {
    embed_job all = {.clap = clap, .inputs = inputs, .embeddings = embeddings};
    const pt_ordered_job job = {.context = &all,
                                .next = give_unit,
                                .begin = pt_ordered_arena_begin,
                                .end = pt_ordered_arena_end,
                                .work = work_unit,
                                .deliver = take_unit,
                                .release = leave_unit};
    unsigned n_workers, at_large;

    PT_TRY(pt_threads_choose(threads, &n_workers, err));
    if (n_inputs == 0) return PT_OK;
    all.units = calloc(n_inputs, sizeof *all.units);
    if (!all.units) return pt_fail(err, PT_ENOMEM, "out of memory");
    list_units(&all, n_inputs);
    if (n_workers > all.n_units) n_workers = (unsigned)all.n_units;
    const pt_status status =
        pt_ordered_run(&job, n_workers, (size_t)n_workers * UNITS_A_WORKER, &at_large, err);
    free(all.units);
    return status;
}
