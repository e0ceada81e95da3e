/* SPDX-License-Identifier: MIT */
/**
 * @file cpu.h
 * @brief Instruction sets and precisions of the compute kernels, and the number of CPUs.
 *
 * All functions are safe from any thread.
 *
 * @code
 * patina_error err = {PATINA_OK, ""};
 * patina_isa isa;
 * patina_precision precision;
 * if (patina_isa_parse("auto", &isa, &err) != PATINA_OK ||
 *     patina_precision_parse("auto", isa, &precision, &err) != PATINA_OK)
 *     fprintf(stderr, "%s\n", err.message);
 * @endcode
 */

#ifndef PATINA_CPU_H
#define PATINA_CPU_H

#include <stdbool.h>

#include <patina/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Instruction sets in ascending order: a CPU that has one also has those before it. */
typedef enum patina_isa {
    PATINA_ISA_AUTO,   /**< the best of this CPU, see patina_isa_detect() */
    PATINA_ISA_C,      /**< plain C, any CPU */
    PATINA_ISA_AVX2,   /**< AVX2 and FMA */
    PATINA_ISA_AVX512, /**< AVX-512 F, BW, DQ and VL */
    PATINA_ISA_COUNT
} patina_isa;

/** Returns the best set that both the CPU (CPUID) and the operating system (XCR0) support. */
PATINA_API patina_isa patina_isa_detect(void);

/** Returns "auto", "c", "avx2" or "avx512"; "unknown" for other numbers. Static, never NULL. */
PATINA_API const char *patina_isa_name(patina_isa isa);

/**
 * Parses the name of an instruction set; "auto" gives the detected one.
 *
 * Errors: PATINA_EUSAGE for an unknown name or a set that this machine lacks.
 */
PATINA_API patina_status patina_isa_parse(const char *name, patina_isa *isa, patina_error *err);

/** Number format of the weights and inputs of a model's matrix products. */
typedef enum patina_precision {
    PATINA_PRECISION_F32, /**< float32 */
    PATINA_PRECISION_BF16 /**< bfloat16; sums and all other operations stay float32 */
} patina_precision;

/** Returns whether the CPU has bfloat16 products (avx512_bf16) in addition to PATINA_ISA_AVX512. */
PATINA_API bool patina_isa_has_bf16(void);

/** Returns "f32" or "bf16". Static, never NULL. */
PATINA_API const char *patina_precision_name(patina_precision precision);

/**
 * Parses the name of a precision; "auto" gives bf16 where `isa` is PATINA_ISA_AVX512 and the CPU
 * supports it, otherwise f32.
 *
 * Errors: PATINA_EUSAGE for an unknown name, or for bf16 where `isa` or this machine lacks it.
 */
PATINA_API patina_status patina_precision_parse(const char *name, patina_isa isa,
                                                patina_precision *precision, patina_error *err);

/** Returns the number of CPUs that this process may use, at least 1: what 0 threads means. */
PATINA_API unsigned patina_cpu_count(void);

#ifdef __cplusplus
}
#endif

#endif /* PATINA_CPU_H */
