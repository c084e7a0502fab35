/* SPDX-License-Identifier: MIT */
/* test_ramfs.c - paths, names and bytes of the file system in memory, against a model and with memory running
 * out. */
/* sources: kernel/fs/ramfs.c kernel/fs/ramnode.c kernel/fs/filedata.c kernel/fs/pagetree.c kernel/fs/path.c kernel/fs/pathops.c
 * kernel/fs/node.c kernel/fs/file.c kernel/fs/io.c kernel/mm/kmem.c kernel/mm/page.c kernel/mm/buddy.c kernel/mm/bootmem.c
 * tests/host/shim/machine.c tests/host/shim/files.c */
/* flags: -isystem build/include -D__KERNEL__ -include tests/host/shim/files.h -Wl,--wrap=page_alloc
 * -Wl,--wrap=page_alloc_order -Wl,--wrap=page_alloc_zeroed -Wl,--wrap=log_line */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shim/files.h"
#include "shim/machine.h"

#include <fs/file.h>
#include <fs/path.h>
#include <fs/ramfs.h>

#include <asm-generic/errno.h>
#include <asm-generic/fcntl.h>
#include <linux/stat.h>

#define DIRECTORY (S_IFDIR | 0755)
#define LINK (S_IFLNK | 0777)

static void check(void)
{
    const char *broken = files_check();

    if (broken)
        fail_msg("%s", broken);
}

static int make_directory(const char *path)
{
    return path_make(NULL, path, DIRECTORY, NULL);
}

static int make_link(const char *path, const char *target)
{
    return path_make(NULL, path, LINK, target);
}

static struct file *opened(const char *path, uint32_t flags)
{
    struct file *file;

    assert_int_equal(path_open(NULL, path, flags, 0644, &file), 0);
    return file;
}

static void make_file(const char *path, const char *text)
{
    struct io io = io_kernel((void *)text, strlen(text));
    struct file *file = opened(path, O_CREAT | O_RDWR);

    assert_int_equal(file_write(file, &io, NULL), strlen(text));
    file_put(file);
}

static int lookup(const char *path, unsigned flags)
{
    struct node *node;
    int error = path_lookup(NULL, path, flags, &node);

    if (!error)
        node_put(node);
    return error;
}

/* Where a path leads, as the path that leads there without detours. */
static const char *leads_to(const char *path)
{
    static char text[PATH_LENGTH_MAX];
    struct node *node;

    assert_int_equal(path_lookup(NULL, path, 0, &node), 0);
    ssize_t length = path_of(node, text, sizeof(text));
    node_put(node);
    assert_int_equal(length, strlen(text));
    return text;
}

static int set_up(void **state)
{
    (void)state;
    files_start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    files_stop();
    check();
    assert_int_equal(files_objects(), 0);
    return 0;
}

static void paths(void **state)
{
    char name[300], text[PATH_LENGTH_MAX];
    (void)state;

    assert_int_equal(make_directory("/a"), 0);
    assert_int_equal(make_directory("/a/b"), 0);
    make_file("/a/f", "text");
    assert_int_equal(make_link("/a/up", "../a/b"), 0);
    assert_int_equal(make_link("/abs", "/a"), 0);

    assert_string_equal(leads_to("/"), "/");
    assert_string_equal(leads_to("//a///b//"), "/a/b");
    assert_string_equal(leads_to("a/./b/../f"), "/a/f");
    assert_string_equal(leads_to("/../../a"), "/a");
    assert_string_equal(leads_to("/a/up"), "/a/b");
    assert_string_equal(leads_to("/abs/up/../f"), "/a/f");
    assert_string_equal(leads_to("abs/"), "/a");
    assert_int_equal(lookup("", 0), -ENOENT);
    assert_int_equal(lookup("/a/none", 0), -ENOENT);
    assert_int_equal(lookup("/none/x", 0), -ENOENT);
    assert_int_equal(lookup("/a/f/x", 0), -ENOTDIR);
    assert_int_equal(lookup("/a/f/..", 0), -ENOTDIR);
    assert_int_equal(lookup("/a/f/", 0), -ENOTDIR);
    assert_int_equal(lookup("/a/f", PATH_DIRECTORY), -ENOTDIR);
    assert_int_equal(lookup("/abs/", PATH_NO_FOLLOW), 0);

    memset(name, 'n', sizeof(name));
    name[256] = '\0';
    assert_int_equal(lookup(name, 0), -ENAMETOOLONG);
    name[255] = '\0';
    assert_int_equal(lookup(name, 0), -ENOENT);
    assert_int_equal(make_directory(name), 0);

    struct node *node;
    assert_int_equal(path_lookup(NULL, "/a/b", 0, &node), 0);
    assert_int_equal(path_of(node, text, 5), 4);
    assert_int_equal(path_of(node, text, 4), -ENAMETOOLONG);
    assert_int_equal(path_of(node, text, 1), -ENAMETOOLONG);
    node_put(node);
}

