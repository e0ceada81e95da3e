/* SPDX-License-Identifier: MIT */
/* cmd_model.c - patina model: what a model holds, and getting one */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "hf_env.h"
#include "model_fetch.h"
#include "terminal.h"

enum { JSON, REVISION, RETRIES, QUIET, N_OPTIONS };

static const pt_cli_option options[] = {
    [JSON] = {.name = "json", .help = "info: one JSON object"},
    [REVISION] = {.name = "revision",
                  .kind = PT_CLI_TEXT,
                  .argument = "ID",
                  .help =
                      "fetch: a branch, a tag or a commit of the model (default: main, which is "
                      "the newest); later write NAME@ID for --model"},
    [RETRIES] = {.name = "retries",
                 .kind = PT_CLI_NUMBER,
                 .argument = "N",
                 .max = 1000,
                 .fallback = "5",
                 .help = "fetch: how often in a row it is tried again when the network fails"},
    [QUIET] = {.name = "quiet", .help = "fetch: print nothing but the folder and errors"},
};

/* "96", "2 2 6 2": n numbers with `between` between them. */
static void print_numbers(const unsigned *numbers, size_t n, const char *between) {
    for (size_t i = 0; i < n; i++)
        printf("%s%u", i ? between : "", numbers[i]);
}

static void print_hash(const char *label, const char *hash) {
    printf("%-16s%s\n", label, hash[0] ? hash : "(no such file)");
}

static void print_table(const char *path, const patina_clap_info *info) {
    printf("%-16s", "model");
    pt_cli_write_escaped(stdout, path);
    printf("\n%-16s", "file");
    pt_cli_write_escaped(stdout, info->weights_file);
    printf(", %s%s\n", info->format, info->laion_keys ? " with LAION's names" : "");
    printf("%-16s%s%s%s\n", "layout", info->layout,
           info->fused ? ", fusion (every clip is short enough to run without)" : "",
           info->config_inferred ? ", told by the tensors' shapes" : "");
    printf("%-16s%s\n", "weights",
           info->untrained ? "UNTRAINED random numbers: for tests only, the embeddings mean nothing"
                           : "not one of the untrained models that are known");
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

/* "name@revision" of a name and an option. */
static int fetch(const pt_cli_command *command, const char *name, const pt_cli_value *value) {
    const char *revision = value[REVISION].text;
    char *model = NULL;

    if (revision && strchr(name, '@'))
        return pt_cli_usage_error(command, "'%s' and '--revision' both name a revision", name);
    if (asprintf(&model, "%s%s%s", name, revision ? "@" : "", revision ? revision : "") < 0) {
        pt_cli_error("out of memory");
        return 1;
    }
    const int result = pt_cli_model_fetch(model, value[RETRIES].number, value[QUIET].given);
    free(model);
    return result;
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    const char *action = args->operands[0],
               *model = args->n_operands > 1 ? args->operands[1] : NULL;
    const pt_cli_value *value = args->value;
    const bool only_fetch = value[REVISION].given || value[RETRIES].given || value[QUIET].given;

    if (strcmp(action, "info") == 0) {
        if (!model) return pt_cli_usage_error(command, "'info' and a model are expected");
        if (only_fetch)
            return pt_cli_usage_error(command,
                                      "'--revision', '--retries' and '--quiet' go with 'fetch'");
        return print_info(model, value[JSON].given);
    }
    if (strcmp(action, "fetch") == 0) {
        if (value[JSON].given) return pt_cli_usage_error(command, "'--json' goes with 'info'");
        return fetch(command, model ? model : PT_CLI_MODEL_DEFAULT, value);
    }
    return pt_cli_usage_error(command, "'%s' is nothing it can do: did you mean '%s'?", action,
                              action[0] == 'f' ? "fetch" : "info");
}

const pt_cli_command pt_cli_model = {
    .name = "model",
    .summary = "what a CLAP model holds, and fetching one from the hub",
    .usage = "info MODEL [--json]\n"
             "                    fetch [NAME] [--revision ID] [--retries N] [--quiet]",
    .description =
        "info reads a CLAP model: a folder as Hugging Face has it, with model.safetensors, "
        "pytorch_model.bin or a .pt file, such a file with the others beside it, or the name of a "
        "model that was fetched. It checks every tensor against the configuration, and tells which "
        "model it is, its shapes and precision, the hash that a data set made with it carries, and "
        "whether it is known to be untrained.\n\n"
        "fetch downloads a model from the Hugging Face hub, by default " PT_CLI_MODEL_DEFAULT
        " (0.6 GB), checks it, and prints the folder where it lies. From then on its name will do "
        "wherever a command takes --model. It goes to the place where Python keeps such models, so "
        "what Python has fetched is not fetched again, and the other way round. A download that "
        "was broken off goes on where it ended; just give the same command again.",
    .after = "environment:\n"
             "  HF_TOKEN             a token, for models that are not open to everybody\n"
             "  HF_HOME              where models lie (default: ~/.cache/huggingface)\n"
             "  HF_HUB_CACHE         the same for the models alone (default: HF_HOME/hub)\n"
             "  HF_HUB_OFFLINE=1     do not ask the hub: use what is there, or fail\n"
             "  HF_ENDPOINT          address of another hub than https://huggingface.co\n"
             "  https_proxy          address of a proxy, where the network needs one\n"
             "\n"
             "example:\n"
             "  patina model fetch\n"
             "  patina model fetch laion/larger_clap_music\n"
             "  patina model info laion/larger_clap_music\n",
    .n_operands_min = 1,
    .n_operands_max = 2,
    .operands = "'info' and a model, or 'fetch', are",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
