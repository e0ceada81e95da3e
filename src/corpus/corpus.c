/* SPDX-License-Identifier: MIT */
/* corpus.c - the table of corpus kinds, and how one is recognised */

#include "corpus/corpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/corpus_kinds.h>

#include "base/str.h"
#include "base/utf8.h"
#include "corpus/braces.h"
#include "corpus/entry.h"
#include "corpus/reader.h"

/* In the order in which they look: of CSVs, those that ask for more columns come first. */
static const pt_reader *const readers[] = {
    &pt_reader_webdataset, &pt_reader_parquet, &pt_reader_folder, &pt_reader_audiocaps,
    &pt_reader_clotho,     &pt_reader_labels,  &pt_reader_jsonl,  &pt_reader_wavcaps,
};

struct pt_corpus {
    const pt_reader *reader;
    void *state;
    char *name; /* the path as given, for messages */
};

/** Reads the head of a file, or sees that it is a folder or a pattern. buffer has PT_LOOK_BYTES
 * + 1. */
static pt_status look_at(const char *path, const pt_corpus_options *options, char *buffer,
                         pt_look *look, pt_error *err) {
    struct stat info;
    pt_bytes bytes = {0};

    *look = (pt_look){.path = path, .head = buffer, .options = options};
    buffer[0] = '\0';
    if (stat(path, &info) != 0) {
        look->is_pattern = pt_braces_first(path) != NULL;
        if (look->is_pattern) return PT_OK;
        return pt_fail(err, PT_EIO, "corpus '%s' cannot be opened: %s", path,
                       strerrordesc_np(errno));
    }
    look->is_folder = S_ISDIR(info.st_mode);
    if (look->is_folder) return PT_OK;
    if (!S_ISREG(info.st_mode))
        return pt_fail(err, PT_EIO, "corpus '%s' is neither a folder nor a regular file", path);
    if (pt_bytes_open_file(path, &bytes, err) != PT_OK)
        return pt_fail(err, PT_EIO, "corpus '%s' cannot be opened", path);
    const int64_t got = pt_bytes_read_at(&bytes, 0, buffer, PT_LOOK_BYTES);
    pt_bytes_release(&bytes);
    if (got < 0) return pt_fail(err, PT_EIO, "corpus '%s' cannot be read", path);
    buffer[got] = '\0';
    look->n_head = (size_t)got;
    if (got >= 3 && memcmp(buffer, "\xEF\xBB\xBF", 3) == 0) {
        look->head += 3;
        look->n_head -= 3;
    }
    return PT_OK;
}

/** For a file that is no corpus: what it is instead, and what is read. */
static pt_status unknown_kind(const pt_look *look, pt_error *err) {
    const size_t n_line = strcspn(look->head, "\r\n");
    const int shown = pt_text_shown(look->head, n_line < 100 ? n_line : 100);
    const bool is_text =
        pt_utf8_valid(look->head, (size_t)shown) && strlen(look->head) == look->n_head && shown > 0;
    pt_str kinds = {0};

    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        pt_str_printf(&kinds, "%s%s (%s)", i ? ", " : "", readers[i]->name, readers[i]->summary);
    if (look->n_head == 0)
        pt_fail(err, PT_EFORMAT, "corpus '%s' is an empty file; read are: %s", look->path,
                kinds.text);
    else if (is_text)
        pt_fail(err, PT_EFORMAT,
                "corpus '%s' is of no known kind: its first line is '%.*s'; read "
                "are: %s",
                look->path, shown, look->head, kinds.text);
    else
        pt_fail(err, PT_EFORMAT, "corpus '%s' is of no known kind: it is no text; read are: %s",
                look->path, kinds.text);
    pt_str_release(&kinds);
    return PT_EFORMAT;
}

