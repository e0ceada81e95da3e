/* SPDX-License-Identifier: MIT */
/* bench_corpus.h - clips and captions for measuring speed, made on the spot
 *
 * What they hold hardly matters for speed, as long as it is finite and not silent; how long they
 * are and how many there are does. The same every time.
 */

#ifndef PATINA_BENCH_BENCH_CORPUS_H
#define PATINA_BENCH_BENCH_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/arena.h"
#include "bench/bench.h"
#include "clap/tokenizer.h"

#define PT_BENCH_TOKENS_MIN 10 /* of a caption, with both its ends */
#define PT_BENCH_TOKENS_MAX 30

/** Makes an empty folder in tmp; the caller frees its path. PATINA_EIO */
patina_status pt_bench_folder_make(const char *tmp, char **folder, patina_error *err);

/** Removes it and all that it holds; what cannot be removed stays. Frees and nulls *folder. */
void pt_bench_folder_remove(char **folder);

/** Writes a stereo WAV of 16 bits and 44.1 kHz: notes over noise, different for every number. */
patina_status pt_bench_clip_write(const char *path, unsigned number, double length_s,
                                  patina_error *err);

/**
 * Caption `number`: everyday words, different for every number. Its tokens, `<s>` and `</s>`
 * included, are 10 to 30, evenly over the numbers, or a little fewer where words are long in the
 * model's vocabulary. The caller frees it; NULL when memory runs out.
 *
 * n_tokens  out
 */
char *pt_bench_caption_make(const pt_tokenizer *tokenizer, unsigned number, size_t *n_tokens,
                            pt_arena *scratch);

/**
 * Writes folder/clips.jsonl and n clips of 3 to 12 s beside it, each with one caption.
 *
 * Errors  PATINA_EIO, PATINA_ENOMEM
 */
patina_status pt_bench_corpus_write(const char *folder, unsigned n, const pt_tokenizer *tokenizer,
                                    pt_arena *scratch, patina_error *err);

#endif /* PATINA_BENCH_BENCH_CORPUS_H */
