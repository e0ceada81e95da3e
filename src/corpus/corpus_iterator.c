/* SPDX-License-Identifier: MIT */
/* corpus_iterator.c - detection of the corpus kind, and iteration over its reader */

#include "corpus/corpus_iterator.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/corpus.h>

#include "base/error.h"
#include "base/fault_notes.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/caption_template.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/entry_filter.h"
#include "corpus/entry_merge.h"
#include "corpus/exclude_list.h"
#include "corpus/file_list.h"
#include "corpus/row_index.h"
#include "corpus/tar.h"
#include "corpus/text_source.h"
#include "fs/path.h"
#include "fs/path_glob.h"

#define N_LISTS  4 /* of an AudioFolder, in the order in which they are looked for */
#define EXCLUDED "its id or file name is in the list of '--exclude'"

#define READER_ADDRESS(name) &pt_corpus_reader_##name,
static const pt_corpus_reader *const readers[] = {PT_CORPUS_READERS(READER_ADDRESS)};

/** A kind of corpus: a reader, or one layout of the table reader. */
typedef struct kind {
    const pt_corpus_reader *reader;
    const pt_table_layout *layout; /* NULL: the reader has one kind */
} kind;

static bool kind_at(size_t i, kind *k) {
    for (size_t r = 0; r < sizeof readers / sizeof readers[0]; r++) {
        const size_t n = readers[r]->name ? 1 : pt_n_table_layouts;
        *k = (kind){readers[r], readers[r]->name ? NULL : &pt_table_layouts[i < n ? i : 0]};
        if (i < n) return true;
        i -= n;
    }
    return false;
}

static const char *kind_name(const kind *k) {
    return k->layout ? k->layout->name : k->reader->name;
}

struct pt_corpus {
    kind kind;
    const pt_corpus_reader *reader; /* of the kind */
    void *state;
    char *name; /* the path as given */
    pt_corpus_options options;
    char note[320];           /* a warning about the corpus; "" if there is none */
    pt_exclude_list *exclude; /* NULL: none */
    pt_row_index *rows;       /* NULL: not built yet, or rows are not merged */
    uint64_t n_read;          /* rows since the start */
};

static patina_status probe_file(const char *path, char *buffer, pt_corpus_probe *probe,
                                patina_error *err);

/** Probes the first file of a pattern; where there is none, the name of the pattern must do. */
static patina_status probe_pattern(const char *path, char *buffer, pt_corpus_probe *probe,
                                   patina_error *err) {
    static const char *const any[] = {"", NULL};
    pt_file_list list = {0};
    patina_status status = pt_file_list_open(&list, path, any, NULL, err);

    if (status == PATINA_OK && list.of.n_paths > 0) {
        char *first = pt_path_join(list.root, list.of.paths[0]);
        status = first ? probe_file(first, buffer, probe, err)
                       : pt_fail(err, PATINA_ENOMEM, "out of memory");
        free(first);
    } else if (pt_path_has_any_ext(path, pt_tar_extensions)) {
        status = PATINA_OK;
    } else {
        pt_error_add_context(err, "corpus '%s'", path);
    }
    pt_file_list_close(&list);
    return status;
}

/** The first match of a pattern that may be a list; NULL: none. A folder with other things of that
 * name, such as a link that leads to nothing, is one of clips. */
static const char *find_list(const glob_t *found) {
    for (size_t i = 0; i < found->gl_pathc; i++)
        if (pt_text_source_may_exist(found->gl_pathv[i])) return found->gl_pathv[i];
    return NULL;
}

/** A folder with a metadata.csv or metadata.jsonl that has the member file_name, as the Hugging
 * Face hub defines AudioFolder, also where it is in the folders of splits: the list is probed in
 * its place. */
