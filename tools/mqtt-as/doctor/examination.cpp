// What each stage does, and how it says what it found.
#include "tools/mqtt-as/doctor/examination.hpp"

#include "tools/mqtt-as/doctor/advice.hpp"
#include "tools/mqtt-as/doctor/limits.hpp"
#include "tools/mqtt-as/wireless.hpp"
#include "tools/mqtt-as/words.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/json/array.hpp>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <netdb.h>
#include <utility>

namespace mqtt_as::cli::doctor {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t round_trips = 5;

double ms_of(span time) { return static_cast<double>(time.count()) / 1000; }

// "Connection refused" -> "connection refused"; "TCP" stays.
std::string in_sentence(std::string_view text) {
    const auto is_upper = [](char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; };
    std::string said(text);
    const bool is_abbreviation = text.size() > 1 && is_upper(text[1]);
    if (!said.empty() && !is_abbreviation)
        said[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(said[0])));
    return said;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& each : texts) all.append(all.empty() ? "" : ", ").append(each);
    return all;
}

boost::json::array json_of(const std::vector<std::string>& texts) {
    boost::json::array all(texts.begin(), texts.end());
    return all;
}

std::string reason_in_words(reason_code reason) {
    std::array<char, 8> number{};
    std::snprintf(number.data(), number.size(), "0x%02X", static_cast<unsigned>(reason));
    return std::string(describe(reason)) + " (" + number.data() + ")";
}

std::string why(const attempt& of) {
    const bool is_silent = of.error == boost::asio::error::try_again;
    return is_silent ? "no answer within " + text_of(of.took) : in_sentence(of.error.message());
}

finding failed(step at, std::string_view why, advice what_to_do) {
    return {.at = at, .how = outcome::fails, .says = in_sentence(why), .advice = std::move(what_to_do)};
}

finding timed_out(step at, const std::string& what, std::chrono::milliseconds limit) {
    return failed(at, what + " within " + text_of(limit),
                  {"The broker hangs or is overloaded, or the network loses most packets: see the broker's log."});
}

}  // namespace

examination::examination(boost::asio::any_io_executor executor, orders o,
                         std::function<void(const finding&)> on_finding)
    : executor_(std::move(executor)), orders_(std::move(o)), on_finding_(std::move(on_finding)) {
    mqtt_as::config& config = orders_.to.config;
    config.response_time = orders_.limit;
    if (config.client_id.empty()) config.client_id = "doctor" + random_letters(9);
    check(config);
    if (!orders_.topic) orders_.topic = "mqtt_as/doctor/" + config.client_id;
}

task<> examination::run() {
    bool goes_on = true;
    for (const step at : all_steps) {
        finding found{.at = at};
        if (orders_.skipped.contains(at)) {
            found.how = outcome::not_needed;
            found.says = "skipped";
        } else if (goes_on) {
            found = co_await examine(at);
        }
        result_.findings.push_back(found);
        on_finding_(result_.findings.back());
        // A session that is not kept and a world that is not reached hinder nothing else.
        if (found.how == outcome::fails && at <= step::round_trip) goes_on = false;
    }
    end_ = clock::now() + orders_.limit;  // a stage that failed has left no time for that
    if (patient_) co_await patient_->leave(at_most(500ms));
}

task<finding> examination::examine(step at) {
    end_ = clock::now() + orders_.limit;
    switch (at) {
    case step::link: return link();
    case step::name: return name();
    case step::tcp: return tcp();
    case step::tls: return tls();
    case step::mqtt: return mqtt();
    case step::round_trip: return round_trip();
    case step::session: return session();
    case step::wan: return wan();
    }
    return wan();
}

// ---- link -------------------------------------------------------------------------------------

