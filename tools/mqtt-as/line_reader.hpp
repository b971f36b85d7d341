// Standard input, line by line or as a whole, while the event loop goes on.
#pragma once

#include "mqtt_as/asio/task.hpp"
#include "tools/mqtt-as/readiness.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace mqtt_as::cli {

class line_reader {
public:
    /// A line of more than `longest` bytes, or a whole input, is an error.
    line_reader(boost::asio::io_context& context, int descriptor, std::size_t longest);

    /// The next line without its newline; nothing at the end. What follows the last newline is a line, too.
    /// Throws std::runtime_error when it is too long or cannot be read.
    task<std::optional<std::string>> next();
    /// Everything up to the end.
    task<std::string> rest();

private:
    task<> read_more();

    int descriptor_;
    std::size_t longest_;
    readiness readable_;
    std::string buffer_;
    std::size_t begin_ = 0;    // of the next line in `buffer_`
    std::size_t scanned_ = 0;  // no newline lies between `begin_` and this
    bool ended_ = false;
};

}  // namespace mqtt_as::cli
