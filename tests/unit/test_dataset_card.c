/* SPDX-License-Identifier: MIT */
/* test_dataset_card.c - README.md of a data set */

#include "test.h"

#include <stdlib.h>

#include "dataset/dataset_card.h"
#include "dataset/rejects.h"

static const char *const train[] = {"train", NULL};
static const char *const three[] = {"train", "validation", "test", NULL};

static pt_run_metadata make_run_meta(void) {
    return (pt_run_metadata){
        .version = "0.1.0",
        .format = "parquet",
        .settings_json =
            "{\"seed\": 9223372036854775807, \"clean\": 0.05, \"mud\": [200.0, 500.0]}",
        .settings_hash = "aa11",
        .corpus_kind = "jsonl",
        .corpus_hash = "bb22",
        .n_entries = 38,
        .n_chunks = 2,
        .splits = train,
        .model_json = "{\"layout\": \"htsat-unfused\", \"untrained\": false}",
        .model_hash = "cc33",
        .kernels = "avx2",
        .libraries_json = "{\"soxr\": \"0.1.3\"}",
        .counts = {.n_rows = 1234,
                   .n_parts = 2,
                   .split_rows = {1234},
                   .split_parts = {2},
                   .n_rejects = 3,
                   .rejects_by = {[PATINA_REJECT_MISSING - PATINA_REJECT_FIRST] = 2,
                                  [PATINA_REJECT_SILENT - PATINA_REJECT_FIRST] = 1}},
        .files_hash = "ff00",
    };
}

TEST(dataset_card, front_matter) {
    pt_run_metadata run_meta = make_run_meta();
    char *text = pt_dataset_card_to_markdown(&run_meta);
    REQUIRE(text != NULL);
    CHECK(strncmp(text, "---\n", 4) == 0);
    CHECK_CONTAINS(text, "\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n"
                         "    path: data/train-*\n");
    CHECK_CONTAINS(text,
                   "\n    path: provenance_table/train-*\ndataset_info:\n- config_name: default\n"
                   "  description: 1234 rows of settings aa11, "
                   "corpus bb22, model cc33, kernels avx2, files ff00\n");
    CHECK_CONTAINS(text, "\n  - name: fused_state\n    sequence: float32\n    length: 1024\n");
    CHECK_CONTAINS(text,
                   "\n  - name: input_purity\n    dtype: float32\n- config_name: provenance\n");
    CHECK_CONTAINS(text,
                   "\n  - name: window\n    struct:\n    - name: start\n      dtype: int64\n");
    CHECK_CONTAINS(text, "\n  - name: chain\n    dtype: string\n");
    CHECK_CONTAINS(
        text, "\n  splits:\n  - name: train\n    num_bytes: 5390112\n    num_examples: 1234\n");
    CHECK_CONTAINS(text, "\npretty_name: \"CLAP embeddings of degraded audio\"\nlicense: "
                         "unknown\nlanguage:\n- en\n");
    CHECK(strstr(text, "base_model") == NULL);
    CHECK_CONTAINS(text, "\nsize_categories:\n- 1K<n<10K\n");
    free(text);
}

TEST(dataset_card, card_object) {
    pt_run_metadata run_meta = make_run_meta();
    run_meta.card_json =
        "{\"title\": \"Rain: a set\", \"license\": \"cc-by-4.0\", \"language\": \"fr\", "
        "\"base_model\": \"laion/clap\", \"base_model_revision\": \"0123\"}";
    char *text = pt_dataset_card_to_markdown(&run_meta);
    CHECK_CONTAINS(text, "\npretty_name: \"Rain: a set\"\nlicense: cc-by-4.0\nlanguage:\n- fr\n");
    CHECK_CONTAINS(text, "\nbase_model: \"laion/clap\"\nbase_model_revision: \"0123\"\n");
    CHECK_CONTAINS(text, "\n# Rain: a set\n");
    CHECK_CONTAINS(text, "| jsonl | 38 | `bb22` | cc-by-4.0 |");
    CHECK_CONTAINS(text, "| model | laion/clap at commit `0123`, hash `cc33` |");
    free(text);

    run_meta.card_json =
        "{\"license\": \"freesound\", \"sources\": [{\"kind\": \"csv\", \"entries\": 3, "
        "\"hash\": \"ee\", \"license\": \"cc0-1.0\"}, "
        "{\"kind\": \"tar\", \"entries\": 4, \"hash\": \"ff\"}]}";
    text = pt_dataset_card_to_markdown(&run_meta);
    CHECK_CONTAINS(text, "\nlicense: other\nlicense_name: \"freesound\"\n");
    CHECK_CONTAINS(text, "| csv | 3 | `ee` | cc0-1.0 |\n| tar | 4 | `ff` | unknown |\n");
    free(text);
}

