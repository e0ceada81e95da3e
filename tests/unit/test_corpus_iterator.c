/* SPDX-License-Identifier: MIT */
/* test_corpus_iterator.c - detection of the corpus kind, options, and rows of one id */

#include <patina/corpus.h>

#include "corpus_fixture.h"

TEST(corpus_iterator, kind_is_detected) {
    const struct {
        const char *name, *text, *kind;
    } cases[] = {
        {"k/a.jsonl", "", "jsonl"},
        {"k/a.NDJSON", "whatever", "jsonl"},
        {"k/manifest", "{\"audio\": \"x\"}\n", "jsonl"},
        {"k/manifest.json",
         "\xEF\xBB\xBF\n \n{\"id\": 1, \"audio\": \"x\"}\r\n{\"audio\": \"y\"}\n", "jsonl"},
        {"k/list.txt", "youtube_id,start_time,caption\n", "audiocaps"},
        {"k/a.csv", "\"caption\",\"start_time\",\"youtube_id\"\r\n", "audiocaps"},
        {"k/b.csv", "file_name,caption_1,caption_2\n", "clotho"},
        {"k/c.csv", "filename,fold,target,category\n", "labels"},
        {"k/d.csv", "caption,file_name\n", "labels"},
        {"k/b.json", "{\"num_captions_per_audio\": 1, \"data\": []}\n", "wavcaps"},
        {"k/c.json", "{\n \"x\": 1,\n \"data\": [\n", "wavcaps"},
        /* formats of several readers: the first in the table is used */
        {"k/e.csv", "youtube_id,start_time,caption,file_name,caption_1,label\n", "audiocaps"},
        {"k/f.csv", "file_name,label,caption_1\n", "clotho"},
        {"k/g.json", "{\"audio\": \"x\", \"data\": [1]}\n", "jsonl"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        listing *l = list_corpus(write_tmp_text(cases[i].name, cases[i].text), NULL);
        CHECK_INT(l->status, PATINA_OK);
        CHECK_STR(l->kind, cases[i].kind);
        list_release(l);
    }
}

TEST(corpus_iterator, unknown_formats_are_explained) {
    const struct {
        const char *name, *text, *found;
    } cases[] = {
        {"k/b.json", "{\"num_captions_per_audio\": 1, \"entries\": []}\n",
         "'wavcaps', which requires the list 'data'"},
        {"k/c.csv", "filename,target\n", "'labels', which requires a column of captions"},
        {"k/b.md", "# A text\r\nwith lines\n", "'# A text'"},
        {"k/b", "", "empty"},
        {"k/c", "\xFF\xFE\xFF", "not a text file"},
        {"k/d", "\n\n", "not a text file"},
        {"k/e", "youtube_id,start_time\n", "which requires a column of captions ('caption'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        listing *l = list_corpus(write_tmp_text(cases[i].name, cases[i].text), NULL);
        CHECK_INT(l->status, PATINA_EFORMAT);
        CHECK_CONTAINS(l->err.message, cases[i].found);
        CHECK(strlen(l->err.message) < 400);
        list_release(l);
    }
    listing *l = list_corpus(tmp_path("k/nowhere.jsonl"), NULL);
    CHECK_INT(l->status, PATINA_EIO);
    CHECK_CONTAINS(l->err.message, "nowhere.jsonl");
    list_release(l);
    l = list_corpus("/dev/null", NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    list_release(l);
}

TEST(corpus_iterator, kinds_are_listed_in_order) {
    static const char *const expected[] = {"webdataset", "parquet", "folder", "audiocaps",
                                           "clotho",     "labels",  "jsonl",  "wavcaps"};
    const char *name, *summary;
    size_t n = 0, n_found = 0;
    for (; patina_corpus_kind_at(n, &name, &summary); n++) {
        n_found += n_found < 8 && strcmp(name, expected[n_found]) == 0;
        CHECK(strlen(summary) > 20);
    }
    CHECK_INT(n_found, 8);
    CHECK(n > 8);
    CHECK(!patina_corpus_kind_at(n, &name, &summary));
    CHECK(!patina_corpus_kind_at(SIZE_MAX, &name, &summary));
}

TEST(corpus_iterator, option_overrides_detection) {
    const struct {
        const char *kind, *text;
    } cases[] = {
        {"jsonl", "{\"data\": []}\n"},
        {"labels", "file_name,caption_1,label\n"},
        {"clotho", "youtube_id,start_time,caption,file_name,caption_1\n"},
        {"wavcaps", "{\"audio\": 1, \"data\": []}\n"},
        {"audiocaps", "youtube_id,start_time,caption\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const pt_corpus_options options = {.kind = cases[i].kind};
        listing *l = list_corpus_with(write_tmp_text("k/o", cases[i].text), &options);
        CHECK_INT(l->status, PATINA_OK);
        CHECK_STR(l->kind, cases[i].kind);
        list_release(l);
    }
    listing *l = list_corpus_with(tmp_path("k/o"), &(pt_corpus_options){.kind = "Labels"});
    CHECK_INT(l->status, PATINA_EUSAGE);
    CHECK_CONTAINS(l->err.message,
                   "'Labels' (known: webdataset, parquet, kaldi, folder, audiocaps");
    list_release(l);
}

/* A file of another kind gives an error or rejects, and no row. */
TEST(corpus_iterator, wrong_kind_is_an_error) {
    const char *files[] = {
        write_tmp_text("w/a.csv", "youtube_id,start_time,caption\na,0,x\n"),
        write_tmp_text("w/b.csv", "file_name,caption_1\na.wav,x\n"),
        write_tmp_text("w/c.csv", "filename,category\na.wav,x\n"),
        write_tmp_text("w/d.jsonl", "{\"audio\": \"a.wav\", \"caption\": \"x\"}\n"),
        write_tmp_text("w/e.json", "{\"data\": [{\"id\": \"a\"}]}\n"),
        write_tmp_text("w/f", "\xFF\xFD\n,,\"\n{"),
    };
    const char *own[] = {"audiocaps", "clotho", "labels", "jsonl", "wavcaps", "folder"};
    write_tmp_text("w/a.wav", "");
    for (size_t f = 0; f < 6; f++) {
        for (size_t k = 0; k < 6; k++) {
            if (f == k && f < 5) continue;
            if (f == 1 && k == 2) continue; /* a Clotho table is also one of captions */
            const pt_corpus_options options = {.kind = own[k]};
            listing *l = list_corpus_with(files[f], &options);
            if (strcmp(own[k], "jsonl") == 0) {
                CHECK_INT(l->status, PATINA_OK);
                CHECK(l->n > 0);
                for (size_t i = 0; i < l->n; i++)
                    CHECK(l->entry[i].status != PATINA_OK);
            } else {
                CHECK(l->status == PATINA_EFORMAT || l->status == PATINA_EIO);
                CHECK_CONTAINS(l->err.message, files[f]);
                CHECK(strlen(l->err.message) > strlen(files[f]) + 20);
            }
            list_release(l);
        }
    }
    char folder[2048];
    snprintf(folder, sizeof folder, "%s", tmp_path("w"));
    for (size_t k = 0; k < 5; k++) {
        listing *l = list_corpus_with(folder, &(pt_corpus_options){.kind = own[k]});
        CHECK(l->status == PATINA_EIO || l->status == PATINA_EFORMAT);
        CHECK_INT(l->n, 0);
        list_release(l);
    }
}

TEST(corpus_iterator, caption_column) {
    const struct {
        const char *text, *kind;
    } cases[] = {
        {"youtube_id,start_time,note\na,0,x\n", "audiocaps"},
        {"file_name,caption_1,note\na.wav,no,x\n", "clotho"},
        {"filename,category,note\na.wav,no,x\n", "labels"},
        {"file,note\na.wav,x\n", "labels"},
        {"{\"audio\": \"a.wav\", \"caption\": \"no\", \"note\": [\"x\"]}\n", "jsonl"},
        {"{\"data\": [{\"id\": \"a\", \"caption\": \"no\", \"note\": \"x\"}]}\n", "wavcaps"},
    };
    const pt_corpus_options options = {.caption_column = "note"};
    char folder[2048];
    write_tmp_text("n/a.wav", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        listing *l = list_corpus_with(write_tmp_text("n/t", cases[i].text), &options);
        CHECK_STR(l->kind, cases[i].kind);
        CHECK_INT(l->n, 1);
        CHECK_INT(l->entry[0].n_captions, 1);
        if (l->entry[0].n_captions == 1) CHECK_STR(l->entry[0].captions[0].text, "x");
        list_release(l);
        if (i > 2) continue;
        const pt_corpus_options other = {.kind = cases[i].kind, .caption_column = "nowhere"};
        l = list_corpus_with(tmp_path("n/t"), &other);
        CHECK_INT(l->status, PATINA_EUSAGE);
        CHECK_CONTAINS(l->err.message, "option '--caption-column': no column 'nowhere'");
        list_release(l);
    }
    snprintf(folder, sizeof folder, "%s", tmp_path("n"));
    listing *l = list_corpus_with(folder, &options);
    CHECK_INT(l->status, PATINA_EUSAGE);
    CHECK_CONTAINS(l->err.message, "'folder' has no columns");
    list_release(l);
    l = list_corpus_with(tmp_path("n/{0..9}.tar"), &options);
    CHECK_INT(l->status, PATINA_EUSAGE);
    CHECK_CONTAINS(l->err.message, "'webdataset' has no columns");
    list_release(l);
}

/* Rows of one id are one entry, at the place of the first, with captions in order of appearance. */
TEST(corpus_iterator, rows_of_one_id_are_one_entry) {
    write_tmp_text("m/a.wav", "A");
    write_tmp_text("m/b.wav", "B");
    write_tmp_text("m/copy.wav", "A");
    const char *path = write_tmp_text(
        "m/m.jsonl", "{\"id\": \"1\", \"audio\": \"a.wav\", \"caption\": \"one\"}\n"
                     "not JSON\n"
                     "{\"id\": \"2\", \"audio\": \"b.wav\", \"caption\": \"B\"}\n"
                     "{\"id\": \"1\", \"audio\": \"b.wav\", \"caption\": \"two\"}\n"
                     "{\"id\": \"1\", \"audio\": \"copy.wav\", \"caption\": \"three\"}\n"
                     "{\"id\": \"1\", \"audio\": \"no.wav\", \"caption\": \"four\"}\n"
                     "{\"id\": \"1\", \"audio\": \"./a.wav\", \"caption\": [\"five\", 5]}\n");
    listing *l = list_corpus(path, NULL);
    CHECK_INT(l->n, 3);
    CHECK_STR(entry_string(l, 0),
              "1|a.wav|ok|one|('b.wav' has the id of an earlier row, but different audio)|three|"
              "('no.wav' has the id of an earlier row, but its audio file cannot be "
              "found)|five|(not a string)");
    CHECK_INT(l->entry[0].captions[1].reason, PATINA_REJECT_DUPLICATE_ID);
    CHECK_INT(l->entry[0].captions[3].reason, PATINA_REJECT_DUPLICATE_ID);
    CHECK_INT(l->entry[1].status, PATINA_REJECT_UNDECODABLE);
    CHECK_STR(entry_string(l, 2), "2|b.wav|ok|B");
    list_release(l);
}

/* If the audio of the first row is missing, the entry has that of the first row whose audio exists.
 * */
TEST(corpus_iterator, missing_file_is_not_merged) {
    write_tmp_text("m/a.wav", "A");
    const char *path = write_tmp_text(
        "m/absent.jsonl", "{\"id\": \"1\", \"audio\": \"no.wav\", \"caption\": \"one\"}\n"
                          "{\"id\": \"1\", \"audio\": \"a.wav\", \"caption\": \"two\"}\n");
    listing *l = list_corpus(path, NULL);
    CHECK_INT(l->n, 1);
    CHECK_STR(entry_string(l, 0), "1|a.wav|ok|('no.wav' cannot be found)|two");
    list_release(l);
}

TEST(corpus_iterator, rewind) {
    write_tmp_text("m/a.wav", "A");
    const char *path =
        write_tmp_text("m/again.jsonl", "{\"audio\": \"a.wav\", \"caption\": \"one\"}\n"
                                        "{\"audio\": \"b.wav\", \"caption\": \"x\"}\n"
                                        "{\"audio\": \"a.wav\", \"caption\": \"two\"}\n");
    pt_corpus *corpus = NULL;
    CHECK_INT(pt_corpus_open(path, NULL, &corpus, &t->err), PATINA_OK);
    for (int pass = 0; pass < 2; pass++) {
        pt_entry first = {0}, second = {0}, none = {0};
        bool end = false;
        CHECK_INT(pt_corpus_next(corpus, pass == 1, &first, &end, &t->err), PATINA_OK);
        CHECK_INT(first.n_captions, 2);
        CHECK_INT(pt_corpus_next(corpus, pass == 1, &second, &end, &t->err), PATINA_OK);
        CHECK_STR(second.id, "b.wav");
        CHECK_INT(pt_corpus_next(corpus, pass == 1, &none, &end, &t->err), PATINA_OK);
        CHECK(end);
        pt_entry_release(&first);
        pt_entry_release(&second);
        CHECK_INT(pt_corpus_rewind(corpus, &t->err), PATINA_OK);
    }
    pt_corpus_close(&corpus);
}

/* libyaml limits neither the nesting, with which its time grows, nor the length of a value. */
TEST(corpus_iterator, yaml_of_any_depth_and_length) {
    enum { N = 17 << 20 };
    static const struct {
        const char *head, *fault;
        char repeated;
    } cases[] = {{"files: ", "nested deeper than 64", '['},
                 {"- filename: ", "a value has over", 'x'},
                 {"- filename: a.wav\n#", "a value has over", 'x'}};
    char *text = malloc(N + 64);
    REQUIRE(text != NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *end = stpcpy(text, cases[i].head);
        memset(end, cases[i].repeated, N);
        end[N] = '\0';
        const pt_corpus_options options = {.kind = "macs"};
        listing *l = list_corpus_with(write_tmp_text("y/list.yaml", text), &options);
        CHECK_INT(l->status, PATINA_EFORMAT);
        CHECK_CONTAINS(l->err.message, cases[i].fault);
        list_release(l);
    }
    free(text);
}
