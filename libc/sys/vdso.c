/* SPDX-License-Identifier: MIT */
/* vdso.c - finds the vDSO's functions: a shared object like any other, mapped by the kernel and named in AT_SYSINFO_EHDR.
 *
 *     ELF header -> program headers -> PT_DYNAMIC -> DT_SYMTAB, DT_STRTAB and DT_HASH
 *
 * DT_HASH (System V ABI, "Hash Table": number of buckets, number of symbols, ...) is read for the number of symbols only:
 * there are so few that one walk over all of them is quicker than hashing. All names bear one version, LINUX_2.6.
 *
 * Done once, at the first question. */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#include "../thread/library.h"
#include "vdso.h"

static struct vdso found; /* complete when `searched` says so */
static bool searched;

static void take(const char *name, void *function)
{
    const struct {
        const char *name;
        void *slot;
    } wanted[] = {
        {"__vdso_clock_gettime", &found.clock_gettime},
        {"__vdso_gettimeofday", &found.gettimeofday},
        {"__vdso_time", &found.time},
        {"__vdso_getcpu", &found.getcpu},
        {"__vdso_trace_level", &found.trace_level},
    };

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (strcmp(name, wanted[i].name) == 0)
            memcpy(wanted[i].slot, &function, sizeof(function));
}

/* `bias`: what an address of the file is off in memory. The kernel has relocated nothing. */
static void find_all(const Elf64_Dyn *dynamic, uintptr_t bias)
{
    const Elf64_Sym *symbols = NULL;
    const char *names = NULL;
    const uint32_t *hash = NULL;

    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        void *place = (void *)(bias + dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_SYMTAB)
            symbols = place;
        else if (dynamic->d_tag == DT_STRTAB)
            names = place;
        else if (dynamic->d_tag == DT_HASH)
            hash = place;
    }
    if (symbols == NULL || names == NULL || hash == NULL)
        return;
    for (uint32_t i = 1; i < hash[1]; i++)
        if (symbols[i].st_shndx != SHN_UNDEF)
            take(names + symbols[i].st_name, (void *)(bias + symbols[i].st_value));
}

static void search(uintptr_t image)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
    const Elf64_Phdr *segment = (const Elf64_Phdr *)(image + header->e_phoff);
    const Elf64_Dyn *dynamic = NULL;
    uintptr_t bias = image;

    for (unsigned i = 0; i < header->e_phnum; i++, segment++) {
        if (segment->p_type == PT_LOAD)
            bias = image + segment->p_offset - segment->p_vaddr;
        else if (segment->p_type == PT_DYNAMIC)
            dynamic = (const Elf64_Dyn *)(image + segment->p_offset);
    }
    if (dynamic != NULL)
        find_all(dynamic, bias);
}

static void search_once(void)
{
    LIBRARY_HOLD();
    if (searched)
        return;

    int saved = errno;
    uintptr_t image = getauxval(AT_SYSINFO_EHDR);

    errno = saved;
    if (image != 0)
        search(image);
    __atomic_store_n(&searched, true, __ATOMIC_RELEASE);
}

const struct vdso *vdso_functions(void)
{
    if (!__atomic_load_n(&searched, __ATOMIC_ACQUIRE))
        search_once();
    return &found;
}
