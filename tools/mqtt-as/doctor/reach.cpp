// One socket per address.
#include "tools/mqtt-as/doctor/reach.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace mqtt_as::cli::doctor {

namespace {

using stream_socket = boost::asio::generic::stream_protocol::socket;

struct trial_of_one {
    explicit trial_of_one(stream_socket s) : socket(std::move(s)) {}
    stream_socket socket;
    std::optional<boost::system::error_code> ended{};
    span took{};
};

}  // namespace

task<> try_all(std::vector<attempt>& attempts, clock::time_point deadline) {
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto begin = clock::now();
    std::vector<std::shared_ptr<trial_of_one>> running;
    for (const attempt& each : attempts) {
        auto one = std::make_shared<trial_of_one>(stream_socket(executor));
        running.push_back(one);
        one->socket.async_connect(each.where, [one, begin](boost::system::error_code error) {
            one->ended = error;
            one->took = since(begin);
        });
    }
    const auto is_over = [](const auto& one) { return one->ended.has_value(); };
    const auto is_reached = [](const auto& one) { return one->ended && !*one->ended; };
    const auto all_over = [&] { return std::all_of(running.begin(), running.end(), is_over); };
    co_await until(deadline, [&] { return all_over() || std::any_of(running.begin(), running.end(), is_reached); });
    co_await until(std::min(deadline, clock::now() + std::chrono::seconds(1)), all_over);
    for (std::size_t n = 0; n < attempts.size(); ++n) {
        attempts[n].error = running[n]->ended.value_or(boost::asio::error::try_again);
        attempts[n].took = running[n]->ended ? running[n]->took : since(begin);
        boost::system::error_code ignored;
        running[n]->socket.close(ignored);
    }
}

}  // namespace mqtt_as::cli::doctor
