// mqtt-as chaos: a bad network on demand, between any MQTT client and its broker.
#include "src/chaos/fault_proxy.hpp"
#include "tools/mqtt-as/chaos_script.hpp"
#include "tools/mqtt-as/command_line.hpp"
#include "tools/mqtt-as/exit_status.hpp"
#include "tools/mqtt-as/subcommands.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <system_error>
#include <utility>

namespace mqtt_as::cli {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr auto chaos_examples = R"(A script has a line for each fault, with the seconds since the beginning:

  at 10 stall 8              nothing passes for 8 s; then everything does, late
  at 30 drop 25              nothing passes for 25 s; then the connections are reset
  at 60 reset                RST; the clients' next connections work
  at 60 close                FIN
  at 65 refuse 5             nobody listens for 5 s
  at 70 delay 0.2 10         0.2 s each way, for 10 s
  at 85 bandwidth 1000 10    1000 bytes per second each way, for 10 s
  at 95 cut publish          half of the next PUBLISH passes, then RST
  at 99 corrupt publish 77   bit 77 of the next PUBLISH is inverted
  at 99 withhold puback 5    PUBACKs wait for 5 s
  at 110 reset client=pump   only the client with this identifier

Each fault is printed as such a line when it happens: what was printed is a script that repeats it. The seed alone
repeats it, too. An interrupt ends the program; what comes after # says nothing.

Examples: mqtt-as chaos --listen 1884 --broker localhost:1883
          mqtt-as chaos --listen 1884 --broker localhost:1883 --seed 42 --faults stall,reset --for 600
          mqtt-as chaos --listen 1884 --broker /run/mosquitto.sock --script outages.txt)";

struct address {
    std::string host;
    std::uint16_t port;
};

/// "host:port", ":port", "[::1]:port" or "port".
address address_in(const std::string& text, const std::string& default_host, const std::string& option) {
    const auto colon = text.rfind(':');
    std::string host = colon == std::string::npos ? "" : text.substr(0, colon);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
    const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
    return {host.empty() ? default_host : host, static_cast<std::uint16_t>(number_in(port, 0, 65535, option))};
}

chaos::broker_address broker_in(const std::string& text) {
    if (text.empty()) throw usage_error("--broker takes HOST[:PORT] or the path of a Unix socket, not ''");
    if (text.find('/') != std::string::npos) return {.unix_socket = text};
    if (text.find(':') == std::string::npos) return {.host = text, .port = 1883};
    const address found = address_in(text, "localhost", "--broker");
    return {.host = found.host, .port = found.port};
}

std::set<fault_kind> kinds_in(const std::string& text) {
    std::set<fault_kind> all;
    std::istringstream list(text);
    for (std::string name; std::getline(list, name, ',');) all.insert(fault_named(name));
    if (all.empty()) throw usage_error("--faults takes one or more of " + fault_names());
    return all;
}

void check_that_tls_allows(fault_kind kind, bool has_tls) {
    if (has_tls && is_about_packets(kind))
        throw usage_error("TLS hides the packets: with --tls there is no cut, corrupt and withhold");
}

std::vector<fault> script_in(const std::string& path) {
    if (path == "-") return read_script(std::cin, "standard input");
    std::ifstream file(path);
    if (!file) throw usage_error(path + " cannot be read");
    return read_script(file, path);
}

/// Where faults come from: each call gives the next one, while there are any.
using fault_source = std::function<std::optional<fault>()>;

fault_source from_script(const std::string& path, bool has_tls) {
    std::vector<fault> all = script_in(path);
    for (const fault& each : all) {
        check_that_tls_allows(each.what, has_tls);
        if (has_tls && !each.client.empty()) throw usage_error("TLS hides the clients' names: no client= with --tls");
    }
    return [all = std::move(all), n = std::size_t{0}]() mutable {
        return n < all.size() ? std::optional(all[n++]) : std::nullopt;
    };
}

fault_source from_seed(std::uint64_t seed, const std::optional<std::string>& names, milliseconds pause, bool has_tls) {
    const std::set<fault_kind> kinds = names ? kinds_in(*names) : all_faults(has_tls);
    for (const fault_kind each : kinds) check_that_tls_allows(each, has_tls);
    return [drawn = random_faults(seed, kinds, pause)]() mutable { return std::optional(drawn.next()); };
}

/// Gives each fault its moment, and ends it.
class performer {
public:
    performer(chaos::fault_proxy& proxy, fault_source next) : proxy_(proxy), next_(std::move(next)) {}

    void run(std::optional<milliseconds> limit) {
        begin_ = std::chrono::steady_clock::now();
        arrange_next();
        asio::signal_set signals(loop_, SIGINT, SIGTERM);
        signals.async_wait([this](boost::system::error_code error, int number) {
            if (error) return;
            signal_ = number;
            loop_.stop();
        });
        asio::steady_timer timer(loop_);
        if (limit) {
            timer.expires_at(begin_ + *limit);
            timer.async_wait([this](boost::system::error_code) { loop_.stop(); });
        }
        loop_.run();
    }

