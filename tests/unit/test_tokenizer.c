/* SPDX-License-Identifier: MIT */
/* test_tokenizer.c - token ids of captions, and rejected vocabularies */

#include "test.h"

#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/rng.h"
#include "base/strbuf.h"
#include "clap/tokenizer.h"
#include "rng_words.h"
#include "small_vocab.h"

/* ------------------------------------------------------------------ goldens */

static void check_ids(pt_test *t, const json_t *entry, const char *key, const int32_t *ids,
                      size_t n_ids) {
    const json_t *expected = json_object_get(entry, key);
    size_t n_wrong = 0;

    CHECK_INT(n_ids, json_array_size(expected));
    for (size_t i = 0; i < n_ids && i < json_array_size(expected); i++)
        n_wrong += ids[i] != json_integer_value(json_array_get(expected, i));
    pt_test_check(t, n_wrong == 0, __FILE__, __LINE__, "caption '%s': %zu of '%s' differ",
                  json_string_value(json_object_get(entry, "name")), n_wrong, key);
}

/* Every caption of a golden index, truncated to 77 tokens and, where it has them, to 512. */
static void check_goldens(pt_test *t, const char *index_path, const char *dir, size_t vocab_size,
                          size_t n_captions) {
    pt_tokenizer *tokenizer = NULL;
    pt_arena scratch;
    size_t i;
    json_t *entry, *index = json_load_file(index_path, 0, NULL);

    pt_arena_init(&scratch);
    REQUIRE(index != NULL);
    REQUIRE_OK(pt_tokenizer_open(dir, vocab_size, &tokenizer, &t->err));
    CHECK_INT(json_array_size(json_object_get(index, "text")), n_captions);
    json_array_foreach(json_object_get(index, "text"), i, entry) {
        const json_t *caption = json_object_get(entry, "caption");
        int32_t ids[512];
        size_t n_ids = 0, n_untruncated = 0;
        for (size_t cut = 77; cut <= 512; cut += 512 - 77) {
            const char *key = cut == 77 ? "ids" : "ids_512";
            if (!json_object_get(entry, key)) continue;
            CHECK_OK(pt_tokenizer_encode(tokenizer, json_string_value(caption),
                                         json_string_length(caption), ids, cut, &n_ids,
                                         &n_untruncated, &scratch, &t->err));
            check_ids(t, entry, key, ids, n_ids);
            CHECK_INT(n_untruncated, json_integer_value(json_object_get(entry, "n_tokens")));
        }
    }
    json_decref(index);
    pt_tokenizer_close(&tokenizer);
    pt_arena_release(&scratch);
}

TEST(tokenizer, mini_goldens) {
    check_goldens(t, pt_test_golden_path("clap/mini/golden/index.json"),
                  pt_test_golden_path("clap/mini"), 2401, 22);
}

TEST(tokenizer, roberta_goldens) {
    if (!pt_test_shared_path("clap/tiny/vocab.json"))
        SKIP("RoBERTa's vocabulary is in ../shared, which is not here");
    check_goldens(t, pt_test_shared_path("clap/tiny/golden/index.json"),
                  pt_test_shared_path("clap/tiny"), 50265, 22);
}

TEST(tokenizer, full_size_goldens) {
    if (!pt_test_shared_path("clap/tiny/vocab.json"))
        SKIP("RoBERTa's vocabulary is in ../shared, which is not here");
    check_goldens(t, pt_test_shared_path("clap/full/golden/index.json"),
                  pt_test_shared_path("clap/tiny"), 50265, 6);
}

/* ---------------------------------------------------------- a small vocabulary */

static patina_status open_small(const char *vocab, const char *merges, size_t vocab_size,
                                pt_tokenizer **tokenizer, patina_error *err) {
    return pt_tokenizer_open_memory((pt_named_text){"vocab.json", vocab, strlen(vocab)},
                                    (pt_named_text){"merges.txt", merges, strlen(merges)},
                                    vocab_size, tokenizer, err);
}

