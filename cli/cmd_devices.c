/* SPDX-License-Identifier: MIT */
/* cmd_devices.c - patina devices: lists and checks OpenCL devices */

#include <inttypes.h>
#include <stdio.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"

static const pt_cli_option options[] = {
    {.name = "json", .help = "print one JSON array"},
};

static void print_text(size_t index, const patina_device_info *d) {
    printf("opencl:%zu  ", index);
    pt_cli_write_escaped(stdout, d->name);
    printf(", %.1f GB, ", 1e-9 * (double)d->memory_bytes);
    pt_cli_write_escaped(stdout, d->platform);
    printf(", driver ");
    pt_cli_write_escaped(stdout, d->driver);
    if (d->is_usable) {
        printf("\n          usable: all kernels give the bits of the reference\n");
        return;
    }
    printf("\n          not usable: ");
    pt_cli_write_escaped(stdout, d->fault);
    putchar('\n');
}

static void print_json_text(const char *name, const char *value) {
    printf(", \"%s\": ", name);
    pt_cli_write_json_string(stdout, value);
}

static void print_json(const patina_device_info *devices, size_t n) {
    printf("[");
    for (size_t i = 0; i < n; i++) {
        const patina_device_info *d = &devices[i];
        printf("%s{\"device\": \"opencl:%zu\"", i ? ", " : "", i);
        print_json_text("name", d->name);
        print_json_text("platform", d->platform);
        print_json_text("version", d->version);
        print_json_text("driver", d->driver);
        printf(", \"memory_bytes\": %" PRIu64 ", \"is_gpu\": %s, \"is_usable\": %s",
               d->memory_bytes, d->is_gpu ? "true" : "false", d->is_usable ? "true" : "false");
        print_json_text("fault", d->fault);
        putchar('}');
    }
    printf("]\n");
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    patina_device_info *devices = NULL;
    patina_error err = {0};
    size_t n = 0;

    if (patina_devices_list(pt_cli_opencl_library(), &devices, &n, &err) != PATINA_OK)
        return pt_cli_report_error(&err);
    if (pt_cli_given(args, "json")) {
        print_json(devices, n);
    } else {
        for (size_t i = 0; i < n; i++)
            print_text(i, &devices[i]);
        if (n == 0) printf("no device found: the OpenCL drivers of this machine list none\n");
    }
    patina_devices_release(&devices);
    return 0;
}

const pt_cli_command pt_cli_devices = {
    .name = "devices",
    .summary = "list OpenCL devices and verify their results",
    .usage = "[--json]",
    .description =
        "Lists the devices for '--device opencl', with their numbers for '--device opencl:0,1'. "
        "The kernels are compiled for each device, and their results are compared with the "
        "reference, bit by bit.\n\n"
        "libOpenCL is loaded from the default locations, or from the path in OPENCL_LIB.",
    .epilog = "example:\n"
              "  patina devices --json\n",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
