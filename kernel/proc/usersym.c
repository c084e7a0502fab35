/* SPDX-License-Identifier: MIT */
/* usersym.c - see usersym.h. The blobs are made by scripts/mksym.py when the initramfs is packed; the programs themselves
 * are stripped. A program copied into the guest has none, and its report has addresses only. */
#include <proc/usersym.h>

#include <fs/file.h>
#include <fs/path.h>
#include <lib/log.h>
#include <mm/access.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <string.h>
#include <x86/trapframe.h>

#include <linux/fcntl.h>

#define SYMBOLS_MAX (4 * MIB) /* what kmalloc gives */
#define STEPS_MAX 4096        /* frames looked at; those of a recursion take no room in the line */
#define PLACE_SPACE 100

static void *read_whole(const char *path, size_t *size)
{
    struct file *file FILE_HELD = NULL;
    if (path_open(path_root(), path, O_RDONLY, 0, &file) != 0)
        return NULL;

    *size = file->node->size;
    void *bytes = *size != 0 && *size <= SYMBOLS_MAX ? kmalloc(*size) : NULL;
    struct io io = io_kernel(bytes, *size);
    if (bytes != NULL && file_read(file, &io, NULL) == (ssize_t)*size)
        return bytes;
    kfree(bytes);
    return NULL;
}

/* /bin/demo => /lib/debug/bin/demo.sym, in memory of kmalloc; NULL: no path, no memory. */
static char *symbol_path(struct process *process)
{
    static const char folder[] = "/lib/debug", suffix[] = ".sym";
    const size_t front = sizeof(folder) - 1;
    char *path = kmalloc(PATH_LENGTH_MAX);
    if (path == NULL)
        return NULL;

    memcpy(path, folder, front);
    ssize_t length = process->executable != NULL ? path_of(process->executable, path + front,
                                                           PATH_LENGTH_MAX - front - sizeof(suffix))
                                                 : -1;
    if (length < 0) {
        kfree(path);
        return NULL;
    }
    memcpy(path + front + length, suffix, sizeof(suffix));
    return path;
}

void usersym_open(struct usersym *symbols, struct process *process)
{
    size_t size = 0;
    char *path = symbol_path(process);

    *symbols = (struct usersym){.blob = path != NULL ? read_whole(path, &size) : NULL};
    kfree(path);
    if (symbols->blob == NULL || !symtab_open(&symbols->table, symbols->blob, size))
        symbols->table = (struct symtab){0};
}

void usersym_close(struct usersym *symbols)
{
    kfree(symbols->blob);
    *symbols = (struct usersym){0};
}

/* The line that a backtrace is written into. A recursion's frames, which all return to one place, are counted. */
struct line {
    struct text_end end;
    vaddr_t last;
    unsigned times;
};

static void end_repeats(struct line *line)
{
    if (line->times > 1)
        text_add(&line->end, " (%u times)", line->times);
    line->times = 0;
}

/* `after` 1: a return address, which belongs to the call before it. */
static void add_place(struct line *line, const struct usersym *symbols, vaddr_t address, unsigned after)
{
    struct symbol symbol;

    if (after != 0 && address == line->last) {
        line->times++;
        return;
    }
    end_repeats(line);
    line->last = address;
    line->times = 1;
    text_add(&line->end, "%s", after != 0 ? " <- " : "");
    if (!symtab_lookup(&symbols->table, address - after, &symbol))
        text_add(&line->end, "0x%lx", address);
    else if (symbol.file == NULL)
        text_add(&line->end, "%s+0x%lx", symbol.function, symbol.offset + after);
    else
        text_add(&line->end, "%s+0x%lx (%s:%u)", symbol.function, symbol.offset + after,
                 basename(symbol.file), symbol.line);
}

static bool read_words(struct process *process, vaddr_t address, uint64_t *words, size_t count)
{
    return access_read(process->aspace, address, words, count * sizeof(uint64_t)) == count * sizeof(uint64_t);
}

/* The chain of frame pointers (see lib/backtrace.c for its shape). It must climb; it may be garbage all the same, which
 * costs nothing but a wrong line. */
static void add_callers(struct line *line, const struct usersym *symbols, struct process *process,
                        const struct trapframe *frame)
{
    uint64_t rbp = frame->rbp, record[2];

    for (unsigned steps = 0; steps < STEPS_MAX && line->end.left > PLACE_SPACE; steps++) {
        if (rbp % 8 != 0 || rbp < frame->rsp || !read_words(process, rbp, record, 2) || record[1] == 0)
            return;
        add_place(line, symbols, record[1], 1);
        if (record[0] <= rbp)
            return;
        rbp = record[0];
    }
    end_repeats(line);
    text_add(&line->end, " <- ...");
}

void usersym_chain(const struct usersym *symbols, const vaddr_t *addresses, unsigned count, char *buffer,
                   size_t size)
{
    struct line line = {.end = {buffer, size}};

    for (unsigned i = 0; i < count && addresses[i] != 0; i++)
        add_place(&line, symbols, addresses[i], i != 0);
    end_repeats(&line);
}

void usersym_backtrace(const struct usersym *symbols, struct process *process, const struct trapframe *frame,
                       char *buffer, size_t size)
{
    struct line line = {.end = {buffer, size}};
    struct symbol symbol;
    uint64_t top;

    add_place(&line, symbols, frame->rip, 0);
    /* A call to nowhere: the caller's return address is still on top of the stack. */
    bool nowhere = symbols->table.size != 0 && !symtab_lookup(&symbols->table, frame->rip, &symbol);
    if (nowhere && read_words(process, frame->rsp, &top, 1) &&
        symtab_lookup(&symbols->table, top - 1, &symbol))
        add_place(&line, symbols, top, 1);
    add_callers(&line, symbols, process, frame);
    end_repeats(&line);
}
