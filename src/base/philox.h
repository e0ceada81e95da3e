/* SPDX-License-Identifier: MIT */
/* philox.h - one round of Philox4x32, for integers and for vectors of them
 *
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */

#ifndef PATINA_BASE_PHILOX_H
#define PATINA_BASE_PHILOX_H

#define PT_PHILOX_ROUNDS 10

#define PT_PHILOX_M0 0xD2511F53U
#define PT_PHILOX_M1 0xCD9E8D57U
#define PT_PHILOX_W0 0x9E3779B9U /* golden ratio */
#define PT_PHILOX_W1 0xBB67AE85U /* sqrt(3) - 1 */

/* One round on the counters c0 .. c3 with the round keys k0 and k1: 64-bit integers, or vectors of
 * them, whose low halves count. m0 and m1 are PT_PHILOX_M0 and _M1 in that type; mul_low(a, b) is
 * the product of two low halves. */
#define PT_PHILOX_ROUND(type, mul_low, m0, m1, c0, c1, c2, c3, k0, k1)                             \
    do {                                                                                           \
        const type product0 = mul_low(c0, m0), product1 = mul_low(c2, m1);                         \
        c0 = (product1 >> 32) ^ c1 ^ (k0);                                                         \
        c2 = (product0 >> 32) ^ c3 ^ (k1);                                                         \
        c1 = product1;                                                                             \
        c3 = product0;                                                                             \
    } while (0)

#endif /* PATINA_BASE_PHILOX_H */
