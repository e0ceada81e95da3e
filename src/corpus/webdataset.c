/* SPDX-License-Identifier: MIT */
/* webdataset.c - webdataset tars: audio files with a .json, .txt or .cls of captions each
 *
 *   path ──► tars in order ──► files of a tar ──► samples: adjacent files of one key ──► entries
 *
 * The key of a file is its path up to the first dot of the base name. A sample is one audio file
 * with its .json, in either order; a .txt is used where the .json is absent or has no caption, and
 * the label of a .cls where there is none either. Other files are skipped. The tars are those of a
 * folder, sorted by the bytes of their paths; a single tar; or those of a pattern, in its order.
 *
 * A key that occurs again after other keys loses the later sample, and a truncated tar loses what
 * follows: each is reported by an entry without an id.
 */

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"
#include "corpus/entry_filter.h"
#include "corpus/file_list.h"
#include "corpus/json_fields.h"
#include "corpus/line_reader.h"
#include "corpus/sidecar.h"
#include "corpus/tar.h"
#include "corpus/text_source.h"
#include "fs/dir_has_ext.h"
#include "fs/path.h"

#define AUDIO_MAX      ((uint64_t)1 << 30)
#define MEMORY_MAX     ((uint64_t)32 << 20) /* larger audio goes to a temporary file */
#define NAME_BYTES_MAX 200                  /* bytes of a name in a message */

enum { AUDIO, JSON, TXT, CLS, N_PARTS, NOT_A_PART = N_PARTS };

/** 128 bits of the SHA-256 of a key: the chance of a collision among 10^9 keys is 10^-21. */
typedef struct key_hash {
    uint64_t low, high;
} key_hash;

typedef struct part {
    char *name; /* file name in the tar; NULL: absent */
    char *bytes;
    size_t n;
    int file; /* 1 + descriptor of a file in place of bytes; 0 */
    bool is_too_large;
} part;

/** The adjacent files of one key. */
typedef struct sample {
    char *key; /* NULL: nothing yet */
    part parts[N_PARTS];
    bool is_repeated; /* the key occurred earlier in this tar */
    char *duplicate;  /* the first further file of a part that the sample already has */
} sample;

typedef struct webdataset_state {
    const pt_corpus_options *options;
    pt_file_list tars;
    size_t n_opened;
    pt_tar *tar;
    const char *path; /* of the open tar, below the root */
    void *keys;       /* of the open tar: a tree of key_hash */

    /* The file whose header was read last; it belongs to the next sample. */
    bool has_file;
    pt_tar_member file;
    pt_strbuf name; /* file name as a relative path */
    int kind;

    pt_strbuf last;       /* the last file of the open tar that was read completely; or empty */
    char *tar_fault;      /* next entry: report of a truncated tar */
    char *duplicate_name; /* next entry: report of a second file of one part */

    pt_filter_seen seen; /* fields of the .json files */
    uint64_t n_samples;
    char *first_fault; /* of a tar; reported where no sample is found at all */
} webdataset_state;

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/* Which tars -------------------------------------------------------------------------------- */

static bool webdataset_matches(const pt_corpus_probe *probe) {
    static const size_t magic_offset = 257; /* of POSIX and GNU tars */
    if (probe->is_folder)
        return !pt_dir_has_ext(probe->path, pt_audio_extensions) &&
               pt_dir_has_ext(probe->path, pt_tar_extensions);
    return pt_path_has_any_ext(probe->path, pt_tar_extensions) ||
           (probe->n_head >= 512 && memcmp(probe->head + magic_offset, "ustar", 5) == 0);
}

static void close_tar(webdataset_state *s) {
    pt_tar_close(&s->tar);
    tdestroy(s->keys, free);
    s->keys = NULL;
    pt_strbuf_clear(&s->last);
    s->has_file = false;
}

