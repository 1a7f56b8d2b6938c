#include "alert/validate.h"

#include "alert/text.h"
#include "schemas.h"

enum { FAULTS_MAX = 25 };

struct fault_sink {
    schema_fault_fn fault;
    void *context;
};

static void on_schema_error(void *user, xmlError *error)
{
    const struct fault_sink *sink = user;
    sink->fault(sink->context, error->node, error->line > 0 ? (unsigned)error->line : 0,
                error->message ? error->message : "no text");
}

static void keep_first_text(void *context, const xmlNode *node, unsigned line, const char *message)
{
    (void)node;
    struct err *err = context;
    char text[200];
    if (err->text[0] != '\0')
        return;
    text_copy_line(text, sizeof text, message);
    err_set(err, ERR_INVALID, "line %u: %s", line, text);
}

static xmlSchema *compile(const char *name, struct err *err)
{
    const struct schema_text *text = schema_text_find(name);
    xmlSchemaParserCtxt *context =
        text ? xmlSchemaNewMemParserCtxt(text->text, (int)text->len) : NULL;
    if (!context) {
        err_set(err, ERR_NOT_FOUND, "schema %s is not built in", name);
        return NULL;
    }
    struct err fault = {0};
    struct fault_sink sink = {keep_first_text, &fault};
    xmlSchemaSetParserStructuredErrors(context, on_schema_error, &sink);
    xmlSchema *schema = xmlSchemaParse(context);
    xmlSchemaFreeParserCtxt(context);
    if (!schema)
        err_set(err, ERR_INVALID, "schema %s: %s", name, fault.text);
    return schema;
}

enum err_code schemas_init(struct schemas *schemas, struct err *err)
{
    static const char *const names[] = {
        [CAP_1_0] = "cap-1.0.xsd", [CAP_1_1] = "cap-1.1.xsd", [CAP_1_2] = "cap-1.2.xsd"};
    *schemas = (struct schemas){0};
    for (unsigned version = CAP_1_0; version <= CAP_1_2; version++) {
        struct err fault = {0};
        schemas->by_version[version] = compile(names[version], &fault);
        if (!schemas->by_version[version]) {
            schemas_fini(schemas);
            return err_set(err, fault.code, "%s", fault.text);
        }
    }
    return OK;
}

void schemas_fini(struct schemas *schemas)
{
    for (unsigned version = CAP_1_0; version <= CAP_1_2; version++)
        xmlSchemaFree(schemas->by_version[version]);
    *schemas = (struct schemas){0};
}

bool schemas_validate(const struct schemas *schemas, enum cap_version version, xmlNode *element,
                      schema_fault_fn fault, void *context)
{
    struct fault_sink sink = {fault, context};
    xmlSchema *schema = schemas->by_version[version];
    xmlSchemaValidCtxt *validation = schema ? xmlSchemaNewValidCtxt(schema) : NULL;
    if (!validation)
        return false;
    xmlSchemaSetValidStructuredErrors(validation, on_schema_error, &sink);
    int result = xmlSchemaValidateOneElement(validation, element);
    xmlSchemaFreeValidCtxt(validation);
    return result == 0;
}

struct finder {
    struct reader *reader;
    unsigned count;
};

/* libxml2 writes names as {namespace}name; the namespace of the alert is the same in all of them
 * and only hides the name. */
static void print_without_namespace(char *out, size_t out_size, const char *message,
                                    const char *namespace)
{
    size_t len = 0, skip = strlen(namespace) + 2;
    while (*message != '\0' && *message != '\n' && len + 1 < out_size) {
        if (*message == '{' && strncmp(message + 1, namespace, skip - 2) == 0 &&
            message[skip - 1] == '}')
            message += skip;
        else
            out[len++] = *message++;
    }
    out[len] = '\0';
}

static void add_schema_finding(void *context, const xmlNode *node, unsigned line,
                               const char *message)
{
    (void)line;
    struct finder *finder = context;
    struct reader *r = finder->reader;
    char plain[400], text[300];
    if (++finder->count > FAULTS_MAX)
        return;
    print_without_namespace(plain, sizeof plain, message, cap_namespace(r->alert->version));
    text_copy_line(text, sizeof text, plain);
    reader_find(r, "schema", FINDING_WARNING, node, "%s", text);
}

void validate_alert(const struct schemas *schemas, struct reader *r, xmlNode *element)
{
    struct finder finder = {.reader = r};
    r->alert->schema_valid =
        schemas_validate(schemas, r->alert->version, element, add_schema_finding, &finder);
    if (finder.count > FAULTS_MAX)
        reader_find(r, "schema", FINDING_WARNING, element, "%u more faults by the schema",
                    finder.count - FAULTS_MAX);
}
