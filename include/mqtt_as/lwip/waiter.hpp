// What waits for the end of something: a link in a list, and what happens when the wait is over. Implementation detail
// of task.hpp and client.hpp.
#pragma once

#include "mqtt_as/types.hpp"

namespace mqtt_as::detail {

struct waiter_list;

/// Lies in the coroutine's frame, or in a block of the arena (callbacks). It can end at any time: it takes itself out
/// of where it waits.
struct waiter {
    explicit waiter(void (*end)(waiter&)) : on_end(end) {}
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter();

    void (*on_end)(waiter&);  ///< the wait is over: called by the event loop, never inside another call
    waiter* next = nullptr;
    waiter_list* in = nullptr;  ///< the list it is in
    errc error = errc::ok;
};

/// First in, first out.
struct waiter_list {
    waiter_list() = default;
    waiter_list(const waiter_list&) = delete;
    waiter_list& operator=(const waiter_list&) = delete;

    bool empty() const { return first == nullptr; }
    void push(waiter&);
    /// Before the first one that `before` says so of.
    void insert(waiter&, bool (*before)(const waiter& mine, const waiter& other));
    void remove(waiter&);
    waiter* pop();
    /// Moves all to another list, each with this outcome.
    void end_all(waiter_list& to, errc error);

    waiter* first = nullptr;
};

}  // namespace mqtt_as::detail
