/* SPDX-License-Identifier: MIT */
/* libc_files.c - streams over a real file: writing, seeking, appending, reading back, and directories. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64];
static char path[96];

static void write_and_seek(void)
{
    FILE *file = fopen(path, "w+");

    if (file == NULL) {
        perror("fopen");
        exit(1);
    }
    for (int i = 0; i < 1000; i++)
        fprintf(file, "line %04d\n", i);
    printf("at %ld\n", ftell(file));
    fseek(file, 10 * 500, SEEK_SET);
    char line[32];
    printf("%s", fgets(line, sizeof(line), file));
    printf("at %ld\n", ftell(file));
    fseek(file, 0, SEEK_CUR);
    fputs("LINE", file);
    fseek(file, -4, SEEK_CUR);
    printf("%s", fgets(line, sizeof(line), file));
    fseek(file, -10, SEEK_END);
    printf("%s", fgets(line, sizeof(line), file));
    printf("end %d %d\n", getc(file), feof(file) != 0);
    rewind(file);
    printf("%c %d\n", getc(file), feof(file) != 0);
    fclose(file);
}

static void append(void)
{
    FILE *file = fopen(path, "a");
    struct stat status;

    fputs("tail\n", file);
    fclose(file);
    stat(path, &status);
    printf("size %lld regular %d mode %o\n", (long long)status.st_size, S_ISREG(status.st_mode),
           status.st_mode & 0600);
    printf("again %d\n", fopen(path, "wx") == NULL && errno == EEXIST);
}

static void list(void)
{
    DIR *open_directory = opendir(directory);
    struct dirent *entry;

    while ((entry = readdir(open_directory)) != NULL)
        if (entry->d_name[0] != '.')
            printf("entry %s\n", entry->d_name);
    closedir(open_directory);
}

int main(void)
{
    snprintf(directory, sizeof(directory), "/tmp/libc_files.%d", (int)getpid());
    snprintf(path, sizeof(path), "%s/file", directory);
    if (mkdir(directory, 0700) != 0) {
        perror("mkdir");
        return 1;
    }
    write_and_seek();
    append();
    list();
    printf("removed %d %d\n", remove(path), remove(directory));
    return 0;
}
