/* SPDX-License-Identifier: MIT */
/* test_corpus_folder.c - folders of audio with caption files */

#include <fcntl.h>

#include "corpus_fixture.h"

TEST(corpus_folder, captions_from_text_files) {
    write_tmp_text("f1/b.wav", "");
    write_tmp_text("f1/b.txt", "\xEF\xBB\xBFone\r\n\n  \ntwo \nthree");
    write_tmp_text("f1/a.flac", "");
    write_tmp_text("f1/a.json", "{\"text\": [\"t1\", 5, \"t2\"], \"tag\": [\"x\"]}");
    write_tmp_text("f1/sub/c.d.OGG", "");
    write_tmp_text("f1/sub/c.d.json",
                   "\xEF\xBB\xBF{\"caption\": \"not this\", \"text\": \"first wins\"}");
    write_tmp_text("f1/sub/c.json", "{\"caption\": \"another stem\"}");
    write_tmp_text("f1/both.mp3", "");
    write_tmp_text("f1/both.txt", "from txt");
    write_tmp_text("f1/both.json", "{\"caption\": \"from json\"}");
    write_tmp_text("f1/captions.wav", "");
    write_tmp_text("f1/captions.json", "{\"captions\": [\"p\", \"q\"]}");
    write_tmp_text("f1/none.wav", "");
    write_tmp_text("f1/notes.txt", "no audio of that name");
    listing *l = list_corpus(tmp_path("f1"), NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_STR(l->kind, "folder");
    CHECK_INT(l->n, 6);
    CHECK_STR(entry_string(l, 0), "a.flac|a.flac|ok|t1|(not a string)|t2");
    CHECK_STR(entry_string(l, 1), "b.wav|b.wav|ok|one|two |three");
    CHECK_STR(entry_string(l, 2), "both.mp3|both.mp3|ok|from json");
    CHECK_STR(entry_string(l, 3), "captions.wav|captions.wav|ok|p|q");
    CHECK_STR(entry_string(l, 4), "none.wav|none.wav|ok");
    CHECK_STR(entry_string(l, 5), "sub/c.d.OGG|sub/c.d.OGG|ok|first wins");
    CHECK_STR(l->entry[5].path, tmp_path("f1/sub/c.d.OGG"));
    list_release(l);
}

TEST(corpus_folder, bad_caption_files_reject_captions_only) {
    write_tmp_text("f2/a.wav", "");
    write_tmp_text("f2/a.txt", "good\ncaf\xE9\nlast\n");
    write_tmp_text("f2/b.wav", "");
    write_tmp_text("f2/b.txt", " \n\n");
    write_tmp_text("f2/c.wav", "");
    write_tmp_text("f2/c.json", "{\"caption\": ");
    write_tmp_text("f2/d.wav", "");
    write_tmp_text("f2/d.json", "[\"x\"]");
    write_tmp_text("f2/e.wav", "");
    write_tmp_text("f2/e.json", "{\"title\": \"x\"}");
    write_tmp_text("f2/f.wav", "");
    write_tmp_bytes("f2/f.txt", "nul\0inside\nfine\n", 16);
    write_tmp_text("f2/g.wav", "");
    write_tmp_text("f2/g.txt/x", "a folder of that name");
    write_tmp_text("f2/h.wav", "");
    write_tmp_text("f2/h.json", "{\"caption\": [\"caf\xE9\", \"fine\"]}");
    listing *l = list_corpus(tmp_path("f2"), NULL);
    CHECK_INT(l->n, 8);
    CHECK_STR(entry_string(l, 0), "a.wav|a.wav|ok|good|(not UTF-8)|last");
    CHECK_STR(entry_string(l, 1), "b.wav|b.wav|ok");
    CHECK_STR(entry_string(l, 2), "c.wav|c.wav|ok|(the .json beside it is not valid "
                                  "JSON, line 1: unexpected token near end of file (column 12))");
    CHECK_STR(entry_string(l, 3), "d.wav|d.wav|ok|(the .json beside it is not a JSON "
                                  "object)");
    CHECK_STR(entry_string(l, 4), "e.wav|e.wav|ok");
    CHECK_STR(entry_string(l, 5), "f.wav|f.wav|ok|(contains a NUL character)|fine");
    CHECK_INT(l->entry[6].n_captions, 1);
    if (l->entry[6].n_captions) CHECK(l->entry[6].captions[0].text == NULL);
    CHECK_STR(entry_string(l, 7), "h.wav|h.wav|ok|(not UTF-8)|fine");
    list_release(l);
}

/* '-' < '.' < '/' < '0' < 'A' < 'a' < 0xC3: order of the bytes of whole paths, not of a directory
 * walk. */
TEST(corpus_folder, paths_are_sorted_by_bytes) {
    static const char *const sorted[] = {"-.wav",  "A.wav",   "a-b/c.wav",
                                         "a.wav",  "a/b.wav", "a/b/c.wav",
                                         "a0.wav", "b.wav",   "\xC3\xA9.wav"};
    for (size_t i = 0; i < 9; i++) {
        char name[64];
        snprintf(name, sizeof name, "f3/%s", sorted[(i * 5 + 3) % 9]);
        write_tmp_text(name, "");
    }
    listing *l = list_corpus(tmp_path("f3/"), NULL);
    CHECK_INT(l->n, 9);
    for (size_t i = 0; i < l->n; i++)
        CHECK_STR(l->entry[i].id, sorted[i]);
    list_release(l);
}

TEST(corpus_folder, audio_extensions) {
    static const char *const audio[] = {"a.AIFF", "a.Wav", "a.aac",  "a.au",  "a.caf",
                                        "a.m4a",  "a.oga", "a.opus", "a.w64", "a.webm"};
    static const char *const other[] = {".hidden.wav", "._a.wav", "a.csv", "a.jpg", "awav",
                                        "wav",         ".wav",    "a.md",  "a.tar", ".git/a.wav"};
    for (size_t i = 0; i < 10; i++) {
        char name[64];
        snprintf(name, sizeof name, "f4/%s", audio[i]);
        write_tmp_text(name, "");
        snprintf(name, sizeof name, "f4/%s", other[i]);
        write_tmp_text(name, "");
    }
    listing *l = list_corpus(tmp_path("f4"), NULL);
    CHECK_INT(l->n, 10);
    for (size_t i = 0; i < l->n; i++)
        CHECK_STR(l->entry[i].id, audio[i]);
    list_release(l);
}

TEST(corpus_folder, symbolic_links_and_cycles) {
    write_tmp_text("f5/real/a.wav", "");
    write_tmp_text("f5/real/a.txt", "x");
    write_tmp_text("f5/real/sub/b.wav", "");
    CHECK(symlink("real/a.wav", tmp_path("f5/file.wav")) == 0);
    CHECK(symlink("real/sub", tmp_path("f5/sub")) == 0);
    CHECK(symlink("..", tmp_path("f5/real/up")) == 0);      /* its own ancestor */
    CHECK(symlink(".", tmp_path("f5/real/sub/here")) == 0); /* itself */
    CHECK(symlink("nowhere", tmp_path("f5/dangling.wav")) == 0);
    listing *l = list_corpus(tmp_path("f5"), NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 5);
    CHECK_STR(entry_string(l, 0), "dangling.wav|dangling.wav|ok"); /* opening it fails */
    CHECK_STR(entry_string(l, 1), "file.wav|file.wav|ok");
    CHECK_STR(entry_string(l, 2), "real/a.wav|real/a.wav|ok|x");
    CHECK_STR(entry_string(l, 3), "real/sub/b.wav|real/sub/b.wav|ok");
    CHECK_STR(entry_string(l, 4), "sub/b.wav|sub/b.wav|ok");
    pt_byte_source bytes;
    CHECK_FAILS(pt_entry_open(&l->entry[0], &bytes, &t->err), PATINA_REJECT_MISSING);
    CHECK_STR(t->err.message, "audio file not found");
    CHECK_OK(pt_entry_open(&l->entry[4], &bytes, &t->err));
    pt_byte_source_close(&bytes);
    list_release(l);
}

/* 2^22 paths, all to one folder. */
TEST(corpus_folder, chain_of_links) {
    char name[64], target[64];
    for (int i = 0; i <= 22; i++) {
        snprintf(name, sizeof name, "f15/%d/a.wav", i);
        write_tmp_text(name, "");
        for (int link = 0; i < 22 && link < 2; link++) {
            snprintf(name, sizeof name, "f15/%d/link%d", i, link);
            snprintf(target, sizeof target, "../%d", i + 1);
            CHECK(symlink(target, tmp_path(name)) == 0);
        }
    }
    listing *l = list_corpus(tmp_path("f15/0"), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "links lead to the same folders more than");
    list_release(l);
    l = list_corpus(tmp_path("f15/18"), NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 31);
    list_release(l);
}

TEST(corpus_folder, file_names_not_utf8) {
    write_tmp_text("f6/ok.wav", "");
    write_tmp_text("f6/caf\xE9\n.wav", "");
    write_tmp_text("f6/caf\xE9\n.txt", "caption");
    listing *l = list_corpus(tmp_path("f6"), NULL);
    CHECK_INT(l->n, 2);
    CHECK_STR(entry_string(l, 0), "-|caf\\xE9\n.wav|undecodable");
    CHECK_CONTAINS(l->entry[0].fault, "caf\\xE9");
    list_release(l);
}

TEST(corpus_folder, unreadable_files) {
    pt_byte_source bytes;
    write_tmp_text("f7/x.wav", "");
    CHECK(mkfifo(tmp_path("f7/pipe.wav"), 0600) == 0); /* opening it must not block */
    listing *l = list_corpus(tmp_path("f7"), NULL);
    REQUIRE(l->n == 2);
    CHECK_STR(l->entry[0].id, "pipe.wav");
    CHECK_FAILS(pt_entry_open(&l->entry[0], &bytes, &t->err), PATINA_REJECT_UNDECODABLE);
    CHECK_STR(t->err.message, "not a regular file");
    unlink(tmp_path("f7/x.wav"));
    CHECK_FAILS(pt_entry_open(&l->entry[1], &bytes, &t->err), PATINA_REJECT_MISSING);
    CHECK(strstr(t->err.message, pt_test_tmpdir()) == NULL);
    mkdir(tmp_path("f7/x.wav"), 0700);
    CHECK_FAILS(pt_entry_open(&l->entry[1], &bytes, &t->err), PATINA_REJECT_UNDECODABLE);
    list_release(l);
}

TEST(corpus_folder, repeated_listing_is_equal) {
    write_tmp_text("f8/b/x.wav", "");
    write_tmp_text("f8/a/y.wav", "");
    write_tmp_text("f8/a/y.txt", "caption");
    listing *one = list_corpus(tmp_path("f8"), NULL), *two = list_corpus(tmp_path("f8"), NULL);
    CHECK_INT(one->n, 2);
    for (size_t i = 0; i < 2; i++)
        CHECK_STR(entry_string(one, i), entry_string(two, i));
    list_release(one);
    list_release(two);
}

TEST(corpus_folder, folder_without_audio_is_rejected) {
    write_tmp_text("f9/readme.txt", "nothing here");
    listing *l = list_corpus(tmp_path("f9"), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "audio");
    list_release(l);
}

TEST(corpus_folder, nesting_limit) {
    char path[600] = "f10";
    for (int i = 0; i < 64; i++)
        strcat(path, "/d");
    strcat(path, "/x.wav");
    write_tmp_text(path, "");
    listing *l = list_corpus(tmp_path("f10"), NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 1);
    list_release(l);
    strcpy(strrchr(path, '/'), "/d/x.wav");
    write_tmp_text(path, "");
    l = list_corpus(tmp_path("f10"), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "64");
    list_release(l);
}

/* Python's json module writes NaN and Infinity, which JSON does not have. */
TEST(corpus_folder, nonfinite_numbers_in_json) {
    listing *l = list_corpus_with(pt_test_data_path("faults/json_nan"),
                                  &(pt_corpus_options){.kind = "folder"});
    CHECK_INT(l->n, 1);
    CHECK_STR(entry_string(l, 0), "a.flac|a.flac|ok|a drum is hit");
    list_release(l);
    write_tmp_text("f9/a.wav", "");
    write_tmp_text("f9/a.json",
                   "{\n \"text\": \"NaN, \\\"-Infinity\\\" \\\\\",\n \"snr\":[-Infinity,NaN]}");
    write_tmp_text("f9/b.wav", "");
    write_tmp_text("f9/b.json", "{\"text\": NaN}");
    write_tmp_text("f9/c.wav", "");
    write_tmp_text("f9/c.json", "{\"a\": NaN,\n\n \"text\": \"x\" \"y\"}");
    l = list_corpus(tmp_path("f9"), NULL);
    CHECK_STR(entry_string(l, 0), "a.wav|a.wav|ok|NaN, \"-Infinity\" \\");
    CHECK_STR(entry_string(l, 1), "b.wav|b.wav|ok|(not a string)");
    CHECK_CONTAINS(entry_string(l, 2), "not valid JSON, line 3: ");
    list_release(l);
}

/* The kinds of things with the name of a file that cannot be that file. */
static const char *const strays[] = {"dangling", "loop", "fifo", "folder", "empty"};

static void make_stray(const char *kind, const char *name) {
    const char *path = tmp_path(name), *base = strrchr(name, '/') + 1;
    if ((strcmp(kind, "dangling") == 0 && symlink("nowhere", path) != 0) ||
        (strcmp(kind, "loop") == 0 && symlink(base, path) != 0) ||
        (strcmp(kind, "fifo") == 0 && mkfifo(path, 0600) != 0) ||
        (strcmp(kind, "folder") == 0 && mkdir(path, 0700) != 0)) {
        perror(path);
        exit(2);
    }
    if (strcmp(kind, "empty") == 0) write_tmp_text(name, "");
}

TEST(corpus_folder, strays_with_the_name_of_a_list_are_no_lists) {
    static const char *const names[] = {"f12/metadata.csv", "f12/metadata.jsonl",
                                        "f12/a/metadata.csv", "f12/a/b/metadata.csv"};
    write_tmp_text("f12/a/b/c.wav", "");
    write_tmp_text("f12/a/b/c.txt", "caption");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (size_t k = 0; k < sizeof strays / sizeof *strays; k++) {
            make_stray(strays[k], names[i]);
            listing *l = list_corpus(tmp_path("f12"), NULL);
            pt_test_check(t, strcmp(entry_string(l, 0), "a/b/c.wav|a/b/c.wav|ok|caption") == 0,
                          __FILE__, __LINE__, "%s, %s: %s", names[i], strays[k], l->err.message);
            list_release(l);
            unlink(tmp_path(names[i]));
            rmdir(tmp_path(names[i]));
        }
    }
    /* Another one is found behind it. */
    make_stray("dangling", "f12/metadata.csv");
    write_tmp_text("f12/a/metadata.csv", "file_name,caption\nb/c.wav,of the list\n");
    listing *l = list_corpus(tmp_path("f12"), NULL);
    CHECK_INT(l->n, 1);
    if (l->n) CHECK_STR(l->entry[0].captions[0].text, "of the list");
    list_release(l);
}

