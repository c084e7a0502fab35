/* SPDX-License-Identifier: MIT */
/* elf.c - from an ELF file to regions: nothing is read but the headers, the segments come by page faults.
 *
 *   file   [ehdr phdrs .rodata][.text      ][.data ]
 *   memory [ R  private file  ][ R X       ][ RW   |zeroed tail][ bss: RW anonymous ]  break ->
 *
 * A file is refused for the reasons for which Linux's fs/binfmt_elf.c refuses it, and with the same errors;
 * but here the new address space is built beside the old one, so that also the late errors reach the caller,
 * where Linux has to kill.
 *
 * First everything that can be said from the headers alone (elf_open, check_segments), then the mapping.
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

#define HEADERS_MAX 65536UL /* bytes of program headers that Linux reads */

struct elf_file {
    struct node *node;
    Elf64_Ehdr header;
    Elf64_Phdr *segments;
    size_t segments_size;
};

/* Where the parts of a mapped file came to lie. */
struct elf_bounds {
    vaddr_t code_start, code_end, data_start, data_end;
    vaddr_t bss;        /* end of what comes from the file */
    vaddr_t end;        /* end of the last segment in memory */
    uint32_t bss_flags; /* PF_ of the segment that `end` belongs to */
};

/* ---- Reading ---- */

int program_read(struct node *node, uint64_t offset, void *buffer, size_t size)
{
    char *to = buffer;
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
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           (header->e_type == ET_EXEC || header->e_type == ET_DYN) && header->e_machine == EM_X86_64 &&
           header->e_phentsize == sizeof(Elf64_Phdr);
}

/* Whatever cannot be read is no program; only lack of memory is said as such. */
static int unreadable(int error)
{
    return error == -ENOMEM ? -ENOMEM : -ENOEXEC;
}

static int elf_open(struct elf_file *file, struct node *node)
{
    *file = (struct elf_file){.node = node};
    int error = program_read(node, 0, &file->header, sizeof(file->header));
    if (error)
        return unreadable(error);
    if (!header_ok(&file->header))
        return -ENOEXEC;
    size_t size = file->header.e_phnum * sizeof(Elf64_Phdr);
    if (size == 0 || size > HEADERS_MAX)
        return -ENOEXEC;
    file->segments = kmalloc(size);
    if (!file->segments)
        return -ENOMEM;
    error = program_read(node, file->header.e_phoff, file->segments, size);
    if (error) {
        kfree(file->segments);
        return unreadable(error);
    }
    return 0;
}

static void elf_close(struct elf_file *file)
{
    kfree(file->segments);
}

#define FOR_EACH_SEGMENT(segment, file)                                                                      \
    for (const Elf64_Phdr *segment = (file)->segments; segment < (file)->segments + (file)->header.e_phnum;  \
         segment++)

/* ---- What the headers alone can say ---- */

/* `end`: of the segments before it. They come in ascending order and do not overlap (ELF specification, "Program Header"). */
static int check_segment(const Elf64_Phdr *segment, vaddr_t bias, vaddr_t *end)
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
    if (start < *end)
        return -ENOEXEC;
    if (segment->p_memsz > 0 && start < MMAP_MIN)
        return -EPERM;
    *end = start + segment->p_memsz;
    return 0;
}

/* => 0: at least one segment is to be loaded and all make sense. */
static int check_segments(const struct elf_file *file, vaddr_t bias)
{
    vaddr_t end = 0;

    FOR_EACH_SEGMENT(segment, file)
    {
        int error = segment->p_type == PT_LOAD ? check_segment(segment, bias, &end) : 0;
        if (error)
            return error;
    }
    return end > 0 ? 0 : -ENOEXEC;
}

