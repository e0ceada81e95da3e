/* SPDX-License-Identifier: MIT */
/* json_fields.h - members of a JSON object: audio file, captions, split, fields of a template */

#ifndef PATINA_CORPUS_JSON_FIELDS_H
#define PATINA_CORPUS_JSON_FIELDS_H

#include <jansson.h>

#include "base/strbuf.h"
#include "corpus/corpus_iterator.h"
#include "corpus/file_list.h"

/** The value of the first of several members, "audio|wav|recording.sources.source", in any case; of
 * a list before a dot the first element. NULL: none, or null. */
const json_t *pt_json_find(const json_t *object, const char *names);

/** The string that names the audio file, a member or `path` of it; else a value that is none. NULL:
 * no such member. */
const json_t *pt_json_find_audio(const json_t *object);

/** The text of an element of a list of captions: a member of it where it is an object, such as
 * {"raw": "a dog barks"}; else the element. */
const json_t *pt_json_find_text(const json_t *element);

/** Whether an object belongs to the split that is wanted, or names none. */
bool pt_json_is_in_split(pt_split_filter *splits, const json_t *object);

/** Whether the object has captions, or labels, under a usual name. */
bool pt_json_has_captions(const json_t *object);

/**
 * Adds the captions of an object: those of `column` ("a", or "a,b"), or (NULL) of the first of
 * PT_CAPTION_COLUMNS, else of all members of several captions ("caption_1", "caption_writing"),
 * else one that is made of labels.
 */
patina_status pt_entry_add_json_captions(pt_entry *entry, json_t *object, const char *column,
                                         bool repaired, patina_error *err);

/**
 * Adds a caption that is made of members: strings, numbers and lists of these, joined as "a, b and
 * c". `label` is also the first of `labels`, `category`, `class` and `tags`; `stem` and `parent`
 * are those of the entry's source. A field that the object lacks makes a bad caption.
 */
patina_status pt_entry_add_json_template(pt_entry *entry, const char *template, json_t *object,
                                         patina_error *err);

/** Whether a list of objects has the members that --caption-column names. Zero it to start. */
typedef struct pt_caption_members {
    uint64_t found; /* bit i: some object had member i of the option */
    uint64_t n_objects;
    pt_strbuf names; /* of the members of the first object */
} pt_caption_members;

/** Notes the members of an object. column: of the option, "a" or "a,b"; NULL: nothing */
void pt_caption_members_note(pt_caption_members *members, const char *column, json_t *object);

/** At the end of the list: PATINA_EUSAGE for a member that no object had. */
patina_status pt_caption_members_check(const pt_caption_members *members, const char *column,
                                       patina_error *err);

/** Appends the names of the members of an object, "'a', 'b'". */
void pt_json_describe_members(json_t *object, pt_strbuf *text);

/** Sets split_value to a member that is a string or a number; member NULL: nothing. */
patina_status pt_entry_set_json_split(pt_entry *entry, const char *member, const json_t *object,
                                      patina_error *err);

#endif /* PATINA_CORPUS_JSON_FIELDS_H */
