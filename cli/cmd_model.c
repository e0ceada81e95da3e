/* SPDX-License-Identifier: MIT */
/* cmd_model.c - patina model: what a model holds */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <patina/patina.h>

#include "commands.h"
#include "output.h"

enum { JSON, N_OPTIONS };

static const pt_cli_option options[] = {
    [JSON] = {.name = "json", .help = "one JSON object"},
};

/* "96", "2 2 6 2": n numbers with `between` between them. */
static void print_numbers(const unsigned *numbers, size_t n, const char *between) {
    for (size_t i = 0; i < n; i++)
        printf("%s%u", i ? between : "", numbers[i]);
}

static void print_hash(const char *label, const char *hash) {
    printf("%-16s%s\n", label, hash[0] ? hash : "(no such file)");
}

static void print_table(const char *path, const pt_clap_info *info) {
    printf("%-16s", "model");
    pt_cli_put(stdout, path);
    printf("\n%-16s", "file");
    pt_cli_put(stdout, info->weights_file);
    printf(", %s%s\n", info->format, info->laion_names ? " with LAION's names" : "");
    printf("%-16s%s%s%s\n", "layout", info->layout,
           info->fused ? ", fusion (every clip is short enough to run without)" : "",
           info->told_by_tensors ? ", told by the tensors' shapes" : "");
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

static void print_json(const char *path, const pt_clap_info *info) {
    printf("{\"model\": ");
    pt_cli_put_json(stdout, path);
    printf(", \"file\": ");
    pt_cli_put_json(stdout, info->weights_file);
    printf(", \"format\": \"%s\", \"laion_names\": %s, \"told_by_tensors\": %s", info->format,
           info->laion_names ? "true" : "false", info->told_by_tensors ? "true" : "false");
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

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    const char *action = args->operands[0], *path = args->operands[1];
    pt_clap_info info = {0};
    pt_error err = {0};

    if (strcmp(action, "info") != 0)
        return pt_cli_usage(command, "'%s' is nothing it can do: did you mean 'info'?", action);
    if (pt_clap_info_read(path, &info, &err) != PT_OK) return pt_cli_failed(&err);
    if (args->value[JSON].given)
        print_json(path, &info);
    else
        print_table(path, &info);
    return 0;
}

const pt_cli_command pt_cli_model = {
    .name = "model",
    .summary = "what a CLAP model holds: shapes, precision, hashes",
    .usage = "info [options] MODEL",
    .description =
        "Reads a CLAP checkpoint: a folder as Hugging Face has it, with model.safetensors, "
        "pytorch_model.bin or a .pt file, or such a file with the others beside it. Checks every "
        "tensor against the configuration, and tells which one it is, its shapes and precision, "
        "the hash that a "
        "data set made with it carries, and whether it is known to be untrained.",
    .n_operands_min = 2,
    .n_operands_max = 2,
    .operands = "'info' and a model are",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
