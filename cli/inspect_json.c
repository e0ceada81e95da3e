/* SPDX-License-Identifier: MIT */
/* inspect_json.c - prints statistics and rows as JSON */

#include <inttypes.h>
#include <stdio.h>

#include "escaped_output.h"
#include "inspect_format.h"

/* Computed values have 17 digits, float32 values of a row have 9. */

static void put_quantiles(const patina_quantiles *q) {
    printf("{\"n\": %" PRIu64, q->n);
    if (q->n > 0)
        printf(", \"min\": %.17g, \"p5\": %.17g, \"p25\": %.17g, \"median\": %.17g, "
               "\"p75\": %.17g, \"p95\": %.17g, \"max\": %.17g, \"mean\": %.17g",
               q->min, q->p5, q->p25, q->median, q->p75, q->p95, q->max, q->mean);
    printf("}");
}

static void put_histogram(const patina_histogram *h) {
    printf("{\"edges\": [");
    for (size_t i = 0; h->n_bins > 0 && i <= h->n_bins; i++)
        printf("%s%.17g", i ? ", " : "", h->edge[i]);
    printf("], \"counts\": [");
    for (size_t i = 0; i < h->n_bins; i++)
        printf("%s%" PRIu64, i ? ", " : "", h->count[i]);
    printf("]}");
}

/* "target_lufs": quantiles, of the rows of a split or a corpus */
static void put_group_targets(const patina_inspection *inspection,
                              const patina_quantiles *quantiles) {
    printf(", \"targets\": {");
    for (size_t s = 0; s < inspection->n_scalars; s++) {
        printf("%s\"%s\": ", s ? ", " : "", inspection->scalar[s].column);
        put_quantiles(&quantiles[s]);
    }
    printf("}");
}

static void put_shape(const patina_inspection *inspection) {
    printf("{\"rows\": %" PRIu64 ", \"files\": %" PRIu64 ", \"bytes\": %" PRIu64
           ",\n \"splits\": [",
           inspection->n_rows, inspection->n_parts, inspection->n_bytes);
    for (size_t i = 0; i < inspection->n_splits; i++) {
        const patina_split_stats *split = &inspection->split[i];
        printf("%s{\"name\": ", i ? ", " : "");
        pt_cli_write_json_string(stdout, split->name);
        printf(", \"files\": %" PRIu64 ", \"rows\": %" PRIu64 ", \"bytes\": %" PRIu64,
               split->n_parts, split->n_rows, split->n_bytes);
        put_group_targets(inspection, split->scalar);
        printf("}");
    }
    printf("],\n \"corpora\": [");
    for (size_t i = 0; i < inspection->n_corpora; i++) {
        const patina_corpus_stats *corpus = &inspection->corpus[i];
        printf("%s{\"name\": ", i ? ", " : "");
        pt_cli_write_json_string(stdout, corpus->name);
        printf(", \"rows\": %" PRIu64, corpus->n_rows);
        put_group_targets(inspection, corpus->scalar);
        printf("}");
    }
    printf("],\n \"columns\": [");
    for (size_t i = 0; i < inspection->n_columns; i++)
        printf("%s{\"name\": \"%s\", \"type\": \"float32\", \"length\": %zu, \"unit\": \"%s\"}",
               i ? ", " : "", inspection->column[i].name, inspection->column[i].n_values,
               inspection->column[i].unit);
    printf("],\n");
}

