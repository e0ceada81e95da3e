/* SPDX-License-Identifier: MIT */
/* cmd_degrade.c - patina degrade: degrades one file, at random, by name or from a recipe */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"
#include "standard_streams.h"

#include "audio/flac_encode.h"
#include "base/error.h"
#include "dataset/wav_writer.h"
#include "fs/path.h"
#include "fs/text_file.h"

static const char *severity_at(size_t i) {
    return i < PATINA_SEVERITY_COUNT ? patina_severity_name((patina_severity)i) : NULL;
}

static const pt_cli_option options[] = {
    {.name = "seed",
     .kind = PT_CLI_NUMBER,
     .argument = "N",
     .max = PATINA_SEED_MAX,
     .fallback = "0",
     .help = "seed of the random numbers, which depend on seed, entry and variant only"},
    {.name = "entry",
     .kind = PT_CLI_TEXT,
     .argument = "ID",
     .help = "id of the entry in generate (default: the file's name without its folder)"},
    {.name = "variant",
     .kind = PT_CLI_NUMBER,
     .argument = "K",
     .max = PT_CLI_VARIANT_MAX,
     .fallback = "0",
     .help = "number of the variant, from 0"},
    PT_CLI_ORDER_OPTION,
    PT_CLI_SUITE_OPTION,
    {.name = "effects",
     .kind = PT_CLI_TEXT,
     .argument = "LIST",
     .help = "apply these effects in this order instead of drawing them: comma-separated names, "
             "such as mud,clip ('patina effects' lists them)"},
    {.name = "severity",
     .kind = PT_CLI_CHOICE,
     .choice_at = severity_at,
     .fallback = "medium",
     .help = "severity of --effects; 'patina effects' prints the parameters of each"},
    {.name = "out",
     .letter = 'o',
     .kind = PT_CLI_FILE,
     .argument = "FILE",
     .help = "output file, instead of the operand OUT.wav"},
    {.name = "recipe",
     .kind = PT_CLI_FILE,
     .argument = "FILE",
     .help = "replay the degradation of this file: a line of provenance, or what this command "
             "printed; -: standard input"},
};

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static patina_status replay(const patina_effect_config *config, const char *in,
                            const char *recipe_path, patina_degraded *degraded, patina_error *err) {
    patina_recipe recipe = {0};
    char *json = NULL;
    patina_status status = pt_text_read(pt_cli_text_path(recipe_path), &json, err);
    if (status != PATINA_OK) return status;
    status = patina_recipe_from_json(json, &recipe, err);
    if (status != PATINA_OK)
        pt_error_add_context(err, "file '%s'", recipe_path);
    else
        status = patina_file_replay(config, in, &recipe, degraded, err);
    patina_recipe_release(&recipe);
    free(json);
    return status;
}

/* The first option that excludes --recipe, or NULL. */
static const char *conflict_with_recipe(const pt_cli_args *args) {
    for (size_t i = 0; pt_cli_given(args, "recipe") && i < PT_CLI_LENGTH(options); i++)
        if (strcmp(options[i].name, "recipe") != 0 && strcmp(options[i].name, "out") != 0 &&
            pt_cli_given(args, options[i].name))
            return options[i].name;
    return NULL;
}

/* Formats of the output, by suffix; standard output is the first. */
static patina_status write_flac(const char *path, const float *x, size_t n, patina_error *err) {
    return pt_flac_write(path, x, n, 24, err);
}

static const struct {
    const char *suffix;
    patina_status (*write)(const char *path, const float *x, size_t n, patina_error *err);
} formats[] = {{".wav", pt_wav_write}, {".flac", write_flac}};

/* Index of the format of an output file, or -1. */
static int find_format(const char *out) {
    if (pt_cli_is_dash(out)) return 0;
    for (size_t i = 0; i < PT_CLI_LENGTH(formats); i++) {
        const size_t n = strlen(out), n_suffix = strlen(formats[i].suffix);
        if (n > n_suffix && strcasecmp(out + n - n_suffix, formats[i].suffix) == 0) return (int)i;
    }
    return -1;
}

/* 0, or the status of a usage error. */
static int check_usage(const pt_cli_args *args, const char *in, const char *out,
                       const char *entry) {
    const pt_cli_command *command = args->command;
    const char *conflict = conflict_with_recipe(args);
    bool is_same = false;
    patina_error err;
    if (conflict)
        return pt_cli_usage_error(command, "options '--%s' and '--recipe' exclude each other",
                                  conflict);
    if (pt_cli_given(args, "severity") && !pt_cli_given(args, "effects"))
        return pt_cli_usage_error(command, "option '--severity' needs '--effects LIST'");
    if (pt_cli_given(args, "effects") && pt_cli_given(args, "order"))
        return pt_cli_usage_error(command,
                                  "options '--order' and '--effects' exclude each other: effects "
                                  "are applied in the order listed");
    if (find_format(out) < 0)
        return pt_cli_usage_error(command,
                                  "output file '%s': the name ends neither in .wav nor in .flac; "
                                  "use one of these suffixes",
                                  out);
    if (!pt_cli_is_dash(in) && pt_path_is_same(in, out, &is_same, &err) != PATINA_OK)
        return pt_cli_report_error(&err);
    if (is_same)
        return pt_cli_usage_error(command, "'%s' is the input file; name another output file", out);
    if (!pt_cli_given(args, "recipe") && !pt_cli_is_utf8(entry))
        return pt_cli_usage_error(command,
                                  pt_cli_given(args, "entry")
                                      ? "option '--entry': '%s' is not UTF-8"
                                      : "'%s' is not UTF-8 and cannot be an id; add '--entry ID'",
                                  entry);
    return 0;
}

