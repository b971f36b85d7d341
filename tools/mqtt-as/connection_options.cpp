// From options, URL and environment to a configuration, in this order.
#include "tools/mqtt-as/connection_options.hpp"

#include "mqtt_as/topic.hpp"
#include "tools/mqtt-as/url.hpp"

#include <algorithm>
#include <unistd.h>

namespace mqtt_as::cli {

namespace {

protocol_version version_of(const std::string& text) {
    if (text == "5" || text == "mqttv5") return protocol_version::v5;
    if (text == "311" || text == "mqttv311") return protocol_version::v3_1_1;
    throw usage_error("-V takes 311 or 5 (or mqttv311, mqttv5), not '" + text + "'");
}

std::chrono::seconds expiry_of(const std::string& text) {
    constexpr std::uint32_t never = 0xFFFF'FFFF;
    if (text == "-1" || text == "∞") return std::chrono::seconds(never);
    return std::chrono::seconds(number_in(text, 0, never, "-x"));
}

}  // namespace

void connection_options::add_to(command_line& line) {
    add_broker_to(line);

    add_identity_to(line);
    line.number<std::uint16_t>("-k,--keepalive", keepalive_, 0, 65'535, "Keep-alive in seconds [60]");
    line.flag("-c,--disable-clean-session", keep_session_, "Continue the broker's session of -i");
    line.text("-x", session_expiry_, "SECONDS", "MQTT 5: the broker keeps the session so long; -1: for ever");
    line.flag("--nodelay", nodelay_, "Always so: small packets never wait");

    line.section("Last will");
    line.text("--will-topic", will_topic_, "TOPIC", "Published by the broker when we vanish");
    line.text("--will-payload", will_payload_, "TEXT", "[empty]");
    line.number<std::optional<std::uint8_t>>("--will-qos", will_qos_, 0, 2, "0, 1 or 2 [0]");
    line.flag("--will-retain", will_retain_, "Retained");

    add_debug_to(line);
    line.seconds("--deadline", deadline_, "End with status 3 when not done by then [never]");
    line.flag("--give-up", give_up_, "End also when refused later than at the first connection");
    line.flag("--quiet", quiet_, "No messages about the connection and the broker's refusals");
}

void connection_options::add_host_to(command_line& line) {
    line.positional("HOST", bare_host_, "Name or address of the broker, as -h");
}

void connection_options::add_broker_to(command_line& line) {
    line.section("Broker");
    line.text("-h,--host", host_, "HOST", "Name or address [MQTT_AS_HOST, localhost]");
    line.number<std::optional<std::uint16_t>>("-p,--port", port_, 1, 65'535,
                                              "Port [MQTT_AS_PORT, 1883; 8883 with TLS]");
    line.text("--unix", unix_socket_, "PATH", "Unix socket, instead of -h and -p");
    line.text("-L,--url", url_, "URL", "mqtt[s]://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC");
    line.text("-u,--username", user_, "USER", "[MQTT_AS_USER]");
    line.text("-P,--pw", password_, "PASSWORD", "[MQTT_AS_PASSWORD]");
    tls_.add_to(line);
}

void connection_options::add_identity_to(command_line& line) {
    line.section("Session");
    line.text("-V,--protocol-version", version_, "VERSION", "311 or 5 [311; 5 with -D]");
    line.text("-i,--id", client_id_, "ID", "Client identifier [random]");
    line.text("-I,--id-prefix", id_prefix_, "PREFIX", "Client identifier: PREFIX and the process id");
    line.words("-D,--property", property_words_, "COMMAND IDENTIFIER [NAME] VALUE", "MQTT 5 property");
}

void connection_options::add_debug_to(command_line& line) {
    line.section("Running");
    line.flag("-d,--debug", debug_, "Tell on standard error what happens");
    line.flag("--trace", trace_, "As -d, and each packet: for bug reports; no payloads, no passwords");
}

connection connection_options::resolve(const std::string& program, const std::string& property_commands) const {
    connection result;
    result.program = program;
    result.deadline = deadline_;
    result.quiet = quiet_;
    result.debug = debug_;
    result.traces = trace_;
    result.gives_up = give_up_;
    result.properties = parse_properties(property_words_, property_commands);
    if (version_) {
        result.config.version = version_of(*version_);
    } else if (!property_words_.empty()) {
        result.config.version = protocol_version::v5;
    }
    if (result.config.version != protocol_version::v5) {
        if (!property_words_.empty()) throw usage_error("-D needs MQTT 5: leave -V away or say -V 5");
        if (session_expiry_) throw usage_error("-x needs MQTT 5: add -V 5");
    }
    set_broker(result);
    set_identity(result);
    set_session(result);
    set_will(result);
    return result;
}

void connection_options::set_broker(connection& c) const {
    if (host_ && bare_host_) throw usage_error("the host is given twice: '" + *bare_host_ + "' and -h " + *host_);
    const std::optional<std::string>& host = host_ ? host_ : bare_host_;
    const int places = (host || port_ ? 1 : 0) + (unix_socket_ ? 1 : 0) + (url_ ? 1 : 0);
    if (places > 1) throw usage_error("say once where the broker is: -h and -p, or --unix, or -L");
    mqtt_as::config& config = c.config;
    if (unix_socket_) {
        if (unix_socket_->empty()) throw usage_error("--unix takes the path of a socket");
        config.unix_socket = *unix_socket_;
        return tls_.apply(config, tls_.ask_for_tls());
    }
    if (url_) {
        const url from = parse_url(*url_);
        if (!from.secured && tls_.ask_for_tls()) throw usage_error("-L says mqtt://, in the clear: TLS is mqtts://");
        config.server = from.host;
        config.port = from.port.value_or(0);
        config.user = from.user;
        config.password = from.password;
        c.topic = from.topic;
        return tls_.apply(config, from.secured);
    }
    config.server = host ? *host : from_environment("MQTT_AS_HOST").value_or("localhost");
    if (config.server.empty()) throw usage_error("-h takes a name or an address, for example localhost");
    if (config.server.find("://") != std::string::npos)
        throw usage_error("-h takes a name or an address: the URL " + config.server + " goes into -L");
    config.port = port_.value_or(0);
    if (const auto text = from_environment("MQTT_AS_PORT"); text && !port_) {
        config.port = static_cast<std::uint16_t>(number_in(*text, 1, 65'535, "the variable MQTT_AS_PORT"));
    }
    constexpr std::uint16_t port_of_tls = 8883;  // by which mosquitto_pub turns to TLS, too
    tls_.apply(config, tls_.ask_for_tls() || config.port == port_of_tls || from_environment("MQTT_AS_CAFILE"));
}

void connection_options::set_identity(connection& c) const {
    mqtt_as::config& config = c.config;
    if (user_) config.user = user_;
    if (password_) config.password = password_;
    if (!config.user) config.user = from_environment("MQTT_AS_USER");
    if (!config.password) config.password = from_environment("MQTT_AS_PASSWORD");
    if (config.password && !config.user && config.version != protocol_version::v5) {
        throw usage_error("-P needs a user (-u) in MQTT 3.1.1");
    }
    if (client_id_ && id_prefix_) throw usage_error("-i and -I exclude each other: say one of them");
    if (client_id_) config.client_id = *client_id_;
    if (id_prefix_) config.client_id = *id_prefix_ + std::to_string(::getpid());
}

void connection_options::set_session(connection& c) const {
    mqtt_as::config& config = c.config;
    const auto& connect = c.properties.connect;
    config.keepalive = std::chrono::seconds(keepalive_);
    config.user_properties = connect.user;
    config.request_response_information = connect.request_response_information;
    config.request_problem_information = connect.request_problem_information;
    if (connect.maximum_packet_size) config.limits.packet_bytes_max = *connect.maximum_packet_size;

    if (session_expiry_ && connect.session_expiry_interval) {
        throw usage_error("-x and -D connect session-expiry-interval say the same: leave one of them away");
    }
    std::optional<std::chrono::seconds> expiry;
    if (session_expiry_) expiry = expiry_of(*session_expiry_);
    if (connect.session_expiry_interval) expiry = std::chrono::seconds(*connect.session_expiry_interval);
    if (keep_session_ && config.client_id.empty()) {
        throw usage_error("-c continues a session of a client identifier: add -i ID");
    }
    if (keep_session_) {
        config.clean_init = config.clean = false;
    } else if (expiry && expiry->count() > 0) {
        if (config.client_id.empty()) throw usage_error("-x keeps a session of a client identifier: add -i ID");
        config.clean = false;  // begins anew, and continues after outages
    }
    if (expiry) config.session_expiry = *expiry;
}

void connection_options::set_will(connection& c) const {
    if (!will_topic_) {
        if (will_payload_) throw usage_error("--will-payload needs --will-topic");
        if (will_qos_) throw usage_error("--will-qos needs --will-topic");
        if (will_retain_) throw usage_error("--will-retain needs --will-topic");
        if (c.properties.has_will) throw usage_error("-D will needs --will-topic");
        return;
    }
    if (!is_topic_name(*will_topic_)) {
        throw usage_error("--will-topic takes a topic without + and #, not '" + *will_topic_ + "'");
    }
    const message_properties& p = c.properties.will;
    c.config.will = will_message{.topic = *will_topic_,
                                 .payload = will_payload_.value_or(""),
                                 .retain = will_retain_,
                                 .qos = will_qos_.value_or(0),
                                 .delay = std::chrono::seconds(p.will_delay_interval),
                                 .message_expiry_interval = p.message_expiry_interval,
                                 .content_type = p.content_type,
                                 .response_topic = p.response_topic,
                                 .correlation_data = p.correlation_data,
                                 .payload_is_utf8 = p.payload_is_utf8,
                                 .user_properties = p.user};
}

}  // namespace mqtt_as::cli
