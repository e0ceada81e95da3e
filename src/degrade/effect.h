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
#include "dsp/biquad.h"
#include "dsp/irfft.h"
#include "dsp/stats.h"

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

/** Closed interval of valid values in suites and recipes. */
typedef struct pt_limits {
    double min, max;
} pt_limits;

/** How a uniform draw u in (0, 1) is mapped to a value. */
typedef enum pt_distribution {
    PT_DIST_NONE,        /* ends a list of settings */
    PT_DIST_UNIFORM,     /* over a range [low, high] */
    PT_DIST_LOG_UNIFORM, /* over a range, uniform in the logarithm */
    PT_DIST_CATEGORICAL, /* one of up to three choices, by weight */
    PT_DIST_BERNOULLI    /* 1 with this probability, else 0 */
} pt_distribution;

/** The end of a range with more damage; without one, every severity takes the middle. */
typedef enum pt_worse_direction {
    PT_WORSE_NEITHER,
    PT_WORSE_HIGHER,
    PT_WORSE_LOWER
} pt_worse_direction;

typedef struct pt_setting {
    const char *name;               /* member of a suite file, with its unit */
    const char *summary;            /* a phrase for help */
    double initial[PT_CHOICES_MAX]; /* default: low and high, weights, or probability */
    pt_limits limits;               /* of a range */
    const char *choice[PT_CHOICES_MAX];
    pt_distribution distribution;
    pt_worse_direction worse; /* of a range; the others take the most likely value */
} pt_setting;

/* Settings in a descriptor. The last arguments of a range are its limits. */
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
    unsigned only_if_choice; /* bit w: exists if value 0 is choice w; 0: always exists */
    double absent; /* the value where a recipe of an older version lacks it; 0: required */
} pt_value;

/* Values in a descriptor: name, then limits or choices. */
#define PT_DEFINE_REAL(name_, ...)                                                                 \
    { name_, PT_VALUE_REAL, {__VA_ARGS__}, {NULL}, 0, 0 }
#define PT_DEFINE_REAL_IF(choices_, name_, ...)                                                    \
    { name_, PT_VALUE_REAL, {__VA_ARGS__}, {NULL}, choices_, 0 }
#define PT_DEFINE_REAL_IF_OR(choices_, absent_, name_, ...)                                        \
    { name_, PT_VALUE_REAL, {__VA_ARGS__}, {NULL}, choices_, absent_ }
#define PT_DEFINE_INTEGER(name_, ...)                                                              \
    { name_, PT_VALUE_INTEGER, {__VA_ARGS__}, {NULL}, 0, 0 }
#define PT_DEFINE_SIGN(name_)                                                                      \
    { name_, PT_VALUE_SIGN, {-1, 1}, {NULL}, 0, 0 }
#define PT_DEFINE_CHOICE(name_, ...)                                                               \
    { name_, PT_VALUE_CHOICE, {0, 0}, {__VA_ARGS__}, 0, 0 }

/** A drawn effect. An effect without a list has one item. */
typedef struct pt_stage {
    const struct pt_effect *effect;
    size_t n_items;
    double value[PT_ITEMS_MAX][PT_VALUES_MAX];
} pt_stage;

/** The inputs of a draw. */
typedef struct pt_draw_ctx {
    const struct pt_effect *effect;
    const double (*setting)[PT_CHOICES_MAX]; /* in the order of effect->setting */
    pt_rng rng;
    size_t n_samples;
    const patina_severity *severity; /* NULL: random */
} pt_draw_ctx;

/**
 * Draws one setting with u_index of the effect's stream, or takes its value at the severity. The
 * result is within the range of the setting.
 */
double pt_setting_draw(const pt_draw_ctx *ctx, size_t setting, size_t index);

/** Samples in a block: four blocks fit in the L1 cache; a signal of 10 s does not fit in L2. */
#define PT_BLOCK_SIZE 1024

/** Length of the block that begins at sample `first` of n. */
static inline size_t pt_block_length(size_t first, size_t n) {
    return n - first < PT_BLOCK_SIZE ? n - first : PT_BLOCK_SIZE;
}

