/* SPDX-License-Identifier: MIT */
/* test_corpus_audiocaps.c - tables of AudioCaps and of other lists of YouTube clips */

#include "corpus_fixture.h"

#define HEADER "audiocap_id,youtube_id,start_time,caption\n"

/** Files without content: only their names matter here. */
static void put_clips(const char *folder, const char *const *names, size_t n) {
    char path[512];
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        write_tmp_text(path, "");
    }
}

TEST(corpus_audiocaps, rows_of_a_clip_are_one_entry) {
    write_tmp_text("c1/b_10.wav", "");
    write_tmp_text("c1/a_0.wav", "");
    write_tmp_text("c1/b_20.wav", "");
    listing *l = list_corpus(write_tmp_text("c1/t.csv", HEADER
                                            "5,b,10,first of b\n6,a,0,only of a\n7,b,20,another\n"
                                            "8,b,10,second of b\n9,b,10,third of b\n"),
                             NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_STR(l->kind, "audiocaps");
    CHECK_INT(l->n, 3);
    CHECK_STR(entry_string(l, 0), "b_10|b_10.wav|ok|first of b|second of b|third of b");
    CHECK_STR(entry_string(l, 1), "a_0|a_0.wav|ok|only of a");
    CHECK_STR(entry_string(l, 2), "b_20|b_20.wav|ok|another");
    CHECK_STR(l->entry[0].path, tmp_path("c1/b_10.wav"));
    list_release(l);
}

TEST(corpus_audiocaps, fields_are_those_of_rfc_4180) {
    write_tmp_text("c2/a_0.wav", "");
    listing *l = list_corpus(
        write_tmp_text("c2/t.csv",
                       "\xEF\xBB\xBF\"audiocap_id\",youtube_id,\"start_time\",caption\r\n"
                       "1,a,0,\"A dog, a cat\"\r\n"
                       "2,a,0,\"He said \"\"no\"\", twice\"\r\n"
                       "\r\n"
                       "3,a,0,\"two\r\nlines\"\r\n"
                       "4, a , 0 , spaces stay \r\n"
                       "5,a,0,an \"unquoted\" quote\r\n"
                       "6,a,0,\r\n"
                       "7,a,0,\"caf\xE9\"\r\n"
                       "8,a,0,no line end"),
        NULL);
    CHECK_INT(l->n, 1);
    CHECK_STR(entry_string(l, 0),
              "a_0|a_0.wav|ok|A dog, a cat|He said \"no\", twice|two\nlines| spaces stay "
              "|an \"unquoted\" quote|(empty)|(not "
              "UTF-8)|no line end");
    list_release(l);
}

TEST(corpus_audiocaps, columns_in_any_order) {
    write_tmp_text("c3/x_3.flac", "");
    listing *l = list_corpus(
        write_tmp_text("c3/t.csv", "caption,split, start_time ,youtube_id\nA bell,train,3,x\n"),
        NULL);
    CHECK_INT(l->n, 1);
    CHECK_STR(entry_string(l, 0), "x_3|x_3.flac|ok|A bell");
    list_release(l);
    l = list_corpus(write_tmp_text("c3/semicolon.csv", "youtube_id;start_time;caption\nx;3;b\n"),
                    NULL);
    CHECK_STR(entry_string(l, 0), "x_3|x_3.flac|ok|b");
    list_release(l);
    const char *others[][2] = {{"1,a,0,no header at all\n", "--list-kinds"},
                               {"youtube_id,start_time\n", "'audiocaps', which requires a column "
                                                           "of captions"},
                               {"start_time,caption\n", "which requires the column 'youtube_id'"}};
    for (size_t i = 0; i < 3; i++) {
        l = list_corpus(write_tmp_text("c3/other.csv", others[i][0]), NULL);
        CHECK_INT(l->status, PATINA_EFORMAT);
        CHECK_CONTAINS(l->err.message, others[i][1]); /* the missing column */
        char first[40];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(others[i][0], "\n"), others[i][0]);
        CHECK_CONTAINS(l->err.message, first); /* what it is */
        list_release(l);
    }
}

