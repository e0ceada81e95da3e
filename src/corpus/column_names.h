/* SPDX-License-Identifier: MIT */
/* column_names.h - usual names of columns and JSON members, and how names are compared */

#ifndef PATINA_CORPUS_COLUMN_NAMES_H
#define PATINA_CORPUS_COLUMN_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Alternatives, in the order in which they are tried. */
#define PT_FILE_COLUMNS                                                                            \
    "filename|file_name|file|fname|slice_file_name|audio_filepath|audio_filename|audio_path|"      \
    "audio_file|file_path|wav_path|wav_file|mp3_path|path|audio|wav|location|filepath_wav|"        \
    "relative_path|rel_path|sound|recording|audio_url|audio_name|wav_filename|local_path|clip_"    \
    "name"
#define PT_ID_COLUMNS                                                                              \
    "audio_id|clip_id|sound_id|freesound_id|track_id|segment_id|utterance_id|utt_id|sample_id|"    \
    "uid|key|item_id|recording_id|xc_id"
#define PT_CAPTION_COLUMNS                                                                         \
    "caption|captions|text|texts|transcription|transcript|sentence|sentences|description|"         \
    "descriptions|main_caption|normalized_text|text_description"
#define PT_LABEL_COLUMNS                                                                           \
    "label|labels|human_labels|category|class|tags|tag|event_label|event_labels"
/* Columns that are labels where a table has nothing better. */
#define PT_OTHER_LABEL_COLUMNS                                                                     \
    "class_name|label_name|common_name|primary_label|species|instrument|emotion|genre"
#define PT_START_COLUMNS                                                                           \
    "start_time|start|start_seconds|start_time_seconds|start_s|start_sec|start_timestamp|onset|"   \
    "onset_time|begin|begin_time"
#define PT_END_COLUMNS                                                                             \
    "end_time|end|end_seconds|end_time_seconds|end_s|end_sec|end_timestamp|stop_timestamp|offset|" \
    "offset_time|stop|stop_time"
#define PT_SPLIT_COLUMNS "split|subset|set|partition"

/** Whether a column has this name, ignoring case, spaces, '_' and '-'. */
bool pt_column_has_name(const char *column, size_t n, const char *name);

/** Copies the first of several names, "filename|file_name", and moves to the next; false at the
 * end. Longer names are truncated. */
bool pt_column_next_name(const char **names, char *name, size_t size);

/**
 * Whether a column has one of several captions: "caption_2", "Caption 2", "captions_writing",
 * "short_caption", "text_3", but not "caption_id" or "caption_length".
 *
 * number  the number in it; 0: none
 */
bool pt_column_is_caption(const char *column, size_t n, unsigned *number);

/** Whether a column is "caption2", "Caption 2" or "caption_3": a further one beside "caption". */
bool pt_column_is_further_caption(const char *column, size_t n);

#endif /* PATINA_CORPUS_COLUMN_NAMES_H */
