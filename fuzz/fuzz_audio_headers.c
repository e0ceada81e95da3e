/* SPDX-License-Identifier: MIT */
/* fuzz_audio_headers.c - input: an audio file of any format
 *
 * Tests the parsers of src/audio alone, without a decoding library, so that they get many more
 * inputs than through fuzz_decoder.c. Checks that what they report lies within the file.
 */

#include <string.h>

#include "audio/container_header.h"
#include "audio/flac_header.h"
#include "audio/format_probe.h"
#include "audio/joined_streams.h"
#include "audio/mpeg_frame.h"
#include "audio/ogg_page.h"
#include "audio/tag_skip.h"
#include "fuzz.h"
#include "ogg_mutator.h"

static void check_header(const pt_byte_source *bytes, const pt_container_header *c) {
    if (!c->has_data) return;
    FUZZ_ASSERT(c->data_offset <= bytes->size);
    const uint64_t rest = bytes->size - c->data_offset;
    FUZZ_ASSERT(c->unknown_size ? c->data_available <= rest : c->data_available == rest);
    FUZZ_ASSERT(c->size_offset + c->size_bytes <= bytes->size);
    FUZZ_ASSERT(!c->unknown_size || c->data_size == c->data_available);
}

static void check_streams(const pt_byte_source *bytes, const pt_joined_streams *streams) {
    FUZZ_ASSERT(streams->n > 0);
    for (size_t i = 0; i < streams->n; i++) {
        const pt_joined_stream *p = &streams->stream[i];
        FUZZ_ASSERT(p->offset <= bytes->size && p->size <= bytes->size - p->offset);
        FUZZ_ASSERT(i == 0 || p->offset == p[-1].offset + p[-1].size);
    }
}

/** Reads a stream with its patches, among which are checksums. Positions around a gap are corrected
 * as far as they can be. */
static void check_patched(const pt_byte_source *bytes, const pt_ogg_link *link) {
    unsigned char *copy = malloc((size_t)bytes->size);
    pt_byte_source patched;
    pt_ogg_link again = {0};
    patina_error err = {0};

    FUZZ_ASSERT(copy && pt_byte_source_read_at(bytes, 0, copy, (size_t)bytes->size) ==
                            (int64_t)bytes->size);
    for (size_t i = 0; i < link->n_patches; i++)
        memcpy(copy + link->patch[i].offset, link->patch[i].bytes, link->patch[i].n);
    pt_byte_source_from_memory(copy, (size_t)bytes->size, &patched);
    FUZZ_ASSERT(pt_ogg_read_link(&patched, &again, &err) == PATINA_OK ||
                (link->has_gap && strstr(err.message, "missing")));
    pt_ogg_link_release(&again);
    free(copy);
}

static void read_stream(const pt_byte_source *bytes) {
    patina_error err = {0};
    pt_flac_header flac;
    pt_ogg_link link = {0};
    uint64_t end;
    bool is_at_end;

    if (pt_flac_read_header(bytes, &flac))
        (void)pt_flac_find_end(bytes, &flac, &end, &is_at_end, NULL);
    if (pt_ogg_read_link(bytes, &link, &err) != PATINA_OK)
        FUZZ_ASSERT(patina_status_is_reject(err.status) && err.message[0] != '\0');
    for (size_t i = 0; i < link.n_patches; i++) {
        const pt_byte_patch *p = &link.patch[i];
        FUZZ_ASSERT(p->n <= sizeof p->bytes && p->offset <= bytes->size &&
                    p->n <= bytes->size - p->offset);
        FUZZ_ASSERT(i == 0 || p[-1].offset + p[-1].n <= p->offset);
    }
    if (link.n_patches > 0) check_patched(bytes, &link);
    pt_ogg_link_release(&link);
    const pt_mpeg_info_frame info = pt_mpeg_read_info(bytes, 0);
    FUZZ_ASSERT(info.kind == PT_MPEG_INFO_NONE || info.bytes > 0);
    (void)pt_mpeg_count_frames(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pt_byte_source bytes;
    pt_container_header header;
    pt_joined_streams streams = {0};
    patina_error err = {0};

    pt_byte_source_from_memory(data, size, &bytes);
    const uint64_t start = pt_tag_skip_leading(&bytes, 0);
    FUZZ_ASSERT(start <= size);
    const uint64_t end = pt_tag_skip_trailing(&bytes, start);
    FUZZ_ASSERT(end >= start && end <= size);
    pt_container_header_parse(&bytes, &header);
    check_header(&bytes, &header);
    const pt_format_info *probed = pt_format_probe(&bytes);
    if (probed) (void)pt_format_check_size(probed, &bytes, &err);
    if (pt_joined_streams_find(&bytes, &header, &streams, &err) == PATINA_OK) {
        check_streams(&bytes, &streams);
        for (size_t i = 0; i < streams.n && i < 8; i++) {
            const pt_byte_source stream =
                pt_byte_source_slice(&bytes, streams.stream[i].offset, streams.stream[i].size);
            read_stream(&stream);
        }
    }
    pt_joined_streams_release(&streams);
    read_stream(&bytes);
    return 0;
}