/** Input and output of an additive effect. */
typedef struct pt_additive_ctx {
    size_t n;
    const pt_rng *noise; /* stream of noise samples */
    const pt_irfft_plan *irfft;
    size_t fft_size;        /* the smallest power of two >= n, at least 65536 */
    void *work;             /* PT_WORK_BYTES, aligned to 64 */
    struct pt_stems *stems; /* private to effect_chain.c */
} pt_additive_ctx;

/** Power of the linear part of the pristine signal. */
double pt_additive_ctx_signal_power(const pt_additive_ctx *ctx);

/** The greatest magnitude of the degraded signal. */
float pt_additive_ctx_peak(const pt_additive_ctx *ctx);

/** Adds n samples from sample `at` on. */
void pt_additive_ctx_add(pt_additive_ctx *ctx, size_t at, const float *added, size_t n);

/** A buffer [fft_size + 2], aligned to 64, for pt_additive_ctx_add_buffer. */
float *pt_additive_ctx_take_buffer(pt_additive_ctx *ctx);

/** Adds gain x[i] + offset for all n samples. x is the buffer taken before, and not valid after;
 * moments are those of x. */
void pt_additive_ctx_add_buffer(pt_additive_ctx *ctx, float *x, const pt_moments *moments,
                                double gain, double offset);

/** Memory for an effect: fft_size samples and 256 KiB, or the workspace of an inverse FFT. */
#define PT_WORK_BYTES(fft_size) ((fft_size) * sizeof(float) + ((size_t)1 << 18))

typedef enum pt_effect_class {
    PT_EFFECT_FILTER,   /* linear: applied to signal, noise and distortion */
    PT_EFFECT_ADDITIVE, /* its output is added to the noise */
    PT_EFFECT_NONLINEAR /* split into a gain and distortion (Bussgang) */
} pt_effect_class;

typedef struct pt_effect {
    const char *name;
    const char *summary;
    /* The stream of its draws: 2 to 7, later ones from 32 on. No two effects share one. */
    unsigned stream;
    /* The draw of stream PLAN that turns it on: 1 to 6, later ones 7 and 8. */
    unsigned plan;
    double
        probability; /* default; 0: joins the shuffle of a random order only where it can be on */
    pt_effect_class effect_class; /* which of the functions it has */
    bool has_count;               /* reports a number of events */
    const char
        *list_name; /* member with the list of items, NULL if the stage has the values itself */
    pt_setting setting[PT_SETTINGS_MAX];
    pt_value value[PT_VALUES_MAX];
    size_t primary; /* the setting that determines the severity of a stage */

    /** The value of the primary setting of a stage. */
    double (*severity_value)(const pt_stage *stage);

    /** The stage as a phrase: "pink noise 20 dB below the signal". */
    void (*describe_stage)(const pt_stage *stage, pt_strbuf *out);

    /** Fills n_items and value; NULL: value i is drawn from setting i with u_i. */
    void (*draw)(const pt_draw_ctx *ctx, pt_stage *stage);

    union {
        struct { /* one of them */
            /** From zero state; y may be x. */
            void (*filter)(const pt_stage *stage, const float *x, size_t n, float *y);
            /** The number of sections of a cascade; those of adjacent stages run together. */
            size_t (*biquads)(const pt_stage *stage, pt_biquad section[PT_ITEMS_MAX]);
        };
        /** Passes its output to pt_additive_ctx_add or _add_buffer. */
        void (*add)(const pt_stage *stage, pt_additive_ctx *ctx, patina_stage_stats *stats);
        struct {
            /** Derives stats from the whole signal x [n]; work as in pt_additive_ctx. */
            void (*analyse)(const pt_stage *stage, const float *x, size_t n, void *work,
                            patina_stage_stats *stats);
            /** Then maps any block x [n] of it to y [n], sample by sample. */
            void (*process)(const pt_stage *stage, const float *x, size_t n, float *y,
                            const patina_stage_stats *stats);
        };
    };
} pt_effect;

#define PT_EFFECT(name) extern const pt_effect pt_effect_##name;
#include "degrade/effects.def"

/** In physical order. */
extern const pt_effect *const pt_effects[PT_EFFECT_COUNT];

#endif /* PATINA_DEGRADE_EFFECT_H */
