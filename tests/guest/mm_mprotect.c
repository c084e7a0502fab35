/* SPDX-License-Identifier: MIT */
/* mm_mprotect.c - mprotect(2): errors, rows that split and merge back, what each protection allows. */
#include <sys/mman.h>

#include "smaps.h"

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

/* The raw call: musl's wrapper rounds the address. */
static long raw_mprotect(void *address, size_t length, int protection)
{
    errno = 0;
    return syscall(SYS_mprotect, address, length, protection);
}

static void call_it(void *address)
{
    void (*function)(void);

    memcpy(&function, &address, sizeof(function));
    function();
}

static void errors(char *at)
{
    expect_error("not aligned", raw_mprotect(at + 1, PAGE, PROT_READ), EINVAL);
    expect_error("unknown protection", raw_mprotect(at, PAGE, 0x40), EINVAL);
    expect_error("length 0", raw_mprotect(at, 0, PROT_READ), 0);
    expect_error("length wraps around", raw_mprotect(at, ~0UL, PROT_READ), ENOMEM);
    expect_error("where nothing is", raw_mprotect(at - 512 * PAGE, PAGE, PROT_READ), ENOMEM);
    expect_error("the kernel's address", raw_mprotect((void *)0xffff800000000000, PAGE, PROT_READ), ENOMEM);
}

static void hole(char *at)
{
    munmap(at + 4 * PAGE, PAGE);
    expect_error("over a hole", raw_mprotect(at, 8 * PAGE, PROT_READ), ENOMEM);
    expect("rows", print_rows("hole", at, at + 8 * PAGE), 2);
    expect_signal("write before the hole: changed", write_byte, at + 3 * PAGE, 11);
    expect_signal("write behind the hole: not changed", write_byte, at + 5 * PAGE, 0);
}

static void rows(char *at)
{
    memset(at, 9, 16 * PAGE);
    raw_mprotect(at + 4 * PAGE, 4 * PAGE, PROT_READ);
    expect("rows", print_rows("middle read-only", at, at + 16 * PAGE), 3);
    expect("its content stays", at[5 * PAGE], 9);
    expect("resident kB of it", smaps_kb(at + 4 * PAGE, "Rss:"), 16);
    expect_signal("write to it", write_byte, at + 4 * PAGE, 11);
    raw_mprotect(at + 4 * PAGE, 4 * PAGE, RW);
    expect("rows", print_rows("as before", at, at + 16 * PAGE), 1);
    at[5 * PAGE] = 10;
    raw_mprotect(at, 2 * PAGE, PROT_READ);
    expect("rows", print_rows("start", at, at + 16 * PAGE), 2);
    raw_mprotect(at + 14 * PAGE, 2 * PAGE, PROT_READ);
    expect("rows", print_rows("end", at, at + 16 * PAGE), 3);
    raw_mprotect(at, 16 * PAGE, PROT_READ);
    expect("rows", print_rows("all", at, at + 16 * PAGE), 1);
    raw_mprotect(at, 16 * PAGE, RW);
}

static void accesses(char *at)
{
    at[0] = (char)0xc3; /* ret */
    expect_signal("execute data", call_it, at, 11);
    raw_mprotect(at, PAGE, PROT_READ | PROT_EXEC);
    expect_signal("execute it with permission", call_it, at, 0);
    expect_signal("write to code", write_byte, at, 11);
    raw_mprotect(at, PAGE, PROT_NONE);
    expect("no access keeps it resident, kB", smaps_kb(at, "Rss:"), 4);
    expect_signal("read without access", read_byte, at, 11);
    expect_signal("write without access", write_byte, at, 11);
    raw_mprotect(at, PAGE, PROT_READ);
    expect("content after no access", (unsigned char)at[0], 0xc3);
    raw_mprotect(at, PAGE, RW);
}

int main(void)
{
    /* A region of its own: guards keep it from growing together with what libc maps. */
    char *area = mmap(NULL, 48 * PAGE, PROT_NONE, ANON, -1, 0);
    char *at = mmap(area + 16 * PAGE, 16 * PAGE, RW, ANON | MAP_FIXED, -1, 0);

    errors(at);
    rows(at);
    accesses(at);
    hole(at);
    return finish();
}