static void webdataset_close(void *state) {
    webdataset_state *s = state;
    close_tar(s);
    pt_file_list_close(&s->tars);
    pt_strbuf_release(&s->name);
    pt_strbuf_release(&s->last);
    free(s->tar_fault);
    free(s->duplicate_name);
    free(s->first_fault);
    pt_filter_seen_release(&s->seen);
    free(s);
}

static patina_status webdataset_open(const char *path, const pt_corpus_options *options,
                                     void **state, patina_error *err) {
    PT_TRY(pt_corpus_refuse_caption_column(options, "webdataset", err));
    webdataset_state *s = calloc(1, sizeof *s);
    patina_status status;

    if (!s) return no_memory(err);
    s->options = options;
    status = pt_file_list_open(&s->tars, path, pt_tar_extensions, options->source_split, err);
    if (status == PATINA_OK)
        *state = s;
    else
        webdataset_close(s);
    return status;
}

/* Files of a tar ---------------------------------------------------------------------------- */

/** Skips leading "/" and "./" of a name. */
static const char *relative(const char *name) {
    for (;;) {
        if (name[0] == '/')
            name++;
        else if (name[0] == '.' && name[1] == '/')
            name += 2;
        else
            return name;
    }
}

/** Length of a name up to the first dot of its base name; 0 where the base name has no dot or
 * begins with it: not part of a sample. */
static size_t key_length(const char *name) {
    const char *last = pt_path_basename(name);
    const char *dot = strchr(last, '.');
    return dot && dot > last ? (size_t)(dot - name) : 0;
}

static int kind_of(const char *name) {
    if (key_length(name) == 0) return NOT_A_PART;
    if (pt_path_is_audio(name)) return AUDIO;
    if (pt_path_has_ext(name, ".json")) return JSON;
    if (pt_path_has_ext(name, ".cls")) return CLS;
    return pt_path_has_ext(name, ".txt") ? TXT : NOT_A_PART;
}

/** Marks the current file as completely read or skipped. */
static void remember_last_file(webdataset_state *s) {
    const pt_strbuf name = s->name;
    s->name = s->last;
    s->last = name;
}

/** Reads headers up to the next file that may be part of a sample, unless one is pending. */
static patina_status next_file(webdataset_state *s, patina_error *err) {
    bool end = false;
    while (!s->has_file) {
        PT_TRY(pt_tar_next(s->tar, &s->file, &end, err));
        if (end) return PATINA_OK;
        pt_strbuf_clear(&s->name);
        pt_strbuf_append(&s->name, relative(s->file.name));
        if (s->name.failed) return no_memory(err);
        s->kind = kind_of(s->name.text);
        s->has_file = s->kind != NOT_A_PART;
        if (s->has_file) return PATINA_OK;
        PT_TRY(pt_tar_skip(s->tar, err));
        remember_last_file(s);
    }
    return PATINA_OK;
}

/* Samples ----------------------------------------------------------------------------------- */

static void sample_release(sample *x) {
    for (size_t i = 0; i < N_PARTS; i++) {
        free(x->parts[i].name);
        free(x->parts[i].bytes);
        if (x->parts[i].file > 0) close(x->parts[i].file - 1);
    }
    free(x->key);
    free(x->duplicate);
}

static int compare_key_hashes(const void *a, const void *b) {
    return memcmp(a, b, sizeof(key_hash));
}

/** Adds a key to the set of the tar; *repeated is set where it was in it. */
static patina_status add_key(webdataset_state *s, const char *key, bool *repeated,
                             patina_error *err) {
    pt_sha256 hash;
    key_hash *mine = malloc(sizeof *mine);
    if (!mine) return no_memory(err);
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, key, strlen(key));
    pt_sha256_finish_128(&hash, &mine->low, &mine->high);
    key_hash *const *found = tsearch(mine, &s->keys, compare_key_hashes);
    *repeated = found && *found != mine;
    if (!found || *repeated) free(mine);
    return found ? PATINA_OK : no_memory(err);
}