    /// What ended it; 0: its time was up.
    int signal() const { return signal_; }

private:
    void at(milliseconds when, std::function<void()> what) {
        auto timer = std::make_shared<asio::steady_timer>(loop_, begin_ + when);
        timer->async_wait([timer, what = std::move(what)](boost::system::error_code) { what(); });
    }

    void arrange_next() {
        const auto found = next_();
        if (!found) return;
        at(found->at, [this, next = *found] {
            std::cout << next.text() << '\n' << std::flush;  // somebody may be watching
            perform(next);
            arrange_next();
        });
    }

    void perform(const fault& now) {
        const auto end = [this, &now](std::function<void()> what) { at(now.at + now.lasts, std::move(what)); };
        const std::string& client = now.client;
        switch (now.what) {
        case fault_kind::reset: return proxy_.reset(client);
        case fault_kind::close: return proxy_.finish(client);
        case fault_kind::cut:
        case fault_kind::corrupt: proxy_.add(now.rule()); return;
        case fault_kind::stall:
            proxy_.stall(client, chaos::silence::held);
            return end([this, client] { proxy_.heal(client); });
        case fault_kind::drop:
            proxy_.stall(client, chaos::silence::dropped);
            return end([this, client] { proxy_.heal(client); });
        case fault_kind::refuse: proxy_.refuse(); return end([this] { proxy_.accept(); });
        case fault_kind::delay:
            change_path(client, &chaos::path::delay, now.delay);
            return end([this, client] { change_path(client, &chaos::path::delay, milliseconds(0)); });
        case fault_kind::bandwidth:
            change_path(client, &chaos::path::bytes_per_second, now.bytes_per_second);
            return end([this, client] { change_path(client, &chaos::path::bytes_per_second, std::size_t{0}); });
        case fault_kind::withhold:
            return end([this, id = proxy_.add(now.rule())] {
                proxy_.remove(id);
                proxy_.release(id);
            });
        }
    }

    template <class Value>
    void change_path(const std::string& client, Value chaos::path::* what, Value value) {
        paths_[client].*what = value;
        proxy_.set_path(client, paths_[client]);
    }

    chaos::fault_proxy& proxy_;
    fault_source next_;
    std::map<std::string, chaos::path> paths_;
    asio::io_context loop_;
    std::chrono::steady_clock::time_point begin_;
    int signal_ = 0;
};

}  // namespace

int chaos_command(std::vector<std::string> arguments) {
    std::optional<std::string> listen, broker, script, faults, seed_text;
    std::optional<milliseconds> limit, pause;
    bool has_tls = false;

    command_line options("mqtt-as chaos",
                         "Stands between MQTT clients and their broker, and does to them what bad networks do.",
                         chaos_examples);
    options.section("Where");
    options.text("-l,--listen", listen, "[ADDRESS:]PORT", "Where clients connect; 0: a free port, which is printed");
    options.text("-b,--broker", broker, "HOST[:PORT]", "The broker, or the path of its Unix socket");
    options.flag("--tls", has_tls, "The connections carry TLS: packets cannot be told apart, nor clients");
    options.section("What");
    options.text("--script", script, "FILE", "Faults from a file, - for standard input; without it: at random");
    options.text("--seed", seed_text, "N", "What is drawn at random; printed when it was not given");
    options.text("--faults", faults, "NAMES", "Which ones at random: " + fault_names());
    options.seconds("--pause", pause, "Between two faults at random, on average (10)");
    options.seconds("--for", limit, "How long; without it: until it is interrupted");
    if (!options.parse(std::move(arguments))) return success;
    if (!listen || !broker) throw usage_error("say where: mqtt-as chaos --listen PORT --broker HOST[:PORT]");
    if (script && (seed_text || faults || pause))
        throw usage_error("--seed, --faults and --pause are for faults at random, not for a --script");

    std::optional<std::uint64_t> seed;
    if (seed_text) seed = number_in(*seed_text, 0, UINT64_MAX, "--seed");
    const address own = address_in(*listen, "127.0.0.1", "--listen");
    if (!script && !seed) seed = std::random_device{}();
    const auto on_average = pause.value_or(milliseconds(10'000));
    fault_source next = script ? from_script(*script, has_tls) : from_seed(*seed, faults, on_average, has_tls);
    try {
        chaos::fault_proxy proxy(broker_in(*broker), {.address = own.host, .port = own.port},
                                 has_tls ? chaos::content::anything : chaos::content::mqtt);
        std::cout << "# mqtt-as chaos on " << own.host << ':' << proxy.port() << " before " << *broker;
        if (seed) std::cout << ", --seed " << *seed;
        std::cout << '\n' << std::flush;
        performer stage(proxy, std::move(next));
        stage.run(limit);
        return stage.signal() == 0 ? success : 128 + stage.signal();
    } catch (const std::system_error& error) {
        throw usage_error(std::string("cannot stand between ") + *listen + " and " + *broker + ": " +
                          error.code().message());
    }
}

}  // namespace mqtt_as::cli
