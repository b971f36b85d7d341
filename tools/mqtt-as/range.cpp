// mqtt-as range: a field test to walk around with. Sends numbered messages to itself and watches how they come back.
#include "mqtt_as/topic.hpp"
#include "tools/mqtt-as/exit_status.hpp"
#include "tools/mqtt-as/range/picture.hpp"
#include "tools/mqtt-as/range/report.hpp"
#include "tools/mqtt-as/range/survey.hpp"
#include "tools/mqtt-as/range/verdict.hpp"
#include "tools/mqtt-as/session.hpp"
#include "tools/mqtt-as/subcommands.hpp"
#include "tools/mqtt-as/visitor.hpp"
#include "tools/mqtt-as/wireless.hpp"
#include "tools/mqtt-as/words.hpp"
#include "tools/terminal/client_words.hpp"
#include "tools/terminal/display.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <utility>

namespace mqtt_as::cli {

namespace {

using namespace std::chrono_literals;
using range::milliseconds;
using range::moment;

// At the end, for messages on their way: long enough to judge one that was overtaken.
constexpr auto settling_time = range::message_book::patience{}.overtaken + 5s;
constexpr std::size_t least_rows = 20;

constexpr auto range_examples = R"(Examples:
  mqtt-as range broker.local                               (walk around; Ctrl-C ends it)
  mqtt-as range broker.local --duration 600 --html walk.html --json walk.json

Numbered messages go to a topic of our own and come back. One is lost when the broker has acknowledged it and it does
not come back although we are connected: 5 s after a later one is back, or after 30 s of silence. Until then it is on
its way. Round trips are those of messages that no outage held up.
Exit status: 0 go; 5 no-go: a criterion was not met; 1 wrong usage or a file cannot be written; 2 refused by the broker.)";

struct range_options {
    connection_options connection;
    std::optional<std::string> topic;
    std::optional<milliseconds> interval;
    std::optional<milliseconds> duration;
    std::optional<std::string> json;
    std::optional<std::string> html;
    std::optional<milliseconds> p99_max;
    std::optional<milliseconds> outage_max;
    std::uint8_t qos = 1;
    range::demands demands;

    void add_to(command_line& line);
    void check();
    bool prints_json() const { return json == "-"; }
};

void range_options::add_to(command_line& line) {
    line.section("Test");
    connection.add_host_to(line);
    line.seconds("--duration", duration, "End after this time [Ctrl-C]");
    line.seconds("--interval", interval, "Between two messages [0.5]");
    line.number<std::uint8_t>("-q,--qos", qos, 0, 2, "0, 1 or 2 [1]");
    line.text("-t,--topic", topic, "TOPIC", "Where they go [mqtt_as/range/RANDOM]");

    line.section("Report");
    line.text("--html", html, "FILE", "A page with the timeline");
    line.text("--json", json, "FILE", "All figures; - for standard output, and nothing else there");

    line.section("Criteria");
    line.number<std::uint64_t>("--max-lost", demands.lost_max, 0, UINT64_MAX, "Lost messages [0]");
    line.seconds("--max-p99", p99_max, "Round trip of 99 of 100 messages [1]");
    line.percent("--max-down", demands.down_percent_max, "Time without a connection [1]");
    line.seconds("--max-outage", outage_max, "From the loss to the first message back [30]");
    connection.add_broker_to(line);
    connection.add_identity_to(line);
    connection.add_debug_to(line);
}

void range_options::check() {
    if (p99_max) demands.p99_max = *p99_max;
    if (outage_max) demands.outage_max = *outage_max;
    if (topic && !is_topic_name(*topic)) throw usage_error("-t takes a topic without + and #, not '" + *topic + "'");
    // A walk must not end with a report that cannot be written.
    for (const auto& file : {json, html}) {
        if (!file || file == "-") continue;
        if (!std::ofstream(*file, std::ios::app)) {
            throw std::runtime_error("cannot write " + *file + ": " + std::generic_category().message(errno));
        }
    }
}

// What the test asks of a client, however the user described it.
connection prepared(connection to, bool is_quiet) {
    mqtt_as::config& config = to.config;
    // What is sent while we are away is kept for us, and no longer than a walk takes (MQTT 5).
    config.clean_init = true;
    config.clean = false;
    config.session_expiry = 1h;
    if (config.client_id.empty()) config.client_id = "range" + random_letters(8);
    // As the original's range tests have it: a program that is too slow throws the oldest away, and says so.
    config.queue_len = 100;
    config.on_overflow = overflow_policy::discard_oldest;
    to.quiet = is_quiet;
    return to;
}

range::subject test_of(const session& session, const range_options& options) {
    range::subject what;
    what.broker = subject_of(session.options().config);
    what.client_id = session.client().client_id();
    what.topic = options.topic.value_or("mqtt_as/range/" + random_letters(8));
    what.qos = options.qos;
    what.interval = options.interval.value_or(500ms);
    what.began = std::time(nullptr);
    return what;
}

class field_test {
public:
    field_test(session& session, terminal::display& display, const range_options& options, bool in_place);

