/* SPDX-License-Identifier: MIT */
/* model_mutation.c - variants of a valid model file, each with one change */

#include "model_mutation.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

static uint32_t float_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Rounds to nearest even with nearbyint; for finite x of magnitude below 65504. The integer of the
 * significand is added to the exponent field, so that a carry increments the exponent. */
static uint32_t half_bits(float x) {
    int exponent;
    if (x == 0.0f) return float_bits(x) >> 16;
    (void)frexp(fabs((double)x), &exponent);
    const int e = exponent - 1 < -14 ? -14 : exponent - 1;
    const uint32_t significand = (uint32_t)nearbyint(ldexp(fabs((double)x), 10 - e));
    return (float_bits(x) >> 16 & 0x8000U) | (((uint32_t)(e + 14) << 10) + significand);
}

static uint32_t bfloat_bits(float x) {
    const uint32_t bits = float_bits(x);
    return (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16;
}

static size_t value_size(pt_dtype dtype) {
    return dtype == PT_DTYPE_F32 ? 4 : 2;
}

static void add_entry(pt_strbuf *header, const pt_tensor *tensor, const pt_model_mutation *change,
                      size_t *offset) {
    static const char *const names[] = {
        [PT_DTYPE_F32] = "F32", [PT_DTYPE_F16] = "F16", [PT_DTYPE_BF16] = "BF16"};
    const size_t n_bytes = tensor->n_values * value_size(change->dtype);

    pt_strbuf_printf(header, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", *offset ? "," : "",
                     tensor->name, names[change->dtype]);
    if (change->reshaped_tensor && strcmp(tensor->name, change->reshaped_tensor) == 0)
        pt_strbuf_append(header, tensor->n_dims ? "1," : "1");
    for (size_t d = 0; d < tensor->n_dims; d++)
        pt_strbuf_printf(header, "%s%zu", d ? "," : "", tensor->dims[d]);
    pt_strbuf_printf(header, "],\"data_offsets\":[%zu,%zu]}", *offset, *offset + n_bytes);
    *offset += n_bytes;
}

static unsigned char *add_values(unsigned char *out, const pt_tensor *tensor,
                                 const pt_model_mutation *change) {
    float *values = malloc(tensor->n_values * sizeof *values);
    if (!values) abort();
    pt_tensor_read(tensor, 0, tensor->n_values, values);
    if (change->infinite_tensor && strcmp(tensor->name, change->infinite_tensor) == 0)
        values[0] = INFINITY;
    for (size_t i = 0; i < tensor->n_values; i++) {
        const uint32_t bits = change->dtype == PT_DTYPE_F32   ? float_bits(values[i])
                              : change->dtype == PT_DTYPE_F16 ? half_bits(values[i])
                                                              : bfloat_bits(values[i]);
        for (size_t b = 0; b < value_size(change->dtype); b++)
            *out++ = (unsigned char)(bits >> (8 * b));
    }
    free(values);
    return out;
}

unsigned char *pt_model_mutate(const pt_checkpoint *file, const pt_model_mutation *change,
                               size_t *size) {
    const size_t n = pt_checkpoint_count(file);
    pt_strbuf header = {0};
    size_t n_data = 0;

    pt_strbuf_append(&header, "{");
    for (size_t i = 0; i < n; i++)
        if (pt_checkpoint_at(file, i)->dtype != PT_DTYPE_OTHER)
            add_entry(&header, pt_checkpoint_at(file, i), change, &n_data);
    pt_strbuf_append(&header, "}");
    if (header.failed) abort();

    *size = 8 + header.length + n_data;
    unsigned char *bytes = malloc(*size), *out = bytes;
    if (!bytes) abort();
    for (size_t b = 0; b < 8; b++)
        *out++ = (unsigned char)((uint64_t)header.length >> (8 * b));
    memcpy(out, header.text, header.length);
    out += header.length;
    for (size_t i = 0; i < n; i++)
        if (pt_checkpoint_at(file, i)->dtype != PT_DTYPE_OTHER)
            out = add_values(out, pt_checkpoint_at(file, i), change);
    pt_strbuf_release(&header);
    return bytes;
}

unsigned char *pt_model_drop_tensor(const pt_checkpoint *file, const char *name, size_t *size) {
    const unsigned char *original = pt_checkpoint_bytes(file, size);
    unsigned char *bytes = malloc(*size);
    char quoted[512];
    if (!bytes) abort();
    memcpy(bytes, original, *size);
    const int n = snprintf(quoted, sizeof quoted, "\"%s\":", name);
    unsigned char *found = memmem(bytes, *size, quoted, (size_t)n);
    if (!found) abort();
    found[1] = '?';
    return bytes;
}

void pt_model_write_mutated(const char *path, const pt_checkpoint *file,
                            const pt_model_mutation *change, size_t truncate_to) {
    size_t size;
    unsigned char *bytes = pt_model_mutate(file, change, &size);
    FILE *out = fopen(path, "wb");
    if (!out) abort();
    fwrite(bytes, 1, truncate_to < size ? truncate_to : size, out);
    if (fclose(out) != 0) abort();
    free(bytes);
}
