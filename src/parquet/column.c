/* SPDX-License-Identifier: MIT */
/* column.c - pages to values
 *
 * A data page is repetition levels, definition levels, and the values that are not null: plain, or
 * indices into the dictionary that stands before the chunk's first data page. It is read when its
 * first slot is asked for, and so is the dictionary: rows that are passed over cost their headers.
 */

#include "parquet/column.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/format.h"
#include "parquet/hybrid.h"
#include "parquet/page.h"

/** A dictionary's BYTE_ARRAY, inside its page. */
typedef struct word {
    uint32_t offset, n;
} word;

struct pt_parquet_column {
    const pt_parquet *file;
    const pt_parquet_field *field;
    pt_parquet_pages pages;
    uint64_t n_values, n_left; /* slots of the chunk */
    bool at_start;             /* of the chunk */

    pt_parquet_page_header page; /* at hand */
    size_t n_page_left;          /* slots of it */
    bool is_read;
    pt_parquet_buffer body;
    pt_hybrid repetition, definition, indices;
    bool by_index;
    const unsigned char *at, *end; /* plain values */
    bool has_ahead;                /* the next slot's repetition level is known already */
    uint32_t ahead;

    enum { NO_DICTIONARY, DICTIONARY_SEEN, DICTIONARY_READ } dictionary_state;
    pt_parquet_page_header dictionary_page;
    pt_parquet_buffer dictionary;
    word *words; /* [n_words] of BYTE_ARRAY */
    size_t n_words, words_capacity;
};

void pt_parquet_column_close(pt_parquet_column **column) {
    pt_parquet_column *c = *column;
    if (!c) return;
    pt_parquet_pages_release(&c->pages);
    free(c->body.bytes);
    free(c->dictionary.bytes);
    free(c->words);
    free(c);
    *column = NULL;
}

void pt_parquet_column_begin(pt_parquet_column *c, size_t group) {
    assert(group < c->file->n_groups);
    const pt_parquet_chunk *chunk = &c->file->groups[group].chunks[c->field->leaf];
    pt_parquet_pages_begin(&c->pages, c->file->bytes, chunk);
    c->n_values = c->n_left = chunk->n_values;
    c->at_start = true;
    c->n_page_left = 0;
    c->has_ahead = false;
    c->dictionary_state = NO_DICTIONARY;
}

/* ---- values */

