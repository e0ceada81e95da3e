/* SPDX-License-Identifier: MIT */
/* ffmpeg_compat.h - channel layouts of FFmpeg 5.1 and later, also for FFmpeg 4.3 to 5.0
 *
 * Older versions describe channels by a mask and a count. The mask becomes a layout of native order,
 * a missing mask one of unspecified order.
 */

#ifndef PATINA_AUDIO_FFMPEG_COMPAT_H
#define PATINA_AUDIO_FFMPEG_COMPAT_H

#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>

#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)

/** The layout of a frame; its map is borrowed. */
static inline AVChannelLayout pt_frame_layout(const AVFrame *frame) {
    return frame->ch_layout;
}

#else

typedef struct AVChannelLayout {
    enum { AV_CHANNEL_ORDER_UNSPEC, AV_CHANNEL_ORDER_NATIVE, AV_CHANNEL_ORDER_CUSTOM } order;
    int nb_channels;
    struct {
        uint64_t mask;
    } u;
} AVChannelLayout;

static inline AVChannelLayout pt_frame_layout(const AVFrame *frame) {
    const AVChannelLayout layout = {frame->channel_layout ? AV_CHANNEL_ORDER_NATIVE
                                                          : AV_CHANNEL_ORDER_UNSPEC,
                                    frame->channels,
                                    {frame->channel_layout}};
    return layout;
}

/** Only layouts of custom order have other channels than their mask. */
static inline int av_channel_layout_channel_from_index(const AVChannelLayout *layout, unsigned c) {
    (void)layout, (void)c;
    return -1;
}

static inline int swr_alloc_set_opts2(SwrContext **converter, const AVChannelLayout *out_layout,
                                      enum AVSampleFormat out_format, int out_rate,
                                      const AVChannelLayout *in_layout,
                                      enum AVSampleFormat in_format, int in_rate, int log_offset,
                                      void *log_context) {
    *converter =
        swr_alloc_set_opts(NULL, (int64_t)out_layout->u.mask, out_format, out_rate,
                           (int64_t)in_layout->u.mask, in_format, in_rate, log_offset, log_context);
    if (!*converter) return AVERROR(ENOMEM);
    /* for layouts without a mask */
    const int code = av_opt_set_int(*converter, "ich", in_layout->nb_channels, 0);
    return code < 0 ? code : av_opt_set_int(*converter, "och", out_layout->nb_channels, 0);
}

#endif

#endif /* PATINA_AUDIO_FFMPEG_COMPAT_H */
