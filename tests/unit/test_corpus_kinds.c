/* SPDX-License-Identifier: MIT */

#include "corpus_files.h"

TEST(corpus_kinds, the_kind_is_found_by_looking) {
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
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        listing *l = list(put(cases[i].name, cases[i].text), NULL);
        CHECK_INT(l->status, PT_OK);
        CHECK_STR(l->kind, cases[i].kind);
        list_release(l);
    }
}

TEST(corpus_kinds, what_is_none_is_told_what_there_is) {
    const struct {
        const char *name, *text, *found;
    } cases[] = {
        {"k/b.json", "{\"num_captions_per_audio\": 1, \"data\": []}\n", "num_captions_per_audio"},
        {"k/b.csv", "file_name,caption_1,caption_2\n", "file_name,caption_1,caption_2"},
        {"k/b.md", "# A text\r\nwith lines\n", "'# A text'"},
        {"k/b", "", "empty"},
        {"k/c", "\xFF\xFE\xFF", "no text"},
        {"k/d", "\n\n", "no text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        listing *l = list(put(cases[i].name, cases[i].text), NULL);
        CHECK_INT(l->status, PT_EFORMAT);
        CHECK_HAS(l->err.message, cases[i].found);
        CHECK_HAS(l->err.message, "folder");
        CHECK_HAS(l->err.message, "audiocaps");
        CHECK_HAS(l->err.message, "jsonl");
        list_release(l);
    }
    listing *l = list(tmp_path("k/nowhere.jsonl"), NULL);
    CHECK_INT(l->status, PT_EIO);
    CHECK_HAS(l->err.message, "nowhere.jsonl");
    list_release(l);
    l = list("/dev/null", NULL);
    CHECK_INT(l->status, PT_EIO);
    list_release(l);
}
