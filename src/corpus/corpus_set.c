/* SPDX-License-Identifier: MIT */
/* corpus_set.c - one or several corpora of a run, one after the other */

#include "corpus/corpus_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/id_set.h"
#include "base/rng.h"

struct pt_corpus_set {
    const pt_corpus_specs *specs;
    pt_corpus **corpus; /* [specs->n] */
    uint64_t seed;
    double max_weight;
    bool *has_entries; /* [specs->n], also of entries that were not selected */
    size_t current;
    uint64_t n_read; /* entries of the current corpus */

    /* Of the first pass over several corpora: ids of the corpora so far, and of the current one. */
    pt_id_set *ids, *own_ids;
};

static patina_status reset_ids(pt_corpus_set *s, patina_error *err) {
    pt_id_set_close(&s->own_ids);
    return pt_id_set_open(&s->own_ids, err);
}

/** The audio root must be a folder, whatever the kind. */
static patina_status check_audio_root(const char *root, patina_error *err) {
    struct stat info;
    if (!root) return PATINA_OK;
    if (stat(root, &info) != 0)
        return pt_fail(err, PATINA_EIO, "option '--audio-root': '%s' cannot be opened: %s", root,
                       strerrordesc_np(errno));
    return S_ISDIR(info.st_mode)
               ? PATINA_OK
               : pt_fail(err, PATINA_EIO, "option '--audio-root': '%s' is not a folder", root);
}

patina_status pt_corpus_set_open(const pt_corpus_specs *specs, uint64_t seed, pt_corpus_set **set,
                                 patina_error *err) {
    pt_corpus_set *s = calloc(1, sizeof *s);
    patina_status status = PATINA_OK;

    if (s) s->corpus = calloc(specs->n + 1, sizeof *s->corpus);
    if (s) s->has_entries = calloc(specs->n + 1, sizeof *s->has_entries);
    if (!s || !s->corpus || !s->has_entries) {
        if (s) free(s->corpus);
        if (s) free(s->has_entries);
        free(s);
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    s->specs = specs;
    s->seed = seed;
    for (size_t i = 0; i < specs->n && status == PATINA_OK; i++) {
        const pt_corpus_spec *spec = &specs->spec[i];
        if (spec->weight > s->max_weight) s->max_weight = spec->weight;
        status = check_audio_root(spec->options.audio_root, err);
        if (status == PATINA_OK)
            status = pt_corpus_open(spec->path, &spec->options, &s->corpus[i], err);
    }
    if (status == PATINA_OK && specs->n > 1) {
        status = pt_id_set_open(&s->ids, err);
        if (status == PATINA_OK) status = reset_ids(s, err);
    }
    if (status == PATINA_OK)
        *set = s;
    else
        pt_corpus_set_close(&s);
    return status;
}

void pt_corpus_set_close(pt_corpus_set **set) {
    if (!*set) return;
    for (size_t i = 0; i < (*set)->specs->n; i++)
        pt_corpus_close(&(*set)->corpus[i]);
    pt_id_set_close(&(*set)->ids);
    pt_id_set_close(&(*set)->own_ids);
    free((*set)->corpus);
    free((*set)->has_entries);
    free(*set);
    *set = NULL;
}

patina_status pt_corpus_set_rewind(pt_corpus_set *s, patina_error *err) {
    for (size_t i = 0; i < s->specs->n; i++)
        PT_TRY(pt_corpus_rewind(s->corpus[i], err));
    pt_id_set_close(&s->ids);
    pt_id_set_close(&s->own_ids);
    s->current = 0;
    s->n_read = 0;
    return PATINA_OK;
}

static patina_status add_prefix(const pt_corpus_spec *spec, pt_entry *entry, patina_error *err) {
    const char *prefix = pt_corpus_spec_prefix(spec);
    pt_strbuf id = {0};
    if (!entry->id || !prefix) return PATINA_OK;
    pt_strbuf_printf(&id, "%s/%s", prefix, entry->id);
    char *text = pt_strbuf_detach(&id);
    if (!text) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    free(entry->id);
    entry->id = text;
    return PATINA_OK;
}

static bool is_selected(const pt_corpus_set *s, const pt_corpus_spec *spec, const char *id) {
    if (spec->weight == s->max_weight || !id) return true;
    const pt_rng rng = pt_rng_make(s->seed, id, 0, PT_RNG_STREAM_SELECT);
    return pt_rng_uniform(&rng, 0) < spec->weight / s->max_weight;
}

/** An id that an earlier corpus has is an error; one of the same corpus is not. */
static patina_status check_id(pt_corpus_set *s, const char *id, patina_error *err) {
    bool repeated = false;
    if (!s->ids || !id) return PATINA_OK;
    PT_TRY(pt_id_set_add(s->own_ids, id, &repeated, err));
    if (repeated) return PATINA_OK;
    PT_TRY(pt_id_set_add(s->ids, id, &repeated, err));
    const char *path = s->specs->spec[s->current].path;
    return repeated
               ? pt_fail(
                     err, PATINA_EUSAGE,
                     "corpus '%s': an earlier corpus also has the id '%s'; give the ids of one a "
                     "prefix, as in '--corpus %s,prefix=x'",
                     path, id, path)
               : PATINA_OK;
}

patina_status pt_corpus_set_next(pt_corpus_set *s, bool with_audio, pt_entry *entry, size_t *index,
                                 bool *end, patina_error *err) {
    for (;;) {
        const pt_corpus_spec *spec = &s->specs->spec[s->current];
        bool at_end = spec->limit > 0 && s->n_read >= spec->limit;
        if (!at_end) PT_TRY(pt_corpus_next(s->corpus[s->current], with_audio, entry, &at_end, err));
        if (at_end) {
            if (s->current + 1 == s->specs->n) {
                *end = true;
                return PATINA_OK;
            }
            s->current++;
            s->n_read = 0;
            if (s->ids) PT_TRY(reset_ids(s, err));
            continue;
        }
        s->has_entries[s->current] = true;
        PT_TRY(add_prefix(spec, entry, err));
        if (is_selected(s, spec, entry->id)) {
            s->n_read++;
            entry->corpus = spec->name;
            if (index) *index = s->current;
            return check_id(s, entry->id, err);
        }
        pt_entry_release(entry);
    }
}

bool pt_corpus_set_is_empty(const pt_corpus_set *set, size_t i) {
    return !set->has_entries[i];
}

pt_corpus *pt_corpus_set_at(const pt_corpus_set *set, size_t i) {
    return set->corpus[i];
}

bool pt_corpus_set_may_repeat_ids(const pt_corpus_set *set) {
    for (size_t i = 0; i < set->specs->n; i++)
        if (pt_corpus_may_repeat_ids(set->corpus[i])) return true;
    return false;
}

void pt_corpus_set_describe_kinds(const pt_corpus_set *set, pt_strbuf *text) {
    for (size_t i = 0; i < set->specs->n; i++) {
        const char *kind = pt_corpus_kind_name(set->corpus[i]);
        bool is_new = true;
        for (size_t j = 0; j < i; j++)
            is_new = is_new && strcmp(kind, pt_corpus_kind_name(set->corpus[j])) != 0;
        if (is_new) pt_strbuf_printf(text, "%s%s", i ? ", " : "", kind);
    }
}
