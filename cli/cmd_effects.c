/* SPDX-License-Identifier: MIT */
/* cmd_effects.c - patina effects: the effects and their parameters */

#include <stdio.h>
#include <stdlib.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"

static const pt_cli_option options[] = {
    PT_CLI_SUITE_OPTION,
    {.name = "json", .help = "print a JSON array, numbers in full precision"},
};

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    patina_error err = {0};
    patina_effect_config *config = NULL;
    if (pt_cli_effect_config_open(args, &config, &err) != PATINA_OK)
        return pt_cli_report_error(&err);

    char *text = pt_cli_given(args, "json") ? patina_effects_to_json(config)
                                            : patina_effects_describe(config);
    if (text)
        fputs(text, stdout);
    else
        pt_cli_error("out of memory");
    const int status = text ? 0 : 1;
    free(text);
    patina_effect_config_close(&config);
    return status;
}

const pt_cli_command pt_cli_effects = {
    .name = "effects",
    .summary = "list the effects, their ranges and severities",
    .usage = "[options]",
    .description =
        "Lists the effects in physical order, from the room to the converter. For each parameter "
        "it prints the range and the distribution that generate draws from, and the values of "
        "'patina degrade --effects LIST --severity WORD': light, medium and heavy are 20 %, 50 % "
        "and 85 % of the way through the range, counted from its mild end.",
    .epilog = "example:\n"
              "  patina degrade --effects noise --severity light clips/dog.wav noisy.wav\n",
    .operands = "no operands are",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
