/* SPDX-License-Identifier: MIT */
/* device_encoder.c - the encoders on OpenCL devices: a queue, and a thread for each device
 *
 * One lock guards the queue, the tickets and the slots. It is not held while commands are enqueued
 * or features are computed. A driver reports the end of a batch by a callback, which sets a flag
 * and signals: no thread polls or spins.
 */

#include "pipeline/device_encoder.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "clap/clap_internal.h"
#include "clap/device_model.h"
#include "pipeline/device_list.h"

#define BATCH_DEFAULT   32
#define SLOTS           2    /* batches of a device in flight */
#define CHECK_TOLERANCE 5e-5 /* of an embedding on the device and on the CPU; typically 1e-6 */

typedef enum tower { AUDIO, TEXT, KIND_COUNT } tower;

struct pt_ticket {
    pt_ticket *next; /* in the queue */
    pt_device_encoder *encoder;
    tower kind;
    float *values; /* features, or tokens [n_ids, hidden]; NULL when it is done */
    size_t n_ids;
    bool is_done;
    patina_status status;
    patina_error err;
    float raw[PATINA_EMBEDDING_SIZE];
};

/* First in, first out. */
typedef struct queue {
    pt_ticket *first, *last;
    size_t n;
} queue;

typedef enum slot_state { FREE, RUNNING, DONE } slot_state;

/* A batch on a device. */
typedef struct slot {
    struct device *device;
    slot_state state;
    patina_status status; /* when DONE */
    tower kind;
    size_t n;
    pt_ticket *tickets[PT_DEVICE_BATCH_MAX];
    float *values, *raw; /* host memory of the transfers */
    int32_t starts[PT_DEVICE_BATCH_MAX + 1];
} slot;

typedef struct device {
    pt_device_encoder *encoder;
    pt_device *device;
    pt_device_model *model;
    pthread_t thread;
    bool is_started;
    slot slots[SLOTS];
} device;

struct pt_device_encoder {
    pt_cl_api api;
    patina_clap *clap; /* tokenizer, features, token embeddings; weights in host memory */
    const patina_atomic_bool *stop;
    device devices[PATINA_DEVICES_MAX];
    size_t n_devices, hidden, n_features, max_queued;

    pthread_mutex_t lock; /* guards all below, and the tickets and states of slots */
    pthread_cond_t work;  /* for devices: something is queued, a batch has ended, or closing */
    pthread_cond_t done;  /* for tickets, and for room in the queue */
    queue queues[KIND_COUNT];
    bool is_closing;
    patina_error failure; /* of a device; then nothing more is queued */
    char note[256];
    pt_device_encoder_stats stats;
};

/* ---- tickets --------------------------------------------------------------------------------- */

/* The lock is held. */
static void complete(pt_ticket *t, patina_status status, const char *message) {
    t->is_done = true;
    t->status = status;
    if (status != PATINA_OK) pt_fail(&t->err, status, "%s", message);
    free(t->values);
    t->values = NULL;
}

static void push_back(queue *q, pt_ticket *t) {
    t->next = NULL;
    if (q->last)
        q->last->next = t;
    else
        q->first = t;
    q->last = t;
    q->n++;
}

static void push_front(queue *q, pt_ticket *t) {
    t->next = q->first;
    q->first = t;
    if (!q->last) q->last = t;
    q->n++;
}

static pt_ticket *pop(queue *q) {
    pt_ticket *t = q->first;
    q->first = t->next;
    if (!q->first) q->last = NULL;
    q->n--;
    return t;
}

static bool is_stopped(const pt_device_encoder *e) {
    return e->stop && atomic_load_explicit(e->stop, memory_order_relaxed);
}

/* Completes all queued tickets with an error. The lock is held. */
static void cancel_queued(pt_device_encoder *e, patina_status status, const char *message) {
    for (int k = 0; k < KIND_COUNT; k++)
        while (e->queues[k].n > 0)
            complete(pop(&e->queues[k]), status, message);
    pthread_cond_broadcast(&e->done);
}

