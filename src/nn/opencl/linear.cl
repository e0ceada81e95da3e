/* SPDX-License-Identifier: MIT */
/* linear.cl - y = epilogue(x W^T + bias), compiled once for each tile
 *
 * Before this text, BM, BN, BK, WM, WN and LINEAR (the name) are defined. A work-group computes a
 * tile of BM x BN outputs and a work-item WM x WN of them. An output is one sum in the order of k,
 * from 0, with fused multiply-add, so its bits depend neither on the tile nor on other rows.
 */

#define LX (BN / WN)
#define LY (BM / WM)

__kernel __attribute__((reqd_work_group_size(LX, LY, 1)))
void LINEAR(INPUT(x), INPUT(w), INPUT(bias), OUTPUT(y), int n_rows, int n_out, int n_in,
            int epilogue) {
    __local float xs[BK][BM + 1], ws[BK][BN + 1]; /* transposed; one column against conflicts */
    const int tx = get_local_id(0), ty = get_local_id(1), t = ty * LX + tx;
    const int n0 = get_group_id(0) * BN, m0 = get_group_id(1) * BM;
    float sum[WM][WN];
    x += x_at;
    w += w_at;
    y += y_at;

    for (int i = 0; i < WM; i++)
        for (int j = 0; j < WN; j++)
            sum[i][j] = 0.0f;
    const int n_k = (n_in + PT_DEVICE_K_MULTIPLE - 1) / PT_DEVICE_K_MULTIPLE * PT_DEVICE_K_MULTIPLE;
    for (int k0 = 0; k0 < n_k; k0 += BK) {
        for (int e = t; e < BM * BK; e += LX * LY) {
            const int k = e % BK, m = e / BK;
            xs[k][m] = m0 + m < n_rows && k0 + k < n_in ? x[(ulong)(m0 + m) * n_in + k0 + k] : 0.0f;
        }
        for (int e = t; e < BN * BK; e += LX * LY) {
            const int k = e % BK, n = e / BK;
            ws[k][n] = n0 + n < n_out && k0 + k < n_in ? w[(ulong)(n0 + n) * n_in + k0 + k] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < BK; k++) {
            float a[WM], b[WN];
            for (int i = 0; i < WM; i++)
                a[i] = xs[k][ty + i * LY];
            for (int j = 0; j < WN; j++)
                b[j] = ws[k][tx + j * LX];
            for (int i = 0; i < WM; i++)
                for (int j = 0; j < WN; j++)
                    sum[i][j] = fma(a[i], b[j], sum[i][j]);
        }
#ifndef FAULT_RACE /* planted by a test */
        barrier(CLK_LOCAL_MEM_FENCE);
#endif
    }
#ifdef FAULT_BOUNDS
    n_rows++;
#endif
    for (int i = 0; i < WM; i++)
        for (int j = 0; j < WN; j++) {
            const int m = m0 + ty + i * LY, n = n0 + tx + j * LX;
            if (m >= n_rows || n >= n_out) continue;
            const float v = pt_activate(sum[i][j] + bias[bias_at + n], epilogue);
            const ulong at = (ulong)m * n_out + n;
            y[at] = epilogue == PT_DEVICE_RESIDUAL ? y[at] + v : v;
        }
}

#undef LX
#undef LY
#undef LINEAR
#undef BM
#undef BN
#undef BK
#undef WM
#undef WN
