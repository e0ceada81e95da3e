/* SPDX-License-Identifier: MIT */
/* test_parquet_reader.c - Parquet corpora as on the Hugging Face hub
 *
 * tests/golden/make/make_parquet.py writes the files of tests/golden/parquet/hub.
 */

#include "corpus_fixture.h"
#include "parquet_builder.h"

#include "base/byte_source.h"
#include "parquet/file_metadata.h"

/** Entries with audio where bit i of `with_audio` (from 0, again after 32) is set. */
static listing *list_partial(const char *path, const pt_corpus_options *options,
                             uint32_t with_audio) {
    listing *l = calloc(1, sizeof *l);
    pt_corpus *corpus = NULL;
    bool end = false;

    l->status = pt_corpus_open(path, options, &corpus, &l->err);
    if (l->status == PATINA_OK)
        snprintf(l->kind, sizeof l->kind, "%s", pt_corpus_kind_name(corpus));
    while (l->status == PATINA_OK && l->n < LISTING_MAX) {
        l->status =
            pt_corpus_next(corpus, with_audio >> l->n % 32 & 1, &l->entry[l->n], &end, &l->err);
        if (end) break;
        if (l->status == PATINA_OK) l->n++;
    }
    pt_corpus_close(&corpus);
    return l;
}

static bool has_audio(const listing *l, size_t i, const char *text) {
    const pt_entry *e = &l->entry[i];
    return i < l->n && e->audio && e->n_audio == strlen(text) &&
           memcmp(e->audio, text, e->n_audio) == 0;
}

/** As in the script: "sound 3 sound 3 ...". */
static const char *sound(unsigned i) {
    static char text[256];
    text[0] = '\0';
    for (unsigned k = 0; k < 3 + i * 7 % 11; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "sound %u ", i);
    return text;
}

/** The same entries without their audio, and without faults that only the audio shows. */
static bool same(const listing *a, const listing *b) {
    if (a->n != b->n || a->status != b->status) return false;
    for (size_t i = 0; i < a->n; i++) {
        const pt_entry *x = &a->entry[i], *y = &b->entry[i];
        if (!x->id != !y->id || (x->id && strcmp(x->id, y->id) != 0)) return false;
        if (strcmp(x->source, y->source) != 0 || x->n_captions != y->n_captions) return false;
        for (size_t c = 0; c < x->n_captions; c++)
            if (!x->captions[c].text != !y->captions[c].text ||
                strcmp(x->captions[c].text ? x->captions[c].text : x->captions[c].fault,
                       y->captions[c].text ? y->captions[c].text : y->captions[c].fault) != 0)
                return false;
    }
    return true;
}

/* Rows of one clip are one entry, over row groups and files, also where they are not adjacent. */
TEST(parquet_reader, a_folder_of_audiocaps) {
    const char *path = pt_test_golden_path("parquet/hub/audiocaps");
    listing *l = list_partial(path, NULL, UINT32_MAX), *planned = list_partial(path, NULL, 0);
    static const unsigned clips[] = {0, 1, 2, 3};

    CHECK_STR(l->kind, "parquet");
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 4);
    CHECK_STR(entry_string(l, 0),
              "-clip_0_0|data/test-00000-of-00002.parquet#0|ok|caption 0|caption 16");
    CHECK_STR(entry_string(l, 1),
              "-clip_1_10|data/test-00000-of-00002.parquet#1|ok|caption 1|caption 2|"
              "caption 3|caption 4|caption 5");
    CHECK_STR(entry_string(l, 2),
              "-clip_2_20|data/test-00000-of-00002.parquet#6|ok|caption 6|caption 7|"
              "caption 8|caption 9|caption 10");
    CHECK_STR(entry_string(l, 3), "-clip_3_30|data/test-00001-of-00002.parquet#3|ok|caption 11|"
                                  "caption 12|caption 13|caption 14|caption 15");
    for (size_t i = 0; i < 4; i++) {
        CHECK(has_audio(l, i, sound(clips[i])));
        CHECK(!planned->entry[i].audio && !planned->entry[i].path);
    }
    CHECK(same(l, planned));
    list_release(l);
    list_release(planned);
}

