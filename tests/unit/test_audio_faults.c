/* SPDX-License-Identifier: MIT */
/* test_audio_faults.c - audio files that are joined, truncated, written to a pipe or have a wrong
 * header
 *
 * Each returns all of its samples, or is rejected with a sentence that gives the reason.
 */

#include "audio/decoder.h"

#include <time.h>

#include "audio/channel_mask.h"
#include "audio/flac_header.h"
#include "audio/joined_streams.h"
#include "audio/mpeg_frame.h"
#include "audio_fixture.h"
#include "flac_writer.h"
#include "ogg_fixture.h"
#include "patina_config.h"

#define RATE 48000

static double rms(const float *x, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return n ? sqrt(sum / (double)n) : 0.0;
}

static file_bytes copy_bytes(const unsigned char *b, size_t n) {
    file_bytes f = {malloc(n + 1), n};
    memcpy(f.b, b, n);
    return f;
}

/** Appends the bytes of b to a copy of a. */
static file_bytes join(const file_bytes *a, const file_bytes *b) {
    file_bytes f = {malloc(a->n + b->n + 1), a->n + b->n};
    memcpy(f.b, a->b, a->n);
    memcpy(f.b + a->n, b->b, b->n);
    return f;
}

static file_bytes join_bytes(const file_bytes *a, const void *b, size_t n) {
    const file_bytes other = {(unsigned char *)(uintptr_t)b, n};
    return join(a, &other);
}

static file_bytes noise_file(int format, int rate_hz, int n_channels, size_t n) {
    float *x = make_noise(n * (size_t)n_channels, 0.4);
    file_bytes f = encode_audio(format, rate_hz, n_channels, NULL, x, n);
    free(x);
    return f;
}

/** Checks that a file gives n frames, with `tolerance` frames more or less; releases it. */
static void check_frames_(pt_test *t, int line, file_bytes f, size_t n, size_t tolerance) {
    decode_result o = decode(&f);
    pt_test_check(t, o.status == PATINA_OK, __FILE__, line, "%s: %s", patina_status_name(o.status),
                  o.err.message);
    pt_test_check(t, o.n_frames + tolerance >= n && o.n_frames <= n + tolerance, __FILE__, line,
                  "%zu frames, expected %zu +- %zu", o.n_frames, n, tolerance);
    const double level = rms(o.samples, o.n_frames * o.info.n_channels);
    pt_test_check(t, o.n_frames == 0 || level > 0.01, __FILE__, line, "rms %g", level);
    release(&o);
    file_bytes_release(&f);
}

/** Checks that a file is rejected with a sentence that contains `part`; releases it. */
static void check_reject_(pt_test *t, int line, file_bytes f, const char *sentence) {
    decode_result o = decode(&f);
    pt_test_check(t, patina_status_is_reject(o.status) && strstr(o.err.message, sentence), __FILE__,
                  line, "%s, %zu frames: '%s' does not contain '%s'", patina_status_name(o.status),
                  o.n_frames, o.err.message, sentence);
    release(&o);
    file_bytes_release(&f);
}

#define CHECK_FRAMES(f, n, tolerance) check_frames_(t, __LINE__, f, n, tolerance)
#define CHECK_REJECT(f, sentence)     check_reject_(t, __LINE__, f, sentence)

/* The expected values are those of tests/data/faults/README.md. */
TEST(audio_faults, files_of_tests_data) {
    static const struct {
        const char *name;
        unsigned rate_hz, n_channels;
        double seconds, tolerance_s;
        const char *sentence; /* NULL: the file is read */
    } files[] = {
        {"opus_header_8k.opus", 48000, 2, 6.0, 0.0, NULL},
        {"no_eos.opus", 48000, 2, 6.0, 0.0, NULL},
        {"chained.ogg", 48000, 2, 9.0, 0.0, NULL},
        /* 377 frames without the first delay: 433199. 9.05 s of FFmpeg takes the second information
         * frame for sound. */
        {"joined.mp3", 48000, 2, 9.025, 0.0001, NULL},
        {"mono_then_stereo.mp3", 0, 0, 0.0, 0.0,
         "at 6.02 s the audio changes from 1-channel at 48000 Hz to 2-channel at 48000 Hz"},
        {"pipe_7ffff000.wav", 48000, 2, 0.625, 0.0, NULL},
        {"zero_size_list_only.wav", 48000, 2, 0.0, 0.0, NULL}, /* and so too short */
        {"id3v1_at_end.flac", 44100, 1, 1.2, 0.0, NULL},
        {"total_too_small.flac", 44100, 1, 1.2, 0.0, NULL},
    };
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        char name[64];
        snprintf(name, sizeof name, "faults/%s", files[k].name);
        file_bytes f = read_file(pt_test_data_path(name));
        REQUIRE(f.b);
        if (files[k].sentence) {
            CHECK_REJECT(f, files[k].sentence);
            continue;
        }
        decode_result o = decode(&f);
        CHECK_OK(o.status);
        CHECK_INT(o.info.rate_hz, files[k].rate_hz);
        CHECK_INT(o.info.n_channels, files[k].n_channels);
        CHECK_NEAR((double)o.n_frames / files[k].rate_hz, files[k].seconds, files[k].tolerance_s);
        release(&o);
        file_bytes_release(&f);
    }
}

/* Ogg -------------------------------------------------------------------------------------- */

/** Adds to the positions of all pages behind the headers, and sets the flags of the last page. */
static void edit_pages(file_bytes *f, uint64_t later, unsigned last_flags) {
    for (size_t at = 0, n; at < f->n; at += n) {
        unsigned char *page = f->b + at;
        n = page_bytes(page);
        const uint64_t granule = get_le(page + 6, 8);
        if (granule > 0 && granule <= INT64_MAX) put_le(page + 6, granule + later, 8);
        if (at + n == f->n) page[5] = (unsigned char)last_flags;
        fix_page_crc(page, n);
    }
}

TEST(audio_faults, opus_is_decoded_at_48_khz) {
    static const unsigned rates[] = {0, 8000, 12000, 16000, 24000, 44100, 96000, 192000};
    file_bytes f = noise_file(OPUS, RATE, 2, 2 * RATE);
    decode_result plain = decode(&f);
    CHECK_INT(plain.n_frames, 2 * RATE);
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        unsigned char *head = memmem(f.b, f.n, "OpusHead", 8);
        put_le(head + 12, rates[k], 4);
        fix_page_crc(f.b, page_bytes(f.b));
        decode_result o = decode(&f);
        CHECK_OK(o.status);
        CHECK_INT(o.info.rate_hz, RATE);
        CHECK_INT(o.n_frames, plain.n_frames);
        CHECK(o.n_frames == plain.n_frames &&
              memcmp(o.samples, plain.samples, 2 * o.n_frames * sizeof(float)) == 0);
        release(&o);
    }
    release(&plain);
    file_bytes_release(&f);
}

