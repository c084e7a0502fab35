/* SPDX-License-Identifier: MIT */
/* trace.c - see trace.h. */
#include <sys/trace.h>

#include <arch/x86/usercopy.h>
#include <mm/tell.h>
#include <proc/process.h>
#include <string.h>
#include <trace/trace.h>

#include <asm-generic/errno.h>

#define TEXT_MAX 256

/* The events that the C library may tell, and how long they are without their text. */
static const size_t payload_sizes[] = {
    [TRACE_malloc] = sizeof(struct trace_malloc),   [TRACE_free] = sizeof(struct trace_free),
    [TRACE_realloc] = sizeof(struct trace_realloc), [TRACE_heap_top] = sizeof(struct trace_heap_top),
    [TRACE_mark] = sizeof(struct trace_mark),       [TRACE_begin] = sizeof(struct trace_begin),
};

int64_t sys_trace(const struct trapframe *frame)
{
    uint8_t payload[128];
    char text[TEXT_MAX];
    uint64_t event = frame->rdi;
    size_t size = event < ARRAY_SIZE(payload_sizes) ? payload_sizes[event] : 0;
    bool is_mark = event == TRACE_mark;

    if (!trace_wanted())
        return -ENOSYS;
    if (size == 0 || frame->rdx < size || frame->rdx - size > (is_mark ? sizeof(text) - 1 : 0))
        return -EINVAL;
    if (copy_from_user(payload, frame->rsi, size) < 0 ||
        copy_from_user(text, frame->rsi + size, frame->rdx - size) < 0)
        return -EFAULT;
    text[frame->rdx - size] = 0;
    uint32_t op;
    memcpy(&op, payload, sizeof(op)); /* the first field of all that have one */
    if (event == TRACE_begin)
        trace_operation_begin(op);
    if (is_mark)
        trace_mark_set(op);
    trace_write_text((unsigned)event, payload, size, is_mark ? text : NULL);
    if (event != TRACE_begin && event != TRACE_heap_top && !is_mark)
        trace_operation_end();
    return 0;
}

void trace_call_enter(const struct trapframe *frame)
{
    aspace_tell(current_process()->aspace, TRACE_vma_why_found);
    TRACE(sys_enter, .nr = (uint32_t)frame->error, .a0 = frame->rdi, .a1 = frame->rsi, .a2 = frame->rdx,
          .a3 = frame->r10, .a4 = frame->r8, .a5 = frame->r9, .ip = frame->rip);
}

void trace_call_leave(uint32_t number, int64_t result)
{
    /* It may have slept meanwhile, and others may have taken pages from it. */
    aspace_tell(current_process()->aspace, TRACE_vma_why_found);
    aspace_tell_counts(current_process()->aspace);
    TRACE(sys_exit, .nr = number, .result = result);
}
