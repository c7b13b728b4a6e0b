/* What is said of a stoppage; stoppage.h documents it. */
#include <stdarg.h>
#include <string.h>

#include "orchestrator/stoppage.h"

static void add_part(const struct stoppage *stoppage, struct buffer *out)
{
    const struct open_intent *intent = stoppage->item->status.intent;

    buffer_printf(out, "%s %s%s%s", direction_name(intent->direction), intent->version,
                  intent->version[0] != '\0' ? "_" : "", intent->name);
}

/* What brings the part to its end: a way back that was cut off is not gone on with by apply. */
static const char *next_command(const struct stoppage *stoppage)
{
    return stoppage->item->status.intent->direction == DIRECTION_DOWN ? "rollback" : "apply";
}

/* Where the next command would go on, from 1; one past the last when only the row is missing. */
static int next_statement(const struct examined_part *part)
{
    size_t next = (size_t)part->statement - (part->trace == TRACE_RUN ? 0 : 1);

    if (part->statement == 0)
        for (next = part->count; next > 0 && part->states[next - 1] != STATEMENT_DONE;)
            next--;
    return (int)next + 1;
}

static void add_next(const struct stoppage *stoppage, struct buffer *out)
{
    const struct examined_part *part = &stoppage->part;
    int next = next_statement(part);

    if (stoppage_taken_back(stoppage))
        buffer_printf(out, "; the next %s ends its way back first", next_command(stoppage));
    else if ((size_t)next > part->count)
        buffer_printf(out, "; all its statements have run: the next %s records that",
                      next_command(stoppage));
    else
        buffer_printf(out, "; the next %s goes on at statement %d of %zu", next_command(stoppage),
                      next, part->count);
}

void stoppage_summarise(const struct stoppage *stoppage, struct buffer *out)
{
    static const char *const verbs[STOP_KIND_COUNT] = {
        [STOP_AT_WORK] = "is at work", [STOP_INTERRUPTED] = "interrupted", [STOP_FAILED] = "failed",
        [STOP_UNCLEAR] = "stopped",    [STOP_UNREAD] = "stopped",
    };
    const struct open_intent *intent = stoppage->item->status.intent;

    add_part(stoppage, out);
    buffer_printf(out, " %s", verbs[stoppage->kind]);
    if (stoppage->kind == STOP_INTERRUPTED) {
        add_next(stoppage, out);
        return;
    }
    buffer_printf(out, " at statement %d", intent->statement);
    if (stoppage->kind != STOP_UNREAD)
        buffer_printf(out, " of %zu", stoppage->part.count);
    buffer_printf(out, ": %s", intent->summary);
    if (stoppage->kind == STOP_UNREAD)
        buffer_printf(out, " (%s)", stoppage->error.message);
}

static const char *unclear_reason(const struct examined_part *part)
{
    if (strcmp(part->class, "opaque") == 0)
        return "it is opaque: nobody can tell from outside what it has changed, and the script has "
               "no \"-- fleet: probe\" for it";
    if (part->before[0] == '\0')
        return "its object was not there when it began, and what is there now is not what it makes";
    if (part->now[0] == '\0')
        return "its object was there when it began and is gone, which is not what it does";
    return "its object looks neither as when it began nor as this statement alone would leave it: "
           "somebody else was there";
}

static void add_lost_session(const struct examined_part *part, struct buffer *out)
{
    buffer_printf(out,
                  "what follows may use what statement %d left in its session, a temporary table "
                  "or values that it read, and that is gone",
                  part->lost_session);
}

static const char *failed_reason(const struct stoppage *stoppage)
{
    const struct examined_part *part = &stoppage->part;

    if (stoppage_taken_back(stoppage))
        return "a statement failed, and taking back those before it was cut off or failed too";
    if (part->statement == 0 || part->trace == TRACE_RUN)
        return "its statements have run up to here and stand, and what came after them failed: a "
               "later statement of the session's, a check, or the history's row";
    return "the statement failed and has not run; those before it stand, and the way back does not "
           "say of each of them which of its statements undoes it (\"-- fleet: undoes N\")";
}

void stoppage_reason(const struct stoppage *stoppage, struct buffer *out)
{
    const struct examined_part *part = &stoppage->part;

    switch (stoppage->kind) {
    case STOP_AT_WORK:
        buffer_append_text(out, "somebody has the target's lock and may be at work on it: look "
                                "again when that has ended");
        break;
    case STOP_INTERRUPTED:
        buffer_append_text(out, "it was only cut off: what has run can be told");
        break;
    case STOP_FAILED:
        buffer_append_text(out, failed_reason(stoppage));
        break;
    case STOP_UNCLEAR:
        if (part->trace == TRACE_UNCLEAR)
            buffer_printf(out, "whether %s has run cannot be told: %s",
                          part->back ? "its way back" : "it", unclear_reason(part));
        else
            add_lost_session(part, out);
        break;
    case STOP_UNREAD:
        buffer_append_text(out, stoppage->error.message);
        break;
    }
}

/* The list while it is made. */
struct choices {
    const struct stoppage *stoppage;
    struct arena *arena;
    struct stop_choice items[6];
    size_t count;
};

static void offer(struct choices *choices, const char *meaning, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void offer(struct choices *choices, const char *meaning, const char *format, ...)
{
    const struct target *target = choices->stoppage->item->target;
    AUTO_BUFFER struct buffer options = {0};
    va_list args;

    va_start(args, format);
    buffer_vprintf(&options, format, args);
    va_end(args);
    choices->items[choices->count++] = (struct stop_choice){
        .command = arena_printf(choices->arena, "fleet doctor %s --target %s %s",
                                target->environment->name, target->name, buffer_text(&options)),
        .meaning = meaning,
    };
}

static void offer_next(struct choices *choices, const char *meaning)
{
    const struct target *target = choices->stoppage->item->target;

    choices->items[choices->count++] = (struct stop_choice){
        .command =
            arena_printf(choices->arena, "fleet %s %s --target %s", next_command(choices->stoppage),
                         target->environment->name, target->name),
        .meaning = meaning,
    };
}

static void offer_verdicts(struct choices *choices)
{
    const struct examined_part *part = &choices->stoppage->part;

    if (part->statement != 0 && part->back == stoppage_taken_back(choices->stoppage))
        offer(choices,
              part->back ? "the way back of this statement has run, or you ran it by hand: go on "
                           "taking back"
                         : "this statement has run, or you did it by hand: go on after it",
              "--statement %d --verdict done", part->statement);
    if (part->statement != 0 && !part->back && choices->stoppage->kind == STOP_UNCLEAR)
        offer(choices, "this statement has not run, or you undid it by hand: go on with it",
              "--statement %d --verdict undone", part->statement);
    offer(choices,
          "all before statement N has run, also by hand: go on there; one past the last when you "
          "have done all of them",
          "--continue-from N");
    offer(choices,
          "you have undone all of the part by hand: give it up, with the history as before",
          "--taken-back");
}

const struct stop_choice *stoppage_choices(const struct stoppage *stoppage, struct arena *arena,
                                           size_t *count)
{
    struct choices *choices = arena_calloc(arena, 1, sizeof *choices);

    choices->stoppage = stoppage;
    choices->arena = arena;
    if (stoppage->kind == STOP_INTERRUPTED)
        offer_next(choices, "go on");
    if (stoppage->kind == STOP_FAILED)
        offer_next(choices, "mend the cause, or this statement and those after it in the file, "
                            "and go on with this statement");
    if (stoppage->kind == STOP_FAILED || stoppage->kind == STOP_UNCLEAR)
        offer_verdicts(choices);
    *count = choices->count;
    return choices->items;
}
