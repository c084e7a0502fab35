/* SPDX-License-Identifier: MIT */
/* oom.c - who would go first when memory ends: oom_score; and how that is changed: oom_score_adj, and oom_adj, its older form.
 *
 * Formats, ranges and refusals as in proc(5) and Linux's fs/proc/base.c. */
#include <procfs/files.h>

#include <fs/file.h>
#include <lib/log.h>
#include <proc/oom.h>
#include <proc/process.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <linux/oom.h>

#define NUMBER_SIZE 13 /* no more than 12 bytes are taken of a write, as on Linux */

void proc_oom_score(struct proctext *text)
{
    const struct process *process = text->process;
    int64_t score = oom_may_end(process) ? (1000 + oom_score(process)) * 2 / 3 : 0;

    proctext_printf(text, "%ld\n", MAX(score, 0));
}

static bool is_old(const struct file *file)
{
    return strcmp(proc_node(file->node)->entry->name, "oom_adj") == 0;
}

static ssize_t adj_read(struct file *file, struct io *io, uint64_t *position)
{
    const struct process *process = proc_node_process(file->node);
    char text[NUMBER_SIZE];

    if (!process)
        return -ESRCH;
    int shown = process->oom_score_adj;
    if (is_old(file))
        shown = MIN(shown * -OOM_DISABLE / OOM_SCORE_ADJ_MAX, OOM_ADJUST_MAX);
    uint64_t length = (uint64_t)format_text(text, sizeof(text), "%d\n", shown);
    if (*position >= length)
        return 0;
    ssize_t moved = io_put(io, text + *position, MIN(io->left, length - *position));
    *position += moved > 0 ? (uint64_t)moved : 0;
    return moved;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned digit_of(char c)
{
    return c >= '0' && c <= '9'                 ? (unsigned)(c - '0')
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (unsigned)((c | 32) - 'a') + 10
                                                : 99;
}

/* A sign, 0x or 0, and digits, between spaces. => 0; -EINVAL: something else; -ERANGE: no int. */
static int integer_parse(const char *text, int *number)
{
    int64_t value = 0;

    while (is_space(*text))
        text++;
    bool negative = *text == '-';
    text += *text == '-' || *text == '+';
    unsigned base = *text != '0' ? 10 : (text[1] | 32) == 'x' && digit_of(text[2]) < 16 ? 16 : 8;
    text += base == 16 ? 2 : 0;
    if (digit_of(*text) >= base)
        return -EINVAL;
    for (; digit_of(*text) < base; text++)
        value = MIN(value * base + digit_of(*text), 1L << 40);
    while (is_space(*text))
        text++;
    if (*text != '\0')
        return -EINVAL;
    value = negative ? -value : value;
    *number = (int)value;
    return value == *number ? 0 : -ERANGE;
}

static ssize_t adj_write(struct file *file, struct io *io, uint64_t *position)
{
    char text[NUMBER_SIZE] = "";
    int number;

    ssize_t taken = io_get(io, text, MIN(io->left, sizeof(text) - 1));
    if (taken < 0)
        return taken;
    int error = integer_parse(text, &number);
    if (error)
        return error;
    bool old = is_old(file);
    if (old ? (number < OOM_ADJUST_MIN || number > OOM_ADJUST_MAX) && number != OOM_DISABLE
            : number < OOM_SCORE_ADJ_MIN || number > OOM_SCORE_ADJ_MAX)
        return -EINVAL;
    if (old)
        number = number == OOM_ADJUST_MAX ? OOM_SCORE_ADJ_MAX : number * OOM_SCORE_ADJ_MAX / -OOM_DISABLE;
    struct process *process = proc_node_process(file->node);
    if (!process)
        return -ESRCH;
    oom_adjust(process, number);
    *position += (uint64_t)taken;
    return taken;
}

static const struct file_ops adj_file_ops = {.read = adj_read, .write = adj_write};
const struct node_ops proc_oom_adj_ops = {
    .name = proc_name, .release = proc_release, .file_ops = &adj_file_ops};
