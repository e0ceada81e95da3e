/* SPDX-License-Identifier: MIT */
/* output_dir.c - folders that appear whole, and those that dead processes left */

#include "dataset/output_dir.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "fs/atomic_file.h"

#define TEMP_SUFFIX    ".tmp"
#define HOST_MAX       64
#define TEMP_DIRS_MAX  10000 /* temporary folders of one process and purpose */
#define DEPTH_MAX      3     /* of a work folder: itself, its chunks, their files */
#define PROBE_ATTEMPTS 10    /* at a folder that another process is changing */

/* ---------------------------------------------------------------- paths */

pt_path pt_path_joinf(const char *folder, const char *format, ...) {
    pt_path path;
    const int n = snprintf(path.text, sizeof path.text, "%s/", folder);
    assert(n > 0 && (size_t)n < sizeof path.text);
    va_list args;
    va_start(args, format);
    vsnprintf(path.text + n, sizeof path.text - (size_t)n, format, args);
    va_end(args);
    return path;
}

bool pt_path_exists(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}

patina_status pt_output_dir_normalize(const char *given, char out[PT_OUTPUT_PATH_MAX + 1],
                                      patina_error *err) {
    size_t n = strlen(given);
    while (n > 1 && given[n - 1] == '/')
        n--;
    if (n == 0 || n > PT_OUTPUT_PATH_MAX)
        return pt_fail(err, PATINA_EUSAGE, "output folder: a path of 1 to %d bytes is needed",
                       PT_OUTPUT_PATH_MAX);
    memcpy(out, given, n);
    out[n] = '\0';
    return PATINA_OK;
}

/* ---------------------------------------------------------------- folders */

patina_status pt_dir_create(const char *out, const char *path, bool *made, patina_error *err) {
    if (made) *made = false;
    if (mkdir(path, 0777) == 0) {
        if (made) *made = true;
        return PATINA_OK;
    }
    const int why = errno;
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return PATINA_OK;
    if (why == EEXIST)
        return pt_fail(err, PATINA_EUSAGE, "output folder '%s': '%s' is a file", out, path);
    return pt_fail(err, PATINA_EIO, "output folder '%s': '%s' cannot be made: %s", out, path,
                   strerror(why));
}

patina_status pt_dir_create_all(const char *path, bool *made, patina_error *err) {
    char partial[PT_PATH_MAX];
    const size_t n = strlen(path);
    for (size_t i = 1; i < n; i++) {
        if (path[i] != '/') continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        PT_TRY(pt_dir_create(path, partial, NULL, err));
    }
    return pt_dir_create(path, path, made, err);
}

