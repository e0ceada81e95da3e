/* SPDX-License-Identifier: MIT */
/* column_reader.c - decodes pages to values
 *
 * A data page is repetition levels, definition levels, and the values that are not null: plain, or
 * indices into the dictionary before the chunk's first data page. A page body, and the dictionary,
 * is read with its first slot; skipped rows cost only the page headers.
 */

#include "parquet/column_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "parquet/page_reader.h"
#include "parquet/parquet_types.h"
#include "parquet/rle_decoder.h"

/** A BYTE_ARRAY of a dictionary, inside its page. */
typedef struct byte_array {
    uint32_t offset, n;
} byte_array;

struct pt_parquet_column_reader {
    const pt_parquet *file;
    const pt_parquet_field *field;
    pt_parquet_page_reader pages;
    uint64_t n_values, n_left; /* slots of the chunk */
    bool at_start;             /* of the chunk */

    pt_parquet_page_header page; /* the current one */
    size_t n_page_left;          /* slots of it */
    bool is_read;
    pt_parquet_buffer body;
    pt_rle_decoder repetition, definition, indices;
    bool uses_dictionary;
    const unsigned char *at, *end; /* plain values */
    bool has_next_repetition;      /* the repetition level of the next slot has been read */
    uint32_t next_repetition;

    enum { NO_DICTIONARY, DICTIONARY_SEEN, DICTIONARY_READ } dictionary_state;
    pt_parquet_page_header dictionary_page;
    pt_parquet_buffer dictionary;
    byte_array *byte_arrays; /* [n_byte_arrays] of BYTE_ARRAY */
    size_t n_byte_arrays, byte_arrays_capacity;
};

void pt_parquet_column_reader_close(pt_parquet_column_reader **column) {
    pt_parquet_column_reader *c = *column;
    if (!c) return;
    pt_parquet_page_reader_release(&c->pages);
    free(c->body.bytes);
    free(c->dictionary.bytes);
    free(c->byte_arrays);
    free(c);
    *column = NULL;
}

void pt_parquet_column_reader_seek_group(pt_parquet_column_reader *c, size_t group) {
    assert(group < c->file->n_groups);
    const pt_parquet_column_chunk *chunk = &c->file->groups[group].chunks[c->field->leaf];
    pt_parquet_page_reader_init(&c->pages, c->file->bytes, chunk);
    c->n_values = c->n_left = chunk->n_values;
    c->at_start = true;
    c->n_page_left = 0;
    c->has_next_repetition = false;
    c->dictionary_state = NO_DICTIONARY;
}

/* ---- values */

