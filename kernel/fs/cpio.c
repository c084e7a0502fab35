/* SPDX-License-Identifier: MIT */
/* cpio.c - the initial file system: archives in cpio's "newc" format (Linux:
 * Documentation/driver-api/early-userspace/ buffer-format.rst), one after the other, with zero bytes between
 * and behind them.
 *
 *   header: 110 bytes, a magic number and 13 fields of 8 hexadecimal digits
 *   | name + NUL, to a multiple of 4 | content, to a multiple of 4 | next header ...
 *   until an entry is called TRAILER!!!
 *
 * Not a byte of it is trusted: every number is checked against what is left before it is used. An entry
 * replaces what an earlier one has put at its path. Device nodes, FIFOs and sockets are skipped (/dev is made
 * by init.c). Hard links are refused: their content comes with another entry, and no archive of ours has any. */
#include <fs/cpio.h>

#include <arch/x86/clock.h>
#include <fs/file.h>
#include <fs/path.h>
#include <ctype.h>
#include <lib/log.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/stat.h>

#define MAGIC "070701"
#define MAGIC_WITH_CHECKSUM "070702"
#define MAGIC_SIZE 6
#define DIGITS 8
#define TRAILER "TRAILER!!!"

enum field {
    FIELD_INODE,
    FIELD_MODE,
    FIELD_UID,
    FIELD_GID,
    FIELD_LINKS,
    FIELD_TIME,
    FIELD_SIZE,
    FIELD_DEVICE_MAJOR,
    FIELD_DEVICE_MINOR,
    FIELD_RDEV_MAJOR,
    FIELD_RDEV_MINOR,
    FIELD_NAME_SIZE,
    FIELD_CHECKSUM,
    FIELDS
};
#define HEADER_SIZE (MAGIC_SIZE + FIELDS * DIGITS)

struct entry {
    uint32_t fields[FIELDS];
    const char *name; /* in the archive, NUL-terminated */
    const char *content;
};

struct reader {
    struct node *root;
    const char *bytes;
    size_t size, at;     /* at <= size */
    size_t entry_at;     /* where the present entry begins */
    const char *name;    /* of the present entry, NULL before it is known */
    const char *problem; /* what is wrong, for the message */
};

static int refuse(struct reader *reader, const char *problem)
{
    reader->problem = problem;
    return -EINVAL;
}


/* The next `size` bytes, and behind them to a multiple of 4. => NULL, with the problem: there are not so many. */
static const char *take(struct reader *reader, size_t size, const char *problem)
{
    const char *bytes = reader->bytes + reader->at;

    if (reader->size - reader->at < size) {
        reader->problem = problem;
        return NULL;
    }
    reader->at = MIN((reader->at + size + 3) & ~3UL, reader->size);
    return bytes;
}

