/* SPDX-License-Identifier: MIT */
/* cmd_merge.c - patina merge: merges several finished data sets into one */

#include <stdint.h>
#include <stdio.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"
#include "summary.h"

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    const char *out = pt_cli_text(args, "out");
    patina_dataset_report report = {0};
    patina_error err = {0};

    if (patina_dataset_merge(args->operands, args->n_operands, out, &report, &err) != PATINA_OK)
        return pt_cli_report_error(&err);
    if (!pt_cli_given(args, "quiet")) {
        pt_cli_print_dataset_summary(&report, out);
        pt_cli_print_load_hint(&report, out);
    }
    return pt_cli_check_has_rows(&report, out);
}

static const pt_cli_option options[] = {
    {.name = "out",
     .letter = 'o',
     .kind = PT_CLI_DIR,
     .argument = "DIR",
     .required = true,
     .help = "folder of the merged data set: new, or empty"},
};

const pt_cli_command pt_cli_merge = {
    .name = "merge",
    .summary = "merge several data sets into one",
    .usage = "OUT1 OUT2 ... --out DIR",
    .description = "Copies the rows of finished data sets, in the order given, with their "
                   "provenance and rejects, into one data set. The sets need the same version of "
                   "patina, the same settings, model, format and splits; otherwise the first "
                   "difference is named. Each entry may be in only one of the sets. The sets are "
                   "only read, and every file is checked against its hash.\n\nAn interrupted merge "
                   "leaves no part of a data set in DIR, or the same command completes it.",
    .epilog = "status:\n"
              "  0  the data set is complete\n"
              "  1  a set is unfinished or damaged, or DIR cannot be written\n"
              "  2  invalid command line, or the sets cannot be merged\n"
              "\n"
              "example:\n"
              "  patina merge audiocaps clotho --out both\n",
    .n_operands_min = 2,
    .n_operands_max = SIZE_MAX,
    .operand_kind = PT_CLI_DIR,
    .operands = "two or more folders of data sets are",
    .options = options,
    .n_options = PT_CLI_LENGTH(options),
    .run = run,
};
