// Standard output that never stops the event loop: whoever reads it slowly slows down the broker, not the connection.
#pragma once

#include "mqtt_as/asio/task.hpp"
#include "tools/mqtt-as/readiness.hpp"

#include <cstddef>
#include <string>

namespace mqtt_as::cli {

class output {
public:
    output(boost::asio::io_context& context, int descriptor);

    /// What is to be written; append to it.
    std::string& buffer() { return buffer_; }
    /// Writes the buffer, waiting for the reader. False when there is no reader any more. Throws std::system_error.
    task<bool> flush();
    /// Completes when the reader has gone.
    task<> reader_gone();

private:
    int descriptor_;
    readiness writable_;
    readiness broken_;
    std::string buffer_;
};

}  // namespace mqtt_as::cli
