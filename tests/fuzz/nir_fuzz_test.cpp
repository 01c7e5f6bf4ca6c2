// SPDX-License-Identifier: Apache-2.0
// Damaged model files: each is loaded, or refused with a one-line InputError, and nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <numeric>
#include <random>

#include "engine/formats/hdf5_reader.h"
#include "engine/formats/load_network.h"
#include "engine/formats/model_file.h"
#include "engine/formats/nir_reader.h"
#include "tests/datasets/support.h"
#include "tests/fuzz/damage.h"
#include "tests/fuzz/hdf5_fault.h"
#include "tests/support/networks.h"
#include "tests/support/nir_files.h"
#include "tests/support/seed.h"

namespace axfire {
namespace {

using testing::Bytes;
using testing::damaged;
using testing::NirFile;
using testing::outcome;
using testing::TemporaryFolder;

/// A small file with most node types, a cycle, a subgraph and edges in no order.
void write_generated(const std::filesystem::path& path) {
    NirFile f(path);
    f.input("in", {4, 8, 8}).output("out", {3});
    const std::string conv = f.conv("conv", 4, 2, 3);
    f.number(conv + "/groups", 2).number(conv + "/stride", 1).number(conv + "/dilation", 1);
    hdf5::write_strings(f.file, conv + "/padding", {"same"}, {});
    const std::string pool = f.node("pool", "AvgPool2d");
    for (const auto& [field, value] :
         std::map<std::string, std::int64_t>{{"kernel_size", 2}, {"stride", 2}, {"padding", 0}}) {
        f.field(pool + "/" + field, std::vector<std::int64_t>(2, value), {2});
    }
    const std::string flat = f.node("flat", "Flatten");
    f.number(flat + "/start_dim", 0).number(flat + "/end_dim", -1);
    f.linear("fc", 5, 64).linear("rec", 5, 5).linear("last", 3, 5);
    const std::string lif = f.node("lif", "LIF");
    for (const char* field : {"tau", "r", "v_leak", "v_threshold"}) {
        f.field(lif + "/" + field, std::vector<float>(5, 0.5F), {5});
    }
    f.field(f.node("scale", "Scale") + "/scale", std::vector<double>(5, 2), {5});
    f.field(f.node("delay", "Delay") + "/delay", std::vector<double>(5, 0.002), {5});
    const std::string sub = "/node/nodes/sub";
    f.graph(sub).input("a", {5}, sub).if_neurons("if", 5, sub).output("z", {5}, sub);
    f.edges({{"a", "if"}, {"if", "z"}}, sub);
    f.edges({{"rec", "lif"},
             {"sub", "last"},
             {"scale", "delay"},
             {"delay", "sub"},
             {"lif", "rec"},
             {"lif", "scale"},
             {"in", "conv"},
             {"conv", "pool"},
             {"pool", "flat"},
             {"flat", "fc"},
             {"fc", "lif"},
             {"last", "out"}});
}

std::vector<std::filesystem::path> base_files(const TemporaryFolder& folder) {
    std::vector<std::filesystem::path> files{folder.path() / "generated.nir", folder.path() / "generated.h5"};
    write_generated(files[0]);
    write_model(read_nir(files[0]), files[1]);
    if (!testing::real_data().empty()) {
        for (const char* name : {"cnn_sinabs.nir", "braille_noDelay_bias_zero.nir"}) {
            files.push_back(std::filesystem::path(testing::real_data()) / "nir" / name);
        }
    }
    return files;
}

TEST(NirFuzz, DamagedBytes) {
    const TemporaryFolder folder;
    std::mt19937_64 random = testing::test_random();
    std::map<std::string, int> tally;
    for (const auto& base : base_files(folder)) {
        const Bytes bytes = testing::read_bytes(base);
        for (std::size_t round = testing::samples(100); round > 0; --round) {
            const auto file = folder.write("damaged" + base.extension().string(), damaged(bytes, random));
            const std::string text = outcome([&] { load_network(file); });
            const auto ended = text.find("ended with ");
            ++tally[text.empty()                                        ? "loaded"
                    : ended != std::string::npos                        ? text.substr(ended)
                    : text.find("does not end") != std::string::npos    ? "no end"
                    : text.find("far more memory") != std::string::npos ? "memory"
                                                                        : "refused"];
        }
    }
    for (const auto& [what, count] : tally) {
        std::printf("[  damage  ] %s: %d\n", what.c_str(), count);
    }
    EXPECT_GT(tally["refused"], 0);
}

TEST(NirFuzz, EveryPrefixOfASmallFile) {
    const TemporaryFolder folder;
    const auto base = base_files(folder)[0];
    const Bytes bytes = testing::read_bytes(base);
    const std::size_t step = std::max<std::size_t>(1, bytes.size() / testing::samples(300));
    for (std::size_t size = 0; size < bytes.size(); size += step) {
        const auto file =
            folder.write("cut.nir", Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
        EXPECT_NE(outcome([&] { load_network(file); }), "") << size;
    }
}

/// Paths of all objects of a file.
std::vector<std::string> object_paths(const std::filesystem::path& file) {
    const Hdf5Reader reader(file);
    std::vector<std::string> paths;
    std::vector<std::string> pending{""};
    while (!pending.empty()) {
        const std::string group = pending.back();
        pending.pop_back();
        for (const std::string& name : reader.children(group.empty() ? "/" : group)) {
            paths.push_back(group + "/" + name);
            if (reader.is_group(paths.back())) {
                pending.push_back(paths.back());
            }
        }
    }
    return paths;
}

/// One well-formed change to a well-formed file: other types, shapes, values, links and names.
class Editor {
public:
    Editor(hid_t file, std::vector<std::string> paths, std::mt19937_64& random)
        : file_(file), paths_(std::move(paths)), random_(random) {}

    void edit() {
        const std::string path = paths_[below(paths_.size())];
        const std::string other = paths_[below(paths_.size())];
        const Hdf5Lock lock;
        switch (below(10)) {
            case 0:
                H5Ldelete(file_, path.c_str(), H5P_DEFAULT);
                break;
            case 1:
                H5Ldelete(file_, path.c_str(), H5P_DEFAULT);
                H5Lcreate_hard(file_, other.c_str(), file_, path.c_str(), H5P_DEFAULT, H5P_DEFAULT);
                break;
            case 2:
                H5Lmove(file_, path.c_str(), file_, other.c_str(), H5P_DEFAULT, H5P_DEFAULT);
                break;
            case 3:
                H5Lcreate_hard(file_, path.c_str(), file_, (other + "/extra").c_str(), H5P_DEFAULT, H5P_DEFAULT);
                break;
            case 4:
                edit_attribute(path);
                break;
            case 5:
                replace_text(path);
                break;
            default:
                replace_numbers(path);
        }
    }

private:
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

    double odd_number() {
        constexpr double kInf = std::numeric_limits<double>::infinity();
        const double odd[] = {0,      -0.0,         1,          -1,           2,
                              3,      0.5,          1e-320,     1e300,        kInf,
                              -kInf,  std::nan(""), 2147483647, 2147483648.0, 4294967296.0,
                              9.3e18, -9.3e18,      255,        16777216,     1e6};
        return odd[below(std::size(odd))];
    }

    hdf5::Dims odd_dims() {
        hdf5::Dims dims(below(6));
        for (std::size_t& extent : dims) {
            extent = below(4) == 0 ? below(40) : below(4);
        }
        return dims;
    }

    static std::size_t count_of(const hdf5::Dims& dims) {
        return std::accumulate(dims.begin(), dims.end(), std::size_t{1}, std::multiplies<>());
    }

    void replace_numbers(const std::string& path) {
        const Hdf5Handle old(H5Dopen2(file_, path.c_str(), H5P_DEFAULT));
        hdf5::Dims dims = odd_dims();
        if (old.valid() && below(2) == 0) {  // the old shape, other values
            const Hdf5Handle space(H5Dget_space(old));
            std::vector<hsize_t> extents(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(space))));
            H5Sget_simple_extent_dims(space, extents.data(), nullptr);
            dims.assign(extents.begin(), extents.end());
        }
        std::vector<double> values(count_of(dims), odd_number());
        if (!values.empty() && below(2) == 0) {
            values[below(values.size())] = odd_number();
        }
        const hid_t types[] = {H5T_IEEE_F32LE, H5T_IEEE_F64BE, H5T_STD_I8LE,
                               H5T_STD_U64BE,  H5T_STD_I64LE,  H5T_NATIVE_LDOUBLE};
        H5Ldelete(file_, path.c_str(), H5P_DEFAULT);
        const std::vector<hsize_t> extents(dims.begin(), dims.end());
        const Hdf5Handle space(dims.empty() ? H5Screate(below(4) == 0 ? H5S_NULL : H5S_SCALAR)
                                            : H5Screate_simple(static_cast<int>(dims.size()), extents.data(), nullptr));
        const Hdf5Handle dataset(H5Dcreate2(file_, path.c_str(), types[below(std::size(types))], space, H5P_DEFAULT,
                                            H5P_DEFAULT, H5P_DEFAULT));
        if (dataset.valid() && !values.empty()) {
            H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
        }
    }

