/* SPDX-License-Identifier: MIT */
/* fuzz_parquet.c - input: a Parquet file
 *
 * Checks what parquet/footer.h, parquet/column.h and corpus.h promise: that slots of a row follow
 * each other, that rows passed over are those that were read, that entries are the same with their
 * audio and without.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "corpus/reader.h"
#include "fuzz.h"
#include "parquet/column.h"

#define SLOTS_MAX   20000 /* of a column: a few bytes can stand for billions */
#define ENTRIES_MAX 2000

static void check_fields(const pt_parquet *file) {
    MUST(file->n_fields >= 2 && file->n_leaves >= 1);
    for (size_t i = 0; i < file->n_fields; i++) {
        const pt_parquet_field *f = &file->fields[i];
        MUST(i == 0 || f->parent < i);
        MUST(f->item_definition <= f->max_definition && f->max_repetition <= f->max_definition);
        MUST(f->max_definition <= PT_PARQUET_DEPTH_MAX);
        MUST(f->leaf == PT_PARQUET_NONE || file->leaves[f->leaf] == i);
        const size_t only = pt_parquet_only_leaf(file, i);
        MUST(only == PT_PARQUET_NONE || only < file->n_leaves);
    }
    pt_str text = {0};
    pt_parquet_add_columns(file, &text);
    MUST(!text.failed && pt_utf8_valid(text.text, text.length));
    pt_str_release(&text);
}

/** Touches every byte of a value; a hash of them. */
static uint64_t touch(const pt_parquet_field *field, const pt_parquet_slot *slot) {
    uint64_t sum = slot->present;
    if (slot->present && field->type == PT_PARQUET_BYTE_ARRAY)
        for (size_t i = 0; i < slot->is.text.n; i++)
            sum = sum * 31 + slot->is.text.bytes[i];
    return sum;
}

/** Reads a row group's column; the hash of its row number `wanted`, where there is one. */
static bool read_column(const pt_parquet_field *field, pt_parquet_column *column, uint64_t n_values,
                        uint64_t wanted, uint64_t *hash) {
    pt_error err = {0};
    uint64_t row = 0;
    bool continues = false, found = false;

    for (uint64_t i = 0; i < n_values && i < SLOTS_MAX; i++) {
        pt_parquet_slot slot = {0};
        const pt_status status = pt_parquet_column_next(column, &slot, &err);
        MUST(status == PT_OK || (status == PT_EFORMAT && err.message[0] != '\0'));
        if (status != PT_OK) return found;
        MUST(i == 0 || slot.begins_row == !continues);
        MUST(!slot.present || slot.is_item);
        const uint64_t sum = touch(field, &slot);
        if (slot.begins_row && row++ == wanted) {
            *hash = sum;
            found = true;
        }
        if (pt_parquet_column_continues(column, &continues, &err) != PT_OK) return found;
    }
    return found;
}

/** A row that was read is there too when those before it are passed over. */
static void check_skip(const pt_parquet_field *field, pt_parquet_column *column, uint64_t row,
                       uint64_t hash) {
    pt_parquet_slot slot = {0};
    MUST(pt_parquet_column_skip(column, row, NULL) == PT_OK);
    MUST(pt_parquet_column_next(column, &slot, NULL) == PT_OK);
    MUST(slot.begins_row && touch(field, &slot) == hash);
}

static void check_columns(const pt_parquet *file, uint64_t wanted) {
    for (size_t leaf = 0; leaf < file->n_leaves && leaf < 50; leaf++) {
        const pt_parquet_field *field = &file->fields[file->leaves[leaf]];
        pt_parquet_column *column = NULL;
        pt_error err = {0};
        if (pt_parquet_column_open(file, leaf, &column, &err) != PT_OK) {
            MUST(err.status == PT_EFORMAT && err.message[0] != '\0');
            continue;
        }
        for (size_t g = 0; g < file->n_groups && g < 10; g++) {
            uint64_t hash = 0;
            const uint64_t n_values = file->groups[g].chunks[leaf].n_values;
            pt_parquet_column_begin(column, g);
            const bool found = read_column(field, column, n_values, wanted, &hash);
            if (field->max_repetition > 0) continue;
            MUST(pt_parquet_column_resume(column) <= n_values);
            pt_parquet_column_begin(column, g);
            if (found) check_skip(field, column, wanted, hash);
        }
        pt_parquet_column_close(&column);
    }
}

static void check_text(const char *text) {
    MUST(!text || pt_utf8_valid(text, strlen(text))); /* it is written to JSON */
}

static void check_entry(const pt_entry *e, bool with_audio) {
    check_text(e->id);
    check_text(e->source);
    check_text(e->fault);
    MUST(e->source);
    MUST(!e->id || e->id[0] != '\0');
    MUST(with_audio || (!e->audio && !e->path));
    if (e->status == PT_OK)
        MUST(e->id && !e->fault && (!with_audio || !e->audio != !e->path));
    else
        MUST(e->fault && pt_status_rejects(e->status) && !e->audio);
    for (size_t i = 0; i < e->n_captions; i++)
        check_text(e->captions[i].text ? e->captions[i].text : e->captions[i].fault);
}

static bool equal(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/** Once with the audio of the entries that the bits of `some` name, and once without. */
static void check_corpus(const char *path, uint64_t some) {
    static const pt_corpus_options options = {0};
    void *with = NULL, *without = NULL;
    pt_error err = {0};
    bool end = false;

    if (pt_reader_parquet.open(path, &options, &with, &err) != PT_OK) {
        MUST(err.status == PT_EFORMAT && err.message[0] != '\0');
        return;
    }
    MUST(pt_reader_parquet.open(path, &options, &without, &err) == PT_OK);
    for (size_t n = 0; n < ENTRIES_MAX && !end; n++) {
        pt_entry a = {0}, b = {0};
        const bool with_audio = some >> n % 64 & 1;
        bool other_end = false;
        MUST(pt_reader_parquet.next(with, with_audio, &a, &end, &err) == PT_OK);
        MUST(pt_reader_parquet.next(without, false, &b, &other_end, &err) == PT_OK);
        MUST(end == other_end);
        if (!end) {
            check_entry(&a, with_audio);
            check_entry(&b, false);
            MUST(equal(a.id, b.id) && equal(a.source, b.source) && a.n_captions == b.n_captions);
            for (size_t i = 0; i < a.n_captions; i++)
                MUST(equal(a.captions[i].text, b.captions[i].text));
        }
        pt_entry_release(&a);
        pt_entry_release(&b);
    }
    pt_reader_parquet.close(with);
    pt_reader_parquet.close(without);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pt_bytes bytes;
    pt_parquet *file = NULL;
    pt_error err = {0};
    uint64_t choice = size;
    for (size_t i = 0; i < size; i++)
        choice = choice * 31 + data[i];

    pt_bytes_of_memory(data, size, &bytes);
    if (pt_parquet_open(&bytes, &file, &err) != PT_OK) {
        MUST(err.status == PT_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    check_fields(file);
    check_columns(file, choice % 40);
    pt_parquet_close(&file);

    char path[64];
    const int fd = memfd_create("parquet", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check_corpus(path, choice);
    close(fd);
    return 0;
}
