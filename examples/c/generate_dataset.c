/* SPDX-License-Identifier: MIT */
/* generate_dataset.c - generates a data set and prints its progress
 *
 *     generate_dataset CORPUS MODEL OUT
 *
 * Ctrl-C stops the run; the same command continues it.
 */

#include <signal.h>
#include <stdio.h>

#include <patina/patina.h>

static patina_atomic_bool stop;

static void request_stop(int signal_number) {
    (void)signal_number;
    stop = true;
}

static void print_event(void *context, const patina_event *event) {
    (void)context;
    switch (event->kind) {
    case PATINA_EVENT_NOTE:
        printf("%s\n", event->text);
        break;
    case PATINA_EVENT_REJECT:
        printf("rejected (%s): %s\n", patina_status_name(event->reason), event->text);
        break;
    case PATINA_EVENT_PROGRESS:
        printf("%llu of %llu entries, %llu rows\n", (unsigned long long)event->n_entries,
               (unsigned long long)event->n_entries_total, (unsigned long long)event->n_rows);
        break;
    }
}

int main(int argc, char **argv) {
    patina_error err = {PATINA_OK, ""};
    patina_generate_options options;
    patina_generate_report report;

    if (argc != 4) {
        fprintf(stderr, "usage: generate_dataset CORPUS MODEL OUT\n");
        return 2;
    }
    signal(SIGINT, request_stop);
    patina_generate_options_init(&options);
    options.corpus = argv[1];
    options.model = argv[2];
    options.out = argv[3];
    options.seed = 1;
    options.stop = &stop;
    options.on_event = print_event;

    const patina_status status = patina_generate(&options, &report, &err);
    if (status != PATINA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return status == PATINA_ECANCELLED ? 75 : 1; /* EX_TEMPFAIL: run it again */
    }
    for (size_t i = 0; i < report.set.n_splits; i++)
        printf("%s: %llu rows\n", report.set.splits[i].name,
               (unsigned long long)report.set.splits[i].n_rows);
    return 0;
}
