/* SPDX-License-Identifier: MIT */
/* tour - the whole story in six steps, told by a program that lives it.
 *
 *   1 malloc looks for a free chunk    2 none: it calls brk or mmap   3 ring 0: the region grows, no frame
 *   4 back in ring 3, malloc returns   5 the program goes on          6 first touch: fault, frame, PTE, again
 *
 * It is walked twice, with a small request (the heap, brk) and with a large one (a mapping, mmap); then a
 * child touches an address outside every region. Every number is read at that moment: before and after each
 * STEP, with nothing printed in between. STEP shows its own source line, then runs it. `tour -s` waits for
 * Enter at each. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/look.h"

#define WIDTH 78

struct registers {
    unsigned long rip, rsp;
    unsigned cs;
};

struct numbers {
    long size_kb, resident_kb, tables_kb, faults;
    unsigned rows;
    unsigned long program_break;
};

static struct numbers before, after;
static struct registers at_step;
static bool terminal, colour, wait_for_enter;

/* ---- reading ---- */

static inline void read_registers(struct registers *registers)
{
    __asm__ volatile("leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovl %%cs, %2"
                     : "=r"(registers->rip), "=r"(registers->rsp), "=r"(registers->cs));
}

static void read_numbers(struct numbers *numbers)
{
    numbers->size_kb = look_status_kb("VmSize");
    numbers->resident_kb = look_status_kb("VmRSS");
    numbers->tables_kb = look_status_kb("VmPTE");
    numbers->rows = look_row_count();
    numbers->program_break = look_break();
    numbers->faults = look_minor_faults();
}

/* ---- speaking ---- */

static const char *style(const char *sequence)
{
    return colour ? sequence : "";
}

#define BOLD style("\033[1m")
#define USER style("\033[32m")
#define KERNEL style("\033[31m")
#define DIM style("\033[2m")
#define PLAIN style("\033[0m")

static void print_rule(int columns)
{
    while (columns-- > 0)
        fputs(terminal ? "─" : "-", stdout);
    putchar('\n');
}

static void print_part(const char *title)
{
    printf("\n%s%s%s\n", BOLD, title, PLAIN);
    print_rule(WIDTH);
}

/* "3  ring 0   the kernel grows the region" */
static void print_step(const char *number, int ring, const char *what)
{
    printf("\n%s %s  %s%sring %d%s   %s%s%s\n", BOLD, number, PLAIN, ring ? USER : KERNEL, ring, PLAIN, BOLD,
           what, PLAIN);
}

