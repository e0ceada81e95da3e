/* SPDX-License-Identifier: MIT */
/* test_text_source.c - lists of every kind in every encoding, and compressed */

#include "corpus/text_source.h"

#include <zlib.h>

#include "corpus/line_reader.h"
#include "corpus_fixture.h"

typedef struct text {
    unsigned char b[8192];
    size_t n;
} text;

enum { LE, BE };

/** UTF-8 as units of 1, 2 or 4 bytes. */
static void encode(text *out, const char *utf8, unsigned unit, int order, bool has_mark) {
    const unsigned char *in = (const unsigned char *)utf8;
    uint32_t units[2048], n = 0;
    if (has_mark) units[n++] = 0xFEFF;
    while (*in) {
        const unsigned more = *in < 0x80 ? 0 : *in < 0xE0 ? 1 : *in < 0xF0 ? 2 : 3;
        uint32_t c = more ? *in & (0x3FU >> more) : *in;
        in++;
        for (unsigned k = 0; k < more; k++)
            c = c << 6 | (*in++ & 0x3F);
        if (unit == 2 && c >= 0x10000) {
            units[n++] = 0xD800 + ((c - 0x10000) >> 10);
            c = 0xDC00 + (c & 0x3FF);
        }
        units[n++] = c;
    }
    out->n = 0;
    if (unit == 1) {
        if (has_mark) memcpy(out->b, "\xEF\xBB\xBF", out->n = 3);
        memcpy(out->b + out->n, utf8, strlen(utf8));
        out->n += strlen(utf8);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        for (unsigned k = 0; k < unit; k++)
            out->b[out->n++] = (unsigned char)(units[i] >> 8 * (order == BE ? unit - 1 - k : k));
}

/** Replaces LF by another line end. */
static void set_line_ends(char *out, const char *in, const char *line_end) {
    for (; *in; in++)
        out += *in == '\n' ? sprintf(out, "%s", line_end) : sprintf(out, "%c", *in);
    *out = '\0';
}

static void compress_gzip(text *out, const text *in) {
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)in->b, .avail_in = (unsigned)in->n};
    z.next_out = out->b;
    z.avail_out = sizeof out->b;
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    deflate(&z, Z_FINISH);
    out->n = z.total_out;
    deflateEnd(&z);
}

static const struct {
    const char *name, *kind, *text;
} lists[] = {
    {"list.csv", "labels",
     "filename,caption\na.wav,\"one, \xC3\xA9\"\nb.wav,two\xF0\x9F\x90\xB6\n"},
    {"excel.csv", "labels",
     "sep=;\nfilename;caption\na.wav;one, \xC3\xA9\nb.wav;two\xF0\x9F\x90\xB6\n"},
    {"quoted.csv", "labels",
     "\"sep=;\"\nfilename;caption\na.wav;one, \xC3\xA9\nb.wav;two\xF0\x9F\x90\xB6\n"},
    {"list.tsv", "labels", "filename\tcaption\na.wav\tone, \xC3\xA9\nb.wav\ttwo\xF0\x9F\x90\xB6\n"},
    {"list.txt", "filelist", "a.wav|one, \xC3\xA9\nb.wav|two\xF0\x9F\x90\xB6\n"},
    {"list.jsonl", "jsonl",
     "{\"audio\": \"a.wav\", \"caption\": \"one, \xC3\xA9\"}\n"
     "{\"audio\": \"b.wav\", \"caption\": \"two\xF0\x9F\x90\xB6\"}\n"},
    {"list.json", "json",
     "[{\"audio\": \"a.wav\", \"caption\": \"one, \xC3\xA9\"},\n"
     "{\"audio\": \"b.wav\", \"caption\": \"two\xF0\x9F\x90\xB6\"}]\n"},
    {"wavcaps.json", "wavcaps",
     "{\"data\": [{\"id\": \"a.wav\", \"caption\": \"one, \xC3\xA9\"},\n"
     "{\"id\": \"b.wav\", \"caption\": \"two\xF0\x9F\x90\xB6\"}]}\n"},
};
#define N_LISTS (sizeof lists / sizeof *lists)

