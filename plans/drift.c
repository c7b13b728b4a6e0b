#include "plans/drift.h"

#include <stdlib.h>

static const char *const state_names[DRIFT_STATE_COUNT] = {
    [DRIFT_SAME] = "same",
    [DRIFT_CHANGED] = "changed",
    [DRIFT_UNLIKE] = "unlike_siblings",
    [DRIFT_UNRECORDED] = "unrecorded",
    [DRIFT_UNREACHED] = "unreachable",
};

const char *drift_state_name(enum drift_state state)
{
    return state_names[state];
}

/* A target among the others, by its place. */
struct placed {
    const struct drift_target *target;
    size_t place;
};

static int compare_engines(const struct placed *a, const struct placed *b)
{
    return (a->target->engine > b->target->engine) - (a->target->engine < b->target->engine);
}

static int by_fingerprint(const void *left, const void *right)
{
    const struct placed *a = left;
    const struct placed *b = right;
    int order = compare_engines(a, b);

    if (order == 0)
        order = digest_compare(&a->target->fingerprint, &b->target->fingerprint);
    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static int by_family(const void *left, const void *right)
{
    const struct placed *a = left;
    const struct placed *b = right;
    int order = compare_engines(a, b);

    if (order == 0)
        order = digest_compare(&a->target->applied, &b->target->applied);
    return order != 0 ? order : by_fingerprint(left, right);
}

/* By engine and fingerprint alone. */
static int compare_wanted(const void *key, const void *item)
{
    const struct placed *wanted = key;
    const struct placed *found = item;
    int order = compare_engines(wanted, found);

    return order != 0 ? order
                      : digest_compare(&wanted->target->fingerprint, &found->target->fingerprint);
}

static enum drift_state state_of(const struct drift_target *target)
{
    if (!target->reached)
        return DRIFT_UNREACHED;
    if (digest_is_none(&target->recorded))
        return DRIFT_UNRECORDED;
    return digest_equal(&target->fingerprint, &target->recorded) ? DRIFT_SAME : DRIFT_CHANGED;
}

/* The first target that is what this one's history recorded. */
static long find_like(const struct placed *sorted, size_t count, const struct drift_target *target)
{
    const struct drift_target wanted = {.engine = target->engine, .fingerprint = target->recorded};
    const struct placed key = {&wanted, 0};
    const struct placed *found = bsearch(&key, sorted, count, sizeof *sorted, compare_wanted);

    while (found != NULL && found > sorted && compare_wanted(&key, found - 1) == 0)
        found--;
    return found != NULL ? (long)found->place : DRIFT_NO_MODEL;
}

static bool is_family(const struct placed *one, const struct placed *other)
{
    return one->target->engine == other->target->engine &&
           digest_equal(&one->target->applied, &other->target->applied);
}

/* The end of the run of equal fingerprints that begins there. */
static size_t end_of_run(const struct placed *family, size_t begin, size_t end)
{
    size_t next = begin + 1;

    while (next < end &&
           digest_equal(&family[next].target->fingerprint, &family[begin].target->fingerprint))
        next++;
    return next;
}

/* Of siblings that are what they were recorded as, or not recorded at all. More than half alike are
   what the others should be. */
static void judge_family(const struct placed *family, size_t begin, size_t end,
                         struct drift_verdict *verdicts)
{
    size_t best = begin;
    size_t best_end = begin;

    for (size_t i = begin; i < end; i = end_of_run(family, i, end))
        if (end_of_run(family, i, end) - i > best_end - best) {
            best = i;
            best_end = end_of_run(family, i, end);
        }
    if ((best_end - best) * 2 <= end - begin)
        return;
    for (size_t i = begin; i < end; i++)
        if (i < best || i >= best_end)
            verdicts[family[i].place] =
                (struct drift_verdict){DRIFT_UNLIKE, (long)family[best].place};
}

static void judge_siblings(struct placed *placed, size_t count, struct drift_verdict *verdicts)
{
    qsort(placed, count, sizeof *placed, by_family);
    for (size_t begin = 0, end; begin < count; begin = end) {
        end = begin + 1;
        while (end < count && is_family(&placed[begin], &placed[end]))
            end++;
        judge_family(placed, begin, end, verdicts);
    }
}

const struct drift_verdict *drift_judge(struct arena *arena, const struct drift_target *targets,
                                        size_t count)
{
    struct drift_verdict *verdicts = arena_calloc(arena, count, sizeof *verdicts);
    struct placed *reached = arena_calloc(arena, count, sizeof *reached);
    struct placed *settled = arena_calloc(arena, count, sizeof *settled);
    size_t reached_count = 0;
    size_t settled_count = 0;

    for (size_t i = 0; i < count; i++) {
        verdicts[i] = (struct drift_verdict){state_of(&targets[i]), DRIFT_NO_MODEL};
        if (targets[i].reached)
            reached[reached_count++] = (struct placed){&targets[i], i};
        if (verdicts[i].state == DRIFT_SAME || verdicts[i].state == DRIFT_UNRECORDED)
            settled[settled_count++] = (struct placed){&targets[i], i};
    }
    qsort(reached, reached_count, sizeof *reached, by_fingerprint);
    judge_siblings(settled, settled_count, verdicts);
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].state == DRIFT_CHANGED)
            verdicts[i].like = find_like(reached, reached_count, &targets[i]);
    return verdicts;
}
