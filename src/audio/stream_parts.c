/* SPDX-License-Identifier: MIT */
/* stream_parts.c - list of the streams in a file */

#include "audio/stream_parts.h"

#include <stdlib.h>
#include <string.h>

#include "audio/flac_header.h"
#include "audio/format_probe.h"
#include "audio/mpeg_frame.h"
#include "audio/ogg_page.h"
#include "audio/tag_skip.h"
#include "base/error.h"

#define PARTS_MAX 65536

patina_status pt_stream_parts_add(pt_stream_parts *parts, uint64_t offset, uint64_t end,
                                  patina_error *err) {
    const size_t n = parts->n;
    if (n == PARTS_MAX)
        return pt_fail(err, PATINA_REJECT_UNDECODABLE,
                       "more than %d streams are joined in the file; split it", PARTS_MAX);
    if ((n & (n - 1)) == 0) { /* full: the capacity is a power of two */
        pt_stream_part *part = realloc(parts->part, (n ? 2 * n : 1) * sizeof *part);
        if (!part) return pt_fail(err, PATINA_ENOMEM, "out of memory");
        parts->part = part;
    }
    if (n > 0) parts->part[n - 1].size = offset - parts->part[n - 1].offset;
    parts->part[parts->n++] = (pt_stream_part){offset, end - offset};
    return PATINA_OK;
}

void pt_stream_parts_release(pt_stream_parts *parts) {
    free(parts->part);
    *parts = (pt_stream_parts){0};
}

patina_status pt_stream_parts_find(const pt_byte_source *bytes, const pt_container_header *header,
                                   pt_stream_parts *parts, patina_error *err) {
    const pt_format_info *probed = pt_format_probe(bytes);
    const bool has_elements = probed && probed->layout != PT_LAYOUT_NONE;
    uint64_t start = pt_tag_skip_leading(bytes, 0), end;
    char magic[4] = "";

    if (header->wave_format == PT_WAVE_MPEG || header->wave_format == PT_WAVE_MP3) {
        if (!header->has_data) return pt_stream_parts_add(parts, 0, bytes->size, err);
        end = header->data_offset + (header->data_size < header->data_available
                                         ? header->data_size
                                         : header->data_available);
        return pt_mpeg_find_parts(bytes, header->data_offset, end, parts, err);
    }
    if (has_elements || (header->kind != PT_CONTAINER_OTHER && header->kind != PT_CONTAINER_MPEG))
        return pt_stream_parts_add(parts, 0, bytes->size, err);
    end = pt_tag_skip_trailing(bytes, start);
    (void)pt_byte_source_read_at(bytes, start, magic, sizeof magic);
    if (memcmp(magic, "OggS", 4) == 0) return pt_ogg_find_links(bytes, start, end, parts, err);
    if (memcmp(magic, "fLaC", 4) == 0) return pt_flac_find_parts(bytes, start, end, parts, err);
    if (!probed && pt_mpeg_find_first(bytes, start, end, &start))
        return pt_mpeg_find_parts(bytes, start, end, parts, err);
    return pt_stream_parts_add(parts, start, end, err);
}
