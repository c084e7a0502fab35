/* SPDX-License-Identifier: MIT */
/* process.c - the system calls that make, change and end processes, and those that ask who they are.
 *
 * There is one user, root (0), so nothing here is refused for lack of permission except what Linux refuses to
 * root too. Not here: clone3, to which -ENOSYS is an answer that every C library understands. */
#include <sys/calls.h>

#include <arch/x86/clock.h>
#include <arch/x86/usercopy.h>
#include <mm/page.h>
#include <proc/arguments.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <string.h>
#include <x86/cpu.h>

#include <asm-generic/errno.h>
#include <asm/prctl.h>
#include <asm/signal.h>

#include <asm-generic/siginfo.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/times.h>
#include <linux/wait.h>

#define USER_HZ 100 /* what times(2) counts in */
#define UMASK_BITS 0777
#define FILES_OPEN_MAX (1UL << 20) /* what RLIMIT_NOFILE may be at most: /proc/sys/fs/nr_open of Linux */

/* ---- Fork, exec, exit, wait ---- */

int64_t sys_fork(struct trapframe *frame)
{
    const struct clone_options options = {.flags = SIGCHLD};
    return process_clone(frame, &options);
}

int64_t sys_vfork(struct trapframe *frame)
{
    const struct clone_options options = {.flags = CLONE_VM | CLONE_VFORK | SIGCHLD};
    return process_clone(frame, &options);
}

/* What Linux refuses, and what is not here: name spaces and descriptors of processes. Ignored are flags whose
 * effect is not to be seen here, and two whose effect is missing: a process that is no thread has a working
 * directory (CLONE_FS) and signal actions (CLONE_SIGHAND) of its own. */
static bool flags_ok(uint64_t flags)
{
    const uint64_t ignored = CLONE_FS | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_DETACHED | CLONE_UNTRACED |
                             CLONE_PTRACE | CLONE_IO;
    const uint64_t known = CSIGNAL | CLONE_VM | CLONE_FILES | CLONE_VFORK | CLONE_THREAD | CLONE_PARENT |
                           CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    if (flags & ~(known | ignored))
        return false;
    if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
        return false;
    if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
        return false;
    return !(flags & CLONE_PARENT) || current_process()->pid != 1;
}

int64_t sys_clone(struct trapframe *frame)
{
    const struct clone_options options = {
        .flags = (uint32_t)ARG0(frame),
        .stack = ARG1(frame),
        .parent_tid = ARG2(frame),
        .child_tid = ARG3(frame),
        .tls = ARG4(frame),
    };
    if (!flags_ok(options.flags))
        return -EINVAL;
    if ((options.flags & CLONE_SETTLS) && options.tls >= USER_END)
        return -EPERM;
    return process_clone(frame, &options);
}

static int execute(const char *path, vaddr_t argv, vaddr_t envp, struct trapframe *frame)
{
    struct arguments arguments;
    uint64_t stack_limit = current_process()->limits[RLIMIT_STACK].rlim_cur;
    int error = arguments_from_user(&arguments, stack_limit, argv, envp);
    if (!error)
        error = process_exec(path, &arguments, frame);
    arguments_free(&arguments);
    return error;
}

int64_t sys_execve(struct trapframe *frame)
{
    struct page *page = page_alloc(PAGE_BUFFER);
    if (!page)
        return -ENOMEM;
    char *path = page_to_virt(page);
    ssize_t length = copy_string_from_user(path, ARG0(frame), PATH_LENGTH_MAX);
    int64_t result = length;
    if (length == 0)
        result = -ENOENT;
    else if (length > 0)
        result = execute(path, ARG1(frame), ARG2(frame), frame);
    page_put(page);
    if (result > 0)
        process_exit((int)result); /* of a signal */
    return result;
}

int64_t sys_exit(struct trapframe *frame)
{
    task_exit((int)(ARG0(frame) & 0xff) << 8);
}

int64_t sys_exit_group(struct trapframe *frame)
{
    process_exit((int)(ARG0(frame) & 0xff) << 8);
}

int64_t sys_wait4(struct trapframe *frame)
{
    const uint32_t known = WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL;
    uint32_t options = (uint32_t)ARG2(frame);
    struct rusage usage;
    int status;
    if (options & ~known)
        return -EINVAL;
    int pid = process_wait((int)ARG0(frame), (int)options | WEXITED, &status, &usage);
    if (pid <= 0)
        return pid;
    if (ARG1(frame) && copy_to_user(ARG1(frame), &status, sizeof(status)) != 0)
        return -EFAULT;
    if (ARG3(frame) && copy_to_user(ARG3(frame), &usage, sizeof(usage)) != 0)
        return -EFAULT;
    return pid;
}

/* What waitid calls a child that wait4 calls by a pid. => -EINVAL: nobody. */
static int wait_target(int type, int id, int *pid)
{
    *pid = type == P_ALL ? -1 : type == P_PGID ? -id : id;
    if (type == P_ALL || (type == P_PID && id > 0) || (type == P_PGID && id >= 0))
        return 0;
    return -EINVAL;
}

