/* SPDX-License-Identifier: MIT */
/* completion_text.h - the shell completion scripts, which tools/gendoc.py builds and embeds */

#ifndef PATINA_CLI_COMPLETION_TEXT_H
#define PATINA_CLI_COMPLETION_TEXT_H

#include <stddef.h>

typedef struct pt_cli_completion {
    const char *shell;
    const unsigned char *script;
    size_t size;
} pt_cli_completion;

/** One element a shell; a NULL shell ends the list, which is empty in a build whose programs cannot
 * be run (cross-compiled, or with sanitizers). */
extern const pt_cli_completion pt_cli_completions[];

#endif /* PATINA_CLI_COMPLETION_TEXT_H */
