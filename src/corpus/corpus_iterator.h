/* SPDX-License-Identifier: MIT */
/* corpus_iterator.h - iterates over the entries of a corpus of any format */

#ifndef PATINA_CORPUS_CORPUS_ITERATOR_H
#define PATINA_CORPUS_CORPUS_ITERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/byte_source.h"
#include "base/filter_expr.h"
#include "base/strbuf.h"

/** One caption of an entry. An invalid caption has no text and a fault ("not a string"). */
typedef struct pt_caption {
    char *text; /* valid UTF-8, not blank, as written */
    char *fault;
    patina_status reason; /* of the fault; 0: PATINA_REJECT_BAD_CAPTION */
    char *source;         /* of the row that lost it; NULL: that of the entry */
    char *dropped;        /* its text before the audio of its row was compared; or NULL */
} pt_caption;

/**
 * One entry of a corpus: a clip with its captions. Owns all memory that it points to and may be
 * moved to another thread. A malformed item is an entry too, with a status PATINA_REJECT_... and a
 * message in fault. Id, source, captions and faults become part of the data set: they are UTF-8 and
 * contain no absolute path, except an id that is written as one.
 *
 *              id                                   source
 *   folder     path relative to the folder          the same
 *   audiocaps  <youtube_id>_<start_time>            path relative to the audio root
 *   clotho     `file_name` as written               the same
 *   labels     the file's name as written           the same
 *   wavcaps    `id` as written                      the same
 *   jsonl      `id`, or `audio` as written          `audio`, but none that is absolute: only
 *                                                   the part of it below the manifest's folder,
 *                                                   or its last part
 *   parquet    <youtube_id>_<start_time>, or `id`,  <file>#<row>
 *              or the source
 *   webdataset `id` of the .json, or                <tar>/<file in it>
 *              <tar without extension>/<key>
 *
 * The path of a tar is relative to the folder, or to the common directory of a pattern. Where no
 * audio file is known, source is <file name of the list>:<line>, for wavcaps <file name>#<element
 * of data, from 0>, or the tar.
 */
typedef struct pt_entry {
    const char *corpus; /* name of its corpus, borrowed; NULL: the run has one, without a name */
    char *id;           /* NULL: a malformed item without one */
    char *source;
    pt_caption *captions; /* in corpus order, invalid ones included */
    size_t n_captions;
    size_t max_captions;          /* 0: no limit */
    uint64_t n_captions_left_out; /* beyond it */
    char *path;                   /* audio file to open; NULL where there is none */
    void *audio; /* [n_audio] the audio file, of a corpus that contains it, where requested */
    size_t n_audio;
    int audio_file; /* 1 + descriptor of an unlinked file in place of audio, if it is large; 0 */
    bool has_start, has_end;
    double start_s, end_s; /* segment of the recording that the list names, in seconds */
    char *split_value;     /* of the column split_column of the options; NULL: none */
    uint64_t position;     /* of a row in a corpus that contains the audio (load_audio) */
    bool is_clip_of_id;    /* the id names the clip: rows of one id have one audio, found or not */
    patina_status status;  /* PATINA_OK, or the reason of rejection */
    char *fault;           /* one sentence with status */
} pt_entry;

void pt_entry_release(pt_entry *entry);

/** Releases audio that the entry contains. */
void pt_entry_release_audio(pt_entry *entry);

/**
 * Opens the audio of an entry; bytes may point into the entry. Messages contain neither the id nor
 * the path.
 *
 * Errors   the status of the entry
 *          PATINA_REJECT_MISSING      file not found
 *          PATINA_REJECT_UNDECODABLE  not a regular file, or cannot be opened
 *          PATINA_ETEMPORARY          a fault of the machine, see pt_errno_is_machine_fault()
 */
patina_status pt_entry_open(const pt_entry *entry, pt_byte_source *bytes, patina_error *err);

