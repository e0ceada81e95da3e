/* SPDX-License-Identifier: MIT */
/* playlist.c - extended M3U: a line "#EXTINF:<seconds>,<caption>" and a line with the file. The
 * corpus reader that extension.py adds to the program. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/line_reader.h"

typedef struct playlist_state {
    pt_line_reader lines;
    char *folder;
} playlist_state;

static bool playlist_matches(const pt_corpus_probe *probe) {
    return strncmp(probe->head, "#EXTM3U", 7) == 0;
}

static void playlist_close(void *state) {
    playlist_state *s = state;
    pt_line_reader_close(&s->lines);
    free(s->folder);
    free(s);
}

static patina_status playlist_open(const char *path, const pt_corpus_options *options, void **state,
                                   patina_error *err) {
    playlist_state *s = calloc(1, sizeof *s);
    if (!s) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    s->folder = pt_corpus_audio_root(path, options);
    const patina_status status = s->folder ? pt_line_reader_open(&s->lines, path, err)
                                           : pt_fail(err, PATINA_ENOMEM, "out of memory");
    if (status != PATINA_OK) {
        playlist_close(s);
        return status;
    }
    *state = s;
    return PATINA_OK;
}

static patina_status playlist_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                   patina_error *err) {
    playlist_state *s = state;
    bool too_long = false;
    (void)with_audio;
    for (;;) {
        PT_TRY(pt_line_reader_next(&s->lines, &too_long, end, err));
        if (*end) return PATINA_OK;
        const char *line = s->lines.line.text;
        const char *caption = strncmp(line, "#EXTINF:", 8) == 0 ? strchr(line, ',') : NULL;
        if (caption) PT_TRY(pt_entry_add_caption(entry, caption + 1, strlen(caption + 1), err));
        if (*line == '\0' || *line == '#') continue;
        entry->id = strdup(line);
        entry->source = strdup(line);
        if (asprintf(&entry->path, "%s/%s", s->folder, line) < 0) entry->path = NULL;
        return entry->id && entry->source && entry->path
                   ? PATINA_OK
                   : pt_fail(err, PATINA_ENOMEM, "out of memory");
    }
}

const pt_corpus_reader pt_corpus_reader_playlist = {
    .name = "playlist",
    .summary = "an extended M3U playlist with captions as titles",
    .matches = playlist_matches,
    .open = playlist_open,
    .close = playlist_close,
    .next = playlist_next,
};
