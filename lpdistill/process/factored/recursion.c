/* All columns that distil, priced without listing one: the recursion of recursion.py for one number of attempts.

   Configurations are ranked by their partial sums s_1 <= ... <= s_K (configurations.py).  Those with the same
   s_2, ..., s_K follow each other: a run.  Adding or taking the same pairs moves a run to a part of another, so that
   every step below is a loop over runs around a loop over consecutive numbers.

   The operations and their order are those of recursion.py, without contraction, and so are the results, to the last
   digit. */

#include "compiled.h"

typedef struct {
    int64_t levels, most;     /* fidelity levels, and memories */
    int64_t first, second;    /* recipes of either sort */
    int64_t nodes;            /* matchings of recipes of the first sort */
    int64_t runs;
    const int64_t *upto;      /* configurations with at most so many pairs, (most + 2), from -1 on */
    const int64_t *run_from;  /* first run of every number of pairs, with the end, (most + 2) */
    const int64_t *base;      /* rank of the first configuration of every run, (runs) */
    const int64_t *length;    /* configurations in it, (runs) */
    const int64_t *sums;      /* partial sums of that configuration, (runs, levels) */
    const int64_t *steps;     /* the table of binomials, (levels, most + 1) */
    const int64_t *outcomes;  /* where the outcomes of every recipe of the first sort start, with the end */
    const int64_t *made;      /* where runs go with what an outcome leaves, (outcomes, runs) */
    const int64_t *taken;     /* where they go without what a recipe of the second sort consumes, (second, runs) */
    const int64_t *low, *high;     /* the part of the run that has it, (second, runs); none where high < low */
    const int64_t *below;     /* rank without what a recipe of the second sort consumes, -1 for none, (second, size) */
    const int64_t *recipe, *source, *parent, *consumed, *pairs; /* of every node, (nodes) */
    const int64_t *node_sums; /* partial sums of what a node consumes, (nodes, levels) */
    int64_t stride;           /* what all recipes of the second sort consume, 1 where that differs */
    int64_t limit;            /* the greatest number of distillations in one step */
} Lattice;

typedef struct {
    const double *made;           /* probability of every outcome, as in `outcomes` */
    const double *lost, *gained;  /* by recipe of the first sort */
    const double *missed, *won;   /* by recipe of the second sort */
    double price;                 /* of a distillation */
    int64_t counted;              /* whether the number of distillations matters */
} Chances;

SHARED int64_t lpdistill_interface(void) { return INTERFACE; }

/* The table of a node, made of that of another: configurations of at most `most` pairs. */
INLINE void lift(const Lattice *of, const Chances *at, int64_t recipe, int64_t most, const double *in, double *out)
{
    const int64_t begin = of->outcomes[recipe], end = of->outcomes[recipe + 1];
    const double lost = at->lost[recipe], gained = at->gained[recipe];
    for (int64_t run = 0; run < of->run_from[most + 1]; run++) {
        const int64_t base = of->base[run], length = of->length[run];
        const double *here = in + base;
        double *to = out + base;
        if (end - begin == 1 && at->made[begin] != 0 && lost != 0 && gained == 0) {
            const double *up = in + of->made[begin * of->runs + run];
            const double chance = at->made[begin];
#if defined(__GNUC__)
#pragma GCC ivdep
#endif
            for (int64_t a = 0; a < length; a++)
                to[a] = chance * up[a] + lost * here[a];
            continue;
        }
        for (int64_t a = 0; a < length; a++) {
            double total = 0.0;
            for (int64_t o = begin; o < end; o++)
                if (at->made[o] != 0)
                    total = total + at->made[o] * in[of->made[o * of->runs + run] + a];
            if (lost != 0)
                total = total + lost * here[a];
            to[a] = gained != 0 ? total + gained : total;
        }
    }
}

/* The table of a node, made where it is to stand: each recipe of the first sort has a place in `work`. */
INLINE const double *tabled(const Lattice *of, const Chances *at, int64_t node, int64_t most, const double *table,
                            double *work, int64_t size)
{
    if (!node)
        return table;
    const int64_t source = of->source[node], recipe = of->recipe[node];
    lift(of, at, recipe, most, source ? work + (source - 1) * size : table, work + recipe * size);
    return work + recipe * size;
}

/* to[a] = min(to[a], missed * from[a] + won) */
INLINE void lessen(double missed, double won, int64_t low, int64_t high, const double *from, double *to)
{
    if (missed == 0) {
        for (int64_t a = low; a <= high; a++)
            to[a] = won < to[a] ? won : to[a];
        return;
    }
#if defined(__GNUC__)
#pragma GCC ivdep
#endif
    for (int64_t a = low; a <= high; a++) {
        const double value = missed * from[a] + won;
        to[a] = value < to[a] ? value : to[a];
    }
}

/* The least expectation with any number of recipes of the second sort on top, for every `stride`-th number of pairs. */
INLINE void descend(const Lattice *of, const Chances *at, int64_t start, int64_t stride, int64_t most, const double *in,
                    double *out)
{
    for (int64_t total = start; total <= most; total += stride)
        for (int64_t run = of->run_from[total]; run < of->run_from[total + 1]; run++) {
            double *to = out + of->base[run];
            memcpy(to, in + of->base[run], (size_t)of->length[run] * sizeof(double));
            for (int64_t t = 0; t < of->second; t++) {
                const int64_t at_run = t * of->runs + run;
                lessen(at->missed[t], at->won[t], of->low[at_run], of->high[at_run], out + of->taken[at_run], to);
            }
        }
}

