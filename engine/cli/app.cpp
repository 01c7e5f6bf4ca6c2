// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <new>

#include <fmt/format.h>

#include "arith/error.h"
#include "engine/cli/commands.h"
#include "engine/version.h"

namespace axfire::cli {

namespace {

constexpr int kFailed = 1;
constexpr int kBadInput = 2;

int complain(int code, const char* text) {
    fmt::print(stderr, "axfire: {}\n", text);
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Axfire simulates spiking and conventional neural networks on approximate floating-point arithmetic."};
    app.name("axfire");
    app.set_version_flag("--version", fmt::format("axfire {}", kVersion));
    app.require_subcommand(1);
    app.footer(
        "axfire VERB --help tells more; an arithmetic is written <unit>[(param=value,...)]@<format>[/<rounding>].");
    try {
        add_run(app);
        add_convert(app);
        add_inspect(app);
        add_arith(app);
        add_export(app);
        add_info(app);
        add_bench(app);
        add_train(app);
        add_retrain(app);
        app.parse(argc, argv);
        if (std::fflush(stdout) != 0) {
            return complain(kFailed, "standard output cannot be written");
        }
        return 0;
    } catch (const CLI::Success& e) {  // --help, --version
        return app.exit(e);
    } catch (const CLI::ParseError& e) {
        return complain(kBadInput, fmt::format("{}; see axfire --help", e.what()).c_str());
    } catch (const InputError& e) {
        return complain(kBadInput, e.what());
    } catch (const std::bad_alloc&) {
        return complain(kFailed, "out of memory");
    } catch (const std::exception& e) {
        return complain(kFailed, e.what());
    }
}

}  // namespace axfire::cli
