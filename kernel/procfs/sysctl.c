/* SPDX-License-Identifier: MIT */
/* sysctl.c - /proc/sys: a number a file, some of which can be written. To add a number, give it a line in its directory's table. A number
 * that the kernel was built with can be read only.
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
#define NUMBER(name, permissions, change, ...)                                                               \
    {                                                                                                        \
        name, S_IFREG | (permissions), &proc_text_ops, {number_text}, change, &(const struct sysctl)         \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define CONSTANT(name, ...) NUMBER(name, 0444, NULL, __VA_ARGS__)
#define SETTING(name, ...) NUMBER(name, 0644, number_set, __VA_ARGS__)

struct sysctl {
    uint64_t *value;
    uint64_t max;
    int (*set)(uint64_t number); /* what else it takes; NULL: nothing. => 0, -errno: it stays as it is */
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
static const struct proc_entry kernel[] = {
    CONSTANT("pid_max", &pid_max),
    CONSTANT("randomize_va_space", &none),
    SETTING("trace", &trace_level_shown, TRACE_LEVEL_MAX, set_trace),
    SETTING("trace_pid", &trace_pid_shown, PID_MAX - 1, set_trace_pid),
};
PROC_TABLE(kernel);
static const struct proc_entry vm[] = {
    CONSTANT("max_map_count", &map_count),
    CONSTANT("mmap_min_addr", &lowest_address),
    SETTING("overcommit_kbytes", &commit_settings.kbytes, UINT64_MAX),
    SETTING("overcommit_memory", &commit_settings.mode, COMMIT_NEVER),
    SETTING("overcommit_ratio", &commit_settings.ratio, INT32_MAX),
    SETTING("user_reserve_kbytes", &commit_settings.user_reserve_kbytes, UINT64_MAX),
};
PROC_TABLE(vm);
static const struct proc_entry directories[] = {
    {"kernel", DIRECTORY, &proc_directory_ops, .table = &kernel_table},
    {"vm", DIRECTORY, &proc_directory_ops, .table = &vm_table},
};
const struct proc_table proc_sys_table = {directories, ARRAY_SIZE(directories)};

static void number_text(struct proctext *text)
{
    trace_level_shown = trace_level; /* they may have come from the command line */
    trace_pid_shown = trace_pid;
    proctext_printf(text, "%lu\n", *text->entry->sysctl->value);
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
    const struct sysctl *sysctl = node->entry->sysctl;
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
