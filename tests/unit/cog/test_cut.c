/* Alerts out of what is around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "cog/cut.h"

#include <string.h>

#define CAP "urn:oasis:names:tc:emergency:cap:1.2"

static const struct {
    const char *text;
    const char *cut[4]; /* in order; the rest NULL */
} cases[] = {
    {"<a><alert xmlns='" CAP "'>x</alert></a>", {"<alert xmlns='" CAP "'>x</alert>"}},
    {"<alert xmlns=\"" CAP "\"/>", {"<alert xmlns=\"" CAP "\"/>"}},
    {"<a>\n <alert xmlns='" CAP "'\n>1</alert >mid<alert xmlns='" CAP "'>2</alert></a>\n",
     {"<alert xmlns='" CAP "'\n>1</alert >", "<alert xmlns='" CAP "'>2</alert>"}},
    /* The version is the reader's to judge. */
    {"<a><alert xmlns='http://www.incident.com/cap/1.0'/><alert xmlns='" CAP "'/></a>",
     {"<alert xmlns='http://www.incident.com/cap/1.0'/>", "<alert xmlns='" CAP "'/>"}},
    /* Of another kind: no alert, though what is in it may be one. */
    {"<alert><alert xmlns='urn:x'><alert xmlns='" CAP "'>i</alert></alert></alert>",
     {"<alert xmlns='" CAP "'>i</alert>"}},
    /* One in another goes with it. */
    {"<a><alert xmlns='" CAP "'>o<alert>i</alert>p</alert></a>",
     {"<alert xmlns='" CAP "'>o<alert>i</alert>p</alert>"}},
    {"<a><alert xmlns='" CAP "'>o<alert/><alert>i</alert>p</alert></a>",
     {"<alert xmlns='" CAP "'>o<alert/><alert>i</alert>p</alert>"}},
    /* A malformed one takes nothing of the others. */
    {"<a><alert xmlns='" CAP "'><b><c></b></alert><alert xmlns='" CAP "'>2</alert></a>",
     {"<alert xmlns='" CAP "'><b><c></b></alert>", "<alert xmlns='" CAP "'>2</alert>"}},
    {"<a><alert xmlns='" CAP "'>1</b></c></d>x</alert><alert xmlns='" CAP "'>2</alert></a>",
     {"<alert xmlns='" CAP "'>1</b></c></d>x</alert>", "<alert xmlns='" CAP "'>2</alert>"}},
    {"<a><alert xmlns='" CAP "'><b>1 <alert xmlns='" CAP "'>2</alert><alert xmlns='" CAP
     "'>3</a><alert xmlns='" CAP "'/>",
     {"<alert xmlns='" CAP "'><b>1 ", "<alert xmlns='" CAP "'>2</alert>",
      "<alert xmlns='" CAP "'>3", "<alert xmlns='" CAP "'/>"}},
    {"<a xmlns:c='" CAP "'><c:alert><c:b><d><c:alert/></c:alert></a>",
     {"<c:alert xmlns:c='" CAP "'><c:b><d>", "<c:alert xmlns:c='" CAP "'/>"}},
    /* What the elements around declare is declared anew, where it is used. */
    {"<a xmlns='" CAP "'><alert>x</alert></a>", {"<alert xmlns='" CAP "'>x</alert>"}},
    {"<a xmlns:c=\"" CAP "\" xmlns:d='urn:d' xmlns:e='urn:e'><c:alert b='>'><c:note d:y='1'/>"
     "</c:alert></a>",
     {"<c:alert xmlns:c=\"" CAP "\" xmlns:d='urn:d' b='>'><c:note d:y='1'/></c:alert>"}},
    {"<a xmlns:c='urn:old'><b xmlns:c='" CAP "'><c:alert/></b><c:alert/></a>",
     {"<c:alert xmlns:c='" CAP "'/>"}},
    {"<a xmlns:d='urn:1'><b xmlns:d='urn:2'/><alert xmlns='" CAP "'><d:x/></alert></a>",
     {"<alert xmlns:d='urn:1' xmlns='" CAP "'><d:x/></alert>"}},
    {"<a xmlns:d='urn:1'><alert xmlns:d='urn:2' xmlns='" CAP "'><d:x/></alert></a>",
     {"<alert xmlns:d='urn:2' xmlns='" CAP "'><d:x/></alert>"}},
    {"<a xmlns='urn:w' xmlns:c='" CAP "'><c:alert><x/></c:alert></a>",
     {"<c:alert xmlns='urn:w' xmlns:c='" CAP "'><x/></c:alert>"}},
    /* What only looks like a tag is none. */
    {"<a><!-- <alert xmlns='" CAP "'> --><?x <alert xmlns='" CAP "'>?><![CDATA[<alert xmlns='" CAP
     "'>]]><alert xmlns='" CAP "'><!-- </alert> --><![CDATA[</alert>]]><?p </alert>?><b c='</alert>"
     "'/></alert></a>",
     {"<alert xmlns='" CAP "'><!-- </alert> --><![CDATA[</alert>]]><?p </alert>?><b c='</alert>'/>"
      "</alert>"}},
    {"<a><alerts xmlns='" CAP "'/><xalert xmlns='" CAP "'/></a>", {NULL}},
    /* Bytes that are not UTF-8 are told so. */
    {"<?xml version='1.0' encoding='ISO-8859-1'?><a><alert xmlns='" CAP "'>\344</alert></a>",
     {"<?xml version='1.0' encoding='ISO-8859-1'?><alert xmlns='" CAP "'>\344</alert>"}},
    {"<?xml version='1.0' encoding='utf-8'?><a><alert xmlns='" CAP "'>x</alert></a>",
     {"<alert xmlns='" CAP "'>x</alert>"}},
    /* No document: no alert, and no harm. */
    {"", {NULL}},
    {"<", {NULL}},
    {"<a><alert xmlns='" CAP "'>", {NULL}},
    {"<a><alert xmlns='" CAP "'>x</alert", {NULL}},
    {"</a></a><alert xmlns='" CAP "'/>", {"<alert xmlns='" CAP "'/>"}},
    {"<a b='><alert xmlns=\"" CAP "\"/>", {NULL}},
    {"<!DOCTYPE a><alert xmlns='" CAP "'/>", {NULL}},
    {"<!-- <alert xmlns='" CAP "'/>", {NULL}},
};

enum { MANY = 4 };

static size_t cut(struct arena *arena, struct slice text, struct slice *out)
{
    struct cog_cutter cutter;
    size_t from, before = 0, count = 0;
    cog_cutter_init(&cutter, text);
    while (cog_cutter_find(&cutter, &from)) {
        assert_true(count < MANY && from >= before && cutter.at > from && cutter.at <= text.len);
        out[count++] = cog_cutter_take(&cutter, arena);
        before = cutter.at;
    }
    assert_false(cog_cutter_find(&cutter, &from));
    assert_int_equal(cutter.at, text.len);
    return count;
}

static void what_is_cut_is_what_stood_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_create();
        struct slice out[MANY];
        size_t wanted = 0, count = cut(arena, slice_from_cstr(cases[i].text), out);
        while (wanted < MANY && cases[i].cut[wanted])
            wanted++;
        if (count != wanted)
            fail_msg("case %zu: %zu alerts, not %zu", i, count, wanted);
        for (size_t k = 0; k < count; k++)
            if (!slice_eq_cstr(out[k], cases[i].cut[k]))
                fail_msg("case %zu: %.*s", i, SLICE_ARG(out[k]));
        arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_cut_is_what_stood_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
