/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - runs a fuzz target over files and folders of files: `fuzz_NAME corpus/NAME`. */
#include <dirent.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static size_t replayed;

static void replay_file(const char *path)
{
    struct stat status;
    FILE *file = fopen(path, "rb");

    FUZZ_HOLD(file != NULL && fstat(fileno(file), &status) == 0);
    size_t size = (size_t)status.st_size;
    unsigned char *data = malloc(size != 0 ? size : 1);
    FUZZ_HOLD(data != NULL && fread(data, 1, size, file) == size);
    fclose(file);
    /* A crash says with which input. */
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    replayed++;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_visible, alphasort);

    if (count < 0) {
        replay_file(path);
        return;
    }
    for (int i = 0; i < count; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        replay_file(name);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%zu inputs\n", replayed);
    return replayed != 0 ? 0 : 1;
}
