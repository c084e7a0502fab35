/* SPDX-License-Identifier: MIT */
/* usercopy.c - the only code that touches user memory from ring 0.
 *
 * Each instruction that may fault is listed in the exception table with the address to go on from; trap.c asks
 * usercopy_fixup() when the fault handler has refused the page. Between stac and clac nothing else is done; the two are
 * nops on a CPU without SMAP (cpu_init() fills them in). */
#include <arch/x86/fpu.h>
#include <arch/x86/usercopy.h>
#include <asm-generic/errno.h>

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
#define FIXUP(from, to)                                                                                      \
    ".pushsection .exception_table, \"a\"\n\t"                                                               \
    ".quad " from ", " to "\n\t"                                                                             \
    ".popsection\n\t"

struct exception_entry {
    uint64_t from, to;
};
extern const struct exception_entry exception_table_start[], exception_table_end[];

uint64_t usercopy_fixup(uint64_t rip)
{
    for (const struct exception_entry *entry = exception_table_start; entry < exception_table_end; entry++)
        if (entry->from == rip)
            return entry->to;
    return 0;
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

extern const uint8_t peek_instruction[];

bool usercopy_is_peek(uint64_t rip)
{
    extern const uint8_t peek_frame_begin[], peek_frame_end[];

    return rip == (uint64_t)peek_instruction ||
           (rip >= (uint64_t)peek_frame_begin && rip < (uint64_t)peek_frame_end);
}

/* Not inlined: its instruction has a name. */
__attribute__((noinline)) int peek_user(vaddr_t from, uint32_t *word)
{
    int result = -EFAULT;

    __asm__ volatile(STAC "peek_instruction: movl (%[from]), %[word]\n\t"
                          "xorl %[result], %[result]\n"
                          "2: " CLAC FIXUP("peek_instruction", "2b")
                     : [result] "+r"(result), [word] "=&r"(*word)
                     : [from] "r"(from)
                     : "memory", "cc");
    return result;
}

/* The same. */
__attribute__((noinline)) int peek_user_frame(vaddr_t from, uint64_t record[2])
{
    int result = -EFAULT;

    __asm__ volatile(STAC "peek_frame_begin: movq (%[from]), %[next]\n"
                          "1: movq 8(%[from]), %[caller]\n"
                          "peek_frame_end: xorl %[result], %[result]\n"
                          "2: " CLAC FIXUP("peek_frame_begin", "2b") FIXUP("1b", "2b")
                     : [result] "+r"(result), [next] "=&r"(record[0]), [caller] "=&r"(record[1])
                     : [from] "r"(from)
                     : "memory", "cc");
    return result;
}
