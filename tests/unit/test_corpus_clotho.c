/* SPDX-License-Identifier: MIT */
/* test_corpus_clotho.c - tables of Clotho */

#include "corpus_fixture.h"

TEST(corpus_clotho, a_row_is_an_entry_with_its_captions) {
    write_tmp_text("c1/development/a dog.wav", "");
    write_tmp_text("c1/development/b.wav", "");
    listing *l =
        list_corpus(write_tmp_text("c1/clotho_captions_development.csv",
                                   "file_name,caption_1,caption_2,caption_3,caption_4,caption_5\r\n"
                                   "a dog.wav,A dog barks,\"Bark, bark\",Three,,Five\r\n"
                                   "b.wav,1,2,3,4,5\r\n"),
                    NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_STR(l->kind, "clotho");
    CHECK_INT(l->n, 2);
    CHECK_STR(entry_string(l, 0), "a dog.wav|development/a dog.wav|ok|A dog barks|Bark, "
                                  "bark|Three|(empty)|Five");
    CHECK_STR(l->entry[0].path, tmp_path("c1/development/a dog.wav"));
    CHECK_STR(entry_string(l, 1), "b.wav|development/b.wav|ok|1|2|3|4|5");
    list_release(l);
}

TEST(corpus_clotho, unusual_file_names) {
    static const char *const names[] = {"#1 \"loud\" rain, far.wav",
                                        "caf\xC3\xA9 - m\xC3\xBCll.wav", "-rf.wav",
                                        "it's 100% [v1.0].wav", " lead.wav"};
    const char *rows[] = {"\"#1 \"\"loud\"\" rain, far.wav\"", names[1], names[2], names[3],
                          names[4]};
    char text[1024] = "file_name,caption_1\n";
    for (size_t i = 0; i < 5; i++) {
        char path[100];
        snprintf(path, sizeof path, "c2/audio/%s", names[i]);
        write_tmp_text(path, "");
        strcat(text, rows[i]);
        strcat(text, ",x\n");
    }
    listing *l = list_corpus(write_tmp_text("c2/t.csv", text), NULL);
    CHECK_INT(l->n, 5);
    for (size_t i = 0; i < 5; i++) {
        char expected[200];
        snprintf(expected, sizeof expected, "%s|audio/%s|ok|x", names[i], names[i]);
        CHECK_STR(entry_string(l, i), expected);
    }
    list_release(l);
}

/* The exact name before another extension; the table's own folder before the first by its bytes. */
TEST(corpus_clotho, best_match_of_several_files) {
    write_tmp_text("c3/development/x.wav", "");
    write_tmp_text("c3/evaluation/x.wav", "");
    write_tmp_text("c3/evaluation/y.flac", "");
    write_tmp_text("c3/development/z.flac", "");
    write_tmp_text("c3/validation/z.wav", "");
    write_tmp_text("c3/a/b/deep.wav", "");
    write_tmp_text("c3/a/b/c/deeper.wav", "");
    write_tmp_text("c3/a/in.wav", "");
    write_tmp_text("c3/b/in.wav", "");
    write_tmp_text("c3/v1.0.ogg", "");
    write_tmp_text("c3/sub/only.wav", "");
    const char *rows = "file_name,caption_1\nx.wav,1\ny.wav,2\nz.wav,3\ndeep.wav,4\ndeeper.wav,5\n"
                       "b/in.wav,6\nc/in.wav,7\nv1.0,8\n/b/in.wav,9\n  x.wav ,10\nsubb/in.wav,11\n"
                       "b/only.wav,12\n";
    listing *l = list_corpus(write_tmp_text("c3/clotho_captions_evaluation.csv", rows), NULL);
    CHECK_INT(l->n, 12);
    CHECK_STR(entry_string(l, 0), "x.wav|evaluation/x.wav|ok|1");
    CHECK_STR(entry_string(l, 1), "y.wav|evaluation/y.flac|ok|2");
    CHECK_STR(entry_string(l, 2), "z.wav|validation/z.wav|ok|3");
    CHECK_STR(entry_string(l, 3), "deep.wav|a/b/deep.wav|ok|4");
    CHECK_STR(entry_string(l, 4), "deeper.wav|a/b/c/deeper.wav|ok|5");
    CHECK_STR(entry_string(l, 5), "b/in.wav|b/in.wav|ok|6");
    CHECK_STR(entry_string(l, 6), "c/in.wav|clotho_captions_evaluation.csv:8|missing|7");
    CHECK_STR(entry_string(l, 7), "v1.0|v1.0.ogg|ok|8");
    CHECK_STR(entry_string(l, 8), "/b/in.wav|b/in.wav|ok|9"); /* of another machine */
    CHECK_STR(entry_string(l, 9), "  x.wav |evaluation/x.wav|ok|10");
    CHECK_INT(l->entry[10].status, PATINA_REJECT_MISSING);
    CHECK_CONTAINS(l->entry[10].fault, "subb/in.wav");
    CHECK_INT(l->entry[11].status, PATINA_REJECT_MISSING);
    list_release(l);
    l = list_corpus(write_tmp_text("c3/all.csv", rows), NULL);
    CHECK_STR(entry_string(l, 0), "x.wav|development/x.wav|ok|1");
    list_release(l);
    l = list_corpus(tmp_path("c3/all.csv"), tmp_path("c3/evaluation"));
    CHECK_STR(entry_string(l, 0), "x.wav|x.wav|ok|1");
    CHECK_STR(entry_string(l, 2), "z.wav|all.csv:4|missing|3");
    list_release(l);
}

/* Files of one stem are compared by their folders from the end: "xa/" is not "x/a/". */
TEST(corpus_clotho, best_match_of_one_stem_in_many_folders) {
    const char *folders[] = {"two/a", "a!", "xa", "one/a", "p/q/r/a", "b/a", "!a", "one", "a/one"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[64];
        snprintf(path, sizeof path, "c4/%s/s.wav", folders[i]);
        write_tmp_text(path, "");
    }
    write_tmp_text("c4/two/a/s.flac", "");
    const char *rows =
        "file_name,caption_1\na/s.wav,1\nr/a/s.wav,2\none/a/s.wav,3\nxa/s.wav,4\n"
        "a!/s.wav,5\n!a/s.wav,6\na/s.flac,7\none/s.wav,8\nra/s.wav,9\none/s.mp3,10\n";
    listing *l = list_corpus(write_tmp_text("c4/all.csv", rows), NULL);
    CHECK_INT(l->n, 10);
    CHECK_STR(entry_string(l, 0), "a/s.wav|b/a/s.wav|ok|1");
    CHECK_STR(entry_string(l, 1), "r/a/s.wav|p/q/r/a/s.wav|ok|2");
    CHECK_STR(entry_string(l, 2), "one/a/s.wav|one/a/s.wav|ok|3");
    CHECK_STR(entry_string(l, 3), "xa/s.wav|xa/s.wav|ok|4");
    CHECK_STR(entry_string(l, 4), "a!/s.wav|a!/s.wav|ok|5");
    CHECK_STR(entry_string(l, 5), "!a/s.wav|!a/s.wav|ok|6");
    CHECK_STR(entry_string(l, 6), "a/s.flac|two/a/s.flac|ok|7");
    CHECK_STR(entry_string(l, 7), "one/s.wav|one/s.wav|ok|8");
    CHECK_STR(entry_string(l, 8), "ra/s.wav|all.csv:10|missing|9");
    CHECK_STR(entry_string(l, 9), "one/s.mp3|one/s.wav|ok|10");
    list_release(l);
    l = list_corpus(write_tmp_text("c4/two.csv", rows), NULL);
    CHECK_STR(entry_string(l, 0), "a/s.wav|two/a/s.wav|ok|1");
    list_release(l);
}

TEST(corpus_clotho, captions_in_numeric_order) {
    write_tmp_text("c4/a.wav", "");
    listing *l = list_corpus(
        write_tmp_text("c4/t.csv", "caption_10,keywords,caption_2,caption_1,file_name,caption_0\n"
                                   "ten,k,two,one,a.wav,zero\n"),
        NULL);
    CHECK_STR(entry_string(l, 0), "a.wav|a.wav|ok|zero|one|two|ten");
    list_release(l);
    l = list_corpus_with(tmp_path("c4/t.csv"),
                         &(pt_corpus_options){.kind = "clotho", .caption_column = "keywords"});
    CHECK_STR(entry_string(l, 0), "a.wav|a.wav|ok|k");
    list_release(l);
    char text[500] = "file_name";
    for (int i = 1; i <= 21; i++)
        snprintf(text + strlen(text), 30, ",caption_%d", i);
    l = list_corpus(write_tmp_text("c4/u.csv", text), NULL);
    CHECK_INT(l->status, PATINA_OK);
    list_release(l);
}

TEST(corpus_clotho, broken_rows_give_line_numbers) {
    write_tmp_text("c5/a.wav", "");
    listing *l = list_corpus(write_tmp_text("c5/t.csv",
                                            "file_name,caption_1\na.wav,x\na.wav\n ,y\n\xFF.wav,z\n"
                                            "c.wav,w\nb.wav,\"open\n"),
                             NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 6);
    CHECK_STR(entry_string(l, 1), "-|t.csv:3|undecodable");
    CHECK_STR(l->entry[1].fault, "line 3: 1 fields, but the header has 2");
    CHECK_STR(entry_string(l, 2), "-|t.csv:4|undecodable|y");
    CHECK_STR(entry_string(l, 3), "-|t.csv:5|undecodable|z");
    CHECK_STR(entry_string(l, 4), "c.wav|t.csv:6|missing|w");
    CHECK_STR(entry_string(l, 5), "-|t.csv:7|undecodable");
    CHECK_CONTAINS(l->entry[5].fault, "quote");
    list_release(l);
}

TEST(corpus_clotho, shared_table) {
    const char *path = pt_test_shared_path("corpus/clotho.csv");
    if (!path) SKIP("no ../shared/corpus");
    listing *l = list_corpus(path, pt_test_shared_path("corpus/clips"));
    CHECK_STR(l->kind, "clotho");
    CHECK_INT(l->n, 2);
    CHECK_STR(entry_string(l, 0),
              "piano.wav|piano.wav|ok|A piano is played|Someone plays the piano|A piano is "
              "heard|Notes are played on a piano|The sound of a piano");
    CHECK_STR(entry_string(l, 1),
              "ambi_sauna.flac|ambi_sauna.flac|ok|The ambience of a sauna|Ambient sound in a "
              "sauna|Sounds from inside a sauna|The sound inside a sauna|Sauna ambience");
    list_release(l);
    l = list_corpus(path, NULL); /* clips/ is in the same folder */
    CHECK_STR(l->entry[0].source, "clips/piano.wav");
    list_release(l);
}
