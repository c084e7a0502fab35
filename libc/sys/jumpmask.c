/* SPDX-License-Identifier: MIT */
/* jumpmask.c - the signal mask's part of sigsetjmp and siglongjmp (libc/sys/setjmp.asm). */
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

#include "jumpmask.h"

_Static_assert(offsetof(__typeof__(((jmp_buf *)0)[0][0]), mask_saved) == 64, "MASK_SAVED in setjmp.asm");

int jump_mask_save(jmp_buf environment)
{
    sigprocmask(SIG_SETMASK, NULL, &environment->mask);
    return 0;
}

void jump_mask_restore(jmp_buf environment)
{
    sigprocmask(SIG_SETMASK, &environment->mask, NULL);
}
