// mqtt-as pub: publishes one message, one message several times, or each line of its input.
#include "mqtt_as/topic.hpp"
#include "tools/mqtt-as/exit_status.hpp"
#include "tools/mqtt-as/line_reader.hpp"
#include "tools/mqtt-as/session.hpp"
#include "tools/mqtt-as/subcommands.hpp"

#include <array>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace mqtt_as::cli {

namespace {

constexpr std::size_t payload_max = 268'435'455;

// Lines that wait for their acknowledgement: enough to keep the broker busy, few enough to be forgotten about.
constexpr std::size_t messages_on_the_way_max = 1'000;
constexpr std::size_t bytes_on_the_way_max = 16u << 20;

constexpr auto pub_examples = R"(Examples:
  mqtt-as pub -t hall/light -m on -q 1
  mqtt-as pub -h broker.local -u me -P secret -t hall/light -r -f state.json
  tail -F /var/log/syslog | mqtt-as pub -t log -l -q 1

While there is no connection, messages wait and the reason is told on standard error; --deadline bounds that.
-l reads no further than 1,000 lines ahead of the broker's acknowledgements.)";

struct pub_options {
    connection_options connection;
    std::optional<std::string> topic;
    std::optional<std::string> message;
    std::optional<std::string> file;
    bool lines = false;
    bool whole_input = false;
    bool null = false;
    std::uint8_t qos = 0;
    bool retain = false;
    std::optional<std::uint32_t> repeat;
    std::optional<std::chrono::milliseconds> repeat_delay;

    void add_to(command_line& line);
    void check() const;
};

void pub_options::add_to(command_line& line) {
    line.section("Message");
    line.text("-t,--topic", topic, "TOPIC", "Where to publish");
    line.text_once("-m,--message", message, "TEXT", "Publish TEXT");
    line.text_once("-f,--file", file, "FILE", "Publish the content of FILE");
    line.flag("-l,--stdin-line", lines, "Publish each line of standard input");
    line.flag("-s,--stdin-file", whole_input, "Publish all of standard input as one message");
    line.flag("-n,--null-message", null, "Publish an empty message");
    line.number<std::uint8_t>("-q,--qos", qos, 0, 2, "0, 1 or 2 [0]");
    line.flag("-r,--retain", retain, "The broker keeps the message for later subscribers");
    line.number<std::optional<std::uint32_t>>("--repeat", repeat, 1, 0xFFFF'FFFF,
                                              "Publish it N times, each when the one before is acknowledged");
    line.seconds("--repeat-delay", repeat_delay, "Wait between them [0]");
    connection.add_to(line);
}

void pub_options::check() const {
    const int sources = message.has_value() + file.has_value() + lines + whole_input + null;
    if (sources == 0) throw usage_error("say what to publish: -m TEXT, -f FILE, -l, -s or -n");
    if (sources > 1) throw usage_error("-m, -f, -l, -s and -n exclude each other: say one of them");
    if (lines && (repeat || repeat_delay)) throw usage_error("--repeat goes with -m, -f, -s and -n, not with -l");
    if (repeat_delay && !repeat) throw usage_error("--repeat-delay needs --repeat");
}

std::string content_of(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::string content;
    std::array<char, 65'536> block;
    ssize_t size = file;
    while (size >= 0 && content.size() <= payload_max && (size = ::read(file, block.data(), block.size())) > 0) {
        content.append(block.data(), static_cast<std::size_t>(size));
    }
    const int error = errno;
    if (file >= 0) ::close(file);
    if (size < 0) throw std::runtime_error("cannot read " + path + ": " + std::system_category().message(error));
    return content;
}

// Publishes and keeps the ledger: each message is on the way until it is acknowledged or has failed.
class publisher {
public:
    /// `message` is what is published unless the input is.
    publisher(session& session, const pub_options& options, std::string topic, std::string message)
        : session_(session), options_(options), topic_(std::move(topic)),
          message_(std::make_shared<std::string>(std::move(message))),
          input_(session.context(), STDIN_FILENO, payload_max), changed_(session.context()),
          user_properties_(views_of(session.options().properties.publish.user)) {
        const message_properties& p = session.options().properties.publish;
        publish_.qos = options.qos;
        publish_.retain = options.retain;
        publish_.properties = {.message_expiry_interval = p.message_expiry_interval,
                               .content_type = p.content_type,
                               .response_topic = p.response_topic,
                               .correlation_data = p.correlation_data,
                               .payload_is_utf8 = p.payload_is_utf8,
                               .user_properties = user_properties_};
    }

