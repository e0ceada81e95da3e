/* SPDX-License-Identifier: MIT */
/* isa.h - the instruction sets and precisions that the kernels are written for, and the CPUs there
 * are */

#ifndef PATINA_ISA_H
#define PATINA_ISA_H

#include <stdbool.h>

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

/** In what numbers a model's matrix products read their weights and inputs. */
typedef enum pt_precision {
    PT_PRECISION_F32, /* float32 */
    PT_PRECISION_BF16 /* bfloat16; sums and all else stay float32 */
} pt_precision;

/** Whether the CPU multiplies bfloat16 beside PT_ISA_AVX512 (avx512_bf16). */
PT_API bool pt_isa_has_bf16(void);

/** "f32" or "bf16". */
PT_API const char *pt_precision_name(pt_precision precision);

/**
 * Reads a name; "auto" gives bf16 where isa is PT_ISA_AVX512 and the CPU has it, else f32.
 *
 * Errors   PT_EUSAGE  unknown name, or bf16 where isa or this machine has no instructions for it
 */
PT_API pt_status pt_precision_parse(const char *name, pt_isa isa, pt_precision *precision,
                                    pt_error *err);

/** CPUs that this process may run on, at least 1: what 0 threads mean everywhere. */
PT_API unsigned pt_cpus_usable(void);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_ISA_H */