    void replace_text(const std::string& path) {
        const char* words[] = {"",   "IF",  "Input", "Output", "NIRGraph", "Conv2d", "Flatten", "CubaLIF", "fc",
                               "in", "out", "lif",   "same",   "valid",    "if",     "input",   "a\nb",    "\xff\xfe"};
        const hdf5::Dims dims = below(2) == 0 ? hdf5::Dims{} : below(2) == 0 ? hdf5::Dims{3, 2} : odd_dims();
        std::vector<std::string> texts(count_of(dims));
        for (std::string& text : texts) {
            text = words[below(std::size(words))];
        }
        H5Ldelete(file_, path.c_str(), H5P_DEFAULT);
        try {
            hdf5::write_strings(file_, path, texts, dims);
        } catch (const InputError&) {
            // The path's parent is gone by an earlier edit.
        }
    }

    void edit_attribute(const std::string& path) {
        const Hdf5Handle object(H5Oopen(file_, path.c_str(), H5P_DEFAULT));
        const char* names[] = {"type",      "index",    "shape",     "stride",  "kernel", "groups", "pad_same",
                               "pad_begin", "dilation", "start_dim", "end_dim", "dt_ms",  "reset"};
        const char* name = names[below(std::size(names))];
        if (!object.valid()) {
            return;
        }
        if (below(3) == 0) {
            H5Adelete(object, name);
        } else if (below(4) == 0) {
            hdf5::write_attribute(object, name, below(2) == 0 ? "conv2d" : "subtract");
        } else if (below(3) == 0) {
            hdf5::write_attribute(object, name, std::vector<double>(below(4), odd_number()));
        } else {
            const std::int64_t odd[] = {0,
                                        1,
                                        -1,
                                        2,
                                        3,
                                        7,
                                        1 << 24,
                                        std::numeric_limits<std::int64_t>::max(),
                                        std::numeric_limits<std::int64_t>::min(),
                                        2147483648,
                                        -2147483648};
            hdf5::write_attribute(object, name, std::vector<std::int64_t>(below(4), odd[below(std::size(odd))]));
        }
    }

