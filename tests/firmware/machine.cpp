// Starts QEMU and talks QMP to it.
#include "tests/firmware/machine.hpp"

#include "tests/support/eventually.hpp"

#include <cstring>
#include <fstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace mqtt_as::firmware {

namespace {

constexpr const char* emulator = "qemu-system-arm";

int connect_to(const std::filesystem::path& socket) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    ::close(fd);
    return -1;
}

}  // namespace

std::string machine::why_not() {
    if (!test::find_program(emulator)) return "no qemu-system-arm (Debian: qemu-system-arm)";
    if (!std::filesystem::exists(image("mps2_traffic")))
        return "no images in " + image("").string() + " (./run firmware builds them; they need lwIP's source)";
    return "";
}

std::filesystem::path machine::image(std::string_view name) { return std::filesystem::path(IMAGES) / name; }

machine::machine(board what, std::string_view name, const std::vector<std::string>& arguments, int uart_port) {
    std::string words = "enable=on,target=native,arg=image,arg=flash=" + flash().string();
    for (const std::string& a : arguments) words += ",arg=" + a;
    const std::string monitor = (folder_.path() / "monitor").string();
    std::vector<std::string> argv{test::find_program(emulator).value().string(),
                                  "-nographic",
                                  "-nodefaults",
                                  "-kernel",
                                  image(name).string(),
                                  "-semihosting-config",
                                  words,
                                  "-qmp",
                                  "unix:" + monitor + ",server=on,wait=off"};
    const auto add = [&argv](std::initializer_list<const char*> more) {
        argv.insert(argv.end(), more.begin(), more.end());
    };
    if (what == board::mps2) {
        add({"-machine", "mps2-an385", "-nic", "user,id=n0,model=lan9118", "-chardev", "null,id=nowhere", "-object",
             "filter-redirector,id=hole,netdev=n0,queue=all,outdev=nowhere,status=off"});
    } else {
        add({"-machine", "microbit", "-serial"});
        argv.push_back("tcp:127.0.0.1:" + std::to_string(uart_port) + ",reconnect=1");
    }
    process_.emplace(argv, folder_.path() / "out");
    const bool is_there = test::eventually(20s, [&] {
        if (monitor_ < 0) monitor_ = connect_to(monitor);
        return monitor_ >= 0 || !process_->is_running();
    });
    if (!is_there || monitor_ < 0) {
        std::string said;
        for (const std::string& line : lines()) said += line + "\n";
        throw std::runtime_error("QEMU does not start: " + said);
    }
    ask(R"({"execute":"qmp_capabilities"})");
}

machine::~machine() {
    if (monitor_ >= 0) ::close(monitor_);
}

std::vector<std::string> machine::lines() const { return lines(""); }

std::vector<std::string> machine::lines(std::string_view start) const {
    std::vector<std::string> found;
    std::ifstream in(folder_.path() / "out");
    for (std::string line; std::getline(in, line) && !in.eof();)  // a last line without its end is not whole
        if (line.starts_with(start)) found.push_back(line.substr(start.size()));
    return found;
}

bool machine::prints(std::string_view start, std::size_t count, std::chrono::milliseconds limit) const {
    return test::eventually(limit, [&] { return lines(start).size() >= count; });
}

int machine::wait(std::chrono::milliseconds limit) {
    if (!test::eventually(limit, [&] { return !process_->is_running(); })) return -1;
    return process_->wait();
}

/// Events come between answers: they are skipped.
std::string machine::ask(const std::string& command) {
    const std::string line = command + "\n";
    if (::send(monitor_, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
        throw std::runtime_error("QEMU's monitor is closed");
    std::string answer;
    for (char c; ::recv(monitor_, &c, 1, 0) == 1;) {
        if (c != '\n') {
            answer += c;
            continue;
        }
        if (answer.find("\"error\"") != answer.npos) throw std::runtime_error(command + ": " + answer);
        if (answer.find("\"return\"") != answer.npos) return answer;
        answer.clear();
    }
    throw std::runtime_error("QEMU's monitor is closed");
}

void machine::set_link(bool up) {
    ask(std::string(R"({"execute":"set_link","arguments":{"name":"n0","up":)") + (up ? "true}}" : "false}}"));
}
void machine::set_black_hole(bool on) {
    ask(std::string(R"({"execute":"qom-set","arguments":{"path":"/objects/hole","property":"status","value":")") +
        (on ? "on\"}}" : "off\"}}"));
}
void machine::cycle_power() { ask(R"({"execute":"system_reset"})"); }
void machine::freeze() { ask(R"({"execute":"stop"})"); }
void machine::thaw() { ask(R"({"execute":"cont"})"); }

}  // namespace mqtt_as::firmware
