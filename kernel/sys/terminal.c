/* SPDX-License-Identifier: MIT */
/* terminal.c - the terminal below knows no processes, and processes know no terminal: here they meet. */
#include <sys/terminal.h>

#include <fs/tty.h>
#include <proc/process.h>
#include <proc/signal.h>

#include <asm-generic/fcntl.h>
#include <linux/stat.h>
#include <asm/siginfo.h>

/* ^C and its like, for each process of the group in the foreground. Called from the interrupt, perhaps with
 * no process running; what it interrupts is ring 3 or the idle loop, never kernel code that has the process
 * table in its hands. */
static void signal_group(int group, int number)
{
    const struct signal_info info = {.number = number, .code = SI_KERNEL};

    for (struct process *process = process_next(1); process; process = process_next(process->pid + 1)) {
        if (process->group == group)
            signal_send(process, &info);
    }
}

void terminal_opened(struct file *file, uint32_t flags)
{
    bool reads = (flags & O_ACCMODE) != O_WRONLY && !(flags & O_PATH);

    if (tty_is(file) && reads && !(flags & O_NOCTTY))
        tty_adopt(current_process()->group, signal_group);
}
