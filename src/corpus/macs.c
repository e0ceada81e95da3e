/* SPDX-License-Identifier: MIT */
/* macs.c - MACS: a YAML list of files with annotations, parsed by libyaml
 *
 *     files:
 *     - filename: airport-lisbon-1000-40000-a.wav
 *       annotations:
 *       - sentence: people talking
 *
 * The file name is the id; every `sentence` of an element is a caption. Other keys are ignored.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/error.h"
#include "base/utf8.h"
#include "corpus/clip_index.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/line_reader.h"
#include "fs/path.h"

#define ELEMENT_DEPTH 2  /* mappings around a key of an element */
#define NESTING_MAX   64 /* libyaml's time for a token grows with it */

typedef struct macs_state {
    FILE *file;
    yaml_parser_t parser;
    bool is_open;     /* the parser is initialised */
    int depth;        /* of mappings */
    int nesting;      /* of mappings and sequences */
    size_t n_pending; /* bytes read since the last event, which libyaml does not limit */
    unsigned long long n_read;
    char *name, *root;
    pt_clip_index clips;
} macs_state;

static bool macs_matches(const pt_corpus_probe *probe) {
    if (probe->is_folder || probe->n_head == 0) return false;
    if (!pt_path_has_ext(probe->path, ".yaml") && !pt_path_has_ext(probe->path, ".yml"))
        return false;
    return memmem(probe->head, probe->n_head, "filename:", 9) != NULL;
}

static void macs_close(void *state) {
    macs_state *s = state;
    if (s->is_open) yaml_parser_delete(&s->parser);
    if (s->file) fclose(s->file);
    pt_clip_index_close(&s->clips);
    free(s->name);
    free(s->root);
    free(s);
}

/** The input of libyaml. */
static int read_yaml(void *state, unsigned char *buffer, size_t size, size_t *n_read) {
    macs_state *s = state;
    *n_read = s->n_pending > PT_TEXT_MAX ? 0 : fread(buffer, 1, size, s->file);
    s->n_pending += *n_read;
    return !ferror(s->file) && s->n_pending <= PT_TEXT_MAX;
}

static patina_status macs_open(const char *path, const pt_corpus_options *options, void **state,
                               patina_error *err) {
    PT_TRY(pt_corpus_refuse_caption_column(options, "macs", err));
    macs_state *s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    s->name = pt_corpus_base_name(path, "MACS.yaml");
    s->root = pt_corpus_audio_root(path, options);
    s->is_open = yaml_parser_initialize(&s->parser) != 0;
    patina_status status = PATINA_OK;
    if (!s->name || !s->root || !s->is_open)
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
    else if (!(s->file = fopen(path, "re")))
        status = pt_fail(err, PATINA_EIO, "cannot be opened: %s", strerrordesc_np(errno));
    if (status == PATINA_OK) {
        yaml_parser_set_input(&s->parser, read_yaml, s);
        status = pt_clip_index_open(&s->clips, s->root, err);
    }
    if (status == PATINA_OK)
        *state = s;
    else
        macs_close(s);
    return status;
}

enum { OTHER, FILENAME, SENTENCE };

/** Takes a scalar of an element: a key, or the value of the key before it. */
static patina_status add_scalar(const char *text, size_t n, int *key, pt_entry *entry,
                                patina_error *err) {
    const int before = *key;
    *key = OTHER;
    if (before == SENTENCE) return pt_entry_add_caption(entry, text, n, err);
    if (before == FILENAME && !entry->id) {
        if (n == 0 || memchr(text, '\0', n)) return PATINA_OK;
        entry->id = pt_text_dup(text, n);
        return entry->id ? PATINA_OK : pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    *key = strcmp(text, "filename") == 0   ? FILENAME
           : strcmp(text, "sentence") == 0 ? SENTENCE
                                           : OTHER;
    return PATINA_OK;
}

static patina_status fail_parse(const macs_state *s, patina_error *err) {
    const size_t line = s->parser.problem_mark.line + 1;
    if (ferror(s->file)) return pt_fail(err, PATINA_EIO, "cannot be read");
    if (s->parser.error == YAML_MEMORY_ERROR) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (s->n_pending > PT_TEXT_MAX)
        return pt_fail(err, PATINA_EFORMAT, "not a list of files: a value has over %u bytes",
                       PT_TEXT_MAX);
    return pt_fail(err, PATINA_EFORMAT, "not valid YAML, line %zu: %s", line,
                   s->parser.problem ? s->parser.problem : "unknown error");
}

/** Follows the mappings and sequences that an event begins or ends. */
static patina_status count_depth(macs_state *s, const yaml_event_t *event, patina_error *err) {
    const yaml_event_type_t type = event->type;
    s->depth += (type == YAML_MAPPING_START_EVENT) - (type == YAML_MAPPING_END_EVENT);
    s->nesting += (type == YAML_MAPPING_START_EVENT || type == YAML_SEQUENCE_START_EVENT) -
                  (type == YAML_MAPPING_END_EVENT || type == YAML_SEQUENCE_END_EVENT);
    if (s->nesting <= NESTING_MAX) return PATINA_OK;
    return pt_fail(err, PATINA_EFORMAT, "not a list of files: line %zu is nested deeper than %d",
                   event->start_mark.line + 1, NESTING_MAX);
}

/** Reads the next element, a mapping in the list `files`; *end is set at the end of the file. */
static patina_status read_element(macs_state *s, pt_entry *entry, bool *end, patina_error *err) {
    patina_status status = PATINA_OK;
    bool is_complete = false;
    int key = OTHER;

    while (status == PATINA_OK && !is_complete && !*end) {
        yaml_event_t event;
        s->n_pending = 0;
        if (!yaml_parser_parse(&s->parser, &event)) return fail_parse(s, err);
        const yaml_event_type_t type = event.type;
        status = count_depth(s, &event, err);
        if (status == PATINA_OK && type == YAML_SCALAR_EVENT && s->depth >= ELEMENT_DEPTH)
            status = add_scalar((const char *)event.data.scalar.value, event.data.scalar.length,
                                &key, entry, err);
        else
            key = OTHER;
        is_complete = type == YAML_MAPPING_END_EVENT && s->depth == ELEMENT_DEPTH - 1;
        *end = type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return status;
}

static patina_status macs_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                               patina_error *err) {
    macs_state *s = state;
    pt_strbuf source = {0};
    (void)with_audio;

    *end = false;
    PT_TRY(read_element(s, entry, end, err));
    if (*end) return PATINA_OK;
    const char *path = entry->id ? pt_clip_index_find_file(&s->clips, entry->id, s->name) : NULL;
    pt_strbuf_printf(&source, "%s#%llu", s->name, s->n_read++);
    if (path) {
        pt_strbuf_clear(&source);
        pt_strbuf_append(&source, path);
        entry->path = pt_path_join(s->root, path);
    }
    entry->source = pt_strbuf_detach(&source);
    if (!entry->source || (path && !entry->path))
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (!entry->id)
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE, "'%s' has no file name",
                               entry->source);
    return path ? PATINA_OK
                : pt_entry_reject(entry, err, PATINA_REJECT_MISSING, "no audio file is named '%s'",
                                  entry->id);
}

const pt_corpus_reader pt_corpus_reader_macs = {
    .name = "macs",
    .summary = "MACS: a YAML list of files with the members filename and annotations.sentence",
    .matches = macs_matches,
    .open = macs_open,
    .close = macs_close,
    .next = macs_next,
};
