/* SPDX-License-Identifier: MIT */
/* table_reader.c - tables with one audio file per row, by the layouts of table_layout.c
 *
 *   files in order ──► rows ──► id, audio file (clip_index.h), captions ──► entries
 *
 * Options name columns that replace those of the layout. Audio is in the audio root or beside the
 * table, in folders of any depth there.
 */

#include <errno.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/c_locale.h"
#include "base/error.h"
#include "base/fault_notes.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/caption_template.h"
#include "corpus/class_names.h"
#include "corpus/clip_index.h"
#include "corpus/column_names.h"
#include "corpus/corpus_reader.h"
#include "corpus/csv_table.h"
#include "corpus/entry_builder.h"
#include "corpus/entry_filter.h"
#include "corpus/exclude_list.h"
#include "corpus/file_list.h"
#include "corpus/line_reader.h"
#include "corpus/segment_time.h"
#include "corpus/table_layout.h"
#include "corpus/text_list.h"
#include "fs/path.h"

#define CAPTIONS_MAX     PT_CSV_COLUMNS_MAX /* numbered columns */
#define ID_PARTS_MAX     2
#define YOUTUBE_ID_BYTES 11
#define LOCATION_SIZE    32

static const char *const extensions[] = {".csv", ".tsv", ".tab", ".psv", NULL};
static const char delimiters[] = {',', '\t', ';', '|'};

/** Where the columns of a header are; -1: there is none. */
typedef struct columns {
    int file, start, end, row_id;
    int id[ID_PARTS_MAX];
    size_t n_id;
    int caption[CAPTIONS_MAX];
    size_t n_captions;
    bool is_label; /* the caption columns have labels */
    unsigned char label_start[CAPTIONS_MAX], label_length[CAPTIONS_MAX]; /* in names of one_hot */
    int split; /* column of the split of a row */
} columns;

typedef struct table_state {
    const pt_table_layout *layout;
    const pt_corpus_options *options;
    pt_file_list files;
    size_t n_opened;

    pt_csv_table *csv; /* NULL: none is open */
    char delimiter;    /* of the open file */
    char *name;        /* base name of the open file */
    columns at;
    char *root; /* of the clips */
    char *real; /* the same without symbolic links; NULL: unknown */
    pt_clip_index clips;
    pt_class_names classes;
    pt_split_filter splits;
} table_state;

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* Columns ----------------------------------------------------------------------------------- */

/** The column that an option names, else the first of the layout's names. */
static int find_named(const pt_csv_record *header, const char *option, const char *names) {
    if (option) return pt_csv_find_column(header, option);
    return names ? pt_csv_find_first_column(header, names) : -1;
}

/** Splits names at spaces; false where one is not a column. */
static bool find_all(const pt_csv_record *header, const char *names, int *found, size_t max,
                     size_t *n_found) {
    *n_found = 0;
    while (*names) {
        char name[64];
        const size_t n = strcspn(names, " ");
        snprintf(name, sizeof name, "%.*s", (int)n, names);
        const int column = pt_csv_find_first_column(header, name);
        if (column < 0) return false;
        if (*n_found < max) found[(*n_found)++] = column;
        names += n + (names[n] == ' ');
    }
    return true;
}

static void add_caption_column(columns *at, int column) {
    if (column >= 0 && at->n_captions < CAPTIONS_MAX) at->caption[at->n_captions++] = column;
}

/** Adds the columns of one caption each, "caption_1", "caption_2" ..., in the order of numbers; and
 * those without a number, "caption_writing", where only_numbers is not set. */
static void add_family(const pt_csv_record *header, bool only_numbers, columns *at) {
    unsigned numbers[CAPTIONS_MAX];
    for (size_t i = 0; i < header->n_fields && i < PT_CSV_COLUMNS_MAX; i++) {
        size_t n, k = at->n_captions;
        unsigned number;
        const char *name = pt_csv_field_trimmed(header, (int)i, &n);
        if (!pt_column_is_caption(name, n, &number)) continue;
        if (only_numbers && (name[n - 1] < '0' || name[n - 1] > '9')) continue;
        for (; k > 0 && numbers[k - 1] > number; k--) {
            numbers[k] = numbers[k - 1];
            at->caption[k] = at->caption[k - 1];
        }
        numbers[k] = number;
        at->caption[k] = (int)i;
        at->n_captions++;
    }
}

/** Adds a column, and others of the same name, which pandas numbers: "caption", "caption.1". */
static bool add_named(const pt_csv_record *header, columns *at, int column) {
    size_t n_name, n;
    if (column < 0) return false;
    const char *name = pt_csv_field_trimmed(header, column, &n_name);
    for (size_t i = 0; i < header->n_fields && i < PT_CSV_COLUMNS_MAX; i++) {
        const char *other = pt_csv_field_trimmed(header, (int)i, &n);
        if (n < n_name || strncasecmp(name, other, n_name) != 0) continue;
        if (n == n_name ||
            (other[n_name] == '.' && strspn(other + n_name + 1, "0123456789") == n - n_name - 1))
            add_caption_column(at, (int)i);
    }
    return true;
}

/** Adds "caption2", "caption_3" ... to "caption". */
static void add_numbered(const pt_csv_record *header, columns *at) {
    size_t n;
    const char *name = pt_csv_field_trimmed(header, at->caption[0], &n);
    if (n != 7 || strncasecmp(name, "caption", 7) != 0) return;
    for (size_t i = 0; i < header->n_fields && i < PT_CSV_COLUMNS_MAX; i++) {
        name = pt_csv_field_trimmed(header, (int)i, &n);
        if (pt_column_is_further_caption(name, n)) add_caption_column(at, (int)i);
    }
}

/** Adds the columns of 0 and 1 that are named for a label. */
static bool add_one_hot(const pt_csv_record *header, const pt_table_layout *l, columns *at) {
    regex_t regex;
    if (!l->one_hot) return false;
    if (regcomp(&regex, l->one_hot, REG_EXTENDED) != 0) { /* the pattern is valid */
        pt_fault_note(ENOMEM);
        return false;
    }
    for (size_t i = 0; i < header->n_fields && i < PT_CSV_COLUMNS_MAX; i++) {
        regmatch_t match[2];
        char name[128];
        size_t n;
        const char *text = pt_csv_field_trimmed(header, (int)i, &n);
        snprintf(name, sizeof name, "%.*s", (int)n, text);
        const int result = regexec(&regex, name, 2, match, 0);
        if (result == REG_ESPACE) pt_fault_note(ENOMEM);
        if (result != 0) continue;
        at->label_start[i] = (unsigned char)match[1].rm_so;
        at->label_length[i] = (unsigned char)(match[1].rm_eo - match[1].rm_so);
        add_caption_column(at, (int)i);
    }
    regfree(&regex);
    return at->n_captions > 0;
}

