/* SPDX-License-Identifier: MIT */
/* test_webdataset.c - webdataset tars */

#include <fcntl.h>

#include "corpus_fixture.h"
#include "tar_writer.h"

/** Releases the tar. */
static const char *put_tar(const char *name, pt_strbuf *tar) {
    tar_end(tar);
    const char *path = write_tmp_bytes(name, tar->text, tar->length);
    pt_strbuf_release(tar);
    return path;
}

static bool same(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/** Lists with the audio, and checks that the rest is the same without it. */
static listing *list_checked(pt_test *t, const char *path) {
    listing *l = list_corpus(path, NULL), *bare = calloc(1, sizeof *bare);
    pt_corpus *corpus = NULL;
    bool end = false;

    bare->status = pt_corpus_open(path, NULL, &corpus, &bare->err);
    while (bare->status == PATINA_OK && bare->n < LISTING_MAX) {
        bare->status = pt_corpus_next(corpus, false, &bare->entry[bare->n], &end, &bare->err);
        if (end) break;
        if (bare->status == PATINA_OK) bare->n++;
    }
    pt_corpus_close(&corpus);
    CHECK_INT(bare->status, l->status);
    CHECK_INT(bare->n, l->n);
    for (size_t i = 0; i < l->n && i < bare->n; i++) {
        CHECK_STR(entry_string(bare, i), entry_string(l, i));
        CHECK(same(bare->entry[i].fault, l->entry[i].fault));
        CHECK(!bare->entry[i].audio && bare->entry[i].n_audio == 0);
        CHECK((l->entry[i].audio != NULL) == (l->entry[i].status == PATINA_OK));
        CHECK(!l->entry[i].path);
    }
    list_release(bare);
    return l;
}

/** Lists a corpus and compares with n strings. */
static void check_list(pt_test *t, const char *path, const char *const *expected, size_t n) {
    listing *l = list_checked(t, path);
    pt_test_check(t, l->status == PATINA_OK, __FILE__, __LINE__, "%s", l->err.message);
    CHECK_STR(l->kind, "webdataset");
    CHECK_INT(l->n, n);
    for (size_t i = 0; i < n; i++)
        CHECK_STR(entry_string(l, i), expected[i]);
    list_release(l);
}

#define CHECK_LIST(path, ...)                                                                      \
    check_list(t, path, (const char *const[]){__VA_ARGS__},                                        \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

TEST(webdataset, shared_tars) {
    static const size_t sizes[] = {150591, 188449, 312069, 75530,  377795, 378933,
                                   249395, 265262, 23342,  157864, 58796,  192175};
    static const char prefix[] = "mnt/audio_clip/processed_datasets/demo/train";
    const char *path = pt_test_shared_path("corpus/laion");
    if (!path) SKIP("no ../shared/corpus/laion");
    listing *l = list_checked(t, path);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 12);
    for (unsigned i = 0; i < l->n && i < 12; i++) {
        char id[128], source[128];
        pt_byte_source bytes;
        const bool second = i >= 6;
        snprintf(id, sizeof id, "train/%d/%s%s%u", second, second ? prefix : "", second ? "/" : "",
                 i + 1);
        snprintf(source, sizeof source, "train/%d.tar/%s%s%u.flac", second, second ? prefix : "",
                 second ? "/" : "", i + 1);
        CHECK_STR(l->entry[i].id, id);
        CHECK_STR(l->entry[i].source, source);
        CHECK(l->entry[i].n_captions >= 1);
        CHECK_OK(pt_entry_open(&l->entry[i], &bytes, &t->err));
        CHECK_INT(bytes.size, sizes[i]);
        CHECK(bytes.size > 4 && memcmp(bytes.memory, "fLaC", 4) == 0);
    }
    CHECK_CONTAINS(entry_string(l, 0), "|ok|A dog barks|The sounds of dog bark");
    CHECK_CONTAINS(entry_string(l, 11), "|ok|Music is playing|The sounds of music");
    list_release(l);
}

TEST(webdataset, pairs_in_either_order_among_other_files) {
    pt_strbuf tar = {0};
    tar_add_header(&tar, "./", '5', 0);
    tar_add_text(&tar, "./a.flac", "audio of a");
    tar_add_text(&tar, "./a.cls", "7");
    tar_add_text(&tar, "./a.json",
                 "{\"text\": [\"one\", 2, \"three\"], \"caption\": \"not this\"}");
    tar_add_gnu_long_name(&tar, "/mnt/set/b.json", "{\"text\": \"a string\"}");
    tar_add_text(&tar, "nothing of this sample", "");
    tar_add_gnu_long_name(&tar, "/mnt/set/b.WAV", "");
    tar_add_pax_path(&tar, "x.y/c.left.mp3", "C");
    tar_add_pax_path(&tar, "x.y/c.json", "\xEF\xBB\xBF{\"caption\": \"caption\"}");
    tar_add_text(&tar, ".hidden.wav", "");
    tar_add_text(&tar, "x.y/.hidden.json", "{}");
    tar_add_text(&tar, "d.ogg", "D");
    tar_add_text(&tar, "d.json", "{\"captions\": [\"p\", \"q\"]}");
    tar_add_text(&tar, "d.txt", "not this");
    tar_add_text(&tar, "e.txt",
                 "\xEF\xBB\xBF"
                 "first\r\n\n second \n");
    tar_add_text(&tar, "e.opus", "E");
    tar_add_text(&tar, "f.flac", "F");
    tar_add_text(&tar, "f.json", "[\"no object\"]");
    tar_add_text(&tar, "gg.flac", "GG");
    tar_add_text(&tar, "g.flac", "G");
    tar_add_text(&tar, "g.json", "{\"text\": \"caf\xE9\"}");
    const char *path = put_tar("w1/name.v2.tar", &tar);
    CHECK_LIST(path, "name.v2/a|name.v2.tar/a.flac|ok|one|(not a string)|three",
               "name.v2/mnt/set/b|name.v2.tar/mnt/set/b.WAV|ok|a string",
               "name.v2/x.y/c|name.v2.tar/x.y/c.left.mp3|ok|caption",
               "name.v2/d|name.v2.tar/d.ogg|ok|p|q",
               "name.v2/e|name.v2.tar/e.opus|ok|first| second ",
               "name.v2/f|name.v2.tar/f.flac|ok|(the .json beside it is not a JSON "
               "object)",
               "name.v2/gg|name.v2.tar/gg.flac|ok", "name.v2/g|name.v2.tar/g.flac|ok|(not UTF-8)");
    listing *l = list_corpus(path, NULL);
    CHECK_INT(l->entry[0].n_audio, 10);
    CHECK(memcmp(l->entry[0].audio, "audio of a", 10) == 0);
    CHECK_INT(l->entry[1].n_audio, 0); /* present and empty */
    list_release(l);
}

TEST(webdataset, id_from_json) {
    pt_strbuf tar = {0};
    static const char *const ids[] = {"\"own\"",  "12",   "-9007199254740993",
                                      "\"\"",     "1.5",  "\"nul\\u0000\"",
                                      "\"\xE9\"", "null", "[1]"};
    for (size_t i = 0; i < 9; i++) {
        char name[16], json[64];
        snprintf(name, sizeof name, "%zu.wav", i);
        tar_add_text(&tar, name, "");
        snprintf(name, sizeof name, "%zu.json", i);
        snprintf(json, sizeof json, "{\"id\": %s, \"text\": \"x\"}", ids[i]);
        tar_add_text(&tar, name, json);
    }
    CHECK_LIST(put_tar("w2/t.tar", &tar), "own|t.tar/0.wav|ok|x", "12|t.tar/1.wav|ok|x",
               "-9007199254740993|t.tar/2.wav|ok|x", "t/3|t.tar/3.wav|ok|x", "t/4|t.tar/4.wav|ok|x",
               "t/5|t.tar/5.wav|ok|x", "t/6|t.tar/6.wav|ok|x", "t/7|t.tar/7.wav|ok|x",
               "t/8|t.tar/8.wav|ok|x");
}

TEST(webdataset, incomplete_samples) {
    pt_strbuf tar = {0};
    tar_add_text(&tar, "a.wav", "A");
    tar_add_text(&tar, "b.json", "{\"text\": \"b\", \"id\": 5}");
    tar_add_text(&tar, "c.txt", "c");
    tar_add_text(&tar, "d.jpg", "");
    tar_add_text(&tar, "e.wav", "E");
    const char *path = put_tar("w3.tar", &tar);
    CHECK_LIST(path, "w3/a|w3.tar/a.wav|ok", "5|w3.tar/b.json|missing|b",
               "w3/c|w3.tar/c.txt|missing|c", "w3/e|w3.tar/e.wav|ok");
    listing *l = list_corpus(path, NULL);
    CHECK_STR(l->entry[1].fault, "'w3.tar/b.json': the sample has no audio file");
    list_release(l);
}

TEST(webdataset, repeated_keys) {
    pt_strbuf tar = {0};
    tar_add_text(&tar, "a.wav", "A");
    tar_add_text(&tar, "b.wav", "B");
    tar_add_text(&tar, "a.json", "{\"text\": \"a\", \"id\": \"its own\"}"); /* unsorted */
    tar_add_text(&tar, "b.json", "{\"text\": \"b\"}");
    tar_add_text(&tar, "c.wav", "C");
    tar_add_text(&tar, "c.json", "{\"text\": \"c\"}");
    tar_add_text(&tar, "c.wav", "C2"); /* the same twice: the first is used */
    tar_add_text(&tar, "c.json", "{\"text\": \"c2\"}");
    tar_add_text(&tar, "d.wav", "D");
    tar_add_text(&tar, "d.flac", "D2");
    tar_add_text(&tar, "d.json", "{\"text\": \"d\"}");
    tar_add_text(&tar, "folder/a.wav", "another key");
    const char *path = put_tar("w4.tar", &tar);
    CHECK_LIST(path, "w4/a|w4.tar/a.wav|ok", "w4/b|w4.tar/b.wav|ok", "-|w4.tar/a.json|duplicate_id",
               "-|w4.tar/b.json|duplicate_id", "w4/c|w4.tar/c.wav|ok|c",
               "-|w4.tar/c.wav|duplicate_id", "w4/d|w4.tar/d.wav|ok|d",
               "-|w4.tar/d.flac|duplicate_id", "w4/folder/a|w4.tar/folder/a.wav|ok");
    listing *l = list_corpus(path, NULL);
    CHECK_STR(l->entry[2].fault,
              "'w4.tar/a.json': the key 'a' occurs earlier in this tar; the files of a sample must "
              "be adjacent, as in a tar sorted by name");
    CHECK_CONTAINS(l->entry[7].fault,
                   "'w4.tar/d.flac': its sample already has a file of this type");
    CHECK_INT(l->entry[4].n_audio, 1);
    list_release(l);
}

TEST(webdataset, keys_are_per_tar) {
    for (int i = 0; i < 2; i++) {
        pt_strbuf tar = {0};
        tar_add_text(&tar, "a.wav", "A");
        tar_add_text(&tar, "a.txt", "a");
        put_tar(i ? "w5/valid/0.tar" : "w5/train/0.tar", &tar);
    }
    write_tmp_text("w5/sizes.json", "{\"0.tar\": 17}");
    CHECK_LIST(tmp_path("w5"), "train/0/a|train/0.tar/a.wav|ok|a",
               "valid/0/a|valid/0.tar/a.wav|ok|a");
    CHECK_LIST(tmp_path("w5/valid"), "0/a|0.tar/a.wav|ok|a");
}

/** A tar of three samples, 1 KiB each file: the end of sample i is at 4096 (i + 1). */
static void add_three(pt_strbuf *tar) {
    char data[512];
    memset(data, 'x', sizeof data);
    for (char key = 'a'; key <= 'c'; key++) {
        tar_add_bytes(tar, (char[]){key, '.', 'w', 'a', 'v', '\0'}, data, 512);
        tar_add_text(tar, (char[]){key, '.', 't', 'x', 't', '\0'}, "caption");
    }
}

TEST(webdataset, truncated_tar_loses_the_rest) {
    pt_strbuf tar = {0};
    add_three(&tar);
    REQUIRE(tar.length == 3 * 2048);
    pt_strbuf next = {0};
    add_three(&next);
    put_tar("w6/z.tar", &next);
    for (size_t cut = 1; cut <= tar.length; cut += cut % 512 < 2 ? 1 : 510) {
        write_tmp_bytes("w6/a.tar", tar.text, cut);
        listing *l = list_checked(t, tmp_path("w6"));
        const size_t n_whole = cut / 2048, rest = cut % 2048;
        const bool is_cut = rest != 0 && rest != 1024; /* else between two files */
        const size_t n = n_whole + (rest == 1024) + is_cut + 3;
        CHECK_INT(l->status, PATINA_OK);
        CHECK_INT(l->n, n);
        for (size_t i = 0; i < n_whole; i++)
            CHECK_INT(l->entry[i].n_captions, 1);
        if (is_cut) {
            const pt_entry *e = &l->entry[n_whole];
            char last[32], lost[32];
            CHECK_STR(entry_string(l, n_whole), "-|a.tar|undecodable");
            snprintf(last, sizeof last, "its file '%c.%s'", (int)('a' + n_whole - (rest < 1024)),
                     rest < 1024 ? "txt" : "wav");
            snprintf(lost, sizeof lost, "from sample '%c' on", (int)('a' + n_whole));
            CHECK_CONTAINS(e->fault, cut < 1024 ? "is not a tar, or is truncated" : last);
            if (rest >= 512) CHECK_CONTAINS(e->fault, lost);
        }
        CHECK_STR(entry_string(l, n - 1), "z/c|z.tar/c.wav|ok|caption");
        list_release(l);
    }
    pt_strbuf_release(&tar);
}

TEST(webdataset, incomplete_sample_at_truncation) {
    pt_strbuf tar = {0};
    tar_add_text(&tar, "a.wav", "A");
    tar_add_text(&tar, "a.json", "{\"text\": \"a\"}");
    tar_add_text(&tar, "a.txt", "not needed");
    write_tmp_bytes("w13/0.tar", tar.text, tar.length - 512); /* sample a is complete */
    pt_strbuf_clear(&tar);
    tar_add_text(&tar, "b.json", "{\"text\": \"b\"}");
    tar_add_text(&tar, "b.wav", "B");
    write_tmp_bytes("w13/1.tar", tar.text, tar.length - 512);
    pt_strbuf_release(&tar);
    const char *path = tmp_path("w13");
    CHECK_LIST(path, "0/a|0.tar/a.wav|ok|a", "-|0.tar|undecodable", "-|1.tar|undecodable");
    listing *l = list_corpus(path, NULL);
    CHECK_STR(l->entry[1].fault, "tar '0.tar' is truncated or damaged after its file 'a.json'");
    CHECK_STR(l->entry[2].fault, "tar '1.tar' is truncated or damaged after its file 'b.json': the "
                                 "rest is lost, from sample 'b' on");
    list_release(l);
}

TEST(webdataset, damage_loses_one_tar) {
    pt_strbuf tar = {0};
    add_three(&tar);
    tar.text[2048] ^= 1; /* the header of b.wav */
    put_tar("w7/1.tar", &tar);
    write_tmp_text("w7/2.tar", "no tar");
    write_tmp_text("w7/3.tar", "");
    put_tar("w7/4.tar", &tar); /* no samples: no report */
    mkfifo(tmp_path("w7/5.tar"), 0600);
    CHECK(symlink("nowhere", tmp_path("w7/6.tar")) == 0);
    tar_add_text(&tar, "a.wav", "A");
    put_tar("w7/caf\xE9.tar", &tar);
    tar_add_text(&tar, "caf\xE9.wav", "A");
    tar_add_text(&tar, "caf\xE9.json", "{\"id\": \"x\"}");
    tar_add_text(&tar, "caf\xE9.wav", "again");
    tar_add_text(&tar, "b.wav", "B");
    tar_add_text(&tar, "b.caf\xE9.wav", "again");
    put_tar("w7/z.tar", &tar);
    CHECK_LIST(tmp_path("w7"), "1/a|1.tar/a.wav|ok|caption", "-|1.tar|undecodable",
               "-|2.tar|undecodable", "-|3.tar|undecodable", "-|5.tar|undecodable",
               "-|6.tar|missing", "-|caf\\xE9.tar|undecodable", "-|z.tar/caf\\xE9.wav|undecodable",
               "-|z.tar/caf\\xE9.wav|undecodable", "z/b|z.tar/b.wav|ok",
               "-|z.tar/b.caf\\xE9.wav|undecodable");
    listing *l = list_corpus(tmp_path("w7"), NULL);
    CHECK_STR(l->entry[1].fault, "tar '1.tar' is truncated or damaged after its file 'a.txt'");
    CHECK_STR(l->entry[2].fault,
              "tar '2.tar' is not a tar, or is truncated or damaged in its first file");
    CHECK_STR(l->entry[5].fault, "tar '6.tar': not found");
    list_release(l);
}

TEST(webdataset, tar_without_samples_is_rejected) {
    pt_strbuf tar = {0};
    listing *l = list_corpus(put_tar("w8/empty.tar", &tar), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "empty.tar': has no sample");
    list_release(l);
    write_tmp_text("w8/none.tar", "no tar");
    l = list_corpus(tmp_path("w8"), NULL);
    CHECK_INT(l->n, 1); /* the invalid one */
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "has no sample");
    CHECK_CONTAINS(l->err.message, "tar 'none.tar'");
    list_release(l);
}

