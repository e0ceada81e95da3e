/* SPDX-License-Identifier: MIT */
/* dataset_card.c - README.md in the form of the Hugging Face hub
 *
 * It depends on the run's metadata alone, so that two runs of the same job give equal files.
 */

#include "dataset/dataset_card.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/json_load.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "dataset/card_corpora.h"
#include "dataset/manifest.h"
#include "dataset/provenance_table.h"
#include "dataset/rejects.h"
#include "dataset/schema.h"

/* The size classes of the hub. */
static const char *size_category(uint64_t n_rows) {
    static const struct {
        uint64_t below;
        const char *name;
    } classes[] = {
        {1000, "n<1K"},
        {10000, "1K<n<10K"},
        {100000, "10K<n<100K"},
        {1000000, "100K<n<1M"},
        {10000000, "1M<n<10M"},
        {100000000, "10M<n<100M"},
        {1000000000, "100M<n<1B"},
    };
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (n_rows < classes[i].below) return classes[i].name;
    return "n>1B";
}

/* A split without rows has no files, and `datasets` refuses a pattern that matches no file. Such a
 * split is listed only where there is no other. */
static bool is_listed(const pt_run_metadata *run_meta, size_t split) {
    return run_meta->counts.split_rows[split] > 0 || (run_meta->counts.n_rows == 0 && split == 0);
}

/* A text of the card object, or the fallback. To be freed; NULL: out of memory. */
static char *card_text(const pt_run_metadata *run_meta, const char *name, const char *fallback) {
    json_t *card = run_meta->card_json ? pt_json_load_text(run_meta->card_json, 0, NULL) : NULL;
    const char *text = json_string_value(json_object_get(card, name));
    char *copy = run_meta->card_json && !card ? NULL : strdup(text ? text : fallback);
    json_decref(card);
    return copy;
}

char *pt_dataset_card_title(const pt_run_metadata *run_meta) {
    return card_text(run_meta, "title", "CLAP embeddings of degraded audio");
}

char *pt_dataset_card_license(const pt_run_metadata *run_meta) {
    return card_text(run_meta, "license", "unknown");
}

/* The members of the card object with their names in the front matter. JSON strings are valid
 * YAML. */
static void add_yaml_text(pt_strbuf *out, const pt_run_metadata *run_meta, const char *member,
                          const char *key, const char *fallback) {
    char *text = card_text(run_meta, member, fallback);
    if (!text) out->failed = true;
    if (text && text[0]) {
        pt_strbuf_printf(out, "%s: ", key);
        pt_json_write_string(out, text);
        pt_strbuf_append(out, "\n");
    }
    free(text);
}

/* Identifiers that the hub accepts as `license`; any other one is named beside "other". */
static const char *const hub_licenses[] = {
    "apache-2.0",      "mit",          "openrail",        "bsd",          "gpl",
    "gpl-3.0",         "lgpl",         "agpl-3.0",        "pddl",         "odbl",
    "odc-by",          "cc",           "cc0-1.0",         "cc-by-2.0",    "cc-by-2.5",
    "cc-by-3.0",       "cc-by-4.0",    "cc-by-sa-3.0",    "cc-by-sa-4.0", "cc-by-nc-2.0",
    "cc-by-nc-3.0",    "cc-by-nc-4.0", "cc-by-nd-4.0",    "unlicense",    "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0", "unknown",      "cc-by-nc-sa-2.0", "other",        "cc-by-nc-sa-3.0",
    "cc-by-nc-sa-4.0", "bsd-3-clause", "bsd-2-clause",
};

static void add_license(pt_strbuf *out, const pt_run_metadata *run_meta) {
    char *license = pt_dataset_card_license(run_meta);
    bool is_known = false;
    if (!license) out->failed = true;
    for (size_t i = 0; license && i < sizeof hub_licenses / sizeof *hub_licenses; i++)
        is_known = is_known || strcmp(license, hub_licenses[i]) == 0;
    if (license) pt_strbuf_printf(out, "license: %s\n", is_known ? license : "other");
    if (!is_known) add_yaml_text(out, run_meta, "license", "license_name", "");
    free(license);
}

