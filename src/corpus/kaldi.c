/* SPDX-License-Identifier: MIT */
/* kaldi.c - data folders of Kaldi and ESPnet
 *
 *     text      <utterance> <transcript>             an entry per line
 *     segments  <utterance> <recording> <start> <end>   optional
 *     wav.scp   <recording> <file>, or <recording> <command> |
 *
 * wav.scp and segments are in memory while the corpus is open, sorted by their first field.
 * Commands are not run; the file of one that only decodes or copies is used.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/clip_index.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/line_reader.h"
#include "corpus/segment_time.h"
#include "fs/path.h"

#define SPACE " \t\r"

/** A line: its first field, and the rest. */
typedef struct record {
    char *key, *value;
} record;

typedef struct record_list {
    record *of; /* [n], sorted by key */
    size_t n;
} record_list;

typedef struct kaldi_state {
    char *folder, *root; /* of the lists, and of the audio */
    pt_line_reader text;
    record_list recordings, segments;
    pt_clip_index clips;
} kaldi_state;

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** The folder of a path that is one with wav.scp, or wav.scp itself, to be freed; NULL: neither. */
static char *find_folder(const char *path, bool is_folder) {
    char *folder = is_folder ? pt_text_dup(path, strlen(path)) : pt_path_dirname(path);
    char *list = folder ? pt_path_join(folder, "wav.scp") : NULL;
    bool exists = false;
    /* Where that cannot be found out, opening the list fails with the reason. */
    const bool may_exist = list && (pt_path_find(list, &exists, NULL, NULL) != PATINA_OK || exists);
    const bool is_kaldi =
        may_exist && (is_folder || strcmp(pt_path_basename(path), "wav.scp") == 0);
    free(list);
    if (is_kaldi) return folder;
    free(folder);
    return NULL;
}

static bool kaldi_matches(const pt_corpus_probe *probe) {
    char *folder = find_folder(probe->path, probe->is_folder);
    free(folder);
    return folder != NULL;
}

/* Lists ------------------------------------------------------------------------------------- */

/** Splits a line at the first space; returns the rest, without spaces around it. */
static char *split_line(char *line) {
    char *end = line + strlen(line);
    while (end > line && strchr(SPACE, end[-1]))
        *--end = '\0';
    char *rest = line + strcspn(line, SPACE);
    if (!*rest) return rest;
    *rest++ = '\0';
    return rest + strspn(rest, SPACE);
}

static int compare_records(const void *a, const void *b) {
    return strcmp(((const record *)a)->key, ((const record *)b)->key);
}

static patina_status add_record(record_list *list, const pt_strbuf *line, patina_error *err) {
    if ((list->n & (list->n - 1)) == 0) { /* full: the capacity is a power of two */
        record *of = realloc(list->of, (list->n ? 2 * list->n : 1) * sizeof *of);
        if (!of) return no_memory(err);
        list->of = of;
    }
    char *key = pt_text_dup(line->text, line->length);
    if (!key) return no_memory(err);
    list->of[list->n++] = (record){key, split_line(key)};
    return PATINA_OK;
}

/** Opens a list; an error of the data names it, since the corpus is a folder of several. */
static patina_status open_list(pt_line_reader *lines, const char *path, patina_error *err) {
    const patina_status status = pt_line_reader_open(lines, path, err);
    if (status == PATINA_EFORMAT) pt_error_add_context(err, "file '%s'", path);
    return status;
}

/** Reads a list; one that is optional and does not exist is empty. */
static patina_status read_list(const char *folder, const char *name, bool is_optional,
                               record_list *list, patina_error *err) {
    char *path = pt_path_join(folder, name);
    pt_line_reader lines = {0};
    bool too_long = false, end = false;

    if (!path) return no_memory(err);
    bool exists = true;
    patina_status status = is_optional ? pt_path_find(path, &exists, NULL, err) : PATINA_OK;
    if (status == PATINA_OK && !exists && pt_path_exists(path))
        status = pt_fail(err, PATINA_EFORMAT,
                         "file '%s': the link leads to nothing that can be read; mend or remove it",
                         path);
    if (status == PATINA_OK && exists) status = open_list(&lines, path, err);
    end = !exists;
    while (status == PATINA_OK && !end) {
        status = pt_line_reader_next(&lines, &too_long, &end, err);
        if (status == PATINA_OK && !end && lines.line.length > 0)
            status = add_record(list, &lines.line, err);
    }
    pt_line_reader_close(&lines);
    free(path);
    if (list->n > 0) qsort(list->of, list->n, sizeof *list->of, compare_records);
    return status;
}

