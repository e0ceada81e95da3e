/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <stdlib.h>

#include <jansson.h>

#include "dataset/card.h"

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
        .model_json = "{\"layout\": \"htsat-unfused\", \"untrained\": false}",
        .model_hash = "cc33",
        .kernels = "avx2",
        .libraries_json = "{\"soxr\": \"0.1.3\"}",
        .n_rows = 1234,
        .n_parts = 2,
        .n_rejects = 3,
        .rejects_by = {[PT_REJECT_MISSING - PT_REJECT_FIRST] = 2,
                       [PT_REJECT_SILENT - PT_REJECT_FIRST] = 1},
    };
}

TEST(card, dataset_json) {
    pt_dataset_facts facts = some_facts();
    char *text = pt_dataset_json(&facts);
    /* written by hand: order, layout, every reason, numbers of the settings as they were spelt */
    CHECK_STR(text, "{\n"
                    "  \"program\": \"patina\",\n"
                    "  \"version\": \"0.1.0\",\n"
                    "  \"format\": \"parquet\",\n"
                    "  \"rows\": 1234,\n"
                    "  \"parts\": 2,\n"
                    "  \"entries\": 38,\n"
                    "  \"rejects\": 3,\n"
                    "  \"rejects_by_reason\": {\n"
                    "    \"bad_caption\": 0,\n"
                    "    \"duplicate_id\": 0,\n"
                    "    \"missing\": 2,\n"
                    "    \"undecodable\": 0,\n"
                    "    \"truncated\": 0,\n"
                    "    \"unsupported\": 0,\n"
                    "    \"too_short\": 0,\n"
                    "    \"nonfinite\": 0,\n"
                    "    \"silent\": 1\n"
                    "  },\n"
                    "  \"settings_hash\": \"aa11\",\n"
                    "  \"settings\": {\n"
                    "    \"seed\": 9223372036854775807,\n"
                    "    \"clean\": 0.05,\n"
                    "    \"mud\": [200.0, 500.0]\n"
                    "  },\n"
                    "  \"corpus_kind\": \"jsonl\",\n"
                    "  \"corpus_hash\": \"bb22\",\n"
                    "  \"model_hash\": \"cc33\",\n"
                    "  \"model\": {\n"
                    "    \"layout\": \"htsat-unfused\",\n"
                    "    \"untrained\": false\n"
                    "  },\n"
                    "  \"kernels\": \"avx2\",\n"
                    "  \"libraries\": {\n"
                    "    \"soxr\": \"0.1.3\"\n"
                    "  }\n"
                    "}\n");
    json_t *object = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    CHECK(json_is_object(object));
    json_decref(object);
    free(text);
}

TEST(card, front_matter) {
    pt_dataset_facts facts = some_facts();
    char *text = pt_dataset_card(&facts);
    REQUIRE(text != NULL);
    CHECK(strncmp(text, "---\n", 4) == 0);
    CHECK_HAS(text, "\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n"
                    "    path: data/train-*\n");
    CHECK_HAS(text, "\n  - name: fused_state\n    sequence: float32\n    length: 1024\n");
    CHECK_HAS(text, "\n  - name: input_purity\n    dtype: float32\n---\n");
    CHECK_HAS(text, "\nlicense: unknown\n");
    CHECK_HAS(text, "\nsize_categories:\n- 1K<n<10K\n");
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
        facts.n_rows = cases[i].n_rows;
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
