/* SPDX-License-Identifier: MIT */
/* corpus_spec.c - corpora of a run, each with its own options */

#include "corpus/corpus_spec.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "base/byte_source.h"
#include "base/c_locale.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json_dump.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "corpus/text_source.h"
#include "fs/path.h"

#define NO_OPTION     SIZE_MAX
#define CORPORA_MAX   1000
#define EXCLUDE_BYTES ((size_t)1 << 30)

enum {
    PREFIX,
    NAME,
    WEIGHT,
    LIMIT,
    DELIMITER,
    EXCLUDE,
    AUDIO_ROOT,
    FIRST_TEXT,
    CAPTION_TEMPLATE = FIRST_TEXT + 6,
    HEADER
};

/** The keys, and the member of pt_corpus_options that each sets. */
static const struct {
    const char *name;
    size_t option;
    bool is_path;
} keys[] = {
    [PREFIX] = {"prefix", NO_OPTION, false},
    [NAME] = {"name", NO_OPTION, false},
    [WEIGHT] = {"weight", NO_OPTION, false},
    [LIMIT] = {"limit", NO_OPTION, false},
    [DELIMITER] = {"delimiter", NO_OPTION, false},
    [EXCLUDE] = {"exclude", offsetof(pt_corpus_options, exclude), true},
    [AUDIO_ROOT] = {"audio-root", offsetof(pt_corpus_options, audio_root), true},
    [FIRST_TEXT] = {"corpus-kind", offsetof(pt_corpus_options, kind), false},
    {"caption-column", offsetof(pt_corpus_options, caption_column), false},
    {"file-column", offsetof(pt_corpus_options, file_column), false},
    {"id-column", offsetof(pt_corpus_options, id_column), false},
    {"start-column", offsetof(pt_corpus_options, start_column), false},
    {"end-column", offsetof(pt_corpus_options, end_column), false},
    [CAPTION_TEMPLATE] = {"caption-template", offsetof(pt_corpus_options, caption_template), false},
    [HEADER] = {"header", offsetof(pt_corpus_options, header), false},
    {"source-split", offsetof(pt_corpus_options, source_split), false},
};
#define N_KEYS (sizeof keys / sizeof keys[0])
_Static_assert(sizeof keys / sizeof keys[0] == PT_CORPUS_KEYS, "PT_CORPUS_KEYS is their number");

static patina_status out_of_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** Index of a key of n bytes, in which '_' is '-'; N_KEYS where there is none. */
static size_t find_key(const char *text, size_t n) {
    for (size_t k = 0; k < N_KEYS; k++) {
        size_t i = 0;
        if (strlen(keys[k].name) != n) continue;
        while (i < n && (text[i] == '_' ? '-' : text[i]) == keys[k].name[i])
            i++;
        if (i == n) return k;
    }
    return N_KEYS;
}

/** The option of n bytes that is similar to a key; NULL: none. */
static const char *suggest_key(const char *text, size_t n) {
    const char *names[N_KEYS];
    char word[32];
    if (n == 0 || n >= sizeof word) return NULL;
    snprintf(word, sizeof word, "%.*s", (int)n, text);
    for (size_t k = 0; k < N_KEYS; k++)
        names[k] = keys[k].name;
    return pt_suggest_name(word, names, N_KEYS);
}

/** "'wieght' is not an option of a corpus; did you mean 'weight'?", or with the options there are.
 */
static patina_status fail_unknown_key(const char *text, size_t n, const char *location,
                                      patina_error *err) {
    const char *nearest = suggest_key(text, n);
    char *shown = pt_text_dup(text, (size_t)pt_text_truncate(text, n < 60 ? n : 60));
    pt_strbuf names = {0};

    for (size_t k = 0; k < N_KEYS; k++)
        pt_strbuf_printf(&names, "%s%s", k > 0 ? ", " : "", keys[k].name);
    pt_fail(err, PATINA_EUSAGE, "%s'%s' is not an option of a corpus; %s%s%s", location,
            shown ? shown : "", nearest ? "did you mean '" : "the options are ",
            nearest        ? nearest
            : names.failed ? ""
                           : names.text,
            nearest ? "'?" : "");
    pt_strbuf_release(&names);
    free(shown);
    return PATINA_EUSAGE;
}