/* A status of wait4 as SIGCHLD would tell it. */
static struct signal_info status_info(int pid, int status)
{
    struct signal_info info = {.number = SIGCHLD, .pid = pid, .code = CLD_EXITED, .status = status >> 8};
    if ((status & 0xff) == 0x7f) {
        info.code = CLD_STOPPED;
    } else if (status == 0xffff) {
        info.code = CLD_CONTINUED;
        info.status = SIGCONT;
    } else if (status & 0x7f) {
        info.code = CLD_KILLED;
        info.status = status & 0x7f;
    }
    return info;
}

int64_t sys_waitid(struct trapframe *frame)
{
    const uint32_t states = WEXITED | WUNTRACED | WCONTINUED;
    const uint32_t known = states | WNOHANG | WNOWAIT | __WNOTHREAD | __WCLONE | __WALL;
    uint32_t options = (uint32_t)ARG3(frame);
    struct siginfo siginfo = {0};
    struct rusage usage;
    int pid, status;
    if (options & ~known || !(options & states) || wait_target((int)ARG0(frame), (int)ARG1(frame), &pid) != 0)
        return -EINVAL;
    int found = process_wait(pid, (int)options, &status, &usage);
    if (found < 0)
        return found;
    if (found > 0) {
        const struct signal_info info = status_info(found, status);
        signal_describe(&info, &siginfo);
        if (ARG4(frame) && copy_to_user(ARG4(frame), &usage, sizeof(usage)) != 0)
            return -EFAULT;
    }
    return ARG2(frame) ? copy_to_user(ARG2(frame), &siginfo, sizeof(siginfo)) : 0;
}

/* ---- Who am I ---- */

SYSCALL_IS(getpid, current_process()->pid);
SYSCALL_IS(gettid, current_thread()->tid);

int64_t sys_getppid(struct trapframe *)
{
    const struct process *parent = current_process()->parent;
    return parent ? parent->pid : 0;
}

/* ---- Groups and sessions ---- */

/* 0 means the caller. */
static struct process *find(int pid)
{
    return pid == 0 ? current_process() : process_find(pid);
}

int64_t sys_getpgid(struct trapframe *frame)
{
    const struct process *process = find((int)ARG0(frame));
    return process ? process->group : -ESRCH;
}

SYSCALL_IS(getpgrp, current_process()->group);

int64_t sys_getsid(struct trapframe *frame)
{
    const struct process *process = find((int)ARG0(frame));
    return process ? process->session : -ESRCH;
}

static bool group_exists(int group, int session)
{
    PROCESS_FOREACH (process)
        if (process->group == group && process->session == session)
            return true;
    return false;
}

int64_t sys_setpgid(struct trapframe *frame)
{
    struct process *self = current_process();
    struct process *process = find((int)ARG0(frame));
    int group = (int)ARG1(frame);
    if (group == 0)
        group = ARG0(frame) ? (int)ARG0(frame) : self->pid;
    if (group < 0)
        return -EINVAL;
    if (!process || (process != self && process->parent != self))
        return -ESRCH;
    if (process != self && process->session != self->session)
        return -EPERM;
    if (process != self && process->has_execed)
        return -EACCES;
    if (process->session == process->pid)
        return -EPERM;
    if (group != process->pid && !group_exists(group, self->session))
        return -EPERM;
    process->group = group;
    return 0;
}

int64_t sys_setsid(struct trapframe *)
{
    struct process *self = current_process();
    if (group_exists(self->pid, self->session))
        return -EPERM;
    self->group = self->session = self->pid;
    return self->pid;
}

/* ---- The thread ---- */

int64_t sys_arch_prctl(struct trapframe *frame)
{
    struct thread *thread = current_thread();
    vaddr_t address = ARG1(frame);
    switch (ARG0(frame)) {
    case ARCH_SET_FS:
        if (address >= USER_END)
            return -EPERM;
        thread->fs_base = address;
        cpu_load_fs_base(this_cpu(), address);
        return 0;
    case ARCH_GET_FS:
        return copy_to_user(address, &thread->fs_base, sizeof(thread->fs_base));
    default:
        return -EINVAL;
    }
}

int64_t sys_set_tid_address(struct trapframe *frame)
{
    current_task()->clear_child_tid = ARG0(frame);
    return current_thread()->tid;
}

/* One node. */
int64_t sys_getcpu(struct trapframe *frame)
{
    const uint32_t cpu = cpu_number(), node = 0;
    if (ARG0(frame) && copy_to_user(ARG0(frame), &cpu, sizeof(cpu)) != 0)
        return -EFAULT;
    return ARG1(frame) ? copy_to_user(ARG1(frame), &node, sizeof(node)) : 0;
}

