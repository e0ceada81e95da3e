/* SPDX-License-Identifier: MIT */
/* fft.c - FFTW in double, out of place, behind a handle that holds the two plans
 *
 * Plans are made for buffers aligned to 64 and run on the caller's, by FFTW's new-array execute.
 */

#include "dsp/fft.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <fftw3.h>

#include "base/error.h"

#define LENGTH_MAX ((size_t)1 << 24)
#define ALIGNMENT  64

/* FFTW plans and destroys plans for one thread at a time. */
static pthread_mutex_t planner_lock = PTHREAD_MUTEX_INITIALIZER;

struct pt_fft {
    size_t n;
    fftw_plan forward, inverse;
};

static bool aligned(const void *p) {
    return (uintptr_t)p % ALIGNMENT == 0;
}

static double *buffer_new(size_t n) {
    const size_t n_bytes = n * sizeof(double);
    return aligned_alloc(ALIGNMENT, (n_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

patina_status pt_fft_open(size_t n, pt_fft **out, patina_error *err) {
    if (n < 2 || n > LENGTH_MAX || n % 2 != 0)
        return pt_fail(err, PATINA_ERANGE,
                       "a transform of %zu samples: the length must be even, 2 to %zu", n,
                       LENGTH_MAX);

    patina_status status = PATINA_OK;
    pt_fft *fft = calloc(1, sizeof *fft);
    /* Estimating looks at the buffers' addresses only; not a page of them is touched. */
    double *x = buffer_new(n);
    double *spectrum = buffer_new(n + 2);
    if (!fft || !x || !spectrum) {
        status = pt_fail(err, PATINA_ENOMEM, "no memory for a transform of %zu samples", n);
        goto done;
    }
    fft->n = n;
    pthread_mutex_lock(&planner_lock);
    fft->forward = fftw_plan_dft_r2c_1d((int)n, x, (fftw_complex *)spectrum,
                                        FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
    fft->inverse = fftw_plan_dft_c2r_1d((int)n, (fftw_complex *)spectrum, x,
                                        FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
    pthread_mutex_unlock(&planner_lock);
    if (!fft->forward || !fft->inverse) {
        status = pt_fail(err, PATINA_ENOMEM, "no plan for a transform of %zu samples", n);
        goto done;
    }
    *out = fft;
    fft = NULL;
done:
    pt_fft_close(&fft);
    free(x);
    free(spectrum);
    return status;
}

void pt_fft_close(pt_fft **fft) {
    if (!fft || !*fft) return;
    pthread_mutex_lock(&planner_lock);
    if ((*fft)->forward) fftw_destroy_plan((*fft)->forward);
    if ((*fft)->inverse) fftw_destroy_plan((*fft)->inverse);
    pthread_mutex_unlock(&planner_lock);
    free(*fft);
    *fft = NULL;
}

void pt_fft_forward(const pt_fft *fft, double *x, double *spectrum) {
    assert(aligned(x) && aligned(spectrum));
    fftw_execute_dft_r2c(fft->forward, x, (fftw_complex *)spectrum);
}

void pt_fft_inverse(const pt_fft *fft, double *spectrum, double *x) {
    assert(aligned(x) && aligned(spectrum));
    fftw_execute_dft_c2r(fft->inverse, (fftw_complex *)spectrum, x);
}

const char *pt_fft_library_version(void) {
    return fftw_version;
}
