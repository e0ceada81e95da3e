/* SPDX-License-Identifier: MIT */
/* commands.h - the commands: one file each, named once in main.c's table */

#ifndef PATINA_CLI_COMMANDS_H
#define PATINA_CLI_COMMANDS_H

#include <patina/cpu.h>
#include <patina/degrade.h>

#include "base/isa_list.h"
#include "options.h"

extern const pt_cli_command pt_cli_generate, pt_cli_finish, pt_cli_verify, pt_cli_inspect,
    pt_cli_measure, pt_cli_degrade, pt_cli_effects, pt_cli_embed, pt_cli_model, pt_cli_bench;

/** Variants share a 32-bit word with a stream's number in the draws: 24 bits are theirs. */
#define PT_CLI_VARIANT_MAX ((1U << 24) - 1)

/* What more than one command offers. */

#define PT_CLI_THREADS_OPTION                                                                      \
    {                                                                                              \
        .name = "threads", .kind = PT_CLI_NUMBER, .argument = "N", .min = 1, .max = 1024,          \
        .help = "workers (default: the CPUs that may be used); the rows do not depend on it"       \
    }

#define PT_CLI_ISA_NAME(architecture, ISA, name) #name,

/** Its values are checked by patina_isa_parse. */
#define PT_CLI_ISA_OPTION                                                                          \
    {                                                                                              \
        .name = "isa", .kind = PT_CLI_CHOICE, .choices = {"auto", PT_ISA_LIST(PT_CLI_ISA_NAME)},   \
        .fallback = "auto",                                                                        \
        .help = "instruction set of the encoders' arithmetic; auto takes the "                     \
                "best that this CPU has, c runs on any"                                            \
    }

#define PT_CLI_PRECISION_OPTION                                                                    \
    {                                                                                              \
        .name = "precision", .kind = PT_CLI_CHOICE, .choices = {"f32", "bf16", "auto"},            \
        .fallback = "f32",                                                                         \
        .help = "of the encoders' weights and products: f32 equals the reference, bf16 "           \
                "(bfloat16) is about twice as fast and a little off, on CPUs that have "           \
                "avx512_bf16; auto takes bf16 where it can"                                        \
    }

/** Reads the options of instruction set and precision; 0, or the status of a usage error that was
 * told. */
int pt_cli_parse_isa_precision(const pt_cli_command *command, const pt_cli_value *isa_option,
                               const pt_cli_value *precision_option, patina_isa *isa,
                               patina_precision *precision);

/**
 * Opens the suite of a file, or the default one where path is NULL; the error names the file.
 *
 * json   out: the file's text, or NULL; the caller frees it
 */
patina_status pt_cli_effect_config_open(const char *path, char **json, patina_effect_config **suite,
                                        patina_error *err);

#endif /* PATINA_CLI_COMMANDS_H */
