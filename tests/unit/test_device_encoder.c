/* SPDX-License-Identifier: MIT */
/* test_device_encoder.c - the queue of clips and captions, on devices in plain C, without a
 * driver, so that the thread sanitizer covers all threads */

#include "pipeline/device_encoder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "nn/opencl/device_internal.h"
#include "test.h"

#define N_CLIPS    3
#define N_CAPTIONS 12
#define N_ALL      (N_CLIPS + N_CAPTIONS)
#define N_SAMPLES  48000

static patina_clap *open_cpu(pt_test *t) {
    patina_clap *cpu = NULL;
    CHECK_OK(patina_clap_open(pt_test_golden_path("clap/mini"), PATINA_CLAP_BOTH, PATINA_ISA_AUTO,
                              PATINA_PRECISION_F32, &cpu, &t->err));
    return cpu;
}

/* Reference devices whose kernels fail from a number on. */
static const pt_device_backend *reference;
static atomic_int n_runs, first_failing, failure;

static patina_status run_failing(pt_device *device, const pt_device_launch *launch,
                                 patina_error *err) {
    if (atomic_fetch_add(&n_runs, 1) < atomic_load(&first_failing))
        return reference->run(device, launch, err);
    return pt_fail(err, (patina_status)atomic_load(&failure), "device '%s' is lost", device->name);
}

static pt_device_encoder *open_encoder(pt_test *t, const patina_clap *cpu, size_t n_devices,
                                       size_t batch, const patina_atomic_bool *stop,
                                       bool may_fail) {
    static pt_device_backend failing;
    pt_device *devices[4] = {NULL};
    pt_device_encoder *encoder = NULL;
    for (size_t i = 0; i < n_devices; i++) {
        if (!CHECK_OK(pt_device_open_reference(&devices[i], &t->err))) return NULL;
        if (!may_fail) continue;
        reference = devices[i]->backend;
        failing = *reference;
        failing.run = run_failing;
        devices[i]->backend = &failing;
    }
    atomic_store(&first_failing, 1 << 30);
    CHECK_OK(pt_device_encoder_open_on(pt_test_golden_path("clap/mini"), cpu, devices, n_devices,
                                       batch, stop, &encoder, &t->err));
    return encoder;
}

/* A thread that submits its share of clips and captions. */
typedef struct worker {
    pt_device_encoder *encoder;
    size_t first, step;
    const float *samples;
    pt_ticket **tickets; /* clips, then captions */
    patina_status status;
    patina_error err;
} worker;

static patina_clap_caption caption_at(size_t i) {
    static const char *const texts[] = {"a dog", "rain falls on a tin roof", "", "two bells"};
    return (patina_clap_caption){texts[i % 4], strlen(texts[i % 4])};
}

static void *submit(void *context) {
    worker *w = context;
    pt_arena scratch;
    pt_arena_init(&scratch);
    for (size_t i = w->first; i < N_ALL && w->status == PATINA_OK; i += w->step) {
        const patina_clap_caption caption = caption_at(i);
        w->status = i < N_CLIPS ? pt_device_encoder_submit_audio(w->encoder, w->samples,
                                                                 N_SAMPLES - 480 * i,
                                                                 &w->tickets[i], &scratch, &w->err)
                                : pt_device_encoder_submit_text(w->encoder, &caption,
                                                                &w->tickets[i], &scratch, &w->err);
    }
    pt_arena_release(&scratch);
    return NULL;
}

/* Submits all from some threads; returns the first status that is not PATINA_OK. */
static patina_status embed_all(pt_device_encoder *encoder, size_t n_threads,
                               float embeddings[][PATINA_EMBEDDING_SIZE], patina_error *err) {
    static float samples[N_SAMPLES];
    pt_ticket *tickets[N_ALL] = {NULL};
    pthread_t threads[4];
    worker workers[4];
    patina_status status = PATINA_OK;

    for (size_t i = 0; i < N_SAMPLES; i++)
        samples[i] = 0.3F * sinf(0.05F * (float)i) + 0.1F * sinf(0.0007F * (float)(i * i % 9973));
    for (size_t i = 0; i < n_threads; i++) {
        workers[i] = (worker){encoder, i, n_threads, samples, tickets, PATINA_OK, {PATINA_OK, ""}};
        if (pthread_create(&threads[i], NULL, submit, &workers[i]) != 0) abort();
    }
    for (size_t i = 0; i < n_threads; i++) {
        pthread_join(threads[i], NULL);
        if (status != PATINA_OK || workers[i].status == PATINA_OK) continue;
        status = workers[i].status;
        *err = workers[i].err;
    }
    for (size_t i = 0; i < N_ALL; i++) {
        patina_error fault = {PATINA_OK, ""};
        const patina_status one = pt_ticket_wait(&tickets[i], embeddings[i], &fault);
        if (status != PATINA_OK || one == PATINA_OK) continue;
        status = one;
        *err = fault;
    }
    return status;
}

