/* SPDX-License-Identifier: MIT */
/* nsynth.c - NSynth: a JSON object with an object for each note, by its name
 *
 *     {"bass_synthetic_033-022-050": {"instrument_family_str": "bass", ...}, ...}
 *
 * The name of a note is its id and that of its file, in audio/ beside the list or in the audio root.
 * Captions come from a template over the members of the note.
 */

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "corpus/caption_template.h"
#include "corpus/clip_index.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "fs/path.h"

#define TEMPLATE "a note of a {instrument_source_str} {instrument_family_str}"
#define FILE_MAX (1U << 30) /* bytes; the training list has 180 MB */
#define MEMBER   "instrument_family_str"

typedef struct nsynth_state {
    json_t *notes;
    void *at; /* of the next note */
    char *name, *root;
    pt_clip_index clips;
    const char *template;
} nsynth_state;

static bool nsynth_matches(const pt_corpus_probe *probe) {
    if (probe->is_folder || probe->head[strspn(probe->head, " \t\r\n")] != '{') return false;
    return memmem(probe->head, probe->n_head, "\"" MEMBER "\"", sizeof MEMBER + 1) != NULL;
}

static void nsynth_close(void *state) {
    nsynth_state *s = state;
    json_decref(s->notes);
    pt_clip_index_close(&s->clips);
    free(s->name);
    free(s->root);
    free(s);
}

static patina_status read_notes(nsynth_state *s, const char *path, patina_error *err) {
    char *text = NULL;
    size_t n = 0;
    bool repaired;
    json_error_t error = {0};

    PT_TRY(pt_file_read_all(path, FILE_MAX, &text, &n, err));
    s->notes = pt_json_parse_lenient(text, n, &repaired, &error);
    free(text);
    if (!s->notes)
        return pt_fail(err, PATINA_EFORMAT, "not valid JSON, line %d: %s", error.line, error.text);
    if (!json_is_object(s->notes)) return pt_fail(err, PATINA_EFORMAT, "not a JSON object");
    s->at = json_object_iter(s->notes);
    return PATINA_OK;
}

static patina_status nsynth_open(const char *path, const pt_corpus_options *options, void **state,
                                 patina_error *err) {
    PT_TRY(pt_corpus_refuse_caption_column(options, "nsynth", err));
    nsynth_state *s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    s->template = options->caption_template ? options->caption_template : TEMPLATE;
    s->name = pt_corpus_base_name(path, "examples.json");
    s->root = pt_corpus_audio_root(path, options);
    patina_status status = s->name && s->root ? read_notes(s, path, err)
                                              : pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK) status = pt_clip_index_open(&s->clips, s->root, err);
    if (status == PATINA_OK)
        *state = s;
    else
        nsynth_close(s);
    return status;
}

static bool append_field(void *context, const char *name, size_t n, pt_strbuf *out) {
    char key[64];
    if (n >= sizeof key) return false;
    memcpy(key, name, n);
    key[n] = '\0';
    const json_t *value = json_object_get(context, key);
    if (json_is_integer(value))
        pt_strbuf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_string(value))
        pt_strbuf_append(out, json_string_value(value));
    else
        return false;
    return true;
}

static patina_status nsynth_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                 patina_error *err) {
    nsynth_state *s = state;
    pt_strbuf caption = {0};
    const char *unknown;
    (void)with_audio;

    *end = !s->at;
    if (*end) return PATINA_OK;
    const char *key = json_object_iter_key(s->at);
    json_t *note = json_object_iter_value(s->at);
    s->at = json_object_iter_next(s->notes, s->at);

    const char *path = pt_clip_index_find_file(&s->clips, key, s->name);
    entry->id = pt_text_dup(key, strlen(key));
    entry->source = pt_text_dup(path ? path : s->name, strlen(path ? path : s->name));
    if (path) entry->path = pt_path_join(s->root, path);
    if (!entry->id || !entry->source || (path && !entry->path))
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (!path)
        PT_TRY(pt_entry_reject(entry, err, PATINA_REJECT_MISSING, "no audio file is named '%s.*'",
                               key));
    pt_template_expand(s->template, append_field, note, &caption, &unknown);
    const patina_status status =
        caption.failed ? pt_fail(err, PATINA_ENOMEM, "out of memory")
        : unknown
            ? pt_entry_add_bad_caption(entry, "a field of its template is absent", err)
            : pt_entry_add_caption(entry, caption.text ? caption.text : "", caption.length, err);
    pt_strbuf_release(&caption);
    return status;
}

const pt_corpus_reader pt_corpus_reader_nsynth = {
    .name = "nsynth",
    .summary = "NSynth: a JSON object of notes, {\"<name>\": {\"instrument_family_str\": ...}}",
    .matches = nsynth_matches,
    .open = nsynth_open,
    .uses_template = true,
    .close = nsynth_close,
    .next = nsynth_next,
};