/** The columns that an option names, separated by commas. */
static bool add_option(const pt_csv_record *header, const char *names, columns *at) {
    const int column = pt_csv_find_column(header, names);
    if (column >= 0 || !strchr(names, ',')) {
        add_caption_column(at, column);
        return column >= 0;
    }
    while (*names) {
        char name[128];
        const size_t n = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, names);
        names += n + (names[n] == ',');
        const int one = pt_csv_find_column(header, name);
        if (one < 0) {
            at->n_captions = 0;
            return false;
        }
        add_caption_column(at, one);
    }
    return true;
}

static void find_captions(const pt_csv_record *header, const pt_table_layout *l,
                          const pt_corpus_options *o, columns *at) {
    if (o->caption_column) {
        (void)add_option(header, o->caption_column, at);
        at->is_label = at->n_captions > 0 && !l->caption && !l->other_caption;
        return;
    }
    if (l->caption && !strchr(l->caption, '#') &&
        add_named(header, at, find_named(header, NULL, l->caption))) {
        add_numbered(header, at);
        return;
    }
    if (l->caption && strncmp(l->caption, "caption", 7) == 0)
        add_family(header, strchr(l->caption, '#') != NULL, at);
    if (at->n_captions > 0) return;
    at->is_label = true;
    if (add_one_hot(header, l, at)) return;
    add_caption_column(at, find_named(header, NULL, l->label));
    if (at->n_captions > 0) return;
    at->is_label = add_named(header, at, find_named(header, NULL, l->other_caption)) == false;
    if (at->is_label) add_caption_column(at, find_named(header, NULL, l->other_label));
    at->is_label = at->is_label && at->n_captions > 0;
}

/** The options that name columns; several names in one value are separated by the character. */
static const struct {
    const char *option;
    size_t member;
    const char *separator;
} column_options[] = {
    {"--file-column", offsetof(pt_corpus_options, file_column), ""},
    {"--caption-column", offsetof(pt_corpus_options, caption_column), ","},
    {"--id-column", offsetof(pt_corpus_options, id_column), " "},
    {"--start-column", offsetof(pt_corpus_options, start_column), ""},
    {"--end-column", offsetof(pt_corpus_options, end_column), ""},
};

static void append_columns(const pt_csv_record *header, pt_strbuf *text) {
    for (size_t i = 0; i < header->n_fields && i < PT_CSV_COLUMNS_MAX; i++) {
        size_t n;
        const char *name = pt_csv_field_trimmed(header, (int)i, &n);
        pt_strbuf_printf(text, "%s'%.*s'", i ? ", " : "", pt_text_truncate(name, n < 40 ? n : 40),
                         name);
    }
}

static patina_status fail_option_column(const pt_csv_record *header, const char *option,
                                        const char *name, patina_error *err) {
    pt_strbuf text = {0};
    pt_strbuf_printf(&text, "option '%s': no column '%s'; the columns are ", option, name);
    append_columns(header, &text);
    char *shown = text.failed ? NULL : pt_text_escape(text.text);
    pt_fail(err, PATINA_EUSAGE, "%s", shown ? shown : "a column that an option names is absent");
    pt_strbuf_release(&text);
    free(shown);
    return PATINA_EUSAGE;
}

/** Refuses options with a column that the header does not have. */
static patina_status check_column_options(const pt_csv_record *header, const pt_corpus_options *o,
                                          patina_error *err) {
    for (size_t i = 0; i < sizeof column_options / sizeof column_options[0]; i++) {
        const char *separator = column_options[i].separator, *names;
        char name[128];

        memcpy(&names, (const char *)o + column_options[i].member, sizeof names);
        if (!names || pt_csv_find_column(header, names) >= 0) continue;
        do {
            const size_t n = strcspn(names, separator);
            snprintf(name, sizeof name, "%.*s", pt_text_truncate(names, n), names);
            names += n + (names[n] != '\0');
            if (pt_csv_find_first_column(header, name) < 0)
                return fail_option_column(header, column_options[i].option, name, err);
        } while (*names);
    }
    return PATINA_OK;
}

/** Finds the columns; false where one that is needed is absent. */
static bool find_columns(const pt_csv_record *header, const pt_table_layout *l,
                         const pt_corpus_options *o, columns *at) {
    *at = (columns){.file = find_named(header, o->file_column, l->file),
                    .start = find_named(header, o->start_column, l->start),
                    .end = find_named(header, o->end_column, l->end),
                    .row_id = find_named(header, NULL, l->row_id),
                    .split = find_named(header, NULL, PT_SPLIT_COLUMNS)};
    find_captions(header, l, o, at);
    bool has_id = true;
    if (o->id_column)
        has_id = find_all(header, o->id_column, at->id, ID_PARTS_MAX, &at->n_id);
    else if (l->id)
        has_id = find_all(header, l->id, at->id, ID_PARTS_MAX, &at->n_id);
    if ((o->start_column && at->start < 0) || (o->end_column && at->end < 0)) return false;
    return at->file >= 0 && has_id && (at->n_captions > 0 || o->caption_template);
}

/* Detection --------------------------------------------------------------------------------- */

static bool first_line_matches(const char *pattern, const pt_corpus_probe *probe) {
    regex_t regex;
    char line[512];
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0) return false;
    snprintf(line, sizeof line, "%.*s", (int)strcspn(probe->head, "\r\n"), probe->head);
    const bool matches = regexec(&regex, line, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches;
}

static pt_csv_format make_format(const pt_table_layout *l, const pt_corpus_options *o,
                                 char delimiter) {
    return (pt_csv_format){.delimiter = delimiter,
                           .header = o->header ? o->header : l->header,
                           .extra_fields = l->extra_fields,
                           .last_is_rest = l->delimiter == ' ' && !o->delimiter};
}

