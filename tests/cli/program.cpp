// fork, exec, pipes and files.
#include "tests/cli/program.hpp"

#include "tests/support/child_process.hpp"
#include "tests/support/eventually.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace mqtt_as::test {

namespace {

using namespace std::chrono_literals;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

int new_file(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) fail("open");
    return file;
}

std::vector<char*> raw(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

}  // namespace

words operator+(words a, const words& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

program::program(const words& argv, const words& environment, output_to where) {
    words arguments = argv;
    words variables = environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        if (!std::string_view(*entry).starts_with("MQTT_AS_")) variables.emplace_back(*entry);
    }
    const std::vector<char*> raw_arguments = raw(arguments);
    const std::vector<char*> raw_variables = raw(variables);
    int in[2];
    int out[2] = {-1, -1};
    if (::pipe2(in, O_CLOEXEC) != 0) fail("pipe");
    if (where == output_to::pipe && ::pipe2(out, O_CLOEXEC) != 0) fail("pipe");
    const int out_file = where == output_to::pipe ? out[1] : new_file(folder_.path() / "out");
    const int err_file = new_file(folder_.path() / "err");
    pid_ = ::fork();
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out_file, STDOUT_FILENO);
        ::dup2(err_file, STDERR_FILENO);
        // Asio's sockets are inherited: a child that held our proxy's listener would keep it open.
        ::close_range(STDERR_FILENO + 1, ~0U, 0);
        ::execve(raw_arguments[0], raw_arguments.data(), raw_variables.data());
        ::_exit(127);
    }
    if (pid_ < 0) fail("fork");
    ::close(in[0]);
    ::close(out_file);
    ::close(err_file);
    input_ = in[1];
    output_ = out[0];
    ::signal(SIGPIPE, SIG_IGN);  // a program that ends early is no reason for the test to end
}

program::~program() {
    close_input();
    close_output();
    if (!is_running()) return;
    signal(SIGKILL);
    wait();
}

void program::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t size = ::write(input_, text.data(), text.size());
        if (size < 0) fail("write");
        text.remove_prefix(static_cast<std::size_t>(size));
    }
}

void program::close_input() {
    if (input_ >= 0) ::close(input_);
    input_ = -1;
}

void program::signal(int number) {
    if (is_running()) ::kill(pid_, number);
}

bool program::is_running() {
    int status = 0;
    if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return !status_;
}

int program::wait() {
    if (!eventually(30s, [this] { return !is_running(); })) {
        ::kill(pid_, SIGKILL);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        status_ = -1;
    }
    return *status_;
}

std::string program::out() const { return contents(folder_.path() / "out"); }
std::string program::err() const { return contents(folder_.path() / "err"); }
std::vector<std::string> program::out_lines() const { return split_lines(out()); }

std::string program::read_output() {
    std::string all;
    std::string block(65'536, '\0');
    for (ssize_t size = 0; (size = ::read(output_, block.data(), block.size())) > 0;) {
        all.append(block, 0, static_cast<std::size_t>(size));
    }
    return all;
}

void program::close_output() {
    if (output_ >= 0) ::close(output_);
    output_ = -1;
}

outcome run(const words& argv, std::string_view input, const words& environment) {
    program child(argv, environment);
    child.write(input);
    child.close_input();
    const int status = child.wait();
    return {status, child.out(), child.err()};
}

words mqtt_as(const words& arguments) { return words{MQTT_AS_PROGRAM} + arguments; }

words mosquitto(const std::string& name, const words& arguments) {
    const auto path = find_program(name);
    if (!path) throw std::runtime_error(name + " is not installed (Debian: mosquitto, mosquitto-clients)");
    return words{path->string()} + arguments;
}

words to(const broker_process& broker, const std::string& version) {
    return {"--unix", broker.socket().string(), "-V", version};
}

std::string version_name(const testing::TestParamInfo<std::string>& version) {
    return version.param == "5" ? "v5" : "v3_1_1";
}

listener::listener(const words& arguments, const std::string& format)
    : program_(mosquitto("stdbuf", {"-oL"}) +
               mosquitto("mosquitto_sub", arguments + words{"-d", "-F", "got " + format})) {
    // `-d` prints the SUBACK, which tells when messages can no longer be missed; stdbuf lets us see it at once.
    if (!eventually(10s, [this] { return program_.out().find("SUBACK") != std::string::npos; })) {
        throw std::runtime_error("mosquitto_sub: " + program_.out() + program_.err());
    }
}

std::vector<std::string> listener::lines() const {
    std::vector<std::string> result;
    for (const std::string& line : program_.out_lines()) {
        if (line.starts_with("got ")) result.push_back(line.substr(4));
    }
    return result;
}

bool listener::gets(const std::vector<std::string>& wanted) const {
    return eventually(10s, [&] { return lines() == wanted; });
}

void publish(const words& arguments, std::string_view input) {
    const outcome result = run(mosquitto("mosquitto_pub", arguments), input);
    ASSERT_EQ(result.status, 0) << result.err;
}

std::string differences(const words& got, const words& wanted) {
    const auto [at, expected] = std::mismatch(got.begin(), got.end(), wanted.begin(), wanted.end());
    return std::to_string(got.size()) + " lines instead of " + std::to_string(wanted.size()) + "; number " +
           std::to_string(at - got.begin()) + " is '" + (at == got.end() ? "" : *at) + "' instead of '" +
           (expected == wanted.end() ? "" : *expected) + "'\n";
}

std::vector<std::string> split_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

}  // namespace mqtt_as::test
