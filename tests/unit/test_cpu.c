/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <patina/isa.h>

TEST(cpu, names_read_back) {
    const pt_isa best = pt_isa_detect();
    pt_isa isa = PT_ISA_COUNT;
    CHECK_OK(pt_isa_parse("auto", &isa, &t->err));
    CHECK_INT(isa, best);
    for (int i = 0; i < PT_ISA_COUNT; i++) {
        isa = PT_ISA_COUNT;
        if (i <= (int)best) {
            CHECK_OK(pt_isa_parse(pt_isa_name((pt_isa)i), &isa, &t->err));
            CHECK_INT(isa, i);
        } else {
            CHECK_FAILS(pt_isa_parse(pt_isa_name((pt_isa)i), &isa, &t->err), PT_EUSAGE);
        }
    }
    CHECK_FAILS(pt_isa_parse("sse9", &isa, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "sse9");
}

/* bfloat16 goes with AVX-512 where the CPU has it, and is refused everywhere else. */
TEST(cpu, precisions_read_back) {
    CHECK(!pt_isa_has_bf16() || pt_isa_detect() == PT_ISA_AVX512);
    for (int isa = PT_ISA_C; isa <= (int)pt_isa_detect(); isa++) {
        const bool offered = isa == PT_ISA_AVX512 && pt_isa_has_bf16();
        pt_precision precision = PT_PRECISION_BF16;
        CHECK_OK(pt_precision_parse("f32", (pt_isa)isa, &precision, &t->err));
        CHECK_STR(pt_precision_name(precision), "f32");
        CHECK_OK(pt_precision_parse("auto", (pt_isa)isa, &precision, &t->err));
        CHECK_STR(pt_precision_name(precision), offered ? "bf16" : "f32");
        if (offered) {
            CHECK_OK(pt_precision_parse("bf16", (pt_isa)isa, &precision, &t->err));
            CHECK_INT(precision, PT_PRECISION_BF16);
        } else {
            CHECK_FAILS(pt_precision_parse("bf16", (pt_isa)isa, &precision, &t->err), PT_EUSAGE);
            CHECK_HAS(t->err.message, "avx512");
        }
    }
    pt_precision precision;
    CHECK_FAILS(pt_precision_parse("f16", PT_ISA_C, &precision, &t->err), PT_EUSAGE);
    CHECK_HAS(t->err.message, "f16");
}
