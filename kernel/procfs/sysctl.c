/* SPDX-License-Identifier: MIT */
/* sysctl.c - /proc/sys: a number a file, some of which can be written. One table: to add a number, give it a line. A directory is a line without a value; what lies in it
 * says so by its name (they are unique). A number that the kernel was built with can be read only.
 *
 * Guards: a setting is one word; who uses it reads it once. */
#include <procfs/files.h>

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
#define CONSTANT(name)                                                                                       \
    {                                                                                                        \
        name, S_IFREG | 0444, &proc_text_ops, {number_text}, NULL                                            \
    }
#define SETTING(name)                                                                                        \
    {                                                                                                        \
        name, S_IFREG | 0644, &proc_text_ops, {number_text}, number_set                                      \
    }

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
static proc_text number_text;
static proc_set number_set;

#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* most need no function */
static const struct sysctl table[] = {
    {"sys", {"kernel", DIRECTORY, .ops = &proc_sys_ops}, NULL, 0},
    {"sys", {"vm", DIRECTORY, .ops = &proc_sys_ops}, NULL, 0},
    {"kernel", CONSTANT("pid_max"), &pid_max, 0},
    {"kernel", CONSTANT("randomize_va_space"), &none, 0},
    {"kernel", SETTING("trace"), &trace_level_shown, TRACE_LEVEL_MAX, set_trace},
    {"kernel", SETTING("trace_pid"), &trace_pid_shown, PID_MAX - 1, set_trace_pid},
    {"vm", CONSTANT("max_map_count"), &map_count, 0},
    {"vm", CONSTANT("mmap_min_addr"), &lowest_address, 0},
    {"vm", SETTING("overcommit_kbytes"), &commit_settings.kbytes, UINT64_MAX},
    {"vm", SETTING("overcommit_memory"), &commit_settings.mode, COMMIT_NEVER},
    {"vm", SETTING("overcommit_ratio"), &commit_settings.ratio, INT32_MAX},
    {"vm", SETTING("user_reserve_kbytes"), &commit_settings.user_reserve_kbytes, UINT64_MAX},
};

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

static void number_text(struct proctext *text)
{
    trace_level_shown = trace_level; /* they may have come from the command line */
    trace_pid_shown = trace_pid;
    proctext_printf(text, "%lu\n", *CONTAINER_OF(text->entry, struct sysctl, entry)->value);
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

static ssize_t number_set(const struct proc_node *node, char *text, size_t size)
{
    const struct sysctl *sysctl = CONTAINER_OF(node->entry, struct sysctl, entry);
    uint64_t number;

    if (size == 0)
        return 0;
    int error = size > PROC_SET_MAX ? -EINVAL : number_parse(text, sysctl->max, &number);
    if (!error && sysctl->set)
        error = sysctl->set(number);
    if (error)
        return error;
    *sysctl->value = number;
    /* Of these two the one that was written last holds; the other reads 0. */
    if (sysctl->value == &commit_settings.kbytes)
        commit_settings.ratio = 0;
    if (sysctl->value == &commit_settings.ratio)
        commit_settings.kbytes = 0;
    return (ssize_t)size;
}

const struct node_ops proc_sys_ops = {
    .lookup = sys_lookup, .list = sys_list, .name = proc_name, .release = proc_release};