static void links_come_to_an_end(void **state)
{
    char name[20], target[20] = "f";
    (void)state;

    make_file("/f", "text");
    for (int i = 1; i <= 41; i++) {
        snprintf(name, sizeof(name), "l%d", i);
        assert_int_equal(make_link(name, target), 0);
        strcpy(target, name);
    }
    assert_int_equal(lookup("/l40", 0), 0);
    assert_int_equal(lookup("/l41", 0), -ELOOP);
    assert_int_equal(make_link("/loop", "loop"), 0);
    assert_int_equal(lookup("/loop", 0), -ELOOP);
    assert_int_equal(lookup("/loop", PATH_NO_FOLLOW), 0);

    /* The text of a link and the rest of the path must fit together. */
    static char rest[PATH_LENGTH_MAX];
    memset(rest, '/', sizeof(rest));
    memcpy(rest, "/dir", 4);
    rest[4000] = 'x';
    rest[4001] = '\0';
    static char long_target[200];
    memset(long_target, 'y', 190);
    assert_int_equal(make_link("/dir", long_target), 0);
    assert_int_equal(lookup(rest, 0), -ENOENT); /* the slashes are passed over first */
}

static void opening(void **state)
{
    struct file *file;
    (void)state;

    make_directory("/d");
    make_file("/f", "text");
    make_link("/l", "f");
    make_link("/dangling", "d/new");
    assert_int_equal(path_open(NULL, "/f", O_CREAT | O_EXCL, 0, &file), -EEXIST);
    assert_int_equal(path_open(NULL, "/l", O_CREAT | O_EXCL, 0, &file), -EEXIST);
    assert_int_equal(path_open(NULL, "/l", O_NOFOLLOW, 0, &file), -ELOOP);
    assert_int_equal(path_open(NULL, "/d", O_RDWR, 0, &file), -EISDIR);
    assert_int_equal(path_open(NULL, "/d", O_CREAT, 0, &file), -EISDIR);
    assert_int_equal(path_open(NULL, "/n/", O_CREAT, 0, &file), -EISDIR);
    assert_int_equal(path_open(NULL, "/f", O_DIRECTORY, 0, &file), -ENOTDIR);
    assert_int_equal(path_open(NULL, "/f/", O_RDONLY, 0, &file), -ENOTDIR);
    assert_int_equal(path_open(NULL, "/none", O_RDONLY, 0, &file), -ENOENT);
    assert_int_equal(path_open(NULL, "/none/x", O_CREAT, 0, &file), -ENOENT);
    file_put(opened("/dangling", O_CREAT | O_RDWR));
    assert_int_equal(lookup("/d/new", 0), 0);

    file = opened("/f", O_RDONLY);
    struct io io = io_kernel((char[]){"x"}, 1);
    assert_int_equal(file_write(file, &io, NULL), -EBADF);
    file_put(file);
    file = opened("/f", O_WRONLY | O_TRUNC);
    assert_int_equal(file->node->size, 0);
    assert_int_equal(file_read(file, &io, NULL), -EBADF);
    file_put(file);
}

static void removing(void **state)
{
    (void)state;
    make_directory("/d");
    make_directory("/d/e");
    make_file("/f", "text");
    assert_int_equal(path_remove(NULL, "/d", true), -ENOTEMPTY);
    assert_int_equal(path_remove(NULL, "/d", false), -EISDIR);
    assert_int_equal(path_remove(NULL, "/f", true), -ENOTDIR);
    assert_int_equal(path_remove(NULL, "/f/", false), -ENOTDIR);
    assert_int_equal(path_remove(NULL, "/none", false), -ENOENT);
    assert_int_equal(path_remove(NULL, "/", true), -EBUSY);
    assert_int_equal(path_remove(NULL, "/d/.", true), -EINVAL);
    assert_int_equal(path_remove(NULL, "/d/..", true), -ENOTEMPTY);
    assert_int_equal(path_remove(NULL, "/d/e/", true), 0);
    assert_int_equal(path_remove(NULL, "/d", true), 0);
    assert_int_equal(path_remove(NULL, "/f", false), 0);
    assert_int_equal(make_directory("/f"), 0);
}

