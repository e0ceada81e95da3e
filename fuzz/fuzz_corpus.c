/* SPDX-License-Identifier: MIT */
/* fuzz_corpus.c - input: a letter for the kind, then a list of entries
 *
 *     j  JSONL
 *     t  Clotho
 *     l  labels
 *     s  AudioSet segments
 *     d  MTG-Jamendo
 *     v  VGGSound
 *     n  NSynth
 *     w  WavCaps
 *     any other letter: AudioCaps
 *
 * An upper-case letter sets the caption column to "text". Checks the invariants of pt_entry
 * (corpus_iterator.h) for any input.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "corpus/corpus_iterator.h"
#include "fuzz.h"

static void check_text(const char *text) {
    FUZZ_ASSERT(!text || pt_utf8_is_valid(text, strlen(text))); /* it is written to JSON */
}

static void check(const pt_entry *e) {
    check_text(e->id);
    check_text(e->source);
    check_text(e->fault);
    FUZZ_ASSERT(e->source);
    FUZZ_ASSERT(!e->id || e->id[0] != '\0');
    if (e->status == PATINA_OK)
        FUZZ_ASSERT(e->id && e->path && !e->fault);
    else
        FUZZ_ASSERT(e->fault && patina_status_is_reject(e->status));
    for (size_t i = 0; i < e->n_captions; i++) {
        const pt_caption *c = &e->captions[i];
        FUZZ_ASSERT(!c->text != !c->fault);
        check_text(c->text);
        check_text(c->fault);
        FUZZ_ASSERT(!c->text || !pt_utf8_is_blank(c->text, strlen(c->text)));
    }
}

/** Reads all entries; returns their number. */
static size_t read_corpus(const char *kind, const char *column, const char *path) {
    /* A folder without audio: every clip is missing. */
    const pt_corpus_options options = {
        .kind = kind, .audio_root = "/proc/self/fdinfo", .caption_column = column};
    pt_corpus *corpus = NULL;
    patina_error err = {0};
    size_t n = 0;
    bool end = false;

    if (pt_corpus_open(path, &options, &corpus, &err) != PATINA_OK) {
        FUZZ_ASSERT(err.message[0] != '\0');
        FUZZ_ASSERT(err.status == PATINA_EFORMAT || (column && err.status == PATINA_EUSAGE) ||
                    (err.status == PATINA_EIO && strcmp(kind, "audioset") == 0));
        return 0;
    }
    while (!end) {
        pt_entry entry = {0};
        FUZZ_ASSERT(pt_corpus_next(corpus, true, &entry, &end, &err) == PATINA_OK);
        if (!end) check(&entry);
        n += !end;
        pt_entry_release(&entry);
    }
    pt_corpus_close(&corpus);
    return n;
}

static const char *kind_by_letter(uint8_t letter) {
    static const char *const kinds[26] = {
        ['j' - 'a'] = "jsonl",    ['t' - 'a'] = "clotho",       ['l' - 'a'] = "labels",
        ['w' - 'a'] = "wavcaps",  ['s' - 'a'] = "audioset",     ['d' - 'a'] = "jamendo",
        ['v' - 'a'] = "vggsound", ['n' - 'a'] = "nsynth",       ['k' - 'a'] = "json",
        ['e' - 'a'] = "events",   ['m' - 'a'] = "magnatagatune"};
    const unsigned index = (letter | 0x20U) - 'a';
    return index < 26 && kinds[index] ? kinds[index] : "audiocaps";
}

/** Probing must accept any input too. */
static void fuzz_probe(const char *path) {
    pt_corpus *corpus = NULL;
    patina_error err = {0};
    const pt_corpus_options options = {.audio_root = "/proc/self/fdinfo"};
    if (pt_corpus_open(path, &options, &corpus, &err) != PATINA_OK)
        FUZZ_ASSERT(err.message[0] != '\0');
    pt_corpus_close(&corpus);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const int fd = memfd_create("corpus", MFD_CLOEXEC);
    char path[64];
    FUZZ_ASSERT(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);

    const char *kind = kind_by_letter(data[0]);
    const char *column = data[0] >= 'A' && data[0] <= 'Z' ? "text" : NULL;
    const size_t n = read_corpus(kind, column, path);
    /* Elements of JSON end with commas, or at the next element. */
    const bool is_list =
        strcmp(kind, "wavcaps") == 0 || strcmp(kind, "nsynth") == 0 || strcmp(kind, "json") == 0;
    size_t n_max = is_list ? 2 : 1;
    for (size_t i = 1; i < size; i++)
        n_max += is_list ? data[i] == ',' || data[i] == '{' : data[i] == '\n' || data[i] == '\r';
    FUZZ_ASSERT(n <= n_max);
    FUZZ_ASSERT(read_corpus(kind, column, path) == n); /* a second pass is the same */
    fuzz_probe(path);
    close(fd);
    return 0;
}
