/* SPDX-License-Identifier: MIT */
/* folder.c - a folder of audio files, each with its captions in a file beside it
 *
 * An entry's id and source are its path below the folder, with '/'. Its captions are the lines of
 * <stem>.txt that are not blank, or the member `caption`, `captions` or `text` of the object in
 * <stem>.json: a string or a list. A file with neither has no caption.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/utf8.h"
#include "corpus/entry.h"
#include "corpus/reader.h"
#include "corpus/sidecar.h"
#include "corpus/walk.h"

typedef struct folder_state {
    char *root;
    pt_walk walk;
    size_t next;
} folder_state;

static bool folder_matches(const pt_look *look) {
    return look->is_folder;
}

static void folder_close(void *state) {
    folder_state *s = state;
    pt_walk_release(&s->walk);
    free(s->root);
    free(s);
}

static pt_status folder_open(const char *path, const pt_corpus_options *options, void **state,
                             pt_error *err) {
    PT_TRY(pt_corpus_without_columns(options, "folder", err));
    folder_state *s = calloc(1, sizeof *s);
    pt_status status;

    if (!s || !(s->root = pt_text_copy(path, strlen(path)))) {
        free(s);
        return pt_fail(err, PT_ENOMEM, "out of memory");
    }
    status = pt_walk_read(&s->walk, path, PT_WALK_DEPTH_MAX, err);
    if (status == PT_OK && s->walk.n_paths == 0)
        status =
            pt_fail(err, PT_EFORMAT, "no file in it is named like audio (.wav, .flac, .ogg ...)");
    if (status != PT_OK) {
        folder_close(s);
        return status;
    }
    *state = s;
    return PT_OK;
}

static pt_status captions_of_json(pt_entry *entry, const char *text, size_t n, pt_error *err) {
    static const char *const members[] = {"caption", "captions", "text", NULL};
    bool mended;
    json_t *json = pt_sidecar_parse(text, n, &mended);
    const pt_status status = pt_sidecar_add_json(entry, json, mended, members, err);
    json_decref(json);
    return status;
}

/** Adds the captions of the file beside, if there is one; *found says so. */
static pt_status captions_beside(pt_entry *entry, const char *extension, bool *found,
                                 pt_error *err) {
    pt_str path = {0};
    char *text = NULL;
    size_t n = 0;
    pt_status status = PT_OK;

    pt_str_add_bytes(&path, entry->path, pt_walk_stem(entry->path));
    pt_str_add(&path, extension);
    if (path.failed) {
        status = pt_fail(err, PT_ENOMEM, "out of memory");
        goto done;
    }
    *found = access(path.text, F_OK) == 0;
    if (!*found) goto done;
    status = pt_file_read_all(path.text, PT_TEXT_MAX, &text, &n, NULL);
    if (status == PT_ENOMEM) {
        pt_fail(err, status, "out of memory");
    } else if (status != PT_OK) {
        status = pt_entry_add_bad_caption(
            entry, "cannot be had: the caption file beside it cannot be read, or is too large",
            err);
    } else {
        status = strcmp(extension, ".txt") == 0 ? pt_sidecar_add_lines(entry, text, n, err)
                                                : captions_of_json(entry, text, n, err);
    }
done:
    free(text);
    pt_str_release(&path);
    return status;
}

static pt_status folder_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                             pt_error *err) {
    folder_state *s = state;
    bool found = false;
    (void)with_audio;

    *end = s->next == s->walk.n_paths;
    if (*end) return PT_OK;
    const char *path = s->walk.paths[s->next++];
    const size_t n = strlen(path);
    if (!pt_utf8_valid(path, n)) return pt_entry_unspeakable(entry, path, err);
    entry->id = pt_text_copy(path, n);
    entry->source = pt_text_copy(path, n);
    entry->path = pt_path_join(s->root, path);
    if (!entry->id || !entry->source || !entry->path)
        return pt_fail(err, PT_ENOMEM, "out of memory");
    PT_TRY(captions_beside(entry, ".txt", &found, err));
    return found ? PT_OK : captions_beside(entry, ".json", &found, err);
}

const pt_reader pt_reader_folder = {
    .name = "folder",
    .summary = "audio files with a .txt or .json of captions beside each",
    .matches = folder_matches,
    .open = folder_open,
    .close = folder_close,
    .next = folder_next,
};
