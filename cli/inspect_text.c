/* SPDX-License-Identifier: MIT */
/* inspect_text.c - figures and rows as tables and bars, for people */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect_format.h"
#include "options.h"
#include "summary.h"
#include "terminal.h"

enum { LABEL = 26, BAR = 40, N_CHAINS_SHOWN = 10 };

static double percent(uint64_t part, uint64_t whole) {
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

/* A number and its noun. */
static void print_bytes(uint64_t bytes) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    double size = (double)bytes;
    size_t unit = 0;
    while (size >= 1000.0 && unit + 1 < sizeof units / sizeof *units) {
        size /= 1000.0;
        unit++;
    }
    printf("%.*f %s", unit == 0 || size >= 100.0 ? 0 : 1, size, units[unit]);
}

/* ---- shape ----------------------------------------------------------------------------------- */

static void print_shape(const char *out, const patina_inspection *of) {
    pt_cli_write_escaped(stdout, out);
    printf(": %" PRIu64 " %s in %" PRIu64 " %s, ", of->n_rows,
           pt_cli_plural(of->n_rows, "row", "rows"), of->n_parts,
           pt_cli_plural(of->n_parts, "file", "files"));
    print_bytes(of->n_bytes);
    putchar('\n');
    if (of->untrained)
        pt_cli_write_wrapped(
            stdout, "The encoder is UNTRAINED: fused_state has the right shape and no meaning.", 0);
    if (of->n_splits > 1) {
        printf("\n%-*s %10s %12s\n", LABEL, "split", "files", "rows");
        for (size_t i = 0; i < of->n_splits; i++)
            printf("%-*s %10" PRIu64 " %12" PRIu64 "\n", LABEL, of->split[i].name,
                   of->split[i].n_parts, of->split[i].n_rows);
    }
    printf("\n%-*s %s\n", LABEL, "column", "numbers a row, float32");
    for (size_t i = 0; i < of->n_columns; i++)
        printf("%-*s %zu\n", LABEL, of->column[i].name, of->column[i].n_values);
}

/* ---- targets --------------------------------------------------------------------------------- */

static void print_quantiles(const char *label, const patina_quantiles *q, int digits) {
    printf("%-18.18s", label);
    if (q->n == 0) {
        printf("  nothing above the floor in any row\n");
        return;
    }
    const double v[] = {q->min, q->p5, q->median, q->p95, q->max, q->mean};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        printf(" %9.*f", digits, v[i]);
    putchar('\n');
}

static void print_quantile_head(const char *label) {
    printf("\n%-18s %9s %9s %9s %9s %9s %9s\n", label, "least", "5 %", "median", "95 %", "most",
           "mean");
}

static void print_targets(const patina_inspection *of) {
    print_quantile_head("target");
    for (int s = 0; s < PATINA_SCALAR_COUNT; s++) {
        char label[64];
        const char *unit = patina_scalar_unit((patina_scalar)s);
        snprintf(label, sizeof label, "%s%s%s", patina_scalar_title((patina_scalar)s),
                 *unit ? ", " : "", unit);
        print_quantiles(label, &of->scalar[s], s == PATINA_SCALAR_ZCR ? 4 : 2);
    }
    print_quantile_head("octave, dBFS");
    for (size_t o = 0; o < PATINA_OCTAVE_COUNT; o++) {
        char label[64];
        snprintf(label, sizeof label, "%s Hz", patina_octave_name(o));
        print_quantiles(label, &of->octave[o], 1);
        if (of->octave[o].n < of->n_rows && of->octave[o].n > 0)
            printf("%-18s %" PRIu64 " %s nothing there (-120)\n", "", of->n_rows - of->octave[o].n,
                   of->n_rows - of->octave[o].n == 1 ? "row has" : "rows have");
    }
}

/* A bar of eighths of a character, or of whole ones where they cannot be shown. */
static void put_bar(uint64_t count, uint64_t most) {
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const bool fine = pt_cli_locale_is_utf8();
    const double length = most > 0 ? (double)count / (double)most * BAR : 0.0;
    const int eighth = (int)(8.0 * length + 0.5);
    for (int i = 0; i < (fine ? eighth / 8 : (int)(length + 0.5)); i++)
        fputs(fine ? "█" : "#", stdout);
    if (fine) fputs(eighths[eighth % 8], stdout);
    if (count > 0 && eighth == 0) fputs(fine ? "▏" : ".", stdout);
}

