/* SPDX-License-Identifier: MIT */
/* effect.h - the descriptor of an effect
 *
 * An effect is one file that defines one const pt_effect and has one line in effects.def. Two lists
 * in the descriptor drive the rest of this folder:
 *
 *     settings   the members of the effect in a suite file: ranges, weights and shares that values
 *                are drawn from, and the direction in which damage grows. They are validated,
 *                printed, drawn and set for a severity from their declaration.
 *     values     the drawn numbers that provenance records: printed, read back and checked from
 *                their declaration.
 *
 * An effect does not compute purity. It declares its class, and effect_chain.c updates signal,
 * noise and distortion accordingly.
 */

#ifndef PATINA_DEGRADE_EFFECT_H
#define PATINA_DEGRADE_EFFECT_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/audio.h>
#include <patina/degrade.h>

#include "base/rng.h"
#include "base/strbuf.h"
#include "dsp/irfft.h"

/* PT_EFFECT_comb = 0, ..., PT_EFFECT_COUNT */
#define PT_EFFECT(name) PT_EFFECT_##name,
enum {
#include "degrade/effects.def"
    PT_EFFECT_COUNT
};

_Static_assert(PT_EFFECT_COUNT <= PATINA_STAGES_MAX, "a chain can hold every effect once");

#define PT_SETTINGS_MAX 8
#define PT_VALUES_MAX   6
#define PT_ITEMS_MAX    16 /* taps or bands of a stage in a recipe */
#define PT_CHOICES_MAX  3

/** Closed interval of what an effect can do; what a suite or a recipe may ask for. */
typedef struct pt_limits {
    double min, max;
} pt_limits;

/** How a draw u of (0, 1) becomes a value. */
typedef enum pt_distribution {
    PT_DIST_NONE,        /* ends a list of settings */
    PT_DIST_UNIFORM,     /* in a range [low, high] */
    PT_DIST_LOG_UNIFORM, /* in a range, uniform in its logarithm */
    PT_DIST_CATEGORICAL, /* one of up to three words, by weight */
    PT_DIST_BERNOULLI    /* 1 with this probability, else 0 */
} pt_distribution;

/** Where along a range damage grows; what is neither stays in the middle at every severity. */
typedef enum pt_worse_direction {
    PT_WORSE_NEITHER,
    PT_WORSE_HIGHER,
    PT_WORSE_LOWER
} pt_worse_direction;

typedef struct pt_setting {
    const char *name;               /* member of a suite file; a unit is part of it */
    const char *summary;            /* a phrase for help and docs */
    double initial[PT_CHOICES_MAX]; /* low and high, or weights, or the share */
    pt_limits limits;               /* of a range */
    const char *choice[PT_CHOICES_MAX];
    pt_distribution distribution;
    pt_worse_direction worse; /* of a range; weights and shares take what is likeliest */
} pt_setting;

/* Settings in a descriptor: name, summary, default; of a range first what is worse, last limits. */
#define PT_SETTING_UNIFORM(name_, summary_, worse_, low_, high_, ...)                              \
    { name_, summary_, {low_, high_}, {__VA_ARGS__}, {NULL}, PT_DIST_UNIFORM, worse_ }
#define PT_SETTING_LOG_UNIFORM(name_, summary_, worse_, low_, high_, ...)                          \
    { name_, summary_, {low_, high_}, {__VA_ARGS__}, {NULL}, PT_DIST_LOG_UNIFORM, worse_ }
#define PT_SETTING_PROBABILITY(name_, summary_, share_)                                            \
    { name_, summary_, {share_}, {0, 1}, {NULL}, PT_DIST_BERNOULLI, PT_WORSE_NEITHER }
#define PT_SETTING_CHOICE2(name_, summary_, word0, weight0, word1, weight1)                        \
    {                                                                                              \
        name_, summary_, {weight0, weight1}, {0, 0}, {word0, word1}, PT_DIST_CATEGORICAL,          \
            PT_WORSE_NEITHER                                                                       \
    }
#define PT_SETTING_CHOICE3(name_, summary_, word0, weight0, word1, weight1, word2, weight2)        \
    {                                                                                              \
        name_, summary_, {weight0, weight1, weight2}, {0, 0}, {word0, word1, word2},               \
            PT_DIST_CATEGORICAL, PT_WORSE_NEITHER                                                  \
    }

typedef enum pt_value_kind {
    PT_VALUE_NONE, /* ends a list of values */
    PT_VALUE_REAL,
    PT_VALUE_INTEGER,
    PT_VALUE_SIGN,  /* 1 or -1 */
    PT_VALUE_CHOICE /* kept as its index */
} pt_value_kind;

typedef struct pt_value {
    const char *name; /* member in a chain */
    pt_value_kind kind;
    pt_limits limits;
    const char *choice[PT_CHOICES_MAX];
    unsigned only_if_choice; /* bit w: there is such a value where value 0 is word w; 0: always */
} pt_value;

/* Values in a descriptor: name, then limits or words. */
#define PT_DEFINE_REAL(name_, ...)                                                                 \
    { name_, PT_VALUE_REAL, {__VA_ARGS__}, {NULL}, 0 }
#define PT_DEFINE_REAL_IF(words_, name_, ...)                                                      \
    { name_, PT_VALUE_REAL, {__VA_ARGS__}, {NULL}, words_ }
#define PT_DEFINE_INTEGER(name_, ...)                                                              \
    { name_, PT_VALUE_INTEGER, {__VA_ARGS__}, {NULL}, 0 }
