/* SPDX-License-Identifier: MIT */
/* test_sample_dataset.c - a complete data set of synthetic rows, in both formats
 *
 * With PATINA_TEST_SAMPLE=DIR the program leaves DIR/parquet and DIR/jsonl for
 * tests/python/test_readers.py --sample, which has the formula of the values (sample_value there).
 */

#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/patina.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "dataset/chunk_store.h"
#include "dataset/rejects.h"

enum { LAST_PART = 5 }; /* rows */

/* Value i of row r: a hash of both, scaled to the range of the column. */
static float value(uint64_t r, size_t i, double lo, double hi) {
    const uint32_t hash = (uint32_t)((r * 1092 + i) * 2654435761U);
    return (float)(lo + hash / 4294967296.0 * (hi - lo));
}

/* Pairs of a cosine and a sine over 16, so that each half of 256 pairs has length 1. */
static void make_embeddings(uint64_t r, float fused[PT_FUSED_STATE_DIM]) {
    for (size_t i = 0; i < PT_FUSED_STATE_DIM; i += 2) {
        const uint32_t hash = (uint32_t)((r * 1092 + i) * 2654435761U);
        const double t = -1.0 + hash / 4294967296.0 * 2.0, square = t * t;
        fused[i] = (float)((1.0 - square) / (1.0 + square) / 16.0);
        fused[i + 1] = (float)(2.0 * t / (1.0 + square) / 16.0);
    }
}

static void make_row(uint64_t r, uint64_t n_rows, pt_row *row) {
    make_embeddings(r, row->fused_state);
    for (size_t i = 0; i < PATINA_LTAS_BANDS; i++)
        row->target_ltas[i] = value(r, 1024 + i, -120.0, 0.0);
    row->target_lufs = value(r, 1088, -70.0, 0.0);
    row->target_dyn[0] = value(r, 1089, 0.0, 30.0);
    row->target_dyn[1] = value(r, 1090, 0.0, 1.0);
    /* whole numbers, which JSON could write as integers. Zero is the minimum of the first part and
     * the maximum of the last: the statistics of Parquet have rules for both. */
    row->input_purity = r < n_rows - LAST_PART ? (float)(r % 61) : -(float)(r % 5);
}

static void add_provenance(pt_strbuf *lines, uint64_t r, const pt_row *row) {
    char entry[64], caption[64];
    snprintf(entry, sizeof entry, "folder/h\xC3\xBChner %llu.wav", (unsigned long long)(r / 4));
    snprintf(caption, sizeof caption, "\"%llu\" hens\n\xE7\x8C\xAB", (unsigned long long)(r / 2));
    static const patina_source_quality quality = {
        .bandwidth_hz = 22050.0, .flat_run = 1, .peak_share = 0.1, .peak_dbfs = -0.5};
    const patina_provenance of = {
        .quality = &quality,
        .entry = entry,
        .source = entry,
        .caption = caption,
        .caption_index = r / 2 % 2,
        .seed = INT64_MAX,
        .variant = (uint32_t)(r % 4),
        .window = {.start = r / 4, .frames = 441000, .rate_hz = 44100, .channels = 2},
        .chain_json =
            "[{\"fx\": \"noise\", \"colour\": \"pink\", \"snr_db\": 0.10000000000000001}]",
        .stages_json = "[{\"fx\": \"noise\"}]",
        .output_gain = 1.0,
        .purity_db = (double)row->input_purity,
        .snr_db = (double)row->input_purity,
        .sdr_db = 60.0,
        .has_loudness = true,
        .lufs_source = (double)row->target_lufs,
        .lufs_mono = -23.5,
    };
    char *line = patina_provenance_to_json(&of);
    pt_strbuf_append(lines, line ? line : "");
    pt_strbuf_append(lines, "\n");
    free(line);
}

/* Rows first to end - 1 as one of two parts; the last one has a reject, too. */
static patina_status write_chunk(pt_chunk_store *store, uint64_t chunk, uint64_t first,
                                 uint64_t end, uint64_t n_rows, patina_error *err) {
    patina_status status = pt_chunk_store_begin_chunk(store, chunk, 0, err);
    for (uint64_t r = first; status == PATINA_OK && r < end; r++) {
        pt_strbuf line = {0};
        pt_row row;
        make_row(r, n_rows, &row);
        add_provenance(&line, r, &row);
        status = pt_chunk_store_add_rows(store, 0, &row, 1, line.text, line.length, err);
        pt_strbuf_release(&line);
    }
    if (status == PATINA_OK && chunk == 1) {
        char *line =
            pt_reject_to_json_line("gone.wav", "gone.wav", PATINA_REJECT_MISSING, "not there");
        status = pt_chunk_store_add_reject(store, PATINA_REJECT_MISSING, line, err);
        free(line);
    }
    return status == PATINA_OK ? pt_chunk_store_commit_chunk(store, (end - first) / 4 + 1, err)
                               : status;
}

static patina_status write_sample(const pt_row_writer_backend *kind, const char *root,
                                  uint64_t n_rows, patina_error *err) {
    static const char *const splits[] = {"train", NULL};
    const pt_run_metadata run_meta = {
        .version = "0.1.0",
        .format = kind->name,
        .settings_json = "{\"seed\":9223372036854775807,\"variants\":2,\"loudness\":\"source\"}",
        .settings_hash = "5e77",
        .corpus_kind = "folder",
        .corpus_hash = "c0",
        .n_entries = n_rows / 4 + 2,
        .n_chunks = 2,
        .splits = splits,
        .model_json = "{\"layout\":\"other\",\"untrained\":true}",
        .model_hash = "30de1",
        .model_untrained = true,
        .kernels = "c",
        .libraries_json = "{\"jansson\":\"2.14\"}",
    };
    pt_run_counts done = {0};
    pt_chunk_store *store = NULL;
    bool complete = false;
    char out[512];

    snprintf(out, sizeof out, "%s/%s", root, kind->name);
    patina_status status =
        pt_chunk_store_open(out, kind, &run_meta, NULL, &store, &complete, &done, err);
    if (status == PATINA_OK && complete)
        status = pt_fail(err, PATINA_EIO, "folder '%s' is there already", out);
    if (status == PATINA_OK) status = write_chunk(store, 0, 0, n_rows - LAST_PART, n_rows, err);
    if (status == PATINA_OK)
        status = write_chunk(store, 1, n_rows - LAST_PART, n_rows, n_rows, err);
    if (status == PATINA_OK) status = pt_chunk_store_finish(store, &done, err);
    pt_chunk_store_close(&store);
    return status;
}

TEST(sample, a_data_set_in_both_formats) {
    const char *asked = getenv("PATINA_TEST_SAMPLE");
    const char *root = asked ? asked : pt_test_tmpdir();
    char path[600];
    struct stat info;

    /* two row groups in the first part */
    REQUIRE_OK(write_sample(&pt_row_writer_parquet, root, 8192 + 8 + LAST_PART, &t->err));
    REQUIRE_OK(write_sample(&pt_row_writer_jsonl, root, 300, &t->err));
    snprintf(path, sizeof path, "%s/parquet/data/train-00000-of-00002.parquet", root);
    REQUIRE(stat(path, &info) == 0);
    CHECK(info.st_size > 8200 * (off_t)sizeof(pt_row));
}
