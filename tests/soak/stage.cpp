// Processes, namespaces and packet filters, as an administrator would make them.
#include "tests/soak/stage.hpp"

#include "tests/support/eventually.hpp"

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <unistd.h>
#include <utility>

namespace mqtt_as::soak {

using namespace std::chrono_literals;

namespace {

constexpr const char* address = "10.9.1.2";

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

moment now() { return std::chrono::duration_cast<moment>(std::chrono::steady_clock::now().time_since_epoch()); }

stage::stage(std::string bad) : bad_(std::move(bad)) {
    make_cable();
    broker_ = std::make_unique<test::broker_process>("listener 1883 " + std::string(address));
    for (std::size_t number = clients_.size(); number-- > 0;) {  // the subscriber first
        clients_[number].number = number;
        begin_life(clients_[number]);
        if (number != subscriber) continue;
        const auto has_subscribed = [this] { return contents(output(clients_[subscriber])).starts_with("subscribed"); };
        if (!test::eventually(30s, has_subscribed) || !broker_->save("soak"))
            throw std::runtime_error("the subscriber does not subscribe: " + contents(output(clients_[subscriber])));
    }
}

void stage::make_cable() const {
    test::shell("ip link set lo up; ip link add cable-b type veth peer name cable-c netns " + client_side_.path() +
                "; ip addr add 10.9.1.2/24 dev cable-b; ip link set cable-b up");
    client_side_.enter();
    test::shell("ip link set lo up; ip addr add 10.9.1.1/24 dev cable-c; ip link set cable-c up");
    broker_side_.enter();
}

void stage::drop(unsigned percent) const {
    if (percent == 0) return test::shell("nft delete table inet faults");
    const std::string rule = "numgen random mod 100 < " + std::to_string(percent) + " drop";
    test::shell("nft -f - <<END\ntable inet faults {\n  chain in { type filter hook input priority 0; iifname != lo " +
                rule + "; }\n  chain out { type filter hook output priority 0; oifname != lo " + rule + "; }\n}\nEND");
}

void stage::set_link(bool up) const { test::shell(std::string("ip link set cable-b ") + (up ? "up" : "down")); }

// ---- clients ----------------------------------------------------------------------------------

std::string stage::name(std::size_t number) {
    return number == subscriber ? "subscriber" : "publisher " + std::to_string(number);
}

std::filesystem::path stage::journal(const client& c) const {
    return folder_.path() / ("journal-" + std::to_string(c.number));
}

std::filesystem::path stage::output(const client& c) const {
    return folder_.path() / ("output-" + std::to_string(c.number));
}

void stage::begin_life(client& c) {
    const bool is_subscriber = c.number == subscriber;
    const std::string series = is_subscriber ? "subscriber" : std::to_string(c.number) + "." + std::to_string(c.life++);
    const std::string qos = c.number % 2 == 0 ? "1" : "2";
    const std::string version = c.number / 2 % 2 == 0 ? "3" : "5";
    c.process.reset();
    client_side_.enter();
    c.process = std::make_unique<test::child_process>(
        std::vector<std::string>{SOAK_CLIENT, address, version, journal(c).string(), bad_, series, qos}, output(c));
    broker_side_.enter();
    c.born = now();
    c.resources = {};
}

void stage::kill(std::size_t number) { begin_life(clients_[number]); }

void stage::revive() {
    for (client& c : clients_)
        if (!c.process->is_running()) begin_life(c);
}

int stage::wait_for_end(std::size_t number) {
    test::child_process& process = *clients_[number].process;
    if (!test::eventually(60s, [&] { return !process.is_running(); })) return -1;
    return process.wait();
}

void stage::sample() {
    for (client& c : clients_) {
        const std::filesystem::path proc = "/proc/" + std::to_string(c.process->pid());
        std::ifstream memory(proc / "statm");
        long total = 0, resident = 0;
        std::error_code error;
        const std::filesystem::directory_iterator descriptors(proc / "fd", error);
        if (!(memory >> total >> resident) || error) continue;  // it has just ended
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(now() - c.born);
        c.resources.sample({.age_s = static_cast<int>(age.count()),
                            .resident_kb = resident * ::sysconf(_SC_PAGESIZE) / 1024,
                            .descriptors = std::distance(begin(descriptors), end(descriptors))});
    }
}

// ---- journals ---------------------------------------------------------------------------------

void stage::collect(client& c, account& book) const {
    std::ifstream in(journal(c), std::ios::binary);
    in.seekg(c.read);
    for (std::string line; std::getline(in, line) && !in.eof();) {  // a last line without its end is not there yet
        c.read += static_cast<std::streamoff>(line.size() + 1);
        if (!book.enter(line)) throw std::runtime_error(name(c.number) + "'s journal is not understood: " + line);
    }
}

void stage::collect_publishers(account& book) {
    for (client& c : clients_)
        if (c.number != subscriber) collect(c, book);
}

}  // namespace mqtt_as::soak
