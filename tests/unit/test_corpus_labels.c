/* SPDX-License-Identifier: MIT */
/* test_corpus_labels.c - tables of labels, such as ESC-50 */

#include "corpus_fixture.h"

#include <time.h>

#include "corpus/entry_builder.h"
#include "corpus/json_lenient.h"

#define ESC_50 "filename,fold,target,category,esc10,src_file,take\n"

TEST(corpus_labels, esc_50) {
    write_tmp_text("ESC-50/audio/1-100032-A-0.wav", "");
    write_tmp_text("ESC-50/audio/1-116765-A-41.wav", "");
    listing *l =
        list_corpus(write_tmp_text("ESC-50/meta/esc50.csv",
                                   ESC_50 "1-100032-A-0.wav,1,0,dog,True,100032,A\n"
                                          "1-116765-A-41.wav,1,41,washing_machine,False,116765,A\n"
                                          "1-1-A-1.wav,1,1,rooster,False,1,A\n"),
                    NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_STR(l->kind, "labels");
    CHECK_INT(l->n, 3);
    CHECK_STR(entry_string(l, 0), "1-100032-A-0.wav|1-100032-A-0.wav|ok|The sound of dog");
    CHECK_STR(entry_string(l, 1),
              "1-116765-A-41.wav|1-116765-A-41.wav|ok|The sound of washing machine");
    CHECK_STR(entry_string(l, 2), "1-1-A-1.wav|esc50.csv:4|missing|The sound of rooster");
    CHECK(access(l->entry[0].path, R_OK) == 0);
    list_release(l);
}

TEST(corpus_labels, locations_of_audio) {
    write_tmp_text("l1/a.wav", "");
    write_tmp_text("l1/audio/b.wav", "");
    write_tmp_text("l1/audio/fold1/c.wav", "");
    write_tmp_text("audio/d.wav",
                   ""); /* beside the folder: not searched, since there is audio here */
    write_tmp_text("l1/elsewhere/e.ogg", "");
    const char *path = write_tmp_text(
        "l1/t.csv", "file,label\na.wav,A\nb.wav,B\nc.wav,C\nd.wav,D\nfold1/c.wav,E\n");
    listing *l = list_corpus(path, NULL);
    CHECK_STR(entry_string(l, 0), "a.wav|a.wav|ok|The sound of A");
    CHECK_STR(entry_string(l, 1), "b.wav|audio/b.wav|ok|The sound of B");
    CHECK_STR(entry_string(l, 2), "c.wav|audio/fold1/c.wav|ok|The sound of C");
    CHECK_STR(entry_string(l, 3), "d.wav|t.csv:5|missing|The sound of D");
    CHECK_STR(entry_string(l, 4), "fold1/c.wav|audio/fold1/c.wav|ok|The sound of E");
    list_release(l);
    l = list_corpus(path, tmp_path("l1/audio"));
    CHECK_STR(entry_string(l, 0), "a.wav|t.csv:2|missing|The sound of A");
    CHECK_STR(entry_string(l, 1), "b.wav|b.wav|ok|The sound of B");
    list_release(l);
    l = list_corpus(write_tmp_text("l2/t.csv", "file_name,class\nd.wav,D\n"),
                    NULL); /* no audio here: beside the folder */
    CHECK_STR(entry_string(l, 0), "d.wav|d.wav|ok|The sound of D");
    list_release(l);
}

/* JSON is parsed to ten times its bytes or more: a field has a limited number of values. Lists in
 * the syntax of Python, which JSON without escapes has as well, need no limit. */
TEST(corpus_labels, lists_of_many_values) {
    static const char *const items[] = {"\"a\",", "\"\\u0061\","};
    for (size_t k = 0; k < 2; k++) {
        const size_t n_item = strlen(items[k]), n = PT_JSON_VALUES_MAX + 1;
        pt_entry entry = {.max_captions = 10};
        pt_strbuf text = {0};
        pt_strbuf_append(&text, "[");
        for (size_t i = 0; i < n; i++)
            pt_strbuf_append_bytes(&text, items[k], n_item);
        REQUIRE(!text.failed);
        text.text[text.length - 1] = ']';
        CHECK_OK(pt_entry_add_text_list(&entry, text.text, text.length, &t->err));
        CHECK_INT(entry.n_captions, k == 0 ? 10 : 1);
        pt_entry_release(&entry);
        pt_strbuf_release(&text);
    }
}

/* The file exists, but its name cannot be written to the data set; the id is another column. */
TEST(corpus_labels, file_outside_whose_name_is_not_utf8) {
    char text[1024];
    const pt_corpus_options options = {.id_column = "id"};
    write_tmp_text("l4/t/a.wav", "");
    snprintf(text, sizeof text, "file,id,label\n%s,1,A\n", write_tmp_text("l4/\xFF.wav", ""));
    listing *l = list_corpus_with(write_tmp_text("l4/t/t.csv", text), &options);
    CHECK_INT(l->n, 1);
    CHECK_STR(l->entry[0].id, "1");
    CHECK(patina_status_is_reject(l->entry[0].status) && !l->entry[0].path);
    CHECK(strchr(l->entry[0].source, '\xFF') == NULL);
    list_release(l);
}

/* A path of another machine: below the root are its last folders, two million of them. */
TEST(corpus_labels, search_time_for_folders_is_not_quadratic) {
    enum { N = 1 << 21 };
#if defined(__SANITIZE_ADDRESS__)
    SKIP("strchr reads the whole text with strict_string_checks");
#endif
    char *text = malloc(2 * N + 64);
    REQUIRE(text != NULL);
    char *end = stpcpy(text, "file,label\n");
    for (size_t i = 0; i < N; i++)
        end = stpcpy(end, "x/");
    stpcpy(end, "fold1/c.wav,C\n");
    write_tmp_text("l3/fold1/c.wav", "");
    const char *path = write_tmp_text("l3/t.csv", text);
    const clock_t start = clock();
    listing *l = list_corpus(path, NULL);
    CHECK((double)(clock() - start) / CLOCKS_PER_SEC < 30.0);
    CHECK_INT(l->n, 1);
    CHECK_INT(l->entry[0].status, PATINA_OK);
    CHECK_STR(l->entry[0].source, "fold1/c.wav");
    list_release(l);
    free(text);
}

TEST(corpus_labels, captions_from_columns_and_labels) {
    write_tmp_text("l3/a.wav", "");
    const struct {
        const char *text, *column, *expected;
    } cases[] = {
        {"filename,label,category,class\na.wav,l,c,k\n", NULL, "The sound of c"},
        {"filename,class,label\na.wav,k,l\n", NULL, "The sound of l"},
        {"filename,class\na.wav, door_wood_knock \n", NULL, "The sound of door wood knock"},
        {"filename,label,note\na.wav,l,a note_\n", "note", "a note_"},
        {"filename,label,caption\na.wav,l,A caption\n", NULL, "A caption"},
        {"filename,label\na.wav,41\n", NULL, "(its label is only a number)"},
        {"filename,label\na.wav,4th_of_July\n", NULL, "The sound of 4th of July"},
        {"filename,label\na.wav,\n", NULL, "(empty)"},
        {"filename,label\na.wav,\xFF\n", NULL, "(not UTF-8)"},
        {"filename,label\na.wav,3\n", "label", "3"}, /* an explicit template is used */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[100];
        const pt_corpus_options options = {.caption_column = cases[i].column};
        listing *l = list_corpus_with(write_tmp_text("l3/t.csv", cases[i].text), &options);
        snprintf(expected, sizeof expected, "a.wav|a.wav|ok|%s", cases[i].expected);
        CHECK_STR(l->kind, "labels");
        CHECK_STR(entry_string(l, 0), expected);
        list_release(l);
    }
}

/* What has the name of a file of class names but cannot be one is as if it were absent. */
TEST(corpus_labels, strays_with_the_name_of_class_names) {
    const char *names = "mid,display_name\n/m/068hy,Pets\n";
    write_tmp_text("l9/a.wav", "");
    write_tmp_text("l9/l.json", "{\"data\":[{\"wav\":\"a.wav\",\"labels\":\"/m/068hy\"}]}");
    for (int k = 0; k < 4; k++) {
        const char *stray = tmp_path("l9/class_labels_indices.csv");
        CHECK(k == 0   ? symlink("nowhere", stray) == 0
              : k == 1 ? mkfifo(stray, 0600) == 0
              : k == 2 ? mkdir(stray, 0700) == 0
                       : write_tmp_text("l9/class_labels_indices.csv", "") != NULL);
        listing *l = list_corpus(tmp_path("l9/l.json"), NULL);
        CHECK_INT(l->status, PATINA_OK);
        CHECK_CONTAINS(entry_string(l, 0), "the names of its labels are missing");
        list_release(l);
        write_tmp_text("l9/x_class_labels_indices.csv", names); /* the next match */
        l = list_corpus(tmp_path("l9/l.json"), NULL);
        CHECK_CONTAINS(entry_string(l, 0), "|ok|");
        CHECK_CONTAINS(entry_string(l, 0), "Pets");
        list_release(l);
        unlink(tmp_path("l9/x_class_labels_indices.csv"));
        unlink(tmp_path("l9/class_labels_indices.csv"));
        rmdir(tmp_path("l9/class_labels_indices.csv"));
    }
    write_tmp_bytes("l9/class_labels_indices.csv", "\x1F\x8B\x08\0\0\0\0\0\0\x03\x4B\xCB", 12);
    listing *l = list_corpus(tmp_path("l9/l.json"), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "class_labels_indices.csv': the compressed data are truncated");
    list_release(l);
}

TEST(corpus_labels, strays_beside_a_table_of_ids) {
    write_tmp_text("l10/a.wav", "");
    const char *list = write_tmp_text("l10/t.tsv", "segment_id\tstart_time_seconds\t"
                                                   "end_time_seconds\tlabel\n"
                                                   "abcdefghijk_0\t0\t1\t/m/068hy\n");
    CHECK(mkfifo(tmp_path("l10/class_labels_indices.csv"), 0600) == 0);
    CHECK(mkfifo(tmp_path("l10/mid_to_display_name.tsv"), 0600) == 0);
    listing *l = list_corpus(list, NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_STR(l->kind, "strong-labels");
    CHECK_INT(l->n, 1);
    list_release(l);
}
