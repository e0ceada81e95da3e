/* SPDX-License-Identifier: MIT */
/* row_index.c - a hash table of ids, and a temporary file of the rows that repeat one */

#include "corpus/row_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "fs/temp_file.h"

#define ROWS_MAX     UINT32_MAX
#define SLOTS_MIN    1024
#define NUMBER_BYTES 10 /* of 64 bits */

typedef struct key {
    uint64_t low, high;
} key;

/** A row whose id occurred before. */
typedef struct later_row {
    uint32_t first; /* row that has the id first */
    uint32_t size;  /* bytes in the file */
    uint64_t offset;
} later_row;

struct pt_row_index {
    uint64_t n_rows;
    unsigned char *is_later; /* a bit a row */
    uint64_t n_bits;

    /* While it is built. */
    key *keys;       /* [n_keys], of distinct ids */
    uint32_t *rows;  /* [n_keys], the first row of each */
    uint32_t *slots; /* [n_slots] 1 + index of a key; 0: free */
    size_t n_keys, keys_capacity, n_slots;
    FILE *out;
    uint64_t n_written;
    pt_strbuf record;

    int fd; /* the temporary file; -1: none */
    later_row *later;
    size_t n_later, later_capacity, at;
};

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

patina_status pt_row_index_open(pt_row_index **index, patina_error *err) {
    *index = calloc(1, sizeof **index);
    if (!*index) return no_memory(err);
    (*index)->fd = -1;
    return PATINA_OK;
}

static void free_table(pt_row_index *x) {
    free(x->keys);
    free(x->rows);
    free(x->slots);
    if (x->out) fclose(x->out);
    pt_strbuf_release(&x->record);
    x->keys = NULL;
    x->rows = x->slots = NULL;
    x->out = NULL;
}

void pt_row_index_close(pt_row_index **index) {
    pt_row_index *x = *index;
    if (!x) return;
    free_table(x);
    if (x->fd >= 0) close(x->fd);
    free(x->is_later);
    free(x->later);
    free(x);
    *index = NULL;
}

/* The table of ids -------------------------------------------------------------------------- */

static key hash_id(const char *id) {
    pt_sha256 hash;
    key k;
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, id, strlen(id));
    pt_sha256_finish_128(&hash, &k.low, &k.high);
    return k;
}

static uint32_t *find_slot(const pt_row_index *x, key k) {
    size_t i = (size_t)k.low & (x->n_slots - 1);
    for (; x->slots[i]; i = (i + 1) & (x->n_slots - 1)) {
        const key *other = &x->keys[x->slots[i] - 1];
        if (other->low == k.low && other->high == k.high) break;
    }
    return &x->slots[i];
}

/** Room for one more id, in a table that is at most three quarters full. */
static patina_status reserve_key(pt_row_index *x, patina_error *err) {
    if (x->n_keys == x->keys_capacity) {
        const size_t capacity = x->keys_capacity + x->keys_capacity / 2 + SLOTS_MIN;
        key *keys = realloc(x->keys, capacity * sizeof *keys);
        if (keys) x->keys = keys;
        uint32_t *rows = realloc(x->rows, capacity * sizeof *rows);
        if (rows) x->rows = rows;
        if (!keys || !rows) return no_memory(err);
        x->keys_capacity = capacity;
    }
    if (4 * x->n_keys < 3 * x->n_slots) return PATINA_OK;
    const size_t n_slots = x->n_slots ? 2 * x->n_slots : SLOTS_MIN;
    free(x->slots);
    x->slots = calloc(n_slots, sizeof *x->slots);
    x->n_slots = x->slots ? n_slots : 0;
    if (!x->slots) return no_memory(err);
    for (size_t i = 0; i < x->n_keys; i++)
        *find_slot(x, x->keys[i]) = (uint32_t)i + 1;
    return PATINA_OK;
}

/* Rows in the file -------------------------------------------------------------------------- */

/** As LEB128: most numbers are small. */
static void put_number(pt_strbuf *out, uint64_t number) {
    unsigned char bytes[NUMBER_BYTES];
    size_t n = 0;
    for (; number > 0x7F; number >>= 7)
        bytes[n++] = (unsigned char)(number | 0x80);
    bytes[n++] = (unsigned char)number;
    pt_strbuf_append_bytes(out, bytes, n);
}

static void put_text(pt_strbuf *out, const char *text) {
    put_number(out, text ? strlen(text) + 1 : 0);
    if (text) pt_strbuf_append_bytes(out, text, strlen(text) + 1);
}

static void write_row(pt_strbuf *out, const pt_entry *row) {
    put_number(out, (uint64_t)row->status);
    put_number(out, row->position);
    put_number(out, row->is_clip_of_id);
    put_number(out, row->has_start);
    put_number(out, row->has_end);
    pt_strbuf_append_bytes(out, &row->start_s, sizeof row->start_s);
    pt_strbuf_append_bytes(out, &row->end_s, sizeof row->end_s);
    put_text(out, row->id);
    put_text(out, row->source);
    put_text(out, row->path);
    put_text(out, row->fault);
    put_number(out, row->n_captions);
    for (size_t i = 0; i < row->n_captions; i++) {
        put_text(out, row->captions[i].text);
        put_text(out, row->captions[i].fault);
        put_number(out, (uint64_t)row->captions[i].reason);
    }
}

static uint64_t get_number(const char **at) {
    uint64_t number = 0;
    unsigned shift = 0;
    for (; (unsigned char)**at & 0x80; shift += 7)
        number |= (uint64_t)(*(*at)++ & 0x7F) << shift;
    return number | (uint64_t) * (*at)++ << shift;
}

static double get_double(const char **at) {
    double number;
    memcpy(&number, *at, sizeof number);
    *at += sizeof number;
    return number;
}

