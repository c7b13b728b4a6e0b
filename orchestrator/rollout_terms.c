#include "orchestrator/rollout_terms.h"

#include <limits.h>
#include <string.h>

#include "common/json.h"
#include "inventory/waves.h"

enum { FORMAT = 1, TEXT_MAX = 64 * 1024 };

bool rollout_terms_of(const struct policy *policy, const struct plan *plan,
                      const struct inventory *inventory, size_t total, struct arena *arena,
                      struct rollout_terms *terms, struct error *err)
{
    const struct target **targets = arena_calloc(arena, plan->target_count, sizeof *targets);
    size_t *waves = arena_calloc(arena, plan->target_count, sizeof *waves);

    for (size_t i = 0; i < plan->target_count; i++) {
        targets[i] = inventory_target(inventory, plan->targets[i].name);
        if (targets[i] == NULL)
            return error_set(err, ERROR_STALE, "target %s of the plan is not in the inventory",
                             plan->targets[i].name);
    }
    (void)waves_assign(&policy->waves, targets, plan->target_count, waves);
    *terms = (struct rollout_terms){
        .waves = waves,
        .target_count = plan->target_count,
        .on_failure = policy->on_failure,
        .failures_allowed = amount_of(&policy->max_failures.amount, (int64_t)total),
        .failures_in_a_row = policy->max_failures.is_consecutive,
        .soak_ms = policy->soak_ms,
        .health = policy->health,
        .manual_gate = policy->manual_gate,
        .max_parallel = policy->max_parallel,
    };
    return true;
}

void rollout_terms_write(const struct rollout_terms *terms, struct buffer *out)
{
    AUTO(json) json_t *object = json_object();
    json_t *waves = json_array();

    for (size_t i = 0; i < terms->target_count; i++)
        json_add(waves, json_integer((json_int_t)terms->waves[i]));
    json_put(object, "format", json_integer(FORMAT));
    json_put(object, "waves", waves);
    json_put(object, "on_failure", json_text(failure_action_name(terms->on_failure)));
    json_put(object, "failures_allowed", json_integer(terms->failures_allowed));
    json_put(object, "failures_in_a_row", json_boolean(terms->failures_in_a_row));
    json_put(object, "failed_before", json_integer((json_int_t)terms->failed_before));
    json_put(object, "soak_ms", json_integer(terms->soak_ms));
    json_put(object, "manual_gate", json_boolean(terms->manual_gate));
    json_put(object, "max_parallel", json_integer(terms->max_parallel));
    if (terms->health.url != NULL)
        json_put(object, "health_url", json_text(terms->health.url));
    if (terms->health.command != NULL)
        json_put(object, "health_command", json_text(terms->health.command));
    json_write_canonical(object, out);
}

static const size_t *read_waves(struct json_reader *reader, size_t target_count)
{
    const json_t *array = json_read_array(reader, "waves", target_count);
    size_t *waves = arena_calloc(reader->arena, target_count + 1, sizeof *waves);

    if (array == NULL)
        return waves;
    if (json_array_size(array) != target_count)
        json_reader_fail(reader, "waves", "not one for each target of the plan");
    for (size_t i = 0; !reader->failed && i < target_count; i++) {
        const json_t *wave = json_array_get(array, i);
        json_int_t number = json_integer_value(wave);

        if (!json_is_integer(wave) || number < 0 || (size_t)number >= target_count)
            json_reader_fail(reader, "waves", "not the number of a wave");
        waves[i] = (size_t)number;
    }
    return waves;
}

static enum failure_action read_failure_action(struct json_reader *reader)
{
    const char *name = json_read_text(reader, "on_failure", 64);
    enum failure_action action = FAILURE_ROLLBACK_TARGET;

    if (!reader->failed && !failure_action_from_name(name, &action))
        json_reader_fail(reader, "on_failure", "not known to this release");
    return action;
}

bool rollout_terms_read(const char *text, size_t target_count, struct arena *arena,
                        struct rollout_terms *terms, struct error *err)
{
    struct json_reader reader;
    AUTO(json) json_t *object = json_parse(text, strlen(text), err);

    if (object == NULL)
        return false;
    json_reader_start(&reader, object, "terms", arena, err);
    (void)json_read_integer(&reader, "format", FORMAT, FORMAT);
    *terms = (struct rollout_terms){
        .waves = read_waves(&reader, target_count),
        .target_count = target_count,
        .on_failure = read_failure_action(&reader),
        .failures_allowed = json_read_integer(&reader, "failures_allowed", 0, INT64_MAX),
        .failures_in_a_row = json_read_bool(&reader, "failures_in_a_row"),
        .failed_before = (size_t)json_read_integer(&reader, "failed_before", 0, INT64_MAX),
        .soak_ms = json_read_integer(&reader, "soak_ms", 0, INT64_MAX),
        .health = {json_read_optional_text(&reader, "health_url", TEXT_MAX, NULL),
                   json_read_optional_text(&reader, "health_command", TEXT_MAX, NULL)},
        .manual_gate = json_read_bool(&reader, "manual_gate"),
        .max_parallel = (int)json_read_integer(&reader, "max_parallel", 1, INT_MAX),
    };
    return json_reader_end(&reader);
}
