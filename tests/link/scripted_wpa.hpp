// A control socket that answers as the test says: for what a real wpa_supplicant says only over the air.
#pragma once

#include "tests/support/temp_folder.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace mqtt_as::detail {

/// Takes everything, is joined to nothing, and becomes `joined` by SELECT_NETWORK if the test says so.
class scripted_wpa {
public:
    explicit scripted_wpa(boost::asio::io_context& loop)
        : socket_(loop, boost::asio::local::datagram_protocol::endpoint((folder_.path() / "wlan0").string())) {
        receive();
    }

    std::string folder() const { return folder_.path(); }
    /// An event of level 3 to whoever has attached.
    void tell(const std::string& event) { socket_.send_to(boost::asio::buffer("<3>" + event), attached_); }
    /// What SELECT_NETWORK leads to.
    std::function<void()> on_select;
    /// Answers that differ from "OK".
    std::function<std::string(std::string_view command)> answer = [](std::string_view) { return std::string(); };
    std::vector<std::string> heard;
    bool is_joined = false;

private:
    void receive() {
        socket_.async_receive_from(boost::asio::buffer(buffer_), from_,
                                   [this](boost::system::error_code error, std::size_t size) {
                                       if (error) return;
                                       on_command(std::string(buffer_.data(), size));
                                       receive();
                                   });
    }
    void on_command(const std::string& command) {
        heard.push_back(command);
        attached_ = from_;
        std::string reply = answer(command);
        if (!reply.empty()) {
        } else if (command == "STATUS") {
            reply = is_joined ? "bssid=02:00:00:00:00:01\nssid=home \\\"1\\\"\nwpa_state=COMPLETED\n"
                              : "wpa_state=SCANNING\n";
        } else if (command == "ADD_NETWORK") {
            reply = "7\n";
        } else if (command == "SIGNAL_POLL") {
            reply = "RSSI=-61\nLINKSPEED=65\nNOISE=9999\nFREQUENCY=2437\n";
        } else {
            reply = "OK\n";
        }
        boost::system::error_code gone;  // who does not wait for the answer
        socket_.send_to(boost::asio::buffer(reply), from_, 0, gone);
        if (command == "SELECT_NETWORK 7" && on_select) on_select();
    }

    test::temp_folder folder_;
    boost::asio::local::datagram_protocol::socket socket_;
    boost::asio::local::datagram_protocol::endpoint from_, attached_;
    std::array<char, 512> buffer_{};
};

}  // namespace mqtt_as::detail
