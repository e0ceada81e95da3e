/* SPDX-License-Identifier: MIT */
/* fuzz_webdataset.c - input: a letter for the format, then
 *
 *   s     a list of files, one a line: NAME, a tab, content ('\' is an empty content); made into a
 *         tar to test samples
 *   h     a tar whose header checksums are corrected, to test headers
 *   else  a file as it is: a tar, compressed or not, or anything
 *
 * Checks the invariants of pt_entry (corpus_iterator.h), and that entries are the same with and
 * without their audio.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "entry_check.h"
#include "fuzz.h"
#include "tar_writer.h"

#define INPUT_SIZE_MAX 65536 /* bytes: bounds the time of a run */

static void check(const pt_entry *e, bool with_audio) {
    fuzz_check_entry(e);
    FUZZ_ASSERT(e->source[0] != '/' && !e->path);
    FUZZ_ASSERT(!e->audio == !(with_audio && e->status == PATINA_OK));
    /* Read every byte of the audio. */
    for (size_t i = 0; i < e->n_audio; i += 4096)
        (void)((volatile const char *)e->audio)[i];
    if (e->n_audio > 0) (void)((volatile const char *)e->audio)[e->n_audio - 1];
}

static void add(pt_strbuf *summary, const char *text) {
    pt_strbuf_append(summary, text ? text : "-");
    pt_strbuf_append_bytes(summary, "", 1);
}

/** The content of entries without their audio. */
static pt_strbuf read_corpus(const char *path, bool with_audio) {
    const pt_corpus_reader *reader = &pt_corpus_reader_webdataset;
    const pt_corpus_options options = {0};
    void *state = NULL;
    patina_error err = {0};
    pt_strbuf summary = {0};
    bool end = false;

    FUZZ_ASSERT(reader->open(path, &options, &state, &err) == PATINA_OK);
    while (!end) {
        pt_entry entry = {0};
        const patina_status status = reader->next(state, with_audio, &entry, &end, &err);
        FUZZ_ASSERT(status == PATINA_OK || (status == PATINA_EFORMAT && err.message[0] != '\0'));
        if (status != PATINA_OK || end) {
            pt_entry_release(&entry);
            pt_strbuf_printf(&summary, "%d %s", status, err.message);
            break;
        }
        check(&entry, with_audio);
        add(&summary, entry.id);
        add(&summary, entry.source);
        add(&summary, entry.fault);
        pt_strbuf_printf(&summary, "%d ", entry.status);
        for (size_t i = 0; i < entry.n_captions; i++) {
            add(&summary, entry.captions[i].text);
            add(&summary, entry.captions[i].fault);
        }
        pt_entry_release(&entry);
    }
    reader->close(state);
    FUZZ_ASSERT(!summary.failed);
    return summary;
}

/** A script as a tar. */
static void build_tar_from_script(const char *text, size_t n, pt_strbuf *tar) {
    for (const char *line = text, *end = text + n; line < end;) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        const char *stop = feed ? feed : end;
        const char *tab = memchr(line, '\t', (size_t)(stop - line));
        char *name = pt_text_dup(line, (size_t)((tab ? tab : stop) - line));
        const char *bytes = tab ? tab + 1 : stop;
        FUZZ_ASSERT(name);
        tar_add_bytes(tar, name, bytes, (size_t)(stop - bytes));
        free(name);
        line = feed ? feed + 1 : end;
    }
    tar_end(tar);
}

/** The offset of the next header, from a header's octal size. */
static size_t next_header(const unsigned char *header, size_t at) {
    size_t size = 0;
    for (size_t i = 124; i < 136 && header[i] >= '0' && header[i] <= '7'; i++)
        size = 8 * size + (header[i] - '0');
    return at + TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

/** Corrects the checksums of all headers. */
static void fix_checksums(pt_strbuf *tar) {
    static const unsigned char zeros[TAR_BLOCK];
    for (size_t at = 0; at + TAR_BLOCK <= tar->length;) {
        unsigned char *header = (unsigned char *)tar->text + at;
        if (memcmp(header, zeros, TAR_BLOCK) != 0) tar_set_checksum(header);
        at = next_header(header, at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > INPUT_SIZE_MAX) return 0;
    pt_strbuf tar = {0};
    char path[64];
    const char *text = (const char *)data + 1;

    pt_strbuf_append(&tar, ""); /* allocates the buffer */
    if (data[0] == 's')
        build_tar_from_script(text, size - 1, &tar);
    else
        pt_strbuf_append_bytes(&tar, text, size - 1);
    if (data[0] == 'h') fix_checksums(&tar);
    FUZZ_ASSERT(!tar.failed);

    const int fd = memfd_create("corpus", MFD_CLOEXEC);
    FUZZ_ASSERT(fd >= 0 && write(fd, tar.text, tar.length) == (ssize_t)tar.length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    pt_strbuf with = read_corpus(path, true), without = read_corpus(path, false);
    FUZZ_ASSERT(with.length == without.length && memcmp(with.text, without.text, with.length) == 0);
    close(fd);
    pt_strbuf_release(&with);
    pt_strbuf_release(&without);
    pt_strbuf_release(&tar);
    return 0;
}