/** A copy of the next text; *failed is set when memory runs out. */
static char *get_text(const char **at, bool *failed) {
    const size_t n = (size_t)get_number(at);
    if (n == 0) return NULL;
    char *text = pt_text_dup(*at, n - 1);
    *at += n;
    if (!text) *failed = true;
    return text;
}

static patina_status read_row(const char *at, pt_entry *row, patina_error *err) {
    bool failed = false;
    row->status = (patina_status)get_number(&at);
    row->position = get_number(&at);
    row->is_clip_of_id = get_number(&at) != 0;
    row->has_start = get_number(&at) != 0;
    row->has_end = get_number(&at) != 0;
    row->start_s = get_double(&at);
    row->end_s = get_double(&at);
    row->id = get_text(&at, &failed);
    row->source = get_text(&at, &failed);
    row->path = get_text(&at, &failed);
    row->fault = get_text(&at, &failed);
    const size_t n = (size_t)get_number(&at);
    row->captions = calloc(n ? n : 1, sizeof *row->captions);
    if (!row->captions) return no_memory(err);
    for (; row->n_captions < n; row->n_captions++) {
        row->captions[row->n_captions].text = get_text(&at, &failed);
        row->captions[row->n_captions].fault = get_text(&at, &failed);
        row->captions[row->n_captions].reason = (patina_status)get_number(&at);
    }
    return failed ? no_memory(err) : PATINA_OK;
}

static patina_status open_file(pt_row_index *x, patina_error *err) {
    PT_TRY(pt_temp_file_create(&x->fd, err));
    const int copy = fcntl(x->fd, F_DUPFD_CLOEXEC, 0);
    x->out = copy < 0 ? NULL : fdopen(copy, "w");
    if (x->out) return PATINA_OK;
    if (copy >= 0) close(copy);
    return pt_fail(err, PATINA_EIO, "cannot create a temporary file: %s", strerrordesc_np(errno));
}

static patina_status add_later(pt_row_index *x, const pt_entry *row, uint32_t first,
                               patina_error *err) {
    if (!x->out) PT_TRY(open_file(x, err));
    if (x->n_later == x->later_capacity) {
        const size_t capacity = x->later_capacity + x->later_capacity / 2 + SLOTS_MIN;
        later_row *later = realloc(x->later, capacity * sizeof *later);
        if (!later) return no_memory(err);
        x->later = later;
        x->later_capacity = capacity;
    }
    pt_strbuf_clear(&x->record);
    write_row(&x->record, row);
    if (x->record.failed || x->record.length > UINT32_MAX) return no_memory(err);
    if (fwrite(x->record.text, 1, x->record.length, x->out) != x->record.length)
        return pt_temp_file_fail_write(err);
    x->later[x->n_later++] = (later_row){first, (uint32_t)x->record.length, x->n_written};
    x->n_written += x->record.length;
    x->is_later[x->n_rows / 8] |= (unsigned char)(1U << x->n_rows % 8);
    return PATINA_OK;
}

/* Both passes ------------------------------------------------------------------------------- */

patina_status pt_row_index_add(pt_row_index *x, const pt_entry *row, patina_error *err) {
    if (x->n_rows == ROWS_MAX) return pt_fail(err, PATINA_EFORMAT, "more than %u rows", ROWS_MAX);
    if (x->n_rows == x->n_bits) {
        const uint64_t n_bits = 2 * x->n_bits + 8 * SLOTS_MIN;
        unsigned char *bits = realloc(x->is_later, (size_t)(n_bits / 8));
        if (!bits) return no_memory(err);
        memset(bits + x->n_bits / 8, 0, (size_t)((n_bits - x->n_bits) / 8));
        x->is_later = bits;
        x->n_bits = n_bits;
    }
    if (row->id) {
        PT_TRY(reserve_key(x, err));
        const key k = hash_id(row->id);
        uint32_t *slot = find_slot(x, k);
        if (*slot) {
            PT_TRY(add_later(x, row, x->rows[*slot - 1], err));
        } else {
            x->keys[x->n_keys] = k;
            x->rows[x->n_keys] = (uint32_t)x->n_rows;
            *slot = (uint32_t)++x->n_keys;
        }
    }
    x->n_rows++;
    return PATINA_OK;
}

bool pt_row_index_is_empty(const pt_row_index *x) {
    return x->n_rows == 0;
}

static int compare_later(const void *a, const void *b) {
    const later_row *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

patina_status pt_row_index_finish(pt_row_index *x, patina_error *err) {
    if (x->out && fflush(x->out) != 0) return pt_temp_file_fail_write(err);
    free_table(x);
    if (x->n_later > 0) qsort(x->later, x->n_later, sizeof *x->later, compare_later);
    return PATINA_OK;
}

bool pt_row_index_is_later(const pt_row_index *x, uint64_t row) {
    return row < x->n_rows && (x->is_later[row / 8] >> row % 8 & 1) != 0;
}

patina_status pt_row_index_next(pt_row_index *x, uint64_t first, pt_entry *row, bool *some,
                                patina_error *err) {
    while (x->at < x->n_later && x->later[x->at].first < first)
        x->at++;
    *some = x->at < x->n_later && x->later[x->at].first == first;
    if (!*some) return PATINA_OK;
    const later_row *l = &x->later[x->at++];
    char *text = malloc(l->size);
    if (!text) return no_memory(err);
    const ssize_t got = pread(x->fd, text, l->size, (off_t)l->offset);
    const patina_status status =
        got == (ssize_t)l->size
            ? read_row(text, row, err)
            : pt_fail(err, PATINA_EIO, "cannot read the temporary file of repeated ids");
    free(text);
    return status;
}

void pt_row_index_rewind(pt_row_index *x) {
    x->at = 0;
}
