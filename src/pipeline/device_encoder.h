/* SPDX-License-Identifier: MIT */
/* device_encoder.h - the encoders on OpenCL devices: a queue of clips and captions
 *
 *     worker     features or token embeddings to the queue; gets a ticket and continues
 *     device     one thread each: batches from the queue to the device, two in flight
 *     ticket     waited for by the thread that delivers rows
 *
 * A device takes whatever is queued, up to its batch, as soon as fewer than two of its batches are
 * in flight: batches are large when the devices are the bottleneck and small when they are idle,
 * and nothing has to be flushed. An embedding does not depend on its batch. The number of queued
 * clips is bounded: workers wait for room.
 */

#ifndef PATINA_PIPELINE_DEVICE_ENCODER_H
#define PATINA_PIPELINE_DEVICE_ENCODER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <patina/clap.h>
#include <patina/device.h>

#include "base/arena.h"
#include "nn/opencl/device.h"

typedef struct pt_device_encoder pt_device_encoder;
typedef struct pt_ticket pt_ticket;

/** Counters of an encoder, for tests and the benchmark. */
typedef struct pt_device_encoder_stats {
    size_t n_devices, batch; /* the smallest batch of all devices */
    uint64_t n_clips, n_captions, n_batches;
    uint64_t n_halved; /* batches halved, because a device has too little memory */
} pt_device_encoder_stats;

/**
 * Opens the devices, checks their bits, uploads the model, compares a clip and a caption with the
 * CPU towers, and starts a thread for each device.
 *
 * path   of the model
 * cpu    the same model on the CPU, with `parts`, for the comparison
 * stop   set to true by another thread: queued work is cancelled; may be NULL
 *
 * Errors  PATINA_EUSAGE  no such device, or it fails a check; those of patina_clap_open
 *         PATINA_EIO     a driver failed; PATINA_ENOMEM
 */
patina_status pt_device_encoder_open(const char *path, patina_clap_parts parts,
                                     const patina_clap *cpu, const patina_device_options *options,
                                     const patina_atomic_bool *stop, pt_device_encoder **encoder,
                                     patina_error *err);

/** The same on open devices, which the encoder closes, on failure too; for tests. */
patina_status pt_device_encoder_open_on(const char *path, const patina_clap *cpu,
                                        pt_device *const *devices, size_t n_devices, size_t batch,
                                        const patina_atomic_bool *stop, pt_device_encoder **encoder,
                                        patina_error *err);

/** Waits for the threads. All tickets must have been waited for or discarded. */
void pt_device_encoder_close(pt_device_encoder **encoder);

/**
 * Queues audio, as patina_clap_embed_audio. Waits while the queue is full. Any thread.
 *
 * Errors  PATINA_ERANGE for n_samples, PATINA_ENOMEM; those of an earlier failure of a device;
 *         PATINA_ECANCELLED
 */
patina_status pt_device_encoder_submit_audio(pt_device_encoder *encoder, const float *x,
                                             size_t n_samples, pt_ticket **ticket,
                                             pt_arena *scratch, patina_error *err);

/** Queues features of pt_clap_extract_features, [1001, 64] of a published model; likewise. */
patina_status pt_device_encoder_submit_features(pt_device_encoder *encoder, const float *features,
                                                pt_ticket **ticket, patina_error *err);

/** Queues a caption, as patina_clap_embed_text; likewise. */
patina_status pt_device_encoder_submit_text(pt_device_encoder *encoder,
                                            const patina_clap_caption *caption, pt_ticket **ticket,
                                            pt_arena *scratch, patina_error *err);

/** Queues the window of a file, as patina_file_embed; likewise. Errors  those of decoding, too */
patina_status pt_file_submit(pt_device_encoder *encoder, const char *path, uint64_t start,
                             pt_ticket **ticket, pt_arena *scratch, patina_error *err);

/**
 * Waits for the result and releases the ticket, on failure too. A NULL *ticket is accepted.
 *
 * embedding  out, length 1; NULL to discard it
 *
 * Errors     PATINA_EFORMAT     the embedding is not finite
 *            PATINA_EIO         the device failed; PATINA_ENOMEM
 *            PATINA_ECANCELLED  stopped
 */
patina_status pt_ticket_wait(pt_ticket **ticket, float embedding[PATINA_EMBEDDING_SIZE],
                             patina_error *err);

/** Entries in flight that keep all devices busy. */
size_t pt_device_encoder_in_flight(const pt_device_encoder *encoder);

/** Name of a device, and the tile of its linear kernel. */
const char *pt_device_encoder_device_name(const pt_device_encoder *encoder, size_t index,
                                          const char **tile);

pt_device_encoder_stats pt_device_encoder_get_stats(pt_device_encoder *encoder);

/** Whether a device has failed, after which nothing more is encoded. */
bool pt_device_encoder_has_failed(pt_device_encoder *encoder);

/** Copies a sentence about a device for the user, once; false if there is none. */
bool pt_device_encoder_take_note(pt_device_encoder *encoder, char text[256]);

#endif /* PATINA_PIPELINE_DEVICE_ENCODER_H */
