/* SPDX-License-Identifier: MIT */
/* fuzz_tokenizer.c - input: vocab.json, NUL, merges.txt, NUL, a caption
 *
 * An empty file selects that of a small vocabulary, so that captions and merges are covered
 * without 256 symbols in the input. Every caption is accepted, also bytes that are not UTF-8.
 */

#include <string.h>

#include "base/arena.h"
#include "clap/tokenizer.h"
#include "fuzz.h"
#include "small_vocab.h"

/* The part of data up to the next NUL byte; moves *at past it. */
static pt_named_text next_part(const uint8_t *data, size_t size, size_t *at, const char *name) {
    const char *start = (const char *)data + *at;
    const char *nul = *at < size ? memchr(start, '\0', size - *at) : NULL;
    const size_t n = nul ? (size_t)(nul - start) : size - *at;
    *at += n + (nul ? 1 : 0);
    return (pt_named_text){name, start, n};
}

static void encode(const pt_tokenizer *tokenizer, const char *caption, size_t n, size_t max_ids) {
    static pt_arena scratch; /* reused: a new one costs more than most captions */
    int32_t ids[77];
    size_t n_ids = 0, n_untruncated = 0;

    pt_arena_reset(&scratch);
    FUZZ_ASSERT(pt_tokenizer_encode(tokenizer, caption, n, ids, max_ids, &n_ids, &n_untruncated,
                                    &scratch, NULL) == PATINA_OK);
    FUZZ_ASSERT(n_ids >= 2 && n_ids <= max_ids && n_untruncated >= n_ids && n_untruncated <= n + 2);
    FUZZ_ASSERT(n_ids == max_ids || n_untruncated == n_ids);
    for (size_t i = 0; i < n_ids; i++)
        FUZZ_ASSERT(ids[i] >= 0 && ids[i] < SMALL_VOCAB_SIZE);
}

/* The tokenizer of the small vocabulary, opened once: opening costs a hundred times the time of a
 * caption. */
static const pt_tokenizer *shared_small_tokenizer(void) {
    static pt_tokenizer *kept;
    if (kept) return kept;
    char *vocab = small_vocab();
    FUZZ_ASSERT(vocab && pt_tokenizer_open_memory(
                             (pt_named_text){"vocab.json", vocab, strlen(vocab)},
                             (pt_named_text){"merges.txt", SMALL_MERGES, sizeof SMALL_MERGES - 1},
                             SMALL_VOCAB_SIZE, &kept, NULL) == PATINA_OK);
    free(vocab);
    return kept;
}

/* The tokenizer of the files in the input; NULL if they are rejected. */
static pt_tokenizer *open_files(pt_named_text vocab, pt_named_text merges) {
    char *own_vocab = NULL;
    pt_tokenizer *tokenizer = NULL;
    patina_error err = {0};

    if (vocab.n_bytes == 0) {
        own_vocab = small_vocab();
        FUZZ_ASSERT(own_vocab);
        vocab.text = own_vocab;
        vocab.n_bytes = strlen(own_vocab);
    }
    if (merges.n_bytes == 0) {
        merges.text = SMALL_MERGES;
        merges.n_bytes = sizeof SMALL_MERGES - 1;
    }
    if (pt_tokenizer_open_memory(vocab, merges, SMALL_VOCAB_SIZE, &tokenizer, &err) != PATINA_OK)
        FUZZ_ASSERT(tokenizer == NULL && err.status == PATINA_EFORMAT && err.message[0] != '\0');
    free(own_vocab);
    return tokenizer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t at = 0;
    const pt_named_text vocab = next_part(data, size, &at, "vocab.json");
    const pt_named_text merges = next_part(data, size, &at, "merges.txt");
    const char *caption = (const char *)data + at;
    const bool small = vocab.n_bytes == 0 && merges.n_bytes == 0;
    pt_tokenizer *own = small ? NULL : open_files(vocab, merges);
    const pt_tokenizer *tokenizer = small ? shared_small_tokenizer() : own;

    if (tokenizer) {
        encode(tokenizer, caption, size - at, 77);
        encode(tokenizer, caption, size - at, 2);
    }
    pt_tokenizer_close(&own);
    return 0;
}
