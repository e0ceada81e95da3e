/* SPDX-License-Identifier: MIT */
/* inspect_json.c - figures and rows as JSON, for programs */

#include <inttypes.h>
#include <stdio.h>

#include "inspect_print.h"
#include "output.h"

/* Reals carry 17 digits where they were computed, and 9 where they are floats of a row. */

static void put_quantiles(const pt_quantiles *q) {
    printf("{\"n\": %" PRIu64, q->n);
    if (q->n > 0)
        printf(", \"min\": %.17g, \"p5\": %.17g, \"p25\": %.17g, \"median\": %.17g, "
               "\"p75\": %.17g, \"p95\": %.17g, \"max\": %.17g, \"mean\": %.17g",
               q->least, q->p5, q->p25, q->median, q->p75, q->p95, q->most, q->mean);
    printf("}");
}

static void put_histogram(const pt_histogram *h) {
    printf("{\"edges\": [");
    for (size_t i = 0; h->n_bins > 0 && i <= h->n_bins; i++)
        printf("%s%.17g", i ? ", " : "", h->edge[i]);
    printf("], \"counts\": [");
    for (size_t i = 0; i < h->n_bins; i++)
        printf("%s%" PRIu64, i ? ", " : "", h->count[i]);
    printf("]}");
}

static void put_shape(const pt_inspection *of) {
    printf("{\"rows\": %" PRIu64 ", \"files\": %" PRIu64 ", \"bytes\": %" PRIu64
           ",\n \"splits\": [",
           of->n_rows, of->n_parts, of->n_bytes);
    for (size_t i = 0; i < of->n_splits; i++) {
        const pt_split_figures *split = &of->split[i];
        printf("%s{\"name\": ", i ? ", " : "");
        pt_cli_put_json(stdout, split->name);
        printf(", \"files\": %" PRIu64 ", \"rows\": %" PRIu64 ", \"bytes\": %" PRIu64 "}",
               split->n_parts, split->n_rows, split->n_bytes);
    }
    printf("],\n \"columns\": [");
    for (size_t i = 0; i < PT_COLUMNS; i++)
        printf("%s{\"name\": \"%s\", \"type\": \"float32\", \"length\": %zu, \"unit\": \"%s\"}",
               i ? ", " : "", of->column[i].name, of->column[i].n_values, of->column[i].unit);
    printf("],\n");
}

static void put_targets(const pt_inspection *of) {
    printf(" \"targets\": {");
    for (int s = 0; s < PT_SCALARS; s++) {
        printf("%s\n  \"%s\": {\"quantiles\": ", s ? "," : "", pt_scalar_column((pt_scalar)s));
        put_quantiles(&of->scalar[s]);
        printf(", \"histogram\": ");
        put_histogram(&of->histogram[s]);
        printf("}");
    }
    printf("},\n \"ltas\": {\n  \"bands\": [");
    for (size_t b = 0; b < PT_LTAS_BANDS; b++) {
        printf("%s\n   {\"hz\": %.6g, \"quantiles\": ", b ? "," : "", pt_ltas_middle_hz(b));
        put_quantiles(&of->band[b]);
        printf("}");
    }
    printf("],\n  \"octaves\": [");
    for (size_t o = 0; o < PT_OCTAVES; o++) {
        printf("%s\n   {\"hz\": %s, \"quantiles\": ", o ? "," : "", pt_octave_name(o));
        put_quantiles(&of->octave[o]);
        printf("}");
    }
    printf("]},\n");
}

static void put_chain(const pt_inspection *of, unsigned set) {
    bool first = true;
    printf("{\"effects\": [");
    for (size_t e = 0; e < PT_N_EFFECTS; e++) {
        if (!(set >> e & 1U)) continue;
        printf("%s\"%s\"", first ? "" : ", ", of->effect[e]);
        first = false;
    }
    printf("], \"rows\": %" PRIu64 "}", of->n_chain[set]);
}

static void put_effects(const pt_inspection *of) {
    bool first = true;
    printf(" \"effects\": {");
    for (size_t e = 0; e < PT_N_EFFECTS; e++)
        printf("%s\"%s\": %" PRIu64, e ? ", " : "", of->effect[e], of->n_with[e]);
    printf("},\n \"together\": [");
    for (size_t a = 0; a < PT_N_EFFECTS; a++)
        for (size_t b = 0; b < PT_N_EFFECTS; b++)
            printf("%s%" PRIu64 "%s",
                   b   ? ", "
                   : a ? ", ["
                       : "[",
                   of->n_with_both[a][b], b + 1 == PT_N_EFFECTS ? "]" : "");
    printf("],\n \"combinations\": [");
    for (unsigned set = 0; set < PT_N_CHAINS; set++) {
        if (of->n_chain[set] == 0) continue;
        printf("%s\n  ", first ? "" : ",");
        put_chain(of, set);
        first = false;
    }
    printf("],\n");
}

static void put_embedding(const char *name, const pt_embedding_figures *e) {
    printf("\"%s\": {\"norm_min\": %.17g, \"norm_mean\": %.17g, \"norm_max\": %.17g, "
           "\"mean_cosine\": %.17g}",
           name, e->norm_least, e->norm_mean, e->norm_most, e->likeness);
}

void pt_cli_inspection_json(const pt_inspection *of) {
    put_shape(of);
    put_targets(of);
    put_effects(of);
    printf(" \"embeddings\": {");
    put_embedding("text", &of->text);
    printf(", ");
    put_embedding("audio", &of->audio);
    printf(", \"mean_cosine_of_halves\": %.17g},\n \"rejects\": {", of->likeness_of_halves);
    for (size_t i = 0; i < of->n_rejects; i++) {
        printf("%s", i ? ", " : "");
        pt_cli_put_json(stdout, of->rejects[i].name);
        printf(": %s", of->rejects[i].value);
    }
    printf("},\n \"dataset\": %s}\n", of->account);
}

static void put_floats(const char *name, const float *values, size_t n) {
    printf(", \"%s\": [", name);
    for (size_t i = 0; i < n; i++)
        printf("%s%.9g", i ? ", " : "", (double)values[i]);
    printf("]");
}

void pt_cli_inspected_row_json(uint64_t n, const pt_inspected_row *row) {
    const float dyn[2] = {row->crest_db, row->zcr};
    float fused[2 * PT_EMBEDDING];
    for (size_t i = 0; i < PT_EMBEDDING; i++) {
        fused[i] = row->text[i];
        fused[PT_EMBEDDING + i] = row->audio[i];
    }
    printf("{\"row\": %" PRIu64 ", \"file\": ", n);
    pt_cli_put_json(stdout, row->file);
    printf(", \"row_in_file\": %" PRIu64, row->row_in_file);
    put_floats("fused_state", fused, 2 * PT_EMBEDDING);
    put_floats("target_ltas", row->ltas, PT_LTAS_BANDS);
    printf(", \"target_lufs\": %.9g", (double)row->lufs);
    put_floats("target_dyn", dyn, 2);
    printf(", \"input_purity\": %.9g, \"norm_text\": %.17g, \"norm_audio\": %.17g, "
           "\"cosine\": %.17g, \"words\": ",
           (double)row->purity_db, row->norm_text, row->norm_audio, row->cosine);
    pt_cli_put_json(stdout, row->words);
    printf(", \"provenance\": %s}\n", row->provenance);
}
