/* SPDX-License-Identifier: MIT */
/* kernels.cl - the device kernels that have one form; linear.cl and attention.cl follow it
 *
 * Matrices are row-major float32. A buffer argument is a pointer and an offset in elements, so that
 * weights and scratch memory are one buffer each. Work-groups cover more items than there are
 * values; the rest returns. device_reference.c computes the same bits in plain C.
 */

#define INPUT(name)   __global const float *name, ulong name##_at
#define OUTPUT(name)  __global float *name, ulong name##_at
#define INDICES(name) __global const int *name, ulong name##_at

/* Image [size, size] of a clip: batch norm per mel band, four taps in time, time segments stacked.
 * taps: [size * size / n_mels] of four frame numbers (int) and four weights. */
__kernel void pt_image(INPUT(features), INPUT(mean), INPUT(scale), INPUT(shift), INPUT(taps),
                    OUTPUT(out), int n_images, int n_frames, int n_mels, int size) {
    const ulong i = get_global_id(0), n_pixels = (ulong)size * size;
    if (i >= n_pixels * n_images) return;
    const int row = i % n_pixels / size, column = i % size, m = row % n_mels;
    __global const float *tap = taps + taps_at + 8 * ((ulong)(row / n_mels) * size + column);
    __global const float *band =
        features + features_at + i / n_pixels * n_frames * n_mels + m;
    float sum = 0.0f;
    for (int k = 0; k < 4; k++) {
        const float x = band[(ulong)as_int(tap[k]) * n_mels];
        const float y =
            fma(x - mean[mean_at + m], scale[scale_at + m], shift[shift_at + m]);
        sum = fma(tap[4 + k], y, sum);
    }
    out[out_at + i] = sum;
}

/* Patches [n_images, side * side, patch * patch] of images [n_images, side * patch, side * patch] */
__kernel void pt_patches(INPUT(images), OUTPUT(out), int n_images, int side, int patch) {
    const ulong i = get_global_id(0), n = (ulong)patch * patch, size = (ulong)side * patch;
    if (i >= n_images * size * size) return;
    const ulong token = i / n % ((ulong)side * side), at = i % n;
    const ulong row = token / side * patch + at / patch;
    const ulong column = token % side * patch + at % patch;
    out[out_at + i] = images[images_at + i / (size * size) * size * size + row * size + column];
}

/* Layer norm of rows [n_rows, n], a work-group each. Lane t sums values t, t + 32, ...; every lane
 * then adds the 32 partial sums in order. inverse_n is 1 / n. */
__kernel __attribute__((reqd_work_group_size(PT_DEVICE_NORM_LANES, 1, 1)))
void pt_layer_norm(INPUT(x), INPUT(gain), INPUT(shift), OUTPUT(y), int n, float inverse_n,
                   float eps) {
    __local float sums[PT_DEVICE_NORM_LANES], squares[PT_DEVICE_NORM_LANES];
    const int t = get_local_id(0);
    const ulong row = (ulong)get_group_id(0) * n;
    float s = 0.0f, mean = 0.0f, variance = 0.0f;
    x += x_at + row;
    y += y_at + row;

    for (int j = t; j < n; j += PT_DEVICE_NORM_LANES)
        s += x[j];
    sums[t] = s;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < PT_DEVICE_NORM_LANES; k++)
        mean += sums[k];
    mean = fma(mean, inverse_n, 0.0f);

    s = 0.0f;
    for (int j = t; j < n; j += PT_DEVICE_NORM_LANES)
        s = fma(x[j] - mean, x[j] - mean, s);
    squares[t] = s;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < PT_DEVICE_NORM_LANES; k++)
        variance += squares[k];

    const float scale = pt_reciprocal_sqrt(fma(variance, inverse_n, eps));
    for (int j = t; j < n; j += PT_DEVICE_NORM_LANES)
        y[j] = fma((x[j] - mean) * scale, gain[gain_at + j], shift[shift_at + j]);
}

/* Patch merging: tokens [n_images, side * side, d] to [n_images, side/2 * side/2, 4d]; the 2 x 2
 * tokens are concatenated in the order (0, 0), (1, 0), (0, 1), (1, 1) of (row, column). */
__kernel void pt_merge(INPUT(tokens), OUTPUT(out), int n_images, int side, int d) {
    const ulong i = get_global_id(0), n = (ulong)side / 2;
    if (i >= n_images * n * n * 4 * d) return;
    const ulong j = i % d, k = i / d % 4, token = i / (4 * d) % (n * n);
    const ulong row = 2 * (token / n) + k % 2, column = 2 * (token % n) + k / 2;
    const ulong first = i / (4 * d) / (n * n) * side * side;
    out[out_at + i] = tokens[tokens_at + (first + row * side + column) * d + j];
}

/* Means over the tokens: [n_images, n, d] to [n_images, d]. inverse_n is 1 / n. */
__kernel void pt_mean(INPUT(tokens), OUTPUT(out), int n_images, int n, int d, float inverse_n) {
    const ulong i = get_global_id(0);
    if (i >= (ulong)n_images * d) return;
    __global const float *x = tokens + tokens_at + i / d * n * d + i % d;
    float sum = 0.0f;
    for (int k = 0; k < n; k++)
        sum += x[(ulong)k * d];
    out[out_at + i] = fma(sum, inverse_n, 0.0f);
}

/* Rows starts[i] of x [., d] to out [n, d] */
__kernel void pt_gather(INPUT(x), INDICES(starts), OUTPUT(out), int n, int d) {
    const ulong i = get_global_id(0);
    if (i >= (ulong)n * d) return;
    out[out_at + i] = x[x_at + (ulong)starts[starts_at + i / d] * d + i % d];
}
