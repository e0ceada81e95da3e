/* SPDX-License-Identifier: MIT */
/* cmd_model.c - patina model: properties of a CLAP model, and downloading one */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"
#include "hf_env.h"
#include "hub_fetch.h"

#include "base/suggest.h"

static const pt_cli_option options[] = {
    {.name = "json", .help = "info: print one JSON object"},
    {.name = "revision",
     .kind = PT_CLI_TEXT,
     .argument = "ID",
     .help = "fetch: branch, tag or commit of the model (default: main); use the model as "
             "--model NAME@ID afterwards"},
    {.name = "retries",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .max = 1000,
     .fallback = "5",
     .help = "fetch: consecutive retries after a network error"},
};

/* n numbers and their separator: "96", "2 2 6 2". */
static void print_numbers(const unsigned *numbers, size_t n, const char *separator) {
    for (size_t i = 0; i < n; i++)
        printf("%s%u", i ? separator : "", numbers[i]);
}

static void print_hash(const char *label, const char *hash) {
    printf("%-16s%s\n", label, hash[0] ? hash : "(no file)");
}

static void print_table(const char *path, const patina_clap_info *info) {
    printf("%-16s", "model");
    pt_cli_write_escaped(stdout, path);
    printf("\n%-16s", "file");
    pt_cli_write_escaped(stdout, info->weights_file);
    printf(", %s%s\n", info->format, info->laion_keys ? " with LAION key names" : "");
    printf("%-16s%s%s%s\n", "layout", info->layout,
           info->fused ? ", fusion (not used: segments are at most 10 s)" : "",
           info->config_inferred ? ", inferred from tensor shapes" : "");
    printf("%-16s%s\n", "weights",
           info->untrained
               ? "UNTRAINED random numbers, for tests only: the embeddings are meaningless"
               : "not a known untrained model");
    printf("%-16s%" PRIu64 " in %" PRIu64 " tensors of %s, %" PRIu64 " bytes\n", "parameters",
           info->n_parameters, info->n_tensors, info->dtype, info->n_bytes);
    printf("%-16s%" PRIu64 " parameters, width %u, depths ", "audio tower",
           info->n_parameters_audio, info->audio_width);
    print_numbers(info->audio_depths, info->audio_stages, " ");
    printf(", heads ");
    print_numbers(info->audio_heads, info->audio_stages, " ");
    printf("\n%-16s%" PRIu64 " parameters, %u layers of %u, %u heads, vocabulary %u\n",
           "text tower", info->n_parameters_text, info->text_layers, info->text_hidden,
           info->text_heads, info->text_vocabulary);
    printf("\nSHA-256\n");
    print_hash("model", info->model_sha256);
    print_hash("weights", info->weights_sha256);
    print_hash("config", info->config_sha256);
    print_hash("preprocessor", info->preprocessor_sha256);
    print_hash("vocabulary", info->vocabulary_sha256);
    print_hash("merges", info->merges_sha256);
}

static void print_json_hash(const char *name, const char *hash) {
    if (hash[0])
        printf(", \"%s_sha256\": \"%s\"", name, hash);
    else
        printf(", \"%s_sha256\": null", name);
}

static void print_json(const char *path, const patina_clap_info *info) {
    printf("{\"model\": ");
    pt_cli_write_json_string(stdout, path);
    printf(", \"file\": ");
    pt_cli_write_json_string(stdout, info->weights_file);
    printf(", \"format\": \"%s\", \"laion_names\": %s, \"told_by_tensors\": %s", info->format,
           info->laion_keys ? "true" : "false", info->config_inferred ? "true" : "false");
    printf(", \"layout\": \"%s\", \"dtype\": \"%s\", \"fused\": %s, \"untrained\": %s",
           info->layout, info->dtype, info->fused ? "true" : "false",
           info->untrained ? "true" : "false");
    printf(", \"n_tensors\": %" PRIu64 ", \"n_parameters\": %" PRIu64
           ", \"n_parameters_audio\": %" PRIu64 ", \"n_parameters_text\": %" PRIu64
           ", \"n_bytes\": %" PRIu64,
           info->n_tensors, info->n_parameters, info->n_parameters_audio, info->n_parameters_text,
           info->n_bytes);
    printf(", \"text_hidden\": %u, \"text_layers\": %u, \"text_heads\": %u"
           ", \"text_intermediate\": %u, \"text_vocabulary\": %u, \"audio_width\": %u",
           info->text_hidden, info->text_layers, info->text_heads, info->text_intermediate,
           info->text_vocabulary, info->audio_width);
    printf(", \"audio_depths\": [");
    print_numbers(info->audio_depths, info->audio_stages, ", ");
    printf("], \"audio_heads\": [");
    print_numbers(info->audio_heads, info->audio_stages, ", ");
    putchar(']');
    print_json_hash("model", info->model_sha256);
    print_json_hash("weights", info->weights_sha256);
    print_json_hash("config", info->config_sha256);
    print_json_hash("preprocessor", info->preprocessor_sha256);
    print_json_hash("vocabulary", info->vocabulary_sha256);
    print_json_hash("merges", info->merges_sha256);
    printf("}\n");
}

