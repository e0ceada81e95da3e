/* SPDX-License-Identifier: MIT */
/* provenance.h - everything about a row that is not a column of it
 *
 * A line of a provenance file, the object that `patina degrade` prints and a recipe are one shape.
 */

#ifndef PATINA_PROVENANCE_H
#define PATINA_PROVENANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <patina/audio.h>
#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One row's provenance; what is unknown (see the flags) is left out when it is printed. */
typedef struct patina_provenance {
    const char *entry;    /* id, which feeds every draw */
    const char *source;   /* relative path, or NULL */
    const char *caption;  /* or NULL */
    size_t caption_index; /* in the entry's full list; printed with caption */
    uint64_t seed;        /* 0 to 2^63 - 1 */
    uint32_t variant;     /* caption index * variants + k */
    patina_window window;
    const char *chain_json;  /* of patina_effect_chain_to_json */
    const char *stages_json; /* of patina_degrade_stats_to_json, or NULL in a recipe */
    double output_gain, purity_db, snr_db, sdr_db; /* printed with stages_json */
    bool has_loudness;
    double lufs_source, lufs_mono;
} patina_provenance;

/** The object on one line without a line end; the caller frees it. NULL when memory runs out. */
PATINA_API char *patina_provenance_to_json(const patina_provenance *provenance);

/** A parsed recipe: what replay needs. Owns its strings. */
typedef struct patina_recipe {
    char *entry;
    uint64_t seed;
    uint32_t variant;
    patina_window window;
    char *chain_json;
} patina_recipe;

/**
 * Reads a recipe: `entry`, `seed`, `variant`, `window` {start, frames, rate_hz, channels} and
 * `chain` must be there; other members are ignored.
 *
 * Errors  PATINA_EFORMAT  names the member
 */
PATINA_API patina_status patina_recipe_from_json(const char *json, patina_recipe *recipe,
                                                 patina_error *err);
PATINA_API void patina_recipe_release(patina_recipe *recipe);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_PROVENANCE_H */