/* A recording of a live stream: positions count from before its start; or it has no last page. */
TEST(audio_faults, opus_positions_not_from_zero) {
    static const struct {
        uint64_t later;
        unsigned last_flags;
    } cases[] = {{0, 0}, {312, 4}, {48000 * 3600ULL + 7, 4}, {5000, 0}};
    for (size_t k = 0; k < 4; k++) {
        file_bytes f = noise_file(OPUS, RATE, 1, 2 * RATE);
        decode_result plain = decode(&f);
        edit_pages(&f, cases[k].later, cases[k].last_flags);
        decode_result o = decode(&f);
        CHECK_OK(o.status);
        CHECK_INT(o.n_frames, plain.n_frames);
        CHECK(o.n_frames == plain.n_frames &&
              memcmp(o.samples, plain.samples, o.n_frames * sizeof(float)) == 0);
        release(&o);
        release(&plain);
        file_bytes_release(&f);
    }
    file_bytes f = noise_file(OGG, RATE, 1, 2 * RATE);
    edit_pages(&f, 48000 * 3600ULL, 4);
    CHECK_FRAMES(f, 2 * RATE, 0);
}

/** Adds to the position of the middle page, or of this and all pages behind it. */
static void move_positions(file_bytes *f, int64_t by, bool all_later) {
    unsigned n_pages = 0, i = 0;
    for (size_t at = 0; at < f->n; at += page_bytes(f->b + at))
        n_pages++;
    for (size_t at = 0; at < f->n; at += page_bytes(f->b + at), i++) {
        unsigned char *page = f->b + at;
        if (i < n_pages / 2 || (i > n_pages / 2 && !all_later)) continue;
        put_le(page + 6, (uint64_t)((int64_t)get_le(page + 6, 8) + by), 8);
        fix_page_crc(page, page_bytes(page));
    }
}

/* A position that differs from the packets, as FFmpeg 5.1 writes now and then, or a gap where
 * nothing was sent: the sound is that of the packets. Packets of Vorbis do not give their length:
 * a gap cannot be distinguished from a loss. */
TEST(audio_faults, ogg_positions_with_gaps) {
    static const int formats[] = {OPUS, OGG};
    static const struct {
        int64_t by;
        bool all_later;
    } cases[] = {{488, false}, {-488, false}, {1, false}, {96000, true}, {960, true}};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            file_bytes f = noise_file(formats[i], RATE, 1, 6 * RATE);
            decode_result plain = decode(&f);
            CHECK_INT(plain.n_frames, 6 * RATE);
            move_positions(&f, cases[k].by, cases[k].all_later);
            decode_result o = decode(&f);
            if (formats[i] == OGG && cases[k].all_later) {
                CHECK_INT(o.status, PATINA_REJECT_TRUNCATED);
            } else {
                CHECK_OK(o.status);
                CHECK_INT(o.n_frames, plain.n_frames);
                CHECK(o.n_frames == plain.n_frames &&
                      memcmp(o.samples, plain.samples, o.n_frames * sizeof(float)) == 0);
            }
            release(&o);
            release(&plain);
            file_bytes_release(&f);
        }
    }
}

/* A page that is missing, by its number, is no such gap. */
TEST(audio_faults, missing_page_of_opus) {
    file_bytes f = noise_file(OPUS, RATE, 1, 6 * RATE);
    size_t at = 0;
    for (unsigned i = 0; i < 4; i++)
        at += page_bytes(f.b + at);
    const size_t n = page_bytes(f.b + at);
    memmove(f.b + at, f.b + at + n, f.n - at - n);
    f.n -= n;
    CHECK_REJECT(f, "ogg: pages are missing before that at byte ");
}

/* Bytes that are not Ogg, behind a last page. */
TEST(audio_faults, bytes_behind_ogg) {
    static const unsigned char zeros[5000] = {0}, text[] = "not a page, and no sound either";
    const int formats[] = {OGG, OPUS};
    for (size_t k = 0; k < 2; k++) {
        file_bytes f = noise_file(formats[k], RATE, 2, RATE);
        CHECK_FRAMES(join_bytes(&f, zeros, sizeof zeros), RATE, 0);
        CHECK_FRAMES(join_bytes(&f, text, sizeof text), RATE, 0);
        file_bytes_release(&f);
    }
}

/* The header page of Opus has nothing else. */
TEST(audio_faults, opus_header_page) {
    file_bytes f = noise_file(OPUS, RATE, 1, RATE);
    f.b[26 + 1]--; /* the last byte of the header is a packet of its own */
    memmove(f.b + 29, f.b + 28, f.n - 29);
    f.b[26] = 2;
    f.b[28] = 1;
    fix_page_crc(f.b, page_bytes(f.b));
    CHECK_REJECT(f, "the first page has more than the header");
}

/* A truncated packet ends a stream without a last page. */
TEST(audio_faults, truncated_ogg) {
    static const int formats[] = {OGG, OPUS};
    for (size_t k = 0; k < 2; k++) {
        file_bytes f = noise_file(formats[k], RATE, 1, 3 * RATE);
        for (size_t less = 1; less < 3000; less += 271)
            CHECK_REJECT(copy_bytes(f.b, f.n - less), "is truncated");
        file_bytes_release(&f);
    }
}

TEST(audio_faults, chained_ogg) {
    static const int formats[] = {OGG, OPUS};
    for (size_t k = 0; k < 2; k++) {
        file_bytes a = noise_file(formats[k], RATE, 2, RATE);
        file_bytes b = noise_file(formats[k], RATE, 2, 2 * RATE);
        file_bytes mono = noise_file(formats[k], RATE, 1, RATE), ab = join(&a, &b),
                   aba = join(&ab, &a);
        CHECK_FRAMES(ab, 3 * RATE, 0);
        /* the samples are those of the links */
        decode_result one = decode(&a), all = decode(&aba);
        CHECK_INT(all.n_frames, 4 * RATE);
        if (all.n_frames == 4 * RATE) {
            CHECK(memcmp(all.samples, one.samples, 2 * RATE * sizeof(float)) == 0);
            CHECK(memcmp(all.samples + 6 * RATE, one.samples, 2 * RATE * sizeof(float)) == 0);
        }
        release(&one);
        release(&all);
        CHECK_REJECT(join(&b, &mono),
                     "at 2.00 s the audio changes from 2-channel at 48000 Hz to 1-channel");
        CHECK_REJECT(copy_bytes(aba.b, aba.n - 100), "is truncated");
        if (formats[k] == OGG) {
            file_bytes slow = noise_file(OGG, 44100, 2, 44100);
            CHECK_REJECT(join(&a, &slow), "at 1.00 s the audio changes from 2-channel at 48000 Hz "
                                          "to 2-channel at 44100 Hz");
            file_bytes_release(&slow);
        }
        file_bytes_release(&aba);
        file_bytes_release(&mono);
        file_bytes_release(&a);
        file_bytes_release(&b);
    }
    file_bytes vorbis = noise_file(OGG, RATE, 1, RATE), opus = noise_file(OPUS, RATE, 1, RATE);
    CHECK_FRAMES(join(&vorbis, &opus), 2 * RATE, 0);
    file_bytes_release(&vorbis);
    file_bytes_release(&opus);
}

