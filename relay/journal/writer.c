/*
 * The writer thread: takes what is queued in groups, commits it, and hands it back.
 *
 * Entries leave the queue only when they are committed. After a failure the connection is opened
 * anew; the first thing asked of it is whether the group got in after all, since a failed COMMIT
 * does not say. Then it is tried again, one entry at a time: on a nearly full disk a small
 * transaction fits where a large one does not.
 */
#include "base/mem.h"
#include "journal/internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>

enum { BACKOFF_MIN_MS = 50, BACKOFF_MAX_MS = 1000, IDLE_MS = 1000 };
/* Bounds what a transaction adds to the WAL and how long its entries wait for each other. */
enum { GROUP_BYTES_MAX = 32 * 1024 * 1024 };
/* 4 MiB of WAL are worth a checkpoint when nothing waits, 16 MiB always. */
enum { WAL_PAGES_IDLE = 1000, WAL_PAGES_BUSY = 4000 };

struct queue {
    struct journal_entry *head;
    struct journal_entry **tail;
    size_t count;
    size_t bytes;
};

struct writer {
    struct journal_options options;
    char *path;
    pthread_t thread;

    pthread_mutex_t mutex;  /* for all down to `state` */
    pthread_cond_t work;    /* an entry came, or the end */
    pthread_cond_t settled; /* a commit was done */
    struct queue waiting;
    struct queue done;
    struct pending_mark *marks; /* not yet taken by the thread */
    bool stopping;
    bool abandoned; /* stop although entries are left */
    struct journal_state state;

    /* the thread's own */
    struct store store;
    struct recorder recorder;
    struct journal_entry **group; /* the first of `waiting` */
    size_t group_count;
    struct pending_mark *taken; /* marks of the transaction in work, kept until it succeeds */
    unsigned failures;          /* in a row */
    char trouble[200];          /* that does not keep commits from succeeding */
};

static void queue_init(struct queue *queue)
{
    *queue = (struct queue){0};
    queue->tail = &queue->head;
}

static void queue_put(struct queue *queue, struct journal_entry *entry)
{
    entry->queue_next = NULL;
    *queue->tail = entry;
    queue->tail = &entry->queue_next;
    queue->count++;
    queue->bytes += entry->bytes.len;
}

static struct journal_entry *queue_take(struct queue *queue)
{
    struct journal_entry *entry = queue->head;

    if (!entry)
        return NULL;
    queue->head = entry->queue_next;
    if (!queue->head)
        queue->tail = &queue->head;
    queue->count--;
    queue->bytes -= entry->bytes.len;
    entry->queue_next = NULL;
    return entry;
}

