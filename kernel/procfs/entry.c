/* SPDX-License-Identifier: MIT */
/* entry.c - see entry.h: the nodes of /proc, and the open files whose contents are a text.
 *
 * A text is made at the read that begins at position 0 and given out by position, so one pass over the file sees one
 * moment, however small its reads are. */
#include <procfs/entry.h>

#include <fs/file.h>
#include <fs/path.h>
#include <lib/log.h>
#include <mm/kmem.h>
#include <proc/process.h>
#include <string.h>

#include <asm-generic/errno.h>
#include <linux/stat.h>

#define ROOT_INODE 1

static struct kmem_cache node_cache = KMEM_CACHE("proc_node", struct proc_node);
static struct kmem_cache text_cache = KMEM_CACHE("proc_text", struct proctext);

int64_t proc_boot_time;

uint64_t proc_inode(const struct node *directory, const struct proc_entry *entry, int number)
{
    uint64_t hash = 0xcbf29ce484222325UL; /* FNV-1a, of the parent's inode and the name */

    hash = (hash ^ directory->inode) * 0x100000001b3UL;
    if (entry->name == NULL)
        return (hash ^ (uint64_t)number) * 0x100000001b3UL >> 16;
    for (const char *at = entry->name; *at != '\0'; at++)
        hash = (hash ^ (uint8_t)*at) * 0x100000001b3UL;
    return hash >> 16;
}

static struct node node_of(const struct proc_entry *entry, uint32_t device, uint64_t inode,
                           struct node *parent)
{
    bool is_directory = (entry->mode & S_IFMT) == S_IFDIR;
    int64_t now = node_now();

    return (struct node){
        .ops = entry->ops,
        .refs = 1,
        .mode = entry->mode,
        .device = device,
        .inode = inode,
        .links = is_directory ? 2 : 1,
        .accessed = now,
        .modified = now,
        .changed = now,
        .fixed = true,
        .parent = is_directory ? parent : NULL,
    };
}

struct node *proc_node_make(struct node *directory, const struct proc_entry *entry, struct process *process,
                            int number)
{
    struct proc_node *made = kmem_alloc(&node_cache);
    if (made == NULL)
        return NULL;

    *made = (struct proc_node){
        .node = node_of(entry, directory->device, proc_inode(directory, entry, number), directory),
        .entry = entry,
        .pid = process != NULL ? process->pid : 0,
        .tid = proc_node(directory)->tid,
        .born_ns = process != NULL ? process->started_ns : 0,
        .number = number,
        .directory = node_get(directory),
    };
    return &made->node;
}

int proc_mount(const char *directory, struct proc_node *root, const struct proc_entry *entry, uint32_t device)
{
    *root = (struct proc_node){.node = node_of(entry, device, ROOT_INODE, &root->node), .entry = entry};
    return path_mount(directory, &root->node);
}

int proc_lookup_in(const struct proc_entry *entries, size_t count, struct node *directory,
                   struct process *process, const char *name, struct node **found)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(entries[i].name, name) != 0)
            continue;
        *found = proc_node_make(directory, &entries[i], process, 0);
        return *found != NULL ? 0 : -ENOMEM;
    }
    return -ENOENT;
}

int proc_list_in(const struct proc_entry *entries, size_t count, const struct node *directory,
                 uint64_t position, struct node_entry *entry)
{
    if (position >= count)
        return 0;
    strlcpy(entry->name, entries[position].name, sizeof(entry->name));
    entry->inode = proc_inode(directory, &entries[position], 0);
    entry->mode = entries[position].mode;
    entry->next = position + 1;
    return 1;
}

static int directory_lookup(struct node *directory, const char *name, struct node **found)
{
    const struct proc_table *table = proc_node(directory)->entry->table;

    return proc_lookup_in(table->entries, table->count, directory, NULL, name, found);
}

static int directory_list(struct node *directory, uint64_t position, struct node_entry *entry)
{
    const struct proc_table *table = proc_node(directory)->entry->table;

    return proc_list_in(table->entries, table->count, directory, position, entry);
}

const struct node_ops proc_directory_ops = {
    .lookup = directory_lookup, .list = directory_list, .name = proc_name, .release = proc_release};

struct process *proc_node_process(const struct node *node)
{
    const struct proc_node *named = proc_node(node);
    struct process *process = process_find(named->pid);

    return process != NULL && process->started_ns == named->born_ns ? process : NULL;
}

int proc_number(const char *name)
{
    int number = 0;

    if (name[0] == '\0' || (name[0] == '0' && name[1] != '\0'))
        return -1;
    for (; *name != '\0'; name++) {
        if (*name < '0' || *name > '9' || number > PID_MAX)
            return -1;
        number = number * 10 + (*name - '0');
    }
    return number;
}

ssize_t proc_name(struct node *node, char *buffer, size_t size, struct node **directory)
{
    const struct proc_node *named = proc_node(node);
    int length = named->entry->name != NULL ? format_text(buffer, size, "%s", named->entry->name)
                                            : format_text(buffer, size, "%d", named->number);

    if ((size_t)length >= size)
        return -ENAMETOOLONG;
    *directory = node_get(named->directory);
    return length;
}

void proc_release(struct node *node)
{
    struct proc_node *gone = proc_node(node);

    node_put(gone->directory);
    kmem_free(&node_cache, gone);
}

static int text_open(struct node *, struct file *file)
{
    struct proctext *text = kmem_alloc(&text_cache);

    if (text == NULL)
        return -ENOMEM;
    proctext_init(text);
    file->private = text;
    return 0;
}

static void text_close(struct file *file)
{
    proctext_clear(file->private);
    kmem_free(&text_cache, file->private);
}

static int text_make(struct proctext *text, const struct node *node)
{
    const struct proc_node *named = proc_node(node);
    struct process *process = named->pid != 0 ? proc_node_process(node) : NULL;

    proctext_clear(text);
    text->entry = named->entry;
    text->process = process;
    text->task = named->tid != 0 ? task_find(named->tid) : NULL;
    if (named->pid != 0 && (process == NULL || (named->tid != 0 && text->task == NULL)))
        return -ESRCH;
    named->entry->text(text);
    int error = text->error;
    if (error != 0)
        proctext_clear(text);
    return error;
}

static ssize_t text_read(struct file *file, struct io *io, uint64_t *position)
{
    struct proctext *text = file->private;

    if (*position == 0 || text->chain.size == 0) {
        int error = text_make(text, file->node);
        if (error != 0)
            return error;
    }
    return proctext_read(text, io, position);
}

static ssize_t text_write(struct file *file, struct io *io, uint64_t *position)
{
    const struct proc_node *named = proc_node(file->node);
    char text[PROC_SET_MAX + 1] = "";
    size_t size = io->left;

    if (named->entry->set == NULL)
        return -EINVAL;
    ssize_t taken = io_get(io, text, MIN(size, PROC_SET_MAX));
    if (taken >= 0)
        taken = named->entry->set(named, text, size);
    *position += taken > 0 ? (uint64_t)taken : 0;
    return taken;
}

static const struct file_ops text_file_ops = {.read = text_read, .write = text_write, .release = text_close};

const struct node_ops proc_text_ops = {
    .open = text_open,
    .name = proc_name,
    .release = proc_release,
    .file_ops = &text_file_ops,
};
