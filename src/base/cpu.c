/* SPDX-License-Identifier: MIT */
/* cpu.c - which instruction sets this machine offers, and how many CPUs
 *
 * __builtin_cpu_supports asks CPUID and, for the AVX families, XCR0 as well: a set counts only if
 * the operating system saves its registers.
 */

#include <patina/isa.h>

#include <sched.h>
#include <string.h>

static const char *const names[PT_ISA_COUNT] = {
    [PT_ISA_C] = "c",
    [PT_ISA_AVX2] = "avx2",
    [PT_ISA_AVX512] = "avx512",
};

pt_isa pt_isa_detect(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const int avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx2 && avx512) return PT_ISA_AVX512;
    if (avx2) return PT_ISA_AVX2;
#endif
    return PT_ISA_C;
}

const char *pt_isa_name(pt_isa isa) {
    return (unsigned)isa < PT_ISA_COUNT ? names[isa] : "unknown";
}

pt_status pt_isa_parse(const char *name, pt_isa *isa, pt_error *err) {
    const pt_isa best = pt_isa_detect();

    if (strcmp(name, "auto") == 0) {
        *isa = best;
        return PT_OK;
    }
    for (int i = 0; i < PT_ISA_COUNT; i++) {
        if (strcmp(name, names[i]) != 0) continue;
        if ((pt_isa)i > best)
            return pt_fail(err, PT_EUSAGE,
                           "instruction set '%s' is not offered by this machine; its best is '%s'",
                           name, names[best]);
        *isa = (pt_isa)i;
        return PT_OK;
    }
    return pt_fail(err, PT_EUSAGE,
                   "instruction set '%s' is unknown; choose auto, c, avx2 or avx512", name);
}

unsigned pt_cpus_usable(void) {
    cpu_set_t usable;
    const int n = sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : 1;
    return n > 0 ? (unsigned)n : 1;
}
