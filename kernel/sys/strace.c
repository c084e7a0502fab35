/* SPDX-License-Identifier: MIT */
/* strace.c - see strace.h. Prints `[pid     7] openat(AT_FDCWD, "/etc/passwd", 0x0, 000) = -1 ENOENT`.
 *
 * The kinds of arguments stand in table.h. A call's line appears when it returns; calls that never return are printed
 * at once with `= ?`. Structures behind pointers are not decoded. `strace=unknown` prints only the calls that are not there. */
#include <sys/strace.h>

#include <arch/x86/bootinfo.h>
#include <arch/x86/usercopy.h>
#include <lib/log.h>
#include <proc/process.h>
#include <string.h>
#include <trace/trace.h>

#include <asm-generic/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>

#define STRING_SHOWN 64 /* characters of a string argument */
#define ERRNO_MAX 4095  /* results from -4095 to -1 are errors (the x86-64 ABI, A.2.1) */

struct call_name {
    const char *name, *kinds;
};

#define SYSCALL(call, call_kinds) [__NR_##call] = {#call, call_kinds},
static const struct call_name names[] = {
#include "table.h"
};
#undef SYSCALL

static void add_string(struct text_end *text, vaddr_t address)
{
    char shown[STRING_SHOWN + 1];
    ssize_t length = copy_string_from_user(shown, address, sizeof(shown));

    if (length == -EFAULT) {
        text_add(text, address == 0 ? "NULL" : "0x%lx", address);
        return;
    }
    text_add(text, "\"");
    for (size_t i = 0; i < STRING_SHOWN && shown[i] != '\0'; i++)
        text_add(text, shown[i] >= ' ' && shown[i] <= '~' ? "%c" : "\\%o", (unsigned char)shown[i]);
    text_add(text, length < 0 ? "\"..." : "\"");
}

static void add_value(struct text_end *text, char kind, uint64_t value)
{
    if (kind == 'i')
        text_add(text, "%d", (int)value);
    else if (kind == 'f')
        text_add(text, (int)value == AT_FDCWD ? "AT_FDCWD" : "%d", (int)value);
    else if (kind == 'u')
        text_add(text, "%lu", value);
    else if (kind == 'o' || kind == 'm')
        text_add(text, "0%o", (unsigned)value);
    else if (kind == 'x' || (kind == 'p' && value != 0))
        text_add(text, "0x%lx", value);
    else if (kind == 'p')
        text_add(text, "NULL");
    else if (kind == 'g' && sigabbrev_np((int)value) != NULL)
        text_add(text, "SIG%s", sigabbrev_np((int)value));
    else
        text_add(text, "%ld", (int64_t)value);
}

static bool unknown_only;

/* The first call of all decides. */
static bool asked_for(void)
{
    char value[8];

    if (boot_option("strace", value, sizeof(value)) && strcmp(value, "0") != 0) {
        unknown_only = strcmp(value, "unknown") == 0;
        return true;
    }
    trace_calls &= (uint8_t)~TRACE_CALLS_STRACE;
    trace_ways_choose();
    return false;
}

void strace_enter(struct strace_line *line, const struct trapframe *frame)
{
    static bool asked;
    struct text_end text = {line->text, sizeof(line->text)};
    const uint64_t arguments[] = {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9};
    uint32_t number = (uint32_t)frame->error;

    line->result_kind = "";
    line->text[0] = '\0';
    if (!asked && !asked_for())
        return;
    asked = true;

    line->pid = current_process()->pid;
    if (number >= ARRAY_SIZE(names) || names[number].name == NULL) {
        text_add(&text, "syscall_%u(0x%lx, 0x%lx, 0x%lx)", number, arguments[0], arguments[1], arguments[2]);
        return;
    }
    if (unknown_only)
        return;
    const char *kinds = names[number].kinds;
    text_add(&text, "%s(", names[number].name);
    for (unsigned i = 0; kinds[i] != '\0' && kinds[i] != '='; i++) {
        if (kinds[i] == 'm' && !(arguments[i - 1] & O_CREAT))
            break;
        if (i != 0)
            text_add(&text, ", ");
        if (kinds[i] == 's')
            add_string(&text, arguments[i]);
        else
            add_value(&text, kinds[i], arguments[i]);
    }
    text_add(&text, ")");
    line->result_kind = strchrnul(kinds, '=');
    if (strcmp(line->result_kind, "=!") == 0)
        log_line("[pid %5d] %s = ?", line->pid, line->text);
}

void strace_leave(const struct strace_line *line, int64_t result)
{
    char shown[32];
    struct text_end text = {shown, sizeof(shown)};

    bool failed = result < 0 && result >= -ERRNO_MAX;
    const char *error = failed ? strerrorname_np((int)-result) : NULL;

    if (line->text[0] == '\0')
        return;
    if (failed)
        text_add(&text, "-1 %s", error ? error : "E???");
    else
        add_value(&text, line->result_kind[0] == '=' ? line->result_kind[1] : 'l', (uint64_t)result);
    log_line("[pid %5d] %s = %s", line->pid, line->text, shown);
}
