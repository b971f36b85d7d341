// The little of JSON that printing messages needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mqtt_as::cli {

/// Appends `text` as a JSON string. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& to, std::string_view text);

/// `text` without the whitespace between its tokens; nothing when it is not one JSON value (RFC 8259).
std::optional<std::string> compact_json(std::string_view text);

}  // namespace mqtt_as::cli
