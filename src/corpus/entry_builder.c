/* SPDX-License-Identifier: MIT */
/* entry_builder.c - builds entries from untrusted text */

#include "corpus/entry_builder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/json_fields.h"
#include "corpus/text_list.h"
#include "fs/path.h"

static void release_caption(pt_caption *caption) {
    free(caption->text);
    free(caption->fault);
    free(caption->source);
    free(caption->dropped);
}

void pt_entry_clear_captions(pt_entry *entry) {
    for (size_t i = 0; i < entry->n_captions; i++)
        release_caption(&entry->captions[i]);
    free(entry->captions);
    entry->captions = NULL;
    entry->n_captions = 0;
    entry->n_captions_left_out = 0;
}

void pt_entry_release_audio(pt_entry *entry) {
    free(entry->audio);
    if (entry->audio_file > 0) close(entry->audio_file - 1);
    entry->audio = NULL;
    entry->n_audio = 0;
    entry->audio_file = 0;
}

void pt_entry_release(pt_entry *entry) {
    pt_entry_clear_captions(entry);
    free(entry->id);
    free(entry->source);
    free(entry->path);
    pt_entry_release_audio(entry);
    free(entry->fault);
    free(entry->split_value);
    *entry = (pt_entry){0};
}

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** Takes over both strings. */
static patina_status append(pt_entry *entry, char *text, char *fault, patina_error *err) {
    const size_t n = entry->n_captions;
    pt_caption *captions = entry->captions;

    if (entry->max_captions > 0 && n >= entry->max_captions && (text || fault)) {
        free(text);
        free(fault);
        entry->n_captions_left_out++;
        return PATINA_OK;
    }
    if ((n & (n - 1)) == 0) /* full: room is always a power of two, or none */
        captions = realloc(captions, (n ? 2 * n : 1) * sizeof *captions);
    if (!captions || (!text && !fault)) {
        if (captions) entry->captions = captions;
        free(text);
        free(fault);
        return no_memory(err);
    }
    captions[n] = (pt_caption){.text = text, .fault = fault};
    entry->captions = captions;
    entry->n_captions = n + 1;
    return PATINA_OK;
}

/** A copy of a sentence, which may quote the name of a file that is not UTF-8: then escaped. NULL:
 * out of memory. */
static char *copy_as_utf8(const char *sentence) {
    const size_t n = strlen(sentence);
    return pt_utf8_is_valid(sentence, n) ? pt_text_dup(sentence, n) : pt_text_escape(sentence);
}

patina_status pt_entry_add_bad_caption(pt_entry *entry, const char *fault, patina_error *err) {
    return append(entry, NULL, copy_as_utf8(fault), err);
}

patina_status pt_entry_add_caption(pt_entry *entry, const char *text, size_t n, patina_error *err) {
    if (memchr(text, '\0', n))
        return pt_entry_add_bad_caption(entry, "contains a NUL character", err);
    if (!pt_utf8_is_valid(text, n)) return pt_entry_add_bad_caption(entry, "not UTF-8", err);
    if (n == 0) return pt_entry_add_bad_caption(entry, "empty", err);
    if (pt_utf8_is_blank(text, n)) return pt_entry_add_bad_caption(entry, "only white space", err);
    return append(entry, pt_text_dup(text, n), NULL, err);
}

patina_status pt_entry_add_text_list(pt_entry *entry, const char *text, size_t n,
                                     patina_error *err) {
    pt_strbuf items = {0};
    size_t n_items = 0;
    const bool is_list = pt_text_list_parse(text, n, &items, &n_items);
    const char *item = items.text;
    patina_status status = items.failed ? no_memory(err) : PATINA_OK;

    if (is_list && n_items == 0 && status == PATINA_OK)
        status = pt_entry_add_bad_caption(entry, "an empty list", err);
    for (size_t i = 0; is_list && i < n_items && status == PATINA_OK; i++) {
        status = pt_entry_add_caption(entry, item, strlen(item), err);
        item += strlen(item) + 1;
    }
    pt_strbuf_release(&items);
    return is_list || status != PATINA_OK ? status : pt_entry_add_caption(entry, text, n, err);
}

static bool has_caption(const pt_entry *entry, const char *text) {
    for (size_t i = 0; i < entry->n_captions; i++)
        if (entry->captions[i].text && strcmp(entry->captions[i].text, text) == 0) return true;
    return false;
}

void pt_entry_remove_known_captions(const pt_entry *entry, pt_entry *from) {
    size_t n = 0;
    for (size_t i = 0; i < from->n_captions; i++) {
        pt_caption *c = &from->captions[i];
        if (c->text && has_caption(entry, c->text))
            release_caption(c);
        else
            from->captions[n++] = *c;
    }
    from->n_captions = n;
}

