/* SPDX-License-Identifier: MIT */
/* bench_corpus.c - clips and captions for measuring speed */

#include "bench/bench_corpus.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/clap.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "bench/bench.h"

#define RATE_HZ      44100
#define N_CHANNELS   2
#define HEADER       44 /* bytes of a WAV header with one format chunk */
#define LENGTH_MIN   3.0
#define LENGTH_MAX   12.0
#define NFTW_FDS_MAX 16 /* file descriptors for the removal of a folder */

/* Frequent English words, of about one token each. */
static const char *const words[] = {
    "a",      "the",     "dog",    "bird",  "water",  "train",   "wind",   "rain",
    "car",    "engine",  "man",    "woman", "child",  "crowd",   "music",  "guitar",
    "drum",   "bell",    "door",   "clock", "phone",  "plane",   "cat",    "horse",
    "sings",  "speaks",  "barks",  "rings", "runs",   "plays",   "passes", "closes",
    "opens",  "falls",   "laughs", "cries", "while",  "and",     "then",   "near",
    "behind", "in",      "on",     "under", "over",   "through", "of",     "with",
    "loud",   "quiet",   "slow",   "fast",  "small",  "large",   "old",    "distant",
    "steady", "several", "two",    "three", "street", "room",    "forest", "background",
};
enum { N_WORDS = sizeof words / sizeof *words };

/* xorshift32 (Marsaglia, 2003) */
static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint32_t seed_random(unsigned number) {
    uint32_t state = 2654435761u * (number + 1u) | 1u;
    for (int i = 0; i < 4; i++)
        next_random(&state);
    return state;
}

/* ---- folder ---- */

patina_status pt_bench_folder_make(const char *tmp, char **folder, patina_error *err) {
    char *path = NULL;
    if (asprintf(&path, "%s/patina-bench-XXXXXX", tmp) < 0)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (!mkdtemp(path)) {
        pt_fail(err, PATINA_EIO, "folder '%s': cannot create a folder in it: %s", tmp,
                strerror(errno));
        free(path);
        return PATINA_EIO;
    }
    *folder = path;
    return PATINA_OK;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place) {
    (void)about, (void)kind, (void)place;
    (void)remove(path);
    return 0;
}

void pt_bench_folder_remove(char **folder) {
    if (!*folder) return;
    nftw(*folder, remove_one, NFTW_FDS_MAX, FTW_DEPTH | FTW_PHYS);
    free(*folder);
    *folder = NULL;
}

/* ---- clips ---- */