    hid_t file_;
    std::vector<std::string> paths_;
    std::mt19937_64& random_;
};

TEST(NirFuzz, WellFormedFilesOfOddContent) {
    const TemporaryFolder folder;
    std::mt19937_64 random = testing::test_random();
    int loaded = 0;
    int refused = 0;
    for (const auto& base : base_files(folder)) {
        const std::vector<std::string> paths = object_paths(base);
        const bool is_model = base.extension() == ".h5";
        for (std::size_t round = testing::samples(600); round > 0; --round) {
            const auto file = folder.path() / "odd";
            std::filesystem::copy_file(base, file, std::filesystem::copy_options::overwrite_existing);
            {
                const Hdf5Handle handle = hdf5::open_file(file, true);
                Editor editor(handle, paths, random);
                for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
                    editor.edit();
                }
            }
            // HDF5 itself is at ease with these, so they are read without the child: what fails, fails here.
            const std::string text = outcome([&] { analyse(is_model ? parse_model(file) : parse_nir(file, {})); });
            ++(text.empty() ? loaded : refused);
        }
    }
    std::printf("[  damage  ] loaded: %d, refused: %d\n", loaded, refused);
    EXPECT_GT(loaded, 0);
    EXPECT_GT(refused, loaded);
}

}  // namespace
}  // namespace axfire
