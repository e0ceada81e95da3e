/* SPDX-License-Identifier: MIT */
/* summary.c - prints the summary of a data set */

#include "summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "escaped_output.h"

const char *pt_cli_plural(uint64_t n, const char *one, const char *many) {
    return n == 1 ? one : many;
}

static void print_rows(const patina_dataset_report *report, const char *out) {
    printf("%" PRIu64 " %s of %" PRIu64 " %s in %" PRIu64 " part %s in ", report->n_rows,
           pt_cli_plural(report->n_rows, "row", "rows"), report->n_entries,
           pt_cli_plural(report->n_entries, "entry", "entries"), report->n_parts,
           pt_cli_plural(report->n_parts, "file", "files"));
    pt_cli_write_escaped(stdout, out);
    printf("/data");
    for (size_t s = 0; report->n_splits > 1 && s < report->n_splits; s++)
        printf("%s%s %" PRIu64, s == 0 ? ": " : ", ", report->splits[s].name,
               report->splits[s].n_rows);
    putchar('\n');
}

static void print_rejects(const patina_dataset_report *report, const char *out) {
    const char *between = ": ";
    printf("%" PRIu64 " %s", report->n_rejects,
           pt_cli_plural(report->n_rejects, "reject", "rejects"));
    for (size_t i = 0; i < PATINA_REJECT_COUNT; i++) {
        if (report->rejects_by[i] == 0) continue;
        printf("%s%" PRIu64 " %s", between, report->rejects_by[i],
               patina_status_name((patina_status)((size_t)PATINA_REJECT_FIRST + i)));
        between = ", ";
    }
    if (report->n_rejects > 0) {
        printf(" (reasons in ");
        pt_cli_write_escaped(stdout, out);
        printf("/rejects.jsonl)");
    }
    putchar('\n');
}

void pt_cli_print_dataset_summary(const patina_dataset_report *report, const char *out) {
    print_rows(report, out);
    print_rejects(report, out);
}

void pt_cli_print_load_hint(const patina_dataset_report *report, const char *out) {
    for (size_t s = 0; s < report->n_splits; s++) {
        if (report->splits[s].n_rows == 0) continue;
        printf("load it in Python: datasets.load_dataset(");
        pt_cli_write_json_string(stdout, out);
        printf(", split=\"%s\")\n", report->splits[s].name);
        return;
    }
}

int pt_cli_check_has_rows(const patina_dataset_report *report, const char *out) {
    if (report->n_rows > 0) return 0;
    pt_cli_error("the data set has no rows; see '%s/rejects.jsonl' for the reasons", out);
    return 1;
}

void pt_cli_format_bytes(double bytes, char *text, size_t size) {
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    while (bytes >= 1000.0 && unit + 1 < sizeof units / sizeof *units) {
        bytes /= 1000.0;
        unit++;
    }
    snprintf(text, size, "%.*f %s", unit == 0 || bytes >= 100.0 ? 0 : 1, bytes, units[unit]);
}