static void renaming(void **state)
{
    (void)state;
    make_directory("/a");
    make_directory("/a/b");
    make_directory("/empty");
    make_file("/f", "f");
    make_file("/g", "g");
    assert_int_equal(path_rename(NULL, "/f", NULL, "/g", PATH_NO_REPLACE), -EEXIST);
    assert_int_equal(path_rename(NULL, "/f", NULL, "/f", 0), 0);
    assert_int_equal(path_rename(NULL, "/f", NULL, "/a/b/h", 0), 0);
    assert_string_equal(leads_to("/a/b/h"), "/a/b/h");
    assert_int_equal(lookup("/f", 0), -ENOENT);
    assert_int_equal(path_rename(NULL, "/a/b/h", NULL, "/g", 0), 0);
    assert_int_equal(path_rename(NULL, "/g", NULL, "/a", 0), -EISDIR);
    assert_int_equal(path_rename(NULL, "/a", NULL, "/g", 0), -ENOTDIR);
    assert_int_equal(path_rename(NULL, "/a", NULL, "/a/b/c", 0), -EINVAL);
    assert_int_equal(path_rename(NULL, "/empty", NULL, "/a", 0), -ENOTEMPTY);
    assert_int_equal(path_rename(NULL, "/a", NULL, "/empty", 0), 0);
    assert_string_equal(leads_to("/empty/b/.."), "/empty");
    assert_int_equal(path_rename(NULL, "/g", NULL, "/new/", 0), -ENOTDIR);
    assert_int_equal(path_rename(NULL, "/", NULL, "/new", 0), -EBUSY);
    assert_int_equal(path_rename(NULL, "/none", NULL, "/new", 0), -ENOENT);
}

/* Entries that are there during a whole listing come exactly once, whatever is removed and made meanwhile. */
static void listing_while_it_changes(void **state)
{
    enum { FILES = 300 };
    static unsigned seen[FILES];
    char path[300];
    struct node_entry entry;
    uint64_t position = 0;
    unsigned listed = 0;
    (void)state;

    make_directory("/d");
    for (int i = 0; i < FILES; i++) {
        snprintf(path, sizeof(path), "/d/%d", i);
        make_file(path, "");
    }
    struct file *directory = opened("/d", O_RDONLY | O_DIRECTORY);
    struct node *node = directory->node;
    for (;; position = entry.next, listed++) {
        entry.next = position + 1;
        if (node->ops->list(node, position, &entry) == 0)
            break;
        seen[atoi(entry.name)]++;
        if (listed % 3 == 0) { /* the one that was just listed, and one that is still to come */
            snprintf(path, sizeof(path), "/d/%s", entry.name);
            assert_int_equal(path_remove(NULL, path, false), 0);
            snprintf(path, sizeof(path), "/d/%d", atoi(entry.name) + 2);
            path_remove(NULL, path, false);
            check();
        }
    }
    for (int i = 0; i < FILES; i++)
        assert_true(seen[i] <= 1);
    /* Of each four the third is removed before it is listed. */
    assert_int_equal(listed, FILES * 3 / 4);
    file_put(directory);
}

static void open_files_outlive_their_names(void **state)
{
    char text[64];
    struct page *page;
    (void)state;

    make_directory("/d");
    make_file("/d/f", "still here");
    struct file *file = opened("/d/f", O_RDWR);
    struct pagesrc *source = pagesrc_get(file->node->source);
    assert_int_equal(path_remove(NULL, "/d/f", false), 0);
    assert_int_equal(path_remove(NULL, "/d", true), 0);
    assert_int_equal(file->node->links, 0);
    assert_true(path_of(file->node, text, sizeof(text)) > 0);
    assert_string_equal(text, "/d/f (deleted)");

    struct io io = io_kernel(text, sizeof(text));
    assert_int_equal(file_read(file, &io, NULL), 10);
    assert_memory_equal(text, "still here", 10);
    file_put(file);

    /* Now only the mapping is left. */
    assert_int_equal(source->ops->page(source, 0, &page), 0);
    assert_memory_equal(page_to_virt(page), "still here", 11);
    page_put(page);
    source->ops->name(source, text, sizeof(text));
    assert_string_equal(text, "/d/f (deleted)");
    pagesrc_put(source);
}

