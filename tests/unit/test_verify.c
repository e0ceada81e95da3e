/* SPDX-License-Identifier: MIT */
/* test_verify.c - verification of an intact data set and of sets with one fault each */

#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include <patina/dataset.h>

#include "fs/atomic_file.h"
#include "run_fixture.h"

/* Faults, one per line. */
static void remember(void *context, const char *sentence) {
    pt_strbuf_append(context, sentence);
    pt_strbuf_append(context, "\n");
}

/* Number of faults in a folder; the caller releases *said. */
static uint64_t faults_of(pt_test *t, const char *out, pt_strbuf *said) {
    patina_verify_report found = {0};
    pt_strbuf_clear(said);
    pt_strbuf_append(said, "");
    CHECK_OK(patina_dataset_verify(out, remember, said, &found, &t->err));
    return found.n_faults;
}

TEST(verify, valid_dataset) {
    const char *out = run_dir_path("good");
    patina_verify_report found = {0};
    pt_strbuf said = {0};

    REQUIRE_OK(run_write_all_chunks(out, NULL, false, &t->err));
    CHECK_OK(patina_dataset_verify(out, remember, &said, &found, &t->err));
    CHECK_INT(found.n_faults, 0);
    CHECK(said.length == 0);
    CHECK(found.finished);
    CHECK_INT(found.n_rows, RUN_ROWS);
    CHECK_INT(found.n_parts, 5);
    CHECK_INT(found.n_rejects, RUN_REJECTS);
    pt_strbuf_release(&said);
}

/* Each file in turn has a byte flipped, loses its last line, and is removed. The card may be
 * edited: it must only exist. */
TEST(verify, damaged_files) {
    static const char *const files[] = {
        "dataset.json",
        "rejects.jsonl",
        "data/train-00000-of-00003.jsonl",
        "data/test-00001-of-00002.jsonl",
        "provenance/train-00002-of-00003.jsonl",
        "provenance/test-00000-of-00002.jsonl",
        "README.md",
    };
    const char *out = run_dir_path("damaged");
    pt_strbuf said = {0};

    REQUIRE_OK(run_write_all_chunks(out, NULL, false, &t->err));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = run_file_path(out, files[i]);
        const bool card = strcmp(files[i], "README.md") == 0;
        char *good = NULL;
        size_t n = 0;
        REQUIRE_OK(pt_file_read_all(path, 1 << 24, &good, &n, &t->err));
        for (size_t at = 0; at < n; at += 1 + n / 7) {
            good[at] ^= 1;
            FILE *f = fopen(path, "w");
            REQUIRE(f != NULL);
            fwrite(good, 1, n, f);
            fclose(f);
            good[at] ^= 1;
            CHECK(card == (faults_of(t, out, &said) == 0));
            if (!card) CHECK_CONTAINS(said.text, files[i]);
        }
        size_t shorter = n - 1;
        while (shorter > 0 && good[shorter - 1] != '\n')
            shorter--;
        FILE *f = fopen(path, "w");
        REQUIRE(f != NULL);
        fwrite(good, 1, shorter, f);
        fclose(f);
        CHECK(card == (faults_of(t, out, &said) == 0));
        CHECK(unlink(path) == 0);
        if (strcmp(files[i], "dataset.json") != 0) { /* without it the set is not finished */
            CHECK(faults_of(t, out, &said) > 0);
            CHECK_CONTAINS(said.text, files[i]);
            CHECK_CONTAINS(said.text, "not found");
        }
        f = fopen(path, "w");
        REQUIRE(f != NULL);
        fwrite(good, 1, n, f);
        fclose(f);
        free(good);
        CHECK_INT(faults_of(t, out, &said), 0);
    }
    pt_strbuf_release(&said);
}

TEST(verify, unexpected_files) {
    const char *out = run_dir_path("unexpected_files");
    pt_strbuf said = {0};
    REQUIRE_OK(run_write_all_chunks(out, NULL, false, &t->err));
    REQUIRE_OK(
        pt_atomic_file_write_text(run_file_path(out, "data/train-00003-of-00003.jsonl"), "", NULL));
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "data/notes.txt"), "", NULL));
    REQUIRE_OK(
        pt_atomic_file_write_text(run_file_path(out, "provenance/train-0-of-3.jsonl"), "", NULL));
    CHECK_INT(faults_of(t, out, &said), 3);
    CHECK_CONTAINS(said.text, "data/train-00003-of-00003.jsonl': does not belong to this data set");
    CHECK_CONTAINS(said.text, "data/notes.txt': does not belong to this data set");
    CHECK_CONTAINS(said.text, "provenance/train-0-of-3.jsonl': does not belong to this data set");
    pt_strbuf_release(&said);
}