static const char *find_record(const record_list *list, const char *key) {
    const record wanted = {(char *)(uintptr_t)key, NULL};
    const record *found =
        list->n > 0 ? bsearch(&wanted, list->of, list->n, sizeof *list->of, compare_records) : NULL;
    return found ? found->value : NULL;
}

static void release_list(record_list *list) {
    for (size_t i = 0; i < list->n; i++)
        free(list->of[i].key);
    free(list->of);
}

static void kaldi_close(void *state) {
    kaldi_state *s = state;
    pt_line_reader_close(&s->text);
    release_list(&s->recordings);
    release_list(&s->segments);
    pt_clip_index_close(&s->clips);
    free(s->folder);
    free(s->root);
    free(s);
}

static patina_status open_lists(kaldi_state *s, const char *path, const pt_corpus_options *options,
                                patina_error *err) {
    const char *root = options->audio_root;

    s->folder = find_folder(path, true);
    if (!s->folder) s->folder = find_folder(path, false);
    if (!s->folder) return pt_fail(err, PATINA_EFORMAT, "is not a folder with a file 'wav.scp'");
    s->root = root ? pt_text_dup(root, strlen(root)) : pt_text_dup(s->folder, strlen(s->folder));
    char *text = pt_path_join(s->folder, "text");
    if (!text || !s->root) {
        free(text);
        return no_memory(err);
    }
    bool exists = false;
    patina_status status = pt_path_find(text, &exists, NULL, err);
    if (status == PATINA_OK && !exists)
        status = pt_fail(err, PATINA_EFORMAT,
                         "has no file 'text' with the transcripts beside 'wav.scp'");
    if (status == PATINA_OK) status = open_list(&s->text, text, err);
    free(text);
    PT_TRY(status);
    PT_TRY(read_list(s->folder, "wav.scp", false, &s->recordings, err));
    PT_TRY(read_list(s->folder, "segments", true, &s->segments, err));
    return pt_clip_index_open(&s->clips, s->root, err);
}

static patina_status kaldi_open(const char *path, const pt_corpus_options *options, void **state,
                                patina_error *err) {
    PT_TRY(pt_corpus_refuse_caption_column(options, "kaldi", err));
    kaldi_state *s = calloc(1, sizeof *s);
    if (!s) return no_memory(err);
    const patina_status status = open_lists(s, path, options, err);
    if (status == PATINA_OK)
        *state = s;
    else
        kaldi_close(s);
    return status;
}

/* Audio ------------------------------------------------------------------------------------- */

/** Whether a word is a program, or an option of it, that leaves the sound as it is. */
static bool is_plain_word(const char *word, bool is_program) {
    static const char *const programs[] = {"flac", "cat", NULL};
    static const char *const options[] = {"-c",       "-d",       "-s",       "-cd",
                                          "-dc",      "-dcs",     "-cds",     "-scd",
                                          "--decode", "--stdout", "--silent", "--totally-silent",
                                          NULL};
    for (const char *const *at = is_program ? programs : options; *at; at++)
        if (strcmp(is_program ? pt_path_basename(word) : word, *at) == 0) return true;
    return false;
}

/** The file of a command such as "flac -c -d -s x.flac |", to be freed; NULL: another command. */
static char *find_file_of_command(const char *command) {
    char *copy = pt_text_dup(command, strcspn(command, "|")), *saved = NULL, *file = NULL;
    bool is_program = true, is_plain = copy && strlen(copy) + 1 == strlen(command);

    for (char *word = copy ? strtok_r(copy, SPACE, &saved) : NULL; word;
         word = strtok_r(NULL, SPACE, &saved)) {
        if (is_program || word[0] == '-') {
            is_plain = is_plain && is_plain_word(word, is_program);
        } else {
            is_plain = is_plain && !file;
            file = word;
        }
        is_program = false;
    }
    char *found = is_plain && file ? pt_text_dup(file, strlen(file)) : NULL;
    free(copy);
    return found;
}

