/* SPDX-License-Identifier: MIT */
/* safetensors.c - the header is parsed and checked once; the data stays in the map
 *
 *   8 bytes  n, little-endian
 *   n bytes  JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
 *            "__metadata__": {"key": "text", ...}}, spaces after it allowed
 *   rest     data; offsets count from here
 *
 * Source: the format's description and the checks of its reference implementation, safetensors
 * 0.5: strings of the header are kept in the parsed JSON, which lives as long as the file.
 */

#include "clap/safetensors.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

/* Room for over 100 000 tensors; the largest CLAP has a header of 75 kB. The parsed form of a
 * hostile header takes about 20 times its size. */
#define HEADER_MAX_BYTES (16U << 20)

struct pt_safetensors {
    char *name;                 /* for errors */
    const unsigned char *bytes; /* the whole file */
    size_t size;
    bool mapped;
    json_t *header;
    pt_tensor *tensors; /* [n], by name */
    size_t n;
};

static const struct {
    const char *name;
    pt_dtype dtype;
    unsigned bits;
} dtypes[] = {
    {"F32", PT_DTYPE_F32, 32},      {"F16", PT_DTYPE_F16, 16},      {"BF16", PT_DTYPE_BF16, 16},
    {"F64", PT_DTYPE_OTHER, 64},    {"I64", PT_DTYPE_OTHER, 64},    {"U64", PT_DTYPE_OTHER, 64},
    {"C64", PT_DTYPE_OTHER, 64},    {"I32", PT_DTYPE_OTHER, 32},    {"U32", PT_DTYPE_OTHER, 32},
    {"I16", PT_DTYPE_OTHER, 16},    {"U16", PT_DTYPE_OTHER, 16},    {"I8", PT_DTYPE_OTHER, 8},
    {"U8", PT_DTYPE_OTHER, 8},      {"BOOL", PT_DTYPE_OTHER, 8},    {"F8_E4M3", PT_DTYPE_OTHER, 8},
    {"F8_E5M2", PT_DTYPE_OTHER, 8}, {"F8_E8M0", PT_DTYPE_OTHER, 8}, {"F6_E2M3", PT_DTYPE_OTHER, 6},
    {"F6_E3M2", PT_DTYPE_OTHER, 6}, {"F4", PT_DTYPE_OTHER, 4},
};

/* ------------------------------------------------------------------- header */

/* A tensor with its place in the data, for the check that they fill it. */
typedef struct span {
    const pt_tensor *tensor;
    size_t begin, end;
} span;

static pt_status tensor_fault(const pt_safetensors *file, const char *name, const char *what,
                              pt_error *err) {
    return pt_fail(err, PT_EFORMAT, "file '%s': tensor '%.200s': %s", file->name, name, what);
}

static bool to_size(const json_t *value, size_t *size) {
    const json_int_t i = json_integer_value(value);
    if (!json_is_integer(value) || i < 0) return false;
    *size = (size_t)i;
    return true;
}

static pt_status parse_shape(const pt_safetensors *file, const json_t *entry, pt_tensor *tensor,
                             pt_error *err) {
    const json_t *shape = json_object_get(entry, "shape");

    if (!json_is_array(shape)) return tensor_fault(file, tensor->name, "has no shape", err);
    tensor->n_dims = json_array_size(shape);
    if (tensor->n_dims > PT_TENSOR_DIMS_MAX)
        return tensor_fault(file, tensor->name, "has more than 8 dimensions", err);
    tensor->n_values = 1;
    for (size_t d = 0; d < tensor->n_dims; d++) {
        if (!to_size(json_array_get(shape, d), &tensor->dims[d]))
            return tensor_fault(file, tensor->name, "has a shape that is no list of sizes", err);
        if (__builtin_mul_overflow(tensor->n_values, tensor->dims[d], &tensor->n_values))
            return tensor_fault(file, tensor->name, "has a shape too large for any file", err);
    }
    return PT_OK;
}

