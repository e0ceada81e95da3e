/* SPDX-License-Identifier: MIT */
/* source_check.h - conditions of --filter on the audio, and of --require on its quality */

#ifndef PATINA_PIPELINE_SOURCE_CHECK_H
#define PATINA_PIPELINE_SOURCE_CHECK_H

#include <patina/measure.h>

#include "audio/segment.h"
#include "base/conditions.h"

/** PATINA_EUSAGE for a condition on something that is not a member of source_quality. */
patina_status pt_source_check_fields(const pt_conditions *require, patina_error *err);

/** PATINA_REJECT_FILTERED where duration, rate or channels do not fulfil the filter. */
patina_status pt_source_check_audio(const pt_conditions *filter, const pt_segment *segment,
                                    patina_error *err);

/** PATINA_REJECT_LOW_QUALITY */
patina_status pt_source_check_quality(const pt_conditions *require,
                                      const patina_source_quality *quality, patina_error *err);

#endif /* PATINA_PIPELINE_SOURCE_CHECK_H */
