/* SPDX-License-Identifier: MIT */
/* commands.h - the commands of the program, and options that several of them have
 *
 * Each command is one file, cmd_<name>.c, and one line of the table in commands.c.
 */

#ifndef PATINA_CLI_COMMANDS_H
#define PATINA_CLI_COMMANDS_H

#include <patina/cpu.h>
#include <patina/degrade.h>
#include <patina/device.h>

#include "options.h"

#include "pipeline/plan.h"

extern const pt_cli_command pt_cli_generate, pt_cli_finish, pt_cli_merge, pt_cli_verify,
    pt_cli_inspect, pt_cli_measure, pt_cli_degrade, pt_cli_effects, pt_cli_embed, pt_cli_model,
    pt_cli_fetch, pt_cli_bench, pt_cli_devices;

/** All commands, in the order of `patina --help`. */
extern const pt_cli_program pt_cli_program_table;

/** Variants occupy 24 bits of a 32-bit word of the random-number counter. */
#define PT_CLI_VARIANT_MAX ((1U << 24) - 1)

/* ---- options that several commands have ------------------------------------------------------ */

#define PT_CLI_MODEL_OPTION                                                                        \
    {                                                                                              \
        .name = "model", .kind = PT_CLI_FILE, .argument = "MODEL", .required = true,               \
        .help = "CLAP model: a folder in Hugging Face layout, a .pt file, or the name of a model " \
                "in the Hugging Face cache, such as laion/clap-htsat-unfused ('patina model "      \
                "fetch' downloads it)"                                                             \
    }

#define PT_CLI_SUITE_OPTION                                                                        \
    {                                                                                              \
        .name = "suite", .kind = PT_CLI_FILE, .argument = "FILE",                                  \
        .help = "JSON file with ranges and probabilities of the effects; absent members keep "     \
                "their default ('patina generate --print-suite' prints all)"                       \
    }

#define PT_CLI_ORDER_OPTION                                                                        \
    {                                                                                              \
        .name = "order", .kind = PT_CLI_CHOICE, .choices = pt_effect_order_names,                  \
        .fallback = "physical",                                                                    \
        .help = "order of the effects: physical, from the room to the converter as 'patina "       \
                "effects' lists them, or random for every row"                                     \
    }

#define PT_CLI_THREADS_OPTION                                                                      \
    {                                                                                              \
        .name = "threads", .kind = PT_CLI_NUMBER, .argument = "N", .min = 1, .max = 1024,          \
        .help = "worker threads (default: one per usable CPU); results do not depend on it"        \
    }

#define PT_CLI_ISA_OPTION                                                                          \
    {                                                                                              \
        .name = "isa", .kind = PT_CLI_CHOICE, .choice_at = pt_cli_isa_at, .fallback = "auto",      \
        .help = "instruction set of the encoders; auto: the best of this CPU; c: portable C"       \
    }

#define PT_CLI_PRECISION_OPTION                                                                    \
    {                                                                                              \
        .name = "precision", .kind = PT_CLI_CHOICE,                                                \
        .choices = PT_CLI_CHOICES("f32", "bf16", "auto"), .fallback = "f32",                       \
        .help = "precision of the encoders' matrix products: f32 equals the reference; bf16 is "   \
                "about twice "                                                                     \
                "as fast, slightly less accurate, and needs a CPU with avx512_bf16; auto: bf16 "   \
                "where the CPU has it"                                                             \
    }

#define PT_CLI_DEVICE_OPTIONS                                                                      \
    {.name = "device",                                                                             \
     .kind = PT_CLI_TEXT,                                                                          \
     .argument = "DEVICE",                                                                         \
     .fallback = "cpu",                                                                            \
     .help =                                                                                       \
         "device of the encoders: cpu; opencl, all GPUs; or opencl:0,1, numbers as in 'patina "    \
         "devices'; embeddings are bit-identical on all devices and differ from the CPU in "       \
         "their last digits"},                                                                     \
    {                                                                                              \
        .name = "device-batch", .kind = PT_CLI_NUMBER, .argument = "N", .min = 1,                  \
        .max = PATINA_DEVICE_BATCH_MAX, .fallback = "32",                                          \
        .help = "maximum number of clips in a batch on a device; results do not depend on it"      \
    }

/** Instruction sets as a choice, from patina_isa_name. */
const char *pt_cli_isa_at(size_t i);

/** Reads --isa and --precision; 0, or PT_CLI_EXIT_USAGE after reporting the error. */
int pt_cli_parse_isa_precision(const pt_cli_args *args, patina_isa *isa,
                               patina_precision *precision);

/** Reads --device and --device-batch, and the variable OPENCL_LIB. */
patina_device_options pt_cli_device_options(const pt_cli_args *args);

/** The path of libOpenCL from the variable OPENCL_LIB, or NULL. */
const char *pt_cli_opencl_library(void);

/** Copies the name of the first GPU of OpenCL; false if there is none. Compiles nothing. */
bool pt_cli_find_gpu(const char *opencl_library, char name[128]);

/** Opens the effect configuration that --suite names, or the default one. Errors name the file. */
patina_status pt_cli_effect_config_open(const pt_cli_args *args, patina_effect_config **config,
                                        patina_error *err);

#endif /* PATINA_CLI_COMMANDS_H */
