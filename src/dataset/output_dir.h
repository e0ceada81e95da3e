/* SPDX-License-Identifier: MIT */
/* output_dir.h - an output folder from outside: whose it is, and the work folder in it
 *
 *     OUT/.patina/plan.json       the run; made together with .patina, so that there is never half
 *     OUT/.patina/00000007/       a finished chunk
 *     OUT/dataset.json            the set is finished; whatever is left of .patina means nothing
 *
 * Many processes share OUT, also from different machines, and know nothing of each other. What one
 * makes grows in a folder of its own name and appears by one rename: a folder is never renamed onto
 * one that holds something, so the first to come wins and the others see it.
 */

#ifndef PATINA_DATASET_OUTPUT_DIR_H
#define PATINA_DATASET_OUTPUT_DIR_H

#include <stdbool.h>
#include <stdint.h>

#include <patina/status.h>

#include "base/error.h"

#define PT_WORK_DIR     ".patina"
#define PT_PLAN_FILE    PT_WORK_DIR "/plan.json"
#define PT_DATASET_FILE "dataset.json"

#define PT_DATASET_FILE_MAX_BYTES (1U << 30) /* that are read of it: some 400 a part */

#define PT_OUTPUT_PATH_MAX                                                                         \
    3300 /* bytes of a folder's path, so that every name below it fits pt_path */
#define PT_PATH_MAX 4096

typedef struct pt_path {
    char text[PT_PATH_MAX];
} pt_path;

/** folder/<format>; the caller sees to it that it fits, as PT_OUTPUT_PATH_MAX does. */
pt_path pt_path_joinf(const char *folder, const char *format, ...) PT_PRINTF(2, 3);

bool pt_path_exists(const char *path);

/** Copies a folder's path without slashes at its end; PATINA_EUSAGE when it is empty or too long. */
patina_status pt_output_dir_normalize(const char *given, char out[PT_OUTPUT_PATH_MAX + 1],
                                      patina_error *err);

typedef enum pt_output_state {
    PT_OUTPUT_EMPTY,      /* or not there */
    PT_OUTPUT_UNFINISHED, /* a run that is not finished */
    PT_OUTPUT_FINISHED,   /* a finished set */
    PT_OUTPUT_FOREIGN,    /* something else */
} pt_output_state;

/**
 * What a folder holds. PATINA_EIO when it cannot be told.
 *
 * repair  completes what a process left that died while it opened a finished set up again; nothing is
 *       written to the folder otherwise
 */
patina_status pt_output_dir_probe(const char *out, bool repair, pt_output_state *state,
                                  patina_error *err);

/** PATINA_EUSAGE with what a PT_OUTPUT_FOREIGN folder holds, and what to do. */
patina_status pt_output_dir_fail_foreign(const char *out, patina_error *err);

/** Takes the work folder of a finished set away, as far as that goes. */
void pt_output_dir_remove_work_dir(const char *out);

/**
 * Removes the data set in a folder, finished or not; does nothing where there is none. The folder stays.
 *
 * Errors  PATINA_EUSAGE  the folder contains something else besides; nothing is removed
 *         PATINA_EIO     removing it
 */
patina_status pt_output_dir_remove_dataset(const char *given, patina_error *err);

/** Makes a folder, which may be there; errors name out, the folder that the user asked for. */
patina_status pt_dir_create(const char *out, const char *path, bool *made, patina_error *err);

/** Makes a folder with its parents. */
patina_status pt_dir_create_all(const char *path, bool *made, patina_error *err);

/**
 * Makes an empty folder below parent that no other process has,
 * `<what>.<host>.<pid namespace>.<pid>.<number>.tmp`.
 */
patina_status pt_temp_dir_create(const char *parent, const char *what, pt_path *folder,
                                 patina_error *err);

/** Whether a name is one of pt_temp_dir_create. */
bool pt_temp_dir_is_name(const char *name);

/** Takes a folder away with all that is in it, as far as that goes. */
void pt_dir_remove_all(const char *path);

/**
 * Takes away temporary folders below parent whose names begin with what: those that processes of
 * this machine left which are no more, or all of them.
 */
void pt_temp_dir_remove_stale(const char *parent, const char *what, bool all);

/** Renames a folder or file and makes the new name last. False when `to` is there already. */
patina_status pt_dir_rename_noreplace(const char *from, const char *to, bool *done,
                                      patina_error *err);

#endif /* PATINA_DATASET_OUTPUT_DIR_H */
