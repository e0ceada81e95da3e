/* SPDX-License-Identifier: MIT */
/* fuzz_parquet.c - input: a Parquet file
 *
 * Checks the invariants of parquet/file_metadata.h, parquet/column_reader.h and corpus_iterator.h:
 * the slots of a row are consecutive, skipped rows are the rows that were read, entries are the
 * same with and without their audio.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "corpus/corpus_reader.h"
#include "entry_check.h"
#include "fuzz.h"
#include "parquet/column_reader.h"

#define SLOTS_MAX   20000 /* of a column: a few bytes can encode billions */
#define ENTRIES_MAX 2000

static void check_fields(const pt_parquet *file) {
    FUZZ_ASSERT(file->n_fields >= 2 && file->n_leaves >= 1);
    for (size_t i = 0; i < file->n_fields; i++) {
        const pt_parquet_field *f = &file->fields[i];
        FUZZ_ASSERT(i == 0 || f->parent < i);
        FUZZ_ASSERT(f->item_definition <= f->max_definition &&
                    f->max_repetition <= f->max_definition);
        FUZZ_ASSERT(f->max_definition <= PT_PARQUET_DEPTH_MAX);
        FUZZ_ASSERT(f->leaf == PT_PARQUET_NONE || file->leaves[f->leaf] == i);
        const size_t only = pt_parquet_find_single_leaf(file, i);
        FUZZ_ASSERT(only == PT_PARQUET_NONE || only < file->n_leaves);
    }
    pt_strbuf text = {0};
    pt_parquet_append_column_names(file, &text);
    FUZZ_ASSERT(!text.failed && pt_utf8_is_valid(text.text, text.length));
    pt_strbuf_release(&text);
}

/** Reads every byte of a value; returns their hash. */
static uint64_t hash_value(const pt_parquet_field *field, const pt_parquet_slot *slot) {
    uint64_t sum = slot->present;
    if (slot->present && field->type == PT_PARQUET_BYTE_ARRAY)
        for (size_t i = 0; i < slot->value.text.n; i++)
            sum = sum * 31 + slot->value.text.bytes[i];
    return sum;
}

/** Reads a column of a row group; returns the hash of row `wanted`, if it exists. */
static bool read_column(const pt_parquet_field *field, pt_parquet_column_reader *column,
                        uint64_t n_values, uint64_t wanted, uint64_t *hash) {
    patina_error err = {0};
    uint64_t row = 0;
    bool continues = false, found = false;

    for (uint64_t i = 0; i < n_values && i < SLOTS_MAX; i++) {
        pt_parquet_slot slot = {0};
        const patina_status status = pt_parquet_column_reader_next(column, &slot, &err);
        FUZZ_ASSERT(status == PATINA_OK || (status == PATINA_EFORMAT && err.message[0] != '\0'));
        if (status != PATINA_OK) return found;
        FUZZ_ASSERT(i == 0 || slot.begins_row == !continues);
        FUZZ_ASSERT(!slot.present || slot.is_item);
        const uint64_t sum = hash_value(field, &slot);
        if (slot.begins_row && row++ == wanted) {
            *hash = sum;
            found = true;
        }
        if (pt_parquet_column_reader_has_more_items(column, &continues, &err) != PATINA_OK)
            return found;
    }
    return found;
}

/** Checks that a row is the same if those before it are skipped. */
static void check_seek_row(const pt_parquet_field *field, pt_parquet_column_reader *column,
                           uint64_t row, uint64_t hash) {
    pt_parquet_slot slot = {0};
    FUZZ_ASSERT(pt_parquet_column_reader_skip(column, row, NULL) == PATINA_OK);
    FUZZ_ASSERT(pt_parquet_column_reader_next(column, &slot, NULL) == PATINA_OK);
    FUZZ_ASSERT(slot.begins_row && hash_value(field, &slot) == hash);
}

