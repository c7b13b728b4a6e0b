/* all - every command, for the one table of command_table.c. */
#ifndef FLEET_ORCHESTRATOR_COMMANDS_ALL_H
#define FLEET_ORCHESTRATOR_COMMANDS_ALL_H

#include "orchestrator/command.h"

extern const struct command command_apply;
extern const struct command command_audit_log;
extern const struct command command_audit_report;
extern const struct command command_baseline;
extern const struct command command_ca_init;
extern const struct command command_ca_issue;
extern const struct command command_ca_revoke;
extern const struct command command_completion;
extern const struct command command_diff;
extern const struct command command_doctor;
extern const struct command command_drift;
extern const struct command command_import;
extern const struct command command_init;
extern const struct command command_inventory_check;
extern const struct command command_inventory_list;
extern const struct command command_lint;
extern const struct command command_new;
extern const struct command command_plan;
extern const struct command command_purge;
extern const struct command command_resume;
extern const struct command command_worker;
extern const struct command command_confirm;
extern const struct command command_rollback;
extern const struct command command_rollout_abort;
extern const struct command command_rollout_continue;
extern const struct command command_rollout_list;
extern const struct command command_rollout_pause;
extern const struct command command_rollout_show;
extern const struct command command_schema_dump;
extern const struct command command_status;
extern const struct command command_sum;

#endif