static void put_targets(const patina_inspection *inspection) {
    printf(" \"targets\": {");
    for (size_t s = 0; s < inspection->n_scalars; s++) {
        const patina_scalar *scalar = &inspection->scalar[s];
        printf("%s\n  \"%s\": {\"quantiles\": ", s ? "," : "", scalar->column);
        put_quantiles(&scalar->quantiles);
        printf(", \"histogram\": ");
        put_histogram(&scalar->histogram);
        printf(", \"rows_at_floor\": %" PRIu64 ", \"rows_at_cap\": %" PRIu64
               ", \"recordings\": {\"quantiles\": ",
               scalar->n_at_floor, scalar->n_at_cap);
        put_quantiles(&scalar->recording_quantiles);
        printf(", \"histogram\": ");
        put_histogram(&scalar->recording_histogram);
        printf("}}");
    }
    printf("},\n \"ltas\": {\n  \"bands\": [");
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++) {
        printf("%s\n   {\"hz\": %.6g, \"quantiles\": ", b ? "," : "", patina_ltas_center_hz(b));
        put_quantiles(&inspection->band[b]);
        printf("}");
    }
    printf("],\n  \"octaves\": [");
    for (size_t o = 0; o < PATINA_OCTAVE_COUNT; o++) {
        printf("%s\n   {\"hz\": %s, \"quantiles\": ", o ? "," : "", patina_octave_name(o));
        put_quantiles(&inspection->octave[o]);
        printf("}");
    }
    printf("]},\n");
}

static void put_recordings(const patina_inspection *inspection) {
    const patina_caption_stats *captions = &inspection->captions;
    printf(" \"recordings\": %" PRIu64 ",\n \"captions\": {\"distinct\": %" PRIu64
           ", \"recordings_with_shared\": %" PRIu64 ", \"most_shared\": %" PRIu64 ", \"words\": ",
           inspection->n_recordings, captions->n_distinct, captions->n_shared,
           captions->n_most_shared);
    put_quantiles(&captions->words);
    printf("},\n \"correlation\": {");
    for (size_t a = 0; a < inspection->n_scalars; a++) {
        printf("%s\"%s\": {", a ? ", " : "", inspection->scalar[a].column);
        for (size_t b = 0; b < inspection->n_scalars; b++)
            printf("%s\"%s\": %.17g", b ? ", " : "", inspection->scalar[b].column,
                   inspection->correlation[a * inspection->n_scalars + b]);
        printf("}");
    }
    printf("},\n");
}

static void put_quality(const patina_inspection *inspection) {
    printf(" \"source_quality\": {");
    for (size_t i = 0; i < inspection->n_quality; i++) {
        const patina_scalar *scalar = &inspection->quality[i];
        printf("\n  \"%s\": {\"quantiles\": ", scalar->column);
        put_quantiles(&scalar->quantiles);
        printf(", \"histogram\": ");
        put_histogram(&scalar->histogram);
        printf("},");
    }
    printf("\n  \"codecs\": {");
    for (size_t i = 0; i < inspection->n_codecs; i++) {
        printf("%s", i ? ", " : "");
        pt_cli_write_json_string(stdout, inspection->codec[i].name);
        printf(": %" PRIu64, inspection->codec[i].n_rows);
    }
    printf("}},\n");
}

static void put_chain(const patina_inspection *inspection, unsigned set) {
    bool first = true;
    printf("{\"effects\": [");
    for (size_t e = 0; e < inspection->n_effects; e++) {
        if (!(set >> e & 1U)) continue;
        printf("%s\"%s\"", first ? "" : ", ", inspection->effect[e]);
        first = false;
    }
    printf("], \"rows\": %" PRIu64 "}", inspection->n_chain[set]);
}

static void put_effects(const patina_inspection *inspection) {
    bool first = true;
    printf(" \"effects\": {");
    for (size_t e = 0; e < inspection->n_effects; e++)
        printf("%s\"%s\": %" PRIu64, e ? ", " : "", inspection->effect[e], inspection->n_with[e]);
    printf("},\n \"together\": [");
    for (size_t a = 0; a < inspection->n_effects; a++)
        for (size_t b = 0; b < inspection->n_effects; b++)
            printf("%s%" PRIu64 "%s",
                   b   ? ", "
                   : a ? ", ["
                       : "[",
                   inspection->n_with_both[a * inspection->n_effects + b],
                   b + 1 == inspection->n_effects ? "]" : "");
    printf("],\n \"combinations\": [");
    for (unsigned set = 0; set < inspection->n_effect_sets; set++) {
        if (inspection->n_chain[set] == 0) continue;
        printf("%s\n  ", first ? "" : ",");
        put_chain(inspection, set);
        first = false;
    }
    printf("],\n");
}

