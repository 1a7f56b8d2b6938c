/* The skeleton's far end: numbered documents. The registry is this file's, for no relay has it. */
#include "tests/contract/http_faults.h"

enum { DOCUMENTS_MAX = 50 };

extern const struct adapter_ops adapter_skeleton;
const struct adapter_ops *const adapter_registry[] = {&adapter_skeleton, NULL};

const struct adapter_ops *adapter_find(struct slice name)
{
    return slice_eq_cstr(name, adapter_skeleton.name) ? &adapter_skeleton : NULL;
}

static struct document {
    char *text; /* NULL: gone */
    int cuts;   /* so many answers are cut short */
} documents[DOCUMENTS_MAX];
static int count;
static bool kept_back;

static void answer(const struct http_call *call, struct http_result *result)
{
    int number = atoi(strrchr(call->url, '/') + 1);
    if (number >= count || kept_back) {
        result->status = kept_back ? 503 : 404;
        return;
    }
    struct document *document = &documents[number];
    result->status = document->text ? 200 : 410;
    result->body = slice_from_cstr(document->text);
    fake_http_cut(result, &document->cuts);
}

static void open_server(struct world *world)
{
    (void)world;
    fake_http_open(answer);
}

static void close_server(struct world *world)
{
    (void)world;
    for (int i = 0; i < count; i++)
        free(documents[i].text);
    memset(documents, 0, sizeof documents);
    count = 0;
    kept_back = false;
}

static void start_source(struct world *world)
{
    world_start(
        world, "sources:\n - {name: new, adapter: skeleton, url: 'https://alerts.example/docs'}\n");
}

static struct document *add(char *text)
{
    if (count == DOCUMENTS_MAX)
        abort();
    documents[count].text = text;
    return &documents[count++];
}

static void offer(struct world *world, int i, const char *text)
{
    (void)world;
    (void)i;
    add(mem_strdup(text));
}

/* Each try is cut off, until the document is gone for good. */
static void offer_half(struct world *world)
{
    (void)world;
    add(NULL)->cuts = 2;
}

static void withhold(struct world *world, bool withheld)
{
    (void)world;
    kept_back = withheld;
}

static const struct contract_driver driver = {
    .name = "skeleton",
    .open = open_server,
    .close = close_server,
    .start = start_source,
    .offer = offer,
    .offer_half = offer_half,
    .withhold = withhold,
    CONTRACT_POLLED,
    .patience_us = 100 * SECOND,
};

int main(void)
{
    return contract_run(&driver);
}