static pt_row good_row(void) {
    pt_row row = {.target_lufs = -23.25F, .target_dyn = {12.5F, 0.125F}, .input_purity = 20.5F};
    row.fused_state[0] = row.fused_state[PATINA_EMBEDDING_SIZE] = 1.0F;
    return row;
}

/* A JSON Lines backend that writes another row than the one that was checked. */
static const pt_row *substitute; /* written instead of good_row(); NULL for none */
static pt_row_writer_backend faulty;

static patina_status open_faulty(const char *path, const pt_key_value *metadata, size_t n_metadata,
                                 bool with_id, pt_row_writer **writer, patina_error *err) {
    const patina_status status =
        pt_row_writer_jsonl.open(path, metadata, n_metadata, with_id, writer, err);
    if (status == PATINA_OK) (*writer)->kind = &faulty;
    return status;
}

static patina_status write_faulty(pt_row_writer *writer, const pt_row *row, const char *id,
                                  patina_error *err) {
    const pt_row good = good_row();
    const bool is_good = memcmp(row, &good, sizeof good) == 0;
    return pt_row_writer_jsonl.write(writer, substitute && is_good ? substitute : row, id, err);
}

static patina_status open_store_of_faulty(const char *out, const pt_run_metadata *run_meta,
                                          pt_chunk_store **store, patina_error *err) {
    pt_run_counts counts;
    bool complete;
    faulty = pt_row_writer_jsonl;
    faulty.open = open_faulty;
    faulty.write = write_faulty;
    return pt_chunk_store_open(out, &faulty, run_meta, NULL, store, &complete, &counts, err);
}

/* Faults of a set with correct hashes and one wrong row or line. */
static uint64_t faults_of_row(pt_test *t, const pt_row *row, const char *line, pt_strbuf *said) {
    const char *out = run_dir_path("wrong");
    const pt_run_metadata run_meta = run_fixture_metadata();
    const pt_row checked = good_row();
    pt_run_counts done = {0};
    pt_chunk_store *store = NULL;
    uint64_t n = 0;

    CHECK_OK(open_store_of_faulty(out, &run_meta, &store, &t->err));
    CHECK_OK(pt_chunk_store_begin_chunk(store, 0, 0, &t->err));
    CHECK_OK(run_add_row(store, 0, 0, 0, &t->err));
    substitute = row;
    CHECK_OK(pt_chunk_store_add_rows(store, 0, &checked, 1, line, strlen(line), &t->err));
    CHECK_OK(pt_chunk_store_commit_chunk(store, 1, &t->err));
    substitute = NULL;
    for (uint64_t c = 1; c < RUN_CHUNKS; c++)
        CHECK_OK(run_write_chunk(store, c, false, &t->err));
    CHECK_OK(pt_chunk_store_finish(store, &done, &t->err));
    pt_chunk_store_close(&store);
    n = faults_of(t, out, said);
    run_remove_dir(out);
    return n;
}

static const char good_line[] = "{\"entry\": \"e\", \"variant\": 1, \"purity_db\": 20.5, "
                                "\"lufs_source\": -23.25, \"lufs_mono\": 0.0}\n";

/* test_schema.c has the limits of every column. */
TEST(verify, rows_out_of_range) {
    pt_strbuf said = {0};
    pt_row row = good_row();
    CHECK_INT(faults_of_row(t, &row, good_line, &said), 0);
    row.fused_state[0] = 0.5F;
    CHECK_INT(faults_of_row(t, &row, good_line, &said), 1);
    CHECK_CONTAINS(said.text, "data/train-00000-of-00003.jsonl': row 2: column 'fused_state': the "
                              "embedding of the text tower has length 0.5");
    row = good_row();
    row.target_dyn[1] = 1.5F;
    CHECK_INT(faults_of_row(t, &row, good_line, &said), 1);
    CHECK_CONTAINS(said.text, "row 2: column 'target_dyn': value 1 is 1.5; the range is 0 to 1");
    row = good_row();
    row.input_purity = 60.5F; /* also differs from its provenance */
    CHECK_INT(faults_of_row(t, &row, good_line, &said), 2);
    CHECK_CONTAINS(said.text, "column 'input_purity': value 0 is 60.5");
    pt_strbuf_release(&said);
}

