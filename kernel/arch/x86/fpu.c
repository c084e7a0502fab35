/* SPDX-License-Identifier: MIT */
/* fpu.c - the FPU state that a program starts with. The System V ABI for x86-64 (3.4.1) demands these two
 * control words. */
#include <arch/x86/fpu.h>

#define FCW_OFFSET 0
#define MXCSR_OFFSET 24

const uint8_t fpu_initial[FPU_AREA_SIZE] __attribute__((aligned(16))) = {
    [FCW_OFFSET] = 0x7f,
    [FCW_OFFSET + 1] = 0x03,
    [MXCSR_OFFSET] = 0x80,
    [MXCSR_OFFSET + 1] = 0x1f,
};