/* The same with exactly one more. */
INLINE void more(const Lattice *of, const Chances *at, int64_t most, const double *in, double *out)
{
    for (int64_t run = 0; run < of->run_from[most + 1]; run++) {
        double *to = out + of->base[run];
        for (int64_t a = 0; a < of->length[run]; a++)
            to[a] = INFINITY;
        for (int64_t t = 0; t < of->second; t++) {
            const int64_t at_run = t * of->runs + run;
            lessen(at->missed[t], at->won[t], of->low[at_run], of->high[at_run], in + of->taken[at_run], to);
        }
    }
}

/* Keep what is less, of configurations that have at least `least` pairs without what the node consumes. */
INLINE void keep(const Lattice *of, int64_t node, int64_t least, int64_t most, double add, const double *values,
                 double *best, int64_t *chosen)
{
    const int64_t *sums = of->node_sums + node * of->levels, width = of->most + 1;
    for (int64_t run = of->run_from[least]; run < of->run_from[most + 1]; run++) {
        int64_t rank = 0;
        for (int64_t level = 0; level < of->levels; level++)
            rank += of->steps[level * width + of->sums[run * of->levels + level] + sums[level]];
        const double *from = values + of->base[run];
        double *to = best + rank;
        int64_t *by = chosen + rank;
        for (int64_t a = 0; a < of->length[run]; a++) {
            const double value = from[a] + add;
            const int better = value < to[a];
            to[a] = better ? value : to[a];
            by[a] = better ? node : by[a];
        }
    }
}

/* The same for the empty node, on which at least one recipe of the second sort comes. */
INLINE void keep_more(const Lattice *of, const Chances *at, int64_t least, int64_t most, const double *values,
                      double *best, int64_t *chosen)
{
    for (int64_t run = of->run_from[least]; run < of->run_from[most + 1]; run++)
        for (int64_t t = 0; t < of->second; t++) {
            const int64_t at_run = t * of->runs + run;
            const double *from = values + of->taken[at_run];
            for (int64_t a = of->low[at_run]; a <= of->high[at_run]; a++) {
                const double value = (at->missed[t] != 0 ? at->missed[t] * from[a] : 0.0) + at->won[t];
                if (value < best[of->base[run] + a]) {
                    best[of->base[run] + a] = value;
                    chosen[of->base[run] + a] = 0;
                }
            }
        }
}

/* The least expectation of every configuration of at least `wanted` pairs with `attempts` attempts.

   table: the attempt table of so many attempts; work: first + 2 tables of as many numbers;
   best, chosen: least expectations and the nodes that attain them, to be lessened. */
SHARED WIDEST void lpdistill_least(const Lattice *of, const Chances *at, int64_t attempts, int64_t wanted,
                                   const double *table, double *work, double *best, int64_t *chosen)
{
    const int64_t whole = of->most - attempts, size = of->upto[whole + 1];
    double *spare = work + of->first * size, *other = spare + size;
    for (int64_t node = 0; node < of->nodes; node++) {
        const int64_t most = whole - of->consumed[node];
        if (most < 0)
            continue;
        const double *here = tabled(of, at, node, most, table, work, size);
        const int64_t least = wanted > of->consumed[node] ? wanted - of->consumed[node] : 0;
        if (least > most)
            continue;
        if (at->counted) {
            double *in = spare, *out = other;
            for (int64_t j = 0; of->pairs[node] + j <= of->limit; j++) {
                const double *values = here;
                if (j) {
                    more(of, at, most, j > 1 ? in : here, out);
                    double *swap = in;
                    in = out;
                    out = swap;
                    values = in;
                }
                if (of->pairs[node] + j)
                    keep(of, node, least, most, at->price * (double)(of->pairs[node] + j), values, best, chosen);
                if (j * of->stride > most || !of->second)
                    break;
            }
            continue;
        }
        const int64_t stride = least == most ? of->stride : 1;
        descend(of, at, most % stride, stride, most, here, spare);
        if (node)
            keep(of, node, least, most, 0.0, spare, best, chosen);
        else
            keep_more(of, at, least, most, spare, best, chosen);
    }
}

/* The attempt table of some values, and the same without the outcome in which no attempt succeeds.

   to: where runs go with one more raw pair, (runs), or none where that meets the target; start: where each number of
   attempts begins, (most + 1); whole begins with the values, some with zeros. */
INLINE void attempt(const Lattice *of, const int64_t *to, double success, double failure, const int64_t *start,
                    double *whole, double *some)
{
    for (int64_t g = 1; g <= of->most; g++) {
        const double *before = whole + start[g - 1], *partly = some + start[g - 1];
        double *all = whole + start[g], *part = some + start[g];
        for (int64_t run = 0; run < of->run_from[of->most - g + 1]; run++) {
            const int64_t base = of->base[run], end = base + of->length[run];
            if (to == NULL || failure == 0) {
                for (int64_t c = base; c < end; c++) {
                    const double gained = to == NULL ? 0.0 : success * before[to[run] + c - base];
                    all[c] = (failure != 0 ? before[c] * failure : 0.0) + gained;
                    part[c] = (failure != 0 ? partly[c] * failure : 0.0) + gained;
                }
                continue;
            }
            const double *up = before + to[run] - base;
#if defined(__GNUC__)
#pragma GCC ivdep
#endif
            for (int64_t c = base; c < end; c++) {
                const double gained = success * up[c];
                all[c] = before[c] * failure + gained;
                part[c] = partly[c] * failure + gained;
            }
        }
    }
}

SHARED WIDEST void lpdistill_attempts(const Lattice *of, const int64_t *to, double success, double failure,
                                      const int64_t *start, double *whole, double *some)
{
    attempt(of, to, success, failure, start, whole, some);
}

