/* SPDX-License-Identifier: MIT */
/* memory_limit.h - memory limit of this process */

#ifndef PATINA_FS_MEMORY_LIMIT_H
#define PATINA_FS_MEMORY_LIMIT_H

#include <stdint.h>

/**
 * Returns the smallest of these, in bytes: the machine's memory, the limit of every control group
 * above this process (versions 1 and 2), and the limit of its address space (`ulimit -v`).
 *
 * root  "", or a folder that stands for "/" in tests: has proc/self/cgroup and sys/fs/cgroup
 */
uint64_t pt_memory_limit(const char *root);

#endif /* PATINA_FS_MEMORY_LIMIT_H */
