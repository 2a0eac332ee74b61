/* sight.c - simulated sight, distances and contrasts of colours. */
#include "sight.h"

#include <math.h>

/* Machado, Oliveira, Fernandes 2009, severity 1: normal, protan, deutan, tritan; linear RGB. */
static const double sights[SIGHTS][3][3] = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
        {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216},
                {-0.003882, -0.048116, 1.051998}},
        {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413},
                {-0.011820, 0.042940, 0.968881}},
        {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602},
                {0.004733, 0.691367, 0.303900}}};
static const char *const names[SIGHTS] = {"normal", "protan", "deutan", "tritan"};

static double linear(colour c, int shift)
{
    double v = (double)(c >> shift & 255) / 255;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static void see(colour c, const double sight[3][3], double rgb[3])
{
    double in[3] = {linear(c, 16), linear(c, 8), linear(c, 0)};
    for (int i = 0; i < 3; i++) {
        double sum = sight[i][0] * in[0] + sight[i][1] * in[1] + sight[i][2] * in[2];
        rgb[i] = CLAMP(sum, 0, 1);
    }
}

static double lab_part(double t)
{
    return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

static void to_lab(const double rgb[3], double lab[3])
{
    double x = 0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2];
    double y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    double z = 0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2];
    double fx = lab_part(x / 0.95047);
    double fy = lab_part(y);
    double fz = lab_part(z / 1.08883);
    lab[0] = 116 * fy - 16;
    lab[1] = 500 * (fx - fy);
    lab[2] = 200 * (fy - fz);
}

double sight_distance(colour a, colour b, int sight)
{
    double rgb[3];
    double first[3];
    double second[3];
    see(a, sights[sight], rgb);
    to_lab(rgb, first);
    see(b, sights[sight], rgb);
    to_lab(rgb, second);
    return sqrt(pow(first[0] - second[0], 2) + pow(first[1] - second[1], 2) +
                pow(first[2] - second[2], 2));
}

static double luminance(colour c)
{
    return 0.2126 * linear(c, 16) + 0.7152 * linear(c, 8) + 0.0722 * linear(c, 0);
}

double sight_contrast(colour a, colour b)
{
    double x = luminance(a) + 0.05;
    double y = luminance(b) + 0.05;
    return MAX(x, y) / MIN(x, y);
}

const char *sight_name(int sight)
{
    return names[sight];
}
