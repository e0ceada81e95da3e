/* SPDX-License-Identifier: MIT */
/* checkpoint.c - weight files: open, look up tensors, read values */

#include "weights/checkpoint.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_source.h"
#include "base/error.h"
#include "base/retry.h"
#include "weights/checkpoint_format.h"

/* In the order of probing; the last one is used if no other matches. */
static const pt_checkpoint_format *const formats[] = {
    &pt_checkpoint_pytorch, &pt_checkpoint_pytorch_legacy, &pt_checkpoint_safetensors};

/* ------------------------------------------------------- opening and closing */

static const pt_checkpoint_format *detect_format(const unsigned char *bytes, size_t size) {
    size_t i = 0;
    while (i + 1 < sizeof formats / sizeof formats[0] && !formats[i]->probe(bytes, size))
        i++;
    return formats[i];
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const pt_tensor *)a)->name, ((const pt_tensor *)b)->name);
}

static patina_status sort_tensors(pt_checkpoint *file, patina_error *err) {
    if (file->n == 0) return PATINA_OK;
    qsort(file->tensors, file->n, sizeof *file->tensors, by_name);
    for (size_t i = 1; i < file->n; i++)
        if (by_name(&file->tensors[i - 1], &file->tensors[i]) == 0)
            return pt_fail(err, PATINA_EFORMAT, "file '%s': tensor '%.200s': is duplicate",
                           file->name, file->tensors[i].name);
    return PATINA_OK;
}

patina_status pt_checkpoint_open_memory(const char *name, const void *bytes, size_t size,
                                        pt_checkpoint **file, patina_error *err) {
    pt_checkpoint *opened = calloc(1, sizeof *opened);
    patina_status status = PATINA_ENOMEM;

    if (opened) opened->name = strdup(name);
    if (!opened || !opened->name) {
        status = pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", name);
        goto done;
    }
    opened->bytes = bytes;
    opened->size = size;
    opened->format = detect_format(bytes, size);
    status = opened->format->parse(opened, err);
    if (status != PATINA_OK) goto done;
    status = sort_tensors(opened, err);
    if (status != PATINA_OK) goto done;
    *file = opened;
    opened = NULL;
done:
    pt_checkpoint_close(&opened);
    return status;
}