TEST(corpus_audiocaps, line_ends_and_header_only) {
    write_tmp_text("c4/a_0.wav", "");
    write_tmp_text("c4/b_1.wav", "");
    listing *l = list_corpus(
        write_tmp_text("c4/mac.csv", "youtube_id,start_time,caption\ra,0,x\rb,1,y\r"), NULL);
    CHECK_INT(l->n, 2);
    CHECK_STR(entry_string(l, 1), "b_1|b_1.wav|ok|y");
    list_release(l);
    l = list_corpus(write_tmp_text("c4/none.csv", HEADER), NULL);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 0);
    list_release(l);
}

/* <id>_<start>, <id>, Y<id>, Y<id>_<start>, <audiocap_id>, <id>_<start>_<end> */
TEST(corpus_audiocaps, order_of_file_name_forms) {
    static const char *const names[] = {
        "id_30.ogg", "id.wav", "Yid.wav", "Yid_30.wav", "78.flac", "77.wav", "id_30.00_40.000.wav"};
    write_tmp_text("c5/t.csv", HEADER "77,id,30,x\n78,id,30,y\n");
    put_clips("c5", names, 7);
    const char *expected[] = {"id_30.ogg",           "id.wav", "Yid.wav", "Yid_30.wav", "77.wav",
                              "id_30.00_40.000.wav", "78.flac"};
    for (size_t i = 0; i < 7; i++) { /* each in turn, which is then removed */
        char path[64];
        listing *l = list_corpus(tmp_path("c5/t.csv"), NULL);
        CHECK_INT(l->n, 1);
        CHECK_INT(l->entry[0].status, PATINA_OK);
        CHECK_STR(l->entry[0].source, expected[i]);
        list_release(l);
        snprintf(path, sizeof path, "c5/%s", expected[i]);
        unlink(tmp_path(path));
    }
    listing *l = list_corpus(tmp_path("c5/t.csv"), NULL);
    CHECK_STR(entry_string(l, 0), "id_30|t.csv:2|missing|x|y");
    CHECK_CONTAINS(l->entry[0].fault, "id_30.*");
    CHECK(l->entry[0].path == NULL);
    list_release(l);
}

TEST(corpus_audiocaps, unusual_ids) {
    static const char *const names[] = {"-a_b-_5.wav", "__x.wav",       "_-_0.WAV",
                                        "a_1_2.wav",   "q_7_17.wav",    "q_70_80.wav",
                                        "q_7_x.wav",   "r_7_17_27.wav", "s_8.5_18.5.opus"};
    put_clips("c6", names, 9);
    listing *l = list_corpus(
        write_tmp_text("c6/t.csv", "youtube_id,start_time,caption\n-a_b-,5,x\n__x,9,x\n_-,0,x\n"
                                   "a_1,2,x\na,1,x\nq,7,x\nq,70.0,x\nr,7,x\ns,08.50,x\nr_7,17,x\n"),
        NULL);
    CHECK_INT(l->n, 10);
    CHECK_STR(entry_string(l, 0), "-a_b-_5|-a_b-_5.wav|ok|x");
    CHECK_STR(entry_string(l, 1), "__x_9|__x.wav|ok|x");
    CHECK_STR(entry_string(l, 2), "_-_0|_-_0.WAV|ok|x");
    CHECK_STR(entry_string(l, 3), "a_1_2|a_1_2.wav|ok|x");
    CHECK_STR(entry_string(l, 4), "a_1|a_1_2.wav|ok|x"); /* as <id>_<start>_<end> */
    CHECK_STR(entry_string(l, 5), "q_7|q_7_17.wav|ok|x");
    CHECK_STR(entry_string(l, 6), "q_70.0|q_70_80.wav|ok|x");
    CHECK_STR(entry_string(l, 7), "r_7|t.csv:9|missing|x");
    CHECK_STR(entry_string(l, 8), "s_08.50|s_8.5_18.5.opus|ok|x");
    CHECK_STR(entry_string(l, 9), "r_7_17|r_7_17_27.wav|ok|x");
    list_release(l);
}

