/* SPDX-License-Identifier: MIT */
/* trace.c - see trace.h: what is told, about whom, and the record's header.
 *
 * A record's context is the running thread's: its process, itself, and the operation of the C library that it is in. The kernel's
 * own work for a fault has another cause, the operation that made the region: fault.c sets it for as long as that takes. */
#include <trace/trace.h>

#include <arch/x86/bootinfo.h>
#include <arch/x86/clock.h>
#include <arch/x86/percpu.h>
#include <sched/thread.h>
#include <trace/fault.h>
#include <trace/record.h>
#include <trace/ring.h>

uint8_t trace_level, trace_calls = TRACE_CALLS_STRACE;
uint32_t trace_generation = 1, trace_pid;

static uint64_t lost_told;

/* ---- Who and what ---- */

static void trace_switch(const struct thread *from, const struct thread *to)
{
    struct trace_switch payload = {.from_tid = (uint32_t)from->tid, .cr3 = to->cr3};

    if (from->traced)
        trace_fault_leave();
    if (to->traced && TRACE_ON(switch))
        trace_record(to, TRACE_switch, clock_now(), 0, &payload, sizeof(payload), NULL);
}

static uint32_t number_option(const char *name, uint32_t max)
{
    char text[12];
    uint32_t number = 0;

    if (!boot_option(name, text, sizeof(text)))
        return 0;
    for (const char *digit = text; *digit >= '0' && *digit <= '9' && number <= max; digit++)
        number = number * 10 + (uint32_t)(*digit - '0');
    return MIN(number, max);
}

uint32_t trace_init(void)
{
    char text[4];

    trace_pid = number_option("trace_pid", 1U << 22);
    current_thread()->traced = trace_pid == 0;
    trace_ring.reader = boot_option("trace_reader", text, sizeof(text)) ? RING_READER : 0;
    return number_option("trace", TRACE_LEVEL_MAX);
}

void trace_begin_anew(void)
{
    trace_generation++;
}

void trace_ways_choose(void)
{
    extern const struct trace_ways trace_ways_start[], trace_ways_end[];

    for (const struct trace_ways *ways = trace_ways_start; ways < trace_ways_end; ways++)
        *ways->pointer = *ways->watched >= ways->from ? ways->told : ways->quiet;
}

void trace_set_level(uint32_t level)
{
    trace_fault_flush();
    if (trace_level == 0)
        trace_begin_anew();
    trace_level = (uint8_t)level;
    sched_switch_hook = level ? trace_switch : NULL;
    trace_calls = (uint8_t)((trace_calls & ~TRACE_CALLS_STREAM) | (level ? TRACE_CALLS_STREAM : 0));
    trace_ways_choose();
}

bool trace_wanted(void)
{
    return trace_level && current_thread()->traced;
}

void trace_thread_born(struct thread *thread, const struct thread *maker)
{
    thread->traced = trace_pid == 0 || maker->traced || (uint32_t)thread->pid == trace_pid;
    thread->mark = maker->process == thread->process ? maker->mark : 0;
}

/* ---- Causes ---- */

void trace_operation_begin(uint32_t op)
{
    current_thread()->operation = op;
}

void trace_operation_end(void)
{
    current_thread()->operation = 0;
}

void trace_mark_set(uint32_t op)
{
    current_thread()->mark = op;
}

/* ---- Writing ---- */

static void tell_lost(uint64_t now)
{
    struct trace_lost lost = {.n = trace_ring.lost - lost_told};

    lost_told = trace_ring.lost;
    trace_record(current_thread(), TRACE_lost, now, 0, &lost, sizeof(lost), NULL);
}

void trace_write_text(unsigned event, const void *payload, size_t size, const char *text)
{
    uint32_t cause = trace_cause();

    if (!current_thread()->traced)
        return;
    if (trace_fault_keeps(event, payload, &cause))
        return;
    uint64_t now = clock_now();
    if (trace_ring.lost != lost_told)
        tell_lost(now);
    trace_record(current_thread(), event, now, cause, payload, size, text);
}

void trace_write(unsigned event, const void *payload, size_t size)
{
    trace_write_text(event, payload, size, NULL);
}
