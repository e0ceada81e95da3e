/* SPDX-License-Identifier: MIT */
/* file_metadata.c - parses and validates FileMetaData of parquet.thrift
 *
 * Arrays grow with the items read, not to the length that a list header gives. Names, keys and
 * values are copied to one block of the footer's size, which is always large enough.
 */

#include "parquet/file_metadata.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/utf8.h"
#include "parquet/parquet_types.h"
#include "parquet/thrift_reader.h"

#define TAIL_BYTES  8   /* length of the footer, PAR1 */
#define NAME_SHOWN  64  /* bytes of a name in a message */
#define NAMES_SHOWN 400 /* bytes of the names of all columns */

/** State while the footer is parsed. */
typedef struct metadata_parser {
    pt_parquet *file;
    pt_thrift_reader in;
    size_t n_text; /* used of file->text */
    size_t n_chunks;
    uint64_t footer; /* its offset, where the pages end */
    patina_error *err;
} metadata_parser;

static patina_status no_memory(patina_error *err) {
    return pt_fail(err, PATINA_ENOMEM, "out of memory");
}

/** Grows items to n + 1: capacities are powers of two. NULL: out of memory, items unchanged. */
static void *grow_array(void *items, size_t n, size_t size) {
    if (n > 0 && (n & (n - 1)) != 0) return items;
    if (n > SIZE_MAX / 2 / size) return NULL;
    return realloc(items, (n ? 2 * n : 1) * size);
}

/** Copies a string. Its length prefix took at least one byte of the footer, so the NUL fits. */
static const char *copy_string(metadata_parser *r, const pt_thrift_field *field) {
    const pt_thrift_span span = pt_thrift_read_binary(&r->in, field);
    char *copy = r->file->text + r->n_text;
    if (span.n > 0) memcpy(copy, span.bytes, span.n);
    copy[span.n] = '\0';
    r->n_text += span.n + 1;
    return copy;
}

/* ---- the schema */

typedef struct schema_element {
    const char *name;
    int32_t type, repetition, n_children, converted;
} schema_element;

/** SchemaElement. */
static schema_element read_element(metadata_parser *r) {
    schema_element e = {.type = -1, .repetition = -1, .converted = PT_PARQUET_CONVERTED_NONE};
    pt_thrift_field f = {0};

    while (pt_thrift_read_field_header(&r->in, &f)) {
        switch (f.id) {
        case 1:
            e.type = pt_thrift_read_i32(&r->in, &f);
            break;
        case 3:
            e.repetition = pt_thrift_read_i32(&r->in, &f);
            break;
        case 4:
            e.name = copy_string(r, &f);
            break;
        case 5:
            e.n_children = pt_thrift_read_i32(&r->in, &f);
            break;
        case 6:
            e.converted = pt_thrift_read_i32(&r->in, &f);
            break;
        default:
            pt_thrift_skip(&r->in, &f);
        }
    }
    return e;
}

static patina_status check_element(const schema_element *e, bool is_root, patina_error *err) {
    const bool is_group = e->type < 0;
    if (!e->name || e->n_children < 0 || (!is_group && e->n_children > 0) ||
        e->type > PT_PARQUET_FIXED_LEN_BYTE_ARRAY || (is_root && !is_group) ||
        (!is_root && (e->repetition < PT_PARQUET_REQUIRED || e->repetition > PT_PARQUET_REPEATED)))
        return pt_fail(err, PATINA_EFORMAT,
                       "damaged Parquet file: its schema is not a tree of columns");
    if (!pt_utf8_is_valid(e->name, strlen(e->name)))
        return pt_fail(err, PATINA_EFORMAT, "the name of one of its columns is not UTF-8");
    return PATINA_OK;
}

