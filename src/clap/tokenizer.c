/* SPDX-License-Identifier: MIT */
/* tokenizer.c - RoBERTa tokenizer
 *
 *   text -> split at special tokens -> pieces (pretokenizer.c) -> one id per byte -> BPE (bpe.c)
 *
 * vocab.json represents bytes by printable characters: bytes 33-126, 161-172 and 174-255 by the
 * code point of their value, the other 68 in ascending order by U+0100 on (a space by U+0120).
 * Strings are needed for reading the files only; the tokenizer keeps ids.
 *
 * Equals transformers' RobertaTokenizer without prefix space.
 */

#include "clap/tokenizer.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/byte_source.h"
#include "base/error.h"
#include "base/json_load.h"
#include "base/strbuf.h"
#include "clap/bpe.h"
#include "clap/pretokenizer.h"

#define FILE_MAX_BYTES (32U << 20) /* the published vocabulary has 0.9 MB */
#define TEXT_MAX_BYTES ((size_t)1 << 31)

enum { BOS, PAD, EOS, UNK, MASK, N_SPECIALS };
static const char *const specials[N_SPECIALS] = {"<s>", "<pad>", "</s>", "<unk>", "<mask>"};

struct pt_tokenizer {
    pt_bpe bpe;
    uint32_t byte_id[256];
    uint32_t special_id[N_SPECIALS];
};

/* --------------------------------------------------------------- vocab.json */

