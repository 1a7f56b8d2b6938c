#include "adapters/file/watch.h"

#include "adapters/walk.h"
#include "base/map.h"
#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

struct watch {
    int fd;
    int root; /* watch descriptor of the folder itself */
    char *folder;
    bool recursive;
    struct watch_calls calls;
    struct loop_fd *reader;
    struct map *paths; /* watch descriptor to relative path */
};

static struct slice wd_key(const int *wd)
{
    return slice_of(wd, sizeof *wd);
}

enum err_code watch_add(struct watch *watch, const char *path, struct err *err)
{
    char full[PATH_MAX];
    int len = snprintf(full, sizeof full, "%s%s%s", watch->folder, *path ? "/" : "", path);
    if (len < 0 || (size_t)len >= sizeof full)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", path);
    uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR |
                    IN_DONT_FOLLOW | (watch->recursive ? IN_CREATE : 0);
    int wd = inotify_add_watch(watch->fd, full, mask);
    if (wd < 0 && errno == ENOSPC)
        return err_set(err, ERR_LIMIT,
                       "no more inotify watches (fs.inotify.max_user_watches): relying on rescans");
    if (wd < 0)
        return err_errno(err, errno, "inotify on %s", full);
    if (*path == '\0')
        watch->root = wd;
    free(map_put(watch->paths, wd_key(&wd), mem_strdup(path)));
    return OK;
}

static void take_event(struct watch *watch, const struct inotify_event *event)
{
    const struct watch_calls *calls = &watch->calls;
    if (event->mask & IN_Q_OVERFLOW) {
        calls->look(calls->context);
        return;
    }
    if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) {
        int wd = event->wd;
        if (wd == watch->root)
            calls->gone(calls->context);
        else if (event->mask & IN_IGNORED)
            free(map_remove(watch->paths, wd_key(&wd)));
        return;
    }
    if (event->mask & IN_ISDIR) {
        if (watch->recursive)
            calls->look(calls->context);
        return;
    }
    const char *folder = map_get(watch->paths, wd_key(&event->wd));
    if (!folder || event->len == 0 || !(event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) ||
        !walk_takes_name(slice_from_cstr(event->name)))
        return;
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", event->name);
    if (len > 0 && (size_t)len < sizeof path)
        calls->finished(calls->context, path);
}

/* One read of a few hundred events a turn; what is left wakes the loop again. */
static void read_events(void *context, int events)
{
    (void)events;
    struct watch *watch = context;
    alignas(struct inotify_event) char bytes[16384];
    ssize_t len = read(watch->fd, bytes, sizeof bytes);
    for (ssize_t at = 0; at + (ssize_t)sizeof(struct inotify_event) <= len;) {
        const struct inotify_event *event = (const void *)(bytes + at);
        take_event(watch, event);
        at += (ssize_t)sizeof *event + event->len;
    }
}

enum err_code watch_open(struct loop *loop, const char *folder, bool recursive,
                         const struct watch_calls *calls, struct watch **out, struct err *err)
{
    *out = NULL;
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "inotify");
    struct watch *watch = mem_alloc(sizeof *watch);
    *watch = (struct watch){.fd = fd,
                            .root = -1,
                            .folder = mem_strdup(folder),
                            .recursive = recursive,
                            .calls = *calls,
                            .paths = map_create()};
    enum err_code code = watch_add(watch, "", err);
    if (code != OK) {
        watch_close(watch);
        return code;
    }
    watch->reader = loop_fd_create(loop, fd, LOOP_READ, read_events, watch);
    loop_fd_start(watch->reader);
    *out = watch;
    return OK;
}

void watch_close(struct watch *watch)
{
    if (!watch)
        return;
    loop_fd_destroy(watch->reader);
    close(watch->fd);
    map_destroy(watch->paths, free);
    free(watch->folder);
    free(watch);
}