static patina_status add_field(metadata_parser *r, const schema_element *e, size_t parent) {
    pt_parquet *file = r->file;
    pt_parquet_field *fields = grow_array(file->fields, file->n_fields, sizeof *fields);
    if (!fields) return no_memory(r->err);
    file->fields = fields;
    pt_parquet_field *field = &fields[file->n_fields];
    const pt_parquet_field *above = file->n_fields > 0 ? &file->fields[parent] : NULL;

    *field = (pt_parquet_field){.name = e->name,
                                .parent = parent,
                                .n_children = (size_t)e->n_children,
                                .leaf = PT_PARQUET_NONE,
                                .converted = e->converted};
    if (above) {
        const bool repeated = e->repetition == PT_PARQUET_REPEATED;
        field->max_definition = above->max_definition + (e->repetition != PT_PARQUET_REQUIRED);
        field->max_repetition = above->max_repetition + repeated;
        field->item_definition = repeated ? field->max_definition : above->item_definition;
    }
    if (e->type >= 0) {
        size_t *leaves = grow_array(file->leaves, file->n_leaves, sizeof *leaves);
        if (!leaves) return no_memory(r->err);
        file->leaves = leaves;
        field->type = (pt_parquet_type)e->type;
        field->leaf = file->n_leaves;
        leaves[file->n_leaves++] = file->n_fields;
    }
    file->n_fields++;
    return PATINA_OK;
}

/** The list of SchemaElements: a tree written depth first. */
static patina_status read_schema(metadata_parser *r, const pt_thrift_field *f) {
    struct {
        size_t field, n_left;
    } open[PT_PARQUET_DEPTH_MAX];
    size_t depth = 0;
    const size_t n = pt_thrift_read_list_header(&r->in, f, PT_THRIFT_STRUCT);

    if (r->file->n_fields > 0)
        return pt_fail(r->err, PATINA_EFORMAT, "damaged Parquet file: it has two schemas");
    for (size_t i = 0; i < n; i++) {
        const schema_element e = read_element(r);
        if (r->in.error != PT_THRIFT_OK) return PATINA_OK; /* reported by the caller */
        PT_TRY(check_element(&e, i == 0, r->err));
        while (depth > 0 && open[depth - 1].n_left == 0)
            depth--;
        if (i > 0 && depth == 0)
            return pt_fail(r->err, PATINA_EFORMAT,
                           "damaged Parquet file: its schema is incomplete");
        PT_TRY(add_field(r, &e, depth > 0 ? open[depth - 1].field : 0));
        if (depth > 0) open[depth - 1].n_left--;
        if (e.type >= 0) continue;
        if (depth == PT_PARQUET_DEPTH_MAX)
            return pt_fail(r->err, PATINA_EFORMAT, "its columns are nested deeper than %d",
                           PT_PARQUET_DEPTH_MAX);
        open[depth].field = i;
        open[depth++].n_left = (size_t)e.n_children;
    }
    while (depth > 0 && open[depth - 1].n_left == 0)
        depth--;
    if (depth > 0 || r->file->n_leaves == 0)
        return pt_fail(r->err, PATINA_EFORMAT, "damaged Parquet file: its schema is incomplete");
    return PATINA_OK;
}

/* ---- row groups */

/** ColumnMetaData, and what is derived from it. */
typedef struct chunk_metadata {
    int32_t type, codec;
    int64_t n_values, n_bytes, data, dictionary;
    uint32_t encodings;
    bool has_metadata, is_unavailable;
} chunk_metadata;

static uint32_t read_encodings(pt_thrift_reader *in, const pt_thrift_field *f) {
    uint32_t bits = 0;
    for (size_t n = pt_thrift_read_list_header(in, f, PT_THRIFT_I32); n > 0; n--) {
        const int32_t encoding = pt_thrift_read_item_i32(in);
        bits |= 1U << (encoding >= 0 && encoding < 31 ? encoding : 31);
    }
    return bits;
}

static void read_column_metadata(pt_thrift_reader *in, chunk_metadata *c) {
    pt_thrift_field f = {0};

    c->has_metadata = true;
    while (pt_thrift_read_field_header(in, &f)) {
        switch (f.id) {
        case 1:
            c->type = pt_thrift_read_i32(in, &f);
            break;
        case 2:
            c->encodings = read_encodings(in, &f);
            break;
        case 4:
            c->codec = pt_thrift_read_i32(in, &f);
            break;
        case 5:
            c->n_values = pt_thrift_read_i64(in, &f);
            break;
        case 7:
            c->n_bytes = pt_thrift_read_i64(in, &f);
            break;
        case 9:
            c->data = pt_thrift_read_i64(in, &f);
            break;
        case 11:
            c->dictionary = pt_thrift_read_i64(in, &f);
            break;
        default:
            pt_thrift_skip(in, &f);
        }
    }
}