    task<> run();
    const range::survey& survey() const { return survey_; }
    const range::subject& subject() const { return what_; }
    void end() { survey_.end(clock::now()); }
    void show();

private:
    void subscribe();
    void listen();
    void take(std::string_view text);
    void send(moment now);
    void look(moment now);
    void connection_changed(bool up);
    void settle(moment now);

    session& session_;
    terminal::display& display_;
    const range_options& options_;
    const bool in_place_;
    const range::subject what_;
    const std::string run_ = random_letters(8);  // another test on the same topic has another one
    range::survey survey_{clock::now()};
    boost::asio::steady_timer pause_;
    moment began_ = clock::now();
    moment next_message_ = began_;
    moment next_signal_ = began_;
    moment next_picture_ = began_;
    std::optional<moment> settling_until_;
    bool is_subscribed_ = false;
    bool is_told_to_end_ = false;
};

field_test::field_test(session& session, terminal::display& display, const range_options& options, bool in_place)
    : session_(session), display_(display), options_(options), in_place_(in_place), what_(test_of(session, options)),
      pause_(session.context()) {
    session_.on_connection = [this](bool up) { connection_changed(up); };
    session_.on_interrupt = [this] {
        is_told_to_end_ = true;
        pause_.cancel();
    };
}

task<> field_test::run() {
    subscribe();
    listen();
    for (;;) {
        const moment now = clock::now();
        look(now);
        const bool is_over = is_told_to_end_ || (options_.duration && now - began_ >= *options_.duration);
        if (is_over && !settling_until_) settle(now);
        if (settling_until_ && (survey_.book().on_the_way() == 0 || now >= *settling_until_)) break;
        if (!settling_until_ && is_subscribed_ && survey_.may_send() && now >= next_message_) send(now);
        if (now >= next_picture_) {
            show();
            next_picture_ = now + (in_place_ ? milliseconds(100) : milliseconds(10'000));
        }
        pause_.expires_at(std::min({now + 100ms, std::max(next_message_, now + 1ms), next_picture_}));
        boost::system::error_code woken;
        co_await pause_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, woken));
        const auto cancelled = co_await boost::asio::this_coro::cancellation_state;
        if (cancelled.cancelled() != boost::asio::cancellation_type::none) co_return;
    }
}

void field_test::subscribe() {
    session_.client().subscribe(
        what_.topic, options_.qos, [this](std::error_code error, const subscribe_result& result) {
            is_subscribed_ = !error;
            if (error != make_error_code(errc::refused)) return;
            std::fprintf(stderr, "mqtt-as range: the broker refused the subscription to '%s': %s\n",
                         what_.topic.c_str(), std::string(describe(result.reason)).c_str());
            session_.end(ending::refused);
        });
}

void field_test::listen() {
    session_.client().queue.receive([this](std::error_code error, const queued_message& message) {
        if (error) return;  // the end
        take(message.text());
        listen();
    });
}

// "RUN NUMBER ...".
void field_test::take(std::string_view text) {
    if (!text.starts_with(run_ + " ")) return;
    text.remove_prefix(run_.size() + 1);
    std::uint64_t number = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc()) {
        survey_.come_back(number, clock::now());
    }
}

void field_test::send(moment now) {
    const std::uint64_t number = survey_.send(now);
    std::string text = run_ + " " + std::to_string(number) +
                       " repubs: " + std::to_string(survey_.counts().republications) +
                       " outages: " + std::to_string(survey_.outage_count());
    if (survey_.signal()) text += " rssi: " + std::to_string(survey_.signal()->last) + "dB";
    text += " discards: " + std::to_string(survey_.counts().discards);
    session_.client().publish(what_.topic, std::move(text), {.qos = options_.qos},
                              [this, number](std::error_code error, const publish_result& result) {
                                  if (!error) {
                                      survey_.acknowledge(number, clock::now());
                                  } else if (error != make_error_code(errc::stopped)) {
                                      survey_.refuse(number, error == make_error_code(errc::refused)
                                                                 ? std::string(describe(result.reason))
                                                                 : error.message());
                                  }
                              });
    next_message_ = std::max(next_message_ + what_.interval, now);
}