#define A (SMALL_FIRST_BYTE + 'a')
#define B (SMALL_FIRST_BYTE + 'b')

static const struct {
    const char *text;
    size_t n_ids;
    int32_t ids[12];
} encodings[] = {
    {"", 2, {SMALL_BOS, SMALL_EOS}},
    {"a", 3, {SMALL_BOS, A, SMALL_EOS}},
    {"aa", 3, {SMALL_BOS, SMALL_FIRST_MERGE, SMALL_EOS}},
    {"aaa", 4, {SMALL_BOS, SMALL_FIRST_MERGE, A, SMALL_EOS}},
    {"aaaa", 3, {SMALL_BOS, SMALL_FIRST_MERGE + 4, SMALL_EOS}},
    {"ab", 3, {SMALL_BOS, SMALL_FIRST_MERGE + 1, SMALL_EOS}},
    {"aab",
     3,
     {SMALL_BOS, SMALL_FIRST_MERGE + 2, SMALL_EOS}}, /* a a has the lower rank, so not a + ab */
    {" a", 3, {SMALL_BOS, SMALL_FIRST_MERGE + 3, SMALL_EOS}},
    {"a a", 4, {SMALL_BOS, A, SMALL_FIRST_MERGE + 3, SMALL_EOS}},
    {"a  a", 5, {SMALL_BOS, A, SMALL_FIRST_BYTE + ' ', SMALL_FIRST_MERGE + 3, SMALL_EOS}},
    {"a\na", 5, {SMALL_BOS, A, SMALL_FIRST_BYTE + '\n', A, SMALL_EOS}}, /* no merge across pieces */
    {"\xC3\xA9", 4, {SMALL_BOS, SMALL_FIRST_BYTE + 0xC3, SMALL_FIRST_BYTE + 0xA9, SMALL_EOS}},
    {"\xFF", 3, {SMALL_BOS, SMALL_FIRST_BYTE + 0xFF, SMALL_EOS}},
    /* special tokens are separate, and end the text before them */
    {"<mask>", 3, {SMALL_BOS, SMALL_MASK, SMALL_EOS}},
    {"a<mask>a", 5, {SMALL_BOS, A, SMALL_MASK, A, SMALL_EOS}},
    {"a  <s> a",
     6,
     {SMALL_BOS, A, SMALL_FIRST_BYTE + ' ', SMALL_FIRST_BYTE + ' ', SMALL_BOS,
      SMALL_FIRST_MERGE + 3}},
    {"<s></s><unk><pad>", 6, {SMALL_BOS, SMALL_BOS, SMALL_EOS, SMALL_UNK, SMALL_PAD, SMALL_EOS}},
    {"<<s>", 4, {SMALL_BOS, SMALL_FIRST_BYTE + '<', SMALL_BOS, SMALL_EOS}},
    {"<S>",
     5,
     {SMALL_BOS, SMALL_FIRST_BYTE + '<', SMALL_FIRST_BYTE + 'S', SMALL_FIRST_BYTE + '>',
      SMALL_EOS}},
    {"<s", 4, {SMALL_BOS, SMALL_FIRST_BYTE + '<', SMALL_FIRST_BYTE + 's', SMALL_EOS}},
};