/** ColumnChunk. */
static chunk_metadata read_chunk(pt_thrift_reader *in) {
    chunk_metadata c = {.type = -1, .codec = -1, .n_values = -1, .n_bytes = -1, .data = -1};
    pt_thrift_field f = {0};

    while (pt_thrift_read_field_header(in, &f)) {
        if (f.id == 3 && pt_thrift_read_struct(in, &f)) {
            read_column_metadata(in, &c);
        } else {
            /* file_path, crypto_metadata, encrypted_column_metadata */
            if (f.id == 1 || f.id == 8 || f.id == 9) c.is_unavailable = true;
            pt_thrift_skip(in, &f);
        }
    }
    return c;
}

/** The dictionary precedes the data. Some writers give offset 0 without a dictionary, and any
 * offset for a chunk without values. */
static patina_status check_chunk(const metadata_parser *r, const chunk_metadata *c, size_t leaf,
                                 pt_parquet_column_chunk *chunk) {
    const pt_parquet_field *field = &r->file->fields[r->file->leaves[leaf]];

    *chunk = (pt_parquet_column_chunk){.codec = c->codec, .encodings = c->encodings};
    chunk->is_unavailable = c->is_unavailable;
    if (c->is_unavailable || (c->has_metadata && c->n_values == 0)) return PATINA_OK;
    const int64_t start = c->dictionary > 0 && c->dictionary < c->data ? c->dictionary : c->data;
    if (!c->has_metadata || c->type != (int32_t)field->type || c->n_values < 0 || start < 4 ||
        c->n_bytes < 0 || (uint64_t)start > r->footer ||
        (uint64_t)c->n_bytes > r->footer - (uint64_t)start)
        return pt_fail(r->err, PATINA_EFORMAT,
                       "damaged Parquet file: column %zu of row group %zu is misplaced or belongs "
                       "to another column",
                       leaf + 1, r->file->n_groups + 1);
    chunk->start = (uint64_t)start;
    chunk->n_bytes = (uint64_t)c->n_bytes;
    chunk->n_values = (uint64_t)c->n_values;
    return PATINA_OK;
}

/** The chunks of a RowGroup, one for each column, in the order of the schema. */
static patina_status read_chunks(metadata_parser *r, const pt_thrift_field *f, size_t *n_read) {
    pt_parquet *file = r->file;
    const size_t n = pt_thrift_read_list_header(&r->in, f, PT_THRIFT_STRUCT);

    if (r->in.error != PT_THRIFT_OK) return PATINA_OK;
    if (n != file->n_leaves || *n_read > 0)
        return pt_fail(
            r->err, PATINA_EFORMAT,
            "damaged Parquet file: row group %zu has %zu columns, but the schema has %zu",
            file->n_groups + 1, n, file->n_leaves);
    for (size_t leaf = 0; leaf < n; leaf++) {
        const chunk_metadata c = read_chunk(&r->in);
        if (r->in.error != PT_THRIFT_OK) return PATINA_OK;
        pt_parquet_column_chunk *chunks = grow_array(file->chunks, r->n_chunks, sizeof *chunks);
        if (!chunks) return no_memory(r->err);
        file->chunks = chunks;
        PT_TRY(check_chunk(r, &c, leaf, &chunks[r->n_chunks]));
        r->n_chunks++;
    }
    *n_read = n;
    return PATINA_OK;
}

/** A row has one value of a column that is not a list, and at least one of a list. */
static patina_status check_group(const metadata_parser *r, int64_t n_rows) {
    const pt_parquet *file = r->file;
    const pt_parquet_column_chunk *chunks = file->chunks + r->n_chunks - file->n_leaves;

    for (size_t leaf = 0; leaf < file->n_leaves; leaf++) {
        const bool is_list = file->fields[file->leaves[leaf]].max_repetition > 0;
        if (chunks[leaf].is_unavailable) continue;
        if (is_list ? chunks[leaf].n_values < (uint64_t)n_rows
                    : chunks[leaf].n_values != (uint64_t)n_rows)
            return pt_fail(r->err, PATINA_EFORMAT,
                           "damaged Parquet file: row group %zu has %lld rows, but its column %zu "
                           "has %llu values",
                           file->n_groups + 1, (long long)n_rows, leaf + 1,
                           (unsigned long long)chunks[leaf].n_values);
    }
    return PATINA_OK;
}

