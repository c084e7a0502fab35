/* SPDX-License-Identifier: MIT */
/* <sys/times.h> - processor time of a process and its children, in ticks. */
#ifndef _SYS_TIMES_H
#define _SYS_TIMES_H

#include <linux/times.h>
#include <sys/types.h>

clock_t times(struct tms *used);

#endif
