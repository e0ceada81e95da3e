/* SPDX-License-Identifier: MIT */
/* split.c - assigns clips to splits by the hash of their bytes */

#include "pipeline/split.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"

#define BLOCK_BYTES 65536

/* Decimal shares such as 0.9 and 0.05 have errors below 2^-53 each; a typing error is much
 * larger. */
#define SUM_TOLERANCE 1e-9

static bool is_word(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", text[i]) || text[i] == '\0')
            return false;
    return n > 0;
}

/* A name begins with a letter and is not a word that YAML reads as another type: the dataset card
 * lists the splits in YAML. */
static bool is_valid_name(const char *text, size_t n) {
    static const char *const words[] = {"true", "false", "yes", "no", "on",
                                        "off",  "null",  "y",   "n"};
    if (!is_word(text, n) || text[0] < 'a') return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && memcmp(words[i], text, n) == 0) return false;
    return true;
}

/* A decimal number without sign or exponent, in every locale. */
static bool parse_share(const char *text, size_t n, double *share) {
    double digits = 0.0, scale = 1.0;
    bool point = false, any = false;
    if (n > 17) return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '.' && !point) {
            point = true;
        } else if (text[i] >= '0' && text[i] <= '9') {
            any = true;
            digits = 10.0 * digits + (text[i] - '0');
            if (point) scale *= 10.0;
        } else {
            return false;
        }
    }
    *share = digits / scale;
    return any && *share > 0.0 && *share <= 1.0;
}

/* One "name=share". */
static patina_status add_split(const char *text, size_t n, pt_splits *splits, patina_error *err) {
    const char *equals = memchr(text, '=', n);
    const size_t n_name = equals ? (size_t)(equals - text) : n;
    pt_split s = {.share = 0.0};

    if (!equals || !is_valid_name(text, n_name) || n_name > PATINA_SPLIT_NAME_MAX)
        return pt_fail(err, PATINA_EUSAGE,
                       "'%.*s' is not a split; write a name of a-z, 0-9 and '_' that begins with a "
                       "letter (at most %d characters, not a word such as yes or true), '=' and a "
                       "share, such as train=0.9",
                       (int)n, text, PATINA_SPLIT_NAME_MAX);
    memcpy(s.name, text, n_name);
    if (!parse_share(equals + 1, n - n_name - 1, &s.share))
        return pt_fail(err, PATINA_EUSAGE,
                       "split '%s': share '%.*s' is not a number above 0 and up to 1, such as 0.05",
                       s.name, (int)(n - n_name - 1), equals + 1);
    for (size_t i = 0; i < splits->n_splits; i++)
        if (strcmp(splits->split[i].name, s.name) == 0)
            return pt_fail(err, PATINA_EUSAGE, "split '%s' is given twice", s.name);
    if (splits->n_splits == PATINA_SPLITS_MAX)
        return pt_fail(err, PATINA_EUSAGE, "more than %d splits", PATINA_SPLITS_MAX);
    splits->split[splits->n_splits++] = s;
    return PATINA_OK;
}

patina_status pt_splits_parse(const char *text, pt_splits *splits, patina_error *err) {
    pt_splits read = {.n_splits = 0};
    double sum = 0.0;

    for (const char *at = text ? text : "train=1";; at++) {
        const size_t n = strcspn(at, ",");
        PT_TRY(add_split(at, n, &read, err));
        at += n;
        if (*at == '\0') break;
    }
    for (size_t i = 0; i < read.n_splits; i++)
        sum += read.split[i].share;
    if (fabs(sum - 1.0) > SUM_TOLERANCE)
        return pt_fail(err, PATINA_EUSAGE, "the shares of '%s' sum to %.9g instead of 1", text,
                       sum);
    *splits = read;
    return PATINA_OK;
}

/* The split at the position that a hash gives. */
static size_t split_of_hash(const pt_splits *splits, pt_sha256 *hash) {
    uint64_t low, high;
    pt_sha256_finish_128(hash, &low, &high);
    const double position = (double)(low >> 11) * 0x1p-53;
    double reached = 0.0;
    size_t i = 0;
    for (; i + 1 < splits->n_splits; i++) {
        reached += splits->split[i].share;
        if (position < reached) break;
    }
    return i;
}

size_t pt_splits_assign_key(const pt_splits *splits, const char *key, size_t n) {
    pt_sha256 hash;
    pt_sha256_init(&hash);
    pt_sha256_update(&hash, key, n);
    return split_of_hash(splits, &hash);
}

patina_status pt_splits_assign(const pt_splits *splits, const pt_byte_source *clip, size_t *index,
                               patina_error *err) {
    unsigned char block[BLOCK_BYTES];
    pt_sha256 hash;
    uint64_t offset = 0;
    int64_t got;

    pt_sha256_init(&hash);
    while ((got = pt_byte_source_read_at(clip, offset, block, sizeof block)) > 0) {
        pt_sha256_update(&hash, block, (size_t)got);
        offset += (uint64_t)got;
    }
    if (got < 0) return pt_fail(err, PATINA_REJECT_UNDECODABLE, "it cannot be read");
    *index = split_of_hash(splits, &hash);
    return PATINA_OK;
}
