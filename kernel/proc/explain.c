/* SPDX-License-Identifier: MIT */
/* explain.c - see explain.h. The first line is Linux's, to the letter, so that people find it when they search; the block
 * below is what a teacher would say:
 *
 *     bug-uaf[9]: segfault at 7fffb7fe9010 ip 0000000000400b9c sp 00007fffffffee40 error 4 in bug-uaf[400000+3000]
 *      +-- what    READ of 7fffb7fe9010 by user code, no page there (error 4 = user, read, not present)
 *      |   where   main+0x4c user/demo/bug-uaf.c:21
 *      |   nearest below: nothing    above: [anon] 7fffb7ff9000-7ffff7ffa000 is 64 KiB further
 *      |   history [anon] 7fffb7fe9000-7fffb7ff9000 was here, unmapped 3 ms ago by munmap+0xc libc/sys/memory.c:20
 *      |   likely  USE AFTER FREE (confidence: high): ...
 *      |   try     ...
 *      +-- regs    rax=...
 *
 * The kernel option errors=short leaves the first line only. Facts and guesses: cause.c; names: usersym.c; the words, in
 * the program's language: lib/words.def. */
#include <proc/explain.h>

#include <arch/x86/bootinfo.h>
#include <arch/x86/usercopy.h>
#include <lib/log.h>
#include <lib/words.h>
#include <proc/cause.h>
#include <proc/process.h>
#include <proc/usersym.h>
#include <string.h>

#include <asm/signal.h>

#define PLACE_SIZE 160
#define BACKTRACE_SIZE 640

static bool errors_short(void)
{
    char value[8];

    return boot_option("errors", value, sizeof(value)) && strcmp(value, "short") == 0;
}

/* Linux's names of exceptions (its arch/x86/kernel/traps.c). */
static const char *trap_words(uint64_t trap)
{
    static const char *const words[] = {
        [TRAP_DIVIDE] = "trap divide error",         [TRAP_BREAKPOINT] = "trap int3",
        [TRAP_OVERFLOW] = "trap overflow",           [TRAP_BOUND] = "trap bounds",
        [TRAP_UNDEFINED] = "trap invalid opcode",    [TRAP_NO_SEGMENT] = "trap segment not present",
        [TRAP_STACK_SEGMENT] = "trap stack segment", [TRAP_PROTECTION] = "general protection fault",
        [TRAP_FLOATING] = "trap fpu exception",      [TRAP_ALIGNMENT] = "trap alignment check",
        [TRAP_SIMD] = "trap simd exception",
    };

    return trap < ARRAY_SIZE(words) && words[trap] != NULL ? words[trap] : "trap";
}

static void linux_line(const struct fault_facts *facts, const struct process *process)
{
    const struct trapframe *frame = facts->frame;
    const struct signal_info *info = facts->info;
    char in[REGION_NAME_SIZE + 48] = "";

    if (facts->code.end != 0 && facts->code.file)
        format_text(in, sizeof(in), " in %s[%lx+%lx]", facts->code.name, facts->code.start,
                    facts->code.end - facts->code.start);
    if (facts->page_fault)
        log_line("%s[%d]: %s at %lx ip %016lx sp %016lx error %lx%s", process->name, process->pid,
                 info->number == SIGBUS ? "bus error" : "segfault", info->address, frame->rip, frame->rsp,
                 info->error, in);
    else if (facts->no_frame)
        log_line("%s[%d] bad frame in signal delivery ip:%lx sp:%lx%s", process->name, process->pid,
                 frame->rip, frame->rsp, in);
    else
        log_line("traps: %s[%d] %s ip:%lx sp:%lx error:%lx%s", process->name, process->pid,
                 trap_words(info->trap), frame->rip, frame->rsp, info->error, in);
}

