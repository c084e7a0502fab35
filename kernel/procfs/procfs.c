/* SPDX-License-Identifier: MIT */
/* procfs.c - the root of /proc: a table of files, a link to oneself, and a directory for each process.
 *
 * Nothing here is stored: a node is made when a path is walked and freed when nobody uses it any more. To add a file, write
 * a function that prints it and give it a line in `entries` (or in pid.c, if it is about a process). */
#include <procfs/procfs.h>

#include <arch/x86/clock.h>
#include <dev/rtc.h>
#include <fs/path.h>
#include <lib/log.h>
#include <proc/process.h>
#include <procfs/files.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

#define FILE_MODE (S_IFREG | 0444)
#define LINK_MODE (S_IFLNK | 0777)

static const struct proc_entry entries[] = {
    {"buddyinfo", FILE_MODE, &proc_text_ops, .text = proc_buddyinfo},
    {"cmdline", FILE_MODE, &proc_text_ops, .text = proc_kernel_cmdline},
    {"cpuinfo", FILE_MODE, &proc_text_ops, .text = proc_cpuinfo},
    {"filesystems", FILE_MODE, &proc_text_ops, .text = proc_filesystems},
    {"frames", FILE_MODE, &proc_text_ops, .text = proc_frames},
    {"kpagecount", S_IFREG | S_IRUSR, .ops = &proc_kpagecount_ops},
    {"kpageflags", S_IFREG | S_IRUSR, .ops = &proc_kpageflags_ops},
    {"loadavg", FILE_MODE, &proc_text_ops, .text = proc_loadavg},
    {"meminfo", FILE_MODE, &proc_text_ops, .text = proc_meminfo},
    {"mounts", LINK_MODE, .ops = &proc_mounts_link_ops},
    {"self", LINK_MODE, .ops = &proc_self_ops},
    {"slabinfo", FILE_MODE, &proc_text_ops, .text = proc_slabinfo},
    {"stat", FILE_MODE, &proc_text_ops, .text = proc_machine_stat},
    {"swaps", FILE_MODE, &proc_text_ops, .text = proc_swaps},
    {"sys", S_IFDIR | 0555, &proc_directory_ops, .table = &proc_sys_table},
    {"thread-self", LINK_MODE, .ops = &proc_thread_self_ops},
    {"trace", S_IFREG | S_IRUSR, .ops = &proc_trace_ops},
    {"uptime", FILE_MODE, &proc_text_ops, .text = proc_uptime},
    {"version", FILE_MODE, &proc_text_ops, .text = proc_version},
    {"vmstat", FILE_MODE, &proc_text_ops, .text = proc_vmstat},
};

static int root_lookup(struct node *directory, const char *name, struct node **found)
{
    int pid = proc_number(name);
    if (pid < 0)
        return proc_lookup_in(entries, ARRAY_SIZE(entries), directory, NULL, name, found);

    struct process *process = process_find(pid);
    if (process == NULL)
        return -ENOENT;
    *found = proc_node_make(directory, &proc_pid_entry, process, pid);
    return *found != NULL ? 0 : -ENOMEM;
}

/* The table first, then the processes: position ARRAY_SIZE(entries) + pid. */
static int root_list(struct node *directory, uint64_t position, struct node_entry *entry)
{
    if (position < ARRAY_SIZE(entries))
        return proc_list_in(entries, ARRAY_SIZE(entries), directory, position, entry);
    uint64_t from = position - ARRAY_SIZE(entries);
    struct process *process = from < PID_MAX ? process_next((int)from) : NULL;
    if (process == NULL)
        return 0;
    format_text(entry->name, sizeof(entry->name), "%d", process->pid);
    entry->inode = proc_inode(directory, &proc_pid_entry, process->pid);
    entry->mode = S_IFDIR;
    entry->next = ARRAY_SIZE(entries) + (uint64_t)process->pid + 1;
    return 1;
}

/* No name, no release: it is the root of a mount, and it is never let go. */
static const struct node_ops root_ops = {.lookup = root_lookup, .list = root_list};
static const struct proc_entry root_entry = {"proc", S_IFDIR | 0555, .ops = &root_ops};

int procfs_init(void)
{
    static struct proc_node root;

    proc_boot_time = (int64_t)(clock_boot_realtime() / NS_PER_SECOND);
    int error = proc_mount("/proc", &root, &root_entry, PROC_DEVICE);
    return error ? error : sysfs_init();
}
