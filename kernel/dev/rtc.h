/* SPDX-License-Identifier: MIT */
/* rtc.h - the battery clock. */
#pragma once

#include <types.h>

/* Seconds since 1970-01-01 00:00 UTC, of a clock that runs in UTC. 0 if the clock cannot be read. */
uint64_t rtc_read(void);

/* Nanoseconds of real time at clock_now() == 0. The clock is read at the first call; after that real time
 * goes with the TSC, until somebody sets it. */
uint64_t clock_boot_realtime(void);
void clock_set_boot_realtime(uint64_t ns); /* the battery clock stays as it is */
