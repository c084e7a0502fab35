/* SPDX-License-Identifier: MIT */
/* elf.c - from an ELF file to regions: nothing is read but the headers, the segments come by page faults.
 *
 *   file   [ehdr phdrs .rodata][.text      ][.data ]
 *   memory [ R  private file  ][ R X       ][ RW   |zeroed tail][ bss: RW anonymous ]  break ->
 *
 * What Linux's fs/binfmt_elf.c looks at while the old program is still there (elf_open: the headers, the interpreter's headers)
 * is refused for the same reasons and with the same errors. What it finds out later (elf_map: where the segments are to lie)
 * is its program's end, and so it is here, although the old program would still be there: process_exec() says how.
 *
 * Segments that overlap replace each other in their order, as MAP_FIXED does. */
#include <arch/x86/usercopy.h>
#include <asm-generic/errno.h>
#include <fs/path.h>
#include <mm/access.h>
#include <mm/kmem.h>
#include <mm/page.h>
#include <proc/elf.h>
#include <string.h>

#include <linux/elf.h>
#include <linux/limits.h>
#include <linux/stat.h>

#define HEADERS_MAX 65536UL /* bytes of program headers that Linux reads */


/* ---- Reading ---- */

int program_find(struct node *start, const char *path, struct node **node)
{
    int error =
        path_lookup(start, *path ? path : ".", 0, node); /* an empty name is a directory to Linux: EACCES */
    if (error)
        return error;
    bool allowed = node_is(*node, S_IFREG) && (*node)->source &&
                   ((*node)->mode & (S_IXUSR | S_IXGRP | S_IXOTH));
    if (allowed)
        return 0;
    node_put(*node);
    return -EACCES;
}

int program_read(struct node *node, uint64_t offset, void *buffer, size_t size)
{
    char *to = buffer;
    if (offset > INT64_MAX)
        return -EINVAL;
    if (!node->source || offset > node->size || size > node->size - offset)
        return -EIO;
    while (size > 0) {
        struct page *page;
        int error = node->source->ops->page(node->source, offset >> PAGE_SHIFT, &page);
        if (error)
            return error;
        size_t within = offset & (PAGE_SIZE - 1);
        size_t part = MIN(size, PAGE_SIZE - within);
        memcpy(to, (const char *)page_to_virt(page) + within, part);
        page_put(page);
        to += part;
        offset += part;
        size -= part;
    }
    return 0;
}

static bool header_ok(const Elf64_Ehdr *header)
{
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_machine == EM_X86_64 &&
           header->e_phentsize == sizeof(Elf64_Phdr);
}

static bool type_ok(const Elf64_Ehdr *header)
{
    return header->e_type == ET_EXEC || header->e_type == ET_DYN;
}

/* The header is there. => 0; `nonsense`: this is no ELF file for us; -ENOMEM. */
static int read_segments(struct elf_file *file, int nonsense)
{
    size_t size = file->header.e_phnum * sizeof(Elf64_Phdr);
    if (!header_ok(&file->header) || size == 0 || size > HEADERS_MAX)
        return nonsense;
    file->segments = kmalloc(size);
    if (!file->segments)
        return -ENOMEM;
    int error = program_read(file->node, file->header.e_phoff, file->segments, size);
    return !error || error == -ENOMEM ? error : nonsense;
}

#define FOR_EACH_SEGMENT(segment, file)                                                                      \
    for (const Elf64_Phdr *segment = (file)->segments; segment < (file)->segments + (file)->header.e_phnum;  \
         segment++)
/* Those that are to be in memory. */
#define FOR_EACH_LOAD(segment, file) FOR_EACH_SEGMENT(segment, file) if (segment->p_type == PT_LOAD)

/* ---- What the headers alone can say ---- */

static int check_segment(const Elf64_Phdr *segment, vaddr_t bias)
{
    vaddr_t start = segment->p_vaddr + bias;
    bool mapped = segment->p_filesz + (start & (PAGE_SIZE - 1)) != 0;

    if (mapped && ((start ^ segment->p_offset) & (PAGE_SIZE - 1)))
        return -ENOEXEC;
    if (segment->p_filesz > segment->p_memsz)
        return -ENOEXEC;
    if (segment->p_offset > INT64_MAX || segment->p_filesz > INT64_MAX - segment->p_offset)
        return -ENOEXEC;
    if (start >= USER_END || segment->p_memsz > USER_END - start)
        return -ENOMEM;
    return segment->p_memsz > 0 && start < MMAP_MIN ? -EPERM : 0;
}

/* => 0: at least one segment is to be loaded and all make sense. */
static int check_segments(const struct elf_file *file, vaddr_t bias)
{
    unsigned count = 0;

    FOR_EACH_LOAD(segment, file)
    {
        int error = check_segment(segment, bias);
        if (error)
            return error;
        count++;
    }
    return count > 0 ? 0 : -ENOEXEC;
}

