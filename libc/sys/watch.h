/* SPDX-License-Identifier: MIT */
/* watch.h - see watch.c */
#ifndef SYS_WATCH_H
#define SYS_WATCH_H

void trace_start(void);

#endif
