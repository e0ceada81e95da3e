/* SPDX-License-Identifier: MIT */
/* test_corpus_wavcaps.c - WavCaps JSON files, intact and damaged */

#include "corpus_fixture.h"

static listing *list_text(const char *name, const char *text) {
    return list_corpus(write_tmp_text(name, text), NULL);
}

TEST(corpus_wavcaps, ids_with_and_without_extension) {
    write_tmp_text("w1/Y-a_b.flac", "");
    write_tmp_text("w1/audio/180913.flac", "");
    write_tmp_text("w1/audio/AudioSet/x.wav.mp3", "");
    write_tmp_text("w1/s.wav", "");
    write_tmp_text("w1/s.flac", "");
    listing *l = list_text(
        "w1/as.json",
        "{\"num_captions_per_audio\": 1, \"data\": [\n"
        "{\"id\": \"Y-a_b.wav\", \"caption\": \"one\", \"duration\": 10.0},\n"
        "{\"id\": \"180913\", \"caption\": [\"two\", \"deux\"], \"tags\": {\"a\": [1, \"]\"]}},\n"
        "{\"caption\": \"three\", \"id\": 180913},\n"
        "{\"id\": \"x.wav\", \"caption\": \"four\"},\n"
        "{\"id\": \"s.wav\", \"caption\": \"five\"},\n"
        "{\"id\": \"s\", \"caption\": \"six\"},\n"
        "{\"id\": \"gone\", \"caption\": \"seven\"}\n"
        "]}\n");
    CHECK_INT(l->status, PATINA_OK);
    CHECK_STR(l->kind, "wavcaps");
    CHECK_INT(l->n, 6);
    CHECK_STR(entry_string(l, 0), "Y-a_b.wav|Y-a_b.flac|ok|one");
    CHECK_STR(entry_string(l, 1), "180913|audio/180913.flac|ok|two|deux|three");
    CHECK_STR(entry_string(l, 2), "x.wav|audio/AudioSet/x.wav.mp3|ok|four");
    CHECK_STR(entry_string(l, 3), "s.wav|s.wav|ok|five");
    CHECK_STR(entry_string(l, 4), "s|s.flac|ok|six"); /* the first in byte order */
    CHECK_STR(entry_string(l, 5), "gone|as.json#6|missing|seven");
    CHECK_STR(l->entry[5].fault, "data[6] (line 8): no audio file is named 'gone.*'");
    list_release(l);
}

TEST(corpus_wavcaps, bad_element_rejects_one_entry) {
    static const char *const bad[] = {"17",
                                      "null",
                                      "\"text, with ] and }\"",
                                      "[]",
                                      "{\"id\": }",
                                      "{\"id\": \"x\" \"caption\"}",
                                      "{\"caption\": \"no id\"}",
                                      "{\"id\": \"\"}",
                                      "{\"id\": [1]}",
                                      "{\"id\": 1.5}",
                                      "",
                                      "{\"a\": [1}",
                                      "{\"a\": {1]}",
                                      "[{]",
                                      "}",
                                      "tru",
                                      "{\"id\": \"open\n}",
                                      "{\"id\": \"\\\n}",
                                      "{\"id\": \"a\"} {\"id\": \"a\"}",
                                      "{\"id\": \"\xFF\"}",
                                      "{\"id\": \"\\ud800\"}",
                                      "{\"id\": \"a\\u0000\"}",
                                      "{\"a\": \"\\\\\", 5}"};
    write_tmp_text("w2/a.wav", "");
    write_tmp_text("w2/b.wav", "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "{\"data\": [{\"id\": \"a\", \"caption\": \"x\"}, %s,\n"
                 "{\"id\": \"b\", \"caption\": \"y\"}]}",
                 bad[i]);
        listing *l = list_text("w2/t.json", text);
        CHECK_INT(l->n, 3);
        CHECK_STR(entry_string(l, 0), "a|a.wav|ok|x");
        CHECK_INT(l->entry[1].status, PATINA_REJECT_UNDECODABLE);
        CHECK_CONTAINS(l->entry[1].fault, "data[1] (line 1)");
        CHECK(l->entry[1].id == NULL);
        CHECK_STR(l->entry[1].source, "t.json#1");
        CHECK_STR(entry_string(l, 2), "b|b.wav|ok|y");
        list_release(l);
    }
}

/* An unclosed element ends where the next begins; an unclosed list in it includes later elements.
 * */