static void check_columns(const pt_parquet *file, uint64_t wanted) {
    for (size_t leaf = 0; leaf < file->n_leaves && leaf < 50; leaf++) {
        const pt_parquet_field *field = &file->fields[file->leaves[leaf]];
        pt_parquet_column_reader *column = NULL;
        patina_error err = {0};
        if (pt_parquet_column_reader_open(file, leaf, &column, &err) != PATINA_OK) {
            FUZZ_ASSERT(err.status == PATINA_EFORMAT && err.message[0] != '\0');
            continue;
        }
        for (size_t g = 0; g < file->n_groups && g < 10; g++) {
            uint64_t hash = 0;
            const uint64_t n_values = file->groups[g].chunks[leaf].n_values;
            pt_parquet_column_reader_seek_group(column, g);
            const bool found = read_column(field, column, n_values, wanted, &hash);
            if (field->max_repetition > 0) continue;
            FUZZ_ASSERT(pt_parquet_column_reader_skip_page(column) <= n_values);
            pt_parquet_column_reader_seek_group(column, g);
            if (found) check_seek_row(field, column, wanted, hash);
        }
        pt_parquet_column_reader_close(&column);
    }
}

static void check_entry(const pt_entry *e, bool with_audio) {
    fuzz_check_entry(e);
    FUZZ_ASSERT(with_audio || !e->audio);
    if (e->status == PATINA_OK)
        FUZZ_ASSERT(!with_audio || !e->audio != !e->path);
    else
        FUZZ_ASSERT(!e->audio);
}

static bool equal(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/** Reads once with the audio of the entries in the bit set `some`, and once without. */
static void check_corpus(const char *path, uint64_t some) {
    static const pt_corpus_options options = {0};
    void *with = NULL, *without = NULL;
    patina_error err = {0};
    bool end = false;

    if (pt_corpus_reader_parquet.open(path, &options, &with, &err) != PATINA_OK) {
        FUZZ_ASSERT(err.status == PATINA_EFORMAT && err.message[0] != '\0');
        return;
    }
    FUZZ_ASSERT(pt_corpus_reader_parquet.open(path, &options, &without, &err) == PATINA_OK);
    for (size_t n = 0; n < ENTRIES_MAX && !end; n++) {
        pt_entry a = {0}, b = {0};
        const bool with_audio = some >> n % 64 & 1;
        bool other_end = false;
        FUZZ_ASSERT(pt_corpus_reader_parquet.next(with, with_audio, &a, &end, &err) == PATINA_OK);
        FUZZ_ASSERT(pt_corpus_reader_parquet.next(without, false, &b, &other_end, &err) ==
                    PATINA_OK);
        FUZZ_ASSERT(end == other_end);
        if (!end) {
            check_entry(&a, with_audio);
            check_entry(&b, false);
            FUZZ_ASSERT(equal(a.id, b.id) && equal(a.source, b.source) &&
                        a.n_captions == b.n_captions);
            for (size_t i = 0; i < a.n_captions; i++)
                FUZZ_ASSERT(equal(a.captions[i].text, b.captions[i].text));
        }
        pt_entry_release(&a);
        pt_entry_release(&b);
    }
    pt_corpus_reader_parquet.close(with);
    pt_corpus_reader_parquet.close(without);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pt_byte_source bytes;
    pt_parquet *file = NULL;
    patina_error err = {0};
    uint64_t choice = size;
    for (size_t i = 0; i < size; i++)
        choice = choice * 31 + data[i];

    pt_byte_source_from_memory(data, size, &bytes);
    if (pt_parquet_open(&bytes, &file, &err) != PATINA_OK) {
        FUZZ_ASSERT(err.status == PATINA_EFORMAT && err.message[0] != '\0');
        return 0;
    }
    check_fields(file);
    check_columns(file, choice % 40);
    pt_parquet_close(&file);

    char path[64];
    const int fd = memfd_create("parquet", MFD_CLOEXEC);
    FUZZ_ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check_corpus(path, choice);
    close(fd);
    return 0;
}
