// A real Mosquitto, which acknowledges one message after the other, instead of our sink.
#include "bench/commands.hpp"
#include "bench/measure.hpp"
#include "bench/sockets.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_folder.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace bench {
namespace {

bool accepts(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    if (socket < 0) give_up("socket");
    const bool is_connected = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return is_connected;
}

/// On the core of this process, on a port that was free a moment ago.
class broker {
public:
    broker() {
        const auto program = mqtt_as::test::find_program("mosquitto");
        if (!program) throw std::runtime_error("mosquitto is not installed");
        ::close(listen_on_loopback(port_));
        const auto settings = folder_.path() / "mosquitto.conf";
        std::ofstream(settings) << "listener " << port_ << " 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\n"
                                << "max_queued_messages 0\nset_tcp_nodelay true\nlog_dest none\n";
        process_.emplace(std::vector<std::string>{program->string(), "-c", settings.string()}, folder_.path() / "log");
        if (!mqtt_as::test::eventually(std::chrono::seconds(10), [this] { return accepts(port_); }))
            throw std::runtime_error("mosquitto does not listen");
    }
    std::uint16_t port() const { return port_; }

private:
    mqtt_as::test::temp_folder folder_;
    std::uint16_t port_ = 0;
    std::optional<mqtt_as::test::child_process> process_;
};

}  // namespace

void measure_mosquitto(figures& found, const tell_step& tell) {
    stay_on_one_core();
    const broker b;
    const load l{.what = {.way = direction::publish, .qos = 1, .payload_size = 64, .window = 100},
                 .port = b.port(),
                 .warm_up = 10'000,
                 .count = 50'000};
    const std::string subject = "P1 64 B W100 through Mosquitto";
    const auto peer = std::filesystem::path(own_path()).parent_path() / "mqtt-as-bench-peer-mosquitto";
    std::vector<std::pair<std::string, std::string>> clients = {{std::string(limit), command_of("limit", l)},
                                                                {std::string(floor_of_asio), command_of("floor", l)},
                                                                {std::string(ours_v311), command_of("callbacks", l)}};
    if (std::filesystem::exists(peer))
        clients.emplace_back(std::string(mosquitto), '\'' + peer.string() + "' " + arguments_of(l));

    std::vector<std::vector<double>> times(clients.size());
    for (int round = 1; round <= 5; ++round) {
        tell("through Mosquitto: round " + std::to_string(round));
        for (std::size_t i = 0; i < clients.size(); ++i)
            times[i].push_back(run(clients[i].second).at("cpu_ns") / l.count);
    }
    for (std::size_t i = 0; i < clients.size(); ++i)
        found.push_back({subject, std::string(cpu_ns), clients[i].first, median(times[i])});
    const std::string us(ours_v311);
    if (const auto best = find(found, subject, cpu_ns, mosquitto))
        found.push_back({subject, "time / libmosquitto", us, *find(found, subject, cpu_ns, us) / *best});
}

}  // namespace bench
