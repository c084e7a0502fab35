/* SPDX-License-Identifier: MIT */
/* process.h - processes: identity, family, what they own; their threads. The tables of both and the current ones. */
#pragma once

#include <arch/x86/percpu.h>
#include <fs/file.h>
#include <list.h>
#include <mm/aspace.h>
#include <proc/task.h>
#include <proc/timers.h>
#include <sched/thread.h>
#include <sched/wait.h>
#include <types.h>

#include <linux/resource.h>

struct trapframe;

#define PID_MAX 32768

enum process_state { PROCESS_LIVE, PROCESS_ZOMBIE };

struct signals; /* proc/signal.h */

struct process_usage {
    uint64_t minor_faults, major_faults; /* as of the last process_refresh_usage() */
    uint64_t user_ns, system_ns;
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t peak_resident; /* pages */
};

/* Somebody sleeps in vfork(2) until the child has exec'ed or exited. On the sleeper's stack. */
struct vfork_wait {
    bool done; /* guarded by: process_table_lock */
    struct waitq queue;
};
/* What read, write and their like have moved, for /proc/<pid>/io. */
struct process_io {
    uint64_t reads, read_bytes, writes, written_bytes;
};

struct process {
    int pid;
    enum process_state state;
    struct process *parent;
    TAILQ_HEAD(process_children, process)
    children;                     /* zombies first, the oldest child first among them */
    TAILQ_ENTRY(process) sibling; /* in the parent's list; guarded by: process_table_lock */
    TAILQ_ENTRY(process) all;     /* in pid order */
    TAILQ_HEAD(process_tasks, task)
    tasks; /* its threads, the oldest first; guarded by: process_table_lock */
    unsigned
        task_count; /* of those, how many have not begun to end; the last one lets go of all that is shared */
    bool ending;    /* all threads are to end, but for: */
    struct task *survivor;      /* the one that is in execve; NULL: none */
    struct waitq task_gone;     /* it sleeps here */
    struct process_usage ended; /* what threads used that are gone; user_ns: all their time */
    uint64_t ended_user_ticks, ended_system_ticks;
    struct aspace *aspace; /* NULL once it has exited */
    struct fdtable *files;
    struct node *cwd;        /* a reference */
    struct node *executable; /* a reference; NULL: a kernel process */
    char name[PROCESS_NAME_SIZE];
    int group, session;
    uint32_t umask;
    bool no_new_privileges; /* prctl(2): kept and told */
    int nice;               /* kept and told, without effect */
    int oom_score_adj;      /* thousandths of the RAM added to its score (oom.h); -1000: it is never chosen */
    struct rlimit64 limits[RLIM_NLIMITS];
    struct signals *signals;
    struct process_usage usage, children_usage;
    uint64_t
        /* faults in address spaces that execve has replaced; the present one counts its own */
        past_faults,
        past_major_faults;
    struct process_io io;
    uint64_t started_ns;       /* clock_now() at birth */
    int exit_status;           /* as wait4 gives it */
    int exit_signal;           /* what the parent gets when it ends; 0: nothing */
    struct waitq child_exited; /* wait4 sleeps here */
    LIST_ENTRY(process) hash;  /* by pid; guarded by: process_table_lock */

    int stop_signal;          /* stopped by it; 0: not stopped */
    bool stop_unreported;     /* a wait4 with WUNTRACED has not seen it yet */
    bool continue_unreported; /* the same with WCONTINUED */
    struct waitq stopped;     /* the threads of a stopped process sleep here */
    struct vfork_wait *vfork; /* our maker sleeps here; NULL: nobody */
    bool has_execed;          /* setpgid(2): too late for the parent to change its group */

    struct timers timers;
};

static inline struct process *current_process(void)
{
    return current_thread()->process;
}

void process_init(void);
/* Starts pid 1 from `path` with these arguments. => 0, -errno. */
int process_start_init(const char *path, char *const argv[], char *const envp[]);

/* clone(2): a copy of the current process, or with CLONE_THREAD one more thread of it, that returns 0 from the
 * system call in `frame`. The flags are known and go together. => the child's pid or tid, -EAGAIN, -ENOMEM. */
struct clone_options {
    uint64_t flags; /* CLONE_ and the signal at exit */
    uint64_t stack; /* the child's rsp; 0: the parent's */
    vaddr_t parent_tid, child_tid, tls;
};
int process_clone(const struct trapframe *frame, const struct clone_options *options);
/* execve. => 0: `frame` is that of the new program; -errno: the old program is untouched; SIGSEGV: the process must end of it, the
 * file cannot be mapped (the caller does it when it has let go of the arguments). */
