/* assign.c - the Hungarian method by shortest augmenting paths, with potentials. */
#include "score/assign.h"

#include <math.h>
#include <string.h>

struct work {
    const double *values;
    guint rows, columns, side;  /* the square's side: what is missing is worth 0 */
    double *of_row, *of_column; /* potentials, from 1 */
    double *slack;
    guint *row_of; /* of a column, 0: free */
    guint *before; /* column before this one on the path */
    bool *done;
};

static double cost(const struct work *w, guint row, guint column)
{
    return row <= w->rows && column <= w->columns
                   ? -w->values[(gsize)(row - 1) * w->columns + column - 1]
                   : 0;
}

/* The column that is nearest to those that are done; their potentials move by its distance. */
static guint nearest(struct work *w, guint from)
{
    guint row = w->row_of[from];
    double least = INFINITY;
    guint next = 0;
    w->done[from] = true;
    for (guint c = 1; c <= w->side; c++) {
        if (w->done[c]) {
            continue;
        }
        double distance = cost(w, row, c) - w->of_row[row] - w->of_column[c];
        if (distance < w->slack[c]) {
            w->slack[c] = distance;
            w->before[c] = from;
        }
        if (w->slack[c] < least) {
            least = w->slack[c];
            next = c;
        }
    }
    for (guint c = 0; c <= w->side; c++) {
        if (w->done[c]) {
            w->of_row[w->row_of[c]] += least;
            w->of_column[c] -= least;
        } else {
            w->slack[c] -= least;
        }
    }
    return next;
}

static void add_row(struct work *w, guint row)
{
    guint column = 0;
    w->row_of[0] = row;
    for (guint c = 0; c <= w->side; c++) {
        w->slack[c] = INFINITY;
        w->done[c] = false;
    }
    do {
        column = nearest(w, column);
    } while (w->row_of[column] != 0);
    while (column != 0) {
        guint previous = w->before[column];
        w->row_of[column] = w->row_of[previous];
        column = previous;
    }
}

void assign_best(const double *values, guint rows, guint columns, int *out)
{
    guint side = MAX(rows, columns);
    gsize n = (gsize)side + 1;
    g_autofree double *numbers = g_new0(double, 3 * n);
    g_autofree guint *places = g_new0(guint, 2 * n);
    g_autofree bool *done = g_new0(bool, n);
    struct work w = {
            .values = values,
            .rows = rows,
            .columns = columns,
            .side = side,
            .of_row = numbers,
            .of_column = numbers + n,
            .slack = numbers + 2 * n,
            .row_of = places,
            .before = places + n,
            .done = done,
    };
    for (guint row = 1; row <= side; row++) {
        add_row(&w, row);
    }
    for (guint row = 0; row < rows; row++) {
        out[row] = -1;
    }
    for (guint c = 1; c <= columns; c++) {
        guint row = w.row_of[c];
        if (row >= 1 && row <= rows && values[(gsize)(row - 1) * columns + c - 1] > 0) {
            out[row - 1] = (int)c - 1;
        }
    }
}
