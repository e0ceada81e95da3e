/* SPDX-License-Identifier: MIT */
/* nsynth.c - NSynth: a JSON object with an object for each note, by its name
 *
 *     {"bass_synthetic_033-022-050": {"instrument_family_str": "bass", ...}, ...}
 *
 * The name of a note is its id and that of its file, in audio/ beside the list or in the audio
 * root. Captions come from a template over the members of the note.
 */

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "corpus/clip_index.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/json_fields.h"
#include "corpus/json_stream.h"
#include "fs/path.h"

#define TEMPLATE "a note of a {instrument_source_str} {instrument_family_str}"
#define MEMBER   "instrument_family_str"

typedef struct nsynth_state {
    pt_byte_source bytes;
    pt_json_stream notes;
    char *name, *root;
    pt_clip_index clips;
    const char *template;
    bool truncation_reported;
    const pt_corpus_options *options;
} nsynth_state;

static bool nsynth_matches(const pt_corpus_probe *probe) {
    if (probe->is_folder || probe->head[strspn(probe->head, " \t\r\n")] != '{') return false;
    return memmem(probe->head, probe->n_head, "\"" MEMBER "\"", sizeof MEMBER + 1) != NULL;
}

static void nsynth_close(void *state) {
    nsynth_state *s = state;
    pt_json_stream_close(&s->notes);
    pt_byte_source_close(&s->bytes);
    pt_clip_index_close(&s->clips);
    free(s->name);
    free(s->root);
    free(s);
}

static patina_status open_notes(nsynth_state *s, const char *path, patina_error *err) {
    const patina_status status = pt_byte_source_open_file(path, &s->bytes, err);
    if (status == PATINA_REJECT_MISSING) return pt_fail(err, PATINA_EIO, "not found");
    return status == PATINA_OK ? pt_json_stream_open(&s->notes, &s->bytes, NULL, err) : status;
}

static patina_status nsynth_open(const char *path, const pt_corpus_options *options, void **state,
                                 patina_error *err) {
    PT_TRY(pt_corpus_refuse_caption_column(options, "nsynth", err));
    nsynth_state *s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    s->options = options;
    s->template = options->caption_template ? options->caption_template : TEMPLATE;
    s->name = pt_corpus_base_name(path, "examples.json");
    s->root = pt_corpus_audio_root(path, options);
    patina_status status = s->name && s->root ? open_notes(s, path, err)
                                              : pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status == PATINA_OK) status = pt_clip_index_open(&s->clips, s->root, err);
    if (status == PATINA_OK)
        *state = s;
    else
        nsynth_close(s);
    return status;
}

static patina_status read_note(const nsynth_state *s, json_t *note, pt_entry *entry,
                               patina_error *err) {
    const char *key = s->notes.key.length > 0 ? s->notes.key.text : "";
    const size_t n = strlen(key);

    if (!json_is_object(note) || n == 0 || n != s->notes.key.length || !pt_utf8_is_valid(key, n))
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "element %llu (line %llu) is not a note with a name",
                               (unsigned long long)s->notes.index, s->notes.line);
    if (!(entry->id = pt_text_dup(key, n))) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    const char *path = pt_clip_index_find_file(&s->clips, key, s->name);
    if (!path || !pt_utf8_is_valid(path, strlen(path))) {
        PT_TRY(pt_entry_reject(entry, err, PATINA_REJECT_MISSING, "no audio file is named '%s.*'",
                               key));
    } else {
        free(entry->source);
        entry->source = pt_text_dup(path, strlen(path));
        entry->path = pt_path_join(s->root, path);
        if (!entry->source || !entry->path) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    PT_TRY(pt_entry_set_json_split(entry, s->options->split_column, note, err));
    return pt_entry_add_json_template(entry, s->template, note, err);
}

static patina_status nsynth_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                 patina_error *err) {
    nsynth_state *s = state;
    pt_json_event event;
    pt_strbuf source = {0};
    json_error_t error;
    bool repaired;
    (void)with_audio;

    PT_TRY(pt_json_stream_next(&s->notes, &event, err));
    *end = event == PT_JSON_END || (event == PT_JSON_TRUNCATED && s->truncation_reported);
    if (*end) return PATINA_OK;
    pt_strbuf_printf(&source, "%s#%llu", s->name, (unsigned long long)s->notes.index);
    if (!(entry->source = pt_strbuf_detach(&source)))
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (event == PT_JSON_TRUNCATED) {
        s->truncation_reported = true;
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "the file is truncated after %llu notes; the rest is lost",
                               (unsigned long long)s->notes.n_elements);
    }
    const char *text = s->notes.element.length > 0 ? s->notes.element.text : "";
    json_t *note = pt_json_parse_lenient(text, s->notes.element.length, &repaired, &error);
    const patina_status status = read_note(s, note, entry, err);
    json_decref(note);
    return status;
}

const pt_corpus_reader pt_corpus_reader_nsynth = {
    .name = "nsynth",
    .summary = "NSynth: a JSON object of notes, {\"<name>\": {\"instrument_family_str\": ...}}",
    .matches = nsynth_matches,
    .open = nsynth_open,
    .uses_template = true,
    .has_columns = true,
    .close = nsynth_close,
    .next = nsynth_next,
};
