/* SPDX-License-Identifier: MIT */
/* isa.h - the instruction sets that the kernels are written for, and the CPUs there are */

#ifndef PATINA_ISA_H
#define PATINA_ISA_H

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Ordered: a CPU that has one has those before it. */
typedef enum pt_isa {
    PT_ISA_C,      /* plain C, any CPU */
    PT_ISA_AVX2,   /* AVX2 and FMA */
    PT_ISA_AVX512, /* AVX-512 F, BW, DQ and VL */
    PT_ISA_COUNT
} pt_isa;

/** The best set that both the CPU (CPUID) and the operating system (XCR0) offer. */
PT_API pt_isa pt_isa_detect(void);

/** "c", "avx2" or "avx512". */
PT_API const char *pt_isa_name(pt_isa isa);

/**
 * Reads a name; "auto" gives the detected set.
 *
 * Errors   PT_EUSAGE  unknown name, or a set that this machine has not
 */
PT_API pt_status pt_isa_parse(const char *name, pt_isa *isa, pt_error *err);

/** CPUs that this process may run on, at least 1: what 0 threads mean everywhere. */
PT_API unsigned pt_cpus_usable(void);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_ISA_H */
