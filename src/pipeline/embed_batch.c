/* SPDX-License-Identifier: MIT */
/* embed_batch.c - embeds captions and files with several threads
 *
 * Inputs are grouped into units: one file, or the next PT_CAPTION_BATCH_SIZE captions.
 */

#include <patina/file_ops.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "pipeline/caption_batch.h"
#include "pipeline/device_encoder.h"
#include "pipeline/device_list.h"
#include "pipeline/ordered_pool.h"

#define UNITS_PER_WORKER 4 /* in flight */

/* Work item of a worker. */
typedef struct unit {
    size_t inputs[PT_CAPTION_BATCH_SIZE]; /* [n], of one kind */
    size_t n;
    pt_ticket *tickets[PT_CAPTION_BATCH_SIZE]; /* [n], of results that devices compute */
    patina_status status;
    patina_error err;
} unit;

typedef struct embed_job {
    const patina_clap *clap; /* used without encoder */
    pt_device_encoder *encoder;
    const patina_embed_input *inputs;
    float *embeddings;
    unit *units; /* [n_units] */
    size_t n_units, n_issued;
} embed_job;

/* Units are in the order of their first input; a unit of captions skips the files between them. */
static void list_units(embed_job *job, size_t n_inputs) {
    unit *open = NULL;
    for (size_t i = 0; i < n_inputs; i++) {
        const bool is_audio = job->inputs[i].is_audio;
        unit *u = is_audio || !open ? &job->units[job->n_units++] : open;
        u->inputs[u->n++] = i;
        if (!is_audio) open = u->n < PT_CAPTION_BATCH_SIZE ? u : NULL;
    }
}

static void *next_unit(void *context) {
    embed_job *job = context;
    return job->n_issued < job->n_units ? &job->units[job->n_issued++] : NULL;
}

static patina_status embed_captions(const embed_job *job, const unit *u, pt_arena *arena,
                                    patina_error *err) {
    patina_clap_caption captions[PT_CAPTION_BATCH_SIZE];
    float embeddings[PT_CAPTION_BATCH_SIZE * PATINA_EMBEDDING_SIZE];

    for (size_t i = 0; i < u->n; i++) {
        const char *text = job->inputs[u->inputs[i]].text;
        captions[i] = (patina_clap_caption){text, strlen(text)};
    }
    PT_TRY(patina_clap_embed_texts(job->clap, captions, u->n, embeddings, arena, err));
    for (size_t i = 0; i < u->n; i++)
        memcpy(job->embeddings + u->inputs[i] * PATINA_EMBEDDING_SIZE,
               embeddings + i * PATINA_EMBEDDING_SIZE, PATINA_EMBEDDING_SIZE * sizeof *embeddings);
    return PATINA_OK;
}

/* Leaves a unit to devices. */
static patina_status submit_unit(const embed_job *job, unit *u, pt_arena *arena,
                                 patina_error *err) {
    const patina_embed_input *first = &job->inputs[u->inputs[0]];
    if (first->is_audio)
        return pt_file_submit(job->encoder, first->text, first->start, &u->tickets[0], arena, err);
    for (size_t i = 0; i < u->n; i++) {
        const char *text = job->inputs[u->inputs[i]].text;
        PT_TRY(pt_device_encoder_submit_text(
            job->encoder, &(patina_clap_caption){text, strlen(text)}, &u->tickets[i], arena, err));
    }
    return PATINA_OK;
}

static void process_unit(void *context, void *state, void *item) {
    const embed_job *job = context;
    unit *u = item;
    const patina_embed_input *first = &job->inputs[u->inputs[0]];

    pt_arena_reset(state);
    if (job->encoder) {
        u->status = submit_unit(job, u, state, &u->err);
        return;
    }
    u->status = first->is_audio
                    ? patina_file_embed(job->clap, first->text, first->start,
                                        job->embeddings + u->inputs[0] * PATINA_EMBEDDING_SIZE,
                                        state, &u->err)
                    : embed_captions(job, u, state, &u->err);
}

static patina_status deliver_unit(void *context, void *item, patina_error *err) {
    const embed_job *job = context;
    unit *u = item;
    for (size_t i = 0; i < u->n && u->status == PATINA_OK; i++)
        if (u->tickets[i])
            u->status = pt_ticket_wait(
                &u->tickets[i], job->embeddings + u->inputs[i] * PATINA_EMBEDDING_SIZE, &u->err);
    return u->status == PATINA_OK ? PATINA_OK : pt_fail(err, u->status, "%s", u->err.message);
}

/* The caller releases all units together. */
static void release_unit(void *context, void *item) {
    (void)context, (void)item;
}

static void discard_tickets(embed_job *job) {
    for (size_t i = 0; i < job->n_units; i++)
        for (size_t k = 0; k < job->units[i].n; k++)
            (void)pt_ticket_wait(&job->units[i].tickets[k], NULL, NULL);
}

static patina_status embed_all(const patina_clap *clap, pt_device_encoder *encoder,
                               const patina_embed_input *inputs, size_t n_inputs, unsigned threads,
                               float *embeddings, patina_error *err) {
    embed_job all = {.clap = clap, .encoder = encoder, .inputs = inputs, .embeddings = embeddings};
    const pt_ordered_pool_job job = {.context = &all,
                                     .next = next_unit,
                                     .worker_create = pt_ordered_pool_arena_create,
                                     .worker_destroy = pt_ordered_pool_arena_destroy,
                                     .work = process_unit,
                                     .deliver = deliver_unit,
                                     .release = release_unit};
    const size_t n_devices = encoder ? pt_device_encoder_in_flight(encoder) : 0;
    unsigned n_workers, n_abandoned;

    PT_TRY(pt_threads_resolve(threads, &n_workers, err));
    if (n_inputs == 0) return PATINA_OK;
    all.units = calloc(n_inputs, sizeof *all.units);
    if (!all.units) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    list_units(&all, n_inputs);
    if (n_workers > all.n_units) n_workers = (unsigned)all.n_units;
    const patina_status status = pt_ordered_pool_run(
        &job, n_workers, (size_t)n_workers * UNITS_PER_WORKER + n_devices, &n_abandoned, err);
    discard_tickets(&all);
    free(all.units);
    return status;
}

patina_status patina_embed_batch(const patina_clap *clap, const patina_embed_input *inputs,
                                 size_t n_inputs, unsigned threads, float *embeddings,
                                 patina_error *err) {
    return embed_all(clap, NULL, inputs, n_inputs, threads, embeddings, err);
}

patina_status patina_embed_batch_on_device(const char *model, patina_clap_parts parts,
                                           const patina_device_options *device,
                                           const patina_embed_input *inputs, size_t n_inputs,
                                           unsigned threads, float *embeddings, patina_error *err) {
    patina_clap *clap = NULL;
    pt_device_encoder *encoder = NULL;

    PT_TRY(pt_device_options_check(device, PATINA_PRECISION_F32, err));
    PT_TRY(patina_clap_open(model, parts, PATINA_ISA_AUTO, PATINA_PRECISION_F32, &clap, err));
    patina_status status =
        pt_device_is_cpu(device)
            ? PATINA_OK
            : pt_device_encoder_open(model, parts, clap, device, NULL, &encoder, err);
    if (status == PATINA_OK)
        status = embed_all(clap, encoder, inputs, n_inputs, threads, embeddings, err);
    pt_device_encoder_close(&encoder);
    patina_clap_close(&clap);
    return status;
}
