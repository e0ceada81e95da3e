/* SPDX-License-Identifier: MIT */
/* measure_file.c - prints the physical targets of an audio file
 *
 *     measure_file FILE
 */

#include <stdio.h>

#include <patina/patina.h>

int main(int argc, char **argv) {
    patina_error err = {PATINA_OK, ""};
    patina_meter *meter = NULL;
    patina_window window;
    patina_targets targets;

    if (argc != 2) {
        fprintf(stderr, "usage: measure_file FILE\n");
        return 2;
    }
    patina_status status = patina_meter_open(&meter, &err);
    if (status == PATINA_OK)
        status =
            patina_file_measure(meter, argv[1], 0, PATINA_FRAMES_TO_END, &window, &targets, &err);
    patina_meter_close(&meter);
    if (status != PATINA_OK) {
        fprintf(stderr, "%s (%s)\n", err.message, patina_status_name(status));
        return 1;
    }
    printf("duration      %.2f s, %u channels at %u Hz\n", (double)window.frames / window.rate_hz,
           window.channels, window.rate_hz);
    printf("loudness      %.1f LUFS\n", targets.lufs_source);
    printf("crest factor  %.1f dB\n", targets.crest_db);
    printf("crossings     %.4f for each sample\n", targets.zcr);
    for (size_t b = 0; b < PATINA_LTAS_BANDS; b++)
        printf("%7.0f Hz    %.1f dBFS\n", patina_ltas_center_hz(b), targets.ltas[b]);
    return 0;
}