static int truncate_path(const char *path, uint64_t size)
{
    struct node *node;
    int error = path_lookup(NULL, path, 0, &node);
    if (error)
        return error;
    error = node_truncate(node, size);
    node_put(node);
    return error;
}

static void mappings_have_the_same_frames(void **state)
{
    struct page *page, *again;
    (void)state;

    make_file("/f", "text");
    struct file *file = opened("/f", O_RDWR);
    struct pagesrc *source = file->node->source;
    assert_int_equal(source->ops->page(source, 1, &page), -EIO);
    assert_int_equal(truncate_path("/f", 3 * PAGE_SIZE + 1), 0);
    assert_null(source->ops->resident(source, 2));
    assert_int_equal(source->ops->page(source, 2, &page), 0);
    assert_ptr_equal(source->ops->resident(source, 2), page);
    memcpy(page_to_virt(page), "mapped", 6);
    char text[6];
    struct io io = io_kernel(text, 6);
    uint64_t position = 2 * PAGE_SIZE;
    assert_int_equal(file_read(file, &io, &position), 6);
    assert_memory_equal(text, "mapped", 6);
    assert_int_equal(source->ops->page(source, 2, &again), 0);
    assert_ptr_equal(again, page);
    page_put(again);

    /* A shorter file lets go of the frame; whoever maps it keeps it. */
    assert_int_equal(truncate_path("/f", 1), 0);
    assert_int_equal(page->refs, 1);
    assert_int_equal(source->ops->page(source, 2, &again), -EIO);
    page_put(page);
    file_put(file);
}

/* Random reads, writes and changes of size against an array, with frames that are far apart in between. */
static void bytes_as_in_a_model(void **state)
{
    enum { SIZE = 40 * PAGE_SIZE, STEPS = 6000 };
    static char model[SIZE], buffer[SIZE];
    size_t size = 0;
    (void)state;

    struct file *file = opened("/f", O_CREAT | O_RDWR);
    for (int step = 0; step < STEPS; step++) {
        uint64_t position = machine_random(SIZE), at = position;
        size_t count = machine_random(machine_random(4) ? 300 : 3 * PAGE_SIZE);
        count = MIN(count, SIZE - position);
        struct io io = io_user((vaddr_t)buffer, count);
        switch (machine_random(8)) {
        case 0:
            size = machine_random(2) ? position : size;
            memset(model + size, 0, SIZE - size);
            assert_int_equal(truncate_path("/f", size), 0);
            break;
        case 1:
        case 2:
        case 3:
            for (size_t i = 0; i < count; i++)
                buffer[i] = (char)machine_random(256);
            assert_int_equal(file_write(file, &io, &at), count);
            assert_int_equal(at, position + count);
            memcpy(model + position, buffer, count);
            if (count > 0)
                size = MAX(size, position + count);
            break;
        default:
            count = position < size ? MIN(count, size - position) : 0;
            assert_int_equal(file_read(file, &io, &at), count);
            assert_memory_equal(buffer, model + position, count);
        }
        assert_int_equal(file->node->size, size);
    }
    check();
    file_put(file);
}

static void sparse_and_huge(void **state)
{
    static const uint64_t places[] = {0, 1, 63, 64, 4095, 4096, 1UL << 30, 1UL << 40, (1UL << 50) - 1};
    char byte;
    (void)state;

    struct file *file = opened("/f", O_CREAT | O_RDWR);
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        uint64_t position = places[i] * PAGE_SIZE + i;
        byte = (char)('a' + i);
        struct io io = io_kernel(&byte, 1);
        assert_int_equal(file_write(file, &io, &position), 1);
        check();
    }
    for (size_t i = ARRAY_SIZE(places); i-- > 0;) {
        uint64_t position = places[i] * PAGE_SIZE + i;
        struct io io = io_kernel(&byte, 1);
        assert_int_equal(file_read(file, &io, &position), 1);
        assert_int_equal(byte, 'a' + i);
        assert_int_equal(truncate_path("/f", position - 1), 0);
        check();
    }
    uint64_t position = ~0UL >> 1;
    struct io io = io_kernel(&byte, 1);
    assert_int_equal(file_write(file, &io, &position), -EFBIG);
    assert_int_equal(truncate_path("/f", ~0UL), -EFBIG);
    file_put(file);
}

