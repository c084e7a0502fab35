/* SPDX-License-Identifier: MIT */
/* account.c - see account.h. Formats as in proc(5). */
#include <procfs/account.h>

#include <fs/filedata.h>
#include <fs/path.h>
#include <mm/page.h>
#include <proc/process.h>
#include <procfs/entry.h>

/* The root is what Linux calls tmpfs: in memory, with a limit. A read does not move a file's access time. */
#define ROOT_OPTIONS "rw,noatime"
#define PROC_OPTIONS "rw,relatime"

int proc_mounts(struct proctext *text, struct process *process)
{
    (void)process;
    proctext_printf(text,
                    "tmpfs / tmpfs " ROOT_OPTIONS ",size=%luk 0 0\nproc /proc proc " PROC_OPTIONS " 0 0\n",
                    filedata_limit() * (PAGE_SIZE / KIB));
    return 0;
}

int proc_mountinfo(struct proctext *text, struct process *process)
{
    (void)process;
    proctext_printf(text, "1 1 0:%u / / " ROOT_OPTIONS " - tmpfs tmpfs rw,size=%luk\n", path_root()->device,
                    filedata_limit() * (PAGE_SIZE / KIB));
    proctext_printf(text, "2 1 0:%u / /proc " PROC_OPTIONS " - proc proc rw\n", PROC_DEVICE);
    return 0;
}

/* No byte comes from or goes to a disk. */
int proc_io(struct proctext *text, struct process *process)
{
    proctext_printf(text, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\n", process->io.read_bytes,
                    process->io.written_bytes, process->io.reads, process->io.writes);
    proctext_printf(text, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
    return 0;
}

/* Linux's measure of who would go first when memory ends: what it has of all memory, in thousandths, from 666 on. */
int proc_oom_score(struct proctext *text, struct process *process)
{
    struct page_ledger ledger;
    uint64_t pages = 0;

    page_ledger(&ledger);
    if (process->aspace)
        pages = pmap_resident_pages(&process->aspace->pmap) + process->aspace->pmap.tables;
    uint64_t total = ledger.total - ledger.frames[PAGE_FIRMWARE] - ledger.frames[PAGE_IMAGE] -
                     ledger.frames[PAGE_ARRAY];
    proctext_printf(text, "%lu\n",
                    process->pid == 1 || !process->aspace ? 0 : (1000 + pages * 1000 / total) * 2 / 3);
    return 0;
}

int proc_oom_score_adj(struct proctext *text, struct process *process)
{
    (void)process;
    proctext_printf(text, "0\n");
    return 0;
}

/* Which memory a core file would have: anonymous, ELF headers and huge pages, Linux's default. None is written. */
int proc_coredump_filter(struct proctext *text, struct process *process)
{
    (void)process;
    proctext_printf(text, "00000033\n");
    return 0;
}
