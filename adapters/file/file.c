/*
 * file: CAP files that somebody puts into a folder.
 *
 * A file counts as finished when it was closed after writing or moved in (inotify says so), or when
 * a look over the folder finds its size and time unchanged for a while: the looks, at the start and
 * every `rescan`, are the net under inotify. What was read is remembered by the mark PATH =
 * size:mtime, stored with the message, so that a restart reads nothing twice; a file whose size or
 * time changes is read again. In a spool a settled file is moved to done/ or refused/ instead,
 * after its verdict is durable.
 */
#include "adapters/adapter.h"
#include "adapters/file/entries.h"
#include "adapters/file/spool.h"
#include "adapters/file/watch.h"
#include "adapters/read_whole.h"
#include "adapters/walk.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    FILE_QUIET_US = 2000000, /* unchanged for so long: whoever wrote it is done */
    /* One turn of the loop: some milliseconds of reading and parsing, a few of looking. */
    FILE_READS_PER_TURN = 16,
    FILE_BYTES_PER_TURN = 4 * 1024 * 1024,
    FILE_LOOKS_PER_TURN = 512,
    FILE_IN_FLIGHT_MAX = 256
};

struct file_source {
    struct host *host;
    /* options */
    struct slice folder;
    bool spool;
    bool recursive;
    int64_t rescan_us;
    /* while it runs */
    int folder_fd;
    struct watch *watch;
    struct loop_timer *turn; /* there is something to do now */
    struct loop_timer *rescan;
    bool paused;
    bool failed; /* the host will stop and start it */
    /* a look over the folder */
    struct walk *walk;
    uint64_t scan;
    struct file_entry **found; /* to be queued in order of time */
    size_t found_count, found_capacity;
    bool look_again; /* something happened during the look */
    size_t young;    /* files that were not quiet yet */
    bool soon;       /* the next look comes early because of them */
    char watch_trouble[160];
    char trouble[200]; /* the last file that could not be read or moved */
    struct file_entries entries;
};

static const char *const spool_folders[] = {SPOOL_DONE, SPOOL_REFUSED, NULL};

static const struct conf_row options[] = {
    {.name = "folder",
     .type = CONF_PATH,
     .file = CONF_FILE_FOLDER,
     .offset = offsetof(struct file_source, folder),
     .required = true,
     .help = "The folder with the CAP files. Names that begin with a dot or end in .tmp or .part "
             "are left alone, links are not followed."},
    {.name = "spool",
     .type = CONF_BOOL,
     .offset = offsetof(struct file_source, spool),
     .fallback = "false",
     .help = "true: a file is moved to done/ or refused/ below the folder once its verdict is in "
             "the journal. false: files are left where they are."},
    {.name = "recursive",
     .type = CONF_BOOL,
     .offset = offsetof(struct file_source, recursive),
     .fallback = "false",
     .help = "Subfolders too."},
    {.name = "rescan",
     .type = CONF_DURATION,
     .offset = offsetof(struct file_source, rescan_us),
     .fallback = "30s",
     .min = 1,
     .max = 3600,
     .help = "How often the whole folder is looked over, in case the kernel told nothing (network "
             "file systems, too many changes at once)."},
    {.type = CONF_END}};

static void go_on(struct file_source *source)
{
    if (source->turn && !source->paused && !loop_timer_active(source->turn))
        loop_timer_start(source->turn, 0);
}

/* --- state for people --- */

static void tell_state(struct file_source *source)
{
    if (!source->turn || source->failed)
        return;
    if (source->entries.troubles > 0)
        host_state(source->host, SOURCE_DEGRADED, "%zu files cannot be taken, the last: %s",
                   source->entries.troubles, source->trouble);
    else if (source->watch_trouble[0])
        host_state(source->host, SOURCE_DEGRADED, "%s", source->watch_trouble);
    else
        host_state(source->host, SOURCE_LIVE, "watching %s", source->folder.ptr);
}

/* Said once for this size and time of the file. */
static void set_trouble(struct file_source *source, struct file_entry *entry, const char *why)
{
    file_entry_set(&source->entries, entry, FILE_TROUBLE);
    snprintf(source->trouble, sizeof source->trouble, "%.100s: %.90s", entry->path, why);
    host_log(source->host, LOG_LEVEL_WARNING, "file.trouble", "file=%s reason=%s",
             log_quote_cstr(entry->path).text, log_quote_cstr(why).text);
}

/* --- moving what is settled --- */

