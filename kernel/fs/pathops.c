/* SPDX-License-Identifier: MIT */
/* pathops.c - the verbs that change the tree: make, remove, rename, link. They find the directory and the
 * name, refuse what no file system would do, and leave the rest to the directory's own file system. */
#include <fs/path.h>

#include <string.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

static bool ends_in_slash(const char *path)
{
    size_t length = strlen(path);

    return length > 0 && path[length - 1] == '/';
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0;
}

static bool is_dot_dot(const char *name)
{
    return strcmp(name, "..") == 0;
}

/* "", "." and "..": names of directories that exist and that are not to be touched. */
static bool is_special(const char *name)
{
    return name[0] == '\0' || is_dot(name) || is_dot_dot(name);
}

static bool exists(struct node *directory, const char *name)
{
    struct node *found;

    if (directory->ops->lookup(directory, name, &found))
        return false;
    node_put(found);
    return true;
}

/* Why there can be no new `name` in the directory. `slash`: the path ends in one, which only a directory's may. */
static int new_refusal(struct node *directory, const char *name, bool slash)
{
    if (is_special(name) || exists(directory, name))
        return -EEXIST;
    return slash || directory->links == 0 ? -ENOENT : 0;
}

int path_make(struct node *start, const char *path, uint32_t mode, const char *target)
{
    struct node *directory, *made;
    char name[NAME_LENGTH_MAX + 1];
    int error = path_lookup_parent(start, path, &directory, name);
    if (error)
        return error;

    error = new_refusal(directory, name, ends_in_slash(path) && (mode & S_IFMT) != S_IFDIR);
    if (!error && !directory->ops->create)
        error = -ENOENT; /* as Linux says of /proc */
    if (!error)
        error = directory->ops->create(directory, name, mode, target, &made);
    if (!error)
        node_put(made);
    node_put(directory);
    return error;
}

int path_link(struct node *target, struct node *start, const char *path)
{
    struct node *directory;
    char name[NAME_LENGTH_MAX + 1];
    int error = path_lookup_parent(start, path, &directory, name);
    if (error)
        return error;

    error = new_refusal(directory, name, ends_in_slash(path));
    if (!error && directory->device != target->device)
        error = -EXDEV;
    else if (!error)
        error = directory->ops->link && target->ops->name ? directory->ops->link(directory, name, target)
                                                          : -EPERM;
    node_put(directory);
    return error;
}

/* unlink("name/") */
static int refuse_slash(struct node *directory, const char *name)
{
    struct node *node;
    int error = directory->ops->lookup(directory, name, &node);
    if (error)
        return error;
    error = node_is(node, S_IFDIR) ? -EISDIR : -ENOTDIR;
    node_put(node);
    return error;
}

int path_remove(struct node *start, const char *path, bool want_directory)
{
    struct node *directory;
    char name[NAME_LENGTH_MAX + 1];
    int error = path_lookup_parent(start, path, &directory, name);
    if (error)
        return error;

    if (name[0] == '\0')
        error = want_directory ? -EBUSY : -EISDIR;
    else if (is_dot(name))
        error = want_directory ? -EINVAL : -EISDIR;
    else if (is_dot_dot(name))
        error = want_directory ? -ENOTEMPTY : -EISDIR;
    else if (!directory->ops->unlink)
        error = exists(directory, name) ? -EROFS : -ENOENT;
    else if (!want_directory && ends_in_slash(path))
        error = refuse_slash(directory, name);
    else
        error = directory->ops->unlink(directory, name, want_directory);
    node_put(directory);
    return error;
}

/* Both names are known; a slash behind one of them asks for a directory. */
static int rename_checked(struct node *from, const char *old_name, struct node *to, const char *new_name,
                          bool slash, unsigned flags)
{
    struct node *old;

    if (is_special(old_name) || is_special(new_name))
        return -EBUSY;
    int error = from->ops->lookup(from, old_name, &old);
    if (error)
        return error;
    bool directory = node_is(old, S_IFDIR);
    node_put(old);
    if (slash && !directory)
        return -ENOTDIR;
    if ((flags & PATH_NO_REPLACE) && exists(to, new_name))
        return -EEXIST;
    if (from->device != to->device)
        return -EXDEV;
    if (!from->ops->rename || to->links == 0)
        return to->links == 0 ? -ENOENT : -EROFS;
    return from->ops->rename(from, old_name, to, new_name);
}

int path_rename(struct node *old_start, const char *old_path, struct node *new_start, const char *new_path,
                unsigned flags)
{
    struct node *from, *to;
    char old_name[NAME_LENGTH_MAX + 1], new_name[NAME_LENGTH_MAX + 1];
    int error = path_lookup_parent(old_start, old_path, &from, old_name);
    if (error)
        return error;
    error = path_lookup_parent(new_start, new_path, &to, new_name);
    if (!error) {
        bool slash = ends_in_slash(old_path) || ends_in_slash(new_path);
        error = rename_checked(from, old_name, to, new_name, slash, flags);
        node_put(to);
    }
    node_put(from);
    return error;
}
