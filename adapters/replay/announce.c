#include "adapters/replay/announce.h"

#include "adapters/replay/rewrite.h"
#include "alert/write.h"
#include "base/clock.h"

enum language { ENGLISH = 0, FRENCH };

/* No shape: it concerns all that the exercise may reach, and topic `--` carries it. */
static void add_area(struct arena *arena, const struct announcement *a, enum language language,
                     struct cap_info *info)
{
    info->areas = arena_alloc(arena, sizeof *info->areas);
    info->area_count = 1;
    info->areas[0].area_desc =
        language == ENGLISH
            ? arena_printf(arena, "Exercise %.*s: wherever its messages go", SLICE_ARG(a->run_id))
            : arena_printf(arena, "Exercice %.*s : partout où vont ses messages",
                           SLICE_ARG(a->run_id));
    if (a->side != SIDE_CA)
        return;
    info->areas[0].geocodes.items = arena_alloc(arena, sizeof *info->areas[0].geocodes.items);
    info->areas[0].geocodes.items[0] =
        (struct cap_pair){.name = SLICE("profile:CAP-CP:Location:0.3"), .value = SLICE("none")};
    info->areas[0].geocodes.count = 1;
}

static void say_english(struct arena *arena, const struct announcement *a, struct cap_info *info)
{
    char end[CLOCK_TEXT_MAX];
    info->language = a->side == SIDE_CA ? SLICE("en-CA") : SLICE("en-US");
    info->headline = arena_printf(arena, REWRITE_HEADLINE ": exercise %.*s has %s",
                                  SLICE_ARG(a->run_id), a->ended ? "ended" : "started");
    info->instruction = SLICE("No action is needed.");
    info->description =
        a->ended
            ? arena_printf(arena,
                           "Exercise %.*s, which played the recording %.*s, has ended: %zu messages"
                           " were played. Nothing of it was real.",
                           SLICE_ARG(a->run_id), SLICE_ARG(a->recording), a->alerts)
            : arena_printf(arena,
                           "The recording %.*s is being played as exercise %.*s: %zu messages, each"
                           " marked " REWRITE_HEADLINE ". Nothing of it is real. It should end at"
                           " %s.",
                           SLICE_ARG(a->recording), SLICE_ARG(a->run_id), a->alerts,
                           clock_format_s(a->end_s, end));
}

static void say_french(struct arena *arena, const struct announcement *a, struct cap_info *info)
{
    char end[CLOCK_TEXT_MAX];
    info->language = SLICE("fr-CA");
    info->headline = arena_printf(arena, REWRITE_HEADLINE " : l'exercice %.*s %s",
                                  SLICE_ARG(a->run_id), a->ended ? "est terminé" : "a commencé");
    info->instruction = SLICE("Aucune mesure n'est requise.");
    info->description =
        a->ended ? arena_printf(arena,
                                "L'exercice %.*s, qui diffusait l'enregistrement %.*s, est terminé."
                                " Messages diffusés : %zu. Rien n'en était réel.",
                                SLICE_ARG(a->run_id), SLICE_ARG(a->recording), a->alerts)
                 : arena_printf(arena,
                                "L'enregistrement %.*s est diffusé comme exercice %.*s. Messages :"
                                " %zu, chacun marqué " REWRITE_HEADLINE ". Rien n'en est réel. Fin"
                                " prévue : %s.",
                                SLICE_ARG(a->recording), SLICE_ARG(a->run_id), a->alerts,
                                clock_format_s(a->end_s, end));
}

static struct slice identifier(struct arena *arena, const struct announcement *a, const char *what)
{
    return arena_printf(arena, "exercise-%.*s-%.*s-%s-%s", SLICE_ARG(a->run_id),
                        SLICE_ARG(a->source), side_name(a->side), what);
}

static void add_info(struct arena *arena, const struct announcement *a, enum language language,
                     struct cap_info *info)
{
    int64_t from_s = a->ended || a->end_s < a->sent_s ? a->sent_s : a->end_s;
    info->categories = arena_alloc(arena, sizeof *info->categories);
    info->categories[0] = CATEGORY_OTHER;
    info->category_count = 1;
    info->event = language == ENGLISH ? SLICE("exercise") : SLICE("exercice");
    info->response_types = arena_alloc(arena, sizeof *info->response_types);
    info->response_types[0] = RESPONSE_MONITOR;
    info->response_type_count = 1;
    /* Past: an exercise that has ended is in force no more. */
    info->urgency = a->ended ? URGENCY_PAST : URGENCY_UNKNOWN;
    info->severity = SEVERITY_UNKNOWN;
    info->certainty = CERTAINTY_UNKNOWN;
    info->expires = cap_time_make(arena, from_s + ANNOUNCE_MARGIN_S, 0);
    info->sender_name = arena_printf(arena, "caprelay %.*s", SLICE_ARG(a->relay));
    if (language == ENGLISH)
        say_english(arena, a, info);
    else
        say_french(arena, a, info);
    add_area(arena, a, language, info);
}

static void add_reference(struct arena *arena, const struct announcement *a, struct alert *alert)
{
    struct cap_reference *start = arena_alloc(arena, sizeof *start);
    start->sender = alert->sender;
    start->identifier = identifier(arena, a, "start");
    start->sent = cap_time_make(arena, a->start_sent_s, 0);
    alert->references = start;
    alert->reference_count = 1;
}

void announce_write(struct arena *arena, const struct announcement *announcement, struct buf *out)
{
    const struct announcement *a = announcement;
    struct slice code = a->side == SIDE_CA ? SLICE("profile:CAP-CP:0.4") : SLICE("IPAWSv1.0");
    struct cap_info infos[2] = {{.line = 0}};
    struct alert alert = {.version = CAP_1_2,
                          .identifier = identifier(arena, a, a->ended ? "end" : "start"),
                          .sender = arena_printf(arena, "exercise@%.*s", SLICE_ARG(a->relay)),
                          .sent = cap_time_make(arena, a->sent_s, 0),
                          .status = STATUS_EXERCISE,
                          .msg_type = a->ended ? MSG_TYPE_UPDATE : MSG_TYPE_ALERT,
                          .scope = SCOPE_PUBLIC,
                          .codes = {.items = &code, .count = 1},
                          .infos = infos,
                          .info_count = 2};
    alert.note = arena_printf(arena, REWRITE_HEADLINE ": replay of the recording %.*s (run %.*s)",
                              SLICE_ARG(a->recording), SLICE_ARG(a->run_id));
    if (a->ended)
        add_reference(arena, a, &alert);
    add_info(arena, a, ENGLISH, &infos[0]);
    add_info(arena, a, FRENCH, &infos[1]);
    alert_write(&alert, out);
}