TEST(corpus_audiocaps, subfolders_are_searched_in_order) {
    static const char *const names[] = {"val/a_0.wav", "train/a_0.wav",  "train/a_0.flac",
                                        "x/y/b_0.mp3", "x/y/z/c_0.mp3",  ".hidden/d_0.wav",
                                        "e_0.txt",     "train/.f_0.wav", "deep/g.wav"};
    put_clips("c7/audio", names, 9);
    const char *csv = write_tmp_text("c7/lists/t.csv",
                                     "youtube_id,start_time,caption\na,0,x\nb,0,x\nc,0,x\nd,0,x\n"
                                     "e,0,x\nf,0,x\ng,0,x\n");
    char root[512];
    snprintf(root, sizeof root, "%s", tmp_path("c7/audio"));
    listing *l = list_corpus(csv, root);
    CHECK_INT(l->n, 7);
    CHECK_STR(entry_string(l, 0), "a_0|train/a_0.flac|ok|x"); /* by bytes of the path */
    CHECK_STR(entry_string(l, 1), "b_0|x/y/b_0.mp3|ok|x");
    CHECK_STR(entry_string(l, 2), "c_0|x/y/z/c_0.mp3|ok|x");
    CHECK_STR(entry_string(l, 3), "d_0|t.csv:5|missing|x");
    CHECK_STR(entry_string(l, 4), "e_0|t.csv:6|missing|x");
    CHECK_STR(entry_string(l, 5), "f_0|t.csv:7|missing|x");
    CHECK_STR(entry_string(l, 6), "g_0|deep/g.wav|ok|x");
    list_release(l);
    l = list_corpus(csv, tmp_path("c7/nowhere"));
    CHECK_INT(l->status, PATINA_EIO);
    CHECK_CONTAINS(l->err.message, "nowhere");
    list_release(l);
}

TEST(corpus_audiocaps, broken_rows_give_line_numbers) {
    write_tmp_text("c8/a_0.wav", "");
    static const char text[] = HEADER "1,a,0,\"a\nb\"\n"
                                      "2,a,0\n"
                                      "3,a,0,x,y\n"
                                      "4,,0,x\n"
                                      "5,a, ,x\n"
                                      "6,\xFF,0,x\n"
                                      "7,a\0b,0,x\n"
                                      "8,a,0,last\n";
    listing *l = list_corpus(write_tmp_bytes("c8/t.csv", text, sizeof text - 1), NULL);
    CHECK_INT(l->n, 7);
    CHECK_STR(entry_string(l, 0), "a_0|a_0.wav|ok|a\nb|last");
    CHECK_STR(entry_string(l, 1), "-|t.csv:4|undecodable");
    CHECK_STR(l->entry[1].fault, "line 4: 3 fields, but the header has 4");
    CHECK_STR(l->entry[2].fault, "line 5: 5 fields, but the header has 4");
    for (size_t i = 3; i < 7; i++)
        CHECK_INT(l->entry[i].status, PATINA_REJECT_UNDECODABLE);
    CHECK_STR(l->entry[6].source, "t.csv:9");
    list_release(l);
}

TEST(corpus_audiocaps, unclosed_quote) {
    write_tmp_text("c9/a_0.wav", "");
    listing *l = list_corpus(
        write_tmp_text("c9/t.csv", HEADER "1,a,0,x\n2,a,0,\"open\n3,a,0,y\n4,a,0,z\n"), NULL);
    CHECK_INT(l->n, 2);
    CHECK_STR(entry_string(l, 0), "a_0|a_0.wav|ok|x");
    CHECK_STR(entry_string(l, 1), "-|t.csv:3|undecodable");
    CHECK_CONTAINS(l->entry[1].fault, "quote");
    list_release(l);
    const size_t n = 18U << 20;
    char *text = malloc(n);
    memset(text, 'x', n);
    memcpy(text, HEADER "1,a,0,\"", strlen(HEADER) + 7);
    for (size_t i = 1000; i < n; i += 1000)
        text[i] = '\n';
    l = list_corpus(write_tmp_bytes("c9/long.csv", text, n), NULL);
    CHECK_INT(l->n, 1);
    CHECK_STR(entry_string(l, 0), "-|long.csv:2|undecodable");
    CHECK_CONTAINS(l->entry[0].fault, "over 16 MB"); /* the file was not read to its end */
    list_release(l);
    free(text);
}

