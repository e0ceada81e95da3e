/* SPDX-License-Identifier: MIT */
/* corpus_iterator.h - where entries come from: one table of readers */

#ifndef PATINA_CORPUS_CORPUS_ITERATOR_H
#define PATINA_CORPUS_CORPUS_ITERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/byte_source.h"

/** One caption of an entry; text is NULL where it is none, and fault says why ("not a string"). */
typedef struct pt_caption {
    char *text; /* valid UTF-8, not blank, as written */
    char *fault;
} pt_caption;

/**
 * One item of a corpus. Owns all it points to, so that it can be handed to another thread.
 * A broken item comes as an entry too: its status is a PATINA_REJECT_... and its fault the sentence.
 * What goes into a data set (id, source, captions, faults) is UTF-8, and none of it but an id that
 * was written so holds an absolute path.
 *
 *              id                                   source
 *   folder     path below the folder                the same
 *   audiocaps  <youtube_id>_<start_time>            path below the audio root
 *   clotho     `file_name` as written               the same
 *   labels     the file's name as written           the same
 *   wavcaps    `id` as written                      the same
 *   jsonl      `id`, or `audio` as written          `audio`, but none that is absolute: only
 *                                                   what of it lies below the manifest's folder,
 *                                                   or its last part
 *   parquet    <youtube_id>_<start_time>, or `id`,  <file>#<row>
 *              or the source
 *   webdataset `id` of the .json, or                <tar>/<file in it>
 *              <tar without extension>/<key>
 *
 * A tar's path is that below the folder, or below what all of a pattern have in common. Where no
 * audio file is known, source is <name of the list>:<line>, of wavcaps <name of the list>#<element
 * of data, from 0>, or the tar.
 */
typedef struct pt_entry {
    char *id; /* NULL when a broken item has none */
    char *source;
    pt_caption *captions; /* in the order of the corpus, all of them, bad ones too */
    size_t n_captions;
    char *path;  /* of the audio's file, to be opened; NULL where there is none */
    void *audio; /* [n_audio] the file itself, where the corpus holds it and it was asked for */
    size_t n_audio;
    patina_status status; /* PATINA_OK, or why it can give no row */
    char *fault;          /* one sentence with status */
} pt_entry;

void pt_entry_release(pt_entry *entry);

/**
 * The entry's audio; bytes may point into the entry. The sentences name neither it nor its path.
 *
 * Errors   the entry's own status
 *          PATINA_REJECT_MISSING      there is no such file
 *          PATINA_REJECT_UNDECODABLE  it is no file, or cannot be read
 */
patina_status pt_entry_open(const pt_entry *entry, pt_byte_source *bytes, patina_error *err);

/** Zeroed members are defaults. */
typedef struct pt_corpus_options {
    const char *audio_root;     /* where a table's clips lie, or a manifest's paths start; NULL: its
                                   own folder */
    const char *kind;           /* name of a reader; NULL: found by looking */
    const char *caption_column; /* of kinds that have columns, or members; NULL: the kind's own */
} pt_corpus_options;

typedef struct pt_corpus pt_corpus;

/**
 * Opens a corpus; the kind is found by looking: tars and Parquet files, or folders and patterns of
 * them; any other folder; the header of AudioCaps, Clotho, or a table of labels, in this order; a
 * name in .jsonl or .ndjson or a first line that is an object with `audio`; an object with a list
 * `data`. Opened again, it gives the same entries in the same order: of a folder, sorted by the
 * bytes of their paths; of AudioCaps, by the first row of a clip; of other lists, one by one as
 * they stand; of tars, as they stand in each, tar by tar.
 *
 * options  NULL: the defaults
 *
 * Errors   PATINA_EUSAGE   there is no kind of that name; a caption column for a kind that has none
 *          PATINA_EIO      cannot be read
 *          PATINA_EFORMAT  no kind of corpus that is known, which says what was found and what is read;
 *                      a folder without a file that is named like audio; a list that is not of the
 *                      kind that the options name
 */
patina_status pt_corpus_open(const char *path, const pt_corpus_options *options, pt_corpus **corpus,
                             patina_error *err);
void pt_corpus_close(pt_corpus **corpus);

/** The kind's name: "folder", "audiocaps" ...; patina/corpus.h lists them. */
const char *pt_corpus_kind_name(const pt_corpus *corpus);

/**
 * The next entry in corpus order, to be released by the caller; *end is set instead after the
 * last. Ids may repeat here: the pipeline judges that.
 *
 * with_audio  false: a corpus that holds the audio itself passes over it, and the entry has none;
 *             nor is it known then what only the audio tells, such as that it is damaged
 *
 * Errors   PATINA_EIO      the disk failed
 *          PATINA_EFORMAT  the last tar was read, and no sample was in any
 */
patina_status pt_corpus_next(pt_corpus *corpus, bool with_audio, pt_entry *entry, bool *end,
                             patina_error *err);

#endif /* PATINA_CORPUS_CORPUS_ITERATOR_H */
