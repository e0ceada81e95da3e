/* SPDX-License-Identifier: MIT */
/* cmd_finish.c - patina finish: the chunks of a run become a data set */

#include <stdio.h>

#include <patina/patina.h>

#include "commands.h"
#include "summary.h"
#include "terminal.h"

enum { QUIET, N_OPTIONS };

static const pt_cli_option options[] = {
    [QUIET] = {.name = "quiet", .help = "print nothing but errors"},
};

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    const char *out = args->operands[0];
    patina_dataset_report report = {0};
    patina_error err = {0};

    if (patina_dataset_finish(out, &report, &err) != PATINA_OK) return pt_cli_report_error(&err);
    if (!args->value[QUIET].given) {
        if (report.was_complete) {
            pt_cli_write_escaped(stdout, out);
            printf(" is finished already; nothing was done\n");
        }
        pt_cli_print_dataset_summary(&report, out);
        pt_cli_print_load_hint(&report, out);
    }
    if (report.n_rows > 0) return 0;
    pt_cli_error("no row could be written: '%s/rejects.jsonl' says why", out);
    return 1;
}

const pt_cli_command pt_cli_finish = {
    .name = "finish",
    .summary = "make the data set of a run whose shards are all done",
    .usage = "[options] OUT",
    .description =
        "The shards of a run ('patina generate --shard') write chunks to OUT and leave it "
        "unfinished. This checks that all chunks are there, numbers the parts, and writes "
        "README.md "
        "and dataset.json. It takes seconds, moves files and copies none; it may be killed at any "
        "moment and run again. A run of a single process does it by itself.",
    .after = "status:\n"
             "  0  the set is complete\n"
             "  1  chunks are missing or damaged, which are named; or it holds no row\n"
             "  2  the command line is wrong, or OUT holds no run of patina's\n"
             "\n"
             "example:\n"
             "  patina finish train\n",
    .n_operands_min = 1,
    .n_operands_max = 1,
    .operands = "one folder, OUT, is",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
