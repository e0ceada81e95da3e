/* SPDX-License-Identifier: MIT */
/* safetensors.c - parser and validation of safetensors headers
 *
 *   8 bytes  n, little-endian
 *   n bytes  JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...,
 *            "__metadata__": {"key": "text", ...}}, optionally followed by spaces
 *   rest     data; offsets are relative to its first byte
 *
 * Source: the format description and the checks of the reference implementation, safetensors 0.5.
 * Names point into the parsed JSON, which is kept until the file is closed.
 */

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "base/json_load.h"
#include "weights/checkpoint_format.h"

/* Enough for over 100 000 tensors; the largest CLAP has a header of 75 kB. Parsed JSON takes up to
 * about 20 times the size of its text. */
#define HEADER_MAX_BYTES (16U << 20)

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

/* The byte range of a tensor, for check_offsets. */
typedef struct span {
    const pt_tensor *tensor;
    size_t begin, end;
} span;

static patina_status tensor_error(const pt_checkpoint *file, const char *name, const char *what,
                                  patina_error *err) {
    return pt_fail(err, PATINA_EFORMAT, "file '%s': tensor '%.200s': %s", file->name, name, what);
}

static bool to_size(const json_t *value, size_t *size) {
    const json_int_t i = json_integer_value(value);
    if (!json_is_integer(value) || i < 0) return false;
    *size = (size_t)i;
    return true;
}

static patina_status parse_shape(const pt_checkpoint *file, const json_t *entry, pt_tensor *tensor,
                                 patina_error *err) {
    const json_t *shape = json_object_get(entry, "shape");

    if (!json_is_array(shape)) return tensor_error(file, tensor->name, "has no shape", err);
    tensor->n_dims = json_array_size(shape);
    if (tensor->n_dims > PT_TENSOR_DIMS_MAX)
        return tensor_error(file, tensor->name, "has more than 8 dimensions", err);
    tensor->n_values = 1;
    for (size_t d = 0; d < tensor->n_dims; d++) {
        if (!to_size(json_array_get(shape, d), &tensor->dims[d]))
            return tensor_error(file, tensor->name, "has a shape that is not a list of sizes", err);
        if (__builtin_mul_overflow(tensor->n_values, tensor->dims[d], &tensor->n_values))
            return tensor_error(file, tensor->name, "has a shape that is too large", err);
    }
    return PATINA_OK;
}

static patina_status parse_tensor(const pt_checkpoint *file, const char *name, const json_t *entry,
                                  size_t n_data, pt_tensor *tensor, span *range,
                                  patina_error *err) {
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const size_t n_dtypes = sizeof dtypes / sizeof dtypes[0];
    size_t n_bits, k = 0;

    *tensor = (pt_tensor){.name = name, .dtype_name = dtype};
    if (!json_is_object(entry)) return tensor_error(file, name, "is not a JSON object", err);
    if (!dtype) return tensor_error(file, name, "has no dtype", err);
    while (k < n_dtypes && strcmp(dtype, dtypes[k].name) != 0)
        k++;
    if (k == n_dtypes)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s': tensor '%.200s': has an unknown dtype '%.40s'", file->name, name,
                       dtype);
    tensor->dtype = dtypes[k].dtype;
    PT_TRY(parse_shape(file, entry, tensor, err));

    if (json_array_size(offsets) != 2 || !to_size(json_array_get(offsets, 0), &range->begin) ||
        !to_size(json_array_get(offsets, 1), &range->end))
        return tensor_error(file, name, "has data_offsets that are not two sizes", err);
    if (range->begin > range->end || range->end > n_data)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s': tensor '%.200s': data_offsets %zu to %zu are outside the %zu "
                       "bytes of data; check that the download is complete",
                       file->name, name, range->begin, range->end, n_data);
    if (__builtin_mul_overflow(tensor->n_values, (size_t)dtypes[k].bits, &n_bits) ||
        n_bits % 8 != 0 || n_bits / 8 != range->end - range->begin)
        return tensor_error(file, name, "has data_offsets that do not match its shape and dtype",
                            err);

    tensor->data = file->bytes + (file->size - n_data) + range->begin;
    range->tensor = tensor;
    return PATINA_OK;
}

