/* SPDX-License-Identifier: MIT */
/* clap.c - CLAP model: tokenizer, feature extractor and both towers behind one handle */

#include <patina/clap.h>

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/error.h"
#include "clap/audio_tower.h"
#include "clap/clap_internal.h"
#include "clap/mel.h"
#include "clap/model_files.h"
#include "clap/text_tower.h"
#include "clap/tokenizer.h"
#include "nn/opencl/row_major_ops.h"
#include "nn/ops.h"

#define NORM_MIN 1e-12 /* as torch.nn.functional.normalize: zeros stay zeros */

/* Tokens of captions that run as one batch. Two captions of usual length suffice to amortise
 * loading the weights; more gain nothing (measured on Zen 4). */
#define BATCH_TOKENS (2 * PATINA_CAPTION_TOKENS_MAX)

struct patina_clap {
    pt_model_files model; /* the weight file is closed after opening */
    pt_tokenizer *tokenizer;
    pt_text_tower *text;
    pt_mel *mel;
    pt_audio_tower *audio;
};

static patina_status open_audio(patina_clap *clap, const pt_nn_ops *ops, patina_error *err) {
    pt_model_files *model = &clap->model;
    PT_TRY(pt_model_files_read_extractor(model, err));
    PT_TRY(pt_mel_open(&model->config.extractor, &clap->mel, err));
    return pt_audio_tower_open(&model->config, pt_mel_n_frames(clap->mel), model->weights, ops,
                               &clap->audio, err);
}

static patina_status open_text(patina_clap *clap, const pt_nn_ops *ops, patina_error *err) {
    PT_TRY(pt_model_files_open_tokenizer(&clap->model, &clap->tokenizer, err));
    return pt_text_tower_open(&clap->model.config, clap->model.weights, ops, &clap->text, err);
}

static patina_status open_model(const char *path, patina_clap_parts parts, const pt_nn_ops *ops,
                                patina_clap **clap, patina_error *err) {
    patina_clap *opened = calloc(1, sizeof *opened);
    if (!opened) return pt_fail(err, PATINA_ENOMEM, "out of memory");

    patina_status status = pt_model_files_open(path, &opened->model, err);
    if (status == PATINA_OK && (parts & PATINA_CLAP_AUDIO)) status = open_audio(opened, ops, err);
    if (status == PATINA_OK && (parts & PATINA_CLAP_TEXT)) status = open_text(opened, ops, err);
    if (status != PATINA_OK) {
        patina_clap_close(&opened);
        return status;
    }
    /* All weights are copied: later changes or truncation of the file have no effect. */
    pt_checkpoint_close(&opened->model.weights);
    *clap = opened;
    return PATINA_OK;
}

patina_status patina_clap_open(const char *path, patina_clap_parts parts, patina_isa isa,
                               patina_precision precision, patina_clap **clap, patina_error *err) {
    if (isa == PATINA_ISA_AUTO) isa = patina_isa_detect();
    const pt_nn_ops *ops = pt_nn_ops_get(isa, precision);
    if (!ops)
        return pt_fail(err, PATINA_EUSAGE,
                       "precision '%s' is not supported with instruction set '%s' on this machine",
                       patina_precision_name(precision), patina_isa_name(isa));
    return open_model(path, parts, ops, clap, err);
}

patina_status pt_clap_open_row_major(const char *path, patina_clap_parts parts, patina_clap **clap,
                                     patina_error *err) {
    return open_model(path, parts, &pt_nn_ops_row_major, clap, err);
}

void patina_clap_close(patina_clap **clap) {
    if (!*clap) return;
    pt_audio_tower_close(&(*clap)->audio);
    pt_mel_close(&(*clap)->mel);
    pt_text_tower_close(&(*clap)->text);
    pt_tokenizer_close(&(*clap)->tokenizer);
    pt_model_files_release(&(*clap)->model);
    free(*clap);
    *clap = NULL;
}

/* Scales to length 1. Overflow in the towers is an error of the model and must not reach a row. */
patina_status pt_clap_normalise(const float raw[PATINA_EMBEDDING_SIZE],
                                float embedding[PATINA_EMBEDDING_SIZE], patina_error *err) {
    double power = 0.0;
    for (size_t i = 0; i < PATINA_EMBEDDING_SIZE; i++)
        power += (double)raw[i] * (double)raw[i];
    if (!isfinite(power))
        return pt_fail(err, PATINA_EFORMAT, "the model computes an embedding that is not finite");

    const float norm = (float)fmax(sqrt(power), NORM_MIN);
    for (size_t i = 0; i < PATINA_EMBEDDING_SIZE; i++)
        embedding[i] = raw[i] / norm;
    return PATINA_OK;
}

