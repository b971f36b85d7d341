// What is done for one waiter beside the connection.
#pragma once

#include "mqtt_as/asio/waiter.hpp"

namespace mqtt_as::detail {

/// The core knows it as long as its waiter waits; it ends by `core::end_errand`, or when nobody waits any more.
class errand {
public:
    explicit errand(waiter* for_whom) : who(for_whom) {}
    virtual ~errand() = default;
    errand(const errand&) = delete;
    errand& operator=(const errand&) = delete;

    /// Nobody waits any more: it ends soon, telling nobody. Any thread, under the core's lock.
    virtual void stop() = 0;

    waiter* const who;  ///< of the core's, to be touched by it alone
};

}  // namespace mqtt_as::detail