/* Rows of one id with different audio lose their captions. */
TEST(parquet_reader, rows_of_one_id_with_other_audio) {
    const char *path = pt_test_golden_path("parquet/hub/same_ids.parquet");
    listing *l = list_partial(path, NULL, UINT32_MAX);
    CHECK_INT(l->n, 2);
    CHECK_INT(l->entry[0].n_captions, 5);
    CHECK_STR(l->entry[0].captions[0].text, "a");
    for (size_t i = 1; i < 5; i++) {
        CHECK_INT(l->entry[0].captions[i].reason, PATINA_REJECT_DUPLICATE_ID);
        CHECK_CONTAINS(l->entry[0].captions[i].fault, "has the id of an earlier row");
    }
    CHECK_STR(entry_string(l, 1), "6|same_ids.parquet#5|ok|f");
    CHECK(has_audio(l, 0, "a"));
    list_release(l);
    l = list_partial(path, NULL, 0); /* without audio the id decides */
    CHECK_STR(entry_string(l, 0), "5|same_ids.parquet#0|ok|a|b|c|d|e");
    list_release(l);
}

TEST(parquet_reader, one_file) {
    listing *l = list_partial(
        pt_test_golden_path("parquet/hub/audiocaps/data/test-00001-of-00002.parquet"), NULL, 0);
    CHECK_INT(l->n, 3);
    CHECK_STR(entry_string(l, 0), "-clip_2_20|test-00001-of-00002.parquet#0|ok|caption 8|caption 9|"
                                  "caption 10");
    list_release(l);
    l = list_partial(pt_test_golden_path("parquet/hub/no_rows.parquet"), NULL, 0);
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 0);
    list_release(l);
}

TEST(parquet_reader, numbers_lists_and_audio_elsewhere) {
    const char *path = pt_test_golden_path("parquet/hub/ids.parquet");
    listing *l = list_partial(path, NULL, UINT32_MAX), *planned = list_partial(path, NULL, 0);

    CHECK_INT(l->n, 7);
    CHECK_STR(entry_string(l, 0), "7|ids.parquet#0|ok|a|b");
    CHECK(has_audio(l, 0, "seven"));
    CHECK_STR(entry_string(l, 1), "-8|ids.parquet#1|ok");
    CHECK(l->entry[1].path &&
          strcmp(l->entry[1].path + strlen(path) - strlen("ids.parquet"), "eight.wav") == 0);
    CHECK_STR(entry_string(l, 2), "4294967295|ids.parquet#2|missing|c|(null)|(only white space)");
    CHECK_STR(l->entry[2].fault, "it has neither bytes nor a path");
    CHECK_STR(entry_string(l, 3), "-|ids.parquet#3|undecodable|d");
    CHECK_STR(l->entry[3].fault, "its id is null");
    CHECK_STR(entry_string(l, 4), "9|ids.parquet#4|missing");
    CHECK_STR(entry_string(l, 5), "10|ids.parquet#5|missing|e");
    CHECK_CONTAINS(l->entry[5].fault, "is outside the corpus");
    CHECK(!l->entry[5].path);
    CHECK_STR(entry_string(l, 6), "11|ids.parquet#6|missing|f");
    CHECK(same(l, planned));
    for (size_t i = 0; i < 7; i++)
        CHECK_INT(planned->entry[i].status, i == 3 ? PATINA_REJECT_UNDECODABLE : PATINA_OK);
    list_release(l);
    list_release(planned);

    l = list_partial(path, &(pt_corpus_options){.audio_root = "/somewhere"}, UINT32_MAX);
    CHECK_STR(l->entry[1].path, "/somewhere/eight.wav");
    list_release(l);
}

TEST(parquet_reader, rows_without_ids) {
    listing *l = list_partial(pt_test_golden_path("parquet/hub/rows.parquet"), NULL, UINT32_MAX);
    CHECK_INT(l->n, 4);
    CHECK_STR(entry_string(l, 0), "rows.parquet#0|rows.parquet#0|ok|one");
    CHECK_STR(entry_string(l, 1), "rows.parquet#1|rows.parquet#1|ok|(null)");
    CHECK_STR(entry_string(l, 2), "rows.parquet#2|rows.parquet#2|ok|(empty)");
    CHECK_STR(entry_string(l, 3), "rows.parquet#3|rows.parquet#3|ok|two"); /* of the second group */
    CHECK(has_audio(l, 0, "1") && has_audio(l, 1, "") && has_audio(l, 3, "4"));
    list_release(l);
}

