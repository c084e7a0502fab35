/* SPDX-License-Identifier: MIT */
/* shutdown.h - see shutdown.c; process_all_done() is declared in process.h. */
#ifndef FAULTLINE_PROC_SHUTDOWN_H
#define FAULTLINE_PROC_SHUTDOWN_H

/* Writes down what there is before the first process: the final account is held against it. */
void shutdown_remember(void);

#endif
