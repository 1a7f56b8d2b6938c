/*
 * fixture: a COG's keys made anew, and its signatures checked by another implementation.
 */
#ifndef CAPRELAY_TESTS_UNIT_COG_FIXTURE_H
#define CAPRELAY_TESTS_UNIT_COG_FIXTURE_H

#include "../origin/fixture.h"

#define FIXTURE_TOOL                                                                               \
    "/usr/bin/python3 -W ignore " CAPRELAY_SOURCE "/tests/support/ipaws_signatures.py "

struct fixture {
    struct arena *arena;
    char folder[64];
};

static struct fixture fixture;
static const char *fixture_skipped;

static int fixture_make(void **state)
{
    char command[400];
    (void)state;
    fixture.arena = arena_create();
    if (system("/usr/bin/python3 -c 'import cryptography, lxml' 2>/dev/null"))
        fixture_skipped = "skipped: no python3-cryptography and python3-lxml";
    else if (system("xmlsec1 --version >/dev/null 2>&1"))
        fixture_skipped = "skipped: no xmlsec1";
    if (fixture_skipped)
        return 0;
    strcpy(fixture.folder, "/tmp/caprelay-cog-XXXXXX");
    if (!mkdtemp(fixture.folder))
        return -1;
    snprintf(command, sizeof command, FIXTURE_TOOL "make %s", fixture.folder);
    return system(command);
}

static int fixture_drop(void **state)
{
    char command[100];
    (void)state;
    arena_destroy(fixture.arena);
    snprintf(command, sizeof command, "rm -rf %s", fixture.folder);
    return fixture.folder[0] ? system(command) : 0;
}

static inline void fixture_need(void)
{
    if (!fixture_skipped)
        return;
    print_message("%s\n", fixture_skipped);
    skip();
}

static inline const char *fixture_path(const char *name)
{
    return arena_printf(fixture.arena, "%s/%s", fixture.folder, name).ptr;
}

/* Whether the other implementations find it good: "alert" or "request". */
static inline bool fixture_is_good(const char *what, struct slice text)
{
    const char *path = fixture_path("checked.xml");
    char command[500];
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    snprintf(command, sizeof command, FIXTURE_TOOL "%s %s %s", what, path, fixture_path("cog.pem"));
    return system(command) == 0;
}

#endif