/* A split without rows has no files, and `datasets` refuses a pattern that matches no file. */
static void add_config(pt_strbuf *out, const pt_run_metadata *run_meta, const char *name,
                       const char *folder) {
    pt_strbuf_printf(out, "- config_name: %s\n  data_files:\n", name);
    for (size_t i = 0; run_meta->splits[i]; i++)
        if (is_listed(run_meta, i))
            pt_strbuf_printf(out, "  - split: %s\n    path: %s/%s-*\n", run_meta->splits[i], folder,
                             run_meta->splits[i]);
}

/* `datasets` (5.2) forms its cache key from the folder's last name and this front matter alone. Two
 * sets in folders of the same name with the same front matter would share a cache entry, and the
 * second would load the rows of the first. The hashes in the description prevent this, also after
 * rejected entries were retried. */
static void add_info(pt_strbuf *out, const pt_run_metadata *run_meta, const char *name,
                     const uint64_t n_bytes[PATINA_SPLITS_MAX]) {
    pt_strbuf_printf(out,
                     "- config_name: %s\n  description: %" PRIu64
                     " rows of settings %.16s, corpus %.16s, model %.16s, "
                     "kernels %s, files %.16s\n",
                     name, run_meta->counts.n_rows, run_meta->settings_hash, run_meta->corpus_hash,
                     run_meta->model_hash, run_meta->kernels,
                     run_meta->files_hash ? run_meta->files_hash : "none");
    if (run_meta->counts.n_rows > 0) pt_strbuf_append(out, "  splits:\n");
    for (size_t i = 0; run_meta->splits[i] && run_meta->counts.n_rows > 0; i++)
        if (is_listed(run_meta, i))
            pt_strbuf_printf(
                out, "  - name: %s\n    num_bytes: %" PRIu64 "\n    num_examples: %" PRIu64 "\n",
                run_meta->splits[i], n_bytes[i], run_meta->counts.split_rows[i]);
    pt_strbuf_append(out, "  features:\n");
}

/* `sequence` with a length is the only form of a fixed-size list that every version of `datasets`
 * reads. Parquet files carry types and lengths themselves; for JSON Lines they are taken from
 * here. */
static void add_row_features(pt_strbuf *out, bool with_id) {
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        const pt_column *column = &pt_columns[c];
        if (column->n_values > 1)
            pt_strbuf_printf(out, "  - name: %s\n    sequence: float32\n    length: %zu\n",
                             column->name, column->n_values);
        else
            pt_strbuf_printf(out, "  - name: %s\n    dtype: float32\n", column->name);
    }
    if (with_id) pt_strbuf_append(out, "  - name: " PT_ID_COLUMN "\n    dtype: string\n");
}

static void add_provenance_features(pt_strbuf *out) {
    static const char *const dtypes[] = {[PT_VALUE_F32] = "float32",
                                         [PT_VALUE_F64] = "float64",
                                         [PT_VALUE_I64] = "int64",
                                         [PT_VALUE_TEXT] = "string"};
    const char *group = NULL;
    for (size_t c = 0; c < pt_n_provenance_columns; c++) {
        const pt_parquet_column *column = &pt_provenance_columns[c];
        if (column->group && column->group != group)
            pt_strbuf_printf(out, "  - name: %s\n    struct:\n", column->group);
        group = column->group;
        const int indent = group ? 4 : 2;
        pt_strbuf_printf(out, "%*s- name: %s\n%*s  dtype: %s\n", indent, "", column->name, indent,
                         "", dtypes[column->type]);
    }
}

