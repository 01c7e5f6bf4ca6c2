// SPDX-License-Identifier: Apache-2.0
#include "datasets/sample.h"
#include "tests/datasets/idx_files.h"
#include "tests/datasets/support.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::input_error;
using testing::TemporaryFolder;

std::string error_of(const std::string& spec) {
    return input_error([&] { open_dataset(spec, {}); });
}

TEST(OpenDataset, UnknownKindListsTheKnownOnes) {
    for (const char* spec : {"nmnits:DIR", "", ":", "NMNIST:x", "/data/nmnist", "mnist "}) {
        expect_message(error_of(spec), {"unknown data kind '", "nmnist:DIR", "mnist:DIR[:train|test]",
                                        "fashion-mnist[:DIR][:train|test]", "cifar10:DIR[:train|test]",
                                        "events:FILE|DIR", "shd:FILE", "hdf5:FILE"});
    }
    expect_message(error_of("cifar:x:y"), {"unknown data kind 'cifar'"});
}

TEST(OpenDataset, MissingPath) {
    expect_message(error_of("nmnist"), {"'nmnist' needs a path", "nmnist:DIR"});
    expect_message(error_of("mnist"), {"'mnist' needs a path", "mnist:DIR[:train|test]"});
    expect_message(error_of("hdf5"), {"'hdf5' needs a path", "hdf5:FILE"});
    expect_message(error_of("cifar10"), {"'cifar10' needs a path", "cifar10:DIR[:train|test]"});
    expect_message(error_of("events"), {"'events' needs a path", "events:FILE|DIR"});
    expect_message(error_of("shd"), {"'shd' needs a path", "shd:FILE"});
}

TEST(OpenDataset, TrailingColon) {
    for (const char* spec : {"nmnist:", "mnist:", "hdf5:", "fashion-mnist:", "mnist:/x:", "mnist:/x:test:", "hdf5:/x:",
                             "cifar10:", "cifar10:/x:train:", "events:", "shd:"}) {
        expect_message(error_of(spec), {std::string("'") + spec + "'", "ends with a colon"});
    }
}

TEST(OpenDataset, PathsMayContainColons) {
    const TemporaryFolder folder;
    const auto write_set = [&](const std::string& name, const std::string& stem, std::uint32_t count) {
        folder.write(name + "/" + stem + "-images-idx3-ubyte", testing::idx({count, 1, 1}, testing::Bytes(count)));
        folder.write(name + "/" + stem + "-labels-idx1-ubyte", testing::idx({count}, testing::Bytes(count)));
    };
    write_set("a:b", "t10k", 1);
    write_set("a:b", "train", 2);
    write_set("a:test", "t10k", 3);
    write_set("train", "t10k", 4);
    const std::string root = folder.path().string() + "/";
    for (const std::string kind : {"mnist:", "fashion-mnist:"}) {
        EXPECT_EQ(open_dataset(kind + root + "a:b", {})->size(), 1u);
        EXPECT_EQ(open_dataset(kind + root + "a:b:test", {})->size(), 1u);
        EXPECT_EQ(open_dataset(kind + root + "a:b:train", {})->size(), 2u);
        EXPECT_EQ(open_dataset(kind + root + "a:test:test", {})->size(), 3u);
        EXPECT_EQ(open_dataset(kind + root + "train", {})->size(), 4u);
        expect_message(error_of(kind + root + "a:test"), {root + "a: not a folder"});
        expect_message(error_of(kind + root + "a:b:valid"), {root + "a:b:valid", "DIR:train or DIR:test"});
    }
    folder.write("n:m/0/a.bin", {0, 0, 0, 0, 0});
    EXPECT_EQ(open_dataset("nmnist:" + root + "n:m", {})->size(), 1u);
    expect_message(error_of("hdf5:" + root + "x:y.h5"), {root + "x:y.h5", "No such file"});
    expect_message(error_of("shd:" + root + "x:y.h5"), {root + "x:y.h5", "No such file"});
    expect_message(error_of("cifar10:" + root + "x:test:test"), {root + "x:test: no such folder or file"});
}

TEST(OpenDataset, ALoneSplitIsAFolderForMnistAndASplitForFashion) {
    if (!std::filesystem::exists("train")) {
        expect_message(error_of("mnist:train"), {"train: not a folder"});
    }
    if (std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
        EXPECT_EQ(open_dataset("fashion-mnist:train", {})->size(), 60000u);
    } else {
        for (const char* spec : {"fashion-mnist", "fashion-mnist:train", "fashion-mnist:test"}) {
            expect_message(error_of(spec), {"/usr/share/datasets/fashion-mnist: not a folder",
                                            "apt-get install dataset-fashion-mnist"});
        }
    }
}

TEST(OpenDataset, TellsWhichFilesHdf5Reads) {
    EXPECT_EQ(hdf5_file_of("hdf5:/a:b.h5"), "/a:b.h5");
    EXPECT_EQ(hdf5_file_of("shd:x"), "x");
    for (const char* spec : {"hdf5", "shd", "nmnist:x", "mnist:hdf5:x", "hdf:x", "", ":x"}) {
        EXPECT_EQ(hdf5_file_of(spec), std::nullopt) << spec;
    }
}

}  // namespace
}  // namespace axfire
