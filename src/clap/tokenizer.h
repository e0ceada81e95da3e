/* SPDX-License-Identifier: MIT */
/* tokenizer.h - RoBERTa tokenizer (byte-level BPE) */

#ifndef PATINA_CLAP_TOKENIZER_H
#define PATINA_CLAP_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/arena.h"

typedef struct pt_tokenizer pt_tokenizer;

/**
 * Reads DIR/vocab.json and DIR/merges.txt; every id must be below vocab_size.
 *
 * Errors  PATINA_EIO, PATINA_EFORMAT naming file, line or symbol
 */
patina_status pt_tokenizer_open(const char *dir, size_t vocab_size, pt_tokenizer **tokenizer,
                                patina_error *err);
void pt_tokenizer_close(pt_tokenizer **tokenizer);

/** The content of a file, with the name for errors. */
typedef struct pt_named_text {
    const char *name, *text;
    size_t n_bytes;
} pt_named_text;

/** The same from memory, which may be freed afterwards. */
patina_status pt_tokenizer_open_memory(pt_named_text vocab, pt_named_text merges, size_t vocab_size,
                                       pt_tokenizer **tokenizer, patina_error *err);

/**
 * Encodes a text as `<s>` ids `</s>`, truncated to max_ids (>= 2) with `</s>` as the last id.
 * Special tokens in the text (`<mask>`) become their ids.
 *
 * text           n_bytes of UTF-8, up to 2^31; invalid bytes are encoded like others
 * ids            out, [max_ids]
 * n_ids          out, 2 to max_ids
 * n_untruncated  out, number of ids before truncation; may be NULL
 * scratch        44 bytes for each byte of the longest word; released to its state before the call
 *
 * Errors         PATINA_ENOMEM, PATINA_ERANGE
 */
patina_status pt_tokenizer_encode(const pt_tokenizer *tokenizer, const char *text, size_t n_bytes,
                                  int32_t *ids, size_t max_ids, size_t *n_ids,
                                  size_t *n_untruncated, pt_arena *scratch, patina_error *err);

#endif /* PATINA_CLAP_TOKENIZER_H */
