/* SPDX-License-Identifier: MIT */
/* pca.h - many numbers a point to two: the plane in which points lie furthest apart */

#ifndef PATINA_REPORT_PCA_H
#define PATINA_REPORT_PCA_H

#include <stddef.h>

#include <patina/status.h>

/** What a projection keeps. */
typedef struct pt_pca_result {
    double explained_variance[2]; /* of the points' variance along each axis, 0 to 1 */
} pt_pca_result;

/**
 * Projects points onto their first two principal axes.
 *
 * points  [n, dim]; n and dim at least 1
 * plane   out
 * xy      out, [n, 2]: along the axis of the greatest variance, and of the next. An axis points
 *         where its component of the greatest size is positive; one without variance gives 0.
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_pca_project(const float *points, size_t n, size_t dim, pt_pca_result *pca,
                             float *xy, patina_error *err);

#endif /* PATINA_REPORT_PCA_H */