TEST(verify, provenance_of_another_row) {
    const pt_row row = good_row();
    pt_strbuf said = {0};

#define CHECK_LINE_FAULT(line, words)                                                              \
    do {                                                                                           \
        CHECK_INT(faults_of_row(t, &row, line, &said), 1);                                         \
        CHECK_CONTAINS(said.text, "provenance/train-00000-of-00003.jsonl': ");                     \
        CHECK_CONTAINS(said.text, words);                                                          \
    } while (0)
    CHECK_LINE_FAULT("not JSON\n", "line 2: not a JSON object");
    CHECK_LINE_FAULT("[]\n", "line 2: not a JSON object");
    CHECK_LINE_FAULT("{\"variant\": 1, \"purity_db\": 20.5, \"lufs_source\": -23.25}\n",
                     "line 2: no 'entry' or no 'variant'");
    CHECK_LINE_FAULT("{\"entry\": \"e\", \"variant\": \"1\", \"purity_db\": 20.5, \"lufs_source\": "
                     "-23.25}\n",
                     "line 2: no 'entry' or no 'variant'");
    CHECK_LINE_FAULT("{\"entry\": \"e\", \"variant\": 1, \"lufs_source\": -23.25}\n",
                     "line 2: member 'purity_db' is not a number");
    CHECK_LINE_FAULT(
        "{\"entry\": \"e\", \"variant\": 1, \"purity_db\": 20.25, \"lufs_source\": -23.25}\n",
        "'purity_db' is 20.25, but input_purity of the row is 20.5");
    CHECK_LINE_FAULT(
        "{\"entry\": \"e\", \"variant\": 1, \"purity_db\": 20.5, \"lufs_source\": -23}\n",
        "'lufs_source' is -23, but target_lufs of the row is -23.25");
    CHECK_LINE_FAULT("{\"entry\": \"0-0-0\", \"variant\": 0, \"purity_db\": 20.5, \"lufs_source\": "
                     "-23.25}\n",
                     "line 2: a second row of entry '0-0-0', variant 0");
    /* an additional line without a row */
    CHECK_INT(faults_of_row(t, &row,
                            "{\"entry\": \"e\", \"variant\": 1, \"purity_db\": 20.5, "
                            "\"lufs_source\": -23.25}\n{}\n",
                            &said),
              1);
    CHECK_CONTAINS(said.text, "has 3 lines for 2 rows");
    /* the same row in two parts: reported for the second */
    CHECK_INT(faults_of_row(t, &row,
                            "{\"entry\": \"2-0-1\", \"variant\": 0, \"purity_db\": 20.5, "
                            "\"lufs_source\": -23.25}\n",
                            &said),
              1);
    CHECK_CONTAINS(said.text,
                   "provenance/train-00001-of-00003.jsonl': line 2: a second row of entry");
    pt_strbuf_release(&said);
}

TEST(verify, invalid_rejects) {
    const char *out = run_dir_path("rejects");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_run_counts done = {0};
    pt_chunk_store *store = NULL;
    bool complete;
    pt_strbuf said = {0};

    REQUIRE_OK(run_open(out, &run_meta, NULL, &store, &complete, &t->err));
    REQUIRE_OK(pt_chunk_store_begin_chunk(store, 0, 0, &t->err));
    CHECK_OK(pt_chunk_store_add_reject(store, PATINA_REJECT_SILENT, "{\"reason\": \"missing\"}\n",
                                       &t->err));
    CHECK_OK(pt_chunk_store_add_reject(store, PATINA_REJECT_MISSING, "{\"reason\": \"odd\"}\n",
                                       &t->err));
    CHECK_OK(pt_chunk_store_commit_chunk(store, 1, &t->err));
    for (uint64_t c = 1; c < RUN_CHUNKS; c++)
        CHECK_OK(run_write_chunk(store, c, false, &t->err));
    CHECK_OK(pt_chunk_store_finish(store, &done, &t->err));
    pt_chunk_store_close(&store);
    CHECK_INT(faults_of(t, out, &said), 2);
    CHECK_CONTAINS(said.text, "rejects.jsonl': line 2: not a reject with a known reason");
    CHECK_CONTAINS(said.text, "rejects.jsonl': has 1 lines of reason 'silent' instead of 2");
    pt_strbuf_release(&said);
}

