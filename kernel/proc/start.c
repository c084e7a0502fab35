/* SPDX-License-Identifier: MIT */
/* start.c - pid 1: the only process that is made and not forked. All others inherit from it. */
#include <arch/x86/fpu.h>
#include <arch/x86/switch.h>
#include <asm-generic/errno.h>
#include <fs/path.h>
#include <lib/log.h>
#include <proc/arguments.h>
#include <proc/exec.h>
#include <proc/process.h>
#include <proc/shutdown.h>
#include <proc/signal.h>
#include <proc/timer.h>
#include <sched/giant.h>
#include <string.h>

#include <asm/fcntl.h>
#include <linux/resource.h>

#define CONSOLE "/dev/console"
#define DEFAULT_STACK (8 * MIB)
#define DEFAULT_UMASK 022
#define LOCKED_MEMORY (8 * MIB) /* RLIMIT_MEMLOCK, as Linux sets it since 5.16 */

static void set_limits(struct rlimit64 limits[RLIM_NLIMITS])
{
    for (unsigned i = 0; i < RLIM_NLIMITS; i++)
        limits[i] = (struct rlimit64){.rlim_cur = RLIM64_INFINITY, .rlim_max = RLIM64_INFINITY};
    limits[RLIMIT_STACK].rlim_cur = DEFAULT_STACK;
    limits[RLIMIT_CORE].rlim_cur = 0; /* no core files are written */
    limits[RLIMIT_NOFILE] = (struct rlimit64){.rlim_cur = FD_MAX, .rlim_max = FD_MAX};
    limits[RLIMIT_NPROC] = (struct rlimit64){.rlim_cur = PID_MAX, .rlim_max = PID_MAX};
    limits[RLIMIT_MEMLOCK] = (struct rlimit64){.rlim_cur = LOCKED_MEMORY, .rlim_max = LOCKED_MEMORY};
    limits[RLIMIT_NICE] = limits[RLIMIT_RTPRIO] = (struct rlimit64){0};
}

static void init_begin(void *argument)
{
    const struct task *task = argument;
    fpu_reset();
    giant_leave_if_used();
    switch_to_user(thread_frame(task->thread.stack_top));
}

/* Standard input, output and error are the console. Without one pid 1 runs all the same, as on Linux. */
static void open_console(struct process *process)
{
    struct file *file FILE_HELD = NULL;
    int error = path_open(path_root(), CONSOLE, O_RDWR, 0, &file);
    if (error) {
        log_line("init: cannot open %s (error %d)", CONSOLE, -error);
        return;
    }
    for (int fd = 0; fd < 3; fd++)
        if (fdtable_install(process->files, file_get(file), false) < 0)
            file_put(file);
}

static int load_init(struct task *task, const char *path, char *const argv[], char *const envp[])
{
    struct arguments arguments;
    struct program program;
    const struct process *process = task->thread.process;
    int error = arguments_from_kernel(&arguments, process->limits[RLIMIT_STACK].rlim_cur, argv, envp);
    if (!error)
        error = program_open(&program, process->cwd, path, &arguments, process->limits);
    if (!error)
        error = program_make(&program, &arguments);
    if (!error)
        program_adopt(task, &program, thread_frame(task->thread.stack_top));
    arguments_free(&arguments);
    return error;
}

int process_start_init(const char *path, char *const argv[], char *const envp[])
{
    shutdown_remember();
    int error = -ENOMEM;
    struct task *task = process_alloc();
    if (!task)
        return -ENOMEM;
    struct process *process = task->thread.process;
    timers_init(process);
    process->signals = signals_create();
    process->files = fdtable_create();
    if (!process->signals || !process->files)
        goto free_process;
    process->cwd = node_get(path_root());
    process->umask = DEFAULT_UMASK;
    set_limits(process->limits);
    memcpy(task->fpu, fpu_initial, sizeof(fpu_initial));
    error = load_init(task, path, argv, envp);
    if (error)
        goto free_process;
    open_console(process);
    error = process_enter(process, NULL, task);
    assert(!error && process->pid == 1); /* the table was empty */
    process->group = process->session = 1;
    thread_prepare(&task->thread, init_begin, task);
    thread_start(&task->thread);
    return 0;

free_process:
    task_free(task);
    process_free(process);
    return error;
}
