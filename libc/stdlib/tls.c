/* SPDX-License-Identifier: MIT */
/* tls.c - variables that each thread has for itself (`_Thread_local`): the first thread's copy.
 *
 *     | initial values (.tdata) | zeros (.tbss) | self, canary, ... |
 *                                               ^ FS base: the variables lie below it, at distances that the linker knows
 *
 * The program's header of type PT_TLS says how large and from where. The word at the FS base points to itself: that is how
 * code gets the address of a variable (the ABI's variant II). Usually a few KiB: they are here; more is mapped.
 * A thread made by clone without CLONE_SETTLS shares the maker's copy, so it must not call what keeps something there,
 * malloc above all.
 */
#include <asm/prctl.h>
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "start.h"

#define CONTROL_BYTES 64 /* behind the FS base; compilers look for a canary at 0x28 */
#define ALIGN ((size_t)64)

static char few[4096];

static size_t round_up(size_t value, size_t to)
{
    return (value + to - 1) & ~(to - 1);
}

static const Elf64_Phdr *find_template(void)
{
    const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);

    for (unsigned long left = getauxval(AT_PHNUM); header && left; left--, header++)
        if (header->p_type == PT_TLS)
            return header;
    return NULL;
}

bool tls_start(void)
{
    const Elf64_Phdr *template = find_template();

    if (!template)
        return true;

    size_t align = template->p_align > ALIGN ? template->p_align : ALIGN;
    size_t below = template->p_align ? round_up(template->p_memsz, template->p_align) : template->p_memsz;
    size_t whole = below + CONTROL_BYTES + align;
    char *area = few;

    if (whole > sizeof(few))
        area = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        return false;

    uintptr_t base = round_up((uintptr_t)area + below, align);

    memcpy((void *)(base - below), (const void *)template->p_vaddr, template->p_filesz);
    *(uintptr_t *)base = base;
    return syscall(SYS_arch_prctl, ARCH_SET_FS, base) == 0;
}
