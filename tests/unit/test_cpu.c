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
