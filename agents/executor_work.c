#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "agents/executor_parts.h"
#include "plans/attempt.h"

static enum direction opposite(enum direction direction)
{
    return direction == DIRECTION_DOWN ? DIRECTION_UP : DIRECTION_DOWN;
}

static struct digest key_of(const struct run *run, const struct plan_step *step,
                            enum direction direction)
{
    return attempt_key(&run->job->plan->digest, run->job->target->name, step, direction);
}

/* How many lines the error's place is below the statement's first. */
static int lines_before(const struct statement *statement, int position)
{
    int lines = 0;
    int characters = 1;

    for (size_t i = 0; i < statement->length && characters < position; i++) {
        lines += statement->sql[i] == '\n' ? 1 : 0;
        if (((unsigned char)statement->sql[i] & 0xc0) != 0x80)
            characters++;
    }
    return lines;
}

bool work_locate(const struct work *work, size_t index, struct error *err)
{
    const struct statement *statement = &work->statements[index];

    if (err->statement == 0)
        err->statement = (int)index + 1;
    error_at_file(err, work->file, statement->line + lines_before(statement, err->position));
    return error_wrap(err, "statement %zu of %zu", index + 1, work->count);
}

/* Whether a statement is the engine's own switch for foreign keys, which way it goes aside. */
static bool switches_foreign_keys(const struct engine *engine, const struct statement *statement,
                                  bool *off)
{
    return engine->is_foreign_keys_switch != NULL &&
           engine->is_foreign_keys_switch(statement->sql, statement->length, off);
}

static void strip_pair(struct work *work)
{
    if (work->count < 2 || work->statements[0].role != STATEMENT_BEGIN ||
        work->statements[work->count - 1].role != STATEMENT_COMMIT)
        return;
    work->statements++;
    work->count -= 2;
}

/*
 * Where the engine ignores the switch inside a transaction, one at the very top does what the
 * directive does; one at the very end is what happens anyway. The pair of BEGIN and COMMIT that
 * stood between them is the outermost one.
 */
static void lift_foreign_keys(const struct engine *engine, struct work *work)
{
    bool off;

    if (!work->transactional || work->count == 0 ||
        !switches_foreign_keys(engine, &work->statements[0], &off) || !off)
        return;
    work->directives.foreign_keys_off = true;
    work->statements++;
    work->count--;
    while (work->count > 0 &&
           switches_foreign_keys(engine, &work->statements[work->count - 1], &off))
        work->count--;
    strip_pair(work);
}

static bool check_roles(const struct engine *engine, const struct work *work, struct error *err)
{
    for (size_t i = 0; i < work->count; i++) {
        enum statement_role role = work->statements[i].role;
        bool savepoint = role == STATEMENT_SAVEPOINT && engine->traits.script_transaction;

        if (role == STATEMENT_PLAIN || savepoint)
            continue;
        error_set(err, ERROR_UNSUPPORTED,
                  "transaction control inside a script: the executor brings the transaction; take "
                  "it out, or split the script");
        return work_locate(work, i, err);
    }
    return true;
}

static bool check_engine(const struct engine *engine, const struct work *work, struct error *err)
{
    if (!work->directives.foreign_keys_off || engine->foreign_keys_off != NULL)
        return check_roles(engine, work, err);
    error_set(err, ERROR_UNSUPPORTED,
              "\"-- fleet: foreign-keys=off\" has no meaning on %s; drop the constraints and make "
              "them again, or defer them",
              engine_kind_name(engine->kind));
    error_at_file(err, work->file, 1);
    return false;
}

/* What the server cannot even parse does nothing, and is told of when its turn comes. */
static bool is_opaque(const struct run *run, const struct work *work, size_t index)
{
    const struct statement *statement = &work->statements[index];
    struct error fault = {0};

    return work->facts[index].class == CLASS_OPAQUE && statement->probe == NULL &&
           run->session->engine->parse(run->session, statement->sql, statement->length, &fault);
}

/* On the way forwards only: what a failure takes back must not be refused then. */
static bool check_opaque(const struct run *run, const struct work *work, struct error *err)
{
    if (work->transactional || run->job->plan->header.policy.opaque_allowed)
        return true;
    for (size_t i = 0; i < work->count; i++) {
        if (!is_opaque(run, work, i))
            continue;
        error_set(err, ERROR_UNSUPPORTED,
                  "an opaque statement: after a crash nobody could tell what it has done; put \"-- "
                  "fleet: probe SELECT …\" before it, a query that returns a row once it has run, "
                  "or set opaque = allow for the environment");
        return work_locate(work, i, err);
    }
    return true;
}

/* What each statement says of itself, where it matters. */
static const struct statement_facts *find_facts(const struct run *run,
                                                const struct statement *statements, size_t count)
{
    const struct engine *engine = run->session->engine;
    struct statement_facts *facts = arena_calloc(run->arena, count, sizeof *facts);

    for (size_t i = 0; i < count; i++)
        facts[i] = statement_facts_of(run->arena, engine->kind, engine->traits.transactional_ddl,
                                      statements[i].sql, statements[i].length);
    return facts;
}

static bool parse_part(struct run *run, const struct plan_part *part, struct script *script,
                       struct error *err)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();

    return script_parse(run->arena, run->session->engine->kind, part->file, part->script->sql,
                        part->script->length, script, faults) ||
           !diagnostics_ok(faults, err) ||
           error_set(err, ERROR_INTERNAL, "%s cannot be read", part->file);
}