static pt_status parse_tensor(const pt_safetensors *file, const char *name, const json_t *entry,
                              size_t n_data, pt_tensor *tensor, span *place, pt_error *err) {
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const size_t n_dtypes = sizeof dtypes / sizeof dtypes[0];
    size_t n_bits, k = 0;

    *tensor = (pt_tensor){.name = name, .dtype_name = dtype};
    if (!json_is_object(entry)) return tensor_fault(file, name, "is not a JSON object", err);
    if (!dtype) return tensor_fault(file, name, "has no dtype", err);
    while (k < n_dtypes && strcmp(dtype, dtypes[k].name) != 0)
        k++;
    if (k == n_dtypes)
        return pt_fail(err, PT_EFORMAT, "file '%s': tensor '%.200s': has an unknown dtype '%.40s'",
                       file->name, name, dtype);
    tensor->dtype = dtypes[k].dtype;
    PT_TRY(parse_shape(file, entry, tensor, err));

    if (json_array_size(offsets) != 2 || !to_size(json_array_get(offsets, 0), &place->begin) ||
        !to_size(json_array_get(offsets, 1), &place->end))
        return tensor_fault(file, name, "has data_offsets that are no pair of sizes", err);
    if (place->begin > place->end || place->end > n_data)
        return pt_fail(err, PT_EFORMAT,
                       "file '%s': tensor '%.200s': data_offsets %zu to %zu are not within the "
                       "file's %zu bytes of data: is the download complete?",
                       file->name, name, place->begin, place->end, n_data);
    if (__builtin_mul_overflow(tensor->n_values, (size_t)dtypes[k].bits, &n_bits) ||
        n_bits % 8 != 0 || n_bits / 8 != place->end - place->begin)
        return tensor_fault(file, name, "has another number of bytes than its shape asks for", err);

    tensor->data = file->bytes + (file->size - n_data) + place->begin;
    place->tensor = tensor;
    return PT_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const pt_tensor *)a)->name, ((const pt_tensor *)b)->name);
}

