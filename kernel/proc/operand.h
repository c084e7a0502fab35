/* SPDX-License-Identifier: MIT */
/* operand.h - which address an instruction was about to use, and from which register it came. */
#pragma once

#include <types.h>

struct trapframe;

#define OPERANDS_MAX 3 /* what may have been wrong: base, index, and the sum of both */

struct operand {
    const char *name; /* "rax"; NULL: what was added up from registers and a constant */
    uint64_t value;
};

/* From the instruction's bytes, at most OPERANDS_MAX of them, what the program computed with first. => how many; 0: the
 * instruction names no memory, or is one that is not understood here. */
unsigned operand_decode(const uint8_t *bytes, size_t count, const struct trapframe *frame,
                        struct operand operands[OPERANDS_MAX]);

/* A ret, whose target lies where rsp points. */
bool operand_is_return(const uint8_t *bytes, size_t count);
