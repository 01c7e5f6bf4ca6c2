// SPDX-License-Identifier: Apache-2.0
// Random small networks on the device and on the CPU, whose results other tests compare with a plain simulator.
#include <set>

#include "tests/device/compare.h"
#include "tests/engine/reference_networks.h"
#include "tests/support/seed.h"

namespace axfire::test {

namespace {

TEST(DeviceNetworks, EqualTheCpuBitForBit) {
    AXFIRE_NEEDS_DEVICE();
    const std::size_t count = testing::samples(60) < 60 ? 3 : 8;
    std::set<std::string> types;
    for (std::size_t n = 0; n < count; ++n) {
        RandomNetwork random(testing::test_random(n));
        random.build();
        std::vector<EncodedSample> samples{random.sample()};
        for (const Node& node : random.network.nodes) {
            types.insert(type_name(node));
        }
        EXPECT_EQ(compare(random.network, random.options(), samples), "") << "network " << n;
    }
    RecordProperty("kinds of nodes", std::to_string(types.size()));
}

}  // namespace

}  // namespace axfire::test