static patina_status probe_audio_folder(const char *path, char *buffer, pt_corpus_probe *probe,
                                        patina_error *err) {
    static const char *const names[] = {"metadata.csv", "metadata.jsonl", "*/metadata.csv",
                                        "*/*/metadata.csv"};
    pt_corpus_probe list = *probe;
    patina_status status = PATINA_OK;

    for (size_t i = 0; i < N_LISTS && status == PATINA_OK; i++) {
        pt_strbuf name = {0};
        glob_t found = {0};
        pt_strbuf_printf(&name, "%s/%s", path, names[i]);
        if (name.failed) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        status = pt_path_glob(name.text, 0, &found, err);
        const char *first = status == PATINA_OK ? find_list(&found) : NULL;
        if (first) {
            list.path = probe->path;
            status = probe_file(first, buffer, &list, err);
            if (status == PATINA_OK &&
                memmem(list.head, strcspn(list.head, "\n"), "file_name", 9)) {
                *probe = list;
                probe->is_folder = false;
                snprintf(probe->list_path, sizeof probe->list_path, "%s", name.text);
                i = N_LISTS;
            }
        }
        globfree(&found);
        pt_strbuf_release(&name);
    }
    return status;
}

/** Reads the head of a file, or finds that the path is a folder or a pattern. */
static patina_status probe_file(const char *path, char *buffer, pt_corpus_probe *probe,
                                patina_error *err) {
    struct stat info;
    pt_byte_source bytes = {0};

    if (stat(path, &info) != 0) {
        if (!probe->is_pattern && pt_file_list_is_pattern(path)) {
            probe->is_pattern = true;
            return probe_pattern(path, buffer, probe, err);
        }
        return pt_fail(err, PATINA_EIO, "corpus '%s' cannot be opened: %s", path,
                       strerrordesc_np(errno));
    }
    probe->is_folder = S_ISDIR(info.st_mode);
    if (probe->is_folder) return probe_audio_folder(path, buffer, probe, err);
    if (!S_ISREG(info.st_mode))
        return pt_fail(err, PATINA_EFORMAT, "corpus '%s' is neither a folder nor a regular file",
                       path);
    const bool is_tar = pt_path_has_any_ext(path, pt_tar_extensions); /* may be compressed */
    const patina_status status =
        is_tar ? pt_byte_source_open_file(path, &bytes, err)
               : pt_text_source_open(path, PT_CORPUS_PROBE_BYTES, &bytes, err);
    if (status == PATINA_EFORMAT) {
        pt_error_add_context(err, "corpus '%s'", path);
        return status;
    }
    if (status != PATINA_OK)
        return pt_fail(err, PATINA_EIO, "corpus '%s' cannot be opened: %s", path,
                       strerrordesc_np(errno));
    const int64_t got = pt_byte_source_read_at(&bytes, 0, buffer, PT_CORPUS_PROBE_BYTES);
    pt_byte_source_close(&bytes);
    if (got < 0)
        return pt_fail(err, PATINA_EIO, "corpus '%s' cannot be read: %s", path,
                       strerrordesc_np(errno));
    buffer[got] = '\0';
    probe->n_head = (size_t)got;
    if (got >= 3 && memcmp(buffer, "\xEF\xBB\xBF", 3) == 0) {
        probe->head += 3;
        probe->n_head -= 3;
    }
    return PATINA_OK;
}