/* An empty file cannot be mapped: *bytes is NULL and *size 0. */
static patina_status map_file(const char *path, void **bytes, size_t *size, patina_error *err) {
    /* O_NONBLOCK: opening a FIFO must not block. */
    unsigned n_faults = 0;
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (fd < 0 && pt_retry_after_fault(&n_faults, errno));
    struct stat info;
    patina_status status = PATINA_OK;

    if (fd < 0)
        return pt_fail(err, PATINA_EIO, "file '%s': %s", path,
                       errno == ENOENT ? "not found" : strerror(errno));
    if (fstat(fd, &info) != 0) {
        status = pt_fail(err, PATINA_EIO, "file '%s': cannot be read: %s", path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        status = pt_fail(err, PATINA_EIO, "file '%s': not a regular file", path);
    } else if ((uintmax_t)info.st_size > SIZE_MAX) {
        status = pt_fail(err, PATINA_EIO, "file '%s': is too large for the address space", path);
    } else if (info.st_size > 0) {
        void *mapped = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (mapped == MAP_FAILED) {
            status = pt_fail(err, PATINA_EIO, "file '%s': mmap failed: %s", path, strerror(errno));
        } else {
            *bytes = mapped;
            *size = (size_t)info.st_size;
        }
    }
    close(fd);
    return status;
}

patina_status pt_checkpoint_open(const char *path, pt_checkpoint **file, patina_error *err) {
    void *bytes = NULL;
    size_t size = 0;
    pt_checkpoint *opened = NULL;

    PT_TRY(map_file(path, &bytes, &size, err));
    const patina_status status = pt_checkpoint_open_memory(path, bytes, size, &opened, err);
    if (status != PATINA_OK) {
        if (bytes) munmap(bytes, size);
        return status;
    }
    opened->mapped = true;
    *file = opened;
    return PATINA_OK;
}

static int has_pt_extension(const struct dirent *item) {
    const size_t n = strlen(item->d_name);
    return n > 3 && strcmp(item->d_name + n - 3, ".pt") == 0;
}

/* The name of the only .pt file of a folder; the caller frees it. */
static patina_status find_pt_file(const char *dir, char **name, patina_error *err) {
    struct dirent **items = NULL;
    const int n = scandir(dir, &items, has_pt_extension, alphasort);
    patina_status status = PATINA_OK;

    if (n == 1)
        *name = strdup(items[0]->d_name);
    else if (n > 1)
        status = pt_fail(err, PATINA_EFORMAT,
                         "folder '%s': has several weight files, such as '%s' and '%s'; pass the "
                         "path of one of them",
                         dir, items[0]->d_name, items[1]->d_name);
    else if (n < 0)
        status = pt_fail(err, PATINA_EIO, "folder '%s': cannot be read: %s", dir, strerror(errno));
    else
        status =
            pt_fail(err, PATINA_EIO,
                    "file '%s/model.safetensors': not found, and neither is 'pytorch_model.bin' "
                    "or a '.pt' file",
                    dir);
    for (int i = 0; i < n; i++)
        free(items[i]);
    free(items);
    if (status == PATINA_OK && !*name)
        status = pt_fail(err, PATINA_ENOMEM, "folder '%s': out of memory", dir);
    return status;
}

/* The name of the weight file in a folder; the caller frees it. A dangling link counts as a file,
 * so that the error names it; one that cannot be examined, too: another must not be taken. */
static patina_status find_weights_file(const char *dir, char **name, patina_error *err) {
    static const char *const names[] = {"model.safetensors", "pytorch_model.bin"};
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *found = NULL;
    struct stat info;

    if (fd < 0)
        return pt_fail(err, PATINA_EIO, "folder '%s': cannot be opened: %s", dir, strerror(errno));
    for (size_t i = 0; !found && i < sizeof names / sizeof names[0]; i++)
        if (fstatat(fd, names[i], &info, AT_SYMLINK_NOFOLLOW) == 0 || !pt_errno_is_missing(errno))
            found = names[i];
    close(fd);
    if (!found) return find_pt_file(dir, name, err);
    *name = strdup(found);
    if (!*name) return pt_fail(err, PATINA_ENOMEM, "folder '%s': out of memory", dir);
    return PATINA_OK;
}

patina_status pt_checkpoint_open_model(const char *model, pt_checkpoint **file, patina_error *err) {
    char *name = NULL, *path = NULL;
    struct stat info;
    patina_status status = PATINA_OK;

    if (stat(model, &info) == 0 && !S_ISDIR(info.st_mode))
        return pt_checkpoint_open(model, file, err);
    status = find_weights_file(model, &name, err);
    if (status != PATINA_OK) return status;
    if (asprintf(&path, "%s/%s", model, name) < 0) {
        path = NULL;
        status = pt_fail(err, PATINA_ENOMEM, "folder '%s': out of memory", model);
    }
    if (status == PATINA_OK) status = pt_checkpoint_open(path, file, err);
    free(path);
    free(name);
    return status;
}

void pt_checkpoint_close(pt_checkpoint **file) {
    if (!*file) return;
    if ((*file)->mapped) munmap((void *)(uintptr_t)(*file)->bytes, (*file)->size);
    json_decref((*file)->header);
    for (size_t i = 0; (*file)->owns_names && i < (*file)->n; i++)
        free((void *)(uintptr_t)(*file)->tensors[i].name);
    free((*file)->tensors);
    free((*file)->name);
    free(*file);
    *file = NULL;
}

void pt_checkpoint_drop_pages(const pt_checkpoint *file) {
    if (file->mapped) (void)madvise((void *)(uintptr_t)file->bytes, file->size, MADV_DONTNEED);
}

/* ------------------------------------------------------------------ look-up */

const char *pt_checkpoint_format_name(const pt_checkpoint *file) {
    return file->format->name;
}

const char *pt_checkpoint_path(const pt_checkpoint *file) {
    return file->name;
}

bool pt_checkpoint_is_laion(const pt_checkpoint *file) {
    return file->is_laion;
}

size_t pt_checkpoint_count(const pt_checkpoint *file) {
    return file->n;
}

const pt_tensor *pt_checkpoint_at(const pt_checkpoint *file, size_t i) {
    assert(i < file->n);
    return &file->tensors[i];
}

const char *pt_checkpoint_metadata(const pt_checkpoint *file, const char *key) {
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), key));
}

