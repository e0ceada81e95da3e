/* SPDX-License-Identifier: MIT */
/* temp_dir.c - temporary folders with unique names, and removal of abandoned ones */

#include "fs/temp_dir.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "fs/dir.h"

#define SUFFIX       ".tmp"
#define ATTEMPTS     100 /* at a random number that is not taken */
#define BOOT_ID_SIZE 33

/* Containers of one machine share the boot id, and each counts its processes from 1. */
typedef struct process_id {
    char boot_id[BOOT_ID_SIZE];
    uint64_t namespace;
    long pid;
} process_id;

static void read_boot_id(char boot_id[BOOT_ID_SIZE]) {
    char text[64];
    size_t n = 0;
    const int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    const ssize_t n_read = fd < 0 ? 0 : read(fd, text, sizeof text);
    if (fd >= 0) close(fd);
    for (ssize_t i = 0; i < n_read && n + 1 < BOOT_ID_SIZE; i++)
        if (isxdigit((unsigned char)text[i])) boot_id[n++] = text[i];
    boot_id[n] = '\0';
}

static process_id current_process(void) {
    process_id me = {.pid = (long)getpid()};
    struct stat info;
    read_boot_id(me.boot_id);
    if (stat("/proc/self/ns/pid", &info) == 0) me.namespace = (uint64_t)info.st_ino;
    return me;
}

static uint64_t random_number(void) {
    uint64_t number;
    struct timespec now;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number) return number;
    clock_gettime(CLOCK_MONOTONIC, &now); /* early boot: mkdir still refuses a name that exists */
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

patina_status pt_temp_dir_create(const char *parent, const char *prefix, pt_path *folder,
                                 patina_error *err) {
    const process_id me = current_process();
    for (int i = 0; i < ATTEMPTS; i++) {
        *folder = pt_path_joinf(parent, "%s.%s.%" PRIu64 ".%ld.%016" PRIx64 SUFFIX, prefix,
                                me.boot_id, me.namespace, me.pid, random_number());
        if (mkdir(folder->text, 0777) == 0) return PATINA_OK;
        if (errno != EEXIST) break;
    }
    return pt_fail(err, PATINA_EIO, "folder '%s': cannot be created: %s", folder->text,
                   strerror(errno));
}

bool pt_temp_dir_is_name(const char *name) {
    const size_t n = strlen(name), n_suffix = strlen(SUFFIX);
    return n > n_suffix && strcmp(name + n - n_suffix, SUFFIX) == 0;
}

typedef enum owner_state { OWNER_UNKNOWN, OWNER_RUNNING, OWNER_ENDED } owner_state;

/* The process that a name gives; unknown when it is of another boot or pid namespace. */
static owner_state find_owner_state(const char *name) {
    const process_id me = current_process();
    char mine[BOOT_ID_SIZE + 32];
    snprintf(mine, sizeof mine, ".%s.%" PRIu64 ".", me.boot_id, me.namespace);
    const char *at = me.boot_id[0] != '\0' ? strstr(name, mine) : NULL;
    const long pid = at ? strtol(at + strlen(mine), NULL, 10) : 0;
    if (pid <= 0) return OWNER_UNKNOWN;
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH ? OWNER_ENDED : OWNER_RUNNING;
}

/* The present by the file system's clock, which a server may keep: the time of a new folder. */
static bool read_file_system_clock(const char *parent, const char *prefix, time_t *now) {
    struct stat info;
    char name[64];
    pt_path probe;
    snprintf(name, sizeof name, "%sclock", prefix);
    if (pt_temp_dir_create(parent, name, &probe, NULL) != PATINA_OK) return false;
    const bool known = stat(probe.text, &info) == 0;
    rmdir(probe.text);
    if (known) *now = info.st_mtime;
    return known;
}

/* When the folder, or an entry of it, was last modified. */
static time_t last_modified(const char *path) {
    struct stat info;
    time_t latest = 0;
    DIR *dir = opendir(path);
    const char *name;
    int why;
    if (dir && fstat(dirfd(dir), &info) == 0) latest = info.st_mtime;
    while (dir && (name = pt_dir_next(dir, &why)))
        if (fstatat(dirfd(dir), name, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_mtime > latest)
            latest = info.st_mtime;
    if (dir) closedir(dir);
    return latest;
}

static bool is_abandoned(const char *parent, const char *prefix, const char *name) {
    const pt_path path = pt_path_joinf(parent, "%s", name);
    const owner_state owner = find_owner_state(name);
    time_t now;

    if (owner != OWNER_UNKNOWN) return owner == OWNER_ENDED;
    const time_t latest = last_modified(path.text);
    return latest != 0 && read_file_system_clock(parent, prefix, &now) &&
           now - latest > PT_TEMP_DIR_MAX_AGE_S;
}

void pt_temp_dir_remove_stale(const char *parent, const char *prefix, const char *first, bool all) {
    DIR *dir = opendir(parent);
    const char *name;
    int why;
    while (dir && (name = pt_dir_next(dir, &why))) {
        if (!pt_temp_dir_is_name(name) || strncmp(name, prefix, strlen(prefix)) != 0) continue;
        if (!all && !is_abandoned(parent, prefix, name)) continue;
        const pt_path path = pt_path_joinf(parent, "%s", name);
        pt_dir_remove_all(path.text, first);
    }
    if (dir) closedir(dir);
}