static patina_status read_group(metadata_parser *r) {
    pt_parquet *file = r->file;
    pt_thrift_field f = {0};
    int64_t n_rows = -1;
    size_t n_chunks = 0;

    while (pt_thrift_read_field_header(&r->in, &f)) {
        if (f.id == 1)
            PT_TRY(read_chunks(r, &f, &n_chunks));
        else if (f.id == 3)
            n_rows = pt_thrift_read_i64(&r->in, &f);
        else
            pt_thrift_skip(&r->in, &f);
    }
    if (r->in.error != PT_THRIFT_OK) return PATINA_OK;
    if (n_rows < 0 || n_chunks == 0 || (uint64_t)n_rows > INT64_MAX - file->n_rows)
        return pt_fail(r->err, PATINA_EFORMAT,
                       "damaged Parquet file: row group %zu lacks a required field",
                       file->n_groups + 1);
    PT_TRY(check_group(r, n_rows));
    pt_parquet_row_group *groups = grow_array(file->groups, file->n_groups, sizeof *groups);
    if (!groups) return no_memory(r->err);
    file->groups = groups;
    groups[file->n_groups++] = (pt_parquet_row_group){.n_rows = (uint64_t)n_rows};
    file->n_rows += (uint64_t)n_rows;
    return PATINA_OK;
}

static patina_status read_groups(metadata_parser *r, const pt_thrift_field *f) {
    const size_t n = pt_thrift_read_list_header(&r->in, f, PT_THRIFT_STRUCT);

    if (r->file->n_leaves == 0 || r->file->n_groups > 0)
        return pt_fail(r->err, PATINA_EFORMAT,
                       "damaged Parquet file: its row groups do not follow its schema");
    for (size_t i = 0; i < n && r->in.error == PT_THRIFT_OK; i++)
        PT_TRY(read_group(r));
    return PATINA_OK;
}

/* ---- the rest */

/** The list of KeyValues; keys without a value are skipped. */
static patina_status read_keys(metadata_parser *r, const pt_thrift_field *list) {
    pt_parquet *file = r->file;

    for (size_t n = pt_thrift_read_list_header(&r->in, list, PT_THRIFT_STRUCT);
         n > 0 && r->in.error == PT_THRIFT_OK; n--) {
        const char *key = NULL, *value = NULL;
        pt_thrift_field f = {0};
        while (pt_thrift_read_field_header(&r->in, &f)) {
            if (f.id == 1)
                key = copy_string(r, &f);
            else if (f.id == 2)
                value = copy_string(r, &f);
            else
                pt_thrift_skip(&r->in, &f);
        }
        if (!key || !value) continue;
        pt_parquet_key_value *keys = grow_array(file->keys, file->n_keys, sizeof *keys);
        if (!keys) return no_memory(r->err);
        file->keys = keys;
        keys[file->n_keys++] = (pt_parquet_key_value){key, value};
    }
    return PATINA_OK;
}

/** FileMetaData. */
static patina_status read_metadata(metadata_parser *r) {
    pt_thrift_field f = {0};
    int64_t n_rows = -1;

    while (pt_thrift_read_field_header(&r->in, &f)) {
        switch (f.id) {
        case 2:
            PT_TRY(read_schema(r, &f));
            break;
        case 3:
            n_rows = pt_thrift_read_i64(&r->in, &f);
            break;
        case 4:
            PT_TRY(read_groups(r, &f));
            break;
        case 5:
            PT_TRY(read_keys(r, &f));
            break;
        default:
            pt_thrift_skip(&r->in, &f);
        }
    }
    if (r->in.error != PT_THRIFT_OK)
        return pt_fail(r->err, PATINA_EFORMAT, "damaged Parquet file: its footer cannot be read");
    if (r->file->n_leaves == 0 || n_rows < 0 || (uint64_t)n_rows != r->file->n_rows)
        return pt_fail(r->err, PATINA_EFORMAT,
                       "damaged Parquet file: it has %lld rows, but its row groups have %llu",
                       (long long)n_rows, (unsigned long long)r->file->n_rows);
    for (size_t g = 0; g < r->file->n_groups; g++)
        r->file->groups[g].chunks = r->file->chunks + g * r->file->n_leaves;
    return PATINA_OK;
}

