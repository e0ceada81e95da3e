/* SPDX-License-Identifier: MIT */
/* cmd_degrade.c - patina degrade: one damaged window of a file, drawn or replayed */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <patina/patina.h>

#include "commands.h"
#include "terminal.h"

#include "base/error.h"
#include "dataset/wav.h"
#include "fs/text_file.h"

enum { SEED, ENTRY, VARIANT, ORDER, SUITE, EFFECTS, SEVERITY, RECIPE, N_OPTIONS };

static const pt_cli_option options[] = {
    [SEED] = {.name = "seed",
              .kind = PT_CLI_NUMBER,
              .argument = "N",
              .max = PATINA_SEED_MAX,
              .fallback = "0",
              .help = "all that is drawn follows from seed, entry and variant"},
    [ENTRY] = {.name = "entry",
               .kind = PT_CLI_TEXT,
               .argument = "ID",
               .help = "the entry's id as generate knows it (default: the file's name)"},
    [VARIANT] = {.name = "variant",
                 .kind = PT_CLI_NUMBER,
                 .argument = "K",
                 .max = PT_CLI_VARIANT_MAX,
                 .fallback = "0",
                 .help = "which of the entry's damages"},
    [ORDER] = {.name = "order",
               .kind = PT_CLI_CHOICE,
               .choices = {"physical", "random"},
               .fallback = "physical",
               .help = "of the effects"},
    [SUITE] = {.name = "suite",
               .kind = PT_CLI_TEXT,
               .argument = "FILE",
               .help = "JSON with other ranges and probabilities of the effects"},
    [EFFECTS] = {.name = "effects",
                 .kind = PT_CLI_TEXT,
                 .argument = "LIST",
                 .help = "apply just these, in this order, instead of drawing: names with commas "
                         "between, as in mud,clip ('patina effects' lists them)"},
    [SEVERITY] = {.name = "severity",
                  .kind = PT_CLI_CHOICE,
                  .choices = {"light", "medium", "heavy"},
                  .fallback = "medium",
                  .help = "of --effects; 'patina effects' tells what each comes to"},
    [RECIPE] = {.name = "recipe",
                .kind = PT_CLI_TEXT,
                .argument = "FILE",
                .help = "replay this instead of drawing: a line of a provenance file, or what "
                        "this command printed"},
};

/* IN and OUT may be one file under two names. */
static bool is_same_file(const char *a, const char *b) {
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static patina_status replay(const patina_effect_config *suite, const char *in,
                            const char *recipe_path, patina_degraded *degraded, patina_error *err) {
    patina_recipe recipe = {0};
    char *json = NULL;
    patina_status status = pt_text_read(recipe_path, &json, err);
    if (status != PATINA_OK) return status;
    status = patina_recipe_from_json(json, &recipe, err);
    if (status != PATINA_OK)
        pt_error_add_context(err, "recipe '%s'", recipe_path);
    else
        status = patina_file_replay(suite, in, &recipe, degraded, err);
    patina_recipe_release(&recipe);
    free(json);
    return status;
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    const pt_cli_value *value = args->value;
    const char *in = args->operands[0], *out = args->operands[1];
    const char *entry = value[ENTRY].given ? value[ENTRY].text : base_name(in);
    patina_error err = {0};
    patina_effect_config *suite = NULL;
    patina_degraded degraded = {0};
    char *suite_json = NULL;

    for (size_t i = 0; i < N_OPTIONS; i++)
        if (value[RECIPE].given && i != RECIPE && value[i].given)
            return pt_cli_usage_error(command, "option '--%s' and '--recipe' exclude each other",
                                      options[i].name);
    if (value[SEVERITY].given && !value[EFFECTS].given)
        return pt_cli_usage_error(command,
                                  "option '--severity' says how bad the effects of '--effects' "
                                  "are; name some");
    if (value[EFFECTS].given && value[ORDER].given)
        return pt_cli_usage_error(command,
                                  "option '--order' and '--effects' exclude each other: effects "
                                  "are applied as they are listed");
    if (is_same_file(in, out))
        return pt_cli_usage_error(command,
                                  "'%s' is the file to be read; give the result another name", out);
    if (!value[RECIPE].given && !pt_cli_is_utf8(entry))
        return pt_cli_usage_error(
            command, "'%s' is not UTF-8, so it can be no id; give one with --entry", entry);

    patina_status status = pt_cli_effect_config_open(value[SUITE].text, &suite_json, &suite, &err);
    if (status == PATINA_OK) {
        if (value[RECIPE].given)
            status = replay(suite, in, value[RECIPE].text, &degraded, &err);
        else if (value[EFFECTS].given)
            status = patina_file_degrade_from_names(
                suite, in, value[EFFECTS].text, (patina_severity)value[SEVERITY].number,
                value[SEED].number, entry, (uint32_t)value[VARIANT].number, &degraded, &err);
        else
            status = patina_file_degrade(suite, in, value[SEED].number, entry,
                                         (uint32_t)value[VARIANT].number,
                                         (patina_effect_order)value[ORDER].number, &degraded, &err);
    }
    if (status == PATINA_OK) status = pt_wav_write(out, degraded.samples, degraded.n_samples, &err);
    if (status == PATINA_OK) puts(degraded.provenance_json);
    patina_degraded_release(&degraded);
    patina_effect_config_close(&suite);
    free(suite_json);
    if (status == PATINA_EUSAGE && value[EFFECTS].given)
        return pt_cli_usage_error(command, "option '--effects': %s", err.message);
    return status == PATINA_OK ? 0 : pt_cli_report_error(&err);
}

const pt_cli_command pt_cli_degrade = {
    .name = "degrade",
    .summary = "damage one file as generate would, or rebuild what it did",
    .usage = "[options] IN OUT.wav",
    .description =
        "Takes the window of IN that generate would take (at most 10 s), damages it as seed, "
        "entry and variant say, and writes it to OUT.wav: 48 kHz, mono, 32-bit float, just what "
        "the encoder hears. With --effects it is damaged by name instead.\n\n"
        "Prints one JSON object: what was drawn and what came out of it. This object is also a "
        "recipe, and so is every line of a data set's provenance files: with --recipe the same "
        "samples are made again from the same IN.",
    .after = "examples:\n"
             "  patina degrade --effects mud,clip --severity heavy clips/dog.wav bad.wav\n"
             "  sed -n 3p out/provenance/train-00000-of-00001.jsonl > row.json\n"
             "  patina degrade --recipe row.json clips/dog.wav row.wav\n",
    .n_operands_min = 2,
    .n_operands_max = 2,
    .operands = "two files, IN and OUT.wav, are",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
