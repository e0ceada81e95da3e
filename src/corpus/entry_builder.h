/* SPDX-License-Identifier: MIT */
/* entry_builder.h - builds entries, and checks their captions, ids and file names */

#ifndef PATINA_CORPUS_ENTRY_BUILDER_H
#define PATINA_CORPUS_ENTRY_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <patina/status.h>

#include "base/error.h"
#include "corpus/corpus_iterator.h"
#include "corpus/json_lenient.h"

/** Appends the n bytes of text as a caption, or a bad caption with its fault. */
patina_status pt_entry_add_caption(pt_entry *entry, const char *text, size_t n, patina_error *err);

/** As pt_entry_add_caption; a list of quoted strings (text_list.h) is several captions. */
patina_status pt_entry_add_text_list(pt_entry *entry, const char *text, size_t n,
                                     patina_error *err);

/** Appends a bad caption with its fault, such as "not a string". */
patina_status pt_entry_add_bad_caption(pt_entry *entry, const char *fault, patina_error *err);

/** Removes all captions. */
void pt_entry_clear_captions(pt_entry *entry);

/** Removes captions of `from` that the entry has. */
void pt_entry_remove_known_captions(const pt_entry *entry, pt_entry *from);

/** Appends the captions of another entry to those of this one. */
patina_status pt_entry_move_captions(pt_entry *entry, pt_entry *from, patina_error *err);

/**
 * Appends a string, or the elements of a list, as captions; anything else is one bad caption.
 *
 * repaired  of pt_json_parse_lenient: bytes that were no UTF-8 were replaced
 */
patina_status pt_entry_add_json(pt_entry *entry, const json_t *value, bool repaired,
                                patina_error *err);

/**
 * Takes the id from a string or an integer; any other value makes the entry a reject, whose
 * sentence starts with location ("line 3").
 */
patina_status pt_entry_set_id(pt_entry *entry, const json_t *id, bool repaired,
                              const char *location, patina_error *err);

/** Replaces an id that is an absolute path by pt_corpus_relative_name. */
patina_status pt_entry_shorten_id(pt_entry *entry, const char *folder, const char *real,
                                  patina_error *err);

/** Rejects the entry with a sentence, whose bytes that are not UTF-8 are escaped; the first reason
 * is kept. */
patina_status pt_entry_reject(pt_entry *entry, patina_error *err, patina_status status,
                              const char *format, ...) PT_PRINTF(4, 5);

/** Rejects a caption column with PATINA_EUSAGE, for kinds without columns. */
patina_status pt_corpus_refuse_caption_column(const pt_corpus_options *options, const char *kind,
                                              patina_error *err);

/**
 * What a list of entries is called in a data set: its file name without folders, or `fallback`
 * where that is not UTF-8. And the folder of its audio: the audio root, or beside it. NULL when
 * memory runs out.
 */
char *pt_corpus_base_name(const char *path, const char *fallback);
char *pt_corpus_audio_root(const char *path, const pt_corpus_options *options);
/**
 * Of an absolute path below the folder of the audio: the part below it; else the path itself. Paths
 * of the machine do not belong in a data set.
 *
 * real  the folder without symbolic links; NULL: unknown
 */
const char *pt_corpus_relative_name(const char *path, const char *folder, const char *real);

/** Sets *real, which is freed, to a folder without links; NULL where it does not exist. */
patina_status pt_corpus_resolve_root(const char *folder, char **real, patina_error *err);

/** For a file whose name is not UTF-8: rejects it, with source as pt_text_escape writes it. */
patina_status pt_entry_reject_file_name(pt_entry *entry, const char *name, patina_error *err);

#endif /* PATINA_CORPUS_ENTRY_BUILDER_H */
