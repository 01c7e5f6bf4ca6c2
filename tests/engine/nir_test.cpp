// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/formats/load_network.h"
#include "engine/formats/nir_reader.h"
#include "engine/formats/nir_writer.h"
#include "tests/datasets/support.h"
#include "tests/support/networks.h"
#include "tests/support/nir_files.h"

namespace axfire {
namespace {

using testing::expect_message;
using testing::input_error;
using testing::NetworkBuilder;
using testing::NirFile;
using testing::TemporaryFolder;
using testing::tensor;

template <class Kind>
const Kind& node_of(const Network& network, const std::string& name) {
    return std::get<Kind>(network.nodes[NetworkBuilder{network}.find(name)].kind);
}

Shape shape_of(const Network& network, const std::string& name) {
    return analyse(network).shape[NetworkBuilder{network}.find(name)];
}

bool has_edge(const Network& network, const std::string& from, const std::string& to) {
    const NetworkBuilder b{network};
    const Edge edge{b.find(from), b.find(to)};
    return std::find(network.edges.begin(), network.edges.end(), edge) != network.edges.end();
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

TEST(NirReal, OneNeuronOfNorse) {
    AXFIRE_NEEDS_REAL_DATA();
    NirOptions options;
    options.conventions.dt_ms = 0.1;
    options.conventions.reset = Reset::subtract;
    const Network network = read_nir(real_file("lif/lif_norse.nir"), options);
    EXPECT_EQ(network.conventions, options.conventions);
    const auto& lif = node_of<nodes::Neuron>(network, "1");
    EXPECT_EQ(lif.model, "lif");
    EXPECT_EQ(lif.parameters.at("tau_mem"), std::vector<double>{static_cast<double>(0.0025F)});
    EXPECT_EQ(lif.parameters.at("v_threshold"), std::vector<double>{static_cast<double>(0.1F)});
}

/// Runs a Python statement with `nir` and sys.argv at hand; its exit code is 77 where the package is not installed.
int run_python(const std::string& code, const std::vector<std::filesystem::path>& arguments) {
    const char* python = std::getenv("AXFIRE_PYTHON");
    std::string command =
        fmt::format("{} -c '{}'", python != nullptr ? python : "python3",
                    "import sys\ntry:\n  import nir, numpy as np\nexcept ImportError:\n  sys.exit(77)\n" + code);
    for (const auto& argument : arguments) {
        command += " '" + argument.string() + "'";
    }
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

constexpr int kNoPackage = 77;

/// Compares every array of two NIR files, spread to the same shape.
constexpr const char* kCompareFiles =
    "a, b = (nir.read(f) for f in sys.argv[1:3])\n"
    "assert sorted(a.nodes) == sorted(b.nodes) and sorted(a.edges) == sorted(b.edges), (a.edges, b.edges)\n"
    "for name, x in a.nodes.items():\n"
    "  y = b.nodes[name]\n"
    "  assert type(x) is type(y), name\n"
    "  for key, value in x.to_dict().items():\n"
    "    if key in (\"metadata\", \"type\", \"input_type\", \"output_type\"): continue\n"
    "    assert np.array_equal(np.asarray(value), np.asarray(y.to_dict()[key])), (name, key)\n";

TEST(NirReal, ExportedFilesSayTheSameToTheNirPackage) {
    AXFIRE_NEEDS_REAL_DATA();
    const TemporaryFolder folder;
    for (const char* name : {"cnn_sinabs.nir", "braille_noDelay_bias_zero.nir", "lif/lif_norse.nir"}) {
        const auto copy = folder.path() / std::filesystem::path(name).filename();
        write_nir(read_nir(real_file(name)), copy);
        const int code = run_python(kCompareFiles, {real_file(name), copy});
        if (code == kNoPackage) {
            GTEST_SKIP() << "needs the Python package nir (pip install nir; AXFIRE_PYTHON names the interpreter)";
        }
        EXPECT_EQ(code, 0) << name;
    }
}

/// A network with every node type that NIR has.
Network everything() {
    const auto parameters = [](std::initializer_list<const char*> names) {
        std::map<std::string, std::vector<double>> map;
        double value = 0.5;
        for (const char* name : names) {
            map[name] = {value += 0.125};
        }
        return map;
    };
    NetworkBuilder b;
    nodes::Conv2d same;
    same.weight = tensor({4, 1, 3, 2});
    same.bias = tensor({4}, -0.25F);
    same.pad_same = true;
    same.pad_begin = {1, 0};
    same.pad_end = {1, 1};
    same.groups = 2;
    same.weight.data[5] = -0.0F;
    nodes::Conv2d strided = testing::conv2d(2, 4, 3);
    strided.bias = tensor({2}, 1e-40F);  // subnormal
    strided.stride = {2, 1};
    strided.dilation = {1, 2};
    strided.pad_begin = strided.pad_end = {1, 2};
    nodes::Pool2d sum;
    nodes::Pool2d average;
    average.kind = nodes::Pool2d::Kind::average;
    average.kernel = {1, 2};
    average.stride = {1, 1};
    b.add("input", nodes::Input{{2, 8, 8}}).add("same", same).add("scale", nodes::Scale{tensor({4, 8, 8}, 1.5F)});
    b.add("if", nodes::Neuron{"if", {4, 8, 8}, parameters({"r", "v_threshold", "v_reset"})}).add("sum", sum);
    b.add("average", average)
        .add("strided", strided)
        .add("flat", nodes::Flatten{0, -1})
        .add("fc", testing::linear(5, 12));
    b.add("li", nodes::Neuron{"li", {5}, parameters({"tau_mem", "r", "v_leak"})});
    b.add("threshold", nodes::Threshold{tensor({5})}).add("delay", nodes::Delay{{5}, {0.001, 0, 0.002, 0.003, 0.25}});
    b.add("i", nodes::Neuron{"i", {5}, parameters({"r"})});
    b.add("cubali", nodes::Neuron{"cubali", {5}, parameters({"tau_syn", "tau_mem", "r", "v_leak", "w_in"})});
    b.add("lif", nodes::Neuron{"lif", {5}, parameters({"tau_mem", "r", "v_leak", "v_threshold", "v_reset"})});
    b.add("fc2", nodes::Linear{tensor({3, 5}), tensor({3})});
    b.add("cubalif",
          nodes::Neuron{
              "cubalif", {3}, parameters({"tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"})});
    b.add("output", nodes::Output{{3}});
    b.chain({"input", "same", "scale", "if", "sum", "average", "strided", "flat", "fc", "li", "threshold", "delay", "i",
             "cubali", "lif", "fc2", "cubalif", "output"});
    b.network.provenance = "everything";
    return b.network;
}

TEST(NirWriter, WhatIsWrittenIsReadBack) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "all.nir";
    Network expected = everything();
    write_nir(expected, file);
    const Network found = read_nir(file);
    ASSERT_EQ(found.nodes.size(), expected.nodes.size());
    for (const Node& node : found.nodes) {
        Node& original = expected.nodes[NetworkBuilder{expected}.find(node.name)];
        EXPECT_EQ(type_name(node), type_name(original));
        if (auto* neuron = std::get_if<nodes::Neuron>(&original.kind)) {  // NIR has one value for each neuron
            for (auto& [name, values] : neuron->parameters) {
                values.assign(element_count(neuron->shape), values[0]);
            }
        }
        if (auto* conv = std::get_if<nodes::Conv2d>(&original.kind); conv != nullptr && conv->bias.empty()) {
            conv->bias = tensor({conv->weight.shape[0]}, 0);
        }
        EXPECT_TRUE(std::visit(testing::SameKind{node.kind}, original.kind)) << node.name;
    }
    EXPECT_EQ(found.edges.size(), expected.edges.size());
    for (const Edge& edge : expected.edges) {
        EXPECT_TRUE(has_edge(found, expected.nodes[edge.from].name, expected.nodes[edge.to].name));
    }
}

TEST(NirWriter, TheNirPackageReadsEveryNodeType) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "all.nir";
    write_nir(everything(), file);
    // Without its type check, which takes kernels to be square and ignores groups.
    const int code = run_python(
        "g = nir.read(sys.argv[1], type_check=False)\n"
        "assert len(g.nodes) == 18 and len(g.edges) == 17\n"
        "assert g.nodes[\"same\"].padding == \"same\" and g.nodes[\"same\"].groups == 2\n"
        "assert g.nodes[\"lif\"].tau.shape == (5,) and g.nodes[\"lif\"].tau[0] == 0.625\n"
        "assert g.nodes[\"if\"].v_reset.shape == (4, 8, 8) and g.nodes[\"if\"].v_reset[0, 0, 0] == 0.875\n"
        "assert list(g.nodes[\"delay\"].delay) == [0.001, 0, 0.002, 0.003, 0.25]\n"
        "assert tuple(g.nodes[\"strided\"].padding) == (1, 2)\n",
        {file});
    if (code == kNoPackage) {
        GTEST_SKIP() << "needs the Python package nir (pip install nir; AXFIRE_PYTHON names the interpreter)";
    }
    EXPECT_EQ(code, 0);
}

TEST(NirWriter, WhatNirCannotExpressIsRefused) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "no.nir";
    const auto refusal = [&](const std::string& name, NodeKind kind) {
        Network network = everything();
        network.nodes[NetworkBuilder{network}.find(name)].kind = std::move(kind);
        return input_error([&] { write_nir(network, file); });
    };
    const auto changed = [](const char* name, const char* parameter, double value) {
        nodes::Neuron neuron = node_of<nodes::Neuron>(everything(), name);
        neuron.parameters[parameter] = {value};
        return neuron;
    };
    expect_message(refusal("lif", changed("lif", "t_ref", 0.002)), {"'lif'", "t_ref", "model file (.h5)"});
    expect_message(refusal("lif", changed("lif", "v_init", 0)), {"'lif'", "v_init"});
    expect_message(refusal("if", changed("if", "v_init", 0.5)), {"'if'", "v_init"});
    EXPECT_EQ(refusal("lif", changed("lif", "t_ref", 0)), "");
    std::filesystem::remove(file);
    EXPECT_EQ(refusal("lif", changed("lif", "v_init", 0.875)), "");  // the value of v_leak: the default
    std::filesystem::remove(file);
    nodes::Pool2d pool;
    pool.pad_begin = {1, 0};
    expect_message(refusal("sum", pool), {"'sum'", "padding"});
    pool.pad_begin = pool.pad_end = {0, 0};
    EXPECT_EQ(refusal("sum", pool), "");
    expect_message(refusal("sum", pool), {"no.nir", "exists already"});
    nodes::Neuron reshaping = node_of<nodes::Neuron>(everything(), "cubalif");
    reshaping.shape = {3, 1};
    expect_message(refusal("cubalif", reshaping), {"'cubalif'", "the shape 3x1 for an input of 3"});
    nodes::Linear bad = node_of<nodes::Linear>(everything(), "fc");
    bad.weight.data[3] = std::numeric_limits<float>::infinity();
    std::filesystem::remove(file);
    expect_message(refusal("fc", bad), {"'fc'", "inf"});
    EXPECT_FALSE(std::filesystem::exists(file));
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