TEST(webdataset, oversized_files_reject_the_sample) {
    pt_strbuf tar = {0};
    char *text = malloc((16 << 20) + 1);
    memset(text, ' ', (16 << 20) + 1);
    memcpy(text, "{\"text\": \"x\", \"id\": \"own\"}", 26);
    tar_add_text(&tar, "a.wav", "A");
    tar_add_bytes(&tar, "a.json", text, 16 << 20);
    tar_add_bytes(&tar, "a.txt", text, (16 << 20) + 1); /* is not used */
    tar_add_text(&tar, "b.wav", "B");
    tar_add_bytes(&tar, "b.json", text, (16 << 20) + 1);
    tar_add_text(&tar, "c.wav", "C");
    tar_add_bytes(&tar, "c.txt", text, (16 << 20) + 1);
    free(text);
    tar_add_text(&tar, "d.txt", "d");
    tar_add_header(&tar, "d.wav", '0', ((uint64_t)1 << 30) + 1);
    const char *path = write_tmp_bytes("w9.tar", tar.text, tar.length);
    const off_t after = (off_t)tar.length + (1 << 30) + 512;
    pt_strbuf_release(&tar);
    tar_add_text(&tar, "e.wav", "E");
    tar_end(&tar);
    const int fd = open(path, O_WRONLY); /* a sparse gigabyte of zeros */
    CHECK_INT(pwrite(fd, tar.text, tar.length, after), tar.length);
    close(fd);
    pt_strbuf_release(&tar);
    CHECK_LIST(path, "own|w9.tar/a.wav|ok|x",
               "w9/b|w9.tar/b.wav|ok|(the .json or .txt beside it is too large)",
               "w9/c|w9.tar/c.wav|ok|(the .json or .txt beside it is too large)",
               "w9/d|w9.tar/d.wav|undecodable|d", "w9/e|w9.tar/e.wav|ok");
    listing *l = list_corpus(path, NULL);
    CHECK_STR(l->entry[3].fault, "'w9.tar/d.wav': has 1073741825 bytes; the limit is 1073741824");
    list_release(l);
    unlink(path);
}