/** Zeroed members are defaults. */
typedef struct pt_corpus_options {
    const char *kind;           /* of patina_corpus_kind_at; NULL: detected */
    const char *audio_root;     /* folder of the audio files of a list; NULL: folder of the list */
    const char *caption_column; /* column or JSON member of the captions; NULL: the usual names */
    const char *file_column, *id_column, *start_column, *end_column; /* likewise */
    const char *caption_template; /* "the sound of {label}"; NULL: captions as they are */
    const char *header;           /* column names of a table without header, "id,label"; or NULL */
    const char *exclude;          /* file of an exclude_list.h; NULL: none */
    char delimiter;               /* of a table; 0: detected */
    const char *split_column;     /* column or member for split_value; NULL: none */
    const pt_filter_expr *filter; /* conditions on columns and captions; NULL: none */
    const char *source_split;     /* "train": only files of this split; NULL: all files */
    size_t max_captions;          /* of an entry; 0: no limit */
    bool skip_unreadable; /* PATINA_REJECT_IO_ERROR in place of PATINA_ETEMPORARY, where entries
                             have files of their own */
} pt_corpus_options;

typedef struct pt_corpus pt_corpus;

/**
 * Opens a corpus and detects its kind: every reader of PT_CORPUS_READERS probes the path, in that
 * order. A corpus that is opened again returns the same entries in the same order: of a folder,
 * sorted by the bytes of their paths; of a list, as they occur; of several tars or Parquet files,
 * file by file.
 *
 * options  NULL: the defaults
 *
 * Errors   PATINA_EUSAGE   unknown kind; a caption column for a kind without columns
 *          PATINA_EIO      cannot be read
 *          PATINA_EFORMAT  no known format; neither a folder nor a regular file; a folder without
 *                          audio; a list that is not of the kind that the options name
 */
patina_status pt_corpus_open(const char *path, const pt_corpus_options *options, pt_corpus **corpus,
                             patina_error *err);
void pt_corpus_close(pt_corpus **corpus);

/** Restarts the corpus at its first entry. Errors as pt_corpus_open */
patina_status pt_corpus_rewind(pt_corpus *corpus, patina_error *err);

/** Whether pt_corpus_next may return one id again, because rows of this kind are not merged. */
bool pt_corpus_may_repeat_ids(const pt_corpus *corpus);

/** A warning about the corpus as one sentence, or NULL. */
const char *pt_corpus_note(const pt_corpus *corpus);

/** Appends "; looked in 'clips', which has 3 audio files, such as 'a.wav'; ..." for entries whose
 * audio is not found. */
void pt_corpus_describe_audio(const pt_corpus *corpus, pt_strbuf *text);

/** Appends "; its columns are ..." for entries without a caption; the corpus is rewound. */
void pt_corpus_describe_captions(pt_corpus *corpus, pt_strbuf *text);

/** Name of the kind, "folder", "audiocaps" ...; see patina_corpus_kind_at. */
const char *pt_corpus_kind_name(const pt_corpus *corpus);

/**
 * The next entry in corpus order, to be released by the caller; *end is set after the last.
 *
 * Rows of one id are one entry at the place of the first, with their captions in order of
 * appearance. With audio, a row whose audio is another file with other bytes, or is not found,
 * loses its captions to PATINA_REJECT_DUPLICATE_ID; the indices of other captions do not change.
 * Where the audio of the first row is not found, the entry has that of the next row, and the
 * captions before it are PATINA_REJECT_MISSING.
 * Samples of tars and files of folders are not merged. The first call reads the whole corpus once
 * where rows may be merged, in at most 100 bytes a row.
 *
 * with_audio  false: audio that the corpus contains is skipped, and faults of it are not detected
 *
 * Errors   PATINA_EIO         a read failed
 *          PATINA_ETEMPORARY  the machine cannot read a file of the entry, or its archive
 *          PATINA_EFORMAT     end of the last tar, and none has a sample
 */
patina_status pt_corpus_next(pt_corpus *corpus, bool with_audio, pt_entry *entry, bool *end,
                             patina_error *err);

#endif /* PATINA_CORPUS_CORPUS_ITERATOR_H */
