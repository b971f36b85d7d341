// `as_result`: the last argument of an awaited operation that wants its failure as a value. Without it a failure
// throws on hosts and ends the task on boards.
#pragma once

#include "mqtt_as/types.hpp"

#include <utility>

namespace mqtt_as {

struct as_result_t {};
inline constexpr as_result_t as_result{};

/// `auto r = co_await client.publish("t", "text", {.qos = 1}, mqtt_as::as_result);`
/// What the operation brought, and how it ended: `if (!r) ... r.error ... r.reason`.
template <class Result>
struct outcome : Result {
    outcome() = default;
    outcome(errc ended, Result&& brought) : Result(std::move(brought)), error(ended) {}

    errc error = errc::ok;
    explicit operator bool() const { return error == errc::ok; }
};

template <>
struct outcome<void> {
    errc error = errc::ok;
    explicit operator bool() const { return error == errc::ok; }
};

}  // namespace mqtt_as
