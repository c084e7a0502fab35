/* SPDX-License-Identifier: MIT */
/* language.h - in which language a program wants to be told what went wrong. */
#pragma once

#include <types.h>

struct aspace;

/* LANG of the environment that the program was started with: zh..., or another. Without one it is the kernel's own
 * (lang= on the command line). Takes and releases the address space's lock. */
bool language_is_chinese(struct aspace *aspace);
