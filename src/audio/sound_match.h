/* SPDX-License-Identifier: MIT */
/* sound_match.h - pairs of sounds that are the same up to lossy coding
 *
 * A sound is a vector of levels in dB: of the octave bands in eight equal parts of its length (a
 * fingerprint of the whole sound), or of the bands of target_ltas between 100 Hz and 8 kHz. Levels
 * more than 40 dB below the highest count as 40 dB below. Two sounds are the same if the mean
 * absolute difference of their levels is at most the bound, and their lengths differ by at most
 * PT_SOUND_LENGTH_S.
 *
 * Pairs are found by sorting. Any mean of the levels with signs +1 and -1 differs by no more than
 * the mean absolute difference; three of them make the cells of a grid whose width is the bound, so
 * that both sounds of a pair are in neighbouring cells, and three more are compared before the
 * levels are.
 */

#ifndef PATINA_AUDIO_SOUND_MATCH_H
#define PATINA_AUDIO_SOUND_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/measure.h>
#include <patina/status.h>

#include "audio/sound_scan.h"
#include "base/error.h"

#define PT_SOUND_SLICES      8
#define PT_FINGERPRINT_SIZE  (PT_SOUND_SLICES * PT_SCAN_BANDS)
#define PT_SOUND_LEVELS_MAX  48
#define PT_SOUND_PROJECTIONS 6
#define PT_SOUND_LENGTH_S    0.2
#define PT_SOUND_RANGE_DB    40.0

/** Largest mean absolute difference of levels of one sound, dB: see docs/MEASURES.md. */
#define PT_SOUND_BOUND_DB 1.5

/** Fingerprint of a whole sound: levels in dB re full-scale square, to 0.1 dB, at least -120. */
typedef struct pt_fingerprint {
    double length_s;
    double level_db[PT_FINGERPRINT_SIZE]; /* [slice, band] */
} pt_fingerprint;

void pt_fingerprint_make(const pt_sound_scan *scan, pt_fingerprint *fingerprint);

/** Returns {"length_s": ..., "levels_db": [...]}; to be freed, NULL: out of memory. */
char *pt_fingerprint_to_json(const pt_fingerprint *fingerprint);

/** One sound to compare. Sounds of different kinds never match. */
typedef struct pt_sound {
    float length_s;
    float projection[PT_SOUND_PROJECTIONS];
    int16_t level[PT_SOUND_LEVELS_MAX]; /* in 1/100 dB */
    uint16_t n_levels;                  /* also the kind */
    uint64_t index, row;                /* of the caller; pairs are ordered by index */
} pt_sound;

void pt_sound_from_fingerprint(const pt_fingerprint *fingerprint, uint64_t index, pt_sound *sound);
void pt_sound_from_ltas(const float ltas[PATINA_LTAS_BANDS], double length_s, uint64_t index,
                        pt_sound *sound);

/** Returns the mean absolute difference of the levels in dB; INFINITY for different kinds. */
double pt_sound_distance(const pt_sound *a, const pt_sound *b);

/**
 * Calls found for every pair of one sound, each once, a->index < b->index, in no particular order.
 * found returns false to stop. Indices are distinct. Needs 24 bytes for each sound.
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_sounds_find_pairs(const pt_sound *sounds, size_t n, double bound_db,
                                   bool (*found)(void *context, const pt_sound *a,
                                                 const pt_sound *b, double distance_db),
                                   void *context, patina_error *err);

#endif /* PATINA_AUDIO_SOUND_MATCH_H */
