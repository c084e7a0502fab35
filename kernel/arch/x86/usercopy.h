/* SPDX-License-Identifier: MIT */
/* usercopy.h - the only way to user memory. User addresses are plain vaddr_t numbers and never dereferenced elsewhere.
 *
 * A fault inside these routines goes to the fault handler like any other (demand paging works); when it is refused,
 * the trap code finds the instruction in the exception table and resumes at its fix-up, and the routine fails. The routines
 * that work "at once" fail where others would have a fault served: so a spinlock may be held around them.
 *
 * Between stac and clac nothing else is done; the two are nops on a CPU without SMAP (cpu_init() fills them in). */
#pragma once

#include <types.h>

#define USER_START 0x0UL
#define USER_END 0x7ffffffff000UL /* Linux's TASK_SIZE: the last canonical page stays unused */

/* Does [address, address + size) lie in the user half? */
static inline bool user_range_ok(vaddr_t address, size_t size)
{
    return size <= USER_END && address <= USER_END - size;
}

#define SMAP_SITE(opcode)                                                                                    \
    "771: .byte 0x0f, 0x1f, 0 # a nop of three bytes\n\t"                                                    \
    ".pushsection .smap_sites, \"a\"\n\t"                                                                    \
    ".quad 771b\n\t"                                                                                         \
    ".byte " opcode "\n\t"                                                                                   \
    ".zero 7\n\t"                                                                                            \
    ".popsection\n\t"
#define STAC SMAP_SITE("0xcb")
#define CLAC SMAP_SITE("0xca")

/* A fault at `from` resumes at `to`. */
#define EXCEPTION_ENTRY(section, from, to)                                                                   \
    ".pushsection " section ", \"a\"\n\t"                                                                    \
    ".quad " from ", " to "\n\t"                                                                             \
    ".popsection\n\t"
#define FIXUP(from, to) EXCEPTION_ENTRY(".exception_table", from, to)
#define FIXUP_AT_ONCE(from, to) EXCEPTION_ENTRY(".exception_table.at_once", from, to)
#define FIXUP_WINDOW(from, to)                                                                               \
    EXCEPTION_ENTRY(".exception_table.window", from, to) /* many and rarely needed: the last to be searched */

/* => 0, or -EFAULT (then some of the bytes may have been copied). */
int copy_from_user(void *to, vaddr_t from, size_t size);
int copy_to_user(vaddr_t to, const void *from, size_t size);
int clear_user(vaddr_t to, size_t size);
/* => the string's length without the NUL; -EFAULT; -ENAMETOOLONG if no NUL in `size` bytes. */
ssize_t copy_string_from_user(char *to, vaddr_t from, size_t size);

/* Atomically: *address becomes `wanted` if it is *expected; *expected becomes what it was. => 0, -EFAULT. */
int swap_user(vaddr_t address, uint32_t *expected, uint32_t wanted);

/* At once: up to a page from or to user memory. => false: the slow way must do all of it (some of the bytes may have been copied). */
static inline bool copy_at_once(void *to, const void *from, size_t size, vaddr_t user)
{
    size_t words = size / 8;

    if (unlikely(user > USER_END - size))
        return false;
    __asm__ goto volatile(STAC "1: rep movsq\n\t"
                               "mov %[tail], %%rcx\n\t"
                               "2: rep movsb\n\t" CLAC FIXUP_AT_ONCE("1b", "%l[fault]")
                                   FIXUP_AT_ONCE("2b", "%l[fault]")
                          : "+D"(to), "+S"(from), "+c"(words)
                          : [tail] "r"(size % 8)
                          : "memory"
                          : fault);
    return true;
fault:
    __asm__ volatile(CLAC);
    return false;
}

static inline bool copy_from_user_at_once(void *to, vaddr_t from, size_t size)
{
    return copy_at_once(to, (const void *)from, size, from);
}

