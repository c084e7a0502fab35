/* SPDX-License-Identifier: MIT */
/* load.h - load averages: how many threads ran or wanted to, over the last 1, 5 and 15 minutes. */
#pragma once

#include <types.h>

#define LOAD_AVERAGES 3
#define LOAD_SHIFT 11 /* of the fixed point: 2048 is a load of 1 */

/* At every tick. `active`: threads that run or are ready. */
void load_tick(uint64_t now, unsigned active);
void load_averages(uint64_t loads[LOAD_AVERAGES]);
