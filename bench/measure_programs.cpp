// What the smallest program of a user costs: processor time to compile it, and code that the library adds to it.
#include "bench/commands.hpp"
#include "bench/measure.hpp"

#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

const std::string source = MQTT_AS_BENCH_SOURCE;  // the project's folder
const std::string build = MQTT_AS_BENCH_BUILD;    // of this program
const std::string compiler = MQTT_AS_BENCH_COMPILER;

std::string compile(const std::string& program, const std::string& options) {
    return compiler + " -std=c++20 " + options + " '-I" + source + "/include' '" + source + "/bench/programs/" +
           program + ".cpp' ";
}

double compile_s(const std::string& program) {
    const std::string command = compile(program, "-O2 -c") + "-o '" + build + "/bench-program.o'";
    return median({cpu_seconds_of(command), cpu_seconds_of(command), cpu_seconds_of(command)});
}

/// Code and data in the file: not what the program shares with others.
double size_kb(const std::string& program, const std::string& libraries) {
    const std::string file = '\'' + build + "/bench-program'";
    output_of(compile(program, "-Os -ffunction-sections -fdata-sections -Wl,--gc-sections") + libraries +
              " -lpthread -o " + file + " 2>&1");
    std::istringstream said(output_of("size " + file));
    std::string heads;
    std::getline(said, heads);
    double text = 0;
    double data = 0;
    if (!(said >> text >> data)) throw std::runtime_error("size has said nothing about " + file);
    return (text + data) / 1024;
}

/// The library as those build it who count bytes.
std::string small_libraries() {
    const std::string folder = '\'' + build + "/bench-small'";
    output_of("cmake -S '" + source + "' -B " + folder +
              " -G Ninja -DCMAKE_BUILD_TYPE=MinSizeRel -DMQTT_AS_TOOLS=OFF -DMQTT_AS_TESTS=OFF -DCMAKE_CXX_COMPILER=" +
              compiler + " -DCMAKE_CXX_FLAGS='-ffunction-sections -fdata-sections' 2>&1");
    output_of("cmake --build " + folder + " --target mqtt_as 2>&1");
    return folder + "/src/asio/libmqtt_as.a " + folder +
           "/src/libmqtt_as_engine.a -lssl -lcrypto";  // OpenSSL is shared
}

}  // namespace

void measure_programs(figures& found, const tell_step& tell) {
    use_all_cores();
    const std::string us(ours_v311);
    const std::string libraries = (tell("the library for size"), small_libraries());
    struct style {
        std::string name;
        std::string ours;
        std::string plain;
    };
    const style styles[] = {{"callbacks", "callbacks", "asio"}, {"coroutines", "coroutines", "asio_coroutines"}};
    for (const style& s : styles) {
        tell("a program with " + s.name);
        const std::string subject = "smallest program, " + s.name;
        found.push_back({subject, "compile s", "plain Asio", compile_s(s.plain)});
        found.push_back({subject, "compile s", us, compile_s(s.ours)});
        const double plain_kb = size_kb(s.plain, "");
        const double ours_kb = size_kb(s.ours, libraries);
        found.push_back({subject, "static KB", "plain Asio", plain_kb});
        found.push_back({subject, "static KB", us, ours_kb});
        found.push_back({subject, "KB over plain Asio", us, ours_kb - plain_kb});
    }
}

}  // namespace bench
