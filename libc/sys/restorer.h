/* SPDX-License-Identifier: MIT */
/* restorer.h - the return address of every signal handler (restorer.asm). */
#pragma once

#include <asm/unistd.h>

_Static_assert(__NR_rt_sigreturn == 15, "NR_RT_SIGRETURN in restorer.asm");

void signal_restorer(void);