/** The error for a file of no known kind: its first line, and what it lacks. */
static patina_status unknown_kind(const pt_corpus_probe *probe, patina_error *err) {
    const size_t n_line = strcspn(probe->head, "\r\n");
    const int shown = pt_text_truncate(probe->head, n_line < 100 ? n_line : 100);
    const bool is_text = pt_utf8_is_valid(probe->head, (size_t)shown) &&
                         strlen(probe->head) == probe->n_head && shown > 0;
    pt_strbuf nearest = {0};
    int best = 0;

    if (probe->n_head == 0)
        return pt_fail(err, PATINA_EFORMAT, "corpus '%s' is empty", probe->path);
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        if (readers[i]->check_options) PT_TRY(readers[i]->check_options(probe, err));
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        pt_strbuf lacks = {0};
        const int n = readers[i]->lacks ? readers[i]->lacks(probe, &lacks) : 0;
        if (n > best) {
            const pt_strbuf previous = nearest;
            best = n;
            nearest = lacks;
            lacks = previous;
        }
        pt_strbuf_release(&lacks);
    }
    if (nearest.text && !nearest.failed)
        pt_fail(err, PATINA_EFORMAT,
                "corpus '%s' has no known format: %s; its first line is '%.*s'", probe->path,
                nearest.text, is_text ? shown : 0, probe->head);
    else if (is_text)
        pt_fail(err, PATINA_EFORMAT,
                "corpus '%s' has no known format: its first line is '%.*s'; %ssee 'patina generate "
                "--list-kinds'",
                probe->path, shown, probe->head,
                strpbrk(probe->head, ",;|\t")
                    ? "name the columns of a table with '--file-column' and '--caption-column', or "
                    : "");
    else
        pt_fail(err, PATINA_EFORMAT,
                "corpus '%s' is not a text file, nor a tar or Parquet file; see 'patina generate "
                "--list-kinds'",
                probe->path);
    pt_strbuf_release(&nearest);
    return PATINA_EFORMAT;
}

/** The first kind that matches; false: none. */
static bool find_kind(const pt_corpus_probe *probe, kind *found) {
    for (size_t r = 0; r < sizeof readers / sizeof readers[0]; r++) {
        *found = (kind){.reader = readers[r]};
        if (readers[r]->name ? readers[r]->matches(probe)
                             : (found->layout = readers[r]->find_layout(probe)) != NULL)
            return true;
    }
    return false;
}

static patina_status detect_kind(const pt_corpus_probe *probe, kind *found, patina_error *err) {
    const unsigned n_faults = pt_fault_count();
    const bool exists = find_kind(probe, found);
    const patina_status status = pt_fault_check(n_faults, err);
    if (status != PATINA_OK) { /* a kind whose check fails seems not to match */
        pt_error_add_context(err, "corpus '%s'", probe->path);
        return status;
    }
    return exists ? PATINA_OK : unknown_kind(probe, err);
}

/** The kind that the options name, or the first that matches the probe. */
static patina_status select_kind(const pt_corpus_options *options, const pt_corpus_probe *probe,
                                 kind *selected, patina_error *err) {
    pt_strbuf names = {0};

    if (!options->kind) return detect_kind(probe, selected, err);
    for (size_t i = 0; kind_at(i, selected); i++)
        if (strcmp(options->kind, kind_name(selected)) == 0) return PATINA_OK;
    for (size_t i = 0; kind_at(i, selected); i++)
        pt_strbuf_printf(&names, "%s%s", i ? ", " : "", kind_name(selected));
    pt_fail(err, PATINA_EUSAGE, "unknown corpus kind '%s' (known: %s)", options->kind,
            names.failed ? "" : names.text);
    pt_strbuf_release(&names);
    return PATINA_EUSAGE;
}

/** Refuses options that the kind does not use. */
static patina_status check_options(const kind *k, const pt_corpus_options *o, patina_error *err) {
    const char *const of_tables[][2] = {{"--file-column", o->file_column},
                                        {"--id-column", o->id_column},
                                        {"--start-column", o->start_column},
                                        {"--end-column", o->end_column},
                                        {"--header", o->header},
                                        {"--delimiter", o->delimiter ? "" : NULL}};

    for (size_t i = 0; i < sizeof of_tables / sizeof of_tables[0]; i++)
        if (of_tables[i][1] && !k->layout)
            return pt_fail(err, PATINA_EUSAGE,
                           "option '%s' applies to tables only; the corpus is of kind '%s'",
                           of_tables[i][0], kind_name(k));
    if (o->split_column && !k->reader->has_columns)
        return pt_fail(
            err, PATINA_EUSAGE,
            "option '--split-key': '%s': a corpus of kind '%s' has 'youtube_id', 'parent' and "
            "'sound', and no columns",
            o->split_column, kind_name(k));
    if (o->caption_template && !k->reader->uses_template)
        return pt_fail(err, PATINA_EUSAGE,
                       "a caption template is not supported for a corpus of kind '%s'",
                       kind_name(k));
    if (o->caption_template) PT_TRY(pt_template_check(o->caption_template, err));
    for (size_t i = 0; o->filter && !k->reader->has_columns && i < o->filter->n; i++)
        if (pt_filter_is_on_column(&o->filter->item[i]))
            return pt_condition_fail_unknown(&o->filter->item[i], PT_FILTER_OPTION,
                                             pt_filter_fields, "and no columns here", err);
    return PATINA_OK;
}