/* "64 KiB": rounded down to a unit in which it is easy to say. */
static const char *distance(const struct fault_facts *facts, uint64_t bytes, char text[24])
{
    const char *const units[] = {TEXT(facts->chinese, bytes), "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;

    for (; bytes >= 10 * KIB && unit + 1 < ARRAY_SIZE(units); unit++)
        bytes /= KIB;
    format_text(text, 24, "%lu %s", bytes, units[unit]);
    return text;
}

/* The arguments of most functions here are called `facts`. */
#define SAY(name, ...) log_line(TEXT(facts->chinese, name), ##__VA_ARGS__)
#define WORD_OF(name) TEXT(facts->chinese, name)

static void say_what(const struct fault_facts *facts)
{
    uint64_t error = facts->info->error;
    bool fetch = error & FAULT_ERROR_FETCH, write = error & FAULT_ERROR_WRITE;
    const struct region *here = &facts->here;

    if (facts->no_frame) {
        SAY(line_no_frame, facts->frame->rsp);
        return;
    }
    if (!facts->page_fault) {
        SAY(line_trap, trap_words(facts->info->trap));
        return;
    }
    SAY(line_what,
        fetch   ? WORD_OF(EXECUTE)
        : write ? WORD_OF(WRITE)
                : WORD_OF(READ),
        facts->info->address,
        here->end == 0                  ? WORD_OF(why_no_region)
        : facts->disk_failed            ? WORD_OF(why_on_disk)
        : facts->info->number == SIGBUS ? WORD_OF(why_file_end)
                                        : WORD_OF(why_forbidden),
        error, error & FAULT_ERROR_USER ? WORD_OF(error_user) : WORD_OF(error_kernel),
        fetch   ? WORD_OF(error_fetch)
        : write ? WORD_OF(error_write)
                : WORD_OF(error_read),
        error & FAULT_ERROR_PRESENT ? WORD_OF(error_denied) : WORD_OF(error_absent));
    if (here->end != 0)
        SAY(line_region, here->name, here->start, here->end, here->flags & VMA_READ ? 'r' : '-',
            here->flags & VMA_WRITE ? 'w' : '-', here->flags & VMA_EXEC ? 'x' : '-',
            here->flags & VMA_SHARED ? 's' : 'p');
}

static void say_where(const struct fault_facts *facts, const struct usersym *symbols)
{
    char place[PLACE_SIZE];

    if (symbols->table.size == 0) {
        format_text(place, sizeof(place), WORD_OF(no_symbols),
                    facts->code.end != 0 ? facts->code.name : WORD_OF(outside), facts->frame->rip);
        SAY(line_where, place);
        return;
    }
    symtab_describe(&symbols->table, facts->frame->rip, 0, place, sizeof(place));
    SAY(line_where, place[0] != '?' ? place : WORD_OF(no_function));
}

static void say_nearest(const struct fault_facts *facts)
{
    const struct region *below = &facts->below, *above = &facts->above;
    char text[24], left[REGION_NAME_SIZE + 80], right[REGION_NAME_SIZE + 80];

    if (!facts->page_fault || facts->here.end != 0 || facts->info->address >= USER_END)
        return;
    strlcpy(left, WORD_OF(nothing), sizeof(left));
    strlcpy(right, WORD_OF(nothing), sizeof(right));
    if (below->end != 0)
        format_text(left, sizeof(left), WORD_OF(before), below->name, below->start, below->end,
                    distance(facts, facts->info->address - below->end, text));
    if (above->end != 0)
        format_text(right, sizeof(right), WORD_OF(further), above->name, above->start, above->end,
                    distance(facts, above->start - facts->info->address, text));
    SAY(line_nearest, left, right);
}

static void say_history(const struct fault_facts *facts, const struct usersym *symbols)
{
    const struct unmapped_range *range = &facts->history;
    char by[BACKTRACE_SIZE];

    if (!facts->known || !facts->page_fault || facts->here.end != 0)
        return;
    usersym_chain(symbols, range->callers, UNMAP_CALLERS, by, sizeof(by));
    SAY(line_history, range->was & VMA_HEAP ? "[heap]" : "[anon]", range->start, range->end,
        facts->history_age_ns / 1000000, facts->history_age_ns / 1000 % 1000, by);
}

static void say_registers(const struct fault_facts *facts)
{
    const struct trapframe *frame = facts->frame;

    log_line("%srax=%lx rbx=%lx rcx=%lx rdx=%lx rsi=%lx rdi=%lx rbp=%lx rsp=%lx", WORD_OF(line_registers),
             frame->rax, frame->rbx, frame->rcx, frame->rdx, frame->rsi, frame->rdi, frame->rbp, frame->rsp);
    log_line("%sr8=%lx r9=%lx r10=%lx r11=%lx r12=%lx r13=%lx r14=%lx r15=%lx rip=%lx rflags=%lx",
             WORD_OF(line_more), frame->r8, frame->r9, frame->r10, frame->r11, frame->r12, frame->r13,
             frame->r14, frame->r15, frame->rip, frame->rflags);
}

static void say_block(struct fault_facts *facts, struct process *process)
{
    struct usersym symbols;
    struct cause cause = {0};
    char callers[BACKTRACE_SIZE];

    usersym_open(&symbols, process);
    cause_guess(facts, &cause);
    say_what(facts);
    say_where(facts, &symbols);
    say_nearest(facts);
    say_history(facts, &symbols);
    SAY(line_likely, cause.what, cause.confidence, cause.reason);
    SAY(line_try, cause.advice);
    say_registers(facts);
    usersym_backtrace(&symbols, process, facts->frame, callers, sizeof(callers));
    SAY(line_backtrace, callers);
    usersym_close(&symbols);
}

void explain_fault(const struct trapframe *frame, const struct signal_info *info)
{
    struct process *process = current_process();
    struct fault_facts facts;

    cause_collect(&facts, process, frame, info);
    linux_line(&facts, process);
    if (!errors_short())
        say_block(&facts, process);
}

void explain_context(char *buffer, size_t size)
{
    const struct thread *thread = current_thread();

    if (thread == NULL)
        strlcpy(buffer, "none yet", size);
    else if (thread->process == NULL)
        format_text(buffer, size, "kernel thread %d", thread->tid);
    else
        format_text(buffer, size, "pid %d %s", thread->process->pid, thread->process->name);
}