patina_status pt_entry_move_captions(pt_entry *entry, pt_entry *from, patina_error *err) {
    for (size_t i = 0; i < from->n_captions; i++) {
        pt_caption *c = &from->captions[i];
        char *text = c->text, *fault = c->fault;
        c->text = c->fault = NULL;
        PT_TRY(append(entry, text, fault, err));
        if (entry->n_captions_left_out > 0) continue;
        entry->captions[entry->n_captions - 1].reason = c->reason;
        entry->captions[entry->n_captions - 1].source = c->source;
        entry->captions[entry->n_captions - 1].dropped = c->dropped;
        c->source = c->dropped = NULL;
    }
    entry->n_captions_left_out += from->n_captions_left_out;
    return PATINA_OK;
}

static patina_status add_json_caption(pt_entry *entry, const json_t *value, bool repaired,
                                      patina_error *err) {
    if (!json_is_string(value)) return pt_entry_add_bad_caption(entry, "not a string", err);
    if (repaired && strstr(json_string_value(value), PT_JSON_INVALID))
        return pt_entry_add_bad_caption(entry, "not UTF-8", err);
    return pt_entry_add_text_list(entry, json_string_value(value), json_string_length(value), err);
}

patina_status pt_entry_add_json(pt_entry *entry, const json_t *value, bool repaired,
                                patina_error *err) {
    if (!json_is_array(value)) return add_json_caption(entry, value, repaired, err);
    for (size_t i = 0; i < json_array_size(value); i++)
        PT_TRY(add_json_caption(entry, pt_json_find_text(json_array_get(value, i)), repaired, err));
    return PATINA_OK;
}

patina_status pt_entry_set_id(pt_entry *entry, const json_t *id, bool repaired,
                              const char *location, patina_error *err) {
    pt_strbuf text = {0};

    if (json_is_integer(id))
        pt_strbuf_printf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    else if (!json_is_string(id))
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "%s: its id is neither a string nor an integer", location);
    else if (!*json_string_value(id) || !pt_json_is_valid_text(id, repaired))
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "%s: its id is empty, is not UTF-8 or contains a NUL", location);
    else
        pt_strbuf_append(&text, json_string_value(id));
    entry->id = pt_strbuf_detach(&text);
    return entry->id ? PATINA_OK : no_memory(err);
}

patina_status pt_entry_shorten_id(pt_entry *entry, const char *folder, const char *real,
                                  patina_error *err) {
    const char *name = entry->id ? pt_corpus_relative_name(entry->id, folder, real) : NULL;
    if (name == entry->id) return PATINA_OK;
    char *id = pt_text_dup(name, strlen(name));
    if (!id) return no_memory(err);
    free(entry->id);
    entry->id = id;
    return PATINA_OK;
}

patina_status pt_entry_reject(pt_entry *entry, patina_error *err, patina_status status,
                              const char *format, ...) {
    if (entry->status != PATINA_OK) return PATINA_OK;
    va_list args;
    va_start(args, format);
    char *sentence = NULL;
    const int n = vasprintf(&sentence, format, args);
    va_end(args);
    if (n < 0) return no_memory(err);
    entry->fault = copy_as_utf8(sentence);
    free(sentence);
    if (!entry->fault) return no_memory(err);
    entry->status = status;
    return PATINA_OK;
}

patina_status pt_corpus_refuse_caption_column(const pt_corpus_options *options, const char *kind,
                                              patina_error *err) {
    if (!options->caption_column) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE,
                   "a corpus of kind '%s' has no columns; column '%s' cannot be selected", kind,
                   options->caption_column);
}

char *pt_corpus_base_name(const char *path, const char *fallback) {
    const char *name = pt_path_basename(path);
    if (!pt_utf8_is_valid(name, strlen(name))) name = fallback;
    return pt_text_dup(name, strlen(name));
}

char *pt_corpus_audio_root(const char *path, const pt_corpus_options *options) {
    if (!options->audio_root) return pt_path_dirname(path);
    return pt_text_dup(options->audio_root, strlen(options->audio_root));
}

patina_status pt_corpus_resolve_root(const char *folder, char **real, patina_error *err) {
    free(*real);
    *real = realpath(folder, NULL);
    if (*real || pt_errno_is_denied(errno) || pt_errno_is_missing(errno)) return PATINA_OK;
    return pt_fail(err, errno == ENOMEM ? PATINA_ENOMEM : PATINA_EIO,
                   "folder '%s': cannot be examined: %s", folder, strerrordesc_np(errno));
}

const char *pt_corpus_relative_name(const char *path, const char *folder, const char *real) {
    if (path[0] != '/') return path;
    const char *relative = pt_path_relative_to(path, folder);
    if (!relative) relative = pt_path_relative_to(path, real);
    return relative ? relative : path;
}

patina_status pt_entry_reject_file_name(pt_entry *entry, const char *name, patina_error *err) {
    char *source = pt_text_escape(name);
    if (!source) return no_memory(err);
    free(entry->source);
    entry->source = source;
    return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                           "the file name '%s' is not UTF-8: rename it", entry->source);
}