/* The span from the first segment's page to the end of the last. */
static uint64_t total_span(const struct elf_file *file, vaddr_t *lowest)
{
    vaddr_t low = UINT64_MAX, high = 0;
    FOR_EACH_LOAD(segment, file)
    {
        low = MIN(low, page_floor(segment->p_vaddr));
        high = MAX(high, segment->p_vaddr + segment->p_memsz);
    }
    *lowest = low;
    return high > low ? page_ceil(high) - low : 0;
}

/* The largest alignment that a segment asks for; a page at least. What is no power of two counts as nothing. */
static uint64_t alignment(const struct elf_file *file)
{
    uint64_t largest = PAGE_SIZE;
    FOR_EACH_LOAD(segment, file)
    {
        if ((segment->p_align & (segment->p_align - 1)) == 0)
            largest = MAX(largest, segment->p_align);
    }
    return largest;
}

/* ---- Mapping ---- */

/* A region at a fixed place; what was there goes. */
static int map_region(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t flags,
                      struct pagesrc *source, uint64_t page)
{
    if (end > USER_END || end < start)
        return -ENOMEM;
    if (end == start)
        return 0;
    MUTEX_GUARD(&aspace->lock);
    bool mapped = aspace_make_room(aspace, start, end, flags) &&
                  aspace_map(aspace, start, end, flags, source, source ? page : start >> PAGE_SHIFT);
    return mapped ? 0 : -ENOMEM;
}

/* The rest of the last file page belongs to the bss: zero it (this copies the page). Where the segment may
 * not be written nobody expects that, and Linux does not mind either. */
static int clear_tail(struct aspace *aspace, vaddr_t file_end, bool writable)
{
    static const char zeros[PAGE_SIZE];
    size_t count = (size_t)(page_ceil(file_end) - file_end);
    return access_write(aspace, file_end, zeros, count, false) == count || !writable ? 0 : -EFAULT;
}

/* What comes from the file, then what is zero. */
static int map_segment(struct aspace *aspace, const struct elf_file *file, const Elf64_Phdr *segment,
                       vaddr_t bias)
{
    vaddr_t start = segment->p_vaddr + bias, zero = page_floor(start);
    uint32_t execute = segment->p_flags & PF_X ? VMA_EXEC : 0U,
             write = segment->p_flags & PF_W ? VMA_WRITE : 0U;
    uint32_t read = segment->p_flags & PF_R ? VMA_READ : 0U;
    bool has_bss = segment->p_memsz > segment->p_filesz;
    int error = 0;

    if (segment->p_filesz) {
        zero = page_ceil(start + segment->p_filesz);
        error = map_region(aspace, page_floor(start), zero, VMA_MAY_WRITE | read | write | execute,
                           file->node->source, segment->p_offset >> PAGE_SHIFT);
        if (!error && has_bss)
            error = clear_tail(aspace, start + segment->p_filesz, write);
    }
    if (error || !has_bss)
        return error;
    return map_region(aspace, zero, page_ceil(start + segment->p_memsz),
                      VMA_READ | VMA_WRITE | VMA_MAY_WRITE | execute, NULL, 0);
}

/* All segments in their order, if all make sense. */
static int map_file(struct aspace *aspace, const struct elf_file *file, vaddr_t bias)
{
    int error = check_segments(file, bias);

    FOR_EACH_LOAD(segment, file)
    {
        if (!error)
            error = map_segment(aspace, file, segment, bias);
    }
    return error;
}

/* ---- The interpreter ---- */

/* => the path in PT_INTERP, to be freed with kfree; *path NULL: there is none. */
static int interpreter_path(const struct elf_file *file, char **path)
{
    *path = NULL;
    FOR_EACH_SEGMENT(segment, file)
    {
        if (segment->p_type != PT_INTERP)
            continue;
        size_t size = segment->p_filesz;
        if (size < 2 || size > PATH_MAX)
            return -ENOEXEC;
        char *text = kmalloc(size);
        if (!text)
            return -ENOMEM;
        int error = program_read(file->node, segment->p_offset, text, size);
        if (error || text[size - 1] != '\0') {
            kfree(text);
            return error ? error : -ENOEXEC;
        }
        *path = text;
        return 0;
    }
    return 0;
}

/* What is added to the file's addresses so that it lies as high as there is room, as mmap(NULL) would place it. */
static int bias_high(struct aspace *aspace, const struct elf_file *file, uint64_t align, vaddr_t *bias)
{
    vaddr_t lowest;
    uint64_t span = total_span(file, &lowest);
    if (span == 0 || span > USER_END || align > USER_END)
        return -ENOMEM;
    vaddr_t place = vma_gap_below(&aspace->vmas, span + align - PAGE_SIZE, MMAP_MIN, MMAP_TOP);
    *bias = ((place + align - 1) & ~(align - 1)) - lowest;
    return place ? 0 : -ENOMEM;
}