static void check_list(pt_test *t, size_t i, const text *content, const char *what) {
    char name[64];
    snprintf(name, sizeof name, "t/%s%s", lists[i].name, what[0] == 'g' ? ".gz" : "");
    listing *l = list_corpus(write_tmp_bytes(name, content->b, content->n), NULL);
    const bool is_right = l->status == PATINA_OK && l->n == 2 && l->entry[0].status == PATINA_OK &&
                          l->entry[0].n_captions == 1 && l->entry[0].captions[0].text &&
                          strcmp(l->entry[0].captions[0].text, "one, \xC3\xA9") == 0 &&
                          l->entry[1].n_captions == 1 && l->entry[1].captions[0].text &&
                          strcmp(l->entry[1].captions[0].text, "two\xF0\x9F\x90\xB6") == 0;
    pt_test_check(t, is_right, __FILE__, __LINE__, "%s, %s: %s, %zu entries: %s; %s", name, what,
                  patina_status_name(l->status), l->n, l->err.message, entry_string(l, 0));
    CHECK_STR(l->kind, lists[i].kind);
    list_release(l);
}

TEST(text_source, every_kind_in_every_encoding) {
    static const struct {
        unsigned unit;
        int order;
        bool has_mark;
    } encodings[] = {{1, LE, false}, {1, LE, true}, {2, LE, true}, {2, BE, true},  {2, LE, false},
                     {2, BE, false}, {4, LE, true}, {4, BE, true}, {4, LE, false}, {4, BE, false}};
    write_tmp_text("t/a.wav", "");
    write_tmp_text("t/b.wav", "");
    for (size_t i = 0; i < N_LISTS; i++) {
        for (size_t k = 0; k < sizeof encodings / sizeof *encodings; k++) {
            char what[64];
            text content, compressed;
            snprintf(what, sizeof what, "UTF-%u %s, %s mark", 8 * encodings[k].unit,
                     encodings[k].order == LE ? "LE" : "BE", encodings[k].has_mark ? "a" : "no");
            encode(&content, lists[i].text, encodings[k].unit, encodings[k].order,
                   encodings[k].has_mark);
            check_list(t, i, &content, what);
            if (k % 3 != 0) continue;
            compress_gzip(&compressed, &content);
            check_list(t, i, &compressed, "gzip");
        }
    }
}

TEST(text_source, line_ends_and_padding) {
    static const char *const line_ends[] = {"\n", "\r\n", "\r"};
    static const char *const paddings[] = {"", "\0\0\0", "\x1A", "\n\0\0", "\n\n\n"};
    static const size_t n_padding[] = {0, 3, 1, 3, 3};
    for (size_t i = 0; i < N_LISTS; i++)
        for (size_t k = 0; k < 3; k++)
            for (size_t p = 0; p < (k == 2 ? 3U : 5U); p++) { /* CR: no LF in the padding */
                char lines[4096], what[64];
                text content;
                set_line_ends(lines, lists[i].text, line_ends[k]);
                content.n = strlen(lines);
                memcpy(content.b, lines, content.n);
                memcpy(content.b + content.n, paddings[p], n_padding[p]);
                content.n += n_padding[p];
                snprintf(what, sizeof what, "line end %zu, padding %zu", k, p);
                check_list(t, i, &content, what);
            }
}

/* A line end in quotes is part of the caption, whatever ends the lines. */
TEST(text_source, quoted_line_ends) {
    static const char csv[] = "filename,caption\r\na.wav,\"one\r\ntwo\"\r\nb.wav,three\r\n";
    write_tmp_text("t/a.wav", "");
    write_tmp_text("t/b.wav", "");
    listing *l = list_corpus(write_tmp_text("t/quoted.csv", csv), NULL);
    CHECK_STR(entry_string(l, 0), "a.wav|a.wav|ok|one\ntwo");
    CHECK_STR(entry_string(l, 1), "b.wav|b.wav|ok|three");
    list_release(l);
}