/* The attempt tables transposed: weights on their entries become weights on configurations, the first of `whole`. */
INLINE void collect(const Lattice *of, const int64_t *to, double success, double failure, const int64_t *start,
                    double *whole, double *some)
{
    for (int64_t g = of->most; g > 0; g--) {
        double *before = whole + start[g - 1], *partly = some + start[g - 1];
        const double *all = whole + start[g], *part = some + start[g];
        for (int64_t run = 0; run < of->run_from[of->most - g + 1]; run++) {
            const int64_t base = of->base[run], length = of->length[run];
            double *up = to == NULL ? NULL : before + to[run];
            /* One more pair: another number of pairs, and so another run. */
#if defined(__GNUC__)
#pragma GCC ivdep
#endif
            for (int64_t a = 0; up != NULL && a < length; a++)
                up[a] += success * (all[base + a] + part[base + a]);
#if defined(__GNUC__)
#pragma GCC ivdep
#endif
            for (int64_t c = base; c < base + length; c++) {
                before[c] += failure * all[c];
                partly[c] += failure * part[c];
            }
        }
    }
}

SHARED WIDEST void lpdistill_collect(const Lattice *of, const int64_t *to, double success, double failure,
                                     const int64_t *start, double *whole, double *some)
{
    collect(of, to, success, failure, start, whole, some);
}

/* How often the matchings that attain some least expectations carry recipes of the second sort out.

   found: number of them; node, rank: of each, increasing by node, without what the node consumes;
   counts: (found, second), zero before; marked: (nodes), zero before. */
SHARED WIDEST void lpdistill_trace(const Lattice *of, const Chances *at, int64_t attempts, const double *table,
                                   double *work, int64_t found, const int64_t *node_of, const int64_t *rank_of,
                                   int64_t *counts, int8_t *marked)
{
    const int64_t whole = of->most - attempts, size = of->upto[whole + 1], all = of->upto[of->most + 1];
    double *best = work + of->first * size;
    for (int64_t i = 0; i < found; i++)
        for (int64_t node = node_of[i]; node >= 0 && !marked[node]; node = of->parent[node])
            marked[node] = 1;
    int64_t next = 0;
    for (int64_t node = 0; node < of->nodes && next < found; node++) {
        const int64_t most = whole - of->consumed[node];
        if (!marked[node] || most < 0)
            continue;
        const double *here = tabled(of, at, node, most, table, work, size);
        if (node_of[next] != node)
            continue;
        descend(of, at, 0, 1, most, here, best);
        for (; next < found && node_of[next] == node; next++) {
            int64_t rank = rank_of[next];
            int must = !node;
            double value = must ? INFINITY : best[rank];
            for (int64_t t = 0; must && t < of->second; t++) {
                const int64_t below = of->below[t * all + rank];
                if (below < 0)
                    continue;
                const double after = (at->missed[t] != 0 ? at->missed[t] * best[below] : 0.0) + at->won[t];
                value = after < value ? after : value;
            }
            while (must || value != here[rank]) {
                int64_t t = 0;
                for (; t < of->second; t++) {
                    const int64_t below = of->below[t * all + rank];
                    if (below < 0)
                        continue;
                    const double after = (at->missed[t] != 0 ? at->missed[t] * best[below] : 0.0) + at->won[t];
                    if (after == value) {
                        counts[next * of->second + t]++;
                        rank = below;
                        value = best[below];
                        break;
                    }
                }
                if (t == of->second)
                    break;
                must = 0;
            }
        }
    }
}

/* Matchings whose expectations keep within limits, as they are found. */
typedef struct {
    const Lattice *of;
    const Chances *at;
    const double *table, *best; /* of the node: without recipes of the second sort, and the least with any of them */
    double limit, cheapest;
    int64_t pairs, room, rank, node, found, space;
    int64_t counts[256];
    int64_t *ranks, *nodes, *seconds;
} Search;

/* Those with `used` recipes of the second sort and more, of which the last is `last`: c is left, and what comes after
   counts `scale` times, on top of `offset`. */
static void search(Search *in, int64_t c, double scale, double offset, int64_t last, int64_t used)
{
    const Lattice *of = in->of;
    const int64_t all = of->upto[of->most + 1];
    const double rest = scale != 0 ? scale * in->table[c] : 0.0;
    const double total = rest + offset + in->at->price * (double)(in->pairs + used);
    if (in->pairs + used && total <= in->limit && isfinite(total)) {
        if (in->found < in->space) {
            in->ranks[in->found] = in->rank;
            in->nodes[in->found] = in->node;
            memcpy(in->seconds + in->found * of->second, in->counts, (size_t)of->second * sizeof(int64_t));
        }
        in->found++;
    }
    if (used == in->room)
        return;
    for (int64_t t = last; t < of->second; t++) {
        const int64_t below = of->below[t * all + c];
        if (below < 0)
            continue;
        const double missed = in->at->missed[t], after = scale * missed, won = offset + scale * in->at->won[t];
        const double price = in->at->price > 0 ? in->at->price * (double)(in->pairs + used + 1) : in->cheapest;
        if ((after != 0 ? after * in->best[below] : 0.0) + won + price <= in->limit) {
            in->counts[t]++;
            search(in, below, after, won, t, used + 1);
            in->counts[t]--;
        }
    }
}

/* All matchings that keep within the limits of their configuration, of at least `wanted` pairs; returns their number.

   limits: what expectations may be at most, prices of distillations included, by configuration; space: how many are
   written out: ranks of configurations, nodes, and counts of recipes of the second sort, (space, second). */