TEST(parquet_reader, odd_ids) {
    listing *l = list_partial(pt_test_golden_path("parquet/hub/odd_ids.parquet"), NULL, 0);
    CHECK_INT(l->n, 7);
    CHECK_STR(entry_string(l, 0), "a_30|odd_ids.parquet#0|ok|x"); /* of a float */
    for (size_t i = 1; i < 7; i++) {
        CHECK(l->entry[i].id == NULL);
        CHECK_INT(l->entry[i].status, PATINA_REJECT_UNDECODABLE);
        CHECK_CONTAINS(l->entry[i].fault, i <= 3 ? "its youtube_id" : "its start_time");
        CHECK_CONTAINS(l->entry[i].fault, i == 5 ? "null" : "neither UTF-8 text nor an integer");
    }
    list_release(l);
    l = list_partial(pt_test_golden_path("parquet/hub/unsigned_ids.parquet"), NULL, 0);
    CHECK_INT(l->n, 2);
    CHECK_STR(entry_string(l, 0), "4294967295_30|unsigned_ids.parquet#0|ok|x");
    CHECK_STR(entry_string(l, 1), "1_1.500|unsigned_ids.parquet#1|ok|y");
    list_release(l);
}

static void check_refused(pt_test *t, const char *path, const pt_corpus_options *options,
                          patina_status status, const char *fault) {
    listing *l = list_partial(path, options, 0);
    CHECK_INT(l->status, status);
    CHECK_CONTAINS(l->err.message, fault);
    list_release(l);
}

TEST(parquet_reader, audio_is_bytes_without_a_struct) {
    listing *l = list_partial(pt_test_golden_path("parquet/hub/flat_audio.parquet"), NULL, 0);
    CHECK_INT(l->status, PATINA_OK);
    CHECK(l->n > 0);
    if (l->n > 0) CHECK_INT(l->entry[0].status, PATINA_OK);
    list_release(l);
}

TEST(parquet_reader, unsupported_columns) {
    const pt_corpus_options label = {.caption_column = "label"}, absent = {.caption_column = "q"},
                            number = {.caption_column = "id"};
    check_refused(t, pt_test_golden_path("parquet/hub/no_audio.parquet"), NULL, PATINA_EFORMAT,
                  "there is no column 'audio'; its columns are 'id' and 'caption'");
    check_refused(t, pt_test_golden_path("parquet/hub/no_caption.parquet"), &absent, PATINA_EUSAGE,
                  "option '--caption-column': no column 'q'; the columns are");
    check_refused(t, pt_test_golden_path("parquet/hub/no_caption.parquet"), &number, PATINA_EFORMAT,
                  "column 'id' is neither a string nor a list of strings");
    check_refused(t, pt_test_golden_path("parquet/hub/number_caption.parquet"), NULL,
                  PATINA_EFORMAT, "column 'caption' is neither a string nor a list of strings");
    check_refused(t, pt_test_golden_path("parquet/hub/delta_audio.parquet"), NULL, PATINA_EFORMAT,
                  "column 'audio.bytes': it has an encoding that is not supported (supported: "
                  "PLAIN and dictionaries): DELTA_LENGTH_BYTE_ARRAY");
    listing *l = list_partial(pt_test_golden_path("parquet/hub/no_caption.parquet"), &label, 0);
    CHECK_STR(entry_string(l, 0), "1|no_caption.parquet#0|ok|x");
    list_release(l);
    l = list_partial(pt_test_golden_path("parquet/hub/no_caption.parquet"), NULL, 0);
    CHECK_STR(entry_string(l, 0), "1|no_caption.parquet#0|ok|The sound of x");
    list_release(l);
}

/* Audio of some entries only: pages are skipped, and all entries are correct. */
TEST(parquet_reader, skipping_rows) {
    const char *path = pt_test_golden_path("parquet/hub/pages.parquet");
    uint32_t x = 1;
    for (unsigned round = 0; round < 50; round++) {
        x = x * 1664525U + 1013904223U;
        const uint32_t with_audio = round < 30 ? 1U << round : x;
        listing *l = list_partial(path, NULL, with_audio);
        CHECK_INT(l->n, 30);
        for (unsigned i = 0; i < l->n; i++)
            CHECK(with_audio >> i & 1 ? has_audio(l, i, sound(i)) : !l->entry[i].audio);
        list_release(l);
    }
}

/* ---- damage */