TEST(webdataset, patterns_keep_their_order) {
    for (int i = 8; i < 12; i++) {
        pt_strbuf tar = {0};
        char name[32], key[32];
        snprintf(name, sizeof name, "w10/%s/%02d.tar", i % 2 ? "b" : "a", i);
        snprintf(key, sizeof key, "%d.wav", i);
        tar_add_text(&tar, key, "A");
        put_tar(name, &tar);
    }
    pt_strbuf tar = {0};
    tar_add_text(&tar, "itself.wav", "A");
    put_tar("w10/{1,2}.tar", &tar);
    tar_add_text(&tar, "below.wav", "A");
    put_tar("w10/{a,b}/0.tar", &tar);
    CHECK_LIST(tmp_path("w10/a/{10,08}.tar"), "10/10|10.tar/10.wav|ok", "08/8|08.tar/8.wav|ok");
    CHECK_LIST(tmp_path("w10/{b/11,a/10}.tar"), "b/11/11|b/11.tar/11.wav|ok",
               "a/10/10|a/10.tar/10.wav|ok");
    CHECK_LIST(tmp_path("w10/{1,2}.tar"), "{1,2}/itself|{1,2}.tar/itself.wav|ok");
    CHECK_LIST(tmp_path("w10/{a,b}/0.tar"), "0/below|0.tar/below.wav|ok");
    listing *l = list_corpus(tmp_path("w10/a/{08..10}.tar"), NULL);
    CHECK_INT(l->status, PATINA_EIO);
    CHECK_CONTAINS(l->err.message, "does not exist");
    CHECK_CONTAINS(l->err.message, "w10/a/09.tar'");
    list_release(l);
    l = list_corpus(tmp_path("w10/a/{0..1000000}.tar"), NULL);
    CHECK_INT(l->status, PATINA_EFORMAT);
    CHECK_CONTAINS(l->err.message, "100000");
    list_release(l);
}