#define PT_DEFINE_SIGN(name_)                                                                      \
    { name_, PT_VALUE_SIGN, {-1, 1}, {NULL}, 0 }
#define PT_DEFINE_CHOICE(name_, ...)                                                               \
    { name_, PT_VALUE_CHOICE, {0, 0}, {__VA_ARGS__}, 0 }

/** A drawn effect. An effect without a list has one item. */
typedef struct pt_stage {
    const struct pt_effect *effect;
    size_t n_items;
    double value[PT_ITEMS_MAX][PT_VALUES_MAX];
} pt_stage;

/** What a draw may depend on. */
typedef struct pt_draw_ctx {
    const struct pt_effect *effect;
    const double (*setting)[PT_CHOICES_MAX]; /* in the order of effect->setting */
    pt_rng rng;
    size_t n_samples;
    const patina_severity *severity; /* NULL: by chance */
} pt_draw_ctx;

/**
 * Draws by one setting with u_index of the effect's stream, or takes what the severity says; a
 * range is never left.
 */
double pt_setting_draw(const pt_draw_ctx *ctx, size_t setting, size_t index);

/** Samples that are worked on at a time: two or three of such pieces stay in the first cache, while
 * a signal of 10 s passes through the second one only to come back from the third. */
#define PT_BLOCK_SIZE 1024

/** How long the piece is that begins at `first` of n. */
static inline size_t pt_block_length(size_t first, size_t n) {
    return n - first < PT_BLOCK_SIZE ? n - first : PT_BLOCK_SIZE;
}

/** Where an additive effect acts. */
typedef struct pt_additive_ctx {
    const double *signal;   /* [n] the linear part of the pristine */
    const double *degraded; /* [n]; neither may be read once something was added */
    size_t n;
    const pt_rng *noise; /* stream of random samples */
    const pt_irfft_plan *irfft;
    size_t fft_size;        /* the least power of two that holds n, 65536 or more */
    void *work;             /* PT_WORK_BYTES, aligned to 64 */
    struct pt_stems *stems; /* what follows is effect_chain.c's */
    bool is_copy_on_write;  /* degraded was the signal itself, and is being written */
    bool is_first_noise;    /* so is the noise */
    size_t n_done;          /* samples that either was written up to */
} pt_additive_ctx;

/** Adds made [n] from sample `at` on. Spans come in order and do not overlap; what lies between
 * them gets nothing. */
void pt_additive_ctx_add(pt_additive_ctx *ctx, size_t at, const double *made, size_t n);

/** Memory that an effect may use as it likes: the workspace of an inverse FFT, then room for its
 * spectrum or its samples. */
#define PT_WORK_BYTES(fft_size)                                                                    \
    (PT_IRFFT_WORKSPACE_SIZE(fft_size) + ((fft_size) + 2) * sizeof(double))

static inline double *pt_work_samples(void *work, size_t fft_size) {
    return (double *)(void *)((unsigned char *)work + PT_IRFFT_WORKSPACE_SIZE(fft_size));
}

typedef enum pt_effect_class {
    PT_EFFECT_FILTER,   /* linear: signal, noise and distortion each pass through it */
    PT_EFFECT_ADDITIVE, /* what it makes joins the noise */
    PT_EFFECT_NONLINEAR /* split by Bussgang's rule into a gain and distortion */
} pt_effect_class;

typedef struct pt_effect {
    const char *name;
    const char *summary;
    /* The stream of its draws: 2 to 7, later ones from 32 on. No two effects share one. */
    unsigned stream;
    /* The draw of stream PLAN that turns it on: 1 to 6, later ones 7, 8, 32 and on. */
    unsigned plan;
    double
        probability; /* default; 0: joins the shuffle of a random order only where it can be on */
    pt_effect_class effect_class; /* which of the functions it has */
    bool has_count;               /* reports how many events it made */
    const char
        *list_name; /* member that holds the items, NULL if values stand in the stage itself */
    pt_setting setting[PT_SETTINGS_MAX];
    pt_value value[PT_VALUES_MAX];
    size_t primary; /* the setting that says best how bad a stage is */

    /** What a stage has of the main setting. */
    double (*severity_value)(const pt_stage *stage);

    /** The stage as a phrase: "pink noise 20 dB below the signal". */
    void (*describe_stage)(const pt_stage *stage, pt_strbuf *out);

    /** Fills n_items and value; NULL: value i is drawn by setting i with u_i. */
    void (*draw)(const pt_draw_ctx *ctx, pt_stage *stage);

    union {
        /** In place, from zero state. */
        void (*filter)(const pt_stage *stage, double *x, size_t n);
        /** Hands what is to be added to pt_additive_ctx_add. */
        void (*add)(const pt_stage *stage, pt_additive_ctx *ctx, patina_stage_stats *stats);
        struct {
            /** What of x [n] as a whole matters goes into damage; work as in pt_additive_ctx. */
            void (*analyse)(const pt_stage *stage, const double *x, size_t n, void *work,
                            patina_stage_stats *stats);
            /** Then from any piece x [n] of it to y [n], each sample by itself. */
            void (*process)(const pt_stage *stage, const double *x, size_t n, double *y,
                            const patina_stage_stats *stats);
        };
    };
} pt_effect;

#define PT_EFFECT(name) extern const pt_effect pt_effect_##name;
#include "degrade/effects.def"

/** In physical order. */
extern const pt_effect *const pt_effects[PT_EFFECT_COUNT];

#endif /* PATINA_DEGRADE_EFFECT_H */
