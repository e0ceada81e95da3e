/* SPDX-License-Identifier: MIT */
/* inspect_text.c - prints statistics and rows as tables and bars */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escaped_output.h"
#include "inspect_format.h"
#include "summary.h"

enum { LABEL = 26, BAR = 40, N_PAIRS_SHOWN = 10, N_CHAINS_SHOWN = 10 };

static double percent(uint64_t part, uint64_t whole) {
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

/* ---- shape ----------------------------------------------------------------------------------- */

static void print_shape(const char *out, const patina_inspection *inspection) {
    char size[32];
    pt_cli_write_escaped(stdout, out);
    printf(": %" PRIu64 " %s in %" PRIu64 " %s, ", inspection->n_rows,
           pt_cli_plural(inspection->n_rows, "row", "rows"), inspection->n_parts,
           pt_cli_plural(inspection->n_parts, "file", "files"));
    pt_cli_format_bytes((double)inspection->n_bytes, size, sizeof size);
    printf("%s\n", size);
    if (inspection->untrained)
        printf("The encoder is UNTRAINED: the values of fused_state are meaningless.\n");
    if (inspection->n_splits > 1) {
        printf("\n%-*s %10s %12s\n", LABEL, "split", "files", "rows");
        for (size_t i = 0; i < inspection->n_splits; i++)
            printf("%-*s %10" PRIu64 " %12" PRIu64 "\n", LABEL, inspection->split[i].name,
                   inspection->split[i].n_parts, inspection->split[i].n_rows);
    }
    printf("\n%-*s %s\n", LABEL, "column", "float32 values per row");
    for (size_t i = 0; i < inspection->n_columns; i++)
        printf("%-*s %zu\n", LABEL, inspection->column[i].name, inspection->column[i].n_values);
}

/* ---- targets --------------------------------------------------------------------------------- */

static void print_quantiles(const char *label, const patina_quantiles *q, int digits) {
    printf("%-18.18s", label);
    if (q->n == 0) {
        printf("  below the floor in all rows\n");
        return;
    }
    const double v[] = {q->min, q->p5, q->median, q->p95, q->max, q->mean};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        printf(" %9.*f", digits, v[i]);
    putchar('\n');
}

static void print_quantile_head(const char *label) {
    printf("\n%-18s %9s %9s %9s %9s %9s %9s\n", label, "min", "5 %", "median", "95 %", "max",
           "mean");
}

static void print_at_limit(const patina_inspection *inspection, uint64_t n, const char *name,
                           double limit) {
    if (n > 0)
        printf("%-18s %.1f %% of the rows at the %s, %g\n", "", percent(n, inspection->n_rows),
               name, limit);
}

static void print_scalar(const patina_scalar *scalar) {
    char label[64];
    snprintf(label, sizeof label, "%s%s%s", scalar->title, *scalar->unit ? ", " : "", scalar->unit);
    print_quantiles(label, &scalar->quantiles, scalar->decimals);
}

static void print_targets(const patina_inspection *inspection) {
    print_quantile_head("target");
    for (size_t s = 0; s < inspection->n_scalars; s++) {
        const patina_scalar *scalar = &inspection->scalar[s];
        print_scalar(scalar);
        print_at_limit(inspection, scalar->n_at_floor, "floor", scalar->floor);
        print_at_limit(inspection, scalar->n_at_cap, "cap", scalar->cap);
    }
    print_quantile_head("octave, dBFS");
    for (size_t o = 0; o < PATINA_OCTAVE_COUNT; o++) {
        char label[64];
        snprintf(label, sizeof label, "%s Hz", patina_octave_name(o));
        print_quantiles(label, &inspection->octave[o], 1);
        if (inspection->octave[o].n < inspection->n_rows && inspection->octave[o].n > 0)
            printf("%-18s %s: below the floor (-120 dBFS) in %" PRIu64 " %s\n", "", label,
                   inspection->n_rows - inspection->octave[o].n,
                   pt_cli_plural(inspection->n_rows - inspection->octave[o].n, "row", "rows"));
    }
}

static void print_corpora(const patina_inspection *inspection) {
    if (inspection->n_corpora == 0) return;
    printf("\n%-*s %9s", LABEL, "corpus, medians", "rows");
    for (size_t s = 0; s < inspection->n_scalars; s++)
        printf("  %18s", inspection->scalar[s].title);
    putchar('\n');
    for (size_t i = 0; i < inspection->n_corpora; i++) {
        const patina_corpus_stats *corpus = &inspection->corpus[i];
        pt_cli_write_escaped(stdout, corpus->name);
        printf("%*s %9" PRIu64, LABEL - (int)strlen(corpus->name), "", corpus->n_rows);
        for (size_t s = 0; s < inspection->n_scalars; s++)
            printf("  %18.*f", inspection->scalar[s].decimals, corpus->scalar[s].median);
        putchar('\n');
    }
}

static void print_quality(const patina_inspection *inspection) {
    if (inspection->n_quality == 0 || inspection->quality[0].quantiles.n == 0) return;
    print_quantile_head("source");
    for (size_t i = 0; i < inspection->n_quality; i++) {
        const patina_scalar *scalar = &inspection->quality[i];
        print_scalar(scalar);
    }
    printf("\n%-*s %9s %8s\n", LABEL, "codec of the source", "rows", "share");
    for (size_t i = 0; i < inspection->n_codecs; i++)
        printf("%-*s %9" PRIu64 " %6.1f %%\n", LABEL, inspection->codec[i].name,
               inspection->codec[i].n_rows,
               percent(inspection->codec[i].n_rows, inspection->n_rows));
}

/* A bar in steps of 1/8 character, or of whole characters without UTF-8. */
static void put_bar(uint64_t count, uint64_t max_count) {
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const bool fine = pt_cli_locale_is_utf8();
    const double length = max_count > 0 ? (double)count / (double)max_count * BAR : 0.0;
    const int eighth = (int)(8.0 * length + 0.5);
    for (int i = 0; i < (fine ? eighth / 8 : (int)(length + 0.5)); i++)
        fputs(fine ? "█" : "#", stdout);
    if (fine) fputs(eighths[eighth % 8], stdout);
    if (count > 0 && eighth == 0) fputs(fine ? "▏" : ".", stdout);
}

static void print_purity(const patina_inspection *inspection) {
    const patina_scalar *purity = patina_inspection_find_scalar(inspection, "input_purity");
    if (!purity) return;
    const patina_histogram *h = &purity->histogram;
    uint64_t max_count = 0;
    for (size_t i = 0; i < h->n_bins; i++)
        if (h->count[i] > max_count) max_count = h->count[i];
    if (h->n_bins > 0) printf("\npurity, dB\n");
    for (size_t i = 0; i < h->n_bins; i++) {
        printf("%8.4g to %-8.4g %9" PRIu64 "  ", h->edge[i], h->edge[i + 1], h->count[i]);
        put_bar(h->count[i], max_count);
        putchar('\n');
    }
}

/* ---- effects --------------------------------------------------------------------------------- */

static void chain_name(const patina_inspection *inspection, unsigned set, char *text, size_t size) {
    size_t used = 0;
    snprintf(text, size, "%s", set == 0 ? "none (clean)" : "");
    for (size_t e = 0; e < inspection->n_effects; e++)
        if (set >> e & 1U)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     inspection->effect[e]);
}

