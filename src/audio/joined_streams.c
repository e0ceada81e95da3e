/* SPDX-License-Identifier: MIT */
/* joined_streams.c - list of the streams in a file */

#include "audio/joined_streams.h"

#include <stdlib.h>
#include <string.h>

#include "audio/flac_header.h"
#include "audio/format_probe.h"
#include "audio/mpeg_frame.h"
#include "audio/ogg_page.h"
#include "audio/tag_skip.h"
#include "base/error.h"

#define STREAMS_MAX 65536

patina_status pt_joined_streams_add(pt_joined_streams *streams, uint64_t offset, uint64_t end,
                                    patina_error *err) {
    const size_t n = streams->n;
    if (n == STREAMS_MAX)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       "more than %d streams are joined in the file; split it", STREAMS_MAX);
    if ((n & (n - 1)) == 0) { /* full: the capacity is a power of two */
        pt_joined_stream *stream = realloc(streams->stream, (n ? 2 * n : 1) * sizeof *stream);
        if (!stream) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        streams->stream = stream;
    }
    if (n > 0) streams->stream[n - 1].size = offset - streams->stream[n - 1].offset;
    streams->stream[streams->n++] = (pt_joined_stream){offset, end - offset};
    return PATINA_OK;
}

void pt_joined_streams_release(pt_joined_streams *streams) {
    free(streams->stream);
    *streams = (pt_joined_streams){0};
}

patina_status pt_joined_streams_find(const pt_byte_source *bytes, const pt_container_header *header,
                                     pt_joined_streams *streams, patina_error *err) {
    const pt_format_info *probed = pt_format_probe(bytes);
    const bool has_elements = probed && probed->layout != PT_LAYOUT_NONE;
    uint64_t start = pt_tag_skip_leading(bytes, 0), end;
    char magic[4] = "";

    if (header->wave_format == PT_WAVE_MPEG || header->wave_format == PT_WAVE_MP3) {
        if (!header->has_data) return pt_joined_streams_add(streams, 0, bytes->size, err);
        end = header->data_offset + (header->data_size < header->data_available
                                         ? header->data_size
                                         : header->data_available);
        return pt_mpeg_find_streams(bytes, header->data_offset, end, streams, err);
    }
    if (has_elements || (header->kind != PT_CONTAINER_OTHER && header->kind != PT_CONTAINER_MPEG))
        return pt_joined_streams_add(streams, 0, bytes->size, err);
    end = pt_tag_skip_trailing(bytes, start);
    (void)pt_byte_source_read_at(bytes, start, magic, sizeof magic);
    if (memcmp(magic, "OggS", 4) == 0) return pt_ogg_find_links(bytes, start, end, streams, err);
    if (memcmp(magic, "fLaC", 4) == 0) return pt_flac_find_streams(bytes, start, end, streams, err);
    if (!probed && pt_mpeg_find_first(bytes, start, end, &start))
        return pt_mpeg_find_streams(bytes, start, end, streams, err);
    return pt_joined_streams_add(streams, start, end, err);
}
