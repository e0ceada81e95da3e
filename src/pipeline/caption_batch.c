/* SPDX-License-Identifier: MIT */
/* caption_batch.c - captions -> what the cache has -> the text tower for the rest */

#include "pipeline/caption_batch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HANDFUL 32 /* captions; about a second of one core at f32 */

pt_status pt_caption_batch_add(pt_caption_batch *b, const char *caption, pt_error *err) {
    if (b->n_captions == b->capacity) {
        const size_t capacity = b->capacity ? 2 * b->capacity : 16;
        pt_clap_caption *captions = realloc(b->captions, capacity * sizeof *captions);
        if (!captions) return pt_fail(err, PT_ENOMEM, "out of memory");
        b->captions = captions;
        b->capacity = capacity;
    }
    pt_clap_caption *added = &b->captions[b->n_captions];
    added->text = strdup(caption);
    if (!added->text) return pt_fail(err, PT_ENOMEM, "out of memory");
    added->n_bytes = strlen(caption);
    b->n_captions++;
    return PT_OK;
}

/* Index of an earlier caption of the same words; i where there is none. Batches are small. */
static size_t first_of(const pt_caption_batch *b, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (b->captions[j].n_bytes == b->captions[i].n_bytes &&
            memcmp(b->captions[j].text, b->captions[i].text, b->captions[i].n_bytes) == 0)
            return j;
    return i;
}

static float *embedding_of(const pt_caption_batch *b, size_t i) {
    return b->embeddings + i * PT_EMBEDDING;
}

/* The text tower for captions that are all different, stopping between two handfuls. */
static pt_status embed(const pt_clap *clap, const pt_clap_caption *captions, size_t n,
                       float *embeddings, const atomic_bool *stop, pt_arena *scratch,
                       pt_error *err) {
    for (size_t i = 0; i < n; i += HANDFUL) {
        if (stop && atomic_load_explicit(stop, memory_order_relaxed))
            return pt_fail(err, PT_ECANCELLED, "stopped on request");
        PT_TRY(pt_clap_embed_texts(clap, captions + i, n - i < HANDFUL ? n - i : HANDFUL,
                                   embeddings + i * PT_EMBEDDING, scratch, err));
    }
    return PT_OK;
}

pt_status pt_caption_batch_embed(pt_caption_batch *b, const pt_clap *clap, pt_caption_cache *cache,
                                 const atomic_bool *stop, pt_arena *scratch, pt_error *err) {
    const size_t n = b->n_captions;
    pt_clap_caption *wanted = NULL;
    float *made = NULL;
    size_t *places = NULL, n_wanted = 0;
    pt_status status = PT_OK;

    if (n == 0) return PT_OK;
    b->embeddings = malloc(n * PT_EMBEDDING * sizeof *b->embeddings);
    wanted = malloc(n * sizeof *wanted);
    made = malloc(n * PT_EMBEDDING * sizeof *made);
    places = malloc(n * sizeof *places);
    if (!b->embeddings || !wanted || !made || !places) {
        status = pt_fail(err, PT_ENOMEM, "out of memory");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        const pt_clap_caption c = b->captions[i];
        if (first_of(b, i) < i ||
            pt_caption_cache_find(cache, c.text, c.n_bytes, embedding_of(b, i)))
            continue;
        wanted[n_wanted] = c;
        places[n_wanted++] = i;
    }
    status = embed(clap, wanted, n_wanted, made, stop, scratch, err);
    if (status != PT_OK) goto done;
    for (size_t k = 0; k < n_wanted; k++) {
        const float *embedding = made + k * PT_EMBEDDING;
        memcpy(embedding_of(b, places[k]), embedding, PT_EMBEDDING * sizeof *embedding);
        pt_caption_cache_keep(cache, wanted[k].text, wanted[k].n_bytes, embedding);
    }
    for (size_t i = 0; i < n; i++) {
        const size_t first = first_of(b, i);
        if (first < i)
            memcpy(embedding_of(b, i), embedding_of(b, first), PT_EMBEDDING * sizeof(float));
    }
done:
    free(wanted);
    free(made);
    free(places);
    return status;
}

void pt_caption_batch_release(pt_caption_batch *b) {
    for (size_t i = 0; i < b->n_captions; i++)
        free((void *)(uintptr_t)b->captions[i].text); /* made by add, so not const */
    free(b->captions);
    free(b->embeddings);
    *b = (pt_caption_batch){0};
}