static int by_place(const void *a, const void *b) {
    const span *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* The tensors have to fill the data from end to end, as the reference demands. */
static pt_status check_places(const pt_safetensors *file, span *spans, size_t n_data,
                              pt_error *err) {
    size_t at = 0;

    qsort(spans, file->n, sizeof *spans, by_place);
    for (size_t i = 0; i < file->n; i++) {
        if (spans[i].begin < at)
            return pt_fail(
                err, PT_EFORMAT, "file '%s': tensor '%.200s': overlaps tensor '%.200s' at byte %zu",
                file->name, spans[i].tensor->name, spans[i - 1].tensor->name, spans[i].begin);
        if (spans[i].begin > at)
            return tensor_fault(file, spans[i].tensor->name,
                                "leaves a gap between it and the tensor before it", err);
        at = spans[i].end;
    }
    if (at != n_data)
        return pt_fail(err, PT_EFORMAT,
                       "file '%s': %zu bytes follow the last tensor, where the file should end",
                       file->name, n_data - at);
    return PT_OK;
}

static pt_status check_metadata(const pt_safetensors *file, pt_error *err) {
    json_t *metadata = json_object_get(file->header, "__metadata__"), *value;
    const char *key;

    if (metadata && !json_is_object(metadata))
        return pt_fail(err, PT_EFORMAT, "file '%s': '__metadata__' is not a JSON object",
                       file->name);
    json_object_foreach(metadata, key, value) {
        if (!json_is_string(value))
            return pt_fail(err, PT_EFORMAT, "file '%s': '__metadata__': '%.200s' is not a string",
                           file->name, key);
    }
    return PT_OK;
}

static pt_status parse_tensors(pt_safetensors *file, size_t n_data, pt_error *err) {
    const size_t n_members = json_object_size(file->header);
    pt_status status = PT_OK;
    span *spans = calloc(n_members + 1, sizeof *spans);
    const char *name;
    json_t *entry;

    file->tensors = calloc(n_members + 1, sizeof *file->tensors);
    if (!spans || !file->tensors) {
        status = pt_fail(err, PT_ENOMEM, "file '%s': out of memory", file->name);
        goto done;
    }
    json_object_foreach(file->header, name, entry) {
        if (strcmp(name, "__metadata__") == 0) continue;
        status =
            parse_tensor(file, name, entry, n_data, &file->tensors[file->n], &spans[file->n], err);
        if (status != PT_OK) goto done;
        file->n++;
    }
    status = check_places(file, spans, n_data, err);
    if (status == PT_OK) qsort(file->tensors, file->n, sizeof *file->tensors, by_name);
done:
    free(spans);
    return status;
}

/* Everything that can be wrong with the bytes is found here. */
static pt_status parse(pt_safetensors *file, pt_error *err) {
    uint64_t n_header = 0;
    json_error_t at;

    if (file->size < 8)
        return pt_fail(err, PT_EFORMAT, "file '%s': %zu bytes are too few for a safetensors file",
                       file->name, file->size);
    for (size_t i = 0; i < 8; i++)
        n_header |= (uint64_t)file->bytes[i] << (8 * i);
    if (n_header > file->size - 8)
        return pt_fail(err, PT_EFORMAT,
                       "file '%s': a header of %llu bytes does not fit into the file's %zu: not "
                       "safetensors, or cut off",
                       file->name, (unsigned long long)n_header, file->size);
    if (n_header > HEADER_MAX_BYTES)
        return pt_fail(err, PT_EFORMAT, "file '%s': a header of %llu bytes is over the limit of %u",
                       file->name, (unsigned long long)n_header, HEADER_MAX_BYTES);

    file->header =
        json_loadb((const char *)file->bytes + 8, (size_t)n_header, JSON_REJECT_DUPLICATES, &at);
    if (!file->header)
        return pt_fail(err, PT_EFORMAT, "file '%s': header byte %d: not JSON: %s", file->name,
                       at.position, at.text);
    if (!json_is_object(file->header))
        return pt_fail(err, PT_EFORMAT, "file '%s': the header is not a JSON object", file->name);
    PT_TRY(check_metadata(file, err));
    return parse_tensors(file, file->size - 8 - (size_t)n_header, err);
}

/* ------------------------------------------------------- opening and closing */

pt_status pt_safetensors_open_memory(const char *name, const void *bytes, size_t size,
                                     pt_safetensors **file, pt_error *err) {
    pt_safetensors *opened = calloc(1, sizeof *opened);
    pt_status status = PT_ENOMEM;

    if (opened) opened->name = strdup(name);
    if (!opened || !opened->name) {
        status = pt_fail(err, PT_ENOMEM, "file '%s': out of memory", name);
        goto done;
    }
    opened->bytes = bytes;
    opened->size = size;
    status = parse(opened, err);
    if (status == PT_OK) {
        *file = opened;
        opened = NULL;
    }
done:
    pt_safetensors_close(&opened);
    return status;
}

/* The file's bytes; *size 0 and *bytes NULL for an empty one, which cannot be mapped. */
static pt_status map(const char *path, void **bytes, size_t *size, pt_error *err) {
    /* O_NONBLOCK: a FIFO under this name must not hang. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    pt_status status = PT_OK;

    if (fd < 0)
        return pt_fail(err, PT_EIO, "file '%s': %s", path,
                       errno == ENOENT ? "not found" : strerror(errno));
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        status = pt_fail(err, PT_EIO, "file '%s': not a regular file", path);
    } else if ((uintmax_t)info.st_size > SIZE_MAX) {
        status = pt_fail(err, PT_EIO, "file '%s': too large for this machine's addresses", path);
    } else if (info.st_size > 0) {
        void *mapped = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (mapped == MAP_FAILED) {
            status = pt_fail(err, PT_EIO, "file '%s': cannot be mapped: %s", path, strerror(errno));
        } else {
            *bytes = mapped;
            *size = (size_t)info.st_size;
        }
    }
    close(fd);
    return status;
}

pt_status pt_safetensors_open(const char *path, pt_safetensors **file, pt_error *err) {
    void *bytes = NULL;
    size_t size = 0;
    pt_safetensors *opened = NULL;

    PT_TRY(map(path, &bytes, &size, err));
    const pt_status status = pt_safetensors_open_memory(path, bytes, size, &opened, err);
    if (status != PT_OK) {
        if (bytes) munmap(bytes, size);
        return status;
    }
    opened->mapped = true;
    *file = opened;
    return PT_OK;
}

pt_status pt_safetensors_open_model(const char *dir, pt_safetensors **file, pt_error *err) {
    char *path = NULL;
    if (asprintf(&path, "%s/model.safetensors", dir) < 0)
        return pt_fail(err, PT_ENOMEM, "folder '%s': out of memory", dir);
    const pt_status status = pt_safetensors_open(path, file, err);
    free(path);
    return status;
}

void pt_safetensors_close(pt_safetensors **file) {
    if (!*file) return;
    if ((*file)->mapped) munmap((void *)(uintptr_t)(*file)->bytes, (*file)->size);
    json_decref((*file)->header);
    free((*file)->tensors);
    free((*file)->name);
    free(*file);
    *file = NULL;
}

void pt_safetensors_forget(const pt_safetensors *file) {
    if (file->mapped) (void)madvise((void *)(uintptr_t)file->bytes, file->size, MADV_DONTNEED);
}

/* ------------------------------------------------------------------ look-up */

size_t pt_safetensors_count(const pt_safetensors *file) {
    return file->n;
}

const pt_tensor *pt_safetensors_at(const pt_safetensors *file, size_t i) {
    assert(i < file->n);
    return &file->tensors[i];
}

const char *pt_safetensors_metadata(const pt_safetensors *file, const char *key) {
    return json_string_value(json_object_get(json_object_get(file->header, "__metadata__"), key));
}

const unsigned char *pt_safetensors_bytes(const pt_safetensors *file, size_t *size) {
    *size = file->size;
    return file->bytes;
}

/* "[2, 3]" */
static void print_shape(const size_t *dims, size_t n_dims, char text[256]) {
    int at = snprintf(text, 256, "[");
    for (size_t d = 0; d < n_dims; d++) /* at most 8 numbers of 20 digits */
        at += snprintf(text + at, 256 - (size_t)at, d > 0 ? ", %zu" : "%zu", dims[d]);
    snprintf(text + at, 256 - (size_t)at, "]");
}

pt_status pt_safetensors_find(const pt_safetensors *file, const char *name, size_t n_dims,
                              const size_t *dims, const pt_tensor **tensor, pt_error *err) {
    const pt_tensor key = {.name = name};
    const pt_tensor *found = bsearch(&key, file->tensors, file->n, sizeof key, by_name);
    char expected[256], actual[256];

    assert(n_dims <= PT_TENSOR_DIMS_MAX);
    print_shape(dims, n_dims, expected);
    if (!found)
        return pt_fail(err, PT_EFORMAT, "file '%s': tensor '%s': missing, should have shape %s",
                       file->name, name, expected);
    print_shape(found->dims, found->n_dims, actual);
    if (strcmp(actual, expected) != 0)
        return pt_fail(err, PT_EFORMAT,
                       "file '%s': tensor '%s': has shape %s, and the configuration asks for %s",
                       file->name, name, actual, expected);
    if (found->dtype == PT_DTYPE_OTHER)
        return pt_fail(err, PT_EFORMAT,
                       "file '%s': tensor '%s': has dtype %s; only F32, F16 and BF16 are read",
                       file->name, name, found->dtype_name);
    *tensor = found;
    return PT_OK;
}

/* ------------------------------------------------------------------- values */

static float float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static uint32_t half_at(const unsigned char *data, size_t i) {
    return (uint32_t)data[2 * i] | (uint32_t)data[2 * i + 1] << 8;
}

/* IEEE 754 half: 1 sign, 5 exponent (bias 15), 10 fraction bits. Subnormals are scaled from an
 * integer, so that the result does not depend on the CPU's handling of float32 subnormals. Without
 * branches, so that the loop becomes vector instructions. */
static float float_of_half(uint32_t half) {
    const uint32_t sign = (half & 0x8000U) << 16, magnitude = half & 0x7FFFU;
    /* The exponent moves from bias 15 to 127; that of infinity and NaN from 31 to 255. */
    const uint32_t rebias = magnitude >= 0x7C00U ? 224U << 23 : 112U << 23;
    const uint32_t normal = (magnitude << 13) + rebias;
    const float scaled = (float)(int32_t)magnitude * 0x1p-24F;
    uint32_t subnormal;

    memcpy(&subnormal, &scaled, sizeof subnormal);
    return float_of_bits(sign | (magnitude < 0x0400U ? subnormal : normal));
}

void pt_tensor_read(const pt_tensor *tensor, size_t first, size_t n, float *out) {
    assert(first <= tensor->n_values && n <= tensor->n_values - first);
    assert(tensor->dtype != PT_DTYPE_OTHER);

    if (tensor->dtype == PT_DTYPE_F32) {
        const unsigned char *data = tensor->data + 4 * first;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        if (n > 0) memcpy(out, data, 4 * n);
#else
        for (size_t i = 0; i < n; i++)
            out[i] = float_of_bits(half_at(data, 2 * i) | half_at(data, 2 * i + 1) << 16);
#endif
        return;
    }
    const unsigned char *data = tensor->data + 2 * first;
    if (tensor->dtype == PT_DTYPE_F16)
        for (size_t i = 0; i < n; i++)
            out[i] = float_of_half(half_at(data, i));
    else /* bf16 is the upper half of a float32 */
        for (size_t i = 0; i < n; i++)
            out[i] = float_of_bits(half_at(data, i) << 16);
}