SHARED WIDEST int64_t lpdistill_within(const Lattice *of, const Chances *at, int64_t attempts, int64_t wanted,
                                       const double *table, double *work, const double *limits, int64_t space,
                                       int64_t *ranks, int64_t *nodes, int64_t *seconds)
{
    const int64_t whole = of->most - attempts, size = of->upto[whole + 1], width = of->most + 1;
    double *best = work + of->first * size;
    Search in = {.of = of, .at = at, .best = best, .space = space, .ranks = ranks, .nodes = nodes, .seconds = seconds};
    for (int64_t node = 0; node < of->nodes; node++) {
        const int64_t most = whole - of->consumed[node];
        if (most < 0)
            continue;
        in.table = tabled(of, at, node, most, table, work, size);
        const int64_t least = wanted > of->consumed[node] ? wanted - of->consumed[node] : 0;
        if (least > most)
            continue;
        const int64_t stride = least == most ? of->stride : 1;
        descend(of, at, most % stride, stride, most, in.table, best);
        in.pairs = of->pairs[node];
        in.room = of->limit - in.pairs;
        in.cheapest = at->price < 0 ? at->price * (double)of->limit : 0.0;
        in.node = node;
        const double price = at->price > 0 ? at->price * (double)in.pairs : in.cheapest;
        const int64_t *sums = of->node_sums + node * of->levels;
        for (int64_t run = of->run_from[least]; run < of->run_from[most + 1]; run++) {
            int64_t rank = 0;
            for (int64_t level = 0; level < of->levels; level++)
                rank += of->steps[level * width + of->sums[run * of->levels + level] + sums[level]];
            for (int64_t a = 0; a < of->length[run]; a++)
                if (best[of->base[run] + a] + price <= limits[rank + a]) {
                    in.rank = rank + a;
                    in.limit = limits[rank + a];
                    search(&in, of->base[run] + a, 1.0, 0.0, 0, 0);
                }
        }
    }
    return in.found;
}

/* Sets of recipes of the second sort that may be least where failures have a price (groups.py). */
typedef struct {
    int64_t size;
    const int64_t *consumed, *pairs; /* of every set, (size), those that consume fewer pairs first */
    const int64_t *sums;             /* partial sums of what it consumes, (size, levels) */
    const double *missed, *cost;     /* probability that nothing comes of it, and what it costs, (size) */
    const double *node_cost;         /* what a node costs, (nodes) */
} Groups;

/* Rank of the first configuration of a run with what a node and a set consume on top. */
INLINE int64_t raised(const Lattice *of, int64_t run, const int64_t *node, const int64_t *set)
{
    int64_t rank = 0;
    for (int64_t level = 0; level < of->levels; level++)
        rank += of->steps[level * (of->most + 1) + of->sums[run * of->levels + level] + node[level] + set[level]];
    return rank;
}

/* Whether a set may come beside a node: at least one distillation, and not too many. */
INLINE int beside(const Lattice *of, const Groups *by, int64_t node, int64_t set)
{
    const int64_t pairs = of->pairs[node] + by->pairs[set];
    return pairs && pairs <= of->limit;
}

/* The same as lpdistill_least where failures have a price; chosen: node * sets + set. */
SHARED WIDEST void lpdistill_least_grouped(const Lattice *of, const Chances *at, const Groups *by, int64_t attempts,
                                           int64_t wanted, const double *table, double *work, double *best,
                                           int64_t *chosen)
{
    const int64_t whole = of->most - attempts, size = of->upto[whole + 1];
    for (int64_t node = 0; node < of->nodes; node++) {
        const int64_t most = whole - of->consumed[node];
        if (most < 0)
            continue;
        const double *here = tabled(of, at, node, most, table, work, size);
        for (int64_t set = 0; set < by->size && by->consumed[set] <= most; set++) {
            const int64_t room = most - by->consumed[set], priced = wanted - of->consumed[node] - by->consumed[set];
            const int64_t number = node * by->size + set;
            const double missed = by->missed[set], cost = by->node_cost[node] + by->cost[set];
            if (!beside(of, by, node, set))
                continue;
            for (int64_t run = of->run_from[priced > 0 ? priced : 0]; run < of->run_from[room + 1]; run++) {
                const int64_t rank = raised(of, run, of->node_sums + node * of->levels, by->sums + set * of->levels);
                const double *from = here + of->base[run];
                double *to = best + rank;
                int64_t *number_of = chosen + rank;
                for (int64_t a = 0; a < of->length[run]; a++) {
                    const double value = (missed != 0 ? missed * from[a] : 0.0) + cost;
                    const int better = value < to[a];
                    to[a] = better ? value : to[a];
                    number_of[a] = better ? number : number_of[a];
                }
            }
        }
    }
}