static int by_offset(const void *a, const void *b) {
    const span *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* As in the reference implementation, tensors fill the data without overlaps, gaps or trailing
 * bytes. */
static patina_status check_offsets(const pt_checkpoint *file, span *spans, size_t n_data,
                                   patina_error *err) {
    size_t at = 0;

    qsort(spans, file->n, sizeof *spans, by_offset);
    for (size_t i = 0; i < file->n; i++) {
        if (spans[i].begin < at)
            return pt_fail(err, PATINA_EFORMAT,
                           "file '%s': tensor '%.200s': overlaps tensor '%.200s' at byte %zu",
                           file->name, spans[i].tensor->name, spans[i - 1].tensor->name,
                           spans[i].begin);
        if (spans[i].begin > at)
            return tensor_error(file, spans[i].tensor->name,
                                "does not begin where the previous tensor ends", err);
        at = spans[i].end;
    }
    if (at != n_data)
        return pt_fail(err, PATINA_EFORMAT, "file '%s': has %zu bytes after the last tensor",
                       file->name, n_data - at);
    return PATINA_OK;
}

static patina_status check_metadata(const pt_checkpoint *file, patina_error *err) {
    json_t *metadata = json_object_get(file->header, "__metadata__"), *value;
    const char *key;

    if (metadata && !json_is_object(metadata))
        return pt_fail(err, PATINA_EFORMAT, "file '%s': '__metadata__' is not a JSON object",
                       file->name);
    json_object_foreach(metadata, key, value) {
        if (!json_is_string(value))
            return pt_fail(err, PATINA_EFORMAT,
                           "file '%s': '__metadata__': '%.200s' is not a string", file->name, key);
    }
    return PATINA_OK;
}

static patina_status parse_tensors(pt_checkpoint *file, size_t n_data, patina_error *err) {
    const size_t n_members = json_object_size(file->header);
    patina_status status = PATINA_OK;
    span *spans = calloc(n_members + 1, sizeof *spans);
    const char *name;
    json_t *entry;

    file->tensors = calloc(n_members + 1, sizeof *file->tensors);
    if (!spans || !file->tensors) {
        status = pt_fail(err, PATINA_ENOMEM, "file '%s': out of memory", file->name);
        goto done;
    }
    json_object_foreach(file->header, name, entry) {
        if (strcmp(name, "__metadata__") == 0) continue;
        status =
            parse_tensor(file, name, entry, n_data, &file->tensors[file->n], &spans[file->n], err);
        if (status != PATINA_OK) goto done;
        file->n++;
    }
    status = check_offsets(file, spans, n_data, err);
done:
    free(spans);
    return status;
}

static bool is_text(const unsigned char *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        if ((bytes[i] < ' ' || bytes[i] > '~') && !memchr("\t\r\n", bytes[i], 3)) return false;
    return true;
}

static patina_status parse(pt_checkpoint *file, patina_error *err) {
    uint64_t n_header = 0;
    json_error_t at;

    if (file->size < 8)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s': has %zu bytes, which is too short for a safetensors file",
                       file->name, file->size);
    for (size_t i = 0; i < 8; i++)
        n_header |= (uint64_t)file->bytes[i] << (8 * i);
    if (is_text(file->bytes, 8))
        return pt_fail(err, PATINA_EFORMAT, "file '%s': is text, not a safetensors or PyTorch file",
                       file->name);
    if (n_header > file->size - 8)
        return pt_fail(
            err, PATINA_EFORMAT,
            "file '%s': header size %llu exceeds the file size %zu; the file is truncated "
            "or not safetensors",
            file->name, (unsigned long long)n_header, file->size);
    if (n_header > HEADER_MAX_BYTES)
        return pt_fail(err, PATINA_EFORMAT,
                       "file '%s': header size %llu exceeds the limit of %u bytes", file->name,
                       (unsigned long long)n_header, HEADER_MAX_BYTES);

    file->header =
        pt_json_load((const char *)file->bytes + 8, (size_t)n_header, JSON_REJECT_DUPLICATES, &at);
    if (!file->header)
        return pt_json_fail(err, "file '%s': header byte %d: not JSON: %s", file->name, at.position,
                            at.text);
    if (!json_is_object(file->header))
        return pt_fail(err, PATINA_EFORMAT, "file '%s': the header is not a JSON object",
                       file->name);
    PT_TRY(check_metadata(file, err));
    return parse_tensors(file, file->size - 8 - (size_t)n_header, err);
}

/* The format has no signature: any other file is tried as safetensors. */
static bool is_safetensors(const unsigned char *bytes, size_t size) {
    (void)bytes;
    (void)size;
    return true;
}

const pt_checkpoint_format pt_checkpoint_safetensors = {
    .name = "safetensors",
    .probe = is_safetensors,
    .parse = parse,
};