/** Whether a header has the columns of a layout. */
static bool header_matches(const pt_csv_record *header, const pt_table_layout *l,
                           const pt_corpus_options *o, bool detect) {
    columns at;
    size_t n;
    int ignored[1];
    if (detect && l->requires && !find_all(header, l->requires, ignored, 0, &n)) return false;
    return find_columns(header, l, o, &at);
}

/** Whether the first row fits a header that is not in the file; it is read. */
static patina_status check_first_row(pt_csv_table *table, const pt_csv_format *format, bool *fits,
                                     patina_error *err) {
    const pt_csv_record *r = NULL;
    if (format->header) PT_TRY(pt_csv_next(table, &r, err));
    *fits = !r || !r->fault[0];
    return PATINA_OK;
}

/** The delimiter with which the head of a file has the columns of a layout; 0: none. */
static char find_delimiter(const pt_corpus_probe *probe, const pt_table_layout *l, bool detect) {
    const pt_corpus_options *o = probe->options;
    const char given = o->delimiter ? o->delimiter : l->delimiter;
    for (size_t i = 0; i < (given ? 1 : sizeof delimiters); i++) {
        pt_csv_table *table = NULL;
        const char delimiter = given ? given : delimiters[i];
        const pt_csv_format format = make_format(l, o, delimiter);
        if (pt_csv_open_head(probe, &format, &table, NULL) != PATINA_OK) continue;
        bool fits = false;
        const bool matches = header_matches(pt_csv_header(table), l, o, detect) &&
                             check_first_row(table, &format, &fits, NULL) == PATINA_OK && fits;
        pt_csv_close(&table);
        if (matches) return delimiter;
    }
    return 0;
}

static bool layout_fits(const pt_corpus_probe *probe, const pt_table_layout *layout) {
    if (probe->head[0] == '{' || probe->head[0] == '[') return false;
    if (layout->first_line && !probe->options->header &&
        !first_line_matches(layout->first_line, probe))
        return false;
    return find_delimiter(probe, layout, true) != 0;
}

static const pt_table_layout *find_fitting(const pt_corpus_probe *probe) {
    for (size_t i = 0; i < pt_n_table_layouts; i++)
        if (layout_fits(probe, &pt_table_layouts[i])) return &pt_table_layouts[i];
    return NULL;
}

/** The first layout that fits. With a caption template one fits without captions and labels, but
 * one that has them, and so the field {label}, is preferred. */
static const pt_table_layout *table_find_layout(const pt_corpus_probe *probe) {
    if (probe->is_folder || probe->n_head == 0) return NULL;
    if (probe->options->caption_template) {
        pt_corpus_options options = *probe->options;
        pt_corpus_probe without = *probe;
        options.caption_template = NULL;
        without.options = &options;
        const pt_table_layout *layout = find_fitting(&without);
        if (layout) return layout;
    }
    return find_fitting(probe);
}

/** What a header has of a layout: the number of columns found, and the name of the first absent. */
static int count_columns(const pt_csv_record *header, const pt_table_layout *l,
                         const pt_corpus_options *o, pt_strbuf *absent) {
    columns at;
    int n = 0;
    (void)find_columns(header, l, o, &at);
    pt_strbuf_clear(absent);
    for (const char *name = l->requires; name && *name;) {
        char text[64];
        const size_t length = strcspn(name, " ");
        snprintf(text, sizeof text, "%.*s", (int)length, name);
        name += length + (name[length] == ' ');
        if (pt_csv_find_first_column(header, text) >= 0)
            n++;
        else if (absent->length == 0)
            pt_strbuf_printf(absent, "the column '%s'", text);
    }
    n += (at.file >= 0) + (at.n_captions > 0 && !l->one_hot);
    if (at.file < 0 && absent->length == 0)
        pt_strbuf_printf(absent, "a column of file names ('%s', or one named with '--file-column')",
                         l->file);
    if (at.n_captions == 0 && absent->length == 0)
        pt_strbuf_printf(absent,
                         "a column of captions ('%s', or one named with '--caption-column')",
                         l->caption ? l->caption
                         : l->label ? l->label
                                    : l->one_hot);
    return n;
}

static const char *delimiter_name(const char *delimiter) {
    return *delimiter == '\t' ? "tab" : delimiter;
}

static int table_lacks(const pt_corpus_probe *probe, pt_strbuf *sentence) {
    pt_strbuf absent = {0};
    bool best_requires = false;
    int best = 0;

    if (probe->is_folder || probe->head[0] == '{') return 0;
    for (size_t d = 0; d < sizeof delimiters; d++) {
        pt_csv_table *table = NULL;
        const pt_csv_format format = {.delimiter = delimiters[d], .header = probe->options->header};
        if (pt_csv_open_head(probe, &format, &table, NULL) != PATINA_OK) continue;
        for (size_t i = 0; i < pt_n_table_layouts; i++) {
            const pt_table_layout *l = &pt_table_layouts[i];
            if (l->header && !probe->options->header) continue;
            const int n = count_columns(pt_csv_header(table), l, probe->options, &absent);
            const bool is_better = n > best || (n == best && best_requires && !l->requires);
            if (n == 0 || !is_better || absent.length == 0) continue;
            best = n;
            best_requires = l->requires != NULL;
            pt_strbuf_clear(sentence);
            pt_strbuf_printf(sentence, "the nearest kind is '%s', which requires %s", l->name,
                             absent.text);
        }
        pt_csv_close(&table);
    }
    pt_strbuf_release(&absent);
    return best;
}

/** Refuses options that do not fit the header, which is read with their delimiter or with the one
 * that makes most columns of it. */
