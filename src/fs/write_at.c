/* SPDX-License-Identifier: MIT */
/* write_at.c - repeats pwrite after short writes and signals */

#include "fs/write_at.h"

#include <errno.h>
#include <unistd.h>

#include "base/interrupt.h"

size_t pt_write_at(int fd, uint64_t offset, const void *bytes, size_t n) {
    unsigned n_interrupts = 0;
    size_t done = 0;
    while (done < n) {
        const ssize_t got =
            pwrite(fd, (const char *)bytes + done, n - done, (off_t)(offset + done));
        if (got < 0 && pt_is_interrupted(&n_interrupts)) continue;
        if (got == 0) errno = ENOSPC;
        if (got <= 0) break;
        done += (size_t)got;
    }
    return done;
}
