/* SPDX-License-Identifier: MIT */
/* layout.h - where things stand in the kernel half of every address space.
 *
 *   ffff888000000000   direct map: all RAM, read-write, never executable          (the addresses are
 *   ffffc90000000000   kernel stacks, each with an unmapped guard page below it     Linux's own, see its
 *   ffffea0000000000   the frame array: struct page of frame n at + 32 n            x86_64/mm.rst)
 *   ffffffff80000000   the kernel image, at + 1 MiB
 */
#pragma once

#define DIRECT_MAP 0xffff888000000000UL
#define KSTACK_AREA 0xffffc90000000000UL
#define KSTACK_AREA_END 0xffffc98000000000UL
#define FRAME_ARRAY 0xffffea0000000000UL
#define KERNEL_BASE 0xffffffff80000000UL
#define KERNEL_HALF 0xffff800000000000UL
