#include "agents/executor_examine.h"

#include <assert.h>
#include <string.h>

#include "agents/executor_statements.h"
#include "agents/intents.h"

/* The statement in question: of the script, or of its way back. */
struct question {
    const struct intent *intent;
    struct statement statement;
    struct statement_facts facts;
};

static bool read_intents(struct run *run, struct work *work, struct error *err)
{
    struct target_head head;

    if (!target_tables_head(run->session, &head, err) ||
        (head.intents > 0 &&
         !target_intents_read(run->session, run->arena, &work->left, &work->left_count, err)))
        return error_wrap(err, "cannot read what is open");
    return work->left_count > 0 ||
           error_set(err, ERROR_STALE, "no statement is open on the target any more");
}

/* The step and the direction that left the intents. */
static bool find_work(struct run *run, struct work *work, struct error *err)
{
    const struct plan_recipe *recipe = run->job->target->recipe;
    const struct intent *intents = work->left;
    size_t count = work->left_count;
    bool found = false;

    for (size_t i = 0; i < recipe->step_count && !found; i++)
        if (!work_prepare_attempt(run, &recipe->steps[i], &intents[0].attempt_key, work, &found,
                                  err))
            return false;
    work->left = intents;
    work->left_count = count;
    for (size_t i = 0; found && i < count; i++)
        found = intents[i].statement >= 1 && (size_t)intents[i].statement <= work->count;
    return found || error_set(err, ERROR_STALE, "another plan began what is open on the target");
}

static enum statement_state state_of(const struct work *work, size_t index)
{
    static const enum statement_state states[] = {
        [INTENT_OPEN] = STATEMENT_BEGUN,
        [INTENT_DONE] = STATEMENT_DONE,
        [INTENT_UNDOING] = STATEMENT_UNDOING,
        [INTENT_UNDONE] = STATEMENT_UNDONE,
    };

    for (size_t i = 0; i < work->left_count; i++)
        if ((size_t)work->left[i].statement == index + 1)
            return states[work->left[i].status];
    return work->facts[index].class == CLASS_SESSION ? STATEMENT_SESSION : STATEMENT_UNTOUCHED;
}

static void tell_states(struct arena *arena, const struct work *work,
                        struct examined_part *examination)
{
    enum statement_state *states = arena_calloc(arena, work->count, sizeof *states);

    for (size_t i = 0; i < work->count; i++)
        states[i] = state_of(work, i);
    examination->states = states;
    examination->count = work->count;
    examination->intents = intents_digest(work->left, work->left_count);
}

/* False if the way back has no statement that undoes it. */
static bool find_undo(const struct work *work, struct question *question)
{
    for (size_t u = 0; u < work->undo_count; u++)
        if (work->undo[u].undoes == question->intent->statement) {
            question->statement = work->undo[u];
            question->facts = work->undo_facts[u];
            return true;
        }
    return false;
}

static bool find_question(const struct work *work, struct question *question)
{
    question->intent = intents_in_question(work->left, work->left_count);
    if (question->intent == NULL)
        return false;
    if (question->intent->status == INTENT_UNDOING)
        return find_undo(work, question);
    size_t index = (size_t)question->intent->statement - 1;
    assert(work->statements != NULL && index < work->count); /* they fit the work */
    question->statement = work->statements[index];
    question->facts = work->facts[index];
    if (strcmp(question->intent->class_name, statement_class_name(CLASS_OPAQUE)) == 0)
        question->facts.class = CLASS_OPAQUE;
    return true;
}

/* At most EXAMINED_TEXT_MAX bytes, whole characters. */
static const char *cut(struct arena *arena, const char *text)
{
    size_t length = strlen(text);

    if (length > EXAMINED_TEXT_MAX) {
        length = EXAMINED_TEXT_MAX;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    return arena_printf(arena, "%.*s", (int)length, text);
}

static void tell_question(struct arena *arena, const struct question *question,
                          struct examined_part *examination)
{
    const struct intent *intent = question->intent;

    examination->statement = intent->statement;
    examination->back = intent->status == INTENT_UNDOING;
    examination->probed = question->statement.probe != NULL;
    examination->class = arena_strdup(arena, statement_class_name(question->facts.class));
    examination->session = arena_strdup(arena, intent->session);
    examination->before = cut(arena, intent->before);
    examination->started_ms = intent->started_ms;
    if (question->facts.kind != OBJECT_NONE)
        examination->object = cut(arena, question->facts.object);
}

static bool judge(struct run *run, struct work *work, const struct question *question,
                  struct arena *arena, struct examined_part *examination, struct error *err)
{
    static const enum statement_trace traces[] = {
        [OBJECT_BEFORE] = TRACE_NOT_RUN,
        [OBJECT_AFTER] = TRACE_RUN,
        [OBJECT_HALF] = TRACE_UNCLEAR,
        [OBJECT_OTHER] = TRACE_UNCLEAR,
    };
    struct progress progress = {.run = run, .work = work, .looks_only = true};
    AUTO_BUFFER struct buffer now = {0};
    enum object_verdict verdict;

    if (!probe_describe(run, &question->facts, &now, err) ||
        !probe_judge(&progress, &question->statement, &question->facts, question->intent->before,
                     &verdict, err))
        return false;
    examination->now = cut(arena, buffer_text(&now));
    examination->trace = traces[verdict];
    return true;
}

/* Whether statements are to come that need what an earlier one left in its session. */
static void look_for_session(const struct work *work, struct examined_part *examination)
{
    size_t question = (size_t)examination->statement;
    size_t position = question == 0 ? (size_t)intents_last(work->left, work->left_count)->statement
                                    : question - (examination->trace == TRACE_RUN ? 0 : 1);

    position = marks_next(work, position);
    for (size_t i = 0; i < position && position < work->count; i++)
        if (work->facts[i].from_data)
            examination->lost_session = (int)i + 1;
}

static bool look(struct run *run, struct work *work, struct arena *arena,
                 struct examined_part *examination, struct error *err)
{
    struct question question = {0};

    tell_states(arena, work, examination);
    bool back = intents_taken_back(work->left, work->left_count);
    bool in_question = find_question(work, &question);
    if (in_question)
        tell_question(arena, &question, examination);
    /* What failed before the way back began is no question any more. */
    if (in_question && !examination->locked && back == examination->back &&
        !judge(run, work, &question, arena, examination, err))
        return false;
    if (!back)
        look_for_session(work, examination);
    return true;
}

bool executor_examine(struct session *session, const struct job *job, struct arena *arena,
                      struct examined_part *examination, struct error *err)
{
    const struct executor_limits limits = executor_limits_default();
    struct run run = {.session = session, .job = job, .limits = &limits, .arena = arena};
    struct work work = {0};
    struct error second = {0};

    *examination = (struct examined_part){
        .class = "", .session = "", .object = "", .before = "", .now = "", .trace = TRACE_NOT_READ};
    if (!gate_lock(&run, LOCK_SESSION, err)) {
        if (err->code != ERROR_LOCKED)
            return false;
        error_clear(err);
        examination->locked = true;
    }
    bool ok = read_intents(&run, &work, err) && find_work(&run, &work, err) &&
              look(&run, &work, arena, examination, err);
    if (!examination->locked && !session->broken && !session->engine->unlock(session, &second))
        session->broken = true;
    return ok;
}
