/* SPDX-License-Identifier: MIT */
/* shutdown.h - see shutdown.c; process_all_done() is declared in process.h. */
#pragma once

/* Writes down what there is before the first process: the final account is held against it. */
void shutdown_remember(void);
