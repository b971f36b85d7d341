// Talks to wpa_supplicant by its control socket: commands, their answers, and events. One datagram each.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/system/error_code.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace mqtt_as::detail {

/// Not thread-safe: everything happens on the executor.
class wpa_control : public std::enable_shared_from_this<wpa_control> {
public:
    struct listener {
        std::function<void(std::string_view event)> event;  ///< without its level: "CTRL-EVENT-CONNECTED - ..."
        std::function<void(boost::system::error_code)> lost;
    };

    /// `heard` is forgotten by `close`.
    wpa_control(const boost::asio::any_io_executor& executor, listener heard);

    /// The control socket of an interface in wpa_supplicant's folder, or of the first one when it has no name.
    static std::string find(const std::string& folder, const std::string& interface);

    boost::system::error_code open(const std::string& path);
    /// `answer` is called once, unless `close` comes first. Answers come in the order of the commands.
    void ask(const std::string& command, std::function<void(std::string_view answer)> answer);
    /// A command whose answer nobody waits for.
    void tell(const std::string& command);
    void close() noexcept;

private:
    void receive();
    void on_datagram(std::string_view);

    boost::asio::local::datagram_protocol::socket socket_;
    listener listener_;
    std::deque<std::function<void(std::string_view)>> waiting_;
    std::array<char, 4096> buffer_{};
};

}  // namespace mqtt_as::detail
