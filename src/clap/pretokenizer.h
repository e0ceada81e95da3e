/* SPDX-License-Identifier: MIT */
/* pretokenizer.h - GPT-2 pre-tokenizer: splits a caption into pieces for BPE */

#ifndef PATINA_CLAP_PRETOKENIZER_H
#define PATINA_CLAP_PRETOKENIZER_H

#include <stddef.h>

/**
 * The end of the piece that begins at text[at]; at < n. The first of these that matches:
 *
 *   's 't 're 've 'm 'll 'd         lower case, ASCII apostrophe
 *   a run of letters, of numbers, or of other characters but white space, with an optional U+0020
 *                                   before it
 *   a run of white space            without its last character if another piece follows
 *
 * Invalid UTF-8 counts as other characters. Splitting a text takes linear time.
 *
 * Source   GPT-2's pattern, as RoBERTa's tokenizer uses it.
 */
size_t pt_pretokenizer_next(const char *text, size_t n, size_t at);

#endif /* PATINA_CLAP_PRETOKENIZER_H */
