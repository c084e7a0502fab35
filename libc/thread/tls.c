/* SPDX-License-Identifier: MIT */
/* tls.c - where a thread's own variables (`_Thread_local`) and what the library knows of it lie.
 *
 *     | initial values (.tdata) | zeros (.tbss) | struct thread |
 *                                               ^ FS base: the variables lie below it, at distances that the linker knows
 *
 * The program's header of type PT_TLS says how large and from where. The word at the FS base points to itself: that is how
 * code gets the address of a variable (the ABI's variant II). The first thread's are here when they are few, else mapped; another
 * thread's lie above its stack (thread.c). A thread made by clone without CLONE_SETTLS shares the maker's copy, so it must not call
 * what keeps something there: errno, malloc.
 */
#include "tls.h"

#include <asm/prctl.h>
#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "../sys/raw.h"

#define LEAST_ALIGN ((size_t)64)

bool __thread_many;

static struct {
    const void *values;
    size_t length; /* of the values; zeros follow */
    size_t below;  /* how far below the FS base the first variable lies */
    size_t align;
} template = {.align = LEAST_ALIGN};

static void template_find(void)
{
    const Elf64_Phdr *header = (const Elf64_Phdr *)getauxval(AT_PHDR);

    for (unsigned long left = getauxval(AT_PHNUM); left; left--, header++) {
        if (header->p_type != PT_TLS)
            continue;
        template.values = (const void *)header->p_vaddr;
        template.length = header->p_filesz;
        template.below = header->p_memsz;
        if (header->p_align > 1)
            template.below = (header->p_memsz + header->p_align - 1) & ~(header->p_align - 1);
        if (header->p_align > template.align)
            template.align = header->p_align;
    }
}

size_t tls_size(void)
{
    return template.below + sizeof(struct thread) + template.align;
}

struct thread *tls_place(void *end)
{
    uintptr_t base = ((uintptr_t)end - sizeof(struct thread)) & ~(template.align - 1);
    struct thread *thread = (struct thread *)base;

    memcpy((char *)base - template.below, template.values, template.length);
    thread->self = thread;
    return thread;
}

void *tls_begin(const struct thread *thread)
{
    return (char *)thread - template.below;
}

bool tls_start(void)
{
    static char few[4096];
    char *area = few;
    size_t size = sizeof(few);

    template_find();
    if (tls_size() > size) {
        size = tls_size();
        area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (area == MAP_FAILED)
            return false;
    }
    return RAW_SYSCALL(__NR_arch_prctl, ARCH_SET_FS, tls_place(area + size)) == 0;
}
