/*
 * The journal under kill -9, a hundred times at random instants. A child appends messages and tells
 * by a pipe what was committed; after each kill the journal is read: no number that was seen ever
 * changes, none is missing, chain and topics hold, and what was told is there.
 *
 * usage: faults_kill [KILLS [SEED]]
 */
#include "base/clock.h"
#include "base/mem.h"
#include "journal/journal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    KILLS = 100,
    LIFE_MAX_US = 120000,
    MESSAGES_MAX = 200000,
    TOPICS = 3,
    BURST = 20,
    IN_FLIGHT_MAX = 200
};

static const char *const topic_names[TOPICS] = {"actual.us.ME.", "actual.us.NH.", "actual.us.all."};

/* What the child tells: message n has that number. */
struct told {
    uint32_t message;
    uint32_t seq;
};

struct record {
    struct digest *frames; /* by number, as first seen */
    uint32_t *messages;    /* by number */
    uint32_t *numbers;     /* by message */
    uint64_t seen;         /* highest number */
    uint64_t next;         /* while reading */
    struct digest chain;
    uint64_t topic_last[TOPICS];
};

#define REQUIRE(condition, ...)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "faults.kill: " __VA_ARGS__);                                          \
            fprintf(stderr, " [%s]\n", #condition);                                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static struct digest chain_of(const struct digest *prev, uint64_t seq, uint32_t message)
{
    struct digest_state state;

    digest_begin(&state);
    digest_add(&state, slice_of(prev->bytes, DIGEST_BYTES));
    digest_add_u64be(&state, seq);
    digest_add_u64be(&state, message);
    return digest_end(&state);
}

/* The frame: number, message, the number before it on the two topics, chain. */
static enum err_code seal(void *context, const struct journal_entry *entry,
                          const struct journal_bulletin *bulletin, const uint64_t *topic_prevs,
                          const struct digest *chain_prev, int64_t time_us, uint64_t conflict_seq,
                          const struct slice *copies, size_t copy_count, struct buf *frame,
                          struct digest *chain, struct err *err)
{
    uint32_t message = *(const uint32_t *)bulletin->facts;

    (void)context, (void)entry, (void)conflict_seq, (void)copies, (void)copy_count, (void)err;
    *chain = chain_of(chain_prev, bulletin->seq, message);
    buf_put_u64be(frame, bulletin->seq);
    buf_put_u64be(frame, message);
    buf_put_u64be(frame, topic_prevs[0]);
    buf_put_u64be(frame, topic_prevs[1]);
    buf_put(frame, slice_of(chain->bytes, DIGEST_BYTES));
    buf_put_u64be(frame, (uint64_t)time_us); /* so that a frame that was made anew would show */
    return OK;
}

static struct journal *open_journal(const char *path)
{
    struct journal_options options = {
        .path = path, .clock = &clock_system, .hooks = {.seal = seal}, .group_max = 16};
    struct journal *journal = NULL;
    struct err err = {0};

    REQUIRE(journal_open(&options, &journal, &err) == OK, "%s", err.text);
    return journal;
}

/* --- the child: the relay's part --- */

static struct identity identity_of_message(struct arena *arena, uint32_t message)
{
    return (struct identity){CLASS_ACTUAL, SLICE("nb@example.ca"),
                             arena_printf(arena, "message-%u", message), 100};
}

static bool is_recorded(struct journal *journal, uint32_t message)
{
    struct arena *arena = arena_create();
    struct identity identity = identity_of_message(arena, message);
    struct journal_known known;
    struct err err;
    enum err_code code = journal_find(journal, arena, &identity, &known, &err);

    REQUIRE(code == OK || code == ERR_NOT_FOUND, "%s", err.text);
    arena_destroy(arena);
    return code == OK;
}

static void append(struct journal *journal, uint32_t message)
{
    struct journal_entry *entry = journal_entry_create(journal);
    struct slice *topics = arena_alloc_array(entry->arena, 2, sizeof *topics);
    uint32_t *facts = arena_alloc(entry->arena, sizeof *facts);

    *facts = message;
    topics[0] = slice_from_cstr(topic_names[message % 2]);
    topics[1] = slice_from_cstr(topic_names[2]);
    entry->received_us = 1;
    entry->source = SLICE("test");
    entry->class = CLASS_ACTUAL;
    entry->verdict = SLICE("relayed");
    entry->bytes = arena_printf(entry->arena, "%0*u", (int)(message % 9) * 500 + 10, message);
    entry->digest = digest_of(entry->bytes);
    entry->has_identity = true;
    entry->identity = identity_of_message(entry->arena, message);
    entry->bulletin_count = 1;
    entry->bulletins[0] = (struct journal_bulletin){
        .side = SIDE_US, .topics = topics, .topic_count = 2, .facts = facts};
    journal_guard(journal, &entry->digest);
    journal_unguard(journal);
    journal_append(journal, &entry);
}

static void tell_committed(struct journal *journal, int out)
{
    struct journal_entry *entry;

    while ((entry = journal_collect(journal))) {
        struct told told = {*(const uint32_t *)entry->bulletins[0].facts,
                            (uint32_t)entry->bulletins[0].seq};
        if (write(out, &told, sizeof told) != sizeof told)
            exit(1);
        journal_entry_destroy(entry);
    }
}

/* Sends from `first` on, as a source that resumes where it was told last. */
static void run_child(const char *path, uint32_t first, int out)
{
    struct journal *journal = open_journal(path);

    for (uint32_t message = first; message < MESSAGES_MAX; message++) {
        if (message - first > IN_FLIGHT_MAX || !is_recorded(journal, message))
            append(journal, message);
        if (message % BURST == 0)
            journal_wait(journal, 1000);
        tell_committed(journal, out);
    }
}

/* --- the parent: the judge --- */

static uint64_t u64_at(const char *bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | (uint8_t)bytes[i];
    return value;
}

static bool check_row(void *context, const struct journal_row *row)
{
    struct record *record = context;
    uint64_t seq = ++record->next;

    REQUIRE(row->seq == seq, "number %llu where %llu must be", (unsigned long long)row->seq,
            (unsigned long long)seq);
    REQUIRE(row->frame.len == 72, "frame %llu has another length", (unsigned long long)seq);
    uint32_t message = (uint32_t)u64_at(row->frame.ptr + 8);
    struct digest digest = digest_of(row->frame);
    record->chain = chain_of(&record->chain, seq, message);
    REQUIRE(u64_at(row->frame.ptr) == seq, "a frame under another number");
    REQUIRE(u64_at(row->frame.ptr + 16) == record->topic_last[message % 2], "wrong prev");
    REQUIRE(u64_at(row->frame.ptr + 24) == record->topic_last[2], "wrong prev of all");
    REQUIRE(memcmp(row->frame.ptr + 32, record->chain.bytes, DIGEST_BYTES) == 0, "broken chain");
    record->topic_last[message % 2] = record->topic_last[2] = seq;
    if (seq <= record->seen) {
        REQUIRE(digest_eq(&digest, &record->frames[seq]), "number %llu has another content",
                (unsigned long long)seq);
        return true;
    }
    REQUIRE(seq < MESSAGES_MAX && message < MESSAGES_MAX, "more than was planned for");
    REQUIRE(record->numbers[message] == 0, "message %u recorded twice", message);
    record->frames[seq] = digest;
    record->messages[seq] = message;
    record->numbers[message] = (uint32_t)seq;
    record->seen = seq;
    return true;
}

static void check_journal(const char *path, struct record *record)
{
    struct journal *journal = open_journal(path);
    struct err err;
    struct slice all = {0};

    record->next = 0;
    record->chain = (struct digest){{0}};
    memset(record->topic_last, 0, sizeof record->topic_last);
    REQUIRE(journal_since(journal, CLASS_ACTUAL, all, 0, check_row, record, &err) == OK, "%s",
            err.text);
    REQUIRE(record->next == record->seen, "numbers that were seen are gone");
    journal_close(journal, 1000, NULL);
}

/* Reads what the child told before it died; gives the message to go on with. */
static uint32_t check_told(int in, const struct record *record, uint32_t next, size_t *count)
{
    struct told told;

    while (read(in, &told, sizeof told) == sizeof told) {
        REQUIRE(told.seq <= record->seen && record->messages[told.seq] == told.message,
                "message %u was acknowledged as %u and is not there", told.message, told.seq);
        if (told.message >= next)
            next = told.message + 1;
        (*count)++;
    }
    return next;
}

static uint32_t live_and_die(const char *path, struct record *record, uint32_t next, long life_us,
                             size_t *acknowledged)
{
    int ends[2];

    REQUIRE(pipe(ends) == 0, "pipe");
    pid_t child = fork();
    REQUIRE(child >= 0, "fork");
    if (child == 0) {
        close(ends[0]);
        run_child(path, next, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    nanosleep(&(struct timespec){0, life_us * 1000}, NULL);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status), "the child ended by itself, status %d", status);
    check_journal(path, record);
    next = check_told(ends[0], record, next, acknowledged);
    close(ends[0]);
    return next;
}

static void remove_all(const char *folder, const char *path)
{
    const char *suffixes[] = {"", "-wal", "-shm", ".lock", ".guard"};

    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char file[128];
        snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        unlink(file);
    }
    rmdir(folder);
}

