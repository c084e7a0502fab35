/* SPDX-License-Identifier: MIT */
/* guard.h - the checking mode's canary and fill patterns. See guard.c. */
#pragma once

#include "chunk.h"

#define GUARD_ROOM ((size_t)16) /* bytes that a guarded chunk has beyond the request, at least */

#define FILL_FRESH 0xa5  /* memory from malloc, before the program writes to it */
#define FILL_FREED 0x5a  /* memory after free */
#define FILL_CANARY 0xca /* behind the last byte of the request */

/* Marks c as guarded and writes the canary. => c has at least GUARD_ROOM bytes more than `request` */
void guard_set(struct chunk *c, size_t request);
/* What the program may use of c: the request if c is guarded, all of it otherwise. */
size_t guard_usable(const struct chunk *c);
/* How many bytes from the user's pointer on were written at least, if more than asked for; 0: the canary is
 * intact, or there is none. */
size_t guard_broken(const struct chunk *c);
