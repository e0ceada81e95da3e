/* SPDX-License-Identifier: MIT */
/* output_dir.h - layout and state of an output folder
 *
 *     OUT/.patina/plan.json       the run; appears together with .patina, by one rename
 *     OUT/.patina/00000007/       a complete chunk
 *     OUT/dataset.json            the set is finished; a leftover .patina has no meaning
 *
 * Any number of processes may share OUT, also on different machines, without communication. Each
 * fills a temporary folder of its own and publishes it by one rename. A rename never replaces a
 * folder that is not empty, so the first process wins and the others find its result.
 */

#ifndef PATINA_DATASET_OUTPUT_DIR_H
#define PATINA_DATASET_OUTPUT_DIR_H

#include <stdbool.h>

#include <patina/status.h>

#include "fs/path.h"

#define PT_WORK_DIR       ".patina"
#define PT_PLAN_NAME      "plan.json" /* in the work folder */
#define PT_PLAN_FILE      PT_WORK_DIR "/" PT_PLAN_NAME
#define PT_DATASET_FILE   "dataset.json"
#define PT_REJECTS_FILE   "rejects.jsonl"
#define PT_CARD_FILE      "README.md"
#define PT_CROISSANT_FILE "croissant.json"
#define PT_CHUNK_FILE     "chunk.json" /* in the folder of a chunk */

#define PT_DATASET_FILE_MAX_BYTES (1U << 30) /* a part takes about 400 */

/* Longest path of an output folder, in bytes: every name below it fits pt_path. */
#define PT_OUTPUT_PATH_MAX 3300

/** Copies a path without its final slashes. PATINA_EUSAGE when it is empty or too long. */
patina_status pt_output_dir_normalize(const char *given, char out[PT_OUTPUT_PATH_MAX + 1],
                                      patina_error *err);

typedef enum pt_output_state {
    PT_OUTPUT_EMPTY,      /* or absent */
    PT_OUTPUT_UNFINISHED, /* a run that is not finished */
    PT_OUTPUT_FINISHED,   /* a finished set */
    PT_OUTPUT_OTHER,      /* anything else */
} pt_output_state;

/**
 * Finds out what a folder contains.
 *
 * repair  completes an interrupted pt_dataset_reopen; without it nothing is written
 *
 * Errors  PATINA_EIO  the folder cannot be read
 */
patina_status pt_output_dir_probe(const char *out, bool repair, pt_output_state *state,
                                  patina_error *err);

/**
 * As pt_output_dir_probe, of a folder that was given as a data set: the state is finished or
 * unfinished.
 *
 * Errors  PATINA_EUSAGE  it does not exist, is a file, is empty or contains something else
 *         PATINA_EIO     the folder cannot be read
 */
patina_status pt_output_dir_require_run(const char *path, bool repair, pt_output_state *state,
                                        patina_error *err);

/** Always PATINA_EFORMAT: the folder contains an unfinished run, where a finished set is needed. */
patina_status pt_output_dir_fail_unfinished(const char *path, patina_error *err);

/** Always PATINA_EUSAGE: describes what a PT_OUTPUT_OTHER folder contains, and the remedy. */
patina_status pt_output_dir_fail_other(const char *out, patina_error *err);

/** pt_dir_create of a folder below out, or of out itself, with out in the error sentence. */
patina_status pt_output_dir_create_folder(const char *out, const char *path, patina_error *err);

/** Creates a temporary work folder below out, to be renamed to PT_WORK_DIR. */
patina_status pt_work_dir_create_temp(const char *out, pt_path *folder, patina_error *err);

/** Removes a work folder, its plan first: without a plan it belongs to no run. */
void pt_work_dir_remove(const char *path);

/** Removes temporary work folders of out: abandoned ones, or all. */
void pt_work_dir_remove_stale(const char *out, bool all);

/** Removes the work folder of a finished set, as far as permissions allow. */
void pt_output_dir_remove_work_dir(const char *out);

/**
 * Moves the data set in a folder, finished or not, to a temporary folder in it. If the process is
 * killed before one of the next two calls, the next run removes the temporary folder.
 *
 * moved   out: the temporary folder; "" where there is no data set
 *
 * Errors  PATINA_EUSAGE  the folder contains something else besides
 *         PATINA_EIO     it cannot be moved
 *         Nothing is moved after an error.
 */
patina_status pt_output_dir_move_dataset(const char *given, pt_path *moved, patina_error *err);

/** Removes a data set that was moved; *moved becomes "". Nothing happens if it is "". */
void pt_output_dir_discard_dataset(pt_path *moved);

/** Moves a data set back in place of an unfinished one, which is removed; *moved becomes "".
 * Nothing happens if it is "". */
void pt_output_dir_restore_dataset(pt_path *moved);

#endif /* PATINA_DATASET_OUTPUT_DIR_H */