static void put_embedding(const char *name, const patina_embedding_stats *e) {
    printf("\"%s\": {\"norm_min\": %.17g, \"norm_mean\": %.17g, \"norm_max\": %.17g, "
           "\"mean_cosine\": %.17g}",
           name, e->norm_min, e->norm_mean, e->norm_max, e->mean_cosine);
}

static void put_sound_pairs(const patina_inspection *inspection) {
    printf(" \"same_sound\": {\"pairs_between_splits\": %" PRIu64 ", \"pairs_in_a_split\": %" PRIu64
           ", \"pairs\": [",
           inspection->n_pairs_between_splits, inspection->n_pairs_in_a_split);
    for (size_t i = 0; i < inspection->n_sound_pairs; i++) {
        const patina_sound_pair *pair = &inspection->sound_pair[i];
        printf("%s\n  {\"entries\": [", i ? "," : "");
        pt_cli_write_json_string(stdout, pair->entry[0]);
        printf(", ");
        pt_cli_write_json_string(stdout, pair->entry[1]);
        printf("], \"splits\": [\"%s\", \"%s\"], \"rows\": [%" PRIu64 ", %" PRIu64
               "], \"distance_db\": %.17g}",
               pair->split[0], pair->split[1], pair->row[0], pair->row[1], pair->distance_db);
    }
    printf("]},\n");
}

void pt_cli_inspection_write_json(const patina_inspection *inspection) {
    put_shape(inspection);
    put_targets(inspection);
    put_recordings(inspection);
    put_quality(inspection);
    put_effects(inspection);
    printf(" \"embeddings\": {");
    put_embedding("text", &inspection->text);
    printf(", ");
    put_embedding("audio", &inspection->audio);
    printf(", \"mean_cosine_of_halves\": %.17g},\n \"rejects\": {", inspection->text_audio_cosine);
    for (size_t i = 0; i < inspection->n_rejects; i++) {
        printf("%s", i ? ", " : "");
        pt_cli_write_json_string(stdout, inspection->rejects[i].name);
        printf(": %s", inspection->rejects[i].value);
    }
    printf("},\n");
    put_sound_pairs(inspection);
    printf(" \"dataset\": ");
    pt_cli_write_json(stdout, inspection->dataset_json);
    printf("}\n");
}

static void put_column(const patina_column_info *column, const float *values) {
    printf(", \"%s\": %s", column->name, column->n_values > 1 ? "[" : "");
    for (size_t i = 0; i < column->n_values; i++)
        printf("%s%.9g", i ? ", " : "", (double)values[i]);
    printf("%s", column->n_values > 1 ? "]" : "");
}

void pt_cli_inspected_row_write_json(uint64_t n, const patina_row_info *row) {
    size_t n_columns;
    const patina_column_info *columns = patina_columns(&n_columns);
    const float *values = row->values;

    printf("{\"row\": %" PRIu64 ", \"file\": ", n);
    pt_cli_write_json_string(stdout, row->file);
    printf(", \"row_in_file\": %" PRIu64, row->row_in_file);
    for (size_t c = 0; c < n_columns; values += columns[c++].n_values)
        put_column(&columns[c], values);
    printf(", \"norm_text\": %.17g, \"norm_audio\": %.17g, \"cosine\": %.17g, \"words\": ",
           row->norm_text, row->norm_audio, row->cosine);
    pt_cli_write_json_string(stdout, row->words);
    printf(", \"provenance\": ");
    pt_cli_write_json(stdout, row->provenance);
    printf("}\n");
}