/* Depth-bounded, and never through a link: rmdir and unlink take the link itself. */
static void remove_tree(const char *path, unsigned depth) {
    if (unlink(path) == 0 || (errno != EISDIR && errno != EPERM)) return;
    DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
    const struct dirent *item;
    while (dir && (item = readdir(dir))) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        const pt_path below = pt_path_joinf(path, "%s", item->d_name);
        remove_tree(below.text, depth + 1);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

/* The plan goes first: a work folder without one is nobody's. */
void pt_dir_remove_all(const char *path) {
    const pt_path plan = pt_path_joinf(path, "%s", strrchr(PT_PLAN_FILE, '/') + 1);
    unlink(plan.text);
    remove_tree(path, 0);
}

patina_status pt_dir_rename_noreplace(const char *from, const char *to, bool *done,
                                      patina_error *err) {
    *done = rename(from, to) == 0;
    if (!*done && (errno == EEXIST || errno == ENOTEMPTY)) return PATINA_OK;
    if (!*done)
        return pt_fail(err, PATINA_EIO, "'%s' cannot be renamed to '%s': %s", from, to,
                       strerror(errno));
    char parent[PT_PATH_MAX];
    const char *slash = strrchr(to, '/');
    assert(slash && slash > to && slash - to < PT_PATH_MAX);
    memcpy(parent, to, (size_t)(slash - to));
    parent[slash - to] = '\0';
    return pt_dir_sync(parent, err);
}

/* ---------------------------------------------------------------- whose temporary folder */

/* A process, as far as its name can be told: containers share host names, and each counts its
 * processes from 1. */
typedef struct process_id {
    char host[HOST_MAX + 1];
    uint64_t namespace;
    long pid;
} process_id;

static process_id current_process(void) {
    process_id me = {.pid = (long)getpid()};
    struct stat info;
    if (gethostname(me.host, HOST_MAX) != 0 || me.host[0] == '\0') strcpy(me.host, "host");
    for (char *c = me.host; *c; c++)
        if (!isalnum((unsigned char)*c)) *c = '-';
    if (stat("/proc/self/ns/pid", &info) == 0) me.namespace = (uint64_t)info.st_ino;
    return me;
}

patina_status pt_temp_dir_create(const char *parent, const char *what, pt_path *folder,
                                 patina_error *err) {
    const process_id me = current_process();
    for (unsigned i = 0; i < TEMP_DIRS_MAX; i++) {
        *folder = pt_path_joinf(parent, "%s.%s.%" PRIu64 ".%ld.%u" TEMP_SUFFIX, what, me.host,
                                me.namespace, me.pid, i);
        if (mkdir(folder->text, 0777) == 0) return PATINA_OK;
        if (errno != EEXIST)
            return pt_fail(err, PATINA_EIO, "folder '%s': cannot be made: %s", folder->text,
                           strerror(errno));
    }
    return pt_fail(err, PATINA_EIO, "folder '%s': there already; remove it", folder->text);
}

bool pt_temp_dir_is_name(const char *name) {
    const size_t n = strlen(name), n_end = strlen(TEMP_SUFFIX);
    return n > n_end && strcmp(name + n - n_end, TEMP_SUFFIX) == 0;
}

/* Whether the name says that a process of this machine made it which is no more. */
static bool is_stale(const char *name) {
    const process_id me = current_process();
    char mine[HOST_MAX + 64];
    snprintf(mine, sizeof mine, ".%s.%" PRIu64 ".", me.host, me.namespace);
    const char *at = strstr(name, mine);
    if (!at) return false;
    const long pid = strtol(at + strlen(mine), NULL, 10);
    return pid > 0 && pid != me.pid && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

void pt_temp_dir_remove_stale(const char *parent, const char *what, bool all) {
    DIR *dir = opendir(parent);
    const struct dirent *item;
    while (dir && (item = readdir(dir))) {
        if (!pt_temp_dir_is_name(item->d_name)) continue;
        if (strncmp(item->d_name, what, strlen(what)) != 0) continue;
        if (!all && !is_stale(item->d_name)) continue;
        const pt_path folder = pt_path_joinf(parent, "%s", item->d_name);
        pt_dir_remove_all(folder.text);
    }
    if (dir) closedir(dir);
}

/* ---------------------------------------------------------------- what a folder holds */

/* A finished set that was being opened up again when the process died, between its two renames
 * (resume.c): the work folder has all, and only its name is missing. */
static bool is_half_reopened(const char *folder) {
    const pt_path plan = pt_path_joinf(folder, "plan.json"),
                  finished = pt_path_joinf(folder, PT_DATASET_FILE);
    return pt_path_exists(plan.text) && pt_path_exists(finished.text);
}

/* Reads the names in a folder that has neither plan nor dataset.json. *again: look once more. */
static patina_status scan_names(const char *out, bool repair, bool *empty, bool *again,
                                patina_error *err) {
    DIR *dir = opendir(out);
    const struct dirent *item;

    *empty = true;
    if (!dir && errno == ENOENT) return PATINA_OK;
    if (!dir)
        return pt_fail(err, PATINA_EIO, "output folder '%s': cannot be read: %s", out,
                       strerror(errno));
    while ((item = readdir(dir))) {
        const char *name = item->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (strcmp(name, "lost+found") == 0) continue; /* of a fresh file system */
        if (strncmp(name, PT_WORK_DIR ".", sizeof PT_WORK_DIR) != 0 || !pt_temp_dir_is_name(name)) {
            *empty = false;
            continue;
        }
        const pt_path folder = pt_path_joinf(out, "%s", name),
                      work = pt_path_joinf(out, PT_WORK_DIR);
        if (!is_half_reopened(folder.text)) continue;
        *empty = false;
        if (repair) *again = rename(folder.text, work.text) == 0;
    }
    closedir(dir);
    return PATINA_OK;
}

/* The work folder is looked for first: who opens a finished set up again takes dataset.json away
 * before the work folder appears, and who finishes one writes dataset.json before it goes. So both
 * together, seen in this order, are a finished set whose work folder is of no use. Neither of the
 * two may be a moment between, hence more than one look. */
patina_status pt_output_dir_probe(const char *out, bool repair, pt_output_state *state,
                                  patina_error *err) {
    const pt_path plan = pt_path_joinf(out, PT_PLAN_FILE),
                  finished = pt_path_joinf(out, PT_DATASET_FILE);
    bool empty = true;

    for (int i = 0; i < PROBE_ATTEMPTS; i++) {
        const bool running = pt_path_exists(plan.text);
        if (pt_path_exists(finished.text)) {
            *state = PT_OUTPUT_FINISHED;
            return PATINA_OK;
        }
        if (running) {
            *state = PT_OUTPUT_UNFINISHED;
            return PATINA_OK;
        }
        bool again = false;
        PT_TRY(scan_names(out, repair, &empty, &again, err));
        if (empty && !again) break;
    }
    *state = empty ? PT_OUTPUT_EMPTY : PT_OUTPUT_FOREIGN;
    return PATINA_OK;
}

patina_status pt_output_dir_fail_foreign(const char *out, patina_error *err) {
    const pt_path old = pt_path_joinf(out, PT_WORK_DIR "/run.json");
    if (pt_path_exists(old.text))
        return pt_fail(err, PATINA_EUSAGE,
                       "output folder '%s': holds a run that an older patina broke off; remove "
                       "'%s/" PT_WORK_DIR "' to begin anew",
                       out, out);
    return pt_fail(err, PATINA_EUSAGE,
                   "output folder '%s': is not empty and holds no data set of patina's; name "
                   "another folder",
                   out);
}

void pt_output_dir_remove_work_dir(const char *out) {
    const pt_path work = pt_path_joinf(out, PT_WORK_DIR),
                  finished = pt_path_joinf(out, PT_DATASET_FILE);
    pt_path own;

    if (!pt_path_exists(work.text) || !pt_path_exists(finished.text)) return;
    if (pt_temp_dir_create(out, PT_WORK_DIR, &own, NULL) != PATINA_OK) return;
    if (rename(work.text, own.text) != 0 || pt_path_exists(finished.text))
        pt_dir_remove_all(own.text);
    else /* opened up again a moment ago, so it is of use after all */
        (void)!rename(own.text, work.text);
}

/* What a data set consists of. The last two identify it, so they are removed last. */
static const char *const dataset_names[] = {"data",          "provenance", "README.md",
                                            "rejects.jsonl", PT_WORK_DIR,  PT_DATASET_FILE};
enum { N_DATASET_NAMES = sizeof dataset_names / sizeof *dataset_names };

static bool is_dataset_name(const char *name) {
    for (size_t i = 0; i < N_DATASET_NAMES; i++)
        if (strcmp(name, dataset_names[i]) == 0) return true;
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lost+found") == 0 ||
           (strncmp(name, PT_WORK_DIR ".", sizeof PT_WORK_DIR) == 0 && pt_temp_dir_is_name(name));
}

static patina_status check_only_dataset(const char *out, patina_error *err) {
    DIR *dir = opendir(out);
    const struct dirent *item;
    patina_status status = PATINA_OK;

    if (!dir)
        return pt_fail(err, PATINA_EIO, "output folder '%s': cannot be read: %s", out,
                       strerror(errno));
    while (status == PATINA_OK && (item = readdir(dir)))
        if (!is_dataset_name(item->d_name))
            status = pt_fail(err, PATINA_EUSAGE,
                             "output folder '%s': '%s' is not part of the data set; move it to "
                             "another folder before overwriting",
                             out, item->d_name);
    closedir(dir);
    return status;
}

/* Everything is renamed into a temporary folder first, so that the time without a complete data set
 * is short; a killed process leaves a folder that the next one removes. */
patina_status pt_output_dir_remove_dataset(const char *given, patina_error *err) {
    char out[PT_OUTPUT_PATH_MAX + 1];
    pt_output_state state;
    pt_path own;
    patina_status status = PATINA_OK;

    PT_TRY(pt_output_dir_normalize(given, out, err));
    PT_TRY(pt_output_dir_probe(out, true, &state, err));
    if (state != PT_OUTPUT_FINISHED && state != PT_OUTPUT_UNFINISHED) return PATINA_OK;
    PT_TRY(check_only_dataset(out, err));
    PT_TRY(pt_temp_dir_create(out, PT_WORK_DIR, &own, err));
    for (size_t i = 0; status == PATINA_OK && i < N_DATASET_NAMES; i++) {
        const pt_path from = pt_path_joinf(out, "%s", dataset_names[i]),
                      to = pt_path_joinf(own.text, "%s", dataset_names[i]);
        if (rename(from.text, to.text) != 0 && errno != ENOENT)
            status =
                pt_fail(err, PATINA_EIO, "'%s' cannot be removed: %s", from.text, strerror(errno));
    }
    pt_dir_remove_all(own.text);
    return status;
}
