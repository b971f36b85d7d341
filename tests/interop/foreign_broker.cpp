// How each broker is configured so that it is private and, where it can, keeps its word.
#include "tests/interop/foreign_broker.hpp"

#include "tests/support/eventually.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace mqtt_as::interop {

namespace {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string why_no_program(const std::string& name, const std::string& package) {
    return test::find_program(name) ? "" : name + " is not installed (Debian: " + package + ")";
}

/// `env NAME=VALUE... PROGRAM...`
words with_environment(words variables, const words& program) {
    variables.insert(variables.begin(), "/usr/bin/env");
    variables.insert(variables.end(), program.begin(), program.end());
    return variables;
}

class mosquitto final : public foreign_broker {
    std::string why_not() const override { return why_no_program("mosquitto", "mosquitto"); }
    words command() const override {
        write("mosquitto.conf",
              "user root\nlistener 1883 127.0.0.1\nallow_anonymous true\npersistence true\n"
              "persistence_location " +
                  folder().string() +
                  "/\nautosave_on_changes true\nautosave_interval 1\nmax_queued_messages 0\nmax_inflight_messages 0\n"
                  "log_dest stdout\n");
        return {test::find_program("mosquitto")->string(), "-c", folder() / "mosquitto.conf"};
    }
    // It saves within the second after a change, and only then is what it has acknowledged safe.
    void save() override {
        if (!test::eventually(10s, [this] { return is_saved("mosquitto.db", "kept/20"); }))
            throw std::runtime_error("Mosquitto does not save");
    }
};

class ejabberd final : public foreign_broker {
    std::string why_not() const override { return why_no_program("ejabberdctl", "ejabberd"); }
    words credentials() const override { return {"a@localhost", "x"}; }
    words command() const override {
        write("ejabberd.yml", "hosts: [localhost]\nloglevel: info\n"
                              "listen:\n  - port: 1883\n    ip: \"127.0.0.1\"\n    module: mod_mqtt\n"
                              "auth_method: anonymous\nanonymous_protocol: login_anon\n"
                              "modules:\n  mod_mqtt:\n    max_queue: 100000\n");
        // Without a node name there is no distribution, and so no epmd.
        return with_environment({"HOME=" + folder().string(), "ERL_LIBS=/usr/lib/x86_64-linux-gnu",
                                 "EJABBERD_CONFIG_PATH=" + (folder() / "ejabberd.yml").string(),
                                 "EJABBERD_LOG_PATH=" + (folder() / "ejabberd.log").string()},
                                {test::find_program("erl")->string(), "-noinput", "+K", "true", "-mnesia", "dir",
                                 "\"" + (folder() / "mnesia").string() + "\"", "-s", "ejabberd"});
    }
};

class rabbitmq final : public foreign_broker {
    std::string why_not() const override { return why_no_program("rabbitmq-server", "rabbitmq-server"); }
    int qos_max() const override { return 1; }
    words command() const override {
        write("enabled_plugins", "[rabbitmq_mqtt].");
        write("rabbitmq.conf",
              "listeners.tcp = none\nmqtt.listeners.tcp.default = 127.0.0.1:1883\n"
              "mqtt.allow_anonymous = true\nmqtt.prefetch = 1000\nlog.console = true\nlog.file = false\n");
        words variables{"HOME=" + folder().string(), "RABBITMQ_NODENAME=rabbit@localhost"};
        const auto set = [&](const std::string& name, const std::string& file) {
            variables.push_back("RABBITMQ_" + name + "=" + (folder() / file).string());
        };
        set("CONFIG_FILE", "rabbitmq.conf");
        set("CONF_ENV_FILE", "none");
        set("ENABLED_PLUGINS_FILE", "enabled_plugins");
        set("MNESIA_BASE", "mnesia");
        set("LOG_BASE", "log");
        set("PID_FILE", "pid");
        // Debian's wrapper changes to another user; this is what it calls.
        return with_environment(variables, {"/usr/lib/rabbitmq/bin/rabbitmq-server"});
    }
};

class aedes final : public foreign_broker {
    // Against [MQTT-3.8.4-6] it delivers at qos 2 what was published so, though qos 1 was granted.
    int delivered_qos(int published, int granted) const override { return granted == 0 ? 0 : published; }
    std::string why_not() const override { return why_no_node_package("aedes"); }
    words command() const override { return node("aedes_broker.js"); }
};

}  // namespace

std::unique_ptr<foreign_broker> foreign_broker::make(const std::string& name) {
    if (name == "mosquitto") return std::make_unique<mosquitto>();
    if (name == "ejabberd") return std::make_unique<ejabberd>();
    if (name == "rabbitmq") return std::make_unique<rabbitmq>();
    return std::make_unique<aedes>();
}

void foreign_broker::write(const std::string& name, const std::string& text) const {
    std::ofstream(folder() / name) << text;
}

bool foreign_broker::is_saved(const std::string& file, const std::string& text) const {
    return contents(folder() / file).find(text) != std::string::npos;
}

void foreign_broker::start() {
    // All that it starts, daemons too, is in its own process namespace, which ends with `unshare`.
    words argv{test::find_program("unshare")->string(), "--pid", "--fork", "--kill-child", "--mount-proc"};
    for (const std::string& each : command()) argv.push_back(each);
    process_.emplace(argv, folder() / "output");
    const bool ready = test::eventually(120s, [&] { return !process_->is_running() || accepts_connections(); });
    if (!ready || !process_->is_running()) throw std::runtime_error("the broker does not start:\n" + log());
}

void foreign_broker::kill() {
    process_.reset();
    if (!test::eventually(30s, [] { return !accepts_connections(); })) throw std::runtime_error("the broker lives on");
}

std::string foreign_broker::log() const { return contents(folder() / "output"); }

std::string why_no_node_package(const std::string& name) {
    if (const std::string why = why_no_program("node", "nodejs, npm"); !why.empty()) return why;
    const std::filesystem::path modules = MQTT_AS_NODE_MODULES;
    return std::filesystem::exists(modules / name) ? "" : name + " is not in " + modules.string() + ": ./run interop";
}

words node(const std::string& script, const words& arguments) {
    words argv = with_environment({"NODE_PATH=" MQTT_AS_NODE_MODULES},
                                  {test::find_program("node")->string(), MQTT_AS_INTEROP_FOLDER "/" + script});
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
}

bool accepts_connections() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(1883);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
}

}  // namespace mqtt_as::interop
