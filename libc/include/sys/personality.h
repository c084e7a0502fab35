/* SPDX-License-Identifier: MIT */
/* <sys/personality.h> - as which system, and with which oddities, a process is run; the numbers are the kernel's. */
#ifndef _SYS_PERSONALITY_H
#define _SYS_PERSONALITY_H

#include <linux/personality.h>

int personality(unsigned long persona);

#endif