static int print_info(const char *model, bool as_json) {
    patina_clap_info info = {0};
    patina_error err = {0};
    char *path = NULL;

    patina_status status = pt_cli_model_resolve(model, &path, &err);
    if (status == PATINA_OK) status = patina_clap_info_read(path, &info, &err);
    if (status == PATINA_OK) (as_json ? print_json : print_table)(path, &info);
    free(path);
    return status == PATINA_OK ? 0 : pt_cli_report_error(&err);
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    const char *action = args->operands[0],
               *model = args->n_operands > 1 ? args->operands[1] : NULL;

    if (strcmp(action, "info") == 0) {
        if (!model)
            return pt_cli_usage_error(command, "'info' needs a model: patina model info MODEL");
        if (pt_cli_given(args, "revision") || pt_cli_given(args, "retries"))
            return pt_cli_usage_error(command,
                                      "options '--revision' and '--retries' apply to 'fetch' only");
        return print_info(model, pt_cli_given(args, "json"));
    }
    if (strcmp(action, "fetch") == 0) {
        if (pt_cli_given(args, "json"))
            return pt_cli_usage_error(command, "option '--json' applies to 'info' only");
        return pt_cli_model_fetch(
            args, model ? model : PT_CLI_MODEL_DEFAULT,
            &(pt_cli_fetch_options){.revision = pt_cli_text(args, "revision"),
                                    .retries = pt_cli_number(args, "retries")});
    }
    const char *nearest = pt_suggest_name(action, command->words, 2);
    if (nearest)
        return pt_cli_usage_error(command, "unknown action '%s': did you mean '%s'?", action,
                                  nearest);
    return pt_cli_usage_error(command, "unknown action '%s': expected 'info' or 'fetch'", action);
}

const pt_cli_command pt_cli_model = {
    .name = "model",
    .summary = "show the properties of a CLAP model, or download one",
    .usage = "info MODEL [--json]\n"
             "                    fetch [NAME] [--revision ID] [--retries N]",
    .description =
        "info reads a CLAP model: a folder in Hugging Face layout with model.safetensors, "
        "pytorch_model.bin or a .pt file, such a file with the others beside it, or the name of a "
        "model in the Hugging Face cache. It checks every tensor against the configuration and "
        "prints the layout, shapes, precision, the hash that identifies the model in a data set, "
        "and whether it is known to be untrained.\n\n"
        "fetch downloads a model from the Hugging Face hub, by default " PT_CLI_MODEL_DEFAULT
        " (0.6 GB), checks it and prints its folder. Afterwards --model accepts its name. The "
        "cache is shared with the Python libraries, so a model is downloaded only once for both. "
        "The same command resumes an interrupted download.",
    .epilog = "environment:\n"
              "  HF_TOKEN             access token, for models that require one\n"
              "  HF_HOME              folder of the cache (default: ~/.cache/huggingface)\n"
              "  HF_HUB_CACHE         folder of the models (default: HF_HOME/hub)\n"
              "  HF_HUB_OFFLINE=1     do not use the network, only the cache\n"
              "  HF_ENDPOINT          address of the hub (default: https://huggingface.co)\n"
              "  https_proxy          address of a proxy\n"
              "\n"
              "example:\n"
              "  patina model fetch\n"
              "  patina model fetch laion/larger_clap_music\n"
              "  patina model info laion/larger_clap_music\n",
    .n_operands_min = 1,
    .n_operands_max = 2,
    .operand_kind = PT_CLI_FILE,
    .operands = "'info MODEL' or 'fetch [NAME]' is",
    .words = {"info", "fetch"},
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
