/* SPDX-License-Identifier: MIT */
/* provenance_fill.c - writes the chain and its measurements as JSON */

#include "pipeline/provenance_fill.h"

#include <math.h>
#include <stdlib.h>

char *pt_provenance_fill_to_json(patina_provenance known, const patina_effect_chain *chain,
                                 const patina_degrade_stats *stats, double purity_cap) {
    char *chain_json = patina_effect_chain_to_json(chain),
         *stages_json = patina_degrade_stats_to_json(stats), *line = NULL;

    known.chain_json = chain_json;
    known.stages_json = stages_json;
    known.output_gain = stats->output_gain;
    known.purity_db = fmin(purity_cap, patina_purity_db(stats->signal_power, stats->rest_power));
    known.purity_cap = purity_cap;
    known.snr_db = patina_purity_db(stats->signal_power, stats->noise_power);
    known.sdr_db = patina_purity_db(stats->signal_power, stats->distortion_power);
    if (chain_json && stages_json) line = patina_provenance_to_json(&known);
    free(chain_json);
    free(stages_json);
    return line;
}

void pt_provenance_fill_codec(patina_source_quality *quality, const pt_codec_info *codec) {
    quality->codec = codec->name;
    quality->bits = codec->bits;
    quality->is_lossy = codec->is_lossy;
}
