/* SPDX-License-Identifier: MIT */
/* plainloops.h - keep loops loops.
 *
 * gcc recognises a loop that copies, fills or measures, and replaces it with a call of memcpy, memset or
 * strlen; inside those functions that call would never end. Every file of this room includes this first;
 * clang needs -fno-builtin (-ffreestanding implies it). */
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif
