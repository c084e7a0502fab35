/* SPDX-License-Identifier: MIT */
/* usercopy.h - the only way to user memory. User addresses are plain vaddr_t numbers and never dereferenced elsewhere.
 *
 * A fault inside these routines goes to the fault handler like any other (demand paging works); when it is refused,
 * the trap code finds the instruction in the exception table and resumes at its fix-up, and the routine fails. */
#ifndef FAULTLINE_ARCH_USERCOPY_H
#define FAULTLINE_ARCH_USERCOPY_H

#include <types.h>

#define USER_START 0x0UL
#define USER_END 0x7ffffffff000UL /* Linux's TASK_SIZE: the last canonical page stays unused */

/* Does [address, address + size) lie in the user half? */
static inline bool user_range_ok(vaddr_t address, size_t size)
{
    return size <= USER_END && address <= USER_END - size;
}

/* => 0, or -EFAULT (then some of the bytes may have been copied). */
int copy_from_user(void *to, vaddr_t from, size_t size);
int copy_to_user(vaddr_t to, const void *from, size_t size);
int clear_user(vaddr_t to, size_t size);
/* => the string's length without the NUL; -EFAULT; -ENAMETOOLONG if no NUL in `size` bytes. */
ssize_t copy_string_from_user(char *to, vaddr_t from, size_t size);

/* Atomically: *address becomes `wanted` if it is *expected; *expected becomes what it was. => 0, -EFAULT. */
int swap_user(vaddr_t address, uint32_t *expected, uint32_t wanted);

/* One word, only if its page is there: no fault is served, so a spinlock may be held. => 0, -EFAULT. */
int peek_user(vaddr_t from, uint32_t *word);

/* The same of what a frame pointer points to: the caller's frame pointer and the return address. */
int peek_user_frame(vaddr_t from, uint64_t record[2]);

/* The FPU's registers to and from 512 bytes of user memory, 16-aligned, without a copy between. FXSAVE leaves the last 96 bytes alone.
 * => 0, -EFAULT: also for what FXRSTOR refuses (#GP); then the registers are as they were. */
int fpu_save_to_user(vaddr_t to);
int fpu_load_from_user(vaddr_t from);

/* Called by the trap code: is it an instruction of the two that peek? */
bool usercopy_is_peek(uint64_t rip);
/* Called by the trap code: the resume address for a kernel instruction that may fault on user memory, or 0. */
uint64_t usercopy_fixup(uint64_t rip);

#endif