static patina_status table_check_options(const pt_corpus_probe *probe, patina_error *err) {
    const pt_corpus_options *o = probe->options;
    pt_csv_table *best = NULL, *given = NULL;
    const char given_name[2] = {o->delimiter};
    char best_name[2] = "";
    patina_status status = PATINA_OK;

    if (probe->is_folder || probe->head[0] == '{' || probe->head[0] == '[' ||
        strlen(probe->head) != probe->n_head)
        return PATINA_OK;
    for (size_t i = 0; i < sizeof delimiters; i++) {
        const pt_csv_format format = {.delimiter = delimiters[i], .header = o->header};
        pt_csv_table *table = NULL;
        if (pt_csv_open_head(probe, &format, &table, NULL) != PATINA_OK) continue;
        if (!best || pt_csv_header(table)->n_fields > pt_csv_header(best)->n_fields) {
            pt_csv_table *previous = best;
            best = table;
            table = previous;
            best_name[0] = delimiters[i];
        }
        pt_csv_close(&table);
    }
    const pt_csv_format format = {.delimiter = o->delimiter, .header = o->header};
    if (o->delimiter && best && !o->header && pt_csv_header(best)->n_fields > 1 &&
        pt_csv_open_head(probe, &format, &given, NULL) == PATINA_OK &&
        pt_csv_header(given)->n_fields == 1)
        status = pt_fail(err, PATINA_EUSAGE,
                         "corpus '%s': option '--delimiter': the header is one column with '%s', "
                         "and %zu columns with '%s'",
                         probe->path, delimiter_name(given_name), pt_csv_header(best)->n_fields,
                         delimiter_name(best_name));
    if (status == PATINA_OK && best) {
        status = check_column_options(pt_csv_header(given ? given : best), o, err);
        if (status != PATINA_OK) pt_error_add_context(err, "corpus '%s'", probe->path);
    }
    pt_csv_close(&given);
    pt_csv_close(&best);
    return status;
}

/* Files ------------------------------------------------------------------------------------- */

static void close_file(table_state *s) {
    pt_csv_close(&s->csv);
    free(s->name);
    s->name = NULL;
}

static void table_close(void *state) {
    table_state *s = state;
    close_file(s);
    pt_file_list_close(&s->files);
    pt_clip_index_close(&s->clips);
    free(s->root);
    free(s->real);
    pt_class_names_release(&s->classes);
    free(s);
}

/** Lists the clips of a folder (taken over), unless it is the current one. */
static patina_status set_root(table_state *s, char *root, patina_error *err) {
    if (!root) return no_memory(err);
    if (s->root && strcmp(s->root, root) == 0) {
        free(root);
        return PATINA_OK;
    }
    free(s->root);
    s->root = root;
    pt_clip_index_close(&s->clips);
    PT_TRY(pt_corpus_resolve_root(root, &s->real, err));
    return pt_clip_index_open(&s->clips, root, err);
}

/** Whether the name of a folder is one of lists: then audio is in a folder beside it. */
static bool is_folder_of_lists(const table_state *s) {
    static const char *const words[] = {
        "meta", "annotation", "label", "truth",   "evaluation_setup",
        "csv",  "manifest",   "split", "filelist"};
    const char *name = pt_path_basename(s->real ? s->real : s->root);
    bool is_one = false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        is_one = is_one || strcasestr(name, words[i]);
    return is_one;
}

static patina_status find_root(table_state *s, const char *path, patina_error *err) {
    const char *folders[] = {s->layout->folder, NULL};
    struct stat info;

    PT_TRY(set_root(s, pt_corpus_audio_root(path, s->options), err));
    if (is_folder_of_lists(s)) folders[1] = "..";
    for (size_t i = 0; i < 2; i++) {
        if (s->options->audio_root || s->clips.n_names > 0) return PATINA_OK;
        char *folder = folders[i] ? pt_path_join(s->root, folders[i]) : NULL;
        bool exists = false;
        patina_status status = PATINA_OK;
        if (folders[i] && !folder) return no_memory(err);
        if (folder) status = pt_path_find(folder, &exists, &info, err);
        if (status == PATINA_OK && exists && S_ISDIR(info.st_mode)) return set_root(s, folder, err);
        free(folder);
        PT_TRY(status);
    }
    return PATINA_OK;
}

static void describe_columns(void *state, pt_strbuf *text) {
    const table_state *s = state;
    if (s->csv) append_columns(pt_csv_header(s->csv), text);
}

static patina_status fail_columns(const table_state *s, const pt_csv_record *header,
                                  patina_error *err) {
    const pt_table_layout *l = s->layout;
    const pt_corpus_options *o = s->options;
    pt_strbuf text = {0};
    columns at;
    const char *option, *names;

    PT_TRY(check_column_options(header, o, err));
    (void)find_columns(header, l, o, &at);
    if (at.file < 0) {
        option = "--file-column";
        names = o->file_column ? o->file_column : l->file;
    } else if (at.n_captions == 0) {
        option = "--caption-column";
        names = o->caption_column ? o->caption_column
                : l->caption      ? l->caption
                : l->label        ? l->label
                                  : l->one_hot;
    } else {
        option = "--id-column";
        names = o->id_column ? o->id_column : l->id;
    }
    pt_strbuf_printf(&text, "it has no column '%s'; its columns are ", names);
    append_columns(header, &text);
    pt_strbuf_printf(&text, "; select one with '%s'", option);
    char *shown = text.failed ? NULL : pt_text_escape(text.text);
    pt_fail(err, PATINA_EFORMAT, "%s", shown ? shown : "columns are missing");
    pt_strbuf_release(&text);
    free(shown);
    return PATINA_EFORMAT;
}

static patina_status open_with_delimiter(table_state *s, const char *path, char delimiter,
                                         bool *fits, patina_error *err) {
    const pt_csv_format format = make_format(s->layout, s->options, delimiter);
    pt_csv_close(&s->csv);
    s->delimiter = delimiter;
    PT_TRY(pt_csv_open(path, &format, &s->csv, err));
    *fits = find_columns(pt_csv_header(s->csv), s->layout, s->options, &s->at);
    if (!*fits || !format.header) return PATINA_OK;
    PT_TRY(check_first_row(s->csv, &format, fits, err));
    pt_csv_close(&s->csv);
    return pt_csv_open(path, &format, &s->csv, err);
}