/** Adds the n lowest bits of x, from the least significant on, as Vorbis does. */
static void add_bits(unsigned char *b, size_t *at, uint32_t x, unsigned n) {
    for (unsigned i = 0; i < n; i++, ++*at)
        b[*at / 8] |= (unsigned char)((x >> i & 1) << *at % 8);
}

/** Adds a page of one packet. */
static void add_page(file_bytes *f, unsigned flags, unsigned sequence, const void *packet,
                     size_t n) {
    unsigned char *page = f->b + f->n;
    memcpy(page, "OggS", 5);
    page[5] = (unsigned char)flags;
    page[14] = 1;
    page[18] = (unsigned char)sequence;
    page[26] = (unsigned char)(n / 255 + 1);
    memset(page + 27, 255, n / 255);
    page[27 + n / 255] = (unsigned char)(n % 255);
    memcpy(page + 27 + page[26], packet, n);
    f->n += page_bytes(page);
    fix_page_crc(page, page_bytes(page));
}

/** Ogg Vorbis of n_books codebooks, each of 2^log2_entries codewords of that length; with
 * n_dimensions > 0 of so many values of one bit each. libvorbis accepts its headers. */
static file_bytes vorbis_with_books(unsigned n_books, unsigned log2_entries,
                                    unsigned n_dimensions) {
    static const unsigned char packets[] = "\0\0\0";
    file_bytes f = {calloc(1, 32768), 0};
    unsigned char setup[16384] = "\5vorbis";
    size_t at = 7 * 8;

    add_bits(setup, &at, n_books - 1, 8);
    for (unsigned i = 0; i < n_books; i++) {
        add_bits(setup, &at, 0x564342, 24);
        add_bits(setup, &at, n_dimensions > 0 ? n_dimensions : 1, 16);
        add_bits(setup, &at, 1U << log2_entries, 24);
        add_bits(setup, &at, 1, 1); /* ordered */
        add_bits(setup, &at, log2_entries - 1, 5);
        add_bits(setup, &at, 1U << log2_entries, log2_entries + 1);
        add_bits(setup, &at, n_dimensions > 0, 4);
        if (n_dimensions == 0) continue;
        at += 32 + 32 + 4 + 1 + 1; /* all zero; n_dimensions > log2_entries: one value */
    }
    at += 6 + 16; /* time transforms */
    at += 6;      /* one floor: */
    add_bits(setup, &at, 1, 16);
    at += 5 + 2;
    add_bits(setup, &at, 4, 4);           /* bits of a range */
    at += 6 + 16 + 3 * 24 + 6 + 8 + 4;    /* one residue */
    at += 6 + 16 + 1 + 1 + 2 + 8 + 8 + 8; /* one mapping */
    at += 6 + 1 + 16 + 16 + 8;            /* one mode */
    add_bits(setup, &at, 1, 1);
    add_page(&f, 2, 0, "\1vorbis\0\0\0\0\1\x80\xBB\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x88\1", 30);
    add_page(&f, 0, 1, "\3vorbis\0\0\0\0\0\0\0\0\1", 16);
    add_page(&f, 0, 2, setup, (at + 7) / 8);
    add_page(&f, 4, 3, packets, 1);
    return f;
}

/** The same with its third page in two, of which the second may lack the flag "continued". */
static file_bytes with_split_setup(const file_bytes *f, bool is_marked) {
    const size_t n_before = 2 * 28 + 30 + 16, n = page_bytes(f->b + n_before);
    file_bytes split = {calloc(1, f->n + 64), f->n + 27};
    unsigned char *first = split.b + n_before, *second = first + 27 + 1 + 255;
    memcpy(split.b, f->b, n_before + 27);
    first[26] = 1;
    first[27] = 255;
    memcpy(first + 28, f->b + n_before + 27 + first[26] + f->b[n_before + 26] - 1, 255);
    fix_page_crc(first, page_bytes(first));
    memcpy(second, f->b + n_before, 27);
    second[5] = is_marked;
    second[18] = 3;
    second[26] = (unsigned char)(f->b[n_before + 26] - 1);
    memcpy(second + 27, f->b + n_before + 28, second[26]);
    memcpy(second + 27 + second[26], f->b + n_before + 28 + second[26] + 255,
           n - 28 - second[26] - 255);
    fix_page_crc(second, page_bytes(second));
    unsigned char *last = second + page_bytes(second);
    memcpy(last, f->b + n_before + n, f->n - n_before - n);
    last[18] = 4;
    fix_page_crc(last, page_bytes(last));
    return split;
}

/* libvorbis keeps the entries of a book on the stack, and those of all books in memory. */
TEST(audio_faults, large_codebooks_of_vorbis) {
    static const unsigned char id3[] = "ID3\4\0\0\0\0\0\x20";
    const size_t n_tags = 4097, n_tag = 10 + 32;
    file_bytes huge = vorbis_with_books(1, 20, 0), plain = noise_file(OGG, RATE, 1, RATE);
    file_bytes tagged = {calloc(n_tags, n_tag), n_tags * n_tag};
    file_bytes many = vorbis_with_books(255, 16, 0);

    CHECK_REJECT(join(&plain, &huge), "codebook 0 of Vorbis has 1048576 entries, more than 65536");
    for (size_t i = 0; i < n_tags; i++)
        memcpy(tagged.b + i * n_tag, id3, 10);
    CHECK_REJECT(join(&tagged, &huge), "not a supported audio file");
    CHECK_REJECT(huge, "ogg: codebook 0 of Vorbis has 1048576 entries, more than 65536");
    CHECK_REJECT(with_split_setup(&many, true), "more than 262144 entries");
    CHECK_REJECT(with_split_setup(&many, false), "more than 262144 entries");
    CHECK_REJECT(many, "ogg: the codebooks of Vorbis have more than 262144 entries");
    CHECK_REJECT(vorbis_with_books(5, 14, 16), "codebooks of Vorbis have more than 1048576 values");
    CHECK_FRAMES(vorbis_with_books(4, 16, 0), 0, 0);
    CHECK_FRAMES(vorbis_with_books(2, 14, 17), 0, 0);
    file_bytes_release(&tagged);
    CHECK_FRAMES(plain, RATE, 0);
}

