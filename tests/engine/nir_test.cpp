// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/formats/load_network.h"
#include "engine/formats/nir_reader.h"
#include "tests/datasets/support.h"
#include "tests/support/networks.h"
#include "tests/support/nir_files.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::has_edge;
using testing::input_error;
using testing::NetworkBuilder;
using testing::NirFile;
using testing::node_of;
using testing::TemporaryFolder;

Shape shape_of(const Network& network, const std::string& name) {
    return analyse(network).shape[NetworkBuilder{network}.find(name)];
}

std::filesystem::path real_file(const char* name) {
    return std::filesystem::path(testing::real_data()) / "nir" / name;
}

TEST(NirReal, ConvolutionalNetworkTrainedWithSinabs) {
    AXFIRE_NEEDS_REAL_DATA();
    const Network network = read_nir(real_file("cnn_sinabs.nir"));
    EXPECT_EQ(network.nodes.size(), 15U);
    EXPECT_EQ(network.edges.size(), 14U);
    EXPECT_EQ(network.provenance, "cnn_sinabs.nir (NIR 0.2.0)");
    const Topology topology = analyse(network);
    std::string layers;
    for (const std::size_t i : topology.order) {
        layers += fmt::format("{}:{} ", type_name(network.nodes[i]), to_string(topology.shape[i]));
        EXPECT_TRUE(topology.recurrent[i].empty());
    }
    EXPECT_EQ(layers,
              "input:2x34x34 conv2d:16x16x16 if:16x16x16 conv2d:16x16x16 if:16x16x16 sumpool2d:16x8x8 conv2d:8x8x8 "
              "if:8x8x8 sumpool2d:8x4x4 flatten:128 affine:256 if:256 affine:10 if:10 output:10 ");
    const auto& conv = node_of<nodes::Conv2d>(network, "0");
    EXPECT_EQ(conv.weight.shape, (Shape{16, 2, 5, 5}));
    EXPECT_EQ(conv.stride, (std::array<std::size_t, 2>{2, 2}));
    EXPECT_EQ(conv.pad_begin, (std::array<std::size_t, 2>{1, 1}));
    EXPECT_EQ(conv.pad_end, conv.pad_begin);
    EXPECT_EQ(conv.groups, 1U);
    const auto& neuron = node_of<nodes::Neuron>(network, "12");
    EXPECT_EQ(neuron.parameters.at("v_threshold"), std::vector<double>(10, 1.0));
    EXPECT_FALSE(neuron.parameters.contains("v_reset"));  // not in the file: the model's default, 0
}

TEST(NirReal, RecurrentNetworkOfBraille) {
    AXFIRE_NEEDS_REAL_DATA();
    const Network network = read_nir(real_file("braille_noDelay_bias_zero.nir"));
    const Topology topology = analyse(network);
    const NetworkBuilder b{network};
    EXPECT_EQ(topology.recurrent[b.find("lif1.w_rec")], std::vector<std::size_t>{b.find("lif1.lif")});
    EXPECT_EQ(topology.feed_forward[b.find("lif1.lif")],
              (std::vector<std::size_t>{b.find("fc1"), b.find("lif1.w_rec")}));
    const auto& bias = node_of<nodes::Linear>(network, "fc2").bias.data;
    EXPECT_EQ(bias, (std::vector<float>{0.35732532F, 0.25837114F, 0.2918961F, 0.25666502F, 0.26860565F, 0.32621846F,
                                        0.31571466F}));
    const auto& lif = node_of<nodes::Neuron>(network, "lif2");
    EXPECT_EQ(lif.model, "cubalif");
    EXPECT_EQ(lif.parameters.size(), 6U);
    EXPECT_NEAR(lif.parameters.at("tau_mem")[0], 0.00022222, 5e-9);
    EXPECT_NEAR(lif.parameters.at("tau_syn")[6], 0.0002, 1e-12);
    EXPECT_EQ(lif.parameters.at("w_in"), std::vector<double>(7, 2.0));
}