static patina_status new_spec(pt_corpus_specs *specs, pt_corpus_spec **spec, patina_error *err) {
    if (specs->n == CORPORA_MAX)
        return pt_fail(err, PATINA_EUSAGE, "more than %d corpora", CORPORA_MAX);
    pt_corpus_spec *grown = realloc(specs->spec, (specs->n + 1) * sizeof *grown);
    if (!grown) return out_of_memory(err);
    specs->spec = grown;
    *spec = &grown[specs->n++];
    **spec = (pt_corpus_spec){.weight = 1.0};
    return PATINA_OK;
}

/* Text ----------------------------------------------------------------------------------------- */

/** Copies n bytes; "\," becomes a comma. */
static char *copy_unescaped(const char *text, size_t n) {
    char *copy = malloc(n + 1), *to = copy;
    if (!copy) return NULL;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\' && i + 1 < n && text[i + 1] == ',') i++;
        *to++ = text[i];
    }
    *to = '\0';
    return copy;
}

/** Length up to the comma before the next option, or to the end; *key is that of the option. */
static size_t find_option(const char *text, size_t *key) {
    int depth = 0;
    size_t i = 0;
    *key = N_KEYS;
    for (; text[i]; i++) {
        if (text[i] == '\\' && text[i + 1] == ',') {
            i++;
            continue;
        }
        depth += (text[i] == '{') - (text[i] == '}' && depth > 0);
        if (text[i] != ',' || depth > 0) continue;
        const size_t n = strcspn(text + i + 1, "=,");
        if (text[i + 1 + n] != '=') continue;
        *key = find_key(text + i + 1, n);
        if (*key < N_KEYS) break;
    }
    return i;
}

/** Length of a word that could be an option, after a comma and before '='; 0: none. */
static size_t find_word(const char *comma) {
    const size_t n = strspn(comma + 1, "abcdefghijklmnopqrstuvwxyz-_");
    return comma[1 + n] == '=' ? n : 0;
}

/** Refuses an unknown option in a text of n bytes: any after a path that exists, and elsewhere one
 * that is similar to an option. */
static patina_status check_words(const char *text, size_t n, patina_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\' && i + 1 < n) {
            i++;
            continue;
        }
        const size_t n_word = text[i] == ',' ? find_word(text + i) : 0;
        if (n_word == 0) continue;
        char *path = copy_unescaped(text, i);
        if (!path) return out_of_memory(err);
        bool exists;
        patina_status status = pt_path_find(path, &exists, NULL, err);
        if (status == PATINA_OK && (exists || suggest_key(text + i + 1, n_word)))
            status = fail_unknown_key(text + i + 1, n_word, "", err);
        if (status != PATINA_OK && exists) pt_error_add_context(err, "corpus '%s'", path);
        free(path);
        PT_TRY(status);
    }
    return PATINA_OK;
}

patina_status pt_corpus_specs_add(pt_corpus_specs *specs, const char *text, patina_error *err) {
    pt_corpus_spec *spec = NULL;
    size_t key = N_KEYS;

    PT_TRY(new_spec(specs, &spec, err));
    bool is_path;
    PT_TRY(pt_path_find(text, &is_path, NULL, err));
    size_t n = is_path ? strlen(text) : find_option(text, &key);
    spec->path = is_path ? strdup(text) : copy_unescaped(text, n);
    if (!spec->path) return out_of_memory(err);
    if (!is_path) PT_TRY(check_words(text, n, err));
    while (key < N_KEYS) {
        const size_t own = key;
        text += n + 1 + strlen(keys[own].name) + 1;
        n = find_option(text, &key);
        if (spec->value[own])
            return pt_fail(err, PATINA_EUSAGE, "corpus '%s': option '%s' is given twice",
                           spec->path, keys[own].name);
        spec->value[own] = copy_unescaped(text, n);
        if (!spec->value[own]) return out_of_memory(err);
        if (own != CAPTION_TEMPLATE && own != HEADER) PT_TRY(check_words(text, n, err));
    }
    return PATINA_OK;
}

/* File ----------------------------------------------------------------------------------------- */

/** A path of the file: relative to its folder, or to the working directory where it is not
 * there. */
