/* SPDX-License-Identifier: MIT */
/* clap.c - a model as one handle: files, tokenizer, features and both towers */

#include <patina/clap.h>

#include <math.h>
#include <stdlib.h>

#include "clap/audio_tower.h"
#include "clap/mel.h"
#include "clap/model.h"
#include "clap/text_tower.h"
#include "clap/tokenizer.h"
#include "clap/tower_alone.h"
#include "nn/ops.h"

#define NORM_MIN 1e-12 /* torch.nn.functional.normalize: a vector of zeros stays one */

/* Room for the tokens of captions that run together; two of usual length make up for the fetching
 * of the weights, and more gain nothing (measured on Zen 4). */
#define TOGETHER_TOKENS (2 * PT_CAPTION_TOKENS)

struct pt_clap {
    pt_model model; /* weights are kept open for the word embeddings; NULL without text */
    pt_tokenizer *tokenizer;
    pt_text_tower *text;
    pt_mel *mel;
    pt_audio_tower *audio;
};

static pt_status open_audio(pt_clap *clap, const pt_nn_ops *ops, pt_error *err) {
    pt_model *model = &clap->model;
    PT_TRY(pt_model_read_extractor(model, err));
    PT_TRY(pt_mel_open(&model->config.extractor, &clap->mel, err));
    return pt_audio_tower_open(&model->config, pt_mel_frames(clap->mel), model->weights, ops,
                               &clap->audio, err);
}

static pt_status open_text(pt_clap *clap, const pt_nn_ops *ops, pt_error *err) {
    PT_TRY(pt_model_open_tokenizer(&clap->model, &clap->tokenizer, err));
    return pt_text_tower_open(&clap->model.config, clap->model.weights, ops, &clap->text, err);
}

pt_status pt_clap_open(const char *path, pt_clap_parts parts, pt_isa isa, pt_precision precision,
                       pt_clap **clap, pt_error *err) {
    const pt_nn_ops *ops = pt_nn_ops_of(isa, precision);
    if (!ops)
        return pt_fail(err, PT_EUSAGE, "precision '%s' is not offered here with '%s' instructions",
                       pt_precision_name(precision), pt_isa_name(isa));
    pt_clap *opened = calloc(1, sizeof *opened);
    if (!opened) return pt_fail(err, PT_ENOMEM, "out of memory");

    pt_status status = pt_model_open(path, &opened->model, err);
    if (status == PT_OK && (parts & PT_CLAP_AUDIO)) status = open_audio(opened, ops, err);
    if (status == PT_OK && (parts & PT_CLAP_TEXT)) status = open_text(opened, ops, err);
    if (status != PT_OK) {
        pt_clap_close(&opened);
        return status;
    }
    if (opened->text)
        pt_checkpoint_forget(opened->model.weights);
    else
        pt_checkpoint_close(&opened->model.weights);
    *clap = opened;
    return PT_OK;
}

void pt_clap_close(pt_clap **clap) {
    if (!*clap) return;
    pt_audio_tower_close(&(*clap)->audio);
    pt_mel_close(&(*clap)->mel);
    pt_text_tower_close(&(*clap)->text);
    pt_tokenizer_close(&(*clap)->tokenizer);
    pt_model_release(&(*clap)->model);
    free(*clap);
    *clap = NULL;
}

/* To length 1. Weights that overflow are the model's fault: no row may hold what comes of it. */
static pt_status normalise(const float raw[PT_EMBEDDING], float embedding[PT_EMBEDDING],
                           pt_error *err) {
    double power = 0.0;
    for (size_t i = 0; i < PT_EMBEDDING; i++)
        power += (double)raw[i] * (double)raw[i];
    if (!isfinite(power)) return pt_fail(err, PT_EFORMAT, "the model gives no finite embedding");

    const float norm = (float)fmax(sqrt(power), NORM_MIN);
    for (size_t i = 0; i < PT_EMBEDDING; i++)
        embedding[i] = raw[i] / norm;
    return PT_OK;
}

/* Captions that run through the tower together. */
typedef struct group {
    int32_t ids[TOGETHER_TOKENS];
    size_t lengths[TOGETHER_TOKENS]; /* [n_captions]; a caption has a token at the least */
    size_t n_captions, n_ids;
} group;

