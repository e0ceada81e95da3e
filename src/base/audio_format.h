/* SPDX-License-Identifier: MIT */
/* audio_format.h - supported sampling rates and numbers of channels */

#ifndef PATINA_BASE_AUDIO_FORMAT_H
#define PATINA_BASE_AUDIO_FORMAT_H

#include <patina/status.h>

/** Checks the limits of patina/audio.h. Errors  PATINA_REJECT_UNSUPPORTED */
patina_status pt_audio_format_check(unsigned rate_hz, unsigned n_channels, patina_error *err);

#endif /* PATINA_BASE_AUDIO_FORMAT_H */
