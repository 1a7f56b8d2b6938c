/*
 * tables: what translation looks up in cap-schemas/tables. Everything returned is lent for ever.
 */
#ifndef CAPRELAY_TRANSLATE_TABLES_H
#define CAPRELAY_TRANSLATE_TABLES_H

#include "base/slice.h"
#include "schemas.h"
#include "translate/translate.h"

enum fidelity { FIDELITY_NONE = 0, FIDELITY_EXACT, FIDELITY_BROADER, FIDELITY_NARROWER };

/* One answer of an event table. */
struct event_match {
    struct slice code; /* absent where fidelity is none */
    enum fidelity fidelity;
    struct slice reason;     /* source column */
    const char *table;       /* where it was looked up; NULL: no row was asked for */
    struct slice key;        /* first column of the row; absent where there is no such row */
    struct slice confidence; /* high, med, low; low is unverified and gives no code */
};

/* What becomes of a code, parameter, geocode or eventCode of that name: value_names.tsv. */
struct name_rule {
    bool keep;
    struct slice counterpart; /* a further parameter; "" for none */
    struct slice description; /* its turn to be the description of an info without one; "": never */
    struct slice reason;
    struct slice key; /* of the row: "parameter/EAS-*"; absent where no row fits */
};
/* What it needs meanwhile is in the arena; the answer is lent for ever. */
struct name_rule table_name_rule(enum target target, const char *element, struct slice name,
                                 struct arena *arena);

/* The cell of the row with that key in that table's column; absent where there is no such row. */
struct slice table_cell(const char *table, struct slice key, const char *column);
/* The same, with ASCII letters of the key compared without case. */
struct slice table_cell_nocase(const char *table, struct slice key, const char *column);

/* CAP-CP event code to SAME, by class: "warning", "watch", "advisory" and "statement" (which count
 * as one). Absent: only a code that stands for the hazard whatever the class. */
struct event_match table_capcp_to_same(struct slice capcp_code, struct slice event_class);
struct event_match table_same_to_capcp(struct slice same_code);
/* By NationalWeatherService code or VTEC phenomenon and significance ("TOW"), or by the product's
 * name; column names the key. */
struct event_match table_nws_to_capcp(const char *column, struct slice key);
/* The class of that National Weather Service product. */
struct slice table_nws_class(const char *column, struct slice key);
/* The name of that product. */
struct slice table_nws_name(const char *column, struct slice key);
/* The class that a class's name says, in any letter case: lower case, lent for ever; else absent.
 */
struct slice table_class(struct slice name);

/* The language that the relay itself says something in: french.tsv or english.tsv. */
enum words { WORDS_FRENCH, WORDS_ENGLISH };
/* The text of a key GROUP.VALUE; "" where there is none. */
struct slice table_words(enum words words, const char *group, const char *value);

#endif