static inline bool copy_to_user_at_once(vaddr_t to, const void *from, size_t size)
{
    return copy_at_once((void *)to, from, size, to);
}

/* At once: one word, of an address in the user half. => false: its page is not there. */
static inline bool peek_user(vaddr_t from, uint32_t *word)
{
    __asm__ goto volatile(STAC "1: movl (%[from]), %[value]\n\t" CLAC FIXUP_AT_ONCE("1b", "%l[fault]")
                          : [value] "=r"(*word)
                          : [from] "r"(from)
                          : "memory"
                          : fault);
    return true;
fault:
    __asm__ volatile(CLAC);
    return false;
}

/* ---- A window: many words of user memory after one check of the range. Each may fault like any copy; when the fault is refused, it goes on at
 * the label, and the window is still open. Kept short and free of calls. */

static inline bool user_window_open(vaddr_t address, size_t size)
{
    if (unlikely(!user_range_ok(address, size)))
        return false;
    __asm__ volatile(STAC : : : "memory");
    return true;
}

static inline void user_window_close(void)
{
    __asm__ volatile(CLAC : : : "memory");
}

/* place: a pointer to user memory, of the type that is moved */
#define user_put(place, value, fault)                                                                        \
    __asm__ goto volatile("1: mov %0, %1\n\t" FIXUP_WINDOW("1b", "%l[" #fault "]")                           \
                          :                                                                                  \
                          : "r"((__typeof__(*(place)))(value)), "m"(*(place))                                \
                          :                                                                                  \
                          : fault)

#define user_get(variable, place, fault)                                                                     \
    do {                                                                                                     \
        static_assert(sizeof(variable) == sizeof(*(place)), "one instruction moves it");                     \
        __asm__ goto volatile("1: mov %1, %0\n\t" FIXUP_WINDOW("1b", "%l[" #fault "]")                       \
                              : "=r"(variable)                                                               \
                              : "m"(*(place))                                                                \
                              :                                                                              \
                              : fault);                                                                      \
    } while (0)

/* Whole words from kernel memory. */
#define user_put_words(place, words, count, fault)                                                           \
    do {                                                                                                     \
        const void *from_ = (words);                                                                         \
        void *to_ = (place);                                                                                 \
        size_t count_ = (count);                                                                             \
        __asm__ goto volatile("1: rep movsq\n\t" FIXUP_WINDOW("1b", "%l[" #fault "]")                        \
                              : "+S"(from_), "+D"(to_), "+c"(count_)                                         \
                              :                                                                              \
                              : "memory"                                                                     \
                              : fault);                                                                      \
    } while (0)

#define user_put_zeros(place, count, fault)                                                                  \
    do {                                                                                                     \
        void *to_ = (place);                                                                                 \
        size_t count_ = (count);                                                                             \
        __asm__ goto volatile("1: rep stosq\n\t" FIXUP_WINDOW("1b", "%l[" #fault "]")                        \
                              : "+D"(to_), "+c"(count_)                                                      \
                              : "a"(0UL)                                                                     \
                              : "memory"                                                                     \
                              : fault);                                                                      \
    } while (0)

/* At once: what a frame pointer points to, the caller's frame pointer and the return address. => 0, -EFAULT */
int peek_user_frame(vaddr_t from, uint64_t record[2]);

/* The FPU's registers to and from 512 bytes of user memory, 16-aligned, without a copy between. FXSAVE leaves the last 96 bytes alone.
 * => 0, -EFAULT: also for what FXRSTOR refuses (#GP); then the registers are as they were. */
int fpu_save_to_user(vaddr_t to);
int fpu_load_from_user(vaddr_t from);

/* Called by the trap code: does the instruction belong to a routine that works at once? */
bool usercopy_is_at_once(uint64_t rip);
/* Called by the trap code: the resume address for a kernel instruction that may fault on user memory, or 0. */
uint64_t usercopy_fixup(uint64_t rip);
