/* SPDX-License-Identifier: MIT */
/* apic.c - interrupt controllers: the local APIC (ends interrupts, has the timer) and the I/O APIC (routes ISA lines).
 *
 * Both old PICs are masked for good: the firmware leaves them open with IRQ0 on vector 8. The controllers' registers are
 * handed in already mapped (uncached) by main.c, because mapping is a higher layer's work. */
#include <arch/x86/apic.h>
#include <arch/x86/percpu.h>
#include <x86/cpu.h>
#include <x86/trapframe.h>

/* Local APIC registers, as indexes of 32-bit words (SDM vol. 3, table 11-1). */
#define LOCAL_ID (0x20 / 4)
#define LOCAL_TASK_PRIORITY (0x80 / 4)
#define LOCAL_EOI (0xb0 / 4)
#define LOCAL_SPURIOUS (0xf0 / 4)
#define LOCAL_COMMAND (0x300 / 4)
#define LOCAL_COMMAND_TO (0x310 / 4)
#define LOCAL_TIMER (0x320 / 4)
#define LOCAL_LINT0 (0x350 / 4)
#define LOCAL_LINT1 (0x360 / 4)
#define LOCAL_TIMER_INITIAL (0x380 / 4)
#define LOCAL_TIMER_CURRENT (0x390 / 4)
#define LOCAL_TIMER_DIVIDE (0x3e0 / 4)
#define LOCAL_ENABLE (1U << 8)
#define LOCAL_MASKED (1U << 16)
#define LOCAL_PERIODIC (1U << 17)
#define LOCAL_DIVIDE_BY_16 3

/* The command register (SDM vol. 3, 10.6.1). */
#define COMMAND_INIT (5U << 8)
#define COMMAND_START (6U << 8)
#define COMMAND_UNDER_WAY (1U << 12)
#define COMMAND_ASSERT (1U << 14)
#define COMMAND_ALL_OTHERS (3U << 18)

/* I/O APIC (82093AA data sheet): an index register and a window. */
#define IO_SELECT 0
#define IO_WINDOW (0x10 / 4)
#define IO_REDIRECTION(line) (0x10 + 2 * (line))

static volatile uint32_t *local;
static volatile uint32_t *io;

void pic_mask_all(void)
{
    cpu_out8(0x21, 0xff);
    cpu_out8(0xa1, 0xff);
}

void apic_init(volatile uint32_t *local_registers, volatile uint32_t *io_registers)
{
    local = local_registers;
    io = io_registers;
    apic_init_this();
}

void apic_init_this(void)
{
    local[LOCAL_SPURIOUS] = LOCAL_ENABLE | TRAP_SPURIOUS;
    local[LOCAL_TASK_PRIORITY] = 0;
    local[LOCAL_LINT0] = LOCAL_MASKED;
    local[LOCAL_TIMER] = LOCAL_MASKED;
    local[LOCAL_TIMER_DIVIDE] = LOCAL_DIVIDE_BY_16;
    this_cpu()->apic_id = local[LOCAL_ID] >> 24;
}

paddr_t apic_local_address(void)
{
    return cpu_rdmsr(MSR_APIC_BASE) & 0xffffff000UL;
}

void apic_route(unsigned isa_line, unsigned vector)
{
    /* Edge triggered, active high, fixed delivery to this CPU. ISA line n is input n on every PC but for line 0. */
    io[IO_SELECT] = IO_REDIRECTION(isa_line) + 1;
    io[IO_WINDOW] = this_cpu()->apic_id << 24;
    io[IO_SELECT] = IO_REDIRECTION(isa_line);
    io[IO_WINDOW] = vector;
}

void apic_end_of_interrupt(void)
{
    local[LOCAL_EOI] = 0;
}

static void command(uint32_t to, uint32_t what)
{
    local[LOCAL_COMMAND_TO] = to << 24;
    local[LOCAL_COMMAND] = what;
    while (local[LOCAL_COMMAND] & COMMAND_UNDER_WAY)
        cpu_pause();
}

void apic_interrupt(uint32_t apic_id, unsigned vector)
{
    command(apic_id, COMMAND_ASSERT | vector);
}

void apic_reset_others(void)
{
    command(0, COMMAND_ALL_OTHERS | COMMAND_ASSERT | COMMAND_INIT);
}

void apic_start(uint32_t apic_id, paddr_t page)
{
    command(apic_id, COMMAND_ASSERT | COMMAND_START | (uint32_t)(page >> PAGE_SHIFT));
}

void apic_timer_count_from(uint32_t count)
{
    local[LOCAL_TIMER_INITIAL] = count;
}

uint32_t apic_timer_count(void)
{
    return local[LOCAL_TIMER_CURRENT];
}

void apic_timer_periodic(uint32_t count, unsigned vector)
{
    local[LOCAL_TIMER] = LOCAL_PERIODIC | vector;
    local[LOCAL_TIMER_INITIAL] = count;
}
