/* SPDX-License-Identifier: MIT */
/* backtrace.c - see backtrace.h: who called whom in the kernel, through the frame pointers.
 *
 *   rbp -> | caller's rbp | return address |      the kernel is built with -fno-omit-frame-pointer; the entry code
 *               |                                 clears rbp, so the chain ends where the kernel was entered
 *               +-> | its caller's rbp | ...
 *
 * The chain may be broken, that is often why somebody asks. So it must climb, stay where stacks are (the stack area, or
 * the image's own data for the boot stack and the exception stacks), and stay within one stack's size. What still slips
 * through faults, and a fault within a panic ends at once. */
#include <lib/backtrace.h>

#include <lib/log.h>
#include <lib/symtab.h>
#include <mm/layout.h>

#define BACKTRACE_DEPTH 32
#define STACK_SPAN (16 * KIB) /* KSTACK_SIZE of mm/kstack.h, a higher layer; the boot stack is as large */

extern const char text_start[], text_end[], rodata_end[], data_end[];

static bool is_stack(uint64_t address)
{
    if (address % 8 != 0)
        return false;
    if (address >= KSTACK_AREA && address < KSTACK_AREA_END)
        return true;
    return address >= (uint64_t)rodata_end && address + 16 <= (uint64_t)data_end;
}

static bool is_text(uint64_t address)
{
    return address >= (uint64_t)text_start && address <= (uint64_t)text_end;
}

void backtrace(uint64_t rip, uint64_t rbp)
{
    const struct symtab *table = symtab_kernel();
    uint64_t limit = rbp + STACK_SPAN;
    char where[160];

    log_line("Call Trace:");
    if (rip != 0) {
        symtab_describe(table, rip, 0, where, sizeof(where));
        log_line(" [<%016lx>] %s", rip, where);
    }
    for (unsigned depth = 0; depth < BACKTRACE_DEPTH && is_stack(rbp) && rbp < limit; depth++) {
        const uint64_t *record = (const uint64_t *)rbp;
        uint64_t caller_rbp = record[0], return_address = record[1];
        if (!is_text(return_address))
            return;
        symtab_describe(table, return_address, 1, where, sizeof(where));
        log_line(" [<%016lx>] %s", return_address, where);
        if (caller_rbp <= rbp)
            return;
        rbp = caller_rbp;
    }
}
