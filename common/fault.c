#include "common/fault.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RULES_MAX = 16, ANY_POINT = FAULT_POINT_COUNT, NAME_SIZE = 40 };

enum action { ACTION_NONE, ACTION_CRASH, ACTION_ERROR, ACTION_DELAY };

struct rule {
    int point;
    enum action action;
    int nth;
    int delay_ms;
};

static struct {
    pthread_once_t once;
    struct rule rules[RULES_MAX];
    int rule_count;
    int trace; /* a descriptor, or -1 */
    atomic_int passed[FAULT_POINT_COUNT + 1];
} faults = {.once = PTHREAD_ONCE_INIT, .trace = -1};

#define FAULT(name, place, kinds) #name,
static const char *const names[] = {
#include "common/fault_points.def"
    "any",
};
#undef FAULT

/* A test that asks for what there is not would prove nothing. */
static _Noreturn void refuse(const char *text)
{
    fprintf(stderr, "FLEET_FAULT: \"%s\" is not NAME:KIND:NTH\n", text);
    abort();
}

static struct rule read_rule(const char *text)
{
    struct rule rule = {.point = -1};
    char name[NAME_SIZE];
    char kind[NAME_SIZE];

    if (sscanf(text, "%39[a-z_]:%39[a-z=0-9]:%d", name, kind, &rule.nth) != 3 || rule.nth < 1)
        refuse(text);
    for (int i = 0; i <= FAULT_POINT_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            rule.point = i;
    if (strcmp(kind, "crash") == 0)
        rule.action = ACTION_CRASH;
    else if (strcmp(kind, "error") == 0)
        rule.action = ACTION_ERROR;
    else if (sscanf(kind, "delay=%d", &rule.delay_ms) == 1)
        rule.action = ACTION_DELAY;
    if (rule.point < 0 || rule.action == ACTION_NONE)
        refuse(text);
    return rule;
}

static void configure(void)
{
    const char *text = getenv("FLEET_FAULT");
    const char *trace = getenv("FLEET_FAULT_TRACE");

    if (trace != NULL)
        faults.trace = open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    while (text != NULL && *text != '\0') {
        if (faults.rule_count == RULES_MAX)
            refuse(text);
        faults.rules[faults.rule_count++] = read_rule(text);
        text = strchr(text, ',');
        text = text != NULL ? text + 1 : NULL;
    }
}

static void trace(enum fault_point point, const char *mark)
{
    char line[NAME_SIZE + 2];
    int length = snprintf(line, sizeof line, "%s%s\n", names[point], mark);

    if (faults.trace >= 0 && write(faults.trace, line, (size_t)length) != length)
        faults.trace = -1;
}

static enum action due(enum fault_point point, int *delay_ms)
{
    pthread_once(&faults.once, configure);
    int own = atomic_fetch_add(&faults.passed[point], 1) + 1;
    int all = atomic_fetch_add(&faults.passed[ANY_POINT], 1) + 1;

    trace(point, "");
    for (int i = 0; i < faults.rule_count; i++) {
        const struct rule *rule = &faults.rules[i];

        if ((rule->point == (int)point && rule->nth == own) ||
            (rule->point == ANY_POINT && rule->nth == all)) {
            *delay_ms = rule->delay_ms;
            return rule->action;
        }
    }
    return ACTION_NONE;
}

/* Whether an error is due. */
static bool pass(enum fault_point point)
{
    int delay_ms = 0;
    enum action action = due(point, &delay_ms);
    struct timespec delay = {delay_ms / 1000, delay_ms % 1000 * 1000000L};

    if (action != ACTION_NONE)
        trace(point, "!");
    if (action == ACTION_CRASH)
        (void)raise(SIGKILL);
    if (action == ACTION_DELAY)
        (void)nanosleep(&delay, NULL);
    return action == ACTION_ERROR;
}

void fault_point(enum fault_point point)
{
    (void)pass(point);
}

bool fault_error(enum fault_point point, struct error *err)
{
    if (!pass(point))
        return false;
    error_set(err, ERROR_IO, "a fault that a test asked for at %s", names[point]);
    return true;
}

void fault_cut(enum fault_point point, int descriptor)
{
    if (pass(point))
        (void)shutdown(descriptor, SHUT_RDWR);
}
