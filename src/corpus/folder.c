/* SPDX-License-Identifier: MIT */
/* folder.c - a folder of audio files with a caption file beside each
 *
 * Id and source of an entry are its path relative to the folder. Captions come from <stem>.json or
 * <stem>.txt as in sidecar.h, so that a sample has the same captions in a tar and in a folder;
 * else from <stem>.normalized.txt or .original.txt (LibriTTS), from txt/ beside the tree of the
 * audio (VCTK), or from a .trans.txt (LibriSpeech). A caption template makes captions from the
 * names of the files.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/retry.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/caption_template.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/entry_filter.h"
#include "corpus/file_list.h"
#include "corpus/json_fields.h"
#include "corpus/line_reader.h"
#include "corpus/sidecar.h"
#include "corpus/text_source.h"
#include "fs/path.h"

typedef struct folder_state {
    const pt_corpus_options *options;
    pt_filter_seen seen; /* fields of the .json files */
    pt_file_list files;
    size_t next;
} folder_state;

static bool folder_matches(const pt_corpus_probe *probe) {
    return probe->is_folder;
}

static void folder_close(void *state) {
    folder_state *s = state;
    pt_file_list_close(&s->files);
    pt_filter_seen_release(&s->seen);
    free(s);
}

static patina_status folder_open(const char *path, const pt_corpus_options *options, void **state,
                                 patina_error *err) {
    struct stat info;
    PT_TRY(pt_corpus_refuse_caption_column(options, "folder", err));
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode))
        return pt_fail(err, PATINA_EIO, "not a folder");
    folder_state *s = calloc(1, sizeof *s);

    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    s->options = options;
    const patina_status status =
        pt_file_list_open(&s->files, path, pt_audio_extensions, options->source_split, err);
    if (status != PATINA_OK) {
        folder_close(s);
        return status;
    }
    *state = s;
    return PATINA_OK;
}

/** Reads the file with this path if it exists; *text is to be freed. PATINA_ETEMPORARY: a fault of
 * the machine, not of the file. */
static patina_status read_sidecar(const char *path, char **text, pt_sidecar *sidecar,
                                  patina_error *err) {
    patina_error why = {0};
    unsigned n_faults = 0;
    int error;

    do
        error = access(path, F_OK) == 0 ? 0 : errno;
    while (pt_retry_after_fault(&n_faults, error));
    if (pt_errno_is_missing(error)) return PATINA_OK;
    errno = error;
    const patina_status status =
        error == 0 ? pt_file_read_all(path, PT_TEXT_MAX, text, &sidecar->n, &why) : PATINA_EIO;
    if (status == PATINA_ENOMEM) return pt_fail(err, status, "out of memory");
    if (status == PATINA_EIO && pt_errno_is_machine_fault(errno))
        return pt_fail(err, PATINA_ETEMPORARY, "the caption file beside it cannot be read: %s",
                       strerrordesc_np(errno));
    if (status != PATINA_OK)
        sidecar->fault = "the caption file beside it cannot be read, or is too large";
    if (status == PATINA_OK && *text) PT_TRY(pt_text_to_utf8(text, &sidecar->n, err));
    sidecar->text = *text;
    return PATINA_OK;
}

/** Reads <stem><extension> beside a file. */
static patina_status read_beside(const char *audio, size_t n_stem, const char *extension,
                                 char **text, pt_sidecar *sidecar, patina_error *err) {
    pt_strbuf path = {0};
    pt_strbuf_append_bytes(&path, audio, n_stem);
    pt_strbuf_append(&path, extension);
    const patina_status status = path.failed ? pt_fail(err, PATINA_ENOMEM, "out of memory")
                                             : read_sidecar(path.text, text, sidecar, err);
    pt_strbuf_release(&path);
    return status;
}

/** VCTK: the text of wav48/p225/p225_001_mic1.flac is txt/p225/p225_001.txt. */
static patina_status read_vctk(const folder_state *s, const char *path, char **text,
                               pt_sidecar *sidecar, patina_error *err) {
    const char *base = pt_path_basename(path), *mic = strstr(base, "_mic");
    const size_t n_stem =
        mic ? (size_t)(mic - base) : pt_path_stem_length(path) - (size_t)(base - path);
    const char *below = strchr(path, '/');
    pt_strbuf name = {0};

    if (!below || below + 1 > base) return PATINA_OK;
    pt_strbuf_printf(&name, "%s/txt%.*s%.*s.txt", s->files.root, (int)(base - below), below,
                     (int)n_stem, base);
    const patina_status status = name.failed ? pt_fail(err, PATINA_ENOMEM, "out of memory")
                                             : read_sidecar(name.text, text, sidecar, err);
    pt_strbuf_release(&name);
    return status;
}

