/* SPDX-License-Identifier: MIT */
/* journal.h - the entries of an unfinished chunk, appended to one file as they are made
 *
 *     OUT/.patina/00000007.journal
 *
 *     header    magic, key of the run and chunk
 *     record    CRC-32, label, number of rows and of bytes; then the rows and the text
 *
 * Each CRC continues that of the record before. The valid part of a file ends after the last entry
 * whose records are all intact: a torn or damaged tail is dropped. An existing file is only read.
 * A process copies the valid part to a journal of its own, which replaces the existing one by a
 * rename when the first entry is added, unless another running process has that one locked. Two
 * processes therefore never write the same file, also where the file system has no locks.
 */

#ifndef PATINA_DATASET_JOURNAL_H
#define PATINA_DATASET_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/byte_source.h"
#include "base/hash.h"
#include "dataset/schema.h"
#include "fs/path.h"

/** Time between two flushes to the disk. Entries survive the end of the process without one. */
#define PT_JOURNAL_FLUSH_NS INT64_C(10000000000)

typedef struct pt_journal pt_journal;

/** What pt_journal_find and pt_journal_create accept. */
typedef struct pt_journal_key {
    char sha256[PT_SHA256_HEX_SIZE]; /* of all that identifies the run and the chunk */
    size_t n_splits;
} pt_journal_key;

/** Receives the content of a journal in the order in which it was added, a long text in pieces. */
typedef struct pt_journal_visitor {
    void *context;
    patina_status (*row)(void *context, size_t split, const pt_row *row, patina_error *err);
    patina_status (*provenance)(void *context, size_t split, const char *text, size_t n,
                                patina_error *err);
    patina_status (*reject)(void *context, patina_status reason, const char *text, size_t n,
                            patina_error *err);
} pt_journal_visitor;

/**
 * Opens an existing journal and counts the entries in its valid part, up to n_max. No file, or one
 * with another key, has none.
 *
 * bytes  open where n_entries is not 0, to be closed by the caller. The entries stay readable when
 *        another process replaces or removes the file
 *
 * Errors  PATINA_EIO  the file cannot be read
 */
patina_status pt_journal_find(const char *path, const pt_journal_key *key, uint64_t n_max,
                              uint64_t *n_entries, pt_byte_source *bytes, patina_error *err);

/**
 * Creates a journal with the first n_entries of an existing one.
 *
 * own     path of the new file, in a folder of this process
 * public  path that it gets with the first new entry
 * from    from pt_journal_find, to copy the entries from; not used when n_entries is 0
 *
 * Errors  PATINA_EIO
 *         PATINA_ETEMPORARY  `from` has fewer entries than pt_journal_find found
 */
patina_status pt_journal_create(const pt_path *own, const pt_path *public,
                                const pt_journal_key *key, const pt_byte_source *from,
                                uint64_t n_entries, pt_journal **journal, patina_error *err);

/** Renames the journal to its public path. If another process has the file there locked, this one
 * stays without a name and ends with the process. */
patina_status pt_journal_publish(pt_journal *journal, patina_error *err);

/**
 * Adds rows, or a reject, of the current entry. Each row has a line of provenance with its end.
 *
 * Errors  PATINA_ERANGE  a row that pt_row_check refuses; nothing is added
 *         PATINA_EIO
 */
patina_status pt_journal_add_rows(pt_journal *journal, size_t split, const pt_row *rows,
                                  size_t n_rows, const char *provenance, size_t n_provenance,
                                  patina_error *err);
patina_status pt_journal_add_reject(pt_journal *journal, patina_status reason, const char *line,
                                    patina_error *err);

/** Ends the current entry: from now on it is kept if the process ends. */
patina_status pt_journal_end_entry(pt_journal *journal, patina_error *err);

/**
 * Visits everything that was added, after checking it again.
 *
 * Errors  PATINA_EFORMAT  the file has changed
 *         PATINA_EIO, and those of the visitor
 */
patina_status pt_journal_replay(const pt_journal *journal, const pt_journal_visitor *visitor,
                                patina_error *err);

/** Flushes what was added to the disk. */
patina_status pt_journal_flush(pt_journal *journal, patina_error *err);

/** Flushes and releases; the file stays where it is. */
void pt_journal_close(pt_journal **journal);

/** Releases and removes the public file, also one of another process: the chunk is complete. */
void pt_journal_remove(pt_journal **journal);

#endif /* PATINA_DATASET_JOURNAL_H */