/// input -> conv -> output with the given padding.
Network padded(const TemporaryFolder& folder, const std::function<void(NirFile&, const std::string&)>& write_padding) {
    const auto path = folder.path() / "padded.nir";
    {
        NirFile file(path);
        file.input("input", {1, 9, 9}).output("output", {1, 9, 9});
        const std::string conv = file.conv("conv", 1, 1, 4);
        file.number(conv + "/stride", 1).number(conv + "/groups", 1);
        file.field(conv + "/dilation", std::vector<std::int32_t>{1}, {1});
        file.field(conv + "/input_shape", std::vector<std::int64_t>{77, 5}, {2});  // wrong, as in some files
        write_padding(file, conv + "/padding");
        file.edges({{"conv", "output"}, {"input", "conv"}});
        file.remove("/node/nodes/output/shape");
    }
    return read_nir(path);
}

void write_fixed_text(hid_t file, const std::string& path, const std::string& text, std::size_t size, H5T_str_t pad) {
    const Hdf5Handle type(H5Tcopy(H5T_C_S1));
    H5Tset_size(type, size);
    H5Tset_strpad(type, pad);
    std::string cell = text;
    cell.resize(size, pad == H5T_STR_SPACEPAD ? ' ' : '\0');
    hdf5::write_dataset(file, path, type, cell.data(), {});
}

TEST(NirReader, PaddingOfEveryKind) {
    const TemporaryFolder folder;
    using Pair = std::array<std::size_t, 2>;
    struct Case {
        std::function<void(NirFile&, const std::string&)> write;
        Pair begin, end;
        Shape out;
    };
    const std::vector<Case> cases{
        {[](NirFile& f, const std::string& p) { hdf5::write_scalar(f.file, p, std::int64_t{2}); },
         {2, 2},
         {2, 2},
         {1, 10, 10}},
        {[](NirFile& f, const std::string& p) { f.number(p, 1.0); }, {1, 1}, {1, 1}, {1, 8, 8}},
        {[](NirFile& f, const std::string& p) {
             f.field(p, std::vector<std::int64_t>{3, 0}, {2});
         },
         {3, 0},
         {3, 0},
         {1, 12, 6}},
        {[](NirFile& f, const std::string& p) { hdf5::write_strings(f.file, p, {"valid"}, {}); },
         {0, 0},
         {0, 0},
         {1, 6, 6}},
        {[](NirFile& f, const std::string& p) { hdf5::write_strings(f.file, p, {"same"}, {}); },
         {1, 1},
         {2, 2},
         {1, 9, 9}},
        {[](NirFile& f, const std::string& p) { hdf5::write_strings(f.file, p, {"same"}, {1}); },
         {1, 1},
         {2, 2},
         {1, 9, 9}},
        {[](NirFile& f, const std::string& p) { write_fixed_text(f.file, p, "same", 4, H5T_STR_NULLPAD); },
         {1, 1},
         {2, 2},
         {1, 9, 9}},
        {[](NirFile& f, const std::string& p) { write_fixed_text(f.file, p, "same", 9, H5T_STR_SPACEPAD); },
         {1, 1},
         {2, 2},
         {1, 9, 9}},
    };
    for (const Case& c : cases) {
        const Network network = padded(folder, c.write);
        const auto& conv = node_of<nodes::Conv2d>(network, "conv");
        EXPECT_EQ(conv.pad_begin, c.begin);
        EXPECT_EQ(conv.pad_end, c.end);
        EXPECT_EQ(shape_of(network, "conv"), c.out);
        EXPECT_EQ(shape_of(network, "output"), c.out);
    }
    expect_message(input_error([&] {
                       padded(folder,
                              [](NirFile& f, const std::string& p) { hdf5::write_strings(f.file, p, {"full"}, {}); });
                   }),
                   {"padded.nir: /node/nodes/conv/padding", "'full'", "'same'"});
    expect_message(input_error([&] { padded(folder, [](NirFile& f, const std::string& p) { f.number(p, 1.5); }); }),
                   {"/node/nodes/conv/padding", "1.5"});
    expect_message(input_error([&] { padded(folder, [](NirFile& f, const std::string& p) { f.number(p, -1); }); }),
                   {"/node/nodes/conv/padding", "-1"});
}

