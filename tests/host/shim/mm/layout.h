/* SPDX-License-Identifier: MIT */
/* layout.h - for host tests: the direct map and the frame array as two arenas of an ordinary process (shim/machine.c). */
#pragma once

#define DIRECT_MAP 0x200000000000UL
#define FRAME_ARRAY 0x210000000000UL
#define KERNEL_BASE 0xffffffff80000000UL
#define KERNEL_HALF 0xffff800000000000UL