static bool is_printable_byte(unsigned byte) {
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

/* The id of a symbol, or -1. */
static int64_t find_id(const json_t *vocab, const char *symbol, size_t n) {
#if JANSSON_VERSION_HEX >= 0x020e00
    const json_t *id = json_object_getn(vocab, symbol, n);
#else
    char *key = memchr(symbol, 0, n) ? NULL : strndup(symbol, n);
    const json_t *id = key ? json_object_get(vocab, key) : NULL;
    free(key);
#endif
    return id ? (int64_t)json_integer_value(id) : -1;
}

/* Checks that ids are unique integers below vocab_size. */
static patina_status check_ids(const json_t *vocab, const char *file, size_t vocab_size,
                               patina_error *err) {
    bool *taken = calloc(vocab_size + 1, sizeof *taken);
    patina_status status = PATINA_OK;
    const char *symbol;
    json_t *value;

    if (!taken) return pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", file);
    /* json_object_foreach requires a non-const object but does not change it. */
    json_object_foreach((json_t *)(uintptr_t)vocab, symbol, value) {
        const json_int_t id = json_integer_value(value);
        if (!json_is_integer(value) || id < 0 || (uintmax_t)id >= vocab_size)
            status = pt_fail(err, PATINA_EFORMAT,
                             "file '%s': symbol '%.60s': the id is not from 0 to %zu; vocab_size "
                             "of config.json is %zu",
                             file, symbol, vocab_size - 1, vocab_size);
        else if (taken[id])
            status = pt_fail(err, PATINA_EFORMAT, "file '%s': symbol '%.60s': id %lld is duplicate",
                             file, symbol, (long long)id);
        else
            taken[id] = true;
        if (status != PATINA_OK) break;
    }
    free(taken);
    return status;
}

static patina_status find_byte_ids(pt_tokenizer *tokenizer, const json_t *vocab, const char *file,
                                   patina_error *err) {
    unsigned n_others = 0;

    for (unsigned byte = 0; byte < 256; byte++) {
        const unsigned code = is_printable_byte(byte) ? byte : 256 + n_others++;
        const char two[] = {(char)(0xC0 | code >> 6), (char)(0x80 | (code & 0x3F))};
        const char one = (char)code;
        const int64_t id = code < 128 ? find_id(vocab, &one, 1) : find_id(vocab, two, 2);
        if (id < 0)
            return pt_fail(err, PATINA_EFORMAT,
                           "file '%s': the symbol U+%04X of byte %u is missing", file, code, byte);
        tokenizer->byte_id[byte] = (uint32_t)id;
    }
    for (size_t s = 0; s < N_SPECIALS; s++) {
        const int64_t id = find_id(vocab, specials[s], strlen(specials[s]));
        if (id < 0)
            return pt_fail(err, PATINA_EFORMAT, "file '%s': the special token '%s' is missing",
                           file, specials[s]);
        tokenizer->special_id[s] = (uint32_t)id;
    }
    return PATINA_OK;
}

static patina_status read_vocab(pt_tokenizer *tokenizer, pt_named_text file, size_t vocab_size,
                                json_t **vocab, patina_error *err) {
    json_error_t at;

    *vocab = pt_json_load(file.text, file.n_bytes, JSON_REJECT_DUPLICATES, &at);
    if (!*vocab)
        return pt_json_fail(err, "file '%s': line %d: not JSON: %s", file.name, at.line, at.text);
    if (!json_is_object(*vocab))
        return pt_fail(err, PATINA_EFORMAT, "file '%s': must contain a JSON object", file.name);
    PT_TRY(check_ids(*vocab, file.name, vocab_size, err));
    return find_byte_ids(tokenizer, *vocab, file.name, err);
}

/* --------------------------------------------------------------- merges.txt */

/* The next line without its line end; false after the last. */
static bool next_line(const char **at, const char *end, const char **line, size_t *n) {
    if (*at == end) return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    *line = *at;
    *n = (size_t)((stop ? stop : end) - *at);
    *at = stop ? stop + 1 : end;
    if (*n > 0 && (*line)[*n - 1] == '\r') --*n;
    return true;
}

static patina_status parse_merge(const json_t *vocab, const char *line, size_t n, pt_strbuf *merged,
                                 pt_bpe_merge *merge, patina_error *err) {
    const char *space = memchr(line, ' ', n);
    const size_t n_left = space ? (size_t)(space - line) : 0;
    const size_t n_right = space ? n - n_left - 1 : 0;

    if (n_left == 0 || n_right == 0 || memchr(space + 1, ' ', n_right))
        return pt_fail(err, PATINA_EFORMAT, "is not two symbols separated by a space");
    pt_strbuf_clear(merged);
    pt_strbuf_append_bytes(merged, line, n_left);
    pt_strbuf_append_bytes(merged, space + 1, n_right);
    if (merged->failed) return pt_fail(err, PATINA_ENOMEM, "out of memory");

    const int64_t left = find_id(vocab, line, n_left), right = find_id(vocab, space + 1, n_right);
    const int64_t result = find_id(vocab, merged->text, merged->length);
    if (left < 0 || right < 0)
        return pt_fail(err, PATINA_EFORMAT, "symbol '%.*s' is not in vocab.json",
                       left < 0 ? (int)(n_left < 60 ? n_left : 60)
                                : (int)(n_right < 60 ? n_right : 60),
                       left < 0 ? line : space + 1);
    if (result < 0)
        return pt_fail(err, PATINA_EFORMAT, "the result '%.60s' is not in vocab.json",
                       merged->text);
    merge->left = (uint32_t)left;
    merge->right = (uint32_t)right;
    merge->result = (uint32_t)result;
    return PATINA_OK;
}

static patina_status read_merges(pt_tokenizer *tokenizer, pt_named_text file, const json_t *vocab,
                                 size_t vocab_size, patina_error *err) {
    const char *at = file.text, *end = file.text + file.n_bytes, *line = NULL;
    size_t n_line = 0, n_merges = 0, duplicate_rank = 0;
    patina_status status = PATINA_OK;
    pt_strbuf merged = {0};
    pt_bpe_merge *merges = NULL;

    if (!next_line(&at, end, &line, &n_line) || n_line < 8 || memcmp(line, "#version", 8) != 0)
        return pt_fail(err, PATINA_EFORMAT, "file '%s': line 1 is not '#version: ...'", file.name);
    merges =
        malloc(((size_t)(end - at) / 4 + 1) * sizeof *merges); /* a line has at least 4 bytes */
    if (!merges) {
        status = pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", file.name);
        goto done;
    }
    while (next_line(&at, end, &line, &n_line)) {
        status = parse_merge(vocab, line, n_line, &merged, &merges[n_merges], err);
        if (status != PATINA_OK) {
            pt_error_add_context(err, "file '%s': line %zu", file.name, n_merges + 2);
            goto done;
        }
        merges[n_merges].rank = (uint32_t)n_merges;
        n_merges++;
    }
    status = pt_bpe_init(merges, n_merges, vocab_size, &tokenizer->bpe, &duplicate_rank, err);
    merges = NULL;
    if (status == PATINA_EFORMAT)
        pt_error_add_context(err, "file '%s': line %zu", file.name, duplicate_rank + 2);
    if (status == PATINA_ENOMEM) pt_error_add_context(err, "file '%s'", file.name);
done:
    free(merges);
    pt_strbuf_release(&merged);
    return status;
}

/* ------------------------------------------------------- opening and closing */

patina_status pt_tokenizer_open_memory(pt_named_text vocab, pt_named_text merges, size_t vocab_size,
                                       pt_tokenizer **tokenizer, patina_error *err) {
    json_t *symbols = NULL;
    patina_status status = PATINA_ENOMEM;
    pt_tokenizer *opened = calloc(1, sizeof *opened);

    if (!opened) return pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", vocab.name);
    status = read_vocab(opened, vocab, vocab_size, &symbols, err);
    if (status == PATINA_OK) status = read_merges(opened, merges, symbols, vocab_size, err);
    json_decref(symbols);
    if (status == PATINA_OK) {
        *tokenizer = opened;
        opened = NULL;
    }
    pt_tokenizer_close(&opened);
    return status;
}

static patina_status read_text_file(const char *path, char **text, pt_named_text *named,
                                    patina_error *err) {
    patina_status status = pt_file_read_all(path, FILE_MAX_BYTES, text, &named->n_bytes, err);
    if (status == PATINA_ERANGE) { /* too large for a vocabulary */
        status = PATINA_EFORMAT;
        if (err) err->status = status;
    }
    named->name = path;
    named->text = *text;
    return status;
}

patina_status pt_tokenizer_open(const char *dir, size_t vocab_size, pt_tokenizer **tokenizer,
                                patina_error *err) {
    pt_strbuf vocab_path = {0}, merges_path = {0};
    char *vocab_text = NULL, *merges_text = NULL;
    pt_named_text vocab, merges;
    patina_status status = PATINA_OK;

    pt_strbuf_printf(&vocab_path, "%s/vocab.json", dir);
    pt_strbuf_printf(&merges_path, "%s/merges.txt", dir);
    if (vocab_path.failed || merges_path.failed)
        status = pt_fail(err, PATINA_ENOMEM, "folder '%s': out of memory", dir);
    if (status == PATINA_OK) status = read_text_file(vocab_path.text, &vocab_text, &vocab, err);
    if (status == PATINA_OK) status = read_text_file(merges_path.text, &merges_text, &merges, err);
    if (status == PATINA_OK)
        status = pt_tokenizer_open_memory(vocab, merges, vocab_size, tokenizer, err);
    free(vocab_text);
    free(merges_text);
    pt_strbuf_release(&vocab_path);
    pt_strbuf_release(&merges_path);
    return status;
}

void pt_tokenizer_close(pt_tokenizer **tokenizer) {
    if (!*tokenizer) return;
    pt_bpe_release(&(*tokenizer)->bpe);
    free(*tokenizer);
    *tokenizer = NULL;
}

/* ----------------------------------------------------------------- encoding */

/* Counts ids and stores the first max of them. */
typedef struct id_buffer {
    int32_t *ids;
    size_t n, max;
} id_buffer;

static void append_id(id_buffer *c, uint32_t id) {
    if (c->n < c->max) c->ids[c->n] = (int32_t)id;
    c->n++;
}

static patina_status encode_piece(const pt_tokenizer *tokenizer, const char *text, size_t n,
                                  id_buffer *c, pt_arena *scratch, patina_error *err) {
    const pt_arena_marker mark = pt_arena_mark(scratch);
    uint32_t *ids = pt_arena_alloc_array(scratch, n, sizeof *ids);
    patina_status status = PATINA_OK;

    if (!ids) return pt_fail(err, PATINA_ENOMEM, "out of memory for a word of %zu bytes", n);
    for (size_t i = 0; i < n; i++)
        ids[i] = tokenizer->byte_id[(unsigned char)text[i]];
    status = pt_bpe_apply(&tokenizer->bpe, ids, &n, scratch, err);
    for (size_t i = 0; status == PATINA_OK && i < n; i++)
        append_id(c, ids[i]);
    pt_arena_rewind(scratch, mark);
    return status;
}

/* Offset of the next special token from text[at] on, or n; *which is its index. Special tokens
 * cannot overlap, since '<' is only at their start. */
static size_t find_special(const char *text, size_t n, size_t at, size_t *which) {
    while (at < n) {
        const char *open = memchr(text + at, '<', n - at);
        if (!open) return n;
        at = (size_t)(open - text);
        for (*which = 0; *which < N_SPECIALS; ++*which) {
            const size_t length = strlen(specials[*which]);
            if (n - at >= length && memcmp(open, specials[*which], length) == 0) return at;
        }
        at++;
    }
    return n;
}

patina_status pt_tokenizer_encode(const pt_tokenizer *tokenizer, const char *text, size_t n_bytes,
                                  int32_t *ids, size_t max_ids, size_t *n_ids,
                                  size_t *n_untruncated, pt_arena *scratch, patina_error *err) {
    id_buffer c = {ids, 0, max_ids};
    size_t at = 0, which = 0;

    assert(max_ids >= 2);
    if (n_bytes > TEXT_MAX_BYTES)
        return pt_fail(err, PATINA_ERANGE, "a caption of %zu bytes exceeds the limit of 2^31",
                       n_bytes);
    append_id(&c, tokenizer->special_id[BOS]);
    while (at < n_bytes) {
        const size_t special = find_special(text, n_bytes, at, &which);
        while (at < special) { /* a special token ends a piece */
            const size_t end = pt_pretokenizer_next(text, special, at);
            PT_TRY(encode_piece(tokenizer, text + at, end - at, &c, scratch, err));
            at = end;
        }
        if (special == n_bytes) break;
        append_id(&c, tokenizer->special_id[which]);
        at += strlen(specials[which]);
    }
    append_id(&c, tokenizer->special_id[EOS]);

    if (c.n > max_ids) ids[max_ids - 1] = (int32_t)tokenizer->special_id[EOS];
    *n_ids = c.n < max_ids ? c.n : max_ids;
    if (n_untruncated) *n_untruncated = c.n;
    return PATINA_OK;
}