TEST(corpus_wavcaps, unclosed_element) {
    static const char *const bad[] = {
        "{\"id\": \"b\", \"caption\": \"x\",",
        "{\"id\": \"b\", \"caption\": \"x\"",
        "{\"id\": \"b\", \"tags\": {\"a\": [{\"c\": {}}, {}], \"d\": {\"e\": 1},",
        "{\"id\": \"b\", \"caption\": \"x\", ,",
        "{\"id\": \"b\", \"caption\": [\"x\"]",
        "{"};
    write_tmp_text("w9/a.wav", "");
    write_tmp_text("w9/c.wav", "");
    write_tmp_text("w9/d.wav", "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "{\"data\": [{\"id\": \"a\", \"caption\": \"x\"}, %s\n"
                 "{\"id\": \"c\", \"t\": {\"u\": [{}, {\"v\": {}}]}, \"caption\": \"y\"},"
                 "{\"id\": \"d\", \"caption\": \"z\"}]}",
                 bad[i]);
        listing *l = list_text("w9/t.json", text);
        CHECK_INT(l->n, 4);
        CHECK_STR(entry_string(l, 0), "a|a.wav|ok|x");
        CHECK(l->entry[1].id == NULL);
        CHECK_INT(l->entry[1].status, PATINA_REJECT_UNDECODABLE);
        CHECK_STR(l->entry[1].fault,
                  "data[1] (line 1) is not closed: another element begins in it at line 2");
        CHECK_STR(entry_string(l, 2), "c|c.wav|ok|y");
        CHECK_STR(entry_string(l, 3), "d|d.wav|ok|z");
        list_release(l);
    }
    listing *l = list_text("w9/t.json", "{\"data\": [{\"id\": \"b\", \"caption\": \n"
                                        "{\"id\": \"a\", \"caption\": \"y\"},\n"
                                        "{\"id\": \"d\", \"caption\": \"z\"}]}");
    CHECK_INT(l->n, 2); /* the text after the colon cannot be distinguished from a value */
    CHECK_STR(entry_string(l, 1), "d|d.wav|ok|z");
    list_release(l);
}

TEST(corpus_wavcaps, bad_captions_reject_captions_only) {
    write_tmp_text("w3/a.wav", "");
    listing *l =
        list_text("w3/t.json", "{\"data\": [{\"id\": \"a\", \"caption\": [\"x\", 1, \" \"]},"
                               "{\"id\": \"b\"}, {\"id\": \"c\", \"caption\": null},"
                               "{\"id\": \"d\", \"caption\": \"caf\xE9\"}]}");
    CHECK_INT(l->n, 4);
    CHECK_STR(entry_string(l, 0), "a|a.wav|ok|x|(not a string)|(only white space)");
    CHECK_STR(entry_string(l, 1), "b|t.json#1|missing");
    CHECK_STR(entry_string(l, 2), "c|t.json#2|missing|(not a string)");
    CHECK_STR(entry_string(l, 3), "d|t.json#3|missing|(not UTF-8)");
    list_release(l);
    l = list_corpus_with(
        write_tmp_text("w3/u.json",
                       "{\"data\": [{\"id\": \"a\", \"text\": \"t\", \"note\": \"n\"}]}"),
        &(pt_corpus_options){.caption_column = "note"});
    CHECK_STR(entry_string(l, 0), "a|a.wav|ok|n");
    list_release(l);
    l = list_corpus(tmp_path("w3/u.json"), NULL);
    CHECK_STR(entry_string(l, 0), "a|a.wav|ok|t");
    list_release(l);
}

TEST(corpus_wavcaps, members_in_any_order) {
    write_tmp_text("w4/a.wav", "");
    static const char *const texts[] = {
        "\xEF\xBB\xBF{\"data\":[{\"id\":\"a\",\"caption\":\"x\"}],\"n\":1}",
        ("{\"x\": {\"data\": [1, 2]}, \"y\": [\"data\", [3]], \"s\": \"}],\\\"\", \"n\": null,\n"
         " \"data\" :\t[ {\"id\": \"a\", \"caption\": \"x\"} ] , \"after\": {} }"),
        "{\"data\": 5, \"data\": [{\"id\": \"a\", \"caption\": \"x\"}]}",
        "{\"data\": [{\"id\": \"a\", \"caption\": \"x\"},]}",
        "{\"data\": [{\"id\": \"a\", \"caption\": \"x\"}]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        listing *l = list_text("w4/t.json", texts[i]);
        CHECK_INT(l->status, PATINA_OK);
        CHECK_INT(l->n, 1);
        CHECK_STR(entry_string(l, 0), "a|a.wav|ok|x");
        list_release(l);
    }
    listing *l = list_text("w4/t.json", "{\"data\": [ \n ]}");
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 0);
    list_release(l);
}