/* Embeds a group; what it takes from scratch it gives back. */
static pt_status embed_group(const pt_clap *clap, const group *g, float *embeddings,
                             pt_arena *scratch, pt_error *err) {
    const size_t n_tower = pt_text_tower_scratch_size(clap->text, g->n_captions, g->n_ids);
    const size_t n_raw = g->n_captions * PT_EMBEDDING;
    const pt_arena_mark mark = pt_arena_here(scratch);
    pt_status status = PT_OK;

    unsigned char *memory = pt_arena_take(scratch, n_tower + n_raw * sizeof(float));
    if (!memory) return pt_fail(err, PT_ENOMEM, "out of memory for the text tower");
    float *raw = (float *)(void *)(memory + n_tower); /* a multiple of 64 */
    pt_text_tower_run(clap->text, g->ids, g->lengths, g->n_captions, raw, memory, NULL);
    for (size_t i = 0; status == PT_OK && i < n_raw; i += PT_EMBEDDING)
        status = normalise(raw + i, embeddings + i, err);
    pt_arena_rewind(scratch, mark);
    return status;
}

pt_status pt_clap_embed_texts(const pt_clap *clap, const pt_clap_caption *captions,
                              size_t n_captions, float *embeddings, pt_arena *scratch,
                              pt_error *err) {
    if (!clap->text) return pt_fail(err, PT_EUSAGE, "the model was opened without its text tower");

    for (size_t first = 0; first < n_captions;) {
        group g = {.n_captions = 0};
        for (size_t i = first; i < n_captions; i++) {
            int32_t *const ids = g.ids + g.n_ids;
            size_t n_ids;
            if (TOGETHER_TOKENS - g.n_ids < PT_CAPTION_TOKENS) break;
            PT_TRY(pt_tokenizer_encode(clap->tokenizer, captions[i].text, captions[i].n_bytes, ids,
                                       PT_CAPTION_TOKENS, &n_ids, NULL, scratch, err));
            g.lengths[g.n_captions++] = n_ids;
            g.n_ids += n_ids;
        }
        PT_TRY(embed_group(clap, &g, embeddings + first * PT_EMBEDDING, scratch, err));
        first += g.n_captions;
    }
    return PT_OK;
}

pt_status pt_clap_embed_text(const pt_clap *clap, const char *caption, size_t n_bytes,
                             float embedding[PT_EMBEDDING], pt_arena *scratch, pt_error *err) {
    return pt_clap_embed_texts(clap, &(pt_clap_caption){caption, n_bytes}, 1, embedding, scratch,
                               err);
}

pt_status pt_clap_embed_audio(const pt_clap *clap, const float *x, size_t n_samples,
                              float embedding[PT_EMBEDDING], pt_arena *scratch, pt_error *err) {
    if (!clap->audio)
        return pt_fail(err, PT_EUSAGE, "the model was opened without its audio tower");
    const pt_extractor_config *c = &clap->model.config.extractor;
    if (n_samples < 1 || n_samples > c->n_samples)
        return pt_fail(err, PT_ERANGE, "%zu samples: the audio tower takes 1 to %zu", n_samples,
                       c->n_samples);

    /* One piece, so that an arena that is never reset settles on one block. Features come last:
     * mel and tower take turns with what is before them. */
    const size_t n_mel = pt_mel_scratch_size(clap->mel);
    const size_t n_tower = pt_audio_tower_scratch_size(clap->audio);
    const size_t n_work = n_mel > n_tower ? n_mel : n_tower;
    const size_t n_features = pt_mel_frames(clap->mel) * c->n_mels * sizeof(float);
    const pt_arena_mark mark = pt_arena_here(scratch);
    float raw[PT_EMBEDDING];

    unsigned char *memory = pt_arena_take(scratch, n_work + n_features);
    if (!memory) return pt_fail(err, PT_ENOMEM, "out of memory for the audio tower");
    float *features = (float *)(void *)(memory + n_work); /* sizes are multiples of 64 */
    pt_mel_features(clap->mel, x, n_samples, features, memory);
    pt_audio_tower_run(clap->audio, features, 1, raw, memory, NULL);
    const pt_status status = normalise(raw, embedding, err);
    pt_arena_rewind(scratch, mark);
    return status;
}

pt_status pt_clap_run_audio_tower(const pt_clap *clap, const float *features,
                                  float raw[PT_EMBEDDING], pt_arena *scratch, pt_error *err) {
    if (!clap->audio)
        return pt_fail(err, PT_EUSAGE, "the model was opened without its audio tower");
    const pt_arena_mark mark = pt_arena_here(scratch);
    void *memory = pt_arena_take(scratch, pt_audio_tower_scratch_size(clap->audio));
    if (!memory) return pt_fail(err, PT_ENOMEM, "out of memory for the audio tower");
    pt_audio_tower_run(clap->audio, features, 1, raw, memory, NULL);
    pt_arena_rewind(scratch, mark);
    return PT_OK;
}