task<finding> examination::link() {
    finding found{.at = step::link, .how = outcome::works};
    const mqtt_as::config& config = orders_.to.config;
    if (!config.unix_socket.empty()) {
        found.how = outcome::not_needed;
        found.says = "a Unix socket needs no network";
        co_return found;
    }
    // The way depends on the addresses, so the name is looked up already; a slow answer is waited for in its own stage.
    co_await look_up(at_most(1s));
    const auto is_loopback = [](const auto& address) { return address.is_loopback(); };
    if (!addresses_.empty() && std::all_of(addresses_.begin(), addresses_.end(), is_loopback)) {
        found.says = "loopback: the broker is on this machine";
        co_return found;
    }
    // The library is asked about one address of each family: one way is enough.
    std::vector<std::string> servers;
    for (const bool v6 : {false, true}) {
        const auto one =
            std::find_if(addresses_.begin(), addresses_.end(), [v6](const auto& a) { return a.is_v6() == v6; });
        if (one != addresses_.end()) servers.push_back(one->to_string());
    }
    if (servers.empty()) servers.push_back(config.server);
    explanation seen;
    for (const std::string& server : servers) {
        mqtt_as::config asking = guest();
        asking.server = server;
        asking.link = link_kind::rtnetlink;
        visitor watcher(executor_, asking, orders_.to);
        watcher.keep_trying();
        // The answer takes no time; without an address it is that nothing is wrong, which is told by silence.
        const auto limit = addresses_.empty() ? 300ms : 1s;
        co_await until(at_most(limit), [&] {
            seen = watcher.client().explain();
            return !seen.link_up || !seen.link.empty();
        });
        if (seen.link_up) break;
    }
    if (!seen.link_up) co_return failed(step::link, seen.link, advice_for_link(addresses_.empty() ? "" : servers[0]));
    if (seen.link.empty()) {
        found.says = addresses_.empty() ? "an interface is up and has an address"
                                        : "the system does not say which interface leads there";
        co_return found;
    }
    found.says = seen.link;
    found.facts["interface"] = seen.link;
    if (const auto signal = signal_of(seen.link)) {
        found.says += ", signal " + std::to_string(*signal) + " dBm";
        found.facts["rssi"] = *signal;
    }
    co_return found;
}

// ---- name -------------------------------------------------------------------------------------

task<finding> examination::name() {
    finding found{.at = step::name, .how = outcome::works};
    if (is_numeric()) {
        found.how = outcome::not_needed;
        found.says = place() + " is no name";
        co_return found;
    }
    const std::string& server = orders_.to.config.server;
    const bool all_answered = co_await look_up(end_);
    const auto v4 = lookup_->v4();
    const auto v6 = lookup_->v6();
    if (addresses_.empty()) {
        if (!all_answered) {
            co_return failed(step::name, "the resolver gave no answer within " + text_of(orders_.limit),
                             advice_for_name(server, 0));
        }
        // The one that had to do with the network says more than "no addresses of this family".
        const int error = v4->error == EAI_NONAME || v4->error == EAI_NODATA ? v6->error : v4->error;
        co_return failed(step::name, "'" + server + "': " + in_sentence(::gai_strerror(error)),
                         advice_for_name(server, error));
    }
    found.took = std::max(v4 ? v4->took : span(0), v6 ? v6->took : span(0));
    std::vector<std::string> texts;
    for (const auto& each : addresses_) texts.push_back(each.to_string());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    found.says = server + " is " + joined(texts);
    found.facts["addresses"] = json_of(texts);
    for (const auto& [family, answered] : {std::pair("IPv4", v4), std::pair("IPv6", v6)}) {
        const bool is_slow = answered && answered->took > 1s;
        if (answered && !is_slow) continue;
        found.notes.push_back(std::string("the resolver ") +
                              (is_slow ? "took " + text_of(answered->took) : "is silent") + " when asked for " +
                              family + " addresses: each connection waits for that");
    }
    co_return found;
}

// Whether all there is to know is known.
task<bool> examination::look_up(clock::time_point deadline) {
    boost::system::error_code not_numeric;
    const auto numeric = boost::asio::ip::make_address(orders_.to.config.server, not_numeric);
    if (!not_numeric) {
        addresses_ = {numeric};
        co_return true;
    }
    if (!lookup_) lookup_.emplace(orders_.to.config.server);
    const bool all_answered = co_await lookup_->finish(deadline);
    addresses_ = lookup_->all();
    co_return all_answered;
}

