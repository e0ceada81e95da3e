/* SPDX-License-Identifier: MIT */
/* embed_pair.c - cosine of a caption and an audio file in the space of a CLAP model
 *
 *     embed_pair MODEL CAPTION FILE
 */

#include <stdio.h>
#include <string.h>

#include <patina/patina.h>

int main(int argc, char **argv) {
    patina_error err = {PATINA_OK, ""};
    patina_clap *clap = NULL;
    patina_arena *scratch = NULL; /* reused by both calls; NULL is valid too */
    float text[PATINA_EMBEDDING_SIZE], audio[PATINA_EMBEDDING_SIZE];

    if (argc != 4) {
        fprintf(stderr, "usage: embed_pair MODEL CAPTION FILE\n");
        return 2;
    }
    patina_status status = patina_arena_create(&scratch, &err);
    if (status == PATINA_OK)
        status = patina_clap_open(argv[1], PATINA_CLAP_BOTH, PATINA_ISA_AUTO, PATINA_PRECISION_F32,
                                  &clap, &err);
    if (status == PATINA_OK)
        status = patina_clap_embed_text(clap, argv[2], strlen(argv[2]), text, scratch, &err);
    if (status == PATINA_OK) status = patina_file_embed(clap, argv[3], 0, audio, scratch, &err);
    patina_clap_close(&clap);
    patina_arena_destroy(&scratch);
    if (status != PATINA_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    double cosine = 0.0; /* both have length 1 */
    for (int i = 0; i < PATINA_EMBEDDING_SIZE; i++)
        cosine += (double)text[i] * (double)audio[i];
    printf("cosine %.4f\n", cosine);
    return 0;
}
