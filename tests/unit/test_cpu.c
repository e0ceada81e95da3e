/* SPDX-License-Identifier: MIT */
/* test_cpu.c - names of instruction sets and precisions, and the number of CPUs */

#include "test.h"

#include <patina/cpu.h>

TEST(cpu, isa_names_round_trip) {
    const patina_isa best = patina_isa_detect();
    patina_isa isa = PATINA_ISA_COUNT;
    CHECK_OK(patina_isa_parse("auto", &isa, &t->err));
    CHECK_INT(isa, best);
    for (int i = PATINA_ISA_C; i < PATINA_ISA_COUNT; i++) {
        isa = PATINA_ISA_COUNT;
        if (i <= (int)best) {
            CHECK_OK(patina_isa_parse(patina_isa_name((patina_isa)i), &isa, &t->err));
            CHECK_INT(isa, i);
        } else {
            CHECK_FAILS(patina_isa_parse(patina_isa_name((patina_isa)i), &isa, &t->err),
                        PATINA_EUSAGE);
        }
    }
    CHECK_FAILS(patina_isa_parse("sse9", &isa, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "sse9");
}

#if defined(__x86_64__)
/* The compiler's library detects the same. */
TEST(cpu, isa_is_that_of_the_compiler) {
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    CHECK_INT(patina_isa_detect(), avx2 && avx512 ? PATINA_ISA_AVX512
                                   : avx2         ? PATINA_ISA_AVX2
                                                  : PATINA_ISA_C);
}
#endif

/* bfloat16 is used with AVX-512 if the CPU supports it, and rejected otherwise. */
TEST(cpu, precision_names_round_trip) {
    CHECK(!patina_isa_has_bf16() || patina_isa_detect() == PATINA_ISA_AVX512);
    for (int isa = PATINA_ISA_C; isa <= (int)patina_isa_detect(); isa++) {
        const bool offered = isa == PATINA_ISA_AVX512 && patina_isa_has_bf16();
        patina_precision precision = PATINA_PRECISION_BF16;
        CHECK_OK(patina_precision_parse("f32", (patina_isa)isa, &precision, &t->err));
        CHECK_STR(patina_precision_name(precision), "f32");
        CHECK_OK(patina_precision_parse("auto", (patina_isa)isa, &precision, &t->err));
        CHECK_STR(patina_precision_name(precision), offered ? "bf16" : "f32");
        if (offered) {
            CHECK_OK(patina_precision_parse("bf16", (patina_isa)isa, &precision, &t->err));
            CHECK_INT(precision, PATINA_PRECISION_BF16);
        } else {
            CHECK_FAILS(patina_precision_parse("bf16", (patina_isa)isa, &precision, &t->err),
                        PATINA_EUSAGE);
            CHECK_CONTAINS(t->err.message, "avx512");
        }
    }
    patina_precision precision;
    CHECK_FAILS(patina_precision_parse("f16", PATINA_ISA_C, &precision, &t->err), PATINA_EUSAGE);
    CHECK_CONTAINS(t->err.message, "f16");
}
