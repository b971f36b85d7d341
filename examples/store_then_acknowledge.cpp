// Stores each message before the broker may forget it: killed at any moment, it loses nothing and stores nothing twice.
//
//     example_store_then_acknowledge [FILE [HOST [PORT]]]
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <iostream>
#include <mqtt_as/mqtt_as.hpp>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace {

/// What a database would be: a file with a message a line. It knows what it has, as a database does by a key: a process
/// that is killed between storing and acknowledging is given the message once more.
class journal {
public:
    explicit journal(const char* path) : file_(::open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
        check(file_ >= 0);
        std::string all;
        char piece[4096];
        for (ssize_t size = 0; (size = ::read(file_, piece, sizeof piece)) != 0;) {
            check(size > 0);
            all.append(piece, static_cast<std::size_t>(size));
        }
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = all.find('\n', begin)) != std::string::npos; begin = end + 1)
            lines_.insert(all.substr(begin, end - begin));
        check(::ftruncate(file_, static_cast<off_t>(begin)) == 0);  // a last line that was not finished
    }
    ~journal() { ::close(file_); }
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;

    /// When it returns, the line survives a power cut.
    void store(std::string line) {
        if (lines_.contains(line)) return;
        const std::string text = line + '\n';
        for (std::size_t done = 0; done < text.size();) {
            const ssize_t size = ::write(file_, text.data() + done, text.size() - done);
            check(size > 0);
            done += static_cast<std::size_t>(size);
        }
        check(::fsync(file_) == 0);
        lines_.insert(std::move(line));
    }

private:
    static void check(bool is_good) {
        if (!is_good) throw std::system_error(errno, std::generic_category(), "the journal");
    }

    const int file_;
    std::set<std::string> lines_;
};

}  // namespace

int main(int argc, char** argv) {
    journal stored(argc > 1 ? argv[1] : "messages.txt");

    mqtt_as::config config;
    config.server = argc > 2 ? argv[2] : "localhost";
    config.port = argc > 3 ? static_cast<std::uint16_t>(std::stoi(argv[3])) : 0;
    config.client_id = "store_then_acknowledge";  // the broker keeps what we have not acknowledged, under this name
    config.clean_init = config.clean = false;
    config.queue_len = 100;
    config.manual_acknowledgement = true;

    mqtt_as::event_loop loop;
    mqtt_as::MQTTClient client(loop, config);

    // What blocks has a thread of its own.
    std::thread storing([&] {
        try {
            for (;;) {
                const mqtt_as::queued_message message = client.queue.receive(boost::asio::use_future).get();
                stored.store(std::string(message.topic()) + ' ' + std::string(message.text()));
                client.acknowledge(message.delivery());
            }
        } catch (const std::exception&
                     error) {  // a full disk: what is not acknowledged comes again when we are started again
            std::cerr << error.what() << '\n';
            std::_Exit(1);
        }
    });
    client.connect({.retry = true}, [&](std::error_code error, const mqtt_as::connect_result&) {
        if (error) return;
        client.subscribe("orders/#", 2, [](std::error_code refused, const mqtt_as::subscribe_result&) {
            std::cout << (refused ? refused.message() : "subscribed") << '\n' << std::flush;
        });
    });
    loop.run();  // until somebody kills us
    storing.join();
}