static void print_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void print_line(const char *format, ...)
{
    va_list arguments;

    fputs("      ", stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

static void print_source(const char *file, int line, const char *code)
{
    const char *slash = strrchr(file, '/');

    printf("      %snext ->%s %s%s:%d   %s;%s%s\n", DIM, PLAIN, BOLD, slash ? slash + 1 : file, line, code,
           PLAIN, wait_for_enter ? "   [Enter]" : "");
    fflush(stdout);
    if (wait_for_enter) {
        int byte;

        do
            byte = getchar();
        while (byte != '\n' && byte != EOF);
    }
}

/* Shows the line, reads the numbers, runs it, reads them again. */
#define STEP(code)                                                                                           \
    do {                                                                                                     \
        print_source(__FILE__, __LINE__, #code);                                                             \
        read_numbers(&before);                                                                               \
        read_registers(&at_step);                                                                            \
        code;                                                                                                \
        read_numbers(&after);                                                                                \
    } while (0)

static void print_registers(void)
{
    print_line("cs  0x%x: its two low bits say ring %u", at_step.cs, at_step.cs & 3);
    print_line("rip 0x%lx, rsp 0x%lx, just before that line", at_step.rip, at_step.rsp);
}

static void print_table_row(const struct numbers *numbers, const char *when)
{
    printf("   %-7s%11ld kB%9ld kB%9ld%9ld kB%6u%12lx\n", when, numbers->size_kb, numbers->resident_kb,
           numbers->faults, numbers->tables_kb, numbers->rows, numbers->program_break);
}

static void print_table(void)
{
    printf("\n%s   %-7s%14s%12s%9s%12s%6s%12s%s\n", DIM, "", "VmSize", "VmRSS", "faults", "page tables",
           "rows", "break", PLAIN);
    print_table_row(&before, "before");
    print_table_row(&after, "after");
    printf("%s   %-7s%+11ld kB%+9ld kB%+9ld%+9ld kB%+6d%+8ld KiB%s\n", BOLD, "change",
           after.size_kb - before.size_kb, after.resident_kb - before.resident_kb,
           after.faults - before.faults, after.tables_kb - before.tables_kb,
           (int)after.rows - (int)before.rows, (long)(after.program_break - before.program_break) / (long)KIB,
           PLAIN);
}

static void print_page(const char *name, const char *address)
{
    unsigned long value = (unsigned long)(uintptr_t)address;
    struct page_view view;

    if (!look_page(address, &view))
        print_line("%s: /proc/self/pagemap cannot be read", name);
    else if (!view.present)
        print_line("%s, page 0x%lx: not present, no frame", name, value & ~(PAGE_SIZE - 1));
    else if (view.frame == 0)
        print_line("%s, page 0x%lx: present; its frame's number is hidden", name, value & ~(PAGE_SIZE - 1));
    else
        print_line("%s, page 0x%lx: frame %lu, at physical 0x%lx", name, value & ~(PAGE_SIZE - 1), view.frame,
                   view.frame * PAGE_SIZE);
}

/* ---- the six steps ---- */

/* What the kernel did for malloc is told by what has changed: the break, or the size without the break. */
static bool break_moved(void)
{
    return after.program_break != before.program_break;
}

static bool kernel_was_asked(void)
{
    return break_moved() || after.size_kb != before.size_kb;
}

static void explain_call(size_t bytes)
{
    long moved = (long)(after.program_break - before.program_break) / (long)KIB;
    long asked = (long)(bytes / KIB);

    if (break_moved()) {
        print_line("the break moves by %ld KiB: 0x%lx -> 0x%lx", moved, before.program_break,
                   after.program_break);
        print_line("%ld KiB for this request, %ld KiB in stock for the next ones", asked, moved - asked);
    } else if (kernel_was_asked()) {
        print_line("a region of %ld KiB is made; the break stays", after.size_kb - before.size_kb);
    } else {
        print_line("malloc's pool still had a chunk that fits");
    }
}

static void explain_region(const char *block, size_t bytes)
{
    struct map_row row;

    if (!look_row(block, &row))
        return;
    print_line("region %lx-%lx %s %s", row.start, row.end, row.perms, row.name[0] ? row.name : "(no name)");
    print_line("promised: %s. Resident in it: %lu kB (the library's own headers)", demo_size(bytes),
               look_resident_kb(block));
}

/* The first call of malloc also touches its own code and data for the first time. */
static void explain_resident(const char *block)
{
    long other = after.resident_kb - before.resident_kb - (long)look_resident_kb(block);

    if (other > 0)
        print_line("Of VmRSS %ld kB are malloc's own code and data, used for the first time.", other);
}

static void steps_one_to_five(const char *block, size_t bytes, const char *untouched)
{
    bool asked = kernel_was_asked();

    print_line("It looks through its free lists, in ring 3, without the kernel's help.");
    print_registers();

    print_step("2", 3, asked ? "none fits: malloc asks the kernel" : "one fits: no need to ask the kernel");
    if (asked)
        print_line("%s, entered by the instruction `syscall`", break_moved() ? "brk" : "mmap");

    print_step("3", 0, asked ? "the kernel grows the region; no frame yet" : "not entered this time");
    explain_call(bytes);
    explain_region(block, bytes);
    print_table();
    explain_resident(block);

    print_step("4", 3, asked ? "`sysret`; malloc cuts a chunk and returns" : "malloc returns");
    print_line("p = 0x%lx: its header lies in the bytes before it (`header16`)",
               (unsigned long)(uintptr_t)block);

    print_step("5", 3, "the program goes on, and has not touched the new memory");
    print_page("p + half", untouched);
}

/* The four indices that a 48-bit address consists of, nine bits each, above its 12 bits of offset. */
static void print_walk(const char *address)
{
    unsigned long value = (unsigned long)(uintptr_t)address;

    print_line("The CPU walks the page tables for 0x%lx:", value);
    print_line("PML4[%lu] -> PDPT[%lu] -> PD[%lu] -> PT[%lu], finds no present entry", value >> 39 & 511,
               value >> 30 & 511, value >> 21 & 511, value >> 12 & 511);
    print_line("on the way and raises exception 14, #PF.");
}

static void step_six(const char *touched)
{
    print_registers();
    print_walk(touched);
    print_step(" ", 0, "is the address inside a region? yes: frame, zeroes, PTE, `iretq`");
    print_page("p + half", touched);
    print_step(" ", 3, "the same instruction runs again, and this time it works");
    print_line("*touched is now %d", *touched);
    print_table();
}

static void explain_free(void)
{
    long moved = (long)(before.program_break - after.program_break);

    if (moved > 0)
        print_line("malloc keeps 128 KiB at the top of the heap; %ld KiB went back by brk",
                   moved / (long)KIB);
    else if (after.size_kb < before.size_kb)
        print_line("munmap: the region is gone, its frames are back with the kernel");
    else
        print_line("nothing went back: the chunk waits on malloc's list for the next request");
    print_table();
}

static void walk_small(void)
{
    volatile char *touched;
    char *p;

    print_part("First walk: 64 KiB, small enough for the heap");
    print_step("1", 3, "malloc looks for a free chunk that fits");
    STEP(p = malloc(64 * KIB));
    if (!p) {
        print_line("malloc returned NULL: the kernel did not even promise");
        return;
    }
    touched = p + 32 * KIB;
    steps_one_to_five(p, 64 * KIB, p + 32 * KIB);

    print_step("6", 3, "first touch");
    STEP(*touched = 1);
    step_six(p + 32 * KIB);

    print_step("*", 3, "free: the chunk goes back to malloc, the heap stays");
    STEP(free(p));
    explain_free();
}

static void walk_large(void)
{
    volatile char *touched;
    size_t bytes = GIB;
    char *p;

    print_part("Second walk: 1 GiB, a mapping of its own");
    print_step("1", 3, "malloc looks for a free chunk that fits");
    STEP(p = malloc(GIB));
    if (!p) {
        print_line("NULL: this kernel does not promise more than it has. 8 MiB then:");
        bytes = 8 * MIB;
        STEP(p = malloc(8 * MIB));
    }
    if (!p) {
        print_line("NULL again: no memory, no second walk");
        return;
    }
    touched = p + bytes / 2;
    steps_one_to_five(p, bytes, p + bytes / 2);

    print_step("6", 3, "first touch");
    STEP(*touched = 1);
    step_six(p + bytes / 2);
    if (after.tables_kb > before.tables_kb)
        print_line("One page cost one frame, and %ld kB of page tables on the way to it.",
                   after.tables_kb - before.tables_kb);

    print_step("*", 3, "free: what had a region of its own goes back to the kernel");
    STEP(free(p));
    explain_free();
}

/* ---- outside every region ---- */

static void touch_outside(void *address)
{
    *(volatile char *)address = 1;
}

static void walk_outside(void)
{
    char *outside = (char *)0x100000000000UL; /* 16 TiB: far above the heap, far below the mappings */
    struct verdict verdict;
    struct map_row row;

    print_part("Last: an address outside every region");
    print_step("6", 3, "a child touches what nobody promised");
    if (look_row(outside, &row))
        print_line("(a region lies there after all)");
    else
        print_line("no row of /proc/self/maps holds 0x%lx", (unsigned long)(uintptr_t)outside);
    print_source(__FILE__, __LINE__ + 1, "*outside = 1");
    child_try(touch_outside, outside, &verdict);
    print_step(" ", 0, "is the address inside a region? no: the process gets a signal");
    print_line("%s: %s", signal_words(verdict.signal), verdict_text(&verdict));
    if (verdict.detailed)
        print_line("si_addr 0x%lx: the CPU left the address in CR2", verdict.address);
    print_line("Only the child died. This program goes on.");
}

/* What is used while something is counted has its own first touches behind it before the first count. */
static void warm_up(void)
{
    read_numbers(&before);
    read_numbers(&after);
    read_registers(&at_step);
}

int main(int argc, char **argv)
{
    demo_start(argc, argv, "where does malloc's memory come from?", "[-s]");
    terminal = isatty(STDOUT_FILENO);
    colour = terminal && !getenv("NO_COLOR");
    wait_for_enter = demo_option(argc, argv, "-s");
    warm_up();
    printf("Ring 3 is this program and its C library, ring 0 is the kernel. Every number\n"
           "below was read at its step, from /proc/self and getrusage.\n%s",
           terminal && !wait_for_enter ? "(`tour -s` stops at each step until you press Enter.)\n" : "");
    walk_small();
    walk_large();
    walk_outside();

    print_part("The story");
    printf("malloc -> brk or mmap -> a region is promised -> first touch -> fault -> a frame\n"
           "More: `help` lists the experiments; try vmrss, header16, rings, bug-uaf.\n");
    return 0;
}
