/* SPDX-License-Identifier: MIT */
/* test_manifest.c - plan.json, chunk.json and dataset.json: round trip and rejected input */

#include "test.h"

#include <stdlib.h>

#include "dataset/manifest.h"
#include "dataset/resume_check.h"
#include "fs/atomic_file.h"
#include "run_fixture.h"

/* Three chunks of two splits; the second has neither rows nor rejects. */
#define PART(n, row_bytes, row_hash, line_bytes, line_hash, part_number)                           \
    {                                                                                              \
        .n_rows = (n), .rows = {(row_bytes), {'a', (row_hash)}},                                   \
        .provenance = {(line_bytes), {'a', (line_hash)}}, .number = (part_number)                  \
    }
static pt_part_info parts[3][2] = {
    {PART(2, 20, '1', 21, '2', 0), {0}},
    {{0}, {0}},
    {PART(3, 30, '3', 31, '4', 1), PART(1, 10, '5', 11, '6', 0)},
};
static pt_chunk_info chunks[3] = {
    {.known = true, .n_entries = 4, .parts = parts[0], .n_rejects = 2, .rejects_by = {1, 0, 1}},
    {.known = true, .n_entries = 0, .parts = parts[1]},
    {.known = true, .n_entries = 3, .parts = parts[2]},
};

/* Hashes of 64 digits, as readers require. */
static void fill_hash(char hex[PT_SHA256_HEX_SIZE]) {
    const size_t n = strlen(hex);
    memset(hex + n, '0', PT_SHA256_HEX_SIZE - 1 - n);
}

static pt_manifest make_manifest(void) {
    pt_manifest manifest = {
        .run_meta = run_fixture_metadata(), .suffix = ".jsonl", .n_splits = 2, .chunks = chunks};
    manifest.run_meta.n_chunks = 3;
    manifest.rejects = (pt_file_digest){40, {'a', '7'}};
    fill_hash(manifest.rejects.sha256);
    for (size_t c = 0; c < 3; c++)
        for (size_t s = 0; s < 2; s++) {
            fill_hash(parts[c][s].rows.sha256);
            fill_hash(parts[c][s].provenance.sha256);
        }
    memcpy(chunks[0].rejects.sha256, manifest.rejects.sha256, PT_SHA256_HEX_SIZE);
    chunks[0].rejects.n_bytes = 40;
    pt_manifest_number_parts(&manifest);
    return manifest;
}

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

/* Written by hand: order, layout, every reason, numbers of the settings as written. */
#define HEAD                                                                                       \
    "{\n"                                                                                          \
    "  \"program\": \"patina\",\n"                                                                 \
    "  \"version\": \"9.9.9\",\n"                                                                  \
    "  \"signal_revision\": 7,\n"                                                                  \
    "  \"format\": \"jsonl\",\n"
#define IDENTITY                                                                                   \
    "  \"settings_hash\": \"aa\",\n"                                                               \
    "  \"settings\": {\n"                                                                          \
    "    \"seed\": 1,\n"                                                                           \
    "    \"loudness\": \"source\",\n"                                                              \
    "    \"suite\": {\n"                                                                           \
    "      \"clean\": 0.050000000000000003\n"                                                      \
    "    }\n"                                                                                      \
    "  },\n"                                                                                       \
    "  \"corpus_kind\": \"folder\",\n"                                                             \
    "  \"corpus_hash\": \"bb\",\n"                                                                 \
    "  \"model_hash\": \"cc\",\n"                                                                  \
    "  \"model\": {\n"                                                                             \
    "    \"layout\": \"other\",\n"                                                                 \
    "    \"untrained\": true\n"                                                                    \
    "  },\n"                                                                                       \
    "  \"kernels\": \"c\",\n"                                                                      \
    "  \"libraries\": {\n"                                                                         \
    "    \"fft\": \"x\"\n"                                                                         \
    "  }"

