/* SPDX-License-Identifier: MIT */
/* denormal.h - flushes denormals to zero during signal processing
 *
 * Denormals slow a decaying filter down by a factor of a hundred. The thread of a caller may have
 * either mode, so every entry point sets it: the same call gives the same bits.
 */

#ifndef PATINA_DSP_DENORMAL_H
#define PATINA_DSP_DENORMAL_H

#if defined(__x86_64__)
#include <xmmintrin.h>

static inline unsigned pt_denormals_flush(void) {
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040U); /* FTZ and DAZ */
    return before;
}

static inline void pt_denormals_restore(unsigned before) {
    _mm_setcsr(before);
}
#elif defined(__aarch64__)
#include <stdint.h>

static inline unsigned pt_denormals_flush(void) {
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | UINT64_C(1) << 24)); /* FZ */
    return (unsigned)before;
}

static inline void pt_denormals_restore(unsigned before) {
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)before));
}
#else
static inline unsigned pt_denormals_flush(void) {
    return 0;
}

static inline void pt_denormals_restore(unsigned before) {
    (void)before;
}
#endif

#endif /* PATINA_DSP_DENORMAL_H */