static patina_status resolve_path(const char *file, const char *path, char **resolved,
                                  patina_error *err) {
    char *folder = pt_path_dirname(file), *joined = folder ? pt_path_join(folder, path) : NULL,
         *parent = joined ? pt_path_dirname(joined) : NULL;
    const bool is_pattern = strpbrk(path, "{*?[") != NULL;
    bool exists = false;
    /* A pattern names no file: its folder decides. */
    patina_status status = parent ? pt_path_find(is_pattern ? parent : joined, &exists, NULL, err)
                                  : out_of_memory(err);
    if (status == PATINA_OK) {
        free(*resolved);
        *resolved = strdup(exists ? joined : path);
        if (!*resolved) status = out_of_memory(err);
    }
    free(folder);
    free(joined);
    free(parent);
    return status;
}

static const char *scalar_of(const yaml_node_t *node) {
    if (!node || node->type != YAML_SCALAR_NODE) return NULL;
    const char *text = (const char *)node->data.scalar.value;
    return strlen(text) == node->data.scalar.length ? text : NULL;
}

static patina_status add_mapping(pt_corpus_specs *specs, const char *file, yaml_document_t *doc,
                                 const yaml_node_t *node, patina_error *err) {
    const size_t line = node->start_mark.line + 1;
    pt_corpus_spec *spec = NULL;

    PT_TRY(new_spec(specs, &spec, err));
    if (scalar_of(node)) return resolve_path(file, scalar_of(node), &spec->path, err);
    if (node->type != YAML_MAPPING_NODE)
        return pt_fail(err, PATINA_EFORMAT, "line %zu: a corpus is a path or a mapping", line);
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key_node = yaml_document_get_node(doc, pair->key);
        const size_t key_line = key_node ? key_node->start_mark.line + 1 : line;
        const char *key = scalar_of(key_node);
        const char *value = scalar_of(yaml_document_get_node(doc, pair->value));
        const size_t k = key ? find_key(key, strlen(key)) : N_KEYS;
        const bool is_path = key && (strcmp(key, "corpus") == 0 || strcmp(key, "path") == 0);
        if (k == N_KEYS && !is_path) {
            char location[40];
            snprintf(location, sizeof location, "line %zu: ", key_line);
            return fail_unknown_key(key ? key : "", key ? strlen(key) : 0, location, err);
        }
        if (!value)
            return pt_fail(err, PATINA_EFORMAT, "line %zu: '%s' is neither text nor a number",
                           key_line, key);
        char **to = is_path ? &spec->path : &spec->value[k];
        if (is_path || keys[k].is_path) {
            PT_TRY(resolve_path(file, value, to, err));
            continue;
        }
        free(*to);
        *to = strdup(value);
        if (!*to) return out_of_memory(err);
    }
    return spec->path ? PATINA_OK
                      : pt_fail(err, PATINA_EFORMAT, "line %zu: 'corpus' is missing", line);
}

/** The list of corpora: the root, or its member `corpora`. */
static const yaml_node_t *find_list(yaml_document_t *doc) {
    const yaml_node_t *root = yaml_document_get_root_node(doc);
    if (root && root->type == YAML_MAPPING_NODE)
        for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
             pair < root->data.mapping.pairs.top; pair++) {
            const char *key = scalar_of(yaml_document_get_node(doc, pair->key));
            if (key && strcmp(key, "corpora") == 0) return yaml_document_get_node(doc, pair->value);
        }
    return root;
}

static patina_status add_document(pt_corpus_specs *specs, const char *path, yaml_document_t *doc,
                                  patina_error *err) {
    const yaml_node_t *list = find_list(doc);
    if (!list || list->type != YAML_SEQUENCE_NODE)
        return pt_fail(err, PATINA_EFORMAT, "not a list of corpora");
    for (const yaml_node_item_t *item = list->data.sequence.items.start;
         item < list->data.sequence.items.top; item++)
        PT_TRY(add_mapping(specs, path, doc, yaml_document_get_node(doc, *item), err));
    return specs->n > 0 ? PATINA_OK : pt_fail(err, PATINA_EFORMAT, "it contains no corpora");
}

