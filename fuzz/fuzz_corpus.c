/* SPDX-License-Identifier: MIT */
/* fuzz_corpus.c - input: the kind, then a list of entries. The kind is a letter:
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
 * A line "=NAME" has the name of the kind; without a name it is detected, which takes far longer.
 * Any other byte is an index in patina_corpus_kind_at, modulo their number. An upper-case letter,
 * and a byte of 128 and above, set the caption column to "text". The clips of the audio root are
 * empty files. Checks the invariants of pt_entry (corpus_iterator.h) for any input.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <patina/corpus.h>

#include "audio_folder.h"
#include "corpus/corpus_iterator.h"
#include "corpus/table_layout.h"
#include "entry_check.h"
#include "fuzz.h"

/** Kinds with targets of their own. */
static bool is_elsewhere(const char *kind) {
    static const char *const kinds[] = {"webdataset", "parquet", "folder", "kaldi"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i], kind) == 0) return true;
    return false;
}

/** Whether the table of a kind needs a second file, which does not exist here. */
static bool needs_classes(const char *kind) {
    for (size_t i = 0; i < pt_n_table_layouts; i++)
        if (strcmp(pt_table_layouts[i].name, kind) == 0) return pt_table_layouts[i].classes;
    return false;
}

/** An upper bound of the number of entries. */
static size_t max_entries(const char *kind, const uint8_t *data, size_t size) {
    static const struct {
        const char *kind, *begins; /* an element begins, or the one before it ends */
    } lists[] = {{"wavcaps", ",{"}, {"nsynth", ",{"}, {"json", ",{"}, {"macs", ":?{"}};
    const char *begins = "\r\n";
    size_t n = 2;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (strcmp(lists[i].kind, kind) == 0) begins = lists[i].begins;
    for (size_t i = 0; i < size; i++)
        n += data[i] && strchr(begins, data[i]);
    return n;
}

/** Reads all entries, to the first error in YAML, or of a column that no entry has; returns their
 * number. */
static size_t read_entries(pt_corpus *corpus, const char *column, const uint8_t *data,
                           size_t size) {
    const char *kind = pt_corpus_kind_name(corpus);
    size_t n = 0;
    bool end = is_elsewhere(kind);

    while (!end) {
        pt_entry entry = {0};
        patina_error err = {0};
        const patina_status status = pt_corpus_next(corpus, true, &entry, &end, &err);
        FUZZ_ASSERT((column && status == PATINA_EUSAGE) || accepted(status, &err) ||
                    strcmp(kind, "macs") == 0);
        if (status != PATINA_OK) break;
        if (!end) {
            fuzz_check_entry(&entry);
            FUZZ_ASSERT(entry.status != PATINA_OK || entry.path);
        }
        n += !end;
        pt_entry_release(&entry);
    }
    FUZZ_ASSERT(n <= max_entries(kind, data, size));
    return n;
}

/** Reads the corpus at a path, which has these bytes; returns the number of entries. A kind that is
 * NULL is detected, and set. */
static size_t read_corpus(const char **kind, const char *column, const char *path,
                          const uint8_t *data, size_t size) {
    const pt_corpus_options options = {
        .kind = *kind, .audio_root = fuzz_audio_folder(), .caption_column = column};
    pt_corpus *corpus = NULL;
    patina_error err = {0};

    if (pt_corpus_open(path, &options, &corpus, &err) != PATINA_OK) {
        FUZZ_ASSERT(err.message[0] != '\0');
        FUZZ_ASSERT(err.status == PATINA_EFORMAT || (column && err.status == PATINA_EUSAGE) ||
                    (err.status == PATINA_EIO && (!*kind || needs_classes(*kind))));
        return 0;
    }
    *kind = pt_corpus_kind_name(corpus);
    const size_t n = read_entries(corpus, column, data, size);
    pt_corpus_close(&corpus);
    return n;
}

/** The kind with this name, or, of NULL, at this index. */
static const char *find_kind(const char *wanted, size_t n_wanted, size_t index) {
    const char *name, *summary;
    size_t n = 0;
    while (patina_corpus_kind_at(n, &name, &summary)) {
        if (wanted && strlen(name) == n_wanted && memcmp(name, wanted, n_wanted) == 0) return name;
        n++;
    }
    return !wanted && patina_corpus_kind_at(index % n, &name, &summary) ? name : NULL;
}

static const char *kind_by_letter(uint8_t letter) {
    static const char *const kinds[26] = {
        ['j' - 'a'] = "jsonl",    ['t' - 'a'] = "clotho",       ['l' - 'a'] = "labels",
        ['w' - 'a'] = "wavcaps",  ['s' - 'a'] = "audioset",     ['d' - 'a'] = "jamendo",
        ['v' - 'a'] = "vggsound", ['n' - 'a'] = "nsynth",       ['k' - 'a'] = "json",
        ['e' - 'a'] = "events",   ['m' - 'a'] = "magnatagatune"};
    const char *kind = kinds[letter - 'a'];
    return kind ? kind : "audiocaps";
}

/** Reads the kind that an input begins with, NULL for one to detect; false: an unknown name. */
static bool read_kind(const uint8_t **data, size_t *size, const char **kind) {
    const uint8_t *bytes = *data, first = bytes[0], lower = first | 0x20;
    const uint8_t *feed = first == '=' ? memchr(bytes, '\n', *size) : NULL;
    const size_t n_head = feed ? (size_t)(feed - bytes) + 1 : 1, n_name = feed ? n_head - 2 : 0;

    *data += n_head;
    *size -= n_head;
    if (feed && n_name == 0)
        *kind = NULL;
    else if (feed)
        *kind = find_kind((const char *)bytes + 1, n_name, 0);
    else if (lower >= 'a' && lower <= 'z')
        *kind = kind_by_letter(lower);
    else
        *kind = find_kind(NULL, 0, first);
    return *kind || (feed && n_name == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    const uint8_t first = data[0];
    const char *column = (first >= 'A' && first <= 'Z') || first >= 0x80 ? "text" : NULL;
    const char *kind;
    if (!read_kind(&data, &size, &kind) || (kind && is_elsewhere(kind))) return 0;

    const int fd = memfd_create("corpus", MFD_CLOEXEC);
    char path[64];
    FUZZ_ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const size_t n = read_corpus(&kind, column, path, data, size);
    if (kind) /* a second pass is the same */
        FUZZ_ASSERT(read_corpus(&kind, column, path, data, size) == n);
    close(fd);
    return 0;
}