/** The status of a call of a reader: a fault that was noted during it replaces success and
 * statements about the data. */
static patina_status status_of_reader(patina_status status, unsigned n_faults, patina_error *err) {
    if (status != PATINA_OK && status != PATINA_EFORMAT) return status;
    const patina_status fault = pt_fault_check(n_faults, err);
    return fault != PATINA_OK ? fault : status;
}

static patina_status open_reader(pt_corpus *c, patina_error *err) {
    const pt_table_layout *l = c->kind.layout;
    const unsigned n_faults = pt_fault_count();
    patina_status status = l ? c->reader->open_layout(c->name, &c->options, l, &c->state, err)
                             : c->reader->open(c->name, &c->options, &c->state, err);
    if (status == PATINA_OK) return PATINA_OK;
    status = status_of_reader(status, n_faults, err);
    pt_error_add_context(err, "corpus '%s'", c->name);
    c->state = NULL;
    return status;
}

static void close_reader(pt_corpus *c) {
    if (c->state) c->reader->close(c->state);
    c->state = NULL;
}

static void set_splits_note(pt_corpus *c, const char *splits) {
    snprintf(c->note, sizeof c->note,
             "the corpus has several splits, and all are used: %s; '--source-split' selects one",
             splits);
}

/** Without a split in the rows, that of the path is the one of all rows. */
static patina_status check_list_split(const pt_corpus *c, const char *wanted, patina_error *err) {
    static const char *const any[] = {"", NULL};
    pt_file_list list = {0};
    const patina_status status = pt_file_list_open(&list, c->name, any, wanted, err);
    pt_file_list_close(&list);
    return status;
}

/** As note_splits, of a column; an error where no row belongs to the split that is wanted. */
static patina_status check_row_splits(pt_corpus *c, patina_error *err) {
    const pt_split_filter *f = c->reader->splits ? c->reader->splits(c->state) : NULL;
    pt_strbuf names = {0};
    bool is_known = false;
    patina_status status = PATINA_OK;

    if (!f) return PATINA_OK;
    if (f->n_seen == 0) return f->wanted ? check_list_split(c, f->wanted, err) : PATINA_OK;
    for (size_t i = 0; i < f->n_seen; i++) {
        pt_strbuf_printf(&names, "%s%s", i ? ", " : "", f->seen[i]);
        is_known = is_known || pt_file_list_split_of(f->seen[i]);
    }
    char *text = names.failed ? NULL : pt_text_escape(names.text);
    if (!f->wanted && f->n_seen > 1 && is_known && !c->note[0])
        set_splits_note(c, text ? text : "");
    else if (f->wanted && pt_row_index_is_empty(c->rows))
        status = pt_fail(err, PATINA_EFORMAT, "no row belongs to split '%s'; the splits are: %s",
                         f->wanted, text ? text : "");
    free(text);
    pt_strbuf_release(&names);
    return status;
}

/** Several splits in one folder are read as one corpus: warns of that. */
static void note_splits(pt_corpus *c) {
    char splits[64] = "";
    if (c->reader->files)
        pt_file_list_describe_splits(c->reader->files(c->state), splits, sizeof splits);
    if (splits[0]) set_splits_note(c, splits);
}

