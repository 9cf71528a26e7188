// Numbers of 16 bits, to float and back, rounded to the nearest, ties to even.
#pragma once

#include <math.h>
#include <string.h>

#include "runtime.h"

namespace shim {

float widen(uint16_t bits, int exponent) {
    uint32_t wide = uint32_t(bits) << 16;
    float value;
    if (exponent == 8) {
        memcpy(&value, &wide, 4);
        return value;
    }
    const int power = (bits >> 10) & 31, fraction = bits & 1023;
    if (power == 31) value = fraction ? NAN : INFINITY;
    else value = power ? ldexpf(float(1024 + fraction), power - 25) : ldexpf(float(fraction), -24);
    return bits & 0x8000 ? -value : value;
}

uint16_t narrow(float value, int exponent) {
    uint32_t wide;
    memcpy(&wide, &value, 4);
    if (exponent == 8) {
        if (value != value) return 0x7fc0;
        return uint16_t((wide + 0x7fff + ((wide >> 16) & 1)) >> 16);
    }
    const uint16_t sign = (wide >> 16) & 0x8000;
    if (value != value) return sign | 0x7e00;
    const float size = fabsf(value);
    if (size >= 65520.0f) return sign | 0x7c00;
    if (size < 6.103515625e-05f) return sign | uint16_t(nearbyintf(ldexpf(size, 24)));
    int power;
    const float fraction = frexpf(size, &power);  // 0.5 to 1
    return sign | uint16_t(((power + 13) << 10) + int(nearbyintf(ldexpf(fraction, 11))));
}

}  // namespace shim
