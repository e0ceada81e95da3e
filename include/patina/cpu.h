/* SPDX-License-Identifier: MIT */
/* cpu.h - the instruction sets and precisions that the kernels are written for, and the CPUs there
 * are */

#ifndef PATINA_CPU_H
#define PATINA_CPU_H

#include <stdbool.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Instruction sets in ascending order: a CPU that has one has those before it. */
typedef enum patina_isa {
    PATINA_ISA_AUTO,   /* the best of this CPU, as patina_isa_detect returns it */
    PATINA_ISA_C,      /* plain C, any CPU */
    PATINA_ISA_AVX2,   /* AVX2 and FMA */
    PATINA_ISA_AVX512, /* AVX-512 F, BW, DQ and VL */
    PATINA_ISA_COUNT
} patina_isa;

/** The best set that both the CPU (CPUID) and the operating system (XCR0) offer. */
PATINA_API patina_isa patina_isa_detect(void);

/** "c", "avx2" or "avx512". */
PATINA_API const char *patina_isa_name(patina_isa isa);

/**
 * Reads a name; "auto" gives the detected set.
 *
 * Errors   PATINA_EUSAGE  unknown name, or a set that this machine has not
 */
PATINA_API patina_status patina_isa_parse(const char *name, patina_isa *isa, patina_error *err);

/** In what numbers a model's matrix products read their weights and inputs. */
typedef enum patina_precision {
    PATINA_PRECISION_F32, /* float32 */
    PATINA_PRECISION_BF16 /* bfloat16; sums and all else stay float32 */
} patina_precision;

/** Whether the CPU multiplies bfloat16 beside PATINA_ISA_AVX512 (avx512_bf16). */
PATINA_API bool patina_isa_has_bf16(void);

/** "f32" or "bf16". */
PATINA_API const char *patina_precision_name(patina_precision precision);

/**
 * Reads a name; "auto" gives bf16 where isa is PATINA_ISA_AVX512 and the CPU has it, else f32.
 *
 * Errors   PATINA_EUSAGE  unknown name, or bf16 where isa or this machine has no instructions for it
 */
PATINA_API patina_status patina_precision_parse(const char *name, patina_isa isa,
                                                patina_precision *precision, patina_error *err);

/** CPUs that this process may run on, at least 1: what 0 threads mean everywhere. */
PATINA_API unsigned patina_cpu_count(void);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_CPU_H */
