/* SPDX-License-Identifier: MIT */
/* report.h - the last words: what was wrong, in glibc's words and in plain ones. See report.c. */
#pragma once

#include "chunk.h"

/* `caller` is a name as in "free". The pointer is not a block that the program has. */
_Noreturn void report_bad_pointer(const char *caller, const void *p);
/* Headers, links or the top are damaged. `words`: glibc's message for the case. */
_Noreturn void report_damage(const char *words, const struct chunk *c, const char *what);
/* `written` bytes of c were written at least, more than it has (see guard_broken). */
_Noreturn void report_overflow(const char *caller, const struct chunk *c, size_t written);

/* Keeps in mind that c is being freed, to say so should it be freed again. */
void report_remember(const struct chunk *c);