/** A copy of the file with one column's chunk in a group changed from an offset on. */
static const char *write_damaged(pt_test *t, const char *name, size_t leaf, size_t group,
                                 size_t offset, size_t n_changed) {
    char *text = NULL;
    size_t n = 0;
    pt_byte_source bytes;
    pt_parquet *file = NULL;

    if (!CHECK_OK(pt_file_read_all(pt_test_golden_path("parquet/hub/pages.parquet"), 1 << 20, &text,
                                   &n, &t->err)))
        exit(2);
    pt_byte_source_from_memory(text, n, &bytes);
    if (!CHECK_OK(pt_parquet_open(&bytes, &file, &t->err))) exit(2);
    const pt_parquet_column_chunk *chunk = &file->groups[group].chunks[leaf];
    if (n_changed == 0) n_changed = (size_t)chunk->n_bytes - offset;
    for (size_t i = 0; i < n_changed; i++)
        text[chunk->start + offset + i] ^= 0x55;
    pt_parquet_close(&file);
    const char *path = write_tmp_bytes(name, text, n);
    free(text);
    return path;
}

enum { LEAF_ID, LEAF_CAPTION, LEAF_BYTES, LEAF_PATH };

/* Only requested audio is read: no byte of the audio of other entries. */
TEST(parquet_reader, audio_is_read_on_demand) {
    const char *path = write_damaged(t, "p/pages.parquet", LEAF_BYTES, 0, 0, 0);
    listing *whole = list_partial(pt_test_golden_path("parquet/hub/pages.parquet"), NULL, 0);
    listing *l = list_partial(path, NULL, 0), *all = list_partial(path, NULL, UINT32_MAX);
    CHECK(same(l, whole));
    CHECK(same(all, whole)); /* each entry reports its own audio */
    for (unsigned i = 0; i < 30; i++) {
        CHECK_INT(l->entry[i].status, PATINA_OK);
        CHECK_INT(all->entry[i].status, i < 20 ? PATINA_REJECT_UNDECODABLE : PATINA_OK);
        if (i < 20)
            CHECK_CONTAINS(all->entry[i].fault, "its audio cannot be read: column 'audio.bytes': ");
        else
            CHECK(has_audio(all, i, sound(i)));
    }
    list_release(l);
    list_release(all);
    list_release(whole);
}

/* Byte 1000 of the chunk is in the body of its second page, which has rows 8 to 15. */
TEST(parquet_reader, damaged_audio_page_rejects_its_rows) {
    listing *l =
        list_partial(write_damaged(t, "p/page.parquet", LEAF_BYTES, 0, 1000, 1), NULL, UINT32_MAX);
    unsigned n_lost = 0;
    CHECK_INT(l->n, 30);
    for (unsigned i = 0; i < l->n; i++) {
        const bool lost = l->entry[i].status != PATINA_OK;
        CHECK_INT(lost, i >= 8 && i < 16);
        CHECK(lost ? !l->entry[i].audio : has_audio(l, i, sound(i)));
        if (lost) CHECK_CONTAINS(l->entry[i].fault, "checksum");
        n_lost += lost;
    }
    CHECK_INT(n_lost, 8);
    list_release(l);
}

/* The id column has pages with more rows; rows read before its damage remain. */
TEST(parquet_reader, damaged_ids_reject_the_row_group) {
    static const size_t leaves[] = {LEAF_ID, LEAF_CAPTION, LEAF_PATH};
    static const char *const names[] = {
        "column 'id': ", "column 'caption': ", "column 'audio.path': "};
    for (size_t k = 0; k < 3; k++) {
        const char *path = write_damaged(t, "p/ids.parquet", leaves[k], 0, 0, 0);
        listing *l = list_partial(path, NULL, UINT32_MAX), *planned = list_partial(path, NULL, 0);
        CHECK(same(l, planned));
        CHECK_INT(l->n, 11);
        CHECK_STR(entry_string(l, 0), "-|ids.parquet#0|undecodable");
        CHECK_CONTAINS(l->entry[0].fault, "rows 0 to 19 cannot be read: ");
        CHECK_CONTAINS(l->entry[0].fault, names[k]);
        CHECK_STR(entry_string(l, 1), "20|ids.parquet#20|ok|caption 20");
        list_release(l);
        list_release(planned);
    }
    listing *l = list_partial(write_damaged(t, "p/late.parquet", LEAF_CAPTION, 1, 0, 0), NULL, 0);
    CHECK_INT(l->n, 21);
    CHECK_CONTAINS(l->entry[20].fault, "rows 20 to 29 cannot be read: ");
    list_release(l);
}