/* MP3 -------------------------------------------------------------------------------------- */

static const unsigned char id3v2[310] = "ID3\4\0\0\0\0\2\x2c"; /* 300 bytes: 2 * 128 + 44 */
static const unsigned char id3v1[128] = "TAG";
/* an APE tag of no items: header and footer */
static const unsigned char ape[64] =
    "APETAGEX\xD0\7\0\0\x20\0\0\0\0\0\0\0\0\0\0\xA0\0\0\0\0\0\0\0\0"
    "APETAGEX\xD0\7\0\0\x20\0\0\0\0\0\0\0\0\0\0\x80\0\0\0\0\0\0\0";

/** The MP3 without its information frame. */
static file_bytes without_info(const file_bytes *f) {
    const unsigned n = pt_mpeg_frame_bytes(f->b);
    return copy_bytes(f->b + n, f->n - n);
}

/** The MP3 with a VBRI frame before it, which declares this number of frames. */
static file_bytes with_vbri(const file_bytes *bare, uint32_t n_frames) {
    const unsigned n = pt_mpeg_frame_bytes(bare->b);
    file_bytes f = {calloc(1, n + bare->n), n + bare->n};
    memcpy(f.b, bare->b, 4);
    memcpy(f.b + 36, "VBRI\0\1", 6);
    for (int i = 0; i < 4; i++)
        f.b[36 + 14 + i] = (unsigned char)(n_frames >> (24 - 8 * i));
    memcpy(f.b + n, bare->b, bare->n);
    return f;
}

/* Delay and padding of 1152 + 529 frames may remain at each joint. */
TEST(audio_faults, joined_mp3) {
    const size_t joint = 3 * 1152;
    file_bytes a = noise_file(MP3, RATE, 2, 2 * RATE), b = noise_file(MP3, RATE, 2, RATE);
    file_bytes bare_a = without_info(&a), bare_b = without_info(&b);
    file_bytes vbri = with_vbri(&bare_b, 42);
    const file_bytes *firsts[] = {&a, &bare_a}, *seconds[] = {&b, &bare_b, &vbri};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++) {
            file_bytes plain = join(firsts[i], seconds[k]);
            file_bytes tagged = join_bytes(firsts[i], id3v1, sizeof id3v1);
            file_bytes more = join_bytes(&tagged, id3v2, sizeof id3v2);
            CHECK_FRAMES(join(&plain, &b), 4 * RATE, 3 * joint);
            CHECK_FRAMES(join(&more, seconds[k]), 3 * RATE, 2 * joint);
            CHECK_FRAMES(join_bytes(&plain, ape, sizeof ape), 3 * RATE, 2 * joint);
            CHECK_FRAMES(plain, 3 * RATE, 2 * joint);
            file_bytes_release(&tagged);
            file_bytes_release(&more);
        }
    file_bytes mono = noise_file(MP3, RATE, 1, RATE), slow = noise_file(MP3, 44100, 2, 44100);
    file_bytes bare_mono = without_info(&mono), bare_slow = without_info(&slow);
    CHECK_REJECT(join(&a, &mono), "s the audio changes from 2-channel at 48000 Hz to 1-");
    CHECK_REJECT(join(&a, &slow),
                 "s the audio changes from 2-channel at 48000 Hz to 2-channel at 44");
    CHECK_REJECT(join(&bare_a, &bare_mono), "s the audio changes from 2-channel at 48000 Hz to 1-");
    CHECK_REJECT(join(&bare_a, &bare_slow), "s the audio changes from 2-channel at 48000 Hz to 2-");
    file_bytes *all[] = {&a, &b, &bare_a, &bare_b, &vbri, &mono, &slow, &bare_mono, &bare_slow};
    for (size_t i = 0; i < 9; i++)
        file_bytes_release(all[i]);
}

TEST(audio_faults, wrong_and_audible_information_frames) {
    file_bytes f = noise_file(MP3, RATE, 1, 2 * RATE), bare = without_info(&f);
    unsigned char *tag = NULL;
    for (size_t i = 0; i < 200 && !tag; i++)
        if (memcmp(f.b + i, "Info", 4) == 0 || memcmp(f.b + i, "Xing", 4) == 0) tag = f.b + i;
    REQUIRE(tag && (tag[7] & 1) && tag[10] == 0);
    const unsigned count = tag[11];
    decode_result plain = decode(&f), o;
    const unsigned counts[] = {count - 2, count - 15, count / 2, 1, 0};
    for (size_t k = 0; k < 5; k++) { /* it still starts at the first sample */
        tag[11] = (unsigned char)counts[k];
        o = decode(&f);
        CHECK_OK(o.status);
        CHECK(o.n_frames >= plain.n_frames && o.n_frames < plain.n_frames + 2 * 1152);
        CHECK(memcmp(o.samples, plain.samples, RATE * sizeof(float)) == 0);
        release(&o);
    }
    release(&plain);
    plain = decode(&bare);
    for (uint32_t n = 1; n < 400; n += 99) { /* a VBRI frame with any count is not audio */
        file_bytes vbri = with_vbri(&bare, n < count ? n : count);
        o = decode(&vbri);
        CHECK_OK(o.status);
        CHECK_INT(o.n_frames, plain.n_frames);
        CHECK(memcmp(o.samples, plain.samples, plain.n_frames * sizeof(float)) == 0);
        release(&o);
        file_bytes_release(&vbri);
    }
    release(&plain);
    file_bytes_release(&f);
    file_bytes_release(&bare);
}

TEST(audio_faults, mp3_after_zeros_or_junk) {
    file_bytes f = noise_file(MP3, RATE, 1, RATE);
    decode_result plain = decode(&f);
    static const size_t sizes[] = {1, 100000, 3000000};
    for (size_t k = 0; k < 3; k++)
        for (int kind = 0; kind < 3; kind++) {
            file_bytes before = {calloc(1, sizes[k] + sizeof id3v2), sizes[k]};
            uint32_t state = 5;
            for (size_t i = 0; kind == 1 && i < sizes[k]; i++) {
                state = state * 1664525U + 1013904223U;
                before.b[i] = (unsigned char)(state >> 24);
            }
            if (kind == 2) {
                before.n += sizeof id3v2;
                memcpy(before.b, id3v2, sizeof id3v2);
            }
            file_bytes g = join(&before, &f);
            decode_result o = decode(&g);
            CHECK_OK(o.status);
            CHECK_INT(o.n_frames, plain.n_frames);
            CHECK(o.n_frames == plain.n_frames &&
                  memcmp(o.samples, plain.samples, o.n_frames * sizeof(float)) == 0);
            release(&o);
            file_bytes_release(&g);
            file_bytes_release(&before);
        }
    release(&plain);
    file_bytes_release(&f);
}

