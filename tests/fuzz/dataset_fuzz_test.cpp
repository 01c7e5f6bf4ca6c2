// SPDX-License-Identifier: Apache-2.0
// Damaged IDX, gzip, CIFAR-10, event and HDF5 files: each is read and encoded, or refused with an InputError, and
// nothing else.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <random>

#include "datasets/sample.h"
#include "engine/formats/probe.h"
#include "tests/datasets/hdf5_files.h"
#include "tests/datasets/idx_files.h"
#include "tests/datasets/support.h"
#include "tests/fuzz/hdf5_fault.h"
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
void read_all(const std::string& spec, const std::vector<Encoding>& encodings, Outcomes& outcomes,
              const std::vector<std::size_t>& input_shape = {}) {
    try {
        const auto data = open_dataset(spec, input_shape);
        data->default_steps(1.0);
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

Bytes event_file(std::uint32_t side, std::mt19937_64& random) {
    Bytes events;
    for (int i = 0; i < 40; ++i) {
        const auto byte = [&](std::uint32_t below) { return static_cast<std::uint8_t>(random() % below); };
        const Bytes record{byte(side), byte(side), byte(256), byte(256), byte(256)};
        events.insert(events.end(), record.begin(), record.end());
    }
    return events;
}

TEST(DatasetFuzz, NmnistFiles) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    const Bytes events = event_file(34, random);
    Outcomes outcomes;
    for (int round = 0; round < kRounds; ++round) {
        folder.write("3/a.bin", damage(events, random));
        read_all("nmnist:" + folder.path().string(), {Encoding::events}, outcomes);
        ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "round " << round;
    }
    expect_both(outcomes);
}

TEST(DatasetFuzz, EventFiles) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    const Bytes events = event_file(100, random);
    Outcomes outcomes;
    for (int round = 0; round < kRounds; ++round) {
        folder.write("a.bin", damage(events, random));
        folder.write("b.bs2", random() % 4 == 0 ? damage(events, random) : events);
        const std::vector<std::size_t> shapes[] = {{}, {2, 100, 100}, {2, 128, 90}};
        read_all("events:" + folder.path().string() + (random() % 2 == 0 ? "" : "/a.bin"), {Encoding::events}, outcomes,
                 shapes[random() % std::size(shapes)]);
        ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "round " << round;
    }
    expect_both(outcomes);
}

TEST(DatasetFuzz, Cifar10Files) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    Bytes records;
    for (int i = 0; i < 3 * 3073; ++i) {
        records.push_back(static_cast<std::uint8_t>(i % 3073 == 0 ? random() % 10 : random()));
    }
    Outcomes outcomes;
    for (int round = 0; round < kRounds / 3; ++round) {
        folder.write("data_batch_2.bin", damage(records, random));
        read_all("cifar10:" + folder.path().string() + (random() % 2 == 0 ? ":train" : "/data_batch_2.bin"),
                 {Encoding::direct, Encoding::latency}, outcomes);
        ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "round " << round;
    }
    expect_both(outcomes);
}

/// Writes spoken digits; one in `odds` lists, times, units and labels is out of order (0: none).
void write_shd(const std::filesystem::path& path, std::size_t odds, std::mt19937_64& random) {
    const auto odd = [&] { return odds != 0 && random() % odds == 0; };
    const double odd_times[] = {-1e-7,
                                -1.0,
                                4294.9672954,
                                4294.9672956,
                                1e300,
                                5e-324,
                                std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::quiet_NaN()};
    const std::int64_t odd_numbers[] = {-1,    20,         700,
                                        65534, 4294967296, std::numeric_limits<std::int64_t>::max(),
                                        65535, 700 << 16,  std::numeric_limits<std::int64_t>::min()};
    std::vector<std::vector<double>> times(3 + random() % 3);
    std::vector<std::vector<std::int64_t>> units(odd() ? 2 : times.size());
    std::vector<std::int64_t> labels(odd() ? 7 : times.size());
    for (auto& list : times) {
        list.resize(random() % 30);
        for (double& time : list) {
            time = odd() ? odd_times[random() % std::size(odd_times)] : static_cast<double>(random() % 5000) * 1e-6;
        }
    }
    for (std::size_t i = 0; i < units.size(); ++i) {
        units[i].resize(odd() ? random() % 30 : times[i].size());
        for (std::int64_t& unit : units[i]) {
            unit = odd() ? odd_numbers[random() % std::size(odd_numbers)] : static_cast<std::int64_t>(random() % 700);
        }
    }
    for (std::int64_t& label : labels) {
        label = odd() ? odd_numbers[random() % std::size(odd_numbers)] : static_cast<std::int64_t>(random() % 20);
    }
    const hid_t half = testing::half_type();
    const hid_t floats[] = {half, H5T_IEEE_F32LE, H5T_IEEE_F64BE, H5T_NATIVE_LDOUBLE, H5T_STD_I32LE};
    const hid_t integers[] = {H5T_STD_U16LE, H5T_STD_I64LE, H5T_STD_U8LE, H5T_STD_I32BE, H5T_IEEE_F64LE};
    const auto integer = [&] { return integers[odd() ? random() % std::size(integers) : random() % 2]; };
    std::filesystem::remove(path);  // quicker than to overwrite it
    testing::Hdf5Writer(path)
        .group("/spikes")
        .lists("/spikes/times", times, H5T_NATIVE_DOUBLE, floats[random() % (odd() ? std::size(floats) : 3)])
        .lists("/spikes/units", units, H5T_NATIVE_INT64, integer())
        .array("/labels", {labels.size()}, labels, H5T_NATIVE_INT64, integer());
    H5Tclose(half);
}

TEST(DatasetFuzz, ShdFilesOfOddContent) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    const std::string path = folder / "a.h5";
    Outcomes outcomes;
    for (int round = 0; round < kRounds / 3; ++round) {
        write_shd(path, 50, random);
        read_all("shd:" + path, {Encoding::events}, outcomes);
        ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "round " << round;
    }
    expect_both(outcomes);
}

TEST(DatasetFuzz, ShdFilesOfDamagedBytes) {
    std::mt19937_64 random = testing::test_random();
    const TemporaryFolder folder;
    const std::string path = folder / "a.h5";
    write_shd(path, 0, random);
    const Bytes bytes = testing::read_bytes(path);
    Outcomes outcomes;
    for (std::size_t round = testing::samples(600); round > 0; --round) {
        folder.write("a.h5", damage(bytes, random));
        const std::string text = testing::outcome([&] {
            const auto read = [&] {
                const auto data = open_dataset("shd:" + path, {});
                data->default_steps(1.0);
                for (std::size_t i = 0; i < data->size(); ++i) {
                    for (const Event& event : data->load(i).events) {
                        if (event.index >= 700) {
                            _exit(1);  // which outcome() takes for a failure
                        }
                    }
                }
            };
            require_success(probe_in_child(read, {.cpu_seconds = 5, .wall_seconds = 20, .extra_bytes = 1u << 30}),
                            path);
        });
        ++(text.empty() ? outcomes.read : outcomes.refused);
    }
    expect_both(outcomes);
}

}  // namespace
}  // namespace axfire
