/* SPDX-License-Identifier: MIT */
/* trace.h - the event stream, for those who have something to tell.
 *
 *     TRACE(frame_alloc, .pfn = pfn, .owner = owner);
 *
 * writes one record of events.def, in the context of the running thread; where the level is lower it costs one compare and one
 * branch that is never taken. The two ways into the kernel that are taken most, faults and system calls, have not even that:
 * they are called through a pointer (TRACE_WAYS), and the pointer leads to another function where somebody watches.
 *
 * Guards: kernel code is not interrupted, and one CPU at a time is in it (sched/giant.h); a record is written in one go. */
#pragma once

#include <arch/x86/percpu.h>
#include <sched/thread.h>
#include <trace/events.h>
#include <types.h>

#ifdef TRACE_NONE /* `make TRACE=none`: a kernel without the stream, to measure what it costs where it is off (make bench) */
#define TRACE_LEVEL_MAX 0
#define TRACE_FROM(level) false
#else
#define TRACE_LEVEL_MAX 3
#define TRACE_FROM(level) unlikely(trace_level >= (level))
#endif

extern uint8_t trace_level;
/* Not 0: system calls take the slow way, because somebody wants to hear of them. */
extern uint8_t trace_calls;
#define TRACE_CALLS_STREAM (1U << 0)
#define TRACE_CALLS_STRACE (1U << 1)

/* Defines the pointer `name`: it leads to `told` while *watched >= from, else to `quiet`. A call through memory is one instruction, as a
 * direct one is; so who tells nothing pays nothing. */
#define TRACE_WAYS(name, quiet, told, watched, from)                                                         \
    __typeof__(&(quiet)) name = (quiet);                                                                     \
    static __attribute__((section(".trace_ways"), used, aligned(8)))                                         \
    const struct trace_ways name##_ways = {(void **)&(name), (void *)(quiet), (void *)(told), watched, from}
struct trace_ways {
    void **pointer, *quiet, *told;
    const uint8_t *watched;
    uint64_t from;
};
void trace_ways_choose(void); /* after trace_level or trace_calls has changed */

#define TRACE_ON(name) TRACE_FROM(TRACE_LEVEL_##name)
#define TRACE(name, ...)                                                                                     \
    do {                                                                                                     \
        if (TRACE_ON(name))                                                                                  \
            trace_write(TRACE_##name, &(struct trace_##name){__VA_ARGS__}, sizeof(struct trace_##name));     \
    } while (0)
/* The same for an event that ends in a STRING. */
#define TRACE_TEXT(name, text, ...)                                                                          \
    do {                                                                                                     \
        if (TRACE_ON(name))                                                                                  \
            trace_write_text(TRACE_##name, &(struct trace_##name){__VA_ARGS__}, sizeof(struct trace_##name), \
                             text);                                                                          \
    } while (0)

void trace_write(unsigned event, const void *payload, size_t size);
void trace_write_text(unsigned event, const void *payload, size_t size, const char *text);

/* Reads the command line: trace_pid=PID trace_reader. => the level that it asks for: trace=LEVEL */
uint32_t trace_init(void);
void trace_set_level(uint32_t level); /* not 0: the ring has its memory (mm/tell.h) */
/* What began before the present recording is told when it next does something: see mm/tell.h. */
extern uint32_t trace_generation;
void trace_begin_anew(void);
/* 0: everybody is told of; else this process and those that descend from it from now on. */
extern uint32_t trace_pid;
/* Is the running thread one of them, and is anything told at all? */
bool trace_wanted(void);
/* For a new thread: it is told of if it is the one that was asked for, or its maker is. */
void trace_thread_born(struct thread *thread, const struct thread *maker);

/* The operation of the C library (op) that this thread has open now: it is the cause of what the kernel does. */
static inline uint32_t trace_cause(void)
{
    const struct thread *thread = current_thread();

    return thread->operation ? thread->operation : thread->mark;
}
/* After an operation's or a mark's record. */
void trace_operation_begin(uint32_t op);
void trace_operation_end(void);
void trace_mark_set(uint32_t op);

/* Around the work for one page of a fault, or one that a system call asked for: fault.c folds those that are alike. */
void trace_fault_begin(vaddr_t va, uint32_t access_error, uint32_t cause);
void trace_fault_end(const struct trace_fault_end *end, uint32_t cause);
/* Until it ends, faults are the system call's own, of a range (MAP_POPULATE and the like). */
void trace_populate(bool begins);

/* The last events in words, for a panic. */
void trace_print_tail(unsigned count);
