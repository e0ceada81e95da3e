/* SPDX-License-Identifier: MIT */
/* dataset_card.c - README.md in the form of the Hugging Face hub
 *
 * It depends on the run's metadata alone, so that two runs of the same job give equal files.
 */

#include "dataset/dataset_card.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/strbuf.h"
#include "dataset/card_corpora.h"
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

/* `sequence` with a length is the only form of a fixed-size list that every version of `datasets`
 * reads. Parquet files carry types and lengths themselves; for JSON Lines they are taken from here.
 *
 * `datasets` (5.2) forms its cache key from the folder's last name and this front matter alone. Two
 * sets in folders of the same name with the same front matter would share a cache entry, and the
 * second would load the rows of the first. The hashes in the description prevent this, also after
 * rejected entries were retried. */
static void add_front_matter(pt_strbuf *out, const pt_run_metadata *run_meta) {
    pt_strbuf_append(out, "---\n"
                          "pretty_name: patina data set\n"
                          "license: unknown\n"
                          "tags:\n- audio\n- clap\n- audio-degradation\n");
    pt_strbuf_printf(out, "size_categories:\n- %s\n", size_category(run_meta->counts.n_rows));
    pt_strbuf_append(out, "configs:\n"
                          "- config_name: default\n"
                          "  data_files:\n");
    for (size_t i = 0; run_meta->splits[i]; i++)
        if (is_listed(run_meta, i))
            pt_strbuf_printf(out, "  - split: %s\n    path: data/%s-*\n", run_meta->splits[i],
                             run_meta->splits[i]);
    pt_strbuf_append(out, "dataset_info:\n");
    pt_strbuf_printf(out,
                     "  description: %" PRIu64
                     " rows of settings %.16s, corpus %.16s, model %.16s, "
                     "kernels %s, files %.16s\n",
                     run_meta->counts.n_rows, run_meta->settings_hash, run_meta->corpus_hash,
                     run_meta->model_hash, run_meta->kernels,
                     run_meta->files_hash ? run_meta->files_hash : "none");
    pt_strbuf_append(out, "  features:\n");
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        const pt_column *column = &pt_columns[c];
        if (column->n_values > 1)
            pt_strbuf_printf(out, "  - name: %s\n    sequence: float32\n    length: %zu\n",
                             column->name, column->n_values);
        else
            pt_strbuf_printf(out, "  - name: %s\n    dtype: float32\n", column->name);
    }
    pt_strbuf_append(out, "---\n\n");
}

static void add_introduction(pt_strbuf *out, const pt_run_metadata *run_meta) {
    pt_strbuf_append(out, "# patina data set\n\n");
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
    if (!run_meta->splits[1]) return;
    pt_strbuf_append(out, "## Splits\n\n"
                          "| split | rows | files |\n"
                          "|---|---|---|\n");
    for (size_t i = 0; run_meta->splits[i]; i++)
        pt_strbuf_printf(out, "| `%s` | %" PRIu64 " | %" PRIu64 " |\n", run_meta->splits[i],
                         run_meta->counts.split_rows[i], run_meta->counts.split_parts[i]);
    pt_strbuf_append(out, "\nAll rows of a clip are in one split.\n\n");
}

static void add_columns(pt_strbuf *out, const pt_run_metadata *run_meta) {
    json_t *settings = json_loads(run_meta->settings_json, 0, NULL);
    const double purity_cap = pt_settings_purity_cap(settings);
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

static void add_run_section(pt_strbuf *out, const pt_run_metadata *run_meta) {
    pt_strbuf_printf(out,
                     "## How it was made\n\n"
                     "| | |\n|---|---|\n"
                     "| program | patina %s |\n"
                     "| corpus | %s, %" PRIu64 " entries, hash `%s` |\n"
                     "| model | %shash `%s` |\n"
                     "| settings | hash `%s` |\n"
                     "| kernels | %s |\n\n"
                     "Settings, as in `dataset.json`:\n\n```json\n",
                     run_meta->version, run_meta->corpus_kind, run_meta->n_entries,
                     run_meta->corpus_hash, run_meta->model_untrained ? "**untrained**, " : "",
                     run_meta->model_hash, run_meta->settings_hash, run_meta->kernels);
    pt_json_write_pretty(out, run_meta->settings_json, 0);
    pt_strbuf_append(
        out, "\n```\n\n"
             "## Licence\n\n"
             "The rows are derived from the recordings and captions of the corpus, so their "
             "licences apply. Replace `license: unknown` at the head of this file before "
             "you publish it. CLAP checkpoints carry a licence of their own.\n");
}

char *pt_dataset_card_to_markdown(const pt_run_metadata *run_meta) {
    pt_strbuf out = {0};

    add_front_matter(&out, run_meta);
    add_introduction(&out, run_meta);
    add_splits(&out, run_meta);
    pt_card_add_corpora(&out, run_meta->settings_json);
    add_columns(&out, run_meta);
    add_loading(&out, run_meta);
    add_provenance(&out, run_meta);
    add_run_section(&out, run_meta);
    return pt_strbuf_detach(&out);
}
