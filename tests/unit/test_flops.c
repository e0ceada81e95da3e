/* SPDX-License-Identifier: MIT */
/* test_flops.c - operations of the towers, as counted by torch (docs/MODEL.md) */

#include "test.h"

#include "bench/flops.h"

/* laion/clap-htsat-unfused. */
static pt_clap_config unfused(void) {
    return (pt_clap_config){
        .text = {.hidden = 768, .n_layers = 12, .n_heads = 12, .intermediate = 3072},
        .audio = {.width = 96,
                  .n_stages = 4,
                  .depths = {2, 2, 6, 2},
                  .n_heads = {4, 8, 16, 32},
                  .window = 8,
                  .spec_size = 256,
                  .n_mels = 64,
                  .patch = 4,
                  .mlp_ratio = 4},
        .projection_dim = 512};
}

/* The reference figures are printed to so many digits: half of the last one is the tolerance. */
TEST(flops, published_models) {
    pt_clap_config config = unfused();
    CHECK_NEAR(1e-9 * pt_flops_audio(&config), 11.82, 0.005);
    /* Without the products that the last layer omits for all tokens but one: those with a [768,
     * 768] and two [3072, 768]. */
    const double left_out = 2.0 * 768.0 * (768.0 + 2.0 * 3072.0);
    CHECK_NEAR(1e-9 * pt_flops_text(&config, 20), 3.415 - 19e-9 * left_out, 0.0005);
    CHECK_NEAR(1e-9 * pt_flops_text(&config, 77), 13.30 - 76e-9 * left_out, 0.005);

    config.audio.width = 128; /* laion/larger_clap_general */
    config.audio.depths[2] = 12;
    CHECK_NEAR(1e-9 * pt_flops_audio(&config), 30.65, 0.005);
}
