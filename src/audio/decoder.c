/* SPDX-License-Identifier: MIT */
/* decoder.c - the table of decoding libraries, and what is asked of each alike
 *
 * Libraries end early on damaged files and call it the end. So each tells beforehand how many
 * frames the file promises, and here every one that is missing, beyond the codec's own allowance,
 * makes the file truncated.
 */

#include "audio/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "audio/decoder_kind.h"
#include "audio/foreign.h"
#include "patina_config.h"

static const pt_decoder_kind *const kinds[] = {
    &pt_decoder_sndfile,
    &pt_decoder_mpg123,
#if PT_HAVE_FFMPEG
    &pt_decoder_ffmpeg,
#endif
};

struct pt_decoder {
    const pt_decoder_kind *kind;
    void *state;
    pt_decoder_facts facts;
    uint64_t position; /* frame that comes next */
};

/** Says of bytes that no decoder here reads what they are, if that is known, and what to do about
 * it. */
static bool name_stranger(const pt_bytes *bytes, pt_error *err) {
    const pt_foreign *foreign = pt_foreign_find(bytes);
    if (!foreign) return false;
    if (foreign->demuxer && !PT_HAVE_FFMPEG)
        pt_fail(err, PT_REJECT_UNDECODABLE,
                "%s, which this build does not read: build patina with FFmpeg's libraries",
                foreign->title);
    else
        pt_fail(err, PT_REJECT_UNDECODABLE, "%s, which no decoder of this build reads",
                foreign->title);
    return true;
}

/** A WAV (or relative) whose sample data reaches behind the file's end. */
static pt_status check_claim(const pt_container *c, const char *format, pt_error *err) {
    if (!c->has_data || c->unknown_size || c->data_size <= c->data_present) return PT_OK;
    return pt_fail(err, PT_REJECT_TRUNCATED,
                   "%s: %llu bytes of samples are promised and %llu are there", format,
                   (unsigned long long)c->data_size, (unsigned long long)c->data_present);
}

static pt_status check_ranges(const pt_decoder_info *info, pt_error *err) {
    if (info->rate_hz < PT_RATE_MIN_HZ || info->rate_hz > PT_RATE_MAX_HZ)
        return pt_fail(err, PT_REJECT_UNSUPPORTED, "%s: a rate of %u Hz, and %d to %d are measured",
                       info->format, info->rate_hz, PT_RATE_MIN_HZ, PT_RATE_MAX_HZ);
    if (info->n_channels < 1 || info->n_channels > PT_CHANNELS_MAX)
        return pt_fail(err, PT_REJECT_UNSUPPORTED, "%s: %u channels, and 1 to %d are measured",
                       info->format, info->n_channels, PT_CHANNELS_MAX);
    return PT_OK;
}

pt_status pt_decoder_open(const pt_bytes *bytes, pt_decoder **decoder, pt_decoder_info *info,
                          pt_error *err) {
    pt_decoder *d = calloc(1, sizeof *d);
    pt_container container;
    pt_error telling = {0}; /* the first one's reason, or that of the kind whose format it is */
    bool is_known = false;
    pt_status status = PT_REJECT_UNDECODABLE;

    if (!d) return pt_fail(err, PT_ENOMEM, "out of memory");
    if (bytes->size == 0) {
        status = pt_fail(err, PT_REJECT_UNDECODABLE, "the file is empty");
        goto done;
    }
    pt_container_scan(bytes, &container);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !d->kind; i++) {
        pt_error why = {0};
        d->facts = (pt_decoder_facts){0};
        status = kinds[i]->open(bytes, &container, &d->state, &d->facts, &why);
        if (status == PT_OK) d->kind = kinds[i];
        is_known = status != PT_REJECT_UNDECODABLE || d->facts.info.format;
        if (i == 0 || is_known) telling = why;
        if (status != PT_OK && status != PT_REJECT_UNDECODABLE) break;
    }
    if (status == PT_REJECT_UNDECODABLE && check_claim(&container, "the file", err) != PT_OK) {
        status = PT_REJECT_TRUNCATED; /* which is why nobody would read it */
        goto done;
    }
    if (status != PT_OK) {
        if (is_known || !name_stranger(bytes, err)) pt_fail(err, status, "%s", telling.message);
        goto done;
    }
    status = check_claim(&container, d->facts.info.format, err);
    if (status == PT_OK) status = check_ranges(&d->facts.info, err);
    if (status != PT_OK) goto done;
    *info = d->facts.info;
    *decoder = d;
    d = NULL;
done:
    pt_decoder_close(&d);
    return status;
}

void pt_decoder_close(pt_decoder **decoder) {
    if (!*decoder) return;
    if ((*decoder)->kind) (*decoder)->kind->close((*decoder)->state);
    free(*decoder);
    *decoder = NULL;
}

pt_status pt_decoder_seek(pt_decoder *decoder, uint64_t frame, pt_error *err) {
    PT_TRY(decoder->kind->seek(decoder->state, frame, err));
    decoder->position = frame;
    return PT_OK;
}

static void reorder(const pt_decoder_facts *facts, float *samples, size_t n_frames) {
    const unsigned n = facts->info.n_channels;
    float frame[PT_CHANNELS_MAX];

    for (size_t i = 0; i < n_frames; i++) {
        for (unsigned c = 0; c < n; c++)
            frame[facts->place[c]] = samples[i * n + c];
        for (unsigned c = 0; c < n; c++)
            samples[i * n + c] = frame[c];
    }
}

pt_status pt_decoder_read(pt_decoder *decoder, float *samples, size_t n_frames, size_t *n_read,
                          pt_error *err) {
    const pt_decoder_facts *facts = &decoder->facts;
    const char *format = facts->info.format;
    size_t n = 0;
    const pt_status status = decoder->kind->read(decoder->state, samples, n_frames, &n, err);

    if (status != PT_OK) {
        pt_error_in(err, "%s near frame %llu", format, (unsigned long long)(decoder->position + n));
        return status;
    }
    if (facts->reordered) reorder(facts, samples, n);
    decoder->position += n;
    *n_read = n;
    /* position and allowance are far from 2^64: each frame was decoded */
    if (n < n_frames && decoder->position + facts->allowance < facts->promised)
        return pt_fail(err, PT_REJECT_TRUNCATED, "%s: %llu frames are promised and %llu are there",
                       format, (unsigned long long)facts->promised,
                       (unsigned long long)decoder->position);
    return PT_OK;
}

bool pt_decoder_library(size_t i, const char **name, const char **version) {
    if (i >= sizeof kinds / sizeof *kinds) return false;
    *name = kinds[i]->name;
    *version = kinds[i]->version();
    return true;
}