static const char plan_text[] = HEAD "  \"entries\": 10,\n"
                                     "  \"chunks\": 3,\n"
                                     "  \"splits\": [\"train\", \"test\"],\n" IDENTITY "\n}\n";

static const char chunk_text[] =
    "{\n"
    "  \"chunk\": 0,\n"
    "  \"signal_revision\": 7,\n"
    "  \"retried\": false,\n"
    "  \"entries\": 4, \"rows\": [2, 0], \"rejects\": {\"bad_caption\": 1, \"missing\": 1},\n"
    "  \"files\": [\n"
    "    {\"path\": \"rows-train.jsonl\", \"rows\": 2, \"bytes\": 20, \"sha256\": \"a1" ZEROS
    "\"},\n"
    "    {\"path\": \"provenance-train.jsonl\", \"rows\": 2, \"bytes\": 21, \"sha256\": \"a2" ZEROS
    "\"},\n"
    "    {\"path\": \"rejects.jsonl\", \"rows\": 2, \"bytes\": 40, \"sha256\": \"a7" ZEROS "\"}\n"
    "  ]\n"
    "}\n";

static const char dataset_text[] = HEAD
    "  \"rows\": 6,\n"
    "  \"parts\": 3,\n"
    "  \"splits\": {\n"
    "    \"train\": {\"rows\": 5, \"parts\": 2},\n"
    "    \"test\": {\"rows\": 1, \"parts\": 1}\n"
    "  },\n"
    "  \"entries\": 10,\n"
    "  \"rejects\": 2,\n"
    "  \"rejects_by_reason\": {\n"
    "    \"bad_caption\": 1,\n"
    "    \"duplicate_id\": 0,\n"
    "    \"missing\": 1,\n"
    "    \"timeout\": 0,\n"
    "    \"io_error\": 0,\n"
    "    \"undecodable\": 0,\n"
    "    \"truncated\": 0,\n"
    "    \"unsupported\": 0,\n"
    "    \"too_short\": 0,\n"
    "    \"nonfinite\": 0,\n"
    "    \"silent\": 0\n"
    "  },\n" IDENTITY ",\n"
    "  \"chunks\": [\n"
    "    {\"entries\": 4, \"rows\": [2, 0], \"rejects\": {\"bad_caption\": 1, \"missing\": 1}},\n"
    "    {\"entries\": 0, \"rows\": [0, 0], \"rejects\": {}},\n"
    "    {\"entries\": 3, \"rows\": [3, 1], \"rejects\": {}}\n"
    "  ],\n"
    "  \"files\": [\n"
    "    {\"path\": \"data/train-00000-of-00002.jsonl\", \"rows\": 2, \"bytes\": 20, \"sha256\": "
    "\"a1" ZEROS "\"},\n"
    "    {\"path\": \"data/train-00001-of-00002.jsonl\", \"rows\": 3, \"bytes\": 30, \"sha256\": "
    "\"a3" ZEROS "\"},\n"
    "    {\"path\": \"data/test-00000-of-00001.jsonl\", \"rows\": 1, \"bytes\": 10, \"sha256\": "
    "\"a5" ZEROS "\"},\n"
    "    {\"path\": \"provenance/train-00000-of-00002.jsonl\", \"rows\": 2, \"bytes\": 21, "
    "\"sha256\": \"a2" ZEROS "\"},\n"
    "    {\"path\": \"provenance/train-00001-of-00002.jsonl\", \"rows\": 3, \"bytes\": 31, "
    "\"sha256\": \"a4" ZEROS "\"},\n"
    "    {\"path\": \"provenance/test-00000-of-00001.jsonl\", \"rows\": 1, \"bytes\": 11, "
    "\"sha256\": \"a6" ZEROS "\"},\n"
    "    {\"path\": \"rejects.jsonl\", \"rows\": 2, \"bytes\": 40, \"sha256\": \"a7" ZEROS "\"}\n"
    "  ],\n"
    "  \"sha256\": \"";