static void print_purity(const patina_inspection *of) {
    const patina_histogram *h = &of->histogram[PATINA_SCALAR_PURITY];
    uint64_t most = 0;
    for (size_t i = 0; i < h->n_bins; i++)
        if (h->count[i] > most) most = h->count[i];
    if (h->n_bins > 0) printf("\npurity, dB\n");
    for (size_t i = 0; i < h->n_bins; i++) {
        printf("%8.4g to %-8.4g %9" PRIu64 "  ", h->edge[i], h->edge[i + 1], h->count[i]);
        put_bar(h->count[i], most);
        putchar('\n');
    }
}

/* ---- effects --------------------------------------------------------------------------------- */

static void chain_name(const patina_inspection *of, unsigned set, char *text, size_t size) {
    size_t used = 0;
    snprintf(text, size, "%s", set == 0 ? "none: a clean row" : "");
    for (size_t e = 0; e < of->n_effects; e++)
        if (set >> e & 1U)
            used +=
                (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", of->effect[e]);
}

/* The set of effects after this one: most rows first, then in the order of the bits. n_effect_sets
 * stands for none, at either end. */
static size_t next_combination(const patina_inspection *of, size_t after) {
    const size_t none = of->n_effect_sets;
    size_t best = none;
    for (size_t set = 0; set < none; set++) {
        const uint64_t n = of->n_chain[set];
        if (n == 0 ||
            (after < none && (n > of->n_chain[after] || (n == of->n_chain[after] && set <= after))))
            continue;
        if (best == none || n > of->n_chain[best]) best = set;
    }
    return best;
}

static void print_effects(const patina_inspection *of) {
    unsigned n_met = 0;
    printf("\n%-*s %9s %8s\n", LABEL, "effect", "rows", "share");
    for (size_t e = 0; e < of->n_effects; e++)
        printf("%-*s %9" PRIu64 " %6.1f %%\n", LABEL, of->effect[e], of->n_with[e],
               percent(of->n_with[e], of->n_rows));
    for (size_t set = 0; set < of->n_effect_sets; set++)
        n_met += of->n_chain[set] > 0;
    printf("\n%-46s %9s %8s\n", "combination", "rows", "share");
    size_t set = of->n_effect_sets;
    for (unsigned i = 0; i < n_met && i < N_CHAINS_SHOWN; i++) {
        char name[512]; /* 16 effects at most */
        set = next_combination(of, set);
        chain_name(of, (unsigned)set, name, sizeof name);
        printf("%-46s %9" PRIu64 " %6.1f %%\n", name, of->n_chain[set],
               percent(of->n_chain[set], of->n_rows));
    }
    if (n_met > N_CHAINS_SHOWN)
        printf("and %u other combinations (--json has all)\n", n_met - N_CHAINS_SHOWN);
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void print_embedding(const char *name, const patina_embedding_stats *e) {
    printf("%-18s %9.6f %9.6f %9.6f %14.3f\n", name, e->norm_min, e->norm_mean, e->norm_max,
           e->mean_cosine);
}

static void print_embeddings(const patina_inspection *of) {
    printf("\n%-18s %9s %9s %9s %14s\n", "length of", "least", "mean", "most", "likeness");
    print_embedding("caption half", &of->text);
    print_embedding("audio half", &of->audio);
    printf("mean cosine of the two halves of a row: %.3f\n", of->text_audio_cosine);
    pt_cli_write_wrapped(
        stdout,
        "(Lengths should be 1. Likeness is the mean cosine of any two rows: 1 would mean "
        "that all are alike.)",
        0);
}

static void print_key_values(const char *title, const patina_key_value *facts, size_t n) {
    if (n > 0) printf("\n%s\n", title);
    for (size_t i = 0; i < n; i++) {
        printf("  %-*s ", LABEL - 2, facts[i].name);
        pt_cli_write_escaped(stdout, facts[i].value);
        putchar('\n');
    }
}

void pt_cli_inspection_write_text(const char *out, const patina_inspection *of) {
    print_shape(out, of);
    if (of->n_rows > 0) {
        print_targets(of);
        print_purity(of);
        print_effects(of);
        print_embeddings(of);
    }
    if (of->n_rejects == 0) printf("\nnothing was rejected\n");
    print_key_values("rejects", of->rejects, of->n_rejects);
    print_key_values("run", of->facts, of->n_facts);
    print_key_values("settings", of->settings, of->n_settings);
    print_key_values("model", of->model, of->n_model);
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
    printf("  16 Hz to 20 kHz, a step is 6 dB\n");
    printf("%-20s%.2f dB\n", "purity", (double)row->purity_db);
    printf("%-20scaption half %.6f, audio half %.6f, cosine of the two %.3f\n", "lengths",
           row->norm_text, row->norm_audio, row->cosine);
    printf("\ndamage\n%s%s\n", *row->words ? "" : "none: a clean row", row->words);
    printf("\nprovenance\n");
    pt_cli_write_escaped(stdout, row->provenance);
    putchar('\n');
}
