/* SPDX-License-Identifier: MIT */
/* workplace.h - an output folder from outside: whose it is, and the work folder in it
 *
 *     OUT/.patina/plan.json       the run; made together with .patina, so that there is never half
 *     OUT/.patina/00000007/       a finished chunk
 *     OUT/dataset.json            the set is finished; whatever is left of .patina means nothing
 *
 * Many processes share OUT, also from different machines, and know nothing of each other. What one
 * makes grows in a folder of its own name and appears by one rename: a folder is never renamed onto
 * one that holds something, so the first to come wins and the others see it.
 */

#ifndef PATINA_DATASET_WORKPLACE_H
#define PATINA_DATASET_WORKPLACE_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#define PT_WORK     ".patina"
#define PT_PLAN     PT_WORK "/plan.json"
#define PT_FINISHED "dataset.json"

#define PT_FINISHED_BYTES (1U << 30) /* that are read of it: some 400 a part */

#define PT_OUT_MAX  3300 /* bytes of a folder's path, so that every name below it fits pt_path */
#define PT_PATH_MAX 4096

typedef struct pt_path {
    char text[PT_PATH_MAX];
} pt_path;

/** folder/<format>; the caller sees to it that it fits, as PT_OUT_MAX does. */
pt_path pt_path_below(const char *folder, const char *format, ...) PT_PRINTF(2, 3);

bool pt_path_exists(const char *path);

/** Copies a folder's path without slashes at its end; PT_EUSAGE when it is empty or too long. */
pt_status pt_out_name(const char *given, char out[PT_OUT_MAX + 1], pt_error *err);

typedef enum pt_out_state {
    PT_OUT_EMPTY,    /* or not there */
    PT_OUT_RUNNING,  /* a run that is not finished */
    PT_OUT_FINISHED, /* a finished set */
    PT_OUT_FOREIGN,  /* something else */
} pt_out_state;

/**
 * What a folder holds. PT_EIO when it cannot be told.
 *
 * mend  completes what a process left that died while it opened a finished set up again; nothing is
 *       written to the folder otherwise
 */
pt_status pt_out_look(const char *out, bool mend, pt_out_state *state, pt_error *err);

/** PT_EUSAGE with what a PT_OUT_FOREIGN folder holds, and what to do. */
pt_status pt_out_refuse(const char *out, pt_error *err);

/** Takes the work folder of a finished set away, as far as that goes. */
void pt_out_remove_work(const char *out);

/** Makes a folder, which may be there; errors name out, the folder that the user asked for. */
pt_status pt_folder_make(const char *out, const char *path, bool *made, pt_error *err);

/** Makes a folder with its parents. */
pt_status pt_folders_make(const char *path, bool *made, pt_error *err);

/**
 * Makes an empty folder below parent that no other process has,
 * `<what>.<host>.<pid namespace>.<pid>.<number>.tmp`.
 */
pt_status pt_folder_make_own(const char *parent, const char *what, pt_path *folder, pt_error *err);

/** Whether a name is one of pt_folder_make_own. */
bool pt_folder_is_temporary(const char *name);

/** Takes a folder away with all that is in it, as far as that goes. */
void pt_folder_remove(const char *path);

/**
 * Takes away temporary folders below parent whose names begin with what: those that processes of
 * this machine left which are no more, or all of them.
 */
void pt_folder_sweep(const char *parent, const char *what, bool all);

/** Renames a folder or file and makes the new name last. False when `to` is there already. */
pt_status pt_folder_publish(const char *from, const char *to, bool *done, pt_error *err);

#endif /* PATINA_DATASET_WORKPLACE_H */
