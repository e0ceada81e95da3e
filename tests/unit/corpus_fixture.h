/* SPDX-License-Identifier: MIT */
/* corpus_fixture.h - corpora for the tests of the readers, written to the temporary folder */

#ifndef PATINA_TEST_CORPUS_FILES_H
#define PATINA_TEST_CORPUS_FILES_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "corpus/corpus_iterator.h"
#include "test.h"

/** tmpdir/name, in one of a few static buffers. */
static inline const char *tmp_path(const char *name) {
    static char paths[8][2048];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", pt_test_tmpdir(), name);
    return path;
}

/** Writes n bytes to tmpdir/name, creates missing folders, and returns the path. */
static inline const char *write_tmp_bytes(const char *name, const void *bytes, size_t n) {
    char folder[2048];
    const char *path = tmp_path(name);
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        mkdir(folder, 0700);
    }
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(bytes, 1, n, out) != n || fclose(out) != 0) {
        perror(path);
        exit(2);
    }
    return path;
}

static inline const char *write_tmp_text(const char *name, const char *text) {
    return write_tmp_bytes(name, text, strlen(text));
}

#define LISTING_MAX 64

/** Every entry of a corpus, and the status of the last call. */
typedef struct listing {
    pt_entry entry[LISTING_MAX];
    size_t n;
    patina_status status;
    patina_error err;
    char kind[16];
} listing;

static inline listing *list_corpus_with(const char *path, const pt_corpus_options *options) {
    listing *l = calloc(1, sizeof *l);
    pt_corpus *corpus = NULL;
    bool end = false;

    l->status = pt_corpus_open(path, options, &corpus, &l->err);
    if (l->status == PATINA_OK)
        snprintf(l->kind, sizeof l->kind, "%s", pt_corpus_kind_name(corpus));
    while (l->status == PATINA_OK && l->n < LISTING_MAX) {
        l->status = pt_corpus_next(corpus, true, &l->entry[l->n], &end, &l->err);
        if (end) break;
        if (l->status == PATINA_OK) l->n++;
    }
    pt_corpus_close(&corpus);
    return l;
}

static inline listing *list_corpus(const char *path, const char *audio_root) {
    return list_corpus_with(path, &(pt_corpus_options){.audio_root = audio_root});
}

static inline void list_release(listing *l) {
    for (size_t i = 0; i < LISTING_MAX; i++)
        pt_entry_release(&l->entry[i]);
    free(l);
}

/** An entry as one string: "id|source|status|caption|(fault)|...", "-" for what is NULL. */
static inline const char *entry_string(const listing *l, size_t i) {
    static char buffers[4][2048];
    static unsigned next;
    char *buffer = buffers[next++ % 4];
    const size_t size = sizeof buffers[0];
    if (i >= l->n) return "(no such entry)";
    const pt_entry *e = &l->entry[i];
    size_t n = (size_t)snprintf(buffer, size, "%s|%s|%s", e->id ? e->id : "-",
                                e->source ? e->source : "-", patina_status_name(e->status));
    for (size_t c = 0; c < e->n_captions && n < size; c++) {
        const char *text = e->captions[c].text;
        n += (size_t)snprintf(buffer + n, size - n, text ? "|%s" : "|(%s)",
                              text ? text : e->captions[c].fault);
    }
    return buffer;
}

#endif /* PATINA_TEST_CORPUS_FILES_H */