/** Finds the footer from the end of the file. */
static patina_status find_footer(const pt_byte_source *bytes, uint64_t *start, size_t *n,
                                 patina_error *err) {
    unsigned char head[4], tail[TAIL_BYTES];

    if (bytes->size < sizeof head + sizeof tail)
        return pt_fail(err, PATINA_EFORMAT, "not a Parquet file: it has only %llu bytes",
                       (unsigned long long)bytes->size);
    if (pt_byte_source_read_at(bytes, 0, head, sizeof head) != (int64_t)sizeof head ||
        pt_byte_source_read_at(bytes, bytes->size - sizeof tail, tail, sizeof tail) !=
            (int64_t)sizeof tail)
        return pt_fail(err, PATINA_EIO, "cannot be read");
    if (memcmp(tail + 4, "PARE", 4) == 0)
        return pt_fail(err, PATINA_EFORMAT, "the Parquet file is encrypted");
    if (memcmp(head, "vers", 4) == 0)
        return pt_fail(err, PATINA_EFORMAT,
                       "not a Parquet file but text, perhaps a Git LFS pointer; fetch the file "
                       "with 'git lfs pull'");
    if (memcmp(head, "PAR1", 4) != 0)
        return pt_fail(err, PATINA_EFORMAT, "not a Parquet file: it does not begin with 'PAR1'");
    if (memcmp(tail + 4, "PAR1", 4) != 0)
        return pt_fail(err, PATINA_EFORMAT,
                       "damaged Parquet file: it does not end with 'PAR1'; it may be truncated");
    *n = tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    if (*n > PT_PARQUET_FOOTER_MAX || *n > bytes->size - sizeof head - sizeof tail)
        return pt_fail(err, PATINA_EFORMAT,
                       "damaged Parquet file: a footer of %zu bytes in a file of %llu", *n,
                       (unsigned long long)bytes->size);
    *start = bytes->size - sizeof tail - *n;
    return PATINA_OK;
}

patina_status pt_parquet_open(const pt_byte_source *bytes, pt_parquet **file, patina_error *err) {
    uint64_t start = 0;
    size_t n = 0;
    PT_TRY(find_footer(bytes, &start, &n, err));

    pt_parquet *parquet = calloc(1, sizeof *parquet);
    unsigned char *footer = malloc(n + 1);
    patina_status status = PATINA_OK;
    if (!parquet || !footer || !(parquet->text = malloc(n + 1))) {
        status = no_memory(err);
        goto done;
    }
    if (pt_byte_source_read_at(bytes, start, footer, n) != (int64_t)n) {
        status = pt_fail(err, PATINA_EIO, "cannot be read");
        goto done;
    }
    metadata_parser r = {.file = parquet, .footer = start, .err = err};
    parquet->bytes = bytes;
    pt_thrift_reader_init(&r.in, footer, n);
    status = read_metadata(&r);
    if (status != PATINA_OK) goto done;
    *file = parquet;
    parquet = NULL;
done:
    free(footer);
    pt_parquet_close(&parquet);
    return status;
}

void pt_parquet_close(pt_parquet **file) {
    pt_parquet *parquet = *file;
    if (!parquet) return;
    free(parquet->fields);
    free(parquet->leaves);
    free(parquet->groups);
    free(parquet->chunks);
    free(parquet->keys);
    free(parquet->text);
    free(parquet);
    *file = NULL;
}

/* ---- queries */

