/* SPDX-License-Identifier: MIT */
/* bench_stages.h - times of the stages of a row, towers excluded */

#ifndef PATINA_BENCH_BENCH_STAGES_H
#define PATINA_BENCH_BENCH_STAGES_H

#include <patina/clap.h>
#include <patina/degrade.h>
#include <patina/measure.h>

#include "base/arena.h"
#include "bench/bench.h"
#include "clap/mel.h"
#include "clap/tokenizer.h"

/** Stages of a row in their order; an inner stage follows the stage that it is part of. */
typedef enum pt_bench_stage_id {
    PT_STAGE_SOURCE,
    PT_STAGE_DECODE,
    PT_STAGE_RESAMPLE,
    PT_STAGE_LOUDNESS_SOURCE,
    PT_STAGE_TARGETS,
    PT_STAGE_LOUDNESS_MIX,
    PT_STAGE_LTAS,
    PT_STAGE_DYNAMICS,
    PT_STAGE_CHAIN,
    PT_STAGE_MEL,
    PT_STAGE_PROVENANCE,
    PT_STAGE_WRITING,
    PT_STAGE_COUNT
} pt_bench_stage_id;

extern const char *const pt_bench_stage_names[PT_STAGE_COUNT];

/** Returns whether a stage is part of the preceding stage that is not inner. */
bool pt_bench_stage_is_inner(pt_bench_stage_id stage);

/** Parameters of a measurement; borrowed. */
typedef struct pt_bench_stages_config {
    const char *folder; /* for its files */
    unsigned n_clips;
    unsigned n_draws; /* chains for each clip: their cost varies widely */
    unsigned n_rows;  /* written to a file */
    const patina_meter *meter;
    const patina_effect_config *effect_config;
    const pt_mel *mel;
    size_t n_mels;
    const patina_atomic_bool *stop;
} pt_bench_stages_config;

/** Writes the clips, of 10 s each. */
patina_status pt_bench_stages_write_clips(const pt_bench_stages_config *config, patina_error *err);

/** Measures all stages for every clip. seconds is out, for one row. */
patina_status pt_bench_stages_run(const pt_bench_stages_config *config,
                                  double seconds[PT_STAGE_COUNT], pt_arena *arena,
                                  patina_error *err);

#endif /* PATINA_BENCH_BENCH_STAGES_H */