/* `datasets` rejects a pattern that matches no file: a split without rows is omitted from the front
 * matter and is in the table. */
TEST(dataset_card, splits) {
    pt_run_metadata run_meta = make_run_meta();
    run_meta.splits = three;
    run_meta.counts.split_rows[0] = 0;
    run_meta.counts.split_parts[0] = 0;
    run_meta.counts.split_rows[2] = 1234;
    run_meta.counts.split_parts[2] = 2;
    char *text = pt_dataset_card_to_markdown(&run_meta);
    CHECK_CONTAINS(
        text,
        "\n  data_files:\n  - split: test\n    path: data/test-*\n- config_name: provenance\n");
    CHECK_CONTAINS(text, "| `validation` | 0 | 0 | 0 |\n| `test` | 1234 | 0 | 2 |\n");
    CHECK_CONTAINS(text, "load_dataset(\"OUT\", split=\"test\")");
    CHECK_CONTAINS(text, "OUT/data/test-*.parquet");
    CHECK_CONTAINS(text, "`provenance/test-....jsonl`");
    free(text);

    run_meta.counts.n_rows = 0;
    run_meta.counts.split_rows[2] = 0;
    text = pt_dataset_card_to_markdown(&run_meta);
    CHECK_CONTAINS(
        text,
        "\n  data_files:\n  - split: train\n    path: data/train-*\n- config_name: provenance\n");
    free(text);
}

TEST(dataset_card, size_categories) {
    static const struct {
        uint64_t n_rows;
        const char *line;
    } cases[] = {
        {0, "- n<1K\n"},           {999, "- n<1K\n"},         {1000, "- 1K<n<10K\n"},
        {99999, "- 10K<n<100K\n"}, {100000, "- 100K<n<1M\n"}, {2000000000, "- n>1B\n"},
    };
    pt_run_metadata run_meta = make_run_meta();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_meta.counts.n_rows = run_meta.counts.split_rows[0] = cases[i].n_rows;
        char *text = pt_dataset_card_to_markdown(&run_meta);
        CHECK_CONTAINS(text, cases[i].line);
        free(text);
    }
}

TEST(dataset_card, sections) {
    pt_run_metadata run_meta = make_run_meta();
    char *text = pt_dataset_card_to_markdown(&run_meta);
    REQUIRE(text != NULL);
    CHECK(strstr(text, "untrained") == NULL);
    CHECK_CONTAINS(text, "| `target_ltas` | float32[64] | dBFS |");
    CHECK_CONTAINS(text, "| `missing` | 2 |");
    CHECK_CONTAINS(text, "| `silent` | 1 |");
    CHECK(strstr(text, "| `truncated` |") == NULL);
    CHECK_CONTAINS(text, "hash `bb22`");
    CHECK_CONTAINS(text, "hash `cc33`");
    CHECK_CONTAINS(text, "hash `aa11`");
    CHECK_CONTAINS(text, "pq.read_table");
    CHECK_CONTAINS(text, "## Licence");
    CHECK_CONTAINS(text, "| `train` | 1234 | 0 | 2 |\n");
    free(text);

    run_meta.model_untrained = true;
    run_meta.format = "jsonl";
    text = pt_dataset_card_to_markdown(&run_meta);
    CHECK_CONTAINS(text, "**The encoder is untrained.**");
    CHECK_CONTAINS(text, "read_ndjson");
    CHECK(text && strstr(text, "pq.read_table") == NULL);
    free(text);
}

TEST(dataset_card, reject_lines) {
    char *line =
        pt_reject_to_json_line("a \"b\"", "x/y.wav", PATINA_REJECT_TRUNCATED, "cut at 3 s");
    CHECK_STR(line, "{\"entry\": \"a \\\"b\\\"\", \"source\": \"x/y.wav\", \"reason\": "
                    "\"truncated\", \"sentence\": \"cut at 3 s\"}\n");
    free(line);
    line =
        pt_reject_to_json_line(NULL, "m.jsonl:7", PATINA_REJECT_UNDECODABLE, "line 7: bad \xC3(");
    CHECK_STR(line, "{\"entry\": null, \"source\": \"m.jsonl:7\", \"reason\": \"undecodable\", "
                    "\"sentence\": \"line 7: bad \xEF\xBF\xBD(\"}\n");
    free(line);
}
