/* SPDX-License-Identifier: MIT */
/* fuzz_corpus.c - input: 'j' and a JSONL manifest, or anything else and an AudioCaps CSV
 *
 * Checks what corpus.h promises of every entry, whatever the text.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "corpus/reader.h"
#include "fuzz.h"

static void check_text(const char *text) {
    MUST(!text || pt_utf8_valid(text, strlen(text))); /* it is written to JSON */
}

static void check(const pt_entry *e) {
    check_text(e->id);
    check_text(e->source);
    check_text(e->fault);
    MUST(e->source);
    MUST(!e->id || e->id[0] != '\0');
    if (e->status == PT_OK)
        MUST(e->id && e->path && !e->fault);
    else
        MUST(e->fault && pt_status_rejects(e->status));
    for (size_t i = 0; i < e->n_captions; i++) {
        const pt_caption *c = &e->captions[i];
        MUST(!c->text != !c->fault);
        check_text(c->text);
        check_text(c->fault);
        MUST(!c->text || !pt_utf8_blank(c->text, strlen(c->text)));
    }
}

/** Reads it all; the number of entries. */
static size_t read_corpus(const pt_reader *reader, const char *path) {
    void *state = NULL;
    pt_error err = {0};
    size_t n = 0;
    bool end = false;

    /* A folder without audio, so that every clip is missing; it need not be there for a manifest.
     */
    const pt_corpus_options options = {.audio_root = "/proc/self/fdinfo"};
    if (reader->open(path, &options, &state, &err) != PT_OK) {
        MUST(err.status == PT_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    while (!end) {
        pt_entry entry = {0};
        MUST(reader->next(state, true, &entry, &end, &err) == PT_OK);
        if (!end) check(&entry);
        n += !end;
        pt_entry_release(&entry);
    }
    reader->close(state);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const int fd = memfd_create("corpus", MFD_CLOEXEC);
    char path[64];
    MUST(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);

    const pt_reader *reader = data[0] == 'j' ? &pt_reader_jsonl : &pt_reader_audiocaps;
    const size_t n = read_corpus(reader, path);
    size_t n_lines = 1;
    for (size_t i = 1; i < size; i++)
        n_lines += data[i] == '\n' || data[i] == '\r';
    MUST(n <= n_lines);
    MUST(read_corpus(reader, path) == n); /* and once more the same */
    close(fd);
    return 0;
}
