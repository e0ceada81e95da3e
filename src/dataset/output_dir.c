/* SPDX-License-Identifier: MIT */
/* output_dir.c - state of an output folder, creation and removal of work folders */

#include "dataset/output_dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "fs/dir.h"
#include "fs/temp_dir.h"

#define PROBE_ATTEMPTS 10                      /* while other processes change the folder */
#define OLD_PLAN_FILE  PT_WORK_DIR "/run.json" /* before version 0.1 */

patina_status pt_output_dir_normalize(const char *given, char out[PT_OUTPUT_PATH_MAX + 1],
                                      patina_error *err) {
    size_t n = strlen(given);
    while (n > 1 && given[n - 1] == '/')
        n--;
    if (n == 0 || n > PT_OUTPUT_PATH_MAX)
        return pt_fail(err, PATINA_EUSAGE, "the path of the output folder must have 1 to %d bytes",
                       PT_OUTPUT_PATH_MAX);
    memcpy(out, given, n);
    out[n] = '\0';
    return PATINA_OK;
}

patina_status pt_output_dir_create_folder(const char *out, const char *path, patina_error *err) {
    const patina_status status = pt_dir_create(path, NULL, err);
    if (status != PATINA_OK) pt_error_add_context(err, "output folder '%s'", out);
    return status;
}

patina_status pt_work_dir_create_temp(const char *out, pt_path *folder, patina_error *err) {
    return pt_temp_dir_create(out, PT_WORK_DIR, folder, err);
}

void pt_work_dir_remove(const char *path) {
    pt_dir_remove_all(path, PT_PLAN_NAME);
}

void pt_work_dir_remove_stale(const char *out, bool all) {
    pt_temp_dir_remove_stale(out, PT_WORK_DIR ".", PT_PLAN_NAME, all);
}

/* A finished set that was being reopened when the process ended, between the two renames of
 * commit_reopen (resume.c): the work folder is complete and has only a temporary name. */
static patina_status check_half_reopened(const char *folder, bool *is_half_reopened,
                                         patina_error *err) {
    const pt_path plan = pt_path_joinf(folder, PT_PLAN_NAME),
                  finished = pt_path_joinf(folder, PT_DATASET_FILE);
    PT_TRY(pt_path_check_exists(plan.text, is_half_reopened, err));
    return *is_half_reopened ? pt_path_check_exists(finished.text, is_half_reopened, err)
                             : PATINA_OK;
}

/* Reads the names in a folder that has neither plan nor dataset.json. *again: probe once more. */
static patina_status scan_names(const char *out, bool repair, bool *empty, bool *again,
                                patina_error *err) {
    const pt_path work = pt_path_joinf(out, PT_WORK_DIR);
    DIR *dir = opendir(out);
    const char *name;
    patina_status status = PATINA_OK;
    int why = errno;

    *empty = true;
    if (!dir && why == ENOENT) return PATINA_OK;
    while (dir && status == PATINA_OK && (name = pt_dir_next(dir, &why))) {
        if (strcmp(name, "lost+found") == 0) continue; /* of a new file system */
        if (strncmp(name, PT_WORK_DIR ".", sizeof PT_WORK_DIR) != 0 || !pt_temp_dir_is_name(name)) {
            *empty = false;
            continue;
        }
        const pt_path folder = pt_path_joinf(out, "%s", name);
        bool is_half_reopened = false;
        status = check_half_reopened(folder.text, &is_half_reopened, err);
        if (!is_half_reopened) continue;
        *empty = false;
        if (repair) *again = rename(folder.text, work.text) == 0;
    }
    if (dir) closedir(dir);
    if (status != PATINA_OK || why == 0) return status;
    return pt_fail(err, PATINA_EIO, "output folder '%s': cannot be read: %s", out, strerror(why));
}

/* The work folder is probed first: pt_dataset_reopen removes dataset.json before the work folder
 * appears, and finish writes dataset.json before the work folder is removed. Both together, probed
 * in this order, are therefore a finished set with a leftover work folder. Between the two steps of
 * another process neither may exist for a moment, hence several attempts. */
patina_status pt_output_dir_probe(const char *out, bool repair, pt_output_state *state,
                                  patina_error *err) {
    const pt_path plan = pt_path_joinf(out, PT_PLAN_FILE),
                  finished = pt_path_joinf(out, PT_DATASET_FILE);
    bool empty = true;

    for (int i = 0; i < PROBE_ATTEMPTS; i++) {
        bool has_plan, is_finished, again = false;
        PT_TRY(pt_path_find(plan.text, &has_plan, NULL, err));
        PT_TRY(pt_path_find(finished.text, &is_finished, NULL, err));
        if (is_finished || has_plan) {
            *state = is_finished ? PT_OUTPUT_FINISHED : PT_OUTPUT_UNFINISHED;
            return PATINA_OK;
        }
        PT_TRY(scan_names(out, repair, &empty, &again, err));
        if (empty && !again) break;
    }
    *state = empty ? PT_OUTPUT_EMPTY : PT_OUTPUT_OTHER;
    return PATINA_OK;
}

patina_status pt_output_dir_require_run(const char *path, bool repair, pt_output_state *state,
                                        patina_error *err) {
    const pt_path old = pt_path_joinf(path, OLD_PLAN_FILE);
    const char *fault = NULL;
    struct stat info;
    bool has_old;

    const int error = pt_path_examine(stat, path, &info);
    if (error != 0 && !pt_errno_is_missing(error))
        return pt_fail(err, PATINA_EIO, "folder '%s': cannot be examined: %s", path,
                       strerrordesc_np(error));
    if (error != 0)
        fault = error == ENOENT ? "does not exist" : strerrordesc_np(error);
    else if (!S_ISDIR(info.st_mode))
        fault = "is a file";
    if (!fault) {
        PT_TRY(pt_output_dir_probe(path, repair, state, err));
        if (*state == PT_OUTPUT_EMPTY) fault = "is empty";
        if (*state == PT_OUTPUT_OTHER) {
            PT_TRY(pt_path_check_exists(old.text, &has_old, err));
            fault = has_old ? "contains an unfinished run of an older patina"
                            : "contains no patina data set";
        }
    }
    if (!fault) return PATINA_OK;
    return pt_fail(err, PATINA_EUSAGE,
                   "folder '%s': %s; give the folder that 'patina generate --out' wrote", path,
                   fault);
}