patina_status pt_corpus_specs_read(pt_corpus_specs *specs, const char *path, patina_error *err) {
    yaml_parser_t parser;
    yaml_document_t doc;
    FILE *file = fopen(path, "re");
    patina_status status;

    if (!file)
        return pt_fail(err, PATINA_EIO, "corpora file '%s' cannot be opened: %s", path,
                       strerrordesc_np(errno));
    if (!yaml_parser_initialize(&parser)) {
        fclose(file);
        return out_of_memory(err);
    }
    yaml_parser_set_input_file(&parser, file); /* JSON is YAML */
    if (yaml_parser_load(&parser, &doc)) {
        status = add_document(specs, path, &doc, err);
        yaml_document_delete(&doc);
    } else if (ferror(file)) {
        status = pt_fail(err, PATINA_EIO, "cannot be read");
    } else if (parser.error == YAML_MEMORY_ERROR) {
        status = out_of_memory(err);
    } else {
        status = pt_fail(err, PATINA_EFORMAT, "not valid YAML or JSON, line %zu: %s",
                         parser.problem_mark.line + 1,
                         parser.problem ? parser.problem : "unknown error");
    }
    yaml_parser_delete(&parser);
    fclose(file);
    if (status != PATINA_OK) pt_error_add_context(err, "corpora file '%s'", path);
    return status;
}

/* Options -------------------------------------------------------------------------------------- */

patina_status pt_delimiter_parse(const char *text, char *delimiter, patina_error *err) {
    if (!text) return PATINA_OK;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0) text = "\t";
    if (strlen(text) != 1 || strchr("\"\r\n", *text) || (*text & 0x80) != 0)
        return pt_fail(err, PATINA_EUSAGE,
                       "option '--delimiter': '%s' is not one ASCII character, nor 'tab'", text);
    *delimiter = *text;
    return PATINA_OK;
}

static patina_status parse_numbers(pt_corpus_spec *spec, patina_error *err) {
    const char *weight = spec->value[WEIGHT], *limit = spec->value[LIMIT];
    char *end;
    if (weight) {
        spec->weight = pt_strtod(weight, &end);
        if (end == weight || *end || !(spec->weight > 0.0) || spec->weight > 1e9)
            return pt_fail(err, PATINA_EUSAGE, "weight '%s' is not a number above 0", weight);
    }
    if (limit) {
        const unsigned long long n = strtoull(limit, &end, 10);
        if (end == limit || *end || *limit == '-' || n == 0)
            return pt_fail(err, PATINA_EUSAGE, "limit '%s' is not a whole number above 0", limit);
        spec->limit = n;
    }
    return pt_delimiter_parse(spec->value[DELIMITER], &spec->options.delimiter, err);
}

static bool is_named(const pt_corpus_specs *specs) {
    return specs->n > 1 || specs->spec[0].value[PREFIX] || specs->spec[0].value[NAME];
}

/** The name as given, else the prefix, else the last part of the path, with a number where another
 * corpus has it. */
static patina_status make_name(pt_corpus_specs *specs, size_t i, patina_error *err) {
    pt_corpus_spec *spec = &specs->spec[i];
    const char *given = spec->value[NAME] ? spec->value[NAME] : spec->value[PREFIX];
    pt_strbuf base = {0}, name = {0};
    size_t n_path = strlen(spec->path);

    while (n_path > 1 && spec->path[n_path - 1] == '/')
        n_path--;
    pt_strbuf_append_bytes(&base, given ? given : spec->path, given ? strlen(given) : n_path);
    if (base.failed) return out_of_memory(err);
    const char *last = given ? base.text : pt_path_basename(base.text);
    pt_strbuf_append(&name, last);
    for (size_t number = 2, j = 0; j < i; j++)
        if (!name.failed && strcmp(specs->spec[j].name, name.text) == 0) {
            pt_strbuf_clear(&name);
            pt_strbuf_printf(&name, "%s#%zu", last, number++);
            j = SIZE_MAX; /* from the first again */
        }
    pt_strbuf_release(&base);
    spec->name = pt_strbuf_detach(&name);
    return spec->name ? PATINA_OK : out_of_memory(err);
}

