/* SPDX-License-Identifier: MIT */
/* main.c - the patina command */

#include <stdio.h>

#include <patina/patina.h>

int main(void) {
    printf("patina %s\n", pt_version());
    return 0;
}
