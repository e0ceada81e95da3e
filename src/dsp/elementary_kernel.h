/* SPDX-License-Identifier: MIT */
/* elementary_kernel.h - logarithm, exponential, sine and random words; part of dsp_kernels.h
 *
 * Branchless range reduction and Taylor series, so that the compiler vectorises the loops. A series
 * ends where its next term is below 2^-54 of the result on the reduced range. Terms are summed in
 * pairs, then pairs of pairs (Estrin's scheme): by Horner's rule each would wait for the previous
 * one.
 */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "two words of 32 bits are one of 64");

#define MANTISSA_BITS 52
#define ONE_BITS      UINT64_C(0x3FF0000000000000) /* of 1.0 */

/* Adding 1.5 * 2^52 rounds to an integer in the low bits. */
#define ROUND_MAGIC 6755399441055744.0

static inline uint64_t double_to_bits(double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline double bits_to_double(uint64_t bits) {
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* exp(-a), 0 <= a <= 700: exp(-a) = 2^k exp(r), |r| <= ln 2 / 2, fourteen terms. */
static inline double exp_neg(double a) {
    const double ln2_high = 0x1.62e42fefap-1; /* 35 bits: times k, exact */
    const double ln2_low = 0x1.cf79abc9e3b39p-40;
    const double rounded = a * -M_LOG2E + ROUND_MAGIC;
    const double k = rounded - ROUND_MAGIC;
    const double r = (-a - k * ln2_high) - k * ln2_low;
    const double r2 = r * r, r4 = r2 * r2;
    const double t0 = (1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0));
    const double t4 = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5040.0));
    const double t8 =
        (1.0 / 40320.0 + r * (1.0 / 362880.0)) + r2 * (1.0 / 3628800.0 + r * (1.0 / 39916800.0));
    const double t12 = 1.0 / 479001600.0 + r * (1.0 / 6227020800.0);
    const double sum = t0 + r4 * (t4 + r4 * (t8 + r4 * t12));
    return bits_to_double(double_to_bits(sum) +
                          (double_to_bits(rounded) << MANTISSA_BITS)); /* times 2^k */
}

static void soft_clip(const float *restrict x, size_t n, double level, float *restrict y) {
    const double scale = 2.0 / level;
    for (size_t i = 0; i < n; i++) {
        /* tanh z = (1 - exp(-2z)) / (1 + exp(-2z)) */
        const double e = exp_neg(fabs((double)x[i]) * scale);
        y[i] = (float)copysign(level * ((1.0 - e) / (1.0 + e)), (double)x[i]);
    }
}

/* ln u, u > 0 and not denormal: u = 2^k m, sqrt(1/2) <= m < sqrt 2, and with
 * s = (m - 1) / (m + 1), ln m = 2 (s + s^3/3 + s^5/5 ...), |s| <= 0.172, ten terms. */
static inline double ln(double u) {
    const uint64_t sqrt_half = UINT64_C(0x3FE6A09E667F3BCD); /* bits of sqrt(1/2) */
    const uint64_t shifted = double_to_bits(u) + (ONE_BITS - sqrt_half);
    const uint64_t mantissa = (UINT64_C(1) << MANTISSA_BITS) - 1;
    /* The exponent as a double: its 11 bits become the low bits of 2^52. */
    const double k = bits_to_double((shifted >> MANTISSA_BITS) | UINT64_C(0x4330000000000000)) -
                     (4503599627370496.0 + 1023.0);
    const double m = bits_to_double((shifted & mantissa) + sqrt_half);
    const double s = (m - 1.0) / (m + 1.0), z = s * s;
    const double z2 = z * z, z4 = z2 * z2;
    const double t3 = (1.0 / 3.0 + z * (1.0 / 5.0)) + z2 * (1.0 / 7.0 + z * (1.0 / 9.0));
    const double t11 = (1.0 / 11.0 + z * (1.0 / 13.0)) + z2 * (1.0 / 15.0 + z * (1.0 / 17.0));
    const double sum = t3 + z4 * (t11 + z4 * (1.0 / 19.0));
    return k * M_LN2 + 2.0 * (s + s * z * sum);
}

/* Sine and cosine of 2 pi v, 0 <= v <= 1: reduced by quarter turns to at most an eighth turn, eight
 * and nine terms. */
static inline void sin_cos_turns(double v, double *sine, double *cosine) {
    const double quarters = 4.0 * v + ROUND_MAGIC;
    const double r = (4.0 * v - (quarters - ROUND_MAGIC)) * M_PI_2, z = r * r;
    const double z2 = z * z, z4 = z2 * z2;
    const double s3 =
        (-1.0 / 6.0 + z * (1.0 / 120.0)) + z2 * (-1.0 / 5040.0 + z * (1.0 / 362880.0));
    const double s11 =
        (-1.0 / 39916800.0 + z * (1.0 / 6227020800.0)) + z2 * (-1.0 / 1307674368000.0);
    const double s = r + r * z * (s3 + z4 * s11);
    const double c2 = (-0.5 + z * (1.0 / 24.0)) + z2 * (-1.0 / 720.0 + z * (1.0 / 40320.0));
    const double c10 = (-1.0 / 3628800.0 + z * (1.0 / 479001600.0)) +
                       z2 * (-1.0 / 87178291200.0 + z * (1.0 / 20922789888000.0));
    const double c = 1.0 + z * (c2 + z4 * c10);

    /* An odd number of quarters swaps them; the signs are + + - - and + - - +. */
    const uint64_t q = double_to_bits(quarters);
    const uint64_t swap = (double_to_bits(s) ^ double_to_bits(c)) & (0 - (q & 1));
    *sine = bits_to_double((double_to_bits(s) ^ swap) ^ ((q & 2) << 62));
    *cosine = bits_to_double((double_to_bits(c) ^ swap) ^ (((q + 1) & 2) << 62));
}

