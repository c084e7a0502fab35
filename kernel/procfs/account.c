/* SPDX-License-Identifier: MIT */
/* account.c - what is counted of a process, and the mounts that it sees. Formats as in proc(5). */
#include <procfs/files.h>

#include <fs/filedata.h>
#include <fs/path.h>
#include <proc/process.h>

/* The root is what Linux calls tmpfs: in memory, with a limit. A read does not move a file's access time. */
#define ROOT_OPTIONS "rw,noatime"
#define PROC_OPTIONS "rw,relatime"

void proc_mounts(struct proctext *text)
{
    proctext_printf(text,
                    "tmpfs / tmpfs " ROOT_OPTIONS ",size=%luk 0 0\nproc /proc proc " PROC_OPTIONS
                    " 0 0\nsysfs /sys sysfs " PROC_OPTIONS " 0 0\n",
                    filedata_limit() * (PAGE_SIZE / KIB));
}

void proc_mountinfo(struct proctext *text)
{
    proctext_printf(text, "1 1 0:%u / / " ROOT_OPTIONS " - tmpfs tmpfs rw,size=%luk\n", path_root()->device,
                    filedata_limit() * (PAGE_SIZE / KIB));
    proctext_printf(text, "2 1 0:%u / /proc " PROC_OPTIONS " - proc proc rw\n", PROC_DEVICE);
    proctext_printf(text, "3 1 0:%u / /sys " PROC_OPTIONS " - sysfs sysfs rw\n", SYS_DEVICE);
}

/* No byte comes from or goes to a disk. */
void proc_io(struct proctext *text)
{
    const struct process_io *io = &text->process->io;

    proctext_printf(text, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\n", io->read_bytes,
                    io->written_bytes, io->reads, io->writes);
    proctext_printf(text, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
}

/* Which memory a core file would have: anonymous, ELF headers and huge pages, Linux's default. None is written. */
void proc_coredump_filter(struct proctext *text)
{
    proctext_printf(text, "00000033\n");
}