/** Opens a table with the delimiter that gives it the columns of the layout, else most columns. */
static patina_status open_table(table_state *s, const char *path, patina_error *err) {
    const char given = s->options->delimiter ? s->options->delimiter : s->layout->delimiter;
    char best = given ? given : delimiters[0];
    size_t most = 0;
    bool fits = false;
    for (size_t i = 0; i < sizeof delimiters && !given && !fits; i++) {
        const patina_status status = open_with_delimiter(s, path, delimiters[i], &fits, err);
        if (status == PATINA_EFORMAT) continue; /* the first line sets another delimiter */
        PT_TRY(status);
        if (pt_csv_header(s->csv)->n_fields <= most) continue;
        most = pt_csv_header(s->csv)->n_fields;
        best = delimiters[i];
    }
    if (!fits) PT_TRY(open_with_delimiter(s, path, best, &fits, err));
    if (find_columns(pt_csv_header(s->csv), s->layout, s->options, &s->at)) return PATINA_OK;
    return fail_columns(s, pt_csv_header(s->csv), err);
}

/** Opens the next file; *some is false after the last. */
static patina_status next_file(table_state *s, bool *some, patina_error *err) {
    close_file(s);
    *some = s->n_opened < s->files.of.n_paths;
    if (!*some) return PATINA_OK;
    char *path = pt_path_join(s->files.root, s->files.of.paths[s->n_opened++]);
    char *folder = path ? pt_path_dirname(path) : NULL;
    patina_status status = PATINA_OK;

    if (!path || !folder || !(s->name = pt_corpus_base_name(path, "table")))
        status = no_memory(err);
    if (status == PATINA_OK) status = open_table(s, path, err);
    if (status == PATINA_OK) status = find_root(s, path, err);
    if (status == PATINA_OK && s->layout->classes && s->at.is_label)
        status = pt_class_names_read(&s->classes, folder, s->layout->classes, err);
    if (status != PATINA_OK && s->files.of.n_paths > 1 && path)
        pt_error_add_context(err, "'%s'", path);
    free(path);
    free(folder);
    return status;
}

/** Appends the columns with usual names of times that neither the layout nor an option uses. */
static void describe_unused_times(const void *state, pt_strbuf *text) {
    const table_state *s = state;
    const pt_table_layout *l = s->layout;
    const pt_corpus_options *o = s->options;
    const char *names[] = {PT_START_COLUMNS, PT_END_COLUMNS};
    size_t n;

    if (!s->csv || l->start || l->requires || l->first_line || o->start_column || o->end_column)
        return;
    const pt_csv_record *header = pt_csv_header(s->csv);
    if (pt_csv_find_first_column(header, PT_START_COLUMNS) < 0) return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const int column = pt_csv_find_first_column(header, names[i]);
        if (column < 0) continue;
        const char *name = pt_csv_field_trimmed(header, column, &n);
        pt_strbuf_printf(text, "%s'%.*s'", i ? ", " : "", pt_text_truncate(name, n), name);
    }
}

static patina_status check_template(const table_state *s, patina_error *err);
static patina_status check_filter(table_state *s, patina_error *err);

static patina_status table_open(const char *path, const pt_corpus_options *options,
                                const pt_table_layout *layout, void **state, patina_error *err) {
    table_state *s = calloc(1, sizeof *s);
    bool some = false;

    if (!s) return no_memory(err);
    s->layout = layout;
    s->options = options;
    bool in_rows = false;
    patina_status status =
        pt_file_list_open_split(&s->files, path, extensions, options->source_split, &in_rows, err);
    if (status == PATINA_OK) status = next_file(s, &some, err);
    if (status == PATINA_OK && in_rows && s->at.split < 0)
        status = pt_file_list_fail_split(&s->files, options->source_split, err);
    if (in_rows) s->splits.wanted = options->source_split;
    if (status == PATINA_OK && options->end_column && s->at.start < 0)
        status = pt_fail(err, PATINA_EUSAGE, "option '--end-column' requires '--start-column'");
    if (status == PATINA_OK) status = check_template(s, err);
    if (status == PATINA_OK) status = check_filter(s, err);
    if (status == PATINA_OK)
        *state = s;
    else
        table_close(s);
    return status;
}

/* Fields ------------------------------------------------------------------------------------ */

static bool is_valid_text(const char *text, size_t n) {
    return n > 0 && !memchr(text, '\0', n) && pt_utf8_is_valid(text, n) &&
           !pt_utf8_is_blank(text, n);
}

/** What a template refers to. */
typedef struct row_fields {
    const table_state *s;
    const pt_csv_record *record; /* the header, where only names are checked */
    const char *path;            /* of the audio; NULL: not known yet */
} row_fields;

static bool is_one(const char *text, size_t n) {
    return (n == 1 && text[0] == '1') || (n == 3 && memcmp(text, "1.0", 3) == 0) ||
           (n == 4 && strncasecmp(text, "true", 4) == 0);
}

/** The names of the columns that are 1, a line each. */
static void append_one_hot(const table_state *s, const pt_csv_record *r, pt_strbuf *out) {
    for (size_t i = 0; i < s->at.n_captions; i++) {
        const int column = s->at.caption[i];
        size_t n;
        const char *value = pt_csv_field_trimmed(r, column, &n);
        if (!is_one(value, n)) continue;
        const char *name = pt_csv_field_trimmed(pt_csv_header(s->csv), column, &n);
        if (out->length > 0) pt_strbuf_append(out, "\n");
        for (size_t k = 0; k < s->at.label_length[column]; k++) {
            const char c = name[s->at.label_start[column] + k];
            pt_strbuf_append_bytes(out, s->layout->hyphen_is_space && c == '-' ? " " : &c, 1);
        }
    }
}

/** The labels of a row as one text. */
static void append_labels(const table_state *s, const pt_csv_record *r, pt_strbuf *out) {
    const pt_table_layout *l = s->layout;
    const int column = s->at.caption[0];
    char separator = '\n';
    pt_strbuf all = {0};
    size_t n;
    const char *text = pt_csv_field_trimmed(r, column, &n);

    if (l->one_hot) {
        append_one_hot(s, r, &all);
    } else if (s->classes.n > 0) {
        pt_class_names_append(&s->classes, text, n, l->separator, &all);
    } else if (l->extra_fields) {
        for (int i = column; (size_t)i < r->n_fields; i++) {
            text = pt_csv_field_trimmed(r, i, &n);
            if (all.length > 0) pt_strbuf_append(&all, "\n");
            pt_strbuf_append_bytes(&all, text, n);
        }
    } else {
        separator = pt_labels_read(text, n, l->separator, &all);
    }
    if (all.length > 0)
        pt_labels_join(all.text, all.length, separator, l->prefix_end, l->and_is_comma, out);
    if (all.failed) out->failed = true;
    pt_strbuf_release(&all);
}