patina_status pt_corpus_specs_finish(pt_corpus_specs *specs, const pt_corpus_options *defaults,
                                     patina_error *err) {
    for (size_t i = 0; i < specs->n; i++) {
        pt_corpus_spec *spec = &specs->spec[i];
        spec->options = *defaults;
        for (size_t k = 0; k < N_KEYS; k++) {
            if (spec->value[k] && !pt_utf8_is_valid(spec->value[k], strlen(spec->value[k])))
                return pt_fail(err, PATINA_EUSAGE, "corpus '%s': option '%s' is not UTF-8",
                               spec->path, keys[k].name);
            if (spec->value[k] && keys[k].option != NO_OPTION)
                memcpy((char *)&spec->options + keys[k].option, &spec->value[k], sizeof(char *));
        }
        const patina_status status = parse_numbers(spec, err);
        if (status != PATINA_OK) pt_error_add_context(err, "corpus '%s'", spec->path);
        PT_TRY(status);
        for (size_t j = 0; j < i; j++)
            if (spec->value[PREFIX] && specs->spec[j].value[PREFIX] &&
                strcmp(spec->value[PREFIX], specs->spec[j].value[PREFIX]) == 0)
                return pt_fail(err, PATINA_EUSAGE,
                               "corpora '%s' and '%s' have the same prefix '%s'; give one of them "
                               "another prefix",
                               specs->spec[j].path, spec->path, spec->value[PREFIX]);
        if (is_named(specs)) PT_TRY(make_name(specs, i, err));
    }
    return PATINA_OK;
}

const char *pt_corpus_spec_prefix(const pt_corpus_spec *spec) {
    return spec->value[PREFIX];
}

/* Settings ------------------------------------------------------------------------------------- */

static patina_status add_exclude_hash(json_t *object, const char *path, patina_error *err) {
    char *text = NULL, digest[PT_SHA256_HEX_SIZE];
    size_t n = 0;
    pt_sha256 hash;
    const patina_status status =
        pt_text_source_status(pt_file_read_all(path, EXCLUDE_BYTES, &text, &n, err), err);
    if (status == PATINA_EFORMAT) pt_error_add_context(err, "exclude list '%s'", path);
    PT_TRY(status);
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, text, n);
    pt_sha256_finish(&hash, digest);
    free(text);
    return json_object_set_new(object, "exclude_sha256", json_string(digest)) == 0
               ? PATINA_OK
               : out_of_memory(err);
}

/** Paths are left out: a corpus may be moved between two parts of a run. */
static patina_status spec_to_json(const pt_corpus_spec *spec, json_t *object, patina_error *err) {
    bool failed = spec->name && json_object_set_new(object, "name", json_string(spec->name)) != 0;
    for (size_t k = 0; k < N_KEYS && !failed; k++) {
        char name[32];
        if (!spec->value[k] || k == NAME || keys[k].is_path) continue;
        snprintf(name, sizeof name, "%s", k == FIRST_TEXT ? "kind" : keys[k].name);
        for (char *c = name; *c; c++)
            if (*c == '-') *c = '_';
        json_t *value = k == WEIGHT  ? json_real(spec->weight)
                        : k == LIMIT ? json_integer((json_int_t)spec->limit)
                                     : json_string(spec->value[k]);
        failed = json_object_set_new(object, name, value) != 0;
    }
    if (failed) return out_of_memory(err);
    return spec->value[EXCLUDE] ? add_exclude_hash(object, spec->value[EXCLUDE], err) : PATINA_OK;
}

patina_status pt_corpus_specs_to_json(const pt_corpus_specs *specs, char **text,
                                      patina_error *err) {
    json_t *list = json_array();
    patina_status status = list ? PATINA_OK : out_of_memory(err);
    bool is_plain = specs->n == 1;

    *text = NULL;
    for (size_t i = 0; i < specs->n && status == PATINA_OK; i++) {
        json_t *object = json_object();
        status = object ? spec_to_json(&specs->spec[i], object, err) : out_of_memory(err);
        is_plain = is_plain && object && json_object_size(object) == 0;
        if (json_array_append_new(list, object) != 0 && status == PATINA_OK)
            status = out_of_memory(err);
    }
    if (status == PATINA_OK && !is_plain &&
        !(*text = pt_json_dump(list, JSON_COMPACT | JSON_REAL_PRECISION(17))))
        status = out_of_memory(err);
    json_decref(list);
    return status;
}

void pt_corpus_specs_release(pt_corpus_specs *specs) {
    for (size_t i = 0; i < specs->n; i++) {
        free(specs->spec[i].path);
        free(specs->spec[i].name);
        for (size_t k = 0; k < N_KEYS; k++)
            free(specs->spec[i].value[k]);
    }
    free(specs->spec);
    *specs = (pt_corpus_specs){0};
}
