/* SPDX-License-Identifier: MIT */
/* process.h - processes: identity, family, what they own. The table of them and the current one. */
#ifndef FAULTLINE_PROC_PROCESS_H
#define FAULTLINE_PROC_PROCESS_H

#include <arch/x86/percpu.h>
#include <fs/file.h>
#include <list.h>
#include <mm/aspace.h>
#include <sched/thread.h>
#include <sched/wait.h>
#include <types.h>

#include <linux/resource.h>

struct trapframe;

#define PID_MAX 32768
#define PROCESS_NAME_SIZE 16 /* TASK_COMM_LEN of Linux */

enum process_state { PROCESS_LIVE, PROCESS_ZOMBIE };

struct process_usage {
    uint64_t minor_faults, major_faults; /* as of the last process_refresh_usage() */
    uint64_t user_ns, system_ns;
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t peak_resident; /* pages */
};

/* What read, write and their like have moved, for /proc/<pid>/io. */
struct process_io {
    uint64_t reads, read_bytes, writes, written_bytes;
};

struct signals; /* proc/signal.h */

struct process {
    int pid;
    enum process_state state;
    struct process *parent;
    TAILQ_HEAD(process_children, process)
    children;                     /* zombies first, the oldest child first among them */
    TAILQ_ENTRY(process) sibling; /* in the parent's list; guarded by: process_table_lock */
    TAILQ_ENTRY(process) all;     /* in pid order */
    struct thread *thread;        /* the main thread (the only one until threads come) */
    struct aspace *aspace;        /* NULL once it has exited */
    struct fdtable *files;
    struct node *cwd;        /* a reference */
    struct node *executable; /* a reference; NULL: a kernel process */
    char name[PROCESS_NAME_SIZE];
    int group, session;
    uint32_t umask;
    struct rlimit64 limits[RLIM_NLIMITS];
    struct signals *signals;
    struct process_usage usage, children_usage;
    uint64_t
        /* minor faults in address spaces that execve has replaced; the present one counts its own */
        past_faults;
    struct process_io io;
    uint64_t started_ns;       /* clock_now() at birth */
    int exit_status;           /* as wait4 gives it */
    struct waitq child_exited; /* wait4 sleeps here */
    vaddr_t set_child_tid, clear_child_tid;
    LIST_ENTRY(process) hash; /* by pid; guarded by: process_table_lock */

    int stop_signal;              /* stopped by it; 0: not stopped */
    bool stop_unreported;         /* a wait4 with WUNTRACED has not seen it yet */
    bool continue_unreported;     /* the same with WCONTINUED */
    struct waitq stopped;         /* a stopped process sleeps here */
    struct process *vfork_parent; /* sleeps on its own vfork_done until we exec or exit */
    bool vfork_waits;
    struct waitq vfork_done;
    bool has_execed; /* setpgid(2): too late for the parent to change its group */

    uint64_t alarm_ns;       /* clock_now() when SIGALRM is due; 0: none. alarm.c */
    uint64_t alarm_interval; /* and again after so many nanoseconds; 0: once */
    TAILQ_ENTRY(process) alarm_link;
};

static inline struct process *current_process(void)
{
    return current_thread()->process;
}

void process_init(void);
/* Starts pid 1 from `path` with these arguments. => 0, -errno. */
int process_start_init(const char *path, char *const argv[], char *const envp[]);

/* fork: a copy of the current process that returns 0 from the system call in `frame`. child_tid, not 0: where
 * the child writes its pid in its own memory; clear_child_tid: see set_tid_address(2). wait_for_exec: vfork,
 * the parent sleeps until the child has exec'ed or exited. => the child's pid, -EAGAIN, -ENOMEM. */
struct fork_options {
    vaddr_t parent_tid; /* the same in the parent's memory, before the child runs */
    vaddr_t child_tid, clear_child_tid;
    uint64_t stack; /* the child's rsp; 0: the parent's */
    bool wait_for_exec;
};
int process_fork(const struct trapframe *frame, const struct fork_options *options);
/* execve. On success `frame` is that of the new program; on any error the old program is untouched. => 0,
 * -errno. */
struct arguments; /* proc/arguments.h */
int process_exec(const char *path, struct arguments *arguments, struct trapframe *frame);
/* Ends the current process; `status` as wait4 gives it (code << 8, or the signal). */
_Noreturn void process_exit(int status);
/* wait4: pid > 0, -1, 0, < -1 as wait(2); options WNOHANG, WUNTRACED. => pid, 0, -ECHILD, -EINTR. */
int process_wait(int pid, int options, int *status, struct rusage *usage);

/* The process with that pid (zombies too) or NULL; the pointer stays good while the caller does not sleep. */
struct process *process_find(int pid);
/* The first process with pid >= `pid`, or NULL. */
struct process *process_next(int pid);
unsigned process_count(void);
uint64_t process_forks(void);
/* The time that the process has used, split by the ticks that hit ring 3 and ring 0, as Linux does. */
void process_times(const struct process *process, uint64_t *user_ns, uint64_t *system_ns);
/* Brings process->usage up to date: times and peak_resident. */
void process_refresh_usage(struct process *process);
void usage_add(struct process_usage *to, const struct process_usage *from);
struct rusage;
void usage_fill(const struct process_usage *usage, struct rusage *rusage); /* as getrusage(2) gives it */
/* The aspace of a live process with a reference (aspace_put when done), or NULL. */
struct aspace *process_aspace(struct process *process);

/* Everything is over: ends every process, checks the ledger, powers off. Called by pid 1 when it exits;
 * status as of wait4. */
_Noreturn void process_all_done(int status);

/* Called by the return path when thread->pending is not 0, before ring 3 is entered: gives up the CPU at the
 * end of a time slice, takes signals, until nothing is pending. May not return. */
void process_return_to_user(struct trapframe *frame);

/* ---- Among the files of proc/ ---- */

/* A process with a thread, a kernel stack and an FPU area; the rest is zero. It has no pid yet. => NULL when
 * memory is short. */
struct process *process_alloc(void);
/* Gives back the thread, its stack and its FPU area. */
void process_free_thread(struct process *process);
/* Gives back the structure. The thread is gone, the process is in no list. */
void process_free(struct process *process);
/* Gives it a pid and enters it in the table, among the parent's children too. => 0, -EAGAIN. */
int process_enter(struct process *process, struct process *parent);
void process_leave(struct process *process);
/* Lets go of files, directories and memory. Done by the process itself, which then runs on the kernel's page
 * tables. */
void process_drop_resources(struct process *process);
/* A vfork parent may go on. */
void process_vfork_done(struct process *process);
/* A zombie is buried: its usage goes to the parent, the rest is freed. */
void process_reap(struct process *process);
extern struct spinlock process_table_lock;

#endif