static void add_front_matter(pt_strbuf *out, const pt_run_metadata *run_meta) {
    uint64_t n_row_bytes[PATINA_SPLITS_MAX];
    for (size_t i = 0; i < PATINA_SPLITS_MAX; i++)
        n_row_bytes[i] = run_meta->counts.split_rows[i] * sizeof(pt_row);
    pt_strbuf_append(out, "---\n");
    add_yaml_text(out, run_meta, "title", "pretty_name", "CLAP embeddings of degraded audio");
    add_license(out, run_meta);
    char *language = card_text(run_meta, "language", "en");
    if (language) pt_strbuf_printf(out, "language:\n- %s\n", language);
    out->failed = out->failed || !language;
    free(language);
    pt_strbuf_append(out, "task_categories:\n- tabular-regression\n- feature-extraction\n"
                          "tags:\n- audio\n- clap\n- audio-degradation\n");
    add_yaml_text(out, run_meta, "base_model", "base_model", "");
    add_yaml_text(out, run_meta, "base_model_revision", "base_model_revision", "");
    pt_strbuf_printf(out, "size_categories:\n- %s\n", size_category(run_meta->counts.n_rows));
    pt_strbuf_append(out, "configs:\n");
    add_config(out, run_meta, "default", pt_part_dirs[PT_PART_ROWS]);
    add_config(out, run_meta, "provenance", pt_part_dirs[PT_PART_TABLE]);
    pt_strbuf_append(out, "dataset_info:\n");
    add_info(out, run_meta, "default", n_row_bytes);
    json_t *settings = pt_json_load_text(run_meta->settings_json, 0, NULL);
    out->failed = out->failed || !settings;
    add_row_features(out, pt_settings_have_id(settings));
    json_decref(settings);
    add_info(out, run_meta, "provenance", run_meta->split_table_bytes);
    add_provenance_features(out);
    pt_strbuf_append(out, "---\n\n");
}

static void add_introduction(pt_strbuf *out, const pt_run_metadata *run_meta) {
    char *title = pt_dataset_card_title(run_meta);
    pt_strbuf_printf(out, "# %s\n\n", title ? title : "");
    out->failed = out->failed || !title;
    free(title);
    if (run_meta->model_untrained)
        pt_strbuf_append(
            out,
            "> **The encoder is untrained.** `fused_state` was made by a model with random "
            "weights, "
            "for tests. Its values have the right shape and norm, and no meaning: do not train on "
            "them. Run `patina generate` again with a CLAP checkpoint. The other columns do not "
            "depend on the model and are valid.\n\n");
    pt_strbuf_printf(
        out,
        "%" PRIu64 " rows, made by patina %s from captioned audio. For each row, a clean "
        "recording was measured, a copy of it was degraded, and CLAP encoded the caption and the "
        "degraded copy. The task is to predict the measures of the clean recording (`target_*`) "
        "and the purity of the degraded copy (`input_purity`) from both embeddings "
        "(`fused_state`).\n\n",
        run_meta->counts.n_rows, run_meta->version);
}

/* The split that the examples load. */
static const char *first_split(const pt_run_metadata *run_meta) {
    for (size_t i = 0; run_meta->splits[i]; i++)
        if (is_listed(run_meta, i)) return run_meta->splits[i];
    return run_meta->splits[0];
}

static void add_splits(pt_strbuf *out, const pt_run_metadata *run_meta) {
    pt_strbuf_append(out, "## Splits\n\n"
                          "| split | rows | recordings | files |\n"
                          "|---|---|---|---|\n");
    for (size_t i = 0; run_meta->splits[i]; i++)
        pt_strbuf_printf(out, "| `%s` | %" PRIu64 " | %" PRIu64 " | %" PRIu64 " |\n",
                         run_meta->splits[i], run_meta->counts.split_rows[i],
                         run_meta->split_recordings[i], run_meta->counts.split_parts[i]);
    pt_strbuf_append(out,
                     run_meta->splits[1] ? "\nAll rows of a clip are in one split.\n\n" : "\n");
}

