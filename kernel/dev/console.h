/* SPDX-License-Identifier: MIT */
/* console.h - where the kernel log goes: see console.c. */
#pragma once

#include <types.h>

/* Gives the log its sink, as the kernel's command line says: log=serial (COM1, the default) or log=debugcon
 * (port 0xE9). */
void console_start_log(void);

/* Text for a terminal on COM1: \n becomes \r\n. Waits until all is sent. */
void console_write(const char *bytes, size_t count);
