/* SPDX-License-Identifier: MIT */
/* flops.c - floating-point operations of the towers */

#include "bench/flops.h"

/* Operations of [rows, k] times [k, n]. */
static double matmul_flops(double rows, double k, double n) {
    return 2.0 * rows * k * n;
}

double pt_flops_audio(const pt_clap_config *config) {
    const pt_audio_config *c = &config->audio;
    const double grid = (double)(c->spec_size / c->patch), patch = (double)(c->patch * c->patch);
    const double window = (double)(c->window * c->window), ratio = (double)c->mlp_ratio;
    const double projected = (double)config->projection_dim;
    double tokens = grid * grid, d = (double)c->width;
    double flop = matmul_flops(tokens, patch, d);

    for (size_t s = 0; s < c->n_stages; s++) {
        const double linears =
            matmul_flops(tokens, d, (4.0 + 2.0 * ratio) * d); /* qkv, proj, MLP */
        const double attention =
            2.0 * matmul_flops(tokens, d, window); /* scores, and the weighted sum */
        flop += (double)c->depths[s] * (linears + attention);
        if (s + 1 == c->n_stages) break;
        tokens /= 4.0;
        flop += matmul_flops(tokens, 4.0 * d, 2.0 * d);
        d *= 2.0;
    }
    return flop + matmul_flops(1.0, d, projected) + matmul_flops(1.0, projected, projected);
}

/* In the last layer, the part after attention is computed for the first token only. */
double pt_flops_text(const pt_clap_config *config, size_t n_tokens) {
    const pt_text_config *c = &config->text;
    const double n = (double)n_tokens, d = (double)c->hidden, layers = (double)c->n_layers;
    const double projected = (double)config->projection_dim;
    const double attention =
        matmul_flops(n, d, 3.0 * d) + 2.0 * matmul_flops(n, d, n);               /* with its qkv */
    const double rest = matmul_flops(1.0, d, d + 2.0 * (double)c->intermediate); /* for one token */

    return layers * attention + ((layers - 1.0) * n + 1.0) * rest +
           matmul_flops(1.0, d, d) + /* the pooler */
           matmul_flops(1.0, d, projected) + matmul_flops(1.0, projected, projected);
}
