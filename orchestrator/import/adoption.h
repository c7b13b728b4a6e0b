/*
 * adoption - which targets of another tool can be taken as they are, and up to which version.
 *
 * Pure: from the import and the survey's answers. One target that cannot be taken refuses them
 * all, since what is wrong there is mostly wrong with the folder or the choice of targets.
 */
#ifndef FLEET_ORCHESTRATOR_IMPORT_ADOPTION_H
#define FLEET_ORCHESTRATOR_IMPORT_ADOPTION_H

#include "orchestrator/import.h"
#include "orchestrator/report.h"
#include "orchestrator/survey.h"
#include "plans/migrations.h"

enum adoption_state {
    ADOPTION_DUE,         /* to be marked up to the verdict's newest */
    ADOPTION_DONE,        /* the target's history already has what the tool applied */
    ADOPTION_NOTHING,     /* the tool has applied nothing there */
    ADOPTION_CONFLICT,    /* error says why it cannot be taken */
    ADOPTION_UNREACHABLE, /* as the survey says */
    ADOPTION_STATE_COUNT
};

struct adopted {
    enum adoption_state state;
    struct import_verdict verdict;
    struct error error;
};

struct adoption {
    struct arena *arena;
    const struct import *import;
    const struct survey *survey; /* which asked for the tool's histories */
    struct adopted *items;       /* for each item of the survey */
    const char **each_to;        /* likewise our version to mark up to; NULL for none */
    size_t counts[ADOPTION_STATE_COUNT];
};

/* import and survey must outlive it. */
struct adoption *adoption_judge(const struct import *import, const struct survey *survey) MUST_USE;
void adoption_free(struct adoption *adoption);
AUTO_DEFINE(adoption)

/* ERROR_CONFLICT, with the targets and the reasons, if any target cannot be taken, or if the tool
   was at work on none of them. */
bool adoption_check(const struct adoption *adoption, struct error *err) MUST_USE;

/* A row for each target. */
void adoption_print(const struct adoption *adoption, enum report_form form,
                    const struct terminal *terminal);

/* Whether the folder begins with the import's migrations, so that versions mean the same in both;
   later ones are the folder's own. ERROR_CONFIG names the first that differs. */
bool adoption_check_folder(const struct import *import, const struct migrations *migrations,
                           struct error *err) MUST_USE;

#endif