TEST(webdataset, ids_have_no_absolute_paths) {
    pt_strbuf tar = {0};
    char pattern[4096];
    tar_add_text(&tar, "a.wav", "A");
    const char *path = put_tar("w11/0.tar", &tar);
    snprintf(pattern, sizeof pattern, "{%s,%s}", path, path);
    listing *l = list_checked(t, pattern);
    CHECK_INT(l->n, 2);
    CHECK_STR(l->n ? l->entry[0].source : NULL,
              (snprintf(pattern, sizeof pattern, "%s/a.wav", path + 1), pattern));
    list_release(l);
    write_tmp_text("0.tar", ""); /* the empty alternative leaves two slashes */
    snprintf(pattern, sizeof pattern, "%s/{w11,}/0.tar", pt_test_tmpdir());
    CHECK_LIST(pattern, "w11/0/a|w11/0.tar/a.wav|ok", "-|0.tar|undecodable");
}

TEST(webdataset, kind_is_detected) {
    pt_strbuf tar = {0};
    tar_add_text(&tar, "a.wav", "A");
    const char *path = put_tar("w12/tars/shard-0", &tar);
    listing *l = list_corpus(path, NULL); /* detected by its POSIX header */
    CHECK_STR(l->kind, "webdataset");
    CHECK_STR(entry_string(l, 0), "shard-0/a|shard-0/a.wav|ok");
    list_release(l);
    l = list_corpus(tmp_path("w12/tars"), NULL);
    CHECK_STR(l->kind, ""); /* no name in it is a tar or audio file */
    list_release(l);
    tar_add_text(&tar, "a.wav", "A");
    put_tar("w12/tars/sub/0.TAR", &tar);
    CHECK_LIST(tmp_path("w12/tars"), "sub/0/a|sub/0.TAR/a.wav|ok");
    write_tmp_text("w12/tars/sub/x.wav", "");
    l = list_corpus(tmp_path("w12/tars"), NULL);
    CHECK_STR(l->kind, "folder");
    list_release(l);
    pt_corpus *corpus = NULL;
    REQUIRE_OK(pt_corpus_open(tmp_path("w12/tars"), &(pt_corpus_options){.kind = "webdataset"},
                              &corpus, &t->err));
    pt_corpus_close(&corpus);
    CHECK_FAILS(
        pt_corpus_open(tmp_path("f"), &(pt_corpus_options){.kind = "webdataset"}, &corpus, &t->err),
        PATINA_EIO);
    mkdir(tmp_path("w12/none"), 0700);
    CHECK_FAILS(pt_corpus_open(tmp_path("w12/none"), &(pt_corpus_options){.kind = "webdataset"},
                               &corpus, &t->err),
                PATINA_EFORMAT);
}
