/* SPDX-License-Identifier: MIT */
/* cmd_effects.c - patina effects: what the suite can do to a sound */

#include <stdio.h>
#include <stdlib.h>

#include <patina/patina.h>

#include "commands.h"
#include "terminal.h"

enum { SUITE, JSON, N_OPTIONS };

static const pt_cli_option options[] = {
    [SUITE] = {.name = "suite",
               .kind = PT_CLI_TEXT,
               .argument = "FILE",
               .help = "JSON with other ranges and probabilities, as generate takes it"},
    [JSON] = {.name = "json", .help = "one JSON array, numbers in full"},
};

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    patina_error err = {0};
    patina_effect_config *suite = NULL;
    char *suite_json = NULL;
    if (pt_cli_effect_config_open(args->value[SUITE].text, &suite_json, &suite, &err) != PATINA_OK)
        return pt_cli_report_error(&err);

    char *text =
        args->value[JSON].given ? patina_effects_to_json(suite) : patina_effects_describe(suite);
    if (text)
        fputs(text, stdout);
    else
        pt_cli_error("out of memory");
    const int status = text ? 0 : 1;
    free(text);
    patina_effect_config_close(&suite);
    free(suite_json);
    return status;
}

const pt_cli_command pt_cli_effects = {
    .name = "effects",
    .summary = "the six effects, their ranges, and what a severity comes to",
    .usage = "[options]",
    .description =
        "Lists the effects in the order in which sound meets them, and for each parameter the "
        "range that generate draws from, the law of the draw, and what 'patina degrade --effects "
        "LIST --severity WORD' takes instead: light lies 20 % of the way into the range, medium "
        "50 % and heavy 85 %, counted towards what is worse.",
    .after = "example:\n"
             "  patina degrade --effects noise --severity light clips/dog.wav noisy.wav\n",
    .n_operands_min = 0,
    .n_operands_max = 0,
    .operands = "no operands are",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
