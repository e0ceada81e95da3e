/* SPDX-License-Identifier: MIT */
/* corpus_set.h - one or several corpora of a run, one after the other
 *
 * An entry of corpus c has the id "<prefix>/<id>" where c has a prefix. It is kept if u_0 of the
 * stream SELECT of this id is below weight(c) / largest weight, which depends on no other entry;
 * the others are passed over as if the corpus did not have them.
 */

#ifndef PATINA_CORPUS_CORPUS_SET_H
#define PATINA_CORPUS_CORPUS_SET_H

#include "corpus/corpus_iterator.h"
#include "corpus/corpus_spec.h"

typedef struct pt_corpus_set pt_corpus_set;

/**
 * Opens the corpora of specs, which are borrowed. Errors as pt_corpus_open.
 *
 * seed  of the stream SELECT
 */
patina_status pt_corpus_set_open(const pt_corpus_specs *specs, uint64_t seed, pt_corpus_set **set,
                                 patina_error *err);
void pt_corpus_set_close(pt_corpus_set **set);

/** Restarts at the first entry of the first corpus. Errors as pt_corpus_open */
patina_status pt_corpus_set_rewind(pt_corpus_set *set, patina_error *err);

/**
 * The next entry, as pt_corpus_next. entry->corpus is the name of its corpus. Before the first
 * rewind, an id that two corpora have is an error.
 *
 * index  out: of its corpus; may be NULL
 *
 * Errors  those of pt_corpus_next; PATINA_EUSAGE  two corpora have one id
 */
patina_status pt_corpus_set_next(pt_corpus_set *set, bool with_audio, pt_entry *entry,
                                 size_t *index, bool *end, patina_error *err);

/** Whether corpus i had no entry in a pass to its end. */
bool pt_corpus_set_is_empty(const pt_corpus_set *set, size_t i);

/** Corpus i, for messages. */
pt_corpus *pt_corpus_set_at(const pt_corpus_set *set, size_t i);

/** As pt_corpus_may_repeat_ids, of any corpus. */
bool pt_corpus_set_may_repeat_ids(const pt_corpus_set *set);

/** Appends the kinds, "audiocaps, clotho"; each once. */
void pt_corpus_set_describe_kinds(const pt_corpus_set *set, pt_strbuf *text);

#endif /* PATINA_CORPUS_CORPUS_SET_H */