TEST(text_source, sidecars_in_utf16) {
    text content;
    write_tmp_text("s/a.wav", "");
    write_tmp_text("s/b.wav", "");
    encode(&content, "one\ntwo\n", 2, LE, true);
    write_tmp_bytes("s/a.txt", content.b, content.n);
    encode(&content, "{\"caption\": \"three\"}", 2, BE, false);
    write_tmp_bytes("s/b.json", content.b, content.n);
    listing *l = list_corpus(tmp_path("s"), NULL);
    CHECK_STR(entry_string(l, 0), "a.wav|a.wav|ok|one|two");
    CHECK_STR(entry_string(l, 1), "b.wav|b.wav|ok|three");
    list_release(l);
}

/* What is not text of such an encoding stays as it is. */
TEST(text_source, other_bytes) {
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {{"", 0},           {"a", 1},
                 {"\0", 1},         {"ab", 2},
                 {"a\0\0\0", 4},    {"RIFF\0\0\0\0WAVE", 12},
                 {"caf\xE9, x", 7}, {"PAR1\x15\0\x15", 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = cases[i].n;
        char *copy = malloc(n + 1);
        memcpy(copy, cases[i].bytes, n);
        CHECK_OK(pt_text_to_utf8(&copy, &n, &t->err));
        CHECK(i == 4 || (n == cases[i].n && memcmp(copy, cases[i].bytes, n) == 0));
        free(copy);
    }
    /* half of a pair of surrogates */
    size_t n = 7;
    char *copy = malloc(n);
    memcpy(copy,
           "\xFF\xFE"
           "a\0\x00\xD8"
           "b",
           n);
    CHECK_OK(pt_text_to_utf8(&copy, &n, &t->err));
    CHECK_INT(n, 2);
    CHECK_STR(copy, "a\xFF");
    free(copy);
}

TEST(text_source, damaged_gzip) {
    text content, compressed;
    pt_byte_source bytes = {0};
    content.n = (size_t)snprintf((char *)content.b, sizeof content.b, "filename,caption\n");
    for (int i = 0; i < 200; i++)
        content.n += (size_t)snprintf((char *)content.b + content.n, sizeof content.b - content.n,
                                      "%d.wav,caption %d\n", i * 7919 % 1000, i * 104729 % 1000);
    compress_gzip(&compressed, &content);
    for (size_t n = 3; n < compressed.n; n++) { /* in the header, the data and the trailer */
        const char *path = write_tmp_bytes("t/cut.csv.gz", compressed.b, n);
        CHECK_INT(pt_text_source_open(path, UINT64_MAX, &bytes, &t->err), PATINA_EFORMAT);
        CHECK_STR(t->err.message, "the compressed data are truncated or damaged");
    }
    CHECK_INT(pt_text_source_open(tmp_path("t/absent.csv"), UINT64_MAX, &bytes, &t->err),
              PATINA_REJECT_MISSING);
}

/* Text that libarchive does not decompress stays as it is, and would be decompressed forever. */
TEST(text_source, first_bytes_of_compressed_files) {
    static const char *const magics[] = {"\x1F\x8B\x08\xE0 not gzip, but text\n", "\x1F\x8B\x08",
                                         "\x28\xB5\x2F\xFD", "\x28\xB5\x2F\xFD\xFF, no zstd\n"};
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        pt_byte_source bytes = {0};
        text content, compressed;
        content.n = strlen(magics[i]);
        memcpy(content.b, magics[i], content.n);
        compress_gzip(&compressed, &content);
        const char *path = write_tmp_bytes("t/magic", content.b, content.n);
        CHECK_INT(pt_text_source_open(path, UINT64_MAX, &bytes, &t->err), PATINA_EFORMAT);
        path = write_tmp_bytes("t/magic", compressed.b, compressed.n);
        CHECK_INT(pt_text_source_open(path, UINT64_MAX, &bytes, &t->err), PATINA_EFORMAT);
    }
}
