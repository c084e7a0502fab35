/* SPDX-License-Identifier: MIT */
/* path.c - a path is walked component by component; this file knows "." and "..", mounts, links and slashes,
 * and the file systems know only names in one directory.
 *
 * Symbolic links are not followed by recursion. The text of a link is put before what is left of the path, in
 * a buffer that the walk gets with the first link it meets, and the walk goes on:
 *
 *     at /lib, rest "x86/libc.so"; "x86" links to "../arch/x86"  ->  at /lib, rest "../arch/x86/libc.so"
 *
 * Permission bits are not enforced: everybody is root.
 *
 * Guarded by: mounts_lock for the table of mounts (they are made at boot and stay). Directories are their
 * file systems'. */
#include <fs/path.h>

#include <fs/file.h>
#include <mm/kmem.h>
#include <sched/spinlock.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/stat.h>

#define LINKS_MAX 40 /* Linux's MAXSYMLINKS */
#define MOUNTS_MAX 8

static struct kmem_cache buffer_cache = {.name = "path", .size = PATH_LENGTH_MAX};

static struct node *root_node;

static struct spinlock mounts_lock;
static struct {
    struct node *covered, *root;
} mounts[MOUNTS_MAX];
static unsigned mounts_count;

struct node *path_root(void)
{
    return root_node;
}

char *path_buffer_alloc(void)
{
    return kmem_alloc(&buffer_cache);
}

void path_buffer_free(char *buffer)
{
    kmem_free(&buffer_cache, buffer);
}

void path_set_root(struct node *root)
{
    root_node = root;
}

/* The directory that the root of a mounted file system covers, not referenced; NULL if `node` is no such
 * root. */
static struct node *mount_covered(const struct node *node)
{
    if (node->parent != node)
        return NULL;
    SPIN_GUARD(&mounts_lock);
    for (unsigned i = 0; i < mounts_count; i++) {
        if (mounts[i].root == node)
            return mounts[i].covered;
    }
    return NULL;
}

int path_mount(const char *directory, struct node *root)
{
    struct node *covered;
    int error = path_lookup(NULL, directory, PATH_DIRECTORY, &covered);
    if (error)
        return error;

    SPIN_GUARD(&mounts_lock);
    assert(mounts_count < MOUNTS_MAX);
    mounts[mounts_count].covered = covered;
    mounts[mounts_count++].root = root;
    covered->mounted = root;
    return 0;
}

/* A walk that is under way. */
struct walk {
    struct node *at;  /* referenced: where it has come to */
    const char *rest; /* what is left of the path */
    char *buffer;     /* PATH_LENGTH_MAX bytes, from the first link on; `rest` points into it then */
    unsigned links;
    char name[NAME_LENGTH_MAX + 1]; /* the last component, once walk_to_last() has found it */
    bool slash;                     /* slashes follow it: it must be a directory */
};

static void walk_move(struct walk *walk, struct node *to)
{
    struct node *from = walk->at;

    walk->at = to;
    node_put(from);
}

static int walk_begin(struct walk *walk, struct node *start, const char *path)
{
    if (*path == '\0')
        return -ENOENT;
    walk->at = node_get(*path == '/' || !start ? root_node : start);
    walk->rest = path;
    walk->buffer = NULL;
    walk->links = 0;
    return 0;
}

static void walk_end(struct walk *walk)
{
    node_put(walk->at);
    if (walk->buffer)
        path_buffer_free(walk->buffer);
}

/* Takes the next component off the rest of the path into walk->name. "" when there is none. =>
 * -ENAMETOOLONG. */
static int walk_take_name(struct walk *walk)
{
    const char *rest = walk->rest;
    size_t length = 0;

    while (*rest == '/')
        rest++;
    for (; *rest != '\0' && *rest != '/'; rest++) {
        if (unlikely(length == NAME_LENGTH_MAX))
            return -ENAMETOOLONG;
        walk->name[length++] = *rest;
    }
    walk->name[length] = '\0';
    walk->slash = *rest == '/';
    while (*rest == '/')
        rest++;
    walk->rest = rest;
    return 0;
}

