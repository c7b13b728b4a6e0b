/* job_fixture - plans made by hand, jobs on them, and what the executor told about them. */
#ifndef TESTS_UNIT_AGENTS_JOB_FIXTURE_H
#define TESTS_UNIT_AGENTS_JOB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agents/executor.h"

enum { FIXTURE_STEPS = 8 };

/* A migration in a test's own words; version and name are v and "change". */
struct fixture_step {
    const char *version;
    const char *up;   /* NULL: a baseline */
    const char *down; /* NULL: no way back */
};

/* One target, and a job on it after each fixture_plan. */
struct job_fixture {
    struct agent_target target;
    char directory[64];
    char url[128];
    struct plan plan;
    struct plan_recipe recipe;
    struct plan_target planned;
    struct plan_step steps[FIXTURE_STEPS];
    struct plan_script scripts[FIXTURE_STEPS][2];
    struct job job;
    struct executor_limits limits;
    /* What was told. */
    char story[2048]; /* "1 up started, 1 up done, applied": one word an event */
    char waiting[1536];
};

/* cmocka fixtures: *state is a fixture with an empty SQLite file. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

/* Makes a plan of up steps from the history's present head, with its own digest per seed. */
void fixture_plan(struct job_fixture *fixture, const char *seed, const struct fixture_step *steps,
                  size_t count);

/* Runs the job on a session; the story begins anew. */
enum job_state fixture_run_on(struct job_fixture *fixture, struct session *session,
                              struct error *err);
enum job_state fixture_run(struct job_fixture *fixture, struct error *err);

/* The job ends in this state; the failure of the test says what the error was. */
struct error fixture_expect(struct job_fixture *fixture, enum job_state state);

struct session *fixture_open(const struct job_fixture *fixture);
void fixture_do(const struct job_fixture *fixture, const char *sql);
int64_t fixture_count(const struct job_fixture *fixture, const char *query);
void fixture_schema(const struct job_fixture *fixture, struct buffer *out);
/* The history as "1 up, 2 up, 2 down", with its chain checked. */
void fixture_history(const struct job_fixture *fixture, char *text, size_t size);

#endif
