/* SPDX-License-Identifier: MIT */
/* test_clap_threads.c - one model handle in several threads */

#include <patina/clap.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#include "base/arena.h"

/* Threads share the handle and get the results of a single thread. */
typedef struct worker {
    const patina_clap *clap;
    patina_status status;
    float audio[PATINA_EMBEDDING_SIZE], text[PATINA_EMBEDDING_SIZE];
} worker;

static void *work(void *context) {
    enum { N = 40000 };
    worker *w = context;
    float *x = calloc(N, sizeof *x);
    pt_arena scratch;

    if (!x) abort();
    for (size_t i = 0; i < N; i++) /* a sawtooth of 480 Hz */
        x[i] = (float)(i % 100) / 50.0f - 1.0f;
    pt_arena_init(&scratch);
    for (int i = 0; i < 3 && w->status == PATINA_OK; i++)
        w->status = patina_clap_embed_audio(w->clap, x, N, w->audio, &scratch, NULL);
    for (int i = 0; i < 3 && w->status == PATINA_OK; i++)
        w->status = patina_clap_embed_text(w->clap, "a saw", 5, w->text, &scratch, NULL);
    pt_arena_release(&scratch);
    free(x);
    return NULL;
}

TEST(clap_threads, share_a_model) {
    enum { N_THREADS = 3 };
    patina_clap *clap = NULL;
    REQUIRE_OK(patina_clap_open(pt_test_golden_path("clap/mini"), PATINA_CLAP_BOTH,
                                patina_isa_detect(), PATINA_PRECISION_F32, &clap, &t->err));
    worker alone = {.clap = clap}, workers[N_THREADS] = {{0}};
    pthread_t threads[N_THREADS];
    work(&alone);
    CHECK(alone.status == PATINA_OK);
    for (int i = 0; i < N_THREADS; i++) {
        workers[i].clap = clap;
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0) abort();
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(workers[i].status == PATINA_OK);
        CHECK(memcmp(workers[i].audio, alone.audio, sizeof alone.audio) == 0);
        CHECK(memcmp(workers[i].text, alone.text, sizeof alone.text) == 0);
    }
    patina_clap_close(&clap);
}
