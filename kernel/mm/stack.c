/* SPDX-License-Identifier: MIT */
/* stack.c - the stack's region grows down on touch.
 *
 * It begins at 132 KiB and may reach RLIMIT_STACK; the promise is made page by page, as late as the touch itself.
 * Guards: the address space's lock. */
#include <mm/stack.h>

/* A touch below the stack grows it: down to RLIMIT_STACK, within RLIMIT_AS, and never closer than the guard gap to the
 * region below (Linux's expand_downwards; rsp is not looked at). => the region, or NULL. */
struct vma *stack_grow(struct aspace *aspace, vaddr_t va)
{
    struct vma *stack = vma_find_from(&aspace->vmas, va);

    if (!stack || !(stack->flags & VMA_STACK))
        return NULL;
    vaddr_t start = page_floor(va);
    const struct vma *below = vma_prev(stack);
    if (stack->end - start > aspace->limit_stack)
        return NULL;
    if (below && below->flags & VMA_PROT && start < below->end + STACK_GUARD_GAP)
        return NULL;
    if (below && start < below->end)
        return NULL;
    uint64_t grown = stack->start - start;
    if (!aspace_may_grow(aspace, grown, stack->flags))
        return NULL;
    stack->offset -= grown >> PAGE_SHIFT;
    aspace_resize(aspace, stack, start, stack->end);
    return stack;
}
