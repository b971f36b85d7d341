// Starts, kills and watches the private Mosquitto.
#include "tests/support/broker_process.hpp"

#include "tests/support/eventually.hpp"

#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace mqtt_as::test {

namespace {

using namespace std::chrono_literals;

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

bool accepts(const std::filesystem::path& socket) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
}

std::string program(std::string_view name) {
    const auto path = find_program(name);
    if (!path) throw std::runtime_error(std::string(name) + " is not installed (Debian: mosquitto, mosquitto-clients)");
    return path->string();
}

// `stdbuf -oL` makes it write each line at once: a program that is killed takes its buffer with it.
std::vector<std::string> line_by_line(std::string_view name, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {program("stdbuf"), "-oL", program(name)});
    return arguments;
}

}  // namespace

bool broker_process::is_installed() { return find_program("mosquitto").has_value(); }

broker_process::broker_process(std::string_view settings) : socket_(folder_.path() / "socket") {
    std::ofstream out(folder_.path() / "mosquitto.conf");
    // `autosave_interval 1` with `autosave_on_changes` saves after every change; the defaults lose acknowledged
    // messages when the broker is killed, and when more than 1,000 of them wait. `user root` matters only to root:
    // without it Mosquitto changes to a user that may not write here.
    if (::getuid() == 0) out << "user root\n";
    out << "listener 0 " << socket_.string() << "\n"
        << "allow_anonymous true\n"
        << "persistence true\n"
        << "persistence_location " << folder_.path().string() << "/\n"
        << "autosave_on_changes true\n"
        << "autosave_interval 1\n"
        << "max_queued_messages 0\n"
        << "max_inflight_messages 0\n"
        << "log_dest stdout\n"
        << settings << '\n';
    out.close();
    start();
}

void broker_process::kill() { process_.reset(); }

void broker_process::terminate() {
    process_->signal(SIGTERM);
    process_->wait();
    process_.reset();
}

void broker_process::start() {
    const std::size_t said_before = log().size();
    process_.emplace(line_by_line("mosquitto", {"-c", (folder_.path() / "mosquitto.conf").string()}),
                     folder_.path() / "log");
    // It accepts connections before it says so; until then a SIGUSR1 would end it.
    const bool ready = eventually(10s, [&] {
        const bool is_ready = log().find(" running\n", said_before) != std::string::npos && accepts(socket_);
        return is_ready || !process_->is_running();
    });
    if (!ready || !process_->is_running()) throw std::runtime_error("Mosquitto does not start:\n" + log());
}

void broker_process::forget() { std::filesystem::remove(folder_.path() / "mosquitto.db"); }

void broker_process::pause() { process_->signal(SIGSTOP); }

void broker_process::resume() { process_->signal(SIGCONT); }

bool broker_process::save(std::string_view text) {
    return eventually(5s, [&] {
        process_->signal(SIGUSR1);
        return contents(folder_.path() / "mosquitto.db").find(text) != std::string::npos;
    });
}

std::string broker_process::log() const { return contents(folder_.path() / "log"); }

witness::witness(const broker_process& broker, std::string_view filter, int qos) {
    // `-d` prints the SUBACK, which tells when messages can no longer be missed.
    process_.emplace(
        line_by_line("mosquitto_sub", {"--unix", broker.socket().string(), "-d", "-v", "-q", std::to_string(qos), "-t",
                                       std::string(filter), "-i", "witness", "-c", "-F", "got %t %p"}),
        folder_.path() / "out");
    const auto subscribed = [&] { return contents(folder_.path() / "out").find("SUBACK") != std::string::npos; };
    if (!eventually(10s, subscribed)) throw std::runtime_error("mosquitto_sub: " + contents(folder_.path() / "out"));
}

std::vector<std::string> witness::lines() const {
    std::vector<std::string> result;
    std::istringstream in(contents(folder_.path() / "out"));
    for (std::string line; std::getline(in, line);) {
        if (line.rfind("got ", 0) == 0) result.push_back(line.substr(4));
    }
    return result;
}

}  // namespace mqtt_as::test
