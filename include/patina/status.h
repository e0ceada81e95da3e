/* SPDX-License-Identifier: MIT */
/* status.h - how functions report success and failure */

#ifndef PATINA_STATUS_H
#define PATINA_STATUS_H

#include <stdbool.h>

#if defined(__GNUC__)
#define PT_API __attribute__((visibility("default")))
#define PT_PRINTF(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))
#else
#define PT_API
#define PT_PRINTF(format_index, first_index)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What a function returns. The first block ends a run; the second concerns one entry of a corpus,
 * which is counted, named in rejects.jsonl and passed over. Its order is the order in which an
 * entry is judged: the first that applies is the one reported.
 */
typedef enum pt_status {
    PT_OK = 0,
    PT_ENOMEM,     /* memory ran out */
    PT_EIO,        /* a file could not be opened, read or written */
    PT_EFORMAT,    /* a model, suite, recipe or manifest is not what it should be */
    PT_ERANGE,     /* a number is outside the range that its header states */
    PT_EUSAGE,     /* options that do not go together, or an unknown name */
    PT_ECANCELLED, /* the caller asked to stop */

    PT_REJECT_BAD_CAPTION,  /* none, not a string, not UTF-8, only white space */
    PT_REJECT_DUPLICATE_ID, /* an earlier entry has the same id */
    PT_REJECT_MISSING,      /* no such audio file */
    PT_REJECT_TIMEOUT,      /* reading it took longer than the run allows an entry */
    PT_REJECT_UNDECODABLE,  /* not audio that can be read, or a line that is no entry */
    PT_REJECT_TRUNCATED,    /* fewer samples than the file promises */
    PT_REJECT_UNSUPPORTED,  /* under 4 kHz, over 384 kHz, or more than 64 channels */
    PT_REJECT_TOO_SHORT,    /* under 0.4 s: no loudness block */
    PT_REJECT_NONFINITE,    /* a NaN or an infinity among the samples */
    PT_REJECT_SILENT,       /* AC power under -100 dB re full scale */
    PT_STATUS_COUNT
} pt_status;

#define PT_REJECT_FIRST PT_REJECT_BAD_CAPTION
#define PT_REJECT_COUNT (PT_STATUS_COUNT - PT_REJECT_FIRST)

/**
 * What went wrong, as one sentence without a full stop: what was met, where, and what to do.
 * The message starts where the fault is seen and gains its place ("file 'x': ...") on the way up.
 * Every function that takes a pt_error accepts NULL for it.
 */
typedef struct pt_error {
    pt_status status;
    char message[1024];
} pt_error;

/** Fills err (NULL allowed) and returns status, so that a fault is `return pt_fail(err, ...)`. */
PT_API pt_status pt_fail(pt_error *err, pt_status status, const char *format, ...) PT_PRINTF(3, 4);

/** Puts "<place>: " in front of err's message; NULL or an empty error is left alone. */
PT_API void pt_error_in(pt_error *err, const char *format, ...) PT_PRINTF(2, 3);

/** The name of a status as logs and rejects.jsonl spell it ("too_short"); never NULL. */
PT_API const char *pt_status_name(pt_status status);

/** Whether status concerns one entry only, so that a run goes on after it. */
PT_API bool pt_status_rejects(pt_status status);

/** Returns from the calling function with the status of call unless it is PT_OK. */
#define PT_TRY(call)                                                                               \
    do {                                                                                           \
        pt_status pt_try_status_ = (call);                                                         \
        if (pt_try_status_ != PT_OK) return pt_try_status_;                                        \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif /* PATINA_STATUS_H */