struct arguments; /* proc/arguments.h */
int process_exec(const char *path, struct arguments *arguments, struct trapframe *frame);
/* Ends the current process, all threads of it; `status` as wait4 gives it (code << 8, or the signal). */
_Noreturn void process_exit(int status);
/* Ends the current thread, and the process if it is the last one: then the status is the process's. */
_Noreturn void task_exit(int status);
/* All other threads of the current process end; waits until they are gone. => false: the process ends, and so
 * must the caller. */
bool task_end_others(void);
/* Done by the thread itself when it ends or leaves its memory: clears the word that set_tid_address(2) named. */
void task_clear_tid(struct task *task);
/* The same; robust mutexes that it holds become those of a dead owner. */
void task_release_robust(struct task *task);
/* pid > 0, -1, 0, < -1 as wait(2); options: WEXITED, WUNTRACED, WCONTINUED, WNOHANG, WNOWAIT. => pid, 0, -ECHILD, -EINTR. */
int process_wait(int pid, int options, int *status, struct rusage *usage);

/* The process with that pid (zombies too) or NULL; the pointer stays good while the caller does not sleep. */
struct process *process_find(int pid);
/* The same of a thread. */
struct task *task_find(int tid);
/* The first process with pid >= `pid`, or NULL. */
struct process *process_next(int pid);
#define PROCESS_FOREACH(one)                                                                                 \
    for (struct process *one = process_next(1); one; one = process_next(one->pid + 1))
/* The thread that the process began with, while it lives; NULL after that. */
struct task *process_main(const struct process *process);
/* PROCESS_NAME_SIZE bytes: the first thread's is the process's. */
char *task_name(struct task *task);
unsigned process_count(void);
uint64_t process_forks(void);
/* The time that the process has used, split by the ticks that hit ring 3 and ring 0, as Linux does. */
/* The part of a time that was spent in ring 0, by the rings at the ticks; without a tick in ring 0 all of it counts as ring 3's. */
uint64_t usage_system_share(uint64_t total, uint64_t user_ticks, uint64_t system_ticks);
void process_times(const struct process *process, uint64_t *user_ns, uint64_t *system_ns);
/* From now on the event stream tells of this process and those that it makes, of nobody else; 0: of all. */
void process_trace_only(int pid);
/* Brings process->usage up to date: times and peak_resident. */
void process_refresh_usage(struct process *process);
/* The same of one thread; peak_resident is its process's. */
void task_usage(const struct task *task, struct process_usage *usage);
void usage_add(struct process_usage *to, const struct process_usage *from);
struct rusage;
void usage_fill(const struct process_usage *usage, struct rusage *rusage); /* as getrusage(2) gives it */
/* The aspace of a live process with a reference (aspace_put when done), or NULL. */
struct aspace *process_aspace(struct process *process);

static inline void aspace_held_end(struct aspace *const *aspace)
{
    if (*aspace)
        aspace_put(*aspace);
}

/* The reference is let go of at the end of the block, as FILE_HELD in fs/file.h. */
#define ASPACE_HELD __attribute__((cleanup(aspace_held_end)))

/* Everything is over: ends every process, checks the ledger, powers off. Called by pid 1 when it exits;
 * status as of wait4. */
_Noreturn void process_all_done(int status);

/* Called by the return path when thread->pending is not 0, before ring 3 is entered: gives up the CPU at the
 * end of a time slice, takes signals, until nothing is pending. May not return. */
void process_return_to_user(struct trapframe *frame);

/* ---- Among the files of proc/ ---- */

/* A process with one thread; the rest is zero. It has no pid yet. => the thread; NULL when memory is short. */
struct task *process_alloc(void);
/* One more thread of it with a kernel stack; it has no tid yet and is in no list. => NULL when memory is short. */
struct task *task_alloc(struct process *process);
/* Gives back the thread and its stack. It is in no list. */
void task_free(struct task *task);
/* Gives back the structure and what the process still owns. The threads are gone, the process is in no list. */
void process_free(struct process *process);
/* Gives both a pid and enters them in the tables, the process among the parent's children too. => 0, -EAGAIN. */
int process_enter(struct process *process, struct process *parent, struct task *task);
void process_leave(struct process *process);
/* Gives one more thread a tid and enters it. => 0, -EAGAIN. */
int task_enter(struct task *task);
/* Takes it out and adds what it has used to its process. => true: it was the last one. */
bool task_leave(struct task *task);
/* The only thread becomes the first: its tid is the pid. */
void task_become_main(struct task *task);
/* From here on the current thread runs on the kernel's own page tables. */
void task_leave_memory(void);
/* Lets go of files, directories and memory. Done by the process itself, which then runs on the kernel's page
 * tables. */
void process_drop_resources(struct process *process);
/* Whoever sleeps in vfork for it may go on. */
void process_vfork_done(struct process *process);
/* A zombie is buried: its usage goes to the parent, the rest is freed. */
void process_reap(struct process *process);
extern struct spinlock process_table_lock;