bool examination::is_numeric() const {
    boost::system::error_code not_numeric;
    boost::asio::ip::make_address(orders_.to.config.server, not_numeric);
    return !orders_.to.config.unix_socket.empty() || !not_numeric;
}

std::string examination::place() const {
    const mqtt_as::config& config = orders_.to.config;
    return config.unix_socket.empty() ? config.server : config.unix_socket;
}

// ---- TCP --------------------------------------------------------------------------------------

task<finding> examination::tcp() {
    finding found{.at = step::tcp, .how = outcome::works};
    const mqtt_as::config& config = orders_.to.config;
    const bool is_unix = !config.unix_socket.empty();
    std::vector<attempt> attempts;
    if (is_unix) {
        attempts.push_back({boost::asio::local::stream_protocol::endpoint(config.unix_socket), config.unix_socket});
    }
    const std::uint16_t port = port_of(config);
    if (!is_unix && addresses_.empty()) co_await look_up(end_);  // the stages before were skipped
    if (!is_unix && addresses_.empty()) {
        co_return failed(step::tcp, "'" + config.server + "' has no address",
                         advice_for_name(config.server, EAI_NONAME));
    }
    for (const auto& address : is_unix ? addresses{} : addresses_) {
        attempts.push_back({boost::asio::ip::tcp::endpoint(address, port), address.to_string()});
    }
    co_await try_all(attempts, end_);
    // Quickest first, those that failed last: the next stages go where the first one leads.
    std::sort(attempts.begin(), attempts.end(), [](const attempt& a, const attempt& b) {
        return std::pair(a.error.failed(), a.took) < std::pair(b.error.failed(), b.took);
    });
    boost::json::array all;
    std::vector<std::string> reached;
    for (const attempt& each : attempts) {
        boost::json::object one{{"address", each.text}, {"ms", ms_of(each.took)}};
        if (each.error) {
            one["error"] = why(each);
            found.notes.push_back(each.text + ": " + why(each));
        } else {
            reached.push_back(each.text);
        }
        all.push_back(std::move(one));
    }
    found.facts["attempts"] = std::move(all);
    const std::string where = is_unix ? config.unix_socket : "port " + std::to_string(port);
    const attempt& first = attempts.front();
    if (!reached.empty()) {
        reached_ = first.where;
        found.took = first.took;
        found.says = joined(reached) + (is_unix ? "" : " " + where) +
                     (reached.size() == 1 ? " accepts connections" : " accept connections");
        co_return found;
    }
    found.how = outcome::fails;
    found.says = why(first) + " (" + where + ")";
    if (attempts.size() == 1) found.notes.clear();
    found.advice = is_unix ? advice_for_unix_socket(first.error) : advice_for_tcp(first.error, config.ssl);
    co_return found;
}

// ---- TLS and MQTT: one attempt of a client ----------------------------------------------------

void examination::begin_to_connect() {
    mqtt_as::config config = guest();
    config.subs_cb = [this](std::string_view, std::string_view text, bool) {
        received_.push_back({std::string(text), clock::now()});
    };
    patient_.emplace(executor_, std::move(config), orders_.to);
    patient_->begin();
}

// What the stage before has begun and not seen the end of, this one waits for.
task<> examination::connect() {
    if (!patient_) begin_to_connect();
    connection_ = co_await patient_->outcome(end_);
}

