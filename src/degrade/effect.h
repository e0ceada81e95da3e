/* SPDX-License-Identifier: MIT */
/* effect.h - what an effect declares of itself
 *
 * An effect is one file that ends in one const pt_effect, which the table in suite.c names once.
 * Two lists in it say what the rest of the room needs to know:
 *
 *     settings   what a suite file may change: ranges, weights and shares that values are drawn
 *                from, and which way is worse. They are validated, printed, drawn, and set for
 *                a severity by name, from their declaration.
 *     values     what was drawn, and what provenance keeps: printed, read back and checked from
 *                their declaration too.
 *
 * No effect knows of purity. It says its nature, and chain.c keeps the books.
 */

#ifndef PATINA_DEGRADE_EFFECT_H
#define PATINA_DEGRADE_EFFECT_H

#include <stdbool.h>
#include <stddef.h>

#include <patina/audio.h>
#include <patina/degrade.h>

#include "base/rng.h"
#include "base/str.h"
#include "dsp/fft.h"

#define PT_EFFECTS      6
#define PT_SETTINGS_MAX 8
#define PT_VALUES_MAX   6
#define PT_ITEMS_MAX    16 /* taps or bands of a stage in a recipe */
#define PT_WORDS_MAX    3

/** Closed interval of what an effect can do; what a suite or a recipe may ask for. */
typedef struct pt_limits {
    double least, most;
} pt_limits;

/** How a draw u of (0, 1) becomes a value. */
typedef enum pt_law {
    PT_LAW_NONE,    /* ends a list of settings */
    PT_LAW_UNIFORM, /* in a range [low, high] */
    PT_LAW_LOG,     /* in a range, uniform in its logarithm */
    PT_LAW_PICK,    /* one of up to three words, by weight */
    PT_LAW_SHARE    /* 1 with this probability, else 0 */
} pt_law;

/** Where along a range damage grows; what is neither stays in the middle at every severity. */
typedef enum pt_worse { PT_NEITHER, PT_HIGHER, PT_LOWER } pt_worse;

typedef struct pt_setting {
    const char *name;             /* member of a suite file; a unit is part of it */
    const char *summary;          /* a phrase for help and docs */
    double initial[PT_WORDS_MAX]; /* low and high, or weights, or the share */
    pt_limits limits;             /* of a range */
    const char *word[PT_WORDS_MAX];
    pt_law law;
    pt_worse worse; /* of a range; weights and shares take what is likeliest */
} pt_setting;

/* Settings in a descriptor: name, summary, default; of a range first what is worse, last limits. */
#define PT_UNIFORM(name_, summary_, worse_, low_, high_, ...)                                      \
    { name_, summary_, {low_, high_}, {__VA_ARGS__}, {NULL}, PT_LAW_UNIFORM, worse_ }
#define PT_LOG(name_, summary_, worse_, low_, high_, ...)                                          \
    { name_, summary_, {low_, high_}, {__VA_ARGS__}, {NULL}, PT_LAW_LOG, worse_ }
#define PT_SHARE(name_, summary_, share_)                                                          \
    { name_, summary_, {share_}, {0, 1}, {NULL}, PT_LAW_SHARE, PT_NEITHER }
#define PT_PICK2(name_, summary_, word0, weight0, word1, weight1)                                  \
    { name_, summary_, {weight0, weight1}, {0, 0}, {word0, word1}, PT_LAW_PICK, PT_NEITHER }
#define PT_PICK3(name_, summary_, word0, weight0, word1, weight1, word2, weight2)                  \
    {                                                                                              \
        name_, summary_, {weight0, weight1, weight2}, {0, 0}, {word0, word1, word2}, PT_LAW_PICK,  \
            PT_NEITHER                                                                             \
    }

typedef enum pt_value_kind {
    PT_VALUE_NONE, /* ends a list of values */
    PT_VALUE_REAL,
    PT_VALUE_INTEGER,
    PT_VALUE_SIGN, /* 1 or -1 */
    PT_VALUE_WORD  /* kept as its index */
} pt_value_kind;

typedef struct pt_value {
    const char *name; /* member in a chain */
    pt_value_kind kind;
    pt_limits limits;
    const char *word[PT_WORDS_MAX];
    unsigned only_with; /* bit w: there is such a value where value 0 is word w; 0: always */
} pt_value;

/* Values in a descriptor: name, then limits or words. */
#define PT_REAL(name_, ...)                                                                        \
    { name_, PT_VALUE_REAL, {__VA_ARGS__}, {NULL}, 0 }
#define PT_REAL_WITH(words_, name_, ...)                                                           \
    { name_, PT_VALUE_REAL, {__VA_ARGS__}, {NULL}, words_ }
#define PT_INTEGER(name_, ...)                                                                     \
    { name_, PT_VALUE_INTEGER, {__VA_ARGS__}, {NULL}, 0 }