TEST(corpus_audiocaps, many_clips_keep_their_order) {
    enum { n = 5000 };
    static char text[n * 40];
    size_t at = 0;
    pt_corpus *corpus = NULL;
    pt_entry entry;
    bool end = false;
    size_t wrong = 0;

    at += (size_t)snprintf(text, sizeof text, "youtube_id,start_time,caption\n");
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n / 2; i++)
            at += (size_t)snprintf(text + at, sizeof text - at, "id%zu,%zu,c%zu\n", i * 7919 % 2500,
                                   i % 10, pass);
    write_tmp_bytes("c10/t.csv", text, at);
    REQUIRE_OK(pt_corpus_open(tmp_path("c10/t.csv"), NULL, &corpus, &t->err));
    for (size_t i = 0; i < n / 2; i++) {
        char id[40];
        snprintf(id, sizeof id, "id%zu_%zu", i * 7919 % 2500, i % 10);
        REQUIRE_OK(pt_corpus_next(corpus, true, &entry, &end, &t->err));
        REQUIRE(!end);
        if (strcmp(entry.id, id) != 0 || entry.n_captions != 2 ||
            strcmp(entry.captions[1].text, "c1") != 0)
            wrong++;
        pt_entry_release(&entry);
    }
    CHECK_INT(wrong, 0);
    CHECK_OK(pt_corpus_next(corpus, true, &entry, &end, &t->err));
    CHECK(end);
    pt_corpus_close(&corpus);
}

TEST(corpus_audiocaps, early_close_releases_memory) {
    pt_corpus *corpus = NULL;
    pt_entry entry;
    bool end;
    const char *path = write_tmp_text("c11/t.csv", HEADER "1,a,0,x\n2,b,0,y\n3,c,0,z\n");
    REQUIRE_OK(pt_corpus_open(path, NULL, &corpus, &t->err));
    CHECK_OK(pt_corpus_next(corpus, true, &entry, &end, &t->err));
    CHECK_STR(entry.id, "a_0");
    pt_entry_release(&entry);
    pt_corpus_close(&corpus);
    CHECK(corpus == NULL);
}

TEST(corpus_audiocaps, shared_tables) {
    const char *path = pt_test_shared_path("corpus/audiocaps_yt/train.csv");
    if (!path) SKIP("no ../shared/corpus");
    listing *l = list_corpus(path, NULL); /* CRLF, ids with '-' and '_' in front, clips/ below */
    CHECK_INT(l->n, 7);
    CHECK_STR(entry_string(l, 0), "-hEns0Demo1_30|clips/-hEns0Demo1_30.ogg|ok|Hens are clucking");
    CHECK_STR(entry_string(l, 1), "_rAin21189A_0|clips/_rAin21189A_0.opus|ok|Rain is falling");
    CHECK_STR(entry_string(l, 6),
              "gone_0gone0_40|train.csv:8|missing|A clip whose video is no longer available");
    list_release(l);
    l = list_corpus(pt_test_shared_path("corpus/audiocaps.csv"),
                    pt_test_shared_path("corpus/clips"));
    CHECK_INT(l->n, 42);
    size_t rows = 0;
    for (size_t i = 0; i < l->n; i++) {
        CHECK_INT(l->entry[i].status, PATINA_OK);
        rows += l->entry[i].n_captions;
    }
    CHECK_INT(rows, 50); /* two clips have five captions */
    list_release(l);
}
