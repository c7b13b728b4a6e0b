/*
 * stoppage - a target that stands inside a part of a step: which plan began it, how far it is, and
 * whether the next command goes on by itself or a person must say what has run.
 *
 * The plan comes from the store, so the statements are those that ran, never today's files; how the
 * target stands now its agent says, without changing anything.
 */
#ifndef FLEET_ORCHESTRATOR_STOPPAGE_H
#define FLEET_ORCHESTRATOR_STOPPAGE_H

#include "orchestrator/workspace.h"
#include "plans/script.h"

enum stop_kind {
    STOP_AT_WORK,     /* somebody has the target's lock: it may be going on right now */
    STOP_INTERRUPTED, /* the next command goes on by itself */
    STOP_FAILED,      /* a statement failed and what ran before it stands: mend it, or give it up */
    STOP_UNCLEAR,     /* nobody can tell from outside what has run */
    STOP_UNREAD       /* could not be looked at; the error says why */
};
enum { STOP_KIND_COUNT = STOP_UNREAD + 1 };

/* "at_work", "interrupted", "failed", "unclear", "unread". */
const char *stop_kind_name(enum stop_kind kind);

/* The rollout that began it, as the store remembers it. */
struct past_run {
    const char *rollout;
    const char *operator_name;
    const char *state; /* of the target's job */
    const char *message;
};

struct stoppage {
    const struct surveyed *item;
    enum stop_kind kind;
    const struct plan *plan;   /* that began it; NULL if the store does not have it */
    struct plan_step step;     /* as it ran: for a way back, the scripts have changed places */
    struct script script;      /* of the step */
    struct script way_back;    /* without statements if there is none */
    struct past_run run;       /* if the store has the plan */
    struct examined_part part; /* unless it is STOP_UNREAD */
    struct error error;        /* if it is */
};

struct stoppages {
    struct arena *arena;
    struct stoppage *items; /* in the survey's order */
    size_t count;
    struct plan **plans; /* that were read to find those that began them */
    size_t plan_count;
};

/* Of all targets of a survey that stand inside a part; none costs nothing. */
struct stoppages *stoppages_take(struct workspace *workspace, const struct survey *survey,
                                 struct error *err) MUST_USE;
void stoppages_free(struct stoppages *stoppages);
AUTO_DEFINE(stoppages)

/* The target's; NULL if it does not stand inside a part. */
const struct stoppage *stoppages_find(const struct stoppages *stoppages,
                                      const struct target *target);
bool stoppage_needs_operator(const struct stoppage *stoppage);

/* Whether what ran before a failure was being taken back. */
bool stoppage_taken_back(const struct stoppage *stoppage);

/* In one line: "up 003_split failed at statement 3 of 5: …". Appends. */
void stoppage_summarise(const struct stoppage *stoppage, struct buffer *out);
/* Why nobody can tell what has run, or what stands. Appends. */
void stoppage_reason(const struct stoppage *stoppage, struct buffer *out);

/* What may be done about it, each with its command. */
struct stop_choice {
    const char *command;
    const char *meaning;
};
const struct stop_choice *stoppage_choices(const struct stoppage *stoppage, struct arena *arena,
                                           size_t *count);

#endif
