/* SPDX-License-Identifier: MIT */
/* workplace.c - folders that appear whole, and those that dead processes left */

#include "dataset/workplace.h"

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

#include "dataset/outfile.h"

#define TEMPORARY ".tmp"
#define HOST_MAX  64
#define OWN_MAX   10000 /* temporary folders of one process and purpose */
#define DEPTH_MAX 3     /* of a work folder: itself, its chunks, their files */
#define LOOKS     10    /* at a folder that another process is changing */

/* ---------------------------------------------------------------- paths */

pt_path pt_path_below(const char *folder, const char *format, ...) {
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

pt_status pt_out_name(const char *given, char out[PT_OUT_MAX + 1], pt_error *err) {
    size_t n = strlen(given);
    while (n > 1 && given[n - 1] == '/')
        n--;
    if (n == 0 || n > PT_OUT_MAX)
        return pt_fail(err, PT_EUSAGE, "output folder: a path of 1 to %d bytes is needed",
                       PT_OUT_MAX);
    memcpy(out, given, n);
    out[n] = '\0';
    return PT_OK;
}

/* ---------------------------------------------------------------- folders */

pt_status pt_folder_make(const char *out, const char *path, bool *made, pt_error *err) {
    if (made) *made = false;
    if (mkdir(path, 0777) == 0) {
        if (made) *made = true;
        return PT_OK;
    }
    const int why = errno;
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return PT_OK;
    if (why == EEXIST)
        return pt_fail(err, PT_EUSAGE, "output folder '%s': '%s' is a file", out, path);
    return pt_fail(err, PT_EIO, "output folder '%s': '%s' cannot be made: %s", out, path,
                   strerror(why));
}

pt_status pt_folders_make(const char *path, bool *made, pt_error *err) {
    char partial[PT_PATH_MAX];
    const size_t n = strlen(path);
    for (size_t i = 1; i < n; i++) {
        if (path[i] != '/') continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        PT_TRY(pt_folder_make(path, partial, NULL, err));
    }
    return pt_folder_make(path, path, made, err);
}

/* Depth-bounded, and never through a link: rmdir and unlink take the link itself. */
static void remove_tree(const char *path, unsigned depth) {
    if (unlink(path) == 0 || (errno != EISDIR && errno != EPERM)) return;
    DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
    const struct dirent *item;
    while (dir && (item = readdir(dir))) {
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0) continue;
        const pt_path below = pt_path_below(path, "%s", item->d_name);
        remove_tree(below.text, depth + 1);
    }
    if (dir) closedir(dir);
    rmdir(path);
}

/* The plan goes first: a work folder without one is nobody's. */
void pt_folder_remove(const char *path) {
    const pt_path plan = pt_path_below(path, "%s", strrchr(PT_PLAN, '/') + 1);
    unlink(plan.text);
    remove_tree(path, 0);
}

pt_status pt_folder_publish(const char *from, const char *to, bool *done, pt_error *err) {
    *done = rename(from, to) == 0;
    if (!*done && (errno == EEXIST || errno == ENOTEMPTY)) return PT_OK;
    if (!*done)
        return pt_fail(err, PT_EIO, "'%s' cannot be renamed to '%s': %s", from, to,
                       strerror(errno));
    char parent[PT_PATH_MAX];
    const char *slash = strrchr(to, '/');
    assert(slash && slash > to && slash - to < PT_PATH_MAX);
    memcpy(parent, to, (size_t)(slash - to));
    parent[slash - to] = '\0';
    return pt_outfile_flush_folder(parent, err);
}

/* ---------------------------------------------------------------- whose temporary folder */

/* A process, as far as its name can be told: containers share host names, and each counts its
 * processes from 1. */
typedef struct maker {
    char host[HOST_MAX + 1];
    uint64_t namespace;
    long pid;
} maker;

static maker myself(void) {
    maker me = {.pid = (long)getpid()};
    struct stat info;
    if (gethostname(me.host, HOST_MAX) != 0 || me.host[0] == '\0') strcpy(me.host, "host");
    for (char *c = me.host; *c; c++)
        if (!isalnum((unsigned char)*c)) *c = '-';
    if (stat("/proc/self/ns/pid", &info) == 0) me.namespace = (uint64_t)info.st_ino;
    return me;
}

pt_status pt_folder_make_own(const char *parent, const char *what, pt_path *folder, pt_error *err) {
    const maker me = myself();
    for (unsigned i = 0; i < OWN_MAX; i++) {
        *folder = pt_path_below(parent, "%s.%s.%" PRIu64 ".%ld.%u" TEMPORARY, what, me.host,
                                me.namespace, me.pid, i);
        if (mkdir(folder->text, 0777) == 0) return PT_OK;
        if (errno != EEXIST)
            return pt_fail(err, PT_EIO, "folder '%s': cannot be made: %s", folder->text,
                           strerror(errno));
    }
    return pt_fail(err, PT_EIO, "folder '%s': there already; remove it", folder->text);
}