TEST(NirReader, NumbersOfEveryType) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "types.nir";
    {
        NirFile file(path);
        file.input("in", {3}).output("out", {2});
        file.field(file.node("fc", "Linear") + "/weight", std::vector<double>{0.1, 0.2, 0.3, -1, 1e-50, 6}, {2, 3});
        const std::string lif = file.node("lif", "LIF");
        file.field(lif + "/tau", std::vector<std::int64_t>{1, 2}, {2});
        file.number(lif + "/r", 2.5);                                    // one value for all
        file.field(lif + "/v_leak", std::vector<std::uint8_t>{0}, {1});  // likewise
        file.field(lif + "/v_threshold", std::vector<float>{0.1F, 0.2F}, {2});
        const Hdf5Handle half(H5Tcopy(H5T_IEEE_F32LE));
        H5Tset_fields(half, 15, 10, 5, 0, 10);
        H5Tset_size(half, 2);
        H5Tset_ebias(half, 15);
        const std::uint16_t bits[] = {0x3c00, 0xc100};  // 1, -2.5
        hdf5::write_dataset(file.file, lif + "/v_reset", half, bits, {2});
        // Big-endian, and strings of fixed length.
        const std::vector<std::string> edges{"in", "fc", "fc", "lif", "lif", "out", "in", "fc"};  // one is repeated
        const Hdf5Handle text(H5Tcopy(H5T_C_S1));
        H5Tset_size(text, 5);
        std::string cells;
        for (const std::string& name : edges) {
            cells += name + std::string(5 - name.size(), '\0');
        }
        hdf5::write_dataset(file.file, "/node/edges", text, cells.data(), {4, 2});
    }
    const Network network = read_nir(path);
    EXPECT_EQ(node_of<nodes::Linear>(network, "fc").weight.data, (std::vector<float>{0.1F, 0.2F, 0.3F, -1, 0, 6}));
    const auto& lif = node_of<nodes::Neuron>(network, "lif");
    EXPECT_EQ(lif.shape, Shape{2});
    EXPECT_EQ(lif.parameters.at("tau_mem"), (std::vector<double>{1, 2}));
    EXPECT_EQ(lif.parameters.at("r"), std::vector<double>{2.5});
    EXPECT_EQ(lif.parameters.at("v_leak"), std::vector<double>{0});
    EXPECT_EQ(lif.parameters.at("v_reset"), (std::vector<double>{1, -2.5}));
    EXPECT_EQ(network.edges.size(), 3U);
    EXPECT_TRUE(has_edge(network, "lif", "out"));
}

TEST(NirReader, EdgesOfNumbersAndVersionAsAttribute) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "old.nir";
    {
        NirFile file(path);
        file.input("0", {3}).linear("1", 2, 3).output("2", {2});
        file.field("/node/edges", std::vector<std::int64_t>{1, 2, 0, 1}, {2, 2});
        file.remove("/version");
        hdf5::write_attribute(file.file, "version", "0.0.1");
    }
    const Network network = read_nir(path);
    EXPECT_TRUE(has_edge(network, "0", "1"));
    EXPECT_TRUE(has_edge(network, "1", "2"));
    EXPECT_EQ(network.provenance, "old.nir (NIR 0.0.1)");
}

/// A graph of graphs: input -> outer{ in -> fc -> inner{ a -> if -> z } -> out } -> output.
void write_nested(const std::filesystem::path& path) {
    NirFile file(path);
    file.input("input", {3}).output("output", {2}).edges({{"outer", "output"}, {"input", "outer"}});
    const std::string outer = "/node/nodes/outer";
    file.graph(outer).input("in", {3}, outer).linear("fc", 2, 3, outer).output("out", {2}, outer);
    file.edges({{"in", "fc"}, {"fc", "inner"}, {"inner", "out"}}, outer);
    const std::string inner = outer + "/nodes/inner";
    file.graph(inner).input("a", {2}, inner).if_neurons("if", 2, inner).output("z", {2}, inner);
    file.edges({{"a", "if"}, {"if", "z"}}, inner);
}

TEST(NirReader, SubgraphsAreFlattened) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "nested.nir";
    write_nested(path);
    const Network network = read_nir(path);
    EXPECT_EQ(network.nodes.size(), 4U);
    EXPECT_EQ(network.edges.size(), 3U);
    EXPECT_TRUE(has_edge(network, "input", "outer.fc"));
    EXPECT_TRUE(has_edge(network, "outer.fc", "outer.inner.if"));
    EXPECT_TRUE(has_edge(network, "outer.inner.if", "output"));
    EXPECT_EQ(shape_of(network, "output"), Shape{2});
}

