/* SPDX-License-Identifier: MIT */
/* cmd_verify.c - patina verify: a data set is read again, whole */

#include <inttypes.h>
#include <stdio.h>

#include <patina/patina.h>

#include "commands.h"
#include "summary.h"
#include "terminal.h"

enum { QUIET, N_OPTIONS };
enum { FAULTS_SHOWN_MAX = 100 };

static const pt_cli_option options[] = {
    [QUIET] = {.name = "quiet", .help = "print nothing but faults"},
};

typedef struct faults {
    unsigned n_shown;
} faults;

static void on_fault(void *context, const char *sentence) {
    faults *told = context;
    if (told->n_shown++ < FAULTS_SHOWN_MAX) pt_cli_error("%s", sentence);
}

static void print_read(const patina_verify_report *report, const char *out) {
    pt_cli_write_escaped(stdout, out);
    printf(": %" PRIu64 " %s in %" PRIu64 " part %s, %" PRIu64 " %s: ", report->n_rows,
           pt_cli_plural(report->n_rows, "row", "rows"), report->n_parts,
           pt_cli_plural(report->n_parts, "file", "files"), report->n_rejects,
           pt_cli_plural(report->n_rejects, "reject", "rejects"));
    if (report->n_faults > 0)
        printf("%" PRIu64 " %s\n", report->n_faults,
               pt_cli_plural(report->n_faults, "fault", "faults"));
    else
        printf("all as it was written\n");
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    const char *out = args->operands[0];
    patina_verify_report report = {0};
    faults told = {0};
    patina_error err = {0};

    if (patina_dataset_verify(out, on_fault, &told, &report, &err) != PATINA_OK)
        return pt_cli_report_error(&err);
    if (!args->value[QUIET].given) print_read(&report, out);
    if (report.n_faults > told.n_shown || told.n_shown > FAULTS_SHOWN_MAX)
        pt_cli_error("%" PRIu64 " faults in all, of which not all were told", report.n_faults);
    if (!report.finished)
        pt_cli_error("'%s' is not finished: %" PRIu64 " of %" PRIu64 " %s there; run 'patina %s'",
                     out, report.n_chunks - report.n_missing, report.n_chunks,
                     report.n_chunks == 1 ? "chunk is" : "chunks are",
                     report.n_missing > 0 ? "generate" : "finish");
    return report.finished && report.n_faults == 0 ? 0 : 1;
}

const pt_cli_command pt_cli_verify = {
    .name = "verify",
    .summary = "read a data set again and check all that it says",
    .usage = "[options] OUT",
    .description =
        "Reads everything in OUT again: every file against its size and SHA-256, every row against "
        "its columns and their ranges (finite values, embeddings of length 1), every line of "
        "provenance against its row, every reject against the counts. Each fault is one sentence, "
        "at most ten a file and 100 in all.\n\n"
        "Of a run that is not finished the chunks that are there are checked.",
    .after = "status:\n"
             "  0  the set is complete, and all is as it was written\n"
             "  1  a fault was found, or the set is not finished\n"
             "  2  the command line is wrong, or OUT holds nothing of patina's\n"
             "\n"
             "example:\n"
             "  patina verify train\n",
    .n_operands_min = 1,
    .n_operands_max = 1,
    .operands = "one folder, OUT, is",
    .options = options,
    .n_options = N_OPTIONS,
    .run = run,
};
