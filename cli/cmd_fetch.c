/* SPDX-License-Identifier: MIT */
/* cmd_fetch.c - patina fetch: downloads a model or a data set from the Hugging Face hub */

#include <string.h>

#include "commands.h"
#include "hub_fetch.h"

#include "base/suggest.h"

static const pt_cli_option options[] = {
    {.name = "pattern",
     .kind = PT_CLI_TEXT,
     .argument = "GLOB",
     .help = "dataset: only the files whose path matches, as in 'data/train-*'; * matches / too"},
    {.name = "revision",
     .kind = PT_CLI_TEXT,
     .argument = "ID",
     .help = "branch, tag or commit (default: main); the same as NAME@ID"},
    {.name = "retries",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .max = 1000,
     .fallback = "5",
     .help = "consecutive retries after a network error"},
};

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    const char *what = args->operands[0], *name = args->n_operands > 1 ? args->operands[1] : NULL;
    const pt_cli_fetch_options given = {.revision = pt_cli_text(args, "revision"),
                                        .pattern = pt_cli_text(args, "pattern"),
                                        .retries = pt_cli_number(args, "retries")};

    if (strcmp(what, "dataset") == 0 && !name)
        return pt_cli_usage_error(command,
                                  "'dataset' needs a name: patina fetch dataset OWNER/NAME");
    if (strcmp(what, "dataset") == 0) return pt_cli_dataset_fetch(args, name, &given);
    if (strcmp(what, "model") == 0 && pt_cli_given(args, "pattern"))
        return pt_cli_usage_error(command, "option '--pattern' applies to 'dataset' only");
    if (strcmp(what, "model") == 0)
        return pt_cli_model_fetch(args, name ? name : PT_CLI_MODEL_DEFAULT, &given);
    const char *nearest = pt_suggest_name(what, command->words, 2);
    if (nearest)
        return pt_cli_usage_error(command, "unknown kind '%s': did you mean '%s'?", what, nearest);
    return pt_cli_usage_error(command, "unknown kind '%s': expected 'model' or 'dataset'", what);
}

const pt_cli_command pt_cli_fetch = {
    .name = "fetch",
    .summary = "download a model or a data set from the Hugging Face hub",
    .usage = "model [NAME] | dataset OWNER/NAME[@REV] [--pattern GLOB]",
    .description =
        "Downloads into the Hugging Face cache, which the Python libraries share, and prints the "
        "folder. Every file is checked against its size and hash. The same command resumes an "
        "interrupted download.\n\nmodel is the same as 'patina model fetch'. dataset downloads the "
        "files of a data set, which 'patina generate --corpus hf://datasets/OWNER/NAME' then "
        "reads; a path inside the data set may follow the name.",
    .epilog = "environment: see 'patina model --help'\n"
              "\n"
              "example:\n"
              "  patina fetch dataset OpenSound/AudioCaps --pattern 'data/test-*'\n"
              "  patina generate --corpus hf://datasets/OpenSound/AudioCaps/data \\\n"
              "      --model laion/clap-htsat-unfused --out test\n",
    .n_operands_min = 1,
    .n_operands_max = 2,
    .operand_kind = PT_CLI_FILE,
    .operands = "'model [NAME]' or 'dataset NAME' is",
    .words = {"model", "dataset"},
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
