/* SPDX-License-Identifier: MIT */
/* panic.c - see panic.h. Linux's own words first, because they can be searched for; then what Linux leaves to tools.
 *
 * Order: what happened, the page walk, where and who, registers, callers, the likely cause and what to try (lib/words.def;
 * lang=zh on the command line chooses Chinese); then the machine is switched off with a status of its own. A second panic (a
 * broken stack, a broken sink, another CPU) says one line and switches off at once. */
#include <lib/panic.h>

#include <arch/x86/machine.h>
#include <lib/backtrace.h>
#include <lib/log.h>
#include <lib/symtab.h>
#include <lib/words.h>
#include <mm/layout.h>
#include <x86/cpu.h>
#include <x86/pte.h>

bool words_chinese;

struct panic_hooks panic_hooks;
static uint32_t panicking;

static void say_history(void)
{
    if (panic_hooks.history != NULL)
        panic_hooks.history();
}

static void say_page_fault(const struct trapframe *frame, uint64_t address)
{
    const char *access = frame->error & FAULT_ERROR_FETCH   ? "instruction fetch"
                         : frame->error & FAULT_ERROR_WRITE ? "write access"
                                                            : "read access";
    const char *reason = frame->error & FAULT_ERROR_RESERVED  ? "reserved bit violation"
                         : frame->error & FAULT_ERROR_PRESENT ? "permissions violation"
                                                              : "not-present page";

    if (address < PAGE_SIZE)
        log_line("BUG: kernel NULL pointer dereference, address: %016lx", address);
    else
        log_line("BUG: unable to handle page fault for address: %016lx", address);
    log_line("#PF: %s %s in %s mode", frame->error & FAULT_ERROR_USER ? "user" : "supervisor", access,
             trapframe_from_user(frame) ? "user" : "kernel");
    log_line("#PF: error_code(0x%04lx) - %s", frame->error, reason);
    if (panic_hooks.page_walk != NULL)
        panic_hooks.page_walk(address);
}

static void say_context(void)
{
    char who[80] = "";

    if (panic_hooks.context != NULL)
        panic_hooks.context(who, sizeof(who));
    if (who[0] != '\0')
        log_line("current: %s", who);
}

static void say_registers(const struct trapframe *frame)
{
    char where[160];

    symtab_describe(symtab_kernel(), frame->rip, 0, where, sizeof(where));
    log_line("RIP: %04lx:%016lx %s", frame->cs, frame->rip, where);
    log_line("RSP: %04lx:%016lx EFLAGS: %08lx vector: %lu error: %04lx", frame->ss, frame->rsp, frame->rflags,
             frame->vector, frame->error);
    log_line("RAX: %016lx RBX: %016lx RCX: %016lx", frame->rax, frame->rbx, frame->rcx);
    log_line("RDX: %016lx RSI: %016lx RDI: %016lx", frame->rdx, frame->rsi, frame->rdi);
    log_line("RBP: %016lx R08: %016lx R09: %016lx", frame->rbp, frame->r8, frame->r9);
    log_line("R10: %016lx R11: %016lx R12: %016lx", frame->r10, frame->r11, frame->r12);
    log_line("R13: %016lx R14: %016lx R15: %016lx", frame->r13, frame->r14, frame->r15);
    log_line("CR2: %016lx CR3: %016lx CR4: %08lx", cpu_read_cr2(), cpu_read_cr3(), cpu_read_cr4());
}

#define SAY(name, ...) log_line(TEXT(words_chinese, name), ##__VA_ARGS__)

static void say_likely(const struct trapframe *frame, uint64_t address)
{
    bool page_fault = frame->vector == TRAP_PAGE_FAULT, fetch = frame->error & FAULT_ERROR_FETCH;

    if (frame->vector == TRAP_DOUBLE_FAULT ||
        (page_fault && address >= KSTACK_AREA && address < KSTACK_AREA_END))
        SAY(panic_stack);
    else if (frame->vector == TRAP_PROTECTION)
        SAY(panic_protection);
    else if (!page_fault)
        return;
    else if (address < PAGE_SIZE)
        SAY(panic_null, address);
    else if (address < KERNEL_HALF)
        log_line("%s", fetch ? TEXT(words_chinese, panic_user_call) : TEXT(words_chinese, panic_user));
    else if (frame->error & FAULT_ERROR_PRESENT)
        log_line("%s", fetch ? TEXT(words_chinese, panic_data) : TEXT(words_chinese, panic_readonly));
    else if (address >= DIRECT_MAP && address < KSTACK_AREA)
        SAY(panic_frame, (address - DIRECT_MAP) / PAGE_SIZE);
    else
        SAY(panic_wild);
}

static void panic_begin(void)
{
    cpu_interrupts_off();
    if (__atomic_fetch_add(&panicking, 1, __ATOMIC_ACQ_REL) == 0) {
        log_break_lock();
        return;
    }
    log_line("Kernel panic: again, while reporting the first one");
    power_off(POWER_OFF_PANIC);
}

void panic(const char *format, ...)
{
    va_list arguments;

    panic_begin();
    va_start(arguments, format);
    log_vline("Kernel panic: ", format, arguments);
    va_end(arguments);
    say_context();
    backtrace(0, (uint64_t)__builtin_frame_address(0));
    if (panic_hooks.context != NULL) /* later than the boot, whose messages say themselves what to do */
        SAY(panic_next, "panic");
    say_history();
    power_off(POWER_OFF_PANIC);
}

void panic_trap(const struct trapframe *frame, const char *format, ...)
{
    uint64_t address = cpu_read_cr2();
    va_list arguments;

    panic_begin();
    if (frame->vector == TRAP_PAGE_FAULT) {
        say_page_fault(frame, address);
    } else {
        va_start(arguments, format);
        log_vline("BUG: ", format, arguments);
        va_end(arguments);
    }
    say_context();
    say_registers(frame);
    backtrace(frame->rip, frame->rbp);
    va_start(arguments, format);
    log_vline("Kernel panic: ", format, arguments);
    va_end(arguments);
    say_likely(frame, address);
    SAY(panic_next, "panic_trap");
    say_history();
    power_off(POWER_OFF_PANIC);
}