/* Captions would be lost without a word. */
TEST(corpus_folder, a_damaged_list_is_an_error) {
    write_tmp_text("f13/c.wav", "");
    write_tmp_bytes("f13/metadata.csv", "\x1F\x8B\x08\0\0\0\0\0\0\x03\x4B\xCB", 12);
    listing *l = list_corpus(tmp_path("f13"), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "f13/metadata.csv': the compressed data are truncated");
    list_release(l);
    unlink(tmp_path("f13/metadata.csv"));
    if (geteuid() == 0) return;
    write_tmp_text("f13/closed/m.csv", "file_name,caption\nc.wav,one\n");
    CHECK(symlink("closed/m.csv", tmp_path("f13/metadata.csv")) == 0);
    CHECK(chmod(tmp_path("f13/closed"), 0) == 0);
    l = list_corpus(tmp_path("f13"), NULL);
    CHECK_INT(l->status, PATINA_EIO);
    CHECK_CONTAINS(l->err.message, "f13/metadata.csv' cannot be opened: Permission denied");
    list_release(l);
    CHECK(chmod(tmp_path("f13/closed"), 0700) == 0);
}

TEST(corpus_folder, a_corpus_that_is_no_file_is_an_error_of_the_data) {
    write_tmp_text("f14/c.wav", "");
    CHECK(mkfifo(tmp_path("f14/pipe.csv"), 0600) == 0);
    listing *l = list_corpus(tmp_path("f14/pipe.csv"), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "f14/pipe.csv' is neither a folder nor a regular file");
    list_release(l);
    CHECK(mkfifo(tmp_path("f14/pipe.json"), 0600) == 0);
    for (int i = 0; i < 2; i++) {
        const char *exclude = tmp_path(i ? "f14/pipe.json" : "f14/pipe.csv");
        l = list_corpus_with(tmp_path("f14"), &(pt_corpus_options){.exclude = exclude});
        CHECK_INT(l->status, PATINA_EFORMAT);
        CHECK_CONTAINS(l->err.message,
                       i ? "pipe.json': not a regular" : "pipe.csv': not a regular");
        list_release(l);
    }
}
