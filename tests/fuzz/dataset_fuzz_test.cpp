// SPDX-License-Identifier: Apache-2.0
// Damaged IDX, gzip and event files: each is read and encoded, or refused with an InputError, and nothing else.
#include <algorithm>
#include <cstdio>
#include <random>

#include "datasets/sample.h"
#include "tests/datasets/idx_files.h"
#include "tests/datasets/support.h"
#include "tests/support/seed.h"

namespace axfire {
namespace {

using testing::Bytes;
using testing::TemporaryFolder;

constexpr int kRounds = 3000;

/// A few of: a byte changed, a bit flipped, the end cut off, bytes inserted, a stretch doubled.
Bytes damage(Bytes bytes, std::mt19937_64& random) {
    const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
        const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size()));
        switch (below(6)) {
            case 0:
                if (!bytes.empty()) {
                    *at = static_cast<std::uint8_t>(random());
                }
                break;
            case 1:
                if (!bytes.empty()) {
                    *at = static_cast<std::uint8_t>(*at ^ 1u << below(8));
                }
                break;
            case 2:
                bytes.erase(at, bytes.end());
                break;
            case 3:
                bytes.insert(at, below(9), static_cast<std::uint8_t>(random()));
                break;
            case 4: {
                const Bytes stretch(at, bytes.end());
                bytes.insert(bytes.end(), stretch.begin(), stretch.end());
                break;
            }
            default:  // the header, where most of the meaning is
                if (!bytes.empty()) {
                    bytes[below(std::min<std::size_t>(bytes.size(), 16))] = static_cast<std::uint8_t>(random());
                }
        }
    }
    return bytes;
}

std::size_t element_count(const std::vector<std::size_t>& shape) {
    std::size_t count = 1;
    for (const std::size_t length : shape) {
        count *= length;
    }
    return count;
}

struct Outcomes {
    int read = 0;
    int refused = 0;
};

/// Opens, reads and encodes everything; any exception but InputError escapes and fails the test.
void read_all(const std::string& spec, const std::vector<Encoding>& encodings, Outcomes& outcomes) {
    try {
        const auto data = open_dataset(spec, {});
        for (std::size_t i = 0; i < std::min<std::size_t>(data->size(), 8); ++i) {
            const Sample sample = data->load(i);
            for (const Encoding encoding : encodings) {
                EncoderOptions options;
                options.encoding = encoding;
                options.steps = 5;
                const EncodedSample encoded = encode(sample, element_count(data->shape()), i, options);
                ASSERT_EQ(encoded.index.size(), encoded.amplitude.size());
                ASSERT_EQ(encoded.index.size(), encoded.step_begin.empty() ? 0 : encoded.step_begin.back());
                for (const std::uint32_t index : encoded.index) {
                    ASSERT_LT(index, element_count(data->shape()));
                }
            }
        }
        ++outcomes.read;
    } catch (const InputError& error) {
        ASSERT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        ++outcomes.refused;
    }
}

void expect_both(const Outcomes& outcomes) {
    std::printf("read %d, refused %d\n", outcomes.read, outcomes.refused);
    EXPECT_GT(outcomes.read, 0);
    EXPECT_GT(outcomes.refused, 0);
}

void fuzz_idx(bool compressed) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    Bytes pixels(5 * 4 * 3);
    for (std::uint8_t& pixel : pixels) {
        pixel = static_cast<std::uint8_t>(random());
    }
    const auto pack = [&](Bytes bytes) { return compressed ? testing::gzip(bytes) : bytes; };
    const Bytes images = testing::idx({5, 4, 3}, pixels);
    const Bytes labels = testing::idx({5}, {0, 1, 2, 3, 9});
    const std::string suffix = compressed ? ".gz" : "";
    Outcomes outcomes;
    for (int round = 0; round < kRounds; ++round) {
        // The compressed file is damaged before or after compression.
        const bool inside = random() % 2 == 0;
        const auto damaged = [&](const Bytes& bytes) {
            return inside ? pack(damage(bytes, random)) : damage(pack(bytes), random);
        };
        const bool damage_images = random() % 4 != 0;
        folder.write("t10k-images-idx3-ubyte" + suffix, damage_images ? damaged(images) : pack(images));
        folder.write("t10k-labels-idx1-ubyte" + suffix, damage_images ? pack(labels) : damaged(labels));
        read_all("mnist:" + folder.path().string(),
                 {Encoding::direct, Encoding::events, Encoding::poisson, Encoding::latency}, outcomes);
        ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "round " << round;
    }
    expect_both(outcomes);
}

TEST(DatasetFuzz, PlainIdx) {
    fuzz_idx(false);
}

TEST(DatasetFuzz, CompressedIdx) {
    fuzz_idx(true);
}

TEST(DatasetFuzz, EventFiles) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    Bytes events;
    for (int i = 0; i < 40; ++i) {
        const auto byte = [&](std::uint32_t below) { return static_cast<std::uint8_t>(random() % below); };
        const Bytes record{byte(34), byte(34), byte(256), byte(256), byte(256)};
        events.insert(events.end(), record.begin(), record.end());
    }
    Outcomes outcomes;
    for (int round = 0; round < kRounds; ++round) {
        folder.write("3/a.bin", damage(events, random));
        read_all("nmnist:" + folder.path().string(), {Encoding::events}, outcomes);
        ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "round " << round;
    }
    expect_both(outcomes);
}

}  // namespace
}  // namespace axfire