/* FLAC ------------------------------------------------------------------------------------- */

static void set_flac_total(file_bytes *f, uint64_t total) {
    f->b[21] = (unsigned char)((f->b[21] & 0xF0) | (total >> 32 & 15));
    for (int i = 0; i < 4; i++)
        f->b[22 + i] = (unsigned char)(total >> (24 - 8 * i));
}

TEST(audio_faults, flac_total_too_small) {
    const size_t n = 3 * RATE + 1234;
    static const uint64_t totals[] = {1, 4095, 4096, 4097, RATE, 3 * RATE, 3 * RATE + 1233};
    file_bytes f = noise_file(FLAC_16, RATE, 2, n);
    decode_result plain = decode(&f);
    CHECK_INT(plain.n_frames, n);
    for (size_t k = 0; k < sizeof totals / sizeof *totals; k++) {
        set_flac_total(&f, totals[k]);
        file_bytes tagged = join_bytes(&f, id3v1, sizeof id3v1);
        const file_bytes *both[] = {&f, &tagged};
        for (size_t i = 0; i < 2; i++) {
            decode_result o = decode(both[i]);
            CHECK_OK(o.status);
            CHECK_INT(o.n_frames, n);
            CHECK(o.n_frames == n && memcmp(o.samples, plain.samples, 2 * n * sizeof(float)) == 0);
            release(&o);
        }
        file_bytes_release(&tagged);
    }
    set_flac_total(&f, n + 1);
    CHECK_REJECT(copy_bytes(f.b, f.n), "header declares");
    set_flac_total(&f, n);
    CHECK_REJECT(copy_bytes(f.b, f.n - 1), "header declares"); /* the last frame is cut */
    release(&plain);
    file_bytes_release(&f);
}

TEST(audio_faults, tags_and_junk_after_flac) {
    static const char lyrics[] = "LYRICSBEGININD0000210"
                                 "000021LYRICS200";
    file_bytes f = noise_file(FLAC_16, RATE, 1, RATE);
    file_bytes with_ape = join_bytes(&f, ape, sizeof ape);
    file_bytes with_lyrics = join_bytes(&f, lyrics, sizeof lyrics - 1);
    file_bytes junk = noise_file(WAV_16, RATE, 1, 500);
    CHECK_FRAMES(join_bytes(&f, id3v1, sizeof id3v1), RATE, 0);
    CHECK_FRAMES(join_bytes(&with_ape, id3v1, sizeof id3v1), RATE, 0);
    CHECK_FRAMES(join_bytes(&with_lyrics, id3v1, sizeof id3v1), RATE, 0);
    CHECK_FRAMES(with_ape, RATE, 0);
    CHECK_FRAMES(with_lyrics, RATE, 0);
    CHECK_FRAMES(join(&f, &junk), RATE, 0);
    const file_bytes in_front[] = {{(unsigned char *)(uintptr_t)id3v1, sizeof id3v1},
                                   {(unsigned char *)(uintptr_t)ape, sizeof ape}};
    for (size_t i = 0; i < 2; i++)
        CHECK_FRAMES(join(&in_front[i], &f), RATE, 0);
    file_bytes_release(&f);
    file_bytes_release(&junk);
}

TEST(audio_faults, joined_flac) {
    file_bytes a = noise_file(FLAC_16, RATE, 2, 2 * RATE), b = noise_file(FLAC_16, RATE, 2, RATE);
    file_bytes mono = noise_file(FLAC_16, RATE, 1, RATE), slow = noise_file(FLAC_16, 8000, 2, 8000);
    file_bytes tagged = join_bytes(&a, id3v2, sizeof id3v2);
    CHECK_FRAMES(join(&a, &b), 3 * RATE, 0);
    CHECK_FRAMES(join(&a, &a), 4 * RATE, 0);
    CHECK_FRAMES(join(&b, &a), 3 * RATE, 0);
    CHECK_FRAMES(join(&tagged, &b), 3 * RATE, 0);
    CHECK_REJECT(join(&a, &mono), "flac: at 2.00 s the audio changes from 2-channel");
    CHECK_REJECT(join(&b, &slow), "flac: at 1.00 s the audio changes from 2-channel at 48000 Hz to "
                                  "2-channel at 8000 Hz");
    file_bytes *all[] = {&a, &b, &mono, &slow, &tagged};
    for (size_t i = 0; i < 5; i++)
        file_bytes_release(all[i]);
}

/* libsndfile reads 8, 16 and 24 bits. The samples of verbatim frames are exact. */
TEST(audio_faults, flac_bit_depths) {
    static const unsigned widths[] = {8, 12, 16, 20, 24, 32};
    enum { N = 10000 };
    for (size_t k = 0; k < 6; k++) {
        const unsigned bits = widths[k];
        int32_t *x = malloc(2 * N * sizeof *x);
        uint32_t state = 1;
        for (size_t i = 0; i < 2 * N; i++) {
            state = state * 1664525U + 1013904223U;
            x[i] = (int32_t)state >> (32 - bits);
        }
        file_bytes f = make_flac(RATE, 2, bits, x, N);
        decode_result o = decode(&f);
        if (bits == 32 && o.status != PATINA_OK) { /* some versions of FFmpeg decode it */
            CHECK_REJECT(copy_bytes(f.b, f.n), "32-bit FLAC");
        } else if (!PT_HAVE_FFMPEG && (bits == 12 || bits == 20)) {
            CHECK_REJECT(copy_bytes(f.b, f.n), bits == 12
                                                   ? "12-bit FLAC is not supported by this build"
                                                   : "20-bit FLAC is not supported by this build");
        } else {
            size_t wrong = 0;
            CHECK_OK(o.status);
            CHECK_INT(o.n_frames, N);
            for (size_t i = 0; i < 2 * o.n_frames && i < 2 * N; i++)
                wrong += o.samples[i] != (float)ldexp(x[i], 1 - (int)bits);
            CHECK_INT(wrong, 0);
        }
        release(&o);
        file_bytes_release(&f);
        free(x);
    }
}

/* Containers ------------------------------------------------------------------------------- */

/** Position and width of the size of the samples in a container, and what it includes besides them.
 * */
typedef struct size_field {
    int format;
    const char *name; /* of the chunk */
    size_t offset;    /* behind the name */
    unsigned n;
    bool big_endian;
    uint64_t overhead;
} size_field;