static patina_status set_path(const kaldi_state *s, const char *file, pt_entry *entry,
                              patina_error *err) {
    bool exists;
    PT_TRY(pt_path_find(file, &exists, NULL, err));
    const bool is_here = file[0] == '/' && exists;
    const char *below = is_here ? NULL : pt_clip_index_find_file(&s->clips, file, "wav.scp");
    const char *source = below            ? below
                         : file[0] == '/' ? pt_corpus_relative_name(file, s->root, NULL)
                                          : file;
    if (source[0] == '/') source = pt_path_basename(source);
    if (!below && !exists && !pt_path_may_exist(file))
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "line %llu: no audio file is named '%s'",
                               (unsigned long long)s->text.number, pt_path_basename(file));
    if (!pt_utf8_is_valid(source, strlen(source)))
        return pt_entry_reject_file_name(entry, source, err);
    free(entry->source);
    entry->source = pt_text_dup(source, strlen(source));
    entry->path = below ? pt_path_join(s->root, below) : pt_text_dup(file, strlen(file));
    return entry->source && entry->path ? PATINA_OK : no_memory(err);
}

/** The file of a recording. Its name may contain spaces. */
static patina_status find_audio(const kaldi_state *s, const char *recording, pt_entry *entry,
                                patina_error *err) {
    const unsigned long long line = s->text.number;
    const char *value = find_record(&s->recordings, recording);

    if (!value || !*value)
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "line %llu: 'wav.scp' has no recording of that name", line);
    if (value[strlen(value) - 1] != '|') return set_path(s, value, entry, err);
    char *file = find_file_of_command(value);
    if (!file)
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "line %llu: the audio is the output of a command, which is not run; "
                               "write it to a file",
                               line);
    const patina_status status = set_path(s, file, entry, err);
    free(file);
    return status;
}

/** Segment and recording of an utterance. */
static patina_status read_segment(const kaldi_state *s, pt_entry *entry, patina_error *err) {
    const char *segment = find_record(&s->segments, entry->id);
    char location[40], *saved = NULL;

    if (s->segments.n == 0) return find_audio(s, entry->id, entry, err);
    snprintf(location, sizeof location, "line %llu", (unsigned long long)s->text.number);
    if (!segment)
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "%s: 'segments' has no such utterance", location);
    char *copy = pt_text_dup(segment, strlen(segment));
    if (!copy) return no_memory(err);
    const char *recording = strtok_r(copy, SPACE, &saved), *start = strtok_r(NULL, SPACE, &saved),
               *end = strtok_r(NULL, SPACE, &saved);
    patina_status status =
        end ? find_audio(s, recording, entry, err)
            : pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                              "%s: its line in 'segments' is not a recording, a start and an end",
                              location);
    if (status == PATINA_OK && end)
        status = pt_entry_set_start(entry, start, strlen(start), false, location, err);
    if (status == PATINA_OK && end && strcmp(end, "-1") != 0) /* the end of the recording */
        status = pt_entry_set_end(entry, end, strlen(end), false, location, err);
    free(copy);
    return status;
}

static patina_status read_line(kaldi_state *s, bool too_long, pt_entry *entry, patina_error *err) {
    const unsigned long long number = s->text.number;
    const pt_strbuf *line = &s->text.line;
    pt_strbuf source = {0};

    pt_strbuf_printf(&source, "text:%llu", number);
    if (!(entry->source = pt_strbuf_detach(&source))) return no_memory(err);
    const size_t n_id = strcspn(line->text, SPACE);
    if (too_long || n_id == 0 || !pt_utf8_is_valid(line->text, n_id))
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "line %llu does not begin with the name of an utterance", number);
    if (!(entry->id = pt_text_dup(line->text, n_id))) return no_memory(err);
    const size_t n_skipped = n_id + strspn(line->text + n_id, SPACE);
    PT_TRY(pt_entry_add_caption(entry, line->text + n_skipped, line->length - n_skipped, err));
    return read_segment(s, entry, err);
}

static patina_status kaldi_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                patina_error *err) {
    kaldi_state *s = state;
    bool too_long = false;
    (void)with_audio;

    do
        PT_TRY(pt_line_reader_next(&s->text, &too_long, end, err));
    while (!*end && s->text.line.length == 0);
    return *end || !entry ? PATINA_OK : read_line(s, too_long, entry, err);
}

const pt_corpus_reader pt_corpus_reader_kaldi = {
    .name = "kaldi",
    .summary = "a data folder of Kaldi or ESPnet: wav.scp, text and, optionally, segments",
    .matches = kaldi_matches,
    .open = kaldi_open,
    .close = kaldi_close,
    .next = kaldi_next,
    .merges_rows = true,
};