static void put_little_endian(unsigned char *at, int n_bytes, uint32_t value) {
    for (int i = 0; i < n_bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static void make_header(uint32_t n_frames, unsigned char header[HEADER]) {
    const uint32_t frame = 2 * N_CHANNELS, n_data = n_frames * frame;
    memcpy(header, "RIFF    WAVEfmt ", 16);
    put_little_endian(header + 4, 4, HEADER - 8 + n_data);
    put_little_endian(header + 16, 4, 16);
    put_little_endian(header + 20, 2, 1); /* integers */
    put_little_endian(header + 22, 2, N_CHANNELS);
    put_little_endian(header + 24, 4, RATE_HZ);
    put_little_endian(header + 28, 4, RATE_HZ * frame);
    put_little_endian(header + 32, 2, frame);
    put_little_endian(header + 34, 2, 16);
    memcpy(header + 36, "data", 4);
    put_little_endian(header + 40, 4, n_data);
}

/* Decaying notes of a quarter of a second with a little noise, slightly different in each
 * channel. */
static void make_samples(unsigned number, uint32_t n_frames, unsigned char *at) {
    uint32_t state = seed_random(number);
    double sine = 0.0, cosine = 0.0, step_sine = 0.0, step_cosine = 1.0; /* rotating phasor */
    double level = 0.0;

    for (uint32_t i = 0; i < n_frames; i++) {
        if (i % (RATE_HZ / 4) == 0) {
            const double f = 110.0 * exp2(next_random(&state) % 49 / 12.0);
            step_sine = sin(2.0 * 3.14159265358979 * f / RATE_HZ);
            step_cosine = cos(2.0 * 3.14159265358979 * f / RATE_HZ);
            sine = 0.0;
            cosine = 1.0;
            level = 0.1 + 0.4 * (next_random(&state) % 100) / 100.0;
        }
        const double rotated = cosine * step_cosine - sine * step_sine;
        sine = sine * step_cosine + cosine * step_sine;
        cosine = rotated;
        level *= 0.99995;
        const double noise = (int32_t)next_random(&state) / 2147483648.0;
        const int left = (int)(32000.0 * (level * sine + 0.02 * noise));
        const int right = (int)(32000.0 * (0.8 * level * cosine - 0.01 * noise));
        put_little_endian(at + 4 * (size_t)i, 2, (uint32_t)left);
        put_little_endian(at + 4 * (size_t)i + 2, 2, (uint32_t)right);
    }
}

static patina_status write_file(const char *path, const void *bytes, size_t n, patina_error *err) {
    FILE *file = fopen(path, "wb");
    bool ok = file && fwrite(bytes, 1, n, file) == n;
    ok = file && fclose(file) == 0 && ok;
    return ok ? PATINA_OK
              : pt_fail(err, PATINA_EIO, "'%s' cannot be written: %s", path, strerror(errno));
}

patina_status pt_bench_clip_write(const char *path, unsigned number, double length_s,
                                  patina_error *err) {
    const uint32_t n_frames = (uint32_t)(length_s * RATE_HZ);
    const size_t n_bytes = HEADER + (size_t)n_frames * 2 * N_CHANNELS;
    unsigned char *bytes = malloc(n_bytes);
    if (!bytes) return pt_fail(err, PATINA_ENOMEM, "out of memory");

    make_header(n_frames, bytes);
    make_samples(number, n_frames, bytes + HEADER);
    const patina_status status = write_file(path, bytes, n_bytes, err);
    free(bytes);
    return status;
}

/* ---- captions ---- */

static size_t count_tokens(const pt_tokenizer *tokenizer, const pt_strbuf *text,
                           pt_arena *scratch) {
    int32_t ids[PATINA_CAPTION_TOKENS_MAX];
    size_t n = PATINA_CAPTION_TOKENS_MAX;
    if (pt_tokenizer_encode(tokenizer, text->text, text->length, ids, PATINA_CAPTION_TOKENS_MAX, &n,
                            NULL, scratch, NULL) != PATINA_OK)
        return PATINA_CAPTION_TOKENS_MAX; /* out of memory: add no more words */
    return n;
}

char *pt_bench_caption_make(const pt_tokenizer *tokenizer, unsigned number, size_t *n_tokens,
                            pt_arena *scratch) {
    /* 8 and 21 are coprime: 21 consecutive numbers have every length once, long and short mixed. */
    const size_t span = PT_BENCH_TOKENS_MAX - PT_BENCH_TOKENS_MIN + 1;
    const size_t wanted = PT_BENCH_TOKENS_MIN + (size_t)number * 8 % span;
    uint32_t state = seed_random(number);
    pt_strbuf text = {0};

    *n_tokens = 0;
    while (!text.failed) {
        const size_t length = text.length;
        pt_strbuf_printf(&text, "%s%s", length ? " " : "", words[next_random(&state) % N_WORDS]);
        if (text.failed) break;
        const size_t n = count_tokens(tokenizer, &text, scratch);
        if (n > wanted && length > 0) { /* one word too many */
            text.text[length] = '\0';
            text.length = length;
            break;
        }
        *n_tokens = n;
        if (n >= wanted) break;
    }
    return pt_strbuf_detach(&text);
}

/* ---- corpus ---- */

static patina_status add_clip(const char *folder, unsigned number, double length_s,
                              const pt_tokenizer *tokenizer, pt_strbuf *manifest, pt_arena *scratch,
                              patina_error *err) {
    char *path = NULL;
    size_t n_tokens;
    char *caption = pt_bench_caption_make(tokenizer, number, &n_tokens, scratch);
    patina_status status = PATINA_ENOMEM;

    if (caption && asprintf(&path, "%s/clip-%u.wav", folder, number) >= 0) {
        pt_strbuf_printf(manifest, "{\"audio\": \"clip-%u.wav\", \"caption\": \"%s\"}\n", number,
                         caption);
        status = pt_bench_clip_write(path, number, length_s, err);
    } else {
        pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    free(caption);
    free(path);
    return status;
}

patina_status pt_bench_corpus_write(const char *folder, unsigned n, const pt_tokenizer *tokenizer,
                                    pt_arena *scratch, patina_error *err) {
    pt_strbuf manifest = {0};
    char *path = NULL;
    patina_status status = PATINA_OK;

    for (unsigned i = 0; status == PATINA_OK && i < n; i++) {
        /* Multiples of the golden ratio modulo 1 cover the range evenly for any n. */
        const double u = fmod(i * 0.6180339887498949, 1.0);
        status = add_clip(folder, i, LENGTH_MIN + u * (LENGTH_MAX - LENGTH_MIN), tokenizer,
                          &manifest, scratch, err);
    }
    if (status == PATINA_OK && (manifest.failed || asprintf(&path, "%s/clips.jsonl", folder) < 0))
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK) status = write_file(path, manifest.text, manifest.length, err);
    free(path);
    pt_strbuf_release(&manifest);
    return status;
}