/* Durations only, so that no step of the clock shortens or lengthens a wait. */
static struct timespec deadline_in(int timeout_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

static int64_t free_bytes(const char *path)
{
    struct statvfs fs;

    return statvfs(path, &fs) == 0 ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : -1;
}

static void free_marks(struct pending_mark **marks)
{
    for (struct pending_mark *mark = *marks, *next; mark; mark = next) {
        next = mark->next;
        free(mark->source);
        free(mark->key);
        free(mark->value);
        free(mark);
    }
    *marks = NULL;
}

/* With the mutex held: what must be written before the end. */
static bool has_work(const struct writer *writer)
{
    return writer->waiting.head || writer->marks || writer->taken;
}

/* With the mutex held. Those of a failed transaction go first, so that none overtakes another. */
static void take_marks(struct writer *writer)
{
    if (writer->taken)
        return;
    writer->taken = writer->marks;
    writer->marks = NULL;
    writer->recorder.marks = writer->taken;
}

/* With the mutex held. */
static void form_group(struct writer *writer)
{
    size_t max = writer->failures ? 1 : writer->options.group_max;
    size_t bytes = 0;

    writer->group_count = 0;
    for (struct journal_entry *entry = writer->waiting.head;
         entry && writer->group_count < max && bytes < GROUP_BYTES_MAX; entry = entry->queue_next) {
        writer->group[writer->group_count++] = entry;
        bytes += entry->bytes.len;
    }
}

/*
 * One message that cannot be sealed or stored must not hold up all that come after it: it is
 * recorded as refused, and said so loudly by who reads its verdict. What it would have ended stays
 * in force.
 */
static void refuse(struct journal_entry *entry, const struct err *why)
{
    entry->faults++;
    entry->verdict = SLICE("refused");
    entry->reason = SLICE("journal.fault");
    entry->detail = arena_printf(entry->arena, "could not be sealed: %s", why->text);
    entry->bulletin_count = 0;
    entry->ends_count = 0;
    entry->reference_count = 0;
}

static enum err_code commit_group(struct writer *writer, struct err *err)
{
    enum err_code code;
    struct journal_entry *culprit;

    for (;;) {
        code =
            recorder_commit(&writer->recorder, writer->group, writer->group_count, &culprit, err);
        if (code == OK || !culprit || culprit->faults > 1)
            return code;
        refuse(culprit, err);
        struct err rollback;
        if (store_exec(&writer->store, "ROLLBACK", &rollback) != OK)
            return code;
    }
}

static enum err_code attempt(struct writer *writer, struct err *err)
{
    enum err_code code = OK;
    bool committed = false;

    if (!writer->store.db) {
        code = store_open(&writer->store, writer->path, STORE_WRITER, err);
        if (code == OK)
            code = recorder_recover(&writer->recorder, writer->group, writer->group_count,
                                    &committed, err);
        if (code == OK && !committed && writer->group_count)
            writer->group_count = 1;
    }
    if (code == OK && !committed)
        code = commit_group(writer, err);
    if (code != OK)
        store_close(&writer->store);
    return code;
}

static void checkpoint(struct writer *writer, bool idle)
{
    struct err err;
    int pages = writer->store.wal_pages;

    if (!writer->store.db || pages < (idle ? WAL_PAGES_IDLE : WAL_PAGES_BUSY))
        return;
    writer->trouble[0] = '\0';
    if (store_checkpoint(&writer->store, &err) != OK)
        snprintf(writer->trouble, sizeof writer->trouble, "%.*s", 199, err.text);
}

/* With the mutex held; returns whether the condition is another than before. */
static bool set_state(struct writer *writer, const struct err *failure, int64_t room)
{
    struct journal_state *state = &writer->state;
    enum journal_condition before = state->condition;

    state->free_bytes = room;
    state->text[0] = '\0';
    if (failure) {
        state->condition = JOURNAL_STUCK;
        snprintf(state->text, sizeof state->text, "%.*s", 199, failure->text);
        return before != state->condition;
    }
    bool low = room >= 0 && room < writer->options.free_min_bytes;
    state->condition = low || writer->trouble[0] ? JOURNAL_LOW : JOURNAL_GOOD;
    state->progress_us = clock_now_us(writer->options.clock);
    if (writer->trouble[0])
        snprintf(state->text, sizeof state->text, "%s", writer->trouble);
    else if (low)
        snprintf(state->text, sizeof state->text, "%lld MiB free", (long long)(room >> 20));
    return before != state->condition;
}

static void wake(struct writer *writer)
{
    const struct journal_hooks *hooks = &writer->options.hooks;

    if (hooks->wake)
        hooks->wake(hooks->wake_context);
}

/* With the mutex held, which it gives up while it waits. */
static void back_off(struct writer *writer)
{
    int wait_ms = BACKOFF_MIN_MS << (writer->failures < 5 ? writer->failures - 1 : 5);
    struct timespec until = deadline_in(wait_ms < BACKOFF_MAX_MS ? wait_ms : BACKOFF_MAX_MS);

    while (!writer->abandoned &&
           pthread_cond_timedwait(&writer->work, &writer->mutex, &until) != ETIMEDOUT)
        continue;
}

/* With the mutex held, which it gives up while it writes. */
static void write_group(struct writer *writer)
{
    struct err err = {0};

    /* Closed: the last transaction may be there after all, so it is asked for as it was. */
    if (writer->store.db) {
        form_group(writer);
        take_marks(writer);
    }
    pthread_mutex_unlock(&writer->mutex);
    enum err_code code = attempt(writer, &err);
    if (code == OK)
        checkpoint(writer, false);
    int64_t room = free_bytes(writer->path);
    pthread_mutex_lock(&writer->mutex);

    bool changed = set_state(writer, code == OK ? NULL : &err, room);
    writer->failures = code == OK ? 0 : writer->failures + 1;
    if (code == OK) {
        writer->state.arrivals += (int64_t)writer->group_count;
        for (size_t i = 0; i < writer->group_count; i++)
            queue_put(&writer->done, queue_take(&writer->waiting));
        free_marks(&writer->taken);
        writer->recorder.marks = NULL;
        pthread_cond_broadcast(&writer->settled);
    }
    if (code == OK || changed) {
        pthread_mutex_unlock(&writer->mutex);
        wake(writer);
        pthread_mutex_lock(&writer->mutex);
    }
    if (code != OK)
        back_off(writer);
}

/* With the mutex held, which it gives up while it waits. */
static void idle(struct writer *writer)
{
    pthread_mutex_unlock(&writer->mutex);
    checkpoint(writer, true);
    int64_t room = free_bytes(writer->path);
    pthread_mutex_lock(&writer->mutex);

    if (set_state(writer, NULL, room)) {
        pthread_mutex_unlock(&writer->mutex);
        wake(writer);
        pthread_mutex_lock(&writer->mutex);
    }
    if (!has_work(writer) && !writer->stopping) {
        struct timespec until = deadline_in(IDLE_MS);
        pthread_cond_timedwait(&writer->work, &writer->mutex, &until);
    }
}

static void *run(void *argument)
{
    struct writer *writer = argument;

    pthread_mutex_lock(&writer->mutex);
    while (!writer->abandoned && (has_work(writer) || !writer->stopping)) {
        if (has_work(writer))
            write_group(writer);
        else
            idle(writer);
    }
    pthread_mutex_unlock(&writer->mutex);
    store_close(&writer->store);
    return NULL;
}

static void drop_all(struct queue *queue)
{
    struct journal_entry *entry;

    while ((entry = queue_take(queue)))
        journal_entry_destroy(entry);
}

static void destroy(struct writer *writer)
{
    drop_all(&writer->waiting);
    drop_all(&writer->done);
    free_marks(&writer->marks);
    free_marks(&writer->taken);
    store_close(&writer->store);
    recorder_fini(&writer->recorder);
    pthread_cond_destroy(&writer->work);
    pthread_cond_destroy(&writer->settled);
    pthread_mutex_destroy(&writer->mutex);
    free(writer->group);
    free(writer->path);
    free(writer);
}

static struct writer *create(const struct journal_options *options, int64_t arrivals)
{
    struct writer *writer = mem_alloc(sizeof *writer);

    writer->options = *options;
    writer->path = mem_strdup(options->path);
    writer->group = mem_alloc_array(options->group_max, sizeof *writer->group);
    queue_init(&writer->waiting);
    queue_init(&writer->done);
    pthread_mutex_init(&writer->mutex, NULL);
    cond_init(&writer->work);
    cond_init(&writer->settled);
    recorder_init(&writer->recorder, &writer->store, &writer->options.hooks, options->clock);
    writer->state.arrivals = arrivals;
    writer->state.progress_us = clock_now_us(options->clock);
    writer->state.free_bytes = free_bytes(writer->path);
    return writer;
}

enum err_code writer_start(const struct journal_options *options, int64_t arrivals,
                           struct writer **out, struct err *err)
{
    struct writer *writer = create(options, arrivals);

    enum err_code code = store_open(&writer->store, writer->path, STORE_WRITER, err);
    if (code == OK) {
        int rc = pthread_create(&writer->thread, NULL, run, writer);
        if (rc != 0)
            code = err_errno(err, rc, "the journal's thread");
    }
    if (code != OK) {
        destroy(writer);
        return code;
    }
    *out = writer;
    return OK;
}

void writer_append(struct writer *writer, struct journal_entry *entry)
{
    pthread_mutex_lock(&writer->mutex);
    queue_put(&writer->waiting, entry);
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->mutex);
}