/* All nodes with sets that keep within the limits of configurations, as lpdistill_within; numbers: node * sets + set. */
SHARED WIDEST int64_t lpdistill_within_grouped(const Lattice *of, const Chances *at, const Groups *by, int64_t attempts,
                                               int64_t wanted, const double *table, double *work, const double *limits,
                                               int64_t space, int64_t *ranks, int64_t *numbers, int64_t *unused)
{
    const int64_t whole = of->most - attempts, size = of->upto[whole + 1];
    int64_t found = 0;
    (void)unused;
    for (int64_t node = 0; node < of->nodes; node++) {
        const int64_t most = whole - of->consumed[node];
        if (most < 0)
            continue;
        const double *here = tabled(of, at, node, most, table, work, size);
        for (int64_t set = 0; set < by->size && by->consumed[set] <= most; set++) {
            const int64_t room = most - by->consumed[set], priced = wanted - of->consumed[node] - by->consumed[set];
            const double missed = by->missed[set], cost = by->node_cost[node] + by->cost[set];
            if (!beside(of, by, node, set))
                continue;
            for (int64_t run = of->run_from[priced > 0 ? priced : 0]; run < of->run_from[room + 1]; run++) {
                const int64_t rank = raised(of, run, of->node_sums + node * of->levels, by->sums + set * of->levels);
                for (int64_t a = 0; a < of->length[run]; a++) {
                    const double value = (missed != 0 ? missed * here[of->base[run] + a] : 0.0) + cost;
                    if (value <= limits[rank + a] && isfinite(value)) {
                        if (found < space) {
                            ranks[found] = rank + a;
                            numbers[found] = node * by->size + set;
                        }
                        found++;
                    }
                }
            }
        }
    }
    return found;
}

/* Columns that distil, by what recipes of the first sort leave.

   rows: number of columns; sums: partial sums of the pairs left alone, (rows, levels); start: where the attempt table
   of their attempts begins; trials: how often they carry every recipe of the first sort out, (rows, first);
   scale: probability that all others fail; odds: binomial probabilities, (first, width, width);
   level: what each of these recipes leaves. */
typedef struct {
    int64_t rows, width;
    const int64_t *sums, *start, *trials, *level;
    const double *scale, *odds;
} Distilling;

/* Expected values after columns that distil, for an attempt table. */
static void expect(const Lattice *of, const Distilling *by, const double *table, double *found)
{
    enum { MOST = 64 };
    const int64_t steps = of->most + 1;
    int64_t used[MOST], at[MOST], sum[MOST];
    double total[MOST + 1];
    const int64_t rows = by->rows, width = by->width;
    const int64_t *sums = by->sums, *start = by->start, *trials = by->trials, *level = by->level;
    const double *scale = by->scale, *odds = by->odds;
    for (int64_t row = 0; row < rows; row++) {
        int64_t depth = 0;
        for (int64_t r = 0; r < of->first; r++)
            if (trials[row * of->first + r])
                used[depth++] = r;
        memcpy(sum, sums + row * of->levels, (size_t)of->levels * sizeof(int64_t));
        const double *from = table + start[row];
        if (!depth) {
            int64_t rank = 0;
            for (int64_t l = 0; l < of->levels; l++)
                rank += of->steps[l * steps + sum[l]];
            found[row] = scale[row] * from[rank];
            continue;
        }
        const int64_t last = depth - 1, inner = level[used[last]], tried = trials[row * of->first + used[last]];
        const double *weights = odds + (used[last] * width + tried) * width;
        for (int64_t d = 0; d < depth; d++) {
            at[d] = 0;
            total[d] = 0.0;
        }
        for (;;) {
            int64_t fixed = 0;
            for (int64_t l = 0; l < inner; l++)
                fixed += of->steps[l * steps + sum[l]];
            double part = 0.0;
            for (int64_t j = 0; j <= tried; j++) {
                int64_t rank = fixed;
                for (int64_t l = inner; l < of->levels; l++)
                    rank += of->steps[l * steps + sum[l] + j];
                part += weights[j] * from[rank];
            }
            total[last] = part;
            int64_t d = last;
            while (d > 0) {
                const int64_t r = used[d - 1], most = trials[row * of->first + r];
                total[d - 1] += odds[(r * width + most) * width + at[d - 1]] * total[d];
                total[d] = 0.0;
                if (at[d - 1] < most) {
                    at[d - 1]++;
                    for (int64_t l = level[r]; l < of->levels; l++)
                        sum[l]++;
                    break;
                }
                for (int64_t l = level[r]; l < of->levels; l++)
                    sum[l] -= at[d - 1];
                at[d - 1] = 0;
                d--;
            }
            if (d == 0)
                break;
        }
        found[row] = scale[row] * total[0];
    }
}

SHARED void lpdistill_expect(const Lattice *of, const Distilling *by, const double *table, double *found)
{
    expect(of, by, table, found);
}

/* The same transposed: the weight of a column that distils is added to what its recipes leave, beside its attempts. */
static void spread(const Lattice *of, const Distilling *by, int64_t row, double weight, double *to)
{
    enum { MOST = 64 };
    const int64_t steps = of->most + 1, width = by->width;
    int64_t used[MOST], at[MOST], sum[MOST];
    double share[MOST + 1]; /* of what recipes before this one do */
    const int64_t *trials = by->trials + row * of->first;
    int64_t depth = 0;
    for (int64_t r = 0; r < of->first; r++)
        if (trials[r]) {
            at[depth] = 0;
            used[depth++] = r;
        }
    memcpy(sum, by->sums + row * of->levels, (size_t)of->levels * sizeof(int64_t));
    const int64_t last = depth - 1, inner = depth ? by->level[used[last]] : of->levels;
    const int64_t tried = depth ? trials[used[last]] : 0;
    const double one = 1.0, *odds = depth ? by->odds + (used[last] * width + tried) * width : &one;
    share[0] = by->scale[row] * weight;
    int64_t d = 0;
    do {
        for (; d < last; d++)
            share[d + 1] = share[d] * by->odds[(used[d] * width + trials[used[d]]) * width + at[d]];
        int64_t fixed = 0;
        for (int64_t l = 0; l < inner; l++)
            fixed += of->steps[l * steps + sum[l]];
        for (int64_t j = 0; j <= tried; j++) {
            int64_t rank = fixed;
            for (int64_t l = inner; l < of->levels; l++)
                rank += of->steps[l * steps + sum[l] + j];
            to[rank] += share[depth ? last : 0] * odds[j];
        }
        for (d = last - 1; d >= 0 && at[d] == trials[used[d]]; d--) {
            for (int64_t l = by->level[used[d]]; l < of->levels; l++)
                sum[l] -= at[d];
            at[d] = 0;
        }
        if (d >= 0) {
            at[d]++;
            for (int64_t l = by->level[used[d]]; l < of->levels; l++)
                sum[l]++;
        }
    } while (d >= 0);
}