TEST(NirReader, ARecurrentSubgraphKeepsItsCycle) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "recurrent.nir";
    {
        NirFile file(path);
        file.input("input", {2}).output("output", {2}).edges({{"input", "r"}, {"r", "output"}});
        const std::string r = "/node/nodes/r";
        file.graph(r).input("in", {2}, r).if_neurons("if", 2, r).linear("w", 2, 2, r).output("out", {2}, r);
        file.edges({{"in", "if"}, {"if", "w"}, {"w", "if"}, {"if", "out"}}, r);
    }
    const Network network = read_nir(path);
    const NetworkBuilder b{network};
    EXPECT_EQ(analyse(network).recurrent[b.find("r.w")], std::vector<std::size_t>{b.find("r.if")});
    EXPECT_TRUE(has_edge(network, "input", "r.if"));
}

TEST(NirReader, BadSubgraphsAreRefused) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "bad.nir";
    const auto refusal = [&](const std::function<void(NirFile&)>& change) {
        write_nested(path);
        {
            NirFile copy(folder.path() / "unused.nir");
            copy.file = hdf5::open_file(path, true);
            change(copy);
        }
        return input_error([&] { read_nir(path); });
    };
    const std::string inner = "/node/nodes/outer/nodes/inner";
    expect_message(refusal([&](NirFile& f) { f.input("a2", {2}, inner); }), {"inner/nodes/a2", "second input"});
    expect_message(refusal([&](NirFile& f) { f.remove(inner + "/nodes/z"); }), {inner, "needs an input and an output"});
    expect_message(refusal([&](NirFile& f) { f.if_neurons("outer.fc", 2); }), {"'outer.fc'", "another node"});
    expect_message(refusal([&](NirFile& f) {  // a graph that contains itself
                       f.remove(inner);
                       const Hdf5Lock lock;
                       H5Lcreate_hard(f.file, "/node/nodes/outer", f.file, inner.c_str(), H5P_DEFAULT, H5P_DEFAULT);
                   }),
                   {"nested deeper than"});
    expect_message(refusal([&](NirFile& f) {
                       f.remove("/node/edges");
                       f.edges({{"outer", "output"}, {"outer", "outer"}});
                       const std::string outer = "/node/nodes/outer";
                       f.remove(outer + "/edges");
                       f.edges({{"in", "out"}}, outer);
                   }),
                   {"feeds itself"});
}

TEST(NirReader, UnsupportedTypesAreNamedAtOnce) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "unsupported.nir";
    {
        NirFile file(path);
        file.input("in", {3}).output("out", {2});
        file.node("conv", "Conv1d");
        const std::string sub = "/node/nodes/sub";
        file.graph(sub).node("x", "Izhikevich", sub);
    }
    expect_message(input_error([&] { read_nir(path); }),
                   {"unsupported.nir", "'conv' (Conv1d)", "'sub.x' (Izhikevich)", "supported are Affine, AvgPool2d"});
}

