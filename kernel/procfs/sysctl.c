/* SPDX-License-Identifier: MIT */
/* sysctl.c - /proc/sys: a number a file, some of which can be written. One table: to add a number, give it a line. A directory is a line without a value; what lies in it
 * says so by its name (they are unique). A number that the kernel was built with can be read only.
 *
 * Guards: a setting is one word; who uses it reads it once. */
#include <procfs/files.h>

#include <fs/file.h>
#include <lib/log.h>
#include <mm/aspace.h>
#include <mm/commit.h>
#include <mm/tell.h>
#include <proc/process.h>
#include <string.h>
#include <vdso/vdso.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

#define DIRECTORY (S_IFDIR | 0555)
#define CONSTANT (S_IFREG | 0444)
#define SETTING (S_IFREG | 0644)
#define NUMBER_SIZE 24

struct sysctl {
    const char *directory;
    struct proc_entry entry;
    uint64_t *value;
    uint64_t max;
    int (*set)(
        uint64_t number); /* what else it takes to set it; NULL: nothing. => 0, -errno: it stays as it is */
};

static uint64_t trace_level_shown, trace_pid_shown;

/* Programs of ours that start from now on tell of malloc, too: their libc asks the vDSO's page. */
static int set_trace(uint64_t level)
{
    int error = tell_level((uint32_t)level);
    vdso_update();
    return error;
}

static int set_trace_pid(uint64_t pid)
{
    if (pid != 0 && !process_find((int)pid))
        return -ESRCH;
    process_trace_only((int)pid);
    return 0;
}

static uint64_t pid_max = PID_MAX, map_count = VMA_MAX_COUNT, lowest_address = MMAP_MIN, none;
static const struct node_ops number_ops;

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* most need no function */
static const struct sysctl table[] = {
    {"sys", {"kernel", DIRECTORY, .ops = &proc_sys_ops}, NULL, 0},
    {"sys", {"vm", DIRECTORY, .ops = &proc_sys_ops}, NULL, 0},
    {"kernel", {"pid_max", CONSTANT, .ops = &number_ops}, &pid_max, 0},
    {"kernel", {"randomize_va_space", CONSTANT, .ops = &number_ops}, &none, 0},
    {"kernel", {"trace", SETTING, .ops = &number_ops}, &trace_level_shown, TRACE_LEVEL_MAX, set_trace},
    {"kernel", {"trace_pid", SETTING, .ops = &number_ops}, &trace_pid_shown, PID_MAX - 1, set_trace_pid},
    {"vm", {"max_map_count", CONSTANT, .ops = &number_ops}, &map_count, 0},
    {"vm", {"mmap_min_addr", CONSTANT, .ops = &number_ops}, &lowest_address, 0},
    {"vm", {"overcommit_kbytes", SETTING, .ops = &number_ops}, &commit_settings.kbytes, UINT64_MAX},
    {"vm", {"overcommit_memory", SETTING, .ops = &number_ops}, &commit_settings.mode, COMMIT_NEVER},
    {"vm", {"overcommit_ratio", SETTING, .ops = &number_ops}, &commit_settings.ratio, INT32_MAX},
    {"vm",
     {"user_reserve_kbytes", SETTING, .ops = &number_ops},
     &commit_settings.user_reserve_kbytes,
     UINT64_MAX},
};

static const struct sysctl *sysctl_of(const struct node *node)
{
    return CONTAINER_OF(proc_node(node)->entry, struct sysctl, entry);
}

/* => the line after `from` that lies in the directory, or NULL. */
static const struct sysctl *line_next(const struct node *directory, const struct sysctl *from)
{
    for (from = from ? from + 1 : table; from < table + ARRAY_SIZE(table); from++)
        if (strcmp(from->directory, proc_node(directory)->entry->name) == 0)
            return from;
    return NULL;
}

static int sys_lookup(struct node *directory, const char *name, struct node **found)
{
    for (const struct sysctl *line = line_next(directory, NULL); line; line = line_next(directory, line)) {
        if (strcmp(line->entry.name, name) != 0)
            continue;
        *found = proc_node_make(directory, &line->entry, NULL, 0);
        return *found ? 0 : -ENOMEM;
    }
    return -ENOENT;
}

static int sys_list(struct node *directory, uint64_t position, struct node_entry *entry)
{
    const struct sysctl *line = line_next(directory, NULL);

    for (uint64_t i = 0; line && i < position; i++)
        line = line_next(directory, line);
    if (!line)
        return 0;
    strlcpy(entry->name, line->entry.name, sizeof(entry->name));
    entry->inode = proc_inode(directory, &line->entry, 0);
    entry->mode = line->entry.mode;
    entry->next = position + 1;
    return 1;
}

static ssize_t number_read(struct file *file, struct io *io, uint64_t *position)
{
    char text[NUMBER_SIZE];

    trace_level_shown = trace_level; /* they may have come from the command line */
    trace_pid_shown = trace_pid;
    uint64_t length = (uint64_t)format_text(text, sizeof(text), "%lu\n", *sysctl_of(file->node)->value);

    if (*position >= length)
        return 0;
    ssize_t moved = io_put(io, text + *position, MIN(io->left, length - *position));
    if (moved > 0)
        *position += (uint64_t)moved;
    return moved;
}

/* => 0, -EINVAL: no decimal number, or too large. */
static int number_parse(const char *text, uint64_t max, uint64_t *number)
{
    *number = 0;
    while (*text == ' ' || *text == '\t')
        text++;
    if (*text < '0' || *text > '9')
        return -EINVAL;
    for (; *text >= '0' && *text <= '9'; text++)
        if (__builtin_mul_overflow(*number, 10, number) ||
            __builtin_add_overflow(*number, (uint64_t)(*text - '0'), number))
            return -EINVAL;
    return *number > max || !strchr(" \t\n", *text) ? -EINVAL : 0;
}

static ssize_t number_write(struct file *file, struct io *io, uint64_t *position)
{
    const struct sysctl *sysctl = sysctl_of(file->node);
    char text[NUMBER_SIZE] = "";
    uint64_t number;

    if (io->left >= sizeof(text))
        return -EINVAL;
    ssize_t taken = io_get(io, text, io->left);
    if (taken <= 0)
        return taken;
    int error = number_parse(text, sysctl->max, &number);
    if (error)
        return error;
    error = sysctl->set ? sysctl->set(number) : 0;
    if (error)
        return error;
    *sysctl->value = number;
    /* Of these two the one that was written last holds; the other reads 0. */
    if (sysctl->value == &commit_settings.kbytes)
        commit_settings.ratio = 0;
    if (sysctl->value == &commit_settings.ratio)
        commit_settings.kbytes = 0;
    *position += (uint64_t)taken;
    return taken;
}

static const struct file_ops number_file_ops = {.read = number_read, .write = number_write};
static const struct node_ops number_ops = {
    .name = proc_name, .release = proc_release, .file_ops = &number_file_ops};
const struct node_ops proc_sys_ops = {
    .lookup = sys_lookup, .list = sys_list, .name = proc_name, .release = proc_release};