static bool append_field(void *context, const char *name, size_t n, pt_strbuf *out) {
    const row_fields *f = context;
    char text[64];
    size_t n_value;

    if (f->path && pt_template_path_field(f->path, name, n, out)) return true;
    if (!f->path && (pt_template_path_field("a/a", name, n, out))) return true;
    if (n == 5 && memcmp(name, "label", 5) == 0 && f->s->at.n_captions > 0) {
        append_labels(f->s, f->record, out);
        return true;
    }
    if (n == 9 && memcmp(name, "file_stem", 9) == 0) {
        const char *file = pt_csv_field_trimmed(f->record, f->s->at.file, &n_value);
        const size_t n_stem = pt_path_stem_length(file);
        pt_strbuf_append_bytes(out, file, n_stem < n_value ? n_stem : n_value);
        return true;
    }
    snprintf(text, sizeof text, "%.*s", n < sizeof text ? (int)n : 0, name);
    const int column = pt_csv_find_column(pt_csv_header(f->s->csv), text);
    if (column < 0) return false;
    const char *value = pt_csv_field_trimmed(f->record, column, &n_value);
    pt_strbuf_append_bytes(out, value, n_value);
    return true;
}

/** Refuses a template or a split key of the options that the table does not have. */
static patina_status check_template(const table_state *s, patina_error *err) {
    pt_strbuf text = {0};
    const char *unknown = NULL;
    row_fields fields = {s, pt_csv_header(s->csv), NULL};

    if (s->options->split_column && pt_csv_find_column(fields.record, s->options->split_column) < 0)
        return pt_fail(
            err, PATINA_EUSAGE,
            "option '--split-key': '%s' is not a column, nor 'youtube_id', 'parent' or 'sound'",
            s->options->split_column);
    if (!s->options->caption_template) return PATINA_OK;
    pt_template_expand(s->options->caption_template, append_field, &fields, &text, &unknown);
    pt_strbuf_release(&text);
    if (!unknown) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE,
                   "caption template: '%.*s' is not a column, nor 'label', 'stem' or 'parent'",
                   (int)strcspn(unknown, "}"), unknown);
}

/* Rows -------------------------------------------------------------------------------------- */

/** Refuses a filter with a field that the table does not have. */
static patina_status check_filter(table_state *s, patina_error *err) {
    const pt_filter_expr *filter = s->options->filter;
    row_fields fields = {s, pt_csv_header(s->csv), NULL};
    const size_t i = pt_filter_find_unknown(filter, append_field, &fields);
    pt_strbuf names = {0};

    if (!filter || i == filter->n) return PATINA_OK;
    append_columns(pt_csv_header(s->csv), &names);
    pt_condition_fail_unknown(&filter->item[i], PT_FILTER_OPTION, pt_filter_fields,
                              names.failed ? "" : names.text, err);
    pt_strbuf_release(&names);
    return PATINA_EUSAGE;
}

/** Appends start and end to the id: segments of one recording are different entries. */
static void append_segment(const table_state *s, const pt_csv_record *r, pt_strbuf *id) {
    const int at[] = {s->at.start, s->at.end};
    if (s->options->id_column || !(s->options->start_column || s->layout->id_has_segment)) return;
    if (s->at.n_id > 0 && !s->layout->id_has_segment) return; /* its columns are the whole id */
    for (size_t i = 0; i < 2; i++) {
        size_t n;
        if (at[i] < 0) continue;
        const char *time = pt_csv_field_trimmed(r, at[i], &n);
        if (!is_valid_text(time, n)) continue;
        pt_strbuf_append(id, "_");
        pt_strbuf_append_bytes(id, time, n);
    }
}

/** The id: columns joined by '_', or the file name. */
static patina_status read_id(const table_state *s, const pt_csv_record *r, pt_entry *entry,
                             patina_error *err) {
    pt_strbuf id = {0};
    size_t n;

    for (size_t i = 0; i < s->at.n_id; i++) {
        const char *part = pt_csv_field_trimmed(r, s->at.id[i], &n);
        if (!is_valid_text(part, n)) {
            pt_strbuf_release(&id);
            const char *name = pt_csv_field_trimmed(pt_csv_header(s->csv), s->at.id[i], &n);
            return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                                   "line %llu: its %.*s is empty or not UTF-8", r->line,
                                   pt_text_truncate(name, n), name);
        }
        if (i > 0) pt_strbuf_append(&id, "_");
        pt_strbuf_append_bytes(&id, part, n);
    }
    if (s->at.n_id == 0) {
        const char *name = pt_csv_field(r, s->at.file, &n);
        if (!is_valid_text(name, n))
            return pt_entry_reject(
                entry, err, PATINA_REJECT_UNDECODABLE,
                "line %llu: its file name is empty, is not UTF-8 or contains a NUL", r->line);
        if (s->files.of.n_paths > 1) { /* names of several folders may be equal */
            const char *path = s->files.of.paths[s->n_opened - 1];
            pt_strbuf_append_bytes(&id, path, (size_t)(pt_path_basename(path) - path));
        }
        char *text = pt_text_dup(name, n);
        if (!text) id.failed = true;
        pt_strbuf_append(&id, text ? pt_corpus_relative_name(text, s->root, s->real) : "");
        free(text);
    }
    append_segment(s, r, &id);
    entry->id = pt_strbuf_detach(&id);
    return entry->id ? PATINA_OK : no_memory(err);
}

/** The start in "<id>_<start>" and "<id>_<start>_<end>" in seconds; whole thousands are
 * milliseconds. -1: none. */
static double read_id_start(const char *id) {
    char *end;
    if (*id != '_' || strspn(id + 1, "0123456789.") == 0) return -1.0;
    const double start = pt_strtod(id + 1, &end);
    const bool is_ms = start >= 1000.0 && fmod(start, 1000.0) == 0.0;
    return *end && *end != '_' && *end != '-' ? -1.0 : is_ms ? start / 1000.0 : start;
}