/* (word + 1/2) / 2^32, exactly: the word becomes the low bits of 2^20, whose last bit is 2^-32. */
static inline double word_to_uniform(uint64_t word) {
    const uint64_t magic = UINT64_C(0x4130000000000000); /* bits of 2^20 */
    return bits_to_double(word | magic) - (0x1p20 - 0x1p-33);
}

static void gauss_pairs(const uint32_t *restrict words, size_t n_pairs, double *restrict pairs) {
    for (size_t p = 0; p < n_pairs; p++) {
        uint64_t both; /* one load instead of two vectors of every second word */
        memcpy(&both, words + 2 * p, sizeof both);
        const double u = word_to_uniform(both & UINT32_MAX), v = word_to_uniform(both >> 32);
        const double radius = sqrt(-2.0 * ln(u));
        double sine, cosine;
        sin_cos_turns(v, &sine, &cosine);
        pairs[2 * p] = radius * cosine;
        pairs[2 * p + 1] = radius * sine;
    }
}

static void power_to_db(const double *restrict power, size_t n, float *restrict db) {
    for (size_t i = 0; i < n; i++)
        db[i] = (float)(ln(power[i]) * (10.0 / M_LN10));
}

static void spectral_tilt(size_t first, size_t n_pairs, double knee, bool use_sqrt,
                          float *restrict pairs) {
    const float numerator = (float)knee;
    for (size_t p = 0; p < n_pairs; p++) {
        const float ratio = numerator / (float)(int32_t)(first + p);
        const float gain = use_sqrt ? sqrtf(ratio) : ratio;
        pairs[2 * p] *= gain;
        pairs[2 * p + 1] *= gain;
    }
}

/* Products of the low halves of 64 bits; the high halves are ignored. */
INLINE vec_u64 mul_low_u32(vec_u64 a, vec_u64 b) {
#if defined(__AVX512F__) && WIDTH == 8
    return (vec_u64)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__) && WIDTH == 4
    return (vec_u64)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif defined(__x86_64__)
    return (vec_u64)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
    return (a & UINT32_MAX) * (b & UINT32_MAX);
#endif
}

/* Philox4x32-10 of base/philox.h, sixteen blocks side by side, a word in the low half of a lane;
 * word i of the stream is lane i mod 4 of block i / 4. */
static void philox_words(const uint32_t key[2], const uint32_t counter[3], uint32_t first_block,
                         size_t n_blocks, uint32_t *restrict words) {
    enum { BLOCKS = 2 * LANES, BLOCK_VECS = BLOCKS / WIDTH };
    const vec_u64 zero = {0}, m0 = zero + PT_PHILOX_M0, m1 = zero + PT_PHILOX_M1;
    for (size_t b = 0; b < n_blocks; b += BLOCKS) {
        _Alignas(64) uint64_t word[4][BLOCKS];
        for (size_t l = 0; l < BLOCKS; l++)
            word[0][l] = first_block + (uint32_t)(b + l);
        for (size_t v = 0; v < BLOCK_VECS; v += PHILOX_VECS) {
            vec_u64 c0[PHILOX_VECS], c1[PHILOX_VECS], c2[PHILOX_VECS], c3[PHILOX_VECS];
            uint32_t k0 = key[0], k1 = key[1];
            UNROLL for (size_t i = 0; i < PHILOX_VECS; i++) {
                c0[i] = *(const vec_u64 *)(word[0] + (v + i) * WIDTH);
                c1[i] = zero + counter[0];
                c2[i] = zero + counter[1];
                c3[i] = zero + counter[2];
            }
            for (int round = 0; round < PT_PHILOX_ROUNDS; round++) {
                UNROLL for (size_t i = 0; i < PHILOX_VECS; i++) PT_PHILOX_ROUND(
                    vec_u64, mul_low_u32, m0, m1, c0[i], c1[i], c2[i], c3[i], zero + k0, zero + k1);
                k0 += PT_PHILOX_W0;
                k1 += PT_PHILOX_W1;
            }
            UNROLL for (size_t i = 0; i < PHILOX_VECS; i++) {
                *(vec_u64 *)(word[0] + (v + i) * WIDTH) = c0[i];
                *(vec_u64 *)(word[1] + (v + i) * WIDTH) = c1[i];
                *(vec_u64 *)(word[2] + (v + i) * WIDTH) = c2[i];
                *(vec_u64 *)(word[3] + (v + i) * WIDTH) = c3[i];
            }
        }
        const size_t n = n_blocks - b < BLOCKS ? n_blocks - b : BLOCKS;
        for (size_t l = 0; l < n; l++)
            for (size_t i = 0; i < 4; i += 2) { /* two words in one store */
                const uint64_t both = (word[i][l] & UINT32_MAX) | word[i + 1][l] << 32;
                memcpy(words + 4 * (b + l) + i, &both, sizeof both);
            }
    }
}