static uint32_t load_u32(const unsigned char *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint64_t load_u64(const unsigned char *bytes) {
    return load_u32(bytes) | (uint64_t)load_u32(bytes + 4) << 32;
}

/** Bytes of a value; 0: they differ, or the type is not read. */
static size_t size_of(pt_parquet_type type) {
    switch (type) {
    case PT_PARQUET_INT32:
    case PT_PARQUET_FLOAT:
        return 4;
    case PT_PARQUET_INT64:
    case PT_PARQUET_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

static void load_number(pt_parquet_type type, const unsigned char *bytes, pt_parquet_slot *slot) {
    /* The bits of a float are those of the integer of its size: memcpy between them. */
    if (size_of(type) == 4) {
        const uint32_t bits = load_u32(bytes);
        memcpy(&slot->is, &bits, sizeof bits);
    } else {
        const uint64_t bits = load_u64(bytes);
        memcpy(&slot->is, &bits, sizeof bits);
    }
}

/** A BYTE_ARRAY: its length, and so many bytes. False: there are not so many. */
static bool take_word(const unsigned char **at, const unsigned char *end,
                      const unsigned char **bytes, size_t *n) {
    if (end - *at < 4) return false;
    *n = load_u32(*at);
    if ((size_t)(end - *at) - 4 < *n) return false;
    *bytes = *at + 4;
    *at += 4 + *n;
    return true;
}

static pt_status too_short(pt_error *err) {
    return pt_fail(err, PT_EFORMAT, "a page holds fewer values than it claims");
}

static pt_status take_plain(pt_parquet_column *c, pt_parquet_slot *slot, pt_error *err) {
    const size_t size = size_of(c->field->type);
    if (c->field->type == PT_PARQUET_BYTE_ARRAY)
        return take_word(&c->at, c->end, &slot->is.text.bytes, &slot->is.text.n) ? PT_OK
                                                                                 : too_short(err);
    if ((size_t)(c->end - c->at) < size) return too_short(err);
    load_number(c->field->type, c->at, slot);
    c->at += size;
    return PT_OK;
}

static pt_status take_by_index(pt_parquet_column *c, pt_parquet_slot *slot, pt_error *err) {
    uint32_t index;
    if (!pt_hybrid_next(&c->indices, &index)) return too_short(err);
    if (index >= c->dictionary_page.n_values)
        return pt_fail(err, PT_EFORMAT, "a value is number %u of a dictionary of %zu", index,
                       c->dictionary_page.n_values);
    if (c->field->type == PT_PARQUET_BYTE_ARRAY) {
        slot->is.text.bytes = c->dictionary.bytes + c->words[index].offset;
        slot->is.text.n = c->words[index].n;
    } else {
        load_number(c->field->type, c->dictionary.bytes + index * size_of(c->field->type), slot);
    }
    return PT_OK;
}

/* ---- pages */

static pt_status find_words(pt_parquet_column *c, pt_error *err) {
    const size_t n = c->dictionary_page.n_values;
    const unsigned char *at = c->dictionary.bytes, *end = at + c->dictionary.n;

    if (n > c->dictionary.n / 4) return too_short(err); /* each has four bytes of length */
    if (n > c->words_capacity) {
        word *words = realloc(c->words, n * sizeof *words);
        if (!words) return pt_fail(err, PT_ENOMEM, "out of memory for a dictionary");
        c->words = words;
        c->words_capacity = n;
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned char *bytes;
        size_t length;
        if (!take_word(&at, end, &bytes, &length)) return too_short(err);
        c->words[i] = (word){(uint32_t)(bytes - c->dictionary.bytes), (uint32_t)length};
    }
    return PT_OK;
}

static pt_status read_dictionary(pt_parquet_column *c, pt_error *err) {
    const pt_parquet_page_header *page = &c->dictionary_page;

    if (c->dictionary_state == DICTIONARY_READ) return PT_OK;
    if (c->dictionary_state == NO_DICTIONARY)
        return pt_fail(err, PT_EFORMAT, "its dictionary is missing");
    if (page->encoding != PT_PARQUET_PLAIN && page->encoding != PT_PARQUET_PLAIN_DICTIONARY)
        return pt_fail(err, PT_EFORMAT, "its dictionary has the encoding %s, which is not read",
                       pt_parquet_encoding_name(page->encoding));
    PT_TRY(pt_parquet_page_read(&c->pages, page, &c->dictionary, err));
    if (c->field->type == PT_PARQUET_BYTE_ARRAY)
        PT_TRY(find_words(c, err));
    else if (page->n_values > c->dictionary.n / size_of(c->field->type))
        return too_short(err);
    c->dictionary_state = DICTIONARY_READ;
    return PT_OK;
}

static unsigned width_of(unsigned max) {
    unsigned width = 0;
    while (max >> width)
        width++;
    return width;
}

/** The levels at c->at: in version 1 their length stands in front, in version 2 in the header. */
static pt_status read_levels(pt_parquet_column *c, unsigned max, int encoding, size_t n_header,
                             pt_hybrid *levels, pt_error *err) {
    const bool v2 = c->page.kind == PT_PARQUET_DATA_PAGE_V2;
    size_t n = n_header;

    if (max == 0 && !v2) return PT_OK; /* none */
    if (encoding != PT_PARQUET_RLE)
        return pt_fail(err, PT_EFORMAT, "its levels have the encoding %s, which is not read",
                       pt_parquet_encoding_name(encoding));
    if (!v2) {
        if (c->end - c->at < 4) return too_short(err);
        n = load_u32(c->at);
        c->at += 4;
    }
    if (n > (size_t)(c->end - c->at)) return too_short(err);
    pt_hybrid_init(levels, c->at, n, width_of(max));
    c->at += n;
    return PT_OK;
}

static pt_status read_page(pt_parquet_column *c, pt_error *err) {
    const pt_parquet_page_header *page = &c->page;
    const bool indexed = page->encoding == PT_PARQUET_RLE_DICTIONARY ||
                         page->encoding == PT_PARQUET_PLAIN_DICTIONARY;

    if (!indexed && page->encoding != PT_PARQUET_PLAIN)
        return pt_fail(err, PT_EFORMAT, "it has the encoding %s, which is not read",
                       pt_parquet_encoding_name(page->encoding));
    if (indexed) PT_TRY(read_dictionary(c, err));
    PT_TRY(pt_parquet_page_read(&c->pages, page, &c->body, err));
    c->at = c->body.bytes;
    c->end = c->at + c->body.n;
    PT_TRY(read_levels(c, c->field->max_repetition, page->repetition_encoding,
                       page->n_repetition_bytes, &c->repetition, err));
    PT_TRY(read_levels(c, c->field->max_definition, page->definition_encoding,
                       page->n_definition_bytes, &c->definition, err));
    c->by_index = indexed;
    if (indexed) {
        /* A page of nulls may have no indices, not even their width. */
        const unsigned width = c->at < c->end ? *c->at++ : 0;
        if (width > PT_HYBRID_WIDTH_MAX)
            return pt_fail(err, PT_EFORMAT, "its indices have %u bits", width);
        pt_hybrid_init(&c->indices, c->at, (size_t)(c->end - c->at), width);
    }
    c->is_read = true;
    return PT_OK;
}

/** Goes on to a page that has slots left; its body is not read yet. */
static pt_status find_page(pt_parquet_column *c, pt_error *err) {
    while (c->n_page_left == 0) {
        if (c->n_left == 0) return pt_fail(err, PT_EFORMAT, "it has too few values");
        PT_TRY(pt_parquet_pages_next(&c->pages, &c->page, err));
        if (c->page.kind == PT_PARQUET_DICTIONARY_PAGE) {
            if (c->dictionary_state != NO_DICTIONARY)
                return pt_fail(err, PT_EFORMAT, "it has two dictionaries");
            c->dictionary_page = c->page;
            c->dictionary_state = DICTIONARY_SEEN;
        } else if (c->page.kind == PT_PARQUET_DATA_PAGE ||
                   c->page.kind == PT_PARQUET_DATA_PAGE_V2) {
            if (c->page.n_values > c->n_left)
                return pt_fail(err, PT_EFORMAT, "its pages have more values than it has");
            c->n_page_left = c->page.n_values;
            c->is_read = false;
        }
    }
    return PT_OK;
}

/* ---- slots */

/** Reads the next slot's repetition level. */
static pt_status look_ahead(pt_parquet_column *c, pt_error *err) {
    if (c->has_ahead) return PT_OK;
    PT_TRY(find_page(c, err));
    if (!c->is_read) PT_TRY(read_page(c, err));
    c->ahead = 0;
    if (c->field->max_repetition > 0 && !pt_hybrid_next(&c->repetition, &c->ahead))
        return too_short(err);
    if (c->ahead > c->field->max_repetition || (c->at_start && c->ahead > 0))
        return pt_fail(err, PT_EFORMAT, "a repetition level is %u", c->ahead);
    c->has_ahead = true;
    return PT_OK;
}

static pt_status next_slot(pt_parquet_column *c, pt_parquet_slot *slot, pt_error *err) {
    uint32_t definition = 0;

    PT_TRY(look_ahead(c, err));
    if (c->field->max_definition > 0 && !pt_hybrid_next(&c->definition, &definition))
        return too_short(err);
    if (definition > c->field->max_definition)
        return pt_fail(err, PT_EFORMAT, "a definition level is %u, and at most %u", definition,
                       c->field->max_definition);
    *slot = (pt_parquet_slot){.begins_row = c->ahead == 0,
                              .is_item = definition >= c->field->item_definition,
                              .present = definition == c->field->max_definition};
    c->has_ahead = c->at_start = false;
    c->n_page_left--;
    c->n_left--;
    if (!slot->present) return PT_OK;
    return c->by_index ? take_by_index(c, slot, err) : take_plain(c, slot, err);
}

/** Puts the column's name in front. */
static pt_status in_column(const pt_parquet_column *c, pt_status status, pt_error *err) {
    pt_str path = {0};
    if (status == PT_OK || !err) return status;
    pt_parquet_add_path(c->file, c->file->leaves[c->field->leaf], &path);
    pt_error_in(err, "column '%s'", path.failed ? "" : path.text);
    pt_str_release(&path);
    return status;
}

pt_status pt_parquet_column_open(const pt_parquet *file, size_t leaf, pt_parquet_column **column,
                                 pt_error *err) {
    assert(leaf < file->n_leaves);
    pt_parquet_column *c = calloc(1, sizeof *c);
    pt_status status = PT_OK;
    if (!c) return pt_fail(err, PT_ENOMEM, "out of memory");
    c->file = file;
    c->field = &file->fields[file->leaves[leaf]];
    if (c->field->type != PT_PARQUET_BYTE_ARRAY && size_of(c->field->type) == 0)
        status = pt_fail(err, PT_EFORMAT, "its values are of a type that is not read");
    else
        status = pt_parquet_readable(file, leaf, err);
    if (status != PT_OK) {
        in_column(c, status, err);
        pt_parquet_column_close(&c);
        return status;
    }
    *column = c;
    return PT_OK;
}

pt_status pt_parquet_column_next(pt_parquet_column *c, pt_parquet_slot *slot, pt_error *err) {
    return in_column(c, next_slot(c, slot, err), err);
}

pt_status pt_parquet_column_continues(pt_parquet_column *c, bool *continues, pt_error *err) {
    *continues = false;
    if (c->field->max_repetition == 0 || c->n_left == 0) return PT_OK;
    PT_TRY(in_column(c, look_ahead(c, err), err));
    *continues = c->ahead > 0;
    return PT_OK;
}

static void leave_page(pt_parquet_column *c) {
    c->n_left -= c->n_page_left;
    c->n_page_left = 0;
    c->has_ahead = c->at_start = false;
}

static pt_status skip(pt_parquet_column *c, uint64_t n, pt_error *err) {
    while (n > 0) {
        pt_parquet_slot slot;
        PT_TRY(find_page(c, err));
        if (n >= c->n_page_left) {
            n -= c->n_page_left;
            leave_page(c);
        } else {
            PT_TRY(next_slot(c, &slot, err));
            n--;
        }
    }
    return PT_OK;
}

pt_status pt_parquet_column_skip(pt_parquet_column *c, uint64_t n, pt_error *err) {
    assert(c->field->max_repetition == 0);
    return in_column(c, skip(c, n, err), err);
}

uint64_t pt_parquet_column_resume(pt_parquet_column *c) {
    assert(c->field->max_repetition == 0);
    leave_page(c);
    return c->n_values - c->n_left;
}
