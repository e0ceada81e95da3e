/* SPDX-License-Identifier: MIT */
/**
 * @file clap.h
 * @brief CLAP: embeds captions and audio in one space (LAION, arXiv:2211.06687).
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_clap *clap = NULL;
 * float embedding[PATINA_EMBEDDING_SIZE];
 * if (patina_clap_open("model", PATINA_CLAP_TEXT, PATINA_ISA_AUTO, PATINA_PRECISION_F32, &clap,
 *                      &err) != PATINA_OK ||
 *     patina_clap_embed_text(clap, "a dog barks", 11, embedding, NULL, &err) != PATINA_OK)
 *     fprintf(stderr, "%s\n", err.message);
 * patina_clap_close(&clap);
 * @endcode
 */

#ifndef PATINA_CLAP_H
#define PATINA_CLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/cpu.h>
#include <patina/memory.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PATINA_EMBEDDING_SIZE 512 /**< floats of an embedding */
/** Maximum number of tokens of a caption; longer captions are truncated, as in training. */
#define PATINA_CAPTION_TOKENS_MAX 77

/** The parts of a model to load. The weights of other parts take no memory. */
typedef enum patina_clap_parts {
    PATINA_CLAP_TEXT = 1,  /**< captions */
    PATINA_CLAP_AUDIO = 2, /**< audio */
    PATINA_CLAP_BOTH = 3   /**< captions and audio */
} patina_clap_parts;

/** An open model, read-only: any number of threads may share one. */
typedef struct patina_clap patina_clap;

/**
 * Opens a model. The files are not trusted, and nothing of a pickle is executed.
 *
 * - `path`: a Hugging Face folder with config.json, preprocessor_config.json (audio), vocab.json,
 *   merges.txt (text) and model.safetensors, pytorch_model.bin or a single .pt file; or one of
 *   these weight files with the other files beside it. LAION's own .pt files need neither
 *   config.json nor preprocessor_config.json. Weights are float32, float16 or bfloat16.
 * - `isa`: PATINA_ISA_AUTO for the best of this CPU
 * - `precision`: PATINA_PRECISION_BF16 with PATINA_ISA_C is slow and meant for comparison
 * - `clap`: out; patina_clap_close() releases it
 *
 * Errors: PATINA_EIO where a file is missing or cannot be read; PATINA_EFORMAT where a file or
 * tensor is invalid, the message names it; PATINA_EUSAGE where the machine lacks isa or precision;
 * PATINA_ENOMEM. Safe from any thread.
 */
PATINA_API patina_status patina_clap_open(const char *path, patina_clap_parts parts, patina_isa isa,
                                          patina_precision precision, patina_clap **clap,
                                          patina_error *err);

/** Closes a model and sets *clap to NULL. A NULL *clap is accepted. No thread may still use it. */
PATINA_API void patina_clap_close(patina_clap **clap);

/**
 * Embeds one caption.
 *
 * - `caption`: [n_bytes] of UTF-8, not NUL-terminated; 0 bytes are valid
 * - `embedding`: out, [512], Euclidean length 1
 * - `scratch`: may be NULL
 *
 * Errors: PATINA_EUSAGE where the model was opened without its text part; PATINA_EFORMAT where the
 * weights give no finite embedding; PATINA_ENOMEM. Safe from any thread.
 */
PATINA_API patina_status patina_clap_embed_text(const patina_clap *clap, const char *caption,
                                                size_t n_bytes,
                                                float embedding[PATINA_EMBEDDING_SIZE],
                                                patina_arena *scratch, patina_error *err);

/** A caption for patina_clap_embed_texts(); borrowed. */
typedef struct patina_clap_caption {
    const char *text; /**< UTF-8, not NUL-terminated */
    size_t n_bytes;   /**< length of text */
} patina_clap_caption;

