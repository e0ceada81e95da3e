/* SPDX-License-Identifier: MIT */
/* isa_list.h - the instruction sets, in the order of patina_isa
 *
 * Names and dispatch tables follow from this list, and with them the choices of --isa. A new set is
 * a line here, its constant in patina_isa, its detection in cpu.c, its compiler flags in
 * src/meson.build, and a file of kernels in src/nn and in src/dsp.
 */

#ifndef PATINA_BASE_ISA_LIST_H
#define PATINA_BASE_ISA_LIST_H

/** X(architecture, suffix of the constant, name) */
#define PT_ISA_LIST(X)                                                                             \
    X(ANY, C, c)                                                                                   \
    X(X86_64, AVX2, avx2)                                                                          \
    X(X86_64, AVX512, avx512)

/** PT_ISA_IF_<architecture>(text): the text where that architecture is compiled for. */
#define PT_ISA_IF_ANY(...) __VA_ARGS__
#if defined(__x86_64__)
#define PT_ISA_IF_X86_64(...) __VA_ARGS__
#else
#define PT_ISA_IF_X86_64(...)
#endif

#endif /* PATINA_BASE_ISA_LIST_H */
