/* SPDX-License-Identifier: MIT */
/* pca.c - principal axes by power iteration on the covariance matrix
 *
 *     points -> mean -> covariance C [dim, dim] -> v <- C v / |C v|, repeated -> axis 1
 *                                                  the same, orthogonal to axis 1 -> axis 2
 *
 * The order of every sum and the start vector are fixed, so equal points give equal results.
 */

#include "report/pca.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define ITERATIONS_MAX 3000 /* axes of nearly equal variance converge slowly; any of them will do */
#define TOLERANCE      1e-13 /* 1 - cosine between two iterations */

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void scale(double *v, size_t n, double factor) {
    for (size_t i = 0; i < n; i++)
        v[i] *= factor;
}

static void column_means(const float *points, size_t n, size_t dim, double *mean) {
    memset(mean, 0, dim * sizeof *mean);
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < dim; d++)
            mean[d] += points[i * dim + d];
    scale(mean, dim, 1.0 / (double)n);
}

/* C = sum (x - mean)(x - mean)^T / n; returns its trace. */
static double covariance(const float *points, size_t n, size_t dim, const double *mean,
                         double *centered_row, double *c) {
    double trace = 0.0;
    memset(c, 0, dim * dim * sizeof *c);
    for (size_t i = 0; i < n; i++) {
        for (size_t d = 0; d < dim; d++)
            centered_row[d] = points[i * dim + d] - mean[d];
        for (size_t a = 0; a < dim; a++)
            for (size_t b = a; b < dim; b++)
                c[a * dim + b] += centered_row[a] * centered_row[b];
    }
    for (size_t a = 0; a < dim; a++) {
        for (size_t b = a; b < dim; b++)
            c[b * dim + a] = c[a * dim + b] /= (double)n;
        trace += c[a * dim + a];
    }
    return trace;
}

/* Removes the component along the unit vector `other` (may be NULL) from v and normalises v.
 * Returns the norm before, 0 if nothing is left. */
static double orthonormalize(double *v, const double *other, size_t dim) {
    if (other) {
        const double along = dot(v, other, dim);
        for (size_t d = 0; d < dim; d++)
            v[d] -= along * other[d];
    }
    const double norm = sqrt(dot(v, v, dim));
    if (norm > 0.0) scale(v, dim, 1.0 / norm);
    return norm;
}

/* An axis orthogonal to `other`; returns its variance. next is scratch. */
static double power_iteration(const double *c, size_t dim, const double *other, double *v,
                              double *next) {
    double variance = 0.0;
    for (size_t d = 0; d < dim; d++) /* practically never orthogonal to the data */
        v[d] = 1.0 + 0.5 * sin((double)d + (other ? 1.0 : 0.0));
    orthonormalize(v, other, dim);
    for (size_t round = 0; round < ITERATIONS_MAX; round++) {
        for (size_t a = 0; a < dim; a++)
            next[a] = dot(c + a * dim, v, dim);
        variance = orthonormalize(next, other, dim);
        const double cosine = dot(v, next, dim);
        memcpy(v, next, dim * sizeof *v);
        if (!(variance > 0.0) || fabs(cosine) > 1.0 - TOLERANCE) break;
    }
    size_t greatest = 0;
    for (size_t d = 1; d < dim; d++)
        if (fabs(v[d]) > fabs(v[greatest])) greatest = d;
    if (v[greatest] < 0.0) scale(v, dim, -1.0);
    return variance;
}

patina_status pt_pca_project(const float *points, size_t n, size_t dim, pt_pca_result *pca,
                             float *xy, patina_error *err) {
    patina_status status = PATINA_OK;
    double *c = calloc(dim * dim, sizeof *c);
    double *work = calloc(5 * dim, sizeof *work);
    double *mean = work, *axis[2], *next, *centered_row;

    *pca = (pt_pca_result){{0}};
    if (!c || !work) {
        status = pt_fail(err, PATINA_ENOMEM, "out of memory");
        goto done;
    }
    axis[0] = work + dim;
    axis[1] = work + 2 * dim;
    next = work + 3 * dim;
    centered_row = work + 4 * dim;
    column_means(points, n, dim, mean);
    const double trace = covariance(points, n, dim, mean, centered_row, c);
    for (size_t k = 0; k < 2; k++) {
        const double variance = power_iteration(c, dim, k == 0 ? NULL : axis[0], axis[k], next);
        /* below this, variance is rounding error */
        const bool flat = !(variance > 1e-12 * trace);
        pca->explained_variance[k] = flat ? 0.0 : variance / trace;
        for (size_t i = 0; i < n; i++) {
            double along = 0.0;
            for (size_t d = 0; d < dim; d++)
                along += (points[i * dim + d] - mean[d]) * axis[k][d];
            xy[2 * i + k] = flat ? 0.0F : (float)fmin(fmax(along, -FLT_MAX), FLT_MAX);
        }
    }
done:
    free(c);
    free(work);
    return status;
}
