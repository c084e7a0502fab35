/* SPDX-License-Identifier: MIT */
/* frames.c - lab 1: memory is filled by several processes, freed, and filled again. */
#include <fcntl.h>

#include "lab.h"

#define OWNERS 4

static unsigned long stamp(unsigned long owner, unsigned long page)
{
    return (owner + 1) * 0x100000001UL + page * 0x1000;
}

/* Writes its stamp at both ends of each page. */
static void fill(unsigned char *p, unsigned long pages, unsigned long owner)
{
    for (unsigned long i = 0; i < pages; i++) {
        unsigned long *words = (unsigned long *)(p + i * PAGE);
        words[0] = words[PAGE / sizeof(*words) - 1] = stamp(owner, i);
    }
}

/* => pages that hold other bytes than fill() left */
static unsigned long strange(const unsigned char *p, unsigned long pages, unsigned long owner)
{
    unsigned long found = 0;

    for (unsigned long i = 0; i < pages; i++) {
        const unsigned long *words = (const unsigned long *)(p + i * PAGE);
        bool mine = words[0] == stamp(owner, i) && words[PAGE / sizeof(*words) - 1] == stamp(owner, i);
        for (unsigned long at = 1; mine && at < PAGE / sizeof(*words) - 1; at++)
            mine = words[at] == 0;
        found += !mine;
    }
    return found;
}

/* All meet here: each tells that it has come, and waits until all others have. A place for each meeting, or one might pass twice. */
struct meeting {
    int come[2], go[2];
};

static void meet(const struct meeting *meeting)
{
    char byte = 0;

    if (write(meeting->come[1], &byte, 1) != 1 || read(meeting->go[0], &byte, 1) != 1)
        _exit(100);
}

static void meeting_lead(const struct meeting *meeting)
{
    char bytes[OWNERS] = {0};

    for (int i = 0; i < OWNERS; i++)
        if (read(meeting->come[0], bytes, 1) != 1)
            fail("read");
    if (write(meeting->go[1], bytes, OWNERS) != OWNERS)
        fail("write");
}

/* One of several processes: fills, lets every second page go, fills the holes when all have done so, and looks when all have. */
static int owner_life(unsigned long owner, unsigned long pages, const struct meeting meetings[2])
{
    unsigned char *p = pages_new(pages);

    fill(p, pages, owner);
    for (unsigned long i = owner % 2; i < pages; i += 2)
        madvise(p + i * PAGE, PAGE, MADV_DONTNEED);
    meet(&meetings[0]);
    fill(p, pages, owner);
    meet(&meetings[1]);
    return strange(p, pages, owner) != 0;
}

/* Each frame is one page's of one process: nobody finds what another one wrote. */
static void own(unsigned long pages)
{
    struct meeting meetings[2];
    pid_t children[OWNERS];

    for (int i = 0; i < 2; i++)
        if (pipe(meetings[i].come) < 0 || pipe(meetings[i].go) < 0)
            fail("pipe");
    for (unsigned long i = 0; i < OWNERS; i++) {
        children[i] = fork();
        if (children[i] < 0)
            fail("fork");
        if (children[i] == 0)
            _exit(owner_life(i, pages, meetings));
    }
    meeting_lead(&meetings[0]);
    meeting_lead(&meetings[1]);
    for (int i = 0; i < OWNERS; i++) {
        int status = end_of(children[i]);

        printf("process %d has %lu pages, status %d: %s\n", i, pages, status,
               status ? "other bytes than it wrote" : "its own bytes in all of them");
    }
}

struct memory {
    unsigned long frames, large; /* free ones; those of them in blocks of 64 KiB and more */
};

/* Free blocks by their order, as /proc/buddyinfo counts them. */
static void buddyinfo(struct memory *memory)
{
    char text[512];
    int file = open("/proc/buddyinfo", O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof(text) - 1);

    if (length < 0)
        fail("/proc/buddyinfo");
    close(file);
    text[length] = 0;
    char *at = strstr(text, "Normal");
    at = at ? at + strlen("Normal") : text;
    *memory = (struct memory){0};
    for (int order = 0; order < 11; order++) {
        unsigned long frames = strtoul(at, &at, 10) << order;
        memory->frames += frames;
        memory->large += order >= 4 ? frames : 0;
    }
}

/* A process fills its memory; with `piecemeal` it lets every second page go, and then the others. => its status */
static int child_fills(unsigned long mib, bool piecemeal)
{
    unsigned long pages = mib << 8;
    pid_t child = fork();

    if (child == 0) {
        unsigned char *p = pages_new(pages);
        fill(p, pages, mib);
        int status = strange(p, pages, mib) != 0;
        for (unsigned long i = 0; piecemeal && i < 2 * pages; i += 2)
            madvise(p + (i < pages ? i : i - pages + 1) * PAGE, PAGE, MADV_DONTNEED);
        _exit(status);
    }
    return end_of(child);
}

/* What a process has had lies in large blocks again when it is gone, however it let it go. */
static void blocks(unsigned long mib)
{
    struct memory before, after;

    child_fills(mib, true); /* what the kernel keeps for the next one, it keeps now */
    buddyinfo(&before);
    printf("a process fills %lu MiB and frees it page by page: status %d\n", mib, child_fills(mib, true));
    buddyinfo(&after);
    printf("free frames: %lu before, %lu after\n", before.frames, after.frames);
    printf("in blocks of 64 KiB and more: %lu before, %lu after\n", before.large, after.large);
    printf("all is back: %s\n", after.frames + 64 >= before.frames ? "yes" : "no");
    /* a CPU keeps up to 128 single frames, and none of the blocks around them is whole */
    printf("nearly all in large blocks: %s\n", after.large * 10 >= after.frames * 9 ? "yes" : "no");
}

/* More is wanted than there is: one process must go, and the next one has room. */
static void exhausted(unsigned long mib)
{
    printf("a process fills %lu MiB: status %d\n", mib, child_fills(mib, false));
    for (int i = 0; i < 3; i++)
        printf("the next one fills 32 MiB: status %d\n", child_fills(32, false));
}

int main(int argc, char **argv)
{
    static const struct task tasks[] = {{"own", own}, {"blocks", blocks}, {"exhausted", exhausted}};

    return lab_main(tasks, MANY(tasks), argc, argv);
}