/* Of a thousand faults of a file ten are reported, and all are counted. */
TEST(verify, at_most_ten_faults_per_file) {
    const char *out = run_dir_path("thousand");
    const pt_run_metadata run_meta = run_fixture_metadata();
    pt_run_counts done = {0};
    pt_chunk_store *store = NULL;
    pt_strbuf said = {0};
    const pt_row checked = good_row();
    pt_row row = checked;
    char line[256];

    row.fused_state[0] = 2.0F;
    REQUIRE_OK(open_store_of_faulty(out, &run_meta, &store, &t->err));
    REQUIRE_OK(pt_chunk_store_begin_chunk(store, 0, 0, &t->err));
    for (int i = 0; i < 1000; i++) {
        const int n = snprintf(line, sizeof line,
                               "{\"entry\": \"many\", \"variant\": %d, \"purity_db\": 20.5, "
                               "\"lufs_source\": -23.25}\n",
                               i);
        substitute = &row;
        CHECK_OK(pt_chunk_store_add_rows(store, 0, &checked, 1, line, (size_t)n, &t->err));
    }
    CHECK_OK(pt_chunk_store_commit_chunk(store, 1, &t->err));
    substitute = NULL;
    for (uint64_t c = 1; c < RUN_CHUNKS; c++)
        CHECK_OK(run_write_chunk(store, c, false, &t->err));
    CHECK_OK(pt_chunk_store_finish(store, &done, &t->err));
    pt_chunk_store_close(&store);
    CHECK_INT(faults_of(t, out, &said), 1000);
    unsigned n_lines = 0;
    for (const char *at = said.text; (at = strchr(at, '\n')); at++)
        n_lines++;
    CHECK_INT(n_lines, 10);
    pt_strbuf_release(&said);
}

TEST(verify, unfinished_run) {
    const char *out = run_dir_path("unfinished");
    patina_verify_report found = {0};
    pt_strbuf said = {0};

    REQUIRE_OK(run_write_some_chunks(out, 0x0B, &t->err));
    char *before = run_dir_snapshot(out);
    CHECK_OK(patina_dataset_verify(out, NULL, NULL, &found, &t->err));
    CHECK(!found.finished);
    CHECK_INT(found.n_faults, 0);
    CHECK_INT(found.n_chunks, 5);
    CHECK_INT(found.n_missing, 2);
    CHECK_INT(found.n_rows, 4);
    CHECK_INT(found.n_rejects, 3);
    char *after = run_dir_snapshot(out); /* verification changes nothing */
    CHECK_STR(after, before);
    free(before);
    free(after);

    REQUIRE(truncate(run_file_path(out, ".patina/00000000/rows-test.jsonl"), 10) == 0);
    CHECK(faults_of(t, out, &said) > 0);
    CHECK_CONTAINS(said.text, "00000000/rows-test.jsonl': has 10 bytes");
    REQUIRE(truncate(run_file_path(out, ".patina/00000001/rejects.jsonl"), 0) == 0);
    CHECK(faults_of(t, out, &said) > 1);
    CHECK_CONTAINS(said.text, "00000001/rejects.jsonl': has 0 bytes");
    REQUIRE(truncate(run_file_path(out, ".patina/00000003/chunk.json"), 0) == 0);
    CHECK(faults_of(t, out, &said) > 2);
    CHECK_CONTAINS(said.text, "00000003/chunk.json': is not a JSON object");
    pt_strbuf_release(&said);
}

TEST(verify, not_a_dataset) {
    const char *out = run_dir_path("nothing");
    patina_verify_report found;
    CHECK_FAILS(patina_dataset_verify(out, NULL, NULL, &found, &t->err), PATINA_EUSAGE);
    REQUIRE(mkdir(out, 0777) == 0);
    CHECK_FAILS(patina_dataset_verify(out, NULL, NULL, &found, &t->err), PATINA_EUSAGE);
    REQUIRE_OK(pt_atomic_file_write_text(run_file_path(out, "thesis.tex"), "x", &t->err));
    CHECK_FAILS(patina_dataset_verify(out, NULL, NULL, &found, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "contains no patina data set");
}
