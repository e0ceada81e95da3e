/* SPDX-License-Identifier: MIT */
/* bench_corpus.h - generated clips and captions for the benchmark
 *
 * Number and length of the clips matter for speed; their content does not, as long as it is finite
 * and not silent. The result is deterministic.
 */

#ifndef PATINA_BENCH_BENCH_CORPUS_H
#define PATINA_BENCH_BENCH_CORPUS_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/arena.h"
#include "bench/bench.h"
#include "clap/tokenizer.h"

#define PT_BENCH_TOKENS_MIN 10 /* of a caption, <s> and </s> included */
#define PT_BENCH_TOKENS_MAX 30

/** Creates an empty folder in tmp; the caller frees its path. Errors  PATINA_EIO */
patina_status pt_bench_folder_make(const char *tmp, char **folder, patina_error *err);

/** Removes the folder with its content, as far as possible. Frees *folder and sets it to NULL. */
void pt_bench_folder_remove(char **folder);

/** Writes a stereo WAV file, 16 bits, 44.1 kHz: notes and noise that depend on number. */
patina_status pt_bench_clip_write(const char *path, unsigned number, double length_s,
                                  patina_error *err);

/**
 * Returns caption `number`, different for each number. It has PT_BENCH_TOKENS_MIN to
 * PT_BENCH_TOKENS_MAX tokens, evenly distributed over the numbers, or slightly fewer if a word has
 * several tokens. The caller frees it; NULL: out of memory.
 *
 * n_tokens  out
 */
char *pt_bench_caption_make(const pt_tokenizer *tokenizer, unsigned number, size_t *n_tokens,
                            pt_arena *scratch);

/**
 * Writes folder/clips.jsonl and n clips of 3 to 12 s, each with one caption.
 *
 * Errors  PATINA_EIO, PATINA_ENOMEM
 */
patina_status pt_bench_corpus_write(const char *folder, unsigned n, const pt_tokenizer *tokenizer,
                                    pt_arena *scratch, patina_error *err);

#endif /* PATINA_BENCH_BENCH_CORPUS_H */
