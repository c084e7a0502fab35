/* SPDX-License-Identifier: MIT */
/* pid.c - the directory of a process: a table of what stands in /proc/<pid>, and its task/ with one directory a thread.
 *
 * A thread's directory has the same entries; status, stat and comm show the thread there. */
#include <procfs/files.h>

#include <lib/log.h>
#include <proc/process.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

#define DIRECTORY (S_IFDIR | 0555)
#define LINK (S_IFLNK | 0777)
#define EVERYBODY (S_IFREG | 0444)

static const struct node_ops task_ops;

static const struct proc_entry entries[] = {
    {"cmdline", EVERYBODY, .ops = &proc_cmdline_ops},
    {"comm", EVERYBODY | S_IWUSR, &proc_text_ops, .text = proc_comm, .set = proc_comm_set},
    {"coredump_filter", EVERYBODY, &proc_text_ops, .text = proc_coredump_filter},
    {"cwd", LINK, &proc_link_ops, .target = proc_cwd},
    {"environ", S_IFREG | S_IRUSR, .ops = &proc_environ_ops},
    {"exe", LINK, &proc_link_ops, .target = proc_exe},
    {"fd", S_IFDIR | S_IRUSR | S_IXUSR, .ops = &proc_fd_directory_ops},
    {"io", S_IFREG | S_IRUSR, &proc_text_ops, .text = proc_io},
    {"limits", EVERYBODY, &proc_text_ops, .text = proc_limits},
    {"maps", EVERYBODY, &proc_text_ops, .text = proc_maps},
    {"mem", S_IFREG | S_IRUSR | S_IWUSR, .ops = &proc_mem_ops},
    {"mountinfo", EVERYBODY, &proc_text_ops, .text = proc_mountinfo},
    {"mounts", EVERYBODY, &proc_text_ops, .text = proc_mounts},
    {"oom_adj", EVERYBODY | S_IWUSR, &proc_text_ops, .text = proc_oom_adj, .set = proc_oom_set},
    {"oom_score", EVERYBODY, &proc_text_ops, .text = proc_oom_score},
    {"oom_score_adj", EVERYBODY | S_IWUSR, &proc_text_ops, .text = proc_oom_score_adj, .set = proc_oom_set},
    {"pagemap", S_IFREG | S_IRUSR, .ops = &proc_pagemap_ops},
    {"root", LINK, &proc_link_ops, .target = proc_root},
    {"smaps", EVERYBODY, &proc_text_ops, .text = proc_smaps},
    {"smaps_rollup", EVERYBODY, &proc_text_ops, .text = proc_smaps_rollup},
    {"stat", EVERYBODY, &proc_text_ops, .text = proc_stat},
    {"statm", EVERYBODY, &proc_text_ops, .text = proc_statm},
    {"status", EVERYBODY, &proc_text_ops, .text = proc_status},
    {"task", DIRECTORY, .ops = &task_ops},
};
#define TASK_ENTRIES (ARRAY_SIZE(entries) - 1) /* a thread's directory has no task/ */

static size_t entry_count(const struct node *directory)
{
    const struct node *above = proc_node(directory)->directory;

    return above->ops == &task_ops ? TASK_ENTRIES : ARRAY_SIZE(entries);
}

static int pid_lookup(struct node *directory, const char *name, struct node **found)
{
    struct process *process = proc_node_process(directory);

    if (process == NULL)
        return -ENOENT;
    return proc_lookup_in(entries, entry_count(directory), directory, process, name, found);
}

static int pid_list(struct node *directory, uint64_t position, struct node_entry *entry)
{
    if (proc_node_process(directory) == NULL)
        return -ENOENT;
    return proc_list_in(entries, entry_count(directory), directory, position, entry);
}

static const struct node_ops pid_ops = {
    .lookup = pid_lookup, .list = pid_list, .name = proc_name, .release = proc_release};

const struct proc_entry proc_pid_entry = {NULL, DIRECTORY, .ops = &pid_ops};

static int task_lookup(struct node *directory, const char *name, struct node **found)
{
    struct process *process = proc_node_process(directory);
    const struct task *task = task_find(proc_number(name));

    if (process == NULL || task == NULL || task->thread.process != process)
        return -ENOENT;
    *found = proc_node_make(directory, &proc_pid_entry, process, task->thread.tid);
    if (*found == NULL)
        return -ENOMEM;
    proc_node(*found)->tid = task->thread.tid;
    return 0;
}

/* The position is the tid of the one listed last: they are in the order of their birth. */
static int task_list(struct node *directory, uint64_t position, struct node_entry *entry)
{
    struct process *process = proc_node_process(directory);
    const struct task *task = NULL;

    if (process == NULL)
        return -ENOENT;
    if (position == 0)
        task = TAILQ_FIRST(&process->tasks);
    else if ((task = task_find((int)position)) != NULL && task->thread.process == process)
        task = TAILQ_NEXT(task, sibling);
    if (task == NULL || task->thread.process != process)
        return 0;
    format_text(entry->name, sizeof(entry->name), "%d", task->thread.tid);
    entry->inode = proc_inode(directory, &proc_pid_entry, task->thread.tid);
    entry->mode = S_IFDIR;
    entry->next = (uint64_t)task->thread.tid;
    return 1;
}

/* A link more for each thread: so a program sees that it has one. */
static void task_refresh(struct node *directory)
{
    const struct process *process = proc_node_process(directory);

    directory->links = 2 + (process ? process->task_count : 0);
}

static const struct node_ops task_ops = {.lookup = task_lookup,
                                         .list = task_list,
                                         .refresh = task_refresh,
                                         .name = proc_name,
                                         .release = proc_release};