static const size_field size_fields[] = {
    {WAV_16, "data", 4, 4, false, 0},
    {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, "SSND", 4, 4, true, 8},
    {SF_FORMAT_AU | SF_FORMAT_PCM_16, ".snd", 8, 4, true, 0},
    {SF_FORMAT_W64 | SF_FORMAT_PCM_16, "data\xF3", 16, 8, false, 24},
    {SF_FORMAT_CAF | SF_FORMAT_PCM_16, "data", 4, 8, true, 4},
};
#define N_FIELDS (sizeof size_fields / sizeof *size_fields)

static void put_size(const file_bytes *f, const size_field *field, uint64_t value) {
    unsigned char *at = memmem(f->b, f->n, field->name, strlen(field->name));
    if (!at) exit(2);
    for (unsigned i = 0; i < field->n; i++)
        at[field->offset + (field->big_endian ? field->n - 1 - i : i)] =
            (unsigned char)(value >> (8 * i));
}

TEST(audio_faults, placeholder_sizes_of_pipes) {
    static const uint64_t narrow[] = {0,          0x7F000000, 0x7F000008, 0x7FFFFFFF, 0x7FFFF000,
                                      0x7FFFFFDB, 0x80000000, 0x7FFFFFD4, 0xFFFFF000, 0xFFFFFFFF};
    static const uint64_t wide[] = {0, 24, INT64_MAX, INT64_MAX - 7, UINT64_MAX};
    for (size_t k = 0; k < N_FIELDS; k++) {
        file_bytes f = noise_file(size_fields[k].format, RATE, 2, RATE);
        const bool is_wide = size_fields[k].n == 8;
        for (size_t i = 0; i < (is_wide ? 5 : 10); i++) {
            if (size_fields[k].format == (SF_FORMAT_CAF | SF_FORMAT_PCM_16) && i == 1) continue;
            put_size(&f, &size_fields[k], is_wide ? wide[i] : narrow[i]);
            CHECK_FRAMES(copy_bytes(f.b, f.n), RATE, 0);
        }
        file_bytes_release(&f);
    }
}

/* A declared size that is smaller than the data. */
TEST(audio_faults, samples_after_a_size_too_small) {
    for (size_t k = 0; k < N_FIELDS; k++) {
        file_bytes f = noise_file(size_fields[k].format, RATE, 2, RATE);
        for (uint64_t frames = 1000; frames < RATE; frames += 9999) {
            put_size(&f, &size_fields[k], 4 * frames + size_fields[k].overhead);
            CHECK_REJECT(copy_bytes(f.b, f.n), "no chunk follows them");
        }
        put_size(&f, &size_fields[k], 4 * RATE + size_fields[k].overhead);
        CHECK_FRAMES(join_bytes(&f, id3v1, sizeof id3v1), RATE, 0);
        const unsigned char zeros[5000] = {0};
        CHECK_FRAMES(join_bytes(&f, zeros, sizeof zeros), RATE, 0);
        put_size(&f, &size_fields[k], 4 * RATE + 4000 + size_fields[k].overhead);
        CHECK_REJECT(copy_bytes(f.b, f.n), "header declares");
        file_bytes_release(&f);
    }
    file_bytes f = noise_file(WAV_16, RATE, 2, RATE);
    CHECK_REJECT(join(&f, &f), "another file is joined at byte");
    CHECK_REJECT(join_bytes(&f, "data\x10\0\0\0................", 24), "a second chunk of samples");
    file_bytes_release(&f);
}

/** The same W64 with an extensible fmt of 40 bytes, as FFmpeg writes all but 16-bit integers. */
static file_bytes make_extensible_w64(const file_bytes *f) {
    static const unsigned char guid[14] = {0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113};
    const unsigned char *fmt = memmem(f->b, f->n, "fmt \xF3", 5);
    if (!fmt) exit(2);
    const size_t at = (size_t)(fmt - f->b), size = (size_t)get_le(fmt + 16, 8),
                 rest = at + (size + 7) / 8 * 8, n = f->n - rest + at + 64;
    file_bytes out = {calloc(1, n), n};
    memcpy(out.b, f->b, at + 40);
    put_le(out.b + 16, n, 8);
    put_le(out.b + at + 16, 64, 8);
    put_le(out.b + at + 24, 0xFFFE, 2);
    put_le(out.b + at + 40, 22, 2);
    put_le(out.b + at + 42, get_le(fmt + 38, 2), 2); /* valid bits */
    put_le(out.b + at + 48, get_le(fmt + 24, 2), 2);
    memcpy(out.b + at + 50, guid, sizeof guid);
    memcpy(out.b + at + 64, f->b + rest, f->n - rest);
    return out;
}

TEST(audio_faults, extensible_w64) {
    static const int formats[] = {SF_FORMAT_FLOAT, SF_FORMAT_DOUBLE, SF_FORMAT_ULAW,
                                  SF_FORMAT_ALAW,  SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16,
                                  SF_FORMAT_PCM_32};
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        file_bytes f = noise_file(SF_FORMAT_W64 | formats[k], RATE, 2, RATE);
        file_bytes extensible = make_extensible_w64(&f);
        decode_result plain = decode(&f), o = decode(&extensible);
        CHECK_OK(o.status);
        CHECK_INT(plain.n_frames, RATE);
        CHECK(o.n_frames == plain.n_frames &&
              memcmp(o.samples, plain.samples, 2 * o.n_frames * sizeof(float)) == 0);
        CHECK_STR(o.info.codec.name, plain.info.codec.name);
        release(&o);
        release(&plain);
        file_bytes_release(&extensible);
        file_bytes_release(&f);
    }
}

TEST(audio_faults, size_0_followed_by_chunks) {
    static const char list[] = "LIST\x0c\0\0\0INFOISFT\0\0\0\0";
    file_bytes f = make_wav(1, 16, RATE, 1, list, sizeof list - 1);
    put_le(f.b + 40, 0, 4);
    CHECK_FRAMES(f, 0, 0);
}

/* Samples of unknown size that chunks follow: the chunks are not sound. */
TEST(audio_faults, chunks_after_unknown_sizes) {
    static const char list[] = "LIST\x1a\0\0\0INFOISFT\x0e\0\0\0Lavf59.27.100",
                      odd[] = "id3 \x05\0\0\0ID3\3\0", /* with a pad byte */
        w64[] = "list\x2F\x91\xCF\x11\xA5\xD6\x28\xDB\x04\xC1\0\0\x20\0\0\0\0\0\0\0INFOISFT";
    static const uint64_t sizes[] = {0, 0x7FFFFFFF, 0x7FFFF000, 0xFFFFFFFF};
    file_bytes wav = noise_file(WAV_16, RATE, 2, RATE);
    file_bytes sony = noise_file(SF_FORMAT_W64 | SF_FORMAT_PCM_16, RATE, 2, RATE);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        put_size(&wav, &size_fields[0], sizes[i]);
        file_bytes tagged = join_bytes(&wav, odd, sizeof odd);
        CHECK_FRAMES(join_bytes(&wav, list, sizeof list), RATE, 0);
        CHECK_FRAMES(join_bytes(&tagged, list, sizeof list), RATE, 0);
        CHECK_FRAMES(join_bytes(&wav, list, 20), RATE + 5, 0); /* is not a chunk: cut */
        file_bytes_release(&tagged);
    }
    put_size(&sony, &size_fields[3], INT64_MAX);
    CHECK_FRAMES(join_bytes(&sony, w64, sizeof w64 - 1), RATE, 0);
    file_bytes_release(&wav);
    file_bytes_release(&sony);
}

