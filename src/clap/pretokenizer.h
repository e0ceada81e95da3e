/* SPDX-License-Identifier: MIT */
/* pretokenizer.h - a caption into the pieces within which byte pairs are merged */

#ifndef PATINA_CLAP_PRETOKENIZER_H
#define PATINA_CLAP_PRETOKENIZER_H

#include <stddef.h>

/**
 * Where the piece that starts at text[at] ends; at < n. The first of these that applies:
 *
 *   's 't 're 've 'm 'll 'd         lower case, ASCII apostrophe
 *   a run of letters, of numbers, or of what is neither and no white space, each with at most one
 *                                   U+0020 before it
 *   a run of white space            without its last character where something follows it
 *
 * Bytes that are no UTF-8 count as neither. A text is split in a time linear in its length.
 *
 * Source   GPT-2's pattern, as RoBERTa's tokenizer uses it.
 */
size_t pt_pretokenizer_next(const char *text, size_t n, size_t at);

#endif /* PATINA_CLAP_PRETOKENIZER_H */
