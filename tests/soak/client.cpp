// The processes of a soak: a publisher that publishes steadily, or the subscriber. Each keeps a journal.
//
// A line is KIND TIME PAYLOAD: `p` published, `a` acknowledged, `f` failed, `d` delivered; TIME is CLOCK_MONOTONIC in
// milliseconds, PAYLOAD is PUBLISHER.LIFE/QOS/NUMBER. Lines are written at once: a process that is killed loses none.
#include "mqtt_as/asio/client.hpp"

#include "mqtt_as/asio/event_loop.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;

volatile std::sig_atomic_t asked_to_end = 0;

class journal {
public:
    explicit journal(const char* path) : fd_(::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), path);
    }
    void write(char kind, std::string_view payload) const {
        const auto now =
            std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
        std::string line{kind};
        line.append(" ").append(std::to_string(now.count())).append(" ").append(payload).append("\n");
        if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            throw std::system_error(errno, std::generic_category(), "journal");
    }

private:
    int fd_;
};

/// How a process is told to misbehave, to show that the judge objects: see main.cpp.
struct fault {
    bool drop = false, leak = false, hoard = false;
};

class publisher {
public:
    publisher(mqtt_as::config settings, int qos, std::string series, journal& book, fault bad)
        : client_(loop_, std::move(settings)), qos_(qos), series_(std::move(series)), book_(book), bad_(bad) {}

    int run() {
        client_.connect({.retry = true}, [](std::error_code, mqtt_as::connect_result) {});
        beat();
        loop_.run();
        return 0;
    }

private:
    static constexpr int under_way_max = 40;

    void beat() {
        if (!asked_to_end) {
            if (under_way_ < under_way_max) publish();
        } else if (under_way_ == 0) {
            return client_.disconnect([this](std::error_code) { loop_.stop(); });
        }
        loop_.after(50ms, [this] { beat(); });
    }

    void publish() {
        const std::string payload = series_ + "/" + std::to_string(qos_) + "/" + std::to_string(number_++);
        book_.write('p', payload);
        ++under_way_;
        client_.publish("soak", payload, {.qos = static_cast<std::uint8_t>(qos_)},
                        [this, payload](std::error_code error, mqtt_as::publish_result) {
                            --under_way_;
                            book_.write(error ? 'f' : 'a', payload);
                            if (error) std::printf("%s: %s\n", payload.c_str(), error.message().c_str());
                            if (bad_.leak) leaked_.emplace_back(20'000, 'x');
                            if (bad_.hoard && number_ % 20 == 0) (void)::dup(STDOUT_FILENO);
                        });
    }

    mqtt_as::event_loop loop_;
    mqtt_as::MQTTClient client_;
    int qos_;
    std::string series_;
    journal& book_;
    fault bad_;
    std::size_t number_ = 0;
    int under_way_ = 0;
    std::vector<std::string> leaked_;
};

int subscribe(mqtt_as::config settings, journal& book, fault bad) {
    mqtt_as::event_loop loop;
    std::size_t count = 0;
    settings.clean_init = false;
    settings.subs_cb = [&](const mqtt_as::received_message& message) {
        if (++count == 100 && bad.drop) return;
        book.write('d', message.text());
    };
    mqtt_as::MQTTClient client(loop, settings);
    client.connect({.retry = true}, [&](std::error_code, mqtt_as::connect_result) {
        client.subscribe("soak", {.qos = 2}, [](std::error_code error, mqtt_as::subscribe_result) {
            std::puts(error ? error.message().c_str() : "subscribed");
            std::fflush(stdout);
        });
    });
    std::function<void()> beat = [&] {
        if (asked_to_end) return client.disconnect([&](std::error_code) { loop.stop(); });
        loop.after(50ms, beat);
    };
    beat();
    loop.run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        std::fputs("usage: soak_client SERVER 3|5 JOURNAL FAULT subscriber 2\n"
                   "       soak_client SERVER 3|5 JOURNAL FAULT PUBLISHER.LIFE QOS\n",
                   stderr);
        return 1;
    }
    std::signal(SIGTERM, [](int) { asked_to_end = 1; });
    const std::string_view bad = argv[4], series = argv[5];
    const bool is_subscriber = series == "subscriber";
    mqtt_as::config settings;
    settings.client_id = "soak-" + std::string(series.substr(0, series.find('.')));
    if (argv[1][0] == '/')
        settings.unix_socket = argv[1];
    else
        settings.server = argv[1];
    settings.version = argv[2][0] == '5' ? mqtt_as::protocol_version::v5 : mqtt_as::protocol_version::v3_1_1;
    settings.clean = false;
    settings.response_time = 3s;
    journal book(argv[3]);
    const fault f{.drop = bad == "drop-one", .leak = bad == "leak", .hoard = bad == "descriptors"};
    if (is_subscriber) return subscribe(std::move(settings), book, f);
    return publisher(std::move(settings), std::atoi(argv[6]), std::string(series), book, f).run();
}