/* Captions that run through the tower as one batch. */
typedef struct batch {
    int32_t ids[BATCH_TOKENS];
    size_t lengths[BATCH_TOKENS]; /* [n_captions], at least 1 each */
    size_t n_captions, n_ids;
} batch;

/* Embeds a batch. */
static patina_status embed_batch(const patina_clap *clap, const batch *g, float *embeddings,
                                 pt_arena *scratch, patina_error *err) {
    const size_t n_tower = pt_text_tower_scratch_size(clap->text, g->n_captions, g->n_ids);
    const size_t n_raw = g->n_captions * PATINA_EMBEDDING_SIZE;
    const pt_arena_marker mark = pt_arena_mark(scratch);
    patina_status status = PATINA_OK;

    unsigned char *memory = pt_arena_alloc(scratch, n_tower + n_raw * sizeof(float));
    if (!memory) return pt_fail(err, PATINA_ENOMEM, "out of memory for the text tower");
    float *raw = (float *)(void *)(memory + n_tower); /* a multiple of 64 */
    pt_text_tower_run(clap->text, g->ids, g->lengths, g->n_captions, raw, memory, NULL);
    for (size_t i = 0; status == PATINA_OK && i < n_raw; i += PATINA_EMBEDDING_SIZE)
        status = pt_clap_normalise(raw + i, embeddings + i, err);
    pt_arena_rewind(scratch, mark);
    return status;
}

static patina_status embed_captions(const patina_clap *clap, const patina_clap_caption *captions,
                                    size_t n_captions, float *embeddings, pt_arena *scratch,
                                    patina_error *err) {
    for (size_t first = 0; first < n_captions;) {
        batch g = {.n_captions = 0};
        for (size_t i = first; i < n_captions; i++) {
            int32_t *const ids = g.ids + g.n_ids;
            size_t n_ids;
            if (BATCH_TOKENS - g.n_ids < PATINA_CAPTION_TOKENS_MAX) break;
            PT_TRY(pt_tokenizer_encode(clap->tokenizer, captions[i].text, captions[i].n_bytes, ids,
                                       PATINA_CAPTION_TOKENS_MAX, &n_ids, NULL, scratch, err));
            g.lengths[g.n_captions++] = n_ids;
            g.n_ids += n_ids;
        }
        PT_TRY(embed_batch(clap, &g, embeddings + first * PATINA_EMBEDDING_SIZE, scratch, err));
        first += g.n_captions;
    }
    return PATINA_OK;
}

patina_status patina_clap_embed_texts(const patina_clap *clap, const patina_clap_caption *captions,
                                      size_t n_captions, float *embeddings, pt_arena *scratch,
                                      patina_error *err) {
    if (!clap->text)
        return pt_fail(err, PATINA_EUSAGE, "the model was opened without its text tower");

    pt_scratch memory;
    const patina_status status = embed_captions(clap, captions, n_captions, embeddings,
                                                pt_scratch_begin(&memory, scratch), err);
    pt_scratch_end(&memory);
    return status;
}
patina_status patina_clap_embed_text(const patina_clap *clap, const char *caption, size_t n_bytes,
                                     float embedding[PATINA_EMBEDDING_SIZE], pt_arena *scratch,
                                     patina_error *err) {
    return patina_clap_embed_texts(clap, &(patina_clap_caption){caption, n_bytes}, 1, embedding,
                                   scratch, err);
}

static patina_status check_samples(const patina_clap *clap, size_t n_samples, patina_error *err) {
    const pt_feature_extractor_config *c = &clap->model.config.extractor;
    if (!clap->audio)
        return pt_fail(err, PATINA_EUSAGE, "the model was opened without its audio tower");
    if (n_samples < 1 || n_samples > c->n_samples)
        return pt_fail(err, PATINA_ERANGE, "%zu samples: the audio tower accepts 1 to %zu",
                       n_samples, c->n_samples);
    return PATINA_OK;
}

/* Memory for mel features and tower, which use it one after the other. */
static size_t audio_work_size(const patina_clap *clap) {
    const size_t n_mel = pt_mel_scratch_size(clap->mel);
    const size_t n_tower = pt_audio_tower_scratch_size(clap->audio);
    return n_mel > n_tower ? n_mel : n_tower;
}