size_t pt_parquet_find_child(const pt_parquet *file, size_t parent, const char *name) {
    for (size_t i = parent + 1; i < file->n_fields; i++)
        if (file->fields[i].parent == parent && strcmp(file->fields[i].name, name) == 0) return i;
    return PT_PARQUET_NONE;
}

size_t pt_parquet_find_single_leaf(const pt_parquet *file, size_t field) {
    while (file->fields[field].leaf == PT_PARQUET_NONE) {
        if (file->fields[field].n_children != 1) return PT_PARQUET_NONE;
        field++; /* the only child follows its parent */
    }
    return file->fields[field].max_repetition <= 1 ? file->fields[field].leaf : PT_PARQUET_NONE;
}

const char *pt_parquet_find_key_value(const pt_parquet *file, const char *key) {
    for (size_t i = 0; i < file->n_keys; i++)
        if (strcmp(file->keys[i].key, key) == 0) return file->keys[i].value;
    return NULL;
}

/** The first bytes of a name, in whole characters. */
static void add_name(const char *name, pt_strbuf *text) {
    const size_t n = strlen(name);
    size_t shown = 0, size;
    while (shown < n) {
        (void)pt_utf8_decode(name + shown, n - shown, &size);
        if (shown + size > NAME_SHOWN) break;
        shown += size;
    }
    pt_strbuf_append_bytes(text, name, shown);
    if (shown < n) pt_strbuf_append(text, "...");
}

void pt_parquet_append_field_path(const pt_parquet *file, size_t field, pt_strbuf *text) {
    size_t path[PT_PARQUET_DEPTH_MAX + 1], n = 0;
    for (; field != 0; field = file->fields[field].parent)
        path[n++] = field;
    for (size_t i = 0; i < n && i < 6; i++) {
        if (i > 0) pt_strbuf_append(text, ".");
        add_name(file->fields[path[n - 1 - i]].name, text);
    }
}

void pt_parquet_append_column_names(const pt_parquet *file, pt_strbuf *text) {
    const size_t n = file->fields[0].n_children, start = text->length;
    size_t seen = 0;

    for (size_t i = 1; i < file->n_fields && text->length - start < NAMES_SHOWN; i++) {
        if (file->fields[i].parent != 0) continue;
        pt_strbuf_append(text, seen == 0 ? "'" : seen + 1 == n ? " and '" : ", '");
        add_name(file->fields[i].name, text);
        pt_strbuf_append(text, "'");
        seen++;
    }
    if (seen < n) pt_strbuf_printf(text, " and %zu more", n - seen);
}

/** The unsupported property of a chunk, as the end of a sentence; NULL if there is none. */
static const char *unsupported_reason(const pt_parquet_column_chunk *chunk, const char **detail) {
    const uint32_t known = 1U << PT_PARQUET_PLAIN | 1U << PT_PARQUET_PLAIN_DICTIONARY |
                           1U << PT_PARQUET_RLE | 1U << PT_PARQUET_BIT_PACKED |
                           1U << PT_PARQUET_RLE_DICTIONARY;
    int encoding = 0;

    *detail = "";
    if (chunk->is_unavailable) return "it is encrypted, or is in another file";
    *detail = pt_parquet_codec_name(chunk->codec);
    if (chunk->codec != PT_PARQUET_UNCOMPRESSED && chunk->codec != PT_PARQUET_SNAPPY &&
        chunk->codec != PT_PARQUET_GZIP && chunk->codec != PT_PARQUET_ZSTD)
        return "it uses a codec that is not supported (supported: none, SNAPPY, GZIP, ZSTD): ";
    if ((chunk->encodings & ~known) == 0) return NULL;
    while (!((chunk->encodings & ~known) >> encoding & 1))
        encoding++;
    *detail = pt_parquet_encoding_name(encoding);
    return "it has an encoding that is not supported (supported: PLAIN and dictionaries): ";
}

patina_status pt_parquet_check_supported(const pt_parquet *file, size_t leaf, patina_error *err) {
    for (size_t g = 0; g < file->n_groups; g++) {
        const char *detail, *what = unsupported_reason(&file->groups[g].chunks[leaf], &detail);
        if (what) return pt_fail(err, PATINA_EFORMAT, "%s%s", what, detail);
    }
    return PATINA_OK;
}
