// The peer Paho C: its asynchronous interface, which has threads of its own.
#include "bench/meter.hpp"
#include "bench/roles.hpp"

#include <MQTTAsync.h>
#include <atomic>
#include <cstdio>
#include <exception>
#include <stdexcept>

namespace {

using namespace bench;

class program {
public:
    explicit program(const load& l) : load_(l), name_(topic_of(l.what)), body_(l.what.payload_size, 'x') {
        const std::string server = "tcp://127.0.0.1:" + std::to_string(l.port);
        if (MQTTAsync_create(&client_, server.c_str(), "bench", MQTTCLIENT_PERSISTENCE_NONE, nullptr) !=
            MQTTASYNC_SUCCESS)
            throw std::runtime_error("create");
        MQTTAsync_setCallbacks(
            client_, this, [](void*, char*) { std::terminate(); },
            [](void* self, char* name, int, MQTTAsync_message* message) {
                MQTTAsync_freeMessage(&message);
                MQTTAsync_free(name);
                of(self).on_message();
                return 1;
            },
            nullptr);
    }

    int run() {
        MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
        options.cleansession = 1;
        options.maxInflight = 65'535;
        options.context = this;
        options.onSuccess = [](void* self, MQTTAsync_successData*) { of(self).begin(); };
        options.onFailure = [](void*, MQTTAsync_failureData*) { std::terminate(); };
        if (MQTTAsync_connect(client_, &options) != MQTTASYNC_SUCCESS) return 2;
        is_over_.wait(false);
        return 0;
    }

private:
    static program& of(void* self) { return *static_cast<program*>(self); }

    void begin() {
        if (load_.what.way == direction::receive) {
            MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
            MQTTAsync_subscribe(client_, flood_filter(load_).c_str(), load_.what.qos, &options);
            return;
        }
        for (std::uint32_t i = 0; i < load_.what.window; ++i) begin_next();
    }

    void begin_next() {
        if (started_.fetch_add(1) >= load_.total()) return;
        MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
        options.context = this;
        options.onSuccess = [](void* self, MQTTAsync_successData*) { of(self).on_published(); };
        options.onFailure = [](void*, MQTTAsync_failureData*) { std::terminate(); };
        MQTTAsync_send(client_, name_.c_str(), static_cast<int>(body_.size()), body_.data(), load_.what.qos, 0,
                       &options);
    }

    void on_published() {
        if (load_.what.way != direction::publish) return;
        one_more();
        begin_next();
    }
    void on_message() {
        if (load_.what.way == direction::echo) meter_.lap();
        one_more();
        if (load_.what.way == direction::echo) begin_next();
    }

    /// In the client's one thread for callbacks.
    void one_more() {
        if (!meter_.one_more()) return;
        is_over_ = true;
        is_over_.notify_one();
    }

    const load load_;
    const std::string name_;
    const std::string body_;
    MQTTAsync client_ = nullptr;
    load_meter meter_{load_};
    std::atomic<std::uint32_t> started_ = 0;
    std::atomic<bool> is_over_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    try {
        std::_Exit(program(load_of({argv + 1, static_cast<std::size_t>(argc - 1)})).run());  // its threads are running
    } catch (const std::exception& e) {
        std::fprintf(stderr, "mqtt-as-bench-peer-paho-c: %s\n", e.what());
        return 2;
    }
}
