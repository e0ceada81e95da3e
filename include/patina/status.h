/* SPDX-License-Identifier: MIT */
/* status.h - how functions report success and failure */

#ifndef PATINA_STATUS_H
#define PATINA_STATUS_H

#include <stdbool.h>

#if defined(__GNUC__)
#define PATINA_API __attribute__((visibility("default")))
#else
#define PATINA_API
#endif

#ifdef __cplusplus
#include <atomic>
typedef std::atomic<bool> patina_atomic_bool;
extern "C" {
#else
#include <stdatomic.h>
/** A flag that one thread or a signal handler sets while another reads it. */
typedef atomic_bool patina_atomic_bool;
#endif

/**
 * What a function returns. The first block ends a run; the second concerns one entry of a corpus,
 * which is counted, named in rejects.jsonl and passed over. Its order is the order in which an
 * entry is judged: the first that applies is the one reported.
 */
typedef enum patina_status {
    PATINA_OK = 0,
    PATINA_ENOMEM,     /* memory ran out */
    PATINA_EIO,        /* a file could not be opened, read or written */
    PATINA_EFORMAT,    /* a model, suite, recipe or manifest is not what it should be */
    PATINA_ERANGE,     /* a number is outside the range that its header states */
    PATINA_EUSAGE,     /* options that do not go together, or an unknown name */
    PATINA_ECANCELLED, /* the caller asked to stop */

    PATINA_REJECT_BAD_CAPTION,  /* none, not a string, not UTF-8, only white space */
    PATINA_REJECT_DUPLICATE_ID, /* an earlier entry has the same id */
    PATINA_REJECT_MISSING,      /* no such audio file */
    PATINA_REJECT_TIMEOUT,      /* reading it took longer than the run allows an entry */
    PATINA_REJECT_UNDECODABLE,  /* not audio that can be read, or a line that is no entry */
    PATINA_REJECT_TRUNCATED,    /* fewer samples than the file promises */
    PATINA_REJECT_UNSUPPORTED,  /* under 4 kHz, over 384 kHz, or more than 64 channels */
    PATINA_REJECT_TOO_SHORT,    /* under 0.4 s: no loudness block */
    PATINA_REJECT_NONFINITE,    /* a NaN or an infinity among the samples */
    PATINA_REJECT_SILENT,       /* AC power under -100 dB re full scale */
    PATINA_STATUS_COUNT
} patina_status;

#define PATINA_REJECT_FIRST PATINA_REJECT_BAD_CAPTION
#define PATINA_REJECT_COUNT (PATINA_STATUS_COUNT - PATINA_REJECT_FIRST)

/**
 * What went wrong, as one sentence without a full stop: what was met, where, and what to do.
 * The message starts where the fault is seen and gains its place ("file 'x': ...") on the way up.
 * Every function that takes a patina_error accepts NULL for it.
 */
typedef struct patina_error {
    patina_status status;
    char message[1024];
} patina_error;

/** The name of a status as logs and rejects.jsonl spell it ("too_short"); never NULL. */
PATINA_API const char *patina_status_name(patina_status status);

/** Whether status concerns one entry only, so that a run goes on after it. */
PATINA_API bool patina_status_is_reject(patina_status status);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_STATUS_H */
