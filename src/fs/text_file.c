/* SPDX-License-Identifier: MIT */
/* text_file.c - reads a configuration or a recipe
 *
 * Unlike the files of a corpus it may be a pipe, so that a line of provenance can be used as a
 * recipe without a file (`sed -n 5p train-....jsonl | patina degrade --recipe /dev/stdin`).
 */

#include <patina/file_ops.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/interrupt.h"
#include "base/strbuf.h"
#include "fs/text_file.h"

#define MAX_BYTES (16U << 20) /* a recipe has under 10 kB */

static patina_status read_until_eof(const char *path, int fd, pt_strbuf *text, patina_error *err) {
    char block[65536];
    unsigned n_interrupts = 0;

    for (;;) {
        const ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && pt_is_interrupted(&n_interrupts)) continue;
        if (n < 0)
            return pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", path, strerror(errno));
        if (n == 0) return PATINA_OK;
        if (memchr(block, '\0', (size_t)n))
            return pt_fail(err, PATINA_EFORMAT, "file '%s': is not text: it contains a NUL byte",
                           path);
        pt_strbuf_append_bytes(text, block, (size_t)n);
        if (text->failed) return pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
        if (text->length > MAX_BYTES)
            return pt_fail(err, PATINA_ERANGE, "file '%s': longer than %u bytes", path, MAX_BYTES);
    }
}

patina_status pt_text_read(const char *path, char **text, patina_error *err) {
    pt_strbuf read = {0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return pt_fail(err, PATINA_EIO, "file '%s': cannot be opened: %s", path, strerror(errno));
    patina_status status = read_until_eof(path, fd, &read, err);
    close(fd);
    if (status == PATINA_OK) {
        char *taken = pt_strbuf_detach(&read);
        if (taken)
            *text = taken;
        else
            status = pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", path);
    }
    pt_strbuf_release(&read);
    return status;
}