static int map_interpreter(struct aspace *aspace, const struct elf_file *file, struct elf_image *image)
{
    vaddr_t bias = 0;
    if (!type_ok(&file->header))
        return -ENOEXEC;
    int error = file->header.e_type == ET_DYN ? bias_high(aspace, file, PAGE_SIZE, &bias) : 0;
    image->base = bias;
    image->entry = file->header.e_entry + bias;
    return error ? error : map_file(aspace, file, bias);
}

/* ---- All together ---- */

static void describe(const struct elf_file *file, vaddr_t bias, struct elf_image *image)
{
    const Elf64_Ehdr *header = &file->header;
    *image = (struct elf_image){.entry = header->e_entry + bias, .header_count = header->e_phnum};
    image->program_entry = image->entry;
    FOR_EACH_SEGMENT(segment, file)
    {
        if (segment->p_type == PT_GNU_STACK)
            image->executable_stack = segment->p_flags & PF_X;
        bool holds_headers = segment->p_type == PT_LOAD && segment->p_offset <= header->e_phoff &&
                             header->e_phoff - segment->p_offset < segment->p_filesz;
        if (holds_headers && !image->headers)
            image->headers = segment->p_vaddr + bias + (header->e_phoff - segment->p_offset);
    }
}

/* Where its parts came to lie, and behind the last one the break. All are 0 in a new address space. */
static void set_bounds(struct aspace *aspace, const struct elf_file *file, vaddr_t bias)
{
    vaddr_t code_start = UINT64_MAX, end = 0;

    FOR_EACH_LOAD(segment, file)
    {
        vaddr_t start = segment->p_vaddr + bias, file_end = start + segment->p_filesz;
        if (segment->p_flags & PF_X) {
            code_start = MIN(code_start, start);
            aspace->code_end = MAX(aspace->code_end, file_end);
        }
        aspace->data_start = MAX(aspace->data_start, start);
        aspace->data_end = MAX(aspace->data_end, file_end);
        end = MAX(end, start + segment->p_memsz);
    }
    aspace->code_start = code_start == UINT64_MAX ? 0 : code_start;
    aspace->brk_start = aspace->brk = page_ceil(end);
}

/* A position-independent program goes to ELF_PIE_BASE; without an interpreter (static-pie, or ld.so itself) up to the
 * libraries, as on Linux, which means the room below for the program that ld.so may load. */
static int program_bias(struct aspace *aspace, const struct elf_file *file, bool dynamic, vaddr_t *bias)
{
    uint64_t align = alignment(file);
    vaddr_t lowest;
    *bias = 0;
    if (file->header.e_type != ET_DYN)
        return 0;
    if (!dynamic)
        return bias_high(aspace, file, align, bias);
    (void)total_span(file, &lowest);
    *bias = (ELF_PIE_BASE & ~(align - 1)) - lowest;
    return 0;
}

static int map_program(struct aspace *aspace, const struct elf *elf, struct elf_image *image)
{
    const struct elf_file *file = &elf->program;
    bool dynamic = elf->interpreter.node != NULL;
    vaddr_t bias;
    int error = program_bias(aspace, file, dynamic, &bias);
    if (!error)
        error = map_file(aspace, file, bias);
    if (error)
        return error;
    describe(file, bias, image);
    set_bounds(aspace, file, bias);
    if (file->header.e_type == ET_DYN && !dynamic)
        aspace->brk_start = aspace->brk = ELF_PIE_BASE +
                                          PAGE_SIZE; /* up there a heap would soon meet the next region */
    return 0;
}

int elf_map(struct aspace *aspace, const struct elf *elf, struct elf_image *image)
{
    int error = map_program(aspace, elf, image);
    if (!error && elf->interpreter.node)
        error = map_interpreter(aspace, &elf->interpreter, image);
    return !error && image->entry >= USER_END ? -EINVAL : error;
}

static int open_program(struct elf_file *file)
{
    int error = program_read(file->node, 0, &file->header, sizeof(file->header));
    if (error)
        return error == -ENOMEM ? -ENOMEM : -ENOEXEC; /* whatever cannot be read is no program */
    return type_ok(&file->header) ? read_segments(file, -ENOEXEC) : -ENOEXEC;
}

static int open_interpreter(struct elf_file *file, struct node *start, const char *path)
{
    struct node *node;
    int error = program_find(start, path, &node);
    if (error)
        return error;
    file->node = node;
    error = program_read(node, 0, &file->header, sizeof(file->header));
    return error ? error : read_segments(file, -ELIBBAD);
}

int elf_open(struct elf *elf, struct node *start, struct node *node)
{
    char *interpreter = NULL;

    *elf = (struct elf){.program = {.node = node_get(node)}};
    int error = open_program(&elf->program);
    if (!error)
        error = interpreter_path(&elf->program, &interpreter);
    if (interpreter)
        error = open_interpreter(&elf->interpreter, start, interpreter);
    kfree(interpreter);
    if (error)
        elf_close(elf);
    return error;
}

static void file_close(struct elf_file *file)
{
    kfree(file->segments);
    if (file->node)
        node_put(file->node);
}

void elf_close(struct elf *elf)
{
    file_close(&elf->program);
    file_close(&elf->interpreter);
}