TEST(manifest, plan) {
    const pt_manifest some = make_manifest();
    const char *path = run_dir_path("plan.json");
    pt_manifest read;
    char difference[256];

    char *text = pt_plan_to_json(&some.run_meta);
    CHECK_STR(text, plan_text);
    REQUIRE_OK(pt_atomic_file_write_text(path, text, &t->err));
    REQUIRE_OK(pt_manifest_read_plan(path, &read, &t->err));
    CHECK_INT(read.run_meta.n_chunks, 3);
    CHECK_INT(read.n_splits, 2);
    CHECK(read.run_meta.model_untrained);
    CHECK(!read.finished);
    char *again = pt_plan_to_json(&read.run_meta);
    CHECK_STR(again, plan_text);
    CHECK_OK(pt_run_metadata_compare(&read.run_meta, &some.run_meta, difference, sizeof difference,
                                     &t->err));
    CHECK_STR(difference, "");
    pt_manifest_release(&read);
    free(again);
    free(text);
}

TEST(manifest, chunk) {
    const pt_manifest some = make_manifest();
    const char *plan = run_dir_path("plan2.json"), *path = run_dir_path("chunk.json");
    pt_manifest read;

    char *text = pt_chunk_to_json(&some.run_meta, ".jsonl", 0, &chunks[0]);
    CHECK_STR(text, chunk_text);
    REQUIRE_OK(pt_atomic_file_write_text(plan, plan_text, &t->err));
    REQUIRE_OK(pt_atomic_file_write_text(path, text, &t->err));
    REQUIRE_OK(pt_manifest_read_plan(plan, &read, &t->err));
    REQUIRE_OK(pt_manifest_alloc_chunks(&read, &t->err));
    CHECK_OK(pt_manifest_read_chunk(&read, 0, path, &t->err));
    char *again = pt_chunk_to_json(&read.run_meta, read.suffix, 0, &read.chunks[0]);
    CHECK_STR(again, chunk_text);
    CHECK_INT(read.chunks[0].n_rejects, 2);
    CHECK(read.chunks[0].known && !read.chunks[0].retried && !read.chunks[1].known);
    CHECK_FAILS(pt_manifest_read_chunk(&read, 2, path, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "belongs to chunk 0");
    CHECK(!read.chunks[2].known);
    pt_manifest_release(&read);
    free(again);
    free(text);
}

#define DIGEST "4c9cfb20661d42d51a177545dd1944d6e9d9655ee0964c991c6164ec93f77eb2"

/* The reference is sha256sum of the text with 64 zeros. */
TEST(manifest, finished_set) {
    const pt_manifest some = make_manifest();
    const char *path = run_dir_path("dataset.json");
    const size_t n_head = sizeof dataset_text - 1, n = n_head + 64 + 4;
    pt_manifest read;

    char *text = pt_manifest_to_json(&some);
    REQUIRE(text != NULL);
    CHECK(strncmp(text, dataset_text, n_head) == 0);
    CHECK_INT(strlen(text), n);
    CHECK_STR(text + n_head, DIGEST "\"\n}\n");
    CHECK(pt_manifest_json_is_intact(text, n));
    REQUIRE_OK(pt_atomic_file_write_text(path, text, &t->err));
    REQUIRE_OK(pt_manifest_read_dataset(path, &read, &t->err));
    CHECK(read.finished);
    CHECK_INT(read.run_meta.counts.n_rows, 6);
    CHECK_INT(read.chunks[2].parts[0].number, 1);
    char *again = pt_manifest_to_json(&read);
    CHECK_STR(again, text);
    free(again);
    pt_manifest_release(&read);

    unsigned n_intact = 0;
    for (size_t i = 0; i < n; i++) {
        text[i] ^= 1;
        n_intact += pt_manifest_json_is_intact(text, n);
        text[i] ^= 1;
    }
    CHECK_INT(n_intact, 0);
    for (size_t i = 0; i < n; i++)
        n_intact += pt_manifest_json_is_intact(text, i);
    CHECK_INT(n_intact, 0);
    free(text);
}

/* One change of a valid file, and the error. */
static void damage(pt_test *t, const char *good, const char *from, const char *to,
                   const char *said) {
    const char *path = run_dir_path("broken.json");
    const char *at = strstr(good, from);
    pt_manifest read;
    pt_strbuf text = {0};

    REQUIRE(at != NULL);
    pt_strbuf_append_bytes(&text, good, (size_t)(at - good));
    pt_strbuf_append(&text, to);
    pt_strbuf_append(&text, at + strlen(from));
    REQUIRE_OK(pt_atomic_file_write_text(path, text.text, &t->err));
    CHECK_FAILS(strstr(good, "\"files\"") ? pt_manifest_read_dataset(path, &read, &t->err)
                                          : pt_manifest_read_plan(path, &read, &t->err),
                PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "broken.json': ");
    CHECK_CONTAINS(t->err.message, said);
    pt_strbuf_release(&text);
}

TEST(manifest, invalid_files_are_rejected) {
    const pt_manifest some = make_manifest();
    char *text = pt_manifest_to_json(&some);
    REQUIRE(text != NULL);
    damage(t, plan_text, "{", "[", "not a JSON object");
    damage(t, plan_text, "\"entries\": 10,", "", "'entries': absent");
    damage(t, plan_text, "\"entries\": 10", "\"entries\": -1", "'entries': absent");
    damage(t, plan_text, "\"chunks\": 3", "\"chunks\": 99999999999", "over the maximum");
    damage(t, plan_text, "[\"train\", \"test\"]", "[]", "'splits'");
    damage(t, plan_text, "\"test\"", "\"../x\"", "'splits'");
    damage(t, plan_text, "\"test\"", "7", "'splits'");
    damage(t, plan_text, "\"jsonl\"", "\"xml\"", "'format'");
    damage(t, plan_text, "\"kernels\": \"c\"", "\"kernels\": 1", "'kernels'");
    damage(t, text, "\"rows\": 6", "\"rows\": 7", "those of the chunks");
    damage(t, text, "\"parts\": 2}", "\"parts\": 1}", "those of the chunks");
    damage(t, text, "\"missing\": 1,", "\"missing\": 2,", "those of the chunks");
    damage(t, text, "[2, 0]", "[2]", "'rows'");
    damage(t, text, "[2, 0]", "[2, 1]", "'files'");
    damage(t, text, "\"rejects\": {\"bad", "\"rejects\": {\"odd\": 1, \"bad", "unknown reason");
    damage(t, text, "data/train-00001-of", "data/train-00007-of", "'files'");
    damage(t, text, "\"rows\": 3, \"bytes\"", "\"rows\": 4, \"bytes\"", "has 4 rows");
    damage(t, text, "a5" ZEROS, "A5" ZEROS, "SHA-256");
    damage(t, text, "\n  ],\n  \"sha256\"", ",\n {}],\n  \"sha256\"", "provenance_table/");
    free(text);
}

TEST(manifest, differences) {
    const pt_run_metadata ours = run_fixture_metadata();
    static const char *const one_split[] = {"train", NULL};
    char said[256];
    pt_run_metadata theirs = ours;
    CHECK_OK(pt_run_metadata_compare(&theirs, &ours, said, sizeof said, &t->err));
    CHECK_STR(said, "");

#define CHECK_DIFFERS(member, value, words)                                                        \
    do {                                                                                           \
        theirs = ours;                                                                             \
        theirs.member = value;                                                                     \
        CHECK_OK(pt_run_metadata_compare(&theirs, &ours, said, sizeof said, &t->err));             \
        CHECK_STR(said, words);                                                                    \
    } while (0)
    CHECK_DIFFERS(settings_json, "{\"seed\":2,\"loudness\":\"source\",\"suite\":{\"clean\":0.05}}",
                  "another setting 'seed'");
    CHECK_DIFFERS(
        settings_json,
        "{\"seed\":1,\"loudness\":\"source\",\"suite\":{\"clean\":0.050000000000000003},\"x\":1}",
        "another setting 'x'");
    CHECK_DIFFERS(corpus_hash, "zz", "another corpus");
    CHECK_DIFFERS(model_hash, "zz", "another model");
    CHECK_DIFFERS(version, "9.9.8",
                  "patina 9.9.8 (signal revision 7) instead of patina 9.9.9 (signal revision 7); "
                  "patina 9.9.8 can complete it");
    CHECK_DIFFERS(signal_revision, 8,
                  "patina 9.9.9 (signal revision 8) instead of patina 9.9.9 (signal revision 7); "
                  "patina 9.9.9 can complete it");
    CHECK_DIFFERS(format, "parquet", "another format");
    CHECK_DIFFERS(n_chunks, 4, "another number of chunks");
    CHECK_DIFFERS(splits, one_split, "other splits");
    CHECK_DIFFERS(kernels, "avx2", "another instruction set, which '--isa avx2' selects");
    CHECK_DIFFERS(libraries_json, "{\"fft\":\"y\"}", "another version of a library");
    CHECK_DIFFERS(counts.n_rows, 7, ""); /* counts are not compared */
}

/* Files of patina 0.1 have no revision, which means 1. */
TEST(manifest, absent_signal_revision) {
    static const char member[] = "  \"signal_revision\": 7,\n";
    const char *at = strstr(plan_text, member);
    pt_manifest read;
    pt_strbuf text = {0};

    REQUIRE(at != NULL);
    pt_strbuf_append_bytes(&text, plan_text, (size_t)(at - plan_text));
    pt_strbuf_append(&text, at + strlen(member));
    REQUIRE_OK(pt_manifest_parse_plan("plan.json", text.text, text.length, &read, &t->err));
    CHECK_INT(read.run_meta.signal_revision, 1);
    /* a chunk of another revision is rejected; the error names both */
    REQUIRE_OK(pt_manifest_alloc_chunks(&read, &t->err));
    CHECK_FAILS(
        pt_manifest_parse_chunk(&read, 0, "chunk.json", chunk_text, sizeof chunk_text - 1, &t->err),
        PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "signal revision 7, but the run has signal revision 1");
    pt_manifest_release(&read);
    pt_strbuf_release(&text);
}

/* Written files are read back: content that differs after a round trip is rejected. */
TEST(manifest, round_trip_is_verified) {
    pt_manifest some = make_manifest();
    const char *path = run_dir_path("written.json");
    pt_manifest read;

    CHECK_OK(pt_plan_write(path, &some.run_meta, &t->err));
    CHECK_OK(pt_chunk_write(path, &some.run_meta, ".jsonl", 0, &chunks[0], &t->err));
    CHECK_OK(pt_manifest_write(path, &some, &t->err));
    REQUIRE_OK(pt_manifest_read_dataset(path, &read, &t->err));
    pt_manifest_release(&read);
    /* truncated by a library, as by jansson 2.14 when an allocation fails */
    some.run_meta.settings_json = "{\"seed\":1,\"loudness\":\"sour";
    CHECK_FAILS(pt_plan_write(path, &some.run_meta, &t->err), PATINA_EFORMAT);
    CHECK_FAILS(pt_manifest_write(path, &some, &t->err), PATINA_EFORMAT);
    CHECK_CONTAINS(t->err.message, "written.json'");
    some.run_meta.settings_json = "{\"seed\":1} x";
    CHECK_FAILS(pt_plan_write(path, &some.run_meta, &t->err), PATINA_EFORMAT);
    some.run_meta.settings_json = "{\"seed\":1, \"clean\": 0.1}"; /* not at 17 digits */
    CHECK_FAILS(pt_plan_write(path, &some.run_meta, &t->err), PATINA_EIO);
    CHECK_CONTAINS(t->err.message, "differs from what was written");
}