bool path_is_dots(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* ".." stops at the root, and leaves a mounted file system by the directory that it covers. */
static int walk_up(struct walk *walk)
{
    struct node *at = walk->at, *covered;

    while (at != root_node && (covered = mount_covered(at)) != NULL)
        at = covered;
    if (at != root_node)
        at = at->parent;
    if (!at)
        return -ENOENT; /* the directory was removed under us */
    walk_move(walk, node_get(at));
    return 0;
}

/* => the node that walk->name leads to from walk->at, referenced; links are not followed. */
static int walk_find(struct walk *walk, struct node **found)
{
    struct node *directory = walk->at;

    if (unlikely(!node_is(directory, S_IFDIR)))
        return -ENOTDIR;
    int error = directory->ops->lookup(directory, walk->name, found);
    if (error)
        return error;
    while (unlikely((*found)->mounted)) {
        struct node *top = node_get((*found)->mounted);
        node_put(*found);
        *found = top;
    }
    return 0;
}

/* Puts the text of a link before the rest of the path. walk->at is the directory that the link is in. */
static int walk_splice(struct walk *walk, struct node *link)
{
    if (++walk->links > LINKS_MAX)
        return -ELOOP;
    if (!walk->buffer) {
        walk->buffer = path_buffer_alloc();
        if (!walk->buffer)
            return -ENOMEM;
    }
    /* The rest goes to the buffer's end; it may lie somewhere in the buffer already. */
    size_t rest = strlen(walk->rest);
    size_t space = PATH_LENGTH_MAX - 1;
    if (rest + 2 >= space)
        return -ENAMETOOLONG;
    char *tail = walk->buffer + space - rest;
    memmove(tail, walk->rest, rest + 1);
    if (rest > 0 || walk->slash)
        *--tail = '/';

    ssize_t length = link->ops->readlink(link, walk->buffer, (size_t)(tail - walk->buffer));
    if (length < 0)
        return (int)length;
    if (length == 0)
        return -ENOENT;
    memmove(walk->buffer + length, tail, (size_t)(walk->buffer + space - tail) + 1);
    walk->rest = walk->buffer;
    if (walk->buffer[0] == '/')
        walk_move(walk, node_get(root_node));
    return 0;
}

/* Goes on behind a link: by its text, or straight to the node that it stands for. Takes over the
 * reference. */
static int walk_follow(struct walk *walk, struct node *link)
{
    struct node *target = NULL;
    int error = link->ops->follow ? link->ops->follow(link, &target) : walk_splice(walk, link);

    node_put(link);
    if (target)
        walk_move(walk, target);
    return error;
}

/* One component down or up, links followed. */
static int walk_step(struct walk *walk)
{
    struct node *found;

    if (path_is_dots(walk->name)) {
        if (!node_is(walk->at, S_IFDIR))
            return -ENOTDIR;
        return walk->name[1] == '.' ? walk_up(walk) : 0;
    }
    int error = walk_find(walk, &found);
    if (error)
        return error;
    if (unlikely(node_is(found, S_IFLNK)))
        return walk_follow(walk, found);
    walk_move(walk, found);
    return 0;
}

/* Walks until walk->name is the path's last component and walk->at the directory that it would be in. */
static int walk_to_last(struct walk *walk)
{
    for (;;) {
        int error = walk_take_name(walk);
        if (error || *walk->rest == '\0')
            return error;
        error = walk_step(walk);
        if (error)
            return error;
    }
}

/* The node of the last component, with links followed or not. => 0: *found referenced. -ENOENT: it is not
 * there; walk->at and walk->name say where it would be, after links. */
static int walk_last(struct walk *walk, bool follow, struct node **found)
{
    for (;;) {
        int error = walk_to_last(walk);
        if (error)
            return error;
        if (walk->name[0] == '\0' || path_is_dots(walk->name)) {
            error = walk->name[0] ? walk_step(walk) : 0;
            if (!error)
                *found = node_get(walk->at);
            return error;
        }
        error = walk_find(walk, found);
        if (error || !node_is(*found, S_IFLNK) || !(follow || walk->slash))
            return error;
        bool jumps = (*found)->ops->follow != NULL;
        error = walk_follow(walk, *found);
        if (!error && jumps)
            *found = node_get(walk->at);
        if (error || jumps)
            return error;
    }
}

int path_lookup(struct node *start, const char *path, unsigned flags, struct node **found)
{
    struct walk walk;
    struct node *node;
    int error = walk_begin(&walk, start, path);
    if (error)
        return error;

    error = walk_last(&walk, !(flags & PATH_NO_FOLLOW), &node);
    if (!error && (walk.slash || (flags & PATH_DIRECTORY)) && !node_is(node, S_IFDIR)) {
        node_put(node);
        error = -ENOTDIR;
    }
    if (!error)
        *found = node;
    walk_end(&walk);
    return error;
}

int path_lookup_parent(struct node *start, const char *path, struct node **directory,
                       char name[NAME_LENGTH_MAX + 1])
{
    struct walk walk;
    int error = walk_begin(&walk, start, path);
    if (error)
        return error;

    error = walk_to_last(&walk);
    if (!error && !node_is(walk.at, S_IFDIR))
        error = -ENOTDIR;
    if (!error) {
        *directory = node_get(walk.at);
        strcpy(name, walk.name);
    }
    walk_end(&walk);
    return error;
}

/* The last component was not there: makes a regular file of it. */
static int create_last(struct walk *walk, uint32_t mode, struct node **made)
{
    struct node *directory = walk->at;

    if (walk->slash)
        return -EISDIR;
    if (directory->links == 0 || !directory->ops->create)
        return -ENOENT; /* a removed directory; and as Linux says of /proc */
    return directory->ops->create(directory, walk->name, S_IFREG | (mode & 07777), NULL, made);
}

/* Finds what is to be opened, or makes it. => 0: *node referenced. */
static int open_node(struct walk *walk, uint32_t flags, uint32_t mode, struct node **node)
{
    bool exclusive = (flags & O_CREAT) && (flags & O_EXCL);
    int error = walk_last(walk, !(flags & O_NOFOLLOW) && !exclusive, node);

    bool missing = error == -ENOENT && *walk->rest == '\0' && node_is(walk->at, S_IFDIR);
    if (missing && (flags & O_CREAT) && walk->name[0] && !path_is_dots(walk->name))
        return create_last(walk, mode, node);
    if (!error && exclusive) {
        node_put(*node);
        return -EEXIST;
    }
    return error;
}

/* What may be opened how, once it is known what it is. */
static int open_refusal(const struct node *node, uint32_t flags, bool slash)
{
    bool directory = node_is(node, S_IFDIR);

    if (node_is(node, S_IFLNK) && !(flags & O_PATH))
        return flags & O_DIRECTORY ? -ENOTDIR : -ELOOP;
    if (((flags & O_DIRECTORY) || slash) && !directory)
        return -ENOTDIR;
    if (directory && (flags & O_CREAT))
        return -EISDIR;
    return 0;
}

/* Nobody writes to a program that runs. */
static int open_found(struct node *node, uint32_t flags, struct file **file)
{
    bool writes = node_is(node, S_IFREG) && (flags & O_ACCMODE) != O_RDONLY && !(flags & O_PATH);
    int error = writes ? node_write_begin(node) : 0;
    if (error)
        return error;
    error = file_open_node(node, flags, file);
    if (error && writes)
        node_write_end(node);
    if (!error)
        (*file)->is_writer = writes;
    return error;
}

/* O_TMPFILE: the path leads to a directory, in whose file system a file without a name is made. */
static int open_temporary(struct node *start, const char *path, uint32_t flags, uint32_t mode,
                          struct file **file)
{
    struct node *directory NODE_HELD = NULL, *made NODE_HELD = NULL;

    if ((flags & (O_TMPFILE | O_CREAT)) != O_TMPFILE || (flags & O_ACCMODE) == O_RDONLY)
        return -EINVAL;
    int error =
        path_lookup(start, path, PATH_DIRECTORY | (flags & O_NOFOLLOW ? PATH_NO_FOLLOW : 0), &directory);
    if (!error)
        error = directory->ops->create
                    ? directory->ops->create(directory, NULL, S_IFREG | (mode & 07777), NULL, &made)
                    : -EOPNOTSUPP;
    if (error)
        return error;
    made->linkable = !(flags & O_EXCL);
    return open_found(made, flags, file);
}

int path_open(struct node *start, const char *path, uint32_t flags, uint32_t mode, struct file **file)
{
    struct walk walk;
    struct node *node;
    struct file *opened;

    if (flags & O_PATH)
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    if (flags & __O_TMPFILE)
        return open_temporary(start, path, flags, mode, file);
    int error = walk_begin(&walk, start, path);
    if (error)
        return error;
    error = open_node(&walk, flags, mode, &node);
    bool slash = walk.slash;
    walk_end(&walk);
    if (error)
        return error;

    error = open_refusal(node, flags, slash);
    if (!error)
        error = open_found(node, flags, &opened);
    if (!error && (flags & O_TRUNC) && node_is(node, S_IFREG)) {
        error = node_truncate(node, 0);
        if (error)
            file_put(opened);
    }
    if (!error)
        *file = opened;
    node_put(node);
    return error;
}

/* The path is built from its end, at the buffer's end; the buffer's front is where each name is put first. */
ssize_t path_of(struct node *node, char *buffer, size_t size)
{
    struct node *covered, *directory;
    size_t begin = size;

    if (size < 2)
        return -ENAMETOOLONG;
    buffer[--begin] = '\0';
    node_get(node);
    while (node != root_node) {
        if ((covered = mount_covered(node)) != NULL) {
            node_get(covered);
            node_put(node);
            node = covered;
            continue;
        }
        ssize_t length = node_name(node, buffer, begin, &directory);
        node_put(node);
        if (length < 0 || !directory)
            return length;
        node = directory;
        if ((size_t)length + 1 > begin) {
            node_put(node);
            return -ENAMETOOLONG;
        }
        begin -= (size_t)length;
        memmove(buffer + begin, buffer, (size_t)length);
        buffer[--begin] = '/';
    }
    node_put(node);
    if (begin == size - 1)
        buffer[--begin] = '/';
    memmove(buffer, buffer + begin, size - begin);
    return (ssize_t)(size - begin - 1);
}
