/* SPDX-License-Identifier: MIT */
/* corpus_iterator.c - detection of the corpus kind, and iteration over its reader */

#include "corpus/corpus_iterator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/corpus.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "corpus/brace_expand.h"
#include "corpus/corpus_reader.h"
#include "corpus/entry_builder.h"

#define READER_ADDRESS(name) &pt_corpus_reader_##name,
static const pt_corpus_reader *const readers[] = {PT_CORPUS_READERS(READER_ADDRESS)};

struct pt_corpus {
    const pt_corpus_reader *reader;
    void *state;
    char *name; /* the path as given, for messages */
};

/** Reads the head of a file, or finds that the path is a folder or a pattern.
 *
 * buffer  [PT_CORPUS_PROBE_BYTES + 1]
 */
static patina_status probe_path(const char *path, const pt_corpus_options *options, char *buffer,
                                pt_corpus_probe *probe, patina_error *err) {
    struct stat info;
    pt_byte_source bytes = {0};

    *probe = (pt_corpus_probe){.path = path, .head = buffer, .options = options};
    buffer[0] = '\0';
    if (stat(path, &info) != 0) {
        probe->is_pattern = pt_brace_find(path) != NULL;
        if (probe->is_pattern) return PATINA_OK;
        return pt_fail(err, PATINA_EIO, "corpus '%s' cannot be opened: %s", path,
                       strerrordesc_np(errno));
    }
    probe->is_folder = S_ISDIR(info.st_mode);
    if (probe->is_folder) return PATINA_OK;
    if (!S_ISREG(info.st_mode))
        return pt_fail(err, PATINA_EIO, "corpus '%s' is neither a folder nor a regular file", path);
    if (pt_byte_source_open_file(path, &bytes, err) != PATINA_OK)
        return pt_fail(err, PATINA_EIO, "corpus '%s' cannot be opened", path);
    const int64_t got = pt_byte_source_read_at(&bytes, 0, buffer, PT_CORPUS_PROBE_BYTES);
    pt_byte_source_close(&bytes);
    if (got < 0) return pt_fail(err, PATINA_EIO, "corpus '%s' cannot be read", path);
    buffer[got] = '\0';
    probe->n_head = (size_t)got;
    if (got >= 3 && memcmp(buffer, "\xEF\xBB\xBF", 3) == 0) {
        probe->head += 3;
        probe->n_head -= 3;
    }
    return PATINA_OK;
}

/** The error for a file of no known kind: its first line, and the supported kinds. */
static patina_status unknown_kind(const pt_corpus_probe *probe, patina_error *err) {
    const size_t n_line = strcspn(probe->head, "\r\n");
    const int shown = pt_text_truncate(probe->head, n_line < 100 ? n_line : 100);
    const bool is_text = pt_utf8_is_valid(probe->head, (size_t)shown) &&
                         strlen(probe->head) == probe->n_head && shown > 0;
    pt_strbuf kinds = {0};

    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
        pt_strbuf_printf(&kinds, "%s%s (%s)", i ? ", " : "", readers[i]->name, readers[i]->summary);
    if (probe->n_head == 0)
        pt_fail(err, PATINA_EFORMAT, "corpus '%s' is empty; supported are: %s", probe->path,
                kinds.text);
    else if (is_text)
        pt_fail(err, PATINA_EFORMAT,
                "corpus '%s' has no known format: its first line is '%.*s'; "
                "supported are: %s",
                probe->path, shown, probe->head, kinds.text);
    else
        pt_fail(err, PATINA_EFORMAT, "corpus '%s' is not a text file; supported are: %s",
                probe->path, kinds.text);
    pt_strbuf_release(&kinds);
    return PATINA_EFORMAT;
}

/** The reader that the options name, or the first that matches the probe. */
static patina_status select_reader(const pt_corpus_options *options, const pt_corpus_probe *probe,
                                   const pt_corpus_reader **selected, patina_error *err) {
    const size_t n = sizeof readers / sizeof readers[0];
    pt_strbuf names = {0};

    for (size_t i = 0; i < n; i++) {
        if (options->kind ? strcmp(options->kind, readers[i]->name) == 0
                          : readers[i]->matches(probe)) {
            *selected = readers[i];
            return PATINA_OK;
        }
    }
    if (!options->kind) return unknown_kind(probe, err);
    for (size_t i = 0; i < n; i++)
        pt_strbuf_printf(&names, "%s%s", i ? ", " : "", readers[i]->name);
    pt_fail(err, PATINA_EUSAGE, "unknown corpus kind '%s' (known: %s)", options->kind, names.text);
    pt_strbuf_release(&names);
    return PATINA_EUSAGE;
}

patina_status pt_corpus_open(const char *path, const pt_corpus_options *options, pt_corpus **corpus,
                             patina_error *err) {
    static const pt_corpus_options defaults = {0};
    pt_corpus *c = calloc(1, sizeof *c);
    char *buffer = malloc(PT_CORPUS_PROBE_BYTES + 1);
    pt_corpus_probe probe;
    patina_status status = PATINA_OK;

    if (!c || !buffer || !(c->name = pt_text_dup(path, strlen(path)))) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        goto done;
    }
    if (!options) options = &defaults;
    status = probe_path(path, options, buffer, &probe, err);
    if (status != PATINA_OK) goto done;
    status = select_reader(options, &probe, &c->reader, err);
    if (status != PATINA_OK) goto done;
    status = c->reader->open(path, options, &c->state, err);
    if (status != PATINA_OK) {
        pt_error_add_context(err, "corpus '%s'", path);
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

bool patina_corpus_kind_at(size_t i, const char **name, const char **summary) {
    if (i >= sizeof readers / sizeof readers[0]) return false;
    *name = readers[i]->name;
    *summary = readers[i]->summary;
    return true;
}

const char *pt_corpus_kind_name(const pt_corpus *corpus) {
    return corpus->reader->name;
}

patina_status pt_corpus_next(pt_corpus *corpus, bool with_audio, pt_entry *entry, bool *end,
                             patina_error *err) {
    pt_entry next = {0};
    bool at_end = false;
    const patina_status status =
        corpus->reader->next(corpus->state, with_audio, &next, &at_end, err);

    if (status != PATINA_OK) {
        pt_entry_release(&next);
        pt_error_add_context(err, "corpus '%s'", corpus->name);
        return status;
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
