/* SPDX-License-Identifier: MIT */
/* isolate - two processes, one virtual address, two contents, two frames.
 *
 * After fork both processes have the same pages, and while nobody writes even the same frames (copy on
 * write). When the child writes, it gets a frame of its own; the parent keeps the old content. Frame numbers
 * are read from /proc/self/pagemap, which hides them from all but root. The upper half of the address space
 * is the kernel's in every process: all that ring 3 can see of it is that both are refused alike. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/demo.h"
#include "lib/look.h"

#define REFUSALS 3

static const uintptr_t kernel_addresses[REFUSALS] = {0xffff800000000000, 0xffff888000000000,
                                                     0xffffffff80000000};

/* The object that both processes look at, on a page of its own. */
static volatile int object __attribute__((aligned(4096)));

struct findings {
    int value_before, value_after;
    unsigned long frame_before, frame_after;
    struct verdict refusal[REFUSALS];
};

static unsigned long frame_of_object(void)
{
    struct page_view view;

    return look_page((const void *)(uintptr_t)&object, &view) ? view.frame : 0;
}

static void read_there(void *address)
{
    (void)*(volatile char *)address;
}

static void be_refused(struct verdict *refusals)
{
    for (int i = 0; i < REFUSALS; i++)
        child_try(read_there, (void *)kernel_addresses[i], &refusals[i]);
}

static void be_the_child(struct findings *found)
{
    found->value_before = object;
    found->frame_before = frame_of_object();
    object = 2222;
    found->value_after = object;
    found->frame_after = frame_of_object();
}

static void be_refused_too(struct findings *found)
{
    be_refused(found->refusal);
}

static bool in_child(void (*body)(struct findings *), struct findings *found)
{
    pid_t child = fork();

    if (child == 0) {
        body(found);
        _exit(0);
    }
    return child > 0 && waitpid(child, NULL, 0) == child;
}

static void show(const char *who, int value, unsigned long frame)
{
    printf("  %-30s 0x%lx holds %d", who, (unsigned long)(uintptr_t)&object, value);
    if (demo_exact && frame)
        printf(", frame %lu", frame);
    putchar('\n');
}

static void compare_frames(const char *when, unsigned long a, unsigned long b)
{
    if (!a || !b)
        printf("  %-30s the kernel hides frame numbers from this user\n", when);
    else
        printf("  %-30s %s frame\n", when, a == b ? "the same" : "not the same");
}

static void compare_refusals(const struct verdict *child, const struct verdict *parent)
{
    for (int i = 0; i < REFUSALS; i++) {
        bool alike = child[i].signal == parent[i].signal && child[i].code == parent[i].code;

        printf("  0x%lx: parent %s, child %s\n", (unsigned long)kernel_addresses[i], verdict_text(&parent[i]),
               alike ? "the same" : "something else");
    }
}

int main(int argc, char **argv)
{
    struct verdict refused[REFUSALS];
    struct findings *found;
    unsigned long frame;

    demo_start(argc, argv, "one address, two processes, two frames", "");
    found = child_shared_page();
    if (!found) {
        printf("  this kernel has no shared mappings yet, so two processes cannot compare notes\n");
        return 0;
    }
    object = 1111;
    frame = frame_of_object();
    if (!in_child(be_the_child, found))
        return 1;

    demo_head("after fork, before anyone writes");
    show("parent:", 1111, frame);
    show("child:", found->value_before, found->frame_before);
    compare_frames("parent and child:", frame, found->frame_before);
    demo_head("the child has written 2222");
    show("child:", found->value_after, found->frame_after);
    show("parent:", object, frame_of_object());
    compare_frames("parent and child:", frame_of_object(), found->frame_after);
    demo_head("the kernel's half, read from both");
    be_refused(refused);
    if (!in_child(be_refused_too, found))
        return 1;
    compare_refusals(found->refusal, refused);

    demo_article("every process has its own address space; the kernel's half is the same in all of them.");
    demo_here("one address, contents %d and %d at the same time.", object, found->value_after);
    demo_why("each process has its own page tables for the lower half: the same address leads to "
             "different frames. The tables of the upper half are shared, and their entries say \"ring 0 "
             "only\".");
    return 0;
}
