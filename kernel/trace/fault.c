/* SPDX-License-Identifier: MIT */
/* fault.c - faults, and how those that are alike become one record.
 *
 *     first fault      fault_begin  frame_alloc  fault_end           written as they come
 *     the next alike   (begin       alloc        end)   n = 1        only counted: same process, region's cause, kind and instruction,
 *     ...              (begin       alloc        end)   n = 512      one page further each time, frames a constant distance apart
 *     anything else    fault_run n = 512                             is written before it
 *
 * So a fault's begin, and the allocation of its frame, are kept back until it is known whether it joins the run; whatever else
 * happens inside (a page table is made, an entry is told of at level 3) says that it does not. */
#include <trace/fault.h>

#include <arch/x86/clock.h>
#include <arch/x86/percpu.h>
#include <arch/x86/switch.h>
#include <sched/thread.h>
#include <trace/record.h>
#include <trace/trace.h>

static struct {
    bool open, told; /* told: its begin has been written */
    bool has_frame;
    uint32_t cause;
    uint64_t start;
    struct trace_fault_begin begin;
    struct trace_frame_alloc frame;
} now_open;

/* The last fault, and how many like it have followed. */
static struct {
    bool possible; /* the last fault can be followed by others */
    /* Who has them; it cannot end without an event, before which the run is written. */
    const struct thread *thread;
    uint32_t cause;
    uint64_t ip, last_time;
    vaddr_t last_va;
    uint64_t last_pfn;
    struct trace_fault_run record;
} run;

static bool populating;

void trace_populate(bool begins)
{
    populating = begins;
}

void trace_fault_flush(void)
{
    if (run.record.n)
        trace_record(run.thread, TRACE_fault_run, run.last_time, run.cause, &run.record, sizeof(run.record),
                     NULL);
    run.possible = false;
    run.record.n = 0;
}

/* Its first records, as soon as it is clear that it stands for itself. */
static void tell_begin(void)
{
    trace_fault_flush();
    trace_record(current_thread(), TRACE_fault_begin, now_open.start, now_open.cause, &now_open.begin,
                 sizeof(now_open.begin), NULL);
    if (now_open.has_frame)
        trace_record(current_thread(), TRACE_frame_alloc, now_open.start, now_open.cause, &now_open.frame,
                     sizeof(now_open.frame), NULL);
    now_open.told = true;
}

bool trace_fault_keeps(unsigned event, const void *payload, uint32_t *cause)
{
    if (!now_open.open) {
        trace_fault_flush();
        return false;
    }
    *cause = now_open.cause;
    if (now_open.told)
        return false;
    if (event == TRACE_frame_alloc && !now_open.has_frame) {
        now_open.frame = *(const struct trace_frame_alloc *)payload;
        now_open.has_frame = now_open.frame.owner != TRACE_frame_owner_table;
        if (now_open.has_frame)
            return true;
    }
    tell_begin();
    return false;
}

void trace_fault_begin(vaddr_t va, uint32_t access_error, uint32_t cause)
{
    const struct trapframe *frame = thread_frame(current_thread()->stack_top);
    bool from_user = frame->vector == TRAP_PAGE_FAULT;

    now_open.open = true;
    now_open.told = now_open.has_frame = false;
    now_open.cause = cause;
    now_open.start = clock_now();
    now_open.begin = (struct trace_fault_begin){
        .va = from_user ? cpu_read_cr2() : va,
        .error = from_user ? (uint32_t)frame->error : access_error,
        .ip = frame->rip,
        .from = from_user    ? TRACE_fault_from_user
                : populating ? TRACE_fault_from_populate
                             : TRACE_fault_from_kernel,
    };
}

/* Does this fault follow the last one? The second fault of a run sets the distance of its frames. */
static bool joins_run(const struct trace_fault_end *end)
{
    int64_t distance = (int64_t)(end->pfn - run.last_pfn);

    if (!run.possible || now_open.told || end->tables || current_thread() != run.thread)
        return false;
    if (now_open.cause != run.cause || now_open.begin.ip != run.ip || end->kind != run.record.kind ||
        page_floor(end->va) != run.last_va + PAGE_SIZE)
        return false;
    return run.record.n == 0 || run.record.dpfn == distance || (run.record.n == 1 && run.record.dpfn == 0);
}

/* It sleeps in the middle of its fault, and another thread may have one. */
void trace_fault_leave(void)
{
    if (now_open.open && !now_open.told)
        tell_begin();
    now_open.open = false;
    trace_fault_flush();
}

void trace_fault_end(const struct trace_fault_end *end, uint32_t cause)
{
    struct trace_fault_end record = *end;
    uint64_t now = clock_now();

    if (!now_open.open) {
        trace_record(current_thread(), TRACE_fault_end, now, cause, &record, sizeof(record), NULL);
        return;
    }
    record.time_ns = now - now_open.start;
    if (joins_run(end)) {
        int64_t distance = (int64_t)(end->pfn - run.last_pfn);
        if (run.record.n == 0)
            run.record.va = page_floor(end->va), run.record.pfn = end->pfn;
        else
            run.record.dpfn = distance;
        run.record.n++;
        run.record.time_ns += record.time_ns;
    } else {
        if (!now_open.told)
            tell_begin();
        trace_record(current_thread(), TRACE_fault_end, now, now_open.cause, &record, sizeof(record), NULL);
        run.possible = true;
        run.thread = current_thread();
        run.cause = now_open.cause;
        run.ip = now_open.begin.ip;
        run.record = (struct trace_fault_run){.kind = end->kind};
    }
    run.last_va = page_floor(end->va);
    run.last_pfn = end->pfn;
    run.last_time = now;
    now_open.open = false;
}
