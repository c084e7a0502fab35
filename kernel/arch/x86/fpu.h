/* SPDX-License-Identifier: MIT */
/* fpu.h - the FPU and SSE registers as a program finds them at its start. */
#pragma once

#include <types.h>
#include <x86/cpu.h>

#define FPU_AREA_SIZE 512 /* of FXSAVE: SDM vol. 1, 10.5.1 */

/* An FXSAVE image: all exceptions masked (FCW 0x37f, MXCSR 0x1f80: SDM vol. 1, 8.1.5 and 10.2.3), all
 * registers zero. */
extern const uint8_t fpu_initial[FPU_AREA_SIZE];

static inline void fpu_reset(void)
{
    cpu_fxrstor(fpu_initial);
}
