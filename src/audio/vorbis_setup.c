/* SPDX-License-Identifier: MIT */
/* vorbis_setup.c - parses the codebooks of a Vorbis setup header */

#include "audio/vorbis_setup.h"

#include <stdint.h>
#include <string.h>

#include "base/error.h"

#define SYNC         0x564342U
#define HEADER_BYTES 7 /* type and "vorbis" */

/* Entries of one book. For each that is used, vorbis_book_init_decode of libvorbis 1.3 takes a
 * pointer and an int from the stack with alloca: 768 KiB here, of a thread's 8 MiB. FFmpeg has the
 * same limit (V_MAX_VLCS). */
#define ENTRIES_MAX (1U << 16)
/* Entries of all books: 14 bytes each, 3.5 MiB; and their values, which decoders expand to a float
 * for each entry and dimension: 4 MiB. The encoder of libvorbis 1.3.7 writes up to 6561 entries in
 * a book, 19,413 in all and 85,928 values (15 combinations of rate and channels at 4 qualities). */
#define SUM_ENTRIES_MAX (1U << 18)
#define SUM_VALUES_MAX  (1U << 20)

/** Bits from the least significant one of each byte on. */
typedef struct bit_reader {
    const unsigned char *b;
    uint64_t at, n; /* bits */
    bool is_past_end;
} bit_reader;

/** Sums over the books. */
typedef struct book_sums {
    uint64_t n_entries, n_values;
} book_sums;

/** The number of n bits, at most 32; 0 past the end. */
static uint32_t read_bits(bit_reader *r, unsigned n) {
    uint64_t value = 0;
    if (n > r->n - r->at) {
        r->at = r->n;
        r->is_past_end = true;
        return 0;
    }
    for (unsigned i = 0; i < n; i++, r->at++)
        value |= (uint64_t)(r->b[r->at / 8] >> (r->at % 8) & 1) << i;
    return (uint32_t)value;
}

static void skip_bits(bit_reader *r, uint64_t n) {
    r->is_past_end = r->is_past_end || n > r->n - r->at;
    r->at = n > r->n - r->at ? r->n : r->at + n;
}

/** ilog of the specification: bits that x takes. */
static unsigned count_bits(uint32_t x) {
    unsigned n = 0;
    for (; x > 0; x >>= 1)
        n++;
    return n;
}

/** lookup1_values of the specification: the largest v whose power of n_dimensions is at most
 * n_entries. */
static uint32_t count_lattice_values(uint32_t n_entries, uint32_t n_dimensions) {
    if (n_entries == 0 || n_dimensions == 0) return 0;
    if (n_dimensions == 1) return n_entries; /* at most 256 steps for more dimensions */
    for (uint32_t v = 2;; v++) {
        uint64_t power = 1;
        for (uint32_t k = 0; k < n_dimensions && power <= n_entries; k++)
            power *= v;
        if (power > n_entries) return v - 1;
    }
}

/** Passes over the lengths of the codewords; *n_used: entries with a codeword. */
static bool skip_lengths(bit_reader *r, uint32_t n_entries, uint32_t *n_used) {
    *n_used = n_entries;
    if (read_bits(r, 1)) { /* ordered: the number of entries of each length */
        skip_bits(r, 5);
        for (uint32_t i = 0, n; i < n_entries && !r->is_past_end; i += n) {
            n = read_bits(r, count_bits(n_entries - i));
            if (n > n_entries - i) return false;
        }
    } else if (read_bits(r, 1)) { /* sparse */
        *n_used = 0;
        for (uint32_t i = 0; i < n_entries && !r->is_past_end; i++)
            if (read_bits(r, 1)) {
                skip_bits(r, 5);
                ++*n_used;
            }
    } else {
        skip_bits(r, (uint64_t)n_entries * 5);
    }
    return !r->is_past_end;
}

/** Checks a book. *is_whole: false where libvorbis and FFmpeg reject the header here too. */
static patina_status check_book(bit_reader *r, unsigned number, book_sums *sums, bool *is_whole,
                                patina_error *err) {
    uint32_t n_used = 0;

    *is_whole = false;
    if (read_bits(r, 24) != SYNC) return PATINA_OK;
    const uint32_t n_dimensions = read_bits(r, 16), n_entries = read_bits(r, 24);
    if (n_entries > ENTRIES_MAX)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       "codebook %u of Vorbis has %u entries, more than %u", number, n_entries,
                       ENTRIES_MAX);
    sums->n_entries += n_entries;
    if (sums->n_entries > SUM_ENTRIES_MAX)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       "the codebooks of Vorbis have more than %u entries", SUM_ENTRIES_MAX);
    if (!skip_lengths(r, n_entries, &n_used)) return PATINA_OK;

    const unsigned lookup_type = read_bits(r, 4);
    if (r->is_past_end || lookup_type > 2) return PATINA_OK;
    if (lookup_type > 0) {
        sums->n_values += (uint64_t)n_used * n_dimensions;
        if (sums->n_values > SUM_VALUES_MAX)
            return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                           "the codebooks of Vorbis have more than %u values", SUM_VALUES_MAX);
        skip_bits(r, 32 + 32); /* minimum and step */
        const unsigned value_bits = read_bits(r, 4) + 1;
        skip_bits(r, 1);
        skip_bits(r, value_bits * (lookup_type == 1 ? count_lattice_values(n_entries, n_dimensions)
                                                    : (uint64_t)n_entries * n_dimensions));
    }
    *is_whole = !r->is_past_end;
    return PATINA_OK;
}

bool pt_vorbis_is_setup(const unsigned char *packet, size_t n) {
    return n >= HEADER_BYTES && memcmp(packet, "\x05vorbis", HEADER_BYTES) == 0;
}

patina_status pt_vorbis_check_setup(const unsigned char *packet, size_t n, patina_error *err) {
    if (!pt_vorbis_is_setup(packet, n)) return PATINA_OK;
    bit_reader r = {.b = packet + HEADER_BYTES, .n = ((uint64_t)n - HEADER_BYTES) * 8};
    const unsigned n_books = read_bits(&r, 8) + 1;
    book_sums sums = {0};
    bool is_whole = true;

    for (unsigned i = 0; i < n_books && is_whole; i++)
        PT_TRY(check_book(&r, i, &sums, &is_whole, err));
    return PATINA_OK;
}
