#include "relayd_view.h"

static const char *relayd_policy_name(enum origin_policy policy)
{
    static const char *const names[] = {
        [ORIGIN_IGNORE] = "ignore", [ORIGIN_FLAG] = "flag", [ORIGIN_REQUIRE] = "require"};
    return names[policy];
}

static void view_sources(void *context, view_source_fn each, void *each_context)
{
    const struct relayd_view *view = context;

    for (size_t i = 0; view->hosts && i < hosts_count(view->hosts); i++) {
        struct source_status status = hosts_status(view->hosts, i);
        struct view_source source = {
            .name = status.name,
            .adapter = status.adapter,
            .class = status.class,
            .state = source_state_name(status.state),
            .reason = status.reason,
            .since_us = status.since_us,
            .last_message_us = status.last_message_us,
            .has_lag = status.has_lag,
            .lag_us = status.lag_us,
            .paused = status.paused,
            .received = status.received,
            .relayed = status.relayed,
            .duplicate = status.duplicate,
            .unreadable = status.unreadable,
            .refused = status.refused,
            .other = status.other,
            .in_flight = status.in_flight,
            .signature = relayd_policy_name(status.signature),
            .pin = status.pin,
            .pin_ends_us = status.pin_ends_us,
        };

        each(each_context, &source);
    }
}

static void view_outlets(void *context, view_outlet_fn each, void *each_context)
{
    const struct relayd_view *view = context;

    for (size_t i = 0; view->outlets && i < outlets_count(view->outlets); i++) {
        struct outlet_status status = outlets_status(view->outlets, i);
        struct view_outlet outlet = {
            .name = status.name,
            .kind = status.kind,
            .class = status.class,
            .state = source_state_name(status.state),
            .reason = status.reason,
            .since_us = status.since_us,
            .last_delivered_us = status.last_delivered_us,
            .delivered = status.delivered,
            .skipped = status.skipped,
            .cursor = status.cursor,
            .behind = status.behind,
        };

        each(each_context, &outlet);
    }
}

static void view_counts(void *context, view_count_fn each, void *each_context)
{
    const struct relayd_view *view = context;

    if (view->intake)
        intake_counts(view->intake, each, each_context);
}

void relayd_view_init(struct relayd_view *view, const struct relay_conf *conf)
{
    *view = (struct relayd_view){
        .conf = conf,
        .view =
            {
                .relay_name = conf->relay.name,
                .version = SLICE(CAPRELAY_VERSION),
                .started_us = clock_now_us(&clock_system),
                .sources = view_sources,
                .outlets = view_outlets,
                .counts = view_counts,
                .context = view,
            },
    };
}

void relayd_view_set_keys(struct relayd_view *view, const struct relayd_keys *keys,
                          const struct relayd_key_list *list)
{
    view->view.keys[0] = (struct view_key){keys->actual.id, "actual", list->actual_not_after_us};
    view->view.keys[1] =
        (struct view_key){keys->exercise.id, "exercise", list->exercise_not_after_us};
    view->view.key_count = 2;
    view->view.key_list = slice_of(list->bytes, list->len);
    view->view.keys_issued_us = list->issued_us;
}
