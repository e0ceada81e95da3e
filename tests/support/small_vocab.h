/* SPDX-License-Identifier: MIT */
/* small_vocab.h - the smallest vocabulary that a tokenizer accepts, with a few merges */

#ifndef PATINA_SMALL_VOCAB_H
#define PATINA_SMALL_VOCAB_H

#include <stdbool.h>

#include "base/strbuf.h"

/* Ids: the special tokens, byte b as SMALL_FIRST_BYTE + b, then "aa", "ab", "aab", " a", "aaaa". */
enum {
    SMALL_BOS,
    SMALL_PAD,
    SMALL_EOS,
    SMALL_UNK,
    SMALL_MASK,
    SMALL_FIRST_BYTE,
    SMALL_FIRST_MERGE = SMALL_FIRST_BYTE + 256,
    SMALL_VOCAB_SIZE = SMALL_FIRST_MERGE + 5
};

#define SMALL_MERGES "#version: 0.2\na a\na b\naa b\n\xC4\xA0 a\naa aa\n"

/* vocab.json; the caller frees it. */
static inline char *small_vocab(void) {
    pt_strbuf json = {0};
    unsigned n_others = 0;

    pt_strbuf_append(&json,
                     "{\"<s>\": 0, \"<pad>\": 1, \"</s>\": 2, \"<unk>\": 3, \"<mask>\": 4,\n");
    for (unsigned byte = 0; byte < 256; byte++) {
        const bool itself =
            (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
        const unsigned code = itself ? byte : 256 + n_others++;
        if (code == '"' || code == '\\')
            pt_strbuf_printf(&json, "\"\\%c\"", (char)code);
        else if (code < 128)
            pt_strbuf_printf(&json, "\"%c\"", (char)code);
        else
            pt_strbuf_printf(&json, "\"%c%c\"", (char)(0xC0 | code >> 6),
                             (char)(0x80 | (code & 63)));
        pt_strbuf_printf(&json, ": %u, ", SMALL_FIRST_BYTE + byte);
    }
    pt_strbuf_printf(&json, "\n\"aa\":%d,\"ab\":%d,\"aab\":%d,\"\xC4\xA0", SMALL_FIRST_MERGE,
                     SMALL_FIRST_MERGE + 1, SMALL_FIRST_MERGE + 2);
    pt_strbuf_printf(&json, "a\":%d,\"aaaa\":%d}", SMALL_FIRST_MERGE + 3, SMALL_FIRST_MERGE + 4);
    return pt_strbuf_detach(&json);
}

#endif /* PATINA_SMALL_VOCAB_H */