static const char *copy_truncated(pt_test *t, const char *name, const char *golden, size_t n_cut) {
    char *text = NULL;
    size_t n = 0;
    if (!CHECK_OK(pt_file_read_all(pt_test_golden_path(golden), 1 << 20, &text, &n, &t->err)))
        exit(2);
    const char *path = write_tmp_bytes(name, text, n - n_cut);
    free(text);
    return path;
}

/* A file of a few bytes that declares more rows than it can have; all of them would be reported. */
TEST(parquet_reader, more_rows_than_the_file_can_have) {
    static const schema_element_spec schema[] = {{"root", -1, -1, 1},
                                                 {"audio", PT_PARQUET_BYTE_ARRAY, 0, 0}};
    const page_spec page = {.kind = PT_PARQUET_DATA_PAGE,
                            .body = "",
                            .n_bytes = -1,
                            .n_packed = -1,
                            .n_values = INT32_MAX};
    const pt_corpus_options options = {.caption_column = "audio"};
    static const int64_t counts[] = {100, 100000, INT64_C(1) << 41};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        pt_strbuf file = {0};
        append_parquet_file(&file, &page, 1,
                            (file_metadata_spec){.schema = schema,
                                                 .n_schema = 2,
                                                 .type = PT_PARQUET_BYTE_ARRAY,
                                                 .n_values = counts[i],
                                                 .n_rows = counts[i],
                                                 .file_n_rows = counts[i]});
        const char *path = write_tmp_bytes("counts.parquet", file.text, file.length);
        listing *l = list_partial(path, &options, 0);
        CHECK_INT(l->status, i == 0 ? PATINA_OK : PATINA_EFORMAT);
        if (i > 0) CHECK_CONTAINS(l->err.message, "rows in a file of");
        list_release(l);
        pt_strbuf_release(&file);
    }
}

/* In a folder, an unreadable file is reported, and the others are read. */
TEST(parquet_reader, invalid_files) {
    copy_truncated(t, "f/b.parquet", "parquet/hub/rows.parquet", 0);
    copy_truncated(t, "f/c/d.PARQUET", "parquet/hub/rows.parquet", 0);
    copy_truncated(t, "f/a.parquet", "parquet/hub/rows.parquet", 1);
    copy_truncated(t, "f/z.parquet", "parquet/hub/no_audio.parquet", 0);
    write_tmp_text("f/x\xFF.parquet", "version https://git-lfs.github.com/spec/v1\n");
    write_tmp_text("f/README.md", "# rows\n");
    write_tmp_text("f/.hidden.parquet", "");
    listing *l = list_partial(tmp_path("f"), NULL, UINT32_MAX);
    CHECK_STR(l->kind, "parquet");
    CHECK_INT(l->status, PATINA_OK);
    CHECK_INT(l->n, 11);
    CHECK_STR(entry_string(l, 0), "-|a.parquet|undecodable");
    CHECK_CONTAINS(l->entry[0].fault, "no row of the file can be read: damaged Parquet file: ");
    CHECK_STR(entry_string(l, 1), "b.parquet#0|b.parquet#0|ok|one");
    CHECK_STR(entry_string(l, 8), "c/d.PARQUET#3|c/d.PARQUET#3|ok|two");
    CHECK_STR(entry_string(l, 9), "-|x\\xFF.parquet|undecodable");
    CHECK_CONTAINS(l->entry[9].fault, "git lfs pull");
    CHECK_STR(entry_string(l, 10), "-|z.parquet|undecodable");
    CHECK_CONTAINS(l->entry[10].fault, "there is no column 'audio'");
    list_release(l);

    check_refused(t, tmp_path("f/a.parquet"), NULL, PATINA_EFORMAT,
                  "a.parquet': damaged Parquet file: ");
    copy_truncated(t, "none/a.parquet", "parquet/hub/rows.parquet", 1);
    write_tmp_text("none/b.parquet", "text that is long enough");
    check_refused(t, tmp_path("none"), NULL, PATINA_EFORMAT,
                  "'a.parquet': damaged Parquet file: it does not end with 'PAR1'; it may be "
                  "truncated; no other file can be read either");
    write_tmp_text("other/a.txt", "x");
    check_refused(t, tmp_path("other"), &(pt_corpus_options){.kind = "parquet"}, PATINA_EFORMAT,
                  "it contains no .parquet file");
    write_tmp_text("plain.txt", "no Parquet at all");
    check_refused(t, tmp_path("plain.txt"), &(pt_corpus_options){.kind = "parquet"}, PATINA_EFORMAT,
                  "does not begin with 'PAR1'");
}

