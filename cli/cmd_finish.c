/* SPDX-License-Identifier: MIT */
/* cmd_finish.c - patina finish: turns the chunks of all shards into a data set */

#include <stdio.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"
#include "summary.h"

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    const char *out = args->operands[0];
    patina_dataset_report report = {0};
    patina_error err = {0};

    if (patina_dataset_finish(out, &report, &err) != PATINA_OK) return pt_cli_report_error(&err);
    if (!pt_cli_given(args, "quiet")) {
        if (report.was_complete) {
            pt_cli_write_escaped(stdout, out);
            printf(" is already finished\n");
        }
        pt_cli_print_dataset_summary(&report, out);
        pt_cli_print_load_hint(&report, out);
    }
    return pt_cli_check_has_rows(&report, out);
}

const pt_cli_command pt_cli_finish = {
    .name = "finish",
    .summary = "complete a data set after all its shards have run",
    .usage = "[options] OUT",
    .description = "The shards of a run ('patina generate --shard') write chunks to OUT and leave "
                   "the data set unfinished. finish checks that all chunks exist, numbers the part "
                   "files, and writes README.md and dataset.json. It moves files instead of "
                   "copying them, so it takes seconds, and it can be interrupted and run again at "
                   "any time. A run without --shard finishes its data set itself.",
    .epilog = "status:\n"
              "  0  the data set is complete\n"
              "  1  chunks are missing or damaged (they are named), or there are no rows\n"
              "  2  invalid command line, or OUT is not the output folder of a run\n"
              "\n"
              "example:\n"
              "  patina finish train\n",
    .n_operands_min = 1,
    .n_operands_max = 1,
    .operand_kind = PT_CLI_DIR,
    .operands = "one folder, OUT, is",
    .run = run,
};