patina_status pt_output_dir_fail_unfinished(const char *path, patina_error *err) {
    return pt_fail(err, PATINA_EFORMAT,
                   "folder '%s': the data set is unfinished; run the same 'patina generate' "
                   "command again to complete it",
                   path);
}

patina_status pt_output_dir_fail_other(const char *out, patina_error *err) {
    const pt_path old = pt_path_joinf(out, OLD_PLAN_FILE);
    bool has_old;
    PT_TRY(pt_path_check_exists(old.text, &has_old, err));
    if (has_old)
        return pt_fail(err, PATINA_EUSAGE,
                       "output folder '%s': contains an unfinished run of an older patina; remove "
                       "'%s/" PT_WORK_DIR "' to start again",
                       out, out);
    return pt_fail(err, PATINA_EUSAGE,
                   "output folder '%s': is not empty and contains no patina data set; name another "
                   "folder",
                   out);
}

void pt_output_dir_remove_work_dir(const char *out) {
    const pt_path work = pt_path_joinf(out, PT_WORK_DIR),
                  finished = pt_path_joinf(out, PT_DATASET_FILE);
    pt_path own;

    if (!pt_path_exists(work.text) || !pt_path_exists(finished.text)) return;
    if (pt_work_dir_create_temp(out, &own, NULL) != PATINA_OK) return;
    if (rename(work.text, own.text) != 0 || pt_path_exists(finished.text))
        pt_work_dir_remove(own.text);
    else /* reopened by another process in the meantime: still needed */
        (void)!rename(own.text, work.text);
}

/* What a data set consists of. The last two identify it, so they are removed last. */
static const char *const dataset_names[] = {"data",       "provenance",      "provenance_table",
                                            PT_CARD_FILE, PT_CROISSANT_FILE, "rejects.jsonl",
                                            PT_WORK_DIR,  PT_DATASET_FILE};
enum { N_DATASET_NAMES = sizeof dataset_names / sizeof *dataset_names };

static bool is_dataset_name(const char *name) {
    for (size_t i = 0; i < N_DATASET_NAMES; i++)
        if (strcmp(name, dataset_names[i]) == 0) return true;
    return strcmp(name, "lost+found") == 0 ||
           (strncmp(name, PT_WORK_DIR ".", sizeof PT_WORK_DIR) == 0 && pt_temp_dir_is_name(name));
}

static patina_status check_only_dataset(const char *out, patina_error *err) {
    DIR *dir = opendir(out);
    int why = dir ? 0 : errno;
    const char *name;
    patina_status status = PATINA_OK;

    while (dir && status == PATINA_OK && (name = pt_dir_next(dir, &why)))
        if (!is_dataset_name(name))
            status = pt_fail(err, PATINA_EUSAGE,
                             "output folder '%s': '%s' is not part of the data set; move it to "
                             "another folder before overwriting",
                             out, name);
    if (dir) closedir(dir);
    if (why)
        return pt_fail(err, PATINA_EIO, "output folder '%s': cannot be read: %s", out,
                       strerror(why));
    return status;
}

void pt_output_dir_discard_dataset(pt_path *moved) {
    if (moved->text[0] != '\0') pt_dir_remove_all(moved->text, NULL);
    moved->text[0] = '\0';
}

void pt_output_dir_restore_dataset(pt_path *moved) {
    if (moved->text[0] == '\0') return;
    const pt_path out = pt_path_parent(moved->text), work = pt_path_joinf(out.text, PT_WORK_DIR);
    if (pt_path_exists(work.text)) pt_work_dir_remove(work.text);
    for (size_t i = 0; i < N_DATASET_NAMES; i++) {
        const pt_path from = pt_path_joinf(moved->text, "%s", dataset_names[i]),
                      to = pt_path_joinf(out.text, "%s", dataset_names[i]);
        (void)!rename(from.text, to.text);
    }
    rmdir(moved->text);
    moved->text[0] = '\0';
}

patina_status pt_output_dir_move_dataset(const char *given, pt_path *moved, patina_error *err) {
    char out[PT_OUTPUT_PATH_MAX + 1];
    pt_output_state state;

    moved->text[0] = '\0';
    PT_TRY(pt_output_dir_normalize(given, out, err));
    PT_TRY(pt_output_dir_probe(out, true, &state, err));
    if (state != PT_OUTPUT_FINISHED && state != PT_OUTPUT_UNFINISHED) return PATINA_OK;
    PT_TRY(check_only_dataset(out, err));
    PT_TRY(pt_work_dir_create_temp(out, moved, err));
    for (size_t i = 0; i < N_DATASET_NAMES; i++) {
        const pt_path from = pt_path_joinf(out, "%s", dataset_names[i]),
                      to = pt_path_joinf(moved->text, "%s", dataset_names[i]);
        if (rename(from.text, to.text) == 0 || errno == ENOENT) continue;
        pt_fail(err, PATINA_EIO, "'%s' cannot be removed: %s", from.text, strerror(errno));
        pt_output_dir_restore_dataset(moved);
        return PATINA_EIO;
    }
    return PATINA_OK;
}
