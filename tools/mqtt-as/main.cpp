// mqtt-as: publish and subscribe from the command line, through outages, and find out about brokers and networks.
#include "mqtt_as/types.hpp"
#include "tools/mqtt-as/command_line.hpp"
#include "tools/mqtt-as/exit_status.hpp"
#include "tools/mqtt-as/subcommands.hpp"

#include <csignal>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <string>
#include <unistd.h>
#include <vector>

namespace mqtt_as::cli {

namespace {

constexpr auto help =
    R"(Publishes and receives MQTT messages, through outages: the connection comes back by itself, and what was
accepted while it was down is sent then.

Usage: mqtt-as pub -t TOPIC -m MESSAGE [OPTIONS]
       mqtt-as sub -t TOPIC [OPTIONS]
       mqtt-as doctor [HOST] [OPTIONS]     why there is no connection to a broker, or how good it is
       mqtt-as range [HOST] [OPTIONS]      a test of a radio link, to walk around with
       mqtt-as chaos --listen PORT --broker HOST[:PORT] [OPTIONS]      a bad network, for any client
       mqtt-as pub|sub|doctor|range|chaos --help
       mqtt-as --version

The options of pub and sub are those of mosquitto_pub and mosquitto_sub.

Environment: MQTT_AS_HOST, MQTT_AS_PORT, MQTT_AS_USER, MQTT_AS_PASSWORD are the defaults of -h, -p, -u, -P.

Exit status: 0  everything was acknowledged
             1  wrong usage, or a file cannot be read or written
             2  refused by the broker
             3  timed out (--deadline, -W)
             4  some was acknowledged, some was not
             5  range: no-go
         10-17  doctor: the stage that failed, see mqtt-as doctor --help
       128 + n  ended by signal n, after a disconnect in good order
)";

struct subcommand {
    const char* name;
    int (*perform)(std::vector<std::string> arguments);
};
constexpr subcommand subcommands[] = {{"pub", pub_command},
                                      {"sub", sub_command},
                                      {"doctor", doctor_command},
                                      {"range", range_command},
                                      {"chaos", chaos_command}};

// `program` becomes the name that errors begin with.
int run(std::vector<std::string> arguments, std::string& program) {
    if (arguments.empty())
        throw usage_error("say what to do: mqtt-as pub, sub, doctor, range or chaos; see mqtt-as --help");
    const std::string command = arguments.front();
    arguments.erase(arguments.begin());
    for (const auto& [name, perform] : subcommands) {
        if (command != name) continue;
        program += " " + command;
        return perform(std::move(arguments));
    }
    if (command == "--help" || command == "-h" || command == "help") {
        std::cout << help;
        return success;
    }
    if (command == "--version") {
        std::cout << "mqtt-as " << VERSION[0] << '.' << VERSION[1] << '.' << VERSION[2] << '\n';
        return success;
    }
    throw usage_error("there is no '" + command + "'; there are pub, sub, doctor, range and chaos: see mqtt-as --help");
}

// A shell may have closed them (`>&-`), and then a socket would become what we print to.
void open_standard_streams() {
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream) {
        if (::fcntl(stream, F_GETFD) < 0) ::open("/dev/null", O_RDWR);  // takes the lowest number that is free
    }
}

}  // namespace

}  // namespace mqtt_as::cli

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is seen when writing
    mqtt_as::cli::open_standard_streams();
    std::string program = "mqtt-as";
    try {
        return mqtt_as::cli::run({argv + (argc > 0), argv + argc}, program);
    } catch (const std::exception& error) {
        std::cerr << program << ": " << error.what() << '\n';
    }
    return mqtt_as::cli::misuse;
}