static void add_columns(pt_strbuf *out, const pt_run_metadata *run_meta) {
    json_t *settings = pt_json_load_text(run_meta->settings_json, 0, NULL);
    const double purity_cap = pt_settings_purity_cap(settings);
    const bool with_id = pt_settings_have_id(settings);
    out->failed = out->failed || !settings; /* the settings are valid JSON: out of memory */
    json_decref(settings);
    pt_strbuf_append(out, "## Columns\n\n"
                          "| column | type | unit | content |\n"
                          "|---|---|---|---|\n");
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        const pt_column *column = &pt_columns[c];
        pt_strbuf_printf(out, "| `%s` | float32", column->name);
        if (column->n_values > 1) pt_strbuf_printf(out, "[%zu]", column->n_values);
        char *meaning = pt_column_describe(column, purity_cap);
        pt_strbuf_printf(out, " | %s | %s |\n", column->unit, meaning ? meaning : "");
        out->failed = out->failed || !meaning;
        free(meaning);
    }
    if (with_id) pt_strbuf_append(out, "| `" PT_ID_COLUMN "` | text | - | " PT_ID_MEANING " |\n");
    pt_strbuf_append(out,
                     "\nEdge b (0 to 64) of the bands of `target_ltas` is 10^(1.15 + 0.05 b) Hz. "
                     "Bands that begin above half of the source's rate or end above its bandwidth "
                     "(`window.rate_hz` and `source_quality.bandwidth_hz` of provenance) have no "
                     "content of the recording: `patina.load(out, masks=True)` marks the valid "
                     "ones. Every value is finite; there are no nulls.\n\n");
}

static void add_loading(pt_strbuf *out, const pt_run_metadata *run_meta) {
    const bool parquet = strcmp(run_meta->format, "parquet") == 0;
    const char *split = first_split(run_meta);

    pt_strbuf_printf(out,
                     "## Loading\n\n"
                     "`OUT` is the folder of this file.\n\n"
                     "```python\n"
                     "import datasets\n"
                     "rows = datasets.load_dataset(\"OUT\", split=\"%s\")\n"
                     "torch_rows = rows.with_format(\"torch\")  # one tensor per column\n\n",
                     split);
    if (parquet)
        pt_strbuf_printf(out,
                         "import pyarrow.parquet as pq\n"
                         "table = pq.read_table(\"OUT/data\")%s\n"
                         "fused = table[\"fused_state\"].combine_chunks().values.to_numpy()"
                         ".reshape(-1, 1024)\n\n"
                         "import polars as pl\n"
                         "frame = pl.read_parquet(\"OUT/data/%s-*.parquet\")\n"
                         "```\n\n"
                         "pyarrow, polars and `datasets` show lists of fixed length; pandas and "
                         "duckdb read them as arrays.\n\n",
                         run_meta->splits[1] ? "  # all splits" : "", split);
    else
        pt_strbuf_printf(
            out,
            "import polars as pl\n"
            "frame = pl.read_ndjson(\"OUT/data/%s-*.jsonl\")\n"
            "```\n\n"
            "JSON has neither float32 nor lists of fixed length: `load_dataset` takes both from "
            "the "
            "head of this file; other readers show 64-bit lists whose values round to float32 "
            "exactly. The same data set in Parquet has a third of the size and is much faster to "
            "read.\n\n",
            split);
}

static void add_provenance(pt_strbuf *out, const pt_run_metadata *run_meta) {
    pt_strbuf_printf(
        out,
        "## Provenance\n\n"
        "`datasets.load_dataset(\"OUT\", \"provenance\")` has one line for each row, in the same "
        "order: caption, effects and values of row i. `chain` and `stages` are JSON text. Its "
        "files "
        "are in `provenance_table`.\n\n"
        "Line i of `provenance/%s-....jsonl` describes row i of the `data` file of the same "
        "number: `entry`, `source`, `caption`, `seed`, `variant`, `window`, the drawn effects "
        "(`chain`), the resulting values (`stages`, `output_gain`, `purity_db`, `snr_db`, "
        "`sdr_db`) and both loudness values (`lufs_source`, `lufs_mono`). A line is also a recipe: "
        "`patina degrade AUDIO OUT.wav --recipe LINE.json` makes the degraded audio of the row "
        "again, bit for bit on the same kind of CPU with the same library versions.\n\n"
        "## Rejects\n\n"
        "`rejects.jsonl` lists entries, or single captions of an entry, that gave no row, with the "
        "reason. Entries: %" PRIu64 "; rejects: %" PRIu64 ".\n\n",
        first_split(run_meta), run_meta->n_entries, run_meta->counts.n_rejects);
    if (run_meta->counts.n_rejects == 0) return;
    pt_strbuf_append(out, "| reason | count |\n|---|---|\n");
    for (size_t i = 0; i < PATINA_REJECT_COUNT; i++)
        if (run_meta->counts.rejects_by[i] > 0)
            pt_strbuf_printf(out, "| `%s` | %" PRIu64 " |\n", pt_reject_name(i),
                             run_meta->counts.rejects_by[i]);
    pt_strbuf_append(out, "\n");
}

