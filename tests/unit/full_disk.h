/* SPDX-License-Identifier: MIT */
/* full_disk.h - a full disk for tests: a link to /dev/full
 *
 * Code under test gets a link in the folder of the test and never the device itself: as root, a
 * faulty rename would replace the device of the whole machine.
 */

#ifndef PATINA_TEST_FULL_DISK_H
#define PATINA_TEST_FULL_DISK_H

#include "test.h"

#include <errno.h>
#include <unistd.h>

/** A link to a device in the test's folder; NULL where there is no such device. */
static inline const char *test_link_device(const char *device, const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", pt_test_tmpdir(), name);
    if (access(device, W_OK) != 0) return NULL;
    return symlink(device, path) == 0 || errno == EEXIST ? path : NULL;
}

/** A file on which every write fails with ENOSPC. */
static inline const char *test_full_device_path(void) {
    return test_link_device("/dev/full", "full-disk");
}

#endif /* PATINA_TEST_FULL_DISK_H */