/* The span from the first segment's page to the end of the last. */
static uint64_t total_span(const struct elf_file *file, vaddr_t *lowest)
{
    vaddr_t low = UINT64_MAX, high = 0;
    FOR_EACH_SEGMENT(segment, file)
    {
        if (segment->p_type != PT_LOAD)
            continue;
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
    FOR_EACH_SEGMENT(segment, file)
    {
        if (segment->p_type == PT_LOAD && (segment->p_align & (segment->p_align - 1)) == 0)
            largest = MAX(largest, segment->p_align);
    }
    return largest;
}

/* ---- Mapping. The address space is locked ---- */

static uint32_t region_flags(uint32_t segment_flags)
{
    return VMA_MAY_WRITE | (segment_flags & PF_R ? VMA_READ : 0U) | (segment_flags & PF_W ? VMA_WRITE : 0U) |
           (segment_flags & PF_X ? VMA_EXEC : 0U);
}

/* A region at a fixed place; what was there goes. */
static int map_region(struct aspace *aspace, vaddr_t start, vaddr_t end, uint32_t flags,
                      struct pagesrc *source, uint64_t page)
{
    if (end > USER_END || end <= start)
        return -ENOMEM;
    int error = 0;
    if (!vma_range_free(&aspace->vmas, start, end))
        error = aspace_unmap(aspace, start, end);
    if (error)
        return error;
    if (!aspace_may_grow(aspace, end - start, flags))
        return -ENOMEM;
    if (!source)
        return aspace_map(aspace, start, end, flags, &vma_anon_ops, NULL, start >> PAGE_SHIFT) ? 0 : -ENOMEM;
    if (aspace_map(aspace, start, end, flags, &vma_file_private_ops, pagesrc_get(source), page))
        return 0;
    pagesrc_put(source);
    return -ENOMEM;
}

static int map_bss(struct aspace *aspace, vaddr_t bss, vaddr_t end, bool executable)
{
    vaddr_t start = page_ceil(bss), stop = page_ceil(end);
    if (stop <= start)
        return 0;
    uint32_t flags = VMA_READ | VMA_WRITE | VMA_MAY_WRITE | (executable ? VMA_EXEC : 0U);
    return map_region(aspace, start, stop, flags, NULL, 0);
}

static int map_segment(struct aspace *aspace, const struct elf_file *file, const Elf64_Phdr *segment,
                       vaddr_t bias)
{
    vaddr_t address = segment->p_vaddr + bias;
    uint64_t size = page_ceil(segment->p_filesz + (address & (PAGE_SIZE - 1)));
    if (size == 0)
        return 0;
    vaddr_t start = page_floor(address);
    return map_region(aspace, start, start + size, region_flags(segment->p_flags), file->node->source,
                      segment->p_offset >> PAGE_SHIFT);
}

static void note_bounds(struct elf_bounds *bounds, const Elf64_Phdr *segment, vaddr_t bias)
{
    vaddr_t start = segment->p_vaddr + bias;
    vaddr_t file_end = start + segment->p_filesz, memory_end = start + segment->p_memsz;
    if (segment->p_flags & PF_X) {
        bounds->code_start = MIN(bounds->code_start, start);
        bounds->code_end = MAX(bounds->code_end, file_end);
    }
    bounds->data_start = MAX(bounds->data_start, start);
    bounds->data_end = MAX(bounds->data_end, file_end);
    bounds->bss = MAX(bounds->bss, file_end);
    if (memory_end > bounds->end) {
        bounds->end = memory_end;
        bounds->bss_flags = segment->p_flags;
    }
}

/* All segments in their order, and the bss behind the last one. A bss in the middle is mapped before the
 * segment after it. */
static int map_segments(struct aspace *aspace, const struct elf_file *file, vaddr_t bias,
                        struct elf_bounds *bounds)
{
    *bounds = (struct elf_bounds){.code_start = UINT64_MAX};
    FOR_EACH_SEGMENT(segment, file)
    {
        if (segment->p_type != PT_LOAD)
            continue;
        int error = 0;
        if (bounds->end > bounds->bss)
            error = map_bss(aspace, bounds->bss, bounds->end, bounds->bss_flags & PF_X);
        if (!error)
            error = map_segment(aspace, file, segment, bias);
        if (error)
            return error;
        note_bounds(bounds, segment, bias);
    }
    return map_bss(aspace, bounds->bss, bounds->end, bounds->bss_flags & PF_X);
}

/* The rest of the last file page belongs to the bss: zero it (this copies the page). Where the segment may
 * not be written nobody expects that, and Linux does not mind either. */
static int clear_tail(struct aspace *aspace, const struct elf_bounds *bounds)
{
    static const char zeros[PAGE_SIZE];
    size_t count = (size_t)(page_ceil(bounds->bss) - bounds->bss);
    if (bounds->end <= bounds->bss || count == 0)
        return 0;
    bool zeroed = access_write(aspace, bounds->bss, zeros, count, false) == count;
    return zeroed || !(bounds->bss_flags & PF_W) ? 0 : -ENOEXEC;
}

static int map_file(struct aspace *aspace, const struct elf_file *file, vaddr_t bias,
                    struct elf_bounds *bounds)
{
    mutex_lock(&aspace->lock);
    int error = map_segments(aspace, file, bias, bounds);
    mutex_unlock(&aspace->lock);
    return error ? error : clear_tail(aspace, bounds);
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
    int error = file->header.e_type == ET_DYN ? bias_high(aspace, file, PAGE_SIZE, &bias) : 0;
    if (!error)
        error = check_segments(file, bias);
    if (error)
        return error;
    struct elf_bounds bounds;
    error = map_file(aspace, file, bias, &bounds);
    image->base = bias;
    image->entry = file->header.e_entry + bias;
    return error;
}

static int load_interpreter(struct aspace *aspace, const char *path, struct elf_image *image)
{
    struct node *node;
    int error = path_lookup(path_root(), path, 0, &node);
    if (error)
        return error;
    struct elf_file file;
    error = node->source ? elf_open(&file, node) : -EACCES;
    if (!error) {
        error = map_interpreter(aspace, &file, image);
        elf_close(&file);
    }
    node_put(node);
    return error == -ENOEXEC ? -ELIBBAD : error;
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

static void set_bounds(struct aspace *aspace, const struct elf_bounds *bounds)
{
    aspace->code_start = bounds->code_start == UINT64_MAX ? 0 : bounds->code_start;
    aspace->code_end = bounds->code_end;
    aspace->data_start = bounds->data_start;
    aspace->data_end = bounds->data_end;
    aspace->brk_start = aspace->brk = page_ceil(bounds->end);
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

static int load_program(struct aspace *aspace, const struct elf_file *file, const char *interpreter,
                        struct elf_image *image)
{
    vaddr_t bias;
    int error = program_bias(aspace, file, interpreter != NULL, &bias);
    if (!error)
        error = check_segments(file, bias);
    if (error)
        return error;
    describe(file, bias, image);
    if (image->entry >= USER_END)
        return -ENOEXEC;
    struct elf_bounds bounds;
    error = map_file(aspace, file, bias, &bounds);
    if (error)
        return error;
    set_bounds(aspace, &bounds);
    if (file->header.e_type == ET_DYN && !interpreter)
        aspace->brk_start = aspace->brk = ELF_PIE_BASE +
                                          PAGE_SIZE; /* up there a heap would soon meet the next region */
    if (interpreter)
        error = load_interpreter(aspace, interpreter, image);
    return !error && image->entry >= USER_END ? -ELIBBAD : error;
}

int elf_load(struct aspace *aspace, struct node *node, struct elf_image *image)
{
    struct elf_file file;
    int error = elf_open(&file, node);
    if (error)
        return error;
    char *interpreter;
    error = interpreter_path(&file, &interpreter);
    if (!error)
        error = load_program(aspace, &file, interpreter, image);
    kfree(interpreter);
    elf_close(&file);
    return error;
}