TEST(NirReader, DamagedFieldsAreRefusedWithTheirPath) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "damaged.nir";
    const auto refusal = [&](const std::function<void(NirFile&)>& change) {
        {
            NirFile file(path);
            file.input("in", {3}).linear("fc", 2, 3).if_neurons("if", 2).output("out", {2});
            file.edges({{"in", "fc"}, {"fc", "if"}, {"if", "out"}});
            change(file);
        }
        return input_error([&] { load_network(path); });
    };
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(refusal([](NirFile&) {}), "");
    expect_message(refusal([](NirFile& f) { f.remove("/node"); }), {"damaged.nir: /", "neither"});
    expect_message(refusal([](NirFile& f) { f.remove("/node/nodes"); }), {"/node/nodes", "is missing"});
    expect_message(refusal([](NirFile& f) { f.remove("/node/edges"); }), {"/node/edges", "is missing"});
    expect_message(refusal([](NirFile& f) { f.remove("/node/nodes/fc/weight"); }),
                   {"/node/nodes/fc/weight", "is missing"});
    expect_message(refusal([](NirFile& f) { f.remove("/node/nodes/fc/type"); }), {"/node/nodes/fc", "has no type"});
    expect_message(refusal([](NirFile& f) { f.remove("/node/nodes/if"); }), {"'fc' -> 'if'", "no such node"});
    expect_message(refusal([&](NirFile& f) {
                       f.remove("/node/nodes/fc/weight");
                       f.field("/node/nodes/fc/weight", std::vector<float>{1, 2, 3, 4, nan, 6}, {2, 3});
                   }),
                   {"/node/nodes/fc/weight", "nan", "finite"});
    expect_message(refusal([&](NirFile& f) {
                       f.remove("/node/nodes/fc/weight");
                       f.field("/node/nodes/fc/weight", std::vector<double>{1, 2, 3, 4, 1e300, 6}, {2, 3});
                   }),
                   {"/node/nodes/fc/weight", "inf", "binary32"});
    expect_message(refusal([](NirFile& f) { f.field("/node/nodes/if/v_reset", std::vector<float>(3), {3}); }),
                   {"/node/nodes/if/v_reset", "has the shape 3, but v_threshold has 2"});
    expect_message(refusal([](NirFile& f) { f.number("/node/nodes/if/t_ref", 0.002); }),
                   {"/node/nodes/if/t_ref", "is not a field", "r, v_threshold, v_reset"});
    expect_message(refusal([](NirFile& f) {
                       f.remove("/node/nodes/fc/weight");
                       hdf5::write_strings(f.file, "/node/nodes/fc/weight", {"1"}, {});
                   }),
                   {"/node/nodes/fc/weight", "floating-point"});
    expect_message(refusal([](NirFile& f) {
                       const Hdf5Lock lock;
                       H5Lcreate_external("other.h5", "/x", f.file, "/node/nodes/if/v_reset", H5P_DEFAULT, H5P_DEFAULT);
                   }),
                   {"/node/nodes/if", "external link"});
    expect_message(refusal([](NirFile& f) {
                       f.remove("/node/nodes/fc/weight");
                       f.field("/node/nodes/fc/weight", std::vector<float>(8), {2, 4});
                   }),
                   {"damaged.nir: the node 'fc' (linear)", "gets 3 from 'in'", "needs 4"});
}

TEST(NirReader, AClaimOfMoreDataThanTheFileHoldsIsRefused) {
    const TemporaryFolder folder;
    const auto path = folder.path() / "huge.nir";
    {
        NirFile file(path);
        file.input("in", {3}).output("out", {2});
        file.node("fc", "Linear");
        const Hdf5Lock lock;
        const hsize_t extents[] = {200000, 200000};
        const hsize_t chunk[] = {100, 100};
        const Hdf5Handle space(H5Screate_simple(2, extents, nullptr));
        const Hdf5Handle properties(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_chunk(properties, 2, chunk);
        const Hdf5Handle dataset(H5Dcreate2(file.file, "/node/nodes/fc/weight", H5T_IEEE_F32LE, space, H5P_DEFAULT,
                                            properties, H5P_DEFAULT));
        file.edges({{"in", "fc"}, {"fc", "out"}});
    }
    expect_message(input_error([&] { read_nir(path); }), {"/node/nodes/fc/weight", "claims 160000000000 bytes"});
}

TEST(NirReader, OtherFilesAreRefused) {
    const TemporaryFolder folder;
    expect_message(input_error([&] { read_nir(folder.path() / "none.nir"); }), {"none.nir: no such file"});
    expect_message(input_error([&] { read_nir(folder.path()); }), {"not a regular file"});
    expect_message(input_error([&] { read_nir(folder.write("text.nir", {'n', 'i', 'r'})); }), {"text.nir", "HDF5"});
    expect_message(input_error([&] { read_nir(folder.write("empty.nir", {})); }), {"empty.nir", "HDF5"});
    { const Hdf5Handle file = hdf5::create_file(folder.path() / "other.h5"); }
    expect_message(input_error([&] { read_nir(folder.path() / "other.h5"); }), {"other.h5: /node", "not a NIR file"});
}

}  // namespace
}  // namespace axfire
