// wan_ok against a DNS server that answers well, badly, or not at all.
#include "src/asio/dns.hpp"
#include "tests/asio/dns_server.hpp"
#include "tests/asio/world.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <random>

namespace mqtt_as::front_test {
namespace {

using dns_bytes::a;
using dns_bytes::answer;
using dns_bytes::google;
using list = std::vector<std::string>;

std::string flags(int response_code) { return {static_cast<char>(0x81), static_cast<char>(0x80 | response_code)}; }

/// What `wan_ok` says about a server that answers each query with what `with` makes of it.
wan_result asked(const std::function<list(const std::string&)>& with, bytes packet = {}, int* queries = nullptr) {
    dns_server dns([&](int, const std::string& query) { return with(query); });
    scripted_server broker({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(broker.port()));
    wan_result result;
    w.run([&]() -> task<> {
        co_await client.connect();
        result =
            co_await client.wan_ok({.server = "127.0.0.1", .port = dns.port(), .packet = packet, .timeout = 600ms});
    });
    if (queries != nullptr) *queries = dns.queries();
    return result;
}

TEST(wan_ok, is_true_when_broker_and_dns_server_answer) {
    std::string seen;
    int queries = 0;
    const wan_result r = asked(
        [&](const std::string& query) {
            seen = query;
            return list{answer(query, dns_bytes::good, {dns_bytes::cname, a(google)})};
        },
        {}, &queries);
    EXPECT_TRUE(r) << r.text();
    EXPECT_EQ(queries, 1);
    // The query is what the original sends, but for its identifier.
    EXPECT_EQ(seen.substr(2), std::string("\1\0\0\1\0\0\0\0\0\0\3www\6google\3com\0\0\1\0\1", 30));
}

TEST(wan_ok, tells_each_kind_of_bad_answer_apart) {
    const auto with = [](auto make) { return asked([make](const std::string& q) { return list{make(q)}; }); };
    EXPECT_EQ(asked([](const std::string&) { return list{}; }).state, wan_state::silent);
    const wan_result refused = with([](const std::string& q) { return answer(q, flags(5), {}); });
    EXPECT_EQ(refused.state, wan_state::refused);
    EXPECT_EQ(refused.response_code, 5);
    EXPECT_EQ(with([](const std::string& q) { return q.substr(0, 2) + flags(2) + std::string(8, '\0'); }).state,
              wan_state::refused)
        << "without the question";
    EXPECT_EQ(with([](const std::string& q) { return answer(q, std::string("\x83\x80", 2), {}); }).state,
              wan_state::truncated);
    EXPECT_EQ(with([](const std::string& q) { return answer(q, dns_bytes::good, {}); }).state, wan_state::no_record);
    EXPECT_EQ(with([](const std::string& q) { return answer(q, dns_bytes::good, {dns_bytes::cname}); }).state,
              wan_state::no_record);
    EXPECT_EQ(with([](const std::string& q) { return answer(q, dns_bytes::good, {a("12")}); }).state,
              wan_state::malformed);
    EXPECT_EQ(with([](const std::string& q) { return answer(q, dns_bytes::good, {a("\x0A\x01\x02\x03")}); }).state,
              wan_state::private_address)
        << "the portal of a hotspot";
    EXPECT_EQ(with([](const std::string&) { return std::string("no DNS"); }).state, wan_state::not_an_answer);
    EXPECT_EQ(with([](const std::string& q) { return q; }).state, wan_state::not_an_answer) << "an echo";
    // Somebody who guesses: the right identifier for another question, the right question with another identifier.
    EXPECT_EQ(with([](std::string q) {
                  std::string other = answer(q, dns_bytes::good, {a(google)});
                  other[13] = 'W';
                  return other;
              }).state,
              wan_state::not_an_answer);
    EXPECT_EQ(with([](const std::string& q) {
                  std::string other = answer(q, dns_bytes::good, {a(google)});
                  other[0] = static_cast<char>(other[0] + 1);
                  return other;
              }).state,
              wan_state::not_an_answer);
}

TEST(wan_ok, waits_for_the_right_answer_behind_wrong_ones) {
    EXPECT_TRUE(asked([](const std::string& q) {
        std::string wrong = answer(q, dns_bytes::good, {});
        wrong[0] = static_cast<char>(wrong[0] + 1);
        return list{wrong, "x", answer(q, dns_bytes::good, {a(google)})};
    }));
}

TEST(wan_ok, asks_again_when_a_datagram_is_lost) {
    dns_server dns([](int number, const std::string& q) {
        return number < 2 ? list{} : list{answer(q, dns_bytes::good, {a(google)})};
    });
    scripted_server broker({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(broker.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_TRUE(co_await client.wan_ok({.server = "127.0.0.1", .port = dns.port(), .timeout = 3s}));
    });
    EXPECT_EQ(dns.queries(), 3);
}

TEST(wan_ok, tells_that_nobody_is_there) {
    std::uint16_t port = 0;
    {
        const dns_server gone([](int, const std::string&) { return list{}; });
        port = gone.port();
    }
    scripted_server broker({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(broker.port()));
    w.run([&]() -> task<> {
        co_await client.connect();
        const wan_result r = co_await client.wan_ok({.server = "127.0.0.1", .port = port, .timeout = 30s});
        EXPECT_EQ(r.state, wan_state::unreachable);
        EXPECT_EQ(r.text(), "There is no way to the DNS server, or none is at that address");
    });
}

TEST(wan_ok, takes_a_query_of_ones_own) {
    // "a." of type TXT, identifier 7. A private name at a private server is nobody's lie.
    const std::string query("\0\7\1\0\0\1\0\0\0\0\0\0\1a\0\0\x10\0\1", 19);
    const bytes packet(reinterpret_cast<const std::uint8_t*>(query.data()), query.size());
    EXPECT_TRUE(asked(
        [&](const std::string& q) {
            EXPECT_EQ(q, query);
            return list{answer(q, dns_bytes::good, {std::string("\xC0\x0C\0\x10\0\1\0\0\0\0\0\2\1x", 14)})};
        },
        packet));
    EXPECT_EQ(asked([&](const std::string& q) { return list{answer(q, dns_bytes::good, {a(google)})}; }, packet).state,
              wan_state::no_record)
        << "an address is no text";
}

TEST(wan_ok, refuses_what_it_cannot_ask) {
    scripted_server broker({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(broker.port()));
    const std::string answer_instead("\0\7\x81\0\0\1\0\0\0\0\0\0\1a\0\0\x10\0\1", 19);
    const bytes packet(reinterpret_cast<const std::uint8_t*>(answer_instead.data()), answer_instead.size());
    w.run([&]() -> task<> {
        co_await client.connect();
        for (const wan_options& wrong :
             {wan_options{.server = "dns.example"}, wan_options{.server = ""}, wan_options{.port = 0},
              wan_options{.packet = packet}, wan_options{.packet = packet.first(11)}, wan_options{.timeout = 0ms}}) {
            EXPECT_EQ(co_await error_of(client.wan_ok(wrong)), errc::bad_query);
        }
    });
}

TEST(wan_ok, asks_nobody_while_the_broker_is_down) {
    dns_server dns([](int, const std::string&) { return list{}; });
    // It falls silent right behind CONNACK.
    scripted_server broker({[](peer& p) {
        p.accept();
        while (p.read()) {
        }
    }});
    world w;
    config c = config_for(broker.port());
    c.response_time = 400ms;
    MQTTClient client(w.executor(), c);
    w.run([&]() -> task<> {
        EXPECT_EQ((co_await client.wan_ok({.server = "127.0.0.1", .port = dns.port()})).state, wan_state::broker_down)
            << "not connected";
        EXPECT_EQ(dns.queries(), 0);
        co_await client.connect();
        // What it has said does for a second; then it is asked, and does not answer.
        const auto end = std::chrono::steady_clock::now() + 10s;
        wan_result r{wan_state::silent};
        while (r.state == wan_state::silent && std::chrono::steady_clock::now() < end)
            r = co_await client.wan_ok({.server = "127.0.0.1", .port = dns.port(), .timeout = 50ms});
        EXPECT_EQ(r.state, wan_state::broker_down);
    });
}

TEST(wan_ok, never_holds_up_messages) {
    dns_server dns([](int, const std::string&) { return list{}; });
    scripted_server broker({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(broker.port()));
    bool ended = false;
    int published = 0;
    w.run([&]() -> task<> {
        co_await client.connect();
        client.wan_ok({.server = "127.0.0.1", .port = dns.port(), .timeout = 900ms},
                      [&](std::error_code, wan_result r) { ended = r.state == wan_state::silent; });
        while (!ended) {
            co_await client.publish("t", "x", {.qos = 1});
            ++published;
        }
    });
    EXPECT_GE(published, 20);
}

TEST(wan_ok, goes_with_every_token_and_ends_when_cancelled_or_closed) {
    dns_server dns([](int, const std::string&) { return list{}; });
    scripted_server broker({good_broker});
    world w;
    MQTTClient client(w.executor(), config_for(broker.port()));
    const wan_options silent{.server = "127.0.0.1", .port = dns.port(), .timeout = 100s};
    w.run([&]() -> task<> {
        co_await client.connect();
        EXPECT_EQ((co_await client.wan_ok({.server = "127.0.0.1", .port = dns.port(), .timeout = 30ms},
                                          boost::asio::use_awaitable))
                      .state,
                  wan_state::silent);
        boost::asio::cancellation_signal cancel;
        std::error_code cancelled, closed;
        client.wan_ok(silent, boost::asio::bind_cancellation_slot(
                                  cancel.slot(), [&](boost::system::error_code e, wan_result) { cancelled = e; }));
        client.wan_ok(silent, [&](std::error_code e, wan_result) { closed = e; });
        EXPECT_TRUE(co_await eventually([&] { return dns.queries() >= 3; }));
        cancel.emit(boost::asio::cancellation_type::total);
        EXPECT_TRUE(co_await eventually([&] { return cancelled == make_error_code(errc::cancelled); }));
        EXPECT_FALSE(closed);
        client.close();
        EXPECT_TRUE(co_await eventually([&] { return closed == make_error_code(errc::closed); }));
        EXPECT_EQ(co_await error_of(client.wan_ok(silent)), errc::closed);
    });
    // Neither of them keeps the event loop from ending.
    w.loop.restart();
    w.loop.run_for(10s);
    EXPECT_TRUE(w.loop.stopped());
}

TEST(wan_ok, outlives_its_client_and_its_event_loop) {
    dns_server dns([](int, const std::string&) { return list{}; });
    scripted_server broker({good_broker});
    std::weak_ptr<int> held;
    {
        world w;
        auto client = std::make_unique<MQTTClient>(w.executor(), config_for(broker.port()));
        w.run([&]() -> task<> {
            co_await client->connect();
            const auto own = std::make_shared<int>();
            held = own;
            for (int i = 0; i < 2; ++i)
                client->wan_ok({.server = "127.0.0.1", .port = dns.port()}, [own](std::error_code, wan_result) {});
            EXPECT_TRUE(co_await eventually([&] { return dns.queries() >= 2; }));
        });
        client.reset();
    }
    EXPECT_TRUE(held.expired());
}

// ---- the judge of answers -------------------------------------------------------------------------------------

TEST(dns, every_prefix_and_every_mutation_of_an_answer_is_judged_within_its_bytes) {
    const auto query = detail::default_query(0x241A);
    const std::string q(query.begin(), query.end());
    const std::string good = answer(q, dns_bytes::good, {dns_bytes::cname, a(google)});
    const auto judge = [&](const std::string& text) {
        // A block of its own size: AddressSanitizer objects to one byte more.
        const auto block = std::make_unique<std::uint8_t[]>(text.size());
        std::copy(text.begin(), text.end(), block.get());
        const bytes packet(block.get(), text.size());
        const wan_result r = detail::judge_answer(query, packet);
        if (r) detail::has_public_addresses(packet);
        detail::is_query(packet);
        return r.state;
    };
    EXPECT_EQ(judge(good), wan_state::ok);
    EXPECT_EQ(judge(good + "more"), wan_state::ok);
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_NE(judge(good.substr(0, size)), wan_state::ok) << size;
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; ++round) {
        std::string mutated = good;
        for (unsigned n = random() % 4 + 1; n > 0; --n)
            mutated[random() % mutated.size()] = static_cast<char>(random() % 256);
        mutated.resize(mutated.size() - random() % 3);
        judge(mutated);
    }
}

TEST(dns, names_that_are_too_long_or_point_nowhere_are_malformed) {
    const auto query = detail::default_query(1);
    const std::string q(query.begin(), query.end());
    const auto judge = [&](const std::string& record) {
        const std::string text = answer(q, dns_bytes::good, {record});
        return detail::judge_answer(query, bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()))
            .state;
    };
    const std::string tail = a(google).substr(2);
    EXPECT_EQ(judge(a(google)), wan_state::ok);
    EXPECT_EQ(judge("\xC0"), wan_state::malformed);
    EXPECT_EQ(judge("\x40" + std::string(64, 'x') + '\0' + tail), wan_state::malformed);
    std::string longest;
    for (int i = 0; i < 5; ++i) longest += '\x3F' + std::string(63, 'x');
    EXPECT_EQ(judge(longest + '\0' + tail), wan_state::malformed);
}

TEST(dns, knows_the_addresses_of_private_networks) {
    const auto query = detail::default_query(1);
    const std::string q(query.begin(), query.end());
    const auto is_public = [&](const std::string& address) {
        const std::string text = answer(q, dns_bytes::good, {a(google), a(address)});
        return detail::has_public_addresses(bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    };
    using namespace std::string_literals;
    for (const std::string& address : {"\0\0\0\0"s, "\x0A\1\1\1"s, "\x7F\0\0\1"s, "\x64\x40\0\1"s, "\xA9\xFE\1\1"s,
                                       "\xAC\x1F\1\1"s, "\xC0\xA8\1\1"s, "\xE0\0\0\1"s, "\xFF\xFF\xFF\xFF"s}) {
        EXPECT_FALSE(is_public(address));
    }
    for (const std::string& address : {"\x08\x08\x08\x08"s, "\x64\x3F\1\1"s, "\xAC\x20\1\1"s, "\xC0\xA7\1\1"s}) {
        EXPECT_TRUE(is_public(address));
    }
}

}  // namespace
}  // namespace mqtt_as::front_test
