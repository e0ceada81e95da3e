/* SPDX-License-Identifier: MIT */
/* standard_streams.c - "-" as the name of standard input and standard output */

#include "standard_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/interrupt.h"

bool pt_cli_is_dash(const char *path) {
    return strcmp(path, "-") == 0;
}

const char *pt_cli_text_path(const char *path) {
    return path && pt_cli_is_dash(path) ? "/dev/stdin" : path;
}

patina_status pt_cli_temp_dir_create(char *dir, size_t size, patina_error *err) {
    const char *tmp = getenv("TMPDIR");
    if (!tmp || !*tmp) tmp = "/tmp";
    const int n = snprintf(dir, size, "%s/patina-XXXXXX", tmp);
    if (n > 0 && (size_t)n < size && mkdtemp(dir)) return PATINA_OK;
    dir[0] = '\0';
    return pt_fail(err, PATINA_EIO, "temporary folder in '%s': cannot be created: %s", tmp,
                   (size_t)n < size ? strerror(errno) : "the path is too long");
}

static patina_status write_all(int fd, const char *bytes, size_t n, const char *what,
                               patina_error *err) {
    unsigned n_interrupts = 0;
    while (n > 0) {
        const ssize_t written = write(fd, bytes, n);
        if (written < 0 && pt_is_interrupted(&n_interrupts)) continue;
        if (written < 0)
            return pt_fail(err, PATINA_EIO, "%s could not be written: %s", what, strerror(errno));
        bytes += written;
        n -= (size_t)written;
    }
    return PATINA_OK;
}

static patina_status copy(int from, const char *from_name, int to, const char *to_name,
                          patina_error *err) {
    static char block[1 << 16];
    unsigned n_interrupts = 0;
    for (;;) {
        const ssize_t n = read(from, block, sizeof block);
        if (n < 0 && pt_is_interrupted(&n_interrupts)) continue;
        if (n < 0)
            return pt_fail(err, PATINA_EIO, "%s could not be read: %s", from_name, strerror(errno));
        if (n == 0) return PATINA_OK;
        PT_TRY(write_all(to, block, (size_t)n, to_name, err));
    }
}

/* ---- input ----------------------------------------------------------------------------------- */

int pt_cli_check_stdin(const pt_cli_args *args, size_t n_inputs) {
    size_t n = 0;
    for (size_t i = 0; i < args->n_operands && i < n_inputs; i++)
        n += pt_cli_is_dash(args->operands[i]);
    for (size_t i = 0; i < args->n_occurrences; i++) {
        const pt_cli_occurrence *o = &args->occurrence[i];
        n += o->option->kind == PT_CLI_FILE && strcmp(o->option->name, "out") != 0 &&
             pt_cli_is_dash(o->value.text);
    }
    if (n < 2) return 0;
    return pt_cli_usage_error(args->command,
                              "'-' is given twice: standard input is read only once");
}

/* A file without a name cannot be left behind. */
static patina_status open_nameless(int *fd, patina_error *err) {
    char dir[512], file[520];
    PT_TRY(pt_cli_temp_dir_create(dir, sizeof dir, err));
    snprintf(file, sizeof file, "%s/copy", dir);
    *fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const int reason = errno;
    unlink(file);
    rmdir(dir);
    if (*fd >= 0) return PATINA_OK;
    return pt_fail(err, PATINA_EIO, "temporary file '%s': %s", file, strerror(reason));
}

patina_status pt_cli_input_open(const char *path, pt_cli_input *input, patina_error *err) {
    *input = (pt_cli_input){.path = path, .name = path};
    if (!pt_cli_is_dash(path)) return PATINA_OK;
    PT_TRY(open_nameless(&input->fd, err));
    snprintf(input->copy, sizeof input->copy, "/dev/fd/%d", input->fd);
    input->path = input->copy;
    return copy(STDIN_FILENO, "standard input", input->fd, "the copy of standard input", err);
}

void pt_cli_input_fix_error(const pt_cli_input *input, patina_error *err) {
    char *at = input->fd > 0 ? strstr(err->message, input->path) : NULL;
    if (!at) return;
    const size_t n_path = strlen(input->path), n_name = strlen(input->name);
    memmove(at + n_name, at + n_path, strlen(at + n_path) + 1);
    memcpy(at, input->name, n_name);
}

void pt_cli_input_close(pt_cli_input *input) {
    if (input->fd > 0) close(input->fd);
    *input = (pt_cli_input){0};
}

/* ---- output ---------------------------------------------------------------------------------- */

patina_status pt_cli_output_open(const char *path, pt_cli_output *output, patina_error *err) {
    *output = (pt_cli_output){.path = path};
    if (!pt_cli_is_dash(path)) return PATINA_OK;
    PT_TRY(pt_cli_temp_dir_create(output->dir, sizeof output->dir, err));
    snprintf(output->file, sizeof output->file, "%s/file", output->dir);
    output->path = output->file;
    return PATINA_OK;
}

patina_status pt_cli_output_commit(const pt_cli_output *output, patina_error *err) {
    if (!output->dir[0]) return PATINA_OK;
    fflush(stdout);
    const int fd = open(output->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return pt_fail(err, PATINA_EIO, "temporary file '%s': %s", output->path, strerror(errno));
    const patina_status status =
        copy(fd, "the temporary file", STDOUT_FILENO, "standard output", err);
    close(fd);
    return status;
}

void pt_cli_output_close(pt_cli_output *output) {
    if (output->dir[0]) {
        unlink(output->file);
        rmdir(output->dir);
    }
    *output = (pt_cli_output){0};
}