/** Segments in columns that are not used: warns of that. */
static void note_times(pt_corpus *c) {
    pt_strbuf names = {0};
    if (c->reader->describe_unused_times) c->reader->describe_unused_times(c->state, &names);
    if (names.length > 0 && !names.failed && !c->note[0])
        snprintf(c->note, sizeof c->note,
                 "times of segments in the columns %s are not used; name them with "
                 "'--start-column' and '--end-column'",
                 names.text);
    pt_strbuf_release(&names);
}

/** Refuses a pattern of a kind that does not read one, and a split of a kind that has none. */
static patina_status check_path(const pt_corpus *c, const pt_corpus_probe *probe,
                                patina_error *err) {
    const char *split = c->options.source_split;
    if (probe->is_pattern && !c->reader->reads_patterns)
        return pt_fail(err, PATINA_EUSAGE,
                       "corpus '%s': a pattern names tables, Parquet files or tars, but its first "
                       "match is of kind '%s'; give '--corpus' once for each",
                       c->name, kind_name(&c->kind));
    if (!split || c->reader->files || c->reader->splits ||
        pt_file_list_split_of(c->name) == pt_file_list_split_of(split))
        return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE,
                   "corpus '%s': option '--source-split': its path does not name split '%s', and a "
                   "corpus of kind '%s' has no splits in its rows",
                   c->name, split, kind_name(&c->kind));
}

const char *pt_corpus_note(const pt_corpus *corpus) {
    return corpus->note[0] ? corpus->note : NULL;
}

patina_status pt_corpus_open(const char *path, const pt_corpus_options *options, pt_corpus **corpus,
                             patina_error *err) {
    static const pt_corpus_options defaults = {0};
    const unsigned n_faults = pt_fault_count();
    pt_corpus *c = calloc(1, sizeof *c);
    char *buffer = malloc(PT_CORPUS_PROBE_BYTES + 1);
    pt_corpus_probe probe;
    patina_status status = PATINA_OK;

    if (!c || !buffer || !(c->name = pt_text_dup(path, strlen(path)))) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        goto done;
    }
    if (!options) options = &defaults;
    probe = (pt_corpus_probe){.path = path, .head = buffer, .options = options};
    buffer[0] = '\0';
    status = probe_file(path, buffer, &probe, err);
    if (status != PATINA_OK) goto done;
    status = select_kind(options, &probe, &c->kind, err);
    if (status != PATINA_OK) goto done;
    c->reader = c->kind.reader;
    if (probe.list_path[0]) {
        free(c->name);
        if (!(c->name = pt_text_dup(probe.list_path, strlen(probe.list_path)))) {
            status = pt_fail(err, PATINA_ENOMEM, "out of memory");
            goto done;
        }
        probe.is_pattern = pt_file_list_is_pattern(probe.list_path);
    }
    c->options = *options;
    status = check_options(&c->kind, options, err);
    if (status == PATINA_OK) status = check_path(c, &probe, err);
    if (status != PATINA_OK) goto done;
    if (options->exclude) status = pt_exclude_list_open(options->exclude, &c->exclude, err);
    if (status != PATINA_OK) goto done;
    status = open_reader(c, err);
    if (status == PATINA_OK) status = pt_fault_check(n_faults, err);
    if (status != PATINA_OK) goto done;
    if (!options->source_split) note_splits(c);
    note_times(c);
    *corpus = c;
    c = NULL;
done:
    pt_corpus_close(&c);
    free(buffer);
    return status;
}

void pt_corpus_close(pt_corpus **corpus) {
    if (!*corpus) return;
    close_reader(*corpus);
    pt_row_index_close(&(*corpus)->rows);
    pt_exclude_list_close(&(*corpus)->exclude);
    free((*corpus)->name);
    free(*corpus);
    *corpus = NULL;
}