/* A folder of audio is detected, whatever other files it contains. */
TEST(parquet_reader, audio_in_separate_files) {
    copy_truncated(t, "g/b.parquet", "parquet/hub/rows.parquet", 0);
    write_tmp_text("g/c.wav", "RIFF");
    listing *l = list_partial(tmp_path("g"), NULL, 0);
    CHECK_STR(l->kind, "folder");
    list_release(l);
}

/* Any changed byte: as many entries with the audio as without, and none without a status. */
TEST(parquet_reader, flipped_bytes) {
    char *text = NULL;
    size_t n = 0, n_rejects = 0;

    REQUIRE_OK(pt_file_read_all(pt_test_golden_path("parquet/hub/ids.parquet"), 1 << 20, &text, &n,
                                &t->err));
    for (size_t i = 0; i < n; i++) {
        text[i] = (char)(text[i] ^ 0x11);
        const char *path = write_tmp_bytes("flip.parquet", text, n);
        text[i] = (char)(text[i] ^ 0x11);
        const pt_corpus_options options = {.kind = "parquet"};
        listing *l = list_partial(path, &options, UINT32_MAX),
                *planned = list_partial(path, &options, 0);
        CHECK(same(l, planned));
        CHECK(l->status == PATINA_OK || (l->status == PATINA_EFORMAT && l->err.message[0]));
        for (size_t k = 0; k < l->n; k++) {
            const pt_entry *e = &l->entry[k];
            CHECK(e->status == PATINA_OK ? e->id && (e->audio || e->path) : e->fault != NULL);
            n_rejects += e->status != PATINA_OK;
        }
        list_release(l);
        list_release(planned);
    }
    CHECK(n_rejects > n);
    free(text);
}

/* The sample of a hub data set: its bytes are the clips in the same folder. */
TEST(parquet_reader, shared_sample) {
    static const struct {
        const char *entry, *clip;
    } expected[] = {
        {"1-100032-A_0|data/test-00000-of-00001.parquet#0|ok|A dog barks", "1-100032-A.wav"},
        {"1-17367-A_0|data/test-00000-of-00001.parquet#1|ok|Rain is falling", "1-17367-A.mp3"},
        {"hens_0|data/test-00000-of-00001.parquet#2|ok|Hens are clucking", "hens.ogg"},
        {"tap_0|data/test-00000-of-00001.parquet#3|ok|A tapping sound", "tap.wav"},
        {"misc_crow_0|data/test-00000-of-00001.parquet#4|ok|A crow calls", "misc_crow.flac"},
        {"1-42139-A_0|data/test-00000-of-00001.parquet#5|ok|A clock is ticking", "1-42139-A.opus"},
        {"friction0_0|data/test-00000-of-00001.parquet#6|ok|A short friction noise",
         "friction0.wav"},
        {"stereo_24bit_0|data/test-00000-of-00001.parquet#7|ok|A short test recording",
         "stereo_24bit.WAV"},
    };
    if (!pt_test_shared_path("corpus/hf")) SKIP("the shared corpus is not there");
    listing *l = list_partial(pt_test_shared_path("corpus/hf"), NULL, UINT32_MAX);
    CHECK_STR(l->kind, "parquet");
    CHECK_INT(l->n, 8);
    for (size_t i = 0; i < 8; i++) {
        char relative[64], *clip = NULL;
        size_t n = 0;
        snprintf(relative, sizeof relative, "corpus/clips/%s", expected[i].clip);
        CHECK_STR(entry_string(l, i), expected[i].entry);
        REQUIRE_OK(pt_file_read_all(pt_test_shared_path(relative), 1 << 24, &clip, &n, &t->err));
        CHECK(l->entry[i].n_audio == n && memcmp(l->entry[i].audio, clip, n) == 0);
        free(clip);
    }
    list_release(l);
}