/* User memory that ends in the middle: what lies before the bad page counts, and no more. */
static void user_memory_that_ends(void **state)
{
    static _Alignas(4096) char user[4 * PAGE_SIZE];
    (void)state;

    struct file *file = opened("/f", O_CREAT | O_RDWR);
    memset(user, 'u', sizeof(user));
    files_unmapped(user + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
    struct io io = io_user((vaddr_t)user + PAGE_SIZE - 100, 3 * PAGE_SIZE);
    uint64_t position = 0;
    assert_int_equal(file_write(file, &io, &position), PAGE_SIZE + 100);
    assert_int_equal(position, PAGE_SIZE + 100);
    assert_int_equal(file->node->size, PAGE_SIZE + 100);
    io = io_user((vaddr_t)user + 2 * PAGE_SIZE, 10);
    assert_int_equal(file_write(file, &io, &position), -EFAULT);
    position = 0;
    io = io_user((vaddr_t)user + 2 * PAGE_SIZE - 7, 100);
    assert_int_equal(file_read(file, &io, &position), 7);
    position = 0;
    io = io_user((vaddr_t)user + 2 * PAGE_SIZE, 100);
    assert_int_equal(file_read(file, &io, &position), -EFAULT);
    assert_int_equal(position, 0);
    files_unmapped(NULL, 0);
    file_put(file);
    check();
}

/* Some of everything; a step that fails is one that a full memory explains. */
static void a_bit_of_everything(void)
{
    static char bytes[3 * PAGE_SIZE];
    struct file *file;
    char path[64];

    make_directory("/d");
    for (int i = 0; i < 40; i++) {
        snprintf(path, sizeof(path), "/d/file %d", i);
        if (path_open(NULL, path, O_CREAT | O_RDWR, 0644, &file) == 0) {
            struct io io = io_kernel(bytes, sizeof(bytes));
            uint64_t position = (uint64_t)i << (i % 30 + 10);
            ssize_t written = file_write(file, &io, &position);
            assert_true(written == -ENOSPC || (written > 0 && written <= (ssize_t)sizeof(bytes)));
            path_remove(NULL, i % 2 ? path : "/d/none", false);
            file_put(file);
        }
        make_link("/d/link", "a target that is not very short, so that it has memory of its own");
        path_rename(NULL, "/d/link", NULL, i % 3 ? "/d/other" : path, 0);
        lookup("/d/other/x", 0);
    }
}

static void out_of_memory(void **state)
{
    unsigned long n, failures = 0;
    (void)state;

    for (n = 1;; n++) {
        files_start();
        machine_fail_after(n);
        a_bit_of_everything();
        bool failed = machine_has_failed();
        machine_fail_after(0);
        check();
        if (!failed)
            break;
        failures++;
        files_stop();
        assert_int_equal(files_objects(), 0);
    }
    assert_true(failures > 20);
}

/* ".." leaves a mounted file system by the directory that it covers. Last: what is mounted stays. */
static void mounts(void **state)
{
    (void)state;
    make_directory("/m");
    make_directory("/m/hidden");
    struct node *top = ramfs_create();
    assert_int_equal(path_mount("/m", top), 0);
    assert_int_equal(path_mount("/none", top), -ENOENT);
    assert_int_equal(lookup("/m/hidden", 0), -ENOENT);
    assert_int_equal(make_directory("/m/x"), 0);
    assert_string_equal(leads_to("/m"), "/m");
    assert_string_equal(leads_to("/m/x"), "/m/x");
    assert_string_equal(leads_to("/m/x/../.."), "/");
    assert_int_equal(path_remove(NULL, "/m", true), -EBUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_come_to_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(opening, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(renaming, set_up, tear_down),
        cmocka_unit_test_setup_teardown(listing_while_it_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(open_files_outlive_their_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(mappings_have_the_same_frames, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_as_in_a_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sparse_and_huge, set_up, tear_down),
        cmocka_unit_test_setup_teardown(user_memory_that_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(out_of_memory, set_up, tear_down),
        cmocka_unit_test_setup(mounts, set_up),
    };

    machine_start(16 << 20);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
