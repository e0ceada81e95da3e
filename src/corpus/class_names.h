/* SPDX-License-Identifier: MIT */
/* class_names.h - names of classes that a list gives by id, such as /m/05zppz of AudioSet */

#ifndef PATINA_CORPUS_CLASS_NAMES_H
#define PATINA_CORPUS_CLASS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/status.h>

#include "base/strbuf.h"

typedef struct pt_class_name {
    char *id, *name;
} pt_class_name;

/** Zero it to start. */
typedef struct pt_class_names {
    pt_class_name *of; /* [n], sorted by id */
    size_t n;
} pt_class_names;

/**
 * Reads a CSV with the columns mid and display_name, or a TSV of them without header, from a folder
 * or the one above it. Without such a file there are no names; what is empty, no regular file or a
 * link to nothing is none.
 *
 * files  patterns of glob(3), "a.csv|b.tsv": the first that has names is used
 */
patina_status pt_class_names_read(pt_class_names *names, const char *folder, const char *files,
                                  patina_error *err);
void pt_class_names_release(pt_class_names *names);

/** Whether a text is an id of AudioSet's ontology: "/m/05zppz", "/t/dd00003", "/g/122z_qxw". */
bool pt_class_names_is_id(const char *text, size_t n);

/** Appends a list with the ids replaced by their names, separated by '\n'. */
void pt_class_names_append(const pt_class_names *names, const char *text, size_t n, char separator,
                           pt_strbuf *out);

#endif /* PATINA_CORPUS_CLASS_NAMES_H */
