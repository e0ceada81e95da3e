/* SPDX-License-Identifier: MIT */
/* caption_batch.c - embeds captions: from the cache, or by the text tower */

#include "pipeline/caption_batch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"

#define CAPTIONS_PER_CALL 32 /* about a second of one core at f32: how soon a stop takes effect */

patina_status pt_caption_batch_add(pt_caption_batch *b, const char *caption, patina_error *err) {
    if (b->n_captions == b->capacity) {
        const size_t capacity = b->capacity ? 2 * b->capacity : 16;
        patina_clap_caption *captions = realloc(b->captions, capacity * sizeof *captions);
        if (!captions) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        b->captions = captions;
        b->capacity = capacity;
    }
    patina_clap_caption *added = &b->captions[b->n_captions];
    added->text = strdup(caption);
    if (!added->text) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    added->n_bytes = strlen(caption);
    b->n_captions++;
    return PATINA_OK;
}

/* Index of the first caption that equals caption i. Batches are small. */
static size_t find_first_equal(const pt_caption_batch *b, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (b->captions[j].n_bytes == b->captions[i].n_bytes &&
            memcmp(b->captions[j].text, b->captions[i].text, b->captions[i].n_bytes) == 0)
            return j;
    return i;
}

static float *embedding_of(const pt_caption_batch *b, size_t i) {
    return b->embeddings + i * PATINA_EMBEDDING_SIZE;
}

/* Embeddings of captions that equal an earlier one. */
static void copy_repeated(pt_caption_batch *b) {
    for (size_t i = 0; i < b->n_captions; i++) {
        const size_t first = find_first_equal(b, i);
        if (first < i)
            memcpy(embedding_of(b, i), embedding_of(b, first),
                   PATINA_EMBEDDING_SIZE * sizeof(float));
    }
}

/* Runs the text tower for captions that all differ. */
static patina_status embed(const patina_clap *clap, const patina_clap_caption *captions, size_t n,
                           float *embeddings, const patina_atomic_bool *stop, pt_arena *scratch,
                           patina_error *err) {
    for (size_t i = 0; i < n; i += CAPTIONS_PER_CALL) {
        if (stop && atomic_load_explicit(stop, memory_order_relaxed))
            return pt_fail(err, PATINA_ECANCELLED, "stopped on request");
        PT_TRY(patina_clap_embed_texts(clap, captions + i,
                                       n - i < CAPTIONS_PER_CALL ? n - i : CAPTIONS_PER_CALL,
                                       embeddings + i * PATINA_EMBEDDING_SIZE, scratch, err));
    }
    return PATINA_OK;
}

patina_status pt_caption_batch_embed(pt_caption_batch *b, const patina_clap *clap,
                                     pt_caption_cache *cache, const patina_atomic_bool *stop,
                                     pt_arena *scratch, patina_error *err) {
    const size_t n = b->n_captions;
    patina_clap_caption *wanted = NULL;
    float *made = NULL;
    size_t *indices = NULL, n_wanted = 0;
    patina_status status = PATINA_OK;

    if (n == 0) return PATINA_OK;
    b->embeddings = malloc(n * PATINA_EMBEDDING_SIZE * sizeof *b->embeddings);
    wanted = malloc(n * sizeof *wanted);
    made = malloc(n * PATINA_EMBEDDING_SIZE * sizeof *made);
    indices = malloc(n * sizeof *indices);
    if (!b->embeddings || !wanted || !made || !indices) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        const patina_clap_caption c = b->captions[i];
        if (find_first_equal(b, i) < i ||
            pt_caption_cache_find(cache, c.text, c.n_bytes, embedding_of(b, i)))
            continue;
        wanted[n_wanted] = c;
        indices[n_wanted++] = i;
    }
    status = embed(clap, wanted, n_wanted, made, stop, scratch, err);
    if (status != PATINA_OK) goto done;
    for (size_t k = 0; k < n_wanted; k++) {
        const float *embedding = made + k * PATINA_EMBEDDING_SIZE;
        memcpy(embedding_of(b, indices[k]), embedding, PATINA_EMBEDDING_SIZE * sizeof *embedding);
        pt_caption_cache_put(cache, wanted[k].text, wanted[k].n_bytes, embedding);
    }
    copy_repeated(b);
done:
    free(wanted);
    free(made);
    free(indices);
    return status;
}

patina_status pt_caption_batch_submit(pt_caption_batch *b, pt_device_encoder *encoder,
                                      pt_caption_cache *cache, pt_arena *scratch,
                                      patina_error *err) {
    if (b->n_captions == 0) return PATINA_OK;
    b->embeddings = malloc(b->n_captions * PATINA_EMBEDDING_SIZE * sizeof *b->embeddings);
    b->tickets = calloc(b->n_captions, sizeof *b->tickets);
    if (!b->embeddings || !b->tickets) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    for (size_t i = 0; i < b->n_captions; i++) {
        const patina_clap_caption *c = &b->captions[i];
        if (find_first_equal(b, i) < i ||
            pt_caption_cache_find(cache, c->text, c->n_bytes, embedding_of(b, i)))
            continue;
        PT_TRY(pt_device_encoder_submit_text(encoder, c, &b->tickets[i], scratch, err));
    }
    return PATINA_OK;
}

patina_status pt_caption_batch_wait(pt_caption_batch *b, pt_caption_cache *cache,
                                    patina_error *err) {
    if (!b->tickets) return PATINA_OK;
    for (size_t i = 0; i < b->n_captions; i++) {
        if (!b->tickets[i]) continue;
        PT_TRY(pt_ticket_wait(&b->tickets[i], embedding_of(b, i), err));
        pt_caption_cache_put(cache, b->captions[i].text, b->captions[i].n_bytes,
                             embedding_of(b, i));
    }
    free(b->tickets);
    b->tickets = NULL;
    copy_repeated(b);
    return PATINA_OK;
}

void pt_caption_batch_release(pt_caption_batch *b) {
    for (size_t i = 0; b->tickets && i < b->n_captions; i++)
        (void)pt_ticket_wait(&b->tickets[i], NULL, NULL);
    free(b->tickets);
    for (size_t i = 0; i < b->n_captions; i++)
        free((void *)(uintptr_t)b->captions[i].text); /* allocated by pt_caption_batch_add */
    free(b->captions);
    free(b->embeddings);
    *b = (pt_caption_batch){0};
}
