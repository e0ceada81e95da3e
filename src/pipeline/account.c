/* SPDX-License-Identifier: MIT */
/* account.c - chain and damage into the members of provenance that they are the source of */

#include "pipeline/account.h"

#include <stdlib.h>

#include <patina/measure.h>

char *pt_account_print(pt_provenance known, const pt_chain *chain, const pt_damage *damage) {
    char *chain_json = pt_chain_print(chain), *stages_json = pt_damage_print(damage), *line = NULL;

    known.chain_json = chain_json;
    known.stages_json = stages_json;
    known.output_gain = damage->output_gain;
    known.purity_db = pt_purity_db(damage->signal_power, damage->rest_power);
    known.snr_db = pt_purity_db(damage->signal_power, damage->noise_power);
    known.sdr_db = pt_purity_db(damage->signal_power, damage->distortion_power);
    if (chain_json && stages_json) line = pt_provenance_print(&known);
    free(chain_json);
    free(stages_json);
    return line;
}
