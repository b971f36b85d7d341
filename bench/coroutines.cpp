// The client that is measured, as an application with coroutines has it: as many of them as the window is wide.
#include "bench/meter.hpp"
#include "bench/roles.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <mqtt_as/asio/async.hpp>
#include <utility>

namespace bench {
namespace {

class program {
public:
    explicit program(const load& l)
        : load_(l), body_(std::make_shared<std::string>(l.what.payload_size, 'x')),
          client_(loop_.get_executor(), settings()) {}

    int run() {
        boost::asio::co_spawn(loop_, begin(), boost::asio::detached);
        loop_.run();
        return status_;
    }

private:
    mqtt_as::config settings() const {
        mqtt_as::config c;
        c.server = "127.0.0.1";
        c.port = load_.port;
        c.client_id = "bench";
        if (load_.in == version::v5) c.version = mqtt_as::protocol_version::v5;
        c.limits.outbound_qos2_max = 65'535;  // the window is the load's
        return c;
    }

    mqtt_as::task<> begin() {
        co_await client_.connect();
        for (std::uint32_t i = 0; i < load_.what.window; ++i)
            boost::asio::co_spawn(loop_, publish_again_and_again(), boost::asio::detached);
    }

    mqtt_as::task<> publish_again_and_again() {
        while (started_ < load_.total()) {
            ++started_;
            // As an application would have it: small bodies are copied, large ones shared.
            mqtt_as::payload body = body_->size() < large_payload ? mqtt_as::payload(*body_) : mqtt_as::payload(body_);
            co_await client_.publish(topic, std::move(body), {.qos = load_.what.qos});
            if (!meter_.one_more()) continue;
            status_ = 0;
            loop_.stop();
        }
    }

    const load load_;
    const std::shared_ptr<const std::string> body_;
    load_meter meter_{load_};
    std::uint32_t started_ = 0;
    int status_ = 2;
    boost::asio::io_context loop_{1};
    mqtt_as::MQTTClient client_;
};

}  // namespace

int run_coroutines(const load& l) { return program(l).run(); }

}  // namespace bench