static void move_settled(struct file_source *source, struct file_entry *entry)
{
    struct err err = {0};
    enum err_code code = spool_move(source->folder_fd, entry->path,
                                    entry->refused ? SPOOL_REFUSED : SPOOL_DONE, &err);
    if (code == OK || code == ERR_NOT_FOUND)
        file_entry_drop(&source->entries, entry);
    else if (entry->state != FILE_TROUBLE)
        set_trouble(source, entry, err.text);
}

/* --- looking at one file --- */

static bool read_before(struct file_source *source, const struct file_entry *entry)
{
    char mark[FILE_MARK_MAX];
    struct slice stored;
    return !source->spool && host_mark(source->host, slice_from_cstr(entry->path), &stored) &&
           slice_eq(stored, file_entry_mark(entry, mark));
}

static int64_t mtime_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Whether whoever writes it has left it alone for a while. A time in the future counts from when it
 * was first seen. */
static bool is_quiet(const struct file_source *source, const struct file_entry *entry)
{
    int64_t age_us = host_now_us(source->host) - entry->mtime_ns / 1000,
            seen_us = host_monotonic_us(source->host) - entry->seen_mono_us;
    return age_us >= FILE_QUIET_US || seen_us >= FILE_QUIET_US;
}

/* Permissions may have been mended without a new size or time. */
static bool is_mended(const struct file_source *source, const struct file_entry *entry,
                      const struct stat *st)
{
    return S_ISREG(st->st_mode) && faccessat(source->folder_fd, entry->path, R_OK, AT_EACCESS) == 0;
}

static bool wants_first_reading(struct file_source *source, struct file_entry *entry,
                                const struct stat *st, bool finished)
{
    if (st->st_size == 0) { /* somebody has made the name and is yet to write */
        if (is_quiet(source, entry))
            set_trouble(source, entry, "is empty");
        else
            source->young++;
        return false;
    }
    if (read_before(source, entry))
        file_entry_set(&source->entries, entry, FILE_DONE);
    else if (finished || is_quiet(source, entry))
        return true;
    else
        source->young++;
    return false;
}

/* Notes what it is now; true where it is to be read. `finished`: the kernel said that it was closed
 * or moved in. The entry may be gone when it returns false. */
static bool wants_reading(struct file_source *source, struct file_entry *entry,
                          const struct stat *st, bool finished)
{
    if (entry->state == FILE_QUEUED || entry->state == FILE_IN_FLIGHT)
        return false; /* it is looked at again when it is read, and when it has settled */
    if (file_entry_changed(entry, st->st_size, mtime_ns(st), host_monotonic_us(source->host))) {
        file_entry_set(&source->entries, entry, FILE_SEEN);
        if (!S_ISREG(st->st_mode))
            set_trouble(source, entry, read_whole_why_not(st));
    }
    if (entry->settled && source->spool)
        move_settled(source, entry);
    else if (entry->state == FILE_TROUBLE)
        return is_mended(source, entry, st);
    else if (entry->state == FILE_SEEN)
        return wants_first_reading(source, entry, st, finished);
    return false;
}

