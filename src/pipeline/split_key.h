/* SPDX-License-Identifier: MIT */
/* split_key.h - property that the clips of a split share: content, YouTube id, folder, sound or
 * a column */

#ifndef PATINA_PIPELINE_SPLIT_KEY_H
#define PATINA_PIPELINE_SPLIT_KEY_H

#include <stddef.h>

#include "corpus/corpus_iterator.h"

typedef enum pt_split_key {
    PT_SPLIT_KEY_CONTENT,    /* the bytes of the file */
    PT_SPLIT_KEY_YOUTUBE_ID, /* in the id or the file name */
    PT_SPLIT_KEY_PARENT,     /* name of the folder of the file */
    PT_SPLIT_KEY_SOUND,      /* sound_match.h */
    PT_SPLIT_KEY_COLUMN      /* of the list */
} pt_split_key;

/** The key that a text names; any other text is a column. NULL: the content. */
pt_split_key pt_split_key_parse(const char *text);

/** Finds the key of an entry, n bytes; NULL: the entry has none, and its content is used. */
const char *pt_split_key_find(pt_split_key key, const pt_entry *entry, size_t *n);

#endif /* PATINA_PIPELINE_SPLIT_KEY_H */
