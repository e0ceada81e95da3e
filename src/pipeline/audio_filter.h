/* SPDX-License-Identifier: MIT */
/* audio_filter.h - conditions of --filter on the audio, and of --require on its quality */

#ifndef PATINA_PIPELINE_AUDIO_FILTER_H
#define PATINA_PIPELINE_AUDIO_FILTER_H

#include <patina/measure.h>

#include "audio/segment.h"
#include "base/filter_expr.h"

/** PATINA_EUSAGE for a condition on something that is not a member of source_quality. */
patina_status pt_audio_filter_check_fields(const pt_filter_expr *require, patina_error *err);

/** PATINA_REJECT_FILTERED where duration, rate or channels do not meet the filter. */
patina_status pt_audio_filter_check_audio(const pt_filter_expr *filter, const pt_segment *segment,
                                          patina_error *err);

/** PATINA_REJECT_LOW_QUALITY */
patina_status pt_audio_filter_check_quality(const pt_filter_expr *require,
                                            const patina_source_quality *quality,
                                            patina_error *err);

#endif /* PATINA_PIPELINE_AUDIO_FILTER_H */
