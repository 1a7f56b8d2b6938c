#include "adapters/walk.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WALK_FOLDERS_OPEN_MAX = 100000 };

struct walk {
    int folder_fd; /* the caller's */
    bool recursive;
    const char *const *skip_top;
    DIR *dir;
    char *dir_path; /* relative; "" for the folder itself */
    char **pending;
    size_t pending_count, pending_capacity;
    char path[PATH_MAX];
};

bool walk_takes_name(struct slice name)
{
    return name.len > 0 && name.ptr[0] != '.' && !slice_ends_with(name, ".tmp") &&
           !slice_ends_with(name, ".part");
}

static DIR *open_dir(int folder_fd, const char *path)
{
    int fd = openat(folder_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !dir)
        close(fd);
    return dir;
}

enum err_code walk_open(int folder_fd, bool recursive, const char *const *skip_top,
                        struct walk **out, struct err *err)
{
    *out = NULL;
    DIR *dir = open_dir(folder_fd, "");
    if (!dir)
        return err_errno(err, errno, "the folder cannot be read");
    struct walk *walk = mem_alloc(sizeof *walk);
    walk->folder_fd = folder_fd;
    walk->recursive = recursive;
    walk->skip_top = skip_top;
    walk->dir = dir;
    walk->dir_path = mem_strdup("");
    *out = walk;
    return OK;
}

void walk_close(struct walk *walk)
{
    if (!walk)
        return;
    if (walk->dir)
        closedir(walk->dir);
    for (size_t i = 0; i < walk->pending_count; i++)
        free(walk->pending[i]);
    free(walk->pending);
    free(walk->dir_path);
    free(walk);
}

static bool is_skipped(const struct walk *walk, const char *name)
{
    if (!walk_takes_name(slice_from_cstr(name)))
        return true;
    if (*walk->dir_path == '\0' && walk->skip_top)
        for (const char *const *skip = walk->skip_top; *skip; skip++)
            if (strcmp(name, *skip) == 0)
                return true;
    return false;
}

static void keep_folder(struct walk *walk)
{
    if (!walk->recursive || walk->pending_count >= WALK_FOLDERS_OPEN_MAX)
        return;
    walk->pending = mem_grow(walk->pending, walk->pending_count, &walk->pending_capacity,
                             sizeof *walk->pending);
    walk->pending[walk->pending_count++] = mem_strdup(walk->path);
}

/* Goes on to the next folder that was kept; false where none is left. One that cannot be opened
 * stays closed, with out->error set. */
static bool next_folder(struct walk *walk, struct walk_entry *out)
{
    if (walk->dir)
        closedir(walk->dir);
    walk->dir = NULL;
    if (walk->pending_count == 0)
        return false;
    free(walk->dir_path);
    walk->dir_path = walk->pending[--walk->pending_count];
    walk->dir = open_dir(walk->folder_fd, walk->dir_path);
    out->error = walk->dir ? 0 : errno;
    snprintf(walk->path, sizeof walk->path, "%s", walk->dir_path);
    return true;
}

static bool take_name(struct walk *walk, const char *name, struct walk_entry *out)
{
    if (is_skipped(walk, name))
        return false;
    int len = snprintf(walk->path, sizeof walk->path, "%s%s%s", walk->dir_path,
                       *walk->dir_path ? "/" : "", name);
    if (len < 0 || (size_t)len >= sizeof walk->path) {
        out->error = ENAMETOOLONG;
        return true;
    }
    if (fstatat(walk->folder_fd, walk->path, &out->st, AT_SYMLINK_NOFOLLOW) != 0)
        out->error = errno;
    else if (S_ISDIR(out->st.st_mode)) {
        keep_folder(walk);
        return walk->recursive;
    }
    return out->error != ENOENT; /* gone between the two calls: none of our business */
}

bool walk_next(struct walk *walk, struct walk_entry *out)
{
    *out = (struct walk_entry){.path = walk->path};
    for (;;) {
        const struct dirent *entry = walk->dir ? readdir(walk->dir) : NULL;
        if (entry && take_name(walk, entry->d_name, out))
            return true;
        if (!entry && !next_folder(walk, out))
            return false;
        if (!entry && out->error)
            return true;
        out->error = 0;
    }
}
