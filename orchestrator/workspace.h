/*
 * workspace - what most commands stand on: inventory, selection, store, and the way to the agents.
 *
 * Parts are opened when they are first asked for, so that a command pays for what it uses:
 * nothing loads a certificate for a local SQLite file.
 */
#ifndef FLEET_ORCHESTRATOR_WORKSPACE_H
#define FLEET_ORCHESTRATOR_WORKSPACE_H

#include "common/tls.h"
#include "inventory/selector.h"
#include "orchestrator/command.h"
#include "orchestrator/dispatcher.h"
#include "orchestrator/store/store.h"
#include "orchestrator/survey.h"
#include "plans/migrations.h"

struct workspace;

/* Finds and reads the inventory. NULL: the faults are reported and *status is the exit status. */
struct workspace *workspace_open(const struct invocation *invocation, int *status,
                                 struct error *err) MUST_USE;
void workspace_free(struct workspace *workspace);
AUTO_DEFINE(workspace)

const struct inventory *workspace_inventory(const struct workspace *workspace);
/* Who acts: [operator] name, or the login name. */
const char *workspace_operator(const struct workspace *workspace);

/* What the plain words of the command line select. */
enum operand_meaning {
    OPERANDS_ARE_ENVIRONMENTS,
    OPERANDS_ARE_TARGETS,
    OPERANDS_AFTER_ONE_ARE_ENVIRONMENTS
};

/* The targets that the options and the operands select. */
bool workspace_select(struct workspace *workspace, enum operand_meaning meaning,
                      struct selection *selection, struct error *err) MUST_USE;

/* The one environment that the command line names, or the only one that there is. */
bool workspace_environment(const struct workspace *workspace, const char **name,
                           struct error *err) MUST_USE;

/* The targets of a plan, which has some. */
bool workspace_select_planned(struct workspace *workspace, const struct plan *plan,
                              struct selection *selection, struct error *err) MUST_USE;

/* The folder's migrations; faults are reported here, then NULL with *status set. */
const struct migrations *workspace_migrations(struct workspace *workspace, int *status);

/* By what files the operator is known to agents. ERROR_CONFIG if the inventory does not say. */
bool workspace_tls_files(const struct workspace *workspace, struct tls_files *files,
                         struct error *err) MUST_USE;

/* ERROR_USAGE if the store is one that machines cannot share. */
bool workspace_check_shared(const struct workspace *workspace, struct error *err) MUST_USE;

/* Where the inventory says that it is. */
struct store_place workspace_store_place(const struct workspace *workspace);
struct store *workspace_store(struct workspace *workspace, struct error *err) MUST_USE;

/* The dispatcher to the agents of these targets. */
struct dispatcher *workspace_dispatcher(struct workspace *workspace,
                                        const struct selection *selection,
                                        struct error *err) MUST_USE;

/* What the selected targets look like; question may be NULL. Outcomes that their agents kept for
   the store are recorded and told first. */
struct survey *workspace_survey(struct workspace *workspace, const struct selection *selection,
                                const struct survey_question *question, struct error *err) MUST_USE;

/* What every target of the inventory looks like. */
struct survey *workspace_survey_all(struct workspace *workspace, struct error *err) MUST_USE;

/* The operator's key for signing plans; NULL without an error when there is none. */
bool workspace_signing_key(struct workspace *workspace, struct signing_key **key,
                           struct error *err) MUST_USE;

#endif