static uint32_t load_u32(const unsigned char *bytes) {
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint64_t load_u64(const unsigned char *bytes) {
    return load_u32(bytes) | (uint64_t)load_u32(bytes + 4) << 32;
}

/** Bytes of a value; 0 for variable length or an unsupported type. */
static size_t type_size(pt_parquet_type type) {
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
    /* Floats and integers of one size have the same byte order: copy the bits. */
    if (type_size(type) == 4) {
        const uint32_t bits = load_u32(bytes);
        memcpy(&slot->value, &bits, sizeof bits);
    } else {
        const uint64_t bits = load_u64(bytes);
        memcpy(&slot->value, &bits, sizeof bits);
    }
}

/** A BYTE_ARRAY: length and bytes. False when the page has fewer bytes. */
static bool read_byte_array(const unsigned char **at, const unsigned char *end,
                            const unsigned char **bytes, size_t *n) {
    if (end - *at < 4) return false;
    *n = load_u32(*at);
    if ((size_t)(end - *at) - 4 < *n) return false;
    *bytes = *at + 4;
    *at += 4 + *n;
    return true;
}

static patina_status too_short(patina_error *err) {
    return pt_fail(err, PATINA_EFORMAT, "a page has fewer values than its header says");
}

static patina_status read_plain_value(pt_parquet_column_reader *c, pt_parquet_slot *slot,
                                      patina_error *err) {
    const size_t size = type_size(c->field->type);
    if (c->field->type == PT_PARQUET_BYTE_ARRAY)
        return read_byte_array(&c->at, c->end, &slot->value.text.bytes, &slot->value.text.n)
                   ? PATINA_OK
                   : too_short(err);
    if ((size_t)(c->end - c->at) < size) return too_short(err);
    load_number(c->field->type, c->at, slot);
    c->at += size;
    return PATINA_OK;
}

static patina_status read_dictionary_value(pt_parquet_column_reader *c, pt_parquet_slot *slot,
                                           patina_error *err) {
    uint32_t index;
    if (!pt_rle_decoder_next(&c->indices, &index)) return too_short(err);
    if (index >= c->dictionary_page.n_values)
        return pt_fail(err, PATINA_EFORMAT,
                       "dictionary index %u exceeds the dictionary of %zu values", index,
                       c->dictionary_page.n_values);
    if (c->field->type == PT_PARQUET_BYTE_ARRAY) {
        slot->value.text.bytes = c->dictionary.bytes + c->byte_arrays[index].offset;
        slot->value.text.n = c->byte_arrays[index].n;
    } else {
        load_number(c->field->type, c->dictionary.bytes + index * type_size(c->field->type), slot);
    }
    return PATINA_OK;
}

/* ---- pages */

static patina_status index_byte_arrays(pt_parquet_column_reader *c, patina_error *err) {
    const size_t n = c->dictionary_page.n_values;
    const unsigned char *at = c->dictionary.bytes, *end = at + c->dictionary.n;

    if (n > c->dictionary.n / 4) return too_short(err); /* each has four bytes of length */
    if (n > c->byte_arrays_capacity) {
        byte_array *byte_arrays = realloc(c->byte_arrays, n * sizeof *byte_arrays);
        if (!byte_arrays) return pt_fail(err, PATINA_ENOMEM, "out of memory for a dictionary");
        c->byte_arrays = byte_arrays;
        c->byte_arrays_capacity = n;
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned char *bytes;
        size_t length;
        if (!read_byte_array(&at, end, &bytes, &length)) return too_short(err);
        c->byte_arrays[i] = (byte_array){(uint32_t)(bytes - c->dictionary.bytes), (uint32_t)length};
    }
    return PATINA_OK;
}

static patina_status read_dictionary(pt_parquet_column_reader *c, patina_error *err) {
    const pt_parquet_page_header *page = &c->dictionary_page;

    if (c->dictionary_state == DICTIONARY_READ) return PATINA_OK;
    if (c->dictionary_state == NO_DICTIONARY)
        return pt_fail(err, PATINA_EFORMAT, "its dictionary is missing");
    if (page->encoding != PT_PARQUET_PLAIN && page->encoding != PT_PARQUET_PLAIN_DICTIONARY)
        return pt_fail(err, PATINA_EFORMAT, "the encoding %s of its dictionary is not supported",
                       pt_parquet_encoding_name(page->encoding));
    PT_TRY(pt_parquet_page_reader_read_body(&c->pages, page, &c->dictionary, err));
    if (c->field->type == PT_PARQUET_BYTE_ARRAY)
        PT_TRY(index_byte_arrays(c, err));
    else if ((uint64_t)page->n_values * type_size(c->field->type) > c->dictionary.n)
        return too_short(err);
    c->dictionary_state = DICTIONARY_READ;
    return PATINA_OK;
}

static unsigned bit_width(unsigned max) {
    unsigned width = 0;
    while (max >> width)
        width++;
    return width;
}

/** The levels at c->at. Their length precedes them in version 1, and is in the header in version
 * 2. */
static patina_status read_levels(pt_parquet_column_reader *c, unsigned max, int encoding,
                                 size_t n_header, pt_rle_decoder *levels, patina_error *err) {
    const bool v2 = c->page.kind == PT_PARQUET_DATA_PAGE_V2;
    size_t n = n_header;

    if (max == 0 && !v2) return PATINA_OK; /* none */
    if (encoding != PT_PARQUET_RLE)
        return pt_fail(err, PATINA_EFORMAT, "the encoding %s of its levels is not supported",
                       pt_parquet_encoding_name(encoding));
    if (!v2) {
        if (c->end - c->at < 4) return too_short(err);
        n = load_u32(c->at);
        c->at += 4;
    }
    if (n > (size_t)(c->end - c->at)) return too_short(err);
    pt_rle_decoder_init(levels, c->at, n, bit_width(max));
    c->at += n;
    return PATINA_OK;
}

static patina_status read_page(pt_parquet_column_reader *c, patina_error *err) {
    const pt_parquet_page_header *page = &c->page;
    const bool indexed = page->encoding == PT_PARQUET_RLE_DICTIONARY ||
                         page->encoding == PT_PARQUET_PLAIN_DICTIONARY;

    if (!indexed && page->encoding != PT_PARQUET_PLAIN)
        return pt_fail(err, PATINA_EFORMAT, "its encoding %s is not supported",
                       pt_parquet_encoding_name(page->encoding));
    if (indexed) PT_TRY(read_dictionary(c, err));
    PT_TRY(pt_parquet_page_reader_read_body(&c->pages, page, &c->body, err));
    c->at = c->body.bytes;
    c->end = c->at + c->body.n;
    PT_TRY(read_levels(c, c->field->max_repetition, page->repetition_encoding,
                       page->n_repetition_bytes, &c->repetition, err));
    PT_TRY(read_levels(c, c->field->max_definition, page->definition_encoding,
                       page->n_definition_bytes, &c->definition, err));
    c->uses_dictionary = indexed;
    if (indexed) {
        /* A page of nulls may have no indices, not even their width. */
        const unsigned width = c->at < c->end ? *c->at++ : 0;
        if (width > PT_RLE_BIT_WIDTH_MAX)
            return pt_fail(err, PATINA_EFORMAT, "its indices have %u bits; the limit is 32", width);
        pt_rle_decoder_init(&c->indices, c->at, (size_t)(c->end - c->at), width);
    }
    c->is_read = true;
    return PATINA_OK;
}

/** Moves to a page that has slots left, without reading its body. */
static patina_status find_page(pt_parquet_column_reader *c, patina_error *err) {
    while (c->n_page_left == 0) {
        if (c->n_left == 0) return pt_fail(err, PATINA_EFORMAT, "it has too few values");
        PT_TRY(pt_parquet_page_reader_next(&c->pages, &c->page, err));
        if (c->page.kind == PT_PARQUET_DICTIONARY_PAGE) {
            if (c->dictionary_state != NO_DICTIONARY)
                return pt_fail(err, PATINA_EFORMAT, "it has two dictionaries");
            c->dictionary_page = c->page;
            c->dictionary_state = DICTIONARY_SEEN;
        } else if (c->page.kind == PT_PARQUET_DATA_PAGE ||
                   c->page.kind == PT_PARQUET_DATA_PAGE_V2) {
            if (c->page.n_values > c->n_left)
                return pt_fail(err, PATINA_EFORMAT,
                               "its pages have more values than its metadata declare");
            c->n_page_left = c->page.n_values;
            c->is_read = false;
        }
    }
    return PATINA_OK;
}

/* ---- slots */

/** Reads the repetition level of the next slot. */
static patina_status peek_repetition_level(pt_parquet_column_reader *c, patina_error *err) {
    if (c->has_next_repetition) return PATINA_OK;
    PT_TRY(find_page(c, err));
    if (!c->is_read) PT_TRY(read_page(c, err));
    c->next_repetition = 0;
    if (c->field->max_repetition > 0 && !pt_rle_decoder_next(&c->repetition, &c->next_repetition))
        return too_short(err);
    if (c->next_repetition > c->field->max_repetition || (c->at_start && c->next_repetition > 0))
        return pt_fail(err, PATINA_EFORMAT, "repetition level %u is invalid", c->next_repetition);
    c->has_next_repetition = true;
    return PATINA_OK;
}

static patina_status next_slot(pt_parquet_column_reader *c, pt_parquet_slot *slot,
                               patina_error *err) {
    uint32_t definition = 0;

    PT_TRY(peek_repetition_level(c, err));
    if (c->field->max_definition > 0 && !pt_rle_decoder_next(&c->definition, &definition))
        return too_short(err);
    if (definition > c->field->max_definition)
        return pt_fail(err, PATINA_EFORMAT, "definition level %u exceeds the maximum of %u",
                       definition, c->field->max_definition);
    *slot = (pt_parquet_slot){.begins_row = c->next_repetition == 0,
                              .is_item = definition >= c->field->item_definition,
                              .present = definition == c->field->max_definition};
    c->has_next_repetition = c->at_start = false;
    c->n_page_left--;
    c->n_left--;
    if (!slot->present) return PATINA_OK;
    return c->uses_dictionary ? read_dictionary_value(c, slot, err)
                              : read_plain_value(c, slot, err);
}

/** Adds the column's name to an error. */
static patina_status add_column_context(const pt_parquet_column_reader *c, patina_status status,
                                        patina_error *err) {
    pt_strbuf path = {0};
    if (status == PATINA_OK || !err) return status;
    pt_parquet_append_field_path(c->file, c->file->leaves[c->field->leaf], &path);
    pt_error_add_context(err, "column '%s'", path.failed ? "" : path.text);
    pt_strbuf_release(&path);
    return status;
}

patina_status pt_parquet_column_reader_open(const pt_parquet *file, size_t leaf,
                                            pt_parquet_column_reader **column, patina_error *err) {
    assert(leaf < file->n_leaves);
    pt_parquet_column_reader *c = calloc(1, sizeof *c);
    patina_status status = PATINA_OK;
    if (!c) return pt_fail(err, PATINA_ENOMEM, "out of memory");
    c->file = file;
    c->field = &file->fields[file->leaves[leaf]];
    if (c->field->type != PT_PARQUET_BYTE_ARRAY && type_size(c->field->type) == 0)
        status = pt_fail(err, PATINA_EFORMAT, "its values have an unsupported type");
    else
        status = pt_parquet_check_supported(file, leaf, err);
    if (status != PATINA_OK) {
        add_column_context(c, status, err);
        pt_parquet_column_reader_close(&c);
        return status;
    }
    *column = c;
    return PATINA_OK;
}

patina_status pt_parquet_column_reader_next(pt_parquet_column_reader *c, pt_parquet_slot *slot,
                                            patina_error *err) {
    return add_column_context(c, next_slot(c, slot, err), err);
}

patina_status pt_parquet_column_reader_has_more_items(pt_parquet_column_reader *c, bool *continues,
                                                      patina_error *err) {
    *continues = false;
    if (c->field->max_repetition == 0 || c->n_left == 0) return PATINA_OK;
    PT_TRY(add_column_context(c, peek_repetition_level(c, err), err));
    *continues = c->next_repetition > 0;
    return PATINA_OK;
}

static void skip_page_rest(pt_parquet_column_reader *c) {
    c->n_left -= c->n_page_left;
    c->n_page_left = 0;
    c->has_next_repetition = c->at_start = false;
}

static patina_status skip(pt_parquet_column_reader *c, uint64_t n, patina_error *err) {
    while (n > 0) {
        pt_parquet_slot slot;
        PT_TRY(find_page(c, err));
        if (n >= c->n_page_left) {
            n -= c->n_page_left;
            skip_page_rest(c);
        } else {
            PT_TRY(next_slot(c, &slot, err));
            n--;
        }
    }
    return PATINA_OK;
}

patina_status pt_parquet_column_reader_skip(pt_parquet_column_reader *c, uint64_t n,
                                            patina_error *err) {
    assert(c->field->max_repetition == 0);
    return add_column_context(c, skip(c, n, err), err);
}

uint64_t pt_parquet_column_reader_skip_page(pt_parquet_column_reader *c) {
    assert(c->field->max_repetition == 0);
    skip_page_rest(c);
    return c->n_values - c->n_left;
}
