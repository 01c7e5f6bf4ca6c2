// SPDX-License-Identifier: Apache-2.0
// The descriptions of networks with a name.
#include <sstream>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/train/network_text.h"

namespace axfire::train {

namespace {

std::string mlp(const std::string& sizes, std::size_t classes) {
    std::string text;
    std::vector<std::string> parts;
    std::stringstream stream(sizes);
    for (std::string part; std::getline(stream, part, '-');) {
        parts.push_back(part);
        if (part.empty() || part.size() > 7 || part.find_first_not_of("0123456789") != std::string::npos) {
            throw InputError(fmt::format("--model mlp:{}: write the sizes of the layers, as in mlp:784-128-10", sizes));
        }
    }
    if (parts.size() < 2 || parts.back() != std::to_string(classes)) {
        throw InputError(fmt::format("--model mlp:{}: needs an input and {} outputs (--classes), as in mlp:784-128-{}",
                                     sizes, classes, classes));
    }
    text += fmt::format("input = [{}]\n", parts[0]);
    for (std::size_t i = 1; i < parts.size(); ++i) {
        text += fmt::format("[[layer]]\ntype = \"linear\"\nout = {}\n", parts[i]);
        text += i + 1 < parts.size() ? "[[layer]]\ntype = \"relu\"\n" : "";
    }
    return text;
}

std::string convolution(std::size_t out, std::size_t kernel, std::size_t pad, std::size_t stride = 1,
                        bool bias = true) {
    return fmt::format("[[layer]]\ntype = \"conv2d\"\nout = {}\nkernel = {}\npad = {}\nstride = {}\nbias = {}\n", out,
                       kernel, pad, stride, bias);
}

std::string plain(const std::string& type) {
    return fmt::format("[[layer]]\ntype = \"{}\"\n", type);
}

std::string dense(std::size_t out) {
    return fmt::format("[[layer]]\ntype = \"linear\"\nout = {}\n", out);
}

std::string lenet5(std::size_t classes) {
    return convolution(6, 5, 2) + plain("relu") + plain("maxpool2d") + convolution(16, 5, 0) + plain("relu") +
           plain("maxpool2d") + plain("flatten") + dense(120) + plain("relu") + dense(84) + plain("relu") +
           dense(classes);
}

std::string vgg9(std::size_t classes) {
    std::string text;
    for (const std::size_t c : {64, 64, 0, 128, 128, 0, 256, 256, 256, 0}) {
        text += c == 0 ? plain("maxpool2d") : convolution(c, 3, 1, 1, false) + plain("batchnorm") + plain("relu");
    }
    return text + plain("flatten") + dense(1024) + plain("relu") + plain("dropout") + dense(classes);
}

std::string resnet20(std::size_t classes) {
    std::string text =
        convolution(16, 3, 1, 1, false) + plain("batchnorm") + "[[layer]]\ntype = \"relu\"\nname = \"block0\"\n";
    std::string last = "block0";
    std::size_t block = 0;
    for (const std::size_t channels : {16, 32, 64}) {
        for (int i = 0; i < 3; ++i) {
            const std::size_t stride = channels > 16 && i == 0 ? 2 : 1;
            text += convolution(channels, 3, 1, stride, false) + plain("batchnorm") + plain("relu") +
                    convolution(channels, 3, 1, 1, false);
            ++block;
            text += fmt::format("[[layer]]\ntype = \"batchnorm\"\nname = \"norm{}\"\n", block);
            if (stride != 1) {
                text += fmt::format(
                    "[[layer]]\ntype = \"shortcut\"\nname = \"short{}\"\nfrom = \"{}\"\nout = {}\n"
                    "stride = 2\n",
                    block, last, channels);
                last = fmt::format("short{}", block);
            }
            text += fmt::format("[[layer]]\ntype = \"relu\"\nname = \"block{}\"\nfrom = [\"norm{}\", \"{}\"]\n", block,
                                block, last);
            last = fmt::format("block{}", block);
        }
    }
    return text + "[[layer]]\ntype = \"avgpool2d\"\nkernel = 8\n" + plain("flatten") + dense(classes);
}

/// Leaky neurons with a decay of exp(-1/4) and an input gain near 1, and a leaky read-out.
std::string snn_conv(std::size_t classes) {
    const std::string lif = "[[layer]]\ntype = \"lif\"\ntau_mem = 4e-3\nr = 4.52\nv_threshold = 1\n";
    return "[conventions]\nintegrate = \"exponential\"\nreset = \"subtract\"\n" + convolution(16, 5, 2, 2) + lif +
           convolution(32, 3, 1) + lif + plain("sumpool2d") + plain("flatten") + dense(128) + lif + dense(classes) +
           "[[layer]]\ntype = \"li\"\ntau_mem = 8e-3\n";
}

}  // namespace

std::string named_network(const std::string& name, std::size_t classes) {
    return name == "lenet5"           ? lenet5(classes)
           : name == "vgg9"           ? vgg9(classes)
           : name == "resnet20"       ? resnet20(classes)
           : name == "snn-conv"       ? snn_conv(classes)
           : name.starts_with("mlp:") ? mlp(name.substr(4), classes)
                                      : "";
}

std::string known_networks() {
    return "lenet5, mlp:784-128-10, vgg9, resnet20, snn-conv";
}

}  // namespace axfire::train
