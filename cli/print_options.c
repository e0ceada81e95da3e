/* SPDX-License-Identifier: MIT */
/* print_options.c - build-time program: prints the option tables for tools/gendoc.py */

#include "commands.h"
#include "escaped_output.h"

int main(void) {
    pt_cli_write_options_json(&pt_cli_program_table, stdout);
    return pt_cli_flush(stdout) ? 0 : 1;
}