void field_test::look(moment now) {
    const explanation client = session_.client().explain();
    survey_.count(
        {.republications = client.count.republications, .resent = client.count.resent, .discards = client.discards});
    if (now >= next_signal_) {
        next_signal_ = now + 1s;
        const auto signal = client.rssi ? client.rssi : signal_of(client.link);
        if (signal) survey_.hear_signal(now, *signal);
    }
    survey_.look(now);
}

void field_test::connection_changed(bool up) {
    if (up) return survey_.up(clock::now());
    const explanation client = session_.client().explain();
    survey_.down(clock::now(), terminal::why_text(client));
    if (!in_place_) next_picture_ = clock::now();  // a line at once
    pause_.cancel();
}

// No more messages; a last one overtakes those that the broker has and we have not.
void field_test::settle(moment now) {
    if (survey_.may_send() && survey_.book().awaited() > 0) send(now);
    settling_until_ = now + settling_time;
    if (!in_place_ && survey_.book().on_the_way() > 0) {
        session_.say("waiting for messages on their way: " + std::to_string(survey_.book().on_the_way()));
    }
}

void field_test::show() {
    if (options_.prints_json()) return;
    const explanation client = session_.client().explain();
    const range::verdict so_far = judge(survey_, options_.demands);
    const range::scene scene{.what = what_,
                             .of = survey_,
                             .so_far = so_far,
                             .client = client,
                             .now = settling_until_ ? "waiting for messages on their way; Ctrl-C ends at once"
                                                    : "Ctrl-C ends the test"};
    if (!in_place_) return display_.print({{range::long_text_of(survey_.elapsed()) + ": " + one_line(scene)}});
    const auto picture = draw(scene, display_.signs());
    if (display_.can_redraw(picture.size())) display_.redraw(picture);
}

// The broker kept a session for us; nobody needs it any more.
void end_session(const std::string& client_id, const connection& from) {
    mqtt_as::config config = from.config;
    config.client_id = client_id;
    config.clean_init = config.clean = true;
    config.response_time = 2s;
    config.link = link_kind::none;
    boost::asio::io_context context(1);
    visitor last(context.get_executor(), config, from);
    boost::asio::co_spawn(
        context,
        [&]() -> task<> {
            const auto deadline = clock::now() + 3s;
            const auto attempt = co_await last.connect(deadline);
            if (!attempt.error) co_await last.leave(deadline);
            context.stop();
        },
        boost::asio::detached);
    context.run();
}

void write(const std::string& path, const std::string& content) {
    std::ofstream file(path, std::ios::trunc);
    file << content << std::flush;
    if (!file) throw std::runtime_error("cannot write " + path + ": " + std::generic_category().message(errno));
}

}  // namespace

int range_command(std::vector<std::string> arguments) {
    range_options options;
    command_line line("mqtt-as range", "Tests a radio link in the field: round trips, outages, losses, and a verdict.",
                      range_examples);
    options.add_to(line);
    if (!line.parse(std::move(arguments))) return success;
    connection to = options.connection.resolve("mqtt-as range", "connect");
    if (to.topic && !options.topic) options.topic = to.topic;
    options.check();

    terminal::display display;
    const bool in_place = !options.prints_json() && display.can_redraw(least_rows);
    session session(prepared(std::move(to), in_place));
    field_test test(session, display, options, in_place);
    const ending how = session.run(test.run());
    test.end();
    end_session(session.client().client_id(), session.options());
    if (how == ending::refused) {
        if (in_place) std::fprintf(stderr, "mqtt-as range: %s\n", session.client().explain().text().c_str());
        return refused;
    }
    if (how == ending::failed) return misuse;

    const range::verdict judged = judge(test.survey(), options.demands);
    if (options.html) write(*options.html, html_report(test.subject(), test.survey(), judged));
    const std::string json = boost::json::serialize(json_report(test.subject(), test.survey(), judged));
    if (options.prints_json()) {
        std::cout << json << '\n';
        return judged.is_go() ? success : no_go;
    }
    if (options.json) write(*options.json, json + "\n");
    display.print({});
    for (const auto& each : text_report(test.subject(), test.survey(), judged, display.signs())) display.print(each);
    return judged.is_go() ? success : no_go;
}

}  // namespace mqtt_as::cli
