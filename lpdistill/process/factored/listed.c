/* Small problems, all of whose columns are written out: policies evaluated, columns priced, and the program for HiGHS.

   What comes after a column are weights on the two attempt tables, joined (kernel.py).  The operations and their order
   are those of numpy on the same arrays, without contraction. */

#include "compiled.h"

typedef struct {
    int64_t columns, size, table, most; /* columns, configurations, entries of one attempt table, memories */
    const int64_t *starts;   /* where each number of attempts begins in an attempt table, with the end, (most + 2) */
    const int64_t *more;     /* configuration with one more raw pair, of those with room; none where it delivers */
    const int64_t *first;    /* where the outcomes of every column begin, with the end, (columns + 1) */
    const int64_t *place;    /* where they stand in the joined tables */
    const double *weight;
    const int64_t *owner;    /* configuration of every column */
    const int64_t *attempts; /* number of attempts of every column */
    const int64_t *repeats;  /* whether it may change nothing, and is then repeated */
} Listed;

/* Generation: the probabilities of an attempt, and that any of some attempts succeeds, (most + 1). */
typedef struct {
    double success, failure;
    const double *leaving;
} Chance;

/* The joined attempt tables of some values. */
INLINE void tables(const Listed *of, const Chance *at, const double *values, double *whole)
{
    double *some = whole + of->table;
    memcpy(whole, values, (size_t)of->size * sizeof(double));
    memset(some, 0, (size_t)of->size * sizeof(double));
    for (int64_t g = 1; g <= of->most; g++) {
        const int64_t start = of->starts[g], before = of->starts[g - 1], length = of->starts[g + 1] - start;
        for (int64_t c = 0; c < length; c++) {
            const double gained = of->more == NULL ? 0.0 : at->success * whole[before + of->more[c]];
            whole[start + c] = (at->failure != 0 ? whole[before + c] * at->failure : 0.0) + gained;
            some[start + c] = (at->failure != 0 ? some[before + c] * at->failure : 0.0) + gained;
        }
    }
}

/* What a column is worth for the tables of some values, given that anything happens. */
INLINE double worth(const Listed *of, const Chance *at, int64_t column, double cost, const double *whole)
{
    double expected = 0.0;
    for (int64_t e = of->first[column]; e < of->first[column + 1]; e++)
        expected += of->weight[e] * whole[of->place[e]];
    const double total = cost + expected;
    if (!of->repeats[column])
        return total;
    const double leaving = at->leaving[of->attempts[column]];
    return leaving > 0 ? total / leaving : INFINITY;
}

/* Price all columns: the value of each, (columns), and of every configuration the least, and its column, -1 for none.

   work: 2 * table numbers. */
SHARED void lpdistill_listed_price(const Listed *of, const Chance *at, const double *cost, const double *values,
                                   double *work, double *value, double *best, int64_t *attaining)
{
    tables(of, at, values, work);
    for (int64_t c = 0; c < of->size; c++) {
        best[c] = INFINITY;
        attaining[c] = -1;
    }
    for (int64_t column = 0; column < of->columns; column++) {
        const double here = worth(of, at, column, cost[column], work);
        const int64_t owner = of->owner[column];
        value[column] = here;
        if (here < best[owner]) {
            best[owner] = here;
            attaining[owner] = column;
        }
    }
}

/* Binomial probabilities, (most + 1, most + 1). */
INLINE void binomials(const Listed *of, const Chance *at, double *found)
{
    const int64_t width = of->most + 1;
    memset(found, 0, (size_t)(width * width) * sizeof(double));
    found[0] = 1.0;
    for (int64_t g = 1; g < width; g++)
        for (int64_t j = 0; j <= g; j++) {
            const double missed = at->failure * found[(g - 1) * width + j];
            found[g * width + j] = j ? missed + at->success * found[(g - 1) * width + j - 1] : missed;
        }
}

/* Add the probabilities of what comes after a column to a row, each times a factor. */
INLINE void moves(const Listed *of, const double *odds, int64_t column, double factor, double *row)
{
    const int64_t attempts = of->attempts[column], repeats = of->repeats[column];
    const int64_t start = of->starts[attempts] + (repeats ? of->table : 0);
    const double *chance = odds + attempts * (of->most + 1);
    for (int64_t e = of->first[column]; e < of->first[column + 1]; e++) {
        const double weight = of->weight[e] * factor;
        int64_t c = of->place[e] - start;
        for (int64_t j = 0; j <= (of->more == NULL ? 0 : attempts); j++) {
            if (j)
                c = of->more[c];
            if (j >= repeats)
                row[c] += weight * chance[j];
        }
    }
}

