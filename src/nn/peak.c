/* SPDX-License-Identifier: MIT */
/* peak.c - chains of fused multiply-adds, enough of them to hide the latency of each */

#include "nn/peak.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* Twelve chains: five cycles of latency times two units, and two to spare. The empty asm makes each
 * round depend on the last in the compiler's eyes and keeps the sums in registers. */
#define CHAINS 12

__attribute__((target("avx512f"))) static void run_avx512(long rounds) {
    __m512 sum[CHAINS];
    const __m512 a = _mm512_set1_ps(0.5f);

#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (long n = 0; n < rounds; n++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) {
            sum[i] = _mm512_fmadd_ps(sum[i], a, a);
            __asm__ volatile("" : "+v"(sum[i]));
        }
}

__attribute__((target("avx2,fma"))) static void run_avx2(long rounds) {
    __m256 sum[CHAINS];
    const __m256 a = _mm256_set1_ps(0.5f);

#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm256_set1_ps((float)i);
    for (long n = 0; n < rounds; n++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) {
            sum[i] = _mm256_fmadd_ps(sum[i], a, a);
            __asm__ volatile("" : "+x"(sum[i]));
        }
}

double pt_nn_peak_run(pt_isa isa, double flop) {
    const double per_round = 2.0 * CHAINS * (isa == PT_ISA_AVX512 ? 16 : 8);
    const long rounds = (long)(flop / per_round);

    if (isa == PT_ISA_C) return 0.0;
    if (isa == PT_ISA_AVX512)
        run_avx512(rounds);
    else
        run_avx2(rounds);
    return per_round * (double)rounds;
}
#else
double pt_nn_peak_run(pt_isa isa, double flop) {
    (void)isa, (void)flop;
    return 0.0;
}
#endif