bool pt_folder_is_temporary(const char *name) {
    const size_t n = strlen(name), n_end = strlen(TEMPORARY);
    return n > n_end && strcmp(name + n - n_end, TEMPORARY) == 0;
}

/* Whether the name says that a process of this machine made it which is no more. */
static bool is_stale(const char *name) {
    const maker me = myself();
    char mine[HOST_MAX + 64];
    snprintf(mine, sizeof mine, ".%s.%" PRIu64 ".", me.host, me.namespace);
    const char *at = strstr(name, mine);
    if (!at) return false;
    const long pid = strtol(at + strlen(mine), NULL, 10);
    return pid > 0 && pid != me.pid && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

void pt_folder_sweep(const char *parent, const char *what, bool all) {
    DIR *dir = opendir(parent);
    const struct dirent *item;
    while (dir && (item = readdir(dir))) {
        if (!pt_folder_is_temporary(item->d_name)) continue;
        if (strncmp(item->d_name, what, strlen(what)) != 0) continue;
        if (!all && !is_stale(item->d_name)) continue;
        const pt_path folder = pt_path_below(parent, "%s", item->d_name);
        pt_folder_remove(folder.text);
    }
    if (dir) closedir(dir);
}

/* ---------------------------------------------------------------- what a folder holds */

/* A finished set that was being opened up again when the process died, between its two renames
 * (reopen.c): the work folder has all, and only its name is missing. */
static bool is_half_reopened(const char *folder) {
    const pt_path plan = pt_path_below(folder, "plan.json"),
                  finished = pt_path_below(folder, PT_FINISHED);
    return pt_path_exists(plan.text) && pt_path_exists(finished.text);
}

/* Reads the names in a folder that has neither plan nor dataset.json. *again: look once more. */
static pt_status look_closer(const char *out, bool mend, bool *empty, bool *again, pt_error *err) {
    DIR *dir = opendir(out);
    const struct dirent *item;

    *empty = true;
    if (!dir && errno == ENOENT) return PT_OK;
    if (!dir)
        return pt_fail(err, PT_EIO, "output folder '%s': cannot be read: %s", out, strerror(errno));
    while ((item = readdir(dir))) {
        const char *name = item->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (strcmp(name, "lost+found") == 0) continue; /* of a fresh file system */
        if (strncmp(name, PT_WORK ".", sizeof PT_WORK) != 0 || !pt_folder_is_temporary(name)) {
            *empty = false;
            continue;
        }
        const pt_path folder = pt_path_below(out, "%s", name), work = pt_path_below(out, PT_WORK);
        if (!is_half_reopened(folder.text)) continue;
        *empty = false;
        if (mend) *again = rename(folder.text, work.text) == 0;
    }
    closedir(dir);
    return PT_OK;
}

/* The work folder is looked for first: who opens a finished set up again takes dataset.json away
 * before the work folder appears, and who finishes one writes dataset.json before it goes. So both
 * together, seen in this order, are a finished set whose work folder is of no use. Neither of the
 * two may be a moment between, hence more than one look. */
pt_status pt_out_look(const char *out, bool mend, pt_out_state *state, pt_error *err) {
    const pt_path plan = pt_path_below(out, PT_PLAN), finished = pt_path_below(out, PT_FINISHED);
    bool empty = true;

    for (int i = 0; i < LOOKS; i++) {
        const bool running = pt_path_exists(plan.text);
        if (pt_path_exists(finished.text)) {
            *state = PT_OUT_FINISHED;
            return PT_OK;
        }
        if (running) {
            *state = PT_OUT_RUNNING;
            return PT_OK;
        }
        bool again = false;
        PT_TRY(look_closer(out, mend, &empty, &again, err));
        if (empty && !again) break;
    }
    *state = empty ? PT_OUT_EMPTY : PT_OUT_FOREIGN;
    return PT_OK;
}

pt_status pt_out_refuse(const char *out, pt_error *err) {
    const pt_path old = pt_path_below(out, PT_WORK "/run.json");
    if (pt_path_exists(old.text))
        return pt_fail(err, PT_EUSAGE,
                       "output folder '%s': holds a run that an older patina broke off; remove "
                       "'%s/" PT_WORK "' to begin anew",
                       out, out);
    return pt_fail(err, PT_EUSAGE,
                   "output folder '%s': is not empty and holds no data set of patina's; name "
                   "another folder",
                   out);
}

void pt_out_remove_work(const char *out) {
    const pt_path work = pt_path_below(out, PT_WORK), finished = pt_path_below(out, PT_FINISHED);
    pt_path own;

    if (!pt_path_exists(work.text) || !pt_path_exists(finished.text)) return;
    if (pt_folder_make_own(out, PT_WORK, &own, NULL) != PT_OK) return;
    if (rename(work.text, own.text) != 0 || pt_path_exists(finished.text))
        pt_folder_remove(own.text);
    else /* opened up again a moment ago, so it is of use after all */
        (void)!rename(own.text, work.text);
}
