// Many clients in a process, several threads on a client, coroutines instead of callbacks, a large message.
#include "bench/commands.hpp"
#include "bench/measure.hpp"

namespace bench {
namespace {

constexpr int rounds = 5;
const std::string us(ours_v311);

void measure_idle_clients(figures& found, std::uint16_t port) {
    const load idle{.what = {.window = 1}, .port = port};
    for (const auto& [who, role] : {std::pair{std::string(limit), "many-limit"}, {us, "many"}}) {
        std::vector<double> connect_ms;
        std::vector<double> resident_kb;
        for (int round = 0; round < rounds; ++round) {
            const auto said = run(command_of(role, idle, "1000"));
            connect_ms.push_back(said.at("connect_us") / 1e3);
            resident_kb.push_back(said.at("rss_b") / 1024);
        }
        found.push_back({"1000 clients", "connected in ms", who, median(connect_ms)});
        found.push_back({"1000 clients", "resident KB each", who, median(resident_kb)});
    }
    const auto connected_ms = [&](std::string_view who) {
        return *find(found, "1000 clients", "connected in ms", who);
    };
    found.push_back({"1000 clients", "connecting / limit", us, connected_ms(us) / connected_ms(limit)});
}

void measure_many_clients(figures& found, std::uint16_t port, const tell_step& tell) {
    for (const std::uint32_t clients : {1u, 100u, 1'000u, 10'000u}) {
        tell(std::to_string(clients) + (clients == 1 ? " client" : " clients") + " on one event loop");
        const load l{.what = {.way = direction::publish, .qos = 1, .payload_size = 64, .window = 10},
                     .port = port,
                     .warm_up = 100'000,
                     .count = 300'000};
        const std::string subject = "P1 64 B W10, " + std::to_string(clients) + (clients == 1 ? " client" : " clients");
        for (const auto& [who, role] :
             {std::pair{std::string(limit), "many-limit"}, {std::string(floor_of_asio), "floor"}, {us, "many"}}) {
            std::vector<double> time_ns;
            std::vector<double> resident_kb;
            for (int round = 0; round < 3; ++round) {
                const auto said = run(command_of(role, l, std::to_string(clients)));
                time_ns.push_back(said.at("cpu_ns") / l.count);
                if (said.contains("rss_b")) resident_kb.push_back(said.at("rss_b") / 1024);
            }
            found.push_back({subject, std::string(cpu_ns), who, median(time_ns)});
            if (clients > 1 && !resident_kb.empty())
                found.push_back({subject, "resident KB each", who, median(resident_kb)});
        }
    }
}

/// Each on the core that the sink has, and on all.
void measure_threads(figures& found, std::uint16_t port) {
    for (const bool is_free : {false, true}) {
        const std::string where = is_free ? "all cores" : "one core";
        for (const std::uint8_t qos : {std::uint8_t{0}, std::uint8_t{1}}) {
            const load l{.what = {.way = direction::publish, .qos = qos, .payload_size = 64, .window = 1'000},
                         .port = port,
                         .warm_up = 100'000,
                         .count = 500'000};
            std::vector<double> alone;
            std::vector<double> four;
            for (int round = 0; round < rounds; ++round) {
                alone.push_back(run(command_of("callbacks", l)).at("cpu_ns") / l.count);
                if (is_free) use_all_cores();
                four.push_back(run(command_of("threads", l, "4")).at("cpu_ns") / l.count);
                stay_on_one_core();
            }
            const std::string subject = "4 threads, P" + std::to_string(qos) + " 64 B W1000, " + where;
            found.push_back({subject, std::string(cpu_ns), "1 thread", median(alone)});
            found.push_back({subject, std::string(cpu_ns), "4 threads", median(four)});
            found.push_back({subject, "time / 1 thread", us, median(four) / median(alone)});
        }
    }
}

void measure_large_message(figures& found, std::uint16_t port) {
    const load l{.what = {.way = direction::receive, .qos = 0, .payload_size = 100'000'000, .window = 0},
                 .port = port,
                 .count = 1};
    const auto said = run(command_of("large", l));
    found.push_back({"receive 100 MB", "memory / payload", us, said.at("growth_b") / l.what.payload_size});
    found.push_back({"receive 100 MB", "CPU ms", us, said.at("cpu_ns") / 1e6});
}

}  // namespace

void measure_scaling(figures& found, const tell_step& tell) {
    stay_on_one_core();
    const sink_process sink;
    tell("1000 idle clients");
    measure_idle_clients(found, sink.port());
    measure_many_clients(found, sink.port(), tell);
    tell("four threads");
    measure_threads(found, sink.port());
    tell("a message of 100 MB");
    measure_large_message(found, sink.port());
    for (const std::string name : {"P0 64 B W1000", "P1 64 B W100"}) {
        const auto callbacks = find(found, name, cpu_ns, us);
        const auto awaited = find(found, name, cpu_ns, coroutines);
        if (callbacks && awaited) found.push_back({name, "ns more by co_await", us, *awaited - *callbacks});
    }
}

}  // namespace bench