/** Reads the current file into memory, or a large one into a temporary file. */
static patina_status read_part(webdataset_state *s, part *p, patina_error *err) {
    int fd;
    if (s->file.size <= MEMORY_MAX) return pt_tar_read(s->tar, &s->file, &p->bytes, err);
    PT_TRY(pt_tar_read_to_file(s->tar, &s->file, &fd, err));
    p->file = fd + 1;
    return PATINA_OK;
}

/** Adds the current file to the sample, or skips it. */
static patina_status add_file(webdataset_state *s, bool with_audio, sample *x, patina_error *err) {
    part *p = &x->parts[s->kind];
    const bool is_second = p->name != NULL;
    const bool is_large = s->file.size > (s->kind == AUDIO ? AUDIO_MAX : PT_TEXT_MAX);

    s->has_file = false;
    if (x->is_repeated || is_second || is_large || (s->kind == AUDIO && !with_audio))
        PT_TRY(pt_tar_skip(s->tar, err));
    else
        PT_TRY(read_part(s, p, err));
    remember_last_file(s);
    if (is_second && x->duplicate) return PATINA_OK;
    char *name = pt_text_dup(s->last.text, s->last.length);
    if (!name) return no_memory(err);
    if (is_second) {
        x->duplicate = name;
        return PATINA_OK;
    }
    p->name = name;
    p->n = (size_t)s->file.size;
    p->is_too_large = is_large;
    return PATINA_OK;
}

/** Reads all adjacent files of one key; x->key stays NULL at the end of the tar. */
static patina_status read_sample(webdataset_state *s, bool with_audio, sample *x,
                                 patina_error *err) {
    for (;;) {
        PT_TRY(next_file(s, err));
        if (!s->has_file) return PATINA_OK;
        const size_t n = key_length(s->name.text);
        if (!x->key) {
            if (!(x->key = pt_text_dup(s->name.text, n))) return no_memory(err);
            PT_TRY(add_key(s, x->key, &x->is_repeated, err));
        } else if (strncmp(s->name.text, x->key, n) != 0 || x->key[n] != '\0') {
            return PATINA_OK;
        }
        PT_TRY(add_file(s, with_audio, x, err));
    }
}

static bool is_complete(const sample *x) {
    return x->parts[AUDIO].name &&
           (x->parts[JSON].name || x->parts[TXT].name || x->parts[CLS].name);
}

/* Entries ----------------------------------------------------------------------------------- */

/** A name for a message, to be freed. */
static char *escape_name(const char *name) {
    char *text = pt_text_escape(name);
    if (text) text[pt_text_truncate(text, NAME_BYTES_MAX)] = '\0';
    return text;
}

static char *source_of(const webdataset_state *s, const char *name) {
    pt_strbuf source = {0};
    pt_strbuf_printf(&source, "%s/%s", s->path, name);
    return pt_strbuf_detach(&source);
}

/** Sets the source of the entry; rejects the entry where it is not UTF-8. */
static patina_status set_source(const webdataset_state *s, const char *name, pt_entry *entry,
                                patina_error *err) {
    char *source = source_of(s, name);
    patina_status status = PATINA_OK;

    if (!source) return no_memory(err);
    if (pt_utf8_is_valid(source, strlen(source))) {
        entry->source = source;
        return PATINA_OK;
    }
    status = pt_entry_reject_file_name(entry, source, err);
    free(source);
    return status;
}