/* Factors of a matrix, (n, n), in its place, with pivots of greatest size; 0 if that went well. */
INLINE int factorise(int64_t n, double *matrix, int64_t *pivot)
{
    for (int64_t k = 0; k < n; k++) {
        int64_t best = k;
        for (int64_t i = k + 1; i < n; i++)
            if (fabs(matrix[i * n + k]) > fabs(matrix[best * n + k]))
                best = i;
        pivot[k] = best;
        if (!(fabs(matrix[best * n + k]) > 0))
            return 1;
        if (best != k)
            for (int64_t j = 0; j < n; j++) {
                const double swap = matrix[k * n + j];
                matrix[k * n + j] = matrix[best * n + j];
                matrix[best * n + j] = swap;
            }
        for (int64_t i = k + 1; i < n; i++) {
            const double share = matrix[i * n + k] / matrix[k * n + k];
            if (share == 0)
                continue;
            double *to = matrix + i * n;
            const double *from = matrix + k * n;
            to[k] = share;
#if defined(__GNUC__)
#pragma GCC ivdep
#endif
            for (int64_t j = k + 1; j < n; j++)
                to[j] -= share * from[j];
        }
    }
    return 0;
}

/* Solve with these factors, in place. */
INLINE void backwards(int64_t n, const double *matrix, const int64_t *pivot, double *x)
{
    for (int64_t k = 0; k < n; k++) {
        const double swap = x[k];
        x[k] = x[pivot[k]];
        x[pivot[k]] = swap;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            x[i] -= matrix[i * n + j] * x[j];
    for (int64_t i = n - 1; i >= 0; i--) {
        for (int64_t j = i + 1; j < n; j++)
            x[i] -= matrix[i * n + j] * x[j];
        x[i] /= matrix[i * n + i];
    }
}

/* The value of each configuration under a policy of one column for each, for given values of what comes after. */
INLINE void stepped(const Listed *of, const Chance *at, const int64_t *policy, const double *cost, const double *margin,
                    double sign, const double *values, double *work, double *to)
{
    tables(of, at, values, work);
    for (int64_t c = 0; c < of->size; c++) {
        const double after = worth(of, at, policy[c], cost[c], work) + (margin ? sign * margin[c] : 0.0);
        to[c] = after > 0 ? after : 0.0;
    }
}

/* Repeat a policy's equations until values settle. */
INLINE void sweeps(const Listed *of, const Chance *at, const int64_t *policy, const double *cost, const double *margin,
                   double sign, double settled, int64_t most, double *values, double *work, double *spare)
{
    for (int64_t sweep = 0; sweep < most; sweep++) {
        int64_t moved = 0;
        stepped(of, at, policy, cost, margin, sign, values, work, spare);
        for (int64_t c = 0; c < of->size; c++) {
            moved += !(fabs(spare[c] - values[c]) <= settled * spare[c]);
            values[c] = spare[c];
        }
        if (!moved)
            break;
    }
}

/* The expected cost to go of a policy of one column for each configuration; 0 if that went well.

   cost: of these columns, (size); share: of the values, by which costs are lowered and raised; settled, most: relative change at which sweeps over the
   equations end, and how many there are at most.
   found: values, those for lowered costs, those for raised ones, and what the columns are worth for the last,
   (4, size); work: 2 * table + size * size + 2 * size + (most + 1)^2 numbers; pivot: (size). */
SHARED WIDEST int64_t lpdistill_listed_evaluate(const Listed *of, const Chance *at, const double *cost,
                                                const int64_t *policy, double share, double accepted, double settled,
                                                int64_t most, double *found, double *work, int64_t *pivot)
{
    const int64_t n = of->size;
    double *matrix = work + 2 * of->table, *spare = matrix + n * n, *margin = spare + n, *odds = margin + n;
    binomials(of, at, odds);
    memset(matrix, 0, (size_t)(n * n) * sizeof(double));
    for (int64_t c = 0; c < n; c++) {
        const int64_t column = policy[c];
        const double leaving = of->repeats[column] ? at->leaving[of->attempts[column]] : 1.0;
        if (!(leaving > 0) || of->owner[column] != c)
            return 1;
        double *row = matrix + c * n;
        moves(of, odds, column, -1.0 / leaving, row);
        row[c] += 1.0;
        found[c] = cost[c] / leaving;
    }
    if (factorise(n, matrix, pivot))
        return 1;
    double *values = found, greatest = 0.0, least = 0.0;
    backwards(n, matrix, pivot, values);
    for (int64_t c = 0; c < n; c++) {
        if (!isfinite(values[c]))
            return 1;
        greatest = values[c] > greatest ? values[c] : greatest;
        least = values[c] < least ? values[c] : least;
    }
    if (least < -accepted * greatest)
        return 1;
    for (int64_t c = 0; c < n; c++)
        values[c] = values[c] > 0 ? values[c] : 0.0;
    stepped(of, at, policy, cost, NULL, 0.0, values, work, spare);
    for (int64_t c = 0; c < n; c++)
        spare[c] -= values[c];
    backwards(n, matrix, pivot, spare);
    for (int64_t c = 0; c < n; c++)
        values[c] += spare[c];
    sweeps(of, at, policy, cost, NULL, 0.0, settled, most, values, work, spare);
    for (int64_t c = 0; c < n; c++)
        spare[c] = margin[c] = share * values[c];
    backwards(n, matrix, pivot, spare);
    for (int64_t c = 0; c < n; c++) {
        found[n + c] = values[c] > spare[c] ? values[c] - spare[c] : 0.0;
        found[2 * n + c] = values[c] + spare[c];
    }
    for (int64_t side = 1; side <= 2; side++)
        sweeps(of, at, policy, cost, margin, side == 1 ? -1.0 : 1.0, settled, most, found + side * n, work, spare);
    stepped(of, at, policy, cost, NULL, 0.0, found + 2 * n, work, found + 3 * n);
    return 0;
}

/* The flow matrix of all columns, each divided by the probability that anything happens, column by column: what it
   takes out of its configuration, minus what it adds to others.  What is not greater than `smallest` is left out, as if
   that outcome led nowhere.  Returns the number of entries.

   begin: (columns + 1); index, value: as many as there are outcomes with attempts, at most columns * size;
   work: (most + 1)^2 + size numbers. */
SHARED int64_t lpdistill_listed_program(const Listed *of, const Chance *at, double smallest, int32_t *begin,
                                        int32_t *index, double *value, double *work)
{
    double *row = work, *odds = work + of->size;
    int64_t entries = 0;
    binomials(of, at, odds);
    for (int64_t column = 0; column < of->columns; column++) {
        const int64_t owner = of->owner[column];
        const double likely = of->repeats[column] ? at->leaving[of->attempts[column]] : 1.0;
        const double scale = likely > 0 ? likely : 1.0;
        memset(row, 0, (size_t)of->size * sizeof(double));
        moves(of, odds, column, 1.0, row);
        double own = likely / scale - row[owner] / scale;
        row[owner] = 0.0;
        begin[column] = (int32_t)entries;
        for (int64_t c = 0; c < of->size; c++) {
            const double share = row[c] / scale;
            if (share > smallest) {
                index[entries] = (int32_t)c;
                value[entries++] = -share;
            } else
                own -= share;
        }
        if (fabs(own) > smallest) {
            index[entries] = (int32_t)owner;
            value[entries++] = own;
        }
    }
    begin[of->columns] = (int32_t)entries;
    return entries;
}

/* Improve a policy in all configurations at once until no column can; the number of times that all were priced, or 0
   where some policy has no values or the rounds do not end.

   cost: of all columns, (columns); rounding: relative rounding error of an action value; policy: one column for each
   configuration, and in the end the last one; found: as of lpdistill_listed_evaluate; value, best, attaining: as of
   lpdistill_listed_price for its lowered values; chosen: which columns some policy had, (columns), zero before;
   work: as of lpdistill_listed_evaluate and size numbers more. */
SHARED int64_t lpdistill_listed_iterate(const Listed *of, const Chance *at, const double *cost, int64_t *policy,
                                        double share, double rounding, double accepted, double settled, int64_t most,
                                        int64_t rounds, double *found, double *value, double *best,
                                        int64_t *attaining, int8_t *chosen, double *work, int64_t *pivot)
{
    const int64_t n = of->size;
    double *paid = work, *rest = work + n;
    for (int64_t c = 0; c < n; c++)
        chosen[policy[c]] = 1;
    for (int64_t round = 1; round <= rounds; round++) {
        for (int64_t c = 0; c < n; c++)
            paid[c] = cost[policy[c]];
        if (lpdistill_listed_evaluate(of, at, paid, policy, share, accepted, settled, most, found, rest, pivot))
            return 0;
        lpdistill_listed_price(of, at, cost, found + n, rest, value, best, attaining);
        int64_t changed = 0;
        for (int64_t c = 0; c < n; c++)
            if (found[n + c] - best[c] * (1 - rounding) > 0 && attaining[c] != policy[c]) {
                policy[c] = attaining[c];
                chosen[policy[c]] = 1;
                changed++;
            }
        if (!changed)
            return round;
    }
    return 0;
}