static void spread_all(const Lattice *of, const Distilling *by, const double *weights, double *table)
{
    for (int64_t row = 0; row < by->rows; row++)
        if (weights[row] != 0)
            spread(of, by, row, weights[row], table + by->start[row]);
}

SHARED void lpdistill_spread(const Lattice *of, const Distilling *by, const double *weights, double *table)
{
    spread_all(of, by, weights, table);
}

/* The equations of a policy: V = local + E(V), where E is the expectation given that anything happens.

   columns: number of them; configuration: of each; distils: the columns that do, and their number; others: the other
   columns, where they stand in the attempt tables, and what their expectation is divided by, 0 for those that discard;
   unit: about what V is, by column. */
typedef struct {
    int64_t columns, size, others;
    const int64_t *configuration, *distils, *other, *place;
    const double *leaving, *unit;
    const int64_t *raised, *starts;
    double success, failure;
} Equations;

/* What columns that distil may lead to, written out as weights on an attempt table: where those of every column begin,
   with the end, (rows + 1). */
typedef struct {
    int64_t *first;
    int32_t *place;
    double *weight;
} Outcomes;

/* Outcomes up to which writing them out takes little memory. */
enum { MOST_OUTCOMES = 4000000 };

/* One column: recipe after recipe of the first sort, each as often as it may succeed; returns the next free entry. */
static int64_t listed(const Lattice *of, const Distilling *by, const int64_t *trials, int64_t recipe, int64_t *sum,
                      double weight, int64_t start, int64_t entry, const Outcomes *to)
{
    while (recipe < of->first && !trials[recipe])
        recipe++;
    if (recipe == of->first) {
        int64_t rank = start;
        for (int64_t l = 0; l < of->levels; l++)
            rank += of->steps[l * (of->most + 1) + sum[l]];
        to->place[entry] = (int32_t)rank;
        to->weight[entry] = weight;
        return entry + 1;
    }
    const double *odds = by->odds + (recipe * by->width + trials[recipe]) * by->width;
    for (int64_t j = 0; j <= trials[recipe]; j++) {
        entry = listed(of, by, trials, recipe + 1, sum, weight * odds[j], start, entry, to);
        for (int64_t l = by->level[recipe]; l < of->levels; l++)
            sum[l]++;
    }
    for (int64_t l = by->level[recipe]; l < of->levels; l++)
        sum[l] -= trials[recipe] + 1;
    return entry;
}

static void forget(Outcomes *to)
{
    free(to->first);
    free(to->place);
    free(to->weight);
    to->first = NULL;
}

/* Write the outcomes out; `first` is none where they are many, or there is no memory. */
static Outcomes written(const Lattice *of, const Distilling *by)
{
    enum { MOST = 64 };
    Outcomes to = {malloc((size_t)(by->rows + 1) * sizeof(int64_t)), NULL, NULL};
    int64_t total = 0, sum[MOST];
    for (int64_t row = 0; to.first && row < by->rows; row++) {
        int64_t several = 1;
        for (int64_t r = 0; r < of->first && several <= MOST_OUTCOMES; r++)
            several *= by->trials[row * of->first + r] + 1;
        to.first[row] = total;
        total += several;
        if (total > MOST_OUTCOMES)
            forget(&to);
    }
    if (!to.first)
        return to;
    to.first[by->rows] = total;
    to.place = malloc((size_t)(total + 1) * sizeof(int32_t));
    to.weight = malloc((size_t)(total + 1) * sizeof(double));
    if (!to.place || !to.weight) {
        forget(&to);
        return to;
    }
    for (int64_t row = 0; row < by->rows; row++) {
        memcpy(sum, by->sums + row * of->levels, (size_t)of->levels * sizeof(int64_t));
        listed(of, by, by->trials + row * of->first, 0, sum, by->scale[row], by->start[row], to.first[row], &to);
    }
    return to;
}

typedef struct {
    const Lattice *of;
    const Distilling *by;
    const Equations *in;
    double *values, *whole, *some, *expected;
    int transposed;
    Outcomes listed;
} Place;

/* E(unit x) / unit */
static void after(const Place *at, const double *x, double *to)
{
    const Equations *in = at->in;
    memset(at->values, 0, (size_t)in->size * sizeof(double));
    for (int64_t i = 0; i < in->columns; i++)
        at->values[in->configuration[i]] = in->unit[i] * x[i];
    memcpy(at->whole, at->values, (size_t)in->size * sizeof(double));
    memset(at->some, 0, (size_t)in->size * sizeof(double));
    lpdistill_attempts(at->of, in->raised, in->success, in->failure, in->starts, at->whole, at->some);
    if (!at->listed.first)
        expect(at->of, at->by, at->whole, at->expected);
    for (int64_t i = 0; i < at->by->rows; i++) {
        double value = at->listed.first ? 0.0 : at->expected[i];
        if (at->listed.first)
            for (int64_t e = at->listed.first[i]; e < at->listed.first[i + 1]; e++)
                value += at->listed.weight[e] * at->whole[at->listed.place[e]];
        to[in->distils[i]] = value / in->unit[in->distils[i]];
    }
    for (int64_t i = 0; i < in->others; i++) {
        const int64_t column = in->other[i];
        const double value = in->leaving[i] != 0 ? at->some[in->place[i]] / in->leaving[i] : at->whole[in->place[i]];
        to[column] = value / in->unit[column];
    }
}

