/* SPDX-License-Identifier: MIT */
/* folder.c - a folder of audio files with a caption file beside each
 *
 * Id and source of an entry are its path relative to the folder. Captions come from <stem>.txt, one a
 * non-blank line, or from the member `caption`, `captions` or `text` of <stem>.json: a string or a
 * list. An audio file with neither has no caption.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/line_reader.h"
#include "corpus/sidecar.h"
#include "fs/dir_walk.h"
#include "fs/path.h"

typedef struct folder_state {
    char *root;
    pt_dir_walk walk;
    size_t next;
} folder_state;

static bool folder_matches(const pt_corpus_probe *probe) {
    return probe->is_folder;
}

static void folder_close(void *state) {
    folder_state *s = state;
    pt_dir_walk_release(&s->walk);
    free(s->root);
    free(s);
}

static patina_status folder_open(const char *path, const pt_corpus_options *options, void **state,
                                 patina_error *err) {
    PT_TRY(pt_corpus_refuse_caption_column(options, "folder", err));
    folder_state *s = calloc(1, sizeof *s);
    patina_status status;

    if (!s || !(s->root = pt_text_dup(path, strlen(path)))) {
        free(s);
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
    status = pt_dir_walk_list_audio(&s->walk, path, PT_DIR_WALK_DEPTH_MAX, err);
    if (status == PATINA_OK && s->walk.n_paths == 0)
        status = pt_fail(err, PATINA_EFORMAT, "it contains no audio file (.wav, .flac, .ogg ...)");
    if (status != PATINA_OK) {
        folder_close(s);
        return status;
    }
    *state = s;
    return PATINA_OK;
}

static patina_status add_json_captions(pt_entry *entry, const char *text, size_t n,
                                       patina_error *err) {
    static const char *const members[] = {"caption", "captions", "text", NULL};
    json_error_t error;
    bool repaired;
    json_t *json = pt_sidecar_parse(text, n, &repaired, &error);
    const patina_status status = pt_sidecar_add_json(entry, json, &error, repaired, members, err);
    json_decref(json);
    return status;
}

/** Adds the captions of the sidecar file; *found is set where it exists. */
static patina_status add_sidecar_captions(pt_entry *entry, const char *extension, bool *found,
                                          patina_error *err) {
    pt_strbuf path = {0};
    char *text = NULL;
    size_t n = 0;
    patina_status status = PATINA_OK;

    pt_strbuf_append_bytes(&path, entry->path, pt_path_stem_length(entry->path));
    pt_strbuf_append(&path, extension);
    if (path.failed) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        goto done;
    }
    *found = access(path.text, F_OK) == 0;
    if (!*found) goto done;
    status = pt_file_read_all(path.text, PT_TEXT_MAX, &text, &n, NULL);
    if (status == PATINA_ENOMEM) {
        pt_fail(err, status, "out of memory");
    } else if (status != PATINA_OK) {
        status = pt_entry_add_bad_caption(
            entry, "the caption file beside it cannot be read, or is too large", err);
    } else {
        status = strcmp(extension, ".txt") == 0 ? pt_sidecar_add_lines(entry, text, n, err)
                                                : add_json_captions(entry, text, n, err);
    }
done:
    free(text);
    pt_strbuf_release(&path);
    return status;
}

static patina_status folder_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                 patina_error *err) {
    folder_state *s = state;
    bool found = false;
    (void)with_audio;

    *end = s->next == s->walk.n_paths;
    if (*end) return PATINA_OK;
    const char *path = s->walk.paths[s->next++];
    const size_t n = strlen(path);
    if (!pt_utf8_is_valid(path, n)) return pt_entry_reject_file_name(entry, path, err);
    entry->id = pt_text_dup(path, n);
    entry->source = pt_text_dup(path, n);
    entry->path = pt_path_join(s->root, path);
    if (!entry->id || !entry->source || !entry->path)
        return pt_fail(err, PATINA_ENOMEM, "out of memory");
    PT_TRY(add_sidecar_captions(entry, ".txt", &found, err));
    return found ? PATINA_OK : add_sidecar_captions(entry, ".json", &found, err);
}

const pt_corpus_reader pt_corpus_reader_folder = {
    .name = "folder",
    .summary = "a folder of audio files with a .txt or .json of captions beside each",
    .matches = folder_matches,
    .open = folder_open,
    .close = folder_close,
    .next = folder_next,
};
