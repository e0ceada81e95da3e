/* SPDX-License-Identifier: MIT */
/* test_corpus_kaldi.c - data folders of Kaldi */

#include "corpus_fixture.h"

TEST(corpus_kaldi, recordings) {
    write_tmp_text("k/clips/a.wav", "");
    write_tmp_text("k/clips/b c.flac", "");
    write_tmp_text("k/text", "u1 one  two\nu2\tthree\nu3 four\nu4 five\nu5 six\nu6\n");
    char scp[8192];
    snprintf(scp, sizeof scp,
             "u1 clips/a.wav\nu2 /elsewhere/clips/b c.flac\n"
             "u3 /usr/bin/flac -c -d -s %s |\nu4 sox x.wav -t wav - remix 1 |\n"
             "u6 clips/a.wav\n",
             tmp_path("k/clips/a.wav"));
    write_tmp_text("k/wav.scp", scp);
    for (int i = 0; i < 2; i++) {
        listing *l = list_corpus(tmp_path(i ? "k/wav.scp" : "k"), NULL);
        CHECK_INT(l->status, PATINA_OK);
        CHECK_STR(l->kind, "kaldi");
        CHECK_INT(l->n, 6);
        CHECK_STR(entry_string(l, 0), "u1|clips/a.wav|ok|one  two");
        CHECK_STR(entry_string(l, 1), "u2|clips/b c.flac|ok|three");
        CHECK_STR(entry_string(l, 2), "u3|clips/a.wav|ok|four");
        CHECK_STR(entry_string(l, 3), "u4|text:4|undecodable|five");
        CHECK_STR(l->entry[3].fault, "line 4: the audio is the output of a command, which is not "
                                     "run; write it to a file");
        CHECK_STR(entry_string(l, 4), "u5|text:5|missing|six");
        CHECK_STR(entry_string(l, 5), "u6|clips/a.wav|ok|(empty)");
        CHECK(l->entry[0].path && access(l->entry[0].path, R_OK) == 0);
        CHECK(l->entry[2].path && access(l->entry[2].path, R_OK) == 0);
        list_release(l);
    }
}

/* Only a command that decodes or copies has the sound of its file. */
TEST(corpus_kaldi, commands) {
    static const struct {
        const char *command;
        bool is_file;
    } cases[] = {{"flac -c -d -s a.wav |", true},
                 {"flac -cd --silent a.wav |", true},
                 {"cat a.wav |", true},
                 {"flac -c -d --skip=10 a.wav |", false},
                 {"sph2pipe -f wav -p -c 1 a.wav |", false},
                 {"flac -c -d a.wav | sox - x.wav |", false},
                 {"ffmpeg -i a.wav -ar 8000 - |", false},
                 {"cat a.wav b.wav |", false}};
    write_tmp_text("c/a.wav", "");
    write_tmp_text("c/text", "u one\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char scp[256];
        snprintf(scp, sizeof scp, "u %s\n", cases[i].command);
        write_tmp_text("c/wav.scp", scp);
        listing *l = list_corpus(tmp_path("c"), NULL);
        pt_test_check(t, (l->entry[0].status == PATINA_OK) == cases[i].is_file, __FILE__, __LINE__,
                      "'%s': %s", cases[i].command, entry_string(l, 0));
        list_release(l);
    }
}

TEST(corpus_kaldi, segments) {
    write_tmp_text("g/r1.wav", "");
    write_tmp_text("g/wav.scp", "r1 r1.wav\n");
    write_tmp_text("g/segments", "u1 r1 0.5 2.25\nu2 r1 3 -1\nu3 r1 x 4\nu4 r2 1 2\nu5 r1 5\n");
    listing *l = list_corpus(tmp_path("g"), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK(strstr(l->err.message, "has no file 'text' with the transcripts") != NULL);
    list_release(l);
    write_tmp_text("g/text", "u1 one\nu2 two\nu3 three\nu4 four\nu5 five\nu6 six\n");
    l = list_corpus(tmp_path("g"), NULL);
    CHECK_INT(l->n, 6);
    CHECK_STR(entry_string(l, 0), "u1|r1.wav|ok|one");
    CHECK(l->entry[0].has_start && l->entry[0].start_s == 0.5);
    CHECK(l->entry[0].has_end && l->entry[0].end_s == 2.25);
    CHECK(l->entry[1].has_start && l->entry[1].start_s == 3.0 && !l->entry[1].has_end);
    CHECK_STR(l->entry[2].fault, "line 3: start 'x' is not a time");
    CHECK_STR(l->entry[3].fault, "line 4: 'wav.scp' has no recording of that name");
    CHECK_STR(l->entry[4].fault,
              "line 5: its line in 'segments' is not a recording, a start and an end");
    CHECK_STR(l->entry[5].fault, "line 6: 'segments' has no such utterance");
    list_release(l);
}

/* Each of the lists, as what cannot be read as one: the message names it, and the machine is not
 * the reason. */
TEST(corpus_kaldi, lists_that_are_no_files) {
    static const char *const names[] = {"wav.scp", "text", "segments"};
    char path[64], wanted[160];
    write_tmp_text("n/r.wav", "");
    for (size_t i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            write_tmp_text("n/wav.scp", "u r.wav\n");
            write_tmp_text("n/text", "u one\n");
            snprintf(path, sizeof path, "n/%s", names[i]);
            unlink(tmp_path(path));
            if (k == 0)
                CHECK(mkdir(tmp_path(path), 0700) == 0);
            else if (k == 1)
                CHECK(mkfifo(tmp_path(path), 0600) == 0);
            else
                write_tmp_bytes(path, "\x1F\x8B\x08\0\0\0\0\0\0\x03\x4B\xCB", 12);
            snprintf(wanted, sizeof wanted, "/%s': %s", path,
                     k == 2 ? "the compressed data are truncated" : "not a regular file");
            listing *l = list_corpus(tmp_path("n"), NULL);
            CHECK_INT(l->status, PATINA_EFORMAT);
            CHECK_CONTAINS(l->err.message, wanted);
            list_release(l);
            unlink(tmp_path(path));
            rmdir(tmp_path(path));
        }
    }
    CHECK(symlink("nowhere", tmp_path("n/segments")) == 0); /* without it, other sound is taken */
    listing *l = list_corpus(tmp_path("n"), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "/n/segments': the link leads to nothing");
    list_release(l);
}