/**
 * Embeds several captions. Each gets the same bits as from patina_clap_embed_text(), in less time:
 * short captions share the memory traffic of the weights.
 *
 * - `captions`: [n_captions]
 * - `embeddings`: out, [n_captions, 512]; undefined after an error
 * - `scratch`: may be NULL
 *
 * Errors: those of patina_clap_embed_text(). Safe from any thread.
 */
PATINA_API patina_status patina_clap_embed_texts(const patina_clap *clap,
                                                 const patina_clap_caption *captions,
                                                 size_t n_captions, float *embeddings,
                                                 patina_arena *scratch, patina_error *err);

/**
 * Embeds mono audio at 48 kHz. Audio shorter than 10 s is repeated and zero-padded as by the
 * model's feature extractor. A fused model runs as for audio that is not longer than its window.
 *
 * - `x`: [n_samples], full scale 1.0, 1 to 480000 samples
 * - `embedding`: out, [512], Euclidean length 1
 * - `scratch`: may be NULL
 *
 * Errors: PATINA_ERANGE for n_samples; PATINA_EUSAGE where the model was opened without its audio
 * part; PATINA_EFORMAT where the embedding is not finite, also because of a NaN in `x`;
 * PATINA_ENOMEM. Safe from any thread.
 */
PATINA_API patina_status patina_clap_embed_audio(const patina_clap *clap, const float *x,
                                                 size_t n_samples,
                                                 float embedding[PATINA_EMBEDDING_SIZE],
                                                 patina_arena *scratch, patina_error *err);

/** Properties of a model; needs no release. Hashes are 64 lower-case hexadecimal digits. */
typedef struct patina_clap_info {
    const char *layout;          /**< "htsat-unfused", "htsat-fused", "larger" or "other"; static */
    const char *dtype;           /**< of the weights: "f32", "f16", "bf16" or "mixed"; static */
    bool fused;                  /**< has the fusion branch for long audio */
    bool untrained;              /**< known to contain random weights: for tests only */
    uint64_t n_tensors;          /**< floating-point tensors */
    uint64_t n_parameters;       /**< elements of these tensors */
    uint64_t n_parameters_audio; /**< audio tower with its projection */
    uint64_t n_parameters_text;  /**< text tower with its projection */
    uint64_t n_bytes;            /**< size of the weight file */
    const char *format;          /**< of the weight file: "safetensors" or "pytorch"; static */
    char weights_file[256];      /**< name of the weight file */
    bool laion_keys;             /**< tensors have the names of LAION's own checkpoints */
    bool config_inferred;        /**< no config.json: inferred from the shapes of the tensors */
    unsigned text_hidden;        /**< width of the text tower */
    unsigned text_layers;        /**< layers of the text tower */
    unsigned text_heads;         /**< attention heads of the text tower */
    unsigned text_intermediate;  /**< width of the text tower's MLP */
    unsigned text_vocabulary;    /**< tokens of the vocabulary */
    unsigned audio_width;        /**< width of the audio tower's first stage */
    unsigned audio_stages;       /**< stages of the audio tower */
    unsigned audio_depths[8];    /**< [audio_stages], blocks of each stage */
    unsigned audio_heads[8];     /**< [audio_stages], attention heads of each stage */
    char weights_sha256[65];     /**< SHA-256 of the weight file */
    char config_sha256[65];      /**< SHA-256 of config.json; "" where the file does not exist */
    char preprocessor_sha256[65]; /**< SHA-256 of preprocessor_config.json, or "" */
    char vocabulary_sha256[65];   /**< SHA-256 of vocab.json, or "" */
    char merges_sha256[65];       /**< SHA-256 of merges.txt, or "" */
    char model_sha256[65]; /**< SHA-256 of all hashes together: the model hash of dataset.json */
} patina_clap_info;

/**
 * Reads and hashes the files of a model and checks its tensors, without loading weights.
 *
 * - `path`: as for patina_clap_open()
 * - `info`: out
 *
 * Errors: those of patina_clap_open(). Safe from any thread.
 */
PATINA_API patina_status patina_clap_info_read(const char *path, patina_clap_info *info,
                                               patina_error *err);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_CLAP_H */