bool patina_corpus_kind_at(size_t i, const char **name, const char **summary) {
    kind k;
    if (!kind_at(i, &k)) return false;
    *name = kind_name(&k);
    *summary = k.layout ? k.layout->summary : k.reader->summary;
    return true;
}

const char *pt_corpus_kind_name(const pt_corpus *corpus) {
    return kind_name(&corpus->kind);
}

void pt_corpus_describe_audio(const pt_corpus *c, pt_strbuf *text) {
    char *root = c->options.audio_root
                     ? pt_text_dup(c->options.audio_root, strlen(c->options.audio_root))
                     : pt_path_dirname(c->name);
    pt_dir_walk walk = {0};

    if (!root) return;
    if (pt_dir_walk_list_audio(&walk, root, PT_DIR_WALK_DEPTH_MAX, NULL) != PATINA_OK) {
        pt_strbuf_printf(text, "; the audio root '%s' cannot be read", root);
    } else {
        pt_strbuf_printf(text, "; looked in '%s', which has %zu audio file%s", root, walk.n_paths,
                         walk.n_paths == 1 ? "" : "s");
        for (size_t i = 0; i < 3 && i < walk.n_paths; i++) {
            char *name = pt_text_escape(walk.paths[i]);
            pt_strbuf_printf(text, "%s'%s'", i ? ", " : ", such as ", name ? name : "");
            free(name);
        }
        pt_strbuf_append(text, "; select another folder with '--audio-root'");
    }
    pt_dir_walk_release(&walk);
    free(root);
}

void pt_corpus_describe_captions(pt_corpus *c, pt_strbuf *text) {
    if (c->reader->describe_columns && pt_corpus_rewind(c, NULL) == PATINA_OK) {
        pt_strbuf_append(text, "; its columns are ");
        c->reader->describe_columns(c->state, text);
        pt_strbuf_append(text, "; select the column of the captions with '--caption-column'");
    } else {
        pt_strbuf_append(text, "; to make captions from names, use '--caption-template', such as "
                               "'the sound of {parent}'");
    }
}

patina_status pt_corpus_rewind(pt_corpus *c, patina_error *err) {
    close_reader(c);
    c->n_read = 0;
    if (c->rows) pt_row_index_rewind(c->rows);
    return open_reader(c, err);
}

bool pt_corpus_may_repeat_ids(const pt_corpus *corpus) {
    return !corpus->reader->merges_rows;
}

/** The first pass: finds the rows of each id. */
static patina_status index_rows(pt_corpus *c, patina_error *err) {
    bool end = false;
    patina_status status = pt_row_index_open(&c->rows, err);

    while (status == PATINA_OK && !end) {
        pt_entry row = {.max_captions = c->options.max_captions};
        status = c->reader->next(c->state, false, &row, &end, err);
        if (status == PATINA_OK && !end) status = pt_row_index_add(c->rows, &row, err);
        pt_entry_release(&row);
    }
    if (status == PATINA_OK) status = check_row_splits(c, err);
    if (status == PATINA_OK) status = pt_row_index_finish(c->rows, err);
    close_reader(c);
    if (status == PATINA_OK) status = open_reader(c, err);
    if (status != PATINA_OK) pt_row_index_close(&c->rows);
    return status;
}

/** Adds the rows with the id of row `first` to its entry. */
static patina_status merge_later_rows(pt_corpus *c, uint64_t first, bool with_audio,
                                      pt_entry *entry, patina_error *err) {
    size_t n_text = 0;
    for (;;) {
        pt_entry row = {0};
        bool some = false;
        patina_status status = pt_row_index_next(c->rows, first, &row, &some, err);
        if (status == PATINA_OK && some && with_audio && c->reader->load_audio)
            status = c->reader->load_audio(c->state, &row, err);
        if (some && c->kind.layout && c->kind.layout->is_events)
            pt_entry_remove_known_captions(entry, &row);
        if (status == PATINA_OK && some)
            status = pt_entry_merge_row(entry, &row, with_audio, &n_text, err);
        pt_entry_release(&row);
        if (status != PATINA_OK || !some) return status;
    }
}