size_t pt_clap_scratch_size(const patina_clap *clap) {
    const size_t audio =
        clap->audio ? audio_work_size(clap) + pt_clap_n_features(clap) * sizeof(float) : 0;
    const size_t text =
        clap->text ? pt_text_tower_scratch_size(clap->text, BATCH_TOKENS, BATCH_TOKENS) : 0;
    return audio > text ? audio : text;
}

/* The audio tower for n_samples in range. */
static patina_status embed_samples(const patina_clap *clap, const float *x, size_t n_samples,
                                   float embedding[PATINA_EMBEDDING_SIZE], pt_arena *scratch,
                                   patina_error *err) {
    /* One allocation, so that an arena that is never reset settles on one block. Features come
     * last. */
    const size_t n_work = audio_work_size(clap);
    const size_t n_features = pt_clap_n_features(clap) * sizeof(float);
    float raw[PATINA_EMBEDDING_SIZE];

    unsigned char *memory = pt_arena_alloc(scratch, n_work + n_features);
    if (!memory) return pt_fail(err, PATINA_ENOMEM, "out of memory for the audio tower");
    float *features = (float *)(void *)(memory + n_work); /* sizes are multiples of 64 */
    pt_mel_features(clap->mel, x, n_samples, features, memory);
    pt_audio_tower_run(clap->audio, features, 1, raw, memory, NULL);
    return pt_clap_normalise(raw, embedding, err);
}

patina_status patina_clap_embed_audio(const patina_clap *clap, const float *x, size_t n_samples,
                                      float embedding[PATINA_EMBEDDING_SIZE], pt_arena *scratch,
                                      patina_error *err) {
    pt_scratch memory;

    PT_TRY(check_samples(clap, n_samples, err));
    const patina_status status =
        embed_samples(clap, x, n_samples, embedding, pt_scratch_begin(&memory, scratch), err);
    pt_scratch_end(&memory);
    return status;
}

patina_status pt_clap_run_audio_tower(const patina_clap *clap, const float *features,
                                      float raw[PATINA_EMBEDDING_SIZE], pt_arena *scratch,
                                      patina_error *err) {
    if (!clap->audio)
        return pt_fail(err, PATINA_EUSAGE, "the model was opened without its audio tower");
    const pt_arena_marker mark = pt_arena_mark(scratch);
    void *memory = pt_arena_alloc(scratch, pt_audio_tower_scratch_size(clap->audio));
    if (!memory) return pt_fail(err, PATINA_ENOMEM, "out of memory for the audio tower");
    pt_audio_tower_run(clap->audio, features, 1, raw, memory, NULL);
    pt_arena_rewind(scratch, mark);
    return PATINA_OK;
}

/* ---- parts of an embedding, for devices ------------------------------------------------------ */

const pt_clap_config *pt_clap_get_config(const patina_clap *clap) {
    return &clap->model.config;
}

const pt_audio_tower *pt_clap_get_audio_tower(const patina_clap *clap) {
    return clap->audio;
}

const pt_text_tower *pt_clap_get_text_tower(const patina_clap *clap) {
    return clap->text;
}

size_t pt_clap_n_features(const patina_clap *clap) {
    return clap->mel ? pt_mel_n_frames(clap->mel) * clap->model.config.extractor.n_mels : 0;
}

patina_status pt_clap_extract_features(const patina_clap *clap, const float *x, size_t n_samples,
                                       float *features, pt_arena *scratch, patina_error *err) {
    PT_TRY(check_samples(clap, n_samples, err));
    const pt_arena_marker mark = pt_arena_mark(scratch);
    void *memory = pt_arena_alloc(scratch, pt_mel_scratch_size(clap->mel));
    if (!memory) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    pt_mel_features(clap->mel, x, n_samples, features, memory);
    pt_arena_rewind(scratch, mark);
    return PATINA_OK;
}

patina_status pt_clap_extract_tokens(const patina_clap *clap, const patina_clap_caption *caption,
                                     float *tokens, size_t *n_ids, pt_arena *scratch,
                                     patina_error *err) {
    int32_t ids[PATINA_CAPTION_TOKENS_MAX];
    if (!clap->text)
        return pt_fail(err, PATINA_EUSAGE, "the model was opened without its text tower");
    PT_TRY(pt_tokenizer_encode(clap->tokenizer, caption->text, caption->n_bytes, ids,
                               PATINA_CAPTION_TOKENS_MAX, n_ids, NULL, scratch, err));
    pt_text_tower_embed_tokens(clap->text, ids, *n_ids, tokens,
                               tokens + PATINA_CAPTION_TOKENS_MAX * clap->model.config.text.hidden);
    return PATINA_OK;
}
