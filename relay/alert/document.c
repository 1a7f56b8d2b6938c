#include "alert/document.h"

#include "alert/parse.h"
#include "alert/read.h"
#include "alert/scan.h"
#include "alert/text.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <stdio.h>

struct limits {
    struct document *document;
    startElementNsSAX2Func start_element;
    unsigned element_count;
    enum document_blanks blanks;
};

static void refuse(xmlParserCtxt *context, enum document_refusal refusal, const char *text)
{
    struct limits *limits = context->_private;
    if (limits->document->refusal == DOCUMENT_OK || limits->document->refusal == DOCUMENT_NOT_XML) {
        limits->document->refusal = refusal;
        limits->document->line = context->input ? (unsigned)context->input->line : 0;
        snprintf(limits->document->text, sizeof limits->document->text, "%s", text);
    }
    xmlStopParser(context);
}

/* Called at `<!DOCTYPE name`, before any declaration in it is read: nothing is declared, expanded
 * or fetched. */
static void on_doctype(void *user, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    refuse(user, DOCUMENT_DOCTYPE, "a document with a DOCTYPE is refused");
}

/* What holds elements, and whose own text is read by nobody where it does. */
static bool holds_elements(const xmlNode *node)
{
    static const char *const names[] = {"info",      "area",     "geocode", "parameter",
                                        "eventCode", "resource", "alert"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (node->name[0] == (xmlChar)names[i][0] &&
            strcmp((const char *)node->name, names[i]) == 0)
            return true;
    }
    return false;
}

/* libxml2 takes any blanks between two pieces of markup for indentation. Within words they part
 * those: `1<!-- --> <!-- -->2`, `<b>1</b> <b>2</b>`. */
static void take_blanks(void *user, const xmlChar *text, int len)
{
    const xmlParserCtxt *context = user;
    const xmlNode *last = context->node->last;
    if ((last && last->type != XML_ELEMENT_NODE) || !holds_elements(context->node))
        context->sax->characters(user, text, len);
}

/* Alerts within something else are taken out of it node for node, with signatures over them. */
static bool is_alert(const xmlChar *name, const xmlChar *uri)
{
    return uri && cap_version_of_namespace((const char *)uri) != CAP_VERSION_UNKNOWN &&
           strcmp((const char *)name, "alert") == 0;
}

static void on_element(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                       int namespace_count, const xmlChar **namespaces, int attribute_count,
                       int defaulted_count, const xmlChar **attributes)
{
    xmlParserCtxt *context = user;
    struct limits *limits = context->_private;
    if (limits->element_count == 0 && limits->blanks == DOCUMENT_WITHOUT_INDENTATION &&
        is_alert(name, uri))
        context->sax->ignorableWhitespace = take_blanks;
    if (context->nodeNr >= PARSE_DEPTH_MAX)
        refuse(context, DOCUMENT_TOO_DEEP, "elements are nested too deep");
    else if (++limits->element_count > PARSE_ELEMENTS_MAX)
        refuse(context, DOCUMENT_TOO_MANY_ELEMENTS, "too many elements");
    else
        limits->start_element(user, name, prefix, uri, namespace_count, namespaces, attribute_count,
                              defaulted_count, attributes);
}

static void keep_first_error(struct document *document, const xmlError *error)
{
    if (document->refusal != DOCUMENT_OK)
        return;
    document->refusal = DOCUMENT_NOT_XML;
    document->line = error->line > 0 ? (unsigned)error->line : 0;
    text_copy_line(document->text, sizeof document->text, error->message);
}

/* What libxml2 gets over, such as an undeclared prefix, is for the schema to find. */
static void on_error(void *user, xmlError *error)
{
    xmlParserCtxt *context = user;
    struct limits *limits = context->_private;
    if (error->level == XML_ERR_FATAL)
        keep_first_error(limits->document, error);
}

/* Conversions of character sets report past the parser's own handler, and would write to stderr. */
static void on_stray_error(void *user, xmlError *error)
{
    if (error->level >= XML_ERR_ERROR)
        keep_first_error(user, error);
}

static xmlDoc *parse(xmlParserCtxt *context, struct document *document, struct slice bytes,
                     const char *encoding)
{
    int options = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT | XML_PARSE_BIG_LINES;
    /* Both belong to the thread. */
    xmlStructuredErrorFunc handler_before = xmlStructuredError;
    void *context_before = xmlStructuredErrorContext;
    xmlSetStructuredErrorFunc(document, on_stray_error);
    xmlDoc *tree = xmlCtxtReadMemory(context, bytes.ptr ? bytes.ptr : "", (int)bytes.len, NULL,
                                     encoding, options);
    xmlSetStructuredErrorFunc(context_before, handler_before);
    return tree;
}

static void free_tree(struct document *document)
{
    if (document->tree)
        xmlFreeDoc(document->tree);
    document->tree = NULL;
}

static void refuse_unread(struct document *document, enum document_refusal refusal,
                          const char *text)
{
    document->refusal = refusal;
    snprintf(document->text, sizeof document->text, "%s", text);
}

static bool is_bearable(struct document *document, struct slice bytes, const char *encoding)
{
    bool ascii_based = encoding || scan_is_ascii_based(bytes);
    if (!ascii_based && bytes.len > SCAN_FOREIGN_BYTES_MAX)
        refuse_unread(document, DOCUMENT_FOREIGN_ENCODING,
                      "too large for an encoding that is not based on ASCII");
    else if (ascii_based && scan_has_too_many_attributes(bytes))
        refuse_unread(document, DOCUMENT_TOO_MANY_ATTRIBUTES, "an element has too many attributes");
    return document->refusal == DOCUMENT_OK;
}

static void read_tree(struct document *document, struct slice bytes, const char *encoding,
                      enum document_blanks blanks)
{
    struct limits limits = {.document = document, .blanks = blanks};
    xmlParserCtxt *context = bytes.len <= INT_MAX ? xmlNewParserCtxt() : NULL;
    if (!context) {
        refuse_unread(document, DOCUMENT_NOT_XML, "no memory for the XML reader");
        return;
    }
    limits.start_element = context->sax->startElementNs;
    context->sax->startElementNs = on_element;
    context->sax->internalSubset = on_doctype;
    context->sax->serror = on_error;
    context->_private = &limits;
    document->tree = parse(context, document, bytes, encoding);
    xmlFreeParserCtxt(context);
    /* A stray error behind the root element's end leaves a whole tree. */
    if (document->tree && document->refusal == DOCUMENT_NOT_XML)
        document->refusal = DOCUMENT_OK;
}

void document_init(struct document *document, struct slice bytes, const char *encoding,
                   enum document_blanks blanks)
{
    *document = (struct document){0};
    if (!is_bearable(document, bytes, encoding))
        return;
    read_tree(document, bytes, encoding, blanks);
    bool has_root = document->tree && xmlDocGetRootElement(document->tree);
    if (document->refusal == DOCUMENT_OK && !has_root)
        refuse_unread(document, DOCUMENT_NOT_XML, "there is no root element");
    if (document->refusal != DOCUMENT_OK)
        free_tree(document);
}

void document_fini(struct document *document)
{
    free_tree(document);
}
