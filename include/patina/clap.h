/* SPDX-License-Identifier: MIT */
/* clap.h - LAION's CLAP: captions and sounds to points of one space */

#ifndef PATINA_CLAP_H
#define PATINA_CLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/cpu.h>
#include <patina/scratch.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_EMBEDDING_SIZE     512 /* numbers of an embedding */
#define PATINA_CAPTION_TOKENS_MAX 77  /* a caption is cut to so many, as in training */

/** Which parts of a model to load: weights are packed only for what is used. */
typedef enum patina_clap_parts {
    PATINA_CLAP_TEXT = 1,
    PATINA_CLAP_AUDIO = 2,
    PATINA_CLAP_BOTH = 3
} patina_clap_parts;

/** An opened model; read-only after opening and shared by all threads. */
typedef struct patina_clap patina_clap;

/**
 * Reads a model: config.json, preprocessor_config.json (audio), vocab.json and merges.txt (text),
 * and weights in f32, f16 or bf16. Nothing in it is trusted, and of a pickle nothing is executed.
 *
 * path       a Hugging Face folder with model.safetensors, pytorch_model.bin or a single .pt file,
 *            or one of these with the others beside it; LAION's own .pt files need neither
 *            config.json nor preprocessor_config.json
 * isa        what patina_isa_parse gives
 * precision  what patina_precision_parse gives; plain C computes bfloat16 too, slowly, for comparison
 *
 * Errors  PATINA_EIO      a file is absent or unreadable
 *         PATINA_EFORMAT  a file or tensor is not what it should be; the message names it
 *         PATINA_EUSAGE   isa or this machine does not offer the precision
 */
PATINA_API patina_status patina_clap_open(const char *path, patina_clap_parts parts, patina_isa isa,
                                          patina_precision precision, patina_clap **clap,
                                          patina_error *err);
PATINA_API void patina_clap_close(patina_clap **clap);

/**
 * Embeds a caption of n_bytes UTF-8 (0 is a caption too); cut after PATINA_CAPTION_TOKENS_MAX tokens.
 *
 * embedding  out, [512], Euclidean length 1
 * scratch    what was taken from it is given back on return
 *
 * Errors     PATINA_EUSAGE   the model was opened without this part
 *            PATINA_EFORMAT  its weights give no finite embedding
 *            PATINA_ENOMEM
 */
PATINA_API patina_status patina_clap_embed_text(const patina_clap *clap, const char *caption,
                                                size_t n_bytes,
                                                float embedding[PATINA_EMBEDDING_SIZE],
                                                patina_arena *scratch, patina_error *err);

/** A caption for patina_clap_embed_texts: n_bytes of UTF-8, not terminated. */
typedef struct patina_clap_caption {
    const char *text;
    size_t n_bytes;
} patina_clap_caption;

/**
 * Embeds several captions. Each gets the same bits as by itself, in less time: short ones share the
 * cost of fetching the weights.
 *
 * embeddings  out, [n_captions, 512], of arbitrary content after an error */
PATINA_API patina_status patina_clap_embed_texts(const patina_clap *clap,
                                                 const patina_clap_caption *captions,
                                                 size_t n_captions, float *embeddings,
                                                 patina_arena *scratch, patina_error *err);

/**
 * Embeds a mono 48 kHz excerpt: 1 to 480000 samples, shorter ones repeated and zero-padded to 10 s
 * as the model's extractor does. A fused model runs as "not longer".
 *
 * Errors  PATINA_ERANGE for another number of samples, and those of patina_clap_embed_text; a NaN among the
 *         samples gives PATINA_EFORMAT
 */
PATINA_API patina_status patina_clap_embed_audio(const patina_clap *clap, const float *x,
                                                 size_t n_samples,
                                                 float embedding[PATINA_EMBEDDING_SIZE],
                                                 patina_arena *scratch, patina_error *err);

/** What a model holds. Strings are owned by the struct. */
typedef struct patina_clap_info {
    const char *layout; /* "htsat-unfused", "htsat-fused", "larger" or "other" */
    const char *dtype;  /* of the weights: "f32", "f16", "bf16" or "mixed" */
    bool fused;
    bool untrained;     /* known to hold random numbers: for tests only */
    uint64_t n_tensors; /* of floating-point tensors */
    uint64_t n_parameters;
    uint64_t n_parameters_audio, n_parameters_text; /* with their projections */
    uint64_t n_bytes;                               /* of the file of weights */
    const char *format;                             /* of it: "safetensors" or "pytorch" */
    char weights_file[256];                         /* its name */
    bool laion_keys;      /* it has the names of LAION's own checkpoints */
    bool config_inferred; /* there is no config.json, which the tensors' shapes make up for */
    unsigned text_hidden, text_layers, text_heads, text_intermediate, text_vocabulary;
    unsigned audio_width, audio_stages, audio_depths[8], audio_heads[8];
    char weights_sha256[65];
    char config_sha256[65]; /* of config.json, "" where the file is absent, likewise below */
    char preprocessor_sha256[65];
    char vocabulary_sha256[65];
    char merges_sha256[65];
    char model_sha256[65]; /* of all of these together: the model hash of dataset.json */
} patina_clap_info;

/** Reads and hashes the files of a model and checks the tensors, without packing weights. */
PATINA_API patina_status patina_clap_info_read(const char *path, patina_clap_info *info,
                                               patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_CLAP_H */
