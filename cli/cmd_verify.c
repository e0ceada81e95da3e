/* SPDX-License-Identifier: MIT */
/* cmd_verify.c - patina verify: checks every file and row of a data set */

#include <inttypes.h>
#include <stdio.h>

#include <patina/patina.h>

#include "commands.h"
#include "escaped_output.h"
#include "summary.h"

enum { FAULTS_SHOWN_MAX = 100 };

typedef struct fault_count {
    unsigned n_shown;
} fault_count;

static void on_fault(void *context, const char *sentence) {
    fault_count *count = context;
    if (count->n_shown++ < FAULTS_SHOWN_MAX) pt_cli_error("%s", sentence);
}

static void print_summary(const patina_verify_report *report, const char *out) {
    pt_cli_write_escaped(stdout, out);
    printf(": %" PRIu64 " %s in %" PRIu64 " part %s, %" PRIu64 " %s: ", report->n_rows,
           pt_cli_plural(report->n_rows, "row", "rows"), report->n_parts,
           pt_cli_plural(report->n_parts, "file", "files"), report->n_rejects,
           pt_cli_plural(report->n_rejects, "reject", "rejects"));
    if (report->n_faults > 0)
        printf("%" PRIu64 " %s\n", report->n_faults,
               pt_cli_plural(report->n_faults, "fault", "faults"));
    else
        printf("no faults\n");
}

static int run(const pt_cli_command *command, const pt_cli_args *args) {
    (void)command;
    const char *out = args->operands[0];
    patina_verify_report report = {0};
    fault_count shown = {0};
    patina_error err = {0};

    if (patina_dataset_verify(out, on_fault, &shown, &report, &err) != PATINA_OK)
        return pt_cli_report_error(&err);
    if (!pt_cli_given(args, "quiet")) print_summary(&report, out);
    if (report.n_faults > shown.n_shown || shown.n_shown > FAULTS_SHOWN_MAX)
        pt_cli_error("%" PRIu64 " faults in all; only some are shown", report.n_faults);
    if (!report.finished)
        pt_cli_error("'%s' is unfinished: %" PRIu64 " of %" PRIu64 " %s complete; run 'patina %s'",
                     out, report.n_chunks - report.n_missing, report.n_chunks,
                     report.n_chunks == 1 ? "chunk is" : "chunks are",
                     report.n_missing > 0 ? "generate" : "finish");
    return report.finished && report.n_faults == 0 ? 0 : 1;
}

const pt_cli_command pt_cli_verify = {
    .name = "verify",
    .summary = "check every file and row of a data set",
    .usage = "[options] OUT",
    .description =
        "Reads all of OUT again and checks every file against its size and SHA-256, every row "
        "against its columns and their ranges (finite values, embeddings of length 1), every line "
        "of provenance against its row, and every reject against the counts. Each fault is "
        "reported in one sentence, at most ten per file and 100 in all.\n\n"
        "In an unfinished run, only the complete chunks are checked.",
    .epilog = "status:\n"
              "  0  the data set is complete and without faults\n"
              "  1  a fault was found, or the data set is unfinished\n"
              "  2  invalid command line, or OUT is not the output folder of a run\n"
              "\n"
              "example:\n"
              "  patina verify train\n",
    .n_operands_min = 1,
    .n_operands_max = 1,
    .operand_kind = PT_CLI_DIR,
    .operands = "one folder, OUT, is",
    .run = run,
};
