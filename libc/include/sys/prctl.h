/* SPDX-License-Identifier: MIT */
/* <sys/prctl.h> - settings of the calling process. */
#ifndef _SYS_PRCTL_H
#define _SYS_PRCTL_H

#include <linux/prctl.h>

int prctl(int option, ...);

#endif
