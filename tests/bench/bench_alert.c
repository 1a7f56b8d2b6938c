/*
 * bench_alert: what one alert costs, bytes in to frame out, as a multiple of the floor measured in
 * the same run.
 */
#include "alert/identity.h"
#include "alert/parse.h"
#include "base/mem.h"
#include "cap-schemas/schemas.h"
#include "geo/geo.h"
#include "origin/origin.h"
#include "profile/profile.h"
#include "seal/bulletin.h"
#include "translate/translate.h"

#include <dirent.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 40, FILE_MAX = 8 * 1024 * 1024, FILES_MAX = 1000 };

struct bench {
    struct parser *parser;
    struct geo *geo;
    struct key actual, exercise;
    xmlSchemaPtr schema;
    double floor_us, work_us;
    double checked_us; /* work_us, and what checking the origin signatures adds to it */
    unsigned files;
    double ratios[FILES_MAX]; /* of the files */
};

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void ignore(void *context, xmlErrorPtr error)
{
    (void)context;
    (void)error;
}

/* glibc joins the small chunks that one leaves behind when the next asks for a large one: each is
 * to pay for its own. */
static void join_chunks(void)
{
    void *volatile large = malloc(4096);
    free(large);
}

static void floor_once(struct bench *bench, struct slice bytes, struct slice derived)
{
    xmlDocPtr doc =
        xmlReadMemory(bytes.ptr, (int)bytes.len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
    if (doc) {
        xmlSchemaValidCtxtPtr valid = xmlSchemaNewValidCtxt(bench->schema);
        xmlSchemaSetValidStructuredErrors(valid, ignore, NULL);
        xmlSchemaValidateDoc(valid, doc);
        xmlSchemaFreeValidCtxt(valid);
        xmlFreeDoc(doc);
    }
    struct digest a = digest_of(bytes);
    struct digest b = digest_of(derived);
    uint8_t signature[KEY_SIGNATURE_BYTES];
    char both[2 * DIGEST_BYTES];
    memcpy(both, a.bytes, DIGEST_BYTES);
    memcpy(both + DIGEST_BYTES, b.bytes, DIGEST_BYTES);
    key_sign(&bench->actual, SEAL_BULLETIN, slice_of(both, sizeof both), signature);
}

static bool seal(const struct bench *bench, const struct alert *alert, struct slice bytes,
                 const struct translation *translation, enum side side, struct buf *frame)
{
    enum alert_class class = alert_class_of_status(alert->status);
    const struct key *key = class == CLASS_ACTUAL ? &bench->actual : &bench->exercise;
    char text[40];
    snprintf(text, sizeof text, "%s.%s.all.", alert_class_name(class), side_name(side));
    struct slice topic = slice_from_cstr(text);
    struct bulletin_facts facts = {.relay = SLICE("bench"),
                                   .class = class,
                                   .side = side,
                                   .topics = &topic,
                                   .topic_count = 1,
                                   .original = alert,
                                   .derived = translation->derived,
                                   .target = slice_from_cstr(target_name(target_of_side(side))),
                                   .derived_xml = translation->xml,
                                   .original_bytes = bytes,
                                   .source = SLICE("bench"),
                                   .signature_verdict = SLICE("unchecked")};
    uint64_t prev = 0;
    struct bulletin_number number = {.seq = 1, .topic_prevs = &prev, .time_us = 1};
    struct bulletin_options options = {.compress = true, .inline_max_bytes = 512 * 1024};
    struct digest chain;
    return bulletin_seal(&options, key, &facts, &number, frame, &chain, NULL) == OK;
}

/* The derived message in the arena, or false where the file holds no alert that crosses. */
static bool work_once(struct bench *bench, struct arena *arena, struct slice bytes,
                      struct slice *derived)
{
    struct parsed parsed = parser_read(bench->parser, arena, bytes);
    struct alert *alert = parsed.alerts[0];
    if (!alert->relayable)
        return false;
    profile_check(alert, arena, profile_of_author(alert));
    enum side side = profile_side(alert) == SIDE_US ? SIDE_CA : SIDE_US;
    struct translate_options options = {
        .geo = bench->geo, .derived_sender = SLICE("bench.invalid"), .sliver_share = 0.01};
    struct translate_input input = {.alert = alert,
                                    .class = alert_class_of_status(alert->status),
                                    .target = target_of_side(side)};
    struct translation translation;
    if (translate(&options, &input, arena, &translation, NULL) != OK)
        return false;
    struct buf frame;
    buf_init(&frame, 2 * FILE_MAX);
    bool sealed = seal(bench, alert, bytes, &translation, side, &frame);
    buf_fini(&frame);
    *derived = translation.xml;
    return sealed;
}

static void measure(struct bench *bench, const char *name, struct slice bytes)
{
    struct arena *keep = arena_create();
    struct slice derived;
    if (!work_once(bench, keep, bytes, &derived)) {
        printf("%-60.60s not relayable\n", name);
        arena_destroy(keep);
        return;
    }
    double floor_us = 0;
    double work_us = 0;
    double checked_us = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double start = now_us();
        floor_once(bench, bytes, derived);
        join_chunks();
        double middle = now_us();
        struct arena *arena = arena_create();
        struct slice again;
        work_once(bench, arena, bytes, &again);
        arena_destroy(arena);
        join_chunks();
        floor_us += middle - start;
        work_us += now_us() - middle;
    }
    /* In rounds of their own: what they leave behind in the memory slows whatever comes next. */
    for (int i = 0; i < ROUNDS; i++) {
        double start = now_us();
        struct arena *arena = arena_create();
        struct origin origin;
        origin_check(NULL, arena, bytes, 0, &origin);
        arena_destroy(arena);
        checked_us += now_us() - start;
    }
    printf("%-60.60s %8zu bytes  floor %8.1f us  relay %8.1f us  ratio %5.2f, %5.2f with origin "
           "signatures checked\n",
           name, bytes.len, floor_us / ROUNDS, work_us / ROUNDS, work_us / floor_us,
           (work_us + checked_us) / floor_us);
    bench->floor_us += floor_us / ROUNDS;
    bench->work_us += work_us / ROUNDS;
    bench->checked_us += (work_us + checked_us) / ROUNDS;
    bench->ratios[bench->files++] = work_us / floor_us;
    arena_destroy(keep);
}

