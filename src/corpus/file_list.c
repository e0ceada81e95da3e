/* SPDX-License-Identifier: MIT */
/* file_list.c - lists folders, expands braces, matches wildcards */

#include "corpus/file_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/brace_expand.h"
#include "fs/path.h"
#include "fs/path_glob.h"

static const char *const split_names[] = {"test", "train", "validation"};

static const struct {
    const char *word;
    size_t split; /* index in split_names */
} split_words[] = {{"train", 1}, {"training", 1},   {"test", 0},       {"testing", 0},
                   {"eval", 0},  {"evaluation", 0}, {"validation", 2}, {"valid", 2},
                   {"val", 2},   {"dev", 2},        {"validate", 2}};

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

static const char *find_wildcard(const char *path) {
    return strpbrk(path, "*?[");
}

bool pt_file_list_is_pattern(const char *path) {
    return pt_brace_find(path) || find_wildcard(path);
}

void pt_file_list_close(pt_file_list *list) {
    pt_dir_walk_release(&list->of);
    free(list->root);
    *list = (pt_file_list){0};
}

/** Points the list at the n strings of its text. */
static patina_status index_paths(pt_dir_walk *of, size_t n, patina_error *err) {
    of->paths = malloc((n ? n : 1) * sizeof *of->paths);
    if (!of->paths || of->text.failed) return no_memory(err);
    const char *path = of->text.text;
    for (size_t i = 0; i < n; i++, path += strlen(path) + 1)
        of->paths[i] = path;
    of->n_paths = n;
    return PATINA_OK;
}

/** Adds the matches of one path of a pattern. */
static patina_status add_matches(pt_file_list *list, const char *name, pt_strbuf *text, size_t *n,
                                 patina_error *err) {
    char *path = pt_path_join(list->root, name);
    patina_status status = path ? PATINA_OK : no_memory(err);
    const size_t n_root = path ? strlen(path) - strlen(name) : 0;
    glob_t matches = {0};
    bool exists = false;

    if (status == PATINA_OK) status = pt_path_find(path, &exists, NULL, err);
    if (status == PATINA_OK && exists) {
        pt_strbuf_append_bytes(text, name, strlen(name) + 1);
        ++*n;
    } else if (status == PATINA_OK && !find_wildcard(name)) {
        status = pt_fail(err, PATINA_EIO, "file '%s' of the pattern does not exist", path);
    } else if (status == PATINA_OK) {
        status = pt_path_glob(path, GLOB_ERR, &matches, err);
        if (status == PATINA_OK && matches.gl_pathc == 0)
            status = pt_fail(err, PATINA_EIO, "no file matches '%s'", path);
        for (size_t i = 0; status == PATINA_OK && i < matches.gl_pathc; i++, ++*n)
            pt_strbuf_append_bytes(text, matches.gl_pathv[i] + n_root,
                                   strlen(matches.gl_pathv[i] + n_root) + 1);
        globfree(&matches);
    }
    free(path);
    return status;
}

static patina_status expand_pattern(pt_file_list *list, const char *pattern, patina_error *err) {
    pt_strbuf names = {0};
    size_t n_names = 0, n = 0;
    const char *name;
    patina_status status = pt_brace_expand(pattern, &names, &n_names, err);

    name = names.text;
    for (size_t i = 0; status == PATINA_OK && i < n_names; i++, name += strlen(name) + 1) {
        while (strcmp(list->root, ".") != 0 && *name == '/')
            name++; /* from a group with an empty string before the slash */
        status = add_matches(list, name, &list->of.text, &n, err);
    }
    pt_strbuf_release(&names);
    return status == PATINA_OK ? index_paths(&list->of, n, err) : status;
}

/** Length of the common directory of all files of a pattern, or of one file, with its slash. */
static size_t root_length(const char *path, bool is_there) {
    const char *end = is_there ? NULL : pt_brace_find(path);
    const char *wildcard = is_there ? NULL : find_wildcard(path);
    if (!end || (wildcard && wildcard < end)) end = wildcard;
    if (!end) end = path + strlen(path);
    while (end > path && end[-1] != '/')
        end--;
    return (size_t)(end - path);
}

