// The client that is measured: MQTTClient with plain callbacks and default settings, an operation for each message.
#include "bench/meter.hpp"
#include "bench/roles.hpp"

#include <cstdio>
#include <memory>
#include <mqtt_as/asio/client.hpp>

namespace bench {
namespace {

class program {
public:
    program(const load& l, std::size_t gather_from)
        : load_(l), gather_from_(gather_from), body_(std::make_shared<std::string>(l.what.payload_size, 'x')),
          client_(loop_, settings()) {}

    int run() {
        client_.connect([this](std::error_code error, const mqtt_as::connect_result&) {
            if (error) return fail("connect", error);
            if (load_.what.way == direction::receive) return subscribe();
            for (std::uint32_t i = 0; i < load_.what.window; ++i) begin_next();
        });
        loop_.run();
        return status_;
    }

private:
    mqtt_as::config settings() {
        mqtt_as::config c;
        c.server = "127.0.0.1";
        c.port = load_.port;
        c.client_id = "bench";
        if (load_.in == version::v5) c.version = mqtt_as::protocol_version::v5;
        c.limits.outbound_qos2_max = 65'535;  // the window is the load's
        if (gather_from_ != 0) c.limits.gather_from = gather_from_;
        c.subs_cb = [this](const mqtt_as::received_message&) {
            if (load_.what.way == direction::echo) meter_.lap();
            one_more();
            if (load_.what.way == direction::echo) begin_next();
        };
        return c;
    }

    void subscribe() {
        client_.subscribe(flood_filter(load_), load_.what.qos,
                          [this](std::error_code error, const mqtt_as::subscribe_result&) {
                              if (error) fail("subscribe", error);
                          });
    }

    void begin_next() {
        if (started_ == load_.total()) return;
        ++started_;
        client_.publish(topic_of(load_.what), body(), {.qos = load_.what.qos},
                        [this](std::error_code error, mqtt_as::publish_result) {
                            if (error) return fail("publish", error);
                            if (load_.what.way == direction::echo) return;
                            one_more();
                            begin_next();
                        });
    }

    /// As an application would have it: small bodies are copied, large ones shared.
    mqtt_as::payload body() const {
        if (body_->size() < large_payload && gather_from_ == 0) return {*body_};
        return {body_};
    }

    void one_more() {
        if (!meter_.one_more()) return;
        status_ = 0;
        loop_.stop();
    }

    void fail(const char* what, std::error_code error) {
        std::fprintf(stderr, "bench: %s: %s\n", what, error.message().c_str());
        loop_.stop();
    }

    const load load_;
    const std::size_t gather_from_;
    const std::shared_ptr<const std::string> body_;
    load_meter meter_{load_};
    std::uint32_t started_ = 0;
    int status_ = 2;
    mqtt_as::event_loop loop_;
    mqtt_as::MQTTClient client_;
};

}  // namespace

int run_callbacks(const load& l, std::size_t gather_from) { return program(l, gather_from).run(); }

}  // namespace bench
