/* SPDX-License-Identifier: MIT */
/* commands.c - the table of commands, and options that several of them have */

#include "commands.h"

#include <stdlib.h>
#include <string.h>

#include "escaped_output.h"
#include "standard_streams.h"

#include "base/error.h"
#include "fs/text_file.h"
#include "nn/opencl/device.h"

static const pt_cli_command *const commands[] = {
    &pt_cli_generate, &pt_cli_finish,  &pt_cli_merge,   &pt_cli_verify, &pt_cli_inspect,
    &pt_cli_measure,  &pt_cli_degrade, &pt_cli_effects, &pt_cli_embed,  &pt_cli_model,
    &pt_cli_fetch,    &pt_cli_bench,   &pt_cli_devices,
};

const pt_cli_program pt_cli_program_table = {
    .introduction =
        "patina makes training data from captioned audio: it measures every clean recording, "
        "degrades a copy, and writes rows of CLAP embeddings and physical targets.",
    .commands = commands,
    .n_commands = PT_CLI_LENGTH(commands),
};

const char *pt_cli_isa_at(size_t i) {
    if (i == PATINA_ISA_AUTO) return "auto";
    return i < PATINA_ISA_COUNT ? patina_isa_name((patina_isa)i) : NULL;
}

int pt_cli_parse_isa_precision(const pt_cli_args *args, patina_isa *isa,
                               patina_precision *precision) {
    patina_error err = {0};
    if (patina_isa_parse(pt_cli_text(args, "isa"), isa, &err) != PATINA_OK)
        return pt_cli_usage_error(args->command, "option '--isa': %s", err.message);
    if (patina_precision_parse(pt_cli_text(args, "precision"), *isa, precision, &err) != PATINA_OK)
        return pt_cli_usage_error(args->command, "option '--precision': %s", err.message);
    return 0;
}

const char *pt_cli_opencl_library(void) {
    const char *library = getenv("OPENCL_LIB");
    return library && *library ? library : NULL;
}

patina_device_options pt_cli_device_options(const pt_cli_args *args) {
    return (patina_device_options){.device = pt_cli_text(args, "device"),
                                   .opencl_library = pt_cli_opencl_library(),
                                   .batch = (unsigned)pt_cli_number(args, "device-batch")};
}

bool pt_cli_find_gpu(const char *opencl_library, char name[128]) {
    pt_cl_device *devices = NULL;
    pt_cl_api api;
    size_t n = 0;
    bool found = false;
    if (pt_cl_api_open(opencl_library, &api, NULL) != PATINA_OK) return false;
    (void)pt_cl_devices_list(&api, &devices, &n, NULL);
    for (size_t i = 0; i < n && !found; i++) {
        found = devices[i].is_gpu != 0;
        if (found) memcpy(name, devices[i].name, sizeof devices[i].name);
    }
    free(devices);
    return found;
}

patina_status pt_cli_effect_config_open(const pt_cli_args *args, patina_effect_config **config,
                                        patina_error *err) {
    const char *path = pt_cli_text(args, "suite");
    char *json = NULL;
    if (path) PT_TRY(pt_text_read(pt_cli_text_path(path), &json, err));
    const patina_status status = patina_effect_config_open(json, config, err);
    if (status != PATINA_OK && path) pt_error_add_context(err, "suite '%s'", path);
    free(json);
    return status;
}