/** A field that contains an id: "Y<id>.wav", "<id>_30000", an address. */
static const char *find_youtube_reference(const table_state *s, const char *field, size_t n_field,
                                          double *start_s) {
    char text[256], start[32] = "";
    if (n_field >= sizeof text) return NULL;
    memcpy(text, field, n_field);
    text[n_field] = '\0';
    const char *id = pt_youtube_id_find(text);
    if (!id) return NULL;
    const double seconds = read_id_start(id + YOUTUBE_ID_BYTES);
    if (seconds >= 0.0) pt_snprintf(start, sizeof start, "%.15g", seconds);
    const char *path =
        pt_clip_index_find_youtube(&s->clips, id, YOUTUBE_ID_BYTES, start[0] ? start : NULL, "");
    if (path && seconds >= 0.0) *start_s = seconds;
    return path;
}

static const char *find_youtube(const table_state *s, const pt_csv_record *r, double *start_s) {
    char start[32] = "", rows[64] = "";
    size_t n_id, n;
    const char *id = pt_csv_field_trimmed(r, s->at.file, &n_id), *text;

    if (s->at.start >= 0) {
        text = pt_csv_field_trimmed(r, s->at.start, &n);
        memcpy(start, text, n < sizeof start ? n : sizeof start - 1);
    }
    if (s->at.row_id >= 0) {
        text = pt_csv_field_trimmed(r, s->at.row_id, &n);
        if (n + 2 <= sizeof rows && is_valid_text(text, n)) memcpy(rows, text, n);
    }
    const char *path =
        pt_clip_index_find_youtube(&s->clips, id, n_id, start[0] ? start : NULL, rows);
    return path ? path : find_youtube_reference(s, id, n_id, start_s);
}

/** The file of each alternative of the path template. */
static const char *find_by_template(const table_state *s, const pt_csv_record *r) {
    const char *path = NULL, *unknown;
    row_fields fields = {s, r, NULL};
    for (const char *at = s->layout->path; *at && !path;) {
        char template[128];
        const size_t n = strcspn(at, "|");
        pt_strbuf name = {0};
        snprintf(template, sizeof template, "%.*s", (int)n, at);
        at += n + (at[n] == '|');
        pt_template_expand(template, append_field, &fields, &name, &unknown);
        if (name.length > 0 && !unknown)
            path = pt_clip_index_find_file(&s->clips, name.text, s->name);
        pt_strbuf_release(&name);
    }
    return path;
}

/** The path of the clip below the root; NULL: not found. */
static const char *find_clip(const table_state *s, const pt_csv_record *r, double *start_s) {
    const char *path = NULL;
    size_t n;
    const char *name = pt_csv_field(r, s->at.file, &n);

    if (memchr(name, '\0', n)) return NULL;
    if (s->layout->is_youtube) path = find_youtube(s, r, start_s);
    if (!path && s->layout->path && !s->options->file_column) path = find_by_template(s, r);
    if (!path) path = pt_clip_index_find_file(&s->clips, name, s->name);
    if (path) return path;
    name = pt_csv_field_trimmed(r, s->at.file, &n);
    char *trimmed = pt_text_dup(name, n);
    if (trimmed) path = pt_clip_index_find_file(&s->clips, trimmed, s->name);
    free(trimmed);
    return path;
}

/** A path outside the root, absolute or with "../", is the file if it exists; so is one that is
 * relative to the folder above a root without audio ("wavs/x.wav" of data/train.csv). */
static patina_status find_outside(const table_state *s, const char *name, pt_entry *entry,
                                  patina_error *err) {
    const char *base = pt_path_basename(name);
    const bool is_outside = name[0] == '/' || strncmp(name, "../", 3) == 0;
    if (!is_outside && (s->clips.n_names > 0 || s->options->audio_root || name[0] == '\0'))
        return PATINA_OK;
    pt_strbuf above = {0};
    pt_strbuf_printf(&above, "%s%s", is_outside ? "" : "../", name);
    char *path = above.failed ? NULL : pt_path_join(s->root, above.text);
    pt_strbuf_release(&above);
    if (!path) return no_memory(err);
    if (!is_outside) base = name;
    const bool is_there = pt_path_may_exist(path);
    if (!is_there || !pt_utf8_is_valid(base, strlen(base))) {
        free(path);
        return is_there ? pt_entry_reject_file_name(entry, base, err) : PATINA_OK;
    }
    free(entry->source);
    entry->source = pt_text_dup(base, strlen(base));
    entry->path = path;
    return entry->source ? PATINA_OK : no_memory(err);
}

static patina_status find_audio(const table_state *s, const pt_csv_record *r, pt_entry *entry,
                                patina_error *err) {
    size_t n;
    const char *name = pt_csv_field_trimmed(r, s->at.file, &n);
    double start_s = -1.0;
    const char *path = find_clip(s, r, &start_s);

    entry->has_start = start_s >= 0.0;
    entry->start_s = start_s;
    entry->is_clip_of_id = s->layout->is_youtube;
    if (!path) PT_TRY(find_outside(s, name, entry, err));
    if (entry->path || entry->status != PATINA_OK) return PATINA_OK;
    if (!path || !pt_utf8_is_valid(path, strlen(path)))
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               s->layout->is_youtube
                                   ? "line %llu: no audio file is named '%s.*' or with another "
                                     "usual name of a YouTube clip"
                                   : "line %llu: no audio file is named '%s', with this or another "
                                     "extension",
                               r->line, entry->id);
    free(entry->source);
    entry->source = pt_text_dup(path, strlen(path));
    entry->path = pt_path_join(s->root, path);
    return entry->source && entry->path ? PATINA_OK : no_memory(err);
}

/** The times of the columns of the segment; those of a file name are kept where they are empty. */
static patina_status read_segment(const table_state *s, const pt_csv_record *r,
                                  const char *location, pt_entry *entry, patina_error *err) {
    const bool decimal_comma = s->delimiter != ',';
    size_t n;

    if (s->at.start >= 0) {
        const char *start = pt_csv_field_trimmed(r, s->at.start, &n);
        PT_TRY(pt_entry_set_start(entry, start, n, decimal_comma, location, err));
    }
    if (s->at.end < 0) return PATINA_OK;
    const char *end = pt_csv_field_trimmed(r, s->at.end, &n);
    return pt_entry_set_end(entry, end, n, decimal_comma, location, err);
}