static patina_status list_files(pt_file_list *list, const char *path, const char *const *extensions,
                                patina_error *err) {
    struct stat info;
    bool is_there;

    PT_TRY(pt_path_find(path, &is_there, &info, err));
    if (is_there && S_ISDIR(info.st_mode)) {
        if (!(list->root = pt_text_dup(path, strlen(path)))) return no_memory(err);
        PT_TRY(pt_dir_walk_list(&list->of, path, PT_DIR_WALK_DEPTH_MAX, extensions, 0, err));
        if (list->of.n_paths > 0) return PATINA_OK;
        if (extensions == pt_audio_extensions)
            return pt_fail(err, PATINA_EFORMAT,
                           "it contains no audio file (.wav, .flac, .ogg ...)");
        return pt_fail(err, PATINA_EFORMAT, "it contains no %s file", extensions[0]);
    }
    const size_t n_root = root_length(path, is_there);
    list->root = n_root > 0 ? pt_text_dup(path, n_root) : pt_text_dup(".", 1);
    if (!list->root) return no_memory(err);
    if (!is_there && pt_file_list_is_pattern(path)) return expand_pattern(list, path + n_root, err);
    pt_strbuf_append_bytes(&list->of.text, path + n_root, strlen(path + n_root) + 1);
    return index_paths(&list->of, 1, err);
}

/* Splits ------------------------------------------------------------------------------------ */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

const char *pt_file_list_split_of(const char *path) {
    const char *found = NULL;
    for (const char *at = path; *at;) {
        const char *end = at;
        while (is_letter(*end))
            end++;
        for (size_t i = 0; i < sizeof split_words / sizeof split_words[0]; i++)
            if ((size_t)(end - at) == strlen(split_words[i].word) &&
                strncmp(at, split_words[i].word, (size_t)(end - at)) == 0)
                found = split_names[split_words[i].split]; /* the last one, of the file name */
        at = *end ? end + 1 : end;
    }
    return found;
}

void pt_file_list_describe_splits(const pt_file_list *list, char *text, size_t size) {
    size_t n_splits = 0, used = 0;
    text[0] = '\0';
    for (size_t s = 0; s < sizeof split_names / sizeof split_names[0]; s++) {
        for (size_t i = 0; i < list->of.n_paths; i++) {
            if (pt_file_list_split_of(list->of.paths[i]) != split_names[s]) continue;
            used += (size_t)snprintf(text + used, size - used, "%s%s", n_splits ? ", " : "",
                                     split_names[s]);
            n_splits++;
            break;
        }
    }
    if (n_splits < 2) text[0] = '\0';
}

/** Keeps the files of one split; false and all where there is none. */
static bool select_split(pt_file_list *list, const char *split) {
    const char *wanted = pt_file_list_split_of(split);
    size_t n = 0;

    for (size_t i = 0; i < list->of.n_paths; i++) {
        const char *own = pt_file_list_split_of(list->of.paths[i]);
        if (own && own == wanted) list->of.paths[n++] = list->of.paths[i];
    }
    if (n > 0) list->of.n_paths = n;
    return n > 0;
}

patina_status pt_file_list_fail_split(const pt_file_list *list, const char *split,
                                      patina_error *err) {
    char splits[64];
    pt_file_list_describe_splits(list, splits, sizeof splits);
    return pt_fail(err, PATINA_EFORMAT, "no file belongs to split '%s'; the splits are: %s", split,
                   splits[0] ? splits : "none");
}

patina_status pt_file_list_open_split(pt_file_list *list, const char *path,
                                      const char *const *extensions, const char *split,
                                      bool *in_rows, patina_error *err) {
    PT_TRY(list_files(list, path, extensions, err));
    *in_rows = split && !select_split(list, split);
    return PATINA_OK;
}

patina_status pt_file_list_open(pt_file_list *list, const char *path, const char *const *extensions,
                                const char *split, patina_error *err) {
    bool in_rows;
    PT_TRY(pt_file_list_open_split(list, path, extensions, split, &in_rows, err));
    return in_rows ? pt_file_list_fail_split(list, split, err) : PATINA_OK;
}

static bool is_same_split(const char *a, const char *b) {
    const char *known = pt_file_list_split_of(a);
    return strcasecmp(a, b) == 0 || (known && known == pt_file_list_split_of(b));
}

bool pt_split_filter_accepts(pt_split_filter *f, const char *split, size_t n) {
    char name[sizeof f->seen[0]];
    const size_t n_name = n < sizeof name ? n : sizeof name - 1;
    size_t i = 0;

    memcpy(name, split, n_name);
    name[n_name] = '\0';
    while (i < f->n_seen && strcasecmp(f->seen[i], name) != 0)
        i++;
    if (i == f->n_seen && i < PT_SPLITS_MAX && name[0]) strcpy(f->seen[f->n_seen++], name);
    return !f->wanted || is_same_split(f->wanted, name);
}