#define PT_SIGN(name_)                                                                             \
    { name_, PT_VALUE_SIGN, {-1, 1}, {NULL}, 0 }
#define PT_WORDS(name_, ...)                                                                       \
    { name_, PT_VALUE_WORD, {0, 0}, {__VA_ARGS__}, 0 }

/** A drawn effect. An effect without a list has one item. */
typedef struct pt_stage {
    const struct pt_effect *effect;
    size_t n_items;
    double value[PT_ITEMS_MAX][PT_VALUES_MAX];
} pt_stage;

/** What a draw may depend on. */
typedef struct pt_drawing {
    const struct pt_effect *effect;
    const double (*setting)[PT_WORDS_MAX]; /* in the order of effect->setting */
    pt_rng rng;
    size_t n_samples;
    const pt_severity *severity; /* NULL: by chance */
} pt_drawing;

/**
 * Draws by one setting with u_index of the effect's stream, or takes what the severity says; a
 * range is never left.
 */
double pt_drawing_take(const pt_drawing *drawing, size_t setting, size_t index);

/** Samples that are worked on at a time: two or three of such pieces stay in the first cache, while
 * a signal of 10 s passes through the second one only to come back from the third. */
#define PT_PIECE 1024

/** How long the piece is that begins at `first` of n. */
static inline size_t pt_piece_at(size_t first, size_t n) {
    return n - first < PT_PIECE ? n - first : PT_PIECE;
}

/** Where an additive effect acts. */
typedef struct pt_site {
    const double *signal;   /* [n] the linear part of the pristine */
    const double *degraded; /* [n]; neither may be read once something was added */
    size_t n;
    const pt_rng *noise; /* stream of random samples */
    const pt_fft *fft;   /* of fft_size, the least power of two that holds n, 65536 or more */
    size_t fft_size;
    void *work;           /* PT_WORK_BYTES, aligned to 64 */
    struct pt_ride *ride; /* what follows is chain.c's */
    bool parting;         /* degraded was the signal itself, and is being written */
    bool first;           /* so is the noise */
    size_t n_done;        /* samples that either was written up to */
} pt_site;

/** Adds made [n] from sample `at` on. Spans come in order and do not overlap; what lies between
 * them gets nothing. */
void pt_site_add(pt_site *site, size_t at, const double *made, size_t n);

/** Memory that an effect may use as it likes: two buffers of the transform. */
#define PT_WORK_BYTES(fft_size) ((2 * (fft_size) + 2) * sizeof(double))

typedef enum pt_nature {
    PT_FILTER,   /* linear: signal, noise and distortion each pass through it */
    PT_ADDITIVE, /* what it makes joins the noise */
    PT_NONLINEAR /* split by Bussgang's rule into a gain and distortion */
} pt_nature;

typedef struct pt_effect {
    const char *name;
    const char *summary;
    pt_stream stream; /* of its draws */
    unsigned plan;    /* the draw of stream PLAN that turns it on */
    pt_nature nature; /* which of the functions it has */
    bool has_count;   /* reports how many events it made */
    const char *list; /* member that holds the items, NULL if values stand in the stage itself */
    pt_setting setting[PT_SETTINGS_MAX];
    pt_value value[PT_VALUES_MAX];
    size_t main; /* the setting that says best how bad a stage is */

    /** What a stage has of the main setting. */
    double (*extent)(const pt_stage *stage);

    /** The stage as a phrase: "pink noise 20 dB below the signal". */
    void (*tell)(const pt_stage *stage, pt_str *out);

    /** Fills n_items and value; NULL: value i is drawn by setting i with u_i. */
    void (*draw)(const pt_drawing *drawing, pt_stage *stage);

    union {
        /** In place, from zero state. */
        void (*filter)(const pt_stage *stage, double *x, size_t n);
        /** Hands what is to be added to pt_site_add. */
        void (*add)(const pt_stage *stage, pt_site *site, pt_stage_damage *damage);
        struct {
            /** What of x [n] as a whole matters goes into damage; work as in pt_site. */
            void (*look)(const pt_stage *stage, const double *x, size_t n, void *work,
                         pt_stage_damage *damage);
            /** Then from any piece x [n] of it to y [n], each sample by itself. */
            void (*shape)(const pt_stage *stage, const double *x, size_t n, double *y,
                          const pt_stage_damage *damage);
        };
    };
} pt_effect;

extern const pt_effect pt_effect_comb, pt_effect_mud, pt_effect_sibilance;
extern const pt_effect pt_effect_noise, pt_effect_clip, pt_effect_pops;

/** In physical order. */
extern const pt_effect *const pt_effects[PT_EFFECTS];

#endif /* PATINA_DEGRADE_EFFECT_H */