/* With the mutex held; NULL where none of that key waits. */
static struct pending_mark *find_mark(struct writer *writer, struct slice source, struct slice key)
{
    for (struct pending_mark *mark = writer->marks; mark; mark = mark->next)
        if (slice_eq_cstr(source, mark->source) && slice_eq_cstr(key, mark->key))
            return mark;
    return NULL;
}

static char *own_text(struct slice text)
{
    char *copy = mem_alloc(text.len + 1);

    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

void writer_set_mark(struct writer *writer, struct slice source, struct slice key,
                     struct slice value)
{
    pthread_mutex_lock(&writer->mutex);
    struct pending_mark *mark = find_mark(writer, source, key);
    if (!mark) {
        mark = mem_alloc(sizeof *mark);
        *mark = (struct pending_mark){writer->marks, own_text(source), own_text(key), NULL};
        writer->marks = mark;
    }
    free(mark->value);
    mark->value = own_text(value);
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->mutex);
}

struct journal_entry *writer_collect(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    struct journal_entry *entry = queue_take(&writer->done);
    pthread_mutex_unlock(&writer->mutex);
    return entry;
}

bool writer_full(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    bool full = writer->waiting.count >= writer->options.queue_max ||
                (int64_t)writer->waiting.bytes >= writer->options.queue_max_bytes;
    pthread_mutex_unlock(&writer->mutex);
    return full;
}

struct journal_state writer_state(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    struct journal_state state = writer->state;
    state.queued = writer->waiting.count;
    state.oldest_us = writer->waiting.head ? writer->waiting.head->received_us : 0;
    if (!writer->waiting.head)
        state.progress_us = clock_now_us(writer->options.clock);
    pthread_mutex_unlock(&writer->mutex);
    return state;
}

/* With the mutex held. */
static bool wait_empty(struct writer *writer, int timeout_ms)
{
    struct timespec until = deadline_in(timeout_ms);
    int rc = 0;

    while (has_work(writer) && rc == 0)
        rc = pthread_cond_timedwait(&writer->settled, &writer->mutex, &until);
    return !has_work(writer);
}

bool writer_wait(struct writer *writer, int timeout_ms)
{
    pthread_mutex_lock(&writer->mutex);
    bool empty = wait_empty(writer, timeout_ms);
    pthread_mutex_unlock(&writer->mutex);
    return empty;
}

void writer_stop(struct writer *writer, int timeout_ms, size_t *left)
{
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->work);
    writer->abandoned = !wait_empty(writer, timeout_ms);
    pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    *left = writer->waiting.count;
    destroy(writer);
}
