/* SPDX-License-Identifier: MIT */
/* fuzz_kaldi.c - input: the files text, wav.scp and segments of a Kaldi folder, with a NUL between
 * them; segments may be absent
 *
 * Checks the invariants of pt_entry (corpus_iterator.h), and that a second pass is the same.
 */

#include <string.h>
#include <sys/mman.h>

#include "audio_folder.h"
#include "corpus/corpus_iterator.h"
#include "entry_check.h"

#define N_LISTS 3

static const char *const lists[N_LISTS] = {"text", "wav.scp", "segments"};

static void remove_lists(void) {
    for (size_t i = 0; i < N_LISTS; i++)
        unlink(fuzz_audio_file(lists[i]));
}

/** Makes the list i a link to a file in memory; returns its descriptor. */
static int open_list(size_t i) {
    char target[64];
    const int fd = memfd_create(lists[i], MFD_CLOEXEC);
    FUZZ_ASSERT(fd >= 0);
    snprintf(target, sizeof target, "/proc/self/fd/%d", fd);
    FUZZ_ASSERT(symlink(target, fuzz_audio_file(lists[i])) == 0);
    return fd;
}

/** Writes the lists; returns the number of lines in `text`. */
static size_t write_lists(const uint8_t *data, size_t size) {
    static int fds[N_LISTS] = {-1, -1, -1};
    size_t n_lines = 1;

    if (fds[0] < 0) {
        atexit(remove_lists);
        for (size_t i = 0; i < N_LISTS; i++)
            fds[i] = open_list(i);
    }
    for (size_t i = 0; i < N_LISTS; i++) {
        const uint8_t *nul = i + 1 < N_LISTS && size > 0 ? memchr(data, 0, size) : NULL;
        const size_t n = nul ? (size_t)(nul - data) : size;
        FUZZ_ASSERT(ftruncate(fds[i], 0) == 0 && pwrite(fds[i], data, n, 0) == (ssize_t)n);
        for (size_t k = 0; i == 0 && k < n; k++)
            n_lines += data[k] == '\n' || data[k] == '\r';
        data += n + (nul ? 1 : 0);
        size -= n + (nul ? 1 : 0);
    }
    return n_lines;
}

static void check(const pt_entry *e) {
    fuzz_check_entry(e);
    FUZZ_ASSERT(e->source[0] != '/');
    FUZZ_ASSERT(e->status != PATINA_OK || e->path);
    FUZZ_ASSERT(!e->has_start || e->start_s >= 0.0);
    FUZZ_ASSERT(!e->has_start || !e->has_end || e->end_s > e->start_s);
}

static size_t read_corpus(const char *path) {
    const pt_corpus_options options = {.kind = "kaldi"};
    pt_corpus *corpus = NULL;
    patina_error err = {0};
    size_t n = 0;
    bool end = false;

    if (!accepted(pt_corpus_open(path, &options, &corpus, &err), &err)) return 0;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *path = fuzz_audio_folder();
    const size_t n_lines = write_lists(data, size);
    const size_t n = read_corpus(path);
    FUZZ_ASSERT(n <= n_lines && read_corpus(path) == n);
    return 0;
}