task<finding> examination::tls() {
    const mqtt_as::config& config = orders_.to.config;
    if (!config.ssl) {
        co_return finding{.at = step::tls, .how = outcome::not_needed, .says = "not asked for: in the clear"};
    }
    finding found{.at = step::tls, .how = outcome::works};
    const std::string name = config.ssl_params.server_name.empty() ? config.server : config.ssl_params.server_name;
    // The library comes first, as its handshake is what counts: a slow server would not do two in time. The broker's
    // answer to CONNECT is waited for, too: in TLS 1.3 a server says only there what it thinks of our certificate.
    begin_to_connect();
    co_await patient_->leave_behind(stage::tls, end_);
    if (reached_ && clock::now() < end_) greeting_ = co_await greet(*reached_, config.ssl_params, name, end_);
    co_await connect();
    if (!greeting_.chain.empty()) {
        const certificate& own = greeting_.chain.front();
        found.notes.push_back("certificate of " + own.subject +
                              (own.names.empty() ? "" : ", for " + joined(own.names)));
        found.notes.push_back("issued by " + own.issuer + ", valid until " + utc_text(own.valid_until));
        boost::json::array chain;
        for (const certificate& each : greeting_.chain) {
            chain.push_back({{"subject", each.subject},
                             {"issuer", each.issuer},
                             {"names", json_of(each.names)},
                             {"valid_from", utc_text(each.valid_from)},
                             {"valid_until", utc_text(each.valid_until)},
                             {"key", each.key},
                             {"sha256", each.fingerprint}});
        }
        found.facts["certificates"] = std::move(chain);
    }
    const bool has_failed = connection_->error == make_error_code(errc::tls_failed) ||
                            (connection_->error && connection_->result.at <= stage::tls);
    if (has_failed) {
        found.how = outcome::fails;
        found.says = in_sentence(connection_->why());
        if (connection_->result.at < stage::tls) found.says = connection_->at() + ": " + found.says;
        found.advice = advice_for_tls(connection_->why(), greeting_);
        if (connection_->error == make_error_code(errc::stage_timed_out)) {
            found.says = "the handshake had no answer within " + text_of(orders_.limit);
            found.advice = {"Something listens there that does not speak TLS, or a broker that hangs: is this its "
                            "port for TLS?"};
        }
        co_return found;
    }
    if (greeting_.is_secured) found.took = greeting_.took;
    found.says = "the handshake is done";
    if (greeting_.is_secured) found.says = greeting_.version + ", " + greeting_.cipher;
    if (!connection_->error) found.says = patient_->client().explain().security;
    found.facts["security"] = found.says;
    if (!greeting_.protocol.empty()) {
        found.says += ", " + greeting_.protocol;
        found.facts["alpn"] = greeting_.protocol;
    }
    if (!greeting_.chain.empty()) {
        const auto left = std::chrono::seconds(greeting_.chain.front().valid_until - std::time(nullptr));
        const auto days = std::chrono::duration_cast<std::chrono::days>(left).count();
        found.facts["days_left"] = days;
        if (days < 14) {
            found.notes.push_back("it expires in " + std::to_string(days) + (days == 1 ? " day" : " days"));
            found.advice = {"Renew the certificate at the broker soon."};
        }
    }
    co_return found;
}

task<finding> examination::mqtt() {
    finding found{.at = step::mqtt, .how = outcome::works};
    co_await connect();
    const auto& c = *connection_;
    if (!c.error) {
        found.took = c.took;
        found.says = "accepted";
        found.facts["client_id"] = orders_.to.config.client_id;
        co_await tell_limits(found);
        co_return found;
    }
    const auto error = static_cast<errc>(c.error.value());
    // A server that expects TLS hangs up on CONNECT, or answers with an alert, which is no MQTT.
    const bool may_expect_tls = error == errc::connection_closed || error == errc::protocol_violation;
    const bool speaks_tls = !orders_.to.config.ssl && may_expect_tls && co_await this->speaks_tls();
    found.how = outcome::fails;
    found.says = in_sentence(c.why());
    if (c.result.at < stage::mqtt && error != errc::tls_failed) found.says = c.at() + ": " + found.says;
    if (error == errc::stage_timed_out) {
        found.says = "no answer to CONNECT within " + text_of(orders_.limit);
    } else if (error == errc::connection_closed) {
        found.says = "the broker closed the connection instead of answering CONNECT";
    }
    if (speaks_tls) found.says = "the broker was greeted in the clear, and it speaks TLS at this port";
    for (const property& each : c.result.properties) {
        if (each.id == property_id::reason_string) found.notes.push_back("it says: " + std::string(each.data));
        if (each.id == property_id::server_reference) found.notes.push_back("it sends us to " + std::string(each.data));
    }
    if (error == errc::connection_refused) {
        found.facts["reason_code"] = static_cast<unsigned>(c.result.reason);
    }
    found.advice = advice_for_mqtt(error, c.result.reason, static_cast<bool>(orders_.to.config.user), speaks_tls);
    co_return found;
}

