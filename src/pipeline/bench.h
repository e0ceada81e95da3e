/* SPDX-License-Identifier: MIT */
/* bench.h - what the parts of a bench share */

#ifndef PATINA_PIPELINE_BENCH_H
#define PATINA_PIPELINE_BENCH_H

#include <patina/bench.h>
#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/measure.h>

#include "clap/mel.h"
#include "clap/tokenizer.h"

/** The stages of a row, in the order of the work; the inner ones follow what they are part of. */
typedef enum pt_stage_index {
    PT_STAGE_DECODE,
    PT_STAGE_RESAMPLE,
    PT_STAGE_TARGETS,
    PT_STAGE_LOUDNESS_SOURCE,
    PT_STAGE_LOUDNESS_MIX,
    PT_STAGE_LTAS,
    PT_STAGE_DYNAMICS,
    PT_STAGE_CHAIN,
    PT_STAGE_MEL,
    PT_STAGE_PROVENANCE,
    PT_STAGE_WRITING,
    PT_STAGE_COUNT
} pt_stage_index;

extern const char *const pt_stage_names[PT_STAGE_COUNT];

/** Whether a stage is part of the one before it that is not inner. */
bool pt_stage_is_inner(pt_stage_index stage);

/** What a walk of the stages needs; borrowed. */
typedef struct pt_stage_plan {
    const char *folder; /* for its files */
    unsigned n_clips;
    unsigned n_draws; /* chains of each clip: what they cost differs widely */
    unsigned n_rows;  /* written to a file */
    const pt_meter *meter;
    const pt_suite *suite;
    const pt_mel *mel;
    size_t n_mels;
    const atomic_bool *stop;
} pt_stage_plan;

/** Writes the clips of a plan, of 10 s each. */
pt_status pt_stage_clips_write(const pt_stage_plan *plan, pt_error *err);

/** Takes every clip through all stages but the towers; seconds of each are per row, out. */
pt_status pt_stage_walk(const pt_stage_plan *plan, double seconds[PT_STAGE_COUNT], pt_arena *arena,
                        pt_error *err);

#endif /* PATINA_PIPELINE_BENCH_H */