TEST(tokenizer, small_vocabulary) {
    char *vocab = small_vocab();
    pt_tokenizer *tokenizer = NULL;
    pt_arena scratch;

    pt_arena_init(&scratch);
    REQUIRE_OK(open_small(vocab, SMALL_MERGES, SMALL_VOCAB_SIZE, &tokenizer, &t->err));
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++) {
        int32_t ids[6] = {-1, -1, -1, -1, -1, -1};
        size_t n_ids = 0, n_untruncated = 0;
        CHECK_OK(pt_tokenizer_encode(tokenizer, encodings[i].text, strlen(encodings[i].text), ids,
                                     6, &n_ids, &n_untruncated, &scratch, &t->err));
        CHECK_INT(n_ids, encodings[i].n_ids);
        CHECK(n_untruncated == n_ids || n_untruncated == 7);
        for (size_t k = 0; k + 1 < n_ids; k++)
            CHECK_INT(ids[k], encodings[i].ids[k]);
        CHECK_INT(ids[n_ids - 1], SMALL_EOS);
    }
    pt_tokenizer_close(&tokenizer);
    pt_tokenizer_close(&tokenizer);
    pt_arena_release(&scratch);
    free(vocab);
}

TEST(tokenizer, truncation_keeps_the_first_tokens_and_eos) {
    static const char text[] = "a b a b";
    static const int32_t whole[] = {
        SMALL_BOS, A, SMALL_FIRST_BYTE + ' ', B, SMALL_FIRST_MERGE + 3, SMALL_FIRST_BYTE + ' ', B,
        SMALL_EOS};
    char *vocab = small_vocab();
    pt_tokenizer *tokenizer = NULL;
    pt_arena scratch;

    pt_arena_init(&scratch);
    REQUIRE_OK(open_small(vocab, SMALL_MERGES, SMALL_VOCAB_SIZE, &tokenizer, &t->err));
    for (size_t max = 2; max <= 10; max++) {
        int32_t *ids = malloc(max * sizeof *ids); /* a read past it is detected */
        size_t n_ids = 0, n_untruncated = 0;
        const pt_arena_marker before = pt_arena_mark(&scratch);
        CHECK_OK(pt_tokenizer_encode(tokenizer, text, sizeof text - 1, ids, max, &n_ids,
                                     max % 2 ? NULL : &n_untruncated, &scratch, &t->err));
        CHECK_INT(n_ids, max < 8 ? max : 8);
        if (max % 2 == 0) CHECK_INT(n_untruncated, 8);
        for (size_t k = 0; k + 1 < n_ids; k++)
            CHECK_INT(ids[k], whole[k]);
        CHECK_INT(ids[n_ids - 1], SMALL_EOS);
        if (max > 2) CHECK(pt_arena_mark(&scratch).used == before.used);
        free(ids);
    }
    pt_tokenizer_close(&tokenizer);
    pt_arena_release(&scratch);
    free(vocab);
}

TEST(tokenizer, files_may_have_windows_line_ends) {
    char *vocab = small_vocab();
    pt_tokenizer *tokenizer = NULL;
    pt_arena scratch;
    int32_t ids[4];
    size_t n_ids = 0;

    pt_arena_init(&scratch);
    REQUIRE_OK(
        open_small(vocab, "#version: 0.2\r\na a\r\na b", SMALL_VOCAB_SIZE, &tokenizer, &t->err));
    CHECK_OK(pt_tokenizer_encode(tokenizer, "ab", 2, ids, 4, &n_ids, NULL, &scratch, &t->err));
    CHECK_INT(n_ids, 3);
    CHECK_INT(ids[1], SMALL_FIRST_MERGE + 1);
    pt_tokenizer_close(&tokenizer);
    pt_arena_release(&scratch);
    free(vocab);
}

