/* SPDX-License-Identifier: MIT */
/* attention.cl - multi-head attention, compiled once for each size of a head
 *
 * Before this text, DIM, WINDOW, WINDOW_ATTENTION and TEXT_ATTENTION (the names) are defined. A
 * work-item computes one query. Softmax is online (Milakov and Gimelshein, "Online normalizer
 * calculation for softmax", 2018): keys in order, sums rescaled by each score, so any length needs
 * one pass.
 */

#ifndef ATTENTION_TILE
#define ATTENTION_TILE 64 /* queries and keys of a work-group of text attention */
#define WINDOW_TOKENS  (WINDOW * WINDOW)
#define MASKED         -100.0f
#endif

#define ADD_KEY(score, value)                                                                      \
    do {                                                                                           \
        const float max_ = (score) > max ? (score) : max;                                          \
        const float keep_ = pt_exp(max - max_), weight_ = pt_exp((score)-max_);                    \
        sum = fma(sum, keep_, weight_);                                                            \
        for (int i_ = 0; i_ < DIM; i_++)                                                           \
            acc[i_] = fma(weight_, (value)[i_], acc[i_] * keep_);                                  \
        max = max_;                                                                                \
    } while (0)

/* Windows of WINDOW x WINDOW tokens of an image [side * side], shifted by `shift` tokens. qkv
 * [n_tokens, 3d], bias [n_heads, WINDOW_TOKENS, WINDOW_TOKENS] of relative positions, out
 * [n_tokens, d]. Work-groups: window, head, image. At an edge, tokens that are not neighbours in
 * the image are masked. */
__kernel __attribute__((reqd_work_group_size(WINDOW_TOKENS, 1, 1)))
void WINDOW_ATTENTION(INPUT(qkv), INPUT(bias), OUTPUT(out), int side, int n_heads, int shift,
                      float scale) {
    __local float keys[WINDOW_TOKENS][DIM], values[WINDOW_TOKENS][DIM];
    const int t = get_local_id(0), across = side / WINDOW, d = n_heads * DIM, h = get_group_id(1);
    const int down_index = get_group_id(0) / across, across_index = get_group_id(0) % across;
    const int row = (down_index * WINDOW + shift + t / WINDOW) % side;
    const int column = (across_index * WINDOW + shift + t % WINDOW) % side;
    const ulong token = ((ulong)get_group_id(2) * side + row) * side + column;
    float q[DIM], acc[DIM], max = -3.0e38f, sum = 0.0f;
    __global const float *mine = qkv + qkv_at + token * 3 * d + h * DIM;
    bias += bias_at + (ulong)(h * WINDOW_TOKENS + t) * WINDOW_TOKENS;

    for (int i = 0; i < DIM; i++) {
        q[i] = mine[i];
        keys[t][i] = mine[d + i];
        values[t][i] = mine[2 * d + i];
        acc[i] = 0.0f;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const int bottom = shift && down_index == across - 1, kept = WINDOW - shift;
    const int right = shift && across_index == across - 1;
    for (int k = 0; k < WINDOW_TOKENS; k++) {
        float s = 0.0f;
        for (int i = 0; i < DIM; i++)
            s = fma(q[i], keys[k][i], s);
        s = fma(s, scale, bias[k]);
        if ((bottom && (t / WINDOW < kept) != (k / WINDOW < kept)) ||
            (right && (t % WINDOW < kept) != (k % WINDOW < kept)))
            s += MASKED;
        ADD_KEY(s, values[k]);
    }
    const float inverse = pt_reciprocal(sum);
    for (int i = 0; i < DIM; i++)
        out[out_at + token * d + h * DIM + i] = acc[i] * inverse;
}

/* Attention within each caption: caption c has tokens starts[c] to starts[c + 1] - 1. qkv
 * [n_tokens, 3d], out [n_tokens, d]. Work-groups: 64 queries, head, caption; those beyond the end
 * of a caption do nothing. */
__kernel __attribute__((reqd_work_group_size(ATTENTION_TILE, 1, 1)))
void TEXT_ATTENTION(INPUT(qkv), INDICES(starts), OUTPUT(out), int n_heads, float scale) {
    __local float keys[ATTENTION_TILE][DIM], values[ATTENTION_TILE][DIM];
    const int t = get_local_id(0), d = n_heads * DIM, h = get_group_id(1);
    const int first = starts[starts_at + get_group_id(2)];
    const int n_tokens = starts[starts_at + get_group_id(2) + 1] - first;
    const int query = get_group_id(0) * ATTENTION_TILE + t;
    const int n_keys = get_group_id(0) * ATTENTION_TILE < n_tokens ? n_tokens : 0;
    float q[DIM], acc[DIM], max = -3.0e38f, sum = 0.0f;
    qkv += qkv_at + (ulong)first * 3 * d + h * DIM;

    for (int i = 0; i < DIM; i++) {
        q[i] = query < n_tokens ? qkv[(ulong)query * 3 * d + i] : 0.0f;
        acc[i] = 0.0f;
    }
    for (int k0 = 0; k0 < n_keys; k0 += ATTENTION_TILE) {
        const int n = min(n_keys - k0, ATTENTION_TILE);
        for (int i = 0; i < DIM; i++) {
            keys[t][i] = t < n ? qkv[(ulong)(k0 + t) * 3 * d + d + i] : 0.0f;
            values[t][i] = t < n ? qkv[(ulong)(k0 + t) * 3 * d + 2 * d + i] : 0.0f;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int k = 0; k < n; k++) {
            float s = 0.0f;
            for (int i = 0; i < DIM; i++)
                s = fma(q[i], keys[k][i], s);
            s = fma(s, scale, 0.0f);
            ADD_KEY(s, values[k]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (query >= n_keys) return;
    const float inverse = pt_reciprocal(sum);
    for (int i = 0; i < DIM; i++)
        out[out_at + ((ulong)first + query) * d + h * DIM + i] = acc[i] * inverse;
}

#undef ADD_KEY
#undef DIM
#undef WINDOW_ATTENTION
#undef TEXT_ATTENTION