const unsigned char *pt_checkpoint_bytes(const pt_checkpoint *file, size_t *size) {
    *size = file->size;
    return file->bytes;
}

/* "[2, 3]" */
static void format_shape(const size_t *dims, size_t n_dims, char text[256]) {
    int at = snprintf(text, 256, "[");
    for (size_t d = 0; d < n_dims; d++) /* at most 8 numbers of 20 digits */
        at += snprintf(text + at, 256 - (size_t)at, d > 0 ? ", %zu" : "%zu", dims[d]);
    snprintf(text + at, 256 - (size_t)at, "]");
}

patina_status pt_checkpoint_find(const pt_checkpoint *file, const char *name, size_t n_dims,
                                 const size_t *dims, const pt_tensor **tensor, patina_error *err) {
    const pt_tensor key = {.name = name};
    const pt_tensor *found = bsearch(&key, file->tensors, file->n, sizeof key, by_name);
    char expected[256], actual[256];

    assert(n_dims <= PT_TENSOR_DIMS_MAX);
    format_shape(dims, n_dims, expected);
    if (!found)
        return pt_fail(err, PATINA_EFORMAT, "file '%s': tensor '%s': is missing; expected shape %s",
                       file->name, name, expected);
    format_shape(found->dims, found->n_dims, actual);
    if (strcmp(actual, expected) != 0)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s': tensor '%s': has shape %s; the configuration requires %s",
                       file->name, name, actual, expected);
    if (found->dtype == PT_DTYPE_OTHER)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s': tensor '%s': has dtype %s; supported are F32, F16 and BF16",
                       file->name, name, found->dtype_name);
    if (!found->data)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s': tensor '%s': is not contiguous, such as a transposed view; save "
                       "tensor.contiguous() instead",
                       file->name, name);
    *tensor = found;
    return PATINA_OK;
}

/* ------------------------------------------------------------------- values */

static float float_from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t read_u16(const unsigned char *data, size_t i) {
    return (uint32_t)data[2 * i] | (uint32_t)data[2 * i + 1] << 8;
}

/* IEEE 754 half: 1 sign, 5 exponent (bias 15), 10 fraction bits. Subnormals are scaled from an
 * integer, so that the result does not depend on how the CPU handles float32 subnormals.
 * Branchless, so that the compiler can vectorise the loop. */
static float float_from_half(uint32_t half) {
    const uint32_t sign = (half & 0x8000U) << 16, magnitude = half & 0x7FFFU;
    /* Exponent bias 15 to 127; the exponent of infinity and NaN, 31 to 255. */
    const uint32_t rebias = magnitude >= 0x7C00U ? 224U << 23 : 112U << 23;
    const uint32_t normal = (magnitude << 13) + rebias;
    const float scaled = (float)(int32_t)magnitude * 0x1p-24F;
    uint32_t subnormal;

    memcpy(&subnormal, &scaled, sizeof subnormal);
    return float_from_bits(sign | (magnitude < 0x0400U ? subnormal : normal));
}

void pt_tensor_read(const pt_tensor *tensor, size_t first, size_t n, float *out) {
    assert(first <= tensor->n_values && n <= tensor->n_values - first);
    assert(tensor->dtype != PT_DTYPE_OTHER && tensor->data);

    if (tensor->dtype == PT_DTYPE_F32) {
        const unsigned char *data = tensor->data + 4 * first;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        if (n > 0) memcpy(out, data, 4 * n);
#else
        for (size_t i = 0; i < n; i++)
            out[i] = float_from_bits(read_u16(data, 2 * i) | read_u16(data, 2 * i + 1) << 16);
#endif
        return;
    }
    const unsigned char *data = tensor->data + 2 * first;
    if (tensor->dtype == PT_DTYPE_F16)
        for (size_t i = 0; i < n; i++)
            out[i] = float_from_half(read_u16(data, i));
    else /* bfloat16 is the upper half of a float32 */
        for (size_t i = 0; i < n; i++)
            out[i] = float_from_bits(read_u16(data, i) << 16);
}
