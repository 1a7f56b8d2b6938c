/*
 * conf: YAML read through tables of rows.
 *
 * A row says name, type, place in the target struct, default, range, unit and help of one key; one
 * reader fills the struct, and the reference page is printed from the same rows. Errors read
 * `FILE:LINE: key: what is wrong; what would be right`. Refused: unknown and repeated keys,
 * anchors, aliases, tags, and whatever two readers could read differently (050, 1_000, 0x1F, 1e3,
 * 12:30, yes for a number).
 *
 * Everything read lives in the document's arena. Texts are slices with a NUL behind them, so `.ptr`
 * may be used as a C string; absent ones are {NULL, 0}. For one thread.
 */
#ifndef CAPRELAY_CONF_CONF_H
#define CAPRELAY_CONF_CONF_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_type {
    CONF_END = 0,  /* the empty row that ends a table */
    CONF_TEXT,     /* struct slice */
    CONF_PATH,     /* struct slice; made absolute, relative to the file's folder */
    CONF_BOOL,     /* bool: true or false (yes, no, on, off) */
    CONF_INT,      /* int64_t */
    CONF_NUMBER,   /* double */
    CONF_DURATION, /* int64_t microseconds: 250ms 5s 2m 24h 7d */
    CONF_SIZE,     /* int64_t bytes: 800 64KiB 8MiB 1GiB */
    CONF_CHOICE,   /* int, by `choices` */
    CONF_TEXTS,    /* struct conf_texts: a list of texts (one text alone is a list of one) */
    CONF_CHOICES,  /* unsigned: a list of choices as bits (1u << value) */
    CONF_MAP,      /* a nested struct, by `rows`; always read, so that its defaults apply */
    CONF_LIST,     /* struct conf_list of structs, by `rows` and `item_size` */
    CONF_NODE,     /* const struct conf_node *: the mapping itself, for who tells its places */
    CONF_REST      /* the same; its other keys are read later by conf_read_rest() */
};

/* What must be where a path leads, for who looks before anything is started. */
enum conf_file {
    CONF_FILE_ANY = 0,     /* not looked at */
    CONF_FILE_FOLDER,      /* a folder that can be read */
    CONF_FILE_SECRET,      /* what conf_secret_read() takes */
    CONF_FILE_CERTIFICATE, /* one or more, PEM */
    CONF_FILE_KEY          /* a private key, PEM */
};

struct conf_choice {
    const char *name; /* NULL ends the list */
    int value;
};

struct conf_texts {
    struct slice *items;
    size_t count;
};

struct conf_list {
    void *items;
    size_t count;
};

struct conf_row {
    const char *name; /* NULL: no key */
    enum conf_type type;
    size_t offset;
    enum conf_file file;  /* of a path */
    const char *fallback; /* the default as it would be written; NULL: none */
    bool required;
    double min,
        max; /* inclusive, in the value's own unit (seconds for durations); both 0: no range */
    const char *unit; /* for people: "km" */
    const struct conf_choice *choices;
    const struct conf_row *rows;
    size_t item_size;
    /* What the type cannot say; `value` is the stored one. The text is put behind FILE:LINE: key.
     */
    enum err_code (*check)(const void *value, struct err *err);
    const char *help; /* one or more sentences */
};

struct conf_doc;
struct conf_node;

/* Parses a whole file's text; `path` is for messages and relative paths. */
enum err_code conf_doc_parse(const char *path, struct slice text, struct conf_doc **out,
                             struct err *err);
void conf_doc_destroy(struct conf_doc *doc);
const struct conf_node *conf_doc_root(const struct conf_doc *doc);

/* Fills *out, which must be zeroed. What is wrong is left out of it and the rest is read: `err`
 * tells the first, the document all (conf_faults_tell()). */
enum err_code conf_read(const struct conf_node *map, const struct conf_row *rows, void *out,
                        struct err *err);
/* The same for the keys that `known` does not name: what a source says to its adapter. */
enum err_code conf_read_rest(const struct conf_node *map, const struct conf_row *known,
                             const struct conf_row *rows, void *out, struct err *err);
/* err_set() with FILE:LINE: key: in front; `key` may be NULL, or dotted ("keys.actual"). The line
 * is that of the key, of what is there of it, or else of the node. The document remembers it. */
enum err_code conf_fail(const struct conf_node *node, const char *key, struct err *err,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same for an error of who knows no lines: where its text begins with a key of these rows or of
 * `known` (may be NULL) and ": ", it is that key's, else the node's. */
enum err_code conf_place(const struct conf_node *node, const struct conf_row *known,
                         const struct conf_row *rows, const struct err *inner, struct err *err);

/* What was refused of a document by conf_read(), conf_read_rest(), conf_files_check() and
 * conf_fail(), all of it. Beyond so many they are counted and not kept. */
enum { CONF_FAULTS_MAX = 100 };
size_t conf_fault_count(const struct conf_node *node);
/* In the order of their lines, each text once. */
void conf_faults_tell(const struct conf_node *node, void (*tell)(void *context, const char *text),
                      void *context);
/* Whether nothing was refused of that key and what is in it (NULL: of the whole mapping); where the
 * key is absent: nothing that the mapping lacks. What is not sound was not read whole. The key may
 * be dotted. */
bool conf_is_sound(const struct conf_node *map, const char *key);

bool conf_has(const struct conf_node *map, const char *key);
/* Digest over all that the node says: equal for equal configurations, whatever their layout. */
struct digest conf_node_digest(const struct conf_node *node);

/* Which files the paths in these values lead to and when they were last written; for who has to
 * know that one holds something else by now under the same name. Take it before the files are read.
 * What is absent or a folder counts as nothing. */
struct digest conf_files_digest(const struct conf_row *rows, const void *values);

/* Looks into the file of each path that is set, in this table's own rows: opens and reads it, and
 * nothing else. `err` tells the first that is wrong, the document all. Certificates and keys are
 * judged by `pem`, whose error names the file. An err reads as conf_fail() writes it. */
typedef enum err_code (*conf_pem_fn)(enum conf_file file, const char *path, struct err *err);
enum err_code conf_files_check(const struct conf_node *node, const struct conf_row *rows,
                               const void *values, conf_pem_fn pem, struct err *err);

/* The rows as a page for people (plain text with the keys' paths). */
void conf_reference_rows(struct buf *out, const char *title, const struct conf_row *rows);

#endif