/* Arbitrary bytes: without merges, one id per byte. */
TEST(tokenizer, any_bytes_are_encoded) {
    char *vocab = small_vocab();
    pt_tokenizer *tokenizer = NULL;
    pt_arena scratch;
    size_t n_wrong = 0;

    pt_arena_init(&scratch);
    REQUIRE_OK(open_small(vocab, "#version: 0.2\n", SMALL_VOCAB_SIZE, &tokenizer, &t->err));
    for (uint32_t round = 0; round < 500; round++) {
        const pt_rng rng = pt_rng_make(2, "bytes", round, PT_RNG_STREAM_PLAN);
        uint32_t words[64];
        int32_t ids[258];
        size_t n_ids = 0;
        const size_t n = 1 + round % 256;
        char *text = malloc(n);
        pt_test_rng_words(&rng, 0, 64, words);
        memcpy(text, words, n);
        REQUIRE_OK(
            pt_tokenizer_encode(tokenizer, text, n, ids, 258, &n_ids, NULL, &scratch, &t->err));
        CHECK_INT(n_ids, n + 2);
        for (size_t i = 0; i < n; i++)
            n_wrong += ids[1 + i] != SMALL_FIRST_BYTE + (int32_t)(unsigned char)text[i];
        free(text);
    }
    CHECK_INT(n_wrong, 0);
    pt_tokenizer_close(&tokenizer);
    pt_arena_release(&scratch);
    free(vocab);
}

/* A quadratic algorithm would need 10^12 steps here, a quarter of an hour or more. */
TEST(tokenizer, long_word_time_is_not_quadratic) {
    enum { N = 1 << 20 };
    pt_tokenizer *tokenizer = NULL;
    pt_arena scratch;
    int32_t ids[77];
    size_t n_ids = 0, n_untruncated = 0;
    char *text = malloc(N);

    pt_arena_init(&scratch);
    REQUIRE(text != NULL);
    REQUIRE_OK(pt_tokenizer_open(pt_test_golden_path("clap/mini"), 2401, &tokenizer, &t->err));
    static const char *const units[] = {"a", "ab", "in",  "<",           "<s>",
                                        "'", " ",  "\t ", "\xE6\xB0\xB4"};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        const size_t n_unit = strlen(units[u]);
        for (size_t i = 0; i < N; i++)
            text[i] = units[u][i % n_unit];
        const clock_t start = clock();
        CHECK_OK(pt_tokenizer_encode(tokenizer, text, N, ids, 77, &n_ids, &n_untruncated, &scratch,
                                     &t->err));
        CHECK((double)(clock() - start) / CLOCKS_PER_SEC < 60.0);
        CHECK_INT(n_ids, 77);
        CHECK(n_untruncated > 77 && n_untruncated <= N + 2);
    }
    free(text);
    pt_tokenizer_close(&tokenizer);
    pt_arena_release(&scratch);
}

/* -------------------------------------------------------------------- faults */

/* The small vocabulary with one text in it replaced. */
static char *altered(const char *from, const char *to) {
    char *vocab = small_vocab(), *at = strstr(vocab, from);
    pt_strbuf text = {0};
    if (at) {
        pt_strbuf_append_bytes(&text, vocab, (size_t)(at - vocab));
        pt_strbuf_append(&text, to);
        pt_strbuf_append(&text, at + strlen(from));
    }
    free(vocab);
    return pt_strbuf_detach(&text);
}

static const struct {
    const char *from, *to, *says;
} vocab_faults[] = {
    {"{", "[", "not JSON"},
    {"\"<pad>\": 1,", "", "file 'vocab.json': the special token '<pad>' is missing"},
    {"\"<mask>\": 4,", "", "the special token '<mask>' is missing"},
    {"\"a\": 102,", "", "the symbol U+0061 of byte 97 is missing"},
    {"\"\xC4\xA0\": 37,", "", "the symbol U+0120 of byte 32 is missing"},
    {"\"a\": 102", "\"a\": 266", "symbol 'a': the id is not from 0 to 265"},
    {"\"a\": 102", "\"a\": -1", "symbol 'a': the id is not from 0 to 265"},
    {"\"a\": 102", "\"a\": 1.5", "symbol 'a': the id is not"},
    {"\"a\": 102", "\"a\": \"102\"", "symbol 'a': the id is not"},
    {"\"a\": 102", "\"a\": 4", "symbol 'a': id 4 is duplicate"},
    {"\"a\": 102", "\"b\": 102", "duplicate object key"},
    {"\"a\": 102", "\"\xFF\": 102", "line 2: not JSON"},
};