int64_t sys_prctl(struct trapframe *frame)
{
    char *own_name = task_name(current_task());
    char name[PROCESS_NAME_SIZE] = {0};
    ssize_t length;
    switch (ARG0(frame)) {
    case PR_SET_NAME:
        length = copy_string_from_user(name, ARG1(frame), sizeof(name) - 1);
        if (length < 0 && length != -ENAMETOOLONG)
            return length;
        name[sizeof(name) - 1] = '\0';
        memcpy(own_name, name, sizeof(name));
        return 0;
    case PR_SET_NO_NEW_PRIVS: /* there are none to be had by execve */
        if (ARG1(frame) != 1 || ARG2(frame) || ARG3(frame) || ARG4(frame))
            return -EINVAL;
        current_process()->no_new_privileges = true;
        return 0;
    case PR_GET_NO_NEW_PRIVS:
        return ARG1(frame) || ARG2(frame) || ARG3(frame) || ARG4(frame)
                   ? -EINVAL
                   : current_process()->no_new_privileges;
    case PR_GET_NAME:
        return copy_to_user(ARG1(frame), own_name, PROCESS_NAME_SIZE);
    default:
        return -EINVAL;
    }
}

/* ---- What was used, what may be used ---- */

int64_t sys_getrusage(struct trapframe *frame)
{
    struct process *process = current_process();
    const struct process_usage *usage = &process->usage;
    struct process_usage own;
    switch ((int)ARG0(frame)) {
    case RUSAGE_SELF:
        process_refresh_usage(process);
        break;
    case RUSAGE_THREAD:
        task_usage(current_task(), &own);
        usage = &own;
        break;
    case RUSAGE_CHILDREN:
        usage = &process->children_usage;
        break;
    default:
        return -EINVAL;
    }
    struct rusage rusage;
    usage_fill(usage, &rusage);
    return copy_to_user(ARG1(frame), &rusage, sizeof(rusage));
}

static __kernel_clock_t clock_ticks(uint64_t ns)
{
    return (__kernel_clock_t)(ns / (NS_PER_SECOND / USER_HZ));
}

int64_t sys_times(struct trapframe *frame)
{
    struct process *process = current_process();
    process_refresh_usage(process);
    const struct tms times = {
        .tms_utime = clock_ticks(process->usage.user_ns),
        .tms_stime = clock_ticks(process->usage.system_ns),
        .tms_cutime = clock_ticks(process->children_usage.user_ns),
        .tms_cstime = clock_ticks(process->children_usage.system_ns),
    };
    if (ARG0(frame) && copy_to_user(ARG0(frame), &times, sizeof(times)) != 0)
        return -EFAULT;
    return clock_ticks(clock_now());
}

int64_t sys_umask(struct trapframe *frame)
{
    struct process *process = current_process();
    uint32_t old = process->umask;
    process->umask = (uint32_t)ARG0(frame) & UMASK_BITS;
    return old;
}

/* The limits that mm/ enforces are kept where it looks. */
static void apply_limits(struct process *process)
{
    struct aspace *aspace = process->aspace;
    if (!aspace)
        return;
    fdtable_set_limit(process->files, (uint32_t)MIN(process->limits[RLIMIT_NOFILE].rlim_cur, FD_MAX));
    mutex_lock(&aspace->lock);
    aspace->limit_as = process->limits[RLIMIT_AS].rlim_cur;
    aspace->limit_data = process->limits[RLIMIT_DATA].rlim_cur;
    aspace->limit_stack = process->limits[RLIMIT_STACK].rlim_cur;
    mutex_unlock(&aspace->lock);
}

static int set_limit(struct process *process, unsigned resource, const struct rlimit64 *wanted)
{
    if (wanted->rlim_cur > wanted->rlim_max)
        return -EINVAL;
    if (resource == RLIMIT_NOFILE && wanted->rlim_max > FILES_OPEN_MAX)
        return -EPERM;
    process->limits[resource] = *wanted;
    apply_limits(process);
    return 0;
}

/* struct rlimit and struct rlimit64 are the same on x86-64, infinity too. */
static int64_t change_limit(struct process *process, unsigned resource, vaddr_t wanted_at, vaddr_t old_at)
{
    struct rlimit64 wanted, old;
    static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "one function for both calls");
    if (wanted_at && copy_from_user(&wanted, wanted_at, sizeof(wanted)) != 0)
        return -EFAULT;
    if (!process)
        return -ESRCH;
    if (resource >= RLIM_NLIMITS)
        return -EINVAL;
    old = process->limits[resource];
    int error = wanted_at ? set_limit(process, resource, &wanted) : 0;
    if (!error && old_at)
        error = copy_to_user(old_at, &old, sizeof(old));
    return error;
}

SYSCALL_IS(prlimit64, change_limit(find((int)ARG0(frame)), (uint32_t)ARG1(frame), ARG2(frame), ARG3(frame)));

/* These two have no "no pointer": NULL is a bad address like others. */
int64_t sys_getrlimit(struct trapframe *frame)
{
    if ((uint32_t)ARG0(frame) >= RLIM_NLIMITS)
        return -EINVAL;
    return copy_to_user(ARG1(frame), &current_process()->limits[(uint32_t)ARG0(frame)],
                        sizeof(struct rlimit64));
}

int64_t sys_setrlimit(struct trapframe *frame)
{
    if (!ARG1(frame))
        return -EFAULT;
    return change_limit(current_process(), (uint32_t)ARG0(frame), ARG1(frame), 0);
}