/* The next set of effects in the order of decreasing rows, and of the bits where rows are equal.
 * n_effect_sets begins and ends the iteration. */
static size_t next_combination(const patina_inspection *inspection, size_t after) {
    const size_t none = inspection->n_effect_sets;
    size_t best = none;
    for (size_t set = 0; set < none; set++) {
        const uint64_t n = inspection->n_chain[set];
        if (n == 0 || (after < none && (n > inspection->n_chain[after] ||
                                        (n == inspection->n_chain[after] && set <= after))))
            continue;
        if (best == none || n > inspection->n_chain[best]) best = set;
    }
    return best;
}

static void print_effects(const patina_inspection *inspection) {
    unsigned n_found = 0;
    printf("\n%-*s %9s %8s\n", LABEL, "effect", "rows", "share");
    for (size_t e = 0; e < inspection->n_effects; e++)
        printf("%-*s %9" PRIu64 " %6.1f %%\n", LABEL, inspection->effect[e], inspection->n_with[e],
               percent(inspection->n_with[e], inspection->n_rows));
    for (size_t set = 0; set < inspection->n_effect_sets; set++)
        n_found += inspection->n_chain[set] > 0;
    printf("\n%-46s %9s %8s\n", "combination", "rows", "share");
    size_t set = inspection->n_effect_sets;
    for (unsigned i = 0; i < n_found && i < N_CHAINS_SHOWN; i++) {
        char name[512]; /* 16 effects at most */
        set = next_combination(inspection, set);
        chain_name(inspection, (unsigned)set, name, sizeof name);
        printf("%-46s %9" PRIu64 " %6.1f %%\n", name, inspection->n_chain[set],
               percent(inspection->n_chain[set], inspection->n_rows));
    }
    if (n_found > N_CHAINS_SHOWN)
        printf("and %u other combinations; see --json\n", n_found - N_CHAINS_SHOWN);
}

