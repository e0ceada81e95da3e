/* SPDX-License-Identifier: MIT */
/* clap.h - LAION's CLAP: captions and sounds to points of one space */

#ifndef PATINA_CLAP_H
#define PATINA_CLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/arena.h>
#include <patina/isa.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PT_EMBEDDING      512 /* numbers of an embedding */
#define PT_CAPTION_TOKENS 77  /* a caption is cut to so many, as in training */

/** Which parts of a model to load: weights are packed only for what is used. */
typedef enum pt_clap_parts { PT_CLAP_TEXT = 1, PT_CLAP_AUDIO = 2, PT_CLAP_BOTH = 3 } pt_clap_parts;

/** An opened model; read-only after opening and shared by all threads. */
typedef struct pt_clap pt_clap;

/**
 * Reads a model: config.json, preprocessor_config.json (audio), vocab.json and merges.txt (text),
 * and weights in f32, f16 or bf16. Nothing in it is trusted, and of a pickle nothing is executed.
 * Opening and closing plan a transform: one thread at a time.
 *
 * path       a Hugging Face folder with model.safetensors, pytorch_model.bin or a single .pt file,
 *            or one of these with the others beside it; LAION's own .pt files need neither
 *            config.json nor preprocessor_config.json
 * isa        what pt_isa_parse gives
 * precision  what pt_precision_parse gives; plain C computes bfloat16 too, slowly, for comparison
 *
 * Errors  PT_EIO      a file is absent or unreadable
 *         PT_EFORMAT  a file or tensor is not what it should be; the message names it
 *         PT_EUSAGE   isa or this machine does not offer the precision
 */
PT_API pt_status pt_clap_open(const char *path, pt_clap_parts parts, pt_isa isa,
                              pt_precision precision, pt_clap **clap, pt_error *err);
PT_API void pt_clap_close(pt_clap **clap);

/**
 * Embeds a caption of n_bytes UTF-8 (0 is a caption too); cut after PT_CAPTION_TOKENS tokens.
 *
 * embedding  out, [512], Euclidean length 1
 * scratch    what was taken from it is given back on return
 *
 * Errors     PT_EUSAGE   the model was opened without this part
 *            PT_EFORMAT  its weights give no finite embedding
 *            PT_ENOMEM
 */
PT_API pt_status pt_clap_embed_text(const pt_clap *clap, const char *caption, size_t n_bytes,
                                    float embedding[PT_EMBEDDING], pt_arena *scratch,
                                    pt_error *err);

/** A caption for pt_clap_embed_texts: n_bytes of UTF-8, not terminated. */
typedef struct pt_clap_caption {
    const char *text;
    size_t n_bytes;
} pt_clap_caption;

/**
 * Embeds several captions. Each gets the same bits as by itself, in less time: short ones share the
 * cost of fetching the weights.
 *
 * embeddings  out, [n_captions, 512], of arbitrary content after an error */
PT_API pt_status pt_clap_embed_texts(const pt_clap *clap, const pt_clap_caption *captions,
                                     size_t n_captions, float *embeddings, pt_arena *scratch,
                                     pt_error *err);

/**
 * Embeds a mono 48 kHz excerpt: 1 to 480000 samples, shorter ones repeated and zero-padded to 10 s
 * as the model's extractor does. A fused model runs as "not longer".
 *
 * Errors  PT_ERANGE for another number of samples, and those of pt_clap_embed_text; a NaN among the
 *         samples gives PT_EFORMAT
 */
PT_API pt_status pt_clap_embed_audio(const pt_clap *clap, const float *x, size_t n_samples,
                                     float embedding[PT_EMBEDDING], pt_arena *scratch,
                                     pt_error *err);

/** What a model holds. Strings are owned by the struct. */
typedef struct pt_clap_info {
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
    bool laion_names;     /* it has the names of LAION's own checkpoints */
    bool told_by_tensors; /* there is no config.json, which the tensors' shapes make up for */
    unsigned text_hidden, text_layers, text_heads, text_intermediate, text_vocabulary;
    unsigned audio_width, audio_stages, audio_depths[8], audio_heads[8];
    char weights_sha256[65];
    char config_sha256[65]; /* of config.json, "" where the file is absent, likewise below */
    char preprocessor_sha256[65];
    char vocabulary_sha256[65];
    char merges_sha256[65];
    char model_sha256[65]; /* of all of these together: the model hash of dataset.json */
} pt_clap_info;

/** Reads and hashes the files of a model and checks the tensors, without packing weights. */
PT_API pt_status pt_clap_info_read(const char *path, pt_clap_info *info, pt_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_CLAP_H */