static patina_status add_template(const table_state *s, const pt_csv_record *r, pt_entry *entry,
                                  patina_error *err) {
    const char *own = s->options->caption_template, *unknown;
    pt_strbuf text = {0};
    size_t n = 0;
    const char *label = s->at.is_label && !s->layout->one_hot
                            ? pt_csv_field_trimmed(r, s->at.caption[0], &n)
                            : NULL;

    if (label && s->layout->classes && s->classes.n == 0 && pt_class_names_is_id(label, n)) {
        char fault[128];
        snprintf(fault, sizeof fault,
                 "the file '%.*s' with the names of its labels is missing from the folder of the "
                 "table",
                 (int)strcspn(s->layout->classes, "|"), s->layout->classes);
        return pt_entry_add_bad_caption(entry, fault, err);
    }
    if (s->layout->one_hot && !own) {
        append_labels(s, r, &text);
        const bool has_label = text.length > 0;
        pt_strbuf_clear(&text);
        if (!has_label) return text.failed ? no_memory(err) : PATINA_OK;
    }
    if (!own && label && n > 0 && strspn(label, "0123456789") >= n)
        return pt_entry_add_bad_caption(entry, "its label is only a number", err);
    if (label && !is_valid_text(label, n)) return pt_entry_add_caption(entry, label, n, err);
    row_fields fields = {s, r, entry->source};
    pt_template_expand(own ? own : s->layout->caption_template, append_field, &fields, &text,
                       &unknown);
    const patina_status status =
        text.failed ? no_memory(err)
                    : pt_entry_add_caption(entry, text.text ? text.text : "", text.length, err);
    pt_strbuf_release(&text);
    return status;
}

/** Whether a cell is one of the words that programs write for a missing value. */
static bool is_missing_value(const char *text, size_t n) {
    static const char *const words[] = {"nan",  "NaN", "null", "NULL",
                                        "None", "N/A", "#N/A", "<NA>"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (n == strlen(words[i]) && memcmp(text, words[i], n) == 0) return true;
    return false;
}

static patina_status add_captions(const table_state *s, const pt_csv_record *r, pt_entry *entry,
                                  patina_error *err) {
    if (s->options->caption_template || (s->at.is_label && !s->options->caption_column))
        return add_template(s, r, entry, err);
    for (size_t i = 0; i < s->at.n_captions; i++) {
        size_t n;
        const char *caption = pt_csv_field(r, s->at.caption[i], &n);
        if (is_missing_value(caption, n)) {
            PT_TRY(pt_entry_add_bad_caption(entry, "a missing value", err));
            continue;
        }
        PT_TRY(pt_entry_add_text_list(entry, caption, n, err));
    }
    return PATINA_OK;
}

static patina_status read_split_value(const table_state *s, const pt_csv_record *r, pt_entry *entry,
                                      patina_error *err) {
    size_t n;
    if (!s->options->split_column) return PATINA_OK;
    const int column = pt_csv_find_column(pt_csv_header(s->csv), s->options->split_column);
    const char *value = column >= 0 ? pt_csv_field_trimmed(r, column, &n) : "";
    if (column < 0 || n == 0) return PATINA_OK;
    entry->split_value = pt_text_dup(value, n);
    return entry->split_value ? PATINA_OK : no_memory(err);
}

/** "line 17", without the time that printf takes in tables of millions of rows. Returns the number
 * in it. */
static const char *format_location(unsigned long long line, char text[LOCATION_SIZE]) {
    static const char word[] = "line ";
    char digits[LOCATION_SIZE], *at = digits + sizeof digits;
    *--at = '\0';
    do {
        *--at = (char)('0' + line % 10);
    } while ((line /= 10) > 0);
    memcpy(text, word, sizeof word - 1);
    return strcpy(text + sizeof word - 1, at);
}

static patina_status read_row(const table_state *s, const pt_csv_record *r, pt_entry *entry,
                              patina_error *err) {
    char location[LOCATION_SIZE];
    const char *number = format_location(r->line, location);
    pt_strbuf source = {0};

    pt_strbuf_append(&source, s->name);
    pt_strbuf_append(&source, ":");
    pt_strbuf_append(&source, number);
    if (!(entry->source = pt_strbuf_detach(&source))) return no_memory(err);
    if (r->fault[0])
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE, "line %llu: %s", r->line,
                               r->fault);
    PT_TRY(read_id(s, r, entry, err));
    if (!entry->id) return s->at.n_id > 0 ? PATINA_OK : add_captions(s, r, entry, err);
    PT_TRY(find_audio(s, r, entry, err));
    PT_TRY(read_split_value(s, r, entry, err));
    PT_TRY(read_segment(s, r, location, entry, err));
    PT_TRY(add_captions(s, r, entry, err));
    row_fields fields = {s, r, entry->source};
    return pt_entry_filter_columns(entry, s->options->filter, append_field, &fields, err);
}

/** Whether the row belongs to the split that is wanted. */
static bool is_in_split(table_state *s, const pt_csv_record *r) {
    size_t n;
    if (s->at.split < 0 || r->fault[0]) return true;
    const char *split = pt_csv_field_trimmed(r, s->at.split, &n);
    return pt_split_filter_accepts(&s->splits, split, n);
}

static const pt_file_list *table_files(const void *state) {
    return &((const table_state *)state)->files;
}

static const pt_split_filter *table_splits(const void *state) {
    return &((const table_state *)state)->splits;
}

static patina_status table_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                patina_error *err) {
    table_state *s = state;
    const pt_csv_record *record = NULL;
    bool some = true;
    (void)with_audio;

    while (some && s->csv) {
        PT_TRY(pt_csv_next(s->csv, &record, err));
        if (record && !is_in_split(s, record)) continue;
        if (record) return entry ? read_row(s, record, entry, err) : PATINA_OK;
        PT_TRY(next_file(s, &some, err));
    }
    *end = true;
    return PATINA_OK;
}

const pt_corpus_reader pt_corpus_reader_table = {
    .files = table_files,
    .reads_patterns = true,
    .lacks = table_lacks,
    .check_options = table_check_options,
    .describe_columns = describe_columns,
    .splits = table_splits,
    .describe_unused_times = describe_unused_times,
    .find_layout = table_find_layout,
    .open_layout = table_open,
    .uses_template = true,
    .has_columns = true,
    .close = table_close,
    .next = table_next,
    .merges_rows = true,
};
