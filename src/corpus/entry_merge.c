/* SPDX-License-Identifier: MIT */
/* entry_merge.c - compares the audio of two rows of one id, and joins their captions */

#include "corpus/entry_merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/utf8.h"
#include "corpus/entry_builder.h"
#include "corpus/line_reader.h"
#include "fs/path.h"

#define BLOCK_BYTES 65536

/** Whether the audio of an entry exists; a path may name a file that does not. */
static bool has_audio(const pt_entry *entry) {
    if (entry->status != PATINA_OK) return false;
    if (entry->audio || entry->audio_file) return true;
    return entry->path && pt_path_may_exist(entry->path);
}

static bool is_same_file(const char *a, const char *b) {
    struct stat x, y;
    if (strcmp(a, b) == 0) return true;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static patina_status compare_bytes(const pt_byte_source *a, const pt_byte_source *b, char *blocks,
                                   bool *same, patina_error *err) {
    *same = a->size == b->size;
    for (uint64_t offset = 0; *same && offset < a->size; offset += BLOCK_BYTES) {
        const int64_t n = pt_byte_source_read_at(a, offset, blocks, BLOCK_BYTES),
                      m = pt_byte_source_read_at(b, offset, blocks + BLOCK_BYTES, BLOCK_BYTES);
        if (n < 0 || m < 0)
            return pt_fail(err, PATINA_ETEMPORARY, "audio of a repeated id cannot be read: %s",
                           strerrordesc_np(errno));
        *same = n > 0 && n == m && memcmp(blocks, blocks + BLOCK_BYTES, (size_t)n) == 0;
    }
    return PATINA_OK;
}

static patina_status compare_audio(const pt_entry *entry, const pt_entry *row, bool *same,
                                   patina_error *err) {
    pt_byte_source a = {0}, b = {0};

    *same = entry->path && row->path && is_same_file(entry->path, row->path);
    if (*same) return PATINA_OK;
    char *blocks = malloc((size_t)2 * BLOCK_BYTES);
    if (!blocks) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    patina_status status = pt_entry_open(entry, &a, err);
    if (status == PATINA_OK) status = pt_entry_open(row, &b, err);
    if (status == PATINA_OK) status = compare_bytes(&a, &b, blocks, same, err);
    pt_byte_source_close(&a);
    pt_byte_source_close(&b);
    free(blocks);
    return patina_status_is_reject(status) ? PATINA_OK : status; /* not the same */
}

/** Exchanges what belongs to the audio, so that the entry has that of the row. */
static void swap_audio(pt_entry *entry, pt_entry *row) {
    const pt_entry e = *entry;
    entry->source = row->source, row->source = e.source;
    entry->path = row->path, row->path = e.path;
    entry->audio = row->audio, row->audio = e.audio;
    entry->n_audio = row->n_audio, row->n_audio = e.n_audio;
    entry->audio_file = row->audio_file, row->audio_file = e.audio_file;
    entry->position = row->position, row->position = e.position;
    entry->has_start = row->has_start, row->has_start = e.has_start;
    entry->has_end = row->has_end, row->has_end = e.has_end;
    entry->start_s = row->start_s, row->start_s = e.start_s;
    entry->end_s = row->end_s, row->end_s = e.end_s;
    entry->status = row->status, row->status = e.status;
    entry->fault = row->fault, row->fault = e.fault;
}

/** Replaces the captions of an entry by faults. */
static patina_status drop_captions(pt_entry *row, patina_status reason, const char *fault,
                                   patina_error *err) {
    for (size_t i = 0; i < row->n_captions; i++) {
        pt_caption *c = &row->captions[i];
        if (c->text) {
            free(c->dropped);
            c->dropped = c->text;
        }
        free(c->fault);
        c->text = c->fault = NULL;
        c->reason = reason;
        free(c->source);
        if (!(c->source = pt_text_dup(row->source, strlen(row->source))))
            return pt_fail(err, PATINA_ENOMEM, "out of memory");
        if (asprintf(&c->fault, "'%s'%s %s", row->source, row->fault == fault ? ":" : "", fault) <
            0) {
            c->fault = NULL;
            return pt_fail(err, PATINA_ENOMEM, "out of memory");
        }
    }
    return PATINA_OK;
}

/** Whether the list names the same seconds of the recording for both rows. */
static bool is_same_segment(const pt_entry *a, const pt_entry *b) {
    return a->has_start == b->has_start && a->has_end == b->has_end &&
           (!a->has_start || a->start_s == b->start_s) && (!a->has_end || a->end_s == b->end_s);
}

static patina_status judge_audio(pt_entry *entry, pt_entry *row, patina_error *err) {
    bool same = true;

    if (!has_audio(entry)) {
        if (!has_audio(row)) return PATINA_OK; /* the entry is rejected as a whole */
        swap_audio(entry, row);
        if (row->is_clip_of_id) return PATINA_OK;
        /* The captions that the entry has so far are those of the audio that is not found. */
        pt_entry absent = *entry;
        absent.source = row->source;
        return drop_captions(&absent, PATINA_REJECT_MISSING, "cannot be found", err);
    }
    if (row->is_clip_of_id && !has_audio(row)) return PATINA_OK;
    if (!has_audio(row))
        return drop_captions(row, PATINA_REJECT_DUPLICATE_ID,
                             "has the id of an earlier row, but its audio file cannot be found",
                             err);
    PT_TRY(compare_audio(entry, row, &same, err));
    if (same) return PATINA_OK;
    return drop_captions(row, PATINA_REJECT_DUPLICATE_ID,
                         "has the id of an earlier row, but different audio", err);
}

/** Whether a row is rejected for something else than a file that is not found, such as a time that
 * cannot be read. */
static bool has_own_fault(const pt_entry *row) {
    return row->status != PATINA_OK && row->status != PATINA_REJECT_MISSING;
}

static patina_status judge_row(pt_entry *entry, pt_entry *row, bool with_audio, patina_error *err) {
    if (has_own_fault(row) && has_own_fault(entry))
        return PATINA_OK; /* the entry is rejected as a whole */
    if (has_own_fault(row)) return drop_captions(row, row->status, row->fault, err);
    if (has_own_fault(entry)) {
        swap_audio(entry, row);
        pt_entry faulty = *entry;
        faulty.source = row->source;
        faulty.fault = row->fault;
        return drop_captions(&faulty, row->status, row->fault, err);
    }
    if (!is_same_segment(entry, row))
        return drop_captions(
            row, PATINA_REJECT_DUPLICATE_ID,
            "has the id of an earlier row, but a different segment of the recording", err);
    return with_audio ? judge_audio(entry, row, err) : PATINA_OK;
}

static size_t text_bytes(const pt_entry *row) {
    size_t n = 0;
    for (size_t i = 0; i < row->n_captions; i++)
        if (row->captions[i].text) n += strlen(row->captions[i].text);
    return n;
}

patina_status pt_entry_merge_row(pt_entry *entry, pt_entry *row, bool with_audio, size_t *n_text,
                                 patina_error *err) {
    patina_status status = PATINA_OK;
    const bool was_full = *n_text > PT_TEXT_MAX;

    *n_text += 1 + text_bytes(row);
    if (*n_text <= PT_TEXT_MAX) {
        status = judge_row(entry, row, with_audio, err);
        if (status == PATINA_OK) status = pt_entry_move_captions(entry, row, err);
    } else if (!was_full) {
        status = pt_entry_add_bad_caption(entry, "omitted: its entry has too many captions", err);
    }
    pt_entry_release(row);
    return status;
}
