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
typedef struct pt_provenance {
    const char *entry;    /* id, which feeds every draw */
    const char *source;   /* relative path, or NULL */
    const char *caption;  /* or NULL */
    size_t caption_index; /* in the entry's full list; printed with caption */
    uint64_t seed;        /* 0 to 2^63 - 1 */
    uint32_t variant;     /* caption index * variants + k */
    pt_window window;
    const char *chain_json;                        /* of pt_chain_print */
    const char *stages_json;                       /* of pt_damage_print, or NULL in a recipe */
    double output_gain, purity_db, snr_db, sdr_db; /* printed with stages_json */
    bool has_loudness;
    double lufs_source, lufs_mono;
} pt_provenance;

/** The object on one line without a line end; the caller frees it. NULL when memory runs out. */
PT_API char *pt_provenance_print(const pt_provenance *provenance);

/** A parsed recipe: what replay needs. Owns its strings. */
typedef struct pt_recipe {
    char *entry;
    uint64_t seed;
    uint32_t variant;
    pt_window window;
    char *chain_json;
} pt_recipe;

/**
 * Reads a recipe: `entry`, `seed`, `variant`, `window` {start, frames, rate_hz, channels} and
 * `chain` must be there; other members are ignored.
 *
 * Errors  PT_EFORMAT  names the member
 */
PT_API pt_status pt_recipe_parse(const char *json, pt_recipe *recipe, pt_error *err);
PT_API void pt_recipe_release(pt_recipe *recipe);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_PROVENANCE_H */