/* More text before `data` than is probed: the file name or the option selects the kind. */
TEST(corpus_wavcaps, data_after_long_members) {
    enum { N = 200000 };
    static char text[N + 100];
    write_tmp_text("w5/a.wav", "");
    memcpy(text, "{\"note\": \"", 10);
    memset(text + 10, 'x', N - 10);
    strcpy(text + N, "\", \"data\": [{\"id\": \"a\", \"caption\": \"x\"}]}");
    listing *l = list_text("w5/t.json", text);
    CHECK_STR(entry_string(l, 0), "a|a.wav|ok|x");
    list_release(l);
    l = list_text("w5/t.txt", text);
    CHECK_INT(l->status, PATINA_EFORMAT);
    list_release(l);
    l = list_corpus_with(tmp_path("w5/t.txt"), &(pt_corpus_options){.kind = "wavcaps"});
    CHECK_STR(entry_string(l, 0), "a|a.wav|ok|x");
    list_release(l);
}

TEST(corpus_wavcaps, truncated_file_is_reported_once) {
    static const char whole[] = "{\"data\": [{\"id\": \"a\", \"caption\": \"x\"},\n"
                                "{\"id\": \"b\", \"caption\": \"y\"},\n"
                                "{\"id\": \"c\", \"caption\": \"z\"}]}";
    write_tmp_text("w6/a.wav", "");
    write_tmp_text("w6/b.wav", "");
    write_tmp_text("w6/c.wav", "");
    for (size_t n = strlen("{\"data\": ["); n < sizeof whole - 2; n++) {
        const size_t ends[] = {(size_t)(strstr(whole, "x\"}") - whole) + 3,
                               (size_t)(strstr(whole, "y\"}") - whole) + 3,
                               (size_t)(strstr(whole, "z\"}") - whole) + 3};
        const size_t intact = (n >= ends[0]) + (n >= ends[1]) + (n >= ends[2]);
        const bool cut = n < ends[2] + 1; /* and the closing bracket of the list */
        listing *l = list_corpus(write_tmp_bytes("w6/t.json", whole, n), NULL);
        CHECK_INT(l->status, PATINA_OK);
        CHECK_INT(l->n, intact + cut);
        for (size_t i = 0; i < intact; i++)
            CHECK_INT(l->entry[i].status, PATINA_OK);
        if (cut && l->n > intact) {
            CHECK(l->entry[intact].id == NULL);
            CHECK_INT(l->entry[intact].status, PATINA_REJECT_UNDECODABLE);
            CHECK_CONTAINS(l->entry[intact].fault, "is truncated at line ");
        }
        list_release(l);
    }
}

TEST(corpus_wavcaps, huge_element_is_skipped) {
    const size_t n = 40U << 20;
    char *text = malloc(n);
    static const char before[] = "{\"data\": [{\"id\": \"", after[] = "\"}, {\"id\": \"a\"}]}";
    write_tmp_text("w7/a.wav", "");
    memset(text, 'x', n);
    memcpy(text, before, sizeof before - 1);
    memcpy(text + n - sizeof after + 1, after, sizeof after - 1);
    listing *l = list_corpus(write_tmp_bytes("w7/t.json", text, n), NULL);
    free(text);
    CHECK_INT(l->n, 2);
    CHECK_CONTAINS(l->entry[0].fault, "more than 16777216 bytes");
    CHECK_STR(entry_string(l, 1), "a|a.wav|ok");
    list_release(l);
}

TEST(corpus_wavcaps, object_without_list_is_rejected) {
    static const char *const texts[] = {
        "{}",          "{\"data\": {}}", "{\"dat\": []}", "{\"data\"",
        "{\"data\": ", "[{\"id\": 1}]",  "{\"data\" []}", "{\"d\\u0061ta\": []}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        listing *l = list_corpus_with(write_tmp_text("w8/t.json", texts[i]),
                                      &(pt_corpus_options){.kind = "wavcaps"});
        CHECK_INT(l->status, PATINA_EFORMAT);
        CHECK_CONTAINS(l->err.message, i == 5 ? "not a JSON object" : "no list 'data'");
        list_release(l);
        l = list_corpus(tmp_path("w8/t.json"), NULL);
        CHECK_INT(l->status, PATINA_EFORMAT);
        CHECK_CONTAINS(l->err.message, "no known format");
        list_release(l);
    }
}

TEST(corpus_wavcaps, shared_list) {
    const char *path = pt_test_shared_path("corpus/wavcaps.json");
    if (!path) SKIP("no ../shared/corpus");
    listing *l = list_corpus(path, pt_test_shared_path("corpus/clips"));
    CHECK_STR(l->kind, "wavcaps");
    CHECK_INT(l->n, 22);
    for (size_t i = 0; i < l->n; i++) {
        CHECK_INT(l->entry[i].status, PATINA_OK);
        CHECK_INT(l->entry[i].n_captions, 1);
    }
    CHECK_STR(entry_string(l, 0), "1-100032-A|1-100032-A.wav|ok|A dog barks");
    list_release(l);
}