static void measure_folder(struct bench *bench, const char *folder)
{
    DIR *dir = opendir(folder);
    char *data = mem_alloc(FILE_MAX);
    struct bench before = *bench;
    for (struct dirent *entry; dir && (entry = readdir(dir)) && bench->files < FILES_MAX;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (!file)
            continue;
        size_t len = fread(data, 1, FILE_MAX, file);
        fclose(file);
        measure(bench, entry->d_name, slice_of(data, len));
    }
    free(data);
    if (dir)
        closedir(dir);
    if (bench->files > before.files)
        printf("%s: relay / floor = %.2f, %.2f with origin signatures checked\n", folder,
               (bench->work_us - before.work_us) / (bench->floor_us - before.floor_us),
               (bench->checked_us - before.checked_us) / (bench->floor_us - before.floor_us));
}

static int ratio_cmp(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sums weigh a large alert more than a small one; the median does not. */
static void tell(struct bench *bench)
{
    qsort(bench->ratios, bench->files, sizeof(double), ratio_cmp);
    printf("%u files: relay / floor = %.2f, %.2f with origin signatures checked; median of the "
           "files %.2f\n",
           bench->files, bench->work_us / bench->floor_us, bench->checked_us / bench->floor_us,
           bench->ratios[bench->files / 2]);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct err err = {0};
    if (argc < 3) {
        fprintf(stderr, "usage: bench_alert BOUNDARIES FOLDER...\n");
        return 2;
    }
    if (seal_init(&err) || parser_create(&bench.parser, &err) ||
        geo_open(argv[1], &bench.geo, &err)) {
        fprintf(stderr, "bench_alert: %s\n", err.text);
        return 1;
    }
    key_new(&bench.actual, KEY_ACTUAL);
    key_new(&bench.exercise, KEY_EXERCISE);
    const struct schema_text *text = schema_text_find("cap-1.2.xsd");
    xmlSchemaParserCtxtPtr context = xmlSchemaNewMemParserCtxt(text->text, (int)text->len);
    bench.schema = xmlSchemaParse(context);
    xmlSchemaFreeParserCtxt(context);
    for (int i = 2; i < argc; i++)
        measure_folder(&bench, argv[i]);
    if (bench.files)
        tell(&bench);
    xmlSchemaFree(bench.schema);
    parser_destroy(bench.parser);
    geo_close(bench.geo);
    return bench.files ? 0 : 1;
}
