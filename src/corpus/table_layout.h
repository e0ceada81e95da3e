/* SPDX-License-Identifier: MIT */
/* table_layout.h - descriptions of the tables of published corpora, as data
 *
 * A corpus whose list is delimited text is one element of pt_table_layouts, a sample in
 * tests/data/corpora and a line in docs/CORPORA.md. Columns are named by alternatives, "path|file":
 * the first that the header has is used, in any case.
 */

#ifndef PATINA_CORPUS_TABLE_LAYOUT_H
#define PATINA_CORPUS_TABLE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct pt_table_layout {
    const char *name, *summary;

    /* Detection. The columns of file and of captions or labels are required in any case. */
    const char *requires; /* further columns, separated by spaces */
    const char
        *first_line;    /* POSIX extended regular expression; required of tables without header */
    const char *header; /* column names of a table without header */
    char delimiter;     /* 0: comma, tab, semicolon or bar, whichever fits; of a space, the last
                           column is the rest of the line */
    bool extra_fields;  /* the last column may be several fields */

    /* The audio file. */
    const char *file; /* column of its name; of an id, the file is found by pt_clip_index */
    const char *path; /* template of the name, "fold{fold}/{slice_file_name}"; NULL: as in `file` */
    bool is_youtube;  /* `file` is a YouTube id */
    const char *start, *end; /* columns of the segment in seconds */
    const char *row_id;      /* column that may be the name of the file as well */
    const char
        *folder;    /* where to look without audio root and audio beside the table: "../audio" */
    const char *id; /* columns of the id, joined by '_'; NULL: the file name as written */
    bool id_has_segment; /* start and end, where the table has them, are parts of the id */

    /* Captions: a column, numbered columns, or a template over a label. */
    const char *caption;       /* "caption"; '#' is 1, 2 ...: "caption_#" */
    const char *label;         /* used where no caption column exists */
    const char *other_caption; /* used where neither exists */
    const char *other_label;   /* a label that is used where none of these exist */
    const char *caption_template;
    char separator;         /* of the labels in a field; 0: one label */
    const char *classes;    /* files of label names, mid and display_name: the first that exists */
    const char *one_hot;    /* a column of 0 and 1 for each label: POSIX extended regular expression
                               whose group 1 is the label, in place of `label` */
    bool hyphen_is_space;   /* in labels */
    bool is_events;         /* rows of a clip may repeat a label, which is one caption */
    const char *prefix_end; /* labels begin after this: "genre---rock" */
    bool and_is_comma;      /* "_and_" in a label is a comma */
} pt_table_layout;

extern const pt_table_layout pt_table_layouts[];
extern const size_t pt_n_table_layouts;

#endif /* PATINA_CORPUS_TABLE_LAYOUT_H */
