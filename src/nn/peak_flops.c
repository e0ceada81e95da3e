/* SPDX-License-Identifier: MIT */
/* peak_flops.c - measures the peak with independent chains of fused multiply-adds */

#include "nn/peak_flops.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <stddef.h>

/* At least latency times two units: a multiply-add takes 4 or 5 cycles, one of bfloat16 6 (on Zen
 * 5, where twelve chains reach 93 %). AVX2 has 16 registers. The empty asm prevents the compiler
 * from removing rounds and keeps the sums in registers. */
#define CHAINS_AVX2   12
#define CHAINS_AVX512 16

__attribute__((target("avx512f"))) static void run_avx512(long rounds) {
    __m512 sum[CHAINS_AVX512];
    const __m512 a = _mm512_set1_ps(0.5f);

#pragma GCC unroll 16
    for (int i = 0; i < CHAINS_AVX512; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (long n = 0; n < rounds; n++)
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS_AVX512; i++) {
            sum[i] = _mm512_fmadd_ps(sum[i], a, a);
            __asm__ volatile("" : "+v"(sum[i]));
        }
}

__attribute__((target("avx2,fma"))) static void run_avx2(long rounds) {
    __m256 sum[CHAINS_AVX2];
    const __m256 a = _mm256_set1_ps(0.5f);

#pragma GCC unroll 12
    for (int i = 0; i < CHAINS_AVX2; i++)
        sum[i] = _mm256_set1_ps((float)i);
    for (long n = 0; n < rounds; n++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS_AVX2; i++) {
            sum[i] = _mm256_fmadd_ps(sum[i], a, a);
            __asm__ volatile("" : "+x"(sum[i]));
        }
}

/* An instruction sums two products of bfloat16 per lane. */
__attribute__((target("avx512f,avx512bf16"))) static void run_bf16_avx512(long rounds) {
    __m512 sum[CHAINS_AVX512];
    const __m512bh a = (__m512bh)_mm512_set1_epi32(0x3f003f00); /* 0.5, twice */

#pragma GCC unroll 16
    for (int i = 0; i < CHAINS_AVX512; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (long n = 0; n < rounds; n++)
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS_AVX512; i++) {
            sum[i] = _mm512_dpbf16_ps(sum[i], a, a);
            __asm__ volatile("" : "+v"(sum[i]));
        }
}

typedef struct loop {
    void (*run)(long rounds);
    double products; /* per round */
} loop;

static loop select_loop(patina_isa isa, patina_precision precision) {
    if (precision == PATINA_PRECISION_BF16)
        return isa == PATINA_ISA_AVX512 ? (loop){run_bf16_avx512, 32 * CHAINS_AVX512}
                                        : (loop){NULL, 0};
    if (isa == PATINA_ISA_AVX512) return (loop){run_avx512, 16 * CHAINS_AVX512};
    return isa == PATINA_ISA_AVX2 ? (loop){run_avx2, 8 * CHAINS_AVX2} : (loop){NULL, 0};
}

double pt_nn_peak_flops_run(patina_isa isa, patina_precision precision, double flop) {
    const loop fastest = select_loop(isa, precision);
    if (!fastest.run) return 0.0;

    const double per_round = 2.0 * fastest.products;
    const long rounds = (long)(flop / per_round);
    fastest.run(rounds);
    return per_round * (double)rounds;
}
#else
double pt_nn_peak_flops_run(patina_isa isa, patina_precision precision, double flop) {
    (void)isa, (void)precision, (void)flop;
    return 0.0;
}
#endif
