/* SPDX-License-Identifier: MIT */
/* corpus.h - where entries come from: one table of readers */

#ifndef PATINA_CORPUS_CORPUS_H
#define PATINA_CORPUS_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/bytes.h"

/** One caption of an entry; text is NULL where it is no caption, and fault says why. */
typedef struct pt_caption {
    char *text; /* valid UTF-8, not blank, as written */
    char *fault;
} pt_caption;

/**
 * One item of a corpus. Owns all it points to, so that it can be handed to another thread.
 * A broken item comes as an entry too: its status is a PT_REJECT_... and its fault the sentence.
 */
typedef struct pt_entry {
    char *id; /* NULL when a broken item has none */
    char
        *source; /* relative to the manifest, SRC or audio root; or manifest:line of a broken one */
    pt_caption *captions; /* in the order of the corpus, all of them, bad ones too */
    size_t n_captions;
    char *path;       /* of the audio, to be opened; NULL when there is none */
    pt_status status; /* PT_OK, or why it can give no row */
    char *fault;      /* one sentence with status */
} pt_entry;

void pt_entry_release(pt_entry *entry);

/** The entry's audio. PT_REJECT_MISSING, PT_REJECT_UNDECODABLE (not a file, or unreadable). */
pt_status pt_entry_open(const pt_entry *entry, pt_bytes *bytes, pt_error *err);

typedef struct pt_corpus pt_corpus;

/**
 * Opens a folder, an AudioCaps CSV or a JSONL manifest; the kind is found by looking.
 *
 * audio_root  where a CSV's clips lie; NULL: the CSV's own folder
 *
 * Errors   PT_EIO      cannot be read
 *          PT_EFORMAT  no kind of corpus that is known; names what was found and what is read
 */
pt_status pt_corpus_open(const char *path, const char *audio_root, pt_corpus **corpus,
                         pt_error *err);
void pt_corpus_close(pt_corpus **corpus);

/** The kind's name: "folder", "audiocaps" or "jsonl". */
const char *pt_corpus_kind(const pt_corpus *corpus);

/**
 * The next entry in corpus order, to be released by the caller; *end is set instead after the
 * last. Ids may repeat here: the pipeline judges that.
 */
pt_status pt_corpus_next(pt_corpus *corpus, pt_entry *entry, bool *end, pt_error *err);

#endif /* PATINA_CORPUS_CORPUS_H */
