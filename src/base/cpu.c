/* SPDX-License-Identifier: MIT */
/* cpu.c - which instruction sets this machine offers, and how many CPUs
 *
 * __builtin_cpu_supports asks CPUID and, for the AVX families, XCR0 as well: a set counts only if
 * the operating system saves its registers.
 */

#include <patina/isa.h>

#include <sched.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

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

bool pt_isa_has_bf16(void) {
#if defined(__x86_64__)
    /* Leaf 7, sub-leaf 1 of CPUID; not every compiler knows a name for it. The registers are those
     * of AVX-512, so XCR0 needs no other look. */
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    return pt_isa_detect() == PT_ISA_AVX512 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) &&
           (eax >> 5 & 1);
#else
    return false;
#endif
}

const char *pt_precision_name(pt_precision precision) {
    return precision == PT_PRECISION_BF16 ? "bf16" : "f32";
}

pt_status pt_precision_parse(const char *name, pt_isa isa, pt_precision *precision, pt_error *err) {
    const bool offered = isa == PT_ISA_AVX512 && pt_isa_has_bf16();

    if (strcmp(name, "f32") == 0) {
        *precision = PT_PRECISION_F32;
    } else if (strcmp(name, "auto") == 0) {
        *precision = offered ? PT_PRECISION_BF16 : PT_PRECISION_F32;
    } else if (strcmp(name, "bf16") != 0) {
        return pt_fail(err, PT_EUSAGE, "precision '%s' is unknown; choose auto, f32 or bf16", name);
    } else if (!offered) {
        return isa != PT_ISA_AVX512 && pt_isa_has_bf16()
                   ? pt_fail(err, PT_EUSAGE,
                             "precision 'bf16' needs instruction set 'avx512', not '%s'",
                             pt_isa_name(isa))
                   : pt_fail(err, PT_EUSAGE,
                             "precision 'bf16' is not offered by this machine: its CPU has no "
                             "avx512_bf16; choose f32 or auto");
    } else {
        *precision = PT_PRECISION_BF16;
    }
    return PT_OK;
}

unsigned pt_cpus_usable(void) {
    cpu_set_t usable;
    const int n = sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable) : 1;
    return n > 0 ? (unsigned)n : 1;
}