/* E transposed: how often configurations are entered from columns that are left so often. */
static void onward(const Place *at, const double *x, double *to)
{
    const Equations *in = at->in;
    const int64_t table = in->starts[at->of->most + 1];
    memset(at->whole, 0, (size_t)table * sizeof(double));
    memset(at->some, 0, (size_t)table * sizeof(double));
    for (int64_t i = 0; i < at->by->rows; i++)
        at->expected[i] = x[in->distils[i]];
    if (!at->listed.first)
        spread_all(at->of, at->by, at->expected, at->whole);
    else
        for (int64_t i = 0; i < at->by->rows; i++)
            for (int64_t e = at->listed.first[i]; at->expected[i] != 0 && e < at->listed.first[i + 1]; e++)
                at->whole[at->listed.place[e]] += at->listed.weight[e] * at->expected[i];
    for (int64_t i = 0; i < in->others; i++) {
        const double value = x[in->other[i]];
        if (in->leaving[i] != 0)
            at->some[in->place[i]] += value / in->leaving[i];
        else
            at->whole[in->place[i]] += value;
    }
    lpdistill_collect(at->of, in->raised, in->success, in->failure, in->starts, at->whole, at->some);
    for (int64_t i = 0; i < in->columns; i++)
        to[i] = at->whole[in->configuration[i]];
}

static void applied(const Place *at, const double *x, double *to)
{
    (at->transposed ? onward : after)(at, x, to);
}

static double dot(int64_t n, const double *a, const double *b)
{
    double total = 0.0;
    for (int64_t i = 0; i < n; i++)
        total += a[i] * b[i];
    return total;
}

/* One correction of x by BiCGSTAB (van der Vorst, 1992): r is what x misses; 0 where that is no longer missing. */
static int corrected(const Place *at, double share, int64_t most, double *x, double *r, double *work)
{
    const int64_t n = at->in->columns;
    double *p = work, *v = p + n, *t = v + n, *shadow = t + n, *e = shadow + n;
    const double enough = share * sqrt(dot(n, r, r));
    double rho = 1.0, alpha = 1.0, omega = 1.0;
    /* What is left of a single start may be orthogonal to it at once, but hardly to irregular numbers. */
    for (int64_t i = 0; i < n; i++)
        shadow[i] = at->transposed ? fmod(0.6180339887498949 * (double)(i + 1), 1.0) : r[i];
    memset(p, 0, (size_t)n * sizeof(double));
    memset(v, 0, (size_t)n * sizeof(double));
    for (int64_t step = 0; step < most; step++) {
        if (!(sqrt(dot(n, r, r)) > enough))
            return 0;
        const double before = rho;
        rho = dot(n, shadow, r);
        if (rho == 0 || omega == 0)
            return 1;
        const double beta = rho / before * (alpha / omega);
        for (int64_t i = 0; i < n; i++)
            p[i] = r[i] + beta * (p[i] - omega * v[i]);
        applied(at, p, e);
        for (int64_t i = 0; i < n; i++)
            v[i] = p[i] - e[i];
        alpha = rho / dot(n, shadow, v);
        for (int64_t i = 0; i < n; i++)
            r[i] -= alpha * v[i];
        applied(at, r, e);
        for (int64_t i = 0; i < n; i++)
            t[i] = r[i] - e[i];
        const double square = dot(n, t, t);
        omega = square > 0 ? dot(n, t, r) / square : 0;
        for (int64_t i = 0; i < n; i++) {
            x[i] += alpha * p[i] + omega * r[i];
            r[i] -= omega * t[i];
        }
    }
    return 1;
}

/* What x misses of the equations. */
static void miss(const Place *at, const double *local, const double *x, double *r)
{
    applied(at, x, r);
    for (int64_t i = 0; i < at->in->columns; i++)
        r[i] = local[i] / at->in->unit[i] - (x[i] - r[i]);
}

/* Solve the equations, transposed or not, up to a residual; 0 if that went well. The work is that of those below. */
static int solved(const Place *at, const double *local, const double *shares, double accepted, int64_t most, double *x,
                  double *work)
{
    const int64_t n = at->in->columns;
    double *r = work + 5 * n, size = 0.0;
    for (int64_t i = 0; i < n; i++)
        size += (local[i] / at->in->unit[i]) * (local[i] / at->in->unit[i]);
    size = sqrt(size);
    miss(at, local, x, r);
    for (int64_t pass = sqrt(dot(n, r, r)) <= shares[2] * size; pass < 2; pass++) {
        if (corrected(at, shares[pass], most, x, r, work))
            return 1;
        miss(at, local, x, r);
    }
    return !(sqrt(dot(n, r, r)) <= accepted * size);
}

/* Sweeps over the equations until every number is as accurate as its own size allows. */
static void settle(const Place *at, const double *local, double settled, int64_t sweeps, double *x, double *r)
{
    const int64_t n = at->in->columns;
    for (int64_t sweep = 0; sweep < sweeps; sweep++) {
        int64_t changed = 0;
        for (int64_t i = 0; i < n; i++)
            x[i] = x[i] > 0 ? x[i] : 0;
        applied(at, x, r);
        for (int64_t i = 0; i < n; i++) {
            const double value = local[i] / at->in->unit[i] + r[i], kept = value > 0 ? value : 0;
            changed += !(fabs(kept - x[i]) <= settled * kept);
            x[i] = kept;
        }
        if (!changed)
            break;
    }
}