static patina_status degrade(const pt_cli_args *args, const patina_effect_config *config,
                             const char *in, const char *entry, patina_degraded *degraded,
                             patina_error *err) {
    const uint64_t seed = pt_cli_number(args, "seed");
    const uint32_t variant = (uint32_t)pt_cli_number(args, "variant");
    if (pt_cli_given(args, "recipe"))
        return replay(config, in, pt_cli_text(args, "recipe"), degraded, err);
    if (!pt_cli_given(args, "effects"))
        return patina_file_degrade(config, in, seed, entry, variant,
                                   (patina_effect_order)pt_cli_number(args, "order"), degraded,
                                   err);
    const patina_status status = patina_file_degrade_from_names(
        config, in, pt_cli_text(args, "effects"), (patina_severity)pt_cli_number(args, "severity"),
        seed, entry, variant, degraded, err);
    if (status == PATINA_EUSAGE) pt_error_add_context(err, "option '--effects'");
    return status;
}

static patina_status write_audio(const char *out, const patina_degraded *degraded,
                                 patina_error *err) {
    pt_cli_output output = {0};
    patina_status status = pt_cli_output_open(out, &output, err);
    if (status == PATINA_OK)
        status = formats[find_format(out)].write(output.path, degraded->samples,
                                                 degraded->n_samples, err);
    if (status == PATINA_OK) status = pt_cli_output_commit(&output, err);
    pt_cli_output_close(&output);
    return status;
}

/* Writes the audio and prints the recipe. A new file is removed again if printing fails: an error
 * means that it was not written. One that replaced another stays, since the other is gone. */
static patina_status write_and_print(const char *out, const patina_degraded *degraded,
                                     patina_error *err) {
    struct stat info;
    const bool is_new = lstat(out, &info) != 0 && errno == ENOENT;
    PT_TRY(write_audio(out, degraded, err));
    errno = 0;
    puts(degraded->provenance_json);
    if (pt_cli_flush(stdout)) return PATINA_OK;
    clearerr(stdout); /* reported once */
    if (is_new) unlink(out);
    return pt_fail(err, PATINA_EIO, "standard output could not be written: %s",
                   strerror(errno ? errno : EIO));
}

/* The output is an option or the second operand. */
static int find_output(const pt_cli_args *args, const char **out) {
    const bool has_option = pt_cli_given(args, "out"), has_operand = args->n_operands > 1;
    if (has_option && has_operand)
        return pt_cli_usage_error(args->command, "'%s' and '--out' both name the output file",
                                  args->operands[1]);
    if (!has_option && !has_operand)
        return pt_cli_usage_error(args->command, "%s expected", args->command->operands);
    *out = has_option ? pt_cli_text(args, "out") : args->operands[1];
    return 0;
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    const char *in = args->operands[0], *out = "";
    const char *entry = pt_cli_given(args, "entry") ? pt_cli_text(args, "entry") : base_name(in);
    patina_error err = {0};
    patina_effect_config *config = NULL;
    patina_degraded degraded = {0};
    pt_cli_input input = {0};

    int refused = find_output(args, &out);
    if (refused == 0) refused = pt_cli_check_stdin(args, 1);
    if (refused == 0) refused = check_usage(args, in, out, entry);
    if (refused != 0) return refused;
    patina_status status = pt_cli_effect_config_open(args, &config, &err);
    if (status == PATINA_OK) status = pt_cli_input_open(in, &input, &err);
    if (status == PATINA_OK) status = degrade(args, config, input.path, entry, &degraded, &err);
    const bool is_piped = pt_cli_is_dash(out); /* audio must not be mixed with text */
    if (status == PATINA_OK)
        status =
            is_piped ? write_audio(out, &degraded, &err) : write_and_print(out, &degraded, &err);
    if (status == PATINA_OK && is_piped && !pt_cli_given(args, "quiet"))
        fprintf(stderr, "%s\n", degraded.provenance_json);
    pt_cli_input_fix_error(&input, &err);
    pt_cli_input_close(&input);
    patina_degraded_release(&degraded);
    patina_effect_config_close(&config);
    if (status == PATINA_EUSAGE) return pt_cli_usage_error(command, "%s", err.message);
    return status == PATINA_OK ? 0 : pt_cli_report_error(&err);
}

const pt_cli_command pt_cli_degrade = {
    .name = "degrade",
    .summary = "degrade one file as generate does, or replay a degradation",
    .usage = "[options] IN OUT.wav",
    .description =
        "Degrades the segment of IN that generate would use (at most 10 s) and writes it to "
        "OUT.wav: 48 kHz, mono, 32-bit float, the input of the encoder. A name that ends in .flac "
        "gives 24-bit FLAC, clipped at full scale. The effects are drawn from seed, entry and "
        "variant, or named with --effects.\n\n"
        "Prints one JSON object with the parameters and the measured result. This object is a "
        "recipe, and so is every line of the provenance files of a data set: with --recipe and "
        "the same IN, the same samples are made again.\n\n"
        "The file name - stands for standard input or output. With audio on standard output, the "
        "JSON object is printed on standard error.",
    .epilog = "examples:\n"
              "  patina degrade --effects mud,clip --severity heavy clips/dog.wav bad.wav\n"
              "  sed -n 3p out/provenance/train-00000-of-00001.jsonl > row.json\n"
              "  patina degrade --recipe row.json clips/dog.wav row.wav\n"
              "  patina degrade --seed 7 clips/dog.wav - | aplay\n",
    .n_operands_min = 1,
    .n_operands_max = 2,
    .operand_kind = PT_CLI_FILE,
    .operands = "two files, IN and OUT.wav, are",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
