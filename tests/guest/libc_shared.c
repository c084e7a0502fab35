/* SPDX-License-Identifier: MIT */
/* libc_shared.c - memory with a name: who may be called how, what opening does, and that two processes see one memory. And mlock2. */
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "check.h"

static char name[32]; /* several of these programs may run at once */

static void names(void)
{
    char longest[NAME_MAX + 3];
    char text[64];

    say("-- names");
    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';
    longest[NAME_MAX + 2] = '\0';
    expect_error("too long", shm_open(longest, O_RDWR, 0), ENAMETOOLONG);
    expect_error("too long, unlink", shm_unlink(longest), ENAMETOOLONG);
    longest[NAME_MAX + 1] = '\0';
    expect_error("the longest", shm_open(longest, O_RDWR, 0), ENOENT);
    static const char *const bad[] = {"", "/", "//", "/a/b", "a/", "/.", "/..", "../tmp"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        snprintf(text, sizeof(text), "\"%s\"", bad[i]);
        expect_error(text, shm_open(bad[i], O_RDWR | O_CREAT, 0600), EINVAL);
    }
    expect_error("nobody, by name", shm_open(name, O_RDWR, 0), ENOENT);
    expect_error("nobody, by name, unlink", shm_unlink(name), ENOENT);
}

static void opening(void)
{
    struct stat status;
    char path[64];

    say("-- opening");
    umask(027);
    int file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0666);
    expect("made", file >= 0, 1);
    expect("closed by execve", fcntl(file, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    expect_error("made again", shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
    fstat(file, &status);
    expect("a file", S_ISREG(status.st_mode), 1);
    expect("mode", status.st_mode & 0777, 0640);
    expect("size", status.st_size, 0);
    expect("ftruncate", ftruncate(file, 2 * PAGE), 0);
    int again = shm_open(name + 1, O_RDONLY, 0); /* without the slash */
    fstat(again, &status);
    expect("the same one has a size", status.st_size, 2 * PAGE);
    expect_error("written through what may only read", write(again, "x", 1), EBADF);
    close(again);
    close(shm_open(name, O_RDWR | O_TRUNC, 0));
    fstat(file, &status);
    expect("emptied", status.st_size, 0);
    close(file);
    snprintf(path, sizeof(path), "/dev/shm%s", name);
    expect("it is a file there", access(path, F_OK), 0);
    expect("shm_unlink", shm_unlink(name), 0);
    expect_error("no longer", access(path, F_OK), ENOENT);
    expect("a link", symlink("/dev/null", path), 0);
    expect_error("which is not followed", shm_open(name, O_RDWR, 0), ELOOP);
    expect("shm_unlink", shm_unlink(name), 0);
}

static void *map(int file)
{
    void *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

    close(file);
    return at;
}

static void in_another(void *unused)
{
    volatile int *other = map(shm_open(name, O_RDWR, 0));

    (void)unused;
    if (other[0] != 42)
        _exit(1);
    other[1] = 43;
}

static void sharing(void)
{
    say("-- sharing");
    int file = shm_open(name, O_RDWR | O_CREAT, 0600);
    expect("ftruncate", ftruncate(file, PAGE), 0);
    volatile int *here = map(file);
    here[0] = 42;
    expect_signal("another process sees it", in_another, NULL, 0);
    expect("and what it wrote is here", here[1], 43);
    expect("shm_unlink", shm_unlink(name), 0);
    expect("still here", here[0] + here[1], 85);
    munmap((void *)here, PAGE);
}

static void locking(void)
{
    unsigned char resident[2] = {9, 9};
    void *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    say("-- mlock2");
    expect("on fault", mlock2(at, 2 * PAGE, MLOCK_ONFAULT), 0);
    mincore(at, 2 * PAGE, resident);
    expect("nothing came", (resident[0] | resident[1]) & 1, 0);
    expect("plainly", mlock2(at, 2 * PAGE, 0), 0);
    mincore(at, 2 * PAGE, resident);
    expect("all came", resident[0] & resident[1] & 1, 1);
    expect_error("no such flag", mlock2(at, PAGE, 2), EINVAL);
    expect("munlock", munlock(at, 2 * PAGE), 0);
    expect_error("without memory there", (munmap(at, 2 * PAGE), mlock2(at, PAGE, 0)), ENOMEM);
}

int main(void)
{
    snprintf(name, sizeof(name), "/libc_shared.%d", (int)getpid());
    names();
    opening();
    sharing();
    locking();
    return finish();
}
