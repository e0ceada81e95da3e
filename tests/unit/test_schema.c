/* SPDX-License-Identifier: MIT */
/* test_schema.c - the check of a row, as in `generate` and `verify` */

#include "test.h"

#include <math.h>

#include "dataset/schema.h"

static pt_row make_valid_row(void) {
    pt_row row = {.target_lufs = -23.25F, .target_dyn = {12.5F, 0.125F}, .input_purity = 20.5F};
    row.fused_state[0] = row.fused_state[PATINA_EMBEDDING_SIZE] = 1.0F;
    return row;
}

TEST(schema, limits_are_valid) {
    pt_row row = make_valid_row();
    CHECK_OK(pt_row_check(&row, &t->err));
    row.fused_state[0] = 1.0F + 0x1p-23F; /* two roundings */
    row.fused_state[PATINA_EMBEDDING_SIZE] = 1.0F - 0x1p-23F;
    row.target_ltas[0] = -120.0F;
    row.target_lufs = -70.0F;
    row.target_dyn[0] = 0.0F;
    row.target_dyn[1] = 1.0F;
    row.input_purity = -30.0F;
    CHECK_OK(pt_row_check(&row, &t->err));
    row.input_purity = 60.0F;
    CHECK_OK(pt_row_check(&row, &t->err));
}

#define CHECK_REFUSED(change, words)                                                               \
    do {                                                                                           \
        pt_row row = make_valid_row();                                                             \
        change;                                                                                    \
        CHECK_FAILS(pt_row_check(&row, &t->err), PATINA_ERANGE);                                   \
        CHECK_CONTAINS(t->err.message, words);                                                     \
    } while (0)

TEST(schema, values_out_of_range) {
    CHECK_REFUSED(row.target_ltas[7] = -120.5F,
                  "column 'target_ltas': value 7 is -120.5; the range is -120 to inf");
    CHECK_REFUSED(row.target_lufs = -70.5F, "column 'target_lufs': value 0 is -70.5");
    CHECK_REFUSED(row.target_dyn[0] = -0.5F, "column 'target_dyn': value 0 is -0.5");
    CHECK_REFUSED(row.target_dyn[1] = 1.5F,
                  "column 'target_dyn': value 1 is 1.5; the range is 0 to 1");
    CHECK_REFUSED(row.target_dyn[1] = -0.5F, "column 'target_dyn': value 1 is -0.5");
    CHECK_REFUSED(row.input_purity = 60.5F, "column 'input_purity': value 0 is 60.5");
    CHECK_REFUSED(row.input_purity = -30.5F, "column 'input_purity': value 0 is -30.5");
}

/* Only faulty weights give such embeddings, so the error names the tower. */
TEST(schema, embeddings_not_of_length_1) {
    CHECK_REFUSED(row.fused_state[0] = 0.0F, "the embedding of the text tower has length 0 ");
    CHECK_REFUSED(row.fused_state[0] = 1.0F + 0x1p-21F, "the text tower");
    CHECK_REFUSED(row.fused_state[0] = 1.0F - 0x1p-21F, "the text tower");
    CHECK_REFUSED(row.fused_state[PATINA_EMBEDDING_SIZE] = 0.5F,
                  "the embedding of the audio tower has length 0.5 ");
    CHECK_REFUSED(row.fused_state[600] = NAN, "the embedding of the audio tower has length nan");
    CHECK_REFUSED(row.fused_state[3] = -INFINITY, "the embedding of the text tower has length inf");
}

TEST(schema, nonfinite_values) {
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t c = 1; c < PT_N_COLUMNS; c++) {
        const size_t last = pt_columns[c].n_values - 1;
        char named[64];
        snprintf(named, sizeof named, "column '%s': value %zu is not a finite", pt_columns[c].name,
                 last);
        CHECK_REFUSED(pt_column_values_mutable(&pt_columns[c], &row)[last] = bad[c % 3], named);
    }
}

/* Columns are disjoint, and cover the row. */
TEST(schema, columns_cover_the_row) {
    size_t end = 0;
    for (size_t c = 0; c < PT_N_COLUMNS; c++) {
        CHECK_INT(pt_columns[c].offset, end);
        CHECK(pt_columns[c].n_described == 1 ||
              pt_columns[c].n_described == pt_columns[c].n_values);
        end += pt_columns[c].n_values * sizeof(float);
    }
    CHECK_INT(end, sizeof(pt_row));
}

TEST(schema, fill) {
    const patina_targets targets = {.ltas = {[3] = -40.5},
                                    .lufs_source = -20.0,
                                    .lufs_mono = -23.0,
                                    .crest_db = 9.0,
                                    .zcr = 0.25};
    const patina_degrade_stats degrade = {.signal_power = 100.0, .rest_power = 1.0};
    pt_row row = make_valid_row();
    pt_row_fill(&row, &(pt_row_source){&targets, &degrade, PATINA_LOUDNESS_MIX, 60.0});
    CHECK(row.fused_state[0] == 1.0F && row.target_ltas[3] == -40.5F);
    CHECK(row.target_lufs == -23.0F && row.target_dyn[0] == 9.0F && row.target_dyn[1] == 0.25F);
    CHECK(row.input_purity == 20.0F);
    pt_row_fill(&row, &(pt_row_source){&targets, &degrade, PATINA_LOUDNESS_SOURCE, 15.0});
    CHECK(row.target_lufs == -20.0F);
    CHECK(row.input_purity == 15.0F); /* the cap */
}
