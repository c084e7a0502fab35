/* SPDX-License-Identifier: MIT */
/* usercopy.c - see usercopy.h. */
#include <arch/x86/fpu.h>
#include <arch/x86/usercopy.h>
#include <asm-generic/errno.h>

struct exception_entry {
    uint64_t from, to;
};
extern const struct exception_entry exception_table_start[], exception_table_at_once[],
    exception_table_window[], exception_table_end[];

static inline uint64_t find(uint64_t rip, const struct exception_entry *from,
                            const struct exception_entry *end)
{
    for (const struct exception_entry *entry = from; entry < end; entry++)
        if (entry->from == rip)
            return entry->to;
    return 0;
}

uint64_t usercopy_fixup(uint64_t rip)
{
    return find(rip, exception_table_start, exception_table_end);
}

bool usercopy_is_at_once(uint64_t rip)
{
    return find(rip, exception_table_at_once, exception_table_window) != 0;
}

/* Copies words, then the bytes that are left. => bytes not copied. */
static size_t raw_copy(void *to, const void *from, size_t size)
{
    size_t words = size / 8;
    size_t tail = size % 8;

    __asm__ volatile(STAC "1: rep movsq\n\t"
                          "mov %[tail], %%rcx\n\t"
                          "2: rep movsb\n\t"
                          "jmp 4f\n"
                          "3: lea (%[tail], %%rcx, 8), %%rcx\n" /* words that were left, and the tail */
                          "4: " CLAC FIXUP("1b", "3b") FIXUP("2b", "4b")
                     : "+D"(to), "+S"(from), "+c"(words)
                     : [tail] "r"(tail)
                     : "memory");
    return words;
}

int copy_from_user(void *to, vaddr_t from, size_t size)
{
    if (!user_range_ok(from, size))
        return -EFAULT;
    return raw_copy(to, (const void *)from, size) ? -EFAULT : 0;
}

int copy_to_user(vaddr_t to, const void *from, size_t size)
{
    if (!user_range_ok(to, size))
        return -EFAULT;
    return raw_copy((void *)to, from, size) ? -EFAULT : 0;
}

int clear_user(vaddr_t to, size_t size)
{
    size_t left = size;

    if (!user_range_ok(to, size))
        return -EFAULT;
    __asm__ volatile(STAC "1: rep stosb\n"
                          "2: " CLAC FIXUP("1b", "2b")
                     : "+D"(to), "+c"(left)
                     : "a"(0)
                     : "memory");
    return left ? -EFAULT : 0;
}

/* One byte. => 0..255, or -1 on a fault. */
static int raw_byte(vaddr_t from)
{
    int value = -1;

    __asm__ volatile(STAC "1: movzbl (%[from]), %[value]\n"
                          "2: " CLAC FIXUP("1b", "2b")
                     : [value] "+r"(value)
                     : [from] "r"(from)
                     : "memory");
    return value;
}

ssize_t copy_string_from_user(char *to, vaddr_t from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int byte = from + i < USER_END ? raw_byte(from + i) : -1;
        if (byte < 0)
            return -EFAULT;
        to[i] = (char)byte;
        if (byte == 0)
            return (ssize_t)i;
    }
    return -ENAMETOOLONG;
}

int swap_user(vaddr_t address, uint32_t *expected, uint32_t wanted)
{
    int result = -EFAULT;

    if (!user_range_ok(address, sizeof(*expected)))
        return -EFAULT;
    __asm__ volatile(STAC "1: lock cmpxchgl %[wanted], (%[address])\n\t"
                          "movl $0, %[result]\n"
                          "2: " CLAC FIXUP("1b", "2b")
                     : [result] "+r"(result), "+a"(*expected)
                     : [address] "r"(address), [wanted] "r"(wanted)
                     : "memory", "cc");
    return result;
}

#define FPU_TO_USER(instruction, address)                                                                    \
    ({                                                                                                       \
        int result_ = -EFAULT;                                                                               \
        __asm__ volatile(STAC "1: " instruction " (%[user])\n\t"                                             \
                              "xorl %[result], %[result]\n"                                                  \
                              "2: " CLAC FIXUP("1b", "2b")                                                   \
                         : [result] "+r"(result_)                                                            \
                         : [user] "r"(address)                                                               \
                         : "memory", "cc");                                                                  \
        result_;                                                                                             \
    })

int fpu_save_to_user(vaddr_t to)
{
    return user_range_ok(to, FPU_AREA_SIZE) ? FPU_TO_USER("fxsave64", to) : -EFAULT;
}

int fpu_load_from_user(vaddr_t from)
{
    return user_range_ok(from, FPU_AREA_SIZE) ? FPU_TO_USER("fxrstor64", from) : -EFAULT;
}

int peek_user_frame(vaddr_t from, uint64_t record[2])
{
    int result = -EFAULT;

    __asm__ volatile(STAC "1: movq (%[from]), %[next]\n"
                          "2: movq 8(%[from]), %[caller]\n"
                          "xorl %[result], %[result]\n"
                          "3: " CLAC FIXUP_AT_ONCE("1b", "3b") FIXUP_AT_ONCE("2b", "3b")
                     : [result] "+r"(result), [next] "=&r"(record[0]), [caller] "=&r"(record[1])
                     : [from] "r"(from)
                     : "memory", "cc");
    return result;
}
