/* What every outlet says; the keys of its kind follow. */
#include "conf/relay_conf.h"
#include "conf/relay_rows.h"

#define OUTLET(member) .offset = offsetof(struct relay_conf_outlet, member)

static const struct conf_choice class_choices[] = {
    {"actual", CONF_CLASS_ACTUAL}, {"exercise", CONF_CLASS_EXERCISE}, {NULL, 0}};
static const struct conf_choice side_choices[] = {
    {"ca", CONF_SIDE_CA}, {"us", CONF_SIDE_US}, {NULL, 0}};
static const struct conf_choice refusal_choices[] = {
    {"stop", CONF_REFUSAL_STOP}, {"skip", CONF_REFUSAL_SKIP}, {NULL, 0}};
static const struct conf_choice from_choices[] = {
    {"now", CONF_FROM_NOW}, {"first", CONF_FROM_FIRST}, {NULL, 0}};

const struct conf_row relay_conf_outlet_rows[] = {
    {.name = "name",
     .type = CONF_TEXT,
     OUTLET(name),
     .required = true,
     .check = conf_check_name,
     .help = "Its name in log and `status`, and of its cursor in the journal: an outlet that is "
             "taken out and put in again goes on where it was; under another name it begins anew."},
    {.name = "kind",
     .type = CONF_TEXT,
     OUTLET(kind),
     .required = true,
     .help = "What delivers: webhook, amqp, masas or ipaws_cog; the kind's own keys follow."},
    {.name = "class",
     .type = CONF_CHOICES,
     OUTLET(classes),
     .fallback = "actual",
     .choices = class_choices,
     .help = "Bulletins of which class. Exercises must be written out; `[actual, exercise]` gives "
             "both, each with a cursor of its own, told apart by their class."},
    {.name = "sides",
     .type = CONF_CHOICES,
     OUTLET(sides),
     .choices = side_choices,
     .help = "Only bulletins for the subscribers of that side. Default: both."},
    {.name = "regions",
     .type = CONF_TEXTS,
     OUTLET(regions),
     .check = conf_check_regions,
     .help = "Only bulletins for these states and provinces (ME, NB), and those for a whole "
             "country or an unknown place. Default: all."},
    {.name = "from",
     .type = CONF_CHOICE,
     OUTLET(from),
     .fallback = "now",
     .choices = from_choices,
     .help = "Where a new outlet begins: at what is published from now on, or at the first "
             "bulletin in the journal."},
    {.name = "on_refusal",
     .type = CONF_CHOICE,
     OUTLET(on_refusal),
     .fallback = "stop",
     .choices = refusal_choices,
     .help = "When the far end refuses a bulletin for what it is (HTTP 400, 413, 422, ...): stop: "
             "nothing behind it is delivered, the outlet is down, and it is offered again every "
             "`retry_max`; skip: it is left out, with an error in the log."},
    {.name = "retry_first",
     .type = CONF_DURATION,
     OUTLET(retry_first_us),
     .fallback = "1s",
     .min = 0.01,
     .max = 3600,
     .help = "Pause after a first failure; it doubles with each further one."},
    {.name = "retry_max",
     .type = CONF_DURATION,
     OUTLET(retry_max_us),
     .fallback = "2m",
     .min = 0.01,
     .max = 3600,
     .help = "The longest pause, unless the far end asks for more (Retry-After)."},
    {.type = CONF_REST, OUTLET(node)},
    {.type = CONF_END}};
