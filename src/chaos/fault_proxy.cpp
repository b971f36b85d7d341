// One thread, one event loop; public calls run on it and wait for their result.
#include "src/chaos/fault_proxy.hpp"

#include "src/chaos/proxy_connection.hpp"
#include "src/chaos/rules.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <list>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace mqtt_as::chaos {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using endpoint = asio::generic::stream_protocol::endpoint;

/// All addresses of the broker, in the order in which they are tried.
std::vector<endpoint> endpoints_of(const broker_address& where) {
    if (!where.unix_socket.empty()) return {asio::local::stream_protocol::endpoint(where.unix_socket.string())};
    asio::io_context loop;
    std::vector<endpoint> found;
    for (const auto& each : asio::ip::tcp::resolver(loop).resolve(where.host, std::to_string(where.port))) {
        found.emplace_back(each.endpoint());
    }
    return found;
}

}  // namespace

struct fault_proxy::machine {
    machine(const broker_address& broker_at, const listening_address& own_address, content what)
        : carried(what), broker(endpoints_of(broker_at)), listener(loop),
          own(asio::ip::make_address(own_address.address), own_address.port) {
        bind_listener();
        listen();
        thread = std::thread([this] { loop.run(); });
    }

    ~machine() {
        run([this] {
            listener.close();
            for (const auto& each : connections) each->close();
        });
        loop.stop();  // packets that were to come late are forgotten
        thread.join();
    }

    template <class Do>
    auto run(Do what) -> decltype(what()) {
        std::packaged_task<decltype(what())()> task(std::move(what));
        auto result = task.get_future();
        asio::post(loop, [task = std::move(task)]() mutable { task(); });
        return result.get();
    }

    template <class Do>
    void each_of(std::string_view client, Do what) {
        run([&] {
            forget_closed();
            for (const auto& each : connections) {
                if (names(client, each->client())) what(*each);
            }
        });
    }

    void forget_closed() {
        std::erase_if(connections, [](const auto& each) { return each->is_closed(); });
    }

    // Bound even while nobody listens, so that nobody else gets the port.
    void bind_listener() {
        listener.open(own.protocol());
        listener.set_option(asio::socket_base::reuse_address(true));
        listener.set_option(asio::socket_base::receive_buffer_size(proxy_connection::receive_buffer));
        listener.bind(own);
        own = listener.local_endpoint();
    }

    void listen() {
        listener.listen();
        accept_next();
    }

    void accept_next() {
        listener.async_accept([this](error_code error, asio::ip::tcp::socket client) {
            if (error) return;
            open(std::move(client));
            accept_next();
        });
    }

    void open(asio::ip::tcp::socket accepted) {
        error_code ignored;
        accepted.set_option(asio::ip::tcp::no_delay(true), ignored);
        const auto client = std::make_shared<asio::ip::tcp::socket>(std::move(accepted));
        const auto to_broker = std::make_shared<proxy_connection::socket>(loop);
        asio::async_connect(*to_broker, broker, [this, client, to_broker](error_code error, const endpoint&) {
            if (error) {  // as if the broker's machine had refused
                client->set_option(asio::socket_base::linger(true, 0), error);
                client->close(error);
                return;
            }
            forget_closed();
            connections.push_back(
                std::make_shared<proxy_connection>(std::move(*client), std::move(*to_broker), rules, carried));
            connections.back()->start();
        });
    }

    asio::io_context loop;
    asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
    const content carried;
    rule_book rules;
    const std::vector<endpoint> broker;
    asio::ip::tcp::acceptor listener;
    asio::ip::tcp::endpoint own;
    std::list<std::shared_ptr<proxy_connection>> connections;
    std::thread thread;
};

fault_proxy::fault_proxy(const broker_address& broker, const listening_address& own, content what) try
    : machine_(std::make_unique<machine>(broker, own, what)) {
} catch (const boost::system::system_error& error) {
    throw std::system_error(error.code());
}

fault_proxy::~fault_proxy() = default;

std::uint16_t fault_proxy::port() const { return machine_->own.port(); }

void fault_proxy::reset(std::string_view client) {
    machine_->each_of(client, [](proxy_connection& each) { each.reset(); });
}

void fault_proxy::finish(std::string_view client) {
    machine_->each_of(client, [](proxy_connection& each) { each.finish(); });
}

void fault_proxy::refuse() {
    machine_->run([this] {
        machine_->listener.close();
        machine_->bind_listener();
    });
}

void fault_proxy::accept() {
    machine_->run([this] { machine_->listen(); });
}

void fault_proxy::half_open(std::string_view client, silence how) {
    machine_->each_of(client, [how](proxy_connection& each) { each.fall_silent(how); });
}

void fault_proxy::stall(std::string_view client, silence how) {
    machine_->run([&] { machine_->rules.stall(client, how); });
    half_open(client, how);
}

void fault_proxy::heal(std::string_view client) {
    machine_->run([&] { machine_->rules.heal(client); });
    machine_->each_of(client, [](proxy_connection& each) { each.heal(); });
}

void fault_proxy::set_path(std::string_view client, const path& how) {
    machine_->run([&] { machine_->rules.set_path(client, how); });
    if (how.mute) half_open(client);
}

fault_proxy::rule_id fault_proxy::add(const rule& what) {
    return machine_->run([&] { return machine_->rules.add(what); });
}

unsigned fault_proxy::applied(rule_id id) const {
    return machine_->run([&] { return machine_->rules.at(id).applied; });
}

void fault_proxy::remove(rule_id id) {
    machine_->run([&] { machine_->rules.remove(id); });
}

void fault_proxy::release(rule_id id) {
    machine_->run([&] { machine_->rules.release(id); });
}

void fault_proxy::inject(std::string_view client, std::string_view bytes) {
    machine_->each_of(client, [bytes](proxy_connection& each) { each.pass(toward::client, std::string(bytes)); });
}

std::size_t fault_proxy::passed(toward to, packet_type type, std::string_view client) const {
    return machine_->run([&] { return machine_->rules.passed(to, type, client); });
}

std::size_t fault_proxy::connections(std::string_view client) const {
    return passed(toward::broker, packet_type::connect, client);
}

std::size_t fault_proxy::open_connections(std::string_view client) const {
    std::size_t sum = 0;
    machine_->each_of(client, [&](proxy_connection&) { ++sum; });
    return sum;
}

}  // namespace mqtt_as::chaos
