/* SPDX-License-Identifier: MIT */
/* test_corpus_jsonl.c - JSONL manifests */

#include "corpus_fixture.h"

TEST(corpus_jsonl, one_entry_per_line) {
    const char *path = write_tmp_text(
        "j1/m.jsonl", "{\"audio\": \"a.wav\", \"caption\": \"A dog barks\", \"tags\": [1, {}]}\n"
                      "{\"caption\": [\"one\", \"two\"], \"audio\": \"sub/b b.flac\"}\r\n"
                      "{\"audio\": \"../c.ogg\", \"captions\": \"plural\", \"id\": \"my id\"}\n"
                      "{\"audio\": \"d.wav\", \"caption\": \"  as written  \", \"id\": -12}");
    listing *l = list_corpus(path, NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_STR(l->kind, "jsonl");
    CHECK_INT(l->n, 4);
    CHECK_STR(entry_string(l, 0), "a.wav|a.wav|ok|A dog barks");
    CHECK_STR(entry_string(l, 1), "sub/b b.flac|sub/b b.flac|ok|one|two");
    CHECK_STR(entry_string(l, 2), "my id|../c.ogg|ok|plural");
    CHECK_STR(entry_string(l, 3), "-12|d.wav|ok|  as written  ");
    CHECK_STR(l->entry[0].path, tmp_path("j1/a.wav"));
    CHECK_STR(l->entry[2].path, tmp_path("j1/../c.ogg"));
    list_release(l);
    l = list_corpus(path, "/elsewhere/");
    CHECK_STR(l->entry[0].path, "/elsewhere/a.wav");
    list_release(l);
}

TEST(corpus_jsonl, offset_and_duration_are_a_segment) {
    listing *l = list_corpus(
        write_tmp_text("nemo/m.jsonl",
                       "{\"audio_filepath\":\"a\",\"offset\":0,\"duration\":2.5,\"text\":\"x\"}\n"
                       "{\"audio_filepath\":\"a\",\"offset\":2.5,\"duration\":3,\"text\":\"y\"}\n"
                       "{\"audio\":\"a\",\"id\":\"own\",\"offset\":9,\"duration\":1}\n"
                       "{\"audio\":\"b\",\"offset\":9}\n"
                       "{\"audio\":\"c\",\"offset\":9,\"duration\":-1}\n"
                       "{\"audio\":\"d\",\"offset\":1e308,\"duration\":1e308}\n"),
        NULL);
    CHECK_INT(l->n, 6);
    CHECK_STR(entry_string(l, 0), "a|a|ok|x");
    CHECK_STR(entry_string(l, 1), "a_2.5_5.5|a|ok|y");
    CHECK_STR(entry_string(l, 2), "own|a|ok");
    CHECK_STR(entry_string(l, 3), "b|b|ok");
    CHECK_INT(l->entry[4].status, PATINA_REJECT_UNDECODABLE);
    CHECK_INT(l->entry[5].status, PATINA_REJECT_UNDECODABLE); /* the sum is infinite */
    CHECK(l->entry[0].has_start && l->entry[0].start_s == 0.0 && l->entry[0].end_s == 2.5);
    CHECK(l->entry[1].has_start && l->entry[1].start_s == 2.5 && l->entry[1].end_s == 5.5);
    CHECK(l->entry[2].has_start && l->entry[2].start_s == 9.0 && l->entry[2].has_end);
    CHECK(!l->entry[3].has_start && !l->entry[3].has_end);
    list_release(l);
}

TEST(corpus_jsonl, large_integer_ids_stay_exact) {
    listing *l = list_corpus(write_tmp_text("j2/m.jsonl",
                                            "{\"audio\":\"a\",\"id\":9007199254740993}\n"
                                            "{\"audio\":\"a\",\"id\":9223372036854775807}\n"
                                            /* in other members it is ignored */
                                            "{\"audio\":\"a\",\"n\":123456789012345678901234}\n"
                                            "{\"audio\":\"a\",\"id\":123456789012345678901234}\n"),
                             NULL);
    CHECK_STR(entry_string(l, 0), "9007199254740993|a|ok");
    CHECK_STR(entry_string(l, 1), "9223372036854775807|a|ok");
    CHECK_STR(entry_string(l, 2), "a|a|ok");
    CHECK_STR(entry_string(l, 3), "-|a|undecodable");
    list_release(l);
}

TEST(corpus_jsonl, blank_lines_and_byte_order_mark_are_skipped) {
    listing *l = list_corpus(write_tmp_text("j3/m.jsonl",
                                            "\xEF\xBB\xBF{\"audio\":\"a\",\"caption\":\"x\"}\n\n"
                                            " \t \r\n{\"audio\":\"b\",\"caption\":\"y\"}\n\n\n"
                                            "\xEF\xBB\xBF{\"audio\":\"c\"}\n"),
                             NULL);
    CHECK_INT(l->n, 3);
    CHECK_STR(entry_string(l, 0), "a|a|ok|x");
    CHECK_STR(entry_string(l, 1), "b|b|ok|y");
    CHECK_STR(entry_string(l, 2),
              "-|m.jsonl:7|undecodable"); /* a byte order mark is not skipped here */
    list_release(l);
}

TEST(corpus_jsonl, broken_lines_give_line_numbers) {
    static const char text[] = "{\"audio\": \"a\", \"caption\": \"x\"\n"
                               "[1, 2]\n"
                               "\"text\"\n"
                               "{\"audio\":\"a\"} trailing\n"
                               "{\"audio\":\"a\",\"id\":1.5}\n"
                               "{\"audio\":\"a\",\"id\":null}\n"
                               "{\"audio\":\"a\",\"id\":[\"x\"]}\n"
                               "{\"audio\":\"a\",\"id\":\"\"}\n"
                               "{\"audio\":\"a\",\"id\":\"x\\u0000y\"}\n"
                               "\0\0\0\n"
                               "{\"audio\":\"ok\"}\n";
    listing *l = list_corpus(write_tmp_bytes("j4/m.jsonl", text, sizeof text - 1), NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 11);
    for (size_t i = 0; i < 10 && i < l->n; i++) {
        char number[20];
        snprintf(number, sizeof number, "line %zu", i + 1);
        CHECK_INT(l->entry[i].status, PATINA_REJECT_UNDECODABLE);
        CHECK(l->entry[i].id == NULL);
        CHECK_CONTAINS(l->entry[i].fault, number);
    }
    CHECK_STR(l->entry[0].source, "m.jsonl:1");
    CHECK_STR(l->entry[1].fault, "line 2 is JSON but not an object");
    CHECK_CONTAINS(l->entry[3].fault, "column");
    CHECK_STR(entry_string(l, 10), "ok|ok|ok");
    list_release(l);
}

TEST(corpus_jsonl, entry_without_audio_is_missing) {
    listing *l = list_corpus(
        write_tmp_text("j5/m.jsonl", "{\"caption\":\"x\",\"id\":\"me\"}\n{\"caption\":\"x\"}\n"
                                     "{\"audio\":7,\"caption\":\"x\"}\n{\"audio\":\"\"}\n"
                                     "{\"audio\":\"a\\u0000b\"}\n{}\n"),
        NULL);
    pt_byte_source bytes;
    CHECK_INT(l->n, 6);
    CHECK_STR(entry_string(l, 0), "me|m.jsonl:1|missing|x");
    CHECK_STR(entry_string(l, 1), "-|m.jsonl:2|missing|x");
    CHECK_STR(entry_string(l, 2), "-|m.jsonl:3|missing|x");
    for (size_t i = 0; i < 6; i++) {
        CHECK_INT(l->entry[i].status, PATINA_REJECT_MISSING);
        CHECK_FAILS(pt_entry_open(&l->entry[i], &bytes, &t->err), PATINA_REJECT_MISSING);
        CHECK_STR(t->err.message, l->entry[i].fault ? l->entry[i].fault : "a fault");
    }
    list_release(l);
}

TEST(corpus_jsonl, bad_captions_keep_their_place) {
    listing *l = list_corpus(write_tmp_text("j6/m.jsonl",
                                            "{\"audio\":\"a\",\"caption\":[\"good\", 7, \"\", \" "
                                            "\\t\xE3\x80\x80\", null, \"last\"]}\n"
                                            "{\"audio\":\"b\",\"caption\":null}\n"
                                            "{\"audio\":\"c\",\"caption\":{\"text\":\"x\"}}\n"
                                            "{\"audio\":\"d\",\"caption\":[]}\n"
                                            "{\"audio\":\"e\"}\n"
                                            "{\"audio\":\"f\",\"caption\":\"nul \\u0000 inside\"}\n"
                                            "{\"audio\":\"g\",\"caption\":[\"  \", [\"x\"]]}\n"),
                             NULL);
    CHECK_INT(l->n, 7);
    CHECK_STR(entry_string(l, 0), "a|a|ok|good|(not a string)|(empty)|"
                                  "(only white space)|(not a "
                                  "string)|last");
    CHECK_STR(entry_string(l, 1), "b|b|ok|(not a string)");
    CHECK_STR(entry_string(l, 2), "c|c|ok|(not a string)");
    CHECK_STR(entry_string(l, 3), "d|d|ok");
    CHECK_STR(entry_string(l, 4), "e|e|ok");
    CHECK_STR(entry_string(l, 5), "f|f|ok|(contains a NUL character)");
    CHECK_STR(entry_string(l, 6), "g|g|ok|(only white space)|(not a "
                                  "string)");
    list_release(l);
}

/* Latin-1 in a caption, and half of a surrogate pair, which Python's json writes. */
TEST(corpus_jsonl, invalid_utf8_rejects_the_caption_only) {
    listing *l = list_corpus(
        write_tmp_text("j7/m.jsonl", "{\"audio\":\"a\",\"caption\":[\"caf\xE9\",\"caf\xC3\xA9\"]}\n"
                                     "{\"audio\":\"b\",\"caption\":[\"\\ud83d\",\"\\ud83d\\ude00\","
                                     "\"x\\\\ud83d\",\"\\udc00\\udc00\"]}\n"
                                     "{\"audio\":\"c\",\"caption\":\"x\",\"note\":\"\xFF\"}\n"
                                     "{\"audio\":\"d\xFF.wav\",\"caption\":\"x\"}\n"
                                     "{\"audio\":\"e\",\"id\":\"\xE9\",\"caption\":\"x\"}\n"
                                     "{\"audio\":\"f\",\"caption\":\"\xEF\xB7\x90 stays\"}\n"
                                     "{\"audio\":\"g\",\"caption\":\"\xED\xA0\x80\"}\n"
                                     "{\"audio\":\xFF}\n"),
        NULL);
    CHECK_INT(l->n, 8);
    CHECK_STR(entry_string(l, 0), "a|a|ok|(not UTF-8)|caf\xC3\xA9");
    CHECK_STR(entry_string(l, 1), "b|b|ok|(not "
                                  "UTF-8)|\xF0\x9F\x98\x80|x\\ud83d|(not UTF-8)");
    CHECK_STR(entry_string(l, 2), "c|c|ok|x");
    CHECK_STR(entry_string(l, 3), "-|m.jsonl:4|missing|x");
    CHECK_STR(entry_string(l, 4), "-|e|undecodable|x");
    CHECK_STR(entry_string(l, 5), "f|f|ok|\xEF\xB7\x90 stays");
    CHECK_STR(entry_string(l, 6), "g|g|ok|(not UTF-8)");
    CHECK_STR(entry_string(l, 7), "-|m.jsonl:8|undecodable");
    list_release(l);
}

/* No absolute path may be in a data set: `source` is written to it. */
TEST(corpus_jsonl, absolute_paths_are_shortened_in_source) {
    char text[2048], real[512];
    snprintf(real, sizeof real, "%s", tmp_path("j8/real"));
    write_tmp_text("j8/real/x.wav", "x");
    CHECK(symlink(real, tmp_path("j8/link")) == 0);
    snprintf(text, sizeof text,
             "{\"audio\":\"%s/sub/x.wav\"}\n{\"audio\":\"/elsewhere/y.wav\"}\n"
             "{\"audio\":\"%s-not/z.wav\"}\n",
             real, real);
    listing *l = list_corpus(write_tmp_text("j8/real/m.jsonl", text), NULL);
    CHECK_STR(l->entry[0].source, "sub/x.wav");
    CHECK_STR(l->entry[0].id, "sub/x.wav");
    CHECK_STR(l->entry[1].source, "y.wav");
    CHECK_STR(l->entry[2].source, "z.wav");
    CHECK_STR(l->entry[1].path, "/elsewhere/y.wav");
    CHECK_STR(l->entry[1].id, "/elsewhere/y.wav"); /* as written: the draws depend on it */
    list_release(l);
    l = list_corpus(tmp_path("j8/link/m.jsonl"), NULL);
    CHECK_STR(l->entry[0].source, "sub/x.wav");
    CHECK_STR(l->entry[0].id, "sub/x.wav");
    list_release(l);
}

TEST(corpus_jsonl, long_lines_take_bounded_memory) {
    const size_t n = 17U << 20;
    char *text = malloc(2 * n);
    memset(text, 'x', 2 * n);
    memcpy(text, "{\"audio\":\"a\",\"caption\":\"", 24);
    memcpy(text + 200000, "\"}\n{\"audio\":\"b\",\"caption\":\"", 27);
    text[200000 + n] = '\n';
    memcpy(text + 200001 + n, "{\"audio\":\"c\"}\n", 14);
    listing *l = list_corpus(write_tmp_bytes("j9/m.jsonl", text, 200015 + n), NULL);
    CHECK_INT(l->n, 3);
    CHECK_INT(l->entry[0].n_captions, 1);
    if (l->entry[0].n_captions) CHECK_INT(strlen(l->entry[0].captions[0].text), 200000 - 24);
    CHECK_STR(entry_string(l, 1), "-|m.jsonl:2|undecodable");
    CHECK_CONTAINS(l->entry[1].fault, "more than 16777216 bytes");
    CHECK_STR(entry_string(l, 2), "c|c|ok");
    list_release(l);
    free(text);
}

TEST(corpus_jsonl, an_empty_manifest_has_no_entries) {
    listing *l = list_corpus(write_tmp_text("j10/m.jsonl", ""), NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 0);
    list_release(l);
}

TEST(corpus_jsonl, shared_manifest) {
    const char *path = pt_test_shared_path("corpus/manifest.jsonl");
    if (!path) SKIP("no ../shared/corpus");
    listing *l = list_corpus(path, NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 42);
    for (size_t i = 0; i < l->n; i++) {
        pt_byte_source bytes;
        CHECK_OK(pt_entry_open(&l->entry[i], &bytes, &t->err));
        CHECK(bytes.size > 0);
        CHECK_INT(l->entry[i].n_captions, 1);
        pt_byte_source_close(&bytes);
    }
    CHECK_STR(entry_string(l, 0), "clips/1-100032-A.wav|clips/1-100032-A.wav|ok|A dog barks");
    list_release(l);
}

TEST(corpus_jsonl, nonfinite_numbers_in_json) {
    listing *l = list_corpus(pt_test_data_path("faults/json_nan/manifest.jsonl"), NULL);
    CHECK_INT(l->n, 2);
    CHECK_STR(entry_string(l, 0), "a.flac|a.flac|ok|a drum is hit");
    CHECK_STR(entry_string(l, 1), "second|a.flac|ok|a drum is hit again");
    list_release(l);
}

/* The numbers give the order, and members of one number keep that of the object. */
TEST(corpus_jsonl, captions_are_in_the_order_of_their_numbers) {
    listing *l = list_corpus(
        write_tmp_text("j11/m.jsonl",
                       "{\"audio\":\"a\",\"caption_10\":\"ten\",\"caption_2\":\"two\","
                       "\"caption_id\":7,\"caption_writing\":\"none\",\"caption_1\":[\"one\",5],"
                       "\"caption_02\":\"also two\",\"caption_3\":[],\"short_caption\":\"none b\","
                       "\"caption_4\":4}\n"
                       "{\"audio\":\"b\",\"caption_10\":\"ten\",\"caption_2\":\"two\","
                       "\"caption\":\"first\",\"caption_1\":\"one\"}\n"
                       "{\"audio\":\"c\",\"text_2\":\"two\",\"text_1\":\"one\"}\n"),
        NULL);
    CHECK_INT(l->n, 3);
    CHECK_STR(entry_string(l, 0), "a|a|ok|none|none b|one|(not a string)|two|also two|ten");
    CHECK_STR(entry_string(l, 1), "b|b|ok|first|ten|two|one");
    CHECK_STR(entry_string(l, 2), "c|c|ok|one|two");
    list_release(l);
}

/* The timeout of the test is the check: a search of all members for each number takes hours. */
TEST(corpus_jsonl, an_object_of_many_captions_takes_linear_time) {
    const size_t n = 100000;
    char *text = malloc(n * 40 + 100), *at = text, wanted[32];
    REQUIRE(text != NULL);
    at += sprintf(at, "{\"audio\":\"a\"");
    for (size_t i = n; i > 0; i--)
        at += sprintf(at, ",\"caption_%zu\":\"c%zu\"", i, i);
    at += sprintf(at, "}\n");
    listing *l = list_corpus(write_tmp_bytes("j12/m.jsonl", text, (size_t)(at - text)), NULL);
    REQUIRE(l->n == 1 && l->entry[0].n_captions == n);
    for (size_t i = 0; i < n; i += n - 1) {
        snprintf(wanted, sizeof wanted, "c%zu", i + 1);
        CHECK_STR(l->entry[0].captions[i].text, wanted);
    }
    list_release(l);
    free(text);
}
