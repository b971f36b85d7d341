// Topic names and topic filters: what is well-formed, and which name matches which filter (MQTT section 4.7).
#pragma once

#include <string_view>

namespace mqtt_as {

/// Well-formed UTF-8 of at most 65,535 bytes, without surrogates and without U+0000 [MQTT-1.5.3-1, -2].
bool is_utf8_string(std::string_view) noexcept;

/// A topic name that may be published to: a UTF-8 string of at least one byte without `+` and `#`.
bool is_topic_name(std::string_view) noexcept;

/// A topic filter that may be subscribed to: at least one byte; `#` alone or last after `/`; `+` fills
/// its level; `$share/NAME/FILTER` with a NAME that is not empty and has no wildcard [MQTT-4.8.2-1, -2].
bool is_topic_filter(std::string_view) noexcept;

/// True for `$share/NAME/FILTER`.
bool is_shared_filter(std::string_view filter) noexcept;

/// True when a message on `name` belongs to a subscription of `filter`. Names that begin with `$` do not
/// match a filter that begins with a wildcard [MQTT-4.7.2-1]. Of a shared filter, FILTER counts.
bool topic_matches(std::string_view filter, std::string_view name) noexcept;

}  // namespace mqtt_as