/* ---- embeddings, rejects, settings ----------------------------------------------------------- */

static void print_embedding(const char *name, const patina_embedding_stats *e) {
    printf("%-18s %9.6f %9.6f %9.6f %14.3f\n", name, e->norm_min, e->norm_mean, e->norm_max,
           e->mean_cosine);
}

static void print_embeddings(const patina_inspection *inspection) {
    printf("\n%-18s %9s %9s %9s %14s\n", "L2 norm", "min", "mean", "max", "mean cosine");
    print_embedding("caption embedding", &inspection->text);
    print_embedding("audio embedding", &inspection->audio);
    printf("mean cosine of caption and audio embedding of a row: %.3f\n",
           inspection->text_audio_cosine);
    printf(
        "(Norms should be 1. \"mean cosine\" is over all pairs of rows; 1 means that all rows are "
        "equal.)\n");
}

static void print_key_values(const char *title, const patina_key_value *items, size_t n) {
    if (n > 0) printf("\n%s\n", title);
    for (size_t i = 0; i < n; i++) {
        printf("  %-*s ", LABEL - 2, items[i].name);
        pt_cli_write_escaped(stdout, items[i].value);
        putchar('\n');
    }
}

/* Clips of one sound; those in different splits are a leak. */
static void print_sound_pairs(const patina_inspection *inspection) {
    const uint64_t n_between = inspection->n_pairs_between_splits;
    if (n_between + inspection->n_pairs_in_a_split == 0) return;
    printf("\npairs of clips with the same sound: %" PRIu64 " in different splits, %" PRIu64
           " in one split\n",
           n_between, inspection->n_pairs_in_a_split);
    for (size_t i = 0; i < inspection->n_sound_pairs && i < N_PAIRS_SHOWN; i++) {
        const patina_sound_pair *pair = &inspection->sound_pair[i];
        for (int k = 0; k < 2; k++) {
            printf("%s%s '", k ? ", " : "  ", pair->split[k]);
            pt_cli_write_escaped(stdout, pair->entry[k]);
            putchar('\'');
        }
        printf(", difference %.2f dB\n", pair->distance_db);
    }
    if (inspection->n_sound_pairs > N_PAIRS_SHOWN) printf("  further pairs are in --json\n");
}

void pt_cli_inspection_write_text(const char *out, const patina_inspection *inspection) {
    print_shape(out, inspection);
    if (inspection->n_rows > 0) {
        print_targets(inspection);
        print_corpora(inspection);
        print_quality(inspection);
        print_purity(inspection);
        print_effects(inspection);
        print_embeddings(inspection);
    }
    print_sound_pairs(inspection);
    if (inspection->n_rejects == 0) printf("\nno rejects\n");
    print_key_values("rejects", inspection->rejects, inspection->n_rejects);
    print_key_values("run", inspection->run, inspection->n_run);
    print_key_values("settings", inspection->settings, inspection->n_settings);
    print_key_values("model", inspection->model, inspection->n_model);
}

void pt_cli_inspected_row_write_text(uint64_t n, const patina_row_info *row) {
    double ltas[PATINA_LTAS_BANDS];
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        ltas[b] = row->ltas[b];
    printf("row %" PRIu64 ": row %" PRIu64 " of ", n, row->row_in_file);
    pt_cli_write_escaped(stdout, row->file);
    printf("\n\n%-20s", "caption");
    pt_cli_write_escaped(stdout, row->caption ? row->caption : "(none)");
    printf("\n%-20s%.2f LUFS\n", "loudness", (double)row->lufs);
    printf("%-20s%.2f dB\n", "crest factor", (double)row->crest_db);
    printf("%-20s%.4f\n", "zero-crossing rate", (double)row->zcr);
    printf("%-20s", "spectrum");
    pt_cli_write_spectrum(stdout, ltas);
    printf("  16 Hz to 20 kHz, 6 dB per step\n");
    printf("%-20s%.2f dB\n", "purity", (double)row->purity_db);
    printf("%-20scaption norm %.6f, audio norm %.6f, cosine %.3f\n", "embeddings", row->norm_text,
           row->norm_audio, row->cosine);
    printf("\ndegradation\n%s%s\n", *row->words ? "" : "none (clean)", row->words);
    printf("\nprovenance\n");
    pt_cli_write_escaped(stdout, row->provenance);
    putchar('\n');
}
