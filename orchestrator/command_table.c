#include "orchestrator/commands/all.h"

const struct command *const commands[] = {
    &command_init,
    &command_new,
    &command_diff,
    &command_lint,
    &command_sum,
    &command_import,
    &command_inventory_list,
    &command_inventory_check,
    &command_status,
    &command_plan,
    &command_apply,
    &command_rollback,
    &command_confirm,
    &command_resume,
    &command_rollout_list,
    &command_rollout_show,
    &command_rollout_pause,
    &command_rollout_continue,
    &command_rollout_abort,
    &command_worker,
    &command_baseline,
    &command_ca_init,
    &command_ca_issue,
    &command_ca_revoke,
    &command_audit_report,
    &command_audit_log,
    &command_doctor,
    &command_completion,
};

const size_t command_count = COUNT_OF(commands);
