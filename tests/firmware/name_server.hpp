// A name server on port 53 of 127.0.0.1, in the network of a test: every name is the machine itself, or no name exists.
#pragma once

#include <atomic>
#include <thread>

namespace mqtt_as::firmware {

class name_server {
public:
    name_server();
    ~name_server();
    name_server(const name_server&) = delete;
    name_server& operator=(const name_server&) = delete;

    std::atomic<bool> knows = true;       ///< false: "no such name"
    std::atomic<unsigned> questions = 0;  ///< that were asked

private:
    void serve();

    int socket_;
    std::thread thread_;
};

}  // namespace mqtt_as::firmware