TEST(encoder, equal_bits_for_all_batches_and_devices) {
    static float one[N_ALL][PATINA_EMBEDDING_SIZE], many[N_ALL][PATINA_EMBEDDING_SIZE];
    patina_clap *cpu = open_cpu(t);
    pt_device_encoder *encoder = open_encoder(t, cpu, 1, 1, NULL, false);
    REQUIRE(encoder);
    CHECK_OK(embed_all(encoder, 1, one, &t->err));
    pt_device_encoder_close(&encoder);

    encoder = open_encoder(t, cpu, 2, 3, NULL, false);
    REQUIRE(encoder);
    CHECK_OK(embed_all(encoder, 4, many, &t->err));
    CHECK(memcmp(one, many, sizeof one) == 0);
    const pt_device_encoder_stats stats = pt_device_encoder_get_stats(encoder);
    CHECK_INT(stats.n_clips, N_CLIPS);
    CHECK_INT(stats.n_captions, N_CAPTIONS);
    CHECK_INT(stats.n_halved, 0);
    pt_device_encoder_close(&encoder);
    patina_clap_close(&cpu);
}

/* Every ticket ends with the failure, later calls fail, and nothing waits for ever. */
TEST(encoder, a_lost_device) {
    static float unused[N_ALL][PATINA_EMBEDDING_SIZE];
    patina_clap *cpu = open_cpu(t);
    pt_device_encoder *encoder = open_encoder(t, cpu, 2, 2, NULL, true);
    REQUIRE(encoder);
    atomic_store(&failure, PATINA_EIO);
    atomic_store(&first_failing, atomic_load(&n_runs) + 20);
    CHECK_FAILS(embed_all(encoder, 3, unused, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "is lost");
    CHECK_FAILS(embed_all(encoder, 1, unused, &t->err), PATINA_EIO);
    pt_device_encoder_close(&encoder);
    patina_clap_close(&cpu);
}

/* Too little memory halves the batch down to one clip, and then ends the run. */
TEST(encoder, too_little_memory) {
    static float unused[N_ALL][PATINA_EMBEDDING_SIZE];
    patina_clap *cpu = open_cpu(t);
    char note[256];
    pt_device_encoder *encoder = open_encoder(t, cpu, 1, 4, NULL, true);
    REQUIRE(encoder);
    CHECK(pt_device_encoder_take_note(encoder, note));
    atomic_store(&failure, PATINA_ENOMEM);
    atomic_store(&first_failing, atomic_load(&n_runs) + 20);
    CHECK_FAILS(embed_all(encoder, 2, unused, &t->err), PATINA_ENOMEM);
    CHECK_INT(pt_device_encoder_get_stats(encoder).n_halved, 2);
    CHECK(pt_device_encoder_take_note(encoder, note));
    CHECK_CONTAINS(note, "its batch is now 1");
    pt_device_encoder_close(&encoder);
    patina_clap_close(&cpu);
}

TEST(encoder, stopped) {
    static float unused[N_ALL][PATINA_EMBEDDING_SIZE];
    static patina_atomic_bool stop;
    patina_clap *cpu = open_cpu(t);
    pt_device_encoder *encoder = open_encoder(t, cpu, 1, 1, &stop, false);
    REQUIRE(encoder);
    atomic_store(&stop, true);
    CHECK_FAILS(embed_all(encoder, 2, unused, &t->err), PATINA_ECANCELLED);
    pt_device_encoder_close(&encoder);
    patina_clap_close(&cpu);
}