static bool mentions(const struct statement *statement, const char *word)
{
    size_t length = strlen(word);

    for (size_t i = 0; i + length <= statement->length; i++)
        if (strncasecmp(statement->sql + i, word, length) == 0)
            return true;
    return false;
}

/* What a routine or set_config sets stays as what SET does, unless a transaction takes it back; a
   temporary table hides the one of its name. Once too often costs little. */
static bool leaves_something(const struct run *run, const struct work *work, size_t index)
{
    enum statement_class class = work->facts[index].class;
    bool seldom_outside = run->session->engine->traits.transactional_ddl;

    return class == CLASS_SESSION || mentions(&work->statements[index], "temp") ||
           (!work->transactional && (seldom_outside || class == CLASS_OPAQUE));
}

static bool find_settings(const struct run *run, const struct work *work)
{
    for (size_t i = 0; i < work->count; i++)
        if (leaves_something(run, work, i))
            return true;
    return false;
}

static bool prepare(struct run *run, const struct plan_step *step, enum direction direction,
                    const struct plan_part *part, struct work *work, struct error *err)
{
    const struct engine *engine = run->session->engine;
    struct script script = {0};

    *work = (struct work){.step = step, .direction = direction};
    work->key = key_of(run, step, direction);
    work->undo_key = key_of(run, step, opposite(direction));
    work->transactional = engine->traits.transactional_ddl;
    if (part->script == NULL)
        return true;
    if (!parse_part(run, part, &script, err))
        return false;
    work->file = part->file;
    work->rendered = part->script->sha256;
    work->directives = script.directives;
    work->statements = script.statements;
    work->count = script.count;
    work->transactional = work->transactional && !script.directives.no_transaction;
    lift_foreign_keys(engine, work);
    work->facts = find_facts(run, work->statements, work->count);
    work->leaves_settings = work->directives.foreign_keys_off || find_settings(run, work);
    return check_engine(engine, work, err);
}

/* Only statement by statement can a part of a script stand, to be taken back by its pairs. */
static bool prepare_pairs(struct run *run, struct work *work, struct error *err)
{
    struct script script = {0};

    if (work->transactional || work->step->undo.script == NULL)
        return true;
    if (!parse_part(run, &work->step->undo, &script, err))
        return false;
    work->undo = script.statements;
    work->undo_count = script.count;
    work->undo_facts = find_facts(run, work->undo, work->undo_count);
    return true;
}

static bool prepare_step(struct run *run, const struct plan_step *step, struct work *work,
                         struct error *err)
{
    return (prepare(run, step, step->direction, &step->run, work, err) &&
            check_opaque(run, work, err) && prepare_pairs(run, work, err)) ||
           error_wrap(err, "%s %s", step->version, step->name);
}

/* Reads the script for its statements only; it is never taken back. */
static bool prepare_repair(struct run *run, const struct plan_step *step, struct work *work,
                           struct error *err)
{
    if (!prepare_step(run, step, work, err))
        return false;
    work->repairs = true;
    work->direction = DIRECTION_REPAIR;
    work->key = key_of(run, step, DIRECTION_REPAIR);
    work->undo_key = (struct digest){0};
    work->directives.check_count = 0;
    return !work->transactional ||
           error_set(err, ERROR_UNSUPPORTED,
                     "%s %s runs in a transaction: nothing of it can be open", step->version,
                     step->name);
}

bool works_prepare(struct run *run, struct error *err)
{
    const struct plan_recipe *recipe = run->job->target->recipe;
    const struct repair *repair = run->job->target->repair;
    size_t first = repair != NULL ? 1 : 0;
    bool given_up = repair != NULL && repair->verdict == REPAIR_TAKEN_BACK;

    run->count = given_up ? first : first + recipe->step_count;
    run->works = arena_calloc(run->arena, run->count, sizeof *run->works);
    if (repair != NULL && !prepare_repair(run, &recipe->steps[0], &run->works[0], err))
        return false;
    for (size_t i = first; i < run->count; i++) {
        if (!prepare_step(run, &recipe->steps[i - first], &run->works[i], err))
            return false;
        run->works[i].last = i + 1 == run->count;
    }
    return true;
}

bool work_prepare_attempt(struct run *run, const struct plan_step *step, const struct digest *key,
                          struct work *work, bool *found, struct error *err)
{
    struct digest there = key_of(run, step, step->direction);
    struct digest back = key_of(run, step, opposite(step->direction));

    *found = true;
    if (digest_equal(&there, key))
        return prepare(run, step, step->direction, &step->run, work, err) &&
               prepare_pairs(run, work, err);
    *found = digest_equal(&back, key);
    return !*found || prepare(run, step, opposite(step->direction), &step->undo, work, err);
}

bool work_prepare_undo(struct run *run, const struct work *done, struct work *undo,
                       struct error *err)
{
    const struct plan_step *step = done->step;

    if (step->undo.script == NULL && step->direction != DIRECTION_BASELINE)
        return error_set(err, ERROR_CONFLICT, "%s",
                         step->no_way_back != NULL ? step->no_way_back : "it has no way back");
    if (!prepare(run, step, opposite(step->direction), &step->undo, undo, err))
        return false;
    undo->back = true;
    return true;
}