/** Writes n bytes of a repeated unit after a head, and opens the file. */
static pt_byte_source open_repeated(pt_test *t, const char *head, size_t n_head, const char *unit,
                                    size_t n_unit, size_t n) {
    const char *path = tmp_path("repeated");
    pt_byte_source bytes = {0};
    FILE *out = fopen(path, "wb");
    if (!out || fwrite(head, 1, n_head, out) != n_head) exit(2);
    for (size_t i = 0; i < n; i += n_unit)
        if (fwrite(unit, 1, n_unit, out) != n_unit) exit(2);
    if (fclose(out) != 0 || !CHECK_OK(pt_byte_source_open_file(path, &bytes, &t->err))) exit(2);
    return bytes;
}

/* Marks that begin nothing. A search for each of them anew would take minutes. */
TEST(audio_faults, search_time_is_not_quadratic) {
    static const char wav[] = "RIFF\xFF\xFF\xFF\xFFWAVEfmt \x10\0\0\0\1\0\1\0\x44\xAC\0\0"
                              "\x88\x58\1\0\2\0\x10\0data\xFF\xFF\xFF\xFF";
    pt_container_header header;
    pt_joined_streams streams = {0};

    const clock_t start = clock();
    pt_byte_source bytes = open_repeated(t, wav, sizeof wav - 1, "LIST\0\0\0", 8, 1 << 20);
    bytes.size--; /* the last chunk is cut */
    pt_container_header_parse(&bytes, &header);
    CHECK(header.unknown_size);
    CHECK_INT(header.data_available, bytes.size - header.data_offset);
    pt_byte_source_close(&bytes);

    bytes = open_repeated(t, "", 0, "fLaC", 4, 32 << 20);
    pt_container_header_parse(&bytes, &header);
    CHECK_OK(pt_joined_streams_find(&bytes, &header, &streams, &t->err));
    CHECK_INT(streams.n, 1);
    pt_joined_streams_release(&streams);
    pt_byte_source_close(&bytes);
    CHECK((double)(clock() - start) / CLOCKS_PER_SEC < 30.0);
}

/* PCM of 24 or 20 bits in samples of four bytes, which only the size of the frames shows. */
TEST(audio_faults, bits_in_larger_samples) {
    static const unsigned bits[] = {24, 20};
    for (size_t k = 0; k < 2; k++) {
        unsigned char data[400 * 4];
        for (size_t i = 0; i < 400; i++)
            put_le(data + 4 * i, (i * 1000 - 200000) << (32 - bits[k]), 4);
        file_bytes f = make_wav(1, 32, RATE, 2, data, sizeof data);
        put_le(f.b + 34, bits[k], 2);
        decode_result o = decode(&f);
        CHECK_OK(o.status);
        REQUIRE(o.n_frames == 200);
        for (size_t i = 0; i < 400; i++)
            CHECK(o.samples[i] == (float)ldexp((double)i * 1000 - 200000, 1 - (int)bits[k]));
        release(&o);
        put_le(f.b + 28, RATE * 2 * 3, 4); /* bytes per second of packed samples: 266 frames */
        CHECK_FRAMES(f, 266, 0);
    }
}

TEST(audio_faults, bw64) {
    file_bytes f = noise_file(SF_FORMAT_RF64 | SF_FORMAT_PCM_16, RATE, 2, RATE);
    decode_result plain = decode(&f);
    memcpy(f.b, "BW64", 4);
    decode_result o = decode(&f);
    CHECK_OK(o.status);
    CHECK_INT(o.n_frames, RATE);
    CHECK(o.n_frames == RATE && memcmp(o.samples, plain.samples, 2 * RATE * sizeof(float)) == 0);
    CHECK_REJECT(copy_bytes(f.b, f.n - 1000), "header declares");
    release(&o);
    release(&plain);
    file_bytes_release(&f);
}

/* Channel positions ------------------------------------------------------------------------ */

/** A WAV with a mask: fmt of 40 bytes. */
static file_bytes make_masked_wav(unsigned n_channels, uint32_t mask) {
    static const unsigned char guid[16] = {1,   0, 0, 0,   0, 0,  16,  0,
                                           128, 0, 0, 170, 0, 56, 155, 113};
    const size_t n_data = 2 * (size_t)n_channels * 100;
    file_bytes f = {calloc(1, 68 + n_data), 68 + n_data};
    memcpy(f.b, "RIFF....WAVEfmt ", 16);
    put_le(f.b + 4, 60 + n_data, 4);
    put_le(f.b + 16, 40, 4);
    put_le(f.b + 20, 0xFFFE, 2);
    put_le(f.b + 22, n_channels, 2);
    put_le(f.b + 24, RATE, 4);
    put_le(f.b + 28, (uint64_t)RATE * n_channels * 2, 4);
    put_le(f.b + 32, 2 * n_channels, 2);
    put_le(f.b + 34, 16, 2);
    put_le(f.b + 36, 22, 2);
    put_le(f.b + 38, 16, 2);
    put_le(f.b + 40, mask, 4);
    memcpy(f.b + 44, guid, 16);
    memcpy(f.b + 60, "data", 4);
    put_le(f.b + 64, n_data, 4);
    return f;
}

static uint64_t mask_of(pt_test *t, file_bytes f) {
    decode_result o = decode(&f);
    const uint64_t mask = o.info.channel_mask;
    CHECK_OK(o.status);
    release(&o);
    file_bytes_release(&f);
    return mask;
}

