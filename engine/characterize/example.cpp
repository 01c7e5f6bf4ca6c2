// SPDX-License-Identifier: Apache-2.0
#include "engine/characterize/example.h"

#include <algorithm>

#include "engine/characterize/characterize.h"

namespace axfire {

namespace {

Parameters parameters_near(const UnitInfo& unit, u32 wanted) {
    Parameters p;
    for (unsigned i = 0; i < unit.parameter_count; ++i) {
        const ParameterInfo& info = unit.parameters[i];
        p.value[i] =
            info.has_default ? info.default_value : std::clamp(wanted, info.min, upper_bound(info, kDefaultBits));
    }
    return p;
}

Circuit circuit_of(AdderId id, const Parameters& p) {
    Circuit c{Operation::add, {}, {}, kDefaultBits};
    c.adder.unit = id;
    c.adder.parameters = p;
    return c;
}
Circuit circuit_of(MultiplierId id, const Parameters& p) {
    Circuit c{Operation::mul, {}, {}, kDefaultBits};
    c.multiplier.unit = id;
    c.multiplier.parameters = p;
    return c;
}

template <class Id>
Circuit example(Id id) {
    for (const u32 wanted : {4u, 2u}) {
        const Parameters p = parameters_near(info(id), wanted);
        if (invalid(id, p, kDefaultBits) == nullptr) {
            const Circuit c = circuit_of(id, p);
            if (measure_circuit(c, {}, false).figures.error_rate > 0) {
                return c;
            }
        }
    }
    return circuit_of(id, parameters_near(info(id), 0));
}

}  // namespace

Circuit example_circuit(AdderId id) {
    return example(id);
}
Circuit example_circuit(MultiplierId id) {
    return example(id);
}

}  // namespace axfire