/** The `id` of the .json, or <tar without its extension>/<key>. */
static char *id_of(const webdataset_state *s, const char *key, const json_t *json, bool repaired) {
    const json_t *id = json_object_get(json, "id");
    size_t n_path = strlen(s->path);
    pt_strbuf text = {0};

    for (size_t i = 0; pt_tar_extensions[i]; i++) {
        if (!pt_path_has_ext(s->path, pt_tar_extensions[i])) continue;
        n_path -= strlen(pt_tar_extensions[i]);
        break;
    }
    if (json_is_integer(id))
        pt_strbuf_printf(&text, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
    else if (json_is_string(id) && *json_string_value(id) && pt_json_is_valid_text(id, repaired))
        pt_strbuf_append(&text, json_string_value(id));
    else
        pt_strbuf_printf(&text, "%.*s/%s", (int)n_path, s->path, key);
    return pt_strbuf_detach(&text);
}

static pt_sidecar sidecar_of(const part *p) {
    return (pt_sidecar){.text = p->bytes,
                        .n = p->n,
                        .fault =
                            p->is_too_large ? "the .json or .txt beside it is too large" : NULL};
}

/** The label of the .cls as the member `label` of an object; NULL where it has none. */
static json_t *read_label(const part *p) {
    const char *text = p->bytes, *white = " \t\r\n";
    if (!text) return NULL;
    text += strspn(text, white);
    size_t n = strlen(text);
    while (n > 0 && strchr(white, text[n - 1]))
        n--;
    return n > 0 ? json_pack("{s:o?}", "label", json_stringn(text, n)) : NULL;
}

/** A caption of the label. The number of a class is not one. */
static patina_status add_label(pt_entry *entry, json_t *label, patina_error *err) {
    const char *text = json_string_value(json_object_get(label, "label"));
    if (text && strspn(text, "0123456789") < strlen(text))
        return pt_entry_add_json_captions(entry, label, NULL, false, err);
    return pt_entry_add_bad_caption(
        entry, "the .cls beside it has only a class number; a caption needs the name of the class",
        err);
}

static patina_status add_captions(webdataset_state *s, sample *x, pt_entry *entry,
                                  patina_error *err) {
    for (int i = JSON; i < N_PARTS; i++)
        if (x->parts[i].bytes) PT_TRY(pt_text_to_utf8(&x->parts[i].bytes, &x->parts[i].n, err));
    const pt_sidecar json = sidecar_of(&x->parts[JSON]), txt = sidecar_of(&x->parts[TXT]);
    json_error_t error = {0};
    bool repaired = false;
    json_t *object = json.text ? pt_sidecar_parse(json.text, json.n, &repaired, &error) : NULL;
    json_t *label = read_label(&x->parts[CLS]);
    if (object && label) (void)json_object_update_missing(object, label);
    if (!object && !json.text) object = json_incref(label);

    entry->id = id_of(s, x->key, object, repaired);
    const char *template = s->options->caption_template;
    patina_status status = entry->id ? PATINA_OK : no_memory(err);
    if (status == PATINA_OK)
        status = template
                     ? pt_entry_add_json_template(entry, template, object, err)
                     : pt_sidecar_add_captions(entry, &json, object, &error, repaired, &txt, err);
    if (status == PATINA_OK && !template && label && entry->n_captions == 0)
        status = add_label(entry, label, err);
    if (status == PATINA_OK)
        status = pt_entry_filter_json(entry, s->options->filter, object, &s->seen, err);
    if (status == PATINA_OK)
        status = pt_entry_set_json_split(entry, s->options->split_column, object, err);
    json_decref(object);
    json_decref(label);
    return status;
}

/** Makes the entry of a sample; moves the audio to it. */
static patina_status make_entry(webdataset_state *s, sample *x, pt_entry *entry,
                                patina_error *err) {
    part *audio = &x->parts[AUDIO];
    const char *name = audio->name           ? audio->name
                       : x->parts[JSON].name ? x->parts[JSON].name
                       : x->parts[TXT].name  ? x->parts[TXT].name
                                             : x->parts[CLS].name;

    PT_TRY(set_source(s, name, entry, err));
    if (entry->status != PATINA_OK) return PATINA_OK;
    if (x->is_repeated)
        return pt_entry_reject(
            entry, err, PATINA_REJECT_DUPLICATE_ID,
            "'%s': the key '%.*s' occurs earlier in this tar; the files of a sample must be "
            "adjacent, as in a tar sorted by name",
            entry->source, pt_text_truncate(x->key, NAME_BYTES_MAX), x->key);
    PT_TRY(add_captions(s, x, entry, err));
    if (!audio->name)
        return pt_entry_reject(entry, err, PATINA_REJECT_MISSING,
                               "'%s': the sample has no audio file", entry->source);
    if (audio->is_too_large)
        return pt_entry_reject(entry, err, PATINA_REJECT_UNDECODABLE,
                               "'%s': has %zu bytes; the limit is %llu", entry->source, audio->n,
                               (unsigned long long)AUDIO_MAX);
    entry->audio = audio->bytes;
    entry->audio_file = audio->file;
    entry->n_audio = audio->bytes || audio->file ? audio->n : 0;
    audio->bytes = NULL;
    audio->file = 0;
    return PATINA_OK;
}

/** The entry that reports a second file of one part of a sample. */
static patina_status reject_duplicate_file(webdataset_state *s, pt_entry *entry,
                                           patina_error *err) {
    char *name = s->duplicate_name;
    s->duplicate_name = NULL;
    patina_status status = set_source(s, name, entry, err);
    free(name);
    if (status != PATINA_OK || entry->status != PATINA_OK) return status;
    return pt_entry_reject(entry, err, PATINA_REJECT_DUPLICATE_ID,
                           "'%s': its sample already has a file of this type, which is used; a "
                           "sample has one audio file",
                           entry->source);
}

/* Truncated tars ----------------------------------------------------------------------------- */

/** Describes where the open tar is truncated; key is that of a sample lost with it. */
static patina_status describe_truncation(webdataset_state *s, const char *key, patina_error *err) {
    char *last = s->last.length > 0 ? escape_name(s->last.text) : NULL;
    char *lost = key ? escape_name(key) : NULL;
    const bool failed = (s->last.length > 0 && !last) || (key && !lost);
    pt_strbuf sentence = {0};

    if (last)
        pt_strbuf_printf(&sentence, "tar '%s' is truncated or damaged after its file '%s'", s->path,
                         last);
    else
        pt_strbuf_printf(&sentence,
                         "tar '%s' is not a tar, or is truncated or damaged in its first file",
                         s->path);
    if (lost) pt_strbuf_printf(&sentence, ": the rest is lost, from sample '%s' on", lost);
    free(last);
    free(lost);
    s->tar_fault = pt_strbuf_detach(&sentence);
    return s->tar_fault && !failed ? PATINA_OK : no_memory(err);
}

/** The entry that reports a tar of which no more is read. */
static patina_status reject_tar(webdataset_state *s, patina_status why, const char *sentence,
                                pt_entry *entry, patina_error *err) {
    entry->source = pt_text_dup(s->path, strlen(s->path));
    if (!s->first_fault) s->first_fault = pt_text_dup(sentence, strlen(sentence));
    if (!entry->source || !s->first_fault) return no_memory(err);
    return pt_entry_reject(entry, err, why, "%s", sentence);
}

static patina_status end_tar(webdataset_state *s, pt_entry *entry, patina_error *err) {
    char *sentence = s->tar_fault;
    s->tar_fault = NULL;
    const patina_status status = reject_tar(s, PATINA_REJECT_UNDECODABLE, sentence, entry, err);
    free(sentence);
    close_tar(s);
    return status;
}

/** Opens the next tar; a tar that cannot be opened is reported as an entry. */
static patina_status open_tar(webdataset_state *s, pt_entry *entry, patina_error *err) {
    const char *path = s->tars.of.paths[s->n_opened++];
    patina_error why = {0};

    s->path = relative(path); /* absolute for a pattern {/a,/b}.tar */
    if (!pt_utf8_is_valid(s->path, strlen(s->path)))
        return pt_entry_reject_file_name(entry, s->path, err);
    char *full = pt_path_join(s->tars.root, path);
    if (!full) return no_memory(err);
    const patina_status status = pt_tar_open(full, &s->tar, &why);
    free(full);
    if (status == PATINA_OK) return PATINA_OK;
    pt_error_add_context(&why, "tar '%s'", s->path);
    if (status == PATINA_ETEMPORARY && s->options->skip_unreadable)
        return reject_tar(s, PATINA_REJECT_IO_ERROR, why.message, entry, err);
    if (patina_status_is_reject(status)) return reject_tar(s, status, why.message, entry, err);
    return pt_fail(err, status, "%s", why.message);
}

static patina_status fail_no_samples(const webdataset_state *s, patina_error *err) {
    return pt_fail(
        err, PATINA_EFORMAT,
        "has no sample; a sample is an audio file and a .json, .txt or .cls with the same key%s%s",
        s->first_fault ? "; " : "", s->first_fault ? s->first_fault : "");
}

/** The next sample of the open tar as an entry; closes the tar at its end. */
static patina_status next_sample(webdataset_state *s, bool with_audio, pt_entry *entry,
                                 patina_error *err) {
    sample x = {0};
    patina_status status = read_sample(s, with_audio, &x, err);
    const bool is_cut = status == PATINA_REJECT_UNDECODABLE;
    const bool is_lost = is_cut && x.key && !is_complete(&x);

    if (is_cut) status = describe_truncation(s, is_lost ? x.key : NULL, err);
    if (status == PATINA_OK && x.key && !is_lost) {
        s->n_samples++;
        status = make_entry(s, &x, entry, err);
        s->duplicate_name = x.duplicate;
        x.duplicate = NULL;
    } else if (status == PATINA_OK && !is_cut) {
        close_tar(s);
    }
    if (status == PATINA_EIO || status == PATINA_ETEMPORARY)
        pt_error_add_context(err, "tar '%s'", s->path);
    sample_release(&x);
    if (status != PATINA_ETEMPORARY || !s->options->skip_unreadable || !err) return status;
    const patina_error why = *err; /* the rest of the tar */
    pt_entry_release(entry);
    status = reject_tar(s, PATINA_REJECT_IO_ERROR, why.message, entry, err);
    close_tar(s);
    return status;
}

static patina_status webdataset_next(void *state, bool with_audio, pt_entry *entry, bool *end,
                                     patina_error *err) {
    webdataset_state *s = state;
    patina_status status = PATINA_OK;

    *end = false;
    while (status == PATINA_OK && !entry->source) { /* each entry has one */
        if (s->duplicate_name)
            status = reject_duplicate_file(s, entry, err);
        else if (s->tar_fault)
            status = end_tar(s, entry, err);
        else if (s->tar)
            status = next_sample(s, with_audio, entry, err);
        else if (s->n_opened < s->tars.of.n_paths)
            status = open_tar(s, entry, err);
        else
            break;
    }
    if (status != PATINA_OK || entry->source) return status;
    if (s->n_samples == 0) return fail_no_samples(s, err);
    *end = true;
    return pt_filter_check_seen(s->options->filter, &s->seen, err);
}

static const pt_file_list *webdataset_files(const void *state) {
    return &((const webdataset_state *)state)->tars;
}

const pt_corpus_reader pt_corpus_reader_webdataset = {
    .name = "webdataset",
    .summary = "webdataset tars (.tar, .tar.gz, .tar.zst) of audio files with a .json, .txt or "
               ".cls each: one tar, a folder, or a pattern such as '{0..9}.tar'",
    .files = webdataset_files,
    .reads_patterns = true,
    .matches = webdataset_matches,
    .open = webdataset_open,
    .close = webdataset_close,
    .next = webdataset_next,
    .uses_template = true,
    .has_columns = true,
};