static patina_status ticket_make(pt_device_encoder *e, tower kind, size_t n_values,
                                 pt_ticket **ticket, patina_error *err) {
    pt_ticket *t = calloc(1, sizeof *t);
    if (t) t->values = malloc(n_values * sizeof *t->values);
    if (!t || !t->values) {
        free(t);
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    t->encoder = e;
    t->kind = kind;
    *ticket = t;
    return PATINA_OK;
}

static void ticket_free(pt_ticket *t) {
    free(t->values);
    free(t);
}

/* Queues a ticket, or frees it. */
static patina_status enqueue(pt_device_encoder *e, pt_ticket *t, patina_error *err) {
    queue *q = &e->queues[t->kind];
    patina_status status = PATINA_OK;

    pthread_mutex_lock(&e->lock);
    while (q->n >= e->max_queued && e->failure.status == PATINA_OK)
        pthread_cond_wait(&e->done, &e->lock);
    if (e->failure.status != PATINA_OK)
        status = pt_fail(err, e->failure.status, "%s", e->failure.message);
    else if (is_stopped(e))
        status = pt_fail(err, PATINA_ECANCELLED, "stopped on request");
    else
        push_back(q, t);
    pthread_cond_broadcast(&e->work);
    pthread_mutex_unlock(&e->lock);
    if (status != PATINA_OK) ticket_free(t);
    return status;
}

static patina_status make_audio_ticket(pt_device_encoder *e, const float *x, size_t n_samples,
                                       pt_ticket **ticket, pt_arena *scratch, patina_error *err) {
    PT_TRY(ticket_make(e, AUDIO, e->n_features, ticket, err));
    const patina_status status =
        pt_clap_extract_features(e->clap, x, n_samples, (*ticket)->values, scratch, err);
    if (status != PATINA_OK) ticket_free(*ticket);
    return status;
}

static patina_status make_text_ticket(pt_device_encoder *e, const patina_clap_caption *caption,
                                      pt_ticket **ticket, pt_arena *scratch, patina_error *err) {
    PT_TRY(ticket_make(e, TEXT, (PATINA_CAPTION_TOKENS_MAX + 1) * e->hidden, ticket, err));
    pt_ticket *t = *ticket;
    const patina_status status =
        pt_clap_extract_tokens(e->clap, caption, t->values, &t->n_ids, scratch, err);
    if (status != PATINA_OK) {
        ticket_free(t);
        return status;
    }
    float *fitting = realloc(t->values, t->n_ids * e->hidden * sizeof *fitting);
    if (fitting) t->values = fitting;
    return PATINA_OK;
}

patina_status pt_device_encoder_submit_audio(pt_device_encoder *e, const float *x, size_t n_samples,
                                             pt_ticket **ticket, pt_arena *scratch,
                                             patina_error *err) {
    pt_ticket *t = NULL;
    PT_TRY(make_audio_ticket(e, x, n_samples, &t, scratch, err));
    PT_TRY(enqueue(e, t, err));
    *ticket = t;
    return PATINA_OK;
}

patina_status pt_device_encoder_submit_features(pt_device_encoder *e, const float *features,
                                                pt_ticket **ticket, patina_error *err) {
    pt_ticket *t = NULL;
    PT_TRY(ticket_make(e, AUDIO, e->n_features, &t, err));
    memcpy(t->values, features, e->n_features * sizeof *features);
    PT_TRY(enqueue(e, t, err));
    *ticket = t;
    return PATINA_OK;
}

patina_status pt_device_encoder_submit_text(pt_device_encoder *e,
                                            const patina_clap_caption *caption, pt_ticket **ticket,
                                            pt_arena *scratch, patina_error *err) {
    pt_ticket *t = NULL;
    PT_TRY(make_text_ticket(e, caption, &t, scratch, err));
    PT_TRY(enqueue(e, t, err));
    *ticket = t;
    return PATINA_OK;
}

patina_status pt_ticket_wait(pt_ticket **ticket, float embedding[PATINA_EMBEDDING_SIZE],
                             patina_error *err) {
    pt_ticket *t = *ticket;
    if (!t) return PATINA_OK;
    pt_device_encoder *e = t->encoder;
    pthread_mutex_lock(&e->lock);
    while (!t->is_done)
        pthread_cond_wait(&e->done, &e->lock);
    pthread_mutex_unlock(&e->lock);
    patina_status status = t->status;
    if (status != PATINA_OK)
        pt_fail(err, status, "%s", t->err.message);
    else if (embedding)
        status = pt_clap_normalise(t->raw, embedding, err);
    ticket_free(t);
    *ticket = NULL;
    return status;
}

/* ---- devices --------------------------------------------------------------------------------- */

static void on_done(void *context, patina_status status) {
    slot *s = context;
    pt_device_encoder *e = s->device->encoder;
    pthread_mutex_lock(&e->lock);
    s->status = status;
    s->state = DONE;
    pthread_cond_broadcast(&e->work);
    pthread_mutex_unlock(&e->lock);
}

/* Fills a slot from the queue: captions first, as they are short. The lock is held. */
static void take_batch(device *d, slot *s) {
    pt_device_encoder *e = d->encoder;
    const size_t batch = pt_device_model_batch(d->model);
    s->kind = e->queues[TEXT].n > 0 ? TEXT : AUDIO;
    s->n = 0;
    while (s->n < batch && e->queues[s->kind].n > 0)
        s->tickets[s->n++] = pop(&e->queues[s->kind]);
    s->state = RUNNING;
    pthread_cond_broadcast(&e->done); /* there is room in the queue */
}

/* Copies the inputs of a batch together and enqueues its commands. */
static patina_status start_batch(device *d, slot *s, patina_error *err) {
    const pt_device_encoder *e = d->encoder;
    const pt_device_notice notice = {on_done, s};
    for (size_t i = 0; i < s->n; i++) {
        const pt_ticket *t = s->tickets[i];
        if (s->kind == TEXT) s->starts[i + 1] = s->starts[i] + (int32_t)t->n_ids;
        const size_t at = s->kind == TEXT ? (size_t)s->starts[i] * e->hidden : i * e->n_features;
        const size_t n = s->kind == TEXT ? t->n_ids * e->hidden : e->n_features;
        memcpy(s->values + at, t->values, n * sizeof *t->values);
    }
    if (s->kind == TEXT)
        return pt_device_model_run_text(d->model, s->values, s->starts, s->n, s->raw, notice, NULL,
                                        err);
    return pt_device_model_run_audio(d->model, s->values, s->n, s->raw, notice, NULL, err);
}

/* Ends the work of all devices. The lock is held. */
static void fail(pt_device_encoder *e, const patina_error *err) {
    if (e->failure.status == PATINA_OK) e->failure = *err;
    cancel_queued(e, e->failure.status, e->failure.message);
    pthread_cond_broadcast(&e->work);
}

/* A batch that could not run for lack of memory returns to the queue, and the batch is halved. */
static void retry_smaller(device *d, slot *s) {
    pt_device_encoder *e = d->encoder;
    patina_error err = {PATINA_OK, ""};
    const patina_status status = pt_device_model_halve_batch(d->model, &err);

    pthread_mutex_lock(&e->lock);
    for (size_t i = s->n; i > 0; i--)
        push_front(&e->queues[s->kind], s->tickets[i - 1]);
    s->state = FREE;
    if (status != PATINA_OK) {
        fail(e, &err);
    } else {
        e->stats.n_halved++;
        pt_snprintf(e->note, sizeof e->note,
                    "device '%s' is out of memory: its batch is now %zu clips",
                    pt_device_name(d->device), pt_device_model_batch(d->model));
    }
    pthread_cond_broadcast(&e->work);
    pthread_mutex_unlock(&e->lock);
}

/* Hands out the results of a batch, or the failure of the device. The lock is held. */
static void end_batch(device *d, slot *s) {
    pt_device_encoder *e = d->encoder;
    patina_error err = {PATINA_OK, ""};
    if (s->status != PATINA_OK)
        pt_fail(&err, PATINA_EIO, "device '%s' failed during a computation",
                pt_device_name(d->device));
    for (size_t i = 0; i < s->n; i++) {
        memcpy(s->tickets[i]->raw, s->raw + i * PATINA_EMBEDDING_SIZE, sizeof s->tickets[i]->raw);
        complete(s->tickets[i], s->status == PATINA_OK ? PATINA_OK : PATINA_EIO, err.message);
    }
    e->stats.n_batches++;
    *(s->kind == TEXT ? &e->stats.n_captions : &e->stats.n_clips) += s->n;
    s->state = FREE;
    if (err.status != PATINA_OK) fail(e, &err);
    pthread_cond_broadcast(&e->done);
}

/* The lock is held. */
static bool has_work(const pt_device_encoder *e) {
    return e->queues[AUDIO].n > 0 || e->queues[TEXT].n > 0;
}

static bool is_idle(const device *d) {
    for (int i = 0; i < SLOTS; i++)
        if (d->slots[i].state != FREE) return false;
    return true;
}

static slot *find_done(device *d) {
    for (size_t i = 0; i < SLOTS; i++)
        if (d->slots[i].state == DONE) return &d->slots[i];
    return NULL;
}

static slot *find_free(device *d) {
    for (size_t i = 0; i < SLOTS; i++)
        if (d->slots[i].state == FREE) return &d->slots[i];
    return NULL;
}

/* Starts a batch; the lock is held, and released meanwhile. */
static void run_batch(device *d, slot *s) {
    pt_device_encoder *e = d->encoder;
    patina_error err = {PATINA_OK, ""};

    take_batch(d, s);
    pthread_mutex_unlock(&e->lock);
    const patina_status status = start_batch(d, s, &err);
    if (status != PATINA_OK) pt_device_finish(d->device);
    if (status == PATINA_ENOMEM) retry_smaller(d, s);
    pthread_mutex_lock(&e->lock);
    if (status == PATINA_OK || status == PATINA_ENOMEM) return;
    for (size_t i = 0; i < s->n; i++)
        complete(s->tickets[i], status, err.message);
    s->state = FREE;
    fail(e, &err);
}

static void *device_main(void *context) {
    device *d = context;
    pt_device_encoder *e = d->encoder;

    pthread_mutex_lock(&e->lock);
    while (!e->is_closing || !is_idle(d)) {
        slot *s;
        if (is_stopped(e) && has_work(e)) cancel_queued(e, PATINA_ECANCELLED, "stopped on request");
        if ((s = find_done(d)) != NULL) {
            if (s->status == PATINA_ENOMEM) {
                pthread_mutex_unlock(&e->lock);
                retry_smaller(d, s);
                pthread_mutex_lock(&e->lock);
            } else {
                end_batch(d, s);
            }
        } else if (has_work(e) && (s = find_free(d)) != NULL) {
            run_batch(d, s);
        } else {
            pthread_cond_wait(&e->work, &e->lock);
        }
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

/* ---- start-up check -------------------------------------------------------------------------- */

/* The largest difference of two embeddings. */
static double max_difference(const float *a, const float *b) {
    double max = 0.0;
    for (size_t i = 0; i < PATINA_EMBEDDING_SIZE; i++)
        max = fmax(max, fabs((double)a[i] - (double)b[i]));
    return max;
}

/* Runs a ticket on this device, before its thread starts, and compares the result. */
static patina_status check_ticket(device *d, pt_ticket *ticket, const char *what,
                                  const float *expected, patina_error *err) {
    pt_device_encoder *e = d->encoder;
    slot *s = &d->slots[0];
    float embedding[PATINA_EMBEDDING_SIZE];

    *s = (slot){.device = d, .values = s->values, .raw = s->raw, .kind = ticket->kind, .n = 1};
    s->tickets[0] = ticket;
    patina_status status = start_batch(d, s, err);
    if (status != PATINA_OK) {
        pt_device_finish(d->device);
        ticket_free(ticket);
        return status;
    }
    pthread_mutex_lock(&e->lock);
    while (s->state != DONE)
        pthread_cond_wait(&e->work, &e->lock);
    end_batch(d, s);
    pthread_mutex_unlock(&e->lock);
    PT_TRY(pt_ticket_wait(&ticket, embedding, err));
    const double difference = max_difference(embedding, expected);
    if (difference <= CHECK_TOLERANCE) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE,
                   "device '%s': the embedding of %s differs by %.1e from that of the CPU; use "
                   "another device or '--device cpu'",
                   pt_device_name(d->device), what, difference);
}

static patina_status check_audio(device *d, const patina_clap *cpu, pt_arena *scratch,
                                 patina_error *err) {
    enum { N_SAMPLES = 480000 };
    float expected[PATINA_EMBEDDING_SIZE], *x = pt_arena_alloc_array(scratch, N_SAMPLES, sizeof *x);
    pt_ticket *ticket = NULL;
    uint32_t random = 1;

    if (!x) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < N_SAMPLES; i++) {
        random = random * 1664525U + 1013904223U;
        x[i] = (float)(int32_t)random * 0x1p-33F;
    }
    PT_TRY(patina_clap_embed_audio(cpu, x, N_SAMPLES, expected, scratch, err));
    PT_TRY(make_audio_ticket(d->encoder, x, N_SAMPLES, &ticket, scratch, err));
    return check_ticket(d, ticket, "a clip", expected, err);
}

static patina_status check_text(device *d, const patina_clap *cpu, pt_arena *scratch,
                                patina_error *err) {
    static const patina_clap_caption caption = {"a dog barks while rain falls", 28};
    float expected[PATINA_EMBEDDING_SIZE];
    pt_ticket *ticket = NULL;

    PT_TRY(patina_clap_embed_texts(cpu, &caption, 1, expected, scratch, err));
    PT_TRY(make_text_ticket(d->encoder, &caption, &ticket, scratch, err));
    return check_ticket(d, ticket, "a caption", expected, err);
}

/* Compares a clip of noise and a caption with the CPU towers. */
static patina_status check_towers(device *d, const patina_clap *cpu, patina_error *err) {
    pt_arena scratch;
    patina_status status = PATINA_OK;
    pt_arena_init(&scratch);
    if (d->encoder->n_features > 0) status = check_audio(d, cpu, &scratch, err);
    if (status == PATINA_OK && d->encoder->hidden > 0) status = check_text(d, cpu, &scratch, err);
    pt_arena_release(&scratch);
    return status;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static patina_status start_device(pt_device_encoder *e, device *d, size_t batch,
                                  const patina_clap *cpu, patina_error *err) {
    PT_TRY(pt_device_model_open(d->device, pt_clap_get_audio_tower(e->clap),
                                pt_clap_get_text_tower(e->clap), batch, &d->model, err));
    const size_t n = pt_device_model_batch(d->model);
    const size_t audio = n * e->n_features, text = n * PATINA_CAPTION_TOKENS_MAX * e->hidden;
    for (size_t i = 0; i < SLOTS; i++) {
        d->slots[i].device = d;
        d->slots[i].values = malloc((audio > text ? audio : text) * sizeof(float));
        d->slots[i].raw = malloc(n * PATINA_EMBEDDING_SIZE * sizeof(float));
        if (!d->slots[i].values || !d->slots[i].raw)
            return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    if (n < e->stats.batch) e->stats.batch = n;
    PT_TRY(check_towers(d, cpu, err));
    if (pthread_create(&d->thread, NULL, device_main, d) != 0)
        return pt_fail(err, PATINA_ENOMEM, "no thread can be started for device '%s'",
                       pt_device_name(d->device));
    d->is_started = true;
    return PATINA_OK;
}

static void add_device(pt_device_encoder *e, pt_device *opened) {
    e->devices[e->n_devices].encoder = e;
    e->devices[e->n_devices++].device = opened;
}

static patina_status open_devices(pt_device_encoder *e, const patina_device_options *options,
                                  patina_error *err) {
    pt_device *opened[PATINA_DEVICES_MAX] = {NULL};
    pt_device_attention attention = {.n = 0};
    size_t n = 0;

    PT_TRY(pt_device_model_get_attention(pt_clap_get_config(e->clap), &attention, err));
    const patina_status status = pt_device_list_open(options, &attention, &e->api, opened, &n, err);
    for (size_t i = 0; i < n; i++)
        add_device(e, opened[i]);
    return status;
}

static patina_status start_all(pt_device_encoder *e, size_t batch, const patina_clap *cpu,
                               patina_error *err) {
    e->stats = (pt_device_encoder_stats){.n_devices = e->n_devices, .batch = batch};
    e->max_queued = e->n_devices * SLOTS * batch;
    for (size_t i = 0; i < e->n_devices; i++)
        PT_TRY(start_device(e, &e->devices[i], batch, cpu, err));
    pt_snprintf(e->note, sizeof e->note, "encoders on %zu device%s (%s), batches of up to %zu%s",
                e->n_devices, e->n_devices == 1 ? "" : "s", pt_device_name(e->devices[0].device),
                e->stats.batch,
                e->stats.batch < batch ? ", since there is too little memory for more" : "");
    pthread_mutex_lock(&e->lock);
    e->stats.n_batches = e->stats.n_clips = e->stats.n_captions = 0; /* not those of the checks */
    pthread_mutex_unlock(&e->lock);
    return PATINA_OK;
}

static patina_status encoder_make(const char *path, patina_clap_parts parts,
                                  const patina_atomic_bool *stop, pt_device_encoder **encoder,
                                  patina_error *err) {
    pt_device_encoder *e = calloc(1, sizeof *e);
    if (!e) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    pthread_mutex_init(&e->lock, NULL);
    pthread_cond_init(&e->work, NULL);
    pthread_cond_init(&e->done, NULL);
    e->stop = stop;
    *encoder = e;
    PT_TRY(pt_clap_open_row_major(path, parts, &e->clap, err));
    e->n_features = pt_clap_n_features(e->clap);
    e->hidden = parts & PATINA_CLAP_TEXT ? pt_clap_get_config(e->clap)->text.hidden : 0;
    return PATINA_OK;
}

patina_status pt_device_encoder_open(const char *path, patina_clap_parts parts,
                                     const patina_clap *cpu, const patina_device_options *options,
                                     const patina_atomic_bool *stop, pt_device_encoder **encoder,
                                     patina_error *err) {
    pt_device_encoder *e = NULL;
    patina_status status = encoder_make(path, parts, stop, &e, err);
    if (status == PATINA_OK) status = open_devices(e, options, err);
    if (status == PATINA_OK)
        status = start_all(e, options->batch ? options->batch : BATCH_DEFAULT, cpu, err);
    if (status == PATINA_OK)
        *encoder = e;
    else
        pt_device_encoder_close(&e);
    return status;
}

patina_status pt_device_encoder_open_on(const char *path, const patina_clap *cpu,
                                        pt_device *const *devices, size_t n_devices, size_t batch,
                                        const patina_atomic_bool *stop, pt_device_encoder **encoder,
                                        patina_error *err) {
    pt_device_encoder *e = NULL;
    patina_status status = encoder_make(path, PATINA_CLAP_BOTH, stop, &e, err);
    for (size_t i = 0; e && i < n_devices; i++)
        add_device(e, devices[i]);
    if (status == PATINA_OK) status = start_all(e, batch, cpu, err);
    if (status == PATINA_OK)
        *encoder = e;
    else
        pt_device_encoder_close(&e);
    return status;
}

void pt_device_encoder_close(pt_device_encoder **encoder) {
    pt_device_encoder *e = *encoder;
    if (!e) return;
    pthread_mutex_lock(&e->lock);
    e->is_closing = true;
    cancel_queued(e, PATINA_ECANCELLED, "stopped on request");
    pthread_cond_broadcast(&e->work);
    pthread_mutex_unlock(&e->lock);
    for (size_t i = 0; i < e->n_devices; i++) {
        device *d = &e->devices[i];
        if (d->is_started) pthread_join(d->thread, NULL);
        pt_device_model_close(&d->model);
        pt_device_close(&d->device);
        for (size_t k = 0; k < SLOTS; k++) {
            free(d->slots[k].values);
            free(d->slots[k].raw);
        }
    }
    patina_clap_close(&e->clap);
    pthread_cond_destroy(&e->done);
    pthread_cond_destroy(&e->work);
    pthread_mutex_destroy(&e->lock);
    free(e);
    *encoder = NULL;
}

size_t pt_device_encoder_in_flight(const pt_device_encoder *e) {
    return (SLOTS + 1) * e->n_devices * e->stats.batch;
}

const char *pt_device_encoder_device_name(const pt_device_encoder *e, size_t index,
                                          const char **tile) {
    *tile = pt_device_tile_name(e->devices[index].device);
    return pt_device_name(e->devices[index].device);
}

pt_device_encoder_stats pt_device_encoder_get_stats(pt_device_encoder *e) {
    pthread_mutex_lock(&e->lock);
    const pt_device_encoder_stats stats = e->stats;
    pthread_mutex_unlock(&e->lock);
    return stats;
}

bool pt_device_encoder_has_failed(pt_device_encoder *e) {
    pthread_mutex_lock(&e->lock);
    const bool has_failed = e->failure.status != PATINA_OK;
    pthread_mutex_unlock(&e->lock);
    return has_failed;
}

bool pt_device_encoder_take_note(pt_device_encoder *e, char text[256]) {
    pthread_mutex_lock(&e->lock);
    const bool has_note = e->note[0] != '\0';
    memcpy(text, e->note, sizeof e->note);
    e->note[0] = '\0';
    pthread_mutex_unlock(&e->lock);
    return has_note;
}
