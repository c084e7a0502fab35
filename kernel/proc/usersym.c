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
#define DEPTH_MAX 12

static void *read_whole(const char *path, size_t *size)
{
    struct file *file;
    if (path_open(path_root(), path, O_RDONLY, 0, &file) != 0)
        return NULL;

    void *bytes = NULL;
    *size = file->node->size;
    if (*size != 0 && *size <= SYMBOLS_MAX)
        bytes = kmalloc(*size);
    if (bytes != NULL) {
        struct io io = io_kernel(bytes, *size);
        if (file_read(file, &io, NULL) != (ssize_t)*size) {
            kfree(bytes);
            bytes = NULL;
        }
    }
    file_put(file);
    return bytes;
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

struct line {
    char *at;
    size_t left;
};

/* `after` 1: a return address, which belongs to the call before it. */
static void add_place(struct line *line, const struct usersym *symbols, vaddr_t address, unsigned after)
{
    const char *arrow = after != 0 ? " <- " : "";
    struct symbol symbol;
    int length;

    if (!symtab_lookup(&symbols->table, address - after, &symbol))
        length = format_text(line->at, line->left, "%s0x%lx", arrow, address);
    else if (symbol.file == NULL)
        length =
            format_text(line->at, line->left, "%s%s+0x%lx", arrow, symbol.function, symbol.offset + after);
    else
        length = format_text(line->at, line->left, "%s%s+0x%lx (%s:%u)", arrow, symbol.function,
                             symbol.offset + after, basename(symbol.file), symbol.line);
    size_t taken = MIN((size_t)MAX(length, 0), line->left - 1);
    line->at += taken;
    line->left -= taken;
}

static bool read_words(struct process *process, vaddr_t address, uint64_t *words, size_t count)
{
    return access_read(process->aspace, address, words, count * sizeof(uint64_t)) == count * sizeof(uint64_t);
}

void usersym_backtrace(const struct usersym *symbols, struct process *process, const struct trapframe *frame,
                       char *buffer, size_t size)
{
    struct line line = {buffer, size};
    uint64_t rbp = frame->rbp, record[2], top;

    buffer[0] = '\0';
    add_place(&line, symbols, frame->rip, 0);
    /* A call to nowhere: the caller's return address is still on top of the stack. */
    struct symbol symbol;
    bool nowhere = !symtab_lookup(&symbols->table, frame->rip, &symbol) && symbols->table.size != 0;
    if (nowhere && read_words(process, frame->rsp, &top, 1) &&
        symtab_lookup(&symbols->table, top - 1, &symbol))
        add_place(&line, symbols, top, 1);
    for (unsigned depth = 0; depth < DEPTH_MAX && rbp % 8 == 0 && rbp >= frame->rsp; depth++) {
        if (!read_words(process, rbp, record, 2) || record[1] == 0)
            return;
        add_place(&line, symbols, record[1], 1);
        if (record[0] <= rbp)
            return;
        rbp = record[0];
    }
}