int main(int argc, char **argv)
{
    int kills = argc > 1 ? atoi(argv[1]) : KILLS;
    unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : (unsigned)time(NULL);
    char folder[] = "/tmp/caprelay-kill-XXXXXX", path[64];
    struct record record = {
        .frames = mem_alloc_array(MESSAGES_MAX, sizeof *record.frames),
        .messages = mem_alloc_array(MESSAGES_MAX, sizeof *record.messages),
        .numbers = mem_alloc_array(MESSAGES_MAX, sizeof *record.numbers),
    };
    uint32_t next = 0;
    size_t acknowledged = 0;

    REQUIRE(mkdtemp(folder), "no folder");
    snprintf(path, sizeof path, "%s/journal.db", folder);
    printf("faults.kill: seed %u\n", seed);
    for (int i = 0; i < kills; i++)
        next = live_and_die(path, &record, next, rand_r(&seed) % LIFE_MAX_US, &acknowledged);
    printf("faults.kill: %d kills, %llu numbers, %zu acknowledged, none lost\n", kills,
           (unsigned long long)record.seen, acknowledged);
    REQUIRE(record.seen >= acknowledged && acknowledged > (size_t)kills, "too little was done");
    remove_all(folder, path);
    free(record.frames);
    free(record.messages);
    free(record.numbers);
    return 0;
}