/** LibriSpeech: the line of <speaker>-<chapter>.trans.txt that begins with the stem. */
static patina_status add_transcript(const char *audio, size_t n_stem, pt_entry *entry,
                                    patina_error *err) {
    const char *base = pt_path_basename(audio), *dash = NULL;
    const size_t n_name = n_stem - (size_t)(base - audio);
    pt_sidecar file = {0};
    char *text = NULL;

    for (const char *c = base; c < audio + n_stem; c++)
        if (*c == '-') dash = c;
    if (!dash) return PATINA_OK;
    patina_status status =
        read_beside(audio, (size_t)(dash - audio), ".trans.txt", &text, &file, err);
    for (const char *line = text; status == PATINA_OK && line && *line;) {
        const size_t n = strcspn(line, "\r\n");
        if (n > n_name && memcmp(line, base, n_name) == 0 && line[n_name] == ' ') {
            status = pt_entry_add_caption(entry, line + n_name + 1, n - n_name - 1, err);
            break;
        }
        line += n + strspn(line + n, "\r\n");
    }
    free(text);
    return status;
}

static bool append_field(void *context, const char *name, size_t n, pt_strbuf *out) {
    return pt_template_path_field(context, name, n, out);
}

static patina_status add_template(const char *template, char *path, pt_entry *entry,
                                  patina_error *err) {
    pt_strbuf text = {0};
    const char *unknown;
    pt_template_expand(template, append_field, path, &text, &unknown);
    const patina_status status =
        unknown
            ? pt_fail(err, PATINA_EUSAGE,
                      "caption template: '%.*s' is not 'stem' or 'parent', the fields of a folder",
                      (int)strcspn(unknown, "}"), unknown)
        : text.failed ? pt_fail(err, PATINA_ENOMEM, "out of memory")
                      : pt_entry_add_caption(entry, text.text ? text.text : "", text.length, err);
    pt_strbuf_release(&text);
    return status;
}

static patina_status add_files_beside(folder_state *s, const char *path, const pt_sidecar *json,
                                      json_t *object, const json_error_t *error, bool repaired,
                                      pt_entry *entry, patina_error *err) {
    static const char *const extensions[] = {".txt", ".normalized.txt", ".original.txt"};
    const size_t n_stem = pt_path_stem_length(entry->path);
    patina_status status = PATINA_OK;
    char *text = NULL;
    pt_sidecar txt = {0};

    for (size_t i = 0; i < 3 && status == PATINA_OK && !txt.text && !txt.fault; i++)
        status = read_beside(entry->path, n_stem, extensions[i], &text, &txt, err);
    if (status == PATINA_OK && !txt.text && !txt.fault && !json->text)
        status = read_vctk(s, path, &text, &txt, err);
    if (status == PATINA_OK)
        status = pt_sidecar_add_captions(entry, json, object, error, repaired, &txt, err);
    if (status == PATINA_OK && entry->n_captions == 0 && !txt.text && !json->text)
        status = add_transcript(entry->path, n_stem, entry, err);
    free(text);
    return status;
}

static patina_status add_captions(folder_state *s, const char *path, pt_entry *entry,
                                  patina_error *err) {
    const pt_corpus_options *o = s->options;
    const bool needs_json = !o->caption_template || o->filter || o->split_column;
    json_error_t error = {0};
    bool repaired = false;
    pt_sidecar json = {0};
    char *text = NULL;

    if (needs_json)
        PT_TRY(
            read_beside(entry->path, pt_path_stem_length(entry->path), ".json", &text, &json, err));
    json_t *object = json.text ? pt_sidecar_parse(json.text, json.n, &repaired, &error) : NULL;
    patina_status status =
        o->caption_template
            ? add_template(o->caption_template, entry->id, entry, err)
            : add_files_beside(s, path, &json, object, &error, repaired, entry, err);
    if (status == PATINA_OK) status = pt_entry_filter_json(entry, o->filter, object, &s->seen, err);
    if (status == PATINA_OK) status = pt_entry_set_json_split(entry, o->split_column, object, err);
    json_decref(object);
    free(text);
    return status;
}

static patina_status folder_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                 patina_error *err) {
    folder_state *s = state;
    (void)with_audio;

    *end = s->next == s->files.of.n_paths;
    if (*end) return pt_filter_check_seen(s->options->filter, &s->seen, err);
    const char *path = s->files.of.paths[s->next++];
    const size_t n = strlen(path);
    if (!pt_utf8_is_valid(path, n)) return pt_entry_reject_file_name(entry, path, err);
    entry->id = pt_text_dup(path, n);
    entry->source = pt_text_dup(path, n);
    entry->path = pt_path_join(s->files.root, path);
    if (!entry->id || !entry->source || !entry->path)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    return add_captions(s, path, entry, err);
}

static const pt_file_list *folder_files(const void *state) {
    return &((const folder_state *)state)->files;
}

const pt_corpus_reader pt_corpus_reader_folder = {
    .name = "folder",
    .summary = "a folder of audio files, each with a .txt or .json file of captions",
    .matches = folder_matches,
    .open = folder_open,
    .close = folder_close,
    .next = folder_next,
    .files = folder_files,
    .uses_template = true,
    .has_columns = true,
};
