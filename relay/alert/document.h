/*
 * document: bytes to an XML tree, within limits. For this room, and for origin: what is verified is
 * to be what was read.
 */
#ifndef CAPRELAY_ALERT_DOCUMENT_H
#define CAPRELAY_ALERT_DOCUMENT_H

#include "base/slice.h"

#include <libxml/tree.h>

enum document_refusal {
    DOCUMENT_OK = 0,
    DOCUMENT_NOT_XML,
    DOCUMENT_DOCTYPE,
    DOCUMENT_TOO_DEEP,
    DOCUMENT_TOO_MANY_ELEMENTS,
    DOCUMENT_TOO_MANY_ATTRIBUTES,
    DOCUMENT_FOREIGN_ENCODING /* one in which the attributes cannot be counted, and large */
};

struct document {
    xmlDoc *tree; /* NULL where refused; freed by document_fini */
    enum document_refusal refusal;
    unsigned line; /* of the fault */
    char text[240];
};

/* The blanks between the elements of an alert are half of its nodes and say nothing to a reader;
 * what is signed has them. They go only where the alert is the root: within something else it is
 * taken out node for node. */
enum document_blanks { DOCUMENT_AS_IT_IS, DOCUMENT_WITHOUT_INDENTATION };

/* `encoding` overrides the declaration; NULL leaves it. */
void document_init(struct document *document, struct slice bytes, const char *encoding,
                   enum document_blanks blanks);
void document_fini(struct document *document);

#endif
