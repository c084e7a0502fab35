/* SPDX-License-Identifier: MIT */
/* test_operand.c - which register an instruction takes its address from: bytes of the assembler's own, decoded. */
/* sources: kernel/proc/operand.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <proc/operand.h>
#include <x86/pte.h>
#include <x86/trapframe.h>

/* Every register holds a value that tells which it is. */
static const struct trapframe frame = {.rax = 0x100,
                                       .rcx = 0x101,
                                       .rdx = 0x102,
                                       .rbx = 0x103,
                                       .rsp = 0x104,
                                       .rbp = 0x105,
                                       .rsi = 0x106,
                                       .rdi = 0x107,
                                       .r8 = 0x108,
                                       .r9 = 0x109,
                                       .r10 = 0x10a,
                                       .r11 = 0x10b,
                                       .r12 = 0x10c,
                                       .r13 = 0x10d,
                                       .r14 = 0x10e,
                                       .r15 = 0x10f};

static struct operand got[OPERANDS_MAX];

/* The instruction's bytes, between two labels that are jumped over. */
#define DECODE(instruction)                                                                                  \
    ({                                                                                                       \
        const uint8_t *start, *end;                                                                          \
        __asm__("jmp 2f\n1:\t" instruction "\n2:\tleaq 1b(%%rip), %0\n\tleaq 2b(%%rip), %1"                  \
                : "=r"(start), "=r"(end));                                                                   \
        memset(got, 0xff, sizeof(got));                                                                      \
        operand_decode(start, (size_t)(end - start), &frame, got);                                           \
    })

static void expect(unsigned count, const char *name, unsigned place, uint64_t value)
{
    assert_true(place < count);
    if (name == NULL)
        assert_null(got[place].name);
    else
        assert_string_equal(got[place].name, name);
    assert_int_equal(got[place].value, value);
}

static void test_base_and_displacement(void **state)
{
    (void)state;
    expect(DECODE("movl (%%rax), %%ecx"), "rax", 0, 0x100);
    expect(DECODE("movb %%cl, (%%rdi)"), "rdi", 0, 0x107);
    expect(DECODE("movq 8(%%rbx), %%rax"), NULL, 1, 0x10b);
    expect(DECODE("movq -8(%%rbp), %%rax"), NULL, 1, 0xfd);
    expect(DECODE("addq $5, 0x12345(%%r13)"), "r13", 0, 0x10d);
    expect(DECODE("addq $5, 0x12345(%%r13)"), NULL, 1, 0x12452);
    expect(DECODE("movq (%%rsp), %%rax"), "rsp", 0, 0x104);
    expect(DECODE("movq (%%r12), %%r8"), "r12", 0, 0x10c);
    expect(DECODE("lock xaddl %%eax, 4(%%r15)"), "r15", 0, 0x10f);
    expect(DECODE("movaps (%%rcx), %%xmm0"), "rcx", 0, 0x101);
    expect(DECODE("movdqu %%xmm9, 16(%%r9)"), "r9", 0, 0x109);
    expect(DECODE("pshufb (%%rsi), %%xmm1"), "rsi", 0, 0x106);
    expect(DECODE("fldl 8(%%rdx)"), "rdx", 0, 0x102);
}

static void test_index(void **state)
{
    (void)state;
    assert_int_equal(DECODE("movl 16(%%rax, %%rsi, 4), %%ecx"), 3);
    expect(3, "rax", 0, 0x100);
    expect(3, "rsi", 1, 0x106);
    expect(3, NULL, 2, 0x100 + 4 * 0x106 + 16);
    assert_int_equal(DECODE("movzbl (%%r8, %%r12), %%eax"), 3);
    expect(3, "r8", 0, 0x108);
    expect(3, "r12", 1, 0x10c);
    assert_int_equal(DECODE("movq 0x1000(, %%rdx, 8), %%rax"), 3);
    expect(3, NULL, 0, 0);
    expect(3, "rdx", 1, 0x102);
    expect(3, NULL, 2, 0x1000 + 8 * 0x102);
}

static void test_jumps(void **state)
{
    (void)state;
    assert_int_equal(DECODE("call *%%r11"), 1);
    expect(1, "r11", 0, 0x10b);
    expect(DECODE("jmp *(%%rbx)"), "rbx", 0, 0x103);
    assert_true(operand_is_return((const uint8_t[]){0xc3}, 1));
    assert_true(operand_is_return((const uint8_t[]){0xf3, 0xc3}, 2));
    assert_false(operand_is_return((const uint8_t[]){0xf3}, 1));
    assert_false(operand_is_return((const uint8_t[]){0x90, 0xc3}, 2));
    assert_false(operand_is_return(NULL, 0));
}

static void test_implied(void **state)
{
    (void)state;
    assert_int_equal(DECODE("rep movsb"), 2);
    expect(2, "rsi", 0, 0x106);
    expect(2, "rdi", 1, 0x107);
    expect(DECODE("rep stosq"), "rdi", 1, 0x107);
    expect(DECODE("pushq %%rax"), "rsp", 0, 0x104);
    expect(DECODE("popq %%r9"), "rsp", 0, 0x104);
    expect(DECODE("leave"), "rbp", 0, 0x105);
}

static void test_no_memory(void **state)
{
    (void)state;
    assert_int_equal(DECODE("movl 16(%%rip), %%eax"), 0);
    assert_int_equal(DECODE("cpuid"), 0);
    assert_int_equal(DECODE("syscall"), 0);
    assert_int_equal(DECODE("movl $5, %%eax"), 0);
    assert_int_equal(DECODE("cli"), 0);
    assert_int_equal(operand_decode((const uint8_t[]){0x48, 0x8b}, 2, &frame, got), 0); /* cut off */
    assert_int_equal(operand_decode(NULL, 0, &frame, got), 0);
}

/* Whatever the bytes are: no more than it may write, and no byte that is not there. */
static void test_every_beginning(void **state)
{
    uint8_t bytes[4];

    (void)state;
    for (unsigned i = 0; i < 1 << 16; i++) {
        bytes[0] = (uint8_t)i;
        bytes[1] = (uint8_t)(i >> 8);
        bytes[2] = 0x04;
        bytes[3] = 0x25;
        for (size_t count = 0; count <= sizeof(bytes); count++)
            assert_true(operand_decode(bytes, count, &frame, got) <= OPERANDS_MAX);
    }
}

static void test_canonical(void **state)
{
    (void)state;
    assert_true(address_is_canonical(0));
    assert_true(address_is_canonical(0x7fffffffffff));
    assert_false(address_is_canonical(0x800000000000));
    assert_false(address_is_canonical(0xffff7fffffffffff));
    assert_true(address_is_canonical(0xffff800000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_and_displacement),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_jumps),
        cmocka_unit_test(test_implied),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_every_beginning),
        cmocka_unit_test(test_canonical),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
