// mqtt-as sub: subscribes and prints what it receives.
#include "mqtt_as/topic.hpp"
#include "tools/mqtt-as/exit_status.hpp"
#include "tools/mqtt-as/output.hpp"
#include "tools/mqtt-as/output_format.hpp"
#include "tools/mqtt-as/session.hpp"
#include "tools/mqtt-as/subcommands.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <unistd.h>
#include <utility>

namespace mqtt_as::cli {

namespace {

constexpr std::uint16_t messages_waiting_max = 1'000;
constexpr std::size_t buffer_max = 65'536;

constexpr auto sub_examples = R"(Examples:
  mqtt-as sub -t 'hall/#' -v
  mqtt-as sub -h broker.local -t alarm -q 1 -c -i watcher     (misses nothing while it is away)
  mqtt-as sub -t sensor/temperature -C 1 -W 10
  mqtt-as sub -t '#' -F '@H:@M:@S %t %p'

FORMAT: %t topic, %p payload, %x hexadecimal, %l length, %q qos, %r retained, %j JSON, %J JSON with a JSON payload, %I
and %U time, %P user properties, @X as strftime's %X, \n \t \0 \e; all of them in mosquitto_sub(1).
While there is no connection, the reason is told on standard error and subscriptions wait; they are renewed.)";

struct sub_options {
    connection_options connection;
    std::vector<std::string> topics;
    std::vector<std::string> filtered_out;
    std::vector<std::string> unsubscribed;
    std::uint8_t qos = 0;
    std::optional<std::uint64_t> count;
    std::optional<std::chrono::milliseconds> time;
    bool only_subscribe = false;
    bool fresh_only = false;
    bool retained_only = false;
    bool retain_as_published = false;
    bool remove_retained = false;
    bool verbose = false;
    bool no_newline = false;
    std::optional<std::string> format;

    void add_to(command_line& line);
    void check() const;
};

void sub_options::add_to(command_line& line) {
    line.section("Messages");
    line.texts("-t,--topic", topics, "FILTER", "What to subscribe to; may be repeated");
    line.number<std::uint8_t>("-q,--qos", qos, 0, 2, "0, 1 or 2 [0]");
    line.texts("-T,--filter-out", filtered_out, "FILTER", "Do not print these; may be repeated");
    line.texts("-U,--unsubscribe", unsubscribed, "FILTER", "Unsubscribe; may be repeated");
    line.flag("-R", fresh_only, "Do not print retained messages");
    line.flag("--retained-only", retained_only, "Print retained messages, end at the first other");
    line.flag("--retain-as-published", retain_as_published, "MQTT 5: keep the retain flag of the publisher");
    line.flag("--remove-retained", remove_retained, "Clear the retained messages that come, except -T");

    line.section("Output");
    line.flag("-v,--verbose", verbose, "Print the topic before the payload");
    line.text("-F", format, "FORMAT", "Print this for each message, see below");
    line.flag("-N", no_newline, "Print no end of line after a message");

    line.section("Ending");
    line.number<std::optional<std::uint64_t>>("-C", count, 1, UINT64_MAX, "End after N messages");
    line.seconds("-W", time, "End so long after the connection (or the start), with status 3");
    line.flag("-E", only_subscribe, "End when the subscriptions are acknowledged");
    connection.add_to(line);
}

void sub_options::check() const {
    const auto check_filters = [](const std::string& option, const std::vector<std::string>& filters) {
        for (const std::string& filter : filters) {
            if (is_topic_filter(filter)) continue;
            throw usage_error(
                option + " '" + filter +
                "' is not a topic filter: + stands for a whole level, # for the last ones, as in a/+/b/#");
        }
    };
    check_filters("-t", topics);
    check_filters("-T", filtered_out);
    check_filters("-U", unsubscribed);
    if (topics.empty() && unsubscribed.empty()) throw usage_error("say what to subscribe to: -t FILTER");
    if (fresh_only && retained_only) throw usage_error("-R and --retained-only exclude each other");
}

class subscriber {
public:
    subscriber(session& session, const sub_options& options)
        : session_(session), options_(options), output_(session.context(), STDOUT_FILENO), changed_(session.context()),
          format_(options.format    ? output_format::parse(*options.format)
                  : options.verbose ? output_format::verbose()
                                    : output_format::payload()) {}

    task<> run();
    int conclude(ending how) const;

private:
    void subscribe_all();
    void answered(const std::string& filter, std::error_code error, reason_code reason);
    void watch_reader();
    task<> receive();
    bool take(const queued_message&);
    void remove(std::string_view topic);
    bool is_filtered_out(std::string_view topic) const;
    task<bool> flush();

