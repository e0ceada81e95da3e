/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <stdlib.h>

#include "dataset/card.h"

static const char *const train[] = {"train", NULL};
static const char *const three[] = {"train", "validation", "test", NULL};

static pt_dataset_facts some_facts(void) {
    return (pt_dataset_facts){
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
        .n_rows = 1234,
        .n_parts = 2,
        .split_rows = {1234},
        .split_parts = {2},
        .files_hash = "ff00",
        .n_rejects = 3,
        .rejects_by = {[PT_REJECT_MISSING - PT_REJECT_FIRST] = 2,
                       [PT_REJECT_SILENT - PT_REJECT_FIRST] = 1},
    };
}

TEST(card, front_matter) {
    pt_dataset_facts facts = some_facts();
    char *text = pt_dataset_card(&facts);
    REQUIRE(text != NULL);
    CHECK(strncmp(text, "---\n", 4) == 0);
    CHECK_HAS(text, "\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n"
                    "    path: data/train-*\n");
    CHECK_HAS(text,
              "\n    path: data/train-*\ndataset_info:\n  description: 1234 rows of settings aa11, "
              "corpus bb22, model cc33, kernels avx2, files ff00\n");
    CHECK_HAS(text, "\n  - name: fused_state\n    sequence: float32\n    length: 1024\n");
    CHECK_HAS(text, "\n  - name: input_purity\n    dtype: float32\n---\n");
    CHECK_HAS(text, "\nlicense: unknown\n");
    CHECK_HAS(text, "\nsize_categories:\n- 1K<n<10K\n");
    free(text);
}

/* A pattern that matches no file is an error to `datasets`, so a split without rows is not named in
 * the head; people are told of it. */
TEST(card, splits) {
    pt_dataset_facts facts = some_facts();
    facts.splits = three;
    facts.split_rows[0] = 0;
    facts.split_parts[0] = 0;
    facts.split_rows[2] = 1234;
    facts.split_parts[2] = 2;
    char *text = pt_dataset_card(&facts);
    CHECK_HAS(text, "\n  data_files:\n  - split: test\n    path: data/test-*\ndataset_info:\n");
    CHECK_HAS(text, "| `validation` | 0 | 0 |\n| `test` | 1234 | 2 |\n");
    CHECK_HAS(text, "load_dataset(\"OUT\", split=\"test\")");
    CHECK_HAS(text, "OUT/data/test-*.parquet");
    CHECK_HAS(text, "`provenance/test-....jsonl`");
    free(text);

    facts.n_rows = 0;
    facts.split_rows[2] = 0;
    text = pt_dataset_card(&facts);
    CHECK_HAS(text, "\n  data_files:\n  - split: train\n    path: data/train-*\ndataset_info:\n");
    free(text);
}

TEST(card, size_categories) {
    static const struct {
        uint64_t n_rows;
        const char *line;
    } cases[] = {
        {0, "- n<1K\n"},           {999, "- n<1K\n"},         {1000, "- 1K<n<10K\n"},
        {99999, "- 10K<n<100K\n"}, {100000, "- 100K<n<1M\n"}, {2000000000, "- n>1B\n"},
    };
    pt_dataset_facts facts = some_facts();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        facts.n_rows = facts.split_rows[0] = cases[i].n_rows;
        char *text = pt_dataset_card(&facts);
        CHECK_HAS(text, cases[i].line);
        free(text);
    }
}

TEST(card, says_what_one_must_know) {
    pt_dataset_facts facts = some_facts();
    char *text = pt_dataset_card(&facts);
    REQUIRE(text != NULL);
    CHECK(strstr(text, "untrained") == NULL);
    CHECK_HAS(text, "| `target_ltas` | float32[64] | dBFS |");
    CHECK_HAS(text, "| `missing` | 2 |");
    CHECK_HAS(text, "| `silent` | 1 |");
    CHECK(strstr(text, "| `truncated` |") == NULL);
    CHECK_HAS(text, "hash `bb22`");
    CHECK_HAS(text, "hash `cc33`");
    CHECK_HAS(text, "hash `aa11`");
    CHECK_HAS(text, "pq.read_table");
    CHECK_HAS(text, "## Licence");
    CHECK(strstr(text, "## Splits") == NULL);
    free(text);

    facts.model_untrained = true;
    facts.format = "jsonl";
    text = pt_dataset_card(&facts);
    CHECK_HAS(text, "**The encoder is untrained.**");
    CHECK_HAS(text, "read_ndjson");
    CHECK(text && strstr(text, "pq.read_table") == NULL);
    free(text);
}

TEST(card, reject_lines) {
    char *line = pt_reject_line("a \"b\"", "x/y.wav", PT_REJECT_TRUNCATED, "cut at 3 s");
    CHECK_STR(line, "{\"entry\": \"a \\\"b\\\"\", \"source\": \"x/y.wav\", \"reason\": "
                    "\"truncated\", \"sentence\": \"cut at 3 s\"}\n");
    free(line);
    line = pt_reject_line(NULL, "m.jsonl:7", PT_REJECT_UNDECODABLE, "line 7: bad \xC3(");
    CHECK_STR(line, "{\"entry\": null, \"source\": \"m.jsonl:7\", \"reason\": \"undecodable\", "
                    "\"sentence\": \"line 7: bad \xEF\xBF\xBD(\"}\n");
    free(line);
}