/* => -1 if these are not eight hexadecimal digits. */
static int64_t parse_hex(const char *digits)
{
    int64_t value = 0;

    for (int i = 0; i < DIGITS; i++) {
        char c = digits[i];
        if (!isxdigit(c))
            return -1;
        value = value << 4 | (isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static int read_header(struct reader *reader, struct entry *entry)
{
    const char *header = reader->bytes + reader->at;

    if (reader->size - reader->at < HEADER_SIZE)
        return refuse(reader, "the header is cut off");
    if (memcmp(header, MAGIC, MAGIC_SIZE) != 0 && memcmp(header, MAGIC_WITH_CHECKSUM, MAGIC_SIZE) != 0)
        return refuse(reader, "no newc header here (its magic number is 070701)");
    for (int i = 0; i < FIELDS; i++) {
        int64_t value = parse_hex(header + MAGIC_SIZE + i * DIGITS);
        if (value < 0)
            return refuse(reader, "a header field is not hexadecimal");
        entry->fields[i] = (uint32_t)value;
    }
    reader->at += HEADER_SIZE;
    return 0;
}

static int read_name(struct reader *reader, struct entry *entry)
{
    size_t size = entry->fields[FIELD_NAME_SIZE];

    if (size == 0 || size > PATH_LENGTH_MAX)
        return refuse(reader, "the name's length is not between 1 and 4096");
    entry->name = take(reader, size, "the name is cut off");
    if (!entry->name)
        return -EINVAL;
    if (strnlen(entry->name, size) != size - 1)
        return refuse(reader, "the name's length does not agree with the name");
    reader->name = entry->name;
    return 0;
}

static int read_entry(struct reader *reader, struct entry *entry)
{
    reader->entry_at = reader->at;
    reader->name = NULL;
    int error = read_header(reader, entry);
    if (!error)
        error = read_name(reader, entry);
    if (error)
        return error;
    entry->content = take(reader, entry->fields[FIELD_SIZE], "the content is cut off");
    return entry->content ? 0 : -EINVAL;
}

/* The name below the root: without leading slashes and "./". "" is the root itself. */
static const char *below_root(const char *name)
{
    for (;;) {
        if (name[0] == '/')
            name++;
        else if (name[0] == '.' && (name[1] == '/' || name[1] == '\0'))
            name++;
        else
            return name;
    }
}

/* Makes the directories on the way to `path`. */
static int make_parents(struct node *root, const char *path)
{
    char part[PATH_LENGTH_MAX];

    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        memcpy(part, path, (size_t)(slash - path));
        part[slash - path] = '\0';
        int error = path_make(root, part, S_IFDIR | 0755, NULL);
        if (error && error != -EEXIST)
            return error;
    }
    return 0;
}

/* Of what stands at `path` now. */
static int set_attributes(struct node *root, const char *path, const struct entry *entry)
{
    struct node *node NODE_HELD = NULL;
    int error = path_lookup(root, *path ? path : "/", PATH_NO_FOLLOW, &node);
    if (error)
        return error;
    node->mode = (node->mode & S_IFMT) | (entry->fields[FIELD_MODE] & 07777);
    node->uid = entry->fields[FIELD_UID];
    node->gid = entry->fields[FIELD_GID];
    node->accessed = node->modified = node->changed = entry->fields[FIELD_TIME] * (int64_t)NS_PER_SECOND;
    return 0;
}

/* Removes what an earlier entry has put at `path`, unless it is of the same kind and can stay. */
static int make_way(struct node *root, const char *path, uint32_t type)
{
    struct node *old;
    int error = path_lookup(root, path, PATH_NO_FOLLOW, &old);
    if (error)
        return error == -ENOENT ? 0 : error;

    bool is_directory = node_is(old, S_IFDIR);
    bool stays = node_is(old, type) && (type == S_IFDIR || type == S_IFREG);
    node_put(old);
    return stays ? 0 : path_remove(root, path, is_directory);
}

static int unpack_directory(struct node *root, const char *path)
{
    int error = *path ? path_make(root, path, S_IFDIR | 0755, NULL) : 0;

    return error == -EEXIST ? 0 : error;
}

static int unpack_file(struct node *root, const char *path, const struct entry *entry)
{
    size_t size = entry->fields[FIELD_SIZE];
    struct io io = io_kernel((void *)entry->content, size);
    struct file *file FILE_HELD = NULL;
    int error = path_open(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0644, &file);
    if (error)
        return error;

    ssize_t written = file_write(file, &io, NULL);
    if (written == (ssize_t)size)
        return 0;
    return written < 0 ? (int)written : -ENOSPC;
}

static int unpack_link(struct node *root, const char *path, const struct entry *entry)
{
    size_t size = entry->fields[FIELD_SIZE];
    char target[PATH_LENGTH_MAX];

    memcpy(target, entry->content, size);
    target[size] = '\0';
    return path_make(root, path, S_IFLNK | 0777, target);
}

static const char *reason(int error)
{
    switch (error) {
    case -ENOMEM:
    case -ENOSPC:
        return "there is not enough memory for it";
    case -ENAMETOOLONG:
        return "a name in its path is longer than 255 bytes";
    case -ENOTDIR:
        return "its path leads through something that is no directory";
    case -ENOTEMPTY:
        return "it would replace a directory that is not empty";
    case -ELOOP:
        return "its path leads through a circle of symbolic links";
    default:
        return "it cannot be made";
    }
}

/* What can be seen to be wrong with an entry before anything is changed. */
static int check_entry(struct reader *reader, const struct entry *entry, const char *path)
{
    static const uint32_t types[] = {S_IFDIR, S_IFREG, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK};
    uint32_t type = entry->fields[FIELD_MODE] & S_IFMT;

    if (*path == '\0' && type != S_IFDIR)
        return refuse(reader, "the root can only be a directory");
    if (type == S_IFREG && entry->fields[FIELD_LINKS] > 1 && entry->fields[FIELD_SIZE] == 0)
        return refuse(reader, "it is a hard link, which is not supported (use a symbolic link)");
    if (type == S_IFREG && path[strlen(path) - 1] == '/')
        return refuse(reader, "the name of a file ends in a slash");
    if (type == S_IFLNK && (entry->fields[FIELD_SIZE] == 0 || entry->fields[FIELD_SIZE] >= PATH_LENGTH_MAX))
        return refuse(reader, "the target of a symbolic link is empty or longer than 4095 bytes");
    if (type == S_IFLNK && memchr(entry->content, '\0', entry->fields[FIELD_SIZE]))
        return refuse(reader, "the target of a symbolic link contains a zero byte");
    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        if (type == types[i])
            return 0;
    }
    return refuse(reader, "its mode names no known type of file");
}

static int unpack_entry(struct reader *reader, const struct entry *entry)
{
    const char *path = below_root(entry->name);
    uint32_t type = entry->fields[FIELD_MODE] & S_IFMT;
    int error = check_entry(reader, entry, path);
    if (error || (type != S_IFDIR && type != S_IFREG && type != S_IFLNK))
        return error;

    error = make_parents(reader->root, path);
    if (!error && *path)
        error = make_way(reader->root, path, type);
    if (!error)
        error = type == S_IFDIR   ? unpack_directory(reader->root, path)
                : type == S_IFREG ? unpack_file(reader->root, path, entry)
                                  : unpack_link(reader->root, path, entry);
    if (!error)
        error = set_attributes(reader->root, path, entry);
    if (error)
        reader->problem = reason(error);
    return error;
}

/* One archive, up to and with its trailer. */
static int unpack_archive(struct reader *reader)
{
    struct entry entry;

    for (;;) {
        if (reader->at == reader->size) {
            reader->entry_at = reader->at;
            reader->name = NULL;
            return refuse(reader, "the archive ends without its " TRAILER);
        }
        int error = read_entry(reader, &entry);
        if (!error && strcmp(entry.name, TRAILER) == 0)
            return 0;
        if (!error)
            error = unpack_entry(reader, &entry);
        if (error)
            return error;
    }
}

static void skip_zeros(struct reader *reader)
{
    while (reader->at < reader->size && reader->bytes[reader->at] == '\0')
        reader->at++;
}

/* The name may be anything: only what a terminal shows as it is goes into the log. */
static void report(const struct reader *reader)
{
    char name[64] = "";
    size_t i = 0;

    for (; reader->name && reader->name[i] && i < sizeof(name) - 1; i++)
        name[i] = reader->name[i] >= ' ' && reader->name[i] <= '~' ? reader->name[i] : '?';
    name[i] = '\0';
    log_line("initramfs: refused at byte %zu of %zu%s%s%s: %s", reader->entry_at, reader->size,
             reader->name ? ", entry \"" : "", name, reader->name ? "\"" : "", reader->problem);
}

int cpio_unpack(struct node *root, const void *archive, size_t size)
{
    struct reader reader = {.root = root, .bytes = archive, .size = size};
    int error = 0, archives = 0;

    for (skip_zeros(&reader); !error && reader.at < size; skip_zeros(&reader)) {
        error = reader.at % 4 ? refuse(&reader, "an archive does not begin at a multiple of 4") : 0;
        reader.entry_at = reader.at;
        if (!error)
            error = unpack_archive(&reader);
        archives++;
    }
    if (!error && archives == 0)
        error = refuse(&reader, "there is no archive in it");
    if (error)
        report(&reader);
    return error;
}
