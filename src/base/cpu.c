/* SPDX-License-Identifier: MIT */
/* cpu.c - detection of instruction sets and CPUs
 *
 * A set is usable only if the operating system saves its registers, as XCR0 shows. Not by
 * __builtin_cpu_supports, whose run-time part zig does not have.
 */

#include <patina/cpu.h>

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "base/error.h"
#include "base/isa_list.h"

#define NAME(architecture, ISA, name) [PATINA_ISA_##ISA] = #name,
static const char *const names[PATINA_ISA_COUNT] = {[PATINA_ISA_AUTO] = "auto", PT_ISA_LIST(NAME)};

#define CHOICE(architecture, ISA, name) ", " #name
static const char choices[] = "auto" PT_ISA_LIST(CHOICE);

#define ONE(architecture, ISA, name) +1
_Static_assert(PATINA_ISA_COUNT == 1 PT_ISA_LIST(ONE), "patina_isa and isa_list.h agree");

#if defined(__x86_64__)
/* CPUID, Intel SDM volume 2: bits of leaf 1 ECX, leaf 7 EBX and XCR0. */
#define LEAF1_FMA     (1U << 12)
#define LEAF1_OSXSAVE (1U << 27)
#define LEAF7_AVX2    (1U << 5)
#define LEAF7_AVX512  (1U << 16 | 1U << 17 | 1U << 30 | 1U << 31) /* F, DQ, BW, VL */
#define XCR0_AVX      0x06U                                       /* SSE and AVX registers */
#define XCR0_AVX512   0xE6U                                       /* and those of AVX-512 */

static bool has_all(unsigned value, unsigned bits) {
    return (value & bits) == bits;
}

static patina_isa detect(void) {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0, xcr0 = 0;

    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !has_all(ecx, LEAF1_FMA | LEAF1_OSXSAVE))
        return PATINA_ISA_C;
    __asm__("xgetbv" : "=a"(xcr0), "=d"(edx) : "c"(0));
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !has_all(ebx, LEAF7_AVX2) ||
        !has_all(xcr0, XCR0_AVX))
        return PATINA_ISA_C;
    return has_all(ebx, LEAF7_AVX512) && has_all(xcr0, XCR0_AVX512) ? PATINA_ISA_AVX512
                                                                    : PATINA_ISA_AVX2;
}
#else
static patina_isa detect(void) {
    return PATINA_ISA_C;
}
#endif

/* Detected once: in a virtual machine CPUID takes tens of microseconds, and kernels are looked up
 * for every block of samples. */
patina_isa patina_isa_detect(void) {
    static atomic_int detected = PATINA_ISA_AUTO;
    int isa = atomic_load_explicit(&detected, memory_order_relaxed);
    if (isa == PATINA_ISA_AUTO) {
        isa = (int)detect();
        atomic_store_explicit(&detected, isa, memory_order_relaxed);
    }
    return (patina_isa)isa;
}

const char *patina_isa_name(patina_isa isa) {
    return (unsigned)isa < PATINA_ISA_COUNT ? names[isa] : "unknown";
}

patina_status patina_isa_parse(const char *name, patina_isa *isa, patina_error *err) {
    const patina_isa best = patina_isa_detect();

    if (strcmp(name, "auto") == 0) {
        *isa = best;
        return PATINA_OK;
    }
    for (int i = PATINA_ISA_C; i < PATINA_ISA_COUNT; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        if ((patina_isa)i > best)
            return pt_fail(err, PATINA_EUSAGE,
                           "this machine does not support instruction set '%s'; its best is '%s'",
                           name, names[best]);
        *isa = (patina_isa)i;
        return PATINA_OK;
    }
    return pt_fail(err, PATINA_EUSAGE, "instruction set '%s' is unknown; choose one of %s", name,
                   choices);
}

bool patina_isa_has_bf16(void) {
#if defined(__x86_64__)
    /* Leaf 7, sub-leaf 1 of CPUID: not every compiler has a name for it. The registers are those of
     * AVX-512, so XCR0 is already checked. */
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return patina_isa_detect() == PATINA_ISA_AVX512 &&
           __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 5 & 1);
#else
    return false;
#endif
}

const char *patina_precision_name(patina_precision precision) {
    return precision == PATINA_PRECISION_BF16 ? "bf16" : "f32";
}

patina_status patina_precision_parse(const char *name, patina_isa isa, patina_precision *precision,
                                     patina_error *err) {
    if (isa == PATINA_ISA_AUTO) isa = patina_isa_detect();
    const bool offered = isa == PATINA_ISA_AVX512 && patina_isa_has_bf16();

    if (strcmp(name, "f32") == 0) {
        *precision = PATINA_PRECISION_F32;
    } else if (strcmp(name, "auto") == 0) {
        *precision = offered ? PATINA_PRECISION_BF16 : PATINA_PRECISION_F32;
    } else if (strcmp(name, "bf16") != 0) {
        return pt_fail(err, PATINA_EUSAGE, "precision '%s' is unknown; choose auto, f32 or bf16",
                       name);
    } else if (!offered) {
        return isa != PATINA_ISA_AVX512 && patina_isa_has_bf16()
                   ? pt_fail(err, PATINA_EUSAGE,
                             "precision 'bf16' needs instruction set 'avx512', not '%s'",
                             patina_isa_name(isa))
                   : pt_fail(err, PATINA_EUSAGE,
                             "this machine does not support precision 'bf16': its CPU has no "
                             "avx512_bf16; choose f32 or auto");
    } else {
        *precision = PATINA_PRECISION_BF16;
    }
    return PATINA_OK;
}

unsigned patina_cpu_count(void) {
    cpu_set_t usable;
    const int n = sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : 1;
    return n > 0 ? (unsigned)n : 1;
}
