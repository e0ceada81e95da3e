/* SPDX-License-Identifier: MIT */
/**
 * @file status.h
 * @brief Status codes and error messages.
 *
 * A function that can fail returns a patina_status and takes a patina_error last. Output arguments
 * are valid only after PATINA_OK unless the function says otherwise.
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_meter *meter = NULL;
 * if (patina_meter_open(&meter, &err) != PATINA_OK)
 *     fprintf(stderr, "%s (%s)\n", err.message, patina_status_name(err.status));
 * patina_meter_close(&meter);
 * @endcode
 */

#ifndef PATINA_STATUS_H
#define PATINA_STATUS_H

#include <stdbool.h>

/** Marks the functions that the shared library exports. */
#if defined(__GNUC__)
#define PATINA_API __attribute__((visibility("default")))
#else
#define PATINA_API
#endif

#ifdef __cplusplus
#include <atomic>
/** A flag that one thread or a signal handler sets while another thread reads it. */
typedef std::atomic<bool> patina_atomic_bool;
extern "C" {
#else
#include <stdatomic.h>
/** A flag that one thread or a signal handler sets while another thread reads it. */
typedef atomic_bool patina_atomic_bool;
#endif

/**
 * The reasons for which an entry of a corpus, or one of its captions, gives no row:
 * X(identifier, name in rejects.jsonl, whether `--retry rejects` tries it again, meaning). An entry
 * is checked in this order, `excluded` before all others, and the first reason that applies is
 * recorded. A new reason is one line here and one in docs/DATASET.md.
 */
#define PATINA_REJECT_REASONS(X)                                                                   \
    X(BAD_CAPTION, "bad_caption", false,                                                           \
      "no caption, not a string, not UTF-8, or only white space")                                  \
    X(DUPLICATE_ID, "duplicate_id", false, "an earlier entry has the same id")                     \
    X(MISSING, "missing", true, "there is no such audio file")                                     \
    X(TIMEOUT, "timeout", true, "reading the audio took longer than the run allows")               \
    X(IO_ERROR, "io_error", true, "the machine cannot read the file; only with --skip-unreadable") \
    X(UNDECODABLE, "undecodable", true,                                                            \
      "not audio that can be decoded, or a line that is not an entry")                             \
    X(TRUNCATED, "truncated", true, "fewer samples than the file declares")                        \
    X(UNSUPPORTED, "unsupported", true, "below 4 kHz, above 384 kHz, or more than 64 channels")    \
    X(TOO_SHORT, "too_short", true, "shorter than 0.4 s, one loudness block")                      \
    X(NONFINITE, "nonfinite", true, "a NaN or an infinity among the samples")                      \
    X(SILENT, "silent", true, "AC power below -100 dB re full scale")                              \
    X(EXCLUDED, "excluded", false, "in the list of `--exclude`; checked before all others")        \
    X(FILTERED, "filtered", false, "does not meet the conditions of `--filter`")                   \
    X(LOW_QUALITY, "low_quality", true, "its source does not meet those of `--require`")

/** Expands one line of PATINA_REJECT_REASONS to an enumerator. */
#define PATINA_REJECT_ENUMERATOR(identifier, name, retryable, summary) PATINA_REJECT_##identifier,

/**
 * Result of a function. The first group ends an operation. The second group, PATINA_REJECT_...,
 * concerns one entry of a corpus: patina_generate() counts it, records it in rejects.jsonl and
 * continues. New codes are added at the end of each group.
 */
typedef enum patina_status {
    PATINA_OK = 0,     /**< success */
    PATINA_ENOMEM,     /**< out of memory */
    PATINA_EIO,        /**< a file could not be opened, read or written */
    PATINA_EFORMAT,    /**< invalid model, degradation configuration, recipe or manifest */
    PATINA_ERANGE,     /**< a number is outside the documented range */
    PATINA_EUSAGE,     /**< options that exclude each other, or an unknown name */
    PATINA_ECANCELLED, /**< the caller asked to stop */
    PATINA_ETEMPORARY, /**< a fault of the machine that may pass; the same call continues the run */
    PATINA_ERROR_COUNT,

    PATINA_REJECT_BEFORE_FIRST_ = 63,
    PATINA_REJECT_REASONS(PATINA_REJECT_ENUMERATOR) PATINA_STATUS_COUNT
} patina_status;

/** The first reject reason. */
#define PATINA_REJECT_FIRST PATINA_REJECT_BAD_CAPTION
/** Number of reject reasons. */
#define PATINA_REJECT_COUNT (PATINA_STATUS_COUNT - PATINA_REJECT_FIRST)
/** Length of public arrays that have an element for each reason: room for further reasons. */
#define PATINA_REJECT_MAX 32

/**
 * Description of a failure: one sentence in lower case without a full stop, which names the file,
 * entry, option or tensor and says what to do. Every function that takes a patina_error accepts
 * NULL. A function that succeeds leaves it unchanged.
 */
typedef struct patina_error {
    patina_status status; /**< what the function returned */
    char message[1024];   /**< NUL-terminated UTF-8 */
} patina_error;

/**
 * Returns the name of a status as in logs and rejects.jsonl: "too_short"; "unknown" for other
 * numbers. Static, never NULL. Safe from any thread.
 */
PATINA_API const char *patina_status_name(patina_status status);

/** Returns the meaning of a status in a few words. Static, never NULL. Safe from any thread. */
PATINA_API const char *patina_status_summary(patina_status status);

/** Returns whether a status concerns one entry only (PATINA_REJECT_...). Safe from any thread. */
PATINA_API bool patina_status_is_reject(patina_status status);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_STATUS_H */