static patina_status next_entry(pt_corpus *c, bool with_audio, pt_entry *entry, bool *end,
                                patina_error *err) {
    if (!c->reader->merges_rows) return c->reader->next(c->state, with_audio, entry, end, err);
    if (!c->rows) PT_TRY(index_rows(c, err));
    for (;;) {
        const uint64_t row = c->n_read++;
        const bool is_later = pt_row_index_is_later(c->rows, row);
        PT_TRY(c->reader->next(c->state, with_audio, is_later ? NULL : entry, end, err));
        if (*end) return PATINA_OK;
        if (!is_later) return merge_later_rows(c, row, with_audio, entry, err);
    }
}

patina_status pt_corpus_next(pt_corpus *corpus, bool with_audio, pt_entry *entry, bool *end,
                             patina_error *err) {
    pt_entry next = {.max_captions = corpus->options.max_captions};
    bool at_end = false;
    if (!corpus->state)
        return pt_fail(err, PATINA_EUSAGE, "corpus '%s': closed by an earlier error", corpus->name);
    const unsigned n_faults = pt_fault_count();
    patina_status status = next_entry(corpus, with_audio, &next, &at_end, err);

    if (status == PATINA_OK && !at_end && corpus->options.filter)
        status = pt_entry_filter_captions(&next, corpus->options.filter, err);
    status = status_of_reader(status, n_faults, err);
    if (status == PATINA_ETEMPORARY && corpus->options.skip_unreadable && next.source) {
        patina_error why = {0};
        if (err) why = *err;
        pt_entry_clear_captions(&next);
        status = pt_entry_reject(&next, err, PATINA_REJECT_IO_ERROR, "%s", why.message);
    }
    if (status != PATINA_OK) {
        pt_entry_release(&next);
        pt_error_add_context(err, "corpus '%s'", corpus->name);
        return status;
    }
    if (!at_end && corpus->exclude && pt_exclude_list_has(corpus->exclude, next.id, next.source)) {
        free(next.fault);
        next.status = PATINA_REJECT_EXCLUDED;
        next.fault = pt_text_dup(EXCLUDED, sizeof EXCLUDED - 1);
        if (!next.fault) {
            pt_entry_release(&next);
            return pt_fail(err, PATINA_ENOMEM, "out of memory");
        }
    }
    *entry = next;
    *end = at_end;
    return PATINA_OK;
}

patina_status pt_entry_open(const pt_entry *entry, pt_byte_source *bytes, patina_error *err) {
    if (entry->status != PATINA_OK) return pt_fail(err, entry->status, "%s", entry->fault);
    if (entry->audio) {
        pt_byte_source_from_memory(entry->audio, entry->n_audio, bytes);
        return PATINA_OK;
    }
    if (entry->audio_file > 0) { /* a copy, which the caller closes */
        const int fd = fcntl(entry->audio_file - 1, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            return pt_fail(err, PATINA_ETEMPORARY, "cannot be opened: %s", strerrordesc_np(errno));
        *bytes = (pt_byte_source){.is_file = true, .fd = fd, .size = entry->n_audio};
        return PATINA_OK;
    }
    if (!entry->path) return pt_fail(err, PATINA_REJECT_MISSING, "the entry has no audio file");
    /* The message becomes part of the data set, which must not contain local paths. */
    const int error = pt_byte_source_open(entry->path, bytes);
    if (error == 0) return PATINA_OK;
    if (pt_errno_is_missing(error))
        return pt_fail(err, PATINA_REJECT_MISSING, "audio file not found");
    if (error == PT_NOT_A_REGULAR_FILE)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE, "not a regular file");
    return pt_fail(err,
                   pt_errno_is_machine_fault(error) ? PATINA_ETEMPORARY : PATINA_REJECT_UNDECODABLE,
                   "cannot be opened: %s", strerrordesc_np(error));
}
