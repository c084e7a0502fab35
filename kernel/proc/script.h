/* SPDX-License-Identifier: MIT */
/* script.h - the first line of a script: "#!interpreter argument". */
#pragma once

#define SCRIPT_LINE_MAX 256 /* BINPRM_BUF_SIZE: what Linux reads of a file before it decides */

/* Takes the beginning of a file apart, in place; zeros follow a shorter file. => 0: *interpreter, and *argument or NULL,
 * point into `line`; -ENOEXEC: no script, or nobody is named in it. */
int script_parse(char line[SCRIPT_LINE_MAX], char **interpreter, char **argument);
