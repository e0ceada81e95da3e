/* SPDX-License-Identifier: MIT */
/* pca.h - principal component analysis to two dimensions */

#ifndef PATINA_REPORT_PCA_H
#define PATINA_REPORT_PCA_H

#include <stddef.h>

#include <patina/status.h>

typedef struct pt_pca_result {
    double explained_variance[2]; /* share of the variance along each axis, 0 to 1 */
} pt_pca_result;

/**
 * Projects points onto their first two principal axes.
 *
 * points  [n, dim]; n and dim at least 1
 * pca     out
 * xy      out, [n, 2]: scores of the first and second component. The sign of an axis makes its
 *         component of greatest magnitude positive; an axis without variance gives 0.
 *
 * Errors  PATINA_ENOMEM
 */
patina_status pt_pca_project(const float *points, size_t n, size_t dim, pt_pca_result *pca,
                             float *xy, patina_error *err);

#endif /* PATINA_REPORT_PCA_H */