TEST(tokenizer, vocabulary_faults_name_the_symbol) {
    for (size_t i = 0; i < sizeof vocab_faults / sizeof vocab_faults[0]; i++) {
        char *vocab = altered(vocab_faults[i].from, vocab_faults[i].to);
        pt_tokenizer *tokenizer = NULL;
        REQUIRE(vocab[0] != '\0');
        CHECK_FAILS(open_small(vocab, SMALL_MERGES, SMALL_VOCAB_SIZE, &tokenizer, &t->err),
                    PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, "file 'vocab.json': ");
        CHECK_CONTAINS(t->err.message, vocab_faults[i].says);
        CHECK(tokenizer == NULL);
        free(vocab);
    }
    pt_tokenizer *tokenizer = NULL;
    CHECK_FAILS(open_small("[]", SMALL_MERGES, SMALL_VOCAB_SIZE, &tokenizer, &t->err),
                PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "must contain a JSON object");
    CHECK_FAILS(open_small("", SMALL_MERGES, SMALL_VOCAB_SIZE, &tokenizer, &t->err),
                PATINA_EFORMAT);
}

static const struct {
    const char *merges, *says;
} merges_faults[] = {
    {"", "file 'merges.txt': line 1 is not '#version"},
    {"a a\na b\n", "file 'merges.txt': line 1 is not '#version"},
    {"#version: 0.2\na a\n\na b\n", "file 'merges.txt': line 3: is not two symbols"},
    {"#version: 0.2\naa\n", "line 2: is not two symbols"},
    {"#version: 0.2\naa \n", "line 2: is not two symbols"},
    {"#version: 0.2\n aa\n", "line 2: is not two symbols"},
    {"#version: 0.2\na a b\n", "line 2: is not two symbols"},
    {"#version: 0.2\na  a\n", "line 2: is not two symbols"},
    {"#version: 0.2\na b\nxx a\n", "line 3: symbol 'xx' is not in vocab.json"},
    {"#version: 0.2\na b\na xx\n", "line 3: symbol 'xx' is not in vocab.json"},
    {"#version: 0.2\na c\n", "line 2: the result 'ac' is not in vocab.json"},
    {"#version: 0.2\na a\na b\na a\n", "file 'merges.txt': line 4: the pair is duplicate"},
};

TEST(tokenizer, merges_faults_name_the_line) {
    char *vocab = small_vocab();
    for (size_t i = 0; i < sizeof merges_faults / sizeof merges_faults[0]; i++) {
        pt_tokenizer *tokenizer = NULL;
        CHECK_FAILS(
            open_small(vocab, merges_faults[i].merges, SMALL_VOCAB_SIZE, &tokenizer, &t->err),
            PATINA_EFORMAT);
        CHECK_CONTAINS(t->err.message, merges_faults[i].says);
        CHECK(tokenizer == NULL);
    }
    free(vocab);
}

TEST(tokenizer, missing_files_are_named) {
    pt_tokenizer *tokenizer = NULL;
    char path[512];

    CHECK_FAILS(pt_tokenizer_open(pt_test_tmpdir(), 10, &tokenizer, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "/vocab.json': not found");
    snprintf(path, sizeof path, "%s/vocab.json", pt_test_tmpdir());
    FILE *file = fopen(path, "w");
    REQUIRE(file != NULL);
    fputs("{}", file);
    fclose(file);
    CHECK_FAILS(pt_tokenizer_open(pt_test_tmpdir(), 10, &tokenizer, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "/merges.txt': not found");
}

TEST(tokenizer, the_vocabulary_must_fit_the_model) {
    pt_tokenizer *tokenizer = NULL;
    CHECK_FAILS(pt_tokenizer_open(pt_test_golden_path("clap/mini"), 2400, &tokenizer, &t->err),
                PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "symbol '<mask>': the id is not from 0 to 2399");
}