static void look_at(struct file_source *source, const char *path, bool finished)
{
    struct stat st;
    struct file_entry *entry = file_entry_take(&source->entries, path);
    entry->scan = source->scan;
    if (fstatat(source->folder_fd, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (entry->state != FILE_QUEUED && entry->state != FILE_IN_FLIGHT)
            file_entry_drop(&source->entries, entry);
        return;
    }
    if (wants_reading(source, entry, &st, finished))
        file_entry_queue(&source->entries, entry);
}

/* --- looking over the folder --- */

static void fail_gone(struct file_source *source)
{
    source->failed = true;
    host_failed(source->host, "%s: the folder is gone", source->folder.ptr);
}

/* While it is open a removed folder lives on without its name, and inotify says nothing. */
static bool folder_is_there(const struct file_source *source)
{
    struct stat open_one, named;
    return fstat(source->folder_fd, &open_one) == 0 && stat(source->folder.ptr, &named) == 0 &&
           open_one.st_dev == named.st_dev && open_one.st_ino == named.st_ino;
}

static void start_look(struct file_source *source)
{
    struct err err = {0};
    if (source->walk) {
        source->look_again = true;
        return;
    }
    if (!folder_is_there(source)) {
        fail_gone(source);
        return;
    }
    if (walk_open(source->folder_fd, source->recursive, source->spool ? spool_folders : NULL,
                  &source->walk, &err) != OK) {
        source->failed = true;
        host_failed(source->host, "%s: %s", source->folder.ptr, err.text);
        return;
    }
    source->look_again = false;
    source->young = 0;
    source->soon = false;
    source->scan++;
    go_on(source);
}

static void note_found(struct file_source *source, const struct walk_entry *found)
{
    struct err err = {0};
    if (!found->error && S_ISDIR(found->st.st_mode)) {
        if (source->watch && watch_add(source->watch, found->path, &err) != OK)
            snprintf(source->watch_trouble, sizeof source->watch_trouble, "%.150s", err.text);
        return;
    }
    struct file_entry *entry = file_entry_take(&source->entries, found->path);
    entry->scan = source->scan;
    if (found->error) {
        if (entry->state != FILE_TROUBLE)
            set_trouble(source, entry, strerror(found->error));
        return;
    }
    if (!wants_reading(source, entry, &found->st, false))
        return;
    file_entry_set(&source->entries, entry, FILE_QUEUED);
    source->found = mem_grow(source->found, source->found_count, &source->found_capacity,
                             sizeof(struct file_entry *));
    source->found[source->found_count++] = entry;
}

/* An update was written after what it updates: the oldest comes first. */
static int by_time(const void *a, const void *b)
{
    const struct file_entry *x = *(struct file_entry *const *)a;
    const struct file_entry *y = *(struct file_entry *const *)b;
    if (x->mtime_ns != y->mtime_ns)
        return x->mtime_ns < y->mtime_ns ? -1 : 1;
    return strcmp(x->path, y->path);
}

static void finish_look(struct file_source *source)
{
    walk_close(source->walk);
    source->walk = NULL;
    if (source->found_count > 0)
        qsort(source->found, source->found_count, sizeof(struct file_entry *), by_time);
    for (size_t i = 0; i < source->found_count; i++)
        file_entry_queue(&source->entries, source->found[i]);
    source->found_count = 0;
    file_entries_drop_unseen(&source->entries, source->scan);
    source->soon = source->look_again || source->young > 0;
    int64_t pause_us = source->look_again ? 0 : source->young ? FILE_QUIET_US : source->rescan_us;
    loop_timer_start(source->rescan, pause_us);
    go_on(source);
    tell_state(source);
}

static void continue_look(struct file_source *source)
{
    struct walk_entry found;
    for (int i = 0; i < FILE_LOOKS_PER_TURN; i++) {
        if (!walk_next(source->walk, &found)) {
            finish_look(source);
            return;
        }
        note_found(source, &found);
    }
}

/* Some file is not quiet yet: look again when it can be. */
static void look_soon(struct file_source *source)
{
    if (source->soon || source->walk || !source->rescan)
        return;
    source->soon = true;
    loop_timer_start(source->rescan, FILE_QUIET_US);
}

/* --- reading --- */

static void deliver(struct file_source *source, struct file_entry *entry, struct slice bytes)
{
    char mark[FILE_MARK_MAX];
    struct adapter_document document = {.bytes = bytes};
    if (!source->spool) {
        document.mark_key = slice_from_cstr(entry->path);
        document.mark_value = file_entry_mark(entry, mark);
    }
    document.receipt = file_entry_launch(&source->entries, entry);
    host_deliver(source->host, &document);
}

static size_t read_file(struct file_source *source, struct file_entry *entry)
{
    struct err err = {0};
    struct stat st;
    char *bytes = NULL;
    size_t len = 0;
    file_entry_set(&source->entries, entry, FILE_SEEN);
    /* What is too large arrives all the same, so that the journal says what became of it. */
    enum err_code code = read_whole_or_cut(source->folder_fd, entry->path, &bytes, &len, &st, &err);
    if (code == OK && (size_t)st.st_size > len)
        host_log(source->host, LOG_LEVEL_WARNING, "file.oversized", "file=%s bytes=%lld",
                 log_quote_cstr(entry->path).text, (long long)st.st_size);
    if (code == OK) {
        entry->size = st.st_size;
        entry->mtime_ns = mtime_ns(&st);
    }
    if (code == OK && len > 0) {
        deliver(source, entry, slice_of(bytes, len));
    } else if (code == ERR_STATE) {
        entry->size = -1; /* so that the next look counts it as changed */
        look_soon(source);
    } else if (code == ERR_NOT_FOUND) {
        host_log(source->host, LOG_LEVEL_NOTICE, "file.vanished", "file=%s",
                 log_quote_cstr(entry->path).text);
        file_entry_drop(&source->entries, entry);
    } else if (code != OK) {
        set_trouble(source, entry, err.text);
    }
    free(bytes);
    return len;
}

static void read_some(struct file_source *source)
{
    size_t bytes = 0;
    for (int i = 0; i < FILE_READS_PER_TURN && bytes < FILE_BYTES_PER_TURN && !source->paused &&
                    source->entries.in_flight < FILE_IN_FLIGHT_MAX;
         i++) {
        struct file_entry *entry = file_entries_next(&source->entries);
        if (!entry)
            break;
        bytes += read_file(source, entry);
    }
}

static void take_turn(void *context)
{
    struct file_source *source = context;
    if (source->walk)
        continue_look(source);
    else
        read_some(source);
    bool more = source->walk || (source->entries.queue && !source->paused &&
                                 source->entries.in_flight < FILE_IN_FLIGHT_MAX);
    if (more)
        go_on(source);
    tell_state(source);
}

/* --- what the kernel says --- */

static void on_finished(void *context, const char *path)
{
    struct file_source *source = context;
    look_at(source, path, true);
    go_on(source);
}

static void on_look(void *context)
{
    start_look(context);
}

static void on_gone(void *context)
{
    fail_gone(context);
}

/* --- the contract --- */

static enum err_code file_init(void *instance, struct host *host, struct err *err)
{
    struct file_source *source = instance;
    (void)err;
    source->host = host;
    source->folder_fd = -1;
    file_entries_init(&source->entries);
    return OK;
}

static void file_stop(void *instance)
{
    struct file_source *source = instance;
    watch_close(source->watch);
    walk_close(source->walk);
    loop_timer_destroy(source->turn);
    loop_timer_destroy(source->rescan);
    source->watch = NULL;
    source->walk = NULL;
    source->turn = NULL;
    source->rescan = NULL;
    source->paused = false;
    for (size_t i = 0; i < source->found_count; i++)
        file_entry_set(&source->entries, source->found[i], FILE_SEEN);
    source->found_count = 0;
}

static enum err_code open_folder(struct file_source *source, struct err *err)
{
    if (source->folder_fd >= 0)
        close(source->folder_fd); /* the name may lead elsewhere by now */
    source->folder_fd = open(source->folder.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (source->folder_fd < 0)
        return err_errno(err, errno, "%s", source->folder.ptr);
    return OK;
}

static enum err_code file_start(void *instance, struct err *err)
{
    struct file_source *source = instance;
    enum err_code code = open_folder(source, err);
    if (code != OK)
        return code;
    source->turn = loop_timer_create(host_loop(source->host), take_turn, source);
    source->rescan = loop_timer_create(host_loop(source->host), on_look, source);
    source->watch_trouble[0] = '\0';
    source->failed = false;
    const struct watch_calls calls = {
        .finished = on_finished, .look = on_look, .gone = on_gone, .context = source};
    struct err watch_err = {0};
    if (watch_open(host_loop(source->host), source->folder.ptr, source->recursive, &calls,
                   &source->watch, &watch_err) != OK)
        snprintf(source->watch_trouble, sizeof source->watch_trouble, "%.150s", watch_err.text);
    tell_state(source);
    start_look(source);
    return OK;
}

static void file_fini(void *instance)
{
    struct file_source *source = instance;
    file_stop(source);
    if (source->folder_fd >= 0)
        close(source->folder_fd);
    file_entries_fini(&source->entries);
    free(source->found);
}

static void file_pause(void *instance)
{
    struct file_source *source = instance;
    source->paused = true;
}

static void file_resume(void *instance)
{
    struct file_source *source = instance;
    source->paused = false;
    go_on(source);
}

static void file_settled(void *instance, const struct adapter_outcome *outcome)
{
    struct file_source *source = instance;
    struct file_entry *entry = file_entries_land(&source->entries, outcome->receipt);
    if (!entry)
        return;
    entry->refused =
        slice_eq_cstr(outcome->verdict, "unreadable") || slice_eq_cstr(outcome->verdict, "refused");
    if (entry->refused)
        host_log(source->host, LOG_LEVEL_WARNING, "file.refused", "file=%s verdict=%s reason=%s",
                 log_quote_cstr(entry->path).text, log_quote(outcome->verdict).text,
                 log_quote(outcome->reason).text);
    /* It may have changed since it was read: then it is read again, and nothing is moved under the
     * old verdict. */
    size_t young = source->young;
    look_at(source, entry->path, false);
    if (source->young > young)
        look_soon(source);
    go_on(source);
}

const struct adapter_ops adapter_file = {
    .name = "file",
    .summary = "CAP files in a folder",
    .api_version = ADAPTER_API_VERSION,
    .instance_size = sizeof(struct file_source),
    .options = options,
    .init = file_init,
    .start = file_start,
    .stop = file_stop,
    .fini = file_fini,
    .pause = file_pause,
    .resume = file_resume,
    .settled = file_settled,
};