/* Solve the equations of a policy; 0 if that went well.

   local: what is collected, (columns); x: V / unit, where to start and what comes of it;
   shares: residuals asked, and from which on only the last is; accepted: the residual that is taken;
   settled: relative change at which sweeps end; work: 7 * columns + size + 2 * table numbers. */
SHARED int64_t lpdistill_solve(const Lattice *of, const Distilling *by, const Equations *in, const double *local,
                               const double *shares, double accepted, double settled, int64_t most, int64_t sweeps,
                               int64_t table, double *x, double *work)
{
    const int64_t n = in->columns;
    double *r = work + 5 * n, *values = r + n, *whole = values + in->size, *some = whole + table;
    Place at = {of, by, in, values, whole, some, some + table, 0, written(of, by)};
    int failed = solved(&at, local, shares, accepted, most, x, work);
    double greatest = 0.0, least = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double value = x[i] * in->unit[i];
        greatest = value > greatest ? value : greatest;
        least = value < least ? value : least;
    }
    failed = failed || !isfinite(greatest) || least < -accepted * greatest;
    if (!failed)
        settle(&at, local, settled, sweeps, x, r);
    forget(&at.listed);
    return failed;
}

/* The equations transposed: how often a policy leaves its configurations, x = entered + E^T(x); 0 if that went well.

   entered: from outside, (columns); x: what comes of it, zero before; the other parameters as above. */
SHARED int64_t lpdistill_visits(const Lattice *of, const Distilling *by, const Equations *in, const double *entered,
                                const double *shares, double accepted, double settled, int64_t most, int64_t sweeps,
                                int64_t table, double *x, double *work)
{
    const int64_t n = in->columns;
    double *r = work + 5 * n, *whole = r + n, *some = whole + table;
    Place at = {of, by, in, NULL, whole, some, some + table, 1, written(of, by)};
    const int failed = solved(&at, entered, shares, accepted, most, x, work);
    if (!failed)
        settle(&at, entered, settled, sweeps, x, r);
    forget(&at.listed);
    return failed;
}

/* Which configurations of a policy runs enter, by moves that are together no less likely than `least`.

   found: (columns), not 0 where runs start, and in the end wherever they come; work: as above. */
SHARED void lpdistill_enter(const Lattice *of, const Distilling *by, const Equations *in, double least, int64_t table,
                            int8_t *found, double *work)
{
    const int64_t n = in->columns;
    double *x = work, *r = x + n, *whole = r + n, *some = whole + table;
    const Place at = {of, by, in, NULL, whole, some, some + table, 1, {NULL, NULL, NULL}};
    int64_t added = 0;
    for (int64_t i = 0; i < n; i++)
        added += (x[i] = found[i] != 0) != 0;
    while (added) {
        onward(&at, x, r);
        added = 0;
        for (int64_t i = 0; i < n; i++) {
            x[i] = !found[i] && r[i] > 0 && r[i] >= least;
            found[i] |= x[i] != 0;
            added += x[i] != 0;
        }
    }
}

/* Moves of columns into some configurations, one column after the other, and the probability of all others.

   columns: number of them; row: which of those that distil each is, -1 for none; rest, attempts, least: pairs that are
   left alone, attempts, and the least number of them that succeed; raw: level of a raw pair, -1 where that meets the
   target; binomials: (most + 1, most + 1); sums: partial sums of all configurations, (levels, size); kept, place: the
   configurations, and where each of all is among them, -1 for none; ends: where the moves of each column end;
   work: size + kept numbers, zero before. Moves have room for all columns and configurations. */
SHARED void lpdistill_moves(const Lattice *of, const Distilling *by, int64_t columns, const int64_t *row,
                            const int64_t *rest, const int64_t *attempts, const int64_t *least, int64_t raw,
                            const double *binomials, const int64_t *sums, int64_t kept, const int64_t *place,
                            int64_t *ends, int64_t *to, double *moved, double *lost, double *work)
{
    const int64_t width = of->most + 1, size = of->upto[width];
    double *before = work, *after = work + size;
    int64_t found = 0;
    for (int64_t i = 0; i < columns; i++) {
        const int64_t whole = of->upto[width - attempts[i]];
        const double *chance = binomials + attempts[i] * width;
        if (row[i] < 0)
            before[rest[i]] = 1.0;
        else
            spread(of, by, row[i], 1.0, before);
        lost[i] = 0.0;
        for (int64_t c = 0; c < whole; c++) {
            if (before[c] == 0)
                continue;
            int64_t fixed = 0;
            for (int64_t l = 0; l < (raw < 0 ? of->levels : raw); l++)
                fixed += of->steps[l * width + sums[l * size + c]];
            for (int64_t j = least[i]; j <= (raw < 0 ? 0 : attempts[i]); j++) {
                int64_t rank = fixed;
                for (int64_t l = raw < 0 ? of->levels : raw; l < of->levels; l++)
                    rank += of->steps[l * width + sums[l * size + c] + j];
                const double value = before[c] * chance[j];
                if (place[rank] < 0)
                    lost[i] += value;
                else
                    after[place[rank]] += value;
            }
            before[c] = 0.0;
        }
        for (int64_t k = 0; k < kept; k++)
            if (after[k] != 0) {
                to[found] = k;
                moved[found++] = after[k];
                after[k] = 0.0;
            }
        ends[i] = found;
    }
}