    session& session_;
    const sub_options& options_;
    output output_;
    change changed_;
    const output_format format_;
    std::size_t unanswered_ = 0;
    std::size_t granted_ = 0;
    std::size_t refused_ = 0;
    std::size_t removing_ = 0;
    std::uint64_t count_ = 0;
    boost::asio::cancellation_signal stop_watching_;
};

task<> subscriber::run() {
    subscribe_all();
    watch_reader();
    struct at_end {
        boost::asio::cancellation_signal& stop;
        ~at_end() { stop.emit(boost::asio::cancellation_type::terminal); }
    } const stop_watching{stop_watching_};
    co_await receive();
    while (removing_ > 0) co_await changed_.wait();
}

void subscriber::subscribe_all() {
    const property_options& properties = session_.options().properties;
    const std::vector<user_property> subscribe_user = views_of(properties.subscribe.user);
    const std::vector<user_property> unsubscribe_user = views_of(properties.unsubscribe);
    unanswered_ = options_.topics.size() + options_.unsubscribed.size();
    for (const std::string& filter : options_.topics) {
        session_.client().subscribe(
            filter,
            {.qos = options_.qos,
             .retain_as_published = options_.retain_as_published,
             .properties = {.subscription_identifier = properties.subscribe.identifier,
                            .user_properties = subscribe_user}},
            [this, filter](std::error_code error, const subscribe_result& r) { answered(filter, error, r.reason); });
    }
    for (const std::string& filter : options_.unsubscribed) {
        session_.client().unsubscribe(
            filter, {.properties = {.user_properties = unsubscribe_user}},
            [this, filter](std::error_code error, const unsubscribe_result& r) { answered(filter, error, r.reason); });
    }
}

void subscriber::answered(const std::string& filter, std::error_code error, reason_code reason) {
    if (error == make_error_code(errc::stopped)) return;
    if (error) {
        ++refused_;
        session_.say("'" + filter + "': " +
                     (error == make_error_code(errc::refused)
                          ? "refused by the broker: " + std::string(describe(reason))
                          : error.message()));
    } else {
        ++granted_;
    }
    if (--unanswered_ > 0) return;
    if (granted_ == 0) {
        session_.end(ending::refused);
    } else if (options_.only_subscribe || options_.topics.empty()) {
        session_.end(ending::done);
    }
}

// Ends when nobody reads our output any more, even while no message comes.
void subscriber::watch_reader() {
    boost::asio::co_spawn(
        session_.context(),
        [this]() -> task<> {
            co_await output_.reader_gone();
            session_.end(ending::unread);
        },
        boost::asio::bind_cancellation_slot(stop_watching_.slot(), boost::asio::detached));
}

// Takes messages one at a time, and so acknowledges each only when there is room to print it.
task<> subscriber::receive() {
    for (;;) {
        std::optional<queued_message> m = session_.client().queue.try_receive();
        if (!m) {
            if (!co_await flush()) co_return;
            m = co_await session_.client().queue.receive();
        }
        const bool goes_on = take(*m);
        if ((!goes_on || output_.buffer().size() >= buffer_max) && !co_await flush()) co_return;
        if (!goes_on) co_return;
    }
}

// False when this was the last one.
bool subscriber::take(const queued_message& m) {
    if (options_.retained_only && !m.retained()) return false;
    if (is_filtered_out(m.topic())) return true;
    if (options_.remove_retained && m.retained()) remove(m.topic());
    if (options_.fresh_only && m.retained()) return true;
    std::timespec now{};
    std::timespec_get(&now, TIME_UTC);
    if (!format_.append(output_.buffer(), m, now, !options_.no_newline)) {
        session_.say("the payload is not JSON, on " + std::string(m.topic()));
    }
    return ++count_ != options_.count;
}

void subscriber::remove(std::string_view topic) {
    ++removing_;
    session_.client().publish(topic, payload(), {.qos = 1, .retain = true},
                              [this, topic = std::string(topic)](std::error_code error, const publish_result& r) {
                                  if (error && error != make_error_code(errc::stopped)) {
                                      session_.say(
                                          "'" + topic + "' was not cleared: " +
                                          std::string(is_failure(r.reason) ? describe(r.reason) : error.message()));
                                  }
                                  --removing_;
                                  changed_.notify();
                              });
}

bool subscriber::is_filtered_out(std::string_view topic) const {
    return std::any_of(options_.filtered_out.begin(), options_.filtered_out.end(),
                       [&](const std::string& filter) { return topic_matches(filter, topic); });
}

task<bool> subscriber::flush() {
    const bool is_read = co_await output_.flush();
    if (!is_read) session_.end(ending::unread);
    co_return is_read;
}

int subscriber::conclude(ending how) const {
    switch (how) {
    case ending::interrupted: return 128 + session_.signal();
    case ending::failed: return misuse;
    case ending::refused: return refused;
    case ending::timed_out: session_.say("timed out"); return timed_out;
    default: return refused_ > 0 ? partial : success;
    }
}

}  // namespace

int sub_command(std::vector<std::string> arguments) {
    sub_options options;
    command_line line("mqtt-as sub", "Prints messages as they come, through outages.", sub_examples);
    options.add_to(line);
    if (!line.parse(std::move(arguments))) return success;
    connection to = options.connection.resolve("mqtt-as sub", "connect subscribe unsubscribe will");
    if (to.topic) options.topics.push_back(*to.topic);
    options.check();
    if (options.retain_as_published && to.config.version != protocol_version::v5) {
        throw usage_error("--retain-as-published needs MQTT 5: add -V 5");
    }
    to.config.queue_len = to.properties.connect.receive_maximum.value_or(messages_waiting_max);
    to.config.on_full = full_policy::wait;

    session session(std::move(to));
    subscriber subscriber(session, options);
    if (options.time) {
        // As with mosquitto_sub the time begins with the connection; but it is not waited for for ever.
        session.limit(*options.time);
        session.on_first_connection = [&] { session.limit(*options.time); };
    }
    return subscriber.conclude(session.run(subscriber.run()));
}

}  // namespace mqtt_as::cli
