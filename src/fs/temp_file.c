/* SPDX-License-Identifier: MIT */
/* temp_file.c - unnamed temporary files: O_TMPFILE, or a memfd */

#include "fs/temp_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "fs/write_at.h"

patina_status pt_temp_file_create(int *fd, patina_error *err) {
    const char *folder = getenv("TMPDIR");
    int file = -1;
    if (folder && *folder) file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) file = memfd_create("patina", MFD_CLOEXEC);
    if (file < 0)
        return pt_fail(err, PATINA_EIO, "cannot create a temporary file: %s",
                       strerrordesc_np(errno));
    *fd = file;
    return PATINA_OK;
}

patina_status pt_temp_file_fail_write(patina_error *err) {
    return pt_fail(err, PATINA_EIO,
                   "cannot write a temporary file: %s; set TMPDIR to a folder with more space",
                   strerrordesc_np(errno));
}

patina_status pt_temp_file_write_at(int fd, uint64_t offset, const void *bytes, size_t n,
                                    patina_error *err) {
    return pt_write_at(fd, offset, bytes, n) == n ? PATINA_OK : pt_temp_file_fail_write(err);
}