static void add_source(pt_strbuf *out, const char *kind, uint64_t n_entries, const char *hash,
                       const char *license) {
    pt_strbuf_printf(out, "| %s | %" PRIu64 " | `%.16s` | %s |\n", kind, n_entries, hash, license);
}

/* A set that was merged lists the corpora of its parts in the card object. */
static void add_sources(pt_strbuf *out, const pt_run_metadata *run_meta) {
    json_t *card = run_meta->card_json ? pt_json_load_text(run_meta->card_json, 0, NULL) : NULL;
    json_t *sources = json_object_get(card, "sources"), *source;
    size_t i;

    out->failed = out->failed || (run_meta->card_json && !card);
    pt_strbuf_append(out,
                     "## Source\n\n| corpus | entries | hash | licence |\n|---|---|---|---|\n");
    if (sources) {
        json_array_foreach(sources, i, source) {
            const char *license = json_string_value(json_object_get(source, "license"));
            add_source(out, json_string_value(json_object_get(source, "kind")),
                       (uint64_t)json_integer_value(json_object_get(source, "entries")),
                       json_string_value(json_object_get(source, "hash")),
                       license ? license : "unknown");
        }
    } else {
        char *license = pt_dataset_card_license(run_meta);
        add_source(out, run_meta->corpus_kind, run_meta->n_entries, run_meta->corpus_hash,
                   license ? license : "");
        out->failed = out->failed || !license;
        free(license);
    }
    pt_strbuf_append(out, "\n");
    json_decref(card);
}

static void add_run_section(pt_strbuf *out, const pt_run_metadata *run_meta) {
    char *license = pt_dataset_card_license(run_meta),
         *model = card_text(run_meta, "base_model", ""),
         *revision = card_text(run_meta, "base_model_revision", "");
    out->failed = out->failed || !license || !model || !revision;
    pt_strbuf_printf(out,
                     "## How it was made\n\n"
                     "| | |\n|---|---|\n"
                     "| program | patina %s |\n"
                     "| corpus | %s, %" PRIu64 " entries, hash `%s` |\n"
                     "| model | %s%s%s%s%s%shash `%s` |\n"
                     "| settings | hash `%s` |\n"
                     "| kernels | %s |\n\n"
                     "Settings, as in `dataset.json`:\n\n```json\n",
                     run_meta->version, run_meta->corpus_kind, run_meta->n_entries,
                     run_meta->corpus_hash, run_meta->model_untrained ? "**untrained**, " : "",
                     model ? model : "", revision && *revision ? " at commit `" : "",
                     revision ? revision : "", revision && *revision ? "`" : "",
                     model && *model ? ", " : "", run_meta->model_hash, run_meta->settings_hash,
                     run_meta->kernels);
    pt_json_write_pretty(out, run_meta->settings_json, 0);
    pt_strbuf_append(
        out, "\n```\n\n"
             "## Licence\n\n"
             "The rows are derived from the recordings and captions of the corpus, so their "
             "licences apply. ");
    if (license && strcmp(license, "unknown") == 0)
        pt_strbuf_append(out, "Replace `license: unknown` at the head of this file before "
                              "you publish it, or give `--license` to `patina generate`. ");
    pt_strbuf_append(out, "CLAP checkpoints have their own licence.\n");
    free(license);
    free(model);
    free(revision);
}

char *pt_dataset_card_to_markdown(const pt_run_metadata *run_meta) {
    pt_strbuf out = {0};

    add_front_matter(&out, run_meta);
    add_introduction(&out, run_meta);
    add_splits(&out, run_meta);
    add_sources(&out, run_meta);
    pt_card_add_corpora(&out, run_meta->settings_json);
    add_columns(&out, run_meta);
    add_loading(&out, run_meta);
    add_provenance(&out, run_meta);
    add_run_section(&out, run_meta);
    return pt_strbuf_detach(&out);
}