/** The reader that the options name, or the first that takes what was seen. */
static pt_status choose_reader(const pt_corpus_options *options, const pt_look *look,
                               const pt_reader **chosen, pt_error *err) {
    const size_t n = sizeof readers / sizeof readers[0];
    pt_str names = {0};

    for (size_t i = 0; i < n; i++) {
        if (options->kind ? strcmp(options->kind, readers[i]->name) == 0
                          : readers[i]->matches(look)) {
            *chosen = readers[i];
            return PT_OK;
        }
    }
    if (!options->kind) return unknown_kind(look, err);
    for (size_t i = 0; i < n; i++)
        pt_str_printf(&names, "%s%s", i ? ", " : "", readers[i]->name);
    pt_fail(err, PT_EUSAGE, "there is no corpus kind '%s' (known: %s)", options->kind, names.text);
    pt_str_release(&names);
    return PT_EUSAGE;
}

pt_status pt_corpus_open(const char *path, const pt_corpus_options *options, pt_corpus **corpus,
                         pt_error *err) {
    static const pt_corpus_options defaults = {0};
    pt_corpus *c = calloc(1, sizeof *c);
    char *buffer = malloc(PT_LOOK_BYTES + 1);
    pt_look look;
    pt_status status = PT_OK;

    if (!c || !buffer || !(c->name = pt_text_copy(path, strlen(path)))) {
        status = pt_fail(err, PT_ENOMEM, "out of memory");
        goto done;
    }
    if (!options) options = &defaults;
    status = look_at(path, options, buffer, &look, err);
    if (status != PT_OK) goto done;
    status = choose_reader(options, &look, &c->reader, err);
    if (status != PT_OK) goto done;
    status = c->reader->open(path, options, &c->state, err);
    if (status != PT_OK) {
        pt_error_in(err, "corpus '%s'", path);
        c->reader = NULL;
        goto done;
    }
    *corpus = c;
    c = NULL;
done:
    pt_corpus_close(&c);
    free(buffer);
    return status;
}

void pt_corpus_close(pt_corpus **corpus) {
    if (!*corpus) return;
    if ((*corpus)->reader) (*corpus)->reader->close((*corpus)->state);
    free((*corpus)->name);
    free(*corpus);
    *corpus = NULL;
}

bool pt_corpus_kinds(size_t i, const char **name, const char **summary) {
    if (i >= sizeof readers / sizeof readers[0]) return false;
    *name = readers[i]->name;
    *summary = readers[i]->summary;
    return true;
}

const char *pt_corpus_kind(const pt_corpus *corpus) {
    return corpus->reader->name;
}

pt_status pt_corpus_next(pt_corpus *corpus, bool with_audio, pt_entry *entry, bool *end,
                         pt_error *err) {
    pt_entry next = {0};
    bool at_end = false;
    const pt_status status = corpus->reader->next(corpus->state, with_audio, &next, &at_end, err);

    if (status != PT_OK) {
        pt_entry_release(&next);
        pt_error_in(err, "corpus '%s'", corpus->name);
        return status;
    }
    *entry = next;
    *end = at_end;
    return PT_OK;
}

pt_status pt_entry_open(const pt_entry *entry, pt_bytes *bytes, pt_error *err) {
    struct stat info;

    if (entry->status != PT_OK) return pt_fail(err, entry->status, "%s", entry->fault);
    if (entry->audio) {
        pt_bytes_of_memory(entry->audio, entry->n_audio, bytes);
        return PT_OK;
    }
    if (!entry->path) return pt_fail(err, PT_REJECT_MISSING, "no audio file is named");
    /* The sentence goes into the data set, where no path of this machine may stand. */
    const pt_status status = pt_bytes_open_file(entry->path, bytes, NULL);
    if (status == PT_OK) return PT_OK;
    if (status == PT_REJECT_MISSING)
        return pt_fail(err, PT_REJECT_MISSING, "there is no such audio file");
    if (stat(entry->path, &info) == 0 && !S_ISREG(info.st_mode))
        return pt_fail(err, PT_REJECT_UNDECODABLE, "not a regular file");
    const int why = access(entry->path, R_OK) != 0 ? errno : EIO;
    return pt_fail(err, PT_REJECT_UNDECODABLE, "it cannot be opened: %s", strerrordesc_np(why));
}
