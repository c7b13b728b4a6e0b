#include "plans/schema/order.h"

#include <stdlib.h>
#include <string.h>

#include "common/name_index.h"

enum visit { VISIT_NOT_YET, VISIT_UNDER_WAY, VISIT_DONE };

struct node {
    const struct table *table;
    enum visit visit;
    bool *later;
};

struct ordering {
    struct node *nodes; /* by name */
    size_t count;
    const struct name_index *index;
    struct creation *creations;
    size_t done;
};

static int compare_nodes(const void *a, const void *b)
{
    return strcmp(((const struct node *)a)->table->name, ((const struct node *)b)->table->name);
}

static struct node *find_node(const struct ordering *ordering, const char *name)
{
    const struct node *found = name_index_find(ordering->index, name);

    return found != NULL ? &ordering->nodes[found - ordering->nodes] : NULL;
}

struct step {
    struct node *node;
    size_t next; /* constraint */
};

/* The table that a constraint needs and that is not there yet; NULL if it needs none. A circle is
   cut where it closes. */
static struct node *needed_by(const struct ordering *ordering, struct node *node, size_t place)
{
    const struct constraint *constraint = &node->table->constraints[place];
    struct node *other = constraint->kind == CONSTRAINT_FOREIGN_KEY
                             ? find_node(ordering, constraint->other_table)
                             : NULL;

    if (other == NULL || other == node || other->visit == VISIT_DONE)
        return NULL;
    if (other->visit == VISIT_UNDER_WAY) {
        node->later[place] = true;
        return NULL;
    }
    return other;
}

static void create(struct ordering *ordering, struct node *node)
{
    node->visit = VISIT_DONE;
    ordering->creations[ordering->done++] = (struct creation){node->table, node->later};
}

/* Depth first, with a stack of its own: chains of references may be long. */
static void visit(struct ordering *ordering, struct node *first, struct step *stack)
{
    size_t depth = 1;

    first->visit = VISIT_UNDER_WAY;
    stack[0] = (struct step){first, 0};
    while (depth > 0) {
        struct step *step = &stack[depth - 1];

        if (step->next == step->node->table->constraint_count) {
            create(ordering, step->node);
            depth--;
            continue;
        }
        struct node *other = needed_by(ordering, step->node, step->next++);
        if (other != NULL) {
            other->visit = VISIT_UNDER_WAY;
            stack[depth++] = (struct step){other, 0};
        }
    }
}

const struct creation *order_creations(struct arena *arena, const struct model *model)
{
    size_t count = model->table_count;
    AUTO(name_index) struct name_index *index = name_index_new(count);
    struct step *stack = arena_calloc(arena, count, sizeof *stack);
    struct ordering ordering = {.nodes = arena_calloc(arena, count, sizeof(struct node)),
                                .count = count,
                                .index = index,
                                .creations = arena_calloc(arena, count, sizeof(struct creation))};

    for (size_t i = 0; i < count; i++) {
        const struct table *table = model->tables[i];

        ordering.nodes[i] = (struct node){
            .table = table, .later = arena_calloc(arena, table->constraint_count, sizeof(bool))};
    }
    qsort(ordering.nodes, count, sizeof *ordering.nodes, compare_nodes);
    for (size_t i = 0; i < count; i++)
        (void)name_index_add(index, ordering.nodes[i].table->name, &ordering.nodes[i]);
    for (size_t i = 0; i < count; i++)
        if (ordering.nodes[i].visit == VISIT_NOT_YET)
            visit(&ordering, &ordering.nodes[i], stack);
    return ordering.creations;
}
