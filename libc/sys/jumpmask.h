/* SPDX-License-Identifier: MIT */
/* jumpmask.h - what setjmp.asm calls when a signal mask travels with the registers. */
#pragma once

#include <setjmp.h>

/* Returns 0: it is also the first return of sigsetjmp. */
int jump_mask_save(jmp_buf environment);
void jump_mask_restore(jmp_buf environment);