task<bool> examination::speaks_tls() {
    if (!reached_) co_return false;
    const ssl_params any;
    const greeting seen = co_await greet(*reached_, any, orders_.to.config.server, end_);
    co_return seen.is_secured || !seen.chain.empty();
}

// MQTT 3.1.1 brokers have limits, too, and tell nobody: those who speak MQTT 5 are asked in it.
task<> examination::tell_limits(finding& to) {
    if (orders_.to.config.version == protocol_version::v5) {
        add_limits(to, connection_->result.properties.view(), std::nullopt);
        co_return;
    }
    mqtt_as::config asking = guest();
    asking.version = protocol_version::v5;
    asking.client_id = orders_.to.config.client_id + "-5";
    const auto seen = co_await visit(asking, end_);
    if (!seen) {
        to.notes.emplace_back("in MQTT 3.1.1 it does not tell its limits, and in MQTT 5 it did not answer in time");
        co_return;
    }
    to.facts["speaks_mqtt_5"] = !seen->error;
    if (seen->error) {
        to.notes.emplace_back("in MQTT 3.1.1 it does not tell its limits, and MQTT 5 it does not accept");
        co_return;
    }
    add_limits(to, seen->result.properties.view(), "in MQTT 5: ");
}

// ---- round trip -------------------------------------------------------------------------------

task<finding> examination::round_trip() {
    finding found{.at = step::round_trip, .how = outcome::works};
    if (!connection_) co_await connect();
    const std::string& topic = *orders_.topic;
    struct news {
        bool is_there = false;
        std::error_code error{};
        reason_code reason{};
    };
    const auto subscribed = std::make_shared<news>();
    patient_->client().subscribe(topic, 1, [subscribed](std::error_code error, const subscribe_result& result) {
        *subscribed = {.is_there = true, .error = error, .reason = result.reason};
    });
    co_await until(end_, [&] { return subscribed->is_there; });
    if (!subscribed->is_there) co_return timed_out(step::round_trip, "no answer to SUBSCRIBE", orders_.limit);
    if (subscribed->error) {
        co_return failed(step::round_trip,
                         "the broker refused the subscription to '" + topic +
                             "': " + reason_in_words(subscribed->reason),
                         {"Allow it in the broker's access rules, or choose a topic that is allowed: -t TOPIC"});
    }
    std::vector<span> times;
    for (std::size_t n = 0; n < round_trips; ++n) {
        const std::string text = "doctor " + std::to_string(n) + " " + random_letters(8);
        const auto begin = clock::now();
        const auto published = std::make_shared<news>();
        patient_->client().publish(topic, text, {.qos = 1},
                                   [published](std::error_code error, const publish_result& r) {
                                       *published = {.is_there = true, .error = error, .reason = r.reason};
                                   });
        const auto is_back = [&] { return !received_.empty() && received_.back().text == text; };
        co_await until(end_, [&] { return (published->is_there && published->error) || is_back(); });
        if (published->error) {
            co_return failed(step::round_trip,
                             "the broker refused a message to '" + topic + "': " + reason_in_words(published->reason),
                             {"Allow it in the broker's access rules, or choose a topic that is allowed: -t TOPIC"});
        }
        if (!is_back() && published->is_there) {
            co_return failed(step::round_trip,
                             "the broker acknowledged a message to '" + topic + "' and did not deliver it to us",
                             {"In MQTT 3.1.1 this is how a broker refuses a topic: see its access rules, or choose "
                              "another one: -t TOPIC"});
        }
        if (!is_back())
            co_return timed_out(step::round_trip, "no acknowledgement of a message to '" + topic + "'", orders_.limit);
        times.push_back(std::chrono::duration_cast<span>(received_.back().when - begin));
    }
    std::sort(times.begin(), times.end());
    found.took = times[times.size() / 2];
    found.says = "a message to '" + topic + "' comes back";
    found.notes.push_back(std::to_string(times.size()) + " times, in " + text_of(times.front()) + " to " +
                          text_of(times.back()));
    boost::json::array all;
    for (const span each : times) all.push_back(ms_of(each));
    found.facts["topic"] = topic;
    found.facts["round_trips_ms"] = std::move(all);
    co_return found;
}