    task<> run() { return options_.lines ? publish_lines() : publish_message(); }
    /// The exit status; says what was not acknowledged, and why.
    int conclude(ending how) const;

private:
    task<> publish_lines();
    task<> publish_message();
    void publish(payload body);
    task<> all_answered();
    std::string why_not(ending how) const;

    session& session_;
    const pub_options& options_;
    const std::string topic_;
    const std::shared_ptr<std::string> message_;
    line_reader input_;
    change changed_;
    const std::vector<user_property> user_properties_;
    publish_options publish_;
    std::size_t on_the_way_ = 0;
    std::size_t bytes_on_the_way_ = 0;
    std::size_t wanted_ = 0;
    std::size_t acknowledged_ = 0;
    std::optional<std::string> refusal_;  // the first one
};

task<> publisher::publish_lines() {
    while (std::optional<std::string> line = co_await input_.next()) {
        ++wanted_;
        while (on_the_way_ >= messages_on_the_way_max ||
               (on_the_way_ > 0 && bytes_on_the_way_ + line->size() > bytes_on_the_way_max)) {
            co_await changed_.wait();
        }
        publish(std::move(*line));
    }
    co_await all_answered();
}

task<> publisher::publish_message() {
    wanted_ = options_.repeat.value_or(1);
    if (options_.whole_input) *message_ = co_await input_.rest();
    boost::asio::steady_timer pause(session_.context());
    for (std::size_t n = 0; n < wanted_; ++n) {
        if (n > 0 && options_.repeat_delay) {
            pause.expires_after(*options_.repeat_delay);
            co_await pause.async_wait(boost::asio::use_awaitable);
        }
        publish(payload(std::shared_ptr<const std::string>(message_)));
        co_await all_answered();
    }
}

void publisher::publish(payload body) {
    const std::size_t size = body.size();
    ++on_the_way_;
    bytes_on_the_way_ += size;
    session_.client().publish(topic_, std::move(body), publish_,
                              [this, size](std::error_code error, const publish_result& result) {
                                  --on_the_way_;
                                  bytes_on_the_way_ -= size;
                                  if (!error) {
                                      ++acknowledged_;
                                  } else if (error != make_error_code(errc::stopped) && !refusal_) {
                                      refusal_ = error == make_error_code(errc::refused)
                                                     ? "refused by the broker: " + std::string(describe(result.reason))
                                                     : error.message();
                                  }
                                  changed_.notify();
                              });
}

task<> publisher::all_answered() {
    while (on_the_way_ > 0) co_await changed_.wait();
}

std::string publisher::why_not(ending how) const {
    if (refusal_) return *refusal_;
    switch (how) {
    case ending::timed_out: return "the time of --deadline is over";
    case ending::interrupted: return "interrupted";
    case ending::refused: return "no connection";
    default: return "stopped";
    }
}

int publisher::conclude(ending how) const {
    if (how == ending::failed && acknowledged_ == 0) return misuse;  // the session has told why
    if (acknowledged_ < wanted_) {
        session_.say(std::to_string(wanted_ - acknowledged_) + " of " + std::to_string(wanted_) +
                     (wanted_ == 1 ? " message was" : " messages were") + " not acknowledged: " + why_not(how));
    } else if (how == ending::timed_out) {
        session_.say("the time of --deadline was over before the input");
    }
    if (how == ending::interrupted) return 128 + session_.signal();
    if (acknowledged_ > 0 && acknowledged_ < wanted_) return partial;
    if (how == ending::failed) return misuse;
    if (how == ending::timed_out) return timed_out;
    return how == ending::refused || acknowledged_ < wanted_ ? refused : success;
}

}  // namespace

int pub_command(std::vector<std::string> arguments) {
    pub_options options;
    command_line line("mqtt-as pub", "Publishes messages, through outages.", pub_examples);
    options.add_to(line);
    if (!line.parse(std::move(arguments))) return success;
    options.check();
    connection to = options.connection.resolve("mqtt-as pub", "connect publish will");
    if (options.topic && to.topic) throw usage_error("the topic is given twice: by -t and by -L");
    const std::optional<std::string> topic = options.topic ? options.topic : to.topic;
    if (!topic) throw usage_error("say where to publish: -t TOPIC");
    if (!is_topic_name(*topic)) {
        throw usage_error("'" + *topic + "' is not a topic to publish to: 1 to 65,535 bytes of UTF-8, without + and #");
    }
    std::string message = options.file ? content_of(*options.file) : options.message.value_or("");
    session session(std::move(to));
    publisher publisher(session, options, *topic, std::move(message));
    return publisher.conclude(session.run(publisher.run()));
}

}  // namespace mqtt_as::cli