TEST(audio_faults, masks_of_wav_and_flac) {
    static const struct {
        unsigned n;
        uint32_t mask;
        uint64_t expected;
    } cases[] = {
        {3, 0xB, 0xB},   {4, 0x107, 0x107}, {7, 0x70F, 0x70F}, {8, 0x63F, 0x63F},
        {8, 0xFF, 0xFF}, {2, 0x3, 0x3},     {6, 0, 0},         {6, 0x7, 0}, /* too few */
        {4, 0x3F, 0xF}, /* too many: the lowest */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const unsigned n = cases[k].n;
        int32_t x[8 * 100] = {0};
        CHECK_INT(mask_of(t, make_masked_wav(n, cases[k].mask)), cases[k].expected);
        file_bytes f = make_flac(RATE, n, 16, x, 100);
        CHECK_INT(mask_of(t, copy_bytes(f.b, f.n)), pt_channel_mask_by_count(n));
        file_bytes tagged =
            add_flac_comment(&f, "WaveFormatExtensible_Channel_Mask", cases[k].mask);
        CHECK_INT(mask_of(t, tagged),
                  cases[k].expected ? cases[k].expected : pt_channel_mask_by_count(n));
        file_bytes_release(&f);
    }
}

TEST(audio_faults, masks_of_vorbis_and_opus) {
    static const uint64_t expected[9] = {0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3F, 0x70F, 0x63F};
    for (int n = 1; n <= 8; n++) {
        CHECK_INT(mask_of(t, noise_file(OGG, RATE, n, RATE / 10)), expected[n]);
        if (n != 7) CHECK_INT(mask_of(t, noise_file(OPUS, RATE, n, RATE / 10)), expected[n]);
    }
}

/** A FLAC file whose only block after STREAMINFO has a comment of n_before bytes, one with a mask
 * and one of n_after. */
static file_bytes with_mask_comment(const file_bytes *flac, size_t n_before, const char *mask,
                                    size_t n_after) {
    const pt_byte_source bytes = {.memory = flac->b, .size = flac->n};
    const size_t n_block = 8 + 4 + n_before + 4 + strlen(mask) + 4 + n_after;
    pt_flac_header header;
    file_bytes f = {calloc(1, flac->n + n_block + 64), 42};
    if (!pt_flac_read_header(&bytes, &header)) abort();
    unsigned char *b = f.b + 46;

    memcpy(f.b, flac->b, 42);
    f.b[4] = 0; /* not the last block */
    memcpy(f.b + 42,
           (unsigned char[]){0x84, n_block >> 16 & 255, n_block >> 8 & 255, n_block & 255}, 4);
    b[4] = 3; /* comments */
    memcpy(b + 8, (unsigned char[]){n_before & 255, n_before >> 8 & 255}, 2);
    memset(b + 12, 'x', n_before);
    b[12 + n_before] = (unsigned char)strlen(mask);
    memcpy(b + 16 + n_before, mask, strlen(mask));
    b[16 + n_before + strlen(mask)] = (unsigned char)n_after;
    memset(b + n_block - n_after, 'x', n_after);
    memcpy(b + n_block, flac->b + header.first_frame, flac->n - header.first_frame);
    f.n = 46 + n_block + flac->n - header.first_frame;
    return f;
}

/* Anywhere in the block, which is read in pieces, and before a length that is a digit. */
TEST(audio_faults, masks_of_flac) {
    static const char tag[] = "WaveFormatExtensible_Channel_Mask=0x107";
    file_bytes flac = noise_file(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, RATE, 4, RATE / 10);
    CHECK_INT(mask_of(t, with_mask_comment(&flac, 0, tag, 0)), 0x107);
    CHECK_INT(mask_of(t, with_mask_comment(&flac, 0, tag, '7')), 0x107);
    CHECK_INT(mask_of(t, with_mask_comment(&flac, 0, "TITLE=x", '7')), 0x33);
    for (size_t n_before = 8192 - 100; n_before < 8192; n_before++)
        CHECK_INT(mask_of(t, with_mask_comment(&flac, n_before, tag, 'a')), 0x107);
    CHECK_INT(mask_of(t, with_mask_comment(&flac, 40000, tag, 'a')), 0x107);
    file_bytes_release(&flac);
}

/** A CAF of 8 channels, each of which contains its number, with a layout. */
static file_bytes make_caf(const unsigned char *layout, size_t n_layout, unsigned n_channels) {
    enum { N = 10 };
    const size_t n_data = 4 + (size_t)N * n_channels * 2, before = 8 + 12 + 32 + 12 + n_layout + 12;
    file_bytes f = {calloc(1, before + n_data), before + n_data};
    unsigned char *b = f.b;
    memcpy(b, "caff\0\1\0\0desc\0\0\0\0\0\0\0\x20\x40\xE7\x70\0\0\0\0\0lpcm\0\0\0\0", 36);
    b[36 + 3] = (unsigned char)(2 * n_channels);
    b[40 + 3] = 1;
    b[44 + 3] = (unsigned char)n_channels;
    b[48 + 3] = 16;
    memcpy(b + 52, "chan", 4);
    b[63] = (unsigned char)n_layout;
    memcpy(b + 64, layout, n_layout);
    memcpy(b + 64 + n_layout, "data", 4);
    b[64 + n_layout + 11] = (unsigned char)n_data;
    b[64 + n_layout + 10] = (unsigned char)(n_data >> 8);
    for (size_t i = 0; i < (size_t)N * n_channels; i++)
        b[before + 4 + 2 * i] = (unsigned char)(i % n_channels + 1); /* channel c: (c + 1) * 256 */
    return f;
}

TEST(audio_faults, layouts_of_caf) {
    static const struct {
        unsigned char layout[12];
        unsigned n;
        uint64_t mask;
        const char *order; /* channel of the file that comes at each place */
    } tags[] = {
        {{0, 128, 0, 8}, 8, 0x63F, "12347856"},           /* L R C LFE Ls Rs Rls Rrs */
        {{0, 123, 0, 6}, 6, 0x3F, "132645"},              /* L C R Ls Rs LFE */
        {{0, 116, 0, 4}, 4, 0x107, "2314"},               /* C L R Cs */
        {{0, 133, 0, 3}, 3, 0xB, "123"},                  /* L R LFE */
        {{0, 1, 0, 0, 0, 0, 7, 15}, 7, 0x70F, "1234567"}, /* a bitmap */
        {{0, 147, 0, 6}, 6, 0, "123456"},                 /* an unknown layout */
    };
    for (size_t k = 0; k < sizeof tags / sizeof *tags; k++) {
        file_bytes f = make_caf(tags[k].layout, 12, tags[k].n);
        decode_result o = decode(&f);
        CHECK_OK(o.status);
        CHECK_INT(o.info.channel_mask, tags[k].mask);
        for (unsigned c = 0; o.status == PATINA_OK && c < tags[k].n; c++)
            CHECK_NEAR(o.samples[c] * 128.0, tags[k].order[c] - '0', 0.0);
        release(&o);
        file_bytes_release(&f);
    }
    unsigned char described[12 + 3 * 20] = {[11] = 3, [15] = 3, [35] = 1, [55] = 2}; /* C L R */
    CHECK_INT(mask_of(t, make_caf(described, sizeof described, 3)), 0x7);
}