// ---- session ----------------------------------------------------------------------------------

task<finding> examination::session() {
    finding found{.at = step::session, .how = outcome::works};
    mqtt_as::config config = guest();
    config.client_id = orders_.to.config.client_id + "-s";
    config.clean_init = config.clean = false;
    config.session_expiry = 60s;  // MQTT 5: should we not come back, nothing is left behind
    const auto begin = clock::now();
    const auto time = orders_.limit * 3 / 4;  // the rest is for sweeping up, whatever was seen
    std::optional<visitor::attempt> seen = co_await visit(config, begin + time);
    if (seen && !seen->error) seen = co_await visit(config, begin + time);
    mqtt_as::config last = guest();  // a clean session, which ends the one that was kept
    last.client_id = config.client_id;
    const auto swept = co_await visit(last, end_);
    found.took = since(begin);
    if (!seen) co_return timed_out(step::session, "the broker did not let us come and go", time);
    if (seen->error) {
        co_return failed(step::session,
                         "the client identifier '" + config.client_id +
                             "' is not accepted with a session: " + seen->why(),
                         {"Give an identifier that may be extended: -i ID; '-s' is added to it."});
    }
    if (!seen->result.session_present) {
        co_return failed(step::session, "the broker forgot our session between two connections",
                         {"Messages for clients that are away are lost: allow persistent sessions at the broker."});
    }
    found.says = "kept while we were away";
    if (!swept || swept->error) found.notes.push_back("the session of '" + config.client_id + "' could not be ended");
    co_return found;
}

// ---- WAN --------------------------------------------------------------------------------------

task<finding> examination::wan() {
    finding found{.at = step::wan, .how = outcome::works};
    if (!patient_) begin_to_connect();
    struct news {
        bool is_there = false;
        std::error_code error{};
        wan_result result{};
    };
    const auto told = std::make_shared<news>();
    const auto begin = clock::now();
    const wan_options how{.server = orders_.dns_server, .port = orders_.dns_port, .timeout = orders_.limit};
    patient_->client().wan_ok(how, [told](std::error_code error, wan_result result) {
        *told = {.is_there = true, .error = error, .result = result};
    });
    co_await until(end_, [&] { return told->is_there; });
    found.took = since(begin);
    found.facts["dns_server"] = orders_.dns_server;
    if (told->is_there && told->result) {
        found.says = "the DNS server " + orders_.dns_server + " answers properly";
        co_return found;
    }
    found.how = outcome::fails;
    found.says = "the DNS server " + orders_.dns_server + ": " +
                 in_sentence(describe(told->is_there ? told->result.state : wan_state::silent));
    found.advice = {
        "The broker does without the Internet; if you do, too: --skip wan. In a network with a DNS server of "
        "its own: --dns ADDRESS"};
    co_return found;
}

// ---- helpers ----------------------------------------------------------------------------------

// What a client of ours is: as the user wants it, without a trace left behind.
mqtt_as::config examination::guest() const {
    mqtt_as::config config = orders_.to.config;
    config.link = link_kind::none;
    config.clean_init = config.clean = true;
    return config;
}

// Empty: not decided in time.
task<std::optional<visitor::attempt>> examination::visit(const mqtt_as::config& config, clock::time_point deadline) {
    visitor one(executor_, config, orders_.to);
    const visitor::attempt c = co_await one.connect(deadline);
    if (!c.error) co_await one.leave(deadline);
    if (c.error == make_error_code(errc::stage_timed_out)) co_return std::nullopt;
    co_return c;
}

clock::time_point examination::at_most(std::chrono::milliseconds from_now) const {
    return std::min(end_, clock::now() + from_now);
}

}  // namespace mqtt_as::cli::doctor
