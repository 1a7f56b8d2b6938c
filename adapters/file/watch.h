/*
 * watch: inotify over a folder (and its subfolders): which file was closed after writing or moved
 * in.
 */
#ifndef CAPRELAY_ADAPTERS_FILE_WATCH_H
#define CAPRELAY_ADAPTERS_FILE_WATCH_H

#include "base/err.h"
#include "loop/loop.h"

struct watch;

struct watch_calls {
    void (*finished)(void *context, const char *path); /* a file, path relative to the folder */
    void (*look)(void *context); /* something else happened: look at everything */
    void (*gone)(void *context); /* the folder itself was removed or moved away */
    void *context;
};

/* Watches the folder itself; more with watch_add(). */
enum err_code watch_open(struct loop *loop, const char *folder, bool recursive,
                         const struct watch_calls *calls, struct watch **out, struct err *err);
void watch_close(struct watch *watch);
/* A subfolder, path relative. Adding one again is harmless. */
enum err_code watch_add(struct watch *watch, const char *path, struct err *err);

#endif
