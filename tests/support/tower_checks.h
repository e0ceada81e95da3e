/* SPDX-License-Identifier: MIT */
/* tower_checks.h - what both towers are held to: their goldens, step by step, and their tensors */

#ifndef PATINA_TEST_TOWER_CHECKS_H
#define PATINA_TEST_TOWER_CHECKS_H

#include "clap_golden.h"
#include "test.h"
#include "weights/checkpoint.h"

/* The specification's limits: a step may be off by 1e-4 of its rms, an embedding by 1e-5. Float32
 * sums of some thousand terms in another order give 1e-6 to 1e-5 and 1e-6. */
#define PT_LAYER_TOLERANCE     1e-4
#define PT_EMBEDDING_TOLERANCE 1e-5

/** Compares what a tower shows with the goldens of an item's steps. */
typedef struct pt_golden_trace {
    pt_test *t;
    const char *model;
    const json_t *stages; /* NULL where the item has none */
    size_t n_compared;
} pt_golden_trace;

pt_golden_trace pt_golden_trace_init(pt_test *t, const char *model, const json_t *item);

/** One step; a name that the goldens do not have is passed over. */
void pt_golden_trace_compare(pt_golden_trace *watch, const char *name, const float *values,
                             size_t n);

/** The same for a step of which the tower computes no more than how the golden begins. */
void pt_golden_trace_compare_prefix(pt_golden_trace *watch, const char *name, const float *values,
                                    size_t n);

/** After a run: every golden step was seen, and raw [512], normalised here, is item's member. */
void pt_golden_trace_finish(const pt_golden_trace *watch, const json_t *item, const char *member,
                            float *raw);

/** A tower as something that opens on a file, or does not. */
typedef struct pt_tower_opener {
    const char *prefix; /* of the names of its tensors */
    void *context;
    patina_status (*open)(void *context, const pt_checkpoint *file,
                          patina_error *err); /* and closes */
} pt_tower_opener;

/** Without any one of its tensors a tower does not open, and says which it is; the others it does
 * not need. */
void pt_check_required_tensors(pt_test *t, const pt_checkpoint *file, const pt_tower_opener *door);

/** With one of these tensors in another shape it does not open, and says which it is. */
void pt_check_tensor_shapes(pt_test *t, const pt_checkpoint *file, const pt_tower_opener *door,
                            const char *const *names, size_t n_names);

#endif /* PATINA_TEST_TOWER_CHECKS_H */
